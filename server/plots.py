"""Geometry that plots of several rooms share: values in, positions out, as percentages of the width.

Plots are SVG without a view box: positions are percentages, heights and type are pixels, so a plot fills its cell at
any width and its lines stay sharp. Every plot stands in a table whose cells say the same in figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from sync.core.money import ZERO


def pct(share: Decimal | Fraction | float) -> str:
    """A share of the width for an SVG attribute."""
    return f"{float(share) * 100:.3f}%"


def nice_ticks(low: Decimal, high: Decimal, most: int = 5) -> list[Decimal]:
    """Round values (1, 2 or 5 times a power of ten apart) inside low to high and zero."""
    span = max(high, ZERO) - min(low, ZERO)
    size = Decimal(10) ** (span.adjusted() - 1)
    gap = next(size * factor for factor in (1, 2, 5, 10, 20, 50, 100) if span / (size * factor) <= most)
    first = -(-min(low, ZERO) // gap)
    return [gap * index for index in range(int(first), int(max(high, ZERO) // gap) + 1)]


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar."""

    kind: str
    x: str
    width: str


def stacked(parts: Sequence[tuple[str, Decimal]], whole: Decimal) -> list[Bar]:
    """Parts one after the other on a scale of `whole`, or of their sum where that is more."""
    scale = max(whole, sum((value for _, value in parts), ZERO))
    bars, at = [], ZERO
    for kind, value in parts:
        if value > 0 and scale:
            bars.append(Bar(kind, pct(at / scale), pct(value / scale)))
            at += value
    return bars
