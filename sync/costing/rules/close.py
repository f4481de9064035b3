"""An order is closed: what it still bears leaves it, and it stands at zero.

What counts is the first `order.closed` after the last `order.reopened` (instants, ties by event id). Under the policy
of the order's release:

*actual* (`output_value`): all the order bears goes to the stock of the item it made, as one receipt:

    amount    = cost given to the order up to the close, less scrap and by-products
    unit cost = amount / good pieces of the last planned operation

*standard*: the good pieces went to stock with their reports (`rules/output.py`); what is left are the variances against
the standard frozen at release (`sync.costing.variances`), one entry for each cause.

Either way what happened after the close is *late cost*, a variance of its own: the value of the stock is settled. An
order that closes without a good piece leaves all it bears as a loss (`no_output`). One that makes no item, as a case or
a project, keeps its cost: that is what it is asked for. One that bears nothing, or less than nothing, while it has
pieces to give, waits: their value is unknown, not zero.

Sources: Horngren, Cost Accounting (job costing; disposal of variances); SAP, order settlement; plan comptable général,
art. 213-32 (cost of production, losses beyond normal stay out).
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from sync.core.findings import COSTED, Outcome, excluded, held
from sync.core.money import ZERO, decimal
from sync.core.plant import Distribution, Order, Plant
from sync.core.quantity import plain
from sync.costing import cost_card, variances
from sync.costing.booking import Cause, Side
from sync.costing.policy import Policies
from sync.costing.rates import RateTable
from sync.costing.spent import Counted, Spent, good_output
from sync.events.order import OrderClosed, OrderReopened
from sync.ledger.accounts import assignment
from sync.ledger.entry import ELEMENTS, Entry

RULE, VERSION = "close", 1

# What the close and the reports before it make of an order's cost.
LEAVING = ("output", "variance")


def in_force(told: Iterable[OrderClosed | OrderReopened]) -> tuple[OrderClosed | None, dict[str, Outcome]]:
    """The close that counts, and what becomes of the other facts of one order."""
    standing: OrderClosed | None = None
    outcomes: dict[str, Outcome] = {}
    for event in sorted(told, key=lambda event: (event.occurred_at, event.id)):
        if isinstance(event, OrderReopened):
            outcomes[event.id] = excluded("fact.noted")
            if standing:
                outcomes[standing.id] = excluded("order.reopened")
            standing = None
        elif standing:
            outcomes[event.id] = excluded("order.closed_before")
        else:
            standing = event
    return standing, outcomes


def cost(
    order: Order,
    close: OrderClosed,
    reports: Sequence[str],
    spent: Sequence[Spent],
    counted: Mapping[str, Counted],
    plant: Plant,
    rates: RateTable,
    policies: Policies,
) -> tuple[list[Entry], Outcome]:
    """Entries of a close and what becomes of it. `spent`: all the order bears, output that went to stock with its
    reports among it, but nothing a close made; `reports`: the good reports whose pieces it is about."""
    if not order.item:
        return [], excluded("fact.noted")
    if order.item not in plant.items:
        return [], held("reference.unknown_item", code=order.item)
    cause = Cause.of(close, plant, policies)
    settle = _Settle(order, cause, plant, tuple(reports), good_output(order, counted))
    if policies.on(order.released_on or cause.day).output_value == "standard":
        return settle.standard(spent, counted, rates)
    return settle.actual(spent)


class _Settle:
    """One close on its way to entries."""

    def __init__(self, order: Order, cause: Cause, plant: Plant, reports: tuple[str, ...], good: Decimal) -> None:
        self.order, self.cause, self.plant, self.reports, self.good = order, cause, plant, reports, good
        self.item = plant.items[order.item]

    def actual(self, spent: Sequence[Spent]) -> tuple[list[Entry], Outcome]:
        """All of it to stock, at what it cost."""
        late = sum((line.amount for line in spent if line.late), ZERO)
        bears = sum((line.amount for line in spent), ZERO) - late
        entries = []
        words = f"{_by_element(spent)} = {bears} {self.cause.currency}"
        if self.good > 0:
            if bears <= 0:
                return [], held("order.no_cost", order=self.order.code)
            unit_cost = decimal(Fraction(bears) / Fraction(self.good))
            entries.append(self.receipt(bears, unit_cost, words))
        elif bears:
            entries.append(self.variance("no_output", "", bears, f"no good piece: {words}", ""))
        if late:
            entries.append(self.variance("late_cost", "", late, f"{late} {self.cause.currency} after the close", ""))
        return entries, COSTED

    def standard(
        self, spent: Sequence[Spent], counted: Mapping[str, Counted], rates: RateTable
    ) -> tuple[list[Entry], Outcome]:
        """What is left is a variance, each cause by itself."""
        card = cost_card.of_order(self.plant, self.order, rates)
        if isinstance(card, Outcome):
            return [], card
        if incomplete := card.incomplete():
            return [], incomplete
        credited = -sum((line.amount for line in spent if line.element == "output"), ZERO)
        given = [line for line in spent if line.element not in LEAVING]
        split = variances.split(self.order, card, given, counted, self.cause.policy, credited=credited)
        return [
            self.variance(
                part.category, part.operation, part.amount, part.formula, part.source, part.element, part.item
            )
            for part in split
        ], COSTED

    def receipt(self, amount: Decimal, unit_cost: Decimal, words: str) -> Entry:
        """The whole output as one receipt into stock."""
        per_piece = f" ({plain(self.good)} {self.item.unit} at {plain(unit_cost.quantize(Decimal('0.000001')))})"
        return self.cause.book(
            (RULE, VERSION),
            "output",
            amount,
            Side(f"order:{self.order.code}", self.accounts("", "")),
            Side(
                f"stock:{self.item.code}",
                assignment(self.plant.plans, None, day=self.cause.day, element="output", item=self.item.code),
            ),
            quantity=self.good,
            unit=self.item.unit,
            formula=words + per_piece,
            more_events=self.reports,
            order=self.order.code,
            item=self.item.code,
            activity="closed",
            rate=unit_cost,
        )

    def variance(
        self,
        category: str,
        operation: str,
        amount: Decimal,
        formula: str,
        source: str,
        element: str = "",
        item: str = "",
    ) -> Entry:
        """From the order to its cause; a favourable one the other way round. `element`: the cost it differs in."""
        center = step.work_center if (step := self.order.operation(operation)) else ""
        return self.cause.book(
            (RULE, VERSION),
            "variance",
            amount,
            Side(f"order:{self.order.code}", self.accounts("", center)),
            Side(f"variance:{category}", self.accounts("variance", center)),
            quantity=self.good,
            unit=self.item.unit,
            formula=formula,
            order=self.order.code,
            operation=operation,
            item=item,
            work_center=center,
            activity=f"{category}:{element}" if element else category,
            rate_id=source,
        )

    def accounts(self, element: str, center: str) -> Distribution:
        return assignment(
            self.plant.plans,
            self.order,
            day=self.cause.day,
            element=element,
            department=self.plant.department_of(center),
            work_center=center,
        )


def _by_element(spent: Iterable[Spent]) -> str:
    """ "labor 120.00 + machine 30.00 - scrap 4.00", what was late aside."""
    totals: dict[str, Decimal] = {}
    for line in spent:
        if not line.late:
            totals[line.element] = totals.get(line.element, ZERO) + line.amount
    words = ""
    for element in ELEMENTS:
        if amount := totals.get(element):
            sign = " - " if amount < 0 else " + " if words else ""
            words += f"{sign}{element} {abs(amount)}"
    return words or "0"
