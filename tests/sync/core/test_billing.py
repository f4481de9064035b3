"""Billable rates: the most specific of those in force, and no two that overlap."""

import random
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest

from sync.core.billing import CONDITIONS, BillableRate, Billing, billing_of, overlaps

DAY = date(2026, 11, 20)


def rate(
    amount: int, since: date = date.min, until: date | None = None, version: int = 1, **named: str
) -> BillableRate:
    conditions = tuple(named.get(name, "") for name in CONDITIONS)
    return BillableRate(f"{amount}", version, conditions, Decimal(amount), since, until)


def told(**named: str) -> dict[str, tuple[str, ...]]:
    return {name: (named.get(name, ""),) for name in CONDITIONS}


@pytest.mark.parametrize("seed", range(20))
def test_of_the_rates_that_fit_the_one_that_names_what_stands_furthest_left(seed: int) -> None:
    """Against a look at every rate, one by one."""
    chance = random.Random(seed)
    places = [place for place in product(*(("", "A", "B") for _ in CONDITIONS)) if chance.random() < 0.1]
    rates = [BillableRate(str(n), 1, place, Decimal(n)) for n, place in enumerate(places)]
    known = Billing(tuple(rates))
    for _ in range(200):
        facts = tuple(chance.choice(("", "A", "B")) for _ in CONDITIONS)
        fitting = [one for one in rates if all(c in ("", fact) for c, fact in zip(one.conditions, facts, strict=True))]
        best = max(fitting, key=lambda one: [bool(name) for name in one.conditions], default=None)
        assert known.find({name: (fact,) for name, fact in zip(CONDITIONS, facts, strict=True)}, DAY) == best


def test_a_rate_holds_until_the_next_one_for_the_same_or_its_last_day() -> None:
    first, second = rate(100, until=date(2026, 11, 10)), rate(110, date(2026, 11, 12), customer="")
    special = rate(90, date(2026, 11, 1), date(2026, 11, 19), customer="BANK")
    known = Billing((first, second, special))

    def on(day: int, customer: str = "") -> Decimal | None:
        found = known.find(told(customer=customer), date(2026, 11, day))
        return found.amount if found else None

    assert [on(day) for day in (10, 11, 12)] == [100, None, 110]
    assert [on(day, "BANK") for day in (11, 19, 20)] == [90, 90, 110], "then the less specific one holds again"


def test_a_later_version_of_a_day_stands_for_the_earlier() -> None:
    assert Billing((rate(120, version=2), rate(100, version=1))).find(told(), DAY) == rate(120, version=2)


def test_the_code_of_an_activity_comes_before_what_was_done() -> None:
    known = Billing((rate(100, activity="run"), rate(50, activity="TRAVEL")))
    facts = {**told(), "activity": ("TRAVEL", "run")}
    assert known.find(facts, DAY) == rate(50, activity="TRAVEL")
    assert known.find({**told(), "activity": ("", "run")}, DAY) == rate(100, activity="run")


def test_rates_for_the_same_overlap_only_where_one_ends_after_the_next_begins() -> None:
    ends, begins = date(2026, 11, 20), date(2026, 11, 20)
    (found,) = overlaps([rate(100, until=ends), rate(110, begins)])
    assert (found.earlier.amount, found.later.amount, found.last_day) == (100, 110, ends - timedelta(days=1))
    assert list(overlaps([rate(100, until=ends), rate(110, begins + timedelta(days=1))])) == []
    assert list(overlaps([rate(100), rate(110, begins)])) == [], "an open end is no overlap: the next one takes over"
    assert list(overlaps([rate(100, until=ends), rate(110, begins, customer="BANK")])) == []


def test_rows_say_rates_and_what_is_not_billed() -> None:
    row = {
        "customer": "BANK",
        "amount": "240",
        "valid_from": "2026-01-01",
        "valid_until": None,
        "id": "x",
        "version": 3,
    }
    known = billing_of([row], [{"code": "TRAVEL", "billable": False}, {"code": "DRAFT"}])
    assert known.unbilled == {"TRAVEL"}
    assert known.rates == (
        BillableRate("x", 3, ("", "BANK", "", "", "", ""), Decimal(240), date(2026, 1, 1), None),
    )  # fmt: skip
