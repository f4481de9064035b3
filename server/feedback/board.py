"""The live board: the floor at this moment, as values for its page."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from server.feedback.reading import people, valuation
from server.language import pick
from server.store import facts, floor, order_cost, plant
from server.store import people as callers
from server.store.facts import Fact
from server.store.floor import Made, Silent
from server.store.order_cost import OrderCost
from server.store.teams import Reach
from sync.core.clock import local_date, midnight
from sync.core.money import ZERO

# A device that said nothing for a month is put away.
PUT_AWAY_MS = 31 * 86_400_000
# A call for help nobody answered for so long is not shown any more.
CALLED_MS = 24 * 3_600_000
# An order drifts when it costs more than its standard allows by this share.
DRIFT = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class Work:
    """Somebody at work. `forgotten`: longer than the policy believes."""

    fact: Fact
    who: str
    order: str
    order_name: str
    operation: str
    operation_name: str
    work_center: str
    activity: str
    indirect: str
    since: int
    elapsed: int
    forgotten: bool


@dataclass(frozen=True, slots=True)
class Worker:
    """Everything one person is clocked on."""

    key: str
    name: str
    jobs: list[Work]

    @property
    def forgotten(self) -> bool:
        return any(job.forgotten for job in self.jobs)


@dataclass(frozen=True, slots=True)
class MachineState:
    """A machine: down, running, or idle. `reason` says why it is down (by `fact`), `order` what it runs."""

    code: str
    name: str
    state: str
    since: int | None = None
    elapsed: int = 0
    reason: str = ""
    order: str = ""
    operation: str = ""
    fact: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody waits for help: why, where, for how long."""

    id: str
    reason: str
    who: str
    where: str
    order: str
    since: int
    elapsed: int


@dataclass(frozen=True, slots=True)
class Now:
    """What goes on at this moment."""

    calls: list[Call]
    workers: list[Worker]
    machines: list[MachineState]
    running: int
    down: int
    forgotten: int
    longest_h: int


def now_on_floor(connection: Connection, site: str, now: int, reach: Reach = None, *, shared: bool = False) -> Now:
    """Open labor of the people within reach, and all machines. `shared`: on a screen others look at, too."""
    policies = plant.policies(connection, site)
    open_facts = floor.open_work(connection, site)
    seen = {fact.id for fact in facts.within(connection, site, open_facts, reach)}
    labor = [fact for fact in open_facts if fact.event.type == "labor.started" and fact.id in seen]
    names = people(connection, {str(fact.event.person) for fact in labor}, shared=shared)
    orders = _orders(connection, site, {fact.order for fact in open_facts} - {""})
    centers = {row["code"]: row["name"] for row in plant.rows(connection, site, "work_centers")}
    indirect = _named(plant.rows(connection, site, "activities"))
    work = []
    for fact in labor:
        event: Any = fact.event
        order_name, steps = orders.get(fact.order, ("", {}))
        step = steps.get(fact.operation)
        center = event.work_center or (step["work_center"] if step else "")
        work.append(
            Work(
                fact,
                names.get(event.person, event.person),
                fact.order,
                order_name,
                fact.operation,
                step["name"] if step else "",
                centers.get(center, center),
                event.activity,
                indirect.get(event.indirect_code or "", event.indirect_code or ""),
                event.occurred_at,
                _elapsed(event.occurred_at, now),
                now - event.occurred_at > policies.longest_labor_ms,
            )
        )
    by_person: dict[str, list[Work]] = defaultdict(list)
    for one in work:
        by_person[str(one.fact.event.person)].append(one)
    workers = [Worker(key, jobs[0].who, jobs) for key, jobs in by_person.items()]
    workers.sort(
        key=lambda worker: (
            not worker.forgotten, not worker.jobs[0].order, worker.jobs[0].work_center, worker.name, worker.key,
        )
    )  # fmt: skip
    machines = _machines(connection, site, open_facts, orders, now, seen)
    return Now(
        _calls(connection, site, now, reach, shared),
        workers,
        machines,
        sum(machine.state == "running" for machine in machines),
        sum(machine.state == "down" for machine in machines),
        sum(one.forgotten for one in work),
        policies.last.longest_labor_h,
    )


def _calls(connection: Connection, site: str, now: int, reach: Reach, shared: bool) -> list[Call]:
    """Calls for help that are open, the longest waiting first."""
    found = floor.open_calls(connection, site, now - CALLED_MS, reach)
    if not found:
        return []
    named = {who for fact in found if (who := fact.event.person or fact.event.declared_by)}
    names = people(connection, named, shared=shared)
    reasons = _named(plant.rows(connection, site, "reasons", "kind", {"help"}))
    places = {row["code"]: row["name"] for kind in ("work_centers", "machines") for row in
              plant.rows(connection, site, kind)}  # fmt: skip
    calls = []
    for fact in found:
        event: Any = fact.event
        where = [event.machine and f"{event.machine} {places.get(event.machine, '')}",
                 not event.machine and event.work_center and places.get(event.work_center, event.work_center),
                 event.operation]  # fmt: skip
        who = event.person or event.declared_by or ""
        calls.append(
            Call(fact.id, reasons.get(event.reason, event.reason), names.get(who, who),
                 " · ".join(part.strip() for part in where if part), fact.order, event.occurred_at,
                 _elapsed(event.occurred_at, now))
        )  # fmt: skip
    return calls


