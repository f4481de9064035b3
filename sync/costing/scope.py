"""Gather: which facts count, and which starts and stops belong together.

A *scope* is the unit of posting: one segment of labor or machine time (named by the fact that began or declared it),
one movement of material, one scrap report. What a scope costs depends on a closed set of facts around it:

- a labor segment on the segments of the same person that overlap it (they share its instants);
- a machine segment and a declared duration on nothing else;
- a movement of an item at moving average on the item's earlier movements;
- scrap on everything its order bears.

A start ends at the earliest stop that names it; without one, at the earliest stop of the same person (or machine)
that names no start, fits its order and operation, and comes within the longest time. So one stop may end several
starts, and which stop ends a start never depends on other starts. The end of a person's shift is a stop that fits all.

A stop that names a start somebody replaced means the start that counts in its place: the replacement, or what that
was replaced by. So who corrects a start need not know whether it was stopped, nor who stops it that it was corrected.

A break ends at the earliest of: a stop that names it, a stop of the same person that names none, the next start of work
of that person, the end of the shift; all but the first within the longest time. Its instants are nobody's. One whose
end is not known takes time away for the longest time.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sync.core.findings import Outcome, excluded, held
from sync.events.base import PROVENANCES, Event
from sync.events.correction import EventApproved, EventDeclined, EventReplaced, EventVoided
from sync.events.downtime import DowntimeStarted, DowntimeStopped
from sync.events.labor import LaborDeclared, LaborStarted, LaborStopped
from sync.events.machine import MachineStarted, MachineStopped
from sync.events.shift import BreakStarted, BreakStopped, ShiftEnded

# Which facts a stop ends, and the field by which both say whose time it is.
_ENDS: dict[type[Event], tuple[type[Event], str]] = {
    LaborStopped: (LaborStarted, "person"),
    MachineStopped: (MachineStarted, "machine"),
    DowntimeStopped: (DowntimeStarted, "machine"),
    BreakStopped: (BreakStarted, "person"),
}
STOPS = (LaborStopped, MachineStopped, DowntimeStopped, BreakStopped)
Correction = EventVoided | EventReplaced | EventDeclined
CORRECTIONS = (EventVoided, EventReplaced, EventDeclined)


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of time of a person or machine. `until` is None while it runs; `duration` stands for time told without
    an interval. `ends` is where it stops to share instants: its end, or its longest time when that is unknown."""

    id: str
    who: str
    event: Event
    start: int
    until: int | None
    ends: int
    stop_id: str = ""
    duration: int | None = None
    provenance: str = "measured"

    @property
    def events(self) -> tuple[str, ...]:
        return (self.id, self.stop_id) if self.stop_id else (self.id,)


def job(segment: Segment) -> tuple[str, str, str]:
    """What a person works on in a segment of labor: (order, operation, "") or ("", "", indirect activity)."""
    event = segment.event
    assert isinstance(event, (LaborStarted, LaborDeclared))
    if event.activity == "indirect":
        return "", "", event.indirect_code or ""
    return event.order or "", event.operation or "", ""


@dataclass(frozen=True, slots=True)
class Effective:
    """The facts that count, and what became of those that do not."""

    events: list[Event]
    outcomes: dict[str, Outcome]


def effective(events: Iterable[Event]) -> Effective:
    """Apply corrections. A fact counts unless an effective correction names it; a correction may itself be corrected.

    A fact that is voided or replaced is done with; one that is declined is held. Corrections of facts that are not in
    `events` are held; corrections that only name each other are held together. A stop that names a start that was
    replaced comes out naming the one that counts in its place; where none does, it is left out with its start.
    """
    by_id = {event.id: event for event in events}
    corrections: dict[str, list[Correction]] = defaultdict(list)
    for event in by_id.values():
        if isinstance(event, CORRECTIONS):
            corrections[event.target_id].append(event)
    # From the facts nobody corrects towards what they correct; what is never reached is a loop.
    counts: dict[str, bool] = {}
    undecided = {event_id: len(corrections.get(event_id, ())) for event_id in by_id}
    ready = [event_id for event_id, correctors in undecided.items() if not correctors]
    counts.update(dict.fromkeys(ready, True))
    while ready:
        event = by_id[ready.pop()]
        if not isinstance(event, CORRECTIONS) or event.target_id not in by_id:
            continue
        target = event.target_id
        undecided[target] -= 1
        if target not in counts and (counts[event.id] or not undecided[target]):
            counts[target] = not counts[event.id]
            ready.append(target)
    outcomes: dict[str, Outcome] = {}
    left: list[Event] = []
    for event in sorted(by_id.values(), key=lambda event: (event.occurred_at, event.id)):
        if event.id not in counts:
            outcomes[event.id] = held("correction.loop")
        elif not counts[event.id]:
            outcomes[event.id] = _corrected([c for c in corrections[event.id] if counts.get(c.id)])
        elif isinstance(event, EventApproved):
            here = event.target_id in by_id
            outcomes[event.id] = excluded("fact.noted") if here else held("correction.target_unknown")
        elif isinstance(event, CORRECTIONS):
            outcomes[event.id] = _correction_outcome(event, by_id)
        elif isinstance(event, STOPS) and event.start_id and counts.get(event.start_id) is False:
            start_id = _in_its_place(event, event.start_id, by_id, counts, corrections)
            if start_id:
                left.append(replace(event, start_id=start_id))
            else:
                outcomes[event.id] = excluded("time.stop_of_corrected")
        else:
            left.append(event)
    return Effective(left, outcomes)


