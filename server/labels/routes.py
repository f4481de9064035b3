"""/labels: choose what to label and on which paper, then a sheet for the printer."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import LazyString, gettext, lazy_gettext, ngettext
from markupsafe import Markup

import webapp
from server.auth.access import access, current
from server.extensions import db, settings
from server.labels import paper, sheet, things
from server.labels.things import Found
from server.language import pick
from server.menu import menu
from server.pace import costly
from server.problems import Problem
from server.store import plant
from server.store.database import read, write

_ = lazy_gettext

blueprint = Blueprint("labels", __name__)

# Five hundred orders with seven operations: a browser shows them after a quarter of a minute.
MOST_LABELS = 4000
MOST_LOTS = 100

TITLES: dict[str, LazyString] = {
    "orders": _("Orders"),
    "badges": _("Badges"),
    "machines": _("Machines"),
    "work_centers": _("Work centers"),
    "locations": _("Locations"),
    "devices": _("Devices"),
    "items": _("Items"),
    "lots": _("Lots"),
    "words": _("Quick codes"),
    "reasons": _("Reasons"),
    "activities": _("Indirect activities"),
}
PAPERS: dict[str, LazyString] = {
    "a4-2x4": _("A4, 8 labels 105 × 74 mm"),
    "a4-2x7": _("A4, 14 labels 99 × 38 mm"),
    "a4-3x8": _("A4, 24 labels 70 × 37 mm"),
    "a4-badges": _("A4, 10 cards 86 × 54 mm"),
    "62x29": _("Roll 62 × 29 mm"),
    "57x32": _("Roll 57 × 32 mm"),
    "100x50": _("Roll 100 × 50 mm"),
}
OWN = "own"
# What the form of a section sends; things are ticked, so their fields come several times.
SHEET = {"as", "paper", "width", "height", "first", "cut", "anew", *(f"{name}*" for name in things.CHOICES)}


@dataclass(frozen=True, slots=True)
class Way:
    """A form something can be printed in. `papers`: whether one can be chosen."""

    name: str
    title: LazyString
    help: LazyString
    papers: bool = True


ROUTE = Way("routes", _("Route sheet"), _("A page for each order: its code, and one for each operation."), papers=False)
ORDERS = Way("orders", _("Labels of the orders"), _("One for each order, for a box or a pallet."))
OPERATIONS = Way("operations", _("Labels of their operations"), _("One for each operation."))
DESK = Way("desk", _("Desk sheet"), _("All in one piece, under headings, to lie beside the scanner."), papers=False)
LABELS = Way("labels", _("Labels"), _("One for each, to cut out or to stick."))


@dataclass(frozen=True, slots=True)
class Section:
    """A page to choose from: what can be ticked on it, and how it is printed. `paper`: the one it begins with;
    `all_ticked`: it begins with everything, because all of it is usually wanted."""

    name: str
    title: LazyString
    help: LazyString
    choices: tuple[str, ...]
    ways: tuple[Way, ...] = (LABELS,)
    paper: str = "a4-2x4"
    all_ticked: bool = False


SECTIONS = {
    section.name: section
    for section in (
        Section("orders", _("Orders"), _("Route sheets, and labels of orders and operations."), ("orders",),
                (ROUTE, ORDERS, OPERATIONS), "a4-2x7"),
        Section("badges", _("Badges"), _("A card with a name and a code; a lost one can be replaced."), ("badges",),
                paper="a4-badges"),
        Section("places", _("Machines and places"),
                _("Plates for machines, work centers, storage locations and devices."),
                ("machines", "work_centers", "locations", "devices")),
        Section("material", _("Material"), _("Labels of items and of single lots."), ("lots", "items"), paper="100x50"),
        Section("quick", _("Quick codes"),
                _("Actions, figures, reasons and activities to scan instead of touching the screen."),
                ("words", "reasons", "activities"), (DESK, LABELS), "a4-3x8", all_ticked=True),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One sort of thing to choose from."""

    name: str
    title: LazyString
    lines: Sequence[Found]


