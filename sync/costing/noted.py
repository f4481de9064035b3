"""Facts that carry no cost: what becomes of them.

They are noted, and read by whoever asks what happened. One that names an order, operation, item or work center nobody
knows waits like any other fact, so that nothing disappears behind a slip of the pen.
"""

from collections.abc import Iterable

from sync.core.findings import Outcome, excluded, held
from sync.core.plant import Plant
from sync.costing.place import locate
from sync.events.base import Event
from sync.events.help import HelpAnswered, HelpCalled
from sync.events.inspection import InspectionReported
from sync.events.material import MaterialMoved
from sync.events.operation import OperationAdded, OperationCompleted, OperationReopened
from sync.events.order import OrderCompleted
from sync.events.shift import ShiftStarted

NOTED = (
    InspectionReported, MaterialMoved, OperationAdded, OperationCompleted, OperationReopened,
    OrderCompleted, HelpCalled, HelpAnswered, ShiftStarted,
)  # fmt: skip


def outcomes(events: Iterable[Event], plant: Plant) -> dict[str, Outcome]:
    """What becomes of those of these facts that carry no cost; they count."""
    return {event.id: _outcome(event, plant) for event in events if isinstance(event, NOTED)}


def _outcome(event: Event, plant: Plant) -> Outcome:
    match event:
        case InspectionReported() | OperationCompleted() | OperationReopened():
            unknown = _unknown_place(plant, event.order, event.operation)
        case OrderCompleted():
            unknown = _unknown_place(plant, event.order)
        case OperationAdded():
            unknown = _unknown_place(plant, event.order)
            if unknown is None and event.work_center not in plant.work_centers:
                unknown = held("reference.unknown_work_center", code=event.work_center)
        case MaterialMoved():
            unknown = _unknown_item(plant, event.item)
            if unknown is None and event.order:
                unknown = _unknown_place(plant, event.order)
        case _:
            unknown = None
    return unknown or excluded("fact.noted")


def _unknown_place(plant: Plant, order: str, operation: str | None = None) -> Outcome | None:
    place = locate(plant, order, operation)
    return place if isinstance(place, Outcome) else None


def _unknown_item(plant: Plant, code: str) -> Outcome | None:
    return None if code in plant.items else held("reference.unknown_item", code=code)