def _in_its_place(
    stop: Event,
    start_id: str,
    by_id: Mapping[str, Event],
    counts: Mapping[str, bool],
    corrections: Mapping[str, Iterable[Correction]],
) -> str:
    """The start that counts in place of the one a stop names and that does not: of the stop's kind and the same person
    or machine, at the end of any chain of replacements that count. Of several the earliest; "" when there is none."""
    kind, who = _ENDS[type(stop)]
    seen, ahead, found = {start_id}, [start_id], list[Event]()
    while ahead:
        for correction in corrections.get(ahead.pop(), ()):
            if not isinstance(correction, EventReplaced) or not counts.get(correction.id):
                continue
            event = by_id.get(correction.replacement_id)
            if event is None or event.id in seen:
                continue
            seen.add(event.id)
            if not counts.get(event.id):
                ahead.append(event.id)
            elif isinstance(event, kind) and getattr(event, who) == getattr(stop, who):
                found.append(event)
    return min(found, key=_by_instant).id if found else ""


def _corrected(by: Iterable[Correction]) -> Outcome:
    """What these corrections, which count, make of their target: what puts it right wins over a mere no."""
    kinds = {type(correction) for correction in by}
    if EventReplaced in kinds:
        return excluded("event.replaced")
    return excluded("event.voided") if EventVoided in kinds else held("event.declined")


def _correction_outcome(correction: Correction, by_id: Mapping[str, Event]) -> Outcome:
    if correction.target_id not in by_id:
        return held("correction.target_unknown")
    if isinstance(correction, EventReplaced) and correction.replacement_id not in by_id:
        return held("correction.replacement_unknown")
    return excluded("correction.applied")


def pair_labor(events: Iterable[Event], longest_ms: int) -> tuple[list[Segment], dict[str, Outcome]]:
    """Labor facts as segments, and the outcomes of the stops that end nothing or nothing more."""
    events = list(events)
    starts = [event for event in events if isinstance(event, LaborStarted)]
    stops = [event for event in events if isinstance(event, (LaborStopped, ShiftEnded))]
    segments, outcomes = _pair(starts, stops, "person", longest_ms)
    for event in events:
        if isinstance(event, LaborDeclared):
            # Told afterwards: at best declared, whatever it calls itself.
            provenance = max(event.provenance, "declared", key=PROVENANCES.index)
            if event.started_at is not None and event.ended_at is not None:
                span = event.started_at, event.ended_at
                ends = min(span[1], span[0] + longest_ms)
                segments.append(Segment(event.id, event.person, event, *span, ends, provenance=provenance))
            else:
                at = event.occurred_at
                duration = event.duration_ms
                segments.append(
                    Segment(event.id, event.person, event, at, at, at, duration=-1 if duration is None else duration,
                            provenance=provenance)
                )  # fmt: skip
    return segments, outcomes


def pair_breaks(events: Iterable[Event], longest_ms: int) -> tuple[list[Segment], dict[str, Outcome]]:
    """Breaks as segments, and the outcomes of the stops that end none. Only a `break.stopped` is a break's stop: what
    else ends it has a meaning of its own."""
    events = [event for event in events if isinstance(event, (BreakStarted, BreakStopped, LaborStarted, ShiftEnded))]
    starts = [event for event in events if isinstance(event, BreakStarted)]
    stops = [event for event in events if isinstance(event, BreakStopped)]
    if not starts and not stops:
        return [], {}
    named: dict[str, list[BreakStopped]] = defaultdict(list)
    for stop in sorted(stops, key=_by_instant):
        named[stop.start_id or ""].append(stop)
    # What ends a break without naming it.
    others = [event for event in events if isinstance(event, (LaborStarted, ShiftEnded))]
    loose = _Sequence([*others, *named.pop("", ())], "person")
    segments = []
    over: set[str] = set()
    used: set[str] = set()
    for start in starts:
        latest = start.occurred_at + longest_ms
        mine = [stop for stop in named.get(start.id, ()) if stop.person == start.person]
        later = loose.within(start.person, start.occurred_at, latest)
        over.update(event.id for event in [*mine, *later])
        end = min([*mine[:1], *later[:1]], key=_by_instant, default=None)
        stop_id = end.id if isinstance(end, BreakStopped) else ""
        used.add(stop_id)
        until = end.occurred_at if end is not None else None
        ends = min(until, latest) if until is not None else latest
        segments.append(
            Segment(start.id, start.person, start, start.occurred_at, until, max(ends, start.occurred_at), stop_id)
        )
    return segments, {
        stop.id: excluded("break.over") if stop.id in over else held("time.stop_without_start")
        for stop in stops
        if stop.id not in used
    }


