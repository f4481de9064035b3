"""/admin/floor: what phones may do at this site. /admin/people: who captures, their PINs and badges."""

import unicodedata
from dataclasses import asdict, replace
from typing import Any, cast

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from server import fragments
from server.admin import users
from server.auth import pins
from server.auth.access import access, current
from server.extensions import db, now, settings
from server.fragments import PARTS
from server.menu import menu
from server.problems import Problem
from server.store import audit, people, plant, sites
from server.store.database import read, write
from server.store.names import HOW, How
from sync.core.codes import grouped

_ = lazy_gettext

blueprint = Blueprint("admin", __name__)
blueprint.register_blueprint(users.blueprint)

LEADS = {"lead", "admin"}
READERS = LEADS | {"auditor"}
PAGE = 100
_CHANGES: dict[str, pins.Change] = {"clear": "cleared", "unlock": "unlocked"}
_CHANGED = {
    "set": _("The PIN of %(name)s is set."),
    "cleared": _("%(name)s has no PIN any more."),
    "unlocked": _("%(name)s may try the PIN again."),
}
# The choices of the page that are yes or no, in its order: what it is, and what follows from it.
SWITCHES = (
    ("typed_time", _("Time may be typed"),
     _("Operators may tell a duration afterwards instead of clocking. Such time counts as declared, not as measured.")),
    ("fast_switch", _("Names may be picked from a list"),
     _("On a shared tablet people change by touching their name. Without it, each change needs the badge.")),
    ("pin", _("A number and a PIN do for a badge"),
     _("Whoever has no badge at hand types number and PIN on the device. Only the server knows PINs: without network "
       "it takes the badge.")),
    ("standard_cost", _("Operators see money at standard cost"),
     _("At the end of a job they see what its pieces are worth at the published standard rates. "
       "No wage can be derived from it.")),
)  # fmt: skip


# What people may be called where others look on: what it is, by an example.
NAMES = (
    ("full", _("Full name"), "Ana Morel"),
    ("short", _("First name and as much as tells apart"), "Ana M."),
    ("initials", _("Initials"), "AM"),
    ("number", _("Personnel number"), "1017"),
)

# --- the floor ---------------------------------------------------------------------------------------------------


@blueprint.get("/admin/floor")
@access(roles=READERS, objects="site")
@menu(_("Capture on the floor"), group="admin", order=30)
def show_floor() -> Response:
    """What phones may do here."""
    with read(db.engine) as connection:
        return _floor_page(sites.floor(connection, settings().site))


@blueprint.post("/admin/floor")
@access(roles=LEADS, objects="site", writes={"away_minutes", "names", *(name for name, _label, _help in SWITCHES)})
def set_floor() -> ResponseReturnValue:
    """Keep what was chosen; phones learn it within a minute."""
    form = request.form
    minutes = form.get("away_minutes", "").strip()
    switches: dict[str, Any] = {name: form.get(name) == "yes" for name, _label, _help in SWITCHES}
    low, high = sites.AWAY_MINUTES
    called = cast(How, form.get("names", "short"))
    if called not in HOW:
        raise Problem("request.invalid", pointer="/names")
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) < 4 and low <= int(minutes) <= high):
        wrong = gettext("Minutes from %(low)s to %(high)s.", low=low, high=high)
        page = _floor_page(replace(sites.Floor(), **switches, names=called), wrong, minutes[:10])
        page.status_code = 422
        return page
    with write(db.engine) as connection:
        chosen = sites.Floor(**switches, away_minutes=int(minutes), names=called)
        sites.set_floor(connection, settings().site, chosen)
        audit.record(connection, settings().site, at=now(), actor=f"user:{current.user}", action="floor.changed",
                     details={name: str(value) for name, value in asdict(chosen).items()})  # fmt: skip
    flash(gettext("Kept. Phones follow as soon as they have a network."))
    return redirect("/admin/floor", 303)


def _floor_page(floor: sites.Floor, wrong: str = "", minutes: str = "") -> Response:
    values = {
        "may_change": current.has(*LEADS), "floor": floor, "switches": SWITCHES, "names": NAMES, "wrong": wrong,
        "minutes": minutes or floor.away_minutes,
    }  # fmt: skip
    return fragments.page("admin/floor.html", **values, range=sites.AWAY_MINUTES)


