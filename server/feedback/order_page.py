"""The page of one order: everything about it, gathered in a fixed number of queries."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from server.feedback.plots import BuildUp, Swing, build_up, swings
from server.feedback.reading import people, valuation
from server.feedback.timeline import Timeline, draw
from server.language import pick
from server.plots import Bar, stacked
from server.store import entries, facts, order_cost, plant, standards
from server.store.facts import Fact
from server.store.order_cost import OrderCost
from server.store.teams import Reach
from sync.core.findings import GONE, Outcome
from sync.core.money import ARITHMETIC, ZERO
from sync.core.plant import Operation, Order, Plant
from sync.core.quantity import convert
from sync.costing.beside import Beside
from sync.costing.spent import Counted, earned_pieces, passed
from sync.costing.standard import Against
from sync.costing.variances import Variance
from sync.events.defect import DefectReported

SHOWN = 40


@dataclass(frozen=True, slots=True)
class Progress:
    """An operation against the order's quantity. `running`: how many people or machines are on it; `unplanned`: the
    floor added it."""

    number: str
    name: str
    work_center: str
    bars: list[Bar]
    counted: Counted
    cost: Against
    running: int
    unplanned: bool = False


@dataclass(frozen=True, slots=True)
class Material:
    """An item of the bill, or one that was used without standing on it. In the item's base unit; None: not known."""

    item: str
    name: str
    unit: str
    planned: Decimal | None
    allowed: Decimal | None
    used: Decimal
    amount: Decimal
    on_bill: bool
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Defect:
    """Bad pieces found at one operation, caused at another (or the same), for one reason."""

    found_at: str
    caused_at: str
    reason: str
    disposition: str
    quantity: Decimal
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Causes:
    """Variances against the standard that was frozen at release, by category: the sum and its bar around `zero`, and
    what it is made of. `untold`: why there is no standard to compare with, or why it is not complete."""

    found: Beside
    zero: str
    categories: list[tuple[str, Decimal, Swing, list[Variance]]]
    untold: Outcome | None

    @property
    def total(self) -> Decimal:
        """Actual less work in progress less standard of what was made, which the variances add up to."""
        return self.found.actual - self.found.in_work - self.found.standard


@dataclass(frozen=True, slots=True)
class OrderPage:
    """What the page shows. `causes`: for readers of actual cost, and of orders that make an item."""

    cost: OrderCost
    causes: Causes | None
    built: BuildUp | None
    progress: list[Progress]
    other_cost: Against | None
    timeline: Timeline | None
    materials: list[Material]
    defects: list[Defect]
    held: list[Fact]
    facts: list[Fact]
    counts: Mapping[str, int]
    people: Mapping[str, str]
    machines: Mapping[str, str]
    senders: Mapping[str, str]
    longest_h: int
    cut: bool


def gather(connection: Connection, site: str, code: str, now: int, reach: Reach = None) -> OrderPage | None:
    """None for an order nobody knows. Facts are those within reach; sums, pieces and counts are of all."""
    found = order_cost.costs(connection, site, [code], valuation(), now)
    if code not in found:
        return None
    cost = found[code]
    policies = plant.policies(connection, site)
    things = plant.load_part(connection, site, orders=[code])
    all_facts = facts.of_order(connection, site, code, policies.longest_labor_ms)
    shown = facts.within(connection, site, all_facts, reach)
    presence = facts.breaks_around(connection, site, shown, policies.longest_labor_ms)
    keys = {fact.event.person for fact in shown} | {fact.event.declared_by for fact in shown}
    running = [fact for fact in all_facts if fact.running and fact.order == code]
    counts: dict[str, int] = defaultdict(int)
    for fact in shown:
        counts["running" if fact.running else fact.state] += 1
    own = cost.comparison.operations.get("")
    return OrderPage(
        cost,
        _causes(standards.of_order(connection, site, code) if cost.valuation == "actual" else None),
        build_up(cost.comparison),
        _progress(cost, running, things),
        own if own and (own.actual or own.planned) else None,
        draw(shown, presence, cost.order, policies, things.site.zone, now),
        _materials(connection, site, cost, things),
        _defects(all_facts, {fact.id for fact in shown}, connection, site),
        [fact for fact in shown if fact.troubled],
        shown,
        dict(counts),
        people(connection, {key for key in keys if key}),
        {machine.code: machine.name for machine in things.machines.values()},
        facts.senders(connection, site, {fact.sender for fact in shown}),
        policies.last.longest_labor_h,
        len(all_facts) >= facts.MOST,
    )


