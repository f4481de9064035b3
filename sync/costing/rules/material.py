"""Material: receipts, issues to orders and returns, valued at standard or at moving average.

*Standard*: every movement at the item's standard cost of its day; what a receipt cost more or less is the material
price variance, taken at purchase.

    amount = quantity in base units x standard cost, rounded once

*Moving average* (CUMP après chaque entrée, French chart of accounts 213-34): the stock is a quantity and a value;
a receipt adds both, an issue or return takes its share of the value.

    amount = quantity x value / stock quantity, rounded once;  an issue that empties the stock takes its whole value

An issue beyond the stock is costed at the last known unit cost and flagged. A shortage is worth its quantity at the
last cost, so the receipt that fills it, wholly or in part, corrects what was issued at another cost in an entry of its
own; a return that ends it corrects the odd cents likewise. So an empty stock has no value and a stock that is there is
never worth less than nothing. Movements of an item are valued in the order of their instants (ties by event id), so a
receipt that is told late revalues what follows it.

Stock gives the material (credit), the order receives it (debit).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction

from sync.core.clock import local_date, month_of
from sync.core.findings import COSTED, Finding, Outcome, held
from sync.core.money import ARITHMETIC, MOST, ZERO, decimal, round_money
from sync.core.plant import Item, Plant
from sync.core.quantity import convert, plain
from sync.costing.place import Place, locate
from sync.costing.policy import Policies
from sync.costing.rates import RateTable
from sync.events.base import Event
from sync.events.material import MaterialConsumed, MaterialReceived, MaterialReturned
from sync.ledger.accounts import assignment, postings, transfer
from sync.ledger.entry import Entry

RULE, VERSION = "material", 1

# The last cost is a quotient of 34 digits; 28 of them are sure, so that a tie at half a cent stays one.
SURE = Context(prec=28)
# What division of units (seconds of an hour) may leave of nothing.
RESIDUE = Decimal("0.000000001")

Movement = MaterialReceived | MaterialConsumed | MaterialReturned


@dataclass(frozen=True, slots=True)
class Stock:
    """An item at moving average: `quantity` in base units, `value` in money; `last_cost` of one unit when known."""

    quantity: Decimal = ZERO
    value: Decimal = ZERO
    last_cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class State:
    """The stock of an item after the movement `event_id`: where a later replay may begin."""

    item: str
    occurred_at: int
    event_id: str
    stock: Stock


@dataclass(slots=True)
class Valued:
    """What the movements of some items come to."""

    entries: list[Entry]
    outcomes: dict[str, Outcome]
    findings: list[Finding]
    states: list[State]


def cost(
    movements: Iterable[Movement], plant: Plant, rates: RateTable, policies: Policies, opening: Mapping[str, Stock]
) -> Valued:
    """Value movements. For an item at moving average they must be all of that item's after its `opening` stock."""
    valued = Valued([], {}, [], [])
    by_item: dict[str, list[Movement]] = defaultdict(list)
    for movement in movements:
        by_item[movement.item].append(movement)
    for code in sorted(by_item):
        item = plant.items.get(code)
        stock = opening.get(code, Stock())
        for movement in sorted(by_item[code], key=lambda movement: (movement.occurred_at, movement.id)):
            if item is None:
                valued.outcomes[movement.id] = held("reference.unknown_item", code=code)
                continue
            move = _Move(movement, item, plant, policies)
            outcome = move.standard(rates, valued) if item.valuation == "standard" else move.average(stock, valued)
            if isinstance(outcome, Stock):
                stock = outcome
                valued.states.append(State(code, movement.occurred_at, movement.id, stock))
                outcome = COSTED
            valued.outcomes[movement.id] = outcome
    return valued


