"""Moving average (CUMP après chaque entrée; French chart of accounts, PCG 213-34; IAS 2.25): a receipt adds its
quantity and its cost, an issue or a return takes its share of the value.

    amount = quantity x value / stock quantity, rounded once;  an issue that empties the stock takes its whole value

A return comes back at the average of its instant, as a supplier's return does in Odoo: the order is credited what the
material is worth now. An issue beyond the stock costs the last unit cost as a whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from sync.core.findings import Outcome
from sync.core.money import ARITHMETIC, ZERO
from sync.costing.valuation.stock import RESIDUE, Move, Of, Step, Stock, Told, one_by_one, unit_cost_of

NAME = "moving_average"


def value(moves: Iterable[Move], stock: Stock, of: Of, *, hold: bool) -> Iterator[Told]:
    """Value moves, all of an item's after `stock`, in the order of their instants."""
    return one_by_one(moves, stock, lambda stock, move: step(stock, move, of), of, hold=hold)


def step(stock: Stock, move: Move, of: Of) -> Step | Outcome:
    """One move."""
    if move.kind == "receipt":
        return received(stock, move, of)
    unit_cost = unit_cost_of(stock.quantity, stock.value) if stock.quantity > 0 else stock.last_cost
    if unit_cost is None:
        return of.no_unit_cost(move)
    if stock.quantity > 0:
        amount = of.share(move.quantity, stock.value, stock.quantity)
        words = of.share_in_words(move.quantity, stock.value, stock.quantity)
    else:
        amount = of.at_last_cost(move.quantity, unit_cost)
        words = of.times(move.quantity, unit_cost)
    if move.kind == "return":
        after = replace(stock, quantity=stock.quantity + move.quantity, value=stock.value + amount, last_cost=unit_cost)
        shortage = ZERO
        if stock.quantity < 0 <= after.quantity:
            after, shortage = of.filled(after)
        return Step(amount, unit_cost, words, after, shortage=shortage)
    left = stock.quantity - move.quantity
    if abs(left) < RESIDUE:
        left, amount = ZERO, stock.value
    after = replace(stock, quantity=left, value=stock.value - amount, last_cost=unit_cost)
    return Step(amount, unit_cost, words, after, negative=left < 0)


def received(stock: Stock, move: Move, of: Of) -> Step:
    """A receipt; when the stock was negative, it also corrects what was issued at the last cost."""
    unit_cost: Decimal = ARITHMETIC.divide(move.paid, move.quantity)
    after = replace(stock, quantity=stock.quantity + move.quantity, value=stock.value + move.paid, last_cost=unit_cost)
    shortage = ZERO
    if stock.quantity < 0:
        after, shortage = of.filled(after)
    return Step(move.paid, unit_cost, of.times(move.quantity, unit_cost), after, shortage=shortage)