def _causes(found: Beside | None) -> Causes | None:
    if found is None:
        return None
    lines: dict[str, list[Variance]] = defaultdict(list)
    for variance in found.variances:
        lines[variance.category].append(variance)
    sums = [sum((one.amount for one in some), ZERO) for some in lines.values()]
    zero, bars = swings(sums)
    untold = found.card if isinstance(found.card, Outcome) else found.card.incomplete()
    return Causes(found, zero, list(zip(lines, sums, bars, lines.values(), strict=True)), untold)


def _progress(cost: OrderCost, running: Iterable[Fact], things: Plant) -> list[Progress]:
    on: dict[str, int] = defaultdict(int)
    for fact in running:
        on[fact.operation] += 1
    good = passed(cost.order, cost.counted)
    known = {step.number for step in cost.order.operations}
    steps = list(cost.order.operations)
    # Pieces or cost on an operation the routing does not have are shown all the same.
    extra = ({*cost.counted, *cost.comparison.operations} - known) - {""}
    steps += [Operation(number, number, 0) for number in sorted(extra)]
    made = []
    for step in steps:
        counted = cost.counted.get(step.number, Counted())
        center = things.work_centers.get(step.work_center)
        parts = [
            ("good", counted.good),
            ("passed", good.get(step.number, ZERO) - counted.good),
            ("aside", counted.aside),
            ("scrap", counted.scrap),
        ]
        made.append(
            Progress(
                step.number,
                step.name,
                center.name if center else step.work_center,
                stacked(parts, cost.order.quantity),
                counted,
                cost.comparison.operations.get(step.number, Against()),
                on[step.number],
                step.unplanned,
            )
        )
    return made


def _materials(connection: Connection, site: str, cost: OrderCost, things: Plant) -> list[Material]:
    used = entries.material_of(connection, site, cost.order.code)
    pieces = earned_pieces(cost.order, cost.counted)
    first = pieces[cost.order.operations[0].number] if cost.order.operations else cost.good
    planned: dict[str, Decimal | None] = {}
    allowed: dict[str, Decimal | None] = {}
    for component in cost.order.components:
        item = things.items.get(component.item)
        for sums, count in ((planned, cost.order.quantity), (allowed, pieces.get(component.operation, first))):
            quantity = ARITHMETIC.multiply(component.quantity_per, count)
            base = convert(quantity, component.unit, item.unit, item.units) if item else None
            before = sums.get(component.item, ZERO)
            sums[component.item] = None if base is None or before is None else before + base
    extra = plant.rows(connection, site, "items", "code", used.keys() - things.items.keys())
    names = {row["code"]: (row["name"], row["unit"]) for row in extra}
    names |= {item.code: (item.name, item.unit) for item in things.items.values()}
    made = []
    for code in [*planned, *sorted(used.keys() - planned.keys())]:
        name, unit = names.get(code, (code, ""))
        taken, amount = used.get(code, (ZERO, ZERO))
        wanted, may = planned.get(code), allowed.get(code)
        scale = wanted if wanted is not None else ZERO
        within = taken if may is None else min(taken, max(may, ZERO))
        bars = stacked([("within", within), ("beyond", max(taken - within, ZERO))], scale)
        made.append(Material(code, name, unit, wanted, may, taken, amount, code in planned, bars))
    return made


def _defects(all_facts: Iterable[Fact], seen: Collection[str], connection: Connection, site: str) -> list[Defect]:
    """Bad pieces of the whole order; of the facts behind them those the reader may open."""
    grouped: dict[tuple[str, str, str, str], list[DefectReported]] = defaultdict(list)
    for fact in all_facts:
        event = fact.event
        if isinstance(event, DefectReported) and fact.reason not in GONE:
            cause = event.caused_at or event.operation
            grouped[event.operation, cause, event.reason, event.disposition].append(event)
    if not grouped:
        return []
    rows = plant.rows(connection, site, "reasons", "kind", {"defect"})
    names = {row["code"]: pick(json.loads(row["name"])) for row in rows}
    return [
        Defect(found, cause, names.get(reason, reason), kept, sum((e.quantity for e in events), ZERO),
               tuple(event.id for event in events if event.id in seen))
        for (found, cause, reason, kept), events in sorted(
            grouped.items(), key=lambda group: -sum(event.quantity for event in group[1])
        )
    ]  # fmt: skip


def chosen(page: OrderPage, state: str) -> list[Fact]:
    """The facts of one state ("" = all), newest first."""
    match state:
        case "running":
            return [fact for fact in page.facts if fact.running]
        case "held":
            return [fact for fact in page.facts if fact.troubled]
        case "":
            return page.facts
        case _:
            return [fact for fact in page.facts if fact.state == state]


def step_names(order: Order) -> dict[str, str]:
    """Names of operations by number."""
    return {step.number: step.name for step in order.operations}
