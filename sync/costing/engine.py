"""Cost a closed set of facts. Control flow only: gather, hand to the rules, collect.

Two callers, one path: `recompute` takes all facts of a site (the dry run, `verify`); the pipeline takes the closed
part around what is new. Time and material are given to orders; what orders give to stock is material of others, so
these two walk together until nothing changes any more.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

from sync.core.findings import Finding, Outcome, excluded
from sync.core.plant import Plant
from sync.costing import billed, fed, forgotten, loops, noted, orders, unplanned
from sync.costing.drawn import Draw
from sync.costing.fed import Fed
from sync.costing.orders import Bears
from sync.costing.place import calendar_of, resolve_labels
from sync.costing.policy import Policies
from sync.costing.rates import RateTable
from sync.costing.rules import (
    backflush,
    labor_time,
    machine_time,
    material,
    overhead,
    premium,
    scrap,
    subcontracting,
)
from sync.costing.scope import (
    Segment,
    effective,
    job,
    pair_breaks,
    pair_downtime,
    pair_labor,
    pair_machine,
    tell,
    time_outcome,
)
from sync.events.base import Event
from sync.events.machine import MachineReported
from sync.events.output import OutputReported
from sync.ledger.entry import Entry

DRIFT_LIMIT_MS = 120_000
# Findings on a movement or a report that follow from stock.
OF_STOCK = ("stock.negative", "backflush.counted")


@dataclass(slots=True)
class Costed:
    """What facts come to: the entries that ought to exist, what became of each fact, what wants a decision. `drawn`:
    what became of the material that reports of pieces draw, by report."""

    entries: list[Entry] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    states: list[material.State] = field(default_factory=list)
    drawn: dict[str, Outcome] = field(default_factory=dict)

    def add(self, other: "Costed") -> None:
        self.entries.extend(other.entries)
        self.outcomes.update(other.outcomes)
        self.findings.extend(other.findings)
        self.states.extend(other.states)
        self.drawn.update(other.drawn)

    def look_again(self, other: "Costed", *, of_orders: bool) -> None:
        """Put what a stage says now in the place of what it said before; `of_orders`: which of the two that may both
        speak of a report of pieces."""
        told = other.outcomes.keys() if of_orders else {*other.outcomes, *other.drawn}
        self.findings = [
            found for found in self.findings if found.event_id not in told or (found.code in OF_STOCK) == of_orders
        ]
        self.entries.extend(other.entries)
        self.outcomes.update(other.outcomes)
        self.findings.extend(other.findings)
        self.drawn.update(other.drawn)

    def tell_drawn(self) -> None:
        """What became of a report of pieces is also what became of what it draws: held for that first of all."""
        for report, drawn in self.drawn.items():
            if drawn.state == "held" or self.outcomes[report].state != "held":
                self.outcomes[report] = drawn


@dataclass(frozen=True, slots=True)
class Terms:
    """What facts are costed by: the plant, its dated rates and policies."""

    plant: Plant
    rates: RateTable
    policies: Policies


def recompute(facts: Iterable[Event], terms: Terms, declared: Iterable[Entry] = ()) -> Costed:
    """All facts of a site to all entries that ought to exist. `declared`: those of manual operations, which are there
    whatever the facts say; what they put on an order is cost of it like any other."""
    facts = [resolve_labels(fact, terms.plant.codes) for fact in facts] if terms.plant.codes else list(facts)
    counting = effective(facts)
    costed = Costed([*declared], dict(counting.outcomes))
    terms = knowing(counting.events, terms)
    costed.add(note(counting.events, terms))
    costed.add(cost_labor(counting.events, terms))
    costed.add(cost_machines(counting.events, terms))
    costed.add(cost_subcontracting(counting.events, terms))
    for stage in _walk(counting.events, terms, costed.entries):
        costed.add(stage)
    costed.tell_drawn()
    costed.findings.extend(envelope_findings(facts))
    costed.entries.sort(key=lambda entry: (entry.occurred_at, entry.scope, entry.content_id))
    costed.findings.sort(key=lambda finding: (finding.code, finding.event_id))
    return costed


def _walk(events: Iterable[Event], terms: Terms, given: Sequence[Entry]) -> tuple[Costed, Costed]:
    """Material and orders: an order is given material, and gives to the stock of what it makes. Each round costs all of
    it with what the round before gave; when that stays as it is, all is costed. Cost follows time but for an average of
    a month, and orders that would wait for each other there are held."""
    events = list(events)
    closed, waiting = orders.closed(events), loops.find(events, terms.plant, terms.policies)
    receipts: list[Fed] = []
    for _ in range(loops.most_rounds(closed)):
        moved = cost_material(events, terms, {}, receipts=receipts)
        bears = borne_by([*given, *moved.entries], closed)
        settled = cost_orders(events, terms, replace(bears, loops=waiting))
        given_to_stock = receipts_of(settled.entries, terms)
        if given_to_stock == receipts:
            return moved, settled
        receipts = given_to_stock
    raise loops.Unsettled(closed)


def receipts_of(entries: Iterable[Entry], terms: Terms) -> list[Fed]:
    """What these entries of orders give to items whose stock is carried."""
    found = fed.receipts(entry.content for entry in entries)
    return [one for one in found if carried(one.item, terms)]


def carried(item: str, terms: Terms) -> bool:
    """Whether the stock of an item is carried; one nobody knows has none."""
    known = terms.plant.items.get(item)
    return known is not None and material.is_carried(known, terms.rates, terms.policies)


def knowing(events: Iterable[Event], terms: Terms) -> Terms:
    """The terms with the operations that these facts, all of which count, add to orders."""
    plant = unplanned.extended(terms.plant, events)
    return terms if plant is terms.plant else replace(terms, plant=plant)


def note(events: Iterable[Event], terms: Terms) -> Costed:
    """Facts that carry no cost."""
    events = list(events)
    return Costed(outcomes=noted.outcomes(events, terms.plant), findings=unplanned.findings(events, terms.plant))


def cost_labor(events: Iterable[Event], terms: Terms, spans: "Spans | None" = None) -> Costed:
    """Labor facts, breaks and shifts; with `spans` only the segments that touch them are costed, the others just share
    instants."""
    events = list(events)
    longest = terms.policies.longest_labor_ms
    segments, outcomes = pair_labor(events, longest)
    breaks, of_breaks = pair_breaks(events, longest)
    outcomes |= of_breaks
    wanted = {segment.id for segment in (segments if spans is None else spans.wanted(segments))}
    ended = breaks if spans is None else spans.wanted(breaks)
    entries, costed, sheets = labor_time.cost(segments, breaks, wanted, terms.plant, terms.rates, terms.policies)
    if spans is not None:
        outcomes = spans.of_stops(outcomes, events, {pause.id for pause in ended})
    for pause in ended:
        tell(outcomes, pause, time_outcome(pause, longest) or excluded("break.noted"))
    entries += premium.cost(sheets, terms.plant, terms.policies)
    calendar = partial(calendar_of, terms.plant)
    proposed = forgotten.proposals(segments, events, wanted, terms.plant.site.zone, longest, calendar)
    entries += overhead.cost(entries, terms.plant)
    return Costed(entries, outcomes | costed, [*_repeated(segments, wanted), *proposed, *billed.findings(entries)])


def cost_machines(events: Iterable[Event], terms: Terms, spans: "Spans | None" = None) -> Costed:
    """Machine time and downtime facts."""
    events = list(events)
    limit = terms.policies.longest_machine_ms
    segments, outcomes = pair_machine(events, limit)
    segments += [
        Segment(event.id, event.machine, event, event.occurred_at, event.occurred_at, event.occurred_at,
                duration=event.milliseconds, provenance=event.provenance)
        for event in events if isinstance(event, MachineReported)
    ]  # fmt: skip
    down, down_outcomes = pair_downtime(events, limit)
    outcomes |= down_outcomes
    if spans is not None:
        segments, down = spans.wanted(segments), spans.wanted(down)
        outcomes = spans.of_stops(outcomes, events)
    for segment in down:
        tell(outcomes, segment, time_outcome(segment, limit) or excluded("downtime.noted"))
    entries, costed = machine_time.cost(segments, terms.plant, terms.rates, terms.policies)
    return Costed([*entries, *overhead.cost(entries, terms.plant)], outcomes | costed)


def cost_material(
    events: Iterable[Event],
    terms: Terms,
    opening: Mapping[str, material.Stock],
    wanted: Callable[[material.Movement | Draw], bool] = lambda one: True,
    receipts: Iterable[Fed] = (),
) -> Costed:
    """Movements of material and what reports of pieces draw, those that are `wanted`, and the `receipts` from orders,
    from each item's `opening` stock on."""
    events = list(events)
    movements = [event for event in events if isinstance(event, material.Movement) and wanted(event)]
    draws = [draw for draw in backflush.draws(events, terms.plant) if wanted(draw)]
    valued = material.cost(movements, draws, terms.plant, terms.rates, terms.policies, opening, receipts)
    findings = [*valued.findings, *backflush.findings(movements, terms.plant)]
    entries = [*valued.entries, *overhead.cost(valued.entries, terms.plant)]
    return Costed(entries, valued.outcomes, findings, valued.states, valued.drawn)


