"""Premiums: what overtime, nights, weekends and holidays cost on top of the rate, as entries of their own.

    extra pay = milliseconds x rate per hour x percent / 100 / 3,600,000,
    rounded once per (segment, premium, rate version, period, policy)

They are derived in the scope of the segment that earned them and never change its own entry. The department gives the
hours (credit). By policy `premium_to`, overhead of that department bears them (`premium:<department>`, element
`overhead`), because an order is not dearer for having come last on a Friday; or the order, under the element of its
hour, where a customer or an order caused them. Indirect time then keeps its premium with its activity.

Night, weekend and holiday are told by the clock on the wall and the calendar of the segment. Overtime is told by the
order of time: what a person works on a day of the site (midnight to midnight), or in an ISO week (Monday to Sunday), is
laid end to end, and what lies beyond the threshold is overtime, for every segment open then in the proportion of the
split. Working time is what was attributed: the union of the clocked spans less breaks, each instant once. A span whose
end is not known counts for nothing until it is. Time told as a duration comes after the day's clocked time (several in
the order of their facts): it counts towards the threshold and earns overtime and the premiums of whole days, none that
asks for a time of day.

Premiums of different kinds add up. Of one kind the highest percentage counts once, so that 25 % beyond 35 h and 50 %
beyond 43 h are two steps of one scale; overtime of the day and of the week are one kind.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from sync.core.calendars import WorkCalendar, windows
from sync.core.clock import local_date, midnight
from sync.core.findings import Outcome
from sync.core.intervals import Interval, union
from sync.core.money import allocate
from sync.core.plant import Plant
from sync.core.premiums import OVERTIME, Premium, in_force
from sync.costing.hours import Paid, Piece, Slice, Timesheet, priced
from sync.costing.place import calendar_of
from sync.costing.policy import Policies
from sync.costing.scope import Segment, time_outcome
from sync.ledger.entry import Entry

RULE, VERSION = "premium", 1

# What earned premiums, of one segment.
Earned = list[tuple[Premium, Piece]]
Calendars = Callable[[Segment], WorkCalendar | None]


def cost(sheets: Iterable[Timesheet], plant: Plant, policies: Policies) -> list[Entry]:
    """The premiums of all segments that are costed."""
    entries: list[Entry] = []
    for sheet in sheets if plant.premiums else ():
        known = {one.id for one in sheet.segments if time_outcome(one, policies.longest_labor_ms) is None}

        def calendar(segment: Segment) -> WorkCalendar | None:
            return calendar_of(plant, segment.event)

        shares = earned(sheet.segments, sheet.slices, known, plant.premiums, plant.site.zone, calendar)
        for paid in sheet.paid:
            entries += _entries(paid, shares.get(paid.segment.id, []), plant, policies)
    return entries


def _entries(paid: Paid, of_segment: Earned, plant: Plant, policies: Policies) -> list[Entry]:
    use = paid.use
    grouped: dict[tuple[Premium, str], list[Piece]] = defaultdict(list)
    for premium, piece in of_segment:
        grouped[premium, policies.on(piece.day).premium_to].append(piece)
    made: list[Entry] = []
    for (premium, bearer), pieces in grouped.items():
        of_premium = replace(use, rule=RULE, rule_version=VERSION)
        if bearer == "overhead":
            of_premium = replace(of_premium, element="overhead", receiver=f"premium:{use.department}", place=None)
        costed = priced(paid.segment, pieces, paid.price, of_premium, plant, policies, premium)
        if not isinstance(costed, Outcome):  # hours that bear no cost of their own earn none either
            made += costed
    return made


def earned(
    segments: Iterable[Segment],
    slices: Iterable[Slice],
    known: Collection[str],
    premiums: Sequence[Premium],
    zone: ZoneInfo,
    calendar: Calendars,
) -> dict[str, Earned]:
    """What one person's segments earn, given how that person's time is shared; `known`: those whose time is known."""
    by_id = {segment.id: segment for segment in segments}
    days: dict[date, list[Slice]] = defaultdict(list)
    for part in slices:
        if any(name in known for name, _ in part.shares):
            days[part.day].append(part)
    told: dict[date, list[Segment]] = defaultdict(list)
    for segment in sorted(by_id.values(), key=lambda segment: (segment.start, segment.id)):
        if segment.duration and segment.duration > 0:
            told[local_date(segment.start, zone)].append(segment)
    books = _Books(zone)
    worked = _Worked()
    for day in sorted(days.keys() | told.keys()):
        held = in_force(premiums, day)
        for part in days[day]:
            stretch = _clocked(part, by_id, held, worked.crossed(day, held, part.until - part.start), zone, calendar)
            books.add(day, stretch)
            worked.add(day, part.until - part.start)
        for segment in told[day]:
            assert segment.duration is not None
            crossings = worked.crossed(day, held, segment.duration)
            books.add(day, _told(segment, day, held, crossings, calendar(segment)))
            worked.add(day, segment.duration)
    return books.earned()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Working time and what of it each premium is earned in, as offsets; a premium of the calendar may be for some
    segments only."""

    start: int
    length: int
    shares: tuple[tuple[str, int], ...]
    spans: list[tuple[Premium, Interval, frozenset[str]]]


