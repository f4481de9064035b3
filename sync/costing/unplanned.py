"""Operations nobody planned: an order as it stands once `operation.added` is taken in.

Such an operation has no standard times. Its place among the others follows its number: after the planned operations
with a smaller one; a number that is no number comes last. What the plant plans under the same number wins, and of
several added under one number the earliest (ties by event id), wherever they were made and in whatever order they came.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator

from sync.core.findings import Finding
from sync.core.plant import Operation, Order, Plant
from sync.events.base import Event
from sync.events.operation import OperationAdded


def extended(plant: Plant, events: Iterable[Event]) -> Plant:
    """The plant with the operations that these facts, all of which count, add to its orders."""
    added = [event for event in events if isinstance(event, OperationAdded)]
    if not added:
        return plant
    return dataclasses.replace(plant, orders={**plant.orders, **{order.code: order for order in _orders(plant, added)}})


def _orders(plant: Plant, added: Iterable[OperationAdded]) -> Iterator[Order]:
    by_order: dict[str, list[Operation]] = defaultdict(list)
    for event in _first(added, plant).values():
        order = plant.orders[event.order]
        if order.operation(event.operation) is None:
            sequence = _sequence(order, event.operation)
            step = Operation(event.operation, event.name, sequence, event.work_center, unplanned=True)
            by_order[order.code].append(step)
    for code, steps in by_order.items():
        order = plant.orders[code]
        all_steps = sorted([*order.operations, *steps], key=lambda step: step.place)
        yield dataclasses.replace(order, operations=tuple(all_steps))


def findings(events: Iterable[Event], plant: Plant) -> list[Finding]:
    """Numbers that two people gave to different operations."""
    added = [event for event in events if isinstance(event, OperationAdded)]
    first = _first(added, plant)
    found = []
    for event in added:
        counts = first.get((event.order, event.operation))
        if counts is not None and (event.name, event.work_center) != (counts.name, counts.work_center):
            params = {"operation": event.operation, "order": event.order, "name": counts.name}
            found.append(Finding("operation.added_twice", event.id, params))
    return found


def _first(added: Iterable[OperationAdded], plant: Plant) -> dict[tuple[str, str], OperationAdded]:
    """The one that counts of each number, where the order and the work center are known."""
    first: dict[tuple[str, str], OperationAdded] = {}
    for event in sorted(added, key=lambda event: (event.occurred_at, event.id)):
        if event.order in plant.orders and event.work_center in plant.work_centers:
            first.setdefault((event.order, event.operation), event)
    return first


def _sequence(order: Order, number: str) -> int:
    planned = [step.sequence for step in order.operations]
    before = [step.sequence for step in order.operations if not _follows(step.number, number)]
    return max(before, default=min(planned, default=0) - 1)


def _follows(planned: str, number: str) -> bool:
    """Whether a planned operation comes after one of this number."""
    return all(text.isascii() and text.isdecimal() for text in (planned, number)) and int(planned) > int(number)
