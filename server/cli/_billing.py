"""What `floorledger cost` shows of time that is sold by the hour: an order a line."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from sync.core.money import ZERO
from sync.ledger.balances import by_order
from sync.ledger.billed import by_order as billed_by_order
from sync.ledger.entry import hours


def billing_json(contents: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each order: hours billed, not billed and without a rate, its cost, billable amount and margin; what is not known
    is null."""
    contents = list(contents)
    costs = by_order(contents)
    lines = []
    for order, billed in billed_by_order(contents).items():
        cost = sum(costs.get(order, {}).values(), ZERO)
        margin = billed.margin(cost)
        lines.append(
            {
                "order": order,
                "hours": _hours(billed.milliseconds),
                "billed_hours": _hours(billed.priced),
                "not_billed_hours": _hours(billed.not_billed),
                "unknown_hours": _hours(billed.unknown),
                "cost": str(cost),
                "billable": None if billed.known is None else str(billed.known),
                "margin": None if margin is None else str(margin),
            }
        )
    return lines


def billing_rows(lines: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    """The same for a table; what is not known is a dash."""
    names = ("order", "hours", "not_billed_hours", "unknown_hours", "cost", "billable", "margin")
    for line in lines:
        yield tuple("–" if line[name] is None else line[name] for name in names)


def _hours(milliseconds: int) -> str:
    return hours(Decimal(milliseconds))
