"""Facts for readers: with what became of them, where they came from, and what hangs on them."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, func, or_, select

from server.store import event_log, people, teams
from server.store.ledger import ENTRY, IN_FORCE, STANDING
from server.store.plant import chunks
from server.store.tables import TABLES
from server.store.teams import Reach
from sync.core.findings import CATALOGUE, GONE, RUNNING
from sync.costing.forgotten import CODE as END_PROPOSED
from sync.events import catalog
from sync.events.base import Event

EVENT: Table = TABLES["event"]
DEVICE: Table = TABLES["device"]
TOKEN: Table = TABLES["api_token"]
CONFLICT: Table = TABLES["event_conflict"]
FINDING: Table = TABLES["finding"]
NOTE: Table = TABLES["note"]

# A page draws at most so many facts of one order; of more it shows the newest and says so.
MOST = 3_000
_COLUMNS = [EVENT.c[name] for name in ("id", "body", "state", "reason", "params", "recorded_at", "sender", "digest")]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact with what became of it. `body`: as it came; `event`: with the labels that are known by now replaced."""

    event: Event
    state: str
    reason: str
    params: Mapping[str, str]
    recorded_at: int
    sender: str
    digest: str
    body: str

    @property
    def id(self) -> str:
        return self.event.id

    @property
    def order(self) -> str:
        return getattr(self.event, "order", None) or ""

    @property
    def operation(self) -> str:
        return getattr(self.event, "operation", None) or ""

    @property
    def running(self) -> bool:
        """Work whose end is not known yet."""
        return self.state == "held" and self.reason in RUNNING

    @property
    def troubled(self) -> bool:
        """Held, and somebody has to do something."""
        return self.state == "held" and self.reason not in RUNNING

    @property
    def owner(self) -> str:
        """The role that can mend it."""
        known = CATALOGUE.get(self.reason)
        return known.owner if known else ""


def read(connection: Connection, site: str, query: Select[Any]) -> list[Fact]:
    """The facts of a query over `_COLUMNS`, labels replaced as far as known."""
    rows = connection.execute(query.where(EVENT.c.site == site)).all()
    events = event_log.resolved(connection, site, [catalog.rebuild(json.loads(row.body)) for row in rows])
    return [
        Fact(event, row.state, row.reason, json.loads(row.params), row.recorded_at, row.sender, row.digest, row.body)
        for event, row in zip(events, rows, strict=True)
    ]


def one(connection: Connection, site: str, event_id: str) -> Fact | None:
    """A fact by its id."""
    found = read(connection, site, select(*_COLUMNS).where(EVENT.c.id == event_id))
    return found[0] if found else None


def within(connection: Connection, site: str, facts: Collection[Fact], reach: Reach) -> list[Fact]:
    """Those of these facts that are within a reader's reach, in the same order."""
    if reach is None:
        return list(facts)
    seen = teams.facts(connection, site, reach, [fact.id for fact in facts])
    return [fact for fact in facts if fact.id in seen]


def by_ids(connection: Connection, site: str, event_ids: Collection[str]) -> list[Fact]:
    """Facts by id, oldest first; unknown ids are left out."""
    found = []
    for part in chunks(sorted(event_ids)):
        found += read(connection, site, select(*_COLUMNS).where(EVENT.c.id.in_(part)))
    return sorted(found, key=lambda fact: (fact.event.occurred_at, fact.id))


def targeting(connection: Connection, site: str, event_ids: Collection[str]) -> list[Fact]:
    """Stops of these starts and corrections of these facts, oldest first."""
    found = []
    for part in chunks(sorted(event_ids)):
        found += read(connection, site, select(*_COLUMNS).where(EVENT.c.target.in_(part)))
    return sorted(found, key=lambda fact: (fact.event.occurred_at, fact.id))


def of_order(connection: Connection, site: str, order: str, longest_ms: int) -> list[Fact]:
    """The newest facts of an order, with the stops and corrections that do not name it themselves; newest first."""
    newest = select(*_COLUMNS).where(EVENT.c.order == order).order_by(EVENT.c.occurred_at.desc(), EVENT.c.id.desc())
    found = {fact.id: fact for fact in read(connection, site, newest.limit(MOST))}
    # A stop names the start it was told for, though another stands in that one's place by now.
    replaced = event_log.chain(connection, site, found) - found.keys()
    found |= {fact.id: fact for fact in by_ids(connection, site, replaced)}
    found |= {fact.id: fact for fact in targeting(connection, site, found)}
    found |= {fact.id: fact for fact in _unnamed_stops(connection, site, found.values(), longest_ms)}
    return sorted(found.values(), key=lambda fact: (fact.event.occurred_at, fact.id), reverse=True)


