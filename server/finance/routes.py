"""/entries: the ledger's entries filtered and summed, each with everything that explains it; the same as files.

Entries use rates of groups, whatever people have as rates of their own (docs/decisions/0024): no figure here depends on
what one person earns, so nothing has to be hidden from whoever may read it.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

from flask import Blueprint, Response, jsonify, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection

from server import figures, fragments
from server.auth.access import access, current
from server.extensions import db
from server.figures import money_text
from server.fragments import PARTS
from server.menu import menu
from server.pace import costly
from server.problems import Problem
from server.spreadsheet import MIMETYPE, TooLarge, of_entries, safe_cell, workbook
from server.store import entries, facts, operations, plant, standards
from server.store.database import read
from server.store.entries import Filter, Line
from server.words import RULES, action, cost_object, sentence
from sync.core.quantity import MILLISECONDS_PER_HOUR
from sync.ledger.entry import ELEMENTS

_ = lazy_gettext

blueprint = Blueprint("finance", __name__)

FINANCE = {"accountant", "payroll", "auditor"}
PAGE = 100
FILTER = frozenset({"period", "element", "order", "operation", "account", "text"})
CSV_COLUMNS = (
    "position", "batch", "occurred_on", "posting_period", "late", "element", "order", "operation", "item",
    "work_center", "activity", "quantity", "unit", "hours", "rate", "net_amount", "currency", "from", "to", "formula",
    "provenance", "rule", "rule_version", "rate_id", "policy", "reverses", "id", "events", "split", "premium",
    "replaces", "reference", "mirrors", "general", "net_billable", "billable_formula",
)  # fmt: skip


@blueprint.get("/entries")
@access(roles=FINANCE, objects="site", query={*FILTER, "before", *PARTS})
@menu(_("Entries"), group="finance", order=10)
def list_entries() -> Response:
    """Entries of a filter, newest first, with their totals."""
    before = _position("before")
    with read(db.engine) as connection:
        periods = entries.periods(connection, current.site)
        wanted = _filter(periods)
        lines = entries.page(connection, current.site, wanted, before, PAGE + 1)
        currency = plant.site(connection, current.site).currency
        values = {
            "lines": lines[:PAGE],
            "next": lines[PAGE - 1].position if len(lines) > PAGE else None,
            "first_page": before is None,
            "totals": entries.totals(connection, current.site, wanted, currency),
            "wanted": wanted,
            "periods": periods,
            "accounts": _accounts(connection),
            "currency": currency,
            "elements_known": ELEMENTS,
            "link": _link,
            "flow": _flow,
            "billed": _billed,
        }
    if fragments.wanted() == "entries":
        return fragments.part("finance/entries.html", "entries", **values)
    return fragments.page("finance/entries.html", **values)


@blueprint.get("/entries.csv")
@access(roles=FINANCE, objects="site", query=FILTER)
@costly
def entries_csv() -> Response:
    """The entries of a filter, one line each, oldest first; a reversal counts below zero."""
    with read(db.engine) as connection:
        wanted = _filter(entries.periods(connection, current.site))
    # The rows are read while they travel, when the request is over.
    site, engine = current.site, db.engine

    def rows() -> Iterator[str]:
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(CSV_COLUMNS)
        with read(engine) as connection:
            for line in entries.stream(connection, site, wanted):
                writer.writerow([safe_cell(cell) for cell in _cells(line)])
                if out.tell() > 65_536:
                    yield out.getvalue()
                    out.seek(0)
                    out.truncate()
        yield out.getvalue()

    response = Response(rows(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{_file_name(wanted)}.csv"'
    return response


@blueprint.get("/entries.xlsx")
@access(roles=FINANCE, objects="site", query=FILTER)
def entries_xlsx() -> Response:
    """The same as a workbook: amounts are numbers in it, days are days."""
    file = TemporaryFile()  # noqa: SIM115 (closed when it was sent)
    with read(db.engine) as connection, workbook(file) as book:
        wanted = _filter(entries.periods(connection, current.site))
        lines = (_cells(line) for line in entries.stream(connection, current.site, wanted))
        try:
            book.sheet("entries", CSV_COLUMNS, of_entries(CSV_COLUMNS, lines))
        except TooLarge as wrong:
            raise Problem(
                "request.too_large", gettext("A sheet cannot hold so many entries: choose a period.")
            ) from wrong
    file.seek(0)
    return send_file(file, MIMETYPE, as_attachment=True, download_name=f"{_file_name(wanted)}.xlsx")


def _file_name(wanted: Filter) -> str:
    return f"entries-{wanted.period}" if wanted.period else "entries"


@blueprint.get("/entries/<int:position>")
@access(roles=FINANCE, objects="entry", reads={"name"})
def show_entry(position: int) -> Response:
    """One entry: postings, formula, rate, rule, policy, the facts, its reversal, its batch."""
    site = current.site
    with read(db.engine) as connection:
        line = entries.one(connection, site, position) if position < 2**62 else None
        if line is None:
            raise Problem("request.not_found", gettext("No entry stands at %(position)s.", position=str(position)))
        plans = {row["code"]: row["name"] for row in plant.rows(connection, site, "plans")}
        values = {
            "line": line,
            "body": line.body,
            "rate": entries.rate(connection, site, line.body.get("rate_id", "")),
            "plans": {code: plans.get(code, code) for code in sorted(_plans_of(line.body))},
            "accounts": entries.account_names(connection, site),
            "batch": entries.batch(connection, site, line.batch),
            "reversed_by": None if line.reverses else entries.reversed_by(connection, site, line),
            "reverses": entries.position_of(connection, site, line.reverses) if line.reverses else None,
            "causes": facts.within(
                connection, site, facts.by_ids(connection, site, line.body["events"]), current.reach
            ),
            "rules": RULES,
            "billed": _billed,
            "declared": operations.declared(connection, site, line.body.get("reference", "")),
            "general": operations.general_of(connection, site, [line.body["id"]]).get(line.body["id"], ""),
        }
    return fragments.page("finance/entry.html", **values)


def _plans_of(body: Mapping[str, Any]) -> set[str]:
    return {plan for posting in body["postings"] for plan in posting["accounts"]}


def _cells(line: Line) -> list[Any]:
    """An entry in the order of CSV_COLUMNS; "" where it says nothing."""
    body = line.body
    sides = {side: _objects(body, side) for side in ("credit", "debit")}
    cells = {
        **{name: value for name, value in body.items() if isinstance(value, (str, int)) and name != "amount"},
        "position": line.position,
        "batch": line.batch,
        "late": str(body["late"]).lower(),
        "net_amount": line.net,
        "from": sides["credit"],
        "to": sides["debit"],
        "events": " ".join(body["events"]),
    }
    if billable := body.get("billable"):
        amount = billable.get("amount", "")
        cells |= {
            "net_billable": -Decimal(amount) if amount and line.reverses else amount,
            "billable_formula": billable["formula"],
        }
    return [cells.get(column, "") for column in CSV_COLUMNS]


def _objects(body: Mapping[str, Any], side: str) -> str:
    return " ".join(dict.fromkeys(posting["object"] for posting in body["postings"] if posting["side"] == side))


def _billed(body: Mapping[str, Any]) -> str:
    """What the time of an entry is billed at, part by part, in the reader's language."""
    words = []
    for part in body["billable"]["parts"]:
        hours = figures.quantity(Decimal(part["milliseconds"]) / MILLISECONDS_PER_HOUR)
        if part["state"] == "priced":
            money = body["currency"]
            words.append(f"{hours} h × {figures.rate(part['rate'])} {money}/h = {money_text(part['amount'], money)}")
        elif part["state"] == "not_billed":
            words.append(gettext("%(hours)s h not billed", hours=hours))
        else:
            words.append(gettext("%(hours)s h without a billable rate", hours=hours))
    return "; ".join(words)


