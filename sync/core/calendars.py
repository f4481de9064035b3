"""Calendars: when a shop works, pauses and rests, on the clock on its wall, as intervals of instants.

A calendar's version of a day is the latest that holds from that day or before. Its lines name a weekday (1 = Monday) or
a date. Of each kind (work, break, holiday) the lines of the date stand in the place of those of its weekday, and a
holiday takes away the work of its day, but no break: it only ever takes time from a clock that runs all the same.

A line belongs to the day it begins in. One that ends before it begins ends the next day; one that ends when it begins
is empty, so that a date can say "no break today". A holiday without times is the whole day.

From wall to instants, on the two nights a year that are not like the others: a time the clock shows twice means the
first; a time it leaves out means the instant at which it jumps. So a shift from 22:00 to 06:00 lasts 7 h or 9 h when
it does. A break keeps its length, whatever the clock does meanwhile: half an hour of rest is half an hour.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sync.core.clock import local, local_date, midnight, readings, to_instant
from sync.core.intervals import Interval

MINUTE = 60_000
DAY_MINUTES = 24 * 60
Kind = Literal["work", "break", "holiday"]
KINDS: tuple[Kind, ...] = ("work", "break", "holiday")


@dataclass(frozen=True, slots=True)
class CalendarLine:
    """Part of a day: from `starts` to `ends`, minutes from midnight on the wall. `on`: a weekday, 1 to 7, or a date."""

    on: int | date
    starts: int
    ends: int
    kind: Kind

    @property
    def length(self) -> int:
        """Minutes on the wall; one that ends before it begins goes on past midnight."""
        return self.ends - self.starts + (DAY_MINUTES if self.ends < self.starts else 0)


@dataclass(frozen=True)
class WorkCalendar:
    """The versions of a calendar, each with the day it begins on, in order."""

    code: str
    versions: tuple[tuple[date, tuple[CalendarLine, ...]], ...]

    def spans(self, kind: Kind, start: int, end: int, zone: ZoneInfo) -> list[Interval]:
        """The intervals of a kind that touch the instants from `start` to `end`, in order of time, whole."""
        found = []
        # What begins on the day before may reach into this one.
        day = local_date(start, zone) - timedelta(days=1)
        last = local_date(end, zone)
        while day <= last:
            found += [span for span in _on_day(self, kind, day, zone) if span[0] < end and span[1] > start]
            day += timedelta(days=1)
        return sorted(found)

    def within(self, kind: Kind, start: int, end: int, zone: ZoneInfo) -> list[Interval]:
        """The same, cut to `start` and `end`."""
        return [(max(low, start), min(high, end)) for low, high in self.spans(kind, start, end, zone)]

    def lines(self, kind: Kind, day: date) -> list[CalendarLine]:
        """What the calendar says of a day."""
        known: tuple[CalendarLine, ...] = ()
        for begins, lines in self.versions:
            if begins <= day:
                known = lines
        of_date = [line for line in known if line.on == day and line.kind == kind]
        of_weekday = [line for line in known if line.on == day.isoweekday() and line.kind == kind]
        return of_date or of_weekday


@lru_cache(maxsize=16_384)
def _on_day(calendar: WorkCalendar, kind: Kind, day: date, zone: ZoneInfo) -> tuple[Interval, ...]:
    if kind == "work" and any(line.length for line in calendar.lines("holiday", day)):
        return ()
    spans = []
    for line in calendar.lines(kind, day):
        begin = on_wall(day, line.starts, zone)
        until = begin + line.length * MINUTE if kind == "break" else on_wall(day, line.starts + line.length, zone)
        if until > begin:
            spans.append((begin, until))
    return tuple(sorted(spans))


@lru_cache(maxsize=16_384)
def on_wall(day: date, minutes: int, zone: ZoneInfo) -> int:
    """The instant at which the clock of `zone` shows so many minutes after the midnight `day` begins with: the first of
    two; of none, the instant at which the clock jumps over it."""
    days, minutes = divmod(minutes, DAY_MINUTES)
    day += timedelta(days=days)
    if not minutes:
        return midnight(day, zone)
    moment = datetime.combine(day, time(minutes // 60, minutes % 60))
    found = readings(moment, zone)
    return found[0] if found else _jump(moment, zone)


def _jump(moment: datetime, zone: ZoneInfo) -> int:
    """The instant at which the clock jumps over `moment`."""
    before, after = sorted(to_instant(moment.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    offset = local(before, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if local(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


def windows(starts: int, ends: int, start: int, end: int, zone: ZoneInfo) -> Iterator[tuple[date, Interval]]:
    """A time of day (22:00 to 06:00; the whole day when it ends where it begins) as intervals that touch the instants
    from `start` to `end`, each with the day it begins in."""
    length = ends - starts + (DAY_MINUTES if ends <= starts else 0)
    day = local_date(start, zone) - timedelta(days=1)
    last = local_date(end, zone)
    while day <= last:
        low, high = on_wall(day, starts, zone), on_wall(day, starts + length, zone)
        if low < end and high > start and low < high:
            yield day, (low, high)
        day += timedelta(days=1)


def _place(line: CalendarLine) -> tuple[str, str, int]:
    return str(line.on), line.kind, line.starts


# --- rows --------------------------------------------------------------------------------------------------------


def minutes_of(clock: str) -> int:
    """A time of day such as "22:00" as minutes from midnight; "" is midnight."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes) if clock else 0


def calendars_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, WorkCalendar]:
    """The calendars that rows of calendars.csv, read or stored, describe."""
    lines: dict[str, dict[date, list[CalendarLine]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        since, on = row.get("valid_from") or date.min, row["weekday"]
        begins = since if isinstance(since, date) else date.fromisoformat(since)
        starts, ends = minutes_of(row.get("starts", "")), minutes_of(row.get("ends", ""))
        if row["kind"] == "holiday" and not row.get("starts") and not row.get("ends"):
            ends = DAY_MINUTES
        line = CalendarLine(int(on) if len(on) == 1 else date.fromisoformat(on), starts, ends, row["kind"])
        lines[row["calendar"]][begins].append(line)
    made = {}
    for code, versions in sorted(lines.items()):
        in_order = ((begins, tuple(sorted(versions[begins], key=_place))) for begins in sorted(versions))
        made[code] = WorkCalendar(code, tuple(in_order))
    return made
