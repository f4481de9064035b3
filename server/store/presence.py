"""Presence against attributed time, from the store: the facts a span of days needs, and what they come to."""

from datetime import date, timedelta

from sqlalchemy import Connection, and_

from server.store import event_log, plant
from server.store.books import LABOR_TYPES
from sync.core.clock import midnight
from sync.costing.engine import Terms
from sync.costing.presence import REST, Presence, presences
from sync.costing.rates import RateTable
from sync.events.base import Event

TYPES = (*LABOR_TYPES, "shift.started")


def of_days(connection: Connection, site: str, first: date, last: date) -> list[Presence]:
    """Every person's days from `first` to `last`, inclusive."""
    zone = plant.site(connection, site).zone
    policies = plant.policies(connection, site)
    # What reaches into the first day began the longest time before; what shares an instant with that, as long before
    # again; and a sign of life counts until the next.
    reach = 2 * policies.longest_labor_ms + REST
    low, high = midnight(first, zone) - reach, midnight(last + timedelta(days=1), zone) + reach
    column = event_log.EVENT.c
    around = and_(column.type.in_(TYPES), column.occurred_at >= low, column.occurred_at < high)
    facts = with_corrections(connection, site, event_log.load(connection, site, around))
    terms = Terms(event_log.terms_for(connection, site, facts), RateTable([]), policies)
    return [found for found in presences(facts, terms) if first <= found.day <= last]


def with_corrections(connection: Connection, site: str, facts: list[Event]) -> list[Event]:
    """The facts with what stops, corrects or replaces them, and that, and the operations added to their orders."""
    known = {fact.id: fact for fact in facts}
    unseen = dict(known)
    orders: set[str] = set()
    while unseen:
        more = [
            *event_log.targeting(connection, site, unseen),
            *event_log.replacements(connection, site, unseen),
        ]
        named = {getattr(fact, name, None) for fact in [*more, *unseen.values()]
                 for name in ("target_id", "start_id", "replacement_id")}  # fmt: skip
        more += event_log.by_ids(connection, site, {one for one in named if one} - known.keys())
        new_orders = {order for fact in unseen.values() if (order := getattr(fact, "order", None))} - orders
        orders |= new_orders
        more += event_log.added_operations(connection, site, new_orders)
        unseen = {fact.id: fact for fact in more if fact.id not in known}
        known |= unseen
    return list(known.values())
