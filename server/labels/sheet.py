"""From things to printed pages: letters for each, then cells on a paper, an order's route, or the desk sheet.

The code says where (`HTTPS://HOST/S/` and nine letters) and nothing about the thing: what it stands for is looked up.
How strongly a code is protected and how large it is printed depends on where it will hang: a machine's label collects
grease and is scanned from a step away, a badge stays in a wallet. Whatever the sheet, the black of two codes is at
least 15 mm apart, and on sheets that stay in one piece their white as well: a scanner sees one of them at a time.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import LazyString, gettext, lazy_gettext
from markupsafe import Markup
from sqlalchemy import Connection

from server.labels import things, words
from server.labels.code import Code, Look, TooSmall, fit
from server.labels.paper import A4, APART_MM, Paper
from server.labels.things import Found
from server.store import plant
from server.store.plant import Thing
from server.store.teams import Reach
from sync.core.codes import grouped, url

_ = lazy_gettext

# A phone reads a code from ten times its width: 25 mm from a forearm away, 40 mm from a step.
LOOKS = {
    "order": Look("Q", 25),
    "operation": Look("M", 25),
    "person": Look("M", 25),
    "machine": Look("H", 40),
    "work_center": Look("H", 40),
    "location": Look("H", 40),
    "device": Look("M", 25),
    "item": Look("M", 25),
    "lot": Look("M", 25),
    "reason": Look("M", 25),
    "activity": Look("M", 25),
    "word": Look("M", 25),
}
KINDS: dict[str, LazyString] = {
    "order": _("Order"),
    "operation": _("Operation"),
    "person": _("Badge"),
    "machine": _("Machine"),
    "work_center": _("Work center"),
    "location": _("Location"),
    "device": _("Device"),
    "item": _("Item"),
    "lot": _("Lot"),
    "reason": _("Reason"),
    "activity": _("Indirect activity"),
    "word": _("Quick code"),
}
REASONS: dict[str, LazyString] = {
    "defect": _("Reasons: defect"),
    "downtime": _("Reasons: downtime"),
    "pause": _("Reasons: pause"),
    "help": _("Reasons: help"),
    "correction": _("Reasons: correction"),
}
ALL = "*"

# The white rim of a page that stays in one piece, its heads, and rows of codes that keep their distance.
RIM_MM, HEAD_MM, GROUP_MM = 8.0, 10.0, 7.5
DESK_COLUMNS, DESK_CODE_MM = 4, 32.0
DESK_ROW_MM = DESK_CODE_MM + APART_MM + 0.4
ROUTE_HEAD_MM, ROUTE_CODE_MM = 43.0, 32.0
ROUTE_ROW_MM = ROUTE_CODE_MM + APART_MM + 0.4
ROUTE_ROWS = int((A4.height - 2 * RIM_MM - ROUTE_HEAD_MM) // ROUTE_ROW_MM)


class NothingToPrint(LookupError):
    """Codes that were asked for and are not known here, or orders without operations. `codes`: those."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class TooMany(ValueError):
    """More labels than anybody wants at once. `count`: how many."""

    def __init__(self, count: int) -> None:
        super().__init__(str(count))
        self.count = count


@dataclass(frozen=True, slots=True)
class Label:
    """A thing with its letters. `text` is what its QR code says."""

    thing: Thing
    title: str
    lines: tuple[str, ...]
    about: Mapping[str, str]
    code: str
    text: str

    @property
    def kind(self) -> str:
        return self.thing[0]

    @property
    def letters(self) -> str:
        return grouped(self.code)


@dataclass(frozen=True, slots=True)
class Cell:
    """A label with its code as large as there is room for it. `upright`: the text stands below the code."""

    label: Label
    code: Code
    upright: bool = False

    @property
    def drawing(self) -> Markup:
        return self.code.drawing()

    @property
    def title_class(self) -> str:
        """How wide a line of the title is set, in ems, by steps the style sheet knows; names may take two lines."""
        title, sign = self.label.title, 1.3 if self.label.about.get("sign") else 0
        if self.label.kind not in NAMED:
            return _step(_ems(title) + sign)
        longest = max((_ems(word) for word in title.split()), default=0.0)
        # Two lines of about the same length, and no word broken.
        wide = max(longest + sign, (_ems(title) + sign) * 0.58) if " " in title else longest + sign
        return f"{_step(wide)} named"


# What goes by a name of several words rather than by a number.
NAMED = {"person", "device", "word", "reason", "activity"}
# Widths of the letters of a bold sans serif, in ems; what is not here is a capital's.
_EMS = {sign: width for signs, width in (
    (" .,:;'|!iljIft()[]-·’", 0.33), ("0123456789abcdeghknopqrsuvxyz", 0.58), ("mwMW@", 0.92), ("×+=", 0.6),
) for sign in signs}  # fmt: skip
_STEPS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 14)


