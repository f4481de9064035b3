"""Orders that wait for each other's cost: each of them draws, in one month, what another of them gives to stock at the
average of that month.

With an average after each receipt, or first in, first out, cost follows time: an order that is closed gives to those
that draw later. With an average of the month (`period_average`) an order draws at a price that its own output, or that
of an order which draws from it, is part of. No figure comes out of that which is more than a convention, so none is
invented: the closes of such orders are held, and name each other. Value one of the items by another method, give its
orders another policy (`output_value` standard), or close one of them in the next month.

    P -> Q    P is closed in the month and gives item X at its actual cost;
              Q, closed in the same month, drew X by then: after the close of P, or anywhere in that month where X has
              a month's average

A loop is a set of orders that can all be reached from each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, field
from datetime import date

from sync.core.clock import local_date, month_of
from sync.core.plant import Plant
from sync.costing.policy import Policies
from sync.costing.rules import backflush, close
from sync.costing.valuation import AT_COST, period_average
from sync.events.base import Event
from sync.events.material import MaterialConsumed, MaterialReturned
from sync.events.order import OrderClosed, OrderReopened
from sync.events.output import ByProductReported

# order -> all orders of its loop, itself among them
Loops = Mapping[str, tuple[str, ...]]


class Unsettled(Exception):
    """Orders that change each other without end: a defect of a rule, never of the facts. Raised so that no figure that
    is not finished is taken for one."""

    def __init__(self, orders: Iterable[str]) -> None:
        super().__init__(f"the cost of these orders does not settle: {', '.join(sorted(orders))}")


def most_rounds(orders: Sized) -> int:
    """How often these orders can be costed in turn until nothing changes any more: what one gives at cost it gives with
    its close, once, and loops are held; so no way from order to order is longer than there are orders. One round more
    finds that out, and one is for the facts that began it."""
    return len(orders) + 2


@dataclass(slots=True)
class Maker:
    """An order that is closed and gives items at actual cost."""

    order: str
    closed_at: int
    month: str
    items: set[str] = field(default_factory=set)


def makers(facts: Iterable[Event], plant: Plant, policies: Policies) -> list[Maker]:
    """The closed orders among these facts, which count, that give an item carried at cost what they cost."""
    lifecycle: dict[str, list[OrderClosed | OrderReopened]] = defaultdict(list)
    beside: dict[str, set[str]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact, (OrderClosed, OrderReopened)):
            lifecycle[fact.order].append(fact)
        elif isinstance(fact, ByProductReported):
            beside[fact.order].add(fact.item)
    found = []
    for code in sorted(lifecycle):
        order, (standing, _) = plant.orders.get(code), close.in_force(lifecycle[code])
        if order is None or standing is None:
            continue
        day = local_date(standing.occurred_at, plant.site.zone)
        if policies.on(order.released_on or day).output_value != "actual":
            continue
        items = {order.item, *(item for item in beside[code] if _shares(plant, order.item, item, day))}
        carried = {item for item in items if item in plant.items and plant.items[item].valuation in AT_COST}
        if carried:
            found.append(Maker(code, standing.occurred_at, month_of(day), carried))
    return found


def _shares(plant: Plant, item: str, by_product: str, day: date) -> bool:
    """Whether a by-product takes a share of its order's cost, and not a value of its own."""
    share = plant.charges.by_product(item, by_product, day)
    return share is not None and share.method != "net_value"


def find(facts: Iterable[Event], plant: Plant, policies: Policies) -> Loops:
    """The loops among orders, by the facts that count: closes, movements, by-products and, where reports draw material,
    reports."""
    facts = list(facts)
    made = makers(facts, plant, policies)
    averaged = {item for item, of in plant.items.items() if of.valuation == period_average.NAME}
    months = {one.month for one in made if one.items & averaged}
    made = [one for one in made if one.month in months]
    if not made:
        return {}
    drawn: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for fact in facts:
        if isinstance(fact, (MaterialConsumed, MaterialReturned)):
            drawn[fact.order].append((fact.item, fact.occurred_at))
    for draw in backflush.draws(facts, plant):
        drawn[draw.report.order].append((draw.component.item, draw.report.occurred_at))
    edges: dict[str, set[str]] = {one.order: set() for one in made}
    for giver in made:
        for taker in made:
            if giver.month == taker.month and any(
                item in giver.items
                and at <= taker.closed_at
                and (_month(at, plant) == giver.month if item in averaged else at > giver.closed_at)
                for item, at in drawn[taker.order]
            ):
                edges[giver.order].add(taker.order)
    return _loops(edges)


def _month(instant: int, plant: Plant) -> str:
    return month_of(local_date(instant, plant.site.zone))


def _loops(edges: Mapping[str, set[str]]) -> Loops:
    """Sets of orders that can all be reached from each other."""
    reached: dict[str, set[str]] = {}
    for order in edges:
        found, ahead = set[str](), [order]
        while ahead:
            for taker in edges[ahead.pop()] - found:
                found.add(taker)
                ahead.append(taker)
        reached[order] = found
    return {
        order: tuple(sorted(other for other in found if order in reached[other]))
        for order, found in reached.items()
        if order in found
    }
