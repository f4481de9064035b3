"""Premiums: what an hour costs more because of when it was worked.

Kinds: `overtime_day` and `overtime_week` (beyond a threshold of the person's working time of the day or ISO week),
`night` (a time of day), `weekend` (what begins on Saturday or Sunday), `holiday` (the calendar's), the last two for the
whole day or a time of it. Of one premium the version that began last holds; 0 % ends it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from sync.core.calendars import minutes_of
from sync.core.quantity import MILLISECONDS_PER_HOUR

Kind = Literal["overtime_day", "overtime_week", "night", "weekend", "holiday"]
OVERTIME: tuple[Kind, ...] = ("overtime_day", "overtime_week")
KINDS: tuple[Kind, ...] = (*OVERTIME, "night", "weekend", "holiday")


@dataclass(frozen=True, slots=True)
class Premium:
    """`percent` of the rate for hours from `starts` to `ends` (minutes from midnight on the wall; both 0: the whole
    day), or beyond `threshold_ms` of working time."""

    code: str
    kind: Kind
    percent: Decimal
    valid_from: date = date.min
    starts: int = 0
    ends: int = 0
    threshold_ms: int = 0

    @property
    def version(self) -> str:
        """The premium as an entry names it."""
        return self.code if self.valid_from == date.min else f"{self.code}/{self.valid_from.isoformat()}"

    @property
    def all_day(self) -> bool:
        return self.starts == self.ends


def in_force(premiums: Iterable[Premium], day: date) -> list[Premium]:
    """The premiums that hold on a day, by code."""
    latest: dict[str, Premium] = {}
    for premium in premiums:
        if premium.valid_from <= day:
            before = latest.get(premium.code)
            if before is None or premium.valid_from > before.valid_from:
                latest[premium.code] = premium
    return [latest[code] for code in sorted(latest) if latest[code].percent]


def premiums_of(rows: Iterable[Mapping[str, Any]]) -> tuple[Premium, ...]:
    """The premiums that rows of premiums.csv, read or stored, describe."""
    made = []
    for row in rows:
        since = row.get("valid_from") or date.min
        begins = since if isinstance(since, date) else date.fromisoformat(since)
        starts, ends = minutes_of(row.get("starts", "")), minutes_of(row.get("ends", ""))
        threshold = int(Decimal(row.get("threshold_h") or 0) * MILLISECONDS_PER_HOUR)
        percent = Decimal(row["percent"])
        made.append(Premium(row["premium"], row["kind"], percent, begins, starts, ends, threshold))
    return tuple(sorted(made, key=lambda premium: (premium.code, premium.valid_from)))
