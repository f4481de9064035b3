"""Period average (CUMP de fin de période; PCG 213-34, IAS 2.25, .27 "on a periodic basis"): one average for all issues
of a calendar month, that of what was there when it began and of all that was received in it.

    average = (value at the start + cost of the receipts) / (quantity at the start + quantity received)
    amount  = quantity x average, rounded once;  the issue that takes the last of it takes what is left of the value

So the order of issues and receipts within the month says nothing about the cost, and a return comes back at the
average. In a month that is not over the average is that of the receipts told so far: no figure is invented, and each
further receipt, like any fact told late, costs the issues of its month anew.

What is issued beyond all of the month's stock costs its average too, and leaves a shortage; the first receipt of a
later month fills it at the average of that month's receipts. An issue that waits for more (`hold`) is costed at the
average of the month that brings it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from sync.core.clock import month_of
from sync.core.findings import Outcome
from sync.core.money import ARITHMETIC, ZERO
from sync.costing.valuation.stock import (
    RESIDUE,
    Month,
    Move,
    Of,
    Step,
    Stock,
    Told,
    one_by_one,
    too_large,
    too_little,
    unit_cost_of,
)

NAME = "period_average"


def value(moves: Iterable[Move], stock: Stock, of: Of, *, hold: bool) -> Iterator[Told]:
    """Value moves, all of an item's after `stock`, in the order of their instants. Within a month they may begin
    anywhere as long as its receipts are those of which `stock` was told; those that wait come along again, in the next
    month too. The stocks that are told within a month hold what is left of all of that month, receipts to come
    included."""
    moves = list(moves)
    waiting = [move for move in moves if move.key in stock.waiting]
    yield from (Told(move, too_little(of), move, stock) for move in waiting)
    following = (move for move in moves if move.key not in stock.waiting)
    for period, parts in groupby(following, key=lambda move: month_of(move.day)):
        of_month = [*waiting, *parts]
        for told in _Month(period, of_month, stock, of).told(hold):
            stock = told.stock
            # What waited before and waits on was told already.
            if told.looking_at not in waiting:
                yield told
        waiting = [move for move in of_month if move.key in stock.waiting]


class _Month:
    """A month's stock as one pool: what was there and what was received, at one average."""

    def __init__(self, period: str, moves: list[Move], stock: Stock, of: Of) -> None:
        self.moves, self.of, self.start = moves, of, stock
        self.period, self.words = period, f"average of {period}"
        if stock.month is not None and stock.month.period == period:
            self.first, self.shortage = stock.month.first, stock.month.shortage
            self.quantity, self.value = stock.month.quantity, stock.month.value
            self.pool = Stock(stock.quantity, stock.value, stock.last_cost)
            self.start = replace(stock, quantity=stock.month.there)
            return
        receipts = [move for move in moves if move.kind == "receipt"]
        self.first = receipts[0].key if receipts else ""
        quantity, value, last_cost = stock.quantity, stock.value, stock.last_cost
        received = sum((move.quantity for move in receipts), ZERO)
        paid = sum((move.paid for move in receipts), ZERO)
        self.shortage = ZERO
        if receipts:
            last_cost = ARITHMETIC.divide(paid, received)
        self.pool = Stock(quantity + received, value + paid, last_cost)
        if receipts and quantity < 0:
            self.pool, self.shortage = of.filled(self.pool)
        # What the average is made of, whatever is taken from the pool later.
        self.quantity, self.value = self.pool.quantity, self.pool.value
        if self.quantity > 0:
            self.pool = replace(self.pool, last_cost=unit_cost_of(self.quantity, self.value))

    def told(self, hold: bool) -> Iterator[Told]:
        # Quantities follow the days, so that an issue knows whether it has to wait; values are those of the pool.
        for told in one_by_one(self.moves, self.start, self.step, self.of, hold=hold):
            here = Month(self.period, self.quantity, self.value, told.stock.quantity, self.shortage, self.first)
            yield replace(told, stock=replace(self.pool, waiting=told.stock.waiting, month=here))

    def step(self, stock: Stock, move: Move) -> Step | Outcome:
        of, pool = self.of, self.pool
        if move.kind == "receipt":
            unit_cost = ARITHMETIC.divide(move.paid, move.quantity)
            after = replace(stock, quantity=stock.quantity + move.quantity)
            shortage = self.shortage if move.key == self.first else ZERO
            return Step(move.paid, unit_cost, of.times(move.quantity, unit_cost), after, shortage=shortage)
        if pool.last_cost is None:
            return of.no_unit_cost(move)
        if large := too_large(move.quantity, of.unit, pool.last_cost):
            return large
        amount, words = self._at_average(move)
        shortage = ZERO
        if move.kind == "return":
            after = replace(pool, quantity=pool.quantity + move.quantity, value=pool.value + amount)
            if pool.quantity < 0 <= after.quantity:
                after, shortage = of.filled(after)
        else:
            left = pool.quantity - move.quantity
            if abs(left) < RESIDUE:
                left = ZERO
            if left == 0 or (left > 0 and amount > pool.value):
                # Rounding each issue leaves or lacks odd cents: the last one takes what there is.
                if amount != pool.value:
                    words = f"{words}, {pool.value - amount:+} {of.currency} that rounding left"
                amount = pool.value
            after = replace(pool, quantity=left, value=pool.value - amount)
        self.pool = after
        moved = move.quantity if move.kind == "return" else -move.quantity
        there = replace(stock, quantity=stock.quantity + moved)
        return Step(amount, pool.last_cost, words, there, shortage=shortage, negative=after.quantity < 0)

    def _at_average(self, move: Move) -> tuple[Decimal, str]:
        of, quantity, last_cost = self.of, move.quantity, self.pool.last_cost
        if self.quantity > 0:
            words = f"{of.share_in_words(quantity, self.value, self.quantity)} ({self.words})"
            return of.share(quantity, self.value, self.quantity), words
        assert last_cost is not None
        return of.at_last_cost(quantity, last_cost), of.times(quantity, last_cost)
