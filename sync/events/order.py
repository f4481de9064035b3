"""Orders as they happen on the floor: completed, closed, reopened. None of them stops a clock or refuses a fact."""

from sync.events.base import Code, Event, event_type, wire


@event_type("order.completed", version=1, label="Order completed")
class OrderCompleted(Event):
    """All pieces of an order are made."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    reason: str | None = wire(Code(), label="Reason", input="reason")


@event_type("order.closed", version=1, label="Close an order")
class OrderClosed(Event):
    """No more facts are expected for an order; one that comes all the same counts."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    reason: str | None = wire(Code(), label="Reason", input="reason")


@event_type("order.reopened", version=1, label="Reopen an order")
class OrderReopened(Event):
    """An order said to be completed or closed goes on."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    reason: str | None = wire(Code(), label="Reason", input="reason")
