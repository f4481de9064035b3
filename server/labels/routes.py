"""/labels: choose what to label, then a sheet for the printer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask_babel import LazyString, gettext, lazy_gettext
from markupsafe import Markup

import webapp
from server.auth.access import access
from server.extensions import db, settings
from server.labels import sheet
from server.language import pick
from server.menu import menu
from server.problems import Problem
from server.store.database import read, write

_ = lazy_gettext

blueprint = Blueprint("labels", __name__)

TITLES: dict[str, LazyString] = {
    "orders": _("Orders"),
    "operations": _("Operations, by order"),
    "badges": _("Badges"),
    "machines": _("Machines"),
    "items": _("Items"),
    "reasons": _("Reasons"),
    "activities": _("Indirect activities"),
}
KINDS: dict[str, LazyString] = {
    "order": _("Order"),
    "operation": _("Operation"),
    "person": _("Badge"),
    "machine": _("Machine"),
    "item": _("Item"),
    "reason": _("Reason"),
    "activity": _("Indirect activity"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One sort of thing to choose from: (what is sent, what is read) line by line."""

    name: str
    title: LazyString
    lines: list[tuple[str, str]]


@blueprint.get("/labels")
@access(roles={"lead", "admin"})
@menu(_("Labels"), group="reference", order=80)
def choose() -> str:
    """Everything that can carry a label."""
    site = settings().site
    with read(db.engine) as connection:
        shown = {name: sheet.find(connection, site, name, pick) for name in sheet.CHOICES}
    choices = [Choice(name, TITLES[name], _lines(name, found)) for name, found in shown.items()]
    return render_template("labels/choose.html", choices=choices)


def _lines(name: str, found: Sequence[sheet.Found]) -> list[tuple[str, str]]:
    if name == "operations":
        counted = Counter(line.code for line in found)
        return [(code, f"{code} ({count})") for code, count in counted.items()]
    return [(line.code, " · ".join((line.title, *line.lines))) for line in found]


@blueprint.post("/labels/sheet")
@access(roles={"lead", "admin"})
def make_sheet() -> str:
    """The sheet of what was chosen. Making it gives letters to what has none yet."""
    wanted = {name: codes for name in sheet.CHOICES if (codes := request.form.getlist(name))}
    if not wanted:
        raise Problem("request.invalid", gettext("Choose at least one thing to label."))
    chosen = settings()
    base = chosen.public_url or request.url_root
    try:
        with write(db.engine) as connection:
            labels = sheet.make(connection, chosen.site, wanted, base, name_of=pick, anew="anew" in request.form)
    except sheet.NothingToPrint as nothing:
        raise Problem(
            "request.invalid", gettext("There is nothing to print for %(codes)s.", codes=nothing)
        ) from nothing
    return render_sheet(labels)


def render_sheet(labels: Sequence[sheet.Label], *, complete: bool = False) -> str:
    """The sheet as HTML; `complete`: with its style inside, as a file of its own."""
    style = (webapp.STATIC / "css" / "desk-labels.css").read_text() if complete else ""
    return render_template("labels/sheet.html", labels=labels, kinds=KINDS, style=Markup(style))  # noqa: S704 -- ours
