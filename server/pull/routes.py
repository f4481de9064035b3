"""GET /api/v1/entries and /api/v1/batches.

A cursor is "<first eight characters of the lineage>.<position>". It stays valid for ever within one history of the
ledger; after a restore the lineage differs and the answer says so, never an empty success. Entries leave as the bytes
that were sealed, with their position and batch put in front.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from server.auth.access import access, current
from server.extensions import db
from server.problems import Problem
from server.spreadsheet import safe_cell
from server.store import ledger
from server.store.database import read
from server.store.sites import find_site
from sync.ledger.entry import hours

blueprint = Blueprint("pull", __name__)

DEFAULT_LIMIT = 1_000
MOST = 10_000
FORMATS = {"json": "application/json", "ndjson": "application/x-ndjson", "csv": "text/csv"}

# One line a posting, so that a spreadsheet adds up: every member of an entry and of a posting, whose `amount` stands
# for the entry's. Analytic accounts as plan=account pairs, the milliseconds of each day as day=milliseconds, what
# the time is billed at as JSON, with its sum in a column of its own. Columns are added at the end: programs may count
# them.
CSV_COLUMNS = (
    "position", "batch", "id", "reverses", "posted_on", "posting_period", "occurred_at", "occurred_on", "late",
    "element", "order", "operation", "item", "work_center", "activity", "quantity", "unit", "hours", "rate", "rate_id",
    "side", "object", "amount", "currency", "accounts", "provenance", "rule", "rule_version", "policy", "formula",
    "events", "split", "reference", "general", "premium", "replaces", "mirrors", "days", "scope", "period",
    "generation", "form", "billable", "billable_amount", "billable_unknown_hours",
)  # fmt: skip
# Columns that hold what people named; the others hold ids, dates and numbers of ours.
_FREE = [
    CSV_COLUMNS.index(column)
    for column in ("order", "operation", "item", "work_center", "activity", "unit", "rate_id", "formula", "reference",
                   "general", "premium", "replaces", "mirrors", "scope")
]  # fmt: skip
_OF_POSTING = [(CSV_COLUMNS.index(column), column) for column in ("side", "object", "amount", "accounts")]
_BILLABLE = [CSV_COLUMNS.index(column) for column in ("billable_amount", "billable_unknown_hours")]


@blueprint.get("/api/v1/entries")
@access(
    roles={"accountant", "payroll", "auditor"},
    scopes={"entries:read"},
    objects="site",
    query={"after", "limit", "format"},
)
def entries() -> ResponseReturnValue:
    """Entries after a cursor: `after`, `limit` (1 to 10000), `format` (json, ndjson, csv; else by Accept)."""
    form = _format()
    limit = _whole("limit", DEFAULT_LIMIT, 1, MOST)
    with read(db.engine) as connection:
        site = find_site(connection, current.site)
        lineage = site.lineage if site else ""
        after = _position(request.args.get("after", ""), lineage)
        head = ledger.head(connection, current.site)
        if after > head.position:
            raise Problem("entries.cursor_beyond_end")
        rows = ledger.page(connection, current.site, after, limit)
    last = rows[-1][0] if rows else after
    cursor, more = f"{lineage[:8]}.{last}", last < head.position
    lines = (f'{{"position":{position},"batch":{batch},{body[1:]}' for position, batch, body in rows)
    if form == "json":
        head_part = f'{{"lineage":"{lineage}","next":"{cursor}","more":{str(more).lower()},"entries":['
        return _answer(head_part + ",".join(lines) + "]}", form, cursor, more)
    if form == "ndjson":
        return _answer("".join(f"{line}\n" for line in lines), form, cursor, more)
    return _answer(as_csv(json.loads(line) for line in lines), form, cursor, more)


@blueprint.get("/api/v1/batches")
@access(roles={"accountant", "payroll", "auditor"}, scopes={"entries:read"}, objects="site", query={"after", "limit"})
def batches() -> ResponseReturnValue:
    """Sealed batches after a number (`after`, default 0): positions, instant, hash and the hash before."""
    after = _whole("after", 0, 0, 2**53)
    limit = _whole("limit", DEFAULT_LIMIT, 1, MOST)
    with read(db.engine) as connection:
        site = find_site(connection, current.site)
        found = ledger.batches(connection, current.site, after, limit)
    members = {
        "lineage": site.lineage if site else "",
        "batches": [
            {
                "number": batch.number,
                "first": batch.first,
                "last": batch.last,
                "count": batch.last - batch.first + 1,
                "sealed_at_ms": batch.sealed_at,
                "previous": batch.previous,
                "hash": batch.hash,
            }
            for batch in found
        ],
    }
    return Response(json.dumps(members), mimetype="application/json")


def _answer(body: str, form: str, cursor: str, more: bool) -> Response:
    response = Response(body, mimetype=FORMATS[form])
    response.headers["Floorledger-Next"] = cursor
    response.headers["Floorledger-More"] = str(more).lower()
    if form == "csv":
        response.headers["Content-Disposition"] = 'attachment; filename="entries.csv"'
    return response


def as_csv(bodies: Iterable[dict[str, Any]], *, header: bool = True) -> str:
    """Entries as CSV, one line a posting."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    if header:
        writer.writerow(CSV_COLUMNS)
    writer.writerows(lines_of(bodies, safe_cell))
    return out.getvalue()


