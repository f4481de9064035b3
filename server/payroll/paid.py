"""What labor comes to at rates of people: by person for a month, and what a proposed rate would change."""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from server.auth import wages
from server.spreadsheet import safe_cell
from server.store import event_log, plant
from server.store.wages import labor_facts
from sync.core.clock import month_of
from sync.costing.engine import Terms
from sync.costing.rates import RateTable
from sync.costing.wages import OwnRate, OwnRates, Pay, pay
from sync.ledger.entry import hours

# An effect is told for so many months back; what lies further is closed almost everywhere.
MONTHS_BACK = 12
COLUMNS = ("number", "key", "name", "department", "rate_group", "period", "hours", "amount_own", "amount_booked",
           "difference", "hours_without_own_rate", "hours_not_booked", "currency")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A person in a month, with what payroll knows the person by."""

    number: str
    name: str
    department: str
    rate_group: str
    pay: Pay


@dataclass(frozen=True, slots=True)
class Effect:
    """What a person's time in open months comes to, before and after."""

    milliseconds: int
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


def first_of(month: str) -> date:
    """The first day of "2026-11"."""
    return date.fromisoformat(f"{month}-01")


def after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def of_month(connection: Connection, site: str, month: str) -> list[Line]:
    """Everybody with time in a month, by department and name."""
    own = wages.in_force(connection, site)
    found = _pay(connection, site, own, [month])
    known = {row["key"]: row for row in plant.rows(connection, site, "people", "key", {person for person, _ in found})}
    lines = []
    for (person, _month), line in found.items():
        row = known.get(person, {})
        number, name, place, group = (
            row.get(column) or "" for column in ("number", "name", "department", "rate_group")
        )
        lines.append(Line(number, name, place, group, line))
    return sorted(lines, key=lambda line: (line.department, line.name, line.number, line.pay.person))


def cells(lines: Iterable[Line], period: str, currency: str) -> list[dict[str, str]]:
    """The lines by the names of `COLUMNS`: amounts as text, hours with six decimals."""
    found = []
    for line in lines:
        one = line.pay
        worked, without, waiting = (hours(Decimal(span)) for span in (one.milliseconds, one.without_ms, one.waiting_ms))
        values = (line.number, one.person, line.name, line.department, line.rate_group, period, worked, str(one.own),
                  str(one.booked), str(one.difference), without, waiting, currency)  # fmt: skip
        found.append(dict(zip(COLUMNS, values, strict=True)))
    return found


def as_csv(found: Iterable[Mapping[str, str]]) -> str:
    """With a head; safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([safe_cell(line[column]) for column in COLUMNS] for line in found)
    return out.getvalue()


def by_department(lines: Iterable[Line]) -> dict[str, Pay]:
    """The sums of each department, for the comparison with what was paid."""
    sums: dict[str, Pay] = {}
    for line in lines:
        total = sums.setdefault(line.department, Pay(""))
        total.milliseconds += line.pay.milliseconds
        total.booked += line.pay.booked
        total.own += line.pay.own
        total.without_ms += line.pay.without_ms
        total.waiting_ms += line.pay.waiting_ms
    return dict(sorted(sums.items()))


def effects(connection: Connection, site: str, proposed: Sequence[OwnRate], today: date) -> dict[str, Effect]:
    """By person, what these rates change in the months that are not closed, from the first of their days to today."""
    if not proposed:
        return {}
    months = open_months(connection, site, min(rate.valid_from for rate in proposed), today)
    people = {rate.person for rate in proposed}
    before = _of_people(_pay(connection, site, wages.in_force(connection, site), months, people))
    then = _of_people(_pay(connection, site, wages.in_force(connection, site, proposed), months, people))
    nothing = Pay("")
    return {
        person: Effect(
            then.get(person, nothing).milliseconds, before.get(person, nothing).own, then.get(person, nothing).own
        )
        for person in sorted(people)
    }


def open_months(connection: Connection, site: str, since: date, today: date) -> list[str]:
    """The months from a day to today that are neither locked nor closed, at most the last twelve."""
    closed = plant.closed_periods(connection, site)
    months, month = [], since.replace(day=1)
    while month <= today:
        months.append(month_of(month))
        month = after(month)
    return [month for month in months[-MONTHS_BACK:] if month not in closed]


def time_of(connection: Connection, site: str, people: Collection[str], since: date, today: date) -> int:
    """Milliseconds these people worked in open months since a day's month."""
    months = open_months(connection, site, since, today)
    return sum(line.milliseconds for line in _pay(connection, site, OwnRates([]), months, people).values())


def _of_people(found: Mapping[tuple[str, str], Pay]) -> dict[str, Pay]:
    sums: dict[str, Pay] = defaultdict(lambda: Pay(""))
    for (person, _month), line in found.items():
        sums[person].milliseconds += line.milliseconds
        sums[person].own += line.own
    return sums


def _pay(
    connection: Connection, site: str, own: OwnRates, months: Sequence[str], people: Collection[str] = ()
) -> dict[tuple[str, str], Pay]:
    if not months:
        return {}
    facts = labor_facts(connection, site, first_of(months[0]), after(first_of(months[-1])), people)
    rates = plant.rates(connection, site)
    things = event_log.terms_for(connection, site, facts)
    terms = Terms(things, RateTable(rates), plant.policies(connection, site))
    return pay(facts, terms, rates, own, set(months))
