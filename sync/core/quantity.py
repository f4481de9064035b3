"""Quantities and units of measure.

A unit is its code ("pcs", "kg", "mm"). Units of one dimension convert by the table below; anything else (a sheet
of 3.2 m2, a box of 250) is a conversion of the item, kept with the item. No conversion is ever assumed.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from sync.core.money import ARITHMETIC, decimal

# (dimension, factor to the dimension's base unit); SI and the everyday units of a workshop.
_UNITS: dict[str, tuple[str, Decimal]] = {
    "mg": ("mass", Decimal("0.000001")),
    "g": ("mass", Decimal("0.001")),
    "kg": ("mass", Decimal(1)),
    "t": ("mass", Decimal(1000)),
    "mm": ("length", Decimal("0.001")),
    "cm": ("length", Decimal("0.01")),
    "m": ("length", Decimal(1)),
    "km": ("length", Decimal(1000)),
    "cm2": ("area", Decimal("0.0001")),
    "m2": ("area", Decimal(1)),
    "ml": ("volume", Decimal("0.001")),
    "cl": ("volume", Decimal("0.01")),
    "l": ("volume", Decimal(1)),
    "m3": ("volume", Decimal(1000)),
    "s": ("time", Decimal(1)),
    "min": ("time", Decimal(60)),
    "h": ("time", Decimal(3600)),
}

MILLISECONDS_PER_HOUR = 3_600_000
SIX_DECIMALS = Decimal("0.000001")

_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?", re.ASCII)


def parse_decimal(text: str) -> Decimal:
    """A decimal as it stands on the wire: ASCII digits, a point, at most 12 + 6 digits, no exponent.

    Raises ValueError for anything else ("1e3", "NaN", "1,5", full-width digits), so that both databases
    and every reader see the same number.
    """
    if not _DECIMAL.fullmatch(text):
        raise ValueError("not a plain decimal number")
    return Decimal(text)


def plain(number: Decimal) -> str:
    """`number` without exponent and without superfluous zeros: one spelling for one value."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def legible(number: Decimal | Fraction) -> Decimal:
    """`number` with six decimals at most: for words and formulas, never to go on with."""
    exact = decimal(number) if isinstance(number, Fraction) else number
    return exact if len(plain(exact).partition(".")[2]) <= 6 else exact.quantize(SIX_DECIMALS, context=ARITHMETIC)


def convert(quantity: Decimal, unit: str, base: str, of_item: Mapping[str, Decimal]) -> Decimal | None:
    """`quantity` of `unit` in the item's `base` unit, or None when nobody said how.

    `of_item` gives the item's own factors (one of that unit = factor base units); they win over the general table.
    """
    if unit == base:
        return quantity
    if unit in of_item:
        return ARITHMETIC.multiply(quantity, of_item[unit])
    here, there = _UNITS.get(unit), _UNITS.get(base)
    if here and there and here[0] == there[0]:
        return ARITHMETIC.divide(ARITHMETIC.multiply(quantity, here[1]), there[1])
    return None


def known_units(base: str, of_item: Mapping[str, Decimal]) -> list[str]:
    """Every unit that converts to `base`, the base first: what the phone offers."""
    dimension = _UNITS.get(base, ("", Decimal(1)))[0]
    general = [code for code, (kind, _) in _UNITS.items() if kind == dimension and code != base]
    return [base, *sorted(of_item), *general]
