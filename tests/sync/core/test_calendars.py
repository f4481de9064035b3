"""Calendars: wall times of a zone as instants, right on the nights of the clock change; versions, dates, holidays."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, strategies

from sync.core.calendars import MINUTE, CalendarLine, WorkCalendar, calendars_of, minutes_of, on_wall, windows
from sync.core.clock import format_instant, local, midnight, readings

PARIS, APIA = ZoneInfo("Europe/Paris"), ZoneInfo("Pacific/Apia")
ZONES = strategies.sampled_from(
    [PARIS, ZoneInfo("Africa/Cairo"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Sao_Paulo"), ZoneInfo("UTC")]
)
DAYS = strategies.dates(date(2015, 1, 1), date(2030, 12, 31))
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
DAY_MS = 24 * 60 * MINUTE


def a_calendar(*lines: tuple[object, str, str, str], since: date = date.min) -> WorkCalendar:
    return WorkCalendar("C", ((since, tuple(
        CalendarLine(on, minutes_of(low), minutes_of(high), kind) for on, low, high, kind in lines)),))  # type: ignore[arg-type]  # fmt: skip


def told(calendar: WorkCalendar, kind: str, day: date, days: int = 1, zone: ZoneInfo = PARIS) -> list[tuple[str, str]]:
    start, end = midnight(day, zone), midnight(day + timedelta(days=days), zone)
    spans = calendar.spans(kind, start, end, zone)  # type: ignore[arg-type]
    return [(format_instant(low)[:16], format_instant(high)[:16]) for low, high in spans]


def test_a_time_the_clock_leaves_out_is_the_instant_of_the_jump() -> None:
    assert format_instant(on_wall(SPRING, 150, PARIS)) == "2026-03-29T01:00:00.000Z"
    assert on_wall(SPRING, 120, PARIS) == on_wall(SPRING, 179, PARIS) == on_wall(SPRING, 180, PARIS)


def test_a_time_the_clock_shows_twice_is_the_first() -> None:
    assert format_instant(on_wall(AUTUMN, 150, PARIS)) == "2026-10-25T00:30:00.000Z"
    assert on_wall(AUTUMN, 180, PARIS) - on_wall(AUTUMN, 179, PARIS) == 61 * MINUTE


def test_a_day_that_never_was_is_empty() -> None:
    """Samoa had no 30 December 2011."""
    assert on_wall(date(2011, 12, 30), 12 * 60, APIA) == midnight(date(2011, 12, 31), APIA)


@given(ZONES, DAYS, strategies.integers(0, 48 * 60))
def test_a_wall_time_is_what_the_clock_shows(zone: ZoneInfo, day: date, minutes: int) -> None:
    instant = on_wall(day, minutes, zone)
    wanted = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minutes)
    shown = local(instant, zone).replace(tzinfo=None)
    if found := readings(wanted, zone):
        assert shown == wanted
        assert instant == found[0]
    else:
        before = local(instant - 1, zone).replace(tzinfo=None)
        assert before < wanted <= shown, "it jumps over the time that is left out"


@given(ZONES, DAYS, strategies.integers(0, 48 * 60), strategies.integers(0, 48 * 60))
def test_the_clock_on_the_wall_never_goes_back(zone: ZoneInfo, day: date, one: int, other: int) -> None:
    low, high = sorted((one, other))
    assert on_wall(day, low, zone) <= on_wall(day, high, zone)


def test_a_night_shift_lasts_as_long_as_it_did() -> None:
    night = a_calendar((6, "22:00", "06:00", "work"))
    for day, hours in ((date(2026, 3, 28), 7), (date(2026, 10, 24), 9), (date(2026, 11, 21), 8)):
        ((low, high),) = night.spans("work", midnight(day, PARIS), midnight(day, PARIS) + DAY_MS, PARIS)
        assert high - low == hours * 60 * MINUTE


def test_a_break_keeps_its_length() -> None:
    pause = a_calendar((7, "02:15", "02:45", "break"))
    assert told(pause, "break", SPRING) == [("2026-03-29T01:00", "2026-03-29T01:30")]
    assert told(pause, "break", AUTUMN) == [("2026-10-25T00:15", "2026-10-25T00:45")]


def test_lines_of_a_date_stand_in_place_of_those_of_its_weekday() -> None:
    friday = date(2026, 11, 20)
    calendar = a_calendar((5, "08:00", "12:00", "work"), (5, "13:00", "17:00", "work"), (5, "10:00", "10:15", "break"),
                          (friday, "09:00", "11:00", "work"))  # fmt: skip
    assert told(calendar, "work", friday) == [("2026-11-20T08:00", "2026-11-20T10:00")]
    assert told(calendar, "break", friday) == [("2026-11-20T09:00", "2026-11-20T09:15")], "of another kind"
    assert len(told(calendar, "work", date(2026, 11, 27))) == 2


def test_a_holiday_takes_away_work_but_no_break() -> None:
    friday = date(2026, 11, 20)
    calendar = a_calendar((5, "08:00", "12:00", "work"), (5, "10:00", "10:15", "break"),
                          (friday, "00:00", "24:00", "holiday"))  # fmt: skip
    assert told(calendar, "work", friday) == []
    assert len(told(calendar, "break", friday)) == 1
    assert told(calendar, "holiday", friday) == [("2026-11-19T23:00", "2026-11-20T23:00")]


def test_an_empty_line_says_none_today() -> None:
    friday = date(2026, 11, 20)
    calendar = a_calendar((5, "10:00", "10:15", "break"), (friday, "10:00", "10:00", "break"))
    assert told(calendar, "break", friday) == []


def test_versions_follow_each_other() -> None:
    rows = [
        {"calendar": "C", "weekday": "5", "kind": "break", "starts": "10:00", "ends": "10:15"},
        {"calendar": "C", "weekday": "5", "kind": "break", "starts": "10:00", "ends": "10:30",
         "valid_from": "2026-11-20"},
        {"calendar": "C", "weekday": "2026-12-25", "kind": "holiday", "starts": "", "ends": "",
         "valid_from": date(2026, 11, 20)},
    ]  # fmt: skip
    calendar = calendars_of(rows)["C"]
    assert told(calendar, "break", date(2026, 11, 13)) == [("2026-11-13T09:00", "2026-11-13T09:15")]
    assert told(calendar, "break", date(2026, 11, 20)) == [("2026-11-20T09:00", "2026-11-20T09:30")]
    assert len(told(calendar, "holiday", date(2026, 12, 25))) == 1


def test_what_began_the_day_before_reaches_in() -> None:
    night = a_calendar((4, "22:00", "06:00", "work"))
    assert told(night, "work", date(2026, 11, 20)) == [("2026-11-19T21:00", "2026-11-20T05:00")]


@given(ZONES, DAYS, strategies.integers(0, 1439), strategies.integers(0, 1439))
def test_windows_come_in_order_and_once_a_day(zone: ZoneInfo, day: date, starts: int, ends: int) -> None:
    start, end = midnight(day, zone), midnight(day + timedelta(days=3), zone)
    found = list(windows(starts, ends, start, end, zone))
    for low, high in (span for _, span in found):
        assert low < high
        assert low < end
        assert high > start
    for (_, (_, high)), (_, (low, _)) in pairwise(found):
        assert high <= low
    if starts == ends:
        assert sum(min(high, end) - max(low, start) for _, (low, high) in found) == end - start, "the whole day"
