"""Rates: prices that hold from a day on, looked up by day of work, never a number in code.

Kinds: `labor` (an hour of a person, rate group or work center), `machine` (an hour of a work center, which may include
labor), `standard_labor` (the published standard of a work center, what leads see), `standard_cost` (one base unit of
an item). A day without a rate is an unknown, never zero.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sync.core import ids

KINDS = {
    "labor": ("person", "rate_group", "work_center"),
    "machine": ("work_center",),
    "standard_labor": ("work_center",),
    "standard_cost": ("item",),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """`amount` per hour, or per base unit for `standard_cost`, from `valid_from` on until a later one takes over."""

    id: str
    kind: str
    subject_kind: str
    subject: str
    valid_from: date
    version: int
    amount: Decimal
    includes_labor: bool = False


def rate_id(site: str, place: tuple[str, ...], version: int) -> str:
    """Derived, so that the same rates entered on two machines give entries with the same bytes. `place`: kind, kind of
    subject, subject, first day. The amount is no part of it: from an id made of it, anyone could guess the rate."""
    return ids.derive(ids.IMPORT, "rate", site, *place, str(version))


class RateTable:
    """Effective-dated look-up. Of two rates from the same day the higher version wins."""

    def __init__(self, rates: Iterable[Rate]) -> None:
        by_subject: dict[tuple[str, str, str], dict[date, Rate]] = defaultdict(dict)
        for rate in sorted(rates, key=lambda rate: (rate.version, rate.id)):
            by_subject[rate.kind, rate.subject_kind, rate.subject][rate.valid_from] = rate
        self._days = {key: sorted(versions) for key, versions in by_subject.items()}
        self._rates = {key: [versions[day] for day in self._days[key]] for key, versions in by_subject.items()}

    def find(self, kind: str, subject_kind: str, subject: str, day: date) -> Rate | None:
        """The rate in force on `day`, or None."""
        key = kind, subject_kind, subject
        days = self._days.get(key)
        if not days:
            return None
        index = bisect_right(days, day)
        return self._rates[key][index - 1] if index else None

    def days(self, kind: str, subject_kind: str, subject: str) -> int:
        """On how many days a rate of this begins."""
        return len(self._days.get((kind, subject_kind, subject), ()))

    def labor(self, person: str, rate_group: str, work_center: str, day: date) -> Rate | None:
        """One labor cost, not two: the person's rate wins over the group's, that over the work center's."""
        for subject_kind, subject in (("person", person), ("rate_group", rate_group), ("work_center", work_center)):
            if subject and (rate := self.find("labor", subject_kind, subject, day)):
                return rate
        return None
