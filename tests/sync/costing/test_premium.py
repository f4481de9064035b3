"""Premiums stand beside the hours: they cut them, share them like the hours, and never move a millisecond of them."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from sync.core.calendars import calendars_of
from sync.core.clock import local_date, midnight
from sync.core.intervals import common, length, union, without
from sync.core.plant import Plant
from sync.core.premiums import OVERTIME, Premium, premiums_of
from sync.costing import engine
from sync.costing.policy import SPLIT_RULES, Policy
from sync.costing.rates import Rate
from sync.costing.rules.premium import monday, whole_periods
from sync.events.base import Event
from sync.ledger.entry import Entry
from tests.cast import ANA, PARIS, a_plant, fact, instant, some_rates, terms
from tests.histories import TIMES, with_times

HOUR = 3_600_000
BEGIN = instant("2026-10-23T04:00:00Z")  # the clock goes back two nights later


def a_shop(*premiums: str) -> Plant:
    plant = with_times(a_plant())
    plant.premiums = tuple(premium for premium in plant.premiums if premium.code in premiums)
    return plant


@strategies.composite
def days_of_work(draw: strategies.DrawFn) -> list[Event]:
    """Three days of one person: clocks that overlap, breaks, time told from-until and as durations."""
    grid = draw(strategies.sampled_from([1, 60_000, HOUR // 4]))
    facts = []
    for number in range(draw(strategies.integers(1, 8))):
        start = BEGIN + draw(strategies.integers(0, 72 * HOUR // grid)) * grid
        end = start + draw(strategies.integers(0, 12 * HOUR // grid)) * grid
        job: dict[str, Any] = {"activity": "run", "order": draw(strategies.sampled_from(["MO-1", "MO-2"])),
                               "operation": draw(strategies.sampled_from(["10", "20"]))}  # fmt: skip
        name = f"00000000-0000-4000-8000-{number:012}"
        match draw(strategies.integers(0, 6)):
            case 0:
                facts.append(fact("labor.declared", start, id=name, person=ANA, **job, duration_ms=(end - start) // 4))
            case 1:
                facts.append(fact("break.started", start, id=name, person=ANA))
                facts.append(fact("break.stopped", start + (end - start) // 6, person=ANA, start_id=name))
            case _:
                facts.append(fact("labor.started", start, id=name, person=ANA, **job))
                facts.append(fact("labor.stopped", end, person=ANA, start_id=name))
    return facts


def cost(facts: list[Event], plant: Plant, **policy: Any) -> list[Entry]:
    return engine.recompute(facts, terms(plant, policy=Policy(**policy))).entries


def base(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.rule == "labor_time"]


def extra(entries: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.rule == "premium"]


ALL = ("NIGHT", "DAY", "WEEK", "SUNDAY", "LATE", "FEAST")


@settings(max_examples=150)
@given(days_of_work(), strategies.sampled_from(SPLIT_RULES), strategies.sampled_from(["declared", "calendar"]),
       strategies.sampled_from(["overhead", "order"]))  # fmt: skip
def test_premiums_never_change_the_hours(facts: list[Event], rule: str, breaks: str, bearer: str) -> None:
    chosen = {"split_rule": rule, "breaks": breaks, "premium_to": bearer}
    without_any, with_all = cost(facts, a_shop(), **chosen), cost(facts, a_shop(*ALL), **chosen)
    assert [entry.content for entry in base(with_all)] == [entry.content for entry in without_any]
    hours = {entry.scope: Decimal(0) for entry in base(with_all)}
    for entry in base(with_all):
        hours[entry.scope] += entry.quantity
    earned: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in extra(with_all):
        assert entry.unit == "s", "hours are counted once"
        assert (entry.order == "") == (bearer == "overhead")
        earned[entry.scope, entry.premium] += entry.quantity * 1000
    for (scope, premium), milliseconds in earned.items():
        assert 0 < milliseconds <= hours[scope], premium


def union_of(facts: list[Event], calendar_breaks: bool) -> tuple[list[tuple[int, int]], dict[date, int]]:
    """What the clock says by itself: worked intervals less all breaks, and durations by day."""
    ends = {getattr(event, "start_id", ""): event.occurred_at for event in facts}
    worked, away = [], []
    durations: dict[date, int] = defaultdict(int)
    for event in facts:
        if event.type == "labor.started":
            worked.append((event.occurred_at, ends[event.id]))
        elif event.type == "break.started":
            # The next start of work ends a break, too.
            later = [
                one.occurred_at for one in facts if one.type == "labor.started" and one.occurred_at > event.occurred_at
            ]
            away.append((event.occurred_at, min([ends[event.id], *later])))
        elif event.type == "labor.declared":
            durations[local_date(event.occurred_at, PARIS)] += event.duration_ms  # type: ignore[attr-defined]
    if calendar_breaks:
        night = calendars_of(TIMES["calendars"])["NIGHT"]
        away += night.spans("break", BEGIN - 24 * HOUR, BEGIN + 120 * HOUR, PARIS)
    return without(union(worked), union(away)), durations


@settings(max_examples=150)
@given(days_of_work(), strategies.sampled_from(SPLIT_RULES), strategies.booleans())
def test_attributed_minutes_are_the_union_less_breaks(facts: list[Event], rule: str, by_calendar: bool) -> None:
    entries = cost(facts, a_shop(*ALL), split_rule=rule, breaks="calendar" if by_calendar else "declared")
    worked, durations = union_of(facts, by_calendar)
    assert sum(entry.quantity for entry in base(entries)) == length(worked) + sum(durations.values())


@settings(max_examples=150)
@given(days_of_work(), strategies.sampled_from(SPLIT_RULES), strategies.integers(1, 12))
def test_overtime_of_the_day_is_what_lies_beyond(facts: list[Event], rule: str, threshold: int) -> None:
    """However the hours are shared, the overtime of all segments of a day adds up to the day's time beyond."""
    plant = a_shop()
    plant.premiums = (Premium("DAY", "overtime_day", Decimal(25), threshold_ms=threshold * HOUR),)
    entries = cost(facts, plant, split_rule=rule)
    worked, durations = union_of(facts, False)
    beyond = 0
    for offset in range(-1, 6):
        day = date.fromordinal(local_date(BEGIN, PARIS).toordinal() + offset)
        bounds = [(midnight(day, PARIS), midnight(date.fromordinal(day.toordinal() + 1), PARIS))]
        beyond += max(length(common(worked, bounds)) + durations[day] - threshold * HOUR, 0)
    assert sum(entry.quantity for entry in extra(entries)) * 1000 == beyond