def lines_of(bodies: Iterable[dict[str, Any]], free: Callable[[Any], Any] = str) -> Iterator[list[Any]]:
    """Entries as lines in the order of CSV_COLUMNS, one a posting; `free` makes cells of what people named. A line is
    good until the next is taken."""
    for body in bodies:
        body["events"] = " ".join(body["events"])
        body["late"] = "true" if body["late"] else "false"
        body["days"] = _pairs(body.get("days", {}))
        billable = _billable_of(body)
        if "billable" in body:
            body["billable"] = json.dumps(body["billable"], ensure_ascii=False, separators=(",", ":"))
        shared = [body.get(column, "") for column in CSV_COLUMNS]
        for index in _FREE:
            shared[index] = free(shared[index])
        for posting in body["postings"]:
            posting["accounts"] = _pairs(posting["accounts"])
            for index, column in _OF_POSTING:
                shared[index] = free(posting[column])
            # Once, on the first line of the order: so that its sum by side is right, as that of the amounts is.
            told = billable if posting["object"] == f"order:{body.get('order')}" else ()
            for place, value in zip(_BILLABLE, told or ("", ""), strict=True):
                shared[place] = value
            billable = () if told else billable
            yield shared


def _billable_of(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The billable amount of an entry and its hours without a billable rate; empty where nothing is billed."""
    if "billable" not in body:
        return ()
    unknown = sum(part["milliseconds"] for part in body["billable"]["parts"] if part["state"] == "unknown")
    return body["billable"].get("amount", ""), hours(Decimal(unknown))


def _pairs(members: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(members.items()))


def _format() -> str:
    form = _single("format")
    if not form:
        best = request.accept_mimetypes.best_match(list(FORMATS.values()), default=FORMATS["json"])
        return next(name for name, mimetype in FORMATS.items() if mimetype == best)
    if form not in FORMATS:
        raise Problem("request.invalid", gettext("format is json, ndjson or csv."), pointer="/format")
    return form


def _position(cursor: str, lineage: str) -> int:
    if cursor in ("", "0"):
        return 0
    found = re.fullmatch(r"([0-9a-f]{8})\.(0|[1-9][0-9]{0,17})", cursor, re.ASCII)
    if not found:
        raise Problem("entries.bad_cursor", pointer="/after")
    if found[1] != lineage[:8]:
        raise Problem("entries.lineage_changed", pointer="/after")
    return int(found[2])


def _whole(name: str, default: int, low: int, high: int) -> int:
    text = _single(name)
    if not text:
        return default
    if not re.fullmatch("[0-9]{1,18}", text, re.ASCII) or not low <= int(text) <= high:
        raise Problem("request.invalid", f"{name}: {low} - {high}", pointer=f"/{name}")
    return int(text)


def _single(name: str) -> str:
    """A parameter that may be given once."""
    given = request.args.getlist(name)
    if len(given) > 1:
        raise Problem("request.invalid", gettext("A parameter is given twice."), pointer=f"/{name}")
    return given[0] if given else ""
