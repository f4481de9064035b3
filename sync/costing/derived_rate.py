"""A rate derived from pay: what an hour that works on something must cost for all pay to be absorbed.

    rate per hour = (gross pay + employer charges) / productive hours

unrounded: it is multiplied by hours before anything is rounded. Productive are hours on orders. On hours *paid* the
rate recovers too little, because leave, training and idle time are paid and bear no order: 2,000 over 152 h paid is
13.16, over 120 h productive 16.67. Agency staff belong in both, their invoices in gross and their hours in hours.
The rate of several people is their total over their total, never the mean of their rates.
"""

from dataclasses import dataclass
from decimal import Decimal

from sync.core.money import ARITHMETIC
from sync.core.quantity import plain


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


class NoRate(ValueError):
    """A rate cannot be derived from these figures; the message says why."""


@dataclass(frozen=True, slots=True)
class DerivedRate:
    """`rate` per hour to 34 digits, and how it came about."""

    rate: Decimal
    formula: str


def derive(gross: Decimal, charges: Decimal, hours: Decimal, currency: str) -> DerivedRate:
    """The rate per hour. Raises NoRate when nothing was worked, or a figure is below zero."""
    if gross < 0 or charges < 0:
        raise NoRate(_("pay and charges must not be below zero"))
    if hours <= 0:
        raise NoRate(_("productive hours must be above zero: pay without productive hours has no rate"))
    rate = ARITHMETIC.divide(gross + charges, hours)
    told = f"({plain(gross)} gross + {plain(charges)} employer charges) {currency} / {plain(hours)} productive hours"
    return DerivedRate(rate, f"{told} = {plain(rate)} {currency}/h")
