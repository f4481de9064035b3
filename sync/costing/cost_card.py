"""Cost card: what one good piece of an item, or of an order, ought to cost, line by line (fiche de coût préétabli).

    unit cost = sum over the lines of  quantity x price            (per piece)
              + sum over the lines of  quantity x price / lot size (per lot: setup)

exact fractions throughout: a unit cost is never rounded before it is multiplied by pieces. Quantities are hours or base
units of an item for one *good* piece of the finished item, so they hold what the standard expects to be lost:

    part of what enters k that is good = 1 - normal loss % of k        of the base input, or inspected
                                       = 1 / (1 + normal loss % of k)  of the base good_output
    pieces that must enter operation k = 1 / (that part of k x ... x that of the last one)
    hours of k                         = run minutes / 60 x pieces that enter k; setup minutes / 60, once for a lot
    material at k                      = quantity in a piece / (1 - waste %) x pieces that enter k

What is expected to be lost is what is normally lost (losses.csv), of the base the policy names: 10 % of output is not
10 % of input. So one figure says what the good pieces bear, in the standard and in what scrap costs, and only what goes
beyond is a variance. Waste is of what goes *in*.

A card is *given* (standards.csv), or *made* from routing and bill at the prices of one day: hours at the published
labor rate (`standard_labor`) and the machine rate of their work center; a component at the unit cost of its own card
when it has one, else at its `standard_cost`; on these what overhead pools charge, and beside them what a supplier is
paid for a subcontracted operation. A machine rate that includes labor leaves no labor line: one labor cost, not two. A
work center without machines and without a machine rate is a place of manual work. What else has no price is `Unknown`:
the card says so and has no unit cost. Never is a missing price zero. An item that needs itself is an unknown, too, and
names the way round.

The standard of an order is *frozen at release*: that of the version the order names, or that of the day it was released
on. Rates, routings, bills and standards are dated, so a change afterwards holds from its own day on and moves no order
released before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal, Protocol, TypeVar

from sync.core.findings import Outcome, held
from sync.core.plant import Component, GivenStandard, Operation, Order, Plant, StandardLine
from sync.core.quantity import convert
from sync.costing.policy import Policies
from sync.costing.rates import Rate, RateTable
from sync.costing.spent import planned_steps

Per = Literal["piece", "lot"]
MINUTES_PER_HOUR = 60
SECONDS_PER_HOUR = 3600
# Elements whose quantity is hours, unless a line says otherwise.
PER_HOUR = ("labor", "setup", "machine", "rework")
# What a pool charges on, by its driver, as far as a card has it.
_CHARGED_BY = {
    "labor_hour": ("labor", "setup"),
    "labor_percent": ("labor", "setup"),
    "machine_hour": ("machine",),
    "material_percent": ("material",),
}


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """What nobody has given: the `kind` of rate ("conversion" for a unit, "lot_size", "loop") and of what."""

    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class CardLine:
    """A line of a card. `quantity`: hours or base units of `item`, for one good piece of the finished item or for one
    lot. `item`: the component, or the overhead pool. `price` of one hour or unit, None when unknown, below zero for a
    by-product; `price_id` leads to the rate ("id/version") or card ("card:ITEM/version") it comes from."""

    operation: str
    element: str
    quantity: Fraction
    price: Fraction | None
    per: Per = "piece"
    item: str = ""
    unit: str = "h"
    work_center: str = ""
    price_id: str = ""
    mix_group: str = ""
    # Of overhead: fixed or variable; "" where a given card makes no difference.
    nature: str = ""

    @property
    def cost(self) -> Fraction:
        """Of one piece or one lot; an unknown price counts for nothing here, the card tells."""
        return self.quantity * self.price if self.price is not None else Fraction(0)


@dataclass(frozen=True)
class CostCard:
    """The standard of an item or order, `version`ed. `yields`: of the pieces that enter an operation, the part the
    standard expects to leave it good, in the order of work."""

    item: str
    version: str
    valid_from: date
    lot_size: Decimal
    lines: tuple[CardLine, ...]
    currency: str
    yields: tuple[tuple[str, Fraction], ...] = ()
    unknown: frozenset[Unknown] = frozenset()

    @cached_property
    def unit_cost(self) -> Fraction | None:
        """Exact cost of one good piece; None as long as anything is unknown."""
        return None if self.unknown else self.of(Decimal(1))

    def of(self, pieces: Decimal) -> Fraction:
        """Standard cost of so many good pieces, exact; what is unknown counts for nothing."""
        return sum((self.absorbed(line, pieces) * (line.price or 0) for line in self.lines), Fraction(0))

    def absorbed(self, line: CardLine, pieces: Decimal) -> Fraction:
        """The quantity of a line that so many good pieces take over: a lot's share of what happens once for a lot."""
        if line.per == "piece":
            return line.quantity * Fraction(pieces)
        return line.quantity * Fraction(pieces) / Fraction(self.lot_size) if self.lot_size else Fraction(0)

    def incomplete(self) -> Outcome | None:
        """Why there is no unit cost: something is missing that somebody can supply."""
        if not self.unknown:
            return None
        first = min(self.unknown)
        if first.kind == "loop":
            return held("standard.loop", way=first.subject)
        return held("standard.incomplete", item=self.item, version=self.version, kind=first.kind, subject=first.subject)