def _unnamed_stops(connection: Connection, site: str, facts: Iterable[Fact], longest_ms: int) -> list[Fact]:
    """Stops that name neither start nor order (a shift's end, a program), near the starts that no stop names."""
    stops = {"labor.started": "person", "machine.started": "machine"}
    facts = list(facts)
    named = {getattr(fact.event, "start_id", None) for fact in facts}
    spans = [
        and_(
            EVENT.c[stops[fact.event.type]] == getattr(fact.event, stops[fact.event.type]),
            EVENT.c.occurred_at > fact.event.occurred_at,
            EVENT.c.occurred_at <= fact.event.occurred_at + longest_ms,
        )
        for fact in facts
        if fact.event.type in stops and fact.id not in named and fact.state == "costed"
    ]
    found = []
    for part in chunks(spans, 100):
        types = ("labor.stopped", "machine.stopped", "shift.ended")
        unnamed = and_(EVENT.c.type.in_(types), EVENT.c.target.is_(None))
        found += read(connection, site, select(*_COLUMNS).where(unnamed, EVENT.c.order.is_(None), or_(*part)))
    return found


def proposed_end(connection: Connection, site: str, started: Fact) -> Fact | None:
    """What tells that a person was back from a break nobody ended: that person's next fact. A person decides."""
    query = select(*_COLUMNS).where(
        EVENT.c.person == started.event.person,
        EVENT.c.occurred_at > started.event.occurred_at,
        EVENT.c.reason.not_in(GONE),
    )
    found = read(connection, site, query.order_by(EVENT.c.occurred_at, EVENT.c.id).limit(1))
    return found[0] if found else None


def breaks_around(connection: Connection, site: str, facts: Iterable[Fact], longest_ms: int) -> list[Fact]:
    """Breaks of the people who work in these facts, near that work, and what may end them."""
    begins = [
        (str(fact.event.person), fact.event.about)
        for fact in facts
        if fact.event.type in ("labor.started", "labor.declared")
    ]
    breaks = _near(connection, site, ("break.started",), begins, longest_ms, longest_ms)
    if not breaks:
        return []
    found = {fact.id: fact for fact in breaks}
    found |= {fact.id: fact for fact in by_ids(connection, site, event_log.chain(connection, site, found))}
    found |= {fact.id: fact for fact in targeting(connection, site, found)}
    away = [(str(fact.event.person), fact.event.about) for fact in breaks]
    ends = ("break.stopped", "shift.ended", "labor.started")
    return list((found | {fact.id: fact for fact in _near(connection, site, ends, away, 0, longest_ms)}).values())


def _near(
    connection: Connection,
    site: str,
    types: Collection[str],
    around: Iterable[tuple[str, int]],
    before: int,
    after: int,
) -> list[Fact]:
    """Facts of some types about persons, so long before and after instants."""
    windows: list[tuple[str, int, int]] = []
    for person, at in sorted(around):
        if windows and windows[-1][0] == person and at - before <= windows[-1][2]:
            windows[-1] = person, windows[-1][1], at + after
        else:
            windows.append((person, at - before, at + after))
    found = []
    for part in chunks(windows, 100):
        spans = [
            and_(EVENT.c.person == who, EVENT.c.occurred_at >= low, EVENT.c.occurred_at <= high)
            for who, low, high in part
        ]
        found += read(connection, site, select(*_COLUMNS).where(EVENT.c.type.in_(types), or_(*spans)))
    return found


def starts_before(connection: Connection, site: str, stop: Event, longest_ms: int) -> list[str]:
    """Ids of the starts that a stop without a start may end."""
    who = "machine" if stop.type == "machine.stopped" else "person"
    query = select(EVENT.c.id).where(
        EVENT.c.site == site,
        EVENT.c[who] == getattr(stop, who),
        EVENT.c.type == ("machine.started" if who == "machine" else "labor.started"),
        EVENT.c.occurred_at < stop.occurred_at,
        EVENT.c.occurred_at >= stop.occurred_at - longest_ms,
    )
    return list(connection.scalars(query))


# --- where a fact came from, what it caused ----------------------------------------------------------------------