@blueprint.get("/labels")
@access(roles={"lead", "admin"}, objects="site")
@menu(_("Labels"), group="reference", order=80)
def start() -> str:
    """What there is to label."""
    with read(db.engine) as connection:
        counts = {
            section.name: sum(
                len(things.find(connection, settings().site, choice, pick, reach=current.reach))
                for choice in section.choices
            )
            for section in SECTIONS.values()
        }
    return render_template("labels/start.html", sections=SECTIONS.values(), counts=counts)


@blueprint.get("/labels/<any(orders, badges, places, material, quick):name>")
@access(roles={"lead", "admin"}, objects="site", query={"new*"}, reads={"name", "number", "badge"})
def choose(name: str) -> str:
    """Everything of a section that can carry a label. `?new=ITEM=LOT` is ticked already."""
    section, site = SECTIONS[name], settings().site
    with read(db.engine) as connection:
        choices = [
            Choice(choice, TITLES[choice], things.find(connection, site, choice, pick, reach=current.reach))
            for choice in section.choices
        ]
        items = plant.rows(connection, site, "items") if name == "material" else []
    return render_template(
        "labels/choose.html", section=section, choices=choices, papers=PAPERS, items=items,
        ticked=set(request.args.getlist("new")), least=paper.LEAST_MM, widest=paper.MOST_WIDE_MM,
        highest=paper.MOST_HIGH_MM,
    )  # fmt: skip


@blueprint.post("/labels/lots")
@access(roles={"lead", "admin"}, objects="site", writes={"item", "lots"})
def add_lots() -> ResponseReturnValue:
    """Lots somebody typed, one a line: they get their letters and stand on the page from then on."""
    item = request.form.get("item", "").strip()
    typed = [unicodedata.normalize("NFC", line.strip()) for line in request.form.get("lots", "").splitlines()]
    wanted = list(dict.fromkeys(lot for lot in typed if lot))
    if not wanted:
        raise Problem("request.invalid", gettext("Type at least one lot."))
    if len(wanted) > MOST_LOTS:
        raise Problem("request.invalid", gettext("Type at most %(most)s lots at a time.", most=MOST_LOTS))
    if wrong := [lot for lot in wanted if not plant.is_lot(lot)]:
        raise Problem("request.invalid", gettext("This cannot be a lot: %(lots)s", lots=", ".join(wrong)[:200]))
    site = settings().site
    with write(db.engine) as connection:
        if not plant.rows(connection, site, "items", "code", [item]):
            raise Problem("request.invalid", gettext("There is no item %(item)s.", item=item))
        plant.codes_for(connection, site, [("lot", item, lot) for lot in wanted])
    flash(ngettext("%(num)s lot can be labelled now.", "%(num)s lots can be labelled now.", len(wanted)))
    query = "&".join(f"new={quote(f'{item}={lot}')}" for lot in wanted)
    return redirect(f"/labels/material?{query}", 303)


