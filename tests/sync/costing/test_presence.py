"""Presence and what it was spent on add up to the millisecond, whatever the facts."""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from sync.core.clock import midnight
from sync.costing.engine import recompute
from sync.costing.policy import SPLIT_RULES, Policy
from sync.costing.presence import Presence, presences
from sync.events import catalog
from sync.events.base import Event
from tests.cast import ANA, LUIS, PARIS, fact, instant, terms
from tests.histories import a_history, a_labelled_plant, with_times

MINUTE = 60_000
DAY = date(2026, 11, 20)
JOB: dict[str, Any] = {"activity": "run", "order": "MO-1", "operation": "10"}
CLEAN: dict[str, Any] = {"activity": "indirect", "indirect_code": "CLEAN"}


def worked(start: str, end: str, who: str = ANA, **job: Any) -> list[Event]:
    begin = fact("labor.started", f"2026-11-{start}:00Z", person=who, **(job or JOB))
    return [begin, fact("labor.stopped", f"2026-11-{end}:00Z", person=who, start_id=begin.id)]


def shift(start: str, end: str, who: str = ANA) -> list[Event]:
    return [
        fact("shift.started", f"2026-11-{start}:00Z", person=who),
        fact("shift.ended", f"2026-11-{end}:00Z", person=who),
    ]


