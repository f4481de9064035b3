"""Material: receipts, issues to orders, returns and backflushed components, valued by the method of the item.

The method says what a movement is worth (`sync/costing/valuation`, a file each): `standard`, `moving_average` (CUMP
après chaque entrée), `period_average` (CUMP de fin de période) or `fifo` (PEPS). Last in, first out is none of them:
IAS 2.25 and the French chart of accounts (PCG 213-34) do not allow it. This rule makes entries of it:

    receipt:  the supplier (or the opening balance) gives, the stock receives
    issue:    the stock gives, the order receives
    return:   the order gives, the stock receives

    amount = quantity in base units x unit cost, rounded once

Beside them stand, as entries of their own, the material price variance of an item at standard
(`variance:material_price`), and what a receipt corrects of issues that were costed before it came
(`variance:negative_stock`): neither hits the order that happened to be next.

Movements of an item are valued in the order of their instants (ties by event id), whenever they were told: a receipt
that is told late revalues what follows it. A movement of a closed period is corrected by a reversal pair in the first
open one. Lots are kept on the facts and do not change the cost. What orders give to stock is among them
(`sync/costing/fed.py`): it is booked with the order, and only counted here.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Literal, cast

from sync.core.clock import local_date, midnight, month_of
from sync.core.findings import COSTED, Finding, Outcome, held
from sync.core.money import ARITHMETIC, ZERO, round_money
from sync.core.plant import Item, Plant, Site
from sync.core.quantity import convert, plain
from sync.costing.drawn import Draw
from sync.costing.fed import Fed
from sync.costing.place import Place, locate
from sync.costing.policy import Policies
from sync.costing.rates import Rate, RateTable
from sync.costing.valuation import AT_COST, period_average, standard
from sync.costing.valuation.stock import Kind, Move, Of, Step, Stock, Told, in_order, key_of, too_large
from sync.events.base import Event
from sync.events.material import MaterialConsumed, MaterialReceived, MaterialReturned
from sync.ledger.accounts import assignment, postings, transfer
from sync.ledger.entry import Entry

RULE, VERSION = "material", 1

# In the words of a report that is held for the material it draws: which.
DRAWN = "drawn"

Movement = MaterialReceived | MaterialConsumed | MaterialReturned

__all__ = ["Movement", "State", "Stock", "Valued", "cost", "is_carried", "is_movement", "replay_from"]


@dataclass(frozen=True, slots=True)
class State:
    """The stock of an item after the movement `event_id`: where a later replay may begin."""

    item: str
    occurred_at: int
    event_id: str
    stock: Stock


@dataclass(slots=True)
class Valued:
    """What movements come to. `outcomes` has those of movements, `drawn` those of the reports that draw: held when one
    of their draws is."""

    entries: list[Entry] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    drawn: dict[str, Outcome] = field(default_factory=dict)


def cost(
    movements: Iterable[Movement],
    draws: Iterable[Draw],
    plant: Plant,
    rates: RateTable,
    policies: Policies,
    opening: Mapping[str, Stock],
    fed: Iterable[Fed] = (),
) -> Valued:
    """Value movements. For an item whose stock is carried they must be all of that item's after its `opening` stock,
    what orders have `fed` it with among them, and those that wait in it."""
    valued = Valued()
    by_item: dict[str, list[_Line]] = defaultdict(list)
    for movement in movements:
        by_item[movement.item].append(_Line(movement, plant, policies))
    for draw in draws:
        by_item[draw.component.item].append(_Line(draw.report, plant, policies, draw))
        valued.drawn.setdefault(draw.report.id, COSTED)
    for receipt in fed:
        by_item[receipt.item].append(_Line(receipt, plant, policies))
    for code in sorted(by_item):
        _cost_item(code, by_item[code], plant, rates, policies, opening.get(code, Stock()), valued)
    return valued


def is_carried(item: Item, rates: RateTable, policies: Policies) -> bool:
    """Whether what a movement of the item is worth depends on those before it. What makes it so (a second standard, a
    policy) stays, so that an item once carried is carried for good."""
    if item.valuation != standard.NAME or item.negative_stock == "hold":
        return True
    if rates.days("standard_cost", "item", item.code) > 1:
        return True
    return any(policy.price_variance == "use" for policy in policies)


def replay_from(item: Item, instant: int, site: Site) -> int:
    """The instant from which an item is valued anew when a receipt changed at `instant`: the month's first where one
    average holds for all of the month."""
    if item.valuation != period_average.NAME:
        return instant
    return midnight(local_date(instant, site.zone).replace(day=1), site.zone)


def is_movement(event: Event) -> bool:
    return isinstance(event, (MaterialReceived, MaterialConsumed, MaterialReturned))


def _cost_item(
    code: str,
    lines: Sequence["_Line"],
    plant: Plant,
    rates: RateTable,
    policies: Policies,
    opening: Stock,
    valued: Valued,
) -> None:
    item = plant.items.get(code)
    if item is None:
        for line in lines:
            line.tell(valued, held("reference.unknown_item", code=code))
        return
    moving: dict[str, _Line] = {}
    for line in lines:
        if trouble := line.resolve(item):
            line.tell(valued, trouble)
        else:
            moving[line.move.key] = line
    of = Of(code, item.unit, plant.site.currency)
    moves = in_order(line.move for line in moving.values())
    told = {one.move.key: one for one in _told(item, moves, opening, of, rates, policies, valued)}
    for move in moves:
        line, result = moving[move.key], told[move.key].result
        if isinstance(result, Outcome):
            line.tell(valued, result)
            continue
        line.tell(valued, COSTED)
        if result.negative and not isinstance(line.fact, Fed):
            valued.findings.append(Finding("stock.negative", line.fact.id, {"item": code}))
        valued.entries.extend(line.entries(result))


def _told(
    item: Item,
    moves: Sequence[Move],
    opening: Stock,
    of: Of,
    rates: RateTable,
    policies: Policies,
    valued: Valued,
) -> Iterator[Told]:
    """What the item's method says of its moves; the states of a stock that is carried are kept."""
    hold = item.negative_stock == "hold"
    if method := AT_COST.get(item.valuation):
        tellings = method(moves, opening, of, hold=hold)
    else:
        tellings = standard.value(moves, opening, of, _standard(item, rates), _taken(policies), hold=hold)
    carried = is_carried(item, rates, policies)
    states: dict[str, State] = {}
    for one in tellings:
        yield one
        at = one.looking_at
        changed = isinstance(one.result, Step) or one.result.reason == "stock.too_little"
        if carried and changed and at.key not in opening.waiting:
            event_id = at.key.partition("/")[0]
            states[event_id] = State(item.code, at.at, event_id, one.stock)
    valued.states.extend(states.values())


