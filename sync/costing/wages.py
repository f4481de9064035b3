"""Wages: what people cost at rates of their own, beside a book that never holds one.

Where a shop chooses person rates, every entry still uses the rate of the person's group: nothing that is posted,
sealed, hashed or pulled depends on what one person earns. A person's own rate is used in two places, both payroll's:

- `pay`: the hours of the book, costed a second time at people's own rates by the very same rules (breaks, shared time,
  premiums), so that payroll sees hours, amount and what the group's rate made of them, person by person;
- `mean_of`: the rate of a group that payroll may publish: the mean of its people's rates on a day. It does not depend
  on who worked how long, so it stays the same when wages change hands within the group.

A mean is published of at least `FEWEST` people of whom none has more than half of the sum. Two means of one group are
of the same people at the same rates, or of sets in which at least `FEWEST` people differ: otherwise the difference of
two published figures would tell what the one who came, left or got a raise earns. And no set of published means may
determine one rate by arithmetic (`tells_one`).
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from sync.core.money import round_money
from sync.costing import engine
from sync.costing.engine import Terms
from sync.costing.rates import Rate, RateTable
from sync.costing.rules import labor_time, premium
from sync.costing.scope import effective
from sync.events.base import Event
from sync.ledger.entry import Entry

# Fewer people are no crowd: a mean of them tells what one earns to whoever knows the others.
FEWEST = 5
# Entries of time; what is charged on top of them (overhead) is no pay.
PAID = (labor_time.RULE, premium.RULE)


@dataclass(frozen=True, slots=True)
class OwnRate:
    """What an hour of a person costs from a day on, until another begins or the day `valid_until` (exclusive)."""

    id: str
    person: str
    valid_from: date
    amount: Decimal
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Days between two rates of a person on which neither holds, or (`overlap`) on which both would; the later holds
    there. `until` is exclusive."""

    since: date
    until: date
    overlap: bool = False


class OwnRates:
    """Rates of people by day. Of two from the same day the one given later holds."""

    def __init__(self, rates: Iterable[OwnRate]) -> None:
        by_day: dict[str, dict[date, OwnRate]] = defaultdict(dict)
        for rate in rates:
            by_day[rate.person][rate.valid_from] = rate
        self.of = {person: [days[day] for day in sorted(days)] for person, days in by_day.items()}

    def find(self, person: str, day: date) -> OwnRate | None:
        """The person's own rate on that day."""
        mine = self.of.get(person, [])
        index = bisect_right(mine, day, key=lambda rate: rate.valid_from)
        found = mine[index - 1] if index else None
        return found if found and (found.valid_until is None or day < found.valid_until) else None

    def gaps(self, person: str) -> list[Gap]:
        """Between the first of a person's rates and the last."""
        found = []
        for before, after in pairwise(self.of.get(person, [])):
            if before.valid_until is not None and before.valid_until != after.valid_from:
                low, high = sorted((before.valid_until, after.valid_from))
                found.append(Gap(low, high, overlap=before.valid_until > after.valid_from))
        return found


class OwnRateTable(RateTable):
    """Rates by which payroll costs: a person's own first."""

    def __init__(self, rates: Iterable[Rate], own: OwnRates) -> None:
        super().__init__(rates)
        self._own = own

    def labor(self, person: str, rate_group: str, work_center: str, day: date) -> Rate | None:
        """The person's own, else what the book uses."""
        if rate := self._own.find(person, day):
            return Rate(rate.id, "labor", "person", person, rate.valid_from, 1, rate.amount)
        return super().labor(person, rate_group, work_center, day)


@dataclass(slots=True)
class Pay:
    """A person's time in a month. `booked`: what the book holds for it, at the group's rate; `own`: at the person's;
    `without_ms`: time on days without a rate of the person's own (`own` has the group's there); `waiting_ms`: time the
    book does not hold because the group has no rate."""

    person: str
    milliseconds: int = 0
    booked: Decimal = field(default=Decimal(0))
    own: Decimal = field(default=Decimal(0))
    without_ms: int = 0
    waiting_ms: int = 0

    @property
    def difference(self) -> Decimal:
        return self.own - self.booked


