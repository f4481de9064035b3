"""Scrap: pieces thrown away, at the cost accumulated through the operation that found them, charged to the department
whose operation caused them.

    unit cost = sum over the operations k up to the finding one of  cost of k / pieces k handled
    amount    = pieces scrapped x unit cost, rounded once

Pieces an operation handled are what it reported (good, scrap, rework, hold), or what a later operation of the same
order up to the finding one handled, if that is more: a piece found bad at operation 30 went through 10 and 20 whether
or not anybody counted it there. So the divisor is the equivalent units that entered, and the cost of pieces scrapped
earlier is never charged twice. Cost the order bears without an operation belongs to its first one. Scrap itself and
costs of rework are no part of it.

The order gives the cost (credit), the department of the causing operation bears it (debit). Normal loss rates and
disposal value are 0 here (policy of a later version).
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from sync.core.clock import local_date, month_of
from sync.core.findings import COSTED, Finding, Outcome, excluded, held
from sync.core.money import ARITHMETIC, ZERO, round_money
from sync.core.plant import Operation, Order, Plant
from sync.core.quantity import plain
from sync.costing.place import Place, locate
from sync.costing.policy import Policy
from sync.events.base import Event
from sync.events.defect import DefectReported
from sync.events.output import OutputReported
from sync.ledger.accounts import assignment, postings, transfer
from sync.ledger.entry import Entry

RULE, VERSION = "scrap", 1

# What counts as accumulated: what the pieces took in, not what was made good or thrown away.
ACCUMULATING = ("labor", "setup", "machine", "material")

# order -> operation ("" = none named) -> amount, over the elements above
Accumulated = Mapping[str, Mapping[str, Decimal]]


def cost(
    facts: Iterable[Event], plant: Plant, policy: Policy, accumulated: Accumulated
) -> tuple[list[Entry], dict[str, Outcome], list[Finding]]:
    """Outcomes of all quantity facts and entries of the scrap among them; `facts` hold all of each order's."""
    entries: list[Entry] = []
    outcomes: dict[str, Outcome] = {}
    findings: list[Finding] = []
    by_order: dict[str, list[tuple[OutputReported | DefectReported, Place]]] = {}
    for event in facts:
        if isinstance(event, (OutputReported, DefectReported)):
            place = locate(plant, event.order, event.operation)
            if isinstance(place, Outcome):
                outcomes[event.id] = place
            else:
                by_order.setdefault(place.order.code, []).append((event, place))
    for code in sorted(by_order):
        order = plant.orders[code]
        reports = sorted(by_order[code], key=lambda report: (report[0].occurred_at, report[0].id))
        handled = _reported(reports)
        findings.extend(_over_order(order, handled, reports))
        for event, place in reports:
            if isinstance(event, DefectReported) and event.disposition == "scrap":
                made = _scrap(event, place, handled, accumulated.get(code, {}), plant, policy)
                if isinstance(made, Entry):
                    entries.append(made)
                    outcomes[event.id] = COSTED
                else:
                    outcomes[event.id] = made
            else:
                outcomes[event.id] = excluded("quantity.counted")
    return entries, outcomes, findings


def _reported(reports: Iterable[tuple[OutputReported | DefectReported, Place]]) -> dict[str, Decimal]:
    handled: dict[str, Decimal] = {}
    for event, place in reports:
        handled[place.operation] = handled.get(place.operation, ZERO) + event.quantity
    return handled


def _over_order(
    order: Order, handled: Mapping[str, Decimal], reports: list[tuple[OutputReported | DefectReported, Place]]
) -> list[Finding]:
    """An operation that reports more pieces than were ordered: true perhaps, and worth a look."""
    found = []
    for operation, quantity in sorted(handled.items()):
        if order.quantity and quantity > order.quantity:
            last = next(event for event, place in reversed(reports) if place.operation == operation)
            params = {"operation": operation, "quantity": plain(quantity), "planned": plain(order.quantity)}
            found.append(Finding("quantity.over_order", last.id, params))
    return found


def _through(order: Order, found_at: Operation) -> list[Operation]:
    steps = sorted(order.operations, key=lambda step: (step.sequence, step.number))
    return [step for step in steps if (step.sequence, step.number) <= (found_at.sequence, found_at.number)]


def _scrap(
    event: DefectReported,
    place: Place,
    handled: Mapping[str, Decimal],
    accumulated: Mapping[str, Decimal],
    plant: Plant,
    policy: Policy,
) -> Entry | Outcome:
    order, found_at = place.order, place.step
    assert found_at is not None, "a defect names its operation"
    caused_at = found_at
    if event.caused_at:
        cause = order.operation(event.caused_at)
        if cause is None:
            return held("reference.unknown_operation", code=event.caused_at, order=order.code)
        caused_at = cause
    unit_cost = ZERO
    pieces = ZERO
    steps = _through(order, found_at)
    words = []
    for step in reversed(steps):
        pieces = max(pieces, handled.get(step.number, ZERO))
        spent = accumulated.get(step.number, ZERO)
        if step is steps[0]:
            spent += accumulated.get("", ZERO)
        if spent:
            unit_cost += ARITHMETIC.divide(spent, pieces)
            words.append(f"{spent}/{plain(pieces)}")
    if not unit_cost:
        return held("scrap.no_cost", order=order.code)
    currency = plant.site.currency
    amount = round_money(ARITHMETIC.multiply(event.quantity, unit_cost), currency)
    center, section = found_at.work_center, plant.department_of(caused_at.work_center)
    credit = assignment(plant.plans, order, department=plant.department_of(center), work_center=center)
    debit = assignment(plant.plans, order, department=section, work_center=caused_at.work_center)
    day = local_date(event.occurred_at, plant.site.zone)
    return Entry(
        scope=event.id,
        rule=RULE,
        rule_version=VERSION,
        element="scrap",
        occurred_at=event.occurred_at,
        occurred_on=day,
        period=month_of(day),
        quantity=event.quantity,
        unit="pcs",
        amount=amount,
        currency=currency,
        provenance=event.provenance,
        events=(event.id,),
        policy=policy.version,
        formula=f"{plain(event.quantity)} pcs x ({' + '.join(reversed(words))}) {currency} = {amount} {currency}",
        postings=transfer(
            postings("credit", f"order:{order.code}", amount, credit, currency),
            postings("debit", f"scrap:{section}", amount, debit, currency),
        ),
        order=order.code,
        operation=found_at.number,
        work_center=caused_at.work_center,
        activity=event.reason,
        rate=unit_cost,
    )
