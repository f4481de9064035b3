"""What became of a fact, and trouble in data, as values with stable codes.

Trouble in data is returned, never raised. Every code stands in `CATALOGUE` with the role that can mend it and a
sentence; the sentences are msgids of the message catalogue and hold `{name}` placeholders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

State = Literal["received", "costed", "held", "excluded"]
Owner = Literal["operator", "lead", "accountant", "payroll", "admin", ""]


@dataclass(frozen=True, slots=True)
class Reason:
    """One code of the catalogue: what it says, who can mend it, what to do."""

    code: str
    state: State
    owner: Owner
    sentence: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What costing made of one fact."""

    state: State
    reason: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def owner(self) -> Owner:
        """The role that can mend a held fact."""
        return CATALOGUE[self.reason].owner if self.reason else ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Trouble that does not stop the cost of a fact but wants a decision."""

    code: str
    event_id: str
    params: Mapping[str, str] = field(default_factory=dict)


COSTED = Outcome("costed")

_REASONS = [
    # held: accepted, kept, not yet costable
    Reason("time.open", "held", "operator", "Still running: the end is not known yet.", "Stop the work when it ends."),
    Reason("time.too_long", "held", "lead", "Runs longer than {hours} h: was the clock-out forgotten?",
           "Replace the end by the true one, or confirm the long time by declaring its duration."),
    Reason("time.told_too_long", "held", "lead", "The time told is longer than {hours} h.",
           "Replace it by the true one, or by its duration alone, which is believed as it is told."),
    Reason("break.open", "held", "lead", "Nobody ended this break; it takes time away for {hours} h at most.",
           "Tell when it ended. The next start of work and the end of the shift end it too."),
    Reason("time.unknown", "held", "lead", "The time was not reported.", "Declare how long it took."),
    Reason("time.stop_without_start", "held", "lead", "A stop without a start.",
           "Add the missing start, or void the stop."),
    Reason("time.negative", "held", "lead", "The end lies before the start.", "Replace the wrong instant."),
    Reason("reference.unknown_order", "held", "lead", "Order {code} is not known here yet.", "Import the order."),
    Reason("reference.unknown_operation", "held", "lead", "Operation {code} is not part of order {order}.",
           "Import the routing, or replace the fact with the right operation."),
    Reason("reference.unknown_person", "held", "lead", "Nobody is known under this badge.",
           "Import or enrol the person."),
    Reason("reference.unknown_machine", "held", "lead", "Machine {code} is not known.", "Import the machine."),
    Reason("reference.unknown_work_center", "held", "lead", "Work center {code} is not known.",
           "Import the work center."),
    Reason("reference.unknown_item", "held", "lead", "Item {code} is not known.", "Import the item."),
    Reason("rate.missing", "held", "accountant", "No {kind} rate for {subject} on {date}.",
           "Enter a rate valid on that day."),
    Reason("unit.no_conversion", "held", "accountant", "{unit} of item {item} cannot be converted to {base}.",
           "Enter the conversion of this item."),
    Reason("stock.no_unit_cost", "held", "accountant",
           "Item {item} has no unit cost on {date}: nothing was received yet.",
           "Enter the receipt or an opening stock."),
    Reason("stock.too_little", "held", "lead", "More of item {item} than was there: it waits for its receipt.",
           "Enter the missing receipt, or correct the quantity."),
    Reason("amount.too_large", "held", "lead", "{quantity} {unit} at {unit_cost} is more than can be booked.",
           "Replace the fact by one with the right quantity and price."),
    Reason("scrap.no_cost", "held", "lead", "Order {order} has no cost yet that the scrap could bear.",
           "Nothing to do: the scrap is costed as soon as the order has cost."),
    Reason("order.no_cost", "held", "accountant", "Order {order} was closed with good pieces and bears no cost.",
           "Enter what is missing: times, material, rates. Or void the close."),
    Reason("order.loop", "held", "accountant",
           "Orders {orders} wait for each other: each draws, at the average of the month, what another of them makes.",
           "Close one of them in another month, or value one of their items by another method."),
    Reason("standard.not_frozen", "held", "accountant",
           "Order {order} has no standard: nobody told when it was released.",
           "Give its day of release, or the version of the standard it goes by."),
    Reason("standard.unknown_version", "held", "accountant", "Item {item} has no standard of version {version}.",
           "Import the standard, or correct the version on the order."),
    Reason("standard.none", "held", "accountant",
           "Order {order} was released on {date} without a standard: item {item} has no cost card, routing or bill.",
           "Import the standard of the item, or its routing and bill."),
    Reason("standard.incomplete", "held", "accountant",
           "The standard {version} of item {item} is not complete: {kind} of {subject} is missing.",
           "Enter what is missing, valid on the day of the standard."),
    Reason("standard.loop", "held", "accountant", "An item needs itself: {way}.", "Correct the bill of one of them."),
    Reason("correction.target_unknown", "held", "lead", "The fact this corrects has not arrived yet.",
           "Let the device that holds it send."),
    Reason("correction.replacement_unknown", "held", "lead", "The replacing fact has not arrived yet.",
           "Let the device that holds it send."),
    Reason("correction.loop", "held", "lead", "These corrections correct each other.", "Void one of them."),
    Reason("event.declined", "held", "lead", "Declined: a lead does not agree with it.",
           "Void it, or replace it by what is right; or void the decline."),
    Reason("by_product.no_value", "held", "accountant", "By-product {item} has no value yet.",
           "Enter its value in by_products.csv; it is costed then."),
    Reason("by_product.over_100", "held", "accountant", "Joint products of order {order} take {percent} % of its cost.",
           "Correct the percentages in by_products.csv: with the product they come to 100."),
    Reason("costing.failed", "held", "admin", "Costing this fact failed.", "Report the fact's id to the vendor."),
    # excluded: carries no cost by design
    Reason("event.voided", "excluded", "", "Voided by a later fact."),
    Reason("event.replaced", "excluded", "", "Replaced by a later fact."),
    Reason("correction.applied", "excluded", "", "A correction; it acts on the fact it names."),
    Reason("quantity.counted", "excluded", "", "Counts pieces; carries no cost of its own."),
    Reason("scrap.normal", "excluded", "", "Within the normal loss: the good pieces bear its cost."),
    Reason("downtime.noted", "excluded", "", "Downtime is counted, not costed."),
    Reason("break.noted", "excluded", "", "A break: its time is taken away from whatever runs."),
    Reason("break.over", "excluded", "", "The break was over already."),
    Reason("fact.noted", "excluded", "", "Noted; it carries no cost."),
    Reason("order.reopened", "excluded", "", "The order was reopened."),
    Reason("order.closed_before", "excluded", "", "The order was closed already."),
    Reason("labor.in_machine_rate", "excluded", "", "The machine rate of {work_center} includes labor."),
    Reason("time.stop_repeated", "excluded", "", "The work was already stopped."),
    Reason("time.stop_of_corrected", "excluded", "", "The start it ends does not count any more."),
    # findings: costed all the same
    Reason("import.identical_row", "costed", "lead", "Row repeats an identical one of the same file ({repeat}).",
           "Keep it, or void its facts."),
    Reason("clock.drift", "costed", "lead", "The device's clock was {seconds} s off.", "Check the device's clock."),
    Reason("device.clock_set", "costed", "lead",
           "The device's clock was set without contact: this time seems wrong by {seconds} s.",
           "Ask when it was, and correct the fact. Above zero it was later than it says."),
    Reason("device.gap", "costed", "lead", "Facts {first} to {last} of this device have not arrived.",
           "Let the device send, or ask for its export."),
    Reason("device.fork", "costed", "admin", "Two facts carry the same number {sequence} of one device.",
           "Enrol the device anew."),
    Reason("stock.negative", "costed", "accountant", "More of item {item} was used than received.",
           "Enter the missing receipt."),
    Reason("backflush.counted", "costed", "lead",
           "Item {item} of order {order} is drawn by reports of pieces, and was counted too: "
           "what was counted is taken.",
           "Nothing to do if all of it was counted; else void the count."),
    Reason("quantity.over_order", "costed", "lead", "Operation {operation} reports {quantity} of {planned} ordered.",
           "Check the quantities."),
    Reason("order.closed_on_hold", "costed", "lead",
           "Order {order} was closed while {quantity} pieces are held for review: the good ones bear their cost.",
           "Decide about them: replace each report by one that says scrap, rework or use as is."),
    Reason("operation.added_twice", "costed", "lead",
           "Operation {operation} of order {order} was added before, as {name}.",
           "Void one of them, and move its facts to an operation of its own."),
    Reason("time.end_proposed", "costed", "lead", "The clock-out was probably forgotten: proposed is {end}.",
           "Stop the work at that time, or at the true one."),
    Reason("billable.no_rate", "costed", "accountant",
           "No billable rate for order {order} on {date}: what this time is billed at is unknown. Its cost stands.",
           "Enter a billable rate that holds on that day, or say that the order or the activity is not billed."),
    Reason("time.repeated", "costed", "lead", "The same person reports the same job twice for the same time.",
           "Void one of them."),
]  # fmt: skip

CATALOGUE = {reason.code: reason for reason in _REASONS}

# Why a fact is held that may simply go on: no trouble until it goes on for too long.
RUNNING = ("time.open", "break.open")

# Why a fact does not count: somebody took it back, put another in its place, or a lead said no.
GONE = ("event.voided", "event.replaced", "event.declined")


def held(reason: str, **params: str) -> Outcome:
    """A held outcome; the code must be one of the catalogue."""
    return _outcome("held", reason, params)


def excluded(reason: str, **params: str) -> Outcome:
    """An excluded outcome; the code must be one of the catalogue."""
    return _outcome("excluded", reason, params)


def _outcome(state: State, reason: str, params: Mapping[str, str]) -> Outcome:
    assert CATALOGUE[reason].state == state, f"{reason} is not a reason to be {state}"
    return Outcome(state, reason, params)
