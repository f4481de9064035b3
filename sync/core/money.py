"""Money: Decimal amounts and the only rounding in the house.

An amount is a plain ``Decimal`` in the currency of the site; unit costs and rates stay unrounded until the
product of quantity and rate becomes an amount, which is rounded once, half up, to the currency's minor unit
(ISO 4217). Databases without a decimal type store amounts as integers in units of 10**-4: the finest minor
unit ISO 4217 knows is four digits (CLF, UYW).
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from math import lcm
from typing import cast

# Unit costs divide; 34 digits (IEEE 754 decimal128) keep every quotient far below a cent of error.
ARITHMETIC = Context(prec=34, rounding=ROUND_HALF_UP)

STORE_SCALE = 4
# No single amount is as large: what a slip makes (a barcode typed as a quantity) is held, and no store overflows.
MOST = Decimal(10) ** 14
ZERO = Decimal(0)

# ISO 4217: digits of the minor unit -> currencies, where they are not two.
_UNUSUAL = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_MINOR_DIGITS = {currency: digits for digits, line in _UNUSUAL.items() for currency in line.split()}
_USUAL = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE
    CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
    KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
    TTD TWD TZS UAH USD UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 -- easier to read than 150 quoted words
)


def is_currency(code: str) -> bool:
    """Whether a code is a currency in use by ISO 4217 (2026): a site counts in one."""
    return code in _USUAL or code in _MINOR_DIGITS


def minor_digits(currency: str) -> int:
    """Digits after the point of `currency`'s minor unit, ISO 4217."""
    return _MINOR_DIGITS.get(currency, 2)


def round_money(amount: Decimal | Fraction, currency: str) -> Decimal:
    """`amount` rounded half up to the minor unit: the one rounding between a rate and an entry.

    What was divided before it was multiplied comes as a Fraction: 10.01 / 6 x 3 is 5.005 and so 5.01, while a decimal
    quotient of 10.01 and 6, however long, is a little too small for that.
    """
    digits = minor_digits(currency)
    if isinstance(amount, Decimal):
        return amount.quantize(Decimal(1).scaleb(-digits), context=ARITHMETIC)
    cents = int(abs(amount) * 10**digits + Fraction(1, 2))
    return Decimal(cents if amount >= 0 else -cents).scaleb(-digits)


def round_ratio(numerator: Decimal, denominator: int, currency: str) -> Decimal:
    """numerator / denominator as money, exact until the one rounding (used for milliseconds of an hourly rate: a tie is
    exact in 34 digits, and what is no tie is further from one than the 34th digit)."""
    return round_money(ARITHMETIC.divide(numerator, Decimal(denominator)), currency)


def decimal(ratio: Fraction) -> Decimal:
    """A quotient to 34 digits: for readers and formulas, never for the amount itself."""
    return ARITHMETIC.divide(Decimal(ratio.numerator), Decimal(ratio.denominator))


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
    if all(type(weight) is int for weight in weights):
        shares: Sequence[int] = cast(Sequence[int], weights)
    else:
        scale = lcm(*(weight.denominator for weight in weights))
        shares = [int(weight * scale) for weight in weights]
    whole = sum(shares)
    if whole <= 0:
        raise ValueError("weights must add up to more than zero")
    parts = [total * share // whole for share in shares]
    if missing := total - sum(parts):
        remainders = [total * share % whole for share in shares]
        for index in sorted(range(len(parts)), key=lambda i: (-remainders[i], keys[i]))[:missing]:
            parts[index] += 1
    return parts
