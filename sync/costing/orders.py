"""What becomes of an order's pieces and of its cost: scrap, output to stock, the close.

    what the order was given -> scrap takes its part -> by-products and good output go to stock -> at the close, what is
    left

One stage, because each step needs the one before it; a rule each (`sync/costing/rules/`). Everything an order was given
comes in from outside (`Bears`): entries of labor, machines, material, overhead that stand for it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import Any

from sync.core.findings import Finding, Outcome, held
from sync.core.money import ZERO
from sync.core.plant import Order, Plant
from sync.core.quantity import plain
from sync.costing import spent
from sync.costing.joint import Joint
from sync.costing.loops import Loops
from sync.costing.policy import Policies
from sync.costing.rates import RateTable
from sync.costing.rules import by_product, close, output, scrap, subcontracting
from sync.costing.rules.scrap import Accumulated
from sync.costing.spent import count_pieces
from sync.events.base import Event
from sync.events.defect import DefectReported
from sync.events.order import OrderClosed, OrderReopened
from sync.events.output import ByProductReported, OutputReported
from sync.ledger.entry import Entry

# The facts this stage tells the outcome of.
ABOUT = (OutputReported, DefectReported, ByProductReported, OrderClosed, OrderReopened)
# Of these, what depends on the cost of the order: it is looked at again whenever that changes.
DEPENDING = (DefectReported, OrderClosed)
# The elements of entries this stage makes; everything else an order bears was given to it.
MADE = ("scrap", "output", "by_product", "variance")


@dataclass(frozen=True, slots=True)
class Bears:
    """What orders bear: by operation over the elements scrap accumulates; and, for those that are closed, the contents
    of all entries in force that touch them. `loops`: the orders that wait for each other's cost."""

    accumulated: Accumulated = field(default_factory=dict)
    contents: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    loops: Loops = field(default_factory=dict)


def closed(facts: Iterable[Event]) -> set[str]:
    """The orders that are closed by these facts, which are all that count of each order."""
    by_order: dict[str, list[OrderClosed | OrderReopened]] = defaultdict(list)
    for event in facts:
        if isinstance(event, (OrderClosed, OrderReopened)):
            by_order[event.order].append(event)
    return {order for order, told in by_order.items() if close.in_force(told)[0]}


def cost(
    facts: Iterable[Event], plant: Plant, rates: RateTable, policies: Policies, bears: Bears
) -> tuple[list[Entry], dict[str, Outcome], list[Finding]]:
    """Entries and outcomes of the facts `ABOUT` orders; they must be all that count of each of their orders."""
    by_order: dict[str, list[Event]] = defaultdict(list)
    for event in facts:
        if isinstance(event, ABOUT):
            by_order[event.order].append(event)
    bears = _up_to_the_close(by_order, bears)
    entries, outcomes, findings = scrap.cost(chain.from_iterable(by_order.values()), plant, policies, bears.accumulated)
    thrown_away: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        thrown_away[entry.order].append(entry)
    for code in sorted(by_order):
        told = [event for event in by_order[code] if isinstance(event, (OrderClosed, OrderReopened))]
        order = plant.orders.get(code)
        standing, of_lifecycle = close.in_force(told)
        beside = [event for event in by_order[code] if isinstance(event, ByProductReported)]
        by_products, of_by_products, joint = by_product.cost(beside, plant, rates, policies)
        outcomes.update(of_by_products)
        entries.extend(by_products)
        if order is None:
            outcomes.update({event.id: held("reference.unknown_order", code=code) for event in told})
            continue
        outcomes.update(of_lifecycle)
        reports = [event for event in by_order[code] if isinstance(event, OutputReported) and event.id in outcomes]
        reports = [event for event in reports if outcomes[event.id].state != "held"]
        for report in reports:
            outcomes[report.id] = subcontracting.outcome(report, plant, policies) or outcomes[report.id]
        reports = [event for event in reports if outcomes[event.id].state != "held"]
        to_stock, of_reports = output.cost(order, reports, plant, rates, policies)
        outcomes.update(of_reports)
        entries.extend(to_stock)
        if standing:
            left = [*thrown_away[code], *by_products, *to_stock]
            made, outcomes[standing.id] = _close(
                order, standing, by_order[code], left, joint, plant, rates, policies, bears
            )
            entries.extend(made)
            findings.extend(_on_hold(standing, by_order[code]))
    return entries, outcomes, findings


def _up_to_the_close(by_order: Mapping[str, Iterable[Event]], bears: Bears) -> Bears:
    """What came after the close of an order is late: no piece took it in, scrapped ones neither."""
    accumulated = dict(bears.accumulated)
    for code, facts in by_order.items():
        standing, _ = close.in_force(event for event in facts if isinstance(event, (OrderClosed, OrderReopened)))
        if standing:
            by_operation: dict[str, Decimal] = defaultdict(Decimal)
            for line in spent.of_contents(code, bears.contents.get(code, ()), standing.occurred_at):
                if line.element in scrap.ACCUMULATING and not line.late:
                    by_operation[line.operation] += line.amount
            accumulated[code] = by_operation
    return replace(bears, accumulated=accumulated)


def _close(
    order: Order,
    standing: OrderClosed,
    facts: Sequence[Event],
    left: Iterable[Entry],
    joint: Sequence[Joint],
    plant: Plant,
    rates: RateTable,
    policies: Policies,
    bears: Bears,
) -> tuple[list[Entry], Outcome]:
    if order.code in bears.loops:
        return [], held("order.loop", orders=", ".join(bears.loops[order.code]))
    given = [content for content in bears.contents.get(order.code, ()) if content["element"] not in MADE]
    contents = [*given, *(entry.content for entry in left)]
    lines = spent.of_contents(order.code, contents, standing.occurred_at)
    reports = [
        event.id for event in facts if isinstance(event, OutputReported) and output.is_output(order, event.operation)
    ]
    return close.cost(order, standing, sorted(reports), lines, count_pieces(facts), joint, plant, rates, policies)


def _on_hold(standing: OrderClosed, facts: Iterable[Event]) -> Iterator[Finding]:
    """Pieces nobody decided about when their order was closed: the good ones bear their cost."""
    aside = [event for event in facts if isinstance(event, DefectReported) and event.disposition == "hold"]
    if aside:
        pieces = sum((event.quantity for event in aside), ZERO)
        yield Finding("order.closed_on_hold", standing.id, {"order": standing.order, "quantity": plain(pieces)})
