"""Labor time: a person's time on orders and indirect activities, at a dated rate.

At each instant the open segments of one person share it, by the split rule of the policy (`sync/costing/splits/`, a
file each): equal share of each instant unless the policy says otherwise. Shares are whole milliseconds (largest
remainder, ties by event id), cut wherever the set of open segments changes and at each midnight of the site, so the
parts of a person's segments add up to the union of the clocked spans, less that person's breaks, exactly: an instant in
a break is nobody's, whatever runs. A segment whose end is unknown shares for the longest time of the policy and is not
posted; time told as a duration stands beside the clock and shares nothing. An entry names its split rule and the
version of that as `split`; one without was split by equal_share/1.

Where the policy of the day deducts breaks by calendar, the breaks of a segment's calendar (the person's own, else that
of the work center, else none) take its instants away just as declared ones do; who has both is away in either.

    amount = milliseconds x rate per hour / 3,600,000, rounded once per (segment, rate version, period)

The work center or the person's department gives the hours (credit); the order receives them (debit), under the
element `labor`, `setup` or `rework` by activity; teardown is part of `setup`, which happens once for a lot however many
pieces it has. Rework may be borne elsewhere, by the policy `rework_to` (`sync/costing/rework.py`). Indirect time stays
in the department, as the activity's cost. Time on an order that names an activity marked as idle (activities.csv) was
waited on that order, whatever was going on: it is labor like the rest, and its entry says `idle:` with the code, so
that the variances tell it apart. Where time is sold by the hour, the entry tells besides what it is billed at
(`sync/costing/billed.py`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

from sync.core.calendars import WorkCalendar
from sync.core.clock import local_date, midnights_between
from sync.core.findings import COSTED, Outcome, excluded, held
from sync.core.intervals import Interval
from sync.core.money import allocate
from sync.core.plant import Plant
from sync.costing import billed, rework
from sync.costing.hours import Paid, Piece, Slice, Timesheet, Use, priced
from sync.costing.place import Place, calendar_of, locate
from sync.costing.policy import Policies, Policy
from sync.costing.rates import Rate, RateTable
from sync.costing.scope import Segment, tell, time_outcome
from sync.costing.splits import RULES, equal_share
from sync.events.labor import LaborDeclared, LaborStarted
from sync.ledger.entry import Entry

RULE, VERSION = "labor_time", 1

# What segments open together on a day weigh, in their order.
Weigh = Callable[[date, Sequence[Segment]], Sequence[Fraction | int]]

_ELEMENTS = {"setup": "setup", "teardown": "setup", "run": "labor", "rework": "rework", "indirect": "labor"}


def _equally(day: date, open_together: Sequence[Segment]) -> Sequence[Fraction | int]:
    return equal_share.weigh(open_together)


def _never(segment: Segment) -> Iterable[Interval]:
    return ()


def attribute(
    segments: Iterable[Segment], zone: ZoneInfo, breaks: Iterable[Segment] = (), weigh: Weigh = _equally
) -> dict[str, list[Piece]]:
    """Share each instant of one person's segments by what a split rule weighs them, those in a break aside; returns the
    pieces of each segment, one a day, in order of time.

    Only intervals take part; durations told without an interval come back whole.
    """
    segments = list(segments)
    return summed(segments, slices(segments, zone, breaks, weigh), zone)


def slices(
    segments: Iterable[Segment],
    zone: ZoneInfo,
    breaks: Iterable[Segment] = (),
    weigh: Weigh = _equally,
    pauses: Callable[[Segment], Iterable[Interval]] = _never,
) -> Iterator[Slice]:
    """The time of one person, cut wherever what is open changes and at each midnight, in order; what nobody gets is
    left out. `breaks` are the person's, `pauses` those of a segment alone, in order."""
    begin: dict[int, list[Segment]] = defaultdict(list)
    end: dict[int, list[Segment]] = defaultdict(list)
    cuts: set[int] = set()
    for segment in segments:
        if segment.duration is None:
            for low, high in _open(segment, pauses(segment)):
                begin[low].append(segment)
                end[high].append(segment)
                cuts.update((low, high), midnights_between(low, high, zone))
    away: dict[int, int] = defaultdict(int)  # instant -> how many more breaks are under way from there on
    for pause in breaks:
        if pause.ends > pause.start:
            away[pause.start] += 1
            away[pause.ends] -= 1
    cuts.update(away)
    sharing: dict[str, Segment] = {}
    pausing = 0
    for start, until in pairwise(sorted(cuts)):
        for segment in end[start]:
            del sharing[segment.id]
        sharing.update((segment.id, segment) for segment in begin[start])
        pausing += away.get(start, 0)
        if pausing or not sharing:
            continue
        day = local_date(start, zone)
        yield Slice(start, until, day, tuple(_shares(day, list(sharing.values()), until - start, weigh)))


