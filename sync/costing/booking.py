"""From a cause and an amount to a balanced entry: what all rules about things (not hours) share."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sync.core.clock import local_date, month_of
from sync.core.money import ARITHMETIC, round_money
from sync.core.plant import Distribution, Item, Order, Plant
from sync.costing.policy import Policies, Policy
from sync.costing.rates import RateTable
from sync.events.base import Event
from sync.ledger.accounts import assignment, postings, transfer
from sync.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class Side:
    """Who gives or receives, and on which accounts."""

    cost_object: str
    accounts: Distribution


@dataclass(frozen=True, slots=True)
class Cause:
    """The fact an amount follows from, on its day of the site, under the policy of that day."""

    event: Event
    day: date
    policy: Policy
    currency: str

    @classmethod
    def of(cls, event: Event, plant: Plant, policies: Policies) -> "Cause":
        day = local_date(event.occurred_at, plant.site.zone)
        return cls(event, day, policies.on(day), plant.site.currency)

    def book(
        self,
        rule: tuple[str, int],
        element: str,
        amount: Decimal,
        sender: Side,
        receiver: Side,
        *,
        quantity: Decimal,
        unit: str,
        formula: str,
        more_events: tuple[str, ...] = (),
        **named: Any,
    ) -> Entry:
        """The entry; an amount below zero goes the other way round. `rule`: its name and version; `named`: what else
        the entry tells (order, item, rate, ...)."""
        if amount < 0:
            sender, receiver, amount = receiver, sender, -amount
        return Entry(
            scope=self.event.id,
            rule=rule[0],
            rule_version=rule[1],
            element=element,
            occurred_at=self.event.occurred_at,
            occurred_on=self.day,
            period=month_of(self.day),
            quantity=quantity,
            unit=unit,
            amount=amount,
            currency=self.currency,
            provenance=self.event.provenance,
            events=(self.event.id, *more_events),
            policy=self.policy.version,
            formula=formula,
            postings=transfer(
                postings("credit", sender.cost_object, amount, sender.accounts, self.currency),
                postings("debit", receiver.cost_object, amount, receiver.accounts, self.currency),
            ),
            **named,
        )


def beyond_standard(
    cause: Cause,
    rule: tuple[str, int],
    order: Order,
    item: Item,
    quantity: Decimal,
    amount: Decimal,
    plant: Plant,
    rates: RateTable,
) -> Entry | None:
    """What an order gave to a stock that is kept at standard beyond that standard, or below: it leaves the stock as a
    variance (`output_cost`), so that the stock is worth its quantity at standard. None where there is no such standard,
    or the stock is carried at what was paid."""
    rate = rates.find("standard_cost", "item", item.code, cause.day) if item.valuation == "standard" else None
    if rate is None or cause.policy.price_variance == "use":
        return None
    worth = round_money(ARITHMETIC.multiply(quantity, rate.amount), cause.currency)
    if worth == amount:
        return None
    accounts = assignment(plant.plans, None, day=cause.day, element="variance", item=item.code)
    return cause.book(
        rule,
        "variance",
        amount - worth,
        Side(f"stock:{item.code}", assignment(plant.plans, None, day=cause.day, element="", item=item.code)),
        Side("variance:output_cost", accounts),
        quantity=quantity,
        unit=item.unit,
        formula=f"{amount} - {worth} at the standard of {cause.day.isoformat()} = {amount - worth} {cause.currency}",
        order=order.code,
        item=item.code,
        activity="output_cost",
        rate=rate.amount,
        rate_id=f"{rate.id}/{rate.version}",
    )  # fmt: skip