def cost_subcontracting(
    events: Iterable[Event], terms: Terms, wanted: Callable[[Event], bool] = lambda one: True
) -> Costed:
    """What suppliers are paid for the good pieces of those reports that are `wanted`."""
    reports = [event for event in events if isinstance(event, OutputReported) and wanted(event)]
    return Costed(subcontracting.cost(reports, terms.plant, terms.policies))


def cost_orders(events: Iterable[Event], terms: Terms, bears: Bears) -> Costed:
    """Facts about the pieces of orders and about their close, all of each order, given what the orders bear."""
    return Costed(*orders.cost(events, terms.plant, terms.rates, terms.policies, bears))


def borne_by(entries: Iterable[Entry], closed: Collection[str]) -> Bears:
    """What orders bear by these entries; all of it for those that are `closed`."""
    entries = list(entries)
    contents: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries:
        if entry.order in closed:
            contents[entry.order].append(entry.content)
    return Bears(accumulated(entries), contents)


def accumulated(entries: Iterable[Entry]) -> dict[str, dict[str, Decimal]]:
    """What each order bears by operation, over the elements scrap accumulates."""
    bears: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for entry in entries:
        if entry.order and entry.element in scrap.ACCUMULATING:
            bears[entry.order][entry.operation] += borne(entry)
    return bears