def of_item(plant: Plant, rates: RateTable, policies: Policies, item: str, day: date) -> CostCard | None:
    """The card of an item in force on a day: the one given, else made from its routing and bill. None: it has none."""
    return _Maker(plant, rates, policies, day).of_item(item)


def of_version(plant: Plant, rates: RateTable, policies: Policies, item: str, version: str) -> CostCard | None:
    """The card given under a version. None: there is no such version."""
    found = next((given for given in plant.standards.get(item, ()) if given.version == version), None)
    return _Maker(plant, rates, policies, found.valid_from).given(found) if found else None


def of_order(plant: Plant, order: Order, rates: RateTable, policies: Policies) -> CostCard | Outcome:
    """The standard frozen on an order: the card of the version it names; else the one of its item given for the day of
    release; else made, at the prices of that day, from the order's own operations and components; else from the
    item's. An Outcome (held) says that there is none, and what is missing. A card may still be `incomplete`."""
    if order.standard_version:
        card = of_version(plant, rates, policies, order.item, order.standard_version)
        return card or held("standard.unknown_version", item=order.item, version=order.standard_version)
    if order.released_on is None:
        return held("standard.not_frozen", order=order.code)
    given = _in_force(plant.standards.get(order.item, ()), order.released_on)
    if given:
        return _Maker(plant, rates, policies, given.valid_from).given(given)
    maker = _Maker(plant, rates, policies, order.released_on)
    card = maker.of_own(order) or maker.of_item(order.item)
    return card or held("standard.none", item=order.item, order=order.code, date=order.released_on.isoformat())


def as_planned(plant: Plant, order: Order, rates: RateTable, policies: Policies, day: date) -> CostCard:
    """The card of an order's own operations and components at the prices of `day`, frozen or not: what a page shows
    while nothing is released. Without any operation or component it has no lines."""
    maker = _Maker(plant, rates, policies, day)
    return maker.of_own(order) or maker.card(order.item, order.quantity, (), ())


class _Dated(Protocol):
    @property
    def valid_from(self) -> date: ...


D = TypeVar("D", bound=_Dated)


def _in_force(versions: Iterable[D], day: date) -> D | None:
    """The last that has begun; `versions` are sorted by the day they begin."""
    return next((version for version in reversed(tuple(versions)) if version.valid_from <= day), None)


