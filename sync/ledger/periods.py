"""Periods: calendar months, open or closed. A late fact keeps its date and posts in the first open period."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sync.core.clock import month_of


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which months are closed ("2026-10")."""

    closed: Collection[str] = ()

    def posting(self, occurred_on: date) -> tuple[date, str]:
        """(posting date, posting period) of a fact: its own day, or the first day of the first open month after it."""
        day = occurred_on
        while month_of(day) in self.closed:
            day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        return day, month_of(day)