class _Worked:
    """Working time so far, by day and by ISO week."""

    def __init__(self) -> None:
        self.of_day: dict[date, int] = defaultdict(int)
        self.of_week: dict[date, int] = defaultdict(int)

    def add(self, day: date, milliseconds: int) -> None:
        self.of_day[day] += milliseconds
        self.of_week[monday(day)] += milliseconds

    def crossed(self, day: date, held: Iterable[Premium], length: int) -> list[tuple[Premium, int]]:
        """From which offset on the next `length` is overtime."""
        found = []
        for premium in held:
            if premium.kind in OVERTIME:
                before = self.of_day[day] if premium.kind == "overtime_day" else self.of_week[monday(day)]
                offset = max(premium.threshold_ms - before, 0)
                if offset < length:
                    found.append((premium, offset))
        return found


class _Books:
    """What was earned so far: premium by premium, segment by segment, day by day."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.made: dict[tuple[str, Premium, date], list[int]] = {}  # [first instant, milliseconds]

    def add(self, day: date, stretch: _Stretch) -> None:
        """Cut a stretch wherever a premium begins or ends. Each part is shared in proportion to what is left of each
        segment's time, so that neither the segments' time nor the part's length moves by a millisecond."""
        if not stretch.spans:
            return
        cuts = sorted({0, stretch.length, *(edge for _, span, _ in stretch.spans for edge in span)})
        left = dict(stretch.shares)
        names = list(left)
        for low, high in pairwise(cuts):
            parts = allocate(high - low, [left[name] for name in names], names)
            here = [(premium, of) for premium, span, of in stretch.spans if span[0] <= low and high <= span[1]]
            for name, part in zip(names, parts, strict=True):
                left[name] -= part
                for premium in _highest(premium for premium, of in here if name in of) if part else ():
                    self.made.setdefault((name, premium, day), [stretch.start + low, 0])[1] += part

    def earned(self) -> dict[str, Earned]:
        found: dict[str, Earned] = defaultdict(list)
        for (name, premium, day), (start, milliseconds) in self.made.items():
            found[name].append((premium, Piece(start, day, milliseconds)))
        return found


def _highest(premiums: Iterable[Premium]) -> Iterable[Premium]:
    """Of each kind the highest; overtime is one kind."""
    best: dict[str, Premium] = {}
    for premium in sorted(premiums, key=lambda premium: (-premium.percent, premium.code)):
        best.setdefault("overtime" if premium.kind in OVERTIME else premium.kind, premium)
    return best.values()


def _clocked(
    part: Slice,
    by_id: dict[str, Segment],
    held: Iterable[Premium],
    crossings: Iterable[tuple[Premium, int]],
    zone: ZoneInfo,
    calendar: Calendars,
) -> _Stretch:
    length = part.until - part.start
    everybody = frozenset(name for name, _ in part.shares)
    spans = [(premium, (offset, length), everybody) for premium, offset in crossings]

    def add(premium: Premium, span: Interval, names: frozenset[str]) -> None:
        low, high = max(span[0], part.start), min(span[1], part.until)
        if low < high:
            spans.append((premium, (low - part.start, high - part.start), names))

    for premium in held:
        if premium.kind in OVERTIME or (premium.kind == "weekend" and premium.all_day and part.day.isoweekday() < 6):
            continue
        times = [
            span
            for day, span in windows(premium.starts, premium.ends, part.start, part.until, zone)
            if premium.kind != "weekend" or day.isoweekday() > 5
        ]
        if premium.kind != "holiday":
            for span in times:
                add(premium, span, everybody)
            continue
        by_calendar: dict[WorkCalendar, set[str]] = defaultdict(set)
        for name in everybody:
            if (known := calendar(by_id[name])) is not None:
                by_calendar[known].add(name)
        for known, names in by_calendar.items():
            for low, high in union(known.spans("holiday", part.start, part.until, zone)):
                for span in times:
                    add(premium, (max(low, span[0]), min(high, span[1])), frozenset(names))
    return _Stretch(part.start, length, part.shares, spans)


def _told(
    segment: Segment,
    day: date,
    held: Iterable[Premium],
    crossings: Iterable[tuple[Premium, int]],
    calendar: WorkCalendar | None,
) -> _Stretch:
    length = segment.duration or 0
    mine = frozenset((segment.id,))
    spans = [(premium, (offset, length), mine) for premium, offset in crossings]
    holiday = calendar is not None and any(line.length for line in calendar.lines("holiday", day))
    for premium in held:
        whole = {"weekend": day.isoweekday() > 5, "holiday": holiday}.get(premium.kind, False)
        if whole and premium.all_day:
            spans.append((premium, (0, length), mine))
    return _Stretch(segment.start, length, ((segment.id, length),), spans)


def monday(day: date) -> date:
    """The first day of an ISO week."""
    return day - timedelta(days=day.weekday())


def whole_periods(premiums: Iterable[Premium], low: int, high: int, zone: ZoneInfo) -> Interval:
    """What must be looked at whole when a person's time between two instants changes: with overtime by the day their
    days, by the week their weeks, else just that."""
    kinds = {premium.kind for premium in premiums}
    if not kinds.intersection(OVERTIME):
        return low, high
    first, last = local_date(low, zone), local_date(high, zone) + timedelta(days=1)
    if "overtime_week" in kinds:
        first, last = monday(first), monday(last + timedelta(days=6))
    return min(low, midnight(first, zone)), max(high, midnight(last, zone))
