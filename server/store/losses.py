"""Defects and downtime of a period, as losses (`sync.costing.losses`)."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from sqlalchemy import ColumnElement, Connection, Table, func, select

from server.store import event_log, order_cost, plant, steps
from server.store.plant import chunks
from server.store.tables import TABLES
from sync.core.clock import local_date
from sync.core.findings import GONE
from sync.core.plant import Order, Plant
from sync.core.quantity import MILLISECONDS_PER_HOUR
from sync.costing import cost_card
from sync.costing.cost_card import CostCard
from sync.costing.losses import Loss, Reworked, of_defect
from sync.costing.policy import Policies
from sync.costing.rates import RateTable
from sync.costing.scope import pair_downtime
from sync.events import catalog
from sync.events.base import Event
from sync.events.defect import DefectReported
from sync.events.downtime import DowntimeStarted

EVENT: Table = TABLES["event"]
ORDER: Table = TABLES["order"]
MACHINE: Table = TABLES["machine"]
ORDER_COST: Table = TABLES["order_cost"]


def of_period(connection: Connection, site: str, first: int, until: int, now: int) -> list[Loss]:
    """What was lost from an instant up to another (exclusive), the newest first; what was voided or replaced aside.
    Downtime counts as far as it lies in the period; what still lasts counts up to now."""
    found = [*_defects(connection, site, first, until, now), *_downtime(connection, site, first, until, now)]
    return sorted(found, key=lambda loss: (-loss.at, loss.id))


def _defects(connection: Connection, site: str, first: int, until: int, now: int) -> list[Loss]:
    # By way of the orders: their index of facts by instant is the one that can skip the past.
    known = EVENT.c.order.in_(select(ORDER.c.code).where(ORDER.c.site == site))
    facts = _facts(connection, site, ("defect.reported",), known, first, until)
    codes = {fact.order for fact in facts if isinstance(fact, DefectReported)}
    things = steps.knowing(connection, site, plant.load_part(connection, site, orders=codes))
    rates, policies = order_cost.published_rates(connection, site, things), plant.policies(connection, site)
    made: dict[tuple[str, date], CostCard] = {}
    reworked = _reworked(connection, site, codes, rates, local_date(now, things.site.zone))
    losses = []
    for fact in facts:
        order = things.orders.get(getattr(fact, "order", ""))
        if order is None or not isinstance(fact, DefectReported):
            continue
        day = local_date(fact.occurred_at, things.site.zone)
        if (order.code, day) not in made:
            made[order.code, day] = _card(things, order, rates, policies, day)
        loss = of_defect(fact, order, made[order.code, day], reworked)
        losses += [loss] if loss else []
    return losses


def _card(things: Plant, order: Order, rates: RateTable, policies: Policies, day: date) -> CostCard:
    """The standard frozen on the order; before its release the one it would get."""
    frozen = cost_card.of_order(things, order, rates, policies)
    return frozen if isinstance(frozen, CostCard) else cost_card.as_planned(things, order, rates, policies, day)


def _reworked(
    connection: Connection, site: str, codes: Iterable[str], rates: RateTable, today: date
) -> dict[tuple[str, str], Reworked]:
    """Pieces reported for rework and hours clocked as rework, by order and operation, whenever that was; hours at the
    rates of today."""
    pieces: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for code, facts in order_cost.facts_of(connection, site, codes, ("defect.reported",)).items():
        for fact in facts:
            if isinstance(fact, DefectReported) and fact.disposition == "rework":
                pieces[code, fact.operation] += Fraction(fact.quantity)
    if not pieces:
        return {}
    spans: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    columns = [ORDER_COST.c[name] for name in ("order", "operation", "work_center")]
    for part in chunks(sorted({code for code, _ in pieces})):
        query = select(*columns, func.sum(ORDER_COST.c.milliseconds)).where(
            ORDER_COST.c.site == site, ORDER_COST.c.element == "rework", ORDER_COST.c.order.in_(part)
        )
        for row in connection.execute(query.group_by(*columns)):
            spans[row[0], row[1]][row[2]] += int(row[3])
    found = {}
    for place, count in pieces.items():
        hours, cost = Fraction(0), Fraction(0)
        known = True
        for center, span in spans[place].items():
            rate = rates.find("standard_labor", "work_center", center, today)
            mine = Fraction(span, MILLISECONDS_PER_HOUR)
            hours += mine
            cost += mine * Fraction(rate.amount) if rate else 0
            known = known and (rate is not None or not span)
        found[place] = Reworked(count, hours, cost if known else None)
    return found


def _downtime(connection: Connection, site: str, first: int, until: int, now: int) -> list[Loss]:
    known = EVENT.c.machine.in_(select(MACHINE.c.code).where(MACHINE.c.site == site))
    longest = plant.policies(connection, site).last.longest_machine_ms
    types = ("downtime.started", "downtime.stopped")
    # One that began before the period may last into it, and one that ends after it began in it.
    facts = _facts(connection, site, types, known, first - longest, until + longest)
    things = plant.load_part(connection, site)
    rates = order_cost.published_rates(connection, site, things)
    losses = []
    for segment in pair_downtime(facts, longest)[0]:
        ends = segment.until if segment.until is not None else min(now, segment.ends)
        begins, ends = max(segment.start, first), min(ends, until)
        if ends <= begins or not isinstance(segment.event, DowntimeStarted):
            continue
        machine = things.machines.get(segment.who)
        center = machine.work_center if machine else ""
        rate = rates.find("machine", "work_center", center, local_date(begins, things.site.zone)) if center else None
        hours = Fraction(ends - begins, MILLISECONDS_PER_HOUR)
        cost = hours * Fraction(rate.amount) if rate else None
        losses.append(Loss(segment.id, "downtime", begins, segment.event.reason, Fraction(0), hours, cost,
                           found_at=center, machine=segment.who))  # fmt: skip
    return losses


def _facts(
    connection: Connection, site: str, types: Iterable[str], known: ColumnElement[bool], first: int, until: int
) -> list[Event]:
    """Facts of some types that count, from an instant up to another, labels replaced as far as known."""
    query = select(EVENT.c.body).where(
        EVENT.c.site == site,
        known,
        EVENT.c.occurred_at >= first,
        EVENT.c.occurred_at < until,
        EVENT.c.type.in_(list(types)),
        EVENT.c.reason.not_in(GONE),
    )
    events = [catalog.rebuild(json.loads(body)) for body in connection.scalars(query)]
    return event_log.resolved(connection, site, events)
