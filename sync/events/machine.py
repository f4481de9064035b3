"""Machine time: hours of a machine, which are not hours of a person."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sync.core.quantity import MILLISECONDS_PER_HOUR
from sync.events.base import (
    DAY_MS,
    Amount,
    BadValue,
    Choice,
    Code,
    Event,
    EventId,
    Refused,
    Span,
    event_type,
    wire,
)  # fmt: skip

MACHINE_ACTIVITIES = ("setup", "run")
LONGEST_MS = 31 * DAY_MS


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


def _check_reported(values: Mapping[str, Any]) -> None:
    low, high = values.get("counter_from"), values.get("counter_to")
    if (low is None) != (high is None):
        raise Refused(BadValue("give both readings of the counter, or neither"), "counter_to")
    if low is None:
        if values.get("duration_ms") is None:
            raise Refused(BadValue("give either a duration or two readings of the counter"), "duration_ms")
        return
    if values.get("duration_ms") is not None:
        raise Refused(BadValue("give either a duration or two readings of the counter"), "duration_ms")
    if high < low:
        raise Refused(BadValue("the counter runs backwards"), "counter_to")
    if high - low > LONGEST_MS // MILLISECONDS_PER_HOUR:
        raise Refused(BadValue("the readings lie more than 744 hours apart"), "counter_to")


@event_type("machine.reported", version=1, label="Report machine time")
class MachineReported(Event):
    """Machine time told as a duration, or as two readings of the machine's counter in hours: one of the two ways."""

    machine: str = wire(Code(required=True), label="Machine", input="scan")
    order: str = wire(Code(required=True), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    activity: str | None = wire(Choice(MACHINE_ACTIVITIES), label="Activity", input="choice")
    duration_ms: int | None = wire(Span(0, LONGEST_MS), label="Duration", input="number")
    counter_from: Decimal | None = wire(Amount(zero=True), label="Counter before (hours)", input="number")
    counter_to: Decimal | None = wire(Amount(zero=True), label="Counter after (hours)", input="number")

    check = staticmethod(_check_reported)

    @property
    def milliseconds(self) -> int:
        """How long the machine ran; the counter's hours to the nearest millisecond."""
        if self.duration_ms is not None:
            return self.duration_ms
        assert self.counter_from is not None and self.counter_to is not None
        span = (self.counter_to - self.counter_from) * MILLISECONDS_PER_HOUR
        return int(span.to_integral_value(ROUND_HALF_UP))
