"""What an order ought to cost while it runs, and what its hours are worth at published rates.

The standard is the order's cost card (`sync.costing.cost_card`): the one frozen at release, or, while nothing is
frozen, that of its own operations and components at the prices of a day.

*Planned* is the standard of the whole order, with one setup. *Earned* is the standard of what was made so far: for
each operation the pieces that passed it and were not scrapped later, with what the card lets be lost on the way; its
setup as soon as it has begun. So actual cost, from which scrap was moved out, and earned standard are about the same
pieces:

    earned quantity at k = quantity in a good piece of the order
                           x sum over the operations m from k on of
                             pieces that passed m and no later one x part of them the card lets become good

Amounts are rounded once for each operation and element. A price nobody has given is an `Unknown`, and the amounts stand
without it: never is it taken for zero in silence.

When the order is closed, its standard is that of the good output, setup by the lot, and what is left is split by cause
(`sync.costing.variances`).

Whoever may not see wages sees hours at the published rate (`at_published_rates`): what differs from the standard then
is time, never pay.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sync.core.money import ARITHMETIC, ZERO, decimal, round_money, round_ratio
from sync.core.plant import Order
from sync.core.quantity import MILLISECONDS_PER_HOUR
from sync.costing.cost_card import PER_HOUR, CardLine, CostCard, Unknown
from sync.costing.rates import RateTable
from sync.costing.spent import LEAVING, Counted, Spent, earned_pieces, first_operation, good_output
from sync.ledger.entry import ELEMENTS

# Paid by the hour of a person.
HOURLY = ("labor", "setup", "rework")
# Carry no wage: what they cost may be shown to everybody who may see money at all.
WAGE_FREE = ("machine", "material", "subcontracting")


@dataclass(frozen=True, slots=True)
class Line:
    """Standard cost of one element of one operation ("" = the order as a whole); `hours` where time is paid."""

    operation: str
    element: str
    amount: Decimal
    hours: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Standard:
    """Lines of what ought to be, and the prices that are missing in them."""

    lines: tuple[Line, ...] = ()
    unknown: frozenset[Unknown] = frozenset()


def planned(card: CostCard, order: Order) -> Standard:
    """The standard of the whole order: all its pieces, one setup."""
    return _standard(card, lambda line: Fraction(order.quantity) if line.per == "piece" else Fraction(1))


def earned(card: CostCard, order: Order, counted: Mapping[str, Counted], begun: Collection[str]) -> Standard:
    """The standard of what was made so far; `begun`: operations with any time or piece on them."""
    pieces = allowed_pieces(card, order, counted)
    # What names no operation goes in at the first one.
    first = pieces.get(first_operation(order), Fraction(good_output(order, counted)))

    def count(line: CardLine) -> Fraction:
        if line.per == "lot":
            return Fraction(line.operation in begun if line.operation else bool(begun))
        return pieces.get(line.operation, first)

    return _standard(card, count)


def allowed_pieces(card: CostCard, order: Order, counted: Mapping[str, Counted]) -> dict[str, Fraction]:
    """By operation, good pieces of the whole order that stand for what was made there: a piece on its way counts as the
    part the card lets become good."""
    here, yields = earned_pieces(order, counted), dict(card.yields)
    found: dict[str, Fraction] = {}
    further, becoming, total = ZERO, Fraction(1), Fraction(0)
    for step in reversed(order.operations):
        total += Fraction(here[step.number] - further) * becoming
        found[step.number] = total
        further = here[step.number]
        becoming *= yields.get(step.number, 1)
    return found


def without_overhead(standard: Standard) -> Standard:
    """The standard of what is shown where overhead is not."""
    return replace(standard, lines=tuple(line for line in standard.lines if line.element != "overhead"))


def _standard(card: CostCard, count: Callable[[CardLine], Fraction]) -> Standard:
    """The lines of a card, each as many times as `count` says."""
    amounts: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    hours: dict[tuple[str, str, str], Fraction] = defaultdict(Fraction)
    for line in card.lines:
        times = count(line)
        if not times or (line.price is None and line.element not in PER_HOUR):
            continue
        place = line.operation, line.element, line.item
        amounts[place] += line.cost * times
        hours[place] += line.quantity * times if line.element in PER_HOUR else 0
    lines = tuple(
        Line(operation, element, round_money(amount, card.currency), decimal(hours[operation, element, item]))
        for (operation, element, item), amount in amounts.items()
    )
    return Standard(lines, card.unknown)


def at_published_rates(
    spent: Iterable[Spent], rates: RateTable, day: date, currency: str, *, overhead: bool = False
) -> tuple[list[Spent], frozenset[Unknown]]:
    """What an order bears, without anything a wage could be read from: hours at the published standard labor rate of
    their work center, machine and material as they are, and `overhead` where it is charged by hours. Everything else
    (scrap, overhead by money) is left out, because actual labor is part of it; the caller adds scrap costed again on
    these amounts, and puts material that other orders made at its standard."""
    shown: list[Spent] = []
    unknown: set[Unknown] = set()
    for line in spent:
        if line.element in WAGE_FREE or (overhead and line.element == "overhead"):
            shown.append(line)
        elif line.element in HOURLY:
            rate = rates.find("standard_labor", "work_center", line.work_center, day) if line.work_center else None
            amount = ZERO
            if rate:
                hours = Decimal(line.milliseconds)
                amount = round_ratio(ARITHMETIC.multiply(hours, rate.amount), MILLISECONDS_PER_HOUR, currency)
            elif line.milliseconds:
                unknown.add(Unknown("standard_labor", line.work_center))
            shown.append(replace(line, amount=amount))
    return shown, frozenset(unknown)


# --- actual beside standard --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Against:
    """Actual cost beside the standard, of an element, an operation or all of an order. Hours are hours of people for
    labor elements and sums, of machines for the element `machine`."""

    actual: Decimal = ZERO
    earned: Decimal = ZERO
    planned: Decimal = ZERO
    hours: Decimal = ZERO
    earned_hours: Decimal = ZERO
    planned_hours: Decimal = ZERO

    @property
    def variance(self) -> Decimal:
        """Actual less earned standard: above zero is worse."""
        return self.actual - self.earned


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an order will have cost when all of it is made (estimate at completion, as in earned value):

    by_standard  actual + standard of what is still to be made: the rest goes as planned
    at_this_pace actual x planned / earned: the rest goes as it went so far; None while nothing is earned
    """

    by_standard: Decimal
    at_this_pace: Decimal | None