def _ems(text: str) -> float:
    """How wide a text is set, roughly. Signs of other scripts are as wide as they are high."""
    return sum(_EMS.get(sign, 0.74 if sign < "\u0250" else 1.05) for sign in text)


def _step(ems: float) -> str:
    return next((f"e{step}" for step in _STEPS if ems <= step), "long")


@dataclass(frozen=True, slots=True)
class Page:
    """A page of cells; None is a place that stays free. `heads`: where groups begin, by number of their first cell."""

    cells: tuple[Cell | None, ...]
    heads: Mapping[int, str] = field(default_factory=dict)
    number: int = 1
    total: int = 1
    order: Cell | None = None
    columns: int = 1

    @property
    def rows(self) -> int:
        """Of cells that stand one below the other, in columns of the same height."""
        return -(-len(self.cells) // self.columns)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed. `form`: labels, route or desk."""

    form: str
    paper: Paper
    pages: tuple[Page, ...]
    cut: bool = False
    site: str = ""

    @property
    def count(self) -> int:
        """Codes on it."""
        return sum(1 for cell in self.codes())

    def codes(self) -> Iterator[Cell]:
        """Every cell that is printed, in order."""
        for page in self.pages:
            yield from ([page.order] if page.order and page.number == 1 else [])
            yield from (cell for cell in page.cells if cell)


# --- letters -------------------------------------------------------------------------------------------------------


def make(
    connection: Connection,
    site: str,
    wanted: Mapping[str, Collection[str]],
    base: str,
    *,
    name_of: Callable[[Mapping[str, str]], str],
    anew: bool = False,
    most: int = 0,
    reach: Reach = None,
) -> list[Label]:
    """The labels of what is wanted, by choice: codes, or ALL. `name_of` picks a name by language; `reach`: of whom.

    Things without letters get some. `anew` withdraws the letters badges had, for one that was lost. Raises
    NothingToPrint, and TooMany for more than `most`.
    """
    shown: dict[Thing, Found] = {}
    missing: list[str] = []
    for choice, codes in wanted.items():
        found = things.find(connection, site, choice, name_of, None if ALL in codes else codes, reach)
        missing += sorted(set(codes) - {ALL} - {line.code for line in found})
        for line in found:
            shown.setdefault(line.thing, line)
    if missing:
        raise NothingToPrint(missing)
    if most and len(shown) > most:
        raise TooMany(len(shown))
    if anew:
        plant.withdraw_codes(connection, site, [thing for thing in shown if thing[0] == "person"])
    letters = plant.codes_for(connection, site, shown)
    return [
        Label(thing, line.title, line.lines, line.about, letters[thing], url(base, letters[thing]))
        for thing, line in shown.items()
    ]


def make_test(connection: Connection, site: str, base: str) -> Cell:
    """The code that proves a scanner is set up."""
    thing = ("word", words.TEST, "")
    letters = plant.codes_for(connection, site, [thing])[thing]
    label = Label(thing, gettext("Test code"), (), {}, letters, url(base, letters))
    return Cell(label, fit(label.text, Look("M", 30), 60))


# --- pages ---------------------------------------------------------------------------------------------------------


def print_on(
    paper: Paper, labels: Sequence[Label], *, form: str = "labels", skip: int = 0, cut: bool = False, site: str = ""
) -> Sheet:
    """The labels in a form: `labels` on this paper, `route` and `desk` on A4. Raises TooSmall."""
    if form == "labels":
        return lay_out(labels, paper, skip=skip, cut=cut, site=site)
    return route(labels, site=site) if form == "route" else desk(labels, site=site)


# --- labels to cut, to stick, or from a roll -----------------------------------------------------------------------


def lay_out(labels: Sequence[Label], paper: Paper, *, skip: int = 0, cut: bool = False, site: str = "") -> Sheet:
    """Labels in the cells of a paper; the first `skip` places of the first page are used up. Raises TooSmall."""
    cut = cut and not paper.is_roll
    cells: list[Cell | None] = [None] * (skip % paper.cells)
    cells += [_in_cell(label, paper) for label in labels]
    pages = [tuple(cells[first : first + paper.cells]) for first in range(0, len(cells), paper.cells)]
    made = (Page(some, number=number, total=len(pages)) for number, some in enumerate(pages, start=1))
    return Sheet("labels", paper, tuple(made), cut, site)


def _in_cell(label: Label, paper: Paper) -> Cell:
    """Beside each other where the cell is wide, else the text below the code."""
    wide = paper.cell_width - 2 * paper.edge_mm
    high = paper.cell_height - 2 * paper.edge_mm
    upright = wide < high * 1.3
    # Room for text is worth more than a large code, but not more than a code that is read.
    wished = min(wide, high * 0.66) if upright else min(high, wide * 0.52)
    look = LOOKS[label.kind]
    try:
        code = fit(label.text, look, wished, paper.side_most_mm)
    except TooSmall:
        code = fit(label.text, look, wide if upright else high, paper.side_most_mm)
        rest = high - code.box_mm if upright else wide - code.box_mm
        if rest < MOST_CRAMPED_MM:
            raise TooSmall(code.box_mm + MOST_CRAMPED_MM) from None
    return Cell(label, code, upright)


MOST_CRAMPED_MM = 9.0  # beside or below the code: less, and nothing of the text can be read


def _cell(label: Label, room_mm: float) -> Cell:
    return Cell(label, fit(label.text, LOOKS[label.kind], room_mm))


# --- an order and its operations -----------------------------------------------------------------------------------


def route(labels: Sequence[Label], *, site: str = "") -> Sheet:
    """A page or more for each order: its own code in the head, its operations below, in two columns when they are many.
    `labels` are of orders and of their operations. Raises TooSmall."""
    orders = [label for label in labels if label.kind == "order"]
    steps: dict[str, list[Cell]] = defaultdict(list)
    for label in labels:
        if label.kind == "operation":
            steps[label.thing[1]].append(_cell(label, ROUTE_CODE_MM))
    pages: list[Page] = []
    for order in orders:
        cells = steps[order.thing[1]]
        columns = 1 if len(cells) <= ROUTE_ROWS else 2
        size = ROUTE_ROWS * columns
        parts = [tuple(cells[first : first + size]) for first in range(0, len(cells), size)] or [()]
        head = _cell(order, ROUTE_HEAD_MM - 10)
        pages += [
            Page(part, number=number, total=len(parts), order=head, columns=columns)
            for number, part in enumerate(parts, start=1)
        ]
    return Sheet("route", A4, tuple(pages), site=site)


# --- quick codes ---------------------------------------------------------------------------------------------------


def desk(labels: Sequence[Label], *, site: str = "") -> Sheet:
    """Quick codes, reasons and activities under headings, to lie on a desk in one piece. Raises TooSmall."""
    room = A4.height - 2 * RIM_MM - HEAD_MM
    pages: list[Page] = []
    cells: list[Cell | None] = []
    heads: dict[int, str] = {}
    used = 0.0

    def turn() -> None:
        nonlocal cells, heads, used
        if cells:
            pages.append(Page(tuple(cells), heads))
        cells, heads, used = [], {}, 0.0

    for title, of_group in _groups(labels):
        rows = [of_group[first : first + DESK_COLUMNS] for first in range(0, len(of_group), DESK_COLUMNS)]
        for number, row in enumerate(rows):
            needed = DESK_ROW_MM + (GROUP_MM if number == 0 else 0)
            # A group that fits on a page is not torn over two.
            ahead = GROUP_MM + DESK_ROW_MM * len(rows) if number == 0 and len(rows) <= 3 else needed
            if used + ahead > room:
                turn()
                needed = DESK_ROW_MM + GROUP_MM
            if number == 0 or not cells:
                heads[len(cells)] = title
            cells += [_cell(label, DESK_CODE_MM) for label in row]
            cells += [None] * (DESK_COLUMNS - len(row))
            used += needed
    turn()
    numbered = [Page(page.cells, page.heads, number, len(pages)) for number, page in enumerate(pages, start=1)]
    return Sheet("desk", A4, tuple(numbered), site=site)


def _groups(labels: Sequence[Label]) -> Iterator[tuple[str, list[Label]]]:
    by_thing = {label.thing: label for label in labels}
    for title, some in words.GROUPS.items():
        if found := [by_thing[thing] for word in some if (thing := ("word", word.ref, "")) in by_thing]:
            yield str(title), found
    for kind, title in REASONS.items():
        if found := [label for label in labels if label.kind == "reason" and label.about["group"] == kind]:
            yield str(title), found
    if found := [label for label in labels if label.kind == "reason" and label.about["group"] not in REASONS]:
        yield gettext("Reasons"), found
    if found := [label for label in labels if label.kind == "activity"]:
        yield gettext("Indirect activities"), found
    if found := [label for label in labels if label.kind not in ("word", "reason", "activity")]:
        yield gettext("Others"), found


__all__ = ["ALL", "KINDS", "Label", "NothingToPrint", "Sheet", "TooMany", "TooSmall", "make", "print_on"]
