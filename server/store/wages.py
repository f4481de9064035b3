"""Rates of people and the means published of them: proposed, decided, in force. Amounts are sealed here and stay so:
`server.auth.wages` opens them, for payroll alone."""

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection, Table, and_, insert, select, update

from server.store import event_log, plant, presence
from server.store.books import LABOR_TYPES
from server.store.tables import TABLES
from sync.core.clock import midnight
from sync.events.base import Event

WAGE: Table = TABLES["wage_rate"]
COLUMNS = ("id", "kind", "subject", "valid_from", "valid_until", "amount", "members", "reason", "state", "proposed_by",
           "proposed_at", "decided_by", "decided_at")  # fmt: skip

Kind = Literal["person", "group"]
State = Literal["proposed", "approved", "declined", "withdrawn"]
# Overtime of a week needs the week.
WEEK_MS = 7 * 86_400_000


@dataclass(frozen=True, slots=True)
class New:
    """A rate as it is proposed; `amount` and `members` sealed."""

    kind: Kind
    subject: str
    valid_from: date
    valid_until: date | None
    amount: str
    members: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A stored rate; `subject`: the key of a person, or the code of a rate group."""

    id: str
    kind: Kind
    subject: str
    valid_from: str
    valid_until: str | None
    amount: str
    members: str
    reason: str
    state: State
    proposed_by: str
    proposed_at: int
    decided_by: str
    decided_at: int | None


def propose(connection: Connection, site: str, rates: Iterable[New], by: str, at: int) -> list[str]:
    """Keep rates as proposals; their ids."""
    rows: list[dict[str, Any]] = [
        {
            "site": site, "id": str(uuid.uuid4()), "kind": rate.kind, "subject": rate.subject,
            "valid_from": rate.valid_from.isoformat(),
            "valid_until": rate.valid_until.isoformat() if rate.valid_until else None,
            "amount": rate.amount, "members": rate.members, "reason": rate.reason, "state": "proposed",
            "proposed_by": by, "proposed_at": at,
        }
        for rate in rates
    ]  # fmt: skip
    if rows:
        connection.execute(insert(WAGE), rows)
    return [row["id"] for row in rows]


def of_state(connection: Connection, site: str, state: State, kind: Kind | None = None) -> list[Row]:
    """The rates of a state, in the order in which they came to it."""
    query = select(*(WAGE.c[name] for name in COLUMNS)).where(WAGE.c.site == site, WAGE.c.state == state)
    if kind:
        query = query.where(WAGE.c.kind == kind)
    rows = connection.execute(
        query.order_by(WAGE.c.decided_at, WAGE.c.proposed_at, WAGE.c.subject, WAGE.c.valid_from, WAGE.c.id)
    )
    return [Row(**row) for row in rows.mappings()]


def one(connection: Connection, site: str, rate_id: str) -> Row | None:
    """A rate in whatever state."""
    query = select(*(WAGE.c[name] for name in COLUMNS)).where(WAGE.c.site == site, WAGE.c.id == rate_id)
    row = connection.execute(query).mappings().first()
    return Row(**row) if row else None


def decide(connection: Connection, site: str, rate_id: str, state: State, by: str, at: int) -> bool:
    """Settle a proposal; False when it is settled already."""
    here = and_(WAGE.c.site == site, WAGE.c.id == rate_id, WAGE.c.state == "proposed")
    return bool(connection.execute(update(WAGE).where(here).values(state=state, decided_by=by, decided_at=at)).rowcount)


def labor_facts(
    connection: Connection, site: str, first: date, until: date, people: Collection[str] = ()
) -> list[Event]:
    """The facts of labor that tell what was worked from `first` to `until` (exclusive), by these people or by all: with
    what shares their time, and of the week before what makes overtime."""
    zone, policies = plant.site(connection, site).zone, plant.policies(connection, site)
    reach = 2 * policies.longest_labor_ms
    low, high = midnight(first, zone) - reach - WEEK_MS, midnight(until, zone) + reach
    column = event_log.EVENT.c
    around = and_(column.type.in_(LABOR_TYPES), column.occurred_at >= low, column.occurred_at < high)
    if people:
        around = and_(around, column.person.in_(sorted(people)))
    return presence.with_corrections(connection, site, event_log.load(connection, site, around))
