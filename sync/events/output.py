"""Output: good pieces of an operation."""

from decimal import Decimal

from sync.events.base import Amount, Code, Event, event_type, wire


@event_type("output.reported", version=1, label="Report good pieces")
class OutputReported(Event):
    """Good pieces since the last report; as often as one likes, each report adds."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str = wire(Code(required=True), label="Operation", input="scan")
    quantity: Decimal = wire(Amount(required=True), label="Good pieces", input="number")
