"""Machine time: hours of a machine, which are not hours of a person."""

from sync.events.base import DAY_MS, Choice, Code, Event, EventId, Whole, event_type, wire

MACHINE_ACTIVITIES = ("setup", "run")


@event_type("machine.started", version=1, label="Start machine")
class MachineStarted(Event):
    """A machine begins to run, or to be set up, for an operation."""

    machine: str = wire(Code(required=True), label="Machine", input="scan")
    order: str | None = wire(Code(), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    activity: str | None = wire(Choice(MACHINE_ACTIVITIES), label="Activity", input="choice")


@event_type("machine.stopped", version=1, label="Stop machine")
class MachineStopped(Event):
    """The end of a machine's run: of the start it names, else of all that runs on that machine."""

    machine: str = wire(Code(required=True), label="Machine", input="scan")
    start_id: str | None = wire(EventId(), label="Start it ends")


@event_type("machine.reported", version=1, label="Report machine time")
class MachineReported(Event):
    """Machine time told as a duration, by a person or read off a counter."""

    machine: str = wire(Code(required=True), label="Machine", input="scan")
    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    activity: str | None = wire(Choice(MACHINE_ACTIVITIES), label="Activity", input="choice")
    duration_ms: int = wire(Whole(0, 31 * DAY_MS, required=True), label="Duration", input="number")
