"""Geometry of the plots of orders: values in, positions out (see `server.plots`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from server.plots import nice_ticks, pct
from sync.core.clock import local, local_date, midnight, to_instant
from sync.core.money import ZERO
from sync.costing.standard import Comparison

HOUR_MS = 3_600_000


# --- cost build-up -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One element of the build-up: a bar that begins where the one before ends, and the outline of its standard, which
    begins at the same place. `left`: the bar goes back, because cost leaves the order."""

    element: str
    x: str
    width: str
    standard_x: str
    standard_width: str
    mark: str
    left: bool


@dataclass(frozen=True, slots=True)
class BuildUp:
    """Steps on one scale from `zero`; `ticks`: (position, value)."""

    steps: tuple[Step, ...]
    total: Step
    ticks: tuple[tuple[str, Decimal], ...]


def build_up(comparison: Comparison) -> BuildUp | None:
    """The waterfall of an order's cost; None while there is neither cost nor standard."""
    reach = [ZERO]
    at = ZERO
    for cell in comparison.elements.values():
        reach += [at + cell.actual, at + cell.earned]
        at += cell.actual
    reach.append(comparison.total.earned)
    low, high = min(reach), max(reach)
    if low == high:
        return None
    ticks = nice_ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    # Room at both ends, so that a mark at the edge is a mark.
    room = (high - low) / 50
    low, high = (low - room if low else low), high + room

    def place(value: Decimal) -> Decimal:
        return (value - low) / (high - low)

    def step(element: str, start: Decimal, actual: Decimal, earned: Decimal) -> Step:
        first, last = sorted((start, start + actual))
        standard_first, standard_last = sorted((start, start + earned))
        return Step(
            element,
            pct(place(first)),
            pct(place(last) - place(first)),
            pct(place(standard_first)),
            pct(place(standard_last) - place(standard_first)),
            pct(place(start + earned)),
            actual < 0,
        )

    steps = []
    at = ZERO
    for element, cell in comparison.elements.items():
        steps.append(step(element, at, cell.actual, cell.earned))
        at += cell.actual
    total = step("total", ZERO, comparison.total.actual, comparison.total.earned)
    return BuildUp(tuple(steps), total, tuple((pct(place(tick)), tick) for tick in ticks))


# --- small bars --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bullet:
    """Cost so far on a scale of the planned standard: what the standard allows, what goes beyond, and its mark."""

    within: str
    beyond_x: str
    beyond: str
    mark: str
    planned: str


def bullet(comparison: Comparison) -> Bullet | None:
    """None without a standard."""
    total = comparison.total
    scale = max(total.planned, total.actual, total.earned)
    if not total.planned or scale <= 0:
        return None
    actual, earned = max(total.actual, ZERO) / scale, total.earned / scale
    return Bullet(
        pct(min(actual, earned)), pct(earned), pct(max(actual - earned, ZERO)), pct(earned), pct(total.planned / scale)
    )


@dataclass(frozen=True, slots=True)
class Swing:
    """A bar to the left of zero or to the right of it."""

    x: str
    width: str
    beyond: bool


def swings(values: Sequence[Decimal]) -> tuple[str, list[Swing]]:
    """Where zero stands, and values above and below it on one scale."""
    low, high = min([ZERO, *values]), max([ZERO, *values])
    scale = (high - low) or Decimal(1)

    def swing(value: Decimal) -> Swing:
        return Swing(pct((min(value, ZERO) - low) / scale), pct(abs(value) / scale), value > 0)

    return pct(-low / scale), [swing(value) for value in values]


# --- timeline ----------------------------------------------------------------------------------------------------

# A stretch in which nothing happens is folded when it is longer than this.
FOLD_MS = 3 * HOUR_MS
FOLDS_SHARE = 0.12


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of time in which something happens."""

    start: int
    end: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis: a new day, or an hour within one."""

    x: str
    day: date | None
    at: int


class Axis:
    """Time from the first to the last moment, nights and weekends folded away."""

    def __init__(self, spans: Iterable[tuple[int, int]], zone: ZoneInfo) -> None:
        merged: list[list[int]] = []
        for start, end in sorted(spans):
            if merged and start - merged[-1][1] <= FOLD_MS:
                merged[-1][1] = max(merged[-1][1], end)
            else:
                merged.append([start, max(end, start + HOUR_MS // 4)])
        self.zone = zone
        folds = len(merged) - 1
        fold = min(FOLDS_SHARE / folds, 0.02) if folds > 0 else 0.0
        total = sum(end - start for start, end in merged) or 1
        room = 1 - fold * folds
        self.blocks: list[Block] = []
        x = 0.0
        for start, end in merged:
            width = room * (end - start) / total
            self.blocks.append(Block(start, end, x, width))
            x += width + fold

    def place(self, at: int) -> float:
        """Where an instant stands, 0 to 1; one in a fold stands at the fold's beginning."""
        found = 0.0
        for block in self.blocks:
            if at < block.start:
                break
            found = block.x + block.width * min(1.0, (at - block.start) / (block.end - block.start))
        return found

    def bar(self, start: int, end: int) -> tuple[str, str]:
        """(x, width) of a stretch, never too thin to see."""
        first, last = self.place(start), self.place(end)
        return pct(first), pct(max(last - first, 0.0025))

    def folds(self) -> list[str]:
        """Where time is folded away."""
        return [pct(block.x) for block in self.blocks[1:]]

    def ticks(self) -> list[Tick]:
        """A line where each day begins to be worked on, and hours where there is room for them."""
        found: list[Tick] = []
        labelled = hour = -1.0
        days: set[date] = set()
        for block in self.blocks:
            day = local_date(block.start, self.zone)
            while (begins := midnight(day, self.zone)) < block.end:
                at = max(begins, block.start)
                x = self.place(at)
                if day not in days and x - labelled >= 0.055:
                    days.add(day)
                    labelled = x
                    found.append(Tick(pct(x), day, at))
                day = date.fromordinal(day.toordinal() + 1)
            hours = (block.end - block.start) / HOUR_MS
            room = block.width / hours if hours else 0.0
            every = next((step for step in (1, 2, 4, 6, 12) if room * step >= 0.055), None)
            if every:
                found += self._hours(block, every, max(labelled, hour))
                hour = max([hour, *(self.place(tick.at) for tick in found if tick.day is None)])
        return found

    def _hours(self, block: Block, every: int, labelled: float) -> list[Tick]:
        """Hours that do not run into the label before, nor out of the plot."""
        found = []
        moment = local(block.start, self.zone).replace(minute=0, second=0, microsecond=0)
        at = to_instant(moment)
        while (at := at + HOUR_MS) < block.end:
            x = self.place(at)
            if local(at, self.zone).hour % every == 0 and x - labelled >= 0.05 and x <= 0.97:
                found.append(Tick(pct(x), None, at))
                labelled = x
        return found