def _open(segment: Segment, pauses: Iterable[Interval]) -> Iterator[Interval]:
    """When a segment is open: from its beginning to its end, less its pauses."""
    start = segment.start
    for low, high in pauses:
        if low > start:
            yield start, min(low, segment.ends)
        start = max(start, high)
    if segment.ends > start:
        yield start, segment.ends


def summed(segments: Iterable[Segment], shared: Iterable[Slice], zone: ZoneInfo) -> dict[str, list[Piece]]:
    """What each segment gets of the time of its person, and durations as they were told."""
    pieces: dict[str, list[Piece]] = {}
    for segment in segments:
        pieces[segment.id] = []
        if segment.duration is not None:
            day = local_date(segment.start, zone)
            pieces[segment.id].append(Piece(segment.start, day, max(segment.duration, 0)))
    parts: dict[tuple[str, date], list[int]] = {}  # (segment, day) -> [first instant, milliseconds]
    for one in shared:
        for name, part in one.shares:
            parts.setdefault((name, one.day), [one.start, 0])[1] += part
    for (name, day), (start, milliseconds) in parts.items():
        pieces[name].append(Piece(start, day, milliseconds))
    return pieces


def _shares(day: date, sharing: list[Segment], span: int, weigh: Weigh) -> list[tuple[str, int]]:
    """What each segment gets of a span in which all of them are open; one that weighs nothing is left out."""
    if len(sharing) == 1:
        return [(sharing[0].id, span)]
    weights = {segment.id: weight for segment, weight in zip(sharing, weigh(day, sharing), strict=True)}
    names = [name for name, weight in weights.items() if weight]
    return list(zip(names, allocate(span, [weights[name] for name in names], names), strict=True))


def cost(
    segments: Iterable[Segment],
    breaks: Iterable[Segment],
    wanted: set[str],
    plant: Plant,
    rates: RateTable,
    policies: Policies,
) -> tuple[list[Entry], dict[str, Outcome], list[Timesheet]]:
    """Entries and outcomes of the segments `wanted`; the others of the same person only share instants, and breaks take
    them away. With them how each person's time was shared, for what is paid on top."""
    entries: list[Entry] = []
    outcomes: dict[str, Outcome] = {}
    by_person: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        by_person[segment.who].append(segment)
    pauses: dict[str, list[Segment]] = defaultdict(list)
    for pause in breaks:
        pauses[pause.who].append(pause)
    weigh = weighing(plant, policies)
    by_calendar = calendar_pauses(plant, policies)
    sheets: list[Timesheet] = []
    for person in sorted(by_person):
        mine = by_person[person]
        sheet = Timesheet(mine, list(slices(mine, plant.site.zone, pauses[person], weigh, by_calendar)))
        sheets.append(sheet)
        pieces = summed(mine, sheet.slices, plant.site.zone)
        for segment in mine:
            if segment.id in wanted:
                made = _cost_segment(segment, pieces[segment.id], plant, rates, policies)
                if isinstance(made, Outcome):
                    tell(outcomes, segment, made)
                    continue
                entries.extend(made[0])
                sheet.paid.append(made[1])
                tell(outcomes, segment, COSTED)
    return entries, outcomes, sheets


