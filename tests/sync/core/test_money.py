"""Money: one rounding, half up; splitting that loses nothing."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, strategies

from sync.core.money import (
    ARITHMETIC,
    allocate,
    decimal,
    from_store,
    is_currency,
    minor_digits,
    round_money,
    round_ratio,
    to_store,
)

amounts = strategies.decimals(-(10**9), 10**9, places=6)
fractions = strategies.fractions(-(10**9), 10**9, max_denominator=10**6)


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("1.005", "1.01"),
        ("1.004999", "1.00"),
        ("23.625", "23.63"),
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("2", "2.00"),
    ],
)
def test_half_a_cent_goes_up(exact: str, rounded: str) -> None:
    """1.005 is 1.01; binary floats say 1.00."""
    assert str(round_money(Decimal(exact), "EUR")) == rounded
    assert str(round_money(Fraction(exact), "EUR")) == rounded


def test_currencies_have_their_own_cents() -> None:
    assert str(round_money(Decimal("1234.5"), "JPY")) == "1235"
    assert str(round_money(Decimal("1.2345"), "TND")) == "1.235"
    assert str(round_money(Fraction("1.23455"), "CLF")) == "1.2346"
    assert {currency: minor_digits(currency) for currency in ("EUR", "XOF", "GNF", "LYD", "UYW")} == {
        "EUR": 2, "XOF": 0, "GNF": 0, "LYD": 3, "UYW": 4,
    }  # fmt: skip


def test_a_currency_is_one_of_iso_4217() -> None:
    assert all(is_currency(code) for code in ("EUR", "CHF", "XOF", "MAD", "TND", "JPY"))
    assert not any(is_currency(code) for code in ("ZZZ", "XXX", "XTS", "DEM", "eur", "EURO", ""))


def test_what_was_divided_first_keeps_its_tie() -> None:
    """3 of 6 pieces that cost 10.01 cost 5.005: 5.01. A decimal quotient loses the tie, even one of 34 digits."""
    assert str(round_money(3 * Fraction("10.01") / 6, "EUR")) == "5.01"
    each = decimal(Fraction("10.01") / 6)
    assert str(round_money(ARITHMETIC.multiply(Decimal(3), each), "EUR")) == "5.00"


@given(fractions)
def test_a_rounding_is_off_by_half_a_cent_at_most(exact: Fraction) -> None:
    rounded = round_money(exact, "EUR")
    assert abs(Fraction(rounded) - exact) <= Fraction(1, 200)
    assert rounded.as_tuple().exponent == -2
    assert round_money(-exact, "EUR") == -rounded, "debit and credit round alike"


@given(strategies.integers(0, 31 * 86_400_000), strategies.decimals(0, 10_000, places=6))
def test_time_at_an_hourly_rate_is_exact_until_its_rounding(milliseconds: int, rate: Decimal) -> None:
    assert round_ratio(milliseconds * rate, 3_600_000, "EUR") == round_money(
        Fraction(milliseconds) * Fraction(rate) / 3_600_000, "EUR"
    )


@given(strategies.integers(-(10**14), 10**14))
def test_the_store_gives_back_what_it_got(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    assert from_store(to_store(amount), "EUR") == amount
    assert str(from_store(to_store(Decimal("5")), "EUR")) == "5.00"


def test_the_store_takes_no_fifth_decimal() -> None:
    with pytest.raises(ValueError, match="more than 4 decimals"):
        to_store(Decimal("0.00001"))


# --- splitting ---------------------------------------------------------------------------------------------------


def test_the_largest_remainder_gets_the_odd_cent() -> None:
    """94, 2, 2 and 2 % of 182.25: each alone rounded would make 182.27."""
    assert allocate(18225, [94, 2, 2, 2], list("abcd")) == [17132, 365, 364, 364]


def test_a_tie_goes_to_the_smaller_key() -> None:
    assert allocate(100, [1, 1, 1], ["b", "a", "c"]) == [33, 34, 33]
    assert allocate(1, [Fraction("33.33")] * 3, ["c", "b", "a"]) == [0, 0, 1]


def test_nothing_to_split_by_is_an_error() -> None:
    with pytest.raises(ValueError, match="more than zero"):
        allocate(1, [0, 0], ["a", "b"])
    with pytest.raises(ValueError, match="more than zero"):
        allocate(0, [], [])


@given(strategies.integers(-(10**12), 10**12), strategies.lists(strategies.integers(0, 10**6), min_size=1, max_size=12))
def test_parts_add_up_and_stay_within_one_of_their_share(total: int, weights: list[int]) -> None:
    if not sum(weights):
        weights[0] = 1
    parts = allocate(total, weights, [f"{index:02}" for index in range(len(weights))])
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total) * weight / sum(weights)) < 1


@given(strategies.integers(0, 10**6), strategies.permutations(list(zip("abcdef", [3, 3, 1, 0, 5, 1], strict=True))))
def test_the_order_of_shares_changes_nothing(total: int, shares: list[tuple[str, int]]) -> None:
    def split(of: list[tuple[str, int]]) -> dict[str, int]:
        keys = [key for key, _ in of]
        return dict(zip(keys, allocate(total, [weight for _, weight in of], keys), strict=True))

    assert split(shares) == split(sorted(shares))
