"""Backflush: material that nobody counts, drawn by the reports of pieces. A setting of each component (`backflush` in
components.csv); the others are counted.

    drawn = quantity per piece x the pieces that entered the component's operation and had not been counted before

*Pieces that entered*, not good ones: a piece scrapped took its material in. They are counted backwards, as for scrap:
bad at an operation + the more of (good there, pieces that entered the next one), where bad are pieces scrapped or held
for review; a piece sent to rework is counted when it comes back. So each report, of good or of bad pieces, draws for
just the pieces it is the first to tell of, and that report is what the entry is about. A report at a later operation
draws the components of earlier ones too, where nobody counted.

A component that names no operation is drawn with the first one, where the standard and the cost of scrap put it too.
One that names an operation its order does not have waits, and the report with it.

*Counted all the same.* When a consumption of the component, or of something in its place, is reported for the order,
what was counted is believed: the component is not backflushed for that order at all, before or after, and the fact is a
finding. Taking that report back brings the backflush back.

Drawn material is valued as any issue of its item, at the instant of the report, and is *estimated*.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from sync.core.findings import Finding, Outcome
from sync.core.money import ZERO
from sync.core.plant import Component, Order, Plant
from sync.costing.drawn import Draw, Report
from sync.costing.place import locate
from sync.costing.spent import first_operation
from sync.events.base import Event
from sync.events.defect import DefectReported
from sync.events.material import MaterialConsumed, MaterialSubstituted
from sync.events.output import OutputReported

RULE, VERSION = "backflush", 1


def draws(facts: Iterable[Event], plant: Plant) -> list[Draw]:
    """What the reports of pieces draw. Of an order whose reports are among the facts all reports and all consumptions
    must be."""
    reports: dict[str, list[Report]] = defaultdict(list)
    counted: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact, (OutputReported, DefectReported)):
            if not isinstance(locate(plant, fact.order, fact.operation), Outcome):
                reports[fact.order].append(fact)
        elif isinstance(fact, MaterialConsumed):
            counted[fact.order] |= names(fact)
    drawn: list[Draw] = []
    for code in sorted(reports):
        order = plant.orders[code]
        components = [part for part in on_backflush(order) if part.item not in counted[code]]
        if components:
            drawn.extend(_of_order(plant, order, components, reports[code]))
    return drawn


def on_backflush(order: Order) -> list[Component]:
    """The components that are drawn by reports of pieces unless somebody counts them."""
    return [component for component in order.components if component.backflush]


def names(fact: MaterialConsumed) -> set[str]:
    """The items a consumption speaks of: what was drawn, and what that stands for."""
    return {fact.item, fact.replaces} if isinstance(fact, MaterialSubstituted) else {fact.item}


def findings(facts: Iterable[Event], plant: Plant) -> list[Finding]:
    """Consumptions of components that are on backflush."""
    found = []
    for fact in facts:
        order = plant.orders.get(fact.order) if isinstance(fact, MaterialConsumed) else None
        if order is None or not isinstance(fact, MaterialConsumed):
            continue
        for item in sorted(names(fact) & {component.item for component in on_backflush(order)}):
            found.append(Finding("backflush.counted", fact.id, {"item": item, "order": order.code}))
    return found


def _of_order(plant: Plant, order: Order, components: list[Component], reports: list[Report]) -> list[Draw]:
    drawn: list[Draw] = []
    good: dict[str, Decimal] = defaultdict(Decimal)
    bad: dict[str, Decimal] = defaultdict(Decimal)
    before: Mapping[str, Decimal] = {}
    for report in sorted(reports, key=lambda report: (report.occurred_at, report.id)):
        if isinstance(report, OutputReported):
            good[report.operation] += report.quantity
        elif report.disposition in ("scrap", "hold"):
            bad[report.operation] += report.quantity
        now = _entered(order, good, bad)
        for component in components:
            place = locate(plant, order.code, component.operation)
            at = first_operation(order)
            if not isinstance(place, Outcome):
                at = place.operation or at
            if pieces := now[at] - before.get(at, ZERO):
                drawn.append(Draw(report, component, place, pieces, RULE, VERSION))
        before = now
    return drawn


def _entered(order: Order, good: Mapping[str, Decimal], bad: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Pieces that entered each operation."""
    entered: dict[str, Decimal] = {}
    later = ZERO
    for step in sorted(order.operations, key=lambda step: step.place, reverse=True):
        later = bad.get(step.number, ZERO) + max(good.get(step.number, ZERO), later)
        entered[step.number] = later
    return entered