def weighing(plant: Plant, policies: Policies) -> Weigh:
    """The split rule of the day."""

    def weigh(day: date, open_together: Sequence[Segment]) -> Sequence[Fraction | int]:
        return RULES[policies.on(day).split_rule].weigh(open_together, plant)

    return weigh


def calendar_pauses(plant: Plant, policies: Policies) -> Callable[[Segment], Iterable[Interval]]:
    """The breaks that calendars take from a segment, where the policy of the day says so."""
    if not plant.calendars or all(policy.breaks == "declared" for policy in policies):
        return _never
    zone = plant.site.zone

    def pauses(segment: Segment) -> Iterable[Interval]:
        calendar = calendar_of(plant, segment.event)
        if calendar is None or segment.ends <= segment.start:
            return
        yield from breaks_of(calendar, [(segment.start, segment.ends)], zone, policies)

    return pauses


def breaks_of(
    calendar: WorkCalendar, spans: Iterable[Interval], zone: ZoneInfo, policies: Policies
) -> Iterator[Interval]:
    """The breaks of a calendar within some spans, on the days whose policy deducts them."""
    for begin, end in spans:
        for low, high in calendar.within("break", begin, end, zone):
            for start, until in pairwise([low, *midnights_between(low, high, zone), high]):
                if policies.on(local_date(start, zone)).breaks == "calendar":
                    yield start, until


def _split(policy: Policy) -> str:
    """The split rule as an entry names it: that of the beginning goes without saying."""
    split = RULES[policy.split_rule]
    told = f"{split.name}/{split.version}"
    return "" if told == "equal_share/1" else told


def _cost_segment(
    segment: Segment, pieces: list[Piece], plant: Plant, rates: RateTable, policies: Policies
) -> tuple[list[Entry], Paid] | Outcome:
    unknown = time_outcome(segment, policies.longest_labor_ms)
    if unknown is not None:
        return unknown
    event = segment.event
    assert isinstance(event, (LaborStarted, LaborDeclared))
    person = plant.people.get(event.person)
    if person is None:
        return held("reference.unknown_person")
    place: Place | None = None
    if event.activity != "indirect":
        found = locate(plant, event.order or "", event.operation)
        if isinstance(found, Outcome):
            return found
        place = found
    work_center = event.work_center or (place.work_center if place else "")
    department = person.department or plant.department_of(work_center)

    def price(day: date) -> Rate | Outcome:
        if place is not None and work_center:
            machine_rate = rates.find("machine", "work_center", work_center, day)
            if machine_rate and machine_rate.includes_labor:
                return excluded("labor.in_machine_rate", work_center=work_center)
        rate = rates.labor(person.key, person.rate_group, work_center, day)
        subject = person.rate_group or work_center or "-"
        return rate or held("rate.missing", kind="labor", subject=subject, date=day.isoformat())

    idle = place is not None and event.indirect_code in plant.idle
    reworking = event.activity == "rework" and not idle
    activity = event.activity
    if idle or place is None:
        activity = f"{'idle' if idle else 'indirect'}:{event.indirect_code}"
    use = Use(
        RULE,
        VERSION,
        "labor" if idle else _ELEMENTS[event.activity],
        activity,
        f"department:{department}",
        f"order:{place.order.code}" if place else f"activity:{event.indirect_code}",
        place,
        work_center,
        department,
        _split,
        partial(rework.bearer, place=place, plant=plant, department=department) if place and reworking else None,
        billed.billing(event, place.order, person, plant, policies) if place else None,
    )
    pieces = pieces or [Piece(segment.start, local_date(segment.start, plant.site.zone), 0)]
    entries = priced(segment, pieces, price, use, plant, policies)
    return entries if isinstance(entries, Outcome) else (entries, Paid(segment, use, price))
