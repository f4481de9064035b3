"""Overhead of a pool against its budget: published exercises with their published figures. Facts and figures only."""

from decimal import Decimal
from fractions import Fraction

import pytest

from sync.costing.absorption import Absorbed

D = Decimal


def a_month(hours: int, allowed: int, normal: int, variable_rate: str, budget: str, actual: str | None) -> Absorbed:
    """A pool charged for hours worked at its variable rate and at its budget spread over normal capacity."""
    fixed_rate = Fraction(D(budget)) / normal
    absorbed = D(hours) * D(variable_rate), hours * fixed_rate
    standard = allowed * (Fraction(D(variable_rate)) + fixed_rate)
    assert absorbed[1].denominator == standard.denominator == 1, "the exercises are in whole amounts"
    return Absorbed(
        "POOL", "2026-01", "labor_hour", Fraction(hours), absorbed[0], D(absorbed[1].numerator),
        None if actual is None else D(actual), D(budget), D(normal), D(standard.numerator),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("month", "spending", "volume", "efficiency"),
    [
        # Baccalauréat G2, Senegal, corrigé 2003 (examen.sn), in francs: variable 255 and fixed 324,000 for 3,600 h;
        # 3,372 worked, 3,320 allowed, 1,079,040 spent. Published: écart sur budget 104,820 favorable, sur activité
        # 20,520 défavorable, sur rendement 17,940 défavorable, together 66,360 favorable.
        (a_month(3372, 3320, 3600, "255", "324000", "1079040"), -104820, 20520, 17940),
        # Blocher and others, Cost Management, Thinnews Co.: 24,000 spent, fixed budget 11,000 for 5,500 machine
        # hours, variable 3.00; 5,000 worked, 4,800 allowed. Published: fixed volume variance 1,400 unfavourable,
        # 11,000 - 4,800 x 2.00: of it 1,000 is capacity not used, and 400 are hours above standard, here in
        # efficiency with 600 variable.
        (a_month(5000, 4800, 5500, "3", "11000", "24000"), -2000, 1000, 1000),
        # Quoted from memory, the book was not at hand:
        # Garrison, Noreen & Brewer, predetermined overhead rates, MicroDrive Corporation: fixed budget 300,000 for
        # 50,000 machine hours, 308,000 spent; 42,000 worked, 40,000 allowed. Published: budget variance 8,000
        # unfavourable, volume variance 60,000 unfavourable, here 48,000 of capacity and 12,000 of hours.
        (a_month(42000, 40000, 50000, "0", "300000", "308000"), 8000, 48000, 12000),
        # Gualino, La gestion budgétaire, flexible budget: fixed 4,000 and variable 60 for a normal activity of 100;
        # at 150 the flexible budget is 13,000 and 150 x 100 are absorbed: over-activity gains 2,000.
        (a_month(150, 150, 100, "60", "4000", "13000"), 0, -2000, 0),
    ],
)
def test_published_figures(month: Absorbed, spending: int, volume: int, efficiency: int) -> None:
    assert (month.spending, month.volume, month.efficiency) == (spending, volume, efficiency)
    assert month.actual is not None
    assert month.standard is not None
    assert spending + volume + efficiency == month.actual - month.standard


def test_no_spending_is_invented_where_nobody_told_what_was_spent() -> None:
    month = a_month(5000, 4800, 5500, "3", "11000", None)
    assert (month.spending, month.balance, month.volume) == (None, None, 1000)
