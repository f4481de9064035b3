"""Corrections: a mistake is answered by a later fact, never by a change."""

from collections.abc import Mapping
from typing import Any

from sync.events.base import BadValue, Code, Event, EventId, Refused, event_type, wire


@event_type("event.voided", version=1, label="Void a fact")
class EventVoided(Event):
    """The fact it names does not count. Voiding a correction brings back what that one had taken away."""

    target_id: str = wire(EventId(required=True), label="Fact to void")
    reason: str = wire(Code(required=True), label="Reason", input="reason")

    @staticmethod
    def check(values: Mapping[str, Any]) -> None:
        if values["target_id"] == values["id"]:
            raise Refused(BadValue("a fact cannot void itself"), "target_id")


@event_type("event.replaced", version=1, label="Replace a fact")
class EventReplaced(Event):
    """The fact `target_id` does not count; `replacement_id`, a fact of its own, counts in its place once it is here."""

    target_id: str = wire(EventId(required=True), label="Fact to replace")
    replacement_id: str = wire(EventId(required=True), label="Replacing fact")
    reason: str = wire(Code(required=True), label="Reason", input="reason")

    @staticmethod
    def check(values: Mapping[str, Any]) -> None:
        if len({values["target_id"], values["replacement_id"], values["id"]}) < 3:
            raise Refused(BadValue("a fact cannot replace itself"), "target_id")


@event_type("event.approved", version=1, label="Approve a fact")
class EventApproved(Event):
    """A lead has looked at the fact it names and agrees. Changes nothing in its cost."""

    target_id: str = wire(EventId(required=True), label="Fact to approve")
    reason: str = wire(Code(required=True), label="Reason", input="reason")

    @staticmethod
    def check(values: Mapping[str, Any]) -> None:
        if values["target_id"] == values["id"]:
            raise Refused(BadValue("a fact cannot approve itself"), "target_id")


@event_type("event.declined", version=1, label="Decline a fact")
class EventDeclined(Event):
    """A lead does not agree with the fact it names: that one is held, without cost, until somebody corrects it or
    voids this."""

    target_id: str = wire(EventId(required=True), label="Fact to decline")
    reason: str = wire(Code(required=True), label="Reason", input="reason")

    @staticmethod
    def check(values: Mapping[str, Any]) -> None:
        if values["target_id"] == values["id"]:
            raise Refused(BadValue("a fact cannot decline itself"), "target_id")
