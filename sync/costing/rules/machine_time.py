"""Machine time: hours of a machine at its work center's rate. Machines are never split: a machine that runs two jobs
runs both for the whole time, and what an operator does meanwhile is another matter.

    amount = milliseconds x rate per hour / 3,600,000, rounded once per (segment, rate version, period)

The work center gives the hours (credit), the order receives them (debit), under the element `machine`. A machine that
runs for no order is a cost of its work center's idle time.
"""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise

from sync.core.clock import local_date, midnights_between
from sync.core.findings import COSTED, Outcome, held
from sync.core.plant import Plant
from sync.costing.hours import Piece, Use, priced
from sync.costing.place import Place, locate
from sync.costing.policy import Policies
from sync.costing.rates import Rate, RateTable
from sync.costing.scope import Segment, tell, time_outcome
from sync.events.machine import MachineReported, MachineStarted
from sync.ledger.entry import Entry

RULE, VERSION = "machine_time", 1


def cost(
    segments: Iterable[Segment], plant: Plant, rates: RateTable, policies: Policies
) -> tuple[list[Entry], dict[str, Outcome]]:
    """Entries and outcomes of machine segments, each by itself."""
    entries: list[Entry] = []
    outcomes: dict[str, Outcome] = {}
    for segment in segments:
        made, outcome = _cost_segment(segment, plant, rates, policies)
        entries.extend(made)
        tell(outcomes, segment, outcome)
    return entries, outcomes


def _pieces(segment: Segment, plant: Plant) -> list[Piece]:
    zone = plant.site.zone
    if segment.duration is not None or segment.until is None:
        return [Piece(segment.start, local_date(segment.start, zone), segment.duration or 0)]
    edges = [segment.start, *midnights_between(segment.start, segment.until, zone), segment.until]
    return [Piece(start, local_date(start, zone), end - start) for start, end in pairwise(edges)]


def _cost_segment(segment: Segment, plant: Plant, rates: RateTable, policies: Policies) -> tuple[list[Entry], Outcome]:
    unknown = time_outcome(segment, policies.longest_machine_ms)
    if unknown is not None:
        return [], unknown
    event = segment.event
    assert isinstance(event, (MachineStarted, MachineReported))
    machine = plant.machines.get(event.machine)
    if machine is None:
        return [], held("reference.unknown_machine", code=event.machine)
    place: Place | None = None
    if event.order:
        found = locate(plant, event.order, event.operation)
        if isinstance(found, Outcome):
            return [], found
        place = found
    center = machine.work_center

    def price(day: date) -> Rate | Outcome:
        rate = rates.find("machine", "work_center", center, day)
        return rate or held("rate.missing", kind="machine", subject=center, date=day.isoformat())

    use = Use(
        RULE,
        VERSION,
        "machine",
        event.activity or "run",
        f"work_center:{center}",
        f"order:{place.order.code}" if place else f"idle:{center}",
        place,
        center,
        plant.department_of(center),
    )
    entries = priced(segment, _pieces(segment, plant), price, use, plant, policies)
    return ([], entries) if isinstance(entries, Outcome) else (entries, COSTED)