def pay(
    facts: Collection[Event], terms: Terms, rates: Sequence[Rate], own: OwnRates, months: Collection[str]
) -> dict[tuple[str, str], Pay]:
    """By person and month what facts of labor come to; `facts` reach far enough around those months."""
    who = {fact.id: fact.person or "" for fact in facts}
    mine = {rate.id for listed in own.of.values() for rate in listed}
    found: dict[tuple[str, str], Pay] = {}

    def of(entry: Entry) -> Pay:
        person = who[entry.events[0]]
        return found.setdefault((person, entry.period), Pay(person))

    for entry in _paid(facts, terms, RateTable(rates), months):
        line = of(entry)
        line.booked += entry.amount
        line.waiting_ms -= _time(entry)
    for entry in _paid(facts, terms, OwnRateTable(rates, own), months):
        line = of(entry)
        line.own += entry.amount
        line.milliseconds += _time(entry)
        line.waiting_ms += _time(entry)
        if entry.rate_id.partition("/")[0] not in mine:
            line.without_ms += _time(entry)
    return found


def _paid(facts: Collection[Event], terms: Terms, rates: RateTable, months: Collection[str]) -> list[Entry]:
    costed = engine.cost_labor(effective(facts).events, Terms(terms.plant, rates, terms.policies))
    return [entry for entry in costed.entries if entry.rule in PAID and entry.period in months]


def _time(entry: Entry) -> int:
    """Milliseconds of an entry; a premium is on top of time that has an entry of its own."""
    return int(entry.quantity) if entry.rule == labor_time.RULE else 0


# --- what may be published of a group ----------------------------------------------------------------------------

# Who it is the mean of, and the rate of each.
Members = Mapping[str, Decimal]
Reason = Literal["few", "one_above_half", "few_changed", "tells_one"]


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of the rates of these people, rounded to the currency's minor unit; with a `reason`, it may not be
    published."""

    members: Members
    amount: Decimal
    reason: Reason | None = None


def mean_of(members: Members, published: Iterable[Members], currency: str) -> Mean:
    """The mean, and whether it may be published after all those of the site that are `published` already."""
    published = list(published)
    total = sum(members.values(), Decimal(0))
    amount = round_money(Fraction(total) / len(members), currency) if members else Decimal(0)
    reason: Reason | None = None
    if len(members) < FEWEST:
        reason = "few"
    elif 2 * max(members.values()) > total:
        reason = "one_above_half"
    elif any(0 < _differing(members, before) < FEWEST for before in published):
        reason = "few_changed"
    elif tells_one([*published, members]):
        reason = "tells_one"
    return Mean(members, amount, reason)


def _differing(one: Members, other: Members) -> int:
    """How many people are in one of the two only, or there at another rate."""
    return sum(1 for person in one.keys() | other.keys() if one.get(person) != other.get(person))


def tells_one(published: Iterable[Members]) -> bool:
    """Whether sums of these sets, however added and subtracted, give the rate of one person.

    Each set is a row with a one for each (person, rate) in it. A single rate can be computed exactly when a row with
    one single figure other than zero is a combination of these rows: when the reduced echelon form has such a row.
    """
    rows = [set(members.items()) for members in published]
    places = {place: index for index, place in enumerate(sorted(set().union(*rows)))} if rows else {}
    matrix = [[Fraction(place in row) for place in places] for row in rows]
    rank = 0
    for column in range(len(places)):
        pivot = next((index for index in range(rank, len(matrix)) if matrix[index][column]), None)
        if pivot is None:
            continue
        matrix[rank], matrix[pivot] = matrix[pivot], matrix[rank]
        lead = matrix[rank][column]
        matrix[rank] = [value / lead for value in matrix[rank]]
        for index, row in enumerate(matrix):
            if index != rank and row[column]:
                factor = row[column]
                matrix[index] = [value - factor * kept for value, kept in zip(row, matrix[rank], strict=True)]
        rank += 1
    return any(sum(1 for value in row if value) == 1 for row in matrix)
