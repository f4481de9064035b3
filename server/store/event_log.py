"""The event log: facts are appended as they came, found by what they are about, and marked with what became of them."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from server.store import plant
from server.store.intake_log import insert_new
from server.store.lists import among, listed, spans
from server.store.plant import chunks
from server.store.tables import STEP_CONDITION, TABLES
from sync.core.canonical import dump
from sync.core.codes import tail
from sync.core.findings import CATALOGUE, Finding, Outcome
from sync.core.plant import LabelCode, Plant
from sync.costing.place import LABELLED as LABELLED_FIELDS
from sync.costing.place import resolve_labels
from sync.events import catalog
from sync.events.base import Event
from sync.events.operation import OperationAdded

EVENT: Table = TABLES["event"]
FINDING: Table = TABLES["finding"]
LABEL: Table = TABLES["label_code"]
COMPONENT: Table = TABLES["component"]

Window = tuple[str, int, int]
# The look-up columns that may hold the letters of a label.
LABELLED = ("person", "order", "item", "machine")
# The fields by which a fact names the one it acts on: a stop its start, a correction its target, an answer its call.
NAMING = ("start_id", "target_id", "call_id")
FOREVER = 2**62
# The condition of the index of the few facts about operations themselves, word by word: so that it is used.
ABOUT_STEPS = text(STEP_CONDITION)


# --- reading ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=50_000)
def _event(body: str) -> tuple[Event, tuple[str, ...]]:
    """A stored body as a value, and the letters of labels it holds. Facts around new ones are read again and again;
    bodies never change."""
    event = catalog.rebuild(json.loads(body))
    return event, tuple(_letters(event))


def load(connection: Connection, site: str, where: ColumnElement[bool], limit: int = 0) -> list[Event]:
    """Events in the order they are about, labels a device could not resolve replaced as far as known now."""
    query = select(EVENT.c.body).where(EVENT.c.site == site, where)
    if limit:
        query = query.order_by(EVENT.c.recorded_at, EVENT.c.id).limit(limit)
    return _events(connection, site, query)


def _events(connection: Connection, site: str, query: Select[Any]) -> list[Event]:
    found = [_event(body) for (body,) in connection.execute(query).fetchall() if body is not None]
    return _resolved(connection, site, [event for event, _ in found], {one for _, mine in found for one in mine})


def resolved(connection: Connection, site: str, events: list[Event]) -> list[Event]:
    """The events with the letters of known labels replaced."""
    return _resolved(connection, site, events, {letter for event in events for letter in _letters(event)})


def _resolved(connection: Connection, site: str, events: list[Event], letters: Collection[str]) -> list[Event]:
    if not letters:
        return events
    codes = label_codes(connection, site, letters)
    return [resolve_labels(event, codes) for event in events] if codes else events


def label_codes(connection: Connection, site: str, letters: Collection[str]) -> dict[str, LabelCode]:
    """What these nine letters stand for, as far as known."""
    found = {}
    for part in chunks(sorted(letters)):
        rows = connection.execute(select(LABEL).where(LABEL.c.site == site, LABEL.c.code.in_(part)))
        found.update({row.code: LabelCode(row.kind, row.ref, row.detail) for row in rows})
    return found


def is_label(reference: str | None) -> bool:
    """Whether a reference is the nine letters of a label."""
    return reference is not None and len(reference) == 9 and tail(reference) == reference


def _letters(event: Event) -> list[str]:
    return [value for name in LABELLED_FIELDS if (value := getattr(event, name, None)) and is_label(value)]


def by_ids(connection: Connection, site: str, event_ids: Collection[str]) -> list[Event]:
    return load(connection, site, among(connection, EVENT.c.id, event_ids)) if event_ids else []


def received(connection: Connection, site: str, limit: int) -> list[Event]:
    return load(connection, site, EVENT.c.state == "received", limit)


def targeting(connection: Connection, site: str, event_ids: Collection[str]) -> list[Event]:
    return load(connection, site, among(connection, EVENT.c.target, event_ids)) if event_ids else []


def replacements(connection: Connection, site: str, event_ids: Collection[str]) -> list[Event]:
    """Corrections that replace one of these, or that put one of them in the place of another."""
    if not event_ids:
        return []
    these = among(connection, EVENT.c.target, event_ids)
    found = load(connection, site, and_(these, EVENT.c.type == "event.replaced"))
    return found + load(connection, site, among(connection, EVENT.c.replacement, event_ids))


def chain(connection: Connection, site: str, event_ids: Collection[str]) -> set[str]:
    """These facts, those they stand in the place of and those that stand in theirs, however far, and the corrections
    that put them there."""
    known, unseen = set(event_ids), set(event_ids)
    while unseen:
        found = set[str]()
        for event in replacements(connection, site, unseen):
            found |= {event.id, getattr(event, "target_id", event.id), getattr(event, "replacement_id", event.id)}
        unseen = found - known
        known |= unseen
    return known


def in_windows(
    connection: Connection, site: str, who: str, types: Sequence[str], windows: Iterable[Window]
) -> list[Event]:
    """Facts of some types about a person or machine (`who` names the column) between instants, inclusive."""
    return _within(connection, site, EVENT.c[who], EVENT.c.type.in_(types), windows)


def unnamed_stops(connection: Connection, site: str, windows: Iterable[Window]) -> list[Event]:
    """Stops of machines, and ends of downtime, between instants, inclusive, that name no start."""
    unnamed = and_(EVENT.c.type.in_(("machine.stopped", "downtime.stopped")), EVENT.c.target.is_(None))
    return _within(connection, site, EVENT.c.machine, unnamed, windows)


def movements(connection: Connection, site: str, since: Mapping[str, int]) -> list[Event]:
    windows = [(item, low, FOREVER) for item, low in sorted(since.items())]
    return _within(connection, site, EVENT.c.item, EVENT.c.type.like("material.%"), windows)


def _within(
    connection: Connection, site: str, column: ColumnElement[Any], kind: ColumnElement[bool], windows: Iterable[Window]
) -> list[Event]:
    """Facts of a kind whose column has one of some values, each between two instants, inclusive."""
    some = list(windows)
    if not some:
        return []
    table, who, low, high = spans(connection, some)
    inside = and_(EVENT.c.site == site, column == who, EVENT.c.occurred_at >= low, EVENT.c.occurred_at <= high, kind)
    # An outer join, so that no planner begins with the facts; a window without any gives one row of nothing.
    query = select(EVENT.c.body).select_from(table.outerjoin(EVENT, inside))
    return _events(connection, site, query)


def quantities(connection: Connection, site: str, orders: Collection[str]) -> list[Event]:
    """Output and defect facts of orders."""
    return of_orders(connection, site, orders, ("output.reported", "defect.reported"))


def added_operations(connection: Connection, site: str, orders: Collection[str]) -> list[OperationAdded]:
    """Facts that add an operation to these orders, whatever became of them."""
    found = load(connection, site, and_(among(connection, EVENT.c.order, orders), ABOUT_STEPS)) if orders else []
    return [event for event in found if isinstance(event, OperationAdded)]


def of_orders(connection: Connection, site: str, orders: Collection[str], types: Collection[str] = ()) -> list[Event]:
    """Every fact that names one of these orders; of these `types` only, if there are any."""
    if not orders:
        return []
    chosen = [EVENT.c.type.in_(types)] if types else []
    return load(connection, site, and_(among(connection, EVENT.c.order, orders), *chosen))


def consumed(connection: Connection, site: str, orders: Collection[str]) -> list[Event]:
    """Consumptions of material by these orders."""
    return of_orders(connection, site, orders, ("material.consumed", "material.substituted"))


def drawing(connection: Connection, site: str, since: Mapping[str, int]) -> set[str]:
    """Orders that have one of these items on backflush and a report of pieces from its instant on."""
    found: set[str] = set()
    for item, instant in sorted(since.items()):
        report = select(EVENT.c.id).where(
            EVENT.c.site == site,
            EVENT.c.order == COMPONENT.c.order,
            EVENT.c.occurred_at >= instant,
            EVENT.c.type.in_(("output.reported", "defect.reported")),
        )
        needing = select(COMPONENT.c.order).where(
            COMPONENT.c.site == site, COMPONENT.c.item == item, COMPONENT.c.backflush, report.exists()
        )
        found.update(connection.scalars(needing))
    return found


def became(connection: Connection, site: str, event_ids: Collection[str]) -> dict[str, tuple[Outcome, list[Finding]]]:
    """What became of facts that do not wait, and the findings costing made on them."""
    found: dict[str, tuple[Outcome, list[Finding]]] = {}
    for event_id, told in statuses(connection, site, event_ids).items():
        if told["state"] != "received":
            found[event_id] = Outcome(told["state"], told["reason"], told["params"]), []
    for part in chunks(sorted(found)):
        mine = and_(FINDING.c.event_id.in_(part), FINDING.c.code.not_like("device.%"))
        for row in connection.execute(select(FINDING).where(FINDING.c.site == site, mine)):
            found[row.event_id][1].append(Finding(row.code, row.event_id, json.loads(row.params)))
    return found


def closes(connection: Connection, site: str, orders: Collection[str]) -> list[Event]:
    """Facts that close these orders, or reopen them, and of what they yield beside their product."""
    return of_orders(connection, site, orders, ("order.closed", "order.reopened", "output.by_product"))


def depending(connection: Connection, site: str, orders: Collection[str]) -> set[str]:
    """Which of these orders have a defect or a close reported, voided ones included."""
    following = and_(among(connection, EVENT.c.order, orders), EVENT.c.type.in_(("defect.reported", "order.closed")))
    return set(connection.scalars(select(EVENT.c.order).distinct().where(EVENT.c.site == site, following)))


def held_orders(connection: Connection, site: str, reason: str) -> set[str]:
    """The orders that facts held for this reason are about."""
    held = and_(EVENT.c.site == site, EVENT.c.state == "held", EVENT.c.reason == reason)
    return set(connection.scalars(select(EVENT.c.order).where(held)))


def everything(connection: Connection, site: str) -> list[Event]:
    """All events of a site, for `verify`."""
    rows = connection.scalars(select(EVENT.c.body).where(EVENT.c.site == site).order_by(EVENT.c.id))
    return [catalog.rebuild(json.loads(body)) for body in rows]


def counts(connection: Connection, site: str) -> dict[tuple[str, str], int]:
    """How many facts are in each (state, reason)."""
    query = select(EVENT.c.state, EVENT.c.reason, func.count()).where(EVENT.c.site == site)
    rows = connection.execute(query.group_by(EVENT.c.state, EVENT.c.reason))
    return {(state, reason): count for state, reason, count in rows}


def waiting(connection: Connection, site: str) -> bool:
    """Whether a fact waits to be costed."""
    query = select(EVENT.c.id).where(EVENT.c.site == site, EVENT.c.state == "received").limit(1)
    return connection.execute(query).first() is not None


def statuses(connection: Connection, site: str, event_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """What became of facts: {id: {"state", "reason", "params"}}; ids that are not here are left out."""
    found: dict[str, dict[str, Any]] = {}
    for part in chunks(sorted(event_ids)):
        query = select(EVENT.c.id, EVENT.c.state, EVENT.c.reason, EVENT.c.params)
        for row in connection.execute(query.where(EVENT.c.site == site, EVENT.c.id.in_(part))):
            found[row.id] = {"state": row.state, "reason": row.reason, "params": json.loads(row.params)}
    return found


def type_of(connection: Connection, site: str, event_id: str) -> str | None:
    """What a stored fact says, by its type; None if it is not here."""
    return connection.scalar(select(EVENT.c.type).where(EVENT.c.site == site, EVENT.c.id == event_id))


def last_sequence(connection: Connection, site: str, device: str) -> int:
    """The highest number a device announced."""
    table = TABLES["device"]
    query = select(table.c.last_seq).where(table.c.site == site, table.c.id == device)
    return connection.scalar(query) or 0


# --- writing ---------------------------------------------------------------------------------------------------


def look_ups(event: Event) -> dict[str, Any]:
    """The columns an event is found by."""
    return {
        "id": event.id,
        "type": event.type,
        "occurred_at": event.about,
        "device_seq": event.device_seq,
        "person": event.person,
        "order": getattr(event, "order", None),
        "item": getattr(event, "item", None),
        "machine": getattr(event, "machine", None),
        "target": next((found for name in NAMING if (found := getattr(event, name, None))), None),
        "replacement": getattr(event, "replacement_id", None),
    }


def add(connection: Connection, site: str, rows: list[dict[str, Any]]) -> dict[str, str]:
    """Append new facts: `look_ups` of each with recorded_at, sender, digest and body. A label whose meaning is known
    is found by what it stands for. Returns the stored digests of those that somebody else stored meanwhile."""
    letters = {row[name] for row in rows for name in LABELLED if is_label(row[name])}
    codes = label_codes(connection, site, letters) if letters else {}
    for row in rows:
        row["site"] = site
        if letters:
            for name in LABELLED:
                if label := codes.get(row[name]):
                    row[name] = label.ref
    if connection.execute(insert_new(connection, EVENT), rows).rowcount == len(rows):
        return {}
    mine = {row["id"]: (row["digest"], row["sender"], row["recorded_at"]) for row in rows}
    others = {}
    for part in chunks(sorted(mine)):
        query = select(EVENT.c.id, EVENT.c.digest, EVENT.c.sender, EVENT.c.recorded_at)
        for event_id, *stored in connection.execute(query.where(EVENT.c.site == site, EVENT.c.id.in_(part))):
            if tuple(stored) != mine[event_id]:
                others[event_id] = stored[0]
    return others


def settle(
    connection: Connection,
    site: str,
    fresh: Collection[str],
    outcomes: Mapping[str, Outcome],
    findings: Iterable[Finding],
) -> None:
    """Record outcomes where they changed, and findings in place of earlier ones on the same facts. Facts that wait to
    be looked at and are not `fresh` keep waiting."""
    changed: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for event_id, outcome in outcomes.items():
        params = dump(dict(outcome.params)) if outcome.params else "{}"
        changed[outcome.state, outcome.reason, params].append(event_id)
    new = set(fresh)
    for (state, reason, params), event_ids in sorted(changed.items()):
        values = {"state": state, "reason": reason, "params": params}
        if of_now := sorted(new.intersection(event_ids)):
            these = among(connection, EVENT.c.id, of_now)
            connection.execute(update(EVENT).where(EVENT.c.site == site, these).values(values))
        different = or_(EVENT.c.state != state, EVENT.c.reason != reason, EVENT.c.params != params)
        if others := sorted(set(event_ids) - new):
            these = among(connection, EVENT.c.id, others)
            where = and_(EVENT.c.site == site, these, EVENT.c.state != "received", different)
            connection.execute(update(EVENT).where(where).values(values))
    told, fact = listed(connection, sorted(outcomes))
    # Findings on devices belong to intake, which sees the sequence.
    mine = and_(FINDING.c.site == site, FINDING.c.event_id == fact, FINDING.c.code.not_like("device.%"))
    rows = connection.execute(select(FINDING.c.code, FINDING.c.event_id).select_from(told.outerjoin(FINDING, mine)))
    old = [{"_code": code, "_event_id": event_id} for code, event_id in rows.fetchall() if code]
    if old:
        this = [FINDING.c[name] == bindparam(f"_{name}") for name in ("code", "event_id")]
        connection.execute(delete(FINDING).where(FINDING.c.site == site, *this), old)
    new_rows = {
        (finding.code, finding.event_id): {
            "site": site, "code": finding.code, "event_id": finding.event_id, "params": dump(dict(finding.params)),
        }
        for finding in findings if finding.event_id in outcomes
    }  # fmt: skip
    if new_rows:
        connection.execute(insert(FINDING), [new_rows[key] for key in sorted(new_rows)])


def requeue(
    connection: Connection,
    site: str,
    *,
    reasons: Collection[str] = (),
    person: str | None = None,
    order: str | None = None,
    item: str | None = None,
    machine: str | None = None,
    types: Sequence[str] = (),
    since_ms: int | None = None,
) -> int:
    """Have facts costed again because what they are costed by changed; returns how many.

    `reasons`: held facts with one of these; else facts that name the person, order, item or machine, of `types`
    (prefixes such as "labor."), about `since_ms` or later. Labels that have a meaning now are found by it.
    """
    _relabel(connection, site)
    chosen: list[ColumnElement[bool]] = []
    if reasons:
        assert all(reason in CATALOGUE for reason in reasons)
        chosen.append(and_(EVENT.c.state == "held", EVENT.c.reason.in_(list(reasons))))
    named = {"person": person, "order": order, "item": item, "machine": machine}
    narrow = [EVENT.c[name] == value for name, value in named.items() if value is not None]
    if types:
        narrow.append(or_(*(EVENT.c.type.like(f"{prefix}%") for prefix in types)))
    if since_ms is not None:
        # A segment that began before the change may end after it.
        narrow.append(EVENT.c.occurred_at >= since_ms - 31 * 86_400_000)
    if narrow:
        chosen.append(and_(EVENT.c.state.in_(("costed", "held", "excluded")), *narrow))
    if not chosen:
        return 0
    return connection.execute(update(EVENT).where(EVENT.c.site == site, or_(*chosen)).values(state="received")).rowcount


def _relabel(connection: Connection, site: str) -> None:
    """Facts that named a label nobody knew are found by what it stands for once that is known."""
    held = select(EVENT.c.id, *(EVENT.c[name] for name in LABELLED))
    rows = connection.execute(held.where(EVENT.c.site == site, EVENT.c.state == "held")).all()
    letters = {value for row in rows for value in row[1:] if is_label(value)}
    codes = label_codes(connection, site, letters) if letters else {}
    changes = []
    for row in rows:
        if any(value in codes for value in row[1:]):
            meant = (codes[value].ref if value in codes else value for value in row[1:])
            new = {f"new_{name}": value for name, value in zip(LABELLED, meant, strict=True)}
            changes.append({"event_id": row.id, **new})
    if changes:
        connection.execute(
            update(EVENT)
            .where(EVENT.c.site == site, EVENT.c.id == bindparam("event_id"))
            .values({name: bindparam(f"new_{name}") for name in LABELLED}),
            changes,
        )


def terms_for(connection: Connection, site: str, events: Iterable[Event]) -> Plant:
    """The part of the plant that these events name."""
    return plant.load_part(connection, site, **named_by(events))


def named_by(events: Iterable[Event]) -> dict[str, set[str]]:
    """What events name of the plant, by kind as `plant.load_part` takes it."""
    named: dict[str, set[str]] = {"orders": set(), "items": set(), "people": set(), "machines": set()}
    for event in events:
        for key, name in (("orders", "order"), ("items", "item"), ("people", "person"), ("machines", "machine")):
            if value := getattr(event, name, None):
                named[key].add(value)
    return named
