"""A person's presence: the shift, and the breaks in it."""

from sync.events.base import Code, Event, EventId, event_type, wire


@event_type("shift.started", version=1, label="Start my shift")
class ShiftStarted(Event):
    """A person is there from now on. Noted; work is what `labor.started` tells."""

    person: str = wire(Code(required=True), label="Person", input="scan")


@event_type("shift.ended", version=1, label="End my shift")
class ShiftEnded(Event):
    """A person goes home: ends all work and every break of that person that is open, whichever device began it."""

    person: str = wire(Code(required=True), label="Person", input="scan")


@event_type("break.started", version=1, label="Start a break")
class BreakStarted(Event):
    """A break takes the person's time away from whatever runs: its instants are nobody's. It ends when it is stopped,
    or earlier when that person starts work or ends the shift, and never lasts longer than the longest labor time."""

    person: str = wire(Code(required=True), label="Person", input="scan")
    reason: str | None = wire(Code(), label="Reason", input="reason")


@event_type("break.stopped", version=1, label="End a break")
class BreakStopped(Event):
    """The end of a break: of the start it names, else of the break that person is in."""

    person: str = wire(Code(required=True), label="Person", input="scan")
    start_id: str | None = wire(EventId(), label="Start it ends")