def minutes(day: Presence) -> tuple[Any, ...]:
    """presence, orders, indirect, breaks, running, outside, unassigned"""
    spans = (day.presence, day.orders, day.indirect, day.breaks, day.running, day.outside, day.unassigned)
    return tuple(None if span is None else span // MINUTE for span in spans)


def one(*facts: Event, **policy: Any) -> Presence:
    (day,) = presences(facts, terms(policy=Policy(**policy)))
    return day


def test_a_shift_and_what_lies_in_it() -> None:
    pause = fact("break.started", "2026-11-20T11:00:00Z", person=ANA)
    back = fact("break.stopped", "2026-11-20T11:30:00Z", person=ANA, start_id=pause.id)
    day = one(*shift("20T07:00", "20T16:00"), *worked("20T07:10", "20T12:00"), pause, back,
              *worked("20T12:00", "20T12:20", **CLEAN))  # fmt: skip
    assert (day.person, day.day, day.basis) == (ANA, DAY, "shift")
    assert minutes(day) == (540, 260, 20, 30, 0, 0, 230)


def test_without_a_shift_from_the_first_to_the_last_sign_of_life() -> None:
    day = one(*worked("20T07:00", "20T09:00"), *worked("20T10:00", "20T12:00"))
    assert day.basis == "facts"
    assert minutes(day) == (300, 240, 0, 0, 0, 0, 60)


def test_two_nights_are_two_presences() -> None:
    facts = [*worked("18T21:00", "19T05:00"), *worked("19T21:00", "20T05:00")]
    days = presences(facts, terms())
    assert [(day.day.day, day.basis, minutes(day)) for day in days] == [
        (18, "facts", (120, 120, 0, 0, 0, 0, 0)),
        (19, "facts", (480, 480, 0, 0, 0, 0, 0)),
        (20, "facts", (360, 360, 0, 0, 0, 0, 0)),
    ]


def test_a_shift_over_midnight_falls_in_two_days() -> None:
    days = presences([*shift("19T21:00", "20T05:00"), *worked("19T22:00", "20T04:00")], terms())
    assert [minutes(day) for day in days] == [(120, 60, 0, 0, 0, 0, 60), (360, 300, 0, 0, 0, 0, 60)]
    assert {day.basis for day in days} == {"shift"}


def test_clocked_while_nobody_was_there_by_the_shift() -> None:
    day = one(*shift("20T07:00", "20T15:00"), *worked("20T07:00", "20T16:00"))
    assert minutes(day) == (480, 540, 0, 0, 0, 60, 0)


def test_a_duration_is_taken_to_lie_within() -> None:
    told = fact("labor.declared", "2026-11-20T12:00:00Z", person=ANA, **JOB, duration_ms=90 * MINUTE)
    assert minutes(one(*shift("20T07:00", "20T09:00"), told)) == (120, 90, 0, 0, 0, 0, 30)


def test_where_nothing_tells_presence_it_is_unknown() -> None:
    day = one(fact("labor.declared", "2026-11-20T12:00:00Z", person=ANA, **CLEAN, duration_ms=90 * MINUTE))
    assert (day.basis, day.presence, day.unassigned) == ("unknown", None, None), "not zero"
    assert day.indirect == 90 * MINUTE


def test_a_clock_that_is_not_believed_runs_within_presence() -> None:
    long = fact("labor.started", "2026-11-20T07:00:00Z", person=ANA, **JOB)
    end = fact("labor.stopped", "2026-11-21T07:00:00Z", person=ANA, start_id=long.id)
    home = fact("shift.ended", "2026-11-20T15:00:00Z", person=ANA)
    there = fact("shift.started", "2026-11-20T06:30:00Z", person=ANA)
    day = presences([long, end, there, home], terms())[0]
    assert minutes(day) == (510, 0, 0, 0, 480, 0, 30)


def test_the_longest_shift_that_is_believed() -> None:
    facts = [*shift("20T06:00", "20T19:00"), *worked("20T08:00", "20T10:00")]
    (day,) = presences(facts, terms())
    assert (day.basis, minutes(day)) == ("facts", (240, 120, 0, 0, 0, 0, 120)), "its begin is a sign of life"


@settings(max_examples=150)
@given(strategies.integers(0, 10**6), strategies.sampled_from(SPLIT_RULES), strategies.booleans())
def test_it_adds_up(seed: int, rule: str, by_calendar: bool) -> None:
    """Over random histories: the parts are the whole, the time on orders and activities is that of the entries and
    of what waits to become one, and nothing is below zero without durations."""
    facts = [catalog.load(raw) for raw in a_history(seed, 50)]
    chosen = terms(
        with_times(a_labelled_plant()), policy=Policy(split_rule=rule, breaks="calendar" if by_calendar else "declared")
    )
    days = presences(facts, chosen)
    assert len({(day.person, day.day) for day in days}) == len(days)
    for day in days:
        parts = (day.orders, day.indirect, day.breaks, day.running, day.outside)
        assert all(part >= 0 for part in parts)
        if day.presence is not None:
            assert day.presence + day.outside == day.orders + day.indirect + day.breaks + day.running + day.unassigned  # type: ignore[operator]
            assert day.presence <= midnight(date.fromordinal(day.day.toordinal() + 1), PARIS) - midnight(day.day, PARIS)
        told = any(event.type == "labor.declared" and getattr(event, "duration_ms", None) for event in facts)
        assert told or day.unassigned is None or day.unassigned >= 0
    costed = recompute(facts, chosen)
    on_entries = sum(int(entry.quantity) for entry in costed.entries if entry.rule == "labor_time")
    attributed = sum(day.orders + day.indirect for day in days)
    waiting = [outcome for outcome in costed.outcomes.values() if outcome.state == "held"]
    assert attributed >= on_entries
    assert attributed == on_entries or waiting


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_facts_changes_nothing(seed: int) -> None:
    facts = [catalog.load(raw) for raw in a_history(seed, 60)]
    chosen = terms(with_times(a_labelled_plant()))
    assert presences(random.Random(seed).sample(facts, len(facts)), chosen) == presences(facts, chosen)


def test_people_are_apart() -> None:
    days = presences([*worked("20T07:00", "20T08:00"), *worked("20T07:00", "20T09:00", LUIS)], terms())
    assert {day.person: day.orders for day in days} == {ANA: 60 * MINUTE, LUIS: 120 * MINUTE}
    assert Decimal(sum(day.orders for day in days)) == 180 * MINUTE
    assert instant("2026-11-20T07:00:00Z") > midnight(DAY, PARIS)
