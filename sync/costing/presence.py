"""Presence against attributed time, per person and local day, exact in milliseconds.

    presence + outside = orders + indirect + breaks + running + unassigned

- *presence*: from `shift.started` to the `shift.ended` that follows within the longest time. On a day on which no shift
  is told, from the person's first to the last sign of life (a clock, a break, work told from-until); it ends where for
  six hours nothing is known of the person, so a night shift is one presence and two nights are two. The basis is said.
- *orders*, *indirect*: time attributed to orders and to indirect activities, by the split rule, durations included. A
  duration has no place in time; it is taken to lie within presence.
- *breaks*: declared, or of the calendar where the policy of the day says so, while the person was there.
- *running*: the share of clocks whose end is not known (yet, or not believably): it becomes something else.
- *outside*: clocked while, by the shift, the person was not there.
- *unassigned*: there, and on nothing. Below zero: more durations were told than there was time.

Days are those of the site; a shift over midnight falls in two. Where nothing tells presence it is unknown, and so is
what is unassigned: not zero.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sync.core.clock import local_date, midnight
from sync.core.intervals import Interval, common, length, union, without
from sync.costing.engine import Terms, knowing
from sync.costing.hours import Slice
from sync.costing.place import resolve_labels
from sync.costing.rules import labor_time
from sync.costing.scope import Segment, effective, job, pair_breaks, pair_labor, time_outcome
from sync.events.base import Event
from sync.events.labor import LaborStarted, LaborStopped
from sync.events.shift import BreakStarted, BreakStopped, ShiftEnded, ShiftStarted

SIGNS = (LaborStarted, LaborStopped, BreakStarted, BreakStopped, ShiftStarted, ShiftEnded)
REST = 6 * 3_600_000
Basis = Literal["shift", "facts", "unknown"]


@dataclass(frozen=True, slots=True)
class Presence:
    """A person's day in milliseconds; `presence` and `unassigned` are None where nothing tells them."""

    person: str
    day: date
    basis: Basis
    presence: int | None
    orders: int
    indirect: int
    breaks: int
    running: int
    outside: int

    @property
    def unassigned(self) -> int | None:
        if self.presence is None:
            return None
        return self.presence + self.outside - self.orders - self.indirect - self.breaks - self.running


def presences(facts: Iterable[Event], terms: Terms) -> list[Presence]:
    """Every day of every person that these facts tell anything of, by person and day."""
    codes = terms.plant.codes
    events = effective(resolve_labels(fact, codes) if codes else fact for fact in facts).events
    terms = knowing(events, terms)
    longest = terms.policies.longest_labor_ms
    segments, breaks = pair_labor(events, longest)[0], pair_breaks(events, longest)[0]
    of_person: dict[str, _Person] = defaultdict(_Person.empty)
    for segment in segments:
        of_person[segment.who].segments.append(segment)
    for pause in breaks:
        of_person[pause.who].breaks.append(pause)
    for event in events:
        if isinstance(event, SIGNS):
            of_person[event.person].signs.append(event)
    found: list[Presence] = []
    for key in sorted(of_person):
        found += of_person[key].days(key, terms)
    return found


