"""Operations as they happen: one that was not planned, one that is done, one that goes on after all."""

from sync.events.base import Code, Event, Text, event_type, wire


@event_type("operation.added", version=1, label="Add an operation")
class OperationAdded(Event):
    """An order gets an operation nobody planned, under a new number, at a work center. Its standard times are zero.

    Facts about it are costed at that work center, also those that came before. An operation that is known under this
    number already stays as it is; of several added under one number the earliest counts.
    """

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str = wire(Code(required=True), label="New operation number", input="text")
    name: str = wire(Text(200, required=True), label="What is done", input="text")
    work_center: str = wire(Code(required=True), label="Work center", input="scan")


@event_type("operation.completed", version=1, label="Operation done")
class OperationCompleted(Event):
    """An operation has nothing left to do. Noted: it stops nobody's clock, and facts about it are still welcome."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str = wire(Code(required=True), label="Operation", input="scan")


@event_type("operation.reopened", version=1, label="Reopen an operation")
class OperationReopened(Event):
    """An operation said to be done goes on."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str = wire(Code(required=True), label="Operation", input="scan")
