"""Inspection: what was looked at or measured, and whether it was good."""

from decimal import Decimal

from sync.events.base import Amount, Choice, Code, Event, Measure, Text, event_type, wire

RESULTS = ("passed", "failed")


@event_type("inspection.reported", version=1, label="Report an inspection")
class InspectionReported(Event):
    """Pieces of an operation were looked at. Carries no cost and counts no piece: what failed is a defect report.

    `measured` is in `unit`; `quantity` says how many pieces were looked at.
    """

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str = wire(Code(required=True), label="Operation", input="scan")
    result: str = wire(Choice(RESULTS, required=True), label="Result", input="choice")
    characteristic: str | None = wire(Text(), label="What was looked at", input="text")
    measured: Decimal | None = wire(Measure(), label="Measured value", input="number")
    unit: str | None = wire(Code(), label="Unit", input="unit")
    quantity: Decimal | None = wire(Amount(), label="Pieces looked at", input="number")
    reason: str | None = wire(Code(), label="Reason", input="reason")
