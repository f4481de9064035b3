"""Operations as the floor tells them: those nobody planned, those that are done. For readers, as soon as a fact is in;
what they cost waits for the worker as always."""

from collections.abc import Collection

from sqlalchemy import Connection, Table, and_

from server.store import event_log, plant
from server.store.event_log import ABOUT_STEPS
from server.store.plant import chunks
from server.store.tables import TABLES
from sync.core.findings import GONE
from sync.core.plant import Operation, Plant
from sync.costing import unplanned
from sync.events.base import Event
from sync.events.operation import OperationAdded, OperationCompleted, OperationReopened

EVENT: Table = TABLES["event"]


def knowing(connection: Connection, site: str, known: Plant) -> Plant:
    """The plant with the operations that were added to its orders."""
    return unplanned.extended(known, _facts(connection, site, known.orders))


def added_operations(connection: Connection, site: str, orders: Collection[str]) -> dict[str, list[Operation]]:
    """The operations added to these orders, in their place among themselves; orders without any are left out."""
    added = [event for event in _facts(connection, site, orders) if isinstance(event, OperationAdded)]
    if not added:
        return {}
    planned = plant.load_part(connection, site, orders={event.order for event in added})
    found = {}
    for code, order in unplanned.extended(planned, added).orders.items():
        if steps := [step for step in order.operations if step.unplanned]:
            found[code] = steps
    return found


def completed_operations(connection: Connection, site: str, orders: Collection[str]) -> set[tuple[str, str]]:
    """(order, operation) of what was last said to be done, and not to go on after all."""
    done: dict[tuple[str, str], bool] = {}
    facts = _facts(connection, site, orders)
    for event in sorted(facts, key=lambda event: (event.occurred_at, event.id)):
        if isinstance(event, (OperationCompleted, OperationReopened)):
            done[event.order, event.operation] = isinstance(event, OperationCompleted)
    return {place for place, is_done in done.items() if is_done}


def _facts(connection: Connection, site: str, orders: Collection[str]) -> list[Event]:
    """Facts about operations of these orders that count, as far as is known."""
    found = []
    for part in chunks(sorted(orders)):
        found += event_log.load(
            connection, site, and_(EVENT.c.order.in_(part), ABOUT_STEPS, EVENT.c.reason.not_in(GONE))
        )
    return found
