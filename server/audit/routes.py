"""/admin/audit: who did what to rights, secrets, wages and retention; the same as CSV and JSON.

Nobody changes or removes a line here or anywhere else in the product. A download is a line itself.
"""

import re
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection

from server import fragments
from server.audit import listing
from server.auth.access import access, current
from server.extensions import db, now, settings
from server.fragments import PARTS
from server.menu import menu
from server.pace import costly
from server.problems import Problem
from server.store import audit, people, plant
from server.store.audit import ACTIONS, Search
from server.store.database import read, write
from sync.core.clock import midnight

_ = lazy_gettext

blueprint = Blueprint("audit", __name__)

READERS = {"admin", "auditor", "payroll"}
FILTER = frozenset({"actor", "action", "subject", "from", "to"})
PAGE = 100


@blueprint.get("/admin/audit")
@access(roles=READERS, objects="site", query={*FILTER, "below", *PARTS}, reads={"user", "name"})
@menu(_("Audit trail"), group="admin", order=80)
def show_trail() -> Response:
    """Lines that fit, newest first. The part `chain` checks the whole trail, which takes a moment."""
    site = current.site
    with read(db.engine) as connection:
        if fragments.wanted() == "chain":
            return fragments.part("audit/trail.html", "chain", trail=_check(connection), checked=True)
        search, shown = _search(connection)
        below = _below()
        lines = audit.lines(connection, site, search, below=below, limit=PAGE + 1)
        names = _names(connection)
    values: dict[str, Any] = {
        "lines": lines[:PAGE],
        "next": lines[PAGE - 1].number if len(lines) > PAGE else None,
        "first_page": below is None,
        "shown": shown,
        "filtered": any(shown.values()),
        "actions": sorted(
            ((name, gettext(action.words)) for name, action in ACTIONS.items() if action.data in search.data),
            key=lambda pair: pair[1].casefold(),
        ),
        "word": lambda name: gettext(ACTIONS[name].words),
        "who": lambda actor: _who(actor, names),
        "checked": False,
        "trail": None,
    }
    if fragments.wanted() == "lines":
        return fragments.part("audit/trail.html", "lines", **values)
    return fragments.page("audit/trail.html", **values)


@blueprint.get("/admin/audit.csv")
@access(roles=READERS, objects="site", query=FILTER, reads={"user", "name"})
@costly
def trail_csv() -> Response:
    """All lines that fit, newest first."""
    return _file(listing.as_csv(_exported("csv")), "text/csv", "csv")


@blueprint.get("/admin/audit.json")
@access(roles=READERS, objects="site", query=FILTER, reads={"user", "name"})
def trail_json() -> Response:
    """The same for a program."""
    return _file(listing.as_json(_exported("json")), "application/json", "json")


def _exported(form: str) -> list[audit.Line]:
    """The lines of a download, which is recorded: it takes names out of the house."""
    with write(db.engine) as connection:
        search, shown = _search(connection)
        found = audit.lines(connection, current.site, search)
        asked = {name: value for name, value in shown.items() if value}
        audit.record(
            connection, current.site, at=now(), actor=f"user:{current.user}", action="audit.read",
            details={"format": form, "lines": str(len(found)), **asked},
        )  # fmt: skip
    return found


def _file(text: str, kind: str, ending: str) -> Response:
    response = Response(text, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="audit.{ending}"'
    return response


def _search(connection: Connection) -> tuple[Search, dict[str, str]]:
    """The filter of the address, and as the form shows it. Days are the site's, both included."""
    shown = {name: request.args.get(name, "").strip()[:200] for name in ("actor", "action", "subject", "from", "to")}
    if shown["action"] and shown["action"] not in ACTIONS:
        raise Problem("request.invalid", gettext("No such action is recorded here."), pointer="/action")
    zone = plant.site(connection, current.site).zone
    since, until = _day("from"), _day("to")
    return Search(
        listing.classes(current.roles),
        actor=_spelt(shown["actor"]),
        action=shown["action"],
        subject=shown["subject"],
        since=midnight(since, zone) if since else None,
        until=midnight(until + timedelta(days=1), zone) if until else None,
    ), shown


def _spelt(actor: str) -> str:
    """Who is looked for: people type the name somebody signs in with."""
    return actor if not actor or actor in ("cli", "worker") or ":" in actor else f"user:{actor}"


def _day(name: str) -> date | None:
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 1970 <= found.year <= 9000:
        raise Problem("request.invalid", gettext("A day is written such as 2026-11-20."), pointer=f"/{name}")
    return found


def _below() -> int | None:
    text = request.args.get("below", "")
    if not text:
        return None
    if not re.fullmatch("[1-9][0-9]{0,17}", text, re.ASCII):
        raise Problem("request.invalid", gettext("This is no cursor of this list."), pointer="/below")
    return int(text)


def _names(connection: Connection) -> dict[str, str]:
    """What devices and programs are called."""
    devices = {f"device:{one.id}": one.name for one in people.list_devices(connection, current.site)}
    return devices | {f"token:{one.id}": one.name for one in people.list_tokens(connection, current.site)}


def _who(actor: str, names: dict[str, str]) -> str:
    if actor == "cli":
        return gettext("Command line")
    if actor == "worker":
        return gettext("The worker, by itself")
    return names.get(actor) or actor.removeprefix("user:")


def _check(connection: Connection) -> audit.Trail:
    return audit.check(connection, current.site, settings().audit_keys())
