"""What every method of valuation shares: a movement, the stock before and after it, and what a method says of it.

A stock is a quantity in the item's base unit and a value in money. Whatever the method, three things hold: what comes
in less what goes out is what is there, to the cent; what empties a stock takes its whole value; a stock that is there
is never worth less than nothing.

*Less than nothing there.* A stock may be issued beyond what was received, because a receipt is told late. By default
(`last_cost`) such an issue costs the last known unit cost, and a shortage is worth its quantity at that cost; the
receipt that fills it, wholly or in part, corrects what was issued at another cost as a difference of its own. Where an
item says `hold`, an issue beyond the stock waits, and is valued when enough has come: just after the movement that
brought it, those that waited longest first.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Literal

from sync.core.findings import Outcome, held
from sync.core.money import ARITHMETIC, MOST, ZERO, decimal, round_money
from sync.core.quantity import legible, plain

# The last cost is a quotient of 34 digits; 28 of them are sure, so that a tie at half a cent stays one.
SURE = Context(prec=28)
# What division of units (seconds of an hour) may leave of nothing.
RESIDUE = Decimal("0.000000001")

Kind = Literal["receipt", "issue", "return"]
# item column negative_stock: what becomes of an issue beyond the stock
NEGATIVE_STOCK = ("last_cost", "hold")


@dataclass(frozen=True, slots=True)
class Move:
    """Some of an item comes in or goes out. `key` names it among all moves of the item; `quantity` is in base units;
    `paid`: what a receipt cost."""

    key: str
    kind: Kind
    at: int
    day: date
    quantity: Decimal
    paid: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Layer:
    """What is left of a receipt, or what was drawn from it. `source`: the key of the receipt."""

    source: str
    quantity: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    """What the average of a month is made of, and how far that month has come: `there` is the quantity at the instant;
    `shortage`: what the `first` receipt corrects of the month before."""

    period: str
    quantity: Decimal
    value: Decimal
    there: Decimal
    shortage: Decimal
    first: str


@dataclass(frozen=True, slots=True)
class Stock:
    """An item's stock: `quantity` in base units, `value` in money; `last_cost` of one unit when known.

    First in, first out also keeps its `layers`, the oldest first, and what was `drawn` from them, the latest last.
    `waiting`: the keys of issues that wait for more to come. `actual`: an item at standard whose stock is carried at
    what was paid (the policy `price_variance` says `use`)."""

    quantity: Decimal = ZERO
    value: Decimal = ZERO
    last_cost: Decimal | None = None
    layers: tuple[Layer, ...] = ()
    drawn: tuple[Layer, ...] = ()
    waiting: tuple[str, ...] = ()
    actual: bool = False
    month: Month | None = None

    @property
    def more(self) -> dict[str, Any]:
        """All but quantity, value and last cost as plain JSON values; empty when there is no more."""
        told: dict[str, Any] = {}
        for name in ("layers", "drawn"):
            if layers := getattr(self, name):
                told[name] = [[layer.source, plain(layer.quantity), str(layer.value)] for layer in layers]
        if self.waiting:
            told["waiting"] = list(self.waiting)
        if self.actual:
            told["actual"] = True
        if month := self.month:
            figures = (plain(month.quantity), str(month.value), plain(month.there), str(month.shortage))
            told["month"] = [month.period, *figures, month.first]
        return told

    def knowing(self, more: Mapping[str, Any]) -> "Stock":
        """The stock with what `more` told."""
        layers, drawn = (
            tuple(Layer(source, Decimal(quantity), Decimal(value)) for source, quantity, value in more.get(name, ()))
            for name in ("layers", "drawn")
        )
        waiting, actual, month = tuple(more.get("waiting", ())), bool(more.get("actual")), None
        if "month" in more:
            period, *figures, first = more["month"]
            quantity, value, there, shortage = map(Decimal, figures)
            month = Month(period, quantity, value, there, shortage, first)
        return replace(self, layers=layers, drawn=drawn, waiting=waiting, actual=actual, month=month)


@dataclass(frozen=True, slots=True)
class Step:
    """What a method says of one move. `amount`: what the move is worth to who gives or takes it (supplier or order);
    `words`: the left side of the formula; `stock`: the stock after the move.

    `price_difference`: a receipt cost so much more than `amount`, or the stock gave so much more (took so much less);
    it goes to the material price variance; `actual` and `actual_words`: what the stock gave or took then, and its
    formula. `brought`: what bringing a stock carried at cost to standard took out of it; `revalued`: how much more the
    stock is worth at a new standard; `brought_words`: the formula of either. `shortage`: what left the stock's value
    because an issue before had been costed at the last cost. `negative`: there is less than nothing now."""

    amount: Decimal
    unit_cost: Decimal
    words: str
    stock: Stock
    rate_id: str = ""
    price_difference: Decimal = ZERO
    actual: Decimal = ZERO
    actual_words: str = ""
    brought: Decimal = ZERO
    revalued: Decimal = ZERO
    brought_words: str = ""
    shortage: Decimal = ZERO
    negative: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a move (a step, or why it is held), and the stock after the movement that was looked at when it
    was told: the move itself, or the one it had waited for."""

    move: Move
    result: Step | Outcome
    looking_at: Move
    stock: Stock