def senders(connection: Connection, site: str, ids: Collection[str]) -> dict[str, str]:
    """Names of the devices and programs that sent facts, and of the users who stated some at a desk."""
    found: dict[str, str] = {}
    for table in (DEVICE, TOKEN):
        for part in chunks(sorted(ids)):
            rows = connection.execute(
                select(table.c.id, table.c.name).where(table.c.site == site, table.c.id.in_(part))
            )
            found.update({row.id: row.name for row in rows})
    if missing := set(ids) - found.keys():
        users = {people.user_sender(site, user.name): user.display_name for user in people.list_users(connection, site)}
        found.update({one: users[one] for one in missing if one in users})
    return found


def relayed_by(connection: Connection, site: str, event_id: str) -> str:
    """Who brought a fact in for the device that captured it: another device's name or a user's; "" when nobody did."""
    query = select(EVENT.c.relayed_by).where(EVENT.c.site == site, EVENT.c.id == event_id)
    by = connection.scalar(query) or ""
    kind, _colon, name = by.partition(":")
    if kind == "user" and name:
        user = people.find_user(connection, site, name)
        return user.display_name if user else name
    return senders(connection, site, {by}).get(by, by[:8]) if by else ""


def note(connection: Connection, site: str, event_id: str) -> str:
    """The free text beside a fact, "" when there is none or it was erased."""
    query = select(NOTE.c.text).where(NOTE.c.site == site, NOTE.c.event_id == event_id)
    return connection.scalars(query).first() or ""


def conflicts(connection: Connection, site: str, event_id: str) -> list[tuple[int, str]]:
    """(recorded at, body) of other contents that came under the same id."""
    query = select(CONFLICT.c.recorded_at, CONFLICT.c.body).where(CONFLICT.c.site == site, CONFLICT.c.id == event_id)
    return [(row[0], row[1]) for row in connection.execute(query.order_by(CONFLICT.c.recorded_at))]


def findings(connection: Connection, site: str, event_id: str) -> list[tuple[str, dict[str, str]]]:
    """(code, params) of what is remarkable about a fact."""
    query = select(FINDING.c.code, FINDING.c.params).where(FINDING.c.site == site, FINDING.c.event_id == event_id)
    return [(row[0], json.loads(row[1])) for row in connection.execute(query.order_by(FINDING.c.code))]


@dataclass(frozen=True, slots=True)
class Caused:
    """An entry a fact is part of the cause of. `standing`: in force, neither reversed nor a reversal."""

    position: int
    standing: bool
    body: Mapping[str, Any]

    @property
    def net(self) -> Decimal:
        """The amount as it counts: a reversal takes away."""
        amount = Decimal(self.body["amount"])
        return -amount if self.body.get("reverses") else amount


def entries_of(connection: Connection, site: str, scopes: Collection[str], event_id: str) -> list[Caused]:
    """Entries of these scopes that name the fact, by position."""
    found = []
    for part in chunks(sorted(scopes)):
        query = select(ENTRY.c.position, STANDING.c.position, ENTRY.c.body).outerjoin(STANDING, IN_FORCE)
        query = query.where(ENTRY.c.site == site, ENTRY.c.scope.in_(part)).order_by(ENTRY.c.position)
        for position, in_force, text in connection.execute(query):
            body = json.loads(text)
            if event_id in body["events"]:
                found.append(Caused(position, in_force is not None, body))
    return found


