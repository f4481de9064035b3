"""Money: Decimal amounts and the only rounding in the house.

An amount is a plain ``Decimal`` in the currency of the site; unit costs and rates stay unrounded until the
product of quantity and rate becomes an amount, which is rounded once, half up, to the currency's minor unit
(ISO 4217). Databases without a decimal type store amounts as integers in units of 10**-4: the finest minor
unit ISO 4217 knows is four digits (CLF, UYW).
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction

# Unit costs divide; 34 digits (IEEE 754 decimal128) keep every quotient far below a cent of error.
ARITHMETIC = Context(prec=34, rounding=ROUND_HALF_UP)

STORE_SCALE = 4
ZERO = Decimal(0)

# Minor units that differ from two digits, for the currencies a first customer may keep books in.
_MINOR_DIGITS = {"BHD": 3, "CLF": 4, "CLP": 0, "JOD": 3, "JPY": 0, "KRW": 0, "KWD": 3, "OMR": 3, "TND": 3, "UYW": 4,
                 "XAF": 0, "XOF": 0, "XPF": 0, "VND": 0, "ISK": 0}  # fmt: skip


def minor_digits(currency: str) -> int:
    """Digits after the point of `currency`'s minor unit, ISO 4217."""
    return _MINOR_DIGITS.get(currency, 2)


def round_money(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded half up to the minor unit: the one rounding between a rate and an entry."""
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), context=ARITHMETIC)


def round_ratio(numerator: Decimal, denominator: int, currency: str) -> Decimal:
    """numerator / denominator as money, exact until the one rounding (used for milliseconds of an hourly rate)."""
    return round_money(ARITHMETIC.divide(numerator, Decimal(denominator)), currency)


def to_store(amount: Decimal) -> int:
    """`amount` as an integer in 10**-4; raises ValueError when that would lose a digit."""
    scaled = amount.scaleb(STORE_SCALE)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{amount} has more than {STORE_SCALE} decimals")
    return whole


def from_store(stored: int, currency: str) -> Decimal:
    """The inverse of `to_store`, with the currency's number of decimals."""
    return Decimal(stored).scaleb(-STORE_SCALE).quantize(Decimal(1).scaleb(-minor_digits(currency)))


def allocate(total: int, weights: Sequence[Fraction | int], keys: Sequence[str]) -> list[int]:
    """Split the integer `total` by `weights`: largest remainder, ties by key. The parts always add up to `total`.

    Used for cents over analytic accounts and for milliseconds over open segments alike.
    Raises ValueError when the weights add up to nothing.
    """
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must add up to more than zero")
    exact = [Fraction(total) * weight / whole for weight in weights]
    parts = [value.numerator // value.denominator for value in exact]
    missing = total - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - exact[i], keys[i]))
    for index in by_remainder[:missing]:
        parts[index] += 1
    return parts
