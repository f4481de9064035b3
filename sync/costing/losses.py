"""What is lost to defects and downtime: in pieces, in hours, at standard cost; ranked (Pareto) and over time.

A piece found bad at an operation had been worked on at all operations up to it, so it is worth what the standard card
of its order says one piece has taken in by then:

    lost in a piece at k = sum over the operations j up to k of  (cost of j in a good piece) x (part of what enters k
                           that the standard expects to leave the last operation good)

The card's quantities are for one good *finished* piece and hold what is expected to be lost later on, hence the part.
Never an actual rate: leads see this, and actual labor is finance's. Pieces to be reworked are counted; the hours of
their rework are those somebody clocked as rework, valued at the published rate, shared among the reports of their order
and operation by pieces. Downtime has hours, and money where the machine's work center has a machine rate. What has no
price has no money: the sum says how many are without.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from sync.core.plant import Order
from sync.costing.cost_card import PER_HOUR, CostCard
from sync.costing.spent import first_operation
from sync.events.defect import DefectReported

Kind = Literal["scrap", "rework", "hold", "downtime"]
KINDS: tuple[Kind, ...] = ("scrap", "rework", "hold", "downtime")
Measure = Literal["pieces", "hours", "cost"]
MEASURES: tuple[Measure, ...] = ("pieces", "hours", "cost")
# By what losses are ranked: fields of `Loss`.
BY = ("reason", "item", "found_at", "caused_at", "order", "machine")


@dataclass(frozen=True, slots=True)
class Loss:
    """A report of bad pieces, or a stretch of downtime. `id`: the fact's. `found_at`, `caused_at`: work centers, ""
    where nobody said. `hours`: of people, or the machine's. `cost` at standard; None: no price is known."""

    id: str
    kind: Kind
    at: int
    reason: str
    pieces: Fraction = Fraction(0)
    hours: Fraction = Fraction(0)
    cost: Fraction | None = Fraction(0)
    item: str = ""
    order: str = ""
    found_at: str = ""
    caused_at: str = ""
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """A cause in the ranking. `share` of the whole; `reached`: the shares up to here; `unpriced`: losses without a
    price, which count nothing in money."""

    key: str
    value: Fraction
    share: Fraction
    reached: Fraction
    losses: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class Worth:
    """What a piece has taken in up to an operation. `cost` None: not all of it has a price."""

    hours: Fraction
    cost: Fraction | None


def worth(card: CostCard | None, order: Order, operation: str) -> Worth:
    """What the standard says one piece has taken in when it leaves `operation` of an order."""
    steps = sorted(order.operations, key=lambda step: step.place)
    here = next((step for step in steps if step.number == operation), None)
    if card is None:
        return Worth(Fraction(0), None)
    done = {step.number for step in steps if here is None or step.place <= here.place}
    good = Fraction(1)
    ahead = False
    for number, part in card.yields:
        ahead = ahead or number == operation
        if ahead:
            good *= part
    hours, cost, known = Fraction(0), Fraction(0), True
    for line in card.lines:
        if (line.operation or first_operation(order)) not in done:
            continue
        quantity = card.absorbed(line, Decimal(1)) * good
        if line.element in PER_HOUR and line.element != "machine":
            hours += quantity
        known = known and line.price is not None
        cost += quantity * (line.price or 0)
    return Worth(hours, cost if known and card.lines else None)


def of_defect(
    fact: DefectReported, order: Order, card: CostCard | None, rework: Mapping[tuple[str, str], "Reworked"]
) -> Loss | None:
    """The loss in a report of bad pieces; None where they are used as they are."""
    if fact.disposition == "use_as_is":
        return None
    kind: Kind = "scrap" if fact.disposition == "scrap" else "rework" if fact.disposition == "rework" else "hold"
    pieces = Fraction(fact.quantity)
    hours, cost = Fraction(0), Fraction(0) if kind == "rework" else None
    if kind == "rework":
        done = rework.get((fact.order, fact.operation), Reworked())
        part = pieces / done.pieces if done.pieces else Fraction(0)
        hours, cost = done.hours * part, None if done.cost is None else done.cost * part
    else:
        each = worth(card, order, fact.operation)
        hours, cost = pieces * each.hours, None if each.cost is None else pieces * each.cost
    found, caused = order.operation(fact.operation), order.operation(fact.caused_at or fact.operation)
    return Loss(
        fact.id, kind, fact.occurred_at, fact.reason, pieces, hours, cost, order.item, order.code,
        found.work_center if found else "", caused.work_center if caused else "",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reworked:
    """What was clocked as rework at an operation of an order, and how many pieces were reported for it."""

    pieces: Fraction = Fraction(0)
    hours: Fraction = Fraction(0)
    cost: Fraction | None = Fraction(0)


def amount(loss: Loss, measure: Measure) -> Fraction:
    """How much a loss is in a measure; what has no price counts nothing."""
    return loss.pieces if measure == "pieces" else loss.hours if measure == "hours" else loss.cost or Fraction(0)


def rank(losses: Iterable[Loss], by: str, measure: Measure) -> list[Bar]:
    """The causes, the largest first; those of equal size by name. Raises ValueError for what nothing is ranked by."""
    if by not in BY or measure not in MEASURES:
        raise ValueError(f"{by!r} by {measure!r}")
    found: dict[str, list[Loss]] = defaultdict(list)
    for loss in losses:
        found[getattr(loss, by)].append(loss)
    sums = {key: sum((amount(loss, measure) for loss in mine), Fraction(0)) for key, mine in found.items()}
    whole = sum(sums.values(), Fraction(0))
    bars, reached = [], Fraction(0)
    for key in sorted(sums, key=lambda one: (-sums[one], one)):
        share = sums[key] / whole if whole else Fraction(0)
        reached += share
        unpriced = sum(loss.cost is None for loss in found[key])
        bars.append(Bar(key, sums[key], share, reached, len(found[key]), unpriced))
    return bars


def over_time(losses: Iterable[Loss], starts: Sequence[int], measure: Measure) -> list[Fraction]:
    """How much was lost in each stretch that begins at one of these instants and ends at the next; the last has no
    end. What lies before the first is left out."""
    sums = [Fraction(0)] * len(starts)
    for loss in losses:
        place = bisect_right(starts, loss.at) - 1
        if place >= 0:
            sums[place] += amount(loss, measure)
    return sums
