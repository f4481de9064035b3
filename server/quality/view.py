"""What the page of quality shows: a ranking with its bars, and how it went day by day or week by week."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from flask_babel import gettext
from sqlalchemy import Connection

from server.language import pick
from server.plots import pct
from server.store import plant
from sync.core.clock import midnight
from sync.core.plant import Site
from sync.costing import losses
from sync.costing.losses import Kind, Loss, Measure

# The causes shown by themselves; the smaller ones stand together below them.
MOST = 12
# Up to so many days are shown one by one, more by the week.
DAYS = 31


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. `until`: the last day, inclusive."""

    kind: Kind
    by: str
    measure: Measure
    first: date
    until: date


@dataclass(frozen=True, slots=True)
class Cause:
    """A line of the ranking. `key` "" and `others` above 0: that many smaller ones together."""

    key: str
    name: str
    value: Fraction
    share: Fraction
    reached: Fraction
    losses: int
    unpriced: int
    width: str
    mark: str
    others: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day, or a week from its first day on: a column of the trend."""

    day: date
    value: Fraction
    height: str
    top: str


@dataclass(frozen=True, slots=True)
class Page:
    """All of it. `total`: in the measure asked for; `sums`: of each measure; `unpriced`: losses that have no price."""

    causes: tuple[Cause, ...]
    trend: tuple[Stretch, ...]
    weekly: bool
    total: Fraction
    sums: Mapping[Measure, Fraction]
    losses: int
    unpriced: int


def gather(found: Sequence[Loss], wanted: Wanted, names: Mapping[str, str], site: Site) -> Page:
    """The page of what was lost in the days that were asked for."""
    mine = [loss for loss in found if loss.kind == wanted.kind]
    bars = losses.rank(mine, wanted.by, wanted.measure)
    total = sum((bar.value for bar in bars), Fraction(0))
    shown = bars if len(bars) <= MOST + 1 else bars[:MOST]
    rest = bars[len(shown) :]
    value = sum((bar.value for bar in rest), Fraction(0))
    largest = max([bar.value for bar in shown[:1]] + [value])
    causes = [
        Cause(bar.key, _name(bar.key, names), bar.value, bar.share, bar.reached, bar.losses, bar.unpriced,
              pct(bar.value / largest if largest else 0), pct(bar.reached))
        for bar in shown
    ]  # fmt: skip
    if rest:
        causes.append(
            Cause("", gettext("%(count)s others", count=len(rest)), value, value / total if total else Fraction(0),
                  Fraction(1), sum(bar.losses for bar in rest), sum(bar.unpriced for bar in rest),
                  pct(value / largest if largest else 0), pct(1), len(rest))
        )  # fmt: skip
    sums = {one: sum((losses.amount(loss, one) for loss in mine), Fraction(0)) for one in losses.MEASURES}
    trend, weekly = _trend(mine, wanted, site)
    unpriced = sum(loss.cost is None for loss in mine)
    return Page(tuple(causes), trend, weekly, total, sums, len(mine), unpriced)


def _trend(mine: Sequence[Loss], wanted: Wanted, site: Site) -> tuple[tuple[Stretch, ...], bool]:
    weekly = (wanted.until - wanted.first).days >= DAYS
    step = timedelta(days=7 if weekly else 1)
    day = wanted.first - timedelta(days=wanted.first.weekday()) if weekly else wanted.first
    days = []
    while day <= wanted.until:
        days.append(day)
        day += step
    values = losses.over_time(mine, [midnight(one, site.zone) for one in days], wanted.measure)
    largest = max(values, default=Fraction(0))
    shares = [value / largest if largest else Fraction(0) for value in values]
    columns = (Stretch(one, value, pct(share), pct(1 - share))
               for one, value, share in zip(days, values, shares, strict=True))  # fmt: skip
    return tuple(columns), weekly


def _name(key: str, names: Mapping[str, str]) -> str:
    return names.get(key, "") if key else gettext("nobody said")


def names(connection: Connection, site: str, wanted: Wanted, keys: set[str]) -> dict[str, str]:
    """What the things ranked are called, by code."""
    if wanted.by == "reason":
        kind = "downtime" if wanted.kind == "downtime" else "defect"
        rows = plant.rows(connection, site, "reasons", "code", keys)
        return {row["code"]: pick(json.loads(row["name"])) for row in rows if row["kind"] == kind}
    table = {"item": "items", "found_at": "work_centers", "caused_at": "work_centers", "machine": "machines"}
    if wanted.by not in table:
        return {}
    return {row["code"]: row["name"] for row in plant.rows(connection, site, table[wanted.by], "code", keys)}
