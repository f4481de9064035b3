"""A forgotten clock-out: what is proposed, and when nothing is."""

from typing import Any

import pytest

from sync.core.calendars import calendars_of
from sync.costing.engine import recompute
from sync.costing.policy import Policy
from sync.events.base import Event
from tests.cast import ANA, LUIS, a_plant, fact, terms

JOB: dict[str, Any] = {"activity": "run", "order": "MO-1", "operation": "10"}
LINES = [
    {"calendar": "DAY", "weekday": str(day), "kind": "work", "starts": starts, "ends": ends}
    for day in range(1, 6) for starts, ends in (("08:00", "12:00"), ("13:00", "17:00"))
]  # fmt: skip


def proposed(*facts: Event, calendar: bool = True, longest: int = 12) -> dict[str, str]:
    """Until when, by the fact that began the work."""
    plant = a_plant(calendars=calendars_of(LINES) if calendar else {})
    plant.work_centers["W1"] = type(plant.work_centers["W1"])("W1", "Lathe", "D1", "DAY")
    costed = recompute(facts, terms(plant, policy=Policy(longest_labor_h=longest)))
    assert all(costed.outcomes[found.event_id].state == "held" for found in costed.findings)
    return {found.event_id: found.params["end"] for found in costed.findings if found.code == "time.end_proposed"}


def started(at: str, who: str = ANA) -> Event:
    return fact("labor.started", f"2026-11-{at}:00+01:00", person=who, **JOB)


def stopped(at: str, start: Event) -> Event:
    return fact("labor.stopped", f"2026-11-{at}:00+01:00", person=ANA, start_id=start.id)


def paused(at: str) -> Event:
    return fact("break.started", f"2026-11-{at}:00+01:00", person=ANA)


@pytest.mark.parametrize(("begin", "end"), [
    ("19T08:00", "2026-11-19 17:00"),
    ("19T07:00", "2026-11-19 17:00"),
    ("19T06:59", None),  # an hour early is the shift, more is something else
    ("19T16:59", "2026-11-19 17:00"),
    ("19T17:00", None),  # the shift is over
    ("19T12:30", "2026-11-19 17:00"),
    ("21T08:00", None),  # Saturday
])  # fmt: skip
def test_the_end_of_the_shift_in_which_the_work_began(begin: str, end: str | None) -> None:
    start = started(begin)
    assert proposed(start) == ({start.id: end} if end else {})


def test_a_sign_of_life_after_the_shift_is_later() -> None:
    start = started("19T08:00")
    assert proposed(start, paused("19T16:00")) == {start.id: "2026-11-19 17:00"}
    assert proposed(start, paused("19T18:10")) == {start.id: "2026-11-19 18:10"}


def test_the_next_morning_is_no_sign_of_life() -> None:
    start = started("19T08:00")
    assert proposed(start, paused("20T07:30"), longest=24) == {start.id: "2026-11-19 17:00"}
    assert proposed(start, paused("20T06:30"), longest=24) == {start.id: "2026-11-20 06:30"}, "not yet the next shift"
    assert proposed(start, paused("19T20:01"), calendar=False) == {}, "beyond the longest time that is believed"


def test_without_a_calendar_the_last_sign_of_life() -> None:
    start = started("19T08:00")
    assert proposed(start, calendar=False) == {}, "nobody knows"
    assert proposed(start, paused("19T11:00"), paused("19T15:00"), calendar=False) == {start.id: "2026-11-19 15:00"}
    somebody_else = started("19T18:00", LUIS)
    assert proposed(start, somebody_else, calendar=False) == {}


def test_too_long_is_forgotten_too() -> None:
    start = started("19T08:00")
    assert proposed(start, stopped("20T08:00", start)) == {start.id: "2026-11-19 17:00"}
    assert proposed(start, stopped("19T20:00", start)) == {}, "twelve hours are believed"


def test_time_told_afterwards_is_no_sign_of_life() -> None:
    start = started("19T08:00")
    told = fact("labor.declared", "2026-11-19T18:00:00+01:00", person=ANA, **JOB, duration_ms=1)
    assert proposed(start, told, calendar=False) == {}


def test_a_voided_fact_is_none_either() -> None:
    start, sign = started("19T08:00"), paused("19T18:00")
    void = fact("event.voided", "2026-11-19T19:00:00+01:00", target_id=sign.id, reason="SLIP")
    assert proposed(start, sign, void) == {start.id: "2026-11-19 17:00"}


def test_nothing_is_costed_by_it() -> None:
    assert recompute([started("19T08:00"), paused("19T12:00")], terms()).entries == []
