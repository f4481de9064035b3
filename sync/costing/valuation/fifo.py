"""First in, first out (FIFO; PEPS, premier entré, premier sorti; PCG 213-34, IAS 2.25): what was received first is
issued first, so what is left is what came last.

    amount = sum over the layers drawn, the oldest first, of  quantity x value of the layer / quantity of the layer

Each layer is what is left of one receipt: its quantity and its value. Part of a layer is rounded once; what takes the
rest of a layer takes the rest of its value, so a stock that is emptied is worth nothing.

A return runs this backwards: what was issued last comes back first, into the layer it came from and at what was drawn
from it, whichever order brings it. So the stock after a return is what it would be if less had been issued, and again
the latest receipts. The last 32 layers drawn are remembered; what is returned beyond them comes back at the last cost,
as the oldest layer.

An issue beyond the stock takes all layers, and the rest at the unit cost of the last of them. The receipt that fills
the shortage keeps as its layer what is left.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal

from sync.core.findings import Outcome
from sync.core.money import ZERO
from sync.costing.valuation.moving_average import received
from sync.costing.valuation.stock import RESIDUE, Layer, Move, Of, Step, Stock, Told, one_by_one, unit_cost_of

NAME = "fifo"

# How many layers that were drawn from are remembered for returns.
REMEMBERED = 32
# How many layers a formula names; the rest is told in one.
NAMED = 6

Part = tuple[Decimal, Decimal]  # quantity, unit cost


def value(moves: Iterable[Move], stock: Stock, of: Of, *, hold: bool) -> Iterator[Told]:
    """Value moves, all of an item's after `stock`, in the order of their instants."""
    return one_by_one(moves, stock, lambda stock, move: step(stock, move, of), of, hold=hold)


def step(stock: Stock, move: Move, of: Of) -> Step | Outcome:
    """One move."""
    if stock.quantity > 0 and not stock.layers:
        # Carried over from a method that keeps none.
        stock = replace(stock, layers=(Layer("", stock.quantity, stock.value),))
    if move.kind == "receipt":
        return _received(stock, move, of)
    if stock.last_cost is None:
        return of.no_unit_cost(move)
    return _issued(stock, move, of) if move.kind == "issue" else _returned(stock, move, of)


def _received(stock: Stock, move: Move, of: Of) -> Step:
    step = received(stock, move, of)
    short = min(max(-stock.quantity, ZERO), move.quantity)
    if not short:
        layers = (*stock.layers, Layer(move.key, move.quantity, move.paid))
        return replace(step, stock=replace(step.stock, layers=layers))
    left = max(step.stock.quantity, ZERO)
    kept = step.stock.value if left else ZERO
    drawn = _remember(stock.drawn, Layer(move.key, short, move.paid - kept))
    layers = (Layer(move.key, left, kept),) if left else ()
    return replace(step, stock=replace(step.stock, layers=layers, drawn=drawn))


def _issued(stock: Stock, move: Move, of: Of) -> Step:
    wanted, amount, parts = move.quantity, ZERO, list[Part]()
    layers, drawn = list(stock.layers), stock.drawn
    last_cost = stock.last_cost
    assert last_cost is not None
    while layers and (wanted > RESIDUE or not parts):
        layer = layers.pop(0)
        last_cost = unit_cost_of(layer.quantity, layer.value)
        if layer.quantity - wanted > RESIDUE:
            taken = Layer(layer.source, wanted, of.share(wanted, layer.value, layer.quantity))
            layers.insert(0, Layer(layer.source, layer.quantity - wanted, layer.value - taken.value))
        else:
            taken = layer
        parts.append((taken.quantity, last_cost))
        drawn = _remember(drawn, taken)
        amount += taken.value
        wanted -= taken.quantity
    beyond = wanted if wanted > RESIDUE or not parts else ZERO
    if beyond:
        parts.append((beyond, last_cost))
        amount += of.at_last_cost(beyond, last_cost)
    left = sum((layer.quantity for layer in layers), min(stock.quantity, ZERO)) - beyond
    if abs(left) < RESIDUE:
        left = ZERO
    after = replace(
        stock, quantity=left, value=stock.value - amount, last_cost=last_cost, layers=tuple(layers), drawn=drawn
    )
    return Step(amount, _whole(move, amount, parts), _in_words(parts, of), after, negative=left < 0)


def _returned(stock: Stock, move: Move, of: Of) -> Step:
    back, amount, parts = move.quantity, ZERO, list[Part]()
    layers, drawn, last_cost = list(stock.layers), list(stock.drawn), stock.last_cost
    assert last_cost is not None
    if stock.quantity < 0:
        # What was issued beyond the stock went out last: it comes back first, the whole shortage with its whole value.
        part = min(back, -stock.quantity)
        amount += -stock.value if part == -stock.quantity else of.at_last_cost(part, last_cost)
        parts.append((part, last_cost))
        back -= part
    while drawn and back > RESIDUE:
        taken = drawn.pop()
        last_cost = unit_cost_of(taken.quantity, taken.value)
        if taken.quantity - back > RESIDUE:
            share = of.share(back, taken.value, taken.quantity)
            drawn.append(Layer(taken.source, taken.quantity - back, taken.value - share))
            taken = Layer(taken.source, back, share)
        _put_back(layers, taken)
        parts.append((taken.quantity, last_cost))
        amount += taken.value
        back -= taken.quantity
    if back > RESIDUE or not parts:
        rest = Layer("", back, of.at_last_cost(back, last_cost))
        _put_back(layers, rest)
        parts.append((back, last_cost))
        amount += rest.value
    after = replace(
        stock,
        quantity=stock.quantity + move.quantity,
        value=stock.value + amount,
        last_cost=last_cost,
        layers=tuple(layers),
        drawn=tuple(drawn),
    )
    return Step(amount, _whole(move, amount, parts), _in_words(parts, of), after)


def _put_back(layers: list[Layer], taken: Layer) -> None:
    if layers and layers[0].source == taken.source:
        first = layers.pop(0)
        taken = Layer(taken.source, first.quantity + taken.quantity, first.value + taken.value)
    layers.insert(0, taken)


def _remember(drawn: tuple[Layer, ...], taken: Layer) -> tuple[Layer, ...]:
    if drawn and drawn[-1].source == taken.source:
        last = drawn[-1]
        taken = Layer(taken.source, last.quantity + taken.quantity, last.value + taken.value)
        drawn = drawn[:-1]
    return (*drawn, taken)[-REMEMBERED:]


def _whole(move: Move, amount: Decimal, parts: list[Part]) -> Decimal:
    """The price of one unit: that of the one layer, or the mean of several."""
    return parts[0][1] if len(parts) == 1 else unit_cost_of(move.quantity, amount)


def _in_words(parts: list[Part], of: Of) -> str:
    words = [of.times(quantity, unit_cost) for quantity, unit_cost in parts]
    if len(words) > NAMED:
        words = [*words[: NAMED - 1], f"{len(words) - NAMED + 1} more layers"]
    return " + ".join(words)
