"""Output: good pieces of an operation, and what comes out beside them."""

from decimal import Decimal

from sync.events.base import Amount, Code, Event, event_type, wire


@event_type("output.reported", version=1, label="Report good pieces")
class OutputReported(Event):
    """Good pieces since the last report; as often as one likes, each report adds."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str = wire(Code(required=True), label="Operation", input="scan")
    quantity: Decimal = wire(Amount(required=True), label="Good pieces", input="number")


@event_type("output.by_product", version=1, label="Report a by-product")
class ByProductReported(Event):
    """Something else of use that an order yields: offcuts, chips, a second product. Waits until it has a value."""

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    item: str = wire(Code(required=True), label="Item", input="scan")
    quantity: Decimal = wire(Amount(required=True), label="Quantity", input="number")
    unit: str = wire(Code(required=True), label="Unit", input="unit")
    lot: str | None = wire(Code(), label="Lot", input="scan")
