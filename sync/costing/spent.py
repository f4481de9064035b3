"""What an order took in and what it gave: the two sides a standard is laid beside.

`Spent` are lines of cost, made from the desired entries (a dry run) or kept beside the ledger (the store); `Counted`
are the pieces of an operation. Who compares them with a standard is `sync.costing.standard` while the order runs and
`sync.costing.variances` when it is closed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.core.clock import parse_instant
from sync.core.money import ARITHMETIC, ZERO
from sync.core.plant import Operation, Order
from sync.core.quantity import MILLISECONDS_PER_HOUR
from sync.events.base import Event
from sync.events.defect import DefectReported
from sync.events.output import OutputReported
from sync.ledger.entry import ELEMENTS

# What leaves the order for stock, or stands for the variances themselves: no cost of the order.
LEAVING = ("output", "variance")
# Begins the activity of an entry of paid time in which nothing could be done.
IDLE = "idle:"


@dataclass(frozen=True, slots=True)
class Spent:
    """What an order bears, by operation, element, work center and provenance. Scrap is negative: it left the order.

    `milliseconds`: of people or machines. `item`, `quantity`, `unit`: material in its base unit, or the pool of an
    overhead with the quantity of its driver. `idle_ms`: the part of the milliseconds in which nothing could be done, as
    the entry's activity says.
    `replaces`: the item it stands in for. `late`: it came when the order's variances were settled already. `nature`:
    whether an overhead is fixed or variable.
    """

    operation: str
    element: str
    work_center: str
    provenance: str
    amount: Decimal
    milliseconds: int = 0
    item: str = ""
    quantity: Decimal = ZERO
    unit: str = ""
    idle_ms: int = 0
    replaces: str = ""
    late: bool = False
    nature: str = ""


def of_contents(order: str, contents: Iterable[Mapping[str, Any]], settled_at: int | None = None) -> list[Spent]:
    """What an order bears, a line for each entry in force that touches it, in an order that depends on nothing but what
    they say. `settled_at`: the instant of its close; what happened after it is late."""
    lines = []
    for content in contents:
        amount = borne(order, content)
        if amount is None:
            continue
        sign = -1 if amount < 0 else 1
        # The hours an overhead is charged by are told already, by the entry that carries it.
        driven = content["unit"] == "ms" and content["rule"] == "overhead"
        timed = content["unit"] == "ms" and not driven
        quantity = Decimal(content["quantity"])
        milliseconds = sign * int(quantity) if timed else 0
        if driven:
            quantity = ARITHMETIC.divide(quantity, Decimal(MILLISECONDS_PER_HOUR))
        lines.append(
            Spent(
                operation=content.get("operation", ""),
                element=content["element"],
                work_center=content.get("work_center", ""),
                provenance=content["provenance"],
                amount=amount,
                milliseconds=milliseconds,
                idle_ms=milliseconds if content.get("activity", "").startswith(IDLE) else 0,
                item=content.get("item", ""),
                quantity=ZERO if timed else sign * quantity,
                unit="" if timed else "h" if driven else content["unit"],
                replaces=content.get("replaces", ""),
                nature=content.get("activity", "") if content["element"] == "overhead" else "",
                late=settled_at is not None and parse_instant(content["occurred_at"]) > settled_at,
            )
        )
    return sorted(lines, key=lambda line: (line.operation, ELEMENTS.index(line.element), repr(line)))


def borne(order: str, content: Mapping[str, Any]) -> Decimal | None:
    """What an entry debits an order, less what it credits it; None when it does not touch it."""
    cost_object = f"order:{order}"
    signed = [
        Decimal(line["amount"]) if line["side"] == "debit" else -Decimal(line["amount"])
        for line in content["postings"]
        if line["object"] == cost_object
    ]
    return sum(signed, ZERO) if signed else None


@dataclass(frozen=True, slots=True)
class Counted:
    """Pieces an operation reported: good, scrapped, and put aside (rework or hold)."""

    good: Decimal = ZERO
    scrap: Decimal = ZERO
    aside: Decimal = ZERO


def count_pieces(facts: Iterable[Event]) -> dict[str, Counted]:
    """Pieces by operation, as far as told. What is used as it is stands among the good ones."""
    found: dict[str, Counted] = {}
    for event in facts:
        if isinstance(event, (OutputReported, DefectReported)):
            before = found.get(event.operation, Counted())
            good, bad, aside = before.good, before.scrap, before.aside
            if isinstance(event, OutputReported):
                good += event.quantity
            elif event.disposition == "scrap":
                bad += event.quantity
            elif event.disposition != "use_as_is":
                aside += event.quantity
            found[event.operation] = Counted(good, bad, aside)
    return found


def planned_steps(order: Order) -> list[Operation]:
    """The operations of the routing, without those the floor added."""
    return [step for step in order.operations if not step.unplanned]


def first_operation(order: Order) -> str:
    """Where what names no operation belongs: in the standard, for the pieces that draw it, in the cost of scrap. "" for
    an order without operations."""
    return min(order.operations, key=lambda step: step.place).number if order.operations else ""


def good_output(order: Order, counted: Mapping[str, Counted]) -> Decimal:
    """Good pieces of the whole order: those the last planned operation passed."""
    steps = planned_steps(order)
    if not steps:
        return sum((count.good for count in counted.values()), ZERO)
    return counted.get(steps[-1].number, Counted()).good


def passed(order: Order, counted: Mapping[str, Counted]) -> dict[str, Decimal]:
    """Good pieces by operation: those reported, or those a later operation handled, if more (a piece counted at 30 went
    through 10 and 20 whether or not anybody counted it there)."""
    found: dict[str, Decimal] = {}
    later = ZERO
    for step in reversed(order.operations):
        here = counted.get(step.number, Counted())
        good = max(here.good, later)
        found[step.number] = good
        later = good + here.scrap + here.aside
    return found


def entered(order: Order, counted: Mapping[str, Counted]) -> dict[str, Decimal]:
    """Pieces that went into each operation: those scrapped there and those that went on or passed. Pieces put aside
    come back as good or as scrap."""
    found: dict[str, Decimal] = {}
    later = ZERO
    for step in reversed(order.operations):
        here = counted.get(step.number, Counted())
        later = here.scrap + max(here.good, later)
        found[step.number] = later
    return found


def earned_pieces(order: Order, counted: Mapping[str, Counted]) -> dict[str, Decimal]:
    """Good pieces by operation less those a later operation scrapped: their cost has left the order with the scrap."""
    found: dict[str, Decimal] = {}
    good = passed(order, counted)
    scrapped_later = ZERO
    for step in reversed(order.operations):
        found[step.number] = max(good[step.number] - scrapped_later, ZERO)
        scrapped_later += counted.get(step.number, Counted()).scrap
    return found
