"""What orders cost against their standard: one set of queries for the pages and for the API.

Actual comes from `order_cost`, which moves with the ledger; pieces come from the facts; the standard from operations,
components and rates. The arithmetic is `sync.costing.standard`. Nothing here asks once for each row: a page of orders
takes as many queries as one order.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from sqlalchemy import Connection, Table, and_, case, func, or_, select

from server.store import event_log, ledger, plant, steps
from server.store.plant import chunks
from server.store.tables import TABLES
from sync.core.billing import SOLD_BY_THE_HOUR
from sync.core.clock import local_date
from sync.core.findings import GONE, RUNNING, Outcome
from sync.core.money import ZERO, from_store, round_money
from sync.core.plant import Order, Plant
from sync.core.quantity import plain
from sync.costing import cost_card, standard
from sync.costing.cost_card import CostCard, Unknown
from sync.costing.policy import Policies
from sync.costing.rates import Rate, RateTable
from sync.costing.rules import scrap
from sync.costing.spent import Counted, Spent, borne, count_pieces, good_output
from sync.costing.standard import Comparison
from sync.costing.valuation import AT_COST
from sync.events import catalog
from sync.events.base import Event
from sync.ledger.billed import Billed
from sync.ledger.billed import by_order as billed_by_order
from sync.ledger.entry import hours

ORDER: Table = TABLES["order"]
ITEM: Table = TABLES["item"]
EVENT: Table = TABLES["event"]
ORDER_COST: Table = TABLES["order_cost"]
RATE: Table = TABLES["rate"]

# actual: labor at the rates entries used. standard_rate: hours at the published rate of their work center.
Valuation = Literal["actual", "standard_rate"]

LAST_DAY = "9999-12-31"


@dataclass(frozen=True, slots=True)
class OrderCost:
    """An order with its pieces, its facts by state, and its cost against the standard."""

    order: Order
    status: str
    due_on: str
    item_name: str
    unit: str
    valuation: Valuation
    comparison: Comparison
    counted: Mapping[str, Counted] = field(default_factory=dict)
    # The day whose prices the standard uses: that of the frozen one, else that of the order's first fact.
    day: date = date.min
    held: int = 0
    running: int = 0
    waiting: int = 0
    # The standard frozen at release, or why there is none: then the comparison is with the order's own operations.
    frozen: CostCard | Outcome | None = None
    # What its time is billed at, where that is sold by the hour and something is posted; no wage is told by it.
    billed: Billed | None = None

    @property
    def margin(self) -> Decimal | None:
        """What is left of the billable amount beyond actual cost; None where either is not known to the reader."""
        if self.billed is None or self.valuation != "actual":
            return None
        return self.billed.margin(self.comparison.total.actual)

    def forecast(self, currency: str) -> standard.Forecast | None:
        """What the whole order will have cost; None once it is closed, and while a price is missing."""
        if self.status != "open" or self.comparison.unknown:
            return None
        return standard.forecast(self.comparison.total, currency)

    @property
    def version(self) -> str:
        """Of the frozen standard; "" without one."""
        return self.frozen.version if isinstance(self.frozen, CostCard) else ""

    @property
    def good(self) -> Decimal:
        """Good pieces of the whole order: those the last planned operation passed."""
        return good_output(self.order, self.counted)

    @property
    def scrap(self) -> Decimal:
        """Scrapped pieces, wherever they were found."""
        return sum((count.scrap for count in self.counted.values()), ZERO)


# --- which orders ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filter:
    """`status`: open, closed or "" (all); `text`: part of a code, item or customer."""

    status: str = "open"
    text: str = ""


def find_orders(
    connection: Connection, site: str, wanted: Filter, after: tuple[str, str] | None = None, limit: int = 50
) -> list[tuple[str, str]]:
    """(due day or LAST_DAY, code) of orders, soonest due first, after such a pair."""
    due = func.coalesce(ORDER.c.due_on, LAST_DAY)
    query = select(due, ORDER.c.code).where(ORDER.c.site == site)
    if wanted.status:
        query = query.where(ORDER.c.status == wanted.status)
    if wanted.text:
        item = and_(ITEM.c.site == ORDER.c.site, ITEM.c.code == ORDER.c.item)
        texts = (ORDER.c.code, ORDER.c.item, ORDER.c.customer, func.coalesce(ITEM.c.name, ""))
        query = query.outerjoin(ITEM, item).where(or_(*(t.icontains(wanted.text, autoescape=True) for t in texts)))
    if after:
        query = query.where(or_(due > after[0], and_(due == after[0], ORDER.c.code > after[1])))
    rows = connection.execute(query.order_by(due, ORDER.c.code).limit(limit))
    return [(day, code) for day, code in rows]


def count_orders(connection: Connection, site: str) -> dict[str, int]:
    """How many orders there are, by status."""
    query = select(ORDER.c.status, func.count()).where(ORDER.c.site == site).group_by(ORDER.c.status)
    return {row[0]: row[1] for row in connection.execute(query)}


def worked_on(connection: Connection, site: str) -> list[str]:
    """Open orders that bear cost: what can drift."""
    query = (
        select(ORDER.c.code)
        .join(ORDER_COST, and_(ORDER_COST.c.site == ORDER.c.site, ORDER_COST.c.order == ORDER.c.code))
        .where(ORDER.c.site == site, ORDER.c.status == "open")
    )
    return list(connection.scalars(query.distinct().order_by(ORDER.c.code)))


# --- what they cost ----------------------------------------------------------------------------------------------


def costs(
    connection: Connection, site: str, codes: Collection[str], valuation: Valuation, now: int
) -> dict[str, OrderCost]:
    """The cost of each of these orders against its standard; orders that do not exist are left out."""
    made_here = _made_here(connection, site, codes) if valuation == "standard_rate" else {}
    items = {content["item"] for contents in made_here.values() for content in contents}
    things = steps.knowing(connection, site, plant.load_part(connection, site, orders=codes, items=items))
    orders = {code: things.orders[code] for code in codes if code in things.orders}
    if not orders:
        return {}
    rows = {row["code"]: row for row in plant.rows(connection, site, "orders", "code", orders)}
    rates = published_rates(connection, site, things)
    spent = _spent(connection, site, orders, things.site.currency)
    pieces = facts_of(connection, site, orders)
    states = _states(connection, site, orders)
    policies = plant.policies(connection, site)
    # A percentage of money tells what it is of.
    by_hours = not any(pool.by_money for pool in things.charges.overheads)
    shown = standard.without_overhead if valuation == "standard_rate" and not by_hours else lambda told: told
    sold = _billed(connection, site, orders.values())
    drawn, unpriced = _at_standard(made_here, things, rates, policies)
    made = {}
    for code, order in orders.items():
        counted = count_pieces(pieces[code])
        first, held, running, waiting = states.get(code, (now, 0, 0, 0))
        day = local_date(first, things.site.zone)
        lines, unknown = spent[code], frozenset[Unknown]()
        if valuation == "standard_rate":
            lines = [*lines, *drawn.get(code, ())]
            lines, unknown = standard.at_published_rates(lines, rates, day, things.site.currency, overhead=by_hours)
            unknown |= unpriced.get(code, frozenset())
            if any(line.element == "scrap" for line in spent[code]):
                lines = [*lines, *_scrap_again(order, pieces[code], lines, things, policies)]
        begun = {line.operation for line in lines if line.milliseconds} | set(counted)
        row, item = rows[code], things.items.get(order.item)
        frozen = cost_card.of_order(things, order, rates, policies)
        card = frozen if isinstance(frozen, CostCard) else cost_card.as_planned(things, order, rates, policies, day)
        made[code] = OrderCost(
            order,
            row["status"],
            row["due_on"] or "",
            item.name if item else "",
            item.unit if item else "",
            valuation,
            standard.compare(
                lines,
                shown(standard.earned(card, order, counted, begun)),
                shown(standard.planned(card, order)),
                unknown,
            ),
            counted,
            card.valid_from,
            held,
            running,
            waiting,
            frozen,
            sold.get(code),
        )
    return made


def _billed(connection: Connection, site: str, orders: Iterable[Order]) -> dict[str, Billed]:
    """What the time of orders is billed at; a plant that only makes things is not asked."""
    sold = [order.code for order in orders if order.kind in SOLD_BY_THE_HOUR or order.is_billable]
    contents = ledger.contents(connection, site, sold) if sold else {}
    return billed_by_order(content for of_order in contents.values() for content in of_order)


def published_rates(connection: Connection, site: str, things: Plant) -> RateTable:
    """The rates a standard is made of: of all work centers, and of the items in `things`. No wage is among them."""
    found = []
    of_places = and_(RATE.c.kind.in_(("standard_labor", "machine")), RATE.c.subject_kind == "work_center")
    wanted = [of_places]
    wanted += [and_(RATE.c.kind == "standard_cost", RATE.c.subject.in_(part)) for part in chunks(sorted(things.items))]
    for which in wanted:
        for row in connection.execute(select(RATE).where(RATE.c.site == site, which)):
            day, amount = date.fromisoformat(row.valid_from), Decimal(row.amount)
            found.append(
                Rate(row.id, row.kind, row.subject_kind, row.subject, day, row.version, amount, row.includes_labor)
            )
    return RateTable(found)


def _spent(connection: Connection, site: str, codes: Iterable[str], currency: str) -> dict[str, list[Spent]]:
    found: dict[str, list[Spent]] = defaultdict(list)
    names = ("order", "operation", "element", "work_center", "provenance", "amount", "milliseconds")
    columns = [ORDER_COST.c[name] for name in names]
    for part in chunks(sorted(codes)):
        query = select(*columns).where(ORDER_COST.c.site == site, ORDER_COST.c.order.in_(part))
        for code, operation, element, center, provenance, amount, span in connection.execute(
            query.order_by(*columns[:5])
        ):
            if amount or span:
                money = from_store(int(amount), currency)
                found[code].append(Spent(operation, element, center, provenance, money, int(span)))
    return found


QUANTITIES = ("output.reported", "defect.reported")
LIFECYCLE = ("order.closed", "order.reopened")


def facts_of(
    connection: Connection, site: str, codes: Iterable[str], types: Sequence[str] = QUANTITIES
) -> dict[str, list[Event]]:
    """Facts of some types that count, by order; labels a device did not know replaced as far as known now."""
    found: dict[str, list[Event]] = defaultdict(list)
    for part in chunks(sorted(codes)):
        query = select(EVENT.c.body).where(
            EVENT.c.site == site, EVENT.c.order.in_(part), EVENT.c.type.in_(types), EVENT.c.reason.not_in(GONE)
        )
        events = [catalog.rebuild(json.loads(body)) for body in connection.scalars(query)]
        for event in event_log.resolved(connection, site, events):
            found[getattr(event, "order", "")].append(event)
    return found


def _made_here(connection: Connection, site: str, codes: Collection[str]) -> dict[str, list[Mapping[str, Any]]]:
    """The contents of the entries by which these orders drew what other orders of the site made, by order."""
    fed = ledger.fed_items(connection, site)
    if not fed:
        return {}
    return {
        code: [content for content in contents if content["element"] == "material" and content.get("item") in fed]
        for code, contents in ledger.contents(connection, site, codes).items()
    }


def _at_standard(
    made_here: Mapping[str, Iterable[Mapping[str, Any]]], things: Plant, rates: RateTable, policies: Policies
) -> tuple[dict[str, list[Spent]], dict[str, frozenset[Unknown]]]:
    """By order: what material that orders made, and whose cost therefore holds actual labor, is worth at its published
    standard, less what it cost; and the items without one."""
    lines: dict[str, list[Spent]] = defaultdict(list)
    unknown: dict[str, frozenset[Unknown]] = defaultdict(frozenset)
    for code, contents in made_here.items():
        for content in contents:
            cost, item = borne(code, content), things.items.get(content["item"])
            if cost is None or (item and item.valuation not in AT_COST):
                continue
            day = date.fromisoformat(content["occurred_on"])
            card = cost_card.of_item(things, rates, policies, content["item"], day)
            rate = rates.find("standard_cost", "item", content["item"], day)
            unit_cost = card.unit_cost if card else Fraction(rate.amount) if rate else None
            if unit_cost is None:
                unknown[code] |= {Unknown("standard_cost", content["item"])}
            worth = round_money(Fraction(Decimal(content["quantity"])) * (unit_cost or 0), things.site.currency)
            place = content.get("operation", ""), "material", content.get("work_center", ""), content["provenance"]
            lines[code].append(Spent(*place, (worth if cost >= 0 else -worth) - cost))
    return lines, unknown


def _states(connection: Connection, site: str, codes: Iterable[str]) -> dict[str, tuple[int, int, int, int]]:
    """(instant of the first fact, held, running, waiting to be costed) of each order that has facts."""
    running = and_(EVENT.c.state == "held", EVENT.c.reason.in_(RUNNING))
    held = and_(EVENT.c.state == "held", EVENT.c.reason.not_in(RUNNING))
    sums = [func.sum(case((which, 1), else_=0)) for which in (held, running, EVENT.c.state == "received")]
    found = {}
    for part in chunks(sorted(codes)):
        query = select(EVENT.c.order, func.min(EVENT.c.occurred_at), *sums)
        query = query.where(EVENT.c.site == site, EVENT.c.order.in_(part)).group_by(EVENT.c.order)
        for code, first, *counts in connection.execute(query):
            found[code] = (int(first), int(counts[0]), int(counts[1]), int(counts[2]))
    return found


def _scrap_again(
    order: Order, pieces: Iterable[Event], shown: Iterable[Spent], things: Plant, policies: Policies
) -> list[Spent]:
    """Scrap by the rule of the ledger, on what the order bears at published rates."""
    bears = {order.code: standard.accumulated(shown, scrap.ACCUMULATING)}
    entries, _, _ = scrap.cost(pieces, things, policies, bears)
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for entry in entries:
        sums[entry.operation, entry.work_center, entry.provenance] -= entry.amount
    return [Spent(step, "scrap", center, how, amount) for (step, center, how), amount in sorted(sums.items())]


# --- as JSON -----------------------------------------------------------------------------------------------------


def as_json(cost: OrderCost, currency: str) -> dict[str, Any]:
    """GET /api/v1/orders/{code}/cost: money and pieces as text, hours with four decimals."""
    comparison = cost.comparison
    total = comparison.total
    known = {step.number: step for step in cost.order.operations}
    names = [*known, *sorted(comparison.operations.keys() - known.keys())]
    return {
        "order": cost.order.code,
        "currency": currency,
        "valuation": cost.valuation,
        "standard_rates_on": cost.day.isoformat(),
        "standard_version": cost.version or None,
        "quantity": plain(cost.order.quantity),
        "good": plain(cost.good),
        "scrap": plain(cost.scrap),
        "elements": [{"element": name, **_against(cell)} for name, cell in comparison.elements.items()],
        "operations": [
            {
                "operation": name,
                "name": known[name].name if name in known else "",
                "work_center": known[name].work_center if name in known else "",
                "unplanned": name in known and known[name].unplanned,
                "good": plain(cost.counted.get(name, Counted()).good),
                "scrap": plain(cost.counted.get(name, Counted()).scrap),
                **_against(comparison.operations.get(name, standard.Against())),
            }
            for name in names
        ],
        "actual": str(total.actual),
        "standard_planned": str(total.planned),
        "standard_earned": str(total.earned),
        "forecast": _forecast(cost, currency),
        "shares": {name: f"{share:.4f}" for name, share in comparison.shares.items()},
        "unknown": [{"kind": gap.kind, "subject": gap.subject} for gap in comparison.unknown],
        "billable": _billable(cost),
        "held": cost.held,
        "running": cost.running,
        "waiting": cost.waiting,
    }


def _forecast(cost: OrderCost, currency: str) -> dict[str, str | None] | None:
    """What the whole order will have cost; null where that cannot be told."""
    if (told := cost.forecast(currency)) is None:
        return None
    pace = None if told.at_this_pace is None else str(told.at_this_pace)
    return {"by_standard": str(told.by_standard), "at_this_pace": pace}


def _against(cell: standard.Against) -> dict[str, str]:
    return {
        "actual": str(cell.actual),
        "standard": str(cell.earned),
        "standard_planned": str(cell.planned),
        "variance": str(cell.variance),
        "hours": f"{cell.hours:.4f}",
        "standard_hours": f"{cell.earned_hours:.4f}",
    }


def _billable(cost: OrderCost) -> dict[str, str | None] | None:
    """What the order's time is billed at; null where nothing is sold by the hour. An amount or a margin that is not
    known, or not the reader's, is null."""
    if (sold := cost.billed) is None:
        return None
    spans = {"hours": sold.milliseconds, "not_billed_hours": sold.not_billed, "unknown_hours": sold.unknown}
    return {
        "amount": None if sold.known is None else str(sold.known),
        "margin": None if cost.margin is None else str(cost.margin),
        **{name: hours(Decimal(span)) for name, span in spans.items()},
    }


def summary_json(cost: OrderCost, currency: str) -> dict[str, Any]:
    """A line of GET /api/v1/orders."""
    total = cost.comparison.total
    return {
        "order": cost.order.code,
        "kind": cost.order.kind,
        "item": cost.order.item,
        "item_name": cost.item_name,
        "customer": cost.order.customer,
        "due_on": cost.due_on or None,
        "status": cost.status,
        "quantity": plain(cost.order.quantity),
        "unit": cost.unit,
        "good": plain(cost.good),
        "scrap": plain(cost.scrap),
        "currency": currency,
        "valuation": cost.valuation,
        "actual": str(total.actual),
        "standard_planned": str(total.planned),
        "standard_earned": str(total.earned),
        "billable": _billable(cost),
        "held": cost.held,
        "running": cost.running,
    }