def borne(entry: Entry) -> Decimal:
    """What its order is debited by an entry, less what it is credited."""
    cost_object = f"order:{entry.order}"
    signed = (
        line.amount if line.side == "debit" else -line.amount
        for line in entry.postings
        if line.cost_object == cost_object
    )
    return sum(signed, Decimal(0))


def envelope_findings(facts: Iterable[Event]) -> list[Finding]:
    """Trouble that a fact shows by itself: a repeated row of an import, a device whose clock is off."""
    found = []
    for fact in facts:
        if fact.source_repeat:
            params = {"source": fact.source or "", "row": fact.source_row or "", "repeat": str(fact.source_repeat)}
            found.append(Finding("import.identical_row", fact.id, params))
        if fact.clock_offset_ms is not None and abs(fact.clock_offset_ms) > DRIFT_LIMIT_MS:
            found.append(Finding("clock.drift", fact.id, {"seconds": str(fact.clock_offset_ms // 1000)}))
    return found


def _repeated(segments: Iterable[Segment], wanted: set[str]) -> list[Finding]:
    """Two segments of one person, job and time: costed once by the split, probably reported twice."""
    seen: dict[tuple[object, ...], str] = {}
    found = []
    for segment in sorted(segments, key=lambda segment: segment.id):
        if segment.duration is None and segment.until is not None and segment.until > segment.start:
            key = (segment.who, *job(segment), segment.start, segment.until)
            if key in seen and segment.id in wanted and not segment.event.source_repeat:
                found.append(Finding("time.repeated", segment.id, {"other": seen[key]}))
            seen.setdefault(key, segment.id)
    return found


@dataclass(frozen=True, slots=True)
class Spans:
    """Which segments must be looked at again: those that begin with one of `events`, and those of a person or machine
    that touch one of its `intervals` (inclusive instants)."""

    events: frozenset[str]
    intervals: Mapping[str, list[tuple[int, int]]]

    def wanted(self, segments: Iterable[Segment]) -> list[Segment]:
        """Those that are touched, and those that end with the same stop: together they tell what became of it."""
        segments = list(segments)
        near = [segment for segment in segments if self.touch(segment)]
        touched, stops = {segment.id for segment in near}, {segment.stop_id for segment in near} - {""}
        return [segment for segment in segments if segment.id in touched or segment.stop_id in stops]

    def touch(self, segment: Segment) -> bool:
        if segment.id in self.events or segment.stop_id in self.events:
            return True
        return self._overlaps(segment.who, segment.start, segment.ends)

    def of_stops(
        self, outcomes: Mapping[str, Outcome], events: Iterable[Event], looked_at: Collection[str] = ()
    ) -> dict[str, Outcome]:
        """The outcomes of unpaired stops that can be told: all facts that decide them are at hand. `looked_at`: starts
        that are told anew, and with them the stops that name them."""
        told = {}
        for stop in events:
            if stop.id in outcomes:
                start_id = getattr(stop, "start_id", None)
                near = start_id is None and self._overlaps(_who(stop), stop.occurred_at, stop.occurred_at)
                if stop.id in self.events or start_id in self.events or start_id in looked_at or near:
                    told[stop.id] = outcomes[stop.id]
        return told

    def _overlaps(self, who: str, start: int, end: int) -> bool:
        return any(start <= high and end >= low for low, high in self.intervals.get(who, ()))


def _who(stop: Event) -> str:
    return getattr(stop, "machine", None) or stop.person or ""
