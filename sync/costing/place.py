"""Where a fact belongs: the order and operation it names, resolved through labels, or why it cannot be told."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.core.calendars import WorkCalendar
from sync.core.findings import Outcome, held
from sync.core.plant import LabelCode, Operation, Order, Plant
from sync.events.base import Event
from sync.events.labor import LaborDeclared, LaborStarted


@dataclass(frozen=True, slots=True)
class Place:
    """An order and, where the fact names one, its operation."""

    order: Order
    step: Operation | None

    @property
    def operation(self) -> str:
        return self.step.number if self.step else ""

    @property
    def work_center(self) -> str:
        return self.step.work_center if self.step else ""


def locate(plant: Plant, order: str, operation: str | None) -> Place | Outcome:
    """The place, or a held outcome that says what is not known here."""
    known = plant.orders.get(order)
    if known is None:
        return held("reference.unknown_order", code=order)
    if not operation:
        return Place(known, None)
    step = known.operation(operation)
    if step is None:
        return held("reference.unknown_operation", code=operation, order=order)
    return Place(known, step)


def calendar_of(plant: Plant, event: Event) -> WorkCalendar | None:
    """The calendar by which a fact of labor is looked at: its person's own, else that of the work center, as far as
    that is known."""
    assert isinstance(event, (LaborStarted, LaborDeclared))
    work_center = event.work_center or ""
    if not work_center and event.activity != "indirect":
        place = locate(plant, event.order or "", event.operation)
        work_center = place.work_center if isinstance(place, Place) else ""
    return plant.calendar_of(event.person, work_center)


# Which field may carry the letters of which kinds of label.
LABELLED = {
    "person": ("person",),
    "declared_by": ("person",),
    "order": ("order", "operation"),
    "operation": ("operation",),
    "caused_at": ("operation",),
    "item": ("item", "lot"),
    "replaces": ("item",),
    "lot": ("lot",),
    "from_location": ("location",),
    "to_location": ("location",),
    "work_center": ("work_center",),
    "machine": ("machine",),
    "reason": ("reason",),
    "indirect_code": ("activity",),
}


# (kind of label, field that names its thing) -> field of its detail.
_STANDS_FOR_BOTH = {("operation", "order"): "operation", ("lot", "item"): "lot"}


def resolve_labels(event: Event, codes: Mapping[str, LabelCode]) -> Event:
    """The event with letters a device could not resolve replaced by what they stand for, as far as known here.

    The label of an operation given as the order stands for both, that of a lot given as the item likewise.
    """
    changes: dict[str, Any] = {}
    for field, kinds in LABELLED.items():
        label = codes.get(getattr(event, field, None) or "")
        if label is None or label.kind not in kinds:
            continue
        other = _STANDS_FOR_BOTH.get((label.kind, field))
        if other is None:
            changes[field] = label.detail or label.ref
            continue
        changes[field] = label.ref
        if hasattr(event, other) and getattr(event, other) is None:
            changes[other] = label.detail
    return dataclasses.replace(event, **changes) if changes else event