def _standard(item: Item, rates: RateTable) -> Callable[[date], Rate | None]:
    return lambda day: rates.find("standard_cost", "item", item.code, day)


def _taken(policies: Policies) -> Callable[[date], Literal["purchase", "use"]]:
    return lambda day: cast(Literal["purchase", "use"], policies.on(day).price_variance)


class _Line:
    """One fact about one item, on its way to a move and then to entries."""

    move: Move
    item: Item
    place: Place | None

    def __init__(
        self, fact: Movement | Event | Fed, plant: Plant, policies: Policies, draw: Draw | None = None
    ) -> None:
        self.fact, self.plant, self.draw = fact, plant, draw
        self.day = local_date(fact.occurred_at, plant.site.zone)
        self.policy = policies.on(self.day)
        self.currency = plant.site.currency

    def resolve(self, item: Item) -> Outcome | None:
        """Find the quantity in base units, the order and what a receipt cost; or tell what is not known."""
        self.item = item
        if isinstance(self.fact, Fed):
            self.place, fed = None, self.fact
            self.move = Move(fed.key, "receipt", fed.occurred_at, self.day, fed.quantity, fed.paid)
            return None
        quantity, unit = self._drawn()
        base = convert(quantity, unit, item.unit, item.units)
        if base is None:
            return held("unit.no_conversion", unit=unit, item=item.code, base=item.unit)
        place = self._where()
        if isinstance(place, Outcome):
            return place
        self.place = place
        paid = ZERO
        if isinstance(self.fact, MaterialReceived):
            if large := too_large(quantity, unit, self.fact.unit_cost):
                return large
            paid = round_money(ARITHMETIC.multiply(quantity, self.fact.unit_cost), self.currency)
        self.move = Move(self._key(), self._kind(), self.fact.occurred_at, self.day, base, paid)
        return None

    def tell(self, valued: Valued, outcome: Outcome) -> None:
        """Record what became of the fact; what an order gave is told with the order."""
        if isinstance(self.fact, Fed):
            return
        if self.draw is None:
            valued.outcomes[self.fact.id] = outcome
        elif outcome.state == "held":
            words = {**outcome.params, DRAWN: self.draw.component.item}
            valued.drawn[self.fact.id] = replace(outcome, params=words)

    def _drawn(self) -> tuple[Decimal, str]:
        if self.draw:
            component = self.draw.component
            return ARITHMETIC.multiply(component.quantity_per, self.draw.pieces), component.unit
        assert isinstance(self.fact, Movement)
        return self.fact.quantity, self.fact.unit

    def _where(self) -> Place | Outcome | None:
        """The order that takes or returns the material; None for a receipt."""
        if self.draw:
            return self.draw.place
        assert isinstance(self.fact, Movement)
        if isinstance(self.fact, MaterialReceived):
            return None
        return locate(self.plant, self.fact.order, self.fact.operation)

    def _key(self) -> str:
        return key_of(self.fact.id, self.draw.component.operation or "*") if self.draw else key_of(self.fact.id)

    def _kind(self) -> Kind:
        if isinstance(self.fact, MaterialReceived):
            return "receipt"
        return "return" if isinstance(self.fact, MaterialReturned) else "issue"

    def entries(self, step: Step) -> Iterator[Entry]:
        """What a step comes to in the books."""
        stock, move = f"stock:{self.item.code}", self.move
        order = f"order:{self.place.order.code}" if self.place else ""
        source = "opening:" if getattr(self.fact, "opening", None) else "supplier:"
        sender, receiver = {"receipt": (source, stock), "issue": (stock, order), "return": (order, stock)}[move.kind]
        formula = f"{self._estimate()}{step.words} = {step.amount} {self.currency}"
        fed = isinstance(self.fact, Fed)
        if not fed:  # what an order gives was booked where its cost is known
            yield self.build(
                sender, receiver, step.amount, formula, self.place, move.quantity, step.unit_cost, step.rate_id
            )
        if step.price_difference:
            giver = source if move.kind == "receipt" and not fed else stock
            words = self._price_words(step)
            yield self.variance(step.price_difference, giver, "variance:material_price", words, self.place)
        if step.brought:
            yield self.variance(step.brought, stock, "variance:material_price", step.brought_words)
        if step.revalued:
            yield self.variance(step.revalued, "variance:standard_change", stock, step.brought_words)
        if step.shortage:
            formula = f"issued before receipt at the last cost: {step.shortage} {self.currency} of difference"
            yield self.variance(step.shortage, stock, "variance:negative_stock", formula)

    def _estimate(self) -> str:
        """How a backflush comes to its quantity."""
        if self.draw is None:
            return ""
        component = self.draw.component
        quantity = plain(ARITHMETIC.multiply(component.quantity_per, self.draw.pieces))
        each = f"{plain(component.quantity_per)} {component.unit}"
        return f"{plain(self.draw.pieces)} pcs x {each} = {quantity} {component.unit}; "

    def _price_words(self, step: Step) -> str:
        difference = f"{step.price_difference} {self.currency}"
        if self.move.kind == "receipt":
            return f"{self.move.paid} {self.currency} paid - {step.amount} {self.currency} at standard = {difference}"
        actual = f"{step.actual_words} = {step.actual} {self.currency}"
        if self.move.kind == "issue":
            return f"{actual} out of stock - {step.amount} {self.currency} at standard = {difference}"
        return f"{step.amount} {self.currency} at standard - {actual} into stock = {difference}"

    def variance(
        self, difference: Decimal, sender: str, receiver: str, formula: str, place: Place | None = None
    ) -> Entry:
        """A difference between two that are no order; `place`: the order it arose with, for who looks for it there."""
        if difference < 0:
            sender, receiver = receiver, sender
        return self.build(sender, receiver, abs(difference), formula, place)

    def build(
        self,
        sender: str,
        receiver: str,
        amount: Decimal,
        formula: str,
        place: Place | None,
        quantity: Decimal = ZERO,
        unit_cost: Decimal | None = None,
        rate_id: str = "",
    ) -> Entry:
        center = place.work_center if place else ""
        department = self.plant.department_of(center)
        order = place.order if place else None
        accounts = assignment(self.plant.plans, order, day=self.day, element="material", department=department,
                              work_center=center, item=self.item.code)  # fmt: skip
        stock_accounts = assignment(self.plant.plans, None, day=self.day, element="", item=self.item.code)
        credit = accounts if sender.startswith("order:") else stock_accounts
        debit = accounts if receiver.startswith("order:") else stock_accounts
        return Entry(
            scope=self.fact.id,
            rule=self.draw.rule if self.draw else RULE,
            rule_version=self.draw.rule_version if self.draw else VERSION,
            element="material",
            occurred_at=self.fact.occurred_at,
            occurred_on=self.day,
            period=month_of(self.day),
            quantity=quantity,
            unit=self.item.unit,
            amount=amount,
            currency=self.currency,
            provenance="estimated" if self.draw else self.fact.provenance,
            events=(self.fact.cause,) if isinstance(self.fact, Fed) else (self.fact.id,),
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
            activity="backflushed" if self.draw else self.fact.type.partition(".")[2],
            rate=unit_cost,
            rate_id=rate_id,
            replaces=getattr(self.fact, "replaces", "") if order else "",
        )