@dataclass(slots=True)
class _Person:
    segments: list[Segment]
    breaks: list[Segment]
    signs: list[Event]

    @classmethod
    def empty(cls) -> "_Person":
        return cls([], [], [])

    def days(self, key: str, terms: Terms) -> list[Presence]:
        plant, policies = terms.plant, terms.policies
        zone, longest = plant.site.zone, policies.longest_labor_ms
        known = {segment.id: segment for segment in self.segments if time_outcome(segment, longest) is None}
        pauses = labor_time.calendar_pauses(plant, policies)
        weigh = labor_time.weighing(plant, policies)
        shared = list(labor_time.slices(self.segments, zone, self.breaks, weigh, pauses))
        shifts = _shifts(self.signs, longest)
        stints = self._stints(longest)
        there = union([*shifts, *stints])
        away = self._away(key, terms, pauses, there)

        told: dict[date, list[Segment]] = defaultdict(list)
        for segment in known.values():
            if segment.duration is not None:
                told[local_date(segment.start, zone)].append(segment)
        by_day: dict[date, list[Slice]] = defaultdict(list)
        for part in shared:
            by_day[part.day].append(part)
        days = by_day.keys() | told.keys()
        for low, high in there:
            day = local_date(low, zone)
            while midnight(day, zone) < high:
                days |= {day}
                day += timedelta(days=1)
        made = []
        for day in sorted(days):
            bounds = [(midnight(day, zone), midnight(day + timedelta(days=1), zone))]
            here = common(shifts, bounds)
            basis: Basis = "shift"
            if not here:
                here = common(stints, bounds)
                basis = "facts" if here else "unknown"
            found = _day(key, day, basis, here, by_day[day], told[day], common(away, bounds), known)
            if found.presence or found.orders or found.indirect:
                made.append(found)  # a clock that merely runs on into a day tells nothing of it
        return made

    def _stints(self, longest: int) -> list[Interval]:
        """From the first to the last sign of life, where nothing tells a shift."""
        marks = [(event.occurred_at, event.occurred_at) for event in self.signs]
        for span in [*self.segments, *self.breaks]:
            if span.duration is None and time_outcome(span, longest) is None:
                marks.append((span.start, span.ends))
        stints: list[Interval] = []
        for low, high in sorted(marks):
            if stints and low - stints[-1][1] < REST:
                stints[-1] = stints[-1][0], max(stints[-1][1], high)
            else:
                stints.append((low, high))
        return [stint for stint in stints if stint[0] < stint[1]]

    def _away(
        self, key: str, terms: Terms, pauses: Callable[[Segment], Iterable[Interval]], there: list[Interval]
    ) -> list[Interval]:
        """Breaks: declared, of the person's own calendar, and what the work center's took from a segment."""
        spans = [(pause.start, pause.ends) for pause in self.breaks]
        for segment in self.segments:
            if segment.duration is None:
                spans += pauses(segment)
        person = terms.plant.people.get(key)
        calendar = terms.plant.calendars.get(person.calendar) if person else None
        if calendar is not None:
            spans += labor_time.breaks_of(calendar, there, terms.plant.site.zone, terms.policies)
        return union(spans)


def _shifts(signs: Iterable[Event], longest: int) -> list[Interval]:
    """Each begin of a shift with the end that follows; one without an end within the longest time tells nothing."""
    ends = sorted(event.occurred_at for event in signs if isinstance(event, ShiftEnded))
    spans = []
    for event in signs:
        if isinstance(event, ShiftStarted):
            end = next((end for end in ends if event.occurred_at < end <= event.occurred_at + longest), None)
            if end is not None:
                spans.append((event.occurred_at, end))
    return union(spans)


def _day(
    key: str,
    day: date,
    basis: Basis,
    here: list[Interval],
    shared: Sequence[Slice],
    told: Iterable[Segment],
    away: list[Interval],
    known: Mapping[str, Segment],
) -> Presence:
    orders = indirect = running = outside = 0
    worked: list[Interval] = []
    for part in shared:
        inside = length(common([(part.start, part.until)], here))
        worked.append((part.start, part.until))
        if not any(name in known for name, _ in part.shares):
            running += inside  # an open clock alone says nothing about hours nobody was seen in
            continue
        outside += part.until - part.start - inside
        for name, milliseconds in part.shares:
            if name not in known:
                running += milliseconds
            elif job(known[name])[2]:
                indirect += milliseconds
            else:
                orders += milliseconds
    for segment in told:
        if job(segment)[2]:
            indirect += segment.duration or 0
        else:
            orders += segment.duration or 0
    breaks = length(common(without(away, union(worked)), here))
    presence = None if basis == "unknown" else length(here)
    return Presence(key, day, basis, presence, orders, indirect, breaks, running, outside)
