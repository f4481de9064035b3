"""Rates by day, policies by setting."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, strategies

from sync.costing.policy import BadPolicy, Policies, Policy, from_mapping, in_steps
from sync.costing.rates import Rate, RateTable, rate_id


def a_rate(day: int, version: int = 1, amount: str = "1", kind: str = "rate_group", subject: str = "G1") -> Rate:
    return Rate(f"{kind}-{day}-{version}", "labor", kind, subject, date(2026, 11, day), version, Decimal(amount))


def test_a_rate_holds_until_a_later_one_takes_over() -> None:
    table = RateTable([a_rate(20, amount="3"), a_rate(5, amount="1"), a_rate(10, amount="2")])

    def on(day: int) -> Decimal | None:
        found = table.find("labor", "rate_group", "G1", date(2026, 11, day))
        return found.amount if found else None

    assert [on(day) for day in (1, 4, 5, 9, 10, 19, 20, 30)] == [None, None, *map(Decimal, "112233")]


def test_before_the_first_there_is_none_never_zero() -> None:
    assert RateTable([]).find("labor", "rate_group", "G1", date(2026, 11, 1)) is None
    assert RateTable([a_rate(5)]).find("machine", "rate_group", "G1", date(2026, 11, 6)) is None


@given(strategies.permutations([a_rate(5, version, str(version)) for version in (1, 2, 3, 10)]))
def test_of_one_day_the_newest_version_wins(rates: list[Rate]) -> None:
    found = RateTable(rates).find("labor", "rate_group", "G1", date(2026, 11, 5))
    assert found and found.version == 10


def test_person_over_group_over_work_center_by_day() -> None:
    table = RateTable([a_rate(10, kind="person", subject="p1"), a_rate(5), a_rate(1, kind="work_center", subject="W1")])

    def kind(day: int, person: str = "p1", group: str = "G1", center: str = "W1") -> str:
        found = table.labor(person, group, center, date(2026, 11, day))
        return found.subject_kind if found else ""

    assert [kind(day) for day in (1, 5, 10)] == ["work_center", "rate_group", "person"]
    assert kind(10, person="p2", group="") == "work_center"
    assert kind(10, person="p2", group="", center="") == ""


def test_a_rates_id_says_what_it_is() -> None:
    place = ("labor", "rate_group", "G1", "2026-01-01")
    first = rate_id("main", place, 1)
    assert first == rate_id("main", place, 1)
    assert len({first, rate_id("main", place, 2), rate_id("main", ("machine", *place[1:]), 1),
                rate_id("lyon", place, 1)}) == 4  # fmt: skip


def test_policy() -> None:
    assert from_mapping({}) == Policy()
    policy = from_mapping({"longest_labor_h": 10}, "3")
    assert (policy.version, policy.longest_labor_ms, policy.longest_machine_ms) == ("3", 36_000_000, 259_200_000)


def test_a_policy_holds_from_its_day_on() -> None:
    rows = [(date(2026, 11, 20), "split_rule", "main_order"), (None, "breaks", "calendar"),
            (date(2026, 12, 1), "split_rule", "equal_share")]  # fmt: skip
    policies = Policies(in_steps(rows))
    found = [policies.on(date(2026, 11, 19)), policies.on(date(2026, 11, 20)), policies.on(date(2026, 12, 1))]
    assert [(policy.version, policy.split_rule, policy.breaks) for policy in found] == [
        ("1", "equal_share", "calendar"), ("2", "main_order", "calendar"), ("3", "equal_share", "calendar"),
    ]  # fmt: skip
    again = Policies([*policies, from_mapping({"split_rule": "unattended"}, "10", date(2026, 11, 20))])
    assert again.on(date(2026, 11, 25)).split_rule == "unattended", "of two from the same day the higher version wins"
    assert Policies().on(date.min) == Policy(), "who chose nothing goes by the defaults"


@pytest.mark.parametrize(
    "settings",
    [{"longest_labour_h": 10}, {"longest_labor_h": 0}, {"longest_labor_h": 745}, {"longest_labor_h": "10"},
     {"longest_labor_h": True}, {"longest_labor_h": 10.0}, {"split_rule": "by_chance"}, {"longest_machine_h": None}],
)  # fmt: skip
def test_a_setting_that_is_none(settings: dict[str, object]) -> None:
    with pytest.raises(BadPolicy, match=next(iter(settings))):
        from_mapping(settings)