@blueprint.post("/labels/sheet")
@access(roles={"lead", "admin"}, objects="site", writes=SHEET, reads={"name", "badge"})
@costly
def make_sheet() -> str:
    """The sheet of what was chosen. Making it gives letters to what has none yet."""
    way = request.form.get("as", LABELS.name)
    wanted = {name: codes for name in things.CHOICES if (codes := request.form.getlist(name))}
    if way in (ROUTE.name, OPERATIONS.name) and "orders" in wanted:
        wanted[way] = wanted.pop("orders")
    if not wanted:
        raise Problem("request.invalid", gettext("Choose at least one thing to label."))
    chosen = settings()
    base = chosen.public_url or request.url_root
    try:
        with write(db.engine) as connection:
            labels = sheet.make(
                connection,
                chosen.site,
                wanted,
                base,
                name_of=pick,
                anew="anew" in request.form,
                most=MOST_LABELS,
                reach=current.reach,
            )
            site = plant.site(connection, chosen.site).name
        form = {ROUTE.name: "route", DESK.name: "desk"}.get(way, "labels")
        on = paper.A4 if form != "labels" else paper.find(_paper())
        printed = sheet.print_on(on, labels, form=form, skip=_skip(), cut="cut" in request.form, site=site)
    except sheet.NothingToPrint as nothing:
        problem = gettext("There is nothing to print for %(codes)s.", codes=str(nothing)[:200])
        raise Problem("request.invalid", problem) from nothing
    except sheet.TooMany as many:
        problem = gettext("%(count)s labels are too many at once: choose at most %(most)s.", count=many.count,
                          most=MOST_LABELS)  # fmt: skip
        raise Problem("request.too_large", problem) from many
    except (paper.UnknownPaper, sheet.TooSmall) as wrong:
        raise Problem("request.invalid", why_not(wrong)) from wrong
    return render_sheet(printed)


def _paper() -> str:
    """The name of the paper asked for; one's own size as its width and height in millimetres."""
    name = request.form.get("paper", "a4-2x4")
    if name != OWN:
        return name
    return "x".join(request.form.get(side, "").strip().replace(",", ".") for side in ("width", "height"))


def _skip() -> int:
    """How many places of the first page are used up: one less than the number of the first free one."""
    first = request.form.get("first", "").strip()
    return int(first) - 1 if first.isascii() and first.isdigit() and 1 <= len(first) <= 3 and int(first) else 0


def why_not(wrong: paper.UnknownPaper | sheet.TooSmall) -> str:
    """Why nothing can be printed on the paper that was chosen, in a sentence."""
    if isinstance(wrong, sheet.TooSmall):
        return gettext("This label is too small: a code and its letters need at least %(least)s mm.",
                       least=f"{wrong.least_mm:.0f}")  # fmt: skip
    return gettext("There is no such paper. A label of your own size is %(least)s to %(wide)s mm wide and at most "
                   "%(high)s mm high.", least=f"{paper.LEAST_MM:g}", wide=f"{paper.MOST_WIDE_MM:g}",
                   high=f"{paper.MOST_HIGH_MM:g}")  # fmt: skip


@blueprint.get("/labels/paper/<name>.css")
@access(roles={"lead", "admin"}, objects="none")
def style_of_paper(name: str) -> Response:
    """The size of a paper, for the browser that prints on it."""
    try:
        return Response(paper.find(name).css(), mimetype="text/css")
    except paper.UnknownPaper as unknown:
        raise Problem("request.not_found") from unknown


@blueprint.get("/labels/scanner")
@access(roles={"lead", "admin"}, objects="site")
def set_up_scanner() -> str:
    """How a hand scanner is set up, with a code to try. It gets its letters when somebody looks for the first time."""
    chosen = settings()
    with write(db.engine) as connection:
        test = sheet.make_test(connection, chosen.site, chosen.public_url or request.url_root)
    return render_scanner(test)


def render_sheet(printed: sheet.Sheet, *, complete: bool = False) -> str:
    """The sheet as HTML; `complete`: with its style inside, as a file of its own."""
    return render_template(
        "labels/sheet.html", sheet=printed, kinds=sheet.KINDS, paper=printed.paper,
        style=_style(printed.paper) if complete else "",
    )  # fmt: skip


def render_scanner(test: sheet.Cell, *, complete: bool = False) -> str:
    """The scanner's page, likewise."""
    return render_template("labels/scanner.html", test=test, paper=paper.A4, style=_style(paper.A4) if complete else "")


def _style(on: paper.Paper) -> Markup:
    text = on.css() + (webapp.STATIC / "css" / "desk-paper.css").read_text("utf-8")
    return Markup(text)  # noqa: S704 -- ours
