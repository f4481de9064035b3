"""Downtime: a machine stands still, with the reason."""

from sync.events.base import Code, Event, EventId, event_type, wire


@event_type("downtime.started", version=1, label="Machine down")
class DowntimeStarted(Event):
    """A machine stops working."""

    machine: str = wire(Code(required=True), label="Machine", input="scan")
    reason: str = wire(Code(required=True), label="Reason", input="reason")


@event_type("downtime.stopped", version=1, label="Machine up again")
class DowntimeStopped(Event):
    """A machine works again: ends the downtime it names, else all that machine's downtime."""

    machine: str = wire(Code(required=True), label="Machine", input="scan")
    start_id: str | None = wire(EventId(), label="Start it ends")
