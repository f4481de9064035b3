"""What an order ought to cost, and what its hours are worth at published rates.

The standard of an operation for a number of pieces, at the rates of one day:

    setup    = setup minutes / 60 x published labor rate of its work center
    labor    = run minutes x pieces / 60 x published labor rate
    machine  = (setup minutes + run minutes x pieces) / 60 x machine rate of its work center
    material = quantity for each piece x pieces, in the item's base unit, x standard cost of that unit

each product rounded once. A machine rate that includes labor leaves no labor standard: one labor cost, not two. A work
center without machines and without a machine rate is a place of manual work. Any other missing price is an `Unknown`,
and the amounts stand without it: never is it taken for zero in silence.

*Planned* is the standard of the whole order. *Earned* is the standard of what was made so far: for each operation the
pieces that passed it and were not scrapped later; its setup as soon as it has begun. So actual cost, from which scrap
was moved out, and earned standard are about the same pieces.

Whoever may not see wages sees hours at the published rate (`at_published_rates`): what differs from the standard then
is time, never pay.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from sync.core.money import ARITHMETIC, ZERO, round_money, round_ratio
from sync.core.plant import Order, Plant
from sync.core.quantity import MILLISECONDS_PER_HOUR, convert
from sync.costing.rates import RateTable
from sync.ledger.entry import ELEMENTS

# Paid by the hour of a person.
HOURLY = ("labor", "setup", "rework")
# Carry no wage: what they cost may be shown to everybody who may see money at all.
WAGE_FREE = ("machine", "material", "subcontracting")
MINUTES_PER_HOUR = Decimal(60)


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """A price nobody has given: the `kind` of rate ("conversion" for a unit) and what it is the price of."""

    kind: str
    subject: str


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


@dataclass(frozen=True, slots=True)
class Spent:
    """What an order bears, by operation, element, work center and provenance. Scrap is negative: it left the order."""

    operation: str
    element: str
    work_center: str
    provenance: str
    amount: Decimal
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """Pieces an operation reported: good, scrapped, and put aside (rework or hold)."""

    good: Decimal = ZERO
    scrap: Decimal = ZERO
    aside: Decimal = ZERO


def passed(order: Order, counted: Mapping[str, Counted]) -> dict[str, Decimal]:
    """Good pieces by operation: those reported, or those a later operation handled, if more (a piece counted at 30 went
    through 10 and 20 whether or not anybody counted it there)."""
    found: dict[str, Decimal] = {}
    later = ZERO
    for step in reversed(order.operations):
        here = counted.get(step.number, Counted())
        good = max(here.good, later)
        found[step.number] = good
        later = good + here.scrap + here.aside
    return found


def earned_pieces(order: Order, counted: Mapping[str, Counted]) -> dict[str, Decimal]:
    """Good pieces by operation less those a later operation scrapped: their cost has left the order with the scrap."""
    found: dict[str, Decimal] = {}
    good = passed(order, counted)
    scrapped_later = ZERO
    for step in reversed(order.operations):
        found[step.number] = max(good[step.number] - scrapped_later, ZERO)
        scrapped_later += counted.get(step.number, Counted()).scrap
    return found


def planned(order: Order, plant: Plant, rates: RateTable, day: date) -> Standard:
    """The standard of the whole order at the rates of `day`."""
    pieces = {step.number: order.quantity for step in order.operations}
    return _standard(order, pieces, set(pieces), order.quantity, plant, rates, day)


def earned(
    order: Order, counted: Mapping[str, Counted], begun: Collection[str], plant: Plant, rates: RateTable, day: date
) -> Standard:
    """The standard of what was made so far; `begun`: operations with any time or piece on them."""
    pieces = earned_pieces(order, counted)
    # Material without an operation goes in at the first one.
    first = pieces[order.operations[0].number] if order.operations else _all_good(counted)
    return _standard(order, pieces, begun, first, plant, rates, day)


def _all_good(counted: Mapping[str, Counted]) -> Decimal:
    return sum((count.good for count in counted.values()), ZERO)


def _standard(
    order: Order,
    pieces: Mapping[str, Decimal],
    begun: Collection[str],
    first: Decimal,
    plant: Plant,
    rates: RateTable,
    day: date,
) -> Standard:
    currency = plant.site.currency
    lines: list[Line] = []
    unknown: set[Unknown] = set()
    manned = {machine.work_center for machine in plant.machines.values()}
    for step in order.operations:
        setup = ARITHMETIC.divide(step.standard_setup_min, MINUTES_PER_HOUR) if step.number in begun else ZERO
        minutes = ARITHMETIC.multiply(step.standard_run_min, pieces[step.number])
        run = ARITHMETIC.divide(minutes, MINUTES_PER_HOUR)
        if not setup + run:
            continue
        machine = rates.find("machine", "work_center", step.work_center, day)
        if machine:
            lines.append(Line(step.number, "machine", _price(setup + run, machine.amount, currency), setup + run))
        elif step.work_center in manned:
            unknown.add(Unknown("machine", step.work_center))
            lines.append(Line(step.number, "machine", ZERO, setup + run))
        if machine and machine.includes_labor:
            continue
        labor = rates.find("standard_labor", "work_center", step.work_center, day)
        if labor is None:
            unknown.add(Unknown("standard_labor", step.work_center))
        for element, hours in (("setup", setup), ("labor", run)):
            if hours:
                amount = _price(hours, labor.amount, currency) if labor else ZERO
                lines.append(Line(step.number, element, amount, hours))
    for component in order.components:
        quantity = ARITHMETIC.multiply(component.quantity_per, pieces.get(component.operation, first))
        item = plant.items.get(component.item)
        if item is None:
            unknown.add(Unknown("standard_cost", component.item))
            continue
        base = convert(quantity, component.unit, item.unit, item.units)
        rate = rates.find("standard_cost", "item", item.code, day)
        if base is None:
            unknown.add(Unknown("conversion", f"{item.code}: {component.unit} → {item.unit}"))
        elif rate is None:
            unknown.add(Unknown("standard_cost", item.code))
        elif base:
            lines.append(Line(component.operation, "material", _price(base, rate.amount, currency)))
    return Standard(tuple(lines), frozenset(unknown))


def _price(quantity: Decimal, rate: Decimal, currency: str) -> Decimal:
    return round_money(ARITHMETIC.multiply(quantity, rate), currency)


def at_published_rates(
    spent: Iterable[Spent], rates: RateTable, day: date, currency: str
) -> tuple[list[Spent], frozenset[Unknown]]:
    """What an order bears, without anything a wage could be read from: hours at the published standard labor rate of
    their work center, machine and material as they are. Everything else (scrap, overhead) is left out, because actual
    labor is part of it; the caller adds scrap costed again on these amounts."""
    shown: list[Spent] = []
    unknown: set[Unknown] = set()
    for line in spent:
        if line.element in WAGE_FREE:
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