@dataclass(frozen=True, slots=True)
class Of:
    """What is valued: an item's code, base unit and currency, for words and for rounding."""

    item: str
    unit: str
    currency: str

    def round(self, amount: Decimal | Fraction) -> Decimal:
        return round_money(amount, self.currency)

    def price(self, unit_cost: Decimal) -> str:
        """A unit cost in words, six decimals at most; the entry's rate has them all."""
        return f"{plain(legible(unit_cost))} {self.currency}/{self.unit}"

    def times(self, quantity: Decimal, unit_cost: Decimal) -> str:
        return f"{plain(quantity)} {self.unit} x {self.price(unit_cost)}"

    def share_in_words(self, quantity: Decimal, value: Decimal, of_quantity: Decimal) -> str:
        whole = f"{value} {self.currency} / {plain(of_quantity)} {self.unit}"
        return f"{plain(quantity)} {self.unit} x {whole}"

    def at_last_cost(self, quantity: Decimal, unit_cost: Decimal) -> Decimal:
        return self.round(SURE.multiply(quantity, unit_cost))

    def share(self, quantity: Decimal, value: Decimal, of_quantity: Decimal) -> Decimal:
        """What `quantity` out of a stock is worth: its part of the value."""
        return self.round(Fraction(quantity) * Fraction(value) / Fraction(of_quantity))

    def no_unit_cost(self, move: Move) -> Outcome:
        return held("stock.no_unit_cost", item=self.item, date=move.day.isoformat())

    def filled(self, stock: Stock) -> tuple[Stock, Decimal]:
        """The stock after what filled a shortage, worth its quantity at the last cost, and the difference that
        makes."""
        assert stock.last_cost is not None
        right = self.at_last_cost(stock.quantity, stock.last_cost)
        return replace(stock, value=right), stock.value - right


def unit_cost_of(quantity: Decimal, value: Decimal) -> Decimal:
    """A quotient for readers; amounts are made of the fraction."""
    return decimal(Fraction(value) / Fraction(quantity))


def too_large(quantity: Decimal, unit: str, unit_cost: Decimal) -> Outcome | None:
    """Held, when no ledger could book it."""
    if ARITHMETIC.multiply(quantity, unit_cost) < MOST:
        return None
    return held("amount.too_large", quantity=plain(quantity), unit=unit, unit_cost=plain(unit_cost))


Value = Callable[[Stock, Move], Step | Outcome]


def one_by_one(moves: Iterable[Move], stock: Stock, value: Value, of: Of, *, hold: bool) -> Iterator[Told]:
    """Value moves in the order given, each from the stock the one before left; a move that is held leaves the stock as
    it is. With `hold`, issues beyond the stock wait (see above)."""
    waiting: list[Move] = []
    stock = replace(stock, waiting=())
    for move in moves:
        if hold and _beyond(stock, move):
            waiting.append(move)
            stock = replace(stock, waiting=tuple(one.key for one in waiting))
            yield Told(move, too_little(of), move, stock)
            continue
        result, stock = _valued(stock, move, value, of)
        yield Told(move, result, move, stock)
        if move.kind == "issue":
            continue
        for issue in list(waiting):
            if not _beyond(stock, issue):
                waiting.remove(issue)
                stock = replace(stock, waiting=tuple(one.key for one in waiting))
                result, stock = _valued(stock, issue, value, of)
                yield Told(issue, result, move, stock)


def too_little(of: Of) -> Outcome:
    """Held, until more has come."""
    return held("stock.too_little", item=of.item)


def _beyond(stock: Stock, move: Move) -> bool:
    return move.kind == "issue" and move.quantity > max(stock.quantity, ZERO) + RESIDUE


def _valued(stock: Stock, move: Move, value: Value, of: Of) -> tuple[Step | Outcome, Stock]:
    result = value(stock, move)
    if isinstance(result, Outcome):
        return result, stock
    if move.kind != "receipt" and (large := too_large(move.quantity, of.unit, result.unit_cost)):
        return large, stock
    return result, replace(result.stock, waiting=stock.waiting)


def key_of(event: str, operation: str = "") -> str:
    """The key of a move: the fact, and the operation when a fact moves an item more than once."""
    return f"{event}/{operation}" if operation else event


def in_order(moves: Iterable[Move]) -> list[Move]:
    """By instant; ties by key."""
    return sorted(moves, key=lambda move: (move.at, move.key))
