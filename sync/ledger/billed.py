"""Folds over entries: what the time of each order is billed at, and what is left of that beyond its cost.

    margin = billable amount - cost of the order

A margin is known only when all of the billable amount is: hours without a billable rate are told apart, never priced at
zero. Cost is all the order bears; what is charged on beside hours (expenses, material) is no billable amount.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sync.core.money import ZERO


@dataclass(frozen=True, slots=True)
class Billed:
    """The time of an order in milliseconds by whether it is billed, and the amount of what is priced."""

    amount: Decimal = ZERO
    priced: int = 0
    not_billed: int = 0
    unknown: int = 0

    @property
    def milliseconds(self) -> int:
        """All of the time."""
        return self.priced + self.not_billed + self.unknown

    @property
    def known(self) -> Decimal | None:
        """The amount; None where nothing is known of it but hours without a billable rate."""
        return None if self.unknown and not self.priced else self.amount

    def margin(self, cost: Decimal) -> Decimal | None:
        """What is left beyond the cost; None while some of the time has no billable rate."""
        return None if self.unknown else self.amount - cost


def by_order(contents: Iterable[Mapping[str, Any]]) -> dict[str, Billed]:
    """What the entries in force say of each order whose time is sold by the hour, or not billed by decision."""
    spans: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for content in contents:
        if told := content.get("billable"):
            amounts[content["order"]] += Decimal(told.get("amount", 0))
            for part in told["parts"]:
                spans[content["order"]][part["state"]] += part["milliseconds"]
    return {
        order: Billed(amounts[order], found["priced"], found["not_billed"], found["unknown"])
        for order, found in sorted(spans.items())
    }