class _Maker:
    """Makes cards at the prices of one day; cards of components once, and never one inside itself."""

    def __init__(
        self, plant: Plant, rates: RateTable, policies: Policies, day: date, way: tuple[str, ...] = ()
    ) -> None:
        self.plant, self.rates, self.policies, self.day = plant, rates, policies, day
        self.made: dict[str, CostCard | None] = {}
        self.way = list(way)  # items whose card is being made, each a component of the one before

    def of_item(self, code: str) -> CostCard | None:
        if code not in self.made:
            given = _in_force(self.plant.standards.get(code, ()), self.day)
            if given:
                maker = _Maker(self.plant, self.rates, self.policies, given.valid_from, tuple(self.way))
                self.made[code] = maker.given(given)
            else:
                self.made[code] = self.from_routing(code)
        return self.made[code]

    def from_routing(self, code: str) -> CostCard | None:
        routing = _in_force(self.plant.routings.get(code, ()), self.day)
        bill = _in_force(self.plant.bills.get(code, ()), self.day)
        if routing is None and bill is None:
            return None
        item = self.plant.items.get(code)
        lot_size = item.lot_size if item else Decimal(0)
        return _told(self.card(code, lot_size, routing.steps if routing else (), bill.components if bill else ()))

    def of_own(self, order: Order) -> CostCard | None:
        """From the operations and components of the order itself, spread over the lot its item is planned in, else over
        its own quantity."""
        steps = planned_steps(order)
        if not steps and not order.components:
            return None
        item = self.plant.items.get(order.item)
        lot_size = item.lot_size if item and item.lot_size else order.quantity
        return _told(self.card(order.item, lot_size, steps, order.components))

    def card(
        self, code: str, lot_size: Decimal, steps: Sequence[Operation], components: Sequence[Component]
    ) -> CostCard:
        yields = {step.number: self.part_good(code, step, step is steps[-1]) for step in steps}
        entering: dict[str, Fraction] = {}
        pieces = Fraction(1)
        for step in reversed(steps):
            pieces /= yields[step.number]
            entering[step.number] = pieces
        # Material without an operation goes in at the first one, as reports of pieces draw it.
        first = entering[steps[0].number] if steps else Fraction(1)
        with self.inside(code):
            lines = [line for step in steps for line in self.of_step(step, entering[step.number])]
            lines += [self.of_component(part, entering.get(part.operation, first)) for part in components]
            centers = {step.number: step.work_center for step in steps}
            lines += [made for line in lines for made in self.overhead_on(line, centers.get(line.operation, ""))]
            for step in steps:
                lines += self.bought(code, step, entering[step.number] * yields[step.number])
            unknown = self.unknown(code, lot_size, lines)
        version, currency = self.day.isoformat(), self.plant.site.currency
        return CostCard(code, version, self.day, lot_size, tuple(lines), currency, tuple(yields.items()), unknown)

    def part_good(self, code: str, step: Operation, last: bool) -> Fraction:
        """Of the pieces that enter a step, those the standard expects to leave it good: what is normally lost there
        (losses.csv), of the base the policy names, is not. A loss of the whole item counts at the last step, where all
        was done to the pieces."""
        loss = self.plant.charges.loss(code, step.number, self.day)
        if loss is None or not (loss.operation or last):
            return Fraction(1)
        lost = _percent(loss.normal_percent)
        good_output = self.policies.on(self.day).normal_loss_base == "good_output"
        return 1 / (1 + lost) if good_output else 1 - lost

    def of_step(self, step: Operation, pieces: Fraction) -> Iterator[CardLine]:
        setup = Fraction(step.standard_setup_min) / MINUTES_PER_HOUR
        run = Fraction(step.standard_run_min) / MINUTES_PER_HOUR * pieces
        center = step.work_center
        times: list[tuple[str, Per, Fraction]] = [("setup", "lot", setup), ("labor", "piece", run)]
        machine = self.rates.find("machine", "work_center", center, self.day)
        if machine or any(one.work_center == center for one in self.plant.machines.values()):
            price, price_id = _price(machine)
            for _, per, hours in times:
                if hours:
                    yield CardLine(step.number, "machine", hours, price, per, work_center=center, price_id=price_id)
        if machine and machine.includes_labor:
            return
        price, price_id = _price(self.rates.find("standard_labor", "work_center", center, self.day))
        for element, per, hours in times:
            if hours:
                yield CardLine(step.number, element, hours, price, per, work_center=center, price_id=price_id)

    def of_component(self, part: Component, pieces: Fraction) -> CardLine:
        item = self.plant.items.get(part.item)
        quantity = Fraction(part.quantity_per) / (1 - _percent(part.waste_percent)) * pieces
        factor = _factor(part.unit, item.unit, item.units) if item else None
        price, price_id = self.price_of(part.item)
        return CardLine(
            part.operation,
            "material",
            quantity * (factor or 1),
            price if factor else None,
            item=part.item,
            unit=item.unit if item and factor else part.unit,
            price_id=price_id,
            mix_group=part.mix_group,
        )

    def overhead_on(self, line: CardLine, center: str) -> Iterator[CardLine]:
        """What the pools charge on a line, as `rules/overhead.py` does on an entry: by its hours, or by its money."""
        for pool in self.plant.charges.overheads_on(self.day, center, self.plant.department_of(center)):
            if line.element not in _CHARGED_BY[pool.driver] or not pool.per_unit:
                continue
            quantity, unit = (line.cost, self.plant.site.currency) if pool.by_money else (line.quantity, "h")
            known = line.price is not None or not pool.by_money
            yield CardLine(
                line.operation,
                "overhead",
                quantity,
                pool.per_unit if known else None,
                line.per,
                pool.pool,
                unit,
                center,
                price_id=pool.id,
                nature=pool.nature,
            )

    def bought(self, code: str, step: Operation, good: Fraction) -> Iterator[CardLine]:
        """What a supplier is paid for the pieces that leave a step good, as in `rules/subcontracting.py`."""
        paid = self.plant.charges.subcontract(code, step.number, step.work_center, self.day)
        if paid:
            price = Fraction(paid.price)
            yield CardLine(step.number, "subcontracting", good, price, "piece", paid.service, "pcs", step.work_center)
        elif self.plant.charges.unpriced(code, step.number, step.work_center, self.day):
            yield CardLine(step.number, "subcontracting", good, None, "piece", unit="pcs", work_center=step.work_center)

    def price_of(self, code: str) -> tuple[Fraction | None, str]:
        """Of one base unit of a component: its card's unit cost, else its standard cost."""
        if code in self.way:
            return None, ""
        card = self.of_item(code)
        if card:
            return card.unit_cost, f"card:{code}/{card.version}"
        return _price(self.rates.find("standard_cost", "item", code, self.day))

    def given(self, given: GivenStandard) -> CostCard:
        """A card as it was entered; lines without a price take that of the day the card begins on."""
        with self.inside(given.item):
            lines = [self.of_given(line) for line in given.lines]
            unknown = self.unknown(given.item, given.lot_size, lines)
        currency = self.plant.site.currency
        return CostCard(
            given.item, given.version, given.valid_from, given.lot_size, tuple(lines), currency, unknown=unknown
        )

    def of_given(self, line: StandardLine) -> CardLine:
        item = self.plant.items.get(line.component)
        unit = item.unit if item else "h" if line.element in PER_HOUR else line.unit
        factor = _factor(line.unit or unit, unit, item.units if item else {})
        # What is written is the price of one unit as written; a card counts base units and hours.
        price = Fraction(line.price) / factor if line.price is not None and factor else None
        price_id = ""
        if line.price is None and item:
            price, price_id = self.price_of(line.component)
        if line.element == "by_product" and price is not None:
            price = -price
        return CardLine(
            line.operation,
            line.element,
            Fraction(line.quantity_per) * (factor or 1),
            price if factor else None,
            "lot" if line.per == "lot" else "piece",
            line.component,
            unit if factor else line.unit,
            price_id=price_id,
            mix_group=line.mix_group,
        )

    @contextmanager
    def inside(self, code: str) -> Iterator[None]:
        """While the card of an item is made."""
        self.way.append(code)
        try:
            yield
        finally:
            self.way.pop()

    def unknown(self, code: str, lot_size: Decimal, lines: Sequence[CardLine]) -> frozenset[Unknown]:
        found = {gap for line in lines if line.price is None for gap in self.missing(line)}
        if not lot_size and any(line.per == "lot" for line in lines):
            found.add(Unknown("lot_size", code))
        return frozenset(found)

    def missing(self, line: CardLine) -> Iterator[Unknown]:
        """Why a line has no price."""
        if line.item and line.element != "overhead":
            item = self.plant.items.get(line.item)
            card = self.made.get(line.item)
            if line.item in self.way:
                yield Unknown("loop", " → ".join([*self.way[self.way.index(line.item) :], line.item]))
            elif item and line.unit != item.unit:
                yield Unknown("conversion", f"{line.item}: {line.unit} → {item.unit}")
            elif card:
                yield from card.unknown
            else:
                yield Unknown("standard_cost", line.item)
        else:
            kind = {name: name for name in ("machine", "overhead", "subcontracting")}.get(
                line.element, "standard_labor"
            )
            yield Unknown(kind, line.work_center or line.item or line.operation)


def _factor(unit: str, base: str, of_item: Mapping[str, Decimal]) -> Fraction | None:
    """How many of `base` one of `unit` is, or None when nobody said how."""
    if base == "h":
        seconds = convert(Decimal(1), unit, "s", {})
        return Fraction(seconds) / SECONDS_PER_HOUR if seconds else None
    factor = convert(Decimal(1), unit, base, of_item)
    return Fraction(factor) if factor else None


def _told(card: CostCard) -> CostCard | None:
    """A card that says anything: operations without times and without material are no standard of nothing."""
    return card if card.lines else None


def _percent(percent: Decimal) -> Fraction:
    return Fraction(percent) / 100


def _price(rate: Rate | None) -> tuple[Fraction | None, str]:
    return (Fraction(rate.amount), f"{rate.id}/{rate.version}") if rate else (None, "")
