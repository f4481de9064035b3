"""Instants and days.

An instant is an int: milliseconds since 1970-01-01T00:00:00Z. Elapsed time is measured there, so a night with a
clock change lasts 7 h or 9 h when it did. Days, months and rate dates are those of the site's time zone.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_RFC3339 = re.compile(
    r"20[0-9]{2}-[01][0-9]-[0-3][0-9][Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-2][0-9]:[0-5][0-9])",
    re.ASCII,
)


def parse_instant(text: str) -> int:
    """RFC 3339 with an offset, years 2000 to 2099, to milliseconds (finer digits are cut off).

    Raises ValueError without an offset, for a leap second (":60") and for "24:00".
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError("not an RFC 3339 instant with offset between 2000 and 2099")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError as wrong:
        raise ValueError("no such date or time") from wrong
    return (moment - _EPOCH) // _MILLISECOND


def format_instant(instant: int) -> str:
    """UTC, always with milliseconds: 2026-11-20T07:03:12.345Z."""
    return (_EPOCH + instant * _MILLISECOND).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant % 1000:03d}Z"


def local(instant: int, zone: ZoneInfo) -> datetime:
    """The instant on the clock of `zone`."""
    return (_EPOCH + instant * _MILLISECOND).astimezone(zone)


def to_instant(moment: datetime) -> int:
    """An aware datetime as milliseconds."""
    return (moment - _EPOCH) // _MILLISECOND


def readings(moment: datetime, zone: ZoneInfo) -> list[int]:
    """The instants at which the clock of `zone` shows the naive `moment`: one, but none in the hour a clock change
    leaves out and two in the hour it repeats. Whoever has to choose asks; nobody guesses."""
    instants = {to_instant(moment.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)}
    return sorted(instant for instant in instants if local(instant, zone).replace(tzinfo=None) == moment)


@lru_cache(maxsize=4096)
def midnight(day: date, zone: ZoneInfo) -> int:
    """The instant at which `day` begins in `zone`."""
    return to_instant(datetime.combine(day, time(), tzinfo=zone))


def local_date(instant: int, zone: ZoneInfo) -> date:
    """The day of `instant` in `zone`."""
    return local(instant, zone).date()


def midnights_between(start: int, end: int, zone: ZoneInfo) -> list[int]:
    """The instants strictly inside (start, end) at which a new day begins in `zone`."""
    cuts = []
    day = local_date(start, zone) + timedelta(days=1)
    while (cut := midnight(day, zone)) < end:
        if cut > start:
            cuts.append(cut)
        day += timedelta(days=1)
    return cuts


def month_of(day: date) -> str:
    """The accounting period of a day: calendar month, "2026-11"."""
    return f"{day.year:04d}-{day.month:02d}"
