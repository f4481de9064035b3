"""The ledger: entries are appended under the site's lock, sealed in the same transaction, read by position.

Positions and batch numbers come from the head row, which whoever posts holds locked: no gap, no two writers, and an
entry is visible only when all before it are.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, case, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from server.store.lists import among
from server.store.plant import chunks
from server.store.tables import FED_CONDITION, TABLES
from sync.core.canonical import dump
from sync.core.clock import parse_instant
from sync.core.money import from_store, to_store
from sync.costing import fed
from sync.costing.fed import Fed
from sync.costing.rules.material import State, Stock
from sync.costing.rules.scrap import ACCUMULATING
from sync.ledger.chain import Batch, seal
from sync.ledger.difference import Standing
from sync.ledger.entry import Posted

HEAD: Table = TABLES["ledger_head"]
ENTRY: Table = TABLES["entry"]
STANDING: Table = TABLES["standing_entry"]
BATCH: Table = TABLES["batch"]
ORDER_COST: Table = TABLES["order_cost"]
STOCK: Table = TABLES["stock_state"]
# Which entry stands for a content: by its whole key, for by position alone every entry would be looked for among all.
IN_FORCE = and_(*(STANDING.c[name] == ENTRY.c[name] for name in ("site", "scope", "content_id", "position")))
# The condition of the index of the few entries that feed a stock, word by word: so that it is used.
FED = text(FED_CONDITION)


@dataclass(slots=True)
class Head:
    """The end of the ledger while its lock is held."""

    position: int
    batch: int
    hash: str


def lock(connection: Connection, site: str, *, wait: bool = False) -> Head | None:
    """Take the site's ledger for this transaction; None when another writer has it (and `wait` is false).

    On SQLite the transaction is the only writer anyway (BEGIN IMMEDIATE).
    """
    query = select(HEAD.c.position, HEAD.c.batch, HEAD.c.hash).where(HEAD.c.site == site)
    row = connection.execute(query.with_for_update(skip_locked=not wait)).first()
    return Head(*row) if row else None


class Writer:
    """Appends to one site's ledger within one transaction that holds its lock; `seal` ends the batch."""

    def __init__(self, connection: Connection, site: str, head: Head, currency: str) -> None:
        self.connection, self.site, self.head, self.currency = connection, site, head, currency
        self._bodies: list[str] = []

    def append(self, posted: Iterable[Posted]) -> None:
        """Add entries at the next positions; standing entries and the orders' cost move with them."""
        rows, standing, reversed_ids = [], [], []
        costs: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
        for line in posted:
            position = self.head.position + len(self._bodies) + 1
            self._bodies.append(line.body)
            content = line.content
            rows.append(
                {
                    "site": self.site,
                    "position": position,
                    "batch": self.head.batch + 1,
                    "id": line.id,
                    "content_id": line.content_id,
                    "scope": content["scope"],
                    "reverses": line.reverses or None,
                    "element": content["element"],
                    "order": content.get("order", ""),
                    "operation": content.get("operation", ""),
                    "occurred_on": content["occurred_on"],
                    "posting_period": line.posting_period,
                    "amount": to_store(Decimal(content["amount"])),
                    "body": line.body,
                }
            )
            if line.reverses:
                reversed_ids.append((content["scope"], line.content_id))
            else:
                standing.append(
                    {
                        "site": self.site,
                        "scope": content["scope"],
                        "content_id": line.content_id,
                        "position": position,
                        "entry_id": line.id,
                        "fed": fed.item_of(content),
                        "fed_at": parse_instant(content["occurred_at"]) if fed.item_of(content) else 0,
                    }
                )
            move_cost(costs, content)
        if not rows:
            return
        self.connection.execute(insert(ENTRY), rows)
        by_scope: dict[str, list[str]] = defaultdict(list)
        for scope, content_id in reversed_ids:
            by_scope[scope].append(content_id)
        for scope, content_ids in by_scope.items():
            self.connection.execute(
                delete(STANDING).where(
                    STANDING.c.site == self.site, STANDING.c.scope == scope, STANDING.c.content_id.in_(content_ids)
                )
            )
        if standing:
            self.connection.execute(insert(STANDING), standing)
        self._add_costs(costs)

    def _add_costs(self, costs: Mapping[tuple[str, ...], list[int]]) -> None:
        make = postgresql_insert if self.connection.dialect.name == "postgresql" else sqlite_insert
        keys = ("order", "operation", "element", "work_center", "provenance")
        rows = [
            {"site": self.site, **dict(zip(keys, key, strict=True)), "amount": amount, "milliseconds": span}
            for key, (amount, span) in sorted(costs.items())
            if amount or span
        ]
        if not rows:
            return
        statement = make(ORDER_COST)
        statement = statement.on_conflict_do_update(
            index_elements=["site", *keys],
            set_={
                "amount": ORDER_COST.c.amount + statement.excluded.amount,
                "milliseconds": ORDER_COST.c.milliseconds + statement.excluded.milliseconds,
            },
        )
        self.connection.execute(statement, rows)

    def seal(self, key: bytes, now: int) -> Batch | None:
        """Seal what was appended as the next batch and move the head; None when nothing was appended."""
        if not self._bodies:
            return None
        head = self.head
        batch = seal(key, head.batch + 1, head.position + 1, now, head.hash, self._bodies)
        self.connection.execute(
            insert(BATCH).values(
                site=self.site,
                number=batch.number,
                first=batch.first,
                last=batch.last,
                sealed_at=batch.sealed_at,
                previous=batch.previous,
                hash=batch.hash,
            )
        )
        self.connection.execute(
            update(HEAD)
            .where(HEAD.c.site == self.site)
            .values(position=batch.last, batch=batch.number, hash=batch.hash)
        )
        self.head = Head(batch.last, batch.number, batch.hash)
        self._bodies = []
        return batch


