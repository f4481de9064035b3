"""What an hour is billed at: the price list of whoever sells time (a law firm, IT services), beside what an hour costs.

A billable rate says what it is for: an order, a customer, a kind of order, an activity, a person, a rate group. Named
are those that matter, the others are left empty. Of the rates that fit and hold on a day the most specific is taken:
one agreed for the order before one for the customer, that before one for the kind of order, then one for the activity,
then one for the person before one for the group (`CONDITIONS`, in this sequence). So an agreement wins over the price
list, and what is done over who does it, and no two rates ever fit equally well.

A rate holds from a day on until the next one for the same takes over, or until its last day; after that the next less
specific one is taken, or none: then what the hour is billed at is unknown, never zero.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Any

from sync.core import ids

# What a billable rate may be for; one that names what stands further left is the more specific.
CONDITIONS = ("order", "customer", "kind", "activity", "person", "rate_group")
# The kinds of order whose time is sold by the hour, unless the order says otherwise.
SOLD_BY_THE_HOUR = ("case", "project", "ticket")
ORDER_KINDS = ("manufacturing", *SOLD_BY_THE_HOUR)


@dataclass(frozen=True, slots=True)
class BillableRate:
    """`amount` for an hour from `valid_from` to `valid_until`, its last day (None: until another takes over), of what
    `conditions` says: a value for each of `CONDITIONS`, "" for any."""

    id: str
    version: int
    conditions: tuple[str, ...]
    amount: Decimal
    valid_from: date = date.min
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two rates for the same whose days overlap."""

    earlier: BillableRate
    later: BillableRate

    @property
    def last_day(self) -> date:
        """The day the earlier one has to end on at the latest."""
        return self.later.valid_from - timedelta(days=1)


def overlaps(rates: Iterable[BillableRate]) -> Iterator[Overlap]:
    """Rates that end after the next one for the same begins: which of the two was meant, nobody can know."""
    for of_one in _in_time(rates).values():
        for earlier, later in pairwise(of_one):
            if earlier.valid_until is not None and earlier.valid_until >= later.valid_from:
                yield Overlap(earlier, later)


@dataclass(frozen=True)
class Billing:
    """The billable rates of a site and the activities that are not billed."""

    rates: tuple[BillableRate, ...] = ()
    unbilled: frozenset[str] = frozenset()
    _by_place: Mapping[tuple[str, ...], list[BillableRate]] = field(init=False, repr=False, compare=False)
    _named: tuple[tuple[bool, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_place", _in_time(self.rates))
        named = {tuple(bool(value) for value in place) for place in self._by_place}
        object.__setattr__(self, "_named", tuple(sorted(named, reverse=True)))  # the most specific first

    def find(self, facts: Mapping[str, Iterable[str]], day: date) -> BillableRate | None:
        """The most specific rate on a day. `facts`: what is known of the time for each of `CONDITIONS`; of several
        values the first that has a rate counts."""
        for named in self._named:
            choices = (
                [value for value in facts[condition] if value] if wanted else [""]
                for condition, wanted in zip(CONDITIONS, named, strict=True)
            )
            for place in product(*choices):
                if (found := self._holding(place, day)) is not None:
                    return found
        return None

    def _holding(self, place: tuple[str, ...], day: date) -> BillableRate | None:
        """The rate of this place on a day: the last that began, unless it has ended."""
        began = [rate for rate in self._by_place.get(place, ()) if rate.valid_from <= day]
        if not began or (began[-1].valid_until is not None and began[-1].valid_until < day):
            return None
        return began[-1]


def _in_time(rates: Iterable[BillableRate]) -> dict[tuple[str, ...], list[BillableRate]]:
    """The rates for each thing by first day; of two from the same day the higher version."""
    newest: dict[tuple[str, ...], dict[date, BillableRate]] = defaultdict(dict)
    for rate in sorted(rates, key=lambda rate: (rate.version, rate.id)):
        newest[rate.conditions][rate.valid_from] = rate
    return {place: [days[day] for day in sorted(days)] for place, days in newest.items()}


def billable_rate_id(site: str, place: tuple[str, ...], version: int) -> str:
    """Derived, so that the same rates entered on two machines give entries with the same bytes. `place`: a value for
    each of `CONDITIONS`, and the first day."""
    return ids.derive(ids.IMPORT, "billable_rate", site, *place, str(version))


def billable_rate_of(row: Mapping[str, Any]) -> BillableRate:
    """The rate that a row of billable_rates.csv, read or stored, describes."""
    until = row.get("valid_until") or None
    return BillableRate(
        row.get("id", ""),
        row.get("version", 1),
        tuple(row.get(condition) or "" for condition in CONDITIONS),
        Decimal(row["amount"]),
        _day(row.get("valid_from") or date.min),
        None if until is None else _day(until),
    )


def billing_of(rates: Iterable[Mapping[str, Any]], activities: Iterable[Mapping[str, Any]]) -> Billing:
    """What rows of billable_rates.csv and activities.csv, read or stored, say together."""
    unbilled = frozenset(row["code"] for row in activities if not row.get("billable", True))
    return Billing(tuple(map(billable_rate_of, rates)), unbilled)


def _day(value: date | str) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)
