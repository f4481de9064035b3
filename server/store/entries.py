"""Entries for readers: filtered, summed, a page at a time, one with its reversal and its batch."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, case, func, select

from server.store.tables import TABLES
from sync.core.canonical import dump
from sync.core.money import from_store
from sync.ledger.chain import Batch

ENTRY: Table = TABLES["entry"]
BATCH: Table = TABLES["batch"]
RATE: Table = TABLES["rate"]
ACCOUNT: Table = TABLES["account"]
PLAN: Table = TABLES["plan"]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries. `period`: of posting; `account`: "plan:account"; `text`: anywhere in the entry."""

    period: str = ""
    element: str = ""
    order: str = ""
    operation: str = ""
    account: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry in the list. `reverses`: the id of the entry it takes back."""

    position: int
    batch: int
    reverses: str
    body: Mapping[str, Any]

    @property
    def net(self) -> Decimal:
        """The amount as it counts: a reversal takes away."""
        amount = Decimal(self.body["amount"])
        return -amount if self.reverses else amount


def _where(site: str, wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [ENTRY.c.site == site]
    for column in ("element", "order", "operation"):
        if value := getattr(wanted, column):
            found.append(ENTRY.c[column] == value)
    if wanted.period:
        found.append(ENTRY.c.posting_period == wanted.period)
    if wanted.account:
        # The body is canonical JSON, so a pair has one spelling.
        plan, _, account = wanted.account.partition(":")
        found.append(ENTRY.c.body.contains(f"{dump(plan)}:{dump(account)}", autoescape=True))
    if wanted.text:
        found.append(ENTRY.c.body.icontains(wanted.text, autoescape=True))
    return found


def _lines(connection: Connection, query: Select[Any]) -> list[Line]:
    return [
        Line(row.position, row.batch, row.reverses or "", json.loads(row.body)) for row in connection.execute(query)
    ]


_COLUMNS = (ENTRY.c.position, ENTRY.c.batch, ENTRY.c.reverses, ENTRY.c.body)


def page(connection: Connection, site: str, wanted: Filter, before: int | None, limit: int) -> list[Line]:
    """Entries before a position, the newest first."""
    query = select(*_COLUMNS).where(*_where(site, wanted))
    if before is not None:
        query = query.where(ENTRY.c.position < before)
    return _lines(connection, query.order_by(ENTRY.c.position.desc()).limit(limit))


def stream(connection: Connection, site: str, wanted: Filter, size: int = 2_000) -> Iterator[Line]:
    """All entries of a filter by position, a page at a time."""
    after = 0
    while True:
        query = select(*_COLUMNS).where(*_where(site, wanted), ENTRY.c.position > after)
        lines = _lines(connection, query.order_by(ENTRY.c.position).limit(size))
        yield from lines
        if len(lines) < size:
            return
        after = lines[-1].position


@dataclass(frozen=True, slots=True)
class Totals:
    """Of all entries of a filter: how many, how many of them reversals, and what they come to net of those."""

    count: int
    reversals: int
    net: Decimal
    by_element: Mapping[str, Decimal]


def totals(connection: Connection, site: str, wanted: Filter, currency: str) -> Totals:
    """Count and sum, by element."""
    net = func.sum(case((ENTRY.c.reverses.is_(None), ENTRY.c.amount), else_=-ENTRY.c.amount))
    query = select(ENTRY.c.element, func.count(), func.count(ENTRY.c.reverses), net)
    rows = connection.execute(query.where(*_where(site, wanted)).group_by(ENTRY.c.element)).all()
    sums = {row[0]: from_store(int(row[3]), currency) for row in rows}
    return Totals(sum(row[1] for row in rows), sum(row[2] for row in rows), sum(sums.values(), Decimal(0)), sums)


def one(connection: Connection, site: str, position: int) -> Line | None:
    """The entry at a position."""
    found = _lines(connection, select(*_COLUMNS).where(ENTRY.c.site == site, ENTRY.c.position == position))
    return found[0] if found else None


def position_of(connection: Connection, site: str, entry_id: str) -> int | None:
    """Where an entry stands."""
    query = select(ENTRY.c.position).where(ENTRY.c.site == site, ENTRY.c.id == entry_id)
    return connection.scalars(query).first()


def reversed_by(connection: Connection, site: str, line: Line) -> int | None:
    """The position of the entry that takes this one back."""
    query = select(ENTRY.c.position).where(
        ENTRY.c.site == site, ENTRY.c.scope == line.body["scope"], ENTRY.c.reverses == line.body["id"]
    )
    return connection.scalars(query).first()


def batch(connection: Connection, site: str, number: int) -> Batch | None:
    """A sealed batch."""
    columns = [BATCH.c[name] for name in ("number", "first", "last", "sealed_at", "previous", "hash")]
    row = connection.execute(select(*columns).where(BATCH.c.site == site, BATCH.c.number == number)).first()
    return Batch(*row) if row else None


def periods(connection: Connection, site: str) -> list[str]:
    """Months something is posted in, newest first."""
    query = select(ENTRY.c.posting_period).where(ENTRY.c.site == site).distinct()
    return list(connection.scalars(query.order_by(ENTRY.c.posting_period.desc())))


def accounts(connection: Connection, site: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(plan, its name, [(account, its name)]) for a filter: the accounts the plans name."""
    rows = connection.execute(
        select(PLAN.c.code, PLAN.c.name, ACCOUNT.c.code, ACCOUNT.c.name)
        .outerjoin(ACCOUNT, and_(ACCOUNT.c.site == PLAN.c.site, ACCOUNT.c.plan == PLAN.c.code))
        .where(PLAN.c.site == site)
        .order_by(PLAN.c.code, ACCOUNT.c.code, ACCOUNT.c.valid_from)
    ).all()
    found: dict[str, tuple[str, dict[str, str]]] = {}
    for plan, plan_name, account, account_name in rows:
        found.setdefault(plan, (plan_name, {}))
        if account:
            found[plan][1][account] = account_name  # of several names in time, the newest
    return [(plan, name, list(lines.items())) for plan, (name, lines) in found.items()]


