"""What labels are printed on: A4 sheets of equal cells, rolls with one label a page, a plain A4 page.

Everything is in millimetres, and pages have no margin of their own, so that no browser adds its heads and feet. The
size of a page can only be said in a style sheet, so each paper has one.
"""

import re
from dataclasses import dataclass

APART_MM = 15.0  # between the black of two codes, so that a scanner never sees two of them
LEAST_MM, MOST_WIDE_MM, MOST_HIGH_MM = 20.0, 210.0, 297.0
_OWN = re.compile(r"([0-9]{1,3}(?:\.[0-9])?)x([0-9]{1,3}(?:\.[0-9])?)")


class UnknownPaper(LookupError):
    """No paper has this name, or a label of this size cannot be printed."""


@dataclass(frozen=True, slots=True)
class Paper:
    """Cells of one size in columns and rows. `left` and `top`: of the first cell; `gap`: between columns."""

    name: str
    width: float
    height: float
    cell_width: float
    cell_height: float
    columns: int = 1
    rows: int = 1
    left: float = 0
    top: float = 0
    gap: float = 0

    @property
    def cells(self) -> int:
        """Labels on a page."""
        return self.columns * self.rows

    @property
    def is_roll(self) -> bool:
        return self.cells == 1

    @property
    def side_most_mm(self) -> float:
        """How large the black of a code may be so that it keeps its distance to the next cell's."""
        beside = self.cell_width + self.gap - APART_MM if self.columns > 1 else self.cell_width
        below = self.cell_height - APART_MM if self.rows > 1 else self.cell_height
        return min(beside, below)

    @property
    def edge_mm(self) -> float:
        """White a cell keeps around what stands in it: printers leave the rim of an A4 sheet white, those of rolls
        hardly any."""
        return 0.7 if self.is_roll else 4.0

    def css(self) -> str:
        """The style sheet that gives the browser the page's size and ours the cells'."""
        # A page as high as its paper is broken over two by the last rounding.
        height = self.height - 0.1
        return (
            f"@page {{ size: {self.width:g}mm {self.height:g}mm; margin: 0 }}\n"
            f":root {{ --page-w: {self.width:g}mm; --page-h: {height:g}mm; --cell-w: {self.cell_width:g}mm; "
            f"--cell-h: {self.cell_height:g}mm; --columns: {self.columns}; --left: {self.left:g}mm; "
            f"--top: {self.top:g}mm; --gap: {self.gap:g}mm; --edge: {self.edge_mm:g}mm }}\n"
        )


A4 = Paper("a4", 210, 297, 210, 297)
SHEETS = {
    paper.name: paper
    for paper in (
        Paper("a4-2x4", 210, 297, 105, 74.2, 2, 4),
        Paper("a4-2x7", 210, 297, 99.1, 38.1, 2, 7, 4.65, 15.15, 2.5),
        Paper("a4-3x8", 210, 297, 70, 37, 3, 8, 0, 0.5),
        Paper("a4-badges", 210, 297, 85.6, 54, 2, 5, 19.4, 13.5),
    )
}
ROLLS = {
    name: Paper(name, width, height, width, height)
    for name, width, height in (("62x29", 62, 29), ("57x32", 57, 32), ("100x50", 100, 50))
}


def find(name: str) -> Paper:
    """The paper of this name; `62x29` is a label of that many millimetres. Raises UnknownPaper."""
    if known := {"a4": A4, **SHEETS, **ROLLS}.get(name):
        return known
    found = _OWN.fullmatch(name)
    if not found:
        raise UnknownPaper(name)
    width, height = (float(side) for side in found.groups())
    if not (LEAST_MM <= width <= MOST_WIDE_MM and LEAST_MM <= height <= MOST_HIGH_MM):
        raise UnknownPaper(name)
    return Paper(f"{width:g}x{height:g}", width, height, width, height)