@settings(max_examples=100)
@given(days_of_work(), strategies.sampled_from(SPLIT_RULES))
def test_night_is_the_part_of_the_union_in_the_night(facts: list[Event], rule: str) -> None:
    plant = a_shop()
    plant.premiums = (Premium("NIGHT", "night", Decimal(25), starts=22 * 60, ends=6 * 60),)
    worked, _ = union_of(facts, False)
    nights = []
    for offset in range(-2, 6):
        day = date.fromordinal(local_date(BEGIN, PARIS).toordinal() + offset)
        nights.append(
            (midnight(day, PARIS), instant(f"{day}T06:00:00{'+02:00' if day < date(2026, 10, 25) else '+01:00'}"))
        )
        nights.append((instant(f"{day}T22:00:00{'+02:00' if day < date(2026, 10, 25) else '+01:00'}"),
                       midnight(date.fromordinal(day.toordinal() + 1), PARIS)))  # fmt: skip
    assert sum(entry.quantity for entry in extra(cost(facts, plant, split_rule=rule))) * 1000 == length(
        common(worked, union(nights))
    )


@given(days_of_work(), strategies.randoms())
def test_the_order_of_facts_changes_nothing(facts: list[Event], chance: Any) -> None:
    shuffled = chance.sample(facts, len(facts))
    assert [entry.content_id for entry in cost(shuffled, a_shop(*ALL))] == [
        entry.content_id for entry in cost(facts, a_shop(*ALL))
    ]


