"""/quality: defects and downtime ranked by cause, in pieces, hours and at standard cost, with their trend; the same as
CSV, and as JSON under /api/v1/losses. No person is named and no actual rate is used."""

import csv
import io
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from server import fragments
from server.auth.access import access, current
from server.extensions import db, now
from server.fragments import PARTS
from server.menu import menu
from server.problems import Problem
from server.quality import view
from server.quality.view import Wanted
from server.spreadsheet import safe_cell
from server.store import losses as store
from server.store import plant
from server.store.database import read
from sync.core.clock import local_date, midnight
from sync.core.money import decimal, round_money
from sync.core.quantity import plain
from sync.costing.losses import BY, KINDS, MEASURES, Kind, Loss, Measure

_ = lazy_gettext

blueprint = Blueprint("quality", __name__)

READERS = {"lead", "admin", "accountant", "auditor"}
PERIOD = {"from", "to"}
# Further back a question takes longer than a person waits.
LONGEST = 366
KIND_NAMES: Mapping[Kind, Any] = {
    "scrap": _("Scrap"), "rework": _("Rework"), "hold": _("Held for review"), "downtime": _("Downtime"),
}  # fmt: skip
MEASURE_NAMES: Mapping[Measure, Any] = {"pieces": _("Pieces"), "hours": _("Hours"), "cost": _("Standard cost")}
BY_NAMES: Mapping[str, Any] = {
    "reason": _("Reason"), "item": _("Item"), "found_at": _("Found at"), "caused_at": _("Caused at"),
    "order": _("Order"), "machine": _("Machine"),
}  # fmt: skip
# Bad pieces know no machine, and downtime neither item nor order.
BY_OF = {kind: ("reason", "machine", "found_at") if kind == "downtime" else BY[:-1] for kind in KINDS}
COLUMNS = ("fact", "kind", "occurred_on", "reason", "item", "order", "found_at", "caused_at", "machine", "pieces",
           "hours", "standard_cost", "currency")  # fmt: skip


@blueprint.get("/quality")
@access(roles=READERS, objects="site", query={"kind", "by", "measure", *PERIOD, *PARTS})
@menu(_("Quality"), group="floor", order=30)
def show() -> Response:
    """The ranking (Pareto) of what was asked for; without parameters scrap by reason of the last 30 days."""
    part = fragments.wanted()
    with read(db.engine) as connection:
        known = plant.site(connection, current.site)
        wanted = _wanted(local_date(now(), known.zone))
        found = _found(connection, wanted, known.zone)
        keys = {getattr(loss, wanted.by) for loss in found if loss.kind == wanted.kind}
        names = view.names(connection, current.site, wanted, keys)
        page = view.gather(found, wanted, names, known)
    values = {
        "page": page, "wanted": wanted, "currency": known.currency, "kind_names": KIND_NAMES,
        "measure_names": MEASURE_NAMES, "by_names": {one: BY_NAMES[one] for one in BY_OF[wanted.kind]},
        "measures": _measures(wanted.kind), "round_to": lambda value: round_money(value, known.currency),
        "as_decimal": decimal, "whole": round,  # a column of the trend has no room for cents
    }  # fmt: skip
    return (
        fragments.part("quality/page.html", part, **values)
        if part == "ranking"
        else fragments.page("quality/page.html", **values)
    )


@blueprint.get("/quality.csv")
@access(roles=READERS, objects="site", query=PERIOD)
def as_csv() -> Response:
    """Every loss of the period, a line each, the newest first."""
    with read(db.engine) as connection:
        known = plant.site(connection, current.site)
        wanted = _wanted(local_date(now(), known.zone))
        found = _found(connection, wanted, known.zone)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for loss in found:
        told = _told(loss, known.zone, known.currency)
        writer.writerow([safe_cell("" if told[column] is None else told[column]) for column in COLUMNS])
    response = Response(out.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="losses-{wanted.first}-{wanted.until}.csv"'
    return response


@blueprint.get("/api/v1/losses")
@access(roles=READERS, scopes={"entries:read"}, objects="site", query=PERIOD)
def as_json() -> ResponseReturnValue:
    """Every loss of a period (`from`, `to`: days of the site, inclusive; 366 at most), the newest first."""
    with read(db.engine) as connection:
        known = plant.site(connection, current.site)
        wanted = _wanted(local_date(now(), known.zone))
        found = _found(connection, wanted, known.zone)
    return jsonify(
        {"from": wanted.first.isoformat(), "to": wanted.until.isoformat(),
         "losses": [_told(loss, known.zone, known.currency) for loss in found]}
    )  # fmt: skip


def _found(connection: Any, wanted: Wanted, zone: Any) -> list[Loss]:
    first, until = midnight(wanted.first, zone), midnight(wanted.until + timedelta(days=1), zone)
    return store.of_period(connection, current.site, first, until, now())


def _told(loss: Loss, zone: Any, currency: str) -> dict[str, str | None]:
    return {
        "fact": loss.id, "kind": loss.kind, "occurred_on": local_date(loss.at, zone).isoformat(),
        "reason": loss.reason, "item": loss.item, "order": loss.order, "found_at": loss.found_at,
        "caused_at": loss.caused_at, "machine": loss.machine, "pieces": plain(decimal(loss.pieces)),
        "hours": f"{decimal(loss.hours):.4f}", "currency": currency,
        "standard_cost": None if loss.cost is None else str(round_money(loss.cost, currency)),
    }  # fmt: skip


def _measures(kind: Kind) -> tuple[Measure, ...]:
    return MEASURES if kind != "downtime" else MEASURES[1:]


# --- parameters --------------------------------------------------------------------------------------------------


def _wanted(today: date) -> Wanted:
    kind = cast(Kind, _one_of("kind", KINDS))
    by, measure = _one_of("by", BY_OF[kind]), cast(Measure, _one_of("measure", _measures(kind)))
    until = _day("to", today)
    first = _day("from", until - timedelta(days=29))
    if not 0 <= (until - first).days < LONGEST:
        sentence = gettext("The period begins before it ends and lasts %(days)s days at most.", days=LONGEST)
        raise Problem("request.invalid", sentence, pointer="/from")
    return Wanted(kind, by, measure, first, until)


def _one_of(name: str, choices: tuple[str, ...]) -> str:
    """A choice; the first where nothing, or what another choice leaves no room for, was asked for."""
    value = request.args.get(name, "") or choices[0]
    if value not in choices:
        if name != "kind" and value in (*BY, *MEASURES):
            return choices[0]
        raise Problem("request.invalid", f"{name}: {', '.join(choices)}", pointer=f"/{name}")
    return value


def _day(name: str, default: date) -> date:
    text = request.args.get(name, "")
    try:
        found = date.fromisoformat(text) if text else default
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 2099:
        raise Problem("request.invalid", gettext("A day is written like 2026-11-30."), pointer=f"/{name}")
    return found
