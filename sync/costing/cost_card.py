"""Cost card: what one good piece of an item, or of an order, ought to cost, line by line (fiche de coût préétabli).

    unit cost = sum over the lines of  quantity x price            (per piece)
              + sum over the lines of  quantity x price / lot size (per lot: setup)

exact fractions throughout: a unit cost is never rounded before it is multiplied by pieces. Quantities are hours or base
units of an item for one *good* piece of the finished item, so they hold what the standard expects to be lost:

    pieces that must enter operation k = 1 / ((1 - scrap % of k) x ... x (1 - scrap % of the last one))
    hours of k                         = run minutes / 60 x pieces that enter k; setup minutes / 60, once for a lot
    material at k                      = quantity in a piece / (1 - waste %) x pieces that enter k

Both percentages are of what goes *in*: 10 % of output is not 10 % of input.

A card is *given* (standards.csv), or *made* from routing and bill at the prices of one day: hours at the published labor
rate (`standard_labor`) and the machine rate of their work center; a component at the unit cost of its own card when it
has one, else at its `standard_cost`. A machine rate that includes labor leaves no labor line: one labor cost, not two. A
work center without machines and without a machine rate is a place of manual work. What else has no price is `Unknown`:
the card says so and has no unit cost. Never is a missing price zero. An item that needs itself is an unknown, too, and
names the way round.

The standard of an order is *frozen at release*: that of the version the order names, or that of the day it was released
on. Rates, routings, bills and standards are dated, so a change afterwards holds from its own day on and moves no order
released before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal

from sync.core.findings import Outcome, held
from sync.core.money import ARITHMETIC
from sync.core.plant import Bill, Component, GivenStandard, Operation, Order, Plant, Routing, StandardLine
from sync.core.quantity import convert
from sync.costing.rates import RateTable

Per = Literal["piece", "lot"]
MINUTES_PER_HOUR = 60


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """What nobody has given: the `kind` of rate ("conversion" for a unit, "lot_size", "loop") and of what."""

    kind: str
    subject: str


@dataclass(frozen=True, slots=True)
class CardLine:
    """A line of a card. `quantity`: hours or base units of `item`, for one good piece of the finished item or for one
    lot. `item`: the component, or the overhead pool. `price` of one hour or unit, None when unknown; `price_id` leads to
    the rate ("id/version") or card ("card:ITEM/version") it comes from."""

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
        raise NotImplementedError


def of_item(plant: Plant, rates: RateTable, item: str, day: date) -> CostCard | None:
    """The card of an item in force on a day: the one given, else made from its routing and bill. None: it has none."""
    raise NotImplementedError


def of_order(plant: Plant, order: Order, rates: RateTable) -> CostCard | Outcome:
    """The standard frozen on an order: the card of the version it names; else the one of its item given for the day of
    release; else made, at the prices of that day, from the order's own operations and components; else from the
    item's. An Outcome (held) says that there is none, and what is missing. A card may still be `incomplete`."""
    raise NotImplementedError
