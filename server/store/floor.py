"""The floor as it is now: what runs, what stands still, what was made today. Asked every few seconds, so each question
goes to the few rows an index holds ready."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, Table, and_, exists, func, or_, select, text

from server.store import people, teams
from server.store.facts import Fact, read
from server.store.tables import CALL_CONDITION, TABLES
from server.store.teams import Reach
from sync.core.findings import CATALOGUE, GONE, RUNNING
from sync.core.money import ZERO

EVENT: Table = TABLES["event"]
ORDER: Table = TABLES["order"]

STARTS = ("labor.started", "machine.started", "downtime.started")
MOST_OPEN = 500
# A device that did not call for so long is silent: it calls each minute, and is to be on the board within five ...
SILENT_MS = 270_000
# ... and missed when its last fact is no older than this.
IN_USE_MS = 4 * 3_600_000
_COLUMNS = [EVENT.c[name] for name in ("id", "body", "state", "reason", "params", "recorded_at", "sender", "digest")]


def open_work(connection: Connection, site: str, types: Collection[str] = STARTS) -> list[Fact]:
    """Starts whose end is not known: found open by costing, or so new that costing has not seen them; oldest first."""
    stop = EVENT.alias("stop")
    # A stop or the end of a shift that has just come in ends the work at once, before costing says so.
    fresh = and_(stop.c.site == EVENT.c.site, stop.c.state == "received")
    named = exists().where(fresh, stop.c.target == EVENT.c.id)
    home = exists().where(
        fresh,
        stop.c.type == "shift.ended",
        stop.c.person == EVENT.c.person,
        stop.c.occurred_at > EVENT.c.occurred_at,
    )
    ended = or_(named, and_(EVENT.c.type.in_(("labor.started", "break.started")), home))
    found = []
    for which in (and_(EVENT.c.state == "held", EVENT.c.reason.in_(RUNNING)), EVENT.c.state == "received"):
        query = select(*_COLUMNS).where(which, EVENT.c.type.in_(types), ~ended)
        found += read(connection, site, query.order_by(EVENT.c.occurred_at.desc()).limit(MOST_OPEN))
    return sorted(found, key=lambda fact: (fact.event.occurred_at, fact.id))


def open_calls(connection: Connection, site: str, since: int, reach: Reach = None) -> list[Fact]:
    """Calls for help since an instant that nobody answered and nobody took back; the longest waiting first."""
    answer = EVENT.alias("answer")
    answered = exists().where(
        answer.c.site == EVENT.c.site,
        answer.c.target == EVENT.c.id,
        answer.c.type.in_(("help.answered", "event.voided", "event.replaced")),
        answer.c.reason.not_in(GONE),
    )
    query = select(*_COLUMNS).where(text(CALL_CONDITION), EVENT.c.occurred_at >= since, ~answered)
    query = query.where(teams.about(site, reach))
    return read(connection, site, query.where(EVENT.c.reason.not_in(GONE)).order_by(EVENT.c.occurred_at, EVENT.c.id))


def answers(connection: Connection, site: str, calls: Collection[str]) -> dict[str, int]:
    """When calls for help were first answered, by the id of the call."""
    said = select(EVENT.c.target, func.min(EVENT.c.occurred_at)).where(
        EVENT.c.site == site, EVENT.c.type == "help.answered", EVENT.c.target.in_(calls), EVENT.c.reason.not_in(GONE)
    )
    return {row[0]: row[1] for row in connection.execute(said.group_by(EVENT.c.target))}


@dataclass(frozen=True, slots=True)
class Silent:
    """A device that does not call, though facts wait on it or it was in use a short while ago."""

    id: str
    name: str
    seen_at: int | None
    waiting: int
    waiting_since: int | None


def silent_devices(connection: Connection, site: str, now: int) -> list[Silent]:
    """Devices that are missed: those that hold facts first, then the longest silent."""
    quiet = [
        device
        for device in people.list_devices(connection, site)
        if device.revoked_at is None and now - (device.seen_at or 0) > SILENT_MS
    ]
    in_use = _in_use(connection, site, [device for device in quiet if not device.waiting], now)
    missed = [device for device in quiet if device.waiting or device.id in in_use]
    missed.sort(key=lambda device: (not device.waiting, device.waiting_since or device.seen_at or 0, device.name))
    return [Silent(device.id, device.name, device.seen_at, device.waiting, device.waiting_since) for device in missed]


def _in_use(connection: Connection, site: str, devices: Collection[people.Device], now: int) -> set[str]:
    """Of these devices those whose last fact came a short while ago and did not end a shift."""
    lately = [device for device in devices if device.last_seq and now - (device.seen_at or 0) < IN_USE_MS]
    if not lately:
        return set()
    last = [and_(EVENT.c.sender == device.id, EVENT.c.device_seq == device.last_seq) for device in lately]
    query = select(EVENT.c.sender).where(
        EVENT.c.site == site, or_(*last), EVENT.c.type != "shift.ended", EVENT.c.recorded_at > now - IN_USE_MS
    )
    return set(connection.scalars(query))


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
    for code, stored in connection.execute(query):
        body = json.loads(stored)
        made, pieces = found[code], Decimal(body["quantity"])
        if body["type"] == "output.reported":
            made.good += pieces
        elif body["disposition"] == "scrap":
            made.scrap += pieces
        elif body["disposition"] != "use_as_is":  # reported among the good ones
            made.aside += pieces
    return dict(found)


def held_reasons(connection: Connection, site: str, reach: Reach = None) -> list[tuple[str, str, int]]:
    """(reason, owner, count) of held facts, the most frequent first; time that simply runs aside."""
    query = select(EVENT.c.reason, func.count()).where(
        EVENT.c.site == site, EVENT.c.state == "held", EVENT.c.reason.not_in(RUNNING), teams.about(site, reach)
    )
    rows = connection.execute(query.group_by(EVENT.c.reason)).all()
    known = [(reason, CATALOGUE[reason].owner if reason in CATALOGUE else "", count) for reason, count in rows]
    return sorted(known, key=lambda row: (-row[2], row[0]))


def waiting(connection: Connection, site: str) -> tuple[int, int | None]:
    """How many facts wait to be costed, and since when the oldest of them."""
    query = select(func.count(), func.min(EVENT.c.recorded_at))
    count, oldest = connection.execute(query.where(EVENT.c.site == site, EVENT.c.state == "received")).one()
    return count, oldest
