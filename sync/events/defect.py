"""Defects: pieces that are not good, where they were found and where they were caused."""

from decimal import Decimal

from sync.events.base import Amount, Choice, Code, Event, event_type, wire

DISPOSITIONS = ("scrap", "rework", "hold", "use_as_is")


@event_type("defect.reported", version=1, label="Report defects")
class DefectReported(Event):
    """Pieces found bad at `operation`. `caused_at` is the operation that made them bad, when it is another one.

    Pieces used as they are, and pieces that come back from rework, are counted by the report of good pieces.
    """

    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str = wire(Code(required=True), label="Found at", input="scan")
    caused_at: str | None = wire(Code(), label="Caused at", input="scan")
    quantity: Decimal = wire(Amount(required=True), label="Pieces", input="number")
    disposition: str = wire(Choice(DISPOSITIONS, required=True), label="What becomes of them", input="choice")
    reason: str = wire(Code(required=True), label="Reason", input="reason")
