"""An order is closed: what it still bears leaves it, and it stands at zero.

What counts is the first `order.closed` after the last `order.reopened` (instants, ties by event id). Under the policy
of the order's release:

*actual* (`output_value`): all the order bears goes to the stock of the item it made, as one receipt:

    amount    = cost given to the order up to the close, less scrap and by-products
    unit cost = amount / good pieces of the last planned operation

With joint products it is divided first: so much percent to some; of the rest by sales value at split-off, quantity x
value of a unit, the product among them. One receipt each; cents by largest remainder, ties by item.

*standard*: the good pieces went to stock with their reports (`rules/output.py`); what is left are the variances against
the standard frozen at release (`sync.costing.variances`), one entry for each cause.

A stock that is kept at standard does not take more than that: what its pieces cost beyond it, or below, is a variance
(`output_cost`).

Either way what happened after the close is *late cost*, a variance of its own: the value of the stock is settled. An
order that closes without a good piece leaves all it bears as a loss (`no_output`). One that makes no item, as a case or
a project, keeps its cost: that is what it is asked for. One that bears nothing, or less than nothing, while it has
pieces to give, waits: their value is unknown, not zero.

Sources: Horngren, Cost Accounting (job costing; disposal of variances); SAP, order settlement; plan comptable général,
art. 213-32 (cost of production, losses beyond normal stay out).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from sync.core.findings import COSTED, Outcome, excluded, held
from sync.core.money import ZERO, allocate, decimal, minor_digits
from sync.core.plant import Distribution, Item, Order, Plant
from sync.core.quantity import legible, plain
from sync.costing import cost_card, variances
from sync.costing.booking import Cause, Side, beyond_standard
from sync.costing.joint import Joint
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
    joint: Sequence[Joint],
    plant: Plant,
    rates: RateTable,
    policies: Policies,
) -> tuple[list[Entry], Outcome]:
    """Entries of a close and what becomes of it. `spent`: all the order bears, output that went to stock with its
    reports among it, but nothing a close made; `reports`: the good reports whose pieces it is about; `joint`: those of
    joint products."""
    if not order.item:
        return [], excluded("fact.noted")
    if order.item not in plant.items:
        return [], held("reference.unknown_item", code=order.item)
    cause = Cause.of(close, plant, policies)
    settle = _Settle(order, cause, plant, tuple(reports), good_output(order, counted))
    if policies.on(order.released_on or cause.day).output_value == "standard":
        return settle.standard(spent, counted, rates, policies)
    return settle.actual(spent, joint, rates)


class _Settle:
    """One close on its way to entries."""

    def __init__(self, order: Order, cause: Cause, plant: Plant, reports: tuple[str, ...], good: Decimal) -> None:
        self.order, self.cause, self.plant, self.reports, self.good = order, cause, plant, reports, good
        self.item = plant.items[order.item]

    def actual(self, spent: Sequence[Spent], joint: Sequence[Joint], rates: RateTable) -> tuple[list[Entry], Outcome]:
        """All of it to stock, at what it cost."""
        late = sum((line.amount for line in spent if line.late), ZERO)
        bears = sum((line.amount for line in spent), ZERO) - late
        entries: list[Entry] = []
        words = f"{_by_element(spent)} = {bears} {self.cause.currency}"
        if self.good > 0 or joint:
            if bears <= 0:
                return [], held("order.no_cost", order=self.order.code)
            shares = self.shares(joint)
            if isinstance(shares, Outcome):
                return [], shares
            for receipt in self.receipts(bears, words, shares, joint):
                entries.append(receipt)
                if receipt.element == "output" and (beyond := self.beyond_standard(receipt, rates)):
                    entries.append(beyond)
        elif bears:
            entries.append(self.variance("no_output", "", bears, f"no good piece: {words}", ""))
        if late:
            entries.append(self.variance("late_cost", "", late, f"{late} {self.cause.currency} after the close", ""))
        return entries, COSTED

    def standard(
        self, spent: Sequence[Spent], counted: Mapping[str, Counted], rates: RateTable, policies: Policies
    ) -> tuple[list[Entry], Outcome]:
        """What is left is a variance, each cause by itself."""
        card = cost_card.of_order(self.plant, self.order, rates, policies)
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

    def beyond_standard(self, receipt: Entry, rates: RateTable) -> Entry | None:
        """What a receipt cost beyond the standard its stock is kept at."""
        item, rule = self.plant.items[receipt.item], (RULE, VERSION)
        return beyond_standard(self.cause, rule, self.order, item, receipt.quantity, receipt.amount, self.plant, rates)

    def shares(self, joint: Sequence[Joint]) -> dict[str, Fraction] | Outcome:
        """The part of the cost each item takes; "" takes what is left for want of good pieces."""
        main = self.item.code if self.good > 0 else ""
        percent: dict[str, Fraction] = {}
        sales: dict[str, Fraction] = {}
        for one in joint:
            if one.share.method == "percent":
                percent[one.item.code] = Fraction(one.share.value) / 100
            else:
                value = Fraction(one.quantity) * Fraction(one.share.value)
                sales[one.item.code] = sales.get(one.item.code, Fraction(0)) + value
        left = 1 - sum(percent.values(), Fraction(0))
        if left < 0:
            over = plain(decimal((1 - left) * 100).normalize())
            return held("by_product.over_100", order=self.order.code, percent=over)
        if sales and main:
            own = self.plant.charges.by_product(main, main, self.cause.day)
            if own is None:
                return held("by_product.no_value", item=main)
            sales[main] = Fraction(self.good) * Fraction(own.value)
        whole = sum(sales.values(), Fraction(0))
        of_rest = {code: value / whole for code, value in sales.items()} if whole else {main: Fraction(1)}
        for code, part in of_rest.items():
            percent[code] = percent.get(code, Fraction(0)) + part * left
        return {code: part for code, part in percent.items() if part or code == main}

    def receipts(
        self, bears: Decimal, words: str, shares: Mapping[str, Fraction], joint: Sequence[Joint]
    ) -> Iterator[Entry]:
        """What each item takes of the cost, as a receipt into its stock."""
        digits = minor_digits(self.cause.currency)
        codes = sorted(shares)
        parts = allocate(int(bears.scaleb(digits)), [shares[code] for code in codes], codes)
        for code, part in zip(codes, parts, strict=True):
            amount = Decimal(part).scaleb(-digits)
            percent = plain(decimal(shares[code] * 100).quantize(Decimal("0.0001")).normalize())
            told = f"{words} x {percent} % = {amount} {self.cause.currency}" if len(codes) > 1 else words
            if not code:
                if amount:
                    yield self.variance("no_output", "", amount, f"no good piece: {told}", "")
            elif code == self.item.code and self.good > 0:
                yield self.receipt(self.item, self.good, amount, told, self.reports)
            else:
                reports = [one for one in joint if one.item.code == code]
                quantity = sum((one.quantity for one in reports), ZERO)
                names = tuple(sorted(one.report for one in reports))
                yield self.receipt(reports[0].item, quantity, amount, told, names)

    def receipt(self, item: Item, quantity: Decimal, amount: Decimal, words: str, reports: tuple[str, ...]) -> Entry:
        """The output of one item as one receipt into stock."""
        unit_cost = decimal(Fraction(amount) / Fraction(quantity))
        per_piece = f" ({plain(quantity)} {item.unit} at {plain(legible(unit_cost))})"
        return self.cause.book(
            (RULE, VERSION),
            "output",
            amount,
            Side(f"order:{self.order.code}", self.accounts("", "")),
            Side(
                f"stock:{item.code}",
                assignment(self.plant.plans, None, day=self.cause.day, element="output", item=item.code),
            ),
            quantity=quantity,
            unit=item.unit,
            formula=words + per_piece,
            more_events=reports,
            order=self.order.code,
            item=item.code,
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