class _Move:
    """One movement of one item, on its way to entries."""

    def __init__(self, movement: Movement, item: Item, plant: Plant, policies: Policies) -> None:
        self.movement, self.item, self.plant = movement, item, plant
        self.day = local_date(movement.occurred_at, plant.site.zone)
        self.policy = policies.on(self.day)
        self.currency = plant.site.currency
        self.quantity = convert(movement.quantity, movement.unit, item.unit, item.units)
        self.no_conversion = held("unit.no_conversion", unit=movement.unit, item=item.code, base=item.unit)

    def place(self) -> Place | Outcome | None:
        """The order that takes or returns the material; None for a receipt."""
        if isinstance(self.movement, MaterialReceived):
            return None
        return locate(self.plant, self.movement.order, self.movement.operation)

    def standard(self, rates: RateTable, valued: Valued) -> Outcome:
        """At the standard cost of the day."""
        if self.quantity is None:
            return self.no_conversion
        place = self.place()
        if isinstance(place, Outcome):
            return place
        rate = rates.find("standard_cost", "item", self.item.code, self.day)
        if rate is None:
            return held("rate.missing", kind="standard_cost", subject=self.item.code, date=self.day.isoformat())
        if large := self.too_large(self.quantity, self.item.unit, rate.amount):
            return large
        amount = round_money(ARITHMETIC.multiply(self.quantity, rate.amount), self.currency)
        rate_id = f"{rate.id}/{rate.version}"
        valued.entries.append(self.entry(place, self.quantity, rate.amount, rate_id, amount))
        if isinstance(self.movement, MaterialReceived):
            paid = self.paid()
            if isinstance(paid, Outcome):
                return paid
            if paid != amount:
                valued.entries.append(self.price_variance(paid - amount, paid, amount))
        return COSTED

    def average(self, stock: Stock, valued: Valued) -> Stock | Outcome:
        """At moving average: the stock after the movement."""
        if self.quantity is None:
            return self.no_conversion
        place = self.place()
        if isinstance(place, Outcome):
            return place
        if isinstance(self.movement, MaterialReceived):
            return self.received(stock, valued)
        unit_cost = _unit_cost(stock)
        if unit_cost is None:
            return held("stock.no_unit_cost", item=self.item.code, date=self.day.isoformat())
        if large := self.too_large(self.quantity, self.item.unit, unit_cost):
            return large
        amount = self.share(stock, self.quantity, unit_cost)
        if isinstance(self.movement, MaterialReturned):
            after = Stock(stock.quantity + self.quantity, stock.value + amount, unit_cost)
            valued.entries.append(self.entry(place, self.quantity, unit_cost, "", amount, stock))
            return self.filled(after, valued) if stock.quantity < 0 <= after.quantity else after
        left = stock.quantity - self.quantity
        if abs(left) < RESIDUE:
            left, amount = ZERO, stock.value
        if left < 0:
            valued.findings.append(Finding("stock.negative", self.movement.id, {"item": self.item.code}))
        valued.entries.append(self.entry(place, self.quantity, unit_cost, "", amount, stock))
        return Stock(left, stock.value - amount, unit_cost)

    def received(self, stock: Stock, valued: Valued) -> Stock | Outcome:
        """A receipt; when the stock was negative, it also corrects what was issued at the last cost."""
        paid = self.paid()
        if isinstance(paid, Outcome):
            return paid
        assert self.quantity is not None
        unit_cost = ARITHMETIC.divide(paid, self.quantity)
        valued.entries.append(self.entry(None, self.quantity, unit_cost, "", paid))
        after = Stock(stock.quantity + self.quantity, stock.value + paid, unit_cost)
        return self.filled(after, valued) if stock.quantity < 0 else after

    def paid(self) -> Decimal | Outcome:
        """What a receipt cost."""
        assert isinstance(self.movement, MaterialReceived)
        quantity, unit_cost = self.movement.quantity, self.movement.unit_cost
        large = self.too_large(quantity, self.movement.unit, unit_cost)
        return large or round_money(ARITHMETIC.multiply(quantity, unit_cost), self.currency)

    def too_large(self, quantity: Decimal, unit: str, unit_cost: Decimal) -> Outcome | None:
        """Held, when no ledger could book it."""
        if ARITHMETIC.multiply(quantity, unit_cost) < MOST:
            return None
        words = {"quantity": plain(quantity), "unit": unit, "unit_cost": plain(unit_cost)}
        return held("amount.too_large", **words)

    def share(self, stock: Stock, quantity: Decimal, unit_cost: Decimal) -> Decimal:
        """What `quantity` of a stock is worth: its part of the value, or the last cost when there is no stock."""
        if stock.quantity > 0:
            return round_money(Fraction(quantity) * Fraction(stock.value) / Fraction(stock.quantity), self.currency)
        return self.at_last_cost(quantity, unit_cost)

    def at_last_cost(self, quantity: Decimal, unit_cost: Decimal) -> Decimal:
        return round_money(SURE.multiply(quantity, unit_cost), self.currency)

    def filled(self, stock: Stock, valued: Valued) -> Stock:
        """The stock after what filled a shortage, worth its quantity at the last cost; the difference is a variance."""
        assert stock.last_cost is not None
        right = self.at_last_cost(stock.quantity, stock.last_cost)
        if stock.value != right:
            valued.entries.append(self.shortage_variance(stock.value - right))
        return Stock(stock.quantity, right, stock.last_cost)

    def entry(
        self,
        place: Place | None,
        quantity: Decimal,
        unit_cost: Decimal,
        rate_id: str,
        amount: Decimal,
        of: Stock | None = None,
    ) -> Entry:
        """Stock to order, order to stock, or supplier to stock; `of`: the stock whose average is the price."""
        stock = f"stock:{self.item.code}"
        if place is None:
            sender, receiver = self.source(), stock
        elif isinstance(self.movement, MaterialReturned):
            sender, receiver = f"order:{place.order.code}", stock
        else:
            sender, receiver = stock, f"order:{place.order.code}"
        unit = self.item.unit
        price = f"{_shown(unit_cost)} {self.currency}/{unit}"
        if of is not None and of.quantity > 0:
            price = f"{of.value} {self.currency} / {plain(of.quantity)} {unit}"
        formula = f"{plain(quantity)} {unit} x {price} = {amount} {self.currency}"
        return self.build(place, sender, receiver, amount, quantity, unit_cost, rate_id, formula)

    def price_variance(self, difference: Decimal, paid: Decimal, standard: Decimal) -> Entry:
        """What a receipt cost above (or below) standard, taken at purchase."""
        formula = f"{paid} {self.currency} paid - {standard} {self.currency} at standard = {difference} {self.currency}"
        return self.variance(difference, self.source(), "variance:material_price", formula)

    def source(self) -> str:
        """Who gives what is received: a supplier, or the books before these."""
        return "opening:" if getattr(self.movement, "opening", None) else "supplier:"

    def shortage_variance(self, difference: Decimal) -> Entry:
        """What was issued at the last cost while the stock was negative, corrected by the receipt's cost."""
        formula = f"issued before receipt at the last cost: {difference} {self.currency} of difference"
        return self.variance(difference, f"stock:{self.item.code}", "variance:negative_stock", formula)

    def variance(self, difference: Decimal, sender: str, receiver: str, formula: str) -> Entry:
        if difference < 0:
            sender, receiver = receiver, sender
        return self.build(None, sender, receiver, abs(difference), ZERO, None, "", formula)

    def build(
        self,
        place: Place | None,
        sender: str,
        receiver: str,
        amount: Decimal,
        quantity: Decimal,
        unit_cost: Decimal | None,
        rate_id: str,
        formula: str,
    ) -> Entry:
        center = place.work_center if place else ""
        department = self.plant.department_of(center)
        order = place.order if place else None
        accounts = assignment(self.plant.plans, order, day=self.day, element="material", department=department,
                              work_center=center, item=self.item.code)  # fmt: skip
        stock_accounts = assignment(self.plant.plans, None, day=self.day, element="material", item=self.item.code)
        from_order = sender.startswith("order:")
        credit = accounts if from_order else stock_accounts
        debit = accounts if receiver.startswith("order:") else stock_accounts
        return Entry(
            scope=self.movement.id,
            rule=RULE,
            rule_version=VERSION,
            element="material",
            occurred_at=self.movement.occurred_at,
            occurred_on=self.day,
            period=month_of(self.day),
            quantity=quantity,
            unit=self.item.unit,
            amount=amount,
            currency=self.currency,
            provenance=self.movement.provenance,
            events=(self.movement.id,),
            policy=self.policy.version,
            formula=formula,
            postings=transfer(
                postings("credit", sender, amount, credit, self.currency),
                postings("debit", receiver, amount, debit, self.currency),
            ),
            order=order.code if order else "",
            operation=place.operation if place else "",
            item=self.item.code,
            work_center=center,
            activity=self.movement.type.partition(".")[2],
            rate=unit_cost,
            rate_id=rate_id,
        )


def _shown(unit_cost: Decimal) -> str:
    """For a formula: no more than six decimals; the entry's `rate` has them all."""
    exact = plain(unit_cost)
    return exact if len(exact.partition(".")[2]) <= 6 else plain(unit_cost.quantize(Decimal("0.000001")))


def _unit_cost(stock: Stock) -> Decimal | None:
    if stock.quantity > 0:
        return decimal(Fraction(stock.value) / Fraction(stock.quantity))
    return stock.last_cost


def is_movement(event: Event) -> bool:
    return isinstance(event, (MaterialReceived, MaterialConsumed, MaterialReturned))