def forecast(total: Against, currency: str) -> Forecast | None:
    """None without a standard, and when what was planned is made: then nothing is left to be told."""
    if total.planned <= 0 or total.earned >= total.planned:
        return None
    pace = None
    if total.earned > 0 and total.actual > 0:
        pace = round_money(Fraction(total.actual) * Fraction(total.planned) / Fraction(total.earned), currency)
    return Forecast(total.actual + total.planned - total.earned, pace)


@dataclass(slots=True)
class Comparison:
    """An order's cost built up by element and by operation, against its standard."""

    elements: dict[str, Against] = field(default_factory=dict)
    operations: dict[str, Against] = field(default_factory=dict)
    total: Against = field(default_factory=Against)
    # provenance -> share of the money that went in, 0 to 1; empty when nothing went in
    shares: dict[str, Decimal] = field(default_factory=dict)
    unknown: tuple[Unknown, ...] = ()


def compare(spent: Iterable[Spent], earned: Standard, planned: Standard, unknown: Iterable[Unknown]) -> Comparison:
    """Lay actual, earned and planned beside each other; `unknown`: prices missing in the actual figures."""
    elements: dict[str, Against] = defaultdict(Against)
    operations: dict[str, Against] = defaultdict(Against)
    total = Against()
    put_in: dict[str, Decimal] = defaultdict(Decimal)
    for line in spent:
        if line.element in LEAVING:
            continue
        hours = ARITHMETIC.divide(Decimal(line.milliseconds), Decimal(MILLISECONDS_PER_HOUR))
        if line.element != "scrap":
            put_in[line.provenance] += line.amount
        elements[line.element].hours += hours
        for cell in (operations[line.operation], total):
            cell.hours += hours if line.element in HOURLY else ZERO
        for cell in (elements[line.element], operations[line.operation], total):
            cell.actual += line.amount
    for standard, name in ((earned, "earned"), (planned, "planned")):
        for part in standard.lines:
            for cell in (elements[part.element], operations[part.operation], total):
                setattr(cell, name, getattr(cell, name) + part.amount)
                if cell is elements[part.element] or part.element in HOURLY:
                    setattr(cell, f"{name}_hours", getattr(cell, f"{name}_hours") + part.hours)
    whole = sum(put_in.values(), ZERO)
    shares = {name: ARITHMETIC.divide(part, whole) for name, part in sorted(put_in.items()) if part} if whole else {}
    return Comparison(
        {element: elements[element] for element in ELEMENTS if element in elements},
        dict(operations),
        total,
        shares,
        tuple(sorted({*unknown, *earned.unknown, *planned.unknown})),
    )


def accumulated(spent: Iterable[Spent], elements: Collection[str]) -> dict[str, Decimal]:
    """What an order bears by operation over some elements."""
    bears: dict[str, Decimal] = defaultdict(Decimal)
    for line in spent:
        if line.element in elements:
            bears[line.operation] += line.amount
    return dict(bears)
