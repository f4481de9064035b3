"""Help: somebody on the floor calls, somebody comes (andon)."""

from sync.events.base import Code, Event, EventId, event_type, wire


@event_type("help.called", version=1, label="Call for help")
class HelpCalled(Event):
    """Somebody needs help: with a machine, at an operation, for material, with quality."""

    reason: str = wire(Code(required=True), label="Reason", input="reason")
    machine: str | None = wire(Code(), label="Machine", input="scan")
    order: str | None = wire(Code(), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    work_center: str | None = wire(Code(), label="Work center", input="scan")


@event_type("help.answered", version=1, label="Answer a call")
class HelpAnswered(Event):
    """Somebody is there to help: ends the call it names."""

    call_id: str = wire(EventId(required=True), label="Call it answers")
