"""A QR code as a drawing: how strongly it is protected, how large it is, the white around it.

Sizes are millimetres. A square of a code (a module) is never printed smaller than half a millimetre, and four of them
stay white on each side: less, and a phone a forearm away does not read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import qrcode
from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q

QUIET = 4  # modules of white on each side
LEAST_MODULE_MM = 0.5
# Share of a code that may be lost: 15, 25, 30 %.
PROTECTIONS = {"M": ERROR_CORRECT_M, "Q": ERROR_CORRECT_Q, "H": ERROR_CORRECT_H}


@dataclass(frozen=True, slots=True)
class Look:
    """How a kind of label is printed: protection, and side length in mm of the black part."""

    protection: str
    side_mm: float


class TooSmall(ValueError):
    """No code fits into so little room. `least_mm`: what it needs, white included."""

    def __init__(self, least_mm: float) -> None:
        super().__init__(f"a code needs {least_mm:.1f} mm")
        self.least_mm = least_mm


@dataclass(frozen=True, slots=True)
class Code:
    """A code to draw. `modules`: squares on a side; `box_mm`: side length with the white around it."""

    text: str
    protection: str
    modules: int
    box_mm: float

    @property
    def module_mm(self) -> float:
        return self.box_mm / (self.modules + 2 * QUIET)

    @property
    def side_mm(self) -> float:
        """Of the black part."""
        return self.module_mm * self.modules

    def drawing(self) -> Markup:
        """As an <svg> of its size, white around it included."""
        return Markup(
            '<svg class="qr" xmlns="http://www.w3.org/2000/svg" width="{side}mm" height="{side}mm" '
            'viewBox="0 0 {size} {size}" shape-rendering="crispEdges" role="img" aria-label="{text}">'
            '<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{path}"/></svg>'
        ).format(side=f"{self.box_mm:.2f}", size=self.modules + 2 * QUIET, text=self.text,
                 path=_squares(self.text, self.protection))  # fmt: skip


def fit(text: str, look: Look, room_mm: float, side_mm: float = 1000) -> Code:
    """The code of a text as it ought to look, smaller where the room asks for it: `room_mm` for the whole, `side_mm`
    for its black part. Where squares would get too small, less protection needs fewer of them. Raises TooSmall."""
    levels = list(PROTECTIONS)
    for asked in range(levels.index(look.protection), -1, -1):
        modules = _modules(text, levels[asked])
        whole = modules + 2 * QUIET
        # A long address has many squares: they rather grow the code than shrink below what is read.
        wished = max(look.side_mm / modules, LEAST_MODULE_MM)
        module_mm = min(wished, room_mm / whole, side_mm / modules)
        if module_mm >= LEAST_MODULE_MM:
            # More protection that needs no more squares is a gift.
            protection = next(level for level in reversed(levels) if _modules(text, level) <= modules)
            return Code(text, protection, modules, module_mm * whole)
    raise TooSmall(LEAST_MODULE_MM * whole)


def _code(text: str, protection: str) -> "qrcode.QRCode[Any]":
    code = qrcode.QRCode(error_correction=PROTECTIONS[protection], border=QUIET)
    code.add_data(text)
    return code


@lru_cache(maxsize=4096)
def _modules(text: str, protection: str) -> int:
    """How many squares a side has without the white."""
    return int(_code(text, protection).best_fit()) * 4 + 17


def _squares(text: str, protection: str) -> str:
    """The dark squares as an SVG path, a unit to the square."""
    code = _code(text, protection)
    code.make()
    return "".join(
        f"M{start} {y}h{end - start}v1h{start - end}z"
        for y, row in enumerate(code.get_matrix()) for start, end in _runs(row)
    )  # fmt: skip


def _runs(row: Sequence[bool | None]) -> list[tuple[int, int]]:
    """The dark stretches of a row: (first, one after the last)."""
    edges = [x for x in range(len(row) + 1) if bool(row[x] if x < len(row) else 0) != bool(row[x - 1] if x else 0)]
    return list(zip(edges[::2], edges[1::2], strict=True))
