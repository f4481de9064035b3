"""Quantities: one spelling for one number, and no conversion nobody gave."""

from decimal import Decimal

import pytest
from hypothesis import given, strategies

from sync.core.quantity import convert, known_units, parse_decimal, plain


@pytest.mark.parametrize("text", ["0", "7", "-1", "0.000001", "999999999999.999999", "1.50"])
def test_plain_decimals_are_read(text: str) -> None:
    assert parse_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "01",
        "1.",
        ".5",
        "1e3",
        "1E3",
        "NaN",
        "nan",
        "Infinity",
        "1,5",
        "1_000",
        "0x1",
        "1.0000001",
        "1000000000000",
        "--1",
        "1\n",
        "½",
        "²",
        "١",
        "１２",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    """Also what Python's own Decimal would take: exponents, underscores, digits of other scripts."""
    with pytest.raises(ValueError, match="plain decimal"):
        parse_decimal(text)


@pytest.mark.parametrize(
    ("number", "spelling"),
    [
        ("1E+3", "1000"),
        ("1.500", "1.5"),
        ("-0.00", "0"),
        ("0E-7", "0"),
        ("100", "100"),
        ("1E-6", "0.000001"),
        ("-2.50", "-2.5"),
    ],
)
def test_one_spelling_for_one_value(number: str, spelling: str) -> None:
    assert plain(Decimal(number)) == spelling


@given(strategies.decimals(-(10**11), 10**11, places=6))
def test_a_spelling_is_read_back(number: Decimal) -> None:
    assert parse_decimal(plain(number)) == number
    assert plain(parse_decimal(plain(number))) == plain(number)


SHEETS = {"sheet": Decimal("3.2"), "box": Decimal(250), "kg": Decimal("0.9")}


@pytest.mark.parametrize(
    ("quantity", "unit", "base", "found"),
    [
        ("3500", "g", "kg", "3.5"),
        ("2", "t", "kg", "2000"),
        ("250", "mm", "m", "0.25"),
        ("90", "min", "h", "1.5"),
        ("2", "m3", "l", "2000"),
        ("5", "sheet", "m2", "16"),
        ("3", "pcs", "pcs", "3"),
        ("7", "piece", "piece", "7"),
        ("2", "kg", "m2", "1.8"),
    ],
)
def test_units_of_one_dimension_and_of_the_item(quantity: str, unit: str, base: str, found: str) -> None:
    assert convert(Decimal(quantity), unit, base, SHEETS) == Decimal(found)


def test_what_the_item_says_wins() -> None:
    """A kilogram of this paint is 0.9 l, whatever the table says of kilograms."""
    assert convert(Decimal(1), "kg", "g", {"kg": Decimal(998)}) == Decimal(998)


@pytest.mark.parametrize(
    ("unit", "base"), [("kg", "pcs"), ("kg", "l"), ("Kg", "kg"), ("", "kg"), ("pallet", "pcs"), ("m", "m2")]
)
def test_no_conversion_is_assumed(unit: str, base: str) -> None:
    assert convert(Decimal(1), unit, base, {}) is None


@given(strategies.decimals("0.000001", 10**6, places=6), strategies.sampled_from(["mg", "g", "kg", "t"]))
def test_there_and_back(quantity: Decimal, unit: str) -> None:
    there = convert(quantity, unit, "kg", {})
    assert there is not None
    assert convert(there, "kg", unit, {}) == quantity


def test_what_the_phone_offers() -> None:
    assert known_units("m2", {"sheet": Decimal("3.2")}) == ["m2", "sheet", "cm2"]
    assert known_units("pcs", {}) == ["pcs"]
    for base in ("kg", "h", "m", "pcs"):
        assert all(convert(Decimal(1), unit, base, {}) for unit in known_units(base, {}))