def _flow(body: Mapping[str, Any]) -> str:
    """Who gives to whom: "Department WELD → Order MO-1"."""
    sides = []
    for side in ("credit", "debit"):
        objects = dict.fromkeys(posting["object"] for posting in body["postings"] if posting["side"] == side)
        sides.append(", ".join(cost_object(one) for one in objects))
    return " → ".join(sides)


def _accounts(connection: Connection) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Accounts to filter by: those the plans name, and the places a plan follows."""
    follows = {row["code"]: row["follows"] for row in plant.rows(connection, current.site, "plans")}
    places = {
        "department": plant.rows(connection, current.site, "departments"),
        "work_center": plant.rows(connection, current.site, "work_centers"),
    }
    found = []
    for plan, name, named in entries.accounts(connection, current.site):
        lines = dict(named)
        for row in places.get(follows.get(plan, ""), []):
            lines.setdefault(row["code"], row["name"])
        if lines:
            found.append((plan, name, sorted(lines.items())))
    return found


def _filter(periods: list[str]) -> Filter:
    """The filter of the address; without one, the newest month."""
    args = request.args
    period = args.get("period", periods[0] if periods and not any(args.values()) else "")
    if period and not re.fullmatch("[0-9]{4}-[0-9]{2}", period, re.ASCII):
        raise Problem("request.invalid", gettext("A period is a year and a month, such as 2026-11."), pointer="/period")
    element = args.get("element", "")
    if element and element not in ELEMENTS:
        raise Problem("request.invalid", f"element: {', '.join(ELEMENTS)}", pointer="/element")
    given = {name: args.get(name, "").strip()[:100] for name in ("order", "operation", "account", "text")}
    if given["account"] and ":" not in given["account"]:
        raise Problem("request.invalid", "account: plan:account", pointer="/account")
    return Filter(period=period, element=element, **given)


def _position(name: str) -> int | None:
    text = request.args.get(name, "")
    if not text:
        return None
    if not re.fullmatch("[1-9][0-9]{0,17}", text, re.ASCII):
        raise Problem("request.invalid", gettext("This is no cursor of this list."), pointer=f"/{name}")
    return int(text)


def _link(wanted: Filter, **changes: str) -> dict[str, str]:
    """The parameters of a filter, some of them changed; what is empty is left out, but for the period."""
    given = {name: getattr(wanted, name) for name in ("period", "element", "order", "operation", "account", "text")}
    return {name: value for name, value in (given | changes).items() if value or name == "period"}


@blueprint.get("/api/v1/orders/<path:code>/variances")
@access(roles=FINANCE, scopes={"entries:read"}, objects="order")
def order_variances(code: str) -> ResponseReturnValue:
    """What an order differs by from the standard frozen at its release, cause by cause; while it runs, work in progress
    at standard aside. `variances` is null, with the reason, where no standard is frozen."""
    with read(db.engine) as connection:
        found = standards.of_order(connection, current.site, code)
    if found is None:
        raise Problem("request.not_found", gettext("No order that makes an item has the code %(code)s.", code=code))
    return jsonify(
        standards.beside_json(found, lambda why: (sentence(why.reason, why.params), action(why.reason, why.params)))
    )