class _Sequence:
    """Facts of persons or machines in the order of time, found by when they happened."""

    def __init__(self, events: Iterable[Event], who: str) -> None:
        self.events: dict[str, list[Event]] = defaultdict(list)
        for event in sorted(events, key=_by_instant):
            self.events[getattr(event, who)].append(event)
        self.instants = {name: [event.occurred_at for event in found] for name, found in self.events.items()}

    def within(self, who: str, after: int, latest: int) -> list[Event]:
        """Those after an instant and not later than another."""
        instants = self.instants.get(who, [])
        return self.events.get(who, [])[bisect_right(instants, after) : bisect_right(instants, latest)]


def _by_instant(event: Event) -> tuple[int, str]:
    return event.occurred_at, event.id


def pair_machine(events: Iterable[Event], longest_ms: int) -> tuple[list[Segment], dict[str, Outcome]]:
    """Machine starts and stops as segments."""
    events = list(events)
    starts = [event for event in events if isinstance(event, MachineStarted)]
    stops = [event for event in events if isinstance(event, MachineStopped)]
    return _pair(starts, stops, "machine", longest_ms)


def pair_downtime(events: Iterable[Event], longest_ms: int) -> tuple[list[Segment], dict[str, Outcome]]:
    """Downtime as segments."""
    events = list(events)
    starts = [event for event in events if isinstance(event, DowntimeStarted)]
    stops = [event for event in events if isinstance(event, DowntimeStopped)]
    return _pair(starts, stops, "machine", longest_ms)


def _pair(
    starts: Iterable[Event], stops: Iterable[Event], who: str, longest_ms: int
) -> tuple[list[Segment], dict[str, Outcome]]:
    named: dict[str, list[Event]] = defaultdict(list)
    for stop in sorted(stops, key=_by_instant):
        named[getattr(stop, "start_id", None) or ""].append(stop)
    nameless = named.pop("", [])
    unnamed = _Sequence(nameless, who)
    outcomes: dict[str, Outcome] = {}
    used: set[str] = set()
    segments = []
    for start in starts:
        mine = getattr(start, who)
        end = next((stop for stop in named.get(start.id, ()) if getattr(stop, who) == mine), None)
        if end is None:
            later = unnamed.within(mine, start.occurred_at, start.occurred_at + longest_ms)
            end = next((stop for stop in later if _fits(stop, start)), None)
        for repeated in named.get(start.id, ()):
            # A stop of somebody else's work ends nothing and stays visible.
            if repeated is not end and getattr(repeated, who) == mine:
                outcomes[repeated.id] = excluded("time.stop_repeated")
        if end is not None:
            used.add(end.id)
        latest = start.occurred_at + longest_ms
        until = end.occurred_at if end is not None else None
        ends = min(until, latest) if until is not None else latest
        # A span is known no better than the less certain of its ends.
        known = [start.provenance, end.provenance if end is not None else start.provenance]
        provenance = max(known, key=PROVENANCES.index)
        segments.append(
            Segment(start.id, mine, start, start.occurred_at, until, max(ends, start.occurred_at),
                    end.id if end is not None else "", provenance=provenance)
        )  # fmt: skip
    for leftover in [*named.values(), nameless]:
        for stop in leftover:
            if stop.id not in used and stop.id not in outcomes:
                shift = isinstance(stop, ShiftEnded)
                outcomes[stop.id] = excluded("fact.noted") if shift else held("time.stop_without_start")
    return segments, outcomes


def _fits(stop: Event, start: Event) -> bool:
    """Whether a stop that names no start means this one."""
    return all(getattr(stop, name, None) in (None, getattr(start, name, None)) for name in ("order", "operation"))


def tell(outcomes: dict[str, Outcome], segment: Segment, outcome: Outcome) -> None:
    """Record what became of a segment's facts. A stop that ends several starts is told by the one that waits, else by
    one that is costed: nothing that is held looks done."""
    outcomes[segment.id] = outcome
    if segment.stop_id:
        before = outcomes.setdefault(segment.stop_id, outcome)
        if _WEIGHT[outcome.state] > _WEIGHT[before.state]:
            outcomes[segment.stop_id] = outcome


_WEIGHT = {"held": 2, "costed": 1, "excluded": 0}


def time_outcome(segment: Segment, longest_ms: int) -> Outcome | None:
    """Why a segment's time cannot be costed, or None when it can."""
    if segment.duration is not None:
        return held("time.unknown") if segment.duration < 0 else None
    hours = str(longest_ms // 3_600_000)
    if segment.until is None:
        return held("break.open", hours=hours) if isinstance(segment.event, BreakStarted) else held("time.open")
    if segment.until < segment.start:
        return held("time.negative")
    if segment.until - segment.start > longest_ms:
        told = isinstance(segment.event, LaborDeclared)
        return held("time.told_too_long" if told else "time.too_long", hours=hours)
    return None