# --- held --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    """Facts held by the same thing: what solves one solves all, so days are one group (`params` has the first).
    `keys`: the stored params of its facts."""

    reason: str
    keys: tuple[str, ...]
    params: Mapping[str, str]
    count: int
    first: int
    last: int
    facts: tuple[Fact, ...] = ()

    @property
    def owner(self) -> str:
        known = CATALOGUE.get(self.reason)
        return known.owner if known else ""


def _held(running_since: int) -> Any:
    """Held facts that want somebody: not time that simply runs, unless it began before `running_since`."""
    return and_(EVENT.c.state == "held", or_(EVENT.c.reason.not_in(RUNNING), EVENT.c.occurred_at < running_since))


def held_groups(
    connection: Connection, site: str, running_since: int, samples: int = 5, most: int = 100, reach: Reach = None
) -> list[Group]:
    """What facts are held by, the largest groups first, each with its newest facts."""
    about, held = EVENT.c.occurred_at, and_(_held(running_since), teams.about(site, reach))
    counted = (
        select(
            EVENT.c.reason,
            EVENT.c.params,
            func.count().label("number"),
            func.min(about).label("first"),
            func.max(about).label("last"),
        )
        .where(EVENT.c.site == site, held)
        .group_by(EVENT.c.reason, EVENT.c.params)
        .order_by(func.count().desc(), EVENT.c.reason, EVENT.c.params)
        .limit(most)
    )
    groups = connection.execute(counted).all()
    newest: dict[tuple[str, str], list[Fact]] = {}
    if groups and samples:
        place = func.row_number().over(
            partition_by=(EVENT.c.reason, EVENT.c.params), order_by=(EVENT.c.occurred_at.desc(), EVENT.c.id)
        )
        numbered = select(EVENT.c.id, place.label("place")).where(EVENT.c.site == site, held).subquery()
        chosen = select(*_COLUMNS).join(numbered, numbered.c.id == EVENT.c.id).where(numbered.c.place <= samples)
        for fact in read(connection, site, chosen.order_by(EVENT.c.occurred_at.desc(), EVENT.c.id)):
            newest.setdefault((fact.reason, json.dumps(fact.params, sort_keys=True)), []).append(fact)
    merged: dict[tuple[str, str], list[Any]] = {}
    for row in groups:
        params = json.loads(row.params)
        lasting = {name: value for name, value in params.items() if name != "date"}
        merged.setdefault((row.reason, json.dumps(lasting, sort_keys=True)), []).append((params, row))
    made = []
    for (reason, _), found in merged.items():
        found.sort(key=lambda one: one[0].get("date", ""))
        facts = [fact for params, _ in found for fact in newest.get((reason, json.dumps(params, sort_keys=True)), ())]
        facts.sort(key=lambda fact: (-fact.event.occurred_at, fact.id))
        made.append(
            Group(
                reason,
                tuple(row.params for _, row in found),
                found[0][0],
                sum(row.number for _, row in found),
                min(row.first for _, row in found),
                max(row.last for _, row in found),
                tuple(facts[:samples]),
            )
        )
    return sorted(made, key=lambda group: (-group.count, group.reason, group.keys))


def held_of(
    connection: Connection,
    site: str,
    reason: str,
    keys: Collection[str],
    running_since: int,
    after: tuple[int, str] | None,
    limit: int,
    reach: Reach = None,
) -> list[Fact]:
    """Facts of one group, newest first, after (instant, id)."""
    query = select(*_COLUMNS).where(_held(running_since), EVENT.c.reason == reason, EVENT.c.params.in_(list(keys)))
    query = query.where(teams.about(site, reach))
    if after:
        older = and_(EVENT.c.occurred_at == after[0], EVENT.c.id > after[1])
        query = query.where(or_(EVENT.c.occurred_at < after[0], older))
    return read(connection, site, query.order_by(EVENT.c.occurred_at.desc(), EVENT.c.id).limit(limit))


@dataclass(frozen=True, slots=True)
class Remark:
    """Facts costed all the same that want a look for the same reason, the newest few of them with their params."""

    code: str
    count: int
    facts: tuple[tuple[Mapping[str, str], Fact], ...]


def remarkable(
    connection: Connection, site: str, running_since: int, samples: int = 5, reach: Reach = None
) -> list[Remark]:
    """Findings by code, the most frequent first; no proposal of an end for work that simply runs."""
    here = and_(EVENT.c.site == FINDING.c.site, EVENT.c.id == FINDING.c.event_id)
    shown = and_(
        FINDING.c.site == site,
        teams.about(site, reach),
        or_(
            FINDING.c.code != END_PROPOSED,
            EVENT.c.reason.not_in(RUNNING),
            EVENT.c.occurred_at < running_since,
        ),
    )
    counted = select(FINDING.c.code, func.count()).join(EVENT, here).where(shown).group_by(FINDING.c.code)
    counts = {row[0]: row[1] for row in connection.execute(counted)}
    if not counts:
        return []
    place = func.row_number().over(partition_by=FINDING.c.code, order_by=(EVENT.c.occurred_at.desc(), EVENT.c.id))
    numbered = (
        select(FINDING.c.code, FINDING.c.params, FINDING.c.event_id, place.label("place"))
        .join(EVENT, here)
        .where(shown)
        .subquery()
    )
    rows = connection.execute(select(numbered).where(numbered.c.place <= samples).order_by(numbered.c.place)).all()
    known = {fact.id: fact for fact in by_ids(connection, site, {row.event_id for row in rows})}
    newest: dict[str, list[tuple[Mapping[str, str], Fact]]] = {}
    for row in rows:
        newest.setdefault(row.code, []).append((json.loads(row.params), known[row.event_id]))
    made = [Remark(code, count, tuple(newest.get(code, ()))) for code, count in counts.items()]
    return sorted(made, key=lambda remark: (-remark.count, remark.code))