def test_of_one_kind_the_highest_counts() -> None:
    plant = a_shop()
    plant.premiums = (
        Premium("A", "night", Decimal(10), starts=20 * 60, ends=24 * 60),
        Premium("B", "night", Decimal(30), starts=22 * 60, ends=23 * 60),
        Premium("C", "weekend", Decimal(5)),
    )
    start = fact("labor.started", "2026-11-21T19:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
    stop = fact("labor.stopped", "2026-11-21T23:00:00Z", person=ANA, start_id=start.id)
    earned = {entry.premium: entry.quantity for entry in extra(cost([start, stop], plant))}
    assert earned == {"A": Decimal(3 * 3600), "B": Decimal(3600), "C": Decimal(4 * 3600)}


def test_a_weekend_evening_may_end_on_the_next_day() -> None:
    plant = a_shop()
    plant.premiums = (Premium("LATE", "weekend", Decimal(10), starts=22 * 60, ends=2 * 60),)
    for begin, seconds in (
        ("2026-11-20T20:00:00Z", 0),
        ("2026-11-21T20:00:00Z", 4 * 3600),
        ("2026-11-22T20:00:00Z", 4 * 3600),
    ):
        start = fact("labor.started", begin, person=ANA, activity="run", order="MO-1", operation="10")
        stop = fact("labor.stopped", instant(begin) + 6 * HOUR, person=ANA, start_id=start.id)
        assert sum(entry.quantity for entry in extra(cost([start, stop], plant))) == seconds


def test_an_entry_says_what_it_is() -> None:
    start = fact("labor.started", "2026-11-20T21:00:00Z", person=ANA, activity="setup", order="MO-1", operation="10")
    stop = fact("labor.stopped", "2026-11-20T22:30:00Z", person=ANA, start_id=start.id)
    plant = a_shop("NIGHT")
    (entry,) = extra(cost([start, stop], plant))
    assert (entry.element, entry.premium, entry.order) == ("overhead", "NIGHT/2026-10-26", "")
    assert {line.cost_object for line in entry.postings} == {"premium:D1", "department:D1"}
    assert entry.formula == f"1.5 h x 31.17 EUR/h x 25 % NIGHT = {entry.amount} EUR"
    assert entry.events == (start.id, stop.id)
    (entry,) = extra(cost([start, stop], plant, premium_to="order"))
    assert (entry.element, entry.order, entry.operation) == ("setup", "MO-1", "10"), "like the hour it is paid for"
    assert {line.cost_object for line in entry.postings} == {"order:MO-1", "department:D1"}


def test_scrap_bears_the_premiums_of_its_order() -> None:
    facts = [
        fact("labor.started", "2026-11-20T21:00:00Z", id="00000000-0000-4000-8000-000000000001", person=ANA,
             activity="run", order="MO-1", operation="10"),
        fact("labor.stopped", "2026-11-20T22:00:00Z", person=ANA, start_id="00000000-0000-4000-8000-000000000001"),
        fact("defect.reported", "2026-11-20T22:30:00Z", order="MO-1", operation="10", quantity="1", disposition="scrap",
             reason="BURR"),
    ]  # fmt: skip
    scrap = {
        bearer: [entry.amount for entry in cost(facts, a_shop("NIGHT"), premium_to=bearer) if entry.rule == "scrap"]
        for bearer in ("overhead", "order")
    }
    assert scrap == {"overhead": [Decimal("31.17")], "order": [Decimal("38.96")]}, "31.17 and 7.79"


@pytest.mark.parametrize(("kinds", "low", "high"), [
    ((), "2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z"),
    (("night", "weekend"), "2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z"),
    (("overtime_day",), "2026-11-17T23:00:00Z", "2026-11-18T23:00:00Z"),
    (("overtime_week", "overtime_day"), "2026-11-15T23:00:00Z", "2026-11-22T23:00:00Z"),
])  # fmt: skip
def test_what_is_looked_at_whole(kinds: tuple[Any, ...], low: str, high: str) -> None:
    premiums = [Premium(kind, kind, Decimal(1)) for kind in kinds]
    assert whole_periods(premiums, instant("2026-11-18T10:00:00Z"), instant("2026-11-18T11:00:00Z"), PARIS) == (
        instant(low), instant(high),
    )  # fmt: skip


def test_weeks_begin_on_monday() -> None:
    assert monday(date(2026, 11, 22)) == monday(date(2026, 11, 16)) == date(2026, 11, 16)
    assert {premium.kind for premium in premiums_of(TIMES["premiums"])} > set(OVERTIME)


def test_a_machine_rate_with_labor_leaves_no_premium() -> None:
    plant = a_shop("NIGHT")
    start = fact("labor.started", "2026-11-20T21:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
    stop = fact("labor.stopped", "2026-11-20T22:00:00Z", person=ANA, start_id=start.id)
    included = Rate("r", "machine", "work_center", "W1", date(2026, 11, 1), 1, Decimal(60), includes_labor=True)
    costed = engine.recompute([start, stop], terms(plant, some_rates(included)))
    assert costed.entries == []
    assert costed.outcomes[start.id].reason == "labor.in_machine_rate"
