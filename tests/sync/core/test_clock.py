"""Instants are UTC, days are the site's; the nights of the clock change are 23 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies

from sync.core.clock import (
    format_instant,
    local,
    local_date,
    midnight,
    midnights_between,
    month_of,
    parse_instant,
    readings,
    to_instant,
)

HOUR = 3_600_000
PARIS, CAIRO, KOLKATA, APIA = (
    ZoneInfo(name) for name in ("Europe/Paris", "Africa/Cairo", "Asia/Kolkata", "Pacific/Apia")
)
ZONES = strategies.sampled_from(
    [PARIS, CAIRO, KOLKATA, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]
)
INSTANTS = strategies.integers(parse_instant("2005-01-01T00:00:00Z"), parse_instant("2037-12-31T00:00:00Z"))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("1970-01-01T00:00:00Z", None),
        ("2026-11-20T08:03:12.345+01:00", 1_795_158_192_345),
        ("2026-11-20 07:03:12.345z", 1_795_158_192_345),
        ("2026-11-20t07:03:12.345999999Z", 1_795_158_192_345),
        ("2000-01-01T00:00:00+14:00", 946_634_400_000),
    ],
)
def test_rfc3339_with_offset(text: str, instant: int | None) -> None:
    """Finer digits are cut off, not rounded: a fact never moves to the next millisecond."""
    if instant is None:
        with pytest.raises(ValueError, match="2000 and 2099"):
            parse_instant(text)
    else:
        assert parse_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T08:00:00",
        "2026-11-20",
        "2026-11-20T08:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T23:59:60Z",
        "2026-02-30T08:00:00Z",
        "2026-13-01T08:00:00Z",
        "2026-11-20T08:00:00+24:00",
        "2026-11-20T08:00:00+29:59",
        "2026-11-20T08:00:00.Z",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2026-11-20T08:00:00,5Z",
        "２026-11-20T08:00:00Z",
        "",
        "now",
        "20261120T080000Z",
        "2026-11-20T08:00:00.1234567890Z",
        " 2026-11-20T08:00:00Z",
        "2026-W47-5T08:00:00Z",
    ],
)
def test_what_is_no_instant(text: str) -> None:
    """Also what one Python version takes and another does not ("24:00"): the same verdict everywhere."""
    with pytest.raises(ValueError, match=r"instant|date or time"):
        parse_instant(text)


@given(INSTANTS)
def test_an_instant_is_read_back(instant: int) -> None:
    assert parse_instant(format_instant(instant)) == instant
    assert to_instant(local(instant, PARIS)) == instant


def test_days_are_the_sites() -> None:
    late = parse_instant("2026-11-20T23:30:00Z")
    assert local_date(late, PARIS) == date(2026, 11, 21)
    assert local_date(late, ZoneInfo("America/New_York")) == date(2026, 11, 20)
    assert month_of(date(2026, 3, 1)) == "2026-03"


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 20), 24)]
)
def test_a_day_is_as_long_as_it_was(day: date, hours: int) -> None:
    assert midnight(day + timedelta(days=1), PARIS) - midnight(day, PARIS) == hours * HOUR


def test_a_midnight_that_is_skipped_begins_the_day_all_the_same() -> None:
    """In Cairo the clock goes from 23:59:59 straight to 01:00; in Apia 30 December 2011 never was."""
    change = midnight(date(2024, 4, 26), CAIRO)
    assert local(change, CAIRO).hour == 1
    assert local_date(change, CAIRO) == date(2024, 4, 26)
    assert local_date(change - 1, CAIRO) == date(2024, 4, 25)
    assert midnight(date(2011, 12, 30), APIA) == midnight(date(2011, 12, 31), APIA)


def test_midnights_strictly_inside() -> None:
    start, end = midnight(date(2026, 10, 24), PARIS), midnight(date(2026, 10, 26), PARIS)
    assert midnights_between(start, end, PARIS) == [midnight(date(2026, 10, 25), PARIS)]
    assert midnights_between(start - 1, end + 1, PARIS) == [start, midnight(date(2026, 10, 25), PARIS), end]
    assert midnights_between(start, start, PARIS) == []


@given(INSTANTS, strategies.integers(0, 5 * 24 * HOUR), ZONES)
def test_between_midnights_it_is_one_day(start: int, span: int, zone: ZoneInfo) -> None:
    """Cut at midnights, every piece lies on one day, and no day is cut but there."""
    end = start + span
    edges = [start, *midnights_between(start, end, zone), end]
    assert edges == sorted(edges)
    days = [local_date(at, zone) for at in edges[:-1]]
    for begin, until, day in zip(edges, edges[1:], days, strict=False):
        if until > begin:
            assert local_date(until - 1, zone) == day
    assert days == sorted(set(days))


def naive(*parts: int) -> datetime:
    """What a clock on the wall shows."""
    return datetime(*parts)  # noqa: DTZ001 (the zone is the question)


def test_an_hour_that_comes_twice_or_never() -> None:
    first, second = readings(naive(2026, 10, 25, 2, 30), PARIS)
    assert (format_instant(first), format_instant(second)) == ("2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z")
    assert readings(naive(2026, 3, 29, 2, 30), PARIS) == []
    assert len(readings(naive(2026, 10, 25, 3, 0), PARIS)) == 1
    assert len(readings(naive(2026, 3, 29, 3, 0), PARIS)) == 1


@given(INSTANTS, ZONES)
def test_every_instant_is_among_the_readings_of_its_clock(instant: int, zone: ZoneInfo) -> None:
    shown = local(instant, zone).replace(tzinfo=None)
    found = readings(shown, zone)
    assert instant in found
    assert len(found) <= 2
    assert all(local(at, zone).replace(tzinfo=None) == shown for at in found)


def test_instants_are_whole_milliseconds() -> None:
    assert to_instant(datetime(2026, 11, 20, 7, 0, 0, 999_999, tzinfo=UTC)) % 1000 == 999