def account_names(connection: Connection, site: str) -> dict[tuple[str, str], str]:
    """Names of accounts by (plan, account), of several in time the newest."""
    query = select(ACCOUNT.c.plan, ACCOUNT.c.code, ACCOUNT.c.name).where(ACCOUNT.c.site == site)
    rows = connection.execute(query.order_by(ACCOUNT.c.valid_from))
    return {(row[0], row[1]): row[2] for row in rows}


def material_of(connection: Connection, site: str, order: str) -> dict[str, tuple[Decimal, Decimal]]:
    """(quantity in base units, amount) of the material an order took and did not give back, by item."""
    query = select(ENTRY.c.body).where(ENTRY.c.site == site, ENTRY.c.order == order, ENTRY.c.element == "material")
    bears = f"order:{order}"
    found: dict[str, tuple[Decimal, Decimal]] = {}
    for text in connection.scalars(query):
        body = json.loads(text)
        side = next((line["side"] for line in body["postings"] if line["object"] == bears), None)
        if side is None:
            continue
        sign = 1 if side == "debit" else -1
        quantity, amount = found.get(body["item"], (Decimal(0), Decimal(0)))
        found[body["item"]] = (quantity + sign * Decimal(body["quantity"]), amount + sign * Decimal(body["amount"]))
    return {item: sums for item, sums in sorted(found.items()) if any(sums)}


def rate(connection: Connection, site: str, rate_id: str) -> Mapping[str, Any] | None:
    """The rate an entry names as "id/version": what it is the price of, and from when."""
    if not rate_id:
        return None
    query = select(RATE).where(RATE.c.site == site, RATE.c.id == rate_id.partition("/")[0])
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None
