"""Scrap: pieces thrown away, at the cost accumulated through the operation that found them, charged to the department
whose operation caused them.

    unit cost = sum over the operations k up to the finding one of  cost of k / pieces that entered k
    amount    = pieces scrapped x unit cost, rounded once

    pieces that entered k = bad at k + the more of (good at k, pieces that entered the next operation)

Bad are pieces reported for scrap or held for review. A piece sent to rework is counted when it comes back, as good or
as scrap; one used as it is, by the report of good pieces. Counting backwards, a piece reported at operation 30, good or
bad, went through 10 and 20 whether or not anybody counted it there; a piece found bad at 20 is not among those that
went on to 30. So the divisor is the equivalent units that entered, and all scrap of an order together never takes out
more than the operations cost. What the order bears without an operation belongs to its first one. Scrap itself and
costs of rework are no part of it.

The order gives the cost (credit), the department of the causing operation bears it (debit). Normal loss rates and
disposal value are 0 here (policy of a later version).
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction

from sync.core.clock import local_date, month_of
from sync.core.findings import COSTED, Finding, Outcome, excluded, held
from sync.core.money import ZERO, decimal, round_money
from sync.core.plant import Operation, Order, Plant
from sync.core.quantity import plain
from sync.costing.place import Place, locate
from sync.costing.policy import Policies
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
    facts: Iterable[Event], plant: Plant, policies: Policies, accumulated: Accumulated
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
        findings.extend(_over_order(order, _reported(reports), reports))
        entered = _entered(order, reports)
        for event, place in reports:
            if isinstance(event, DefectReported) and event.disposition == "scrap":
                made = _scrap(event, place, entered, accumulated.get(code, {}), plant, policies)
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
        if not _comes_back(event):
            handled[place.operation] = handled.get(place.operation, ZERO) + event.quantity
    return handled


def _comes_back(event: OutputReported | DefectReported) -> bool:
    """Whether the pieces are reported once more: when they come back from rework, or among the good ones."""
    return isinstance(event, DefectReported) and event.disposition in ("rework", "use_as_is")


def _entered(order: Order, reports: Iterable[tuple[OutputReported | DefectReported, Place]]) -> dict[str, Decimal]:
    """Pieces that entered each operation."""
    good: dict[str, Decimal] = {}
    bad: dict[str, Decimal] = {}
    for event, place in reports:
        if _comes_back(event):
            continue
        counted = good if isinstance(event, OutputReported) else bad
        counted[place.operation] = counted.get(place.operation, ZERO) + event.quantity
    entered: dict[str, Decimal] = {}
    later = ZERO
    for step in reversed(_in_sequence(order)):
        later = bad.get(step.number, ZERO) + max(good.get(step.number, ZERO), later)
        entered[step.number] = later
    return entered


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


def _in_sequence(order: Order) -> list[Operation]:
    return sorted(order.operations, key=lambda step: step.place)


def _scrap(
    event: DefectReported,
    place: Place,
    entered: Mapping[str, Decimal],
    accumulated: Mapping[str, Decimal],
    plant: Plant,
    policies: Policies,
) -> Entry | Outcome:
    order, found_at = place.order, place.step
    assert found_at is not None, "a defect names its operation"
    caused_at = found_at
    if event.caused_at:
        cause = order.operation(event.caused_at)
        if cause is None:
            return held("reference.unknown_operation", code=event.caused_at, order=order.code)
        caused_at = cause
    unit_cost = Fraction(0)
    steps = _in_sequence(order)
    words = []
    for step in steps[: steps.index(found_at) + 1]:
        spent = accumulated.get(step.number, ZERO)
        if step is steps[0]:
            spent += accumulated.get("", ZERO)
        if spent:
            unit_cost += Fraction(spent) / Fraction(entered[step.number])
            words.append(f"{spent}/{plain(entered[step.number])}")
    if unit_cost <= 0:
        # Below zero: more material was returned than the order ever drew.
        return held("scrap.no_cost", order=order.code)
    currency = plant.site.currency
    amount = round_money(Fraction(event.quantity) * unit_cost, currency)
    center, section = found_at.work_center, plant.department_of(caused_at.work_center)
    day = local_date(event.occurred_at, plant.site.zone)
    credit = assignment(plant.plans, order, day=day, element="", department=plant.department_of(center),
                        work_center=center)  # fmt: skip
    debit = assignment(plant.plans, order, day=day, element="scrap", department=section,
                       work_center=caused_at.work_center, reason=event.reason)  # fmt: skip
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
        policy=policies.on(day).version,
        formula=f"{plain(event.quantity)} pcs x ({' + '.join(words)}) {currency} = {amount} {currency}",
        postings=transfer(
            postings("credit", f"order:{order.code}", amount, credit, currency),
            postings("debit", f"scrap:{section}", amount, debit, currency),
        ),
        order=order.code,
        operation=found_at.number,
        work_center=caused_at.work_center,
        activity=event.reason,
        rate=decimal(unit_cost),
    )
