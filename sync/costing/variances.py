"""Variances of an order: actual cost less the standard of its good output, split by cause, adding up exactly.

    sum of the variances = what the order bears - standard of good output        (to the cent, whatever the split)

Above zero is unfavourable: cost above the standard. The sequence is SAP's: scrap is taken out first, then prices, then
usage and quantities; what is left is `remaining`, and shown. Three standard quantities of each line of the card carry
it, for G good pieces:

    absorbed  = quantity x G                     per lot: quantity x G / lot size      (what stock took over)
    allowed   = quantity x G                     per lot: quantity, once begun
    handled   = quantity x pieces that entered the operation / pieces the card lets enter for one good one

and with AQ, A = actual quantity and amount, SP = standard price, SQ = handled when scrap stands apart, else allowed:

    scrap                 (handled - allowed) x SP, and what scrap took out of the order (below zero)
    material_price        A - AQ x SP            at use: on what went into the order
    labor_rate            A - hours paid x SP    machine_rate, subcontracting_price, overhead_spending likewise
    material_mix          (AQ - total AQ of the group x its standard share) x SP
    material_yield        (total AQ of the group x its standard share - SQ) x SP
    material_usage        (AQ - SQ) x SP         where nothing stood in for anything else
    labor_idle            idle hours x SP
    labor_efficiency      (hours paid - idle hours - SQ) x SP: at the STANDARD rate, or the parts do not add up
    machine_efficiency, overhead_efficiency, subcontracting_usage    (AQ - SQ) x SP
    setup                 (setup hours - SQ) x SP; their rate is part of labor_rate
    rework                all of it: no standard expects any
    by_product            its credit less the standard's
    lot_size              (allowed - absorbed) x SP: setup spread over more or fewer pieces than planned
    late_cost             what came when the variances were settled already
    remaining             what has no standard price, or was booked otherwise than at the standard

Idle hours are paid hours on the order that name an activity marked as idle (`sync/costing/rules/labor_time.py`). They
count as hours paid in `labor_rate`; `labor_idle` and `labor_efficiency` divide what lies beyond the standard, at the
standard rate. Waiting clocked as an indirect activity is not on the order at all.

What an order has and the card has not (an operation of the floor, another item) is measured at the price of the card
for that work center where there is one, else at its own: then all of it is a matter of quantity.

Overhead is charged to orders at its standard rate for actual hours, so an order shows spending only when the rate
changed, and efficiency. What a pool really cost in a month against its budget, and capacity not used (the volume
variance), is no matter of one order: see `sync.costing.absorption`.

Sources: Horngren, Cost Accounting, chapters 7, 8 and 14 (price, efficiency, spending, volume, mix and yield); Garrison,
Managerial Accounting, chapter 10; SAP, Product Cost by Order, variance categories on the input side; plan comptable
général 1982, III (écarts sur prix, sur quantité, sur budget, sur activité, sur rendement).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction

from sync.core.money import ZERO, minor_digits, round_money
from sync.core.plant import Order
from sync.core.quantity import MILLISECONDS_PER_HOUR, legible, plain
from sync.costing.cost_card import PER_HOUR, CardLine, CostCard
from sync.costing.policy import Policy
from sync.costing.spent import LEAVING, Counted, Spent, entered, first_operation, good_output, planned_steps
from sync.costing.standard import allowed_pieces

# In the sequence in which they are split off.
CATEGORIES = (
    "scrap",
    "material_price", "labor_rate", "machine_rate", "subcontracting_price", "overhead_spending",
    "material_mix", "material_yield", "material_usage", "subcontracting_usage",
    "labor_idle", "labor_efficiency", "machine_efficiency", "overhead_efficiency",
    "setup", "rework", "by_product", "lot_size", "late_cost", "remaining",
)  # fmt: skip


# element -> categories of (price, quantity)
_SPLIT = {
    "labor": ("labor_rate", "labor_efficiency"),
    "setup": ("labor_rate", "setup"),
    "machine": ("machine_rate", "machine_efficiency"),
    "material": ("material_price", "material_usage"),
    "subcontracting": ("subcontracting_price", "subcontracting_usage"),
    "overhead": ("overhead_spending", "overhead_efficiency"),
    "rework": ("rework", "rework"),
    "by_product": ("by_product", "by_product"),
}
_NONE = Fraction(0)
# What is compared: operation, element, item, nature; "" where it says nothing.
Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Variance:
    """A difference with its cause. `amount` above zero: cost above the standard. `formula` in words and figures, before
    the one rounding; `source`: the version of the card, and the price it was measured at."""

    category: str
    operation: str
    element: str
    item: str
    amount: Decimal
    formula: str
    source: str

    @property
    def favourable(self) -> bool:
        """Cost below the standard (favorable); else unfavourable (défavorable)."""
        return self.amount < 0


def split(
    order: Order,
    card: CostCard,
    spent: Iterable[Spent],
    counted: Mapping[str, Counted],
    policy: Policy,
    *,
    credited: Decimal | None = None,
    running: bool = False,
) -> list[Variance]:
    """The variances of an order, in the sequence of `CATEGORIES`; none that is zero.

    `spent`: all cost the order was given, scrap that left it negative; lines of the elements `output` and `variance`
    are passed over. `credited`: what was booked to stock for the good output, when that is not the standard rounded
    once (each report rounded for itself): the odd cents are part of what remains. `running`: the order is not done,
    and what is in work is no variance: pieces on their way stand at the standard of what was done to them, and setup in
    full once begun, so they add up to actual - work in progress at standard - standard of good output.
    """
    return _Split(order, card, list(spent), counted, policy, running).made(credited)


def in_work(order: Order, card: CostCard, spent: Iterable[Spent], counted: Mapping[str, Counted]) -> Decimal:
    """Work in progress of a running order at standard: what was done to pieces on their way, rounded once."""
    split = _Split(order, card, list(spent), counted, Policy(), running=True)
    return split.standard() - round_money(card.of(split.good), card.currency)


@dataclass(slots=True)
class _Cell:
    """One element of one operation, or one item of the order: actual beside the three standard quantities."""

    operation: str
    element: str
    item: str
    unit: str = "h"
    mix_group: str = ""
    work_center: str = ""
    nature: str = ""
    lines: list[CardLine] = field(default_factory=list)
    amount: Decimal = ZERO
    quantity: Fraction = _NONE
    idle: Fraction = _NONE
    # Fixed and variable overhead are charged for the same hours: they are not added up.
    by_nature: dict[str, Fraction] = field(default_factory=dict)
    absorbed: Fraction = _NONE
    allowed: Fraction = _NONE
    handled: Fraction = _NONE
    # The same three in money, exact: lines of a cell may have different prices.
    absorbed_cost: Fraction = _NONE
    allowed_cost: Fraction = _NONE
    handled_cost: Fraction = _NONE

    @property
    def known(self) -> bool:
        return all(line.price is not None for line in self.lines)


class _Split:
    """The variances of one order on their way."""

    def __init__(
        self,
        order: Order,
        card: CostCard,
        spent: list[Spent],
        counted: Mapping[str, Counted],
        policy: Policy,
        running: bool,
    ) -> None:
        self.order, self.card, self.counted, self.policy = order, card, counted, policy
        self.currency = card.currency
        self.good = good_output(order, counted)
        # In an order of their own, so that neither files nor ledger decide where an odd cent goes.
        self.spent = sorted((line for line in spent if line.element not in LEAVING), key=_place_of_spent)
        self.lines = sorted(card.lines, key=_place_of_line)
        self.through = entered(order, counted)
        self.pools = {line.item for line in self.spent if line.element == "overhead"}
        self.apart = policy.scrap_variance == "apart"
        self.running = running
        self.on_the_way = allowed_pieces(card, order, counted) if running else {}
        # Each with its exact amount; what it is in money is decided when all are there.
        self.found: list[tuple[Fraction, Variance]] = []

    def made(self, credited: Decimal | None) -> list[Variance]:
        # What has no price, and overhead that was never charged, is not taken apart: it remains, with the reason.
        charged = [cell for cell in self.cells() if cell.element != "overhead" or cell.item in self.pools]
        cells = [cell for cell in charged if cell.known]
        for cell in cells:
            self.scrapped(cell)
        self.scrap_credit()
        groups: dict[tuple[str, str], list[_Cell]] = defaultdict(list)
        for cell in cells:
            if cell.mix_group:
                groups[cell.mix_group, cell.unit].append(cell)
            self.of_cell(cell)
        for group in groups.values():
            self.mixed(group)
        for cell in cells:
            difference = cell.allowed_cost - cell.absorbed_cost
            words = f"{self.q(cell.allowed)} {cell.unit} for the lot - {self.q(cell.absorbed)} {cell.unit} of it in "
            self.add("lot_size", cell, difference, f"{words}{plain(self.good)} good{self.at(cell)}")
        late: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for line in self.spent:
            if line.late:
                late[line.operation, line.element, line.item] += line.amount
        for place, amount in sorted(late.items()):
            words = f"{amount} came after the order's variances were settled"
            self.tell("late_cost", *place, Fraction(amount), words, "")
        return sorted(self.with_rest(credited), key=lambda variance: CATEGORIES.index(variance.category))

    # --- actual beside standard

    def cells(self) -> list[_Cell]:
        cells: dict[Key, _Cell] = {}
        places: dict[str, set[str]] = defaultdict(set)  # item -> operations of the card
        for line in self.lines:
            if line.item:
                places[line.item].add(line.operation)
        for line in self.lines:
            key = self.key(line.element, line.operation, line.item, line.unit, line.nature)
            where = key[0] if not line.item or len(places[line.item]) > 1 else line.operation
            mix_group = line.mix_group if line.element == "material" else ""
            cell = cells.setdefault(key, _Cell(where, line.element, line.item, line.unit, mix_group))
            cell.work_center, cell.nature = line.work_center, line.nature
            self.stand(cell, line)
        for spent in self.spent:
            if spent.late or spent.element not in _SPLIT:
                continue
            place = spent.element, spent.operation, spent.item, spent.unit
            keys = self.key(*place, spent.nature), self.key(*place)
            key = next((key for key in keys if key in cells), keys[0])
            if key not in cells:
                cells[key] = self.unplanned(spent)
            cell = cells[key]
            cell.amount += spent.amount
            hours = Fraction(spent.milliseconds, MILLISECONDS_PER_HOUR)
            quantity = Fraction(spent.quantity) if spent.quantity else hours
            cell.by_nature[spent.nature] = cell.by_nature.get(spent.nature, _NONE) + quantity
            cell.quantity = max(cell.by_nature.values(), key=abs)
            cell.idle += Fraction(spent.idle_ms, MILLISECONDS_PER_HOUR)
        self.standing_in(cells)
        return [cells[key] for key in sorted(cells)]

    def key(self, element: str, operation: str, item: str, unit: str = "", nature: str = "") -> Key:
        """Time belongs to an operation, and overhead by the hour; an item to the order, and overhead by its money: it
        is often drawn without naming the operation."""
        whole = item and (element != "overhead" or unit == self.currency)
        return ("" if whole else operation, element, item, nature)

    def stand(self, cell: _Cell, line: CardLine) -> None:
        """Add a line of the card to the standard quantities of its cell."""
        price = line.price or _NONE
        absorbed, allowed = self.quantities(line)
        handled = allowed if line.per == "lot" else line.quantity * self.handled(line.operation)
        cell.lines.append(line)
        cell.absorbed += absorbed
        cell.allowed += allowed
        cell.handled += handled
        cell.absorbed_cost += absorbed * price
        cell.allowed_cost += allowed * price
        cell.handled_cost += handled * price

    def quantities(self, line: CardLine) -> tuple[Fraction, Fraction]:
        """What the standard says was absorbed, and allowed."""
        if line.per == "lot":
            allowed = line.quantity if self.begun(line.operation) else _NONE
            return allowed if self.running else self.card.absorbed(line, self.good), allowed
        first = self.on_the_way.get(first_operation(self.order), Fraction(self.good))
        quantity = line.quantity * (self.on_the_way.get(line.operation, first) if self.running else Fraction(self.good))
        return quantity, quantity

    def standard(self) -> Decimal:
        """Of good output, and of what is in work while the order runs; rounded once."""
        exact = sum((self.quantities(line)[0] * (line.price or 0) for line in self.card.lines), _NONE)
        return round_money(exact, self.currency)

    def begun(self, operation: str) -> bool:
        """Whether a lot was begun at an operation ("": anywhere): something was spent there, or pieces went through."""
        if not operation:
            return bool(self.spent) or bool(self.good)
        there = any(line.operation == operation and line.element != "scrap" for line in self.spent)
        return there or bool(self.through.get(operation, self.good))

    def handled(self, operation: str) -> Fraction:
        """Good pieces of the order that the card would let come of what entered this operation ("": the first)."""
        steps = planned_steps(self.order)
        at = operation or first_operation(self.order)
        if steps and at not in self.through:
            return Fraction(self.good)  # the order goes another way than the card: nobody counted there
        scrapped = sum((count.scrap for count in self.counted.values()), ZERO)
        pieces = Fraction(self.through[at] if steps else self.good + scrapped)
        reached = not at
        for number, part in self.card.yields:
            reached = reached or number == at
            pieces *= part if reached else 1
        return pieces

    def unplanned(self, spent: Spent) -> _Cell:
        """The cell of what the card does not have."""
        place = spent.operation if not spent.item or spent.element == "overhead" else ""
        unit = spent.unit or ("h" if spent.element in PER_HOUR else "")
        where = place or spent.operation
        return _Cell(where, spent.element, spent.item, unit, work_center=spent.work_center, nature=spent.nature)

    def standing_in(self, cells: Mapping[Key, _Cell]) -> None:
        """What replaces an item of the card forms a mix group with it."""
        for spent in self.spent:
            if spent.element != "material" or not spent.replaces or spent.late:
                continue
            own = cells[self.key("material", "", spent.item)]
            other = cells.get(self.key("material", "", spent.replaces))
            if other and not own.lines and other.unit == own.unit:
                other.mix_group = own.mix_group = other.mix_group or f"={spent.replaces}"

    # --- the split

    def price(self, cell: _Cell) -> Fraction:
        """The standard price of a cell: of its lines, weighted when they differ; of the same hours elsewhere on the
        card; else its own, and all of it is quantity."""
        basis, cost = self.basis(cell)
        if basis:
            return cost / basis
        prices = [line.price for line in cell.lines if line.price is not None]
        if not cell.lines and cell.element in PER_HOUR and cell.work_center:
            prices = [
                line.price
                for line in self.lines
                if line.price is not None
                and line.work_center == cell.work_center
                and (line.element == "machine") == (cell.element == "machine")
            ]
        if prices:
            return prices[0]
        return Fraction(cell.amount) / cell.quantity if cell.quantity else _NONE

    def basis(self, cell: _Cell) -> tuple[Fraction, Fraction]:
        """The standard quantity that actual is measured against, and its cost."""
        return (cell.handled, cell.handled_cost) if self.apart else (cell.allowed, cell.allowed_cost)

    def of_cell(self, cell: _Cell) -> None:
        price = self.price(cell)
        quantity = cell.quantity
        by_price, by_quantity = _SPLIT[cell.element]
        basis, cost = self.basis(cell)
        if cell.element in ("rework", "by_product") or (cell.element == "overhead" and cell.amount and not quantity):
            words = f"{cell.amount} spent - {self.m(cost)} at standard"
            self.add(by_price, cell, Fraction(cell.amount) - cost, words)
            return
        words = f"{cell.amount} spent - {self.q(quantity)} {cell.unit} x {self.m(price)}"
        self.add(by_price, cell, Fraction(cell.amount) - quantity * price, words)
        if cell.idle:
            self.add("labor_idle", cell, cell.idle * price, f"{self.q(cell.idle)} h idle x {self.m(price)}")
        if not cell.mix_group:
            used = quantity - cell.idle
            self.add(by_quantity, cell, used * price - cost, self.words(cell, used, basis, price))

    def words(self, cell: _Cell, used: Fraction, basis: Fraction, price: Fraction) -> str:
        if not cell.lines:
            return f"{self.q(used)} {cell.unit} not on the card x {self.m(price)}"
        return f"({self.q(used)} {cell.unit} - {self.q(basis)} {cell.unit} at standard) x {self.m(price)}"

    def mixed(self, group: list[_Cell]) -> None:
        """Mix and yield of components that may stand in for each other; usage where only one is there."""
        total = sum((cell.quantity for cell in group), _NONE)
        standard = sum((self.basis(cell)[0] for cell in group), _NONE)
        for cell in group:
            price = self.price(cell)
            basis, cost = self.basis(cell)
            if len(group) == 1 or not standard:
                words = self.words(cell, cell.quantity, basis, price)
                self.add("material_usage", cell, cell.quantity * price - cost, words)
                continue
            in_mix, share, unit = total * basis / standard, self.share(basis, standard), cell.unit
            words = f"({self.q(cell.quantity)} {unit} - {self.q(total)} {unit} x {share}) x {self.m(price)}"
            self.add("material_mix", cell, (cell.quantity - in_mix) * price, words)
            words = f"({self.q(total)} {unit} - {self.q(standard)} {unit} at standard) x {share} x {self.m(price)}"
            self.add("material_yield", cell, in_mix * price - cost, words)

    def scrapped(self, cell: _Cell) -> None:
        """What the standard gives to pieces that entered beyond what good output takes."""
        if self.apart:
            words = f"{self.q(cell.handled)} {cell.unit} for what was handled - {self.q(cell.allowed)} {cell.unit} for "
            difference = cell.handled_cost - cell.allowed_cost
            self.add("scrap", cell, difference, f"{words}{plain(self.good)} good{self.at(cell)}")

    def scrap_credit(self) -> None:
        """What scrap took out of the order: the section that caused it bears it."""
        taken: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.spent:
            if line.element == "scrap" and not line.late:
                taken[line.operation] += line.amount
        for operation, amount in taken.items():
            self.tell("scrap", operation, "scrap", "", Fraction(amount), f"{-amount} left the order with scrap", "")

    def with_rest(self, credited: Decimal | None) -> Iterator[Variance]:
        """All there is, rounded together, and what remains."""
        actual = sum((line.amount for line in self.spent), ZERO)
        standard = self.standard() if credited is None else credited
        total = actual - standard
        amounts = rounded_together([exact for exact, _ in self.found], total, self.currency)
        for amount, (_, variance) in zip(amounts, self.found, strict=True):
            if amount:
                yield replace(variance, amount=amount, formula=f"{variance.formula} = {amount} {self.currency}")
        rest = total - sum(amounts, ZERO)
        if rest:
            reasons = [f"{gap.kind} of {gap.subject} is missing" for gap in sorted(self.card.unknown)]
            reasons += sorted(
                {f"no {line.element} on the card" for line in self.spent if line.element not in (*_SPLIT, "scrap")}
            )
            pools = {line.item for line in self.card.lines if line.element == "overhead"}
            reasons += [f"overhead {pool} was never charged" for pool in sorted(pools - self.pools)]
            words = "; ".join(reasons or ["rounding"])
            yield Variance("remaining", "", "", "", rest, words, f"card:{self.card.item}/{self.card.version}")

    # --- words and figures

    def add(self, category: str, cell: _Cell, exact: Fraction, formula: str) -> None:
        prices = sorted({line.price_id for line in cell.lines if line.price_id})
        source = " ".join([f"card:{self.card.item}/{self.card.version}", *prices])
        words = f"{cell.nature}: {formula}" if cell.nature else formula
        self.tell(category, cell.operation, cell.element, cell.item, exact, words, source)

    def tell(
        self, category: str, operation: str, element: str, item: str, exact: Fraction, formula: str, source: str
    ) -> None:
        source = source or f"card:{self.card.item}/{self.card.version}"
        self.found.append((exact, Variance(category, operation, element, item, ZERO, formula, source)))

    def at(self, cell: _Cell) -> str:
        prices = {line.price for line in cell.lines if line.price is not None}
        return f", at {self.m(next(iter(prices)))}" if len(prices) == 1 else ""

    def m(self, price: Fraction) -> str:
        return f"{_shown(price)} {self.currency}"

    @staticmethod
    def q(quantity: Fraction) -> str:
        return _shown(quantity)

    @staticmethod
    def share(part: Fraction, whole: Fraction) -> str:
        return f"{_shown(part * 100 / whole)} %"


def rounded_together(exact: Sequence[Fraction], total: Decimal, currency: str) -> list[Decimal]:
    """Amounts in money that add up to `total`, as far as whole cents of theirs can: each is its exact amount rounded
    down or up, the largest remainders up, ties by the larger amount, then in the order given. Where the total lies
    further off, something else is in it, and each is rounded for itself."""
    scale = minor_digits(currency)
    floors = [math.floor(part * 10**scale) for part in exact]
    up = int(total.scaleb(scale)) - sum(floors)
    remainders = [part * 10**scale - low for part, low in zip(exact, floors, strict=True)]
    if not 0 <= up <= sum(1 for rest in remainders if rest):
        return [round_money(part, currency) for part in exact]
    largest = sorted(range(len(exact)), key=lambda place: (-remainders[place], -abs(exact[place]), place))[:up]
    return [Decimal(low + (place in largest)).scaleb(-scale) for place, low in enumerate(floors)]


def _place_of_spent(line: Spent) -> tuple[object, ...]:
    place = line.operation, line.element, line.item, line.nature, line.work_center, line.provenance
    return (*place, line.late, line.amount, line.milliseconds, line.quantity, line.idle_ms, line.unit, line.replaces)


def _place_of_line(line: CardLine) -> tuple[object, ...]:
    place = line.operation, line.element, line.item, line.nature
    return (*place, line.per, line.price or 0, line.quantity, line.mix_group)


def _shown(number: Fraction) -> str:
    return plain(legible(number))
