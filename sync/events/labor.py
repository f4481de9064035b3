"""Labor: a person's time on an order, a case, or an indirect activity."""

from collections.abc import Mapping
from typing import Any

from sync.events.base import DAY_MS, BadValue, Choice, Code, Event, EventId, Instant, Refused, Span, event_type, wire

ACTIVITIES = ("setup", "run", "rework", "teardown", "indirect")


def _check_activity(values: Mapping[str, Any]) -> None:
    if values["activity"] == "indirect":
        if not values.get("indirect_code"):
            raise Refused(BadValue("an indirect activity needs its code"), "indirect_code")
    elif not values.get("order"):
        raise Refused(BadValue("work on something needs its order"), "order")


@event_type("labor.started", version=1, label="Start work")
class LaborStarted(Event):
    """A person begins to work on an operation, a case, or an indirect activity. On an order, `indirect_code` may say
    what is done there (travel, a hearing): its billable rate may depend on it."""

    person: str = wire(Code(required=True), label="Person", input="scan")
    activity: str = wire(Choice(ACTIVITIES, required=True), label="Activity", input="choice")
    order: str | None = wire(Code(), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    indirect_code: str | None = wire(Code(), label="Indirect activity", input="scan")
    work_center: str | None = wire(Code(), label="Work center", input="scan")

    check = staticmethod(_check_activity)


@event_type("labor.stopped", version=1, label="Stop work")
class LaborStopped(Event):
    """The end of a person's work: of the start it names, else of all that person runs on that order. A reason says
    that it is a pause; the work goes on with a new start."""

    person: str = wire(Code(required=True), label="Person", input="scan")
    start_id: str | None = wire(EventId(), label="Start it ends")
    order: str | None = wire(Code(), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    reason: str | None = wire(Code(), label="Reason", input="reason")


def _check_declared(values: Mapping[str, Any]) -> None:
    _check_activity(values)
    started, ended = values.get("started_at"), values.get("ended_at")
    if (started is None) != (ended is None):
        raise Refused(BadValue("give both the beginning and the end, or neither"), "ended_at")
    if started is not None and ended < started:
        raise Refused(BadValue("the end lies before the beginning"), "ended_at")
    if started is not None and values.get("duration_ms") is not None:
        raise Refused(BadValue("give either from and until, or a duration"), "duration_ms")


@event_type("labor.declared", version=1, label="Declare time")
class LaborDeclared(Event):
    """Time worked, told afterwards: from-until, or a duration only, or neither when nobody knows (then it is held)."""

    person: str = wire(Code(required=True), label="Person", input="scan")
    activity: str = wire(Choice(ACTIVITIES, required=True), label="Activity", input="choice")
    order: str | None = wire(Code(), label="Order", input="scan")
    operation: str | None = wire(Code(), label="Operation", input="scan")
    indirect_code: str | None = wire(Code(), label="Indirect activity", input="scan")
    work_center: str | None = wire(Code(), label="Work center", input="scan")
    started_at: int | None = wire(Instant(), label="From", input="time")
    ended_at: int | None = wire(Instant(), label="Until", input="time")
    duration_ms: int | None = wire(Span(0, 31 * DAY_MS), label="Duration", input="number")

    check = staticmethod(_check_declared)

    @property
    def about(self) -> int:
        return self.occurred_at if self.started_at is None else self.started_at
