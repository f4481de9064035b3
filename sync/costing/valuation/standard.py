"""Standard: every movement at the item's standard cost of its day. When the difference between what was paid and the
standard, the material price variance, is taken is a policy, `price_variance` (Horngren, Cost Accounting, on isolating
the price variance at the time of purchase or of use):

*At purchase* (default). The stock is kept at standard, and the variance leaves at once: buyers answer for it, in the
month they bought.

    receipt:  stock gets quantity x standard;  variance gets what was paid less that
    issue:    the stock gives, and the order bears, quantity x standard
    return:   the same backwards

*At use.* The stock is carried at what was paid, as a moving average; the order still bears the standard, and the
variance arises with each issue. So the part of it that belongs to material not used yet stays in the stock.

    receipt:  stock gets what was paid
    issue:    the stock gives quantity x value / stock quantity;  the order bears quantity x standard;
              variance gets the first less the second
    return:   the order is credited quantity x standard, the stock takes it back at its average, variance the difference

*When the standard changes*, the stock that is there is worth more or less from then on: the first movement at the new
standard brings it there, and the difference is a variance of its own, `variance:standard_change`; the odd cents that
rounding left go with it. A shortage is not brought: nothing is there that could be worth more.

When the policy changes from use to purchase, the first movement after that brings the stock that is there to standard,
and the difference is price variance. From purchase to use the stock goes on at the standard it stands at, as if that
had been paid.

At purchase a stock is nothing but quantity x standard, and no movement needs to know another: movements are costed each
by itself, until an item has a second standard, and except where its issues wait for their stock (`negative_stock` says
`hold`) or a policy ever says use.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Literal

from sync.core.findings import Outcome, held
from sync.core.money import ARITHMETIC, ZERO
from sync.costing.rates import Rate
from sync.costing.valuation import moving_average
from sync.costing.valuation.stock import Move, Of, Step, Stock, Told, one_by_one, too_large

NAME = "standard"

# The standard cost of the item on a day, and when the price variance is taken then.
Standard = Callable[[date], Rate | None]
Taken = Callable[[date], Literal["purchase", "use"]]


def value(
    moves: Iterable[Move], stock: Stock, of: Of, standard: Standard, taken: Taken, *, hold: bool
) -> Iterator[Told]:
    """Value moves, in the order of their instants; all of an item's after `stock`, where a stock is kept."""

    def step(stock: Stock, move: Move) -> Step | Outcome:
        if taken(move.day) == "use":
            return _at_use(stock, move, of, standard)
        return _at_purchase(stock, move, of, standard)

    return one_by_one(moves, stock, step, of, hold=hold)


def _missing(of: Of, day: date) -> Outcome:
    return held("rate.missing", kind="standard_cost", subject=of.item, date=day.isoformat())


def _at_purchase(stock: Stock, move: Move, of: Of, standard: Standard) -> Step | Outcome:
    rate = standard(move.day)
    if rate is None:
        return _missing(of, move.day)
    if large := too_large(move.quantity, of.unit, rate.amount):
        return large
    brought = revalued = ZERO
    brought_words = ""
    changed = stock.last_cost is not None and stock.last_cost != rate.amount
    if stock.actual or (changed and stock.quantity >= 0):
        right = of.round(ARITHMETIC.multiply(stock.quantity, rate.amount))
        at_standard = of.times(stock.quantity, rate.amount)
        brought_words = f"{at_standard} = {right} {of.currency}, were {stock.value} {of.currency}"
        if stock.actual:
            brought = stock.value - right
        else:
            revalued = right - stock.value
        stock = replace(stock, value=right, actual=False)
    amount = of.round(ARITHMETIC.multiply(move.quantity, rate.amount))
    sign = -1 if move.kind == "issue" else 1
    after = replace(stock, quantity=stock.quantity + sign * move.quantity, value=stock.value + sign * amount)
    over = move.paid - amount if move.kind == "receipt" else ZERO
    return Step(
        amount,
        rate.amount,
        of.times(move.quantity, rate.amount),
        replace(after, last_cost=rate.amount),
        rate_id=f"{rate.id}/{rate.version}",
        price_difference=over,
        brought=brought,
        revalued=revalued,
        brought_words=brought_words,
    )


def _at_use(stock: Stock, move: Move, of: Of, standard: Standard) -> Step | Outcome:
    given = moving_average.step(stock, move, of)
    if isinstance(given, Outcome):
        return given
    after = replace(given.stock, actual=True)
    if move.kind == "receipt":
        return replace(given, stock=after)
    rate = standard(move.day)
    if rate is None:
        return _missing(of, move.day)
    if large := too_large(move.quantity, of.unit, max(rate.amount, given.unit_cost)):
        return large
    amount = of.round(ARITHMETIC.multiply(move.quantity, rate.amount))
    over = given.amount - amount if move.kind == "issue" else amount - given.amount
    return replace(
        given,
        amount=amount,
        unit_cost=rate.amount,
        words=of.times(move.quantity, rate.amount),
        stock=after,
        rate_id=f"{rate.id}/{rate.version}",
        price_difference=over,
        actual=given.amount,
        actual_words=given.words,
    )