# --- people ------------------------------------------------------------------------------------------------------


@blueprint.get("/admin/people")
@access(roles=READERS, objects="site", query={"text", *PARTS}, reads={"name", "number", "badge"})
@menu(_("People"), group="admin", order=20)
def list_people() -> Response:
    """Who captures here: PIN, badge; found by name or number."""
    return _people_page()


@blueprint.post("/admin/people/<key>/pin")
@access(roles=LEADS, objects="person", writes={"do", "pin", "again"}, reads={"name", "number", "badge"})
def set_pin(key: str) -> ResponseReturnValue:
    """Set somebody's PIN; take it away or unlock it, when asked to."""
    what: pins.Change = _CHANGES.get(request.form.get("do", ""), "set")
    row, hashed = _person(key), ""
    try:
        if what == "set":
            if not row["number"]:
                raise Problem("person.no_number")
            pin = request.form.get("pin", "")
            if pin != request.form.get("again", ""):
                raise Problem("person.pin_differs")
            hashed = pins.hash_pin(pin, row["number"], settings().pin_key())
    except Problem as problem:
        page = _people_page(problem, key)
        page.status_code = problem.kind.status
        return page
    with write(db.engine) as connection:
        pins.change(connection, settings().site, what, key, row["number"] or "", actor=f"user:{current.user}",
                    now=now(), hashed=hashed)  # fmt: skip
    flash(str(_CHANGED[what]) % {"name": row["name"]})
    return redirect(f"/admin/people#person-{key}", 303)


@blueprint.post("/admin/people/<key>/badge")
@access(roles=LEADS, objects="person", reads={"name", "badge"})
def new_badge(key: str) -> ResponseReturnValue:
    """New letters for somebody's badge: whatever was printed with the old ones does not say anything any more."""
    row, site = _person(key), settings().site
    with write(db.engine) as connection:
        plant.withdraw_codes(connection, site, [("person", key, "")])
        letters = plant.code_for(connection, site, "person", key)
        audit.record(connection, site, at=now(), actor=f"user:{current.user}", action="badge.made", subject=key)
    flash(gettext("%(name)s has a new badge: %(letters)s. The old one does not work any more.",
                  name=row["name"], letters=grouped(letters)))  # fmt: skip
    return redirect(f"/admin/people#person-{key}", 303)


def _person(key: str) -> plant.Row:
    with read(db.engine) as connection:
        rows = plant.rows(connection, settings().site, "people", "key", {key})
    if not rows:
        raise Problem("person.unknown")
    return rows[0]


def _people_page(problem: Problem | None = None, about: str = "") -> Response:
    site, text = settings().site, request.args.get("text", "").strip()[:100]
    with read(db.engine) as connection:
        everybody = plant.rows(connection, site, "people")
        if current.reach is not None:
            everybody = [row for row in everybody if row["department"] in current.reach]
        departments = {row["code"]: row["name"] for row in plant.rows(connection, site, "departments")}
        has_pin = people.pins_set(connection, site)
        waiting = people.locked_pins(connection, site, now())
        badges = plant.letters_by_reference(connection, site, "person")
    shown = [row for row in everybody if not text or _holds(row, text)]
    shown.sort(key=lambda row: (not row["active"], row["key"] != about, _by_ear(row["name"]), row["key"]))
    numbered = [row for row in shown[:PAGE] if waiting and row["number"]]
    locked = {row["key"] for row in numbered if pins.subject_of(row["number"], site) in waiting}
    values: dict[str, Any] = {
        "people": shown[:PAGE], "more": len(shown) - PAGE, "total": len(everybody), "text": text, "pins": has_pin,
        "locked": locked, "may_change": current.has(*LEADS),
        "badges": badges, "departments": departments, "problem": problem, "about": about, "grouped": grouped,
    }  # fmt: skip
    if fragments.wanted() == "people":
        return fragments.part("admin/people.html", "people", **values)
    return fragments.page("admin/people.html", **values)


def _by_ear(name: str) -> str:
    """A name as a list is sorted by: Élodie stands with the Es."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))


def _holds(row: plant.Row, text: str) -> bool:
    return any(_by_ear(text) in _by_ear(row[name] or "") for name in ("name", "number"))
