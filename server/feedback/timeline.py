"""Who worked on which operation when: the facts of an order as lanes of time, without the breaks in it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.feedback.plots import Axis, Tick
from server.store.facts import Fact
from sync.core.findings import GONE
from sync.core.plant import Order
from sync.costing.policy import Policies
from sync.costing.scope import CORRECTIONS, Segment, effective, pair_breaks, pair_labor, pair_machine
from sync.events.base import Event
from sync.events.correction import EventDeclined
from sync.events.machine import MachineReported


@dataclass(frozen=True, slots=True)
class Stretch:
    """A span of one lane, between two breaks. `look`: setup, run, rework, teardown or machine; `state`: "", running,
    forgotten or held. Time told as a duration stands at one instant: `until` is None there and while something runs."""

    id: str
    look: str
    state: str
    start: int
    until: int | None
    duration: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One person or machine on one operation. `milliseconds`: of all stretches, without what still runs."""

    who: str
    machine: bool
    stretches: tuple[Stretch, ...]
    milliseconds: int
    running: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    """Lanes by operation in the order of the routing ("" = named no operation)."""

    operations: tuple[tuple[str, tuple[Lane, ...]], ...]
    ticks: tuple[Tick, ...]
    folds: tuple[str, ...]
    now: str


def draw(
    facts: Iterable[Fact], presence: Iterable[Fact], order: Order, policies: Policies, zone: ZoneInfo, now: int
) -> Timeline | None:
    """The lanes of an order's facts; `presence`: breaks of its people and what ends them. None while there is nothing
    to draw."""
    facts = list(facts)
    states = {fact.id: fact for fact in facts}
    events = _counting(facts)
    labor, _ = pair_labor(events, policies.longest_labor_ms)
    breaks, _ = pair_breaks(_counting(presence), policies.longest_labor_ms)
    machines, _ = pair_machine(events, policies.longest_machine_ms)
    segments = [(segment, False) for segment in labor] + [(segment, True) for segment in machines]
    segments = [pair for pair in segments if getattr(pair[0].event, "order", None) == order.code]
    for event in events:
        if isinstance(event, MachineReported):
            at = event.occurred_at
            segments.append((Segment(event.id, event.machine, event, at, None, at, duration=event.milliseconds), True))
    if not segments:
        return None
    limits = {False: policies.longest_labor_ms, True: policies.longest_machine_ms}
    away: dict[str, list[Segment]] = defaultdict(list)
    for pause in sorted(breaks, key=lambda pause: pause.start):
        away[pause.who].append(pause)
    spans = {
        segment.id: _spans(segment, () if machine else away[segment.who], limits[machine], now)
        for segment, machine in segments
    }
    axis = Axis([span for found in spans.values() for span in found], zone)
    lanes: dict[str, dict[tuple[bool, str], list[Stretch]]] = defaultdict(lambda: defaultdict(list))
    for segment, machine in sorted(segments, key=lambda pair: (pair[0].start, pair[0].id)):
        operation = getattr(segment.event, "operation", None) or ""
        for span in spans[segment.id]:
            lanes[operation][machine, segment.who].append(
                _stretch(segment, machine, span, axis, states, limits[machine], now)
            )
    place = {step.number: index for index, step in enumerate(order.operations)}
    return Timeline(
        tuple(
            (operation, tuple(_lane(who, machine, found) for (machine, who), found in _in_order(lanes[operation])))
            for operation in sorted(lanes, key=lambda number: (place.get(number, len(place)), number))
        ),
        tuple(axis.ticks()),
        tuple(axis.folds()),
        axis.bar(now, now)[0] if axis.blocks[-1].end >= now else "",
    )


def _counting(facts: Iterable[Fact]) -> list[Event]:
    """The events to draw: those that count, and those a lead declined. A correction counts as costing found it."""
    told = [
        fact.event
        for fact in facts
        if not isinstance(fact.event, EventDeclined)
        and not (isinstance(fact.event, CORRECTIONS) and fact.reason in GONE)
    ]
    return effective(told).events


def _in_order(lanes: Mapping[tuple[bool, str], list[Stretch]]) -> list[tuple[tuple[bool, str], list[Stretch]]]:
    """People before machines, each by when they began."""
    return sorted(lanes.items(), key=lambda lane: (lane[0][0], lane[1][0].start, lane[0][1]))


def _spans(segment: Segment, breaks: Iterable[Segment], longest_ms: int, now: int) -> list[tuple[int, int]]:
    """What is drawn of a segment: all of it outside its person's breaks, which come in order of time. Of one that lies
    within a break its first instant stays, to lead to the fact."""
    start, until = _span(segment, longest_ms, now)
    left: list[tuple[int, int]] = []
    at = start
    for pause in breaks:
        end = min(pause.ends, now) if pause.until is None else pause.ends
        if end > at and pause.start < until:
            if pause.start > at:
                left.append((at, pause.start))
            at = end
    if at < until:
        left.append((at, until))
    return left or [(start, start)]


def _span(segment: Segment, longest_ms: int, now: int) -> tuple[int, int]:
    if segment.duration is not None:
        return segment.start, segment.start
    # What runs is drawn until now, but not for days on end: then nobody believes it any more.
    until = segment.until if segment.until is not None else min(now, segment.start + longest_ms)
    return segment.start, max(until, segment.start)


def _stretch(
    segment: Segment,
    machine: bool,
    span: tuple[int, int],
    axis: Axis,
    states: Mapping[str, Fact],
    longest_ms: int,
    now: int,
) -> Stretch:
    until: int | None = span[1]
    state = ""
    if segment.until is None and segment.duration is None:
        if now - segment.start > longest_ms:
            state, until = "forgotten", None
        elif span[1] >= now:  # else it was interrupted there by a break
            state, until = "running", None
    elif states[segment.id].troubled:
        state = "held"
    look = "machine" if machine else str(getattr(segment.event, "activity", "run"))
    x, width = axis.bar(*span)
    if segment.duration is not None:
        return Stretch(segment.id, look, state, span[0], None, max(segment.duration, 0), x, width)
    return Stretch(segment.id, look, state, span[0], until, span[1] - span[0], x, width)


def _lane(who: str, machine: bool, stretches: list[Stretch]) -> Lane:
    done = sum(stretch.duration for stretch in stretches if stretch.state in ("", "held"))
    return Lane(who, machine, tuple(stretches), done, any(stretch.state == "running" for stretch in stretches))