def move_cost(costs: dict[tuple[str, ...], list[int]], content: Mapping[str, Any]) -> None:
    """Add what an entry's order is debited (or credited) to `costs`, by (order, operation, element, work center,
    provenance): [amount in 10**-4, milliseconds]. `order_cost` holds the sum over the ledger."""
    order = content.get("order", "")
    if not order:
        return
    cost_object = f"order:{order}"
    amount = 0
    for line in content["postings"]:
        if line["object"] == cost_object:
            part = to_store(Decimal(line["amount"]))
            amount += part if line["side"] == "debit" else -part
    span = 0
    if content["unit"] == "ms" and content["rule"] != "overhead":  # its hours are those of the entry that carries it
        debited = any(line["object"] == cost_object and line["side"] == "debit" for line in content["postings"])
        credited = any(line["object"] == cost_object and line["side"] == "credit" for line in content["postings"])
        span = int(content["quantity"]) * (debited - credited)
    key = (order, content.get("operation", ""), content["element"], content.get("work_center", ""),
           content["provenance"])  # fmt: skip
    costs[key][0] += amount
    costs[key][1] += span


# --- what the difference needs -----------------------------------------------------------------------------------


def standing(connection: Connection, site: str, scopes: Collection[str]) -> list[Standing]:
    query = select(STANDING.c.entry_id, STANDING.c.content_id, STANDING.c.scope, ENTRY.c.element)
    query = query.join(ENTRY, and_(ENTRY.c.site == STANDING.c.site, ENTRY.c.position == STANDING.c.position))
    rows = connection.execute(query.where(STANDING.c.site == site, among(connection, STANDING.c.scope, scopes)))
    return [Standing(*row) for row in rows.fetchall()]


def generations(connection: Connection, site: str, content_ids: Collection[str]) -> dict[str, int]:
    query = select(ENTRY.c.content_id, func.count()).where(
        ENTRY.c.site == site, among(connection, ENTRY.c.content_id, content_ids), ENTRY.c.reverses.is_(None)
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(ENTRY.c.content_id))}


