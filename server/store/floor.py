"""The floor as it is now: what runs, what stands still, what was made today. Asked every few seconds, so each question
goes to the few rows an index holds ready."""

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, Table, and_, exists, func, select

from server.store.facts import RUNNING, Fact, read
from server.store.tables import TABLES
from sync.core.findings import CATALOGUE, GONE
from sync.core.money import ZERO

EVENT: Table = TABLES["event"]
ORDER: Table = TABLES["order"]

STARTS = ("labor.started", "machine.started", "downtime.started")
MOST_OPEN = 500


def open_work(connection: Connection, site: str) -> list[Fact]:
    """Starts whose end is not known: found open by costing, or so new that costing has not seen them; oldest first."""
    columns = [EVENT.c[name] for name in ("id", "body", "state", "reason", "params", "recorded_at", "sender", "digest")]
    stop = EVENT.alias("stop")
    # A stop that has just come in ends its start at once, before costing says so.
    ended = exists().where(stop.c.site == EVENT.c.site, stop.c.target == EVENT.c.id, stop.c.state == "received")
    found = []
    for which in (and_(EVENT.c.state == "held", EVENT.c.reason == RUNNING), EVENT.c.state == "received"):
        query = select(*columns).where(which, EVENT.c.type.in_(STARTS), ~ended)
        found += read(connection, site, query.order_by(EVENT.c.occurred_at.desc()).limit(MOST_OPEN))
    return sorted(found, key=lambda fact: (fact.event.occurred_at, fact.id))


@dataclass(slots=True)
class Made:
    """Pieces reported: good at each operation counts (a piece made in three steps counts three times)."""

    good: Decimal = ZERO
    scrap: Decimal = ZERO
    aside: Decimal = ZERO


def made_since(connection: Connection, site: str, since: int) -> dict[str, Made]:
    """Pieces reported since an instant, by order; voided facts aside."""
    # By way of the orders: their index of facts by instant is the one that can skip the past.
    query = select(EVENT.c.order, EVENT.c.body).where(
        EVENT.c.site == site,
        EVENT.c.order.in_(select(ORDER.c.code).where(ORDER.c.site == site)),
        EVENT.c.occurred_at >= since,
        EVENT.c.type.in_(("output.reported", "defect.reported")),
        EVENT.c.reason.not_in(GONE),
    )
    found: dict[str, Made] = defaultdict(Made)
    for code, text in connection.execute(query):
        body = json.loads(text)
        made, pieces = found[code], Decimal(body["quantity"])
        if body["type"] == "output.reported":
            made.good += pieces
        elif body["disposition"] == "scrap":
            made.scrap += pieces
        elif body["disposition"] != "use_as_is":  # reported among the good ones
            made.aside += pieces
    return dict(found)


def held_reasons(connection: Connection, site: str) -> list[tuple[str, str, int]]:
    """(reason, owner, count) of held facts, the most frequent first; time that simply runs aside."""
    query = select(EVENT.c.reason, func.count()).where(
        EVENT.c.site == site, EVENT.c.state == "held", EVENT.c.reason != RUNNING
    )
    rows = connection.execute(query.group_by(EVENT.c.reason)).all()
    known = [(reason, CATALOGUE[reason].owner if reason in CATALOGUE else "", count) for reason, count in rows]
    return sorted(known, key=lambda row: (-row[2], row[0]))


def waiting(connection: Connection, site: str) -> tuple[int, int | None]:
    """How many facts wait to be costed, and since when the oldest of them."""
    query = select(func.count(), func.min(EVENT.c.recorded_at))
    count, oldest = connection.execute(query.where(EVENT.c.site == site, EVENT.c.state == "received")).one()
    return count, oldest
