"""From a cause and an amount to a balanced entry: what all rules about things (not hours) share."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sync.core.clock import local_date, month_of
from sync.core.plant import Distribution, Plant
from sync.costing.policy import Policies, Policy
from sync.events.base import Event
from sync.ledger.accounts import postings, transfer
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