def _named(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {row["code"]: pick(json.loads(row["name"])) for row in rows}


def _elapsed(since: int, now: int) -> int:
    """Whole minutes on the clock between two instants: all of a board's times tick together, so between two minutes
    nothing on it changes and nothing is sent."""
    return (now // 60_000 - since // 60_000) * 60_000


def _orders(
    connection: Connection, site: str, codes: Collection[str]
) -> dict[str, tuple[str, dict[str, Mapping[str, Any]]]]:
    """(what is made, operations by number) of orders."""
    if not codes:
        return {}
    rows = plant.rows(connection, site, "orders", "code", codes)
    items = plant.rows(connection, site, "items", "code", {row["item"] for row in rows} - {""})
    named = {row["code"]: row["name"] for row in items}
    steps: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for row in plant.rows(connection, site, "operations", "order", codes):
        steps[row["order"]][row["number"]] = row
    return {row["code"]: (str(named.get(row["item"], row["item"])), steps[row["code"]]) for row in rows}


def _machines(
    connection: Connection,
    site: str,
    open_facts: Iterable[Fact],
    orders: Mapping[str, Any],
    now: int,
    seen: Collection[str],
) -> list[MachineState]:
    """Every machine; how it stands is nobody's alone, the fact that says so may be: it is named where it is `seen`."""
    reasons = _named(plant.rows(connection, site, "reasons", "kind", {"downtime"}))
    latest: dict[str, Fact] = {}
    down: dict[str, Fact] = {}
    for fact in open_facts:
        match fact.event.type:
            case "machine.started":
                latest[str(getattr(fact.event, "machine", ""))] = fact
            case "downtime.started":
                down[str(getattr(fact.event, "machine", ""))] = fact
    made = []
    for row in plant.rows(connection, site, "machines"):
        code, name = row["code"], row["name"]
        if stop := down.get(code):
            since, reason = stop.event.occurred_at, str(getattr(stop.event, "reason", ""))
            told_by = stop.id if stop.id in seen else ""
            made.append(
                MachineState(code, name, "down", since, _elapsed(since, now), reasons.get(reason, reason), fact=told_by)
            )
        elif run := latest.get(code):
            since = run.event.occurred_at
            made.append(MachineState(code, name, "running", since, _elapsed(since, now), "", run.order, run.operation))
        else:
            made.append(MachineState(code, name, "idle"))
    places = {"down": 0, "running": 1, "idle": 2}
    return sorted(made, key=lambda machine: (places[machine.state], machine.code))


@dataclass(frozen=True, slots=True)
class Today:
    """What today brought, and what waits for somebody. `owners`: (role, count) of the held facts."""

    total: Made
    held: list[tuple[str, str, int]]
    held_count: int
    owners: list[tuple[str, int]]
    waiting: int
    waiting_since: int | None
    # those that hold facts first
    silent: list[Silent]
    devices: int


def today(connection: Connection, site: str, now: int, reach: Reach = None) -> Today:
    """Pieces since midnight of the site, held facts by reason, silent devices."""
    zone = plant.site(connection, site).zone
    made = floor.made_since(connection, site, midnight(local_date(now, zone), zone)).values()
    total = Made(
        sum((one.good for one in made), ZERO),
        sum((one.scrap for one in made), ZERO),
        sum((one.aside for one in made), ZERO),
    )
    held = floor.held_reasons(connection, site, reach)
    owners: Counter[str] = Counter()
    for _reason, owner, count in held:
        owners[owner] += count
    count, since = floor.waiting(connection, site)
    silent = floor.silent_devices(connection, site, now)
    known = [one for one in callers.list_devices(connection, site) if one.revoked_at is None]
    heard = sum(now - (one.seen_at or 0) < PUT_AWAY_MS for one in known)
    return Today(total, held, sum(owners.values()), owners.most_common(), count, since, silent, heard)


def drifting(connection: Connection, site: str, now: int, most: int = 8) -> list[OrderCost]:
    """Open orders that cost more than their standard allows, the dearest excess first."""
    codes = order_cost.worked_on(connection, site)
    found = order_cost.costs(connection, site, codes, valuation(), now).values()
    over = [cost for cost in found if drifts(cost)]
    return sorted(over, key=lambda cost: (-cost.comparison.total.variance, cost.order.code))[:most]


def drifts(cost: OrderCost) -> bool:
    """Whether an order costs more than its standard allows by more than `DRIFT`."""
    total = cost.comparison.total
    return total.earned > 0 and total.variance > total.earned * DRIFT


def drift(cost: OrderCost) -> Decimal | None:
    """By which share an order costs more than its standard allows; None without a standard."""
    total = cost.comparison.total
    return total.variance / total.earned if total.earned > 0 else None