def bodies(connection: Connection, site: str, entry_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    query = select(ENTRY.c.id, ENTRY.c.body).where(ENTRY.c.site == site, among(connection, ENTRY.c.id, entry_ids))
    return {entry_id: json.loads(body) for entry_id, body in connection.execute(query)}


def accumulated(
    connection: Connection, site: str, orders: Collection[str], currency: str
) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for part in chunks(sorted(orders)):
        query = select(ORDER_COST.c.order, ORDER_COST.c.operation, func.sum(ORDER_COST.c.amount)).where(
            ORDER_COST.c.site == site, ORDER_COST.c.order.in_(part), ORDER_COST.c.element.in_(ACCUMULATING)
        )
        rows = connection.execute(query.group_by(ORDER_COST.c.order, ORDER_COST.c.operation))
        for order, operation, amount in rows:
            found[order][operation] = from_store(int(amount), currency)
    return found


def contents(connection: Connection, site: str, orders: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Bodies of the entries in force of these orders, by order, in the order of the ledger."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    # An outer join, so that no planner begins with all that is in force.
    body = case((STANDING.c.position.is_not(None), ENTRY.c.body))
    query = select(ENTRY.c.position, ENTRY.c.order, body).outerjoin(STANDING, IN_FORCE)
    rows = connection.execute(query.where(ENTRY.c.site == site, among(connection, ENTRY.c.order, orders))).fetchall()
    # Put in order here: asked to, SQLite reads the whole ledger, which is in that order.
    for _position, order, content in sorted(tuple(row) for row in rows if row[2] is not None):
        found[order].append(json.loads(content))
    return found


def receipts(connection: Connection, site: str, since: Mapping[str, int]) -> list[Fed]:
    """What orders gave to the stock of items from an instant on."""
    contents = []
    there = and_(STANDING.c.site == ENTRY.c.site, STANDING.c.position == ENTRY.c.position)
    for item, instant in sorted(since.items()):
        query = select(ENTRY.c.body).join(STANDING, there)
        query = query.where(STANDING.c.site == site, FED, STANDING.c.fed == item, STANDING.c.fed_at >= instant)
        contents += [json.loads(body) for body in connection.scalars(query)]
    return fed.receipts(contents)


def fed_items(connection: Connection, site: str) -> set[str]:
    """The items whose stock orders feed."""
    query = select(STANDING.c.fed).distinct().where(STANDING.c.site == site, FED)
    return set(connection.scalars(query))


def stock_before(connection: Connection, site: str, since: Mapping[str, int]) -> dict[str, Stock]:
    """The stock of items just before an instant; items without an earlier movement are left out."""
    found = {}
    for item, instant in sorted(since.items()):
        query = select(STOCK.c.quantity, STOCK.c.value, STOCK.c.last_cost, STOCK.c.more).where(
            STOCK.c.site == site, STOCK.c.item == item, STOCK.c.occurred_at < instant
        )
        latest = query.order_by(STOCK.c.occurred_at.desc(), STOCK.c.event_id.desc()).limit(1)
        if row := connection.execute(latest).first():
            stock = Stock(Decimal(row[0]), Decimal(row[1]), Decimal(row[2]) if row[2] else None)
            found[item] = stock.knowing(json.loads(row[3]))
    return found


def keep_stock(connection: Connection, site: str, since: Mapping[str, int], states: Iterable[State]) -> None:
    """Replace the stock states of items from an instant on."""
    for item, instant in sorted(since.items()):
        connection.execute(
            delete(STOCK).where(STOCK.c.site == site, STOCK.c.item == item, STOCK.c.occurred_at >= instant)
        )
    rows = [
        {
            "site": site,
            "item": state.item,
            "occurred_at": state.occurred_at,
            "event_id": state.event_id,
            "quantity": str(state.stock.quantity),
            "value": str(state.stock.value),
            "last_cost": "" if state.stock.last_cost is None else str(state.stock.last_cost),
            "more": dump(state.stock.more),
        }
        for state in states
    ]
    if rows:
        connection.execute(insert(STOCK), rows)


# --- reading -----------------------------------------------------------------------------------------------------


def head(connection: Connection, site: str) -> Head:
    """The end of the ledger as this transaction sees it."""
    row = connection.execute(select(HEAD.c.position, HEAD.c.batch, HEAD.c.hash).where(HEAD.c.site == site)).one()
    return Head(*row)


def page(connection: Connection, site: str, after: int, limit: int) -> list[tuple[int, int, str]]:
    """(position, batch, body) of the entries after a position, in order."""
    query = select(ENTRY.c.position, ENTRY.c.batch, ENTRY.c.body).where(ENTRY.c.site == site, ENTRY.c.position > after)
    return [(row[0], row[1], row[2]) for row in connection.execute(query.order_by(ENTRY.c.position).limit(limit))]


def batches(connection: Connection, site: str, after: int = 0, limit: int = 100_000) -> list[Batch]:
    """Sealed batches by number."""
    query = select(*(BATCH.c[name] for name in ("number", "first", "last", "sealed_at", "previous", "hash")))
    query = query.where(BATCH.c.site == site, BATCH.c.number > after).order_by(BATCH.c.number).limit(limit)
    return [Batch(*row) for row in connection.execute(query)]


def everything(connection: Connection, site: str, size: int = 5_000) -> Iterator[dict[str, Any]]:
    """The bodies of all entries by position, reversals among them, a page at a time."""
    after = 0
    while rows := page(connection, site, after, size):
        yield from (json.loads(body) for _position, _batch, body in rows)
        after = rows[-1][0]


def audit(connection: Connection, site: str, size: int = 5_000) -> Iterator[Row[Any]]:
    """All entry rows whole, by position, a page at a time."""
    after = 0
    query = select(ENTRY).where(ENTRY.c.site == site).order_by(ENTRY.c.position).limit(size)
    while rows := connection.execute(query.where(ENTRY.c.position > after)).all():
        yield from rows
        after = rows[-1].position


def all_standing(connection: Connection, site: str) -> dict[str, tuple[str, int]]:
    """Entry id and position of every entry in force, by content id."""
    query = select(STANDING.c.content_id, STANDING.c.entry_id, STANDING.c.position).where(STANDING.c.site == site)
    return {row[0]: (row[1], row[2]) for row in connection.execute(query)}


def stored_order_costs(connection: Connection, site: str) -> dict[tuple[str, ...], list[int]]:
    """`order_cost` as it stands, in the shape `move_cost` makes, without zeros."""
    keys = ("order", "operation", "element", "work_center", "provenance")
    columns = [*(ORDER_COST.c[name] for name in keys), ORDER_COST.c.amount, ORDER_COST.c.milliseconds]
    rows = connection.execute(select(*columns).where(ORDER_COST.c.site == site))
    return {tuple(row[:5]): [row[5], row[6]] for row in rows if row[5] or row[6]}


def of_order(connection: Connection, site: str, order: str) -> list[tuple[int, int, str]]:
    """(position, batch, body) of an order's entries."""
    query = select(ENTRY.c.position, ENTRY.c.batch, ENTRY.c.body)
    query = query.where(and_(ENTRY.c.site == site, ENTRY.c.order == order)).order_by(ENTRY.c.position)
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]
