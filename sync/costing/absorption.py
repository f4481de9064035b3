"""What a pool of overhead was charged to orders in a month, beside its budget and what was really spent on it.

    absorbed     credits of the pool by its rule: hours x rate, or money x percent, as booked
    actual       what declared operations and general entries put on `overhead:POOL`; unknown when there is none
    budget       fixed cost of the month, that normal capacity carries

    spending     actual - (variable absorbed + budget)               écart sur budget
    volume       budget - fixed absorbed: capacity not used          écart sur activité
    efficiency   absorbed - standard of the good output              écart sur rendement

    actual - absorbed = spending + volume;   actual - standard of good output = spending + volume + efficiency

Above zero is unfavourable, as everywhere. When the actual cost is unknown there is no spending variance and no balance
of the pool: none is invented. Efficiency is only told where every order that bears the pool has a complete cost card.

Management view, imputation rationnelle des charges fixes:

    difference = fixed x (1 - actual activity / normal activity)     above zero: cost of under-activity (mali)
                                                                     below zero: gain of over-activity (boni)

Financial view, IAS 2.13: the fixed rate of a month is fixed / the larger of normal and actual activity. What too little
activity leaves over is an expense of the period; over-activity lowers the rate, so that stock is never worth more than
it cost, and what orders were charged beyond that (`over_absorbed`) is to be taken back. The ledger holds the management
view; this is shown beside it.

`fixed` is the actual cost of a pool that has no variable part, else its budget. A pool charged in several places is
one: its budgets and capacities add up. In force is what is on the last day of the month. A month in which nothing was
charged and nothing spent, between two in which something was, has its budget all the same: all of it is not used.

Sources: Horngren, Cost Accounting, ch. 8; IAS 2.12-14; plan comptable général, art. 213-32 (sous-activité); Conseil
national de la comptabilité, imputation rationnelle.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sync.core.charges import Charges, Overhead, latest
from sync.core.clock import local_date, month_of
from sync.core.findings import Outcome
from sync.core.money import ZERO, round_money
from sync.core.quantity import MILLISECONDS_PER_HOUR
from sync.costing import cost_card
from sync.costing.cost_card import CostCard
from sync.costing.engine import Terms, knowing
from sync.costing.place import resolve_labels
from sync.costing.rules import output, overhead
from sync.costing.scope import effective
from sync.events.base import Event
from sync.events.output import OutputReported

Content = Mapping[str, Any]
Place = tuple[str, str]  # pool, period


@dataclass(frozen=True, slots=True)
class Rational:
    """Fixed cost by activity: what activity took, and what it left (above zero) or took too much."""

    coefficient: Fraction
    fixed: Decimal
    imputed: Decimal

    @property
    def difference(self) -> Decimal:
        return self.fixed - self.imputed


@dataclass(frozen=True, slots=True)
class Financial:
    """IAS 2: `rate` of one unit of the driver, what of the fixed cost stock may hold, what is an expense of the period,
    and what orders were charged too much."""

    rate: Fraction
    absorbed: Decimal
    expensed: Decimal
    over_absorbed: Decimal


@dataclass(frozen=True, slots=True)
class Absorbed:
    """A pool in a month. None: unknown. `quantity`: of its driver, in hours or in money."""

    pool: str
    period: str
    driver: str
    quantity: Fraction
    variable: Decimal
    fixed: Decimal
    actual: Decimal | None
    budget: Decimal | None
    normal: Decimal | None
    standard: Decimal | None = None
    rational: Rational | None = None
    financial: Financial | None = None

    @property
    def absorbed(self) -> Decimal:
        return self.variable + self.fixed

    @property
    def balance(self) -> Decimal | None:
        """Above zero: under-absorbed."""
        return None if self.actual is None else self.actual - self.absorbed

    @property
    def spending(self) -> Decimal | None:
        if self.actual is None or (self.budget is None and self.fixed):
            return None
        return self.actual - self.variable - (self.budget or ZERO)

    @property
    def volume(self) -> Decimal | None:
        return None if self.budget is None else self.budget - self.fixed

    @property
    def efficiency(self) -> Decimal | None:
        return None if self.standard is None else self.absorbed - self.standard


def by_pool(
    contents: Iterable[Content], charges: Charges, currency: str, standards: Mapping[Place, Decimal | None]
) -> list[Absorbed]:
    """Every pool in every month in which it was charged or spent on, and in the idle ones between that had a budget.
    `contents`: those of all entries in force; `standards`: what good output takes over by its cost cards; see
    `standard_of_output`."""
    charged: dict[Place, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    quantities: dict[Place, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    spent: dict[Place, Decimal] = {}
    known = {one.pool for one in charges.overheads}
    for content in contents:
        for line in content["postings"]:
            kind, _, pool = line["object"].partition(":")
            if kind != "overhead" or pool not in known:
                continue
            amount = Decimal(line["amount"]) if line["side"] == "debit" else -Decimal(line["amount"])
            place = pool, content["period"]
            if content["rule"] != overhead.RULE:
                spent[place] = spent.get(place, ZERO) + amount
                continue
            nature = content["activity"]
            charged[place][nature] -= amount
            share = Fraction(Decimal(line["amount"])) / Fraction(Decimal(content["amount"]))
            quantities[place][nature] += _units(content) * share * (1 if amount < 0 else -1)
    return [
        _absorbed(place, charged[place], quantities[place], spent.get(place), charges, currency, standards)
        for place in sorted({*charged, *spent, *_idle({*charged, *spent}, charges)})
    ]


def _idle(told: set[Place], charges: Charges) -> Iterator[Place]:
    """The months of a pool between its first and its last in which it had a budget and nothing happened."""
    for pool in {pool for pool, _ in told}:
        months = sorted(month for of, month in told if of == pool)
        month = months[0]
        while (month := _next(month)) < months[-1]:
            if (pool, month) not in told and any(
                one.pool == pool and one.nature == "fixed" and one.budget and one.normal_capacity
                for one in _in_force(charges, month)
            ):
                yield pool, month


def _next(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def _units(content: Content) -> Fraction:
    """Of the driver: hours, or money."""
    quantity = Fraction(Decimal(content["quantity"]))
    return quantity / MILLISECONDS_PER_HOUR if content["unit"] == "ms" else quantity


def _absorbed(
    place: Place,
    charged: Mapping[str, Decimal],
    quantities: Mapping[str, Fraction],
    actual: Decimal | None,
    charges: Charges,
    currency: str,
    standards: Mapping[Place, Decimal | None],
) -> Absorbed:
    pool, period = place
    in_force = [one for one in _in_force(charges, period) if one.pool == pool]
    fixed_rates = [one for one in in_force if one.nature == "fixed"]
    planned = [one for one in fixed_rates if one.budget and one.normal_capacity]
    budget = sum((one.budget for one in planned), ZERO) if planned else None
    normal = sum((one.normal_capacity for one in planned), ZERO) if planned else None
    quantity = quantities.get("fixed") or quantities.get("variable") or Fraction(0)
    fixed = round_money(charged.get("fixed", ZERO), currency)
    told = Absorbed(
        pool,
        period,
        next((one.driver for one in (*fixed_rates, *in_force)), ""),
        quantity,
        round_money(charged.get("variable", ZERO), currency),
        fixed,
        actual,
        None if budget is None else round_money(budget, currency),
        normal,
        standards.get(place),
    )
    if told.budget is None or normal is None:
        return told
    only_fixed = all(one.nature == "fixed" for one in in_force)
    cost = actual if actual is not None and only_fixed else told.budget
    coefficient = quantity / Fraction(normal)
    rational = Rational(coefficient, cost, round_money(Fraction(cost) * coefficient, currency))
    rate = Fraction(cost) / max(Fraction(normal), quantity)
    held = round_money(rate * quantity, currency)
    financial = Financial(rate, held, cost - held, max(fixed - held, ZERO))
    return Absorbed(
        told.pool, told.period, told.driver, told.quantity, told.variable, told.fixed, told.actual, told.budget,
        told.normal, told.standard, rational, financial,
    )  # fmt: skip


def _in_force(charges: Charges, period: str) -> list[Overhead]:
    year, month = int(period[:4]), int(period[5:])
    last = date(year, month, monthrange(year, month)[1])
    return latest(charges.overheads, last, lambda one: (one.pool, one.nature, one.subject))


def standard_of_output(
    facts: Iterable[Event], contents: Iterable[Content], terms: Terms
) -> dict[Place, Decimal | None]:
    """What the good pieces of each month take over of each pool, by the cost cards of their orders; None where an order
    that bears the pool in that month has no complete card."""
    if not terms.plant.charges.overheads:
        return {}
    counting = effective(resolve_labels(fact, terms.plant.codes) for fact in facts).events
    terms = knowing(counting, terms)
    plant, currency = terms.plant, terms.plant.site.currency
    cards: dict[str, CostCard | Outcome] = {}

    def card_of(code: str) -> CostCard | None:
        if code not in cards:
            cards[code] = cost_card.of_order(plant, plant.orders[code], terms.rates, terms.policies)
        card = cards[code]
        return card if isinstance(card, CostCard) and not card.unknown else None

    exact: dict[Place, Fraction] = defaultdict(Fraction)
    unknown: set[Place] = set()
    for content in contents:
        if content["rule"] == overhead.RULE:
            place = content["item"], content["period"]
            exact[place] += 0
            if card_of(content["order"]) is None:
                unknown.add(place)
    for event in counting:
        order = plant.orders.get(event.order) if isinstance(event, OutputReported) else None
        if order is None or not isinstance(event, OutputReported) or not output.is_output(order, event.operation):
            continue
        card = card_of(order.code)
        period = month_of(local_date(event.occurred_at, plant.site.zone))
        for line in card.lines if card else ():
            if line.element == "overhead" and line.price is not None:
                exact[line.item, period] += card.absorbed(line, event.quantity) * line.price if card else 0
    return {place: None if place in unknown else round_money(amount, currency) for place, amount in exact.items()}
