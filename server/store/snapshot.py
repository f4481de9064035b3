"""What a phone keeps to work offline: open orders, people, places, words, in one snapshot.

Minimal on purpose: people by first name and an initial, no number, no rate; money only where the site's floor settings
allow it, and then only what a piece costs at standard, made of published rates. Each list is in the order of its key
(people by name), so that whoever applies a change to a part of it gets the same list.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, select

from server.store import event_log, floor, names, order_cost, plant, steps
from server.store.plant import DETAILS, Row
from server.store.sites import Floor, read_floor
from server.store.tables import TABLES
from sync.core.canonical import dump
from sync.core.clock import format_instant, parse_instant
from sync.core.findings import GONE
from sync.core.money import ARITHMETIC, round_money
from sync.core.plant import Order, Plant
from sync.core.quantity import known_units, plain
from sync.costing import cost_card, standard
from sync.costing.cost_card import CostCard
from sync.costing.policy import Policies
from sync.costing.rates import RateTable

EVENT: Table = TABLES["event"]
ORDER: Table = TABLES["order"]
LABEL: Table = TABLES["label_code"]
SITE: Table = TABLES["site"]

PIECES = ("output.reported", "defect.reported")
ENDS = ("order.completed", "order.closed", "order.reopened")
OPEN = (*floor.STARTS, "break.started")
# Of a start, what one must know to go on with it at another device.
GOES_ON = (
    "id", "type", "person", "declared_by", "machine", "activity", "order", "operation", "indirect_code", "reason",
)  # fmt: skip
DRAWN = ("material.consumed", "material.substituted", "material.returned")


def snapshot(connection: Connection, site: str, today: date | None = None) -> dict[str, Any]:
    """Everything a phone needs to work offline, with a `version` that names its content. `today`: whose rates value a
    piece at standard, where operators may see that; without it no money at all. Raises UnknownSite."""
    place = plant.site_row(connection, site)
    allowed = read_floor(place["floor"])
    policies = plant.policies(connection, site)
    policy = policies.on(today) if today else policies.last
    machines = plant.rows(connection, site, "machines")
    units: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in plant.rows(connection, site, "item_units"):
        units[row["item"]][row["unit"]] = Decimal(row["factor"])
    items = plant.rows(connection, site, "items")
    people = [row for row in plant.rows(connection, site, "people") if row["active"]]
    orders = _orders(connection, site, items, machines, today if allowed.standard_cost else None)
    called = names.called(people, allowed.names)
    content: dict[str, Any] = {
        "site": {name: place[name] for name in ("code", "name", "zone", "currency", "language")},
        # How one person's time on several jobs is shared: shown to that person, so that nobody is told a wrong share.
        "settings": {**_of_phones(allowed), "split_rule": policy.split_rule},
        "people": [
            {
                "key": row["key"],
                "name": called[row["key"]][0],
                "initials": called[row["key"]][1],
                "language": row["language"] or place["language"],
            }
            for row in sorted(people, key=lambda row: (called[row["key"]], row["key"]))
        ],
        "orders": orders,
        "items": [
            {
                "code": row["code"],
                "name": row["name"],
                "unit": row["unit"],
                "units": known_units(row["unit"], units.get(row["code"], {})),
            }
            for row in items
        ],
        "machines": [{name: row[name] for name in ("code", "name", "work_center")} for row in machines],
        "work_centers": _named(plant.rows(connection, site, "work_centers")),
        "locations": _named(plant.rows(connection, site, "locations")),
        "activities": [
            {"code": row["code"], "name": json.loads(row["name"]), "idle": row["idle"]}
            for row in plant.rows(connection, site, "activities")
        ],
        "reasons": [
            {"code": row["code"], "name": json.loads(row["name"]), "kind": row["kind"]}
            for row in sorted(plant.rows(connection, site, "reasons"), key=lambda row: (row["code"], row["kind"]))
        ],
        "lots": [{"item": item, "lot": lot} for item, lot in plant.lots(connection, site)],
        "open": _open_work(connection, site),
        "codes": _codes(connection, site, orders, people),
    }
    return {"version": sha256(dump(content).encode()).hexdigest()[:32], **content}


def _of_phones(allowed: Floor) -> dict[str, Any]:
    """The choices a phone goes by itself; what people are called is done here, so that it never learns the rest."""
    return {name: value for name, value in asdict(allowed).items() if name != "names"}


def _named(rows: Iterable[Row]) -> list[dict[str, str]]:
    return [{"code": row["code"], "name": row["name"]} for row in rows]


# --- orders ------------------------------------------------------------------------------------------------------


Pieces = dict[str, dict[str, Decimal]]


def pieces(connection: Connection, site: str) -> dict[str, Pieces]:
    """Good and scrapped pieces of open orders by operation; facts that do not count any more aside."""
    facts = list(_facts(connection, site, PIECES))
    # A device that did not know the operation yet sent the letters of its label.
    letters = {fact["operation"] for _, fact in facts if event_log.is_label(fact["operation"])}
    meant = event_log.label_codes(connection, site, letters) if letters else {}
    sums: dict[str, Pieces] = defaultdict(dict)
    for code, fact in facts:
        good = fact["type"] == "output.reported"
        if good or fact["disposition"] == "scrap":
            number = fact["operation"]
            number = meant[number].detail if number in meant else number
            cell = sums[code].setdefault(number, {"good": Decimal(0), "scrap": Decimal(0)})
            cell["good" if good else "scrap"] += Decimal(fact["quantity"])
    return sums


def drawn(connection: Connection, site: str) -> dict[str, dict[tuple[str, str], Decimal]]:
    """What was taken from stock for open orders, less what went back, by item and unit as they were given."""
    facts = list(_facts(connection, site, DRAWN))
    letters = {fact["item"] for _, fact in facts if event_log.is_label(fact["item"])}
    meant = event_log.label_codes(connection, site, letters) if letters else {}
    sums: dict[str, dict[tuple[str, str], Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for code, fact in facts:
        item = meant[fact["item"]].ref if fact["item"] in meant else fact["item"]
        sign = -1 if fact["type"] == "material.returned" else 1
        sums[code][item, fact["unit"]] += sign * Decimal(fact["quantity"])
    return sums


def ended(connection: Connection, site: str) -> dict[str, str]:
    """What the floor said last of open orders: completed or closed; those that go on are left out."""
    said = [
        (parse_instant(fact["occurred_at"]), fact["id"], code, fact["type"])
        for code, fact in _facts(connection, site, ENDS)
    ]
    found = {code: kind.partition(".")[2] for _at, _id, code, kind in sorted(said)}
    return {code: end for code, end in found.items() if end != "reopened"}


def _facts(connection: Connection, site: str, types: Collection[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(order, body) of facts about open orders."""
    query = select(EVENT.c.order, EVENT.c.body).where(
        EVENT.c.site == site,
        EVENT.c.order.in_(select(ORDER.c.code).where(_open(site))),
        EVENT.c.type.in_(types),
        EVENT.c.reason.not_in(GONE),
    )
    for code, body in connection.execute(query):
        yield code, json.loads(body)


def _open_work(connection: Connection, site: str) -> list[dict[str, str]]:
    """What runs, whichever device began it: work goes on at the next tablet, and at one that lost its memory."""
    found = []
    for fact in floor.open_work(connection, site, OPEN):
        told = {name: value for name in GOES_ON if (value := getattr(fact.event, name, None))}
        found.append({**told, "occurred_at": format_instant(fact.event.occurred_at)})
    return sorted(found, key=lambda one: one["id"])


def _open(site: str) -> ColumnElement[bool]:
    return and_(ORDER.c.site == site, ORDER.c.status == "open")


def _orders(
    connection: Connection, site: str, items: Iterable[Row], machines: Iterable[Row], today: date | None
) -> list[dict[str, Any]]:
    rows = [dict(row) for row in connection.execute(select(ORDER).where(_open(site))).mappings()]
    codes = [row["code"] for row in rows]
    counted, taken, ends = pieces(connection, site), drawn(connection, site), ended(connection, site)
    done = steps.completed_operations(connection, site, codes)
    things = steps.knowing(connection, site, plant.load_part(connection, site, orders=codes))
    valued = _Valued(connection, site, things, today) if today else None
    made_of = {row["code"]: row for row in items}
    of_center: dict[str, list[str]] = defaultdict(list)
    for row in machines:
        of_center[row["work_center"]].append(row["code"])
    made = []
    for row in sorted(rows, key=lambda row: row["code"]):
        order, item = things.orders[row["code"]], made_of.get(row["item"])
        shown = {name: row[name] for name in ("code", "kind", "item", "quantity", "customer", "due_on")}
        shown |= {
            "status": ends.get(row["code"], row["status"]),
            "item_name": item["name"] if item else "",
            "unit": item["unit"] if item else "",
            "operations": _operations(order, done, of_center),
            "components": [
                {"item": part.item, "operation": part.operation, "quantity_per": plain(part.quantity_per),
                 "unit": part.unit}
                for part in order.components
            ],
            "progress": {
                number: {name: plain(value) for name, value in cell.items()}
                for number, cell in sorted(counted.get(row["code"], {}).items())
            },
            "drawn": [
                {"item": item, "unit": unit, "quantity": plain(quantity)}
                for (item, unit), quantity in sorted(taken.get(row["code"], {}).items())
            ],
        }  # fmt: skip
        if valued:
            valued.add_to(shown, order)
        made.append(shown)
    return made


def _operations(
    order: Order, done: Collection[tuple[str, str]], of_center: Mapping[str, list[str]]
) -> list[dict[str, Any]]:
    found = []
    for step in order.operations:
        shown: dict[str, Any] = {
            "number": step.number,
            "name": step.name,
            "work_center": step.work_center,
            "machines": of_center.get(step.work_center, []),
            "standard_setup_min": plain(step.standard_setup_min),
            "standard_run_min": plain(step.standard_run_min),
        }
        if (order.code, step.number) in done:
            shown["completed"] = True
        if step.unplanned:
            shown["unplanned"] = True
        found.append(shown)
    return found


class _Valued:
    """What one piece costs at standard, by published rates alone. Where a price is missing there is no figure: never is
    it taken for zero."""

    def __init__(self, connection: Connection, site: str, things: Plant, today: date) -> None:
        self.things, self.today, self.currency = things, today, things.site.currency
        self.rates: RateTable = order_cost.published_rates(connection, site, things)
        self.policies: Policies = plant.policies(connection, site)

    def add_to(self, shown: dict[str, Any], order: Order) -> None:
        """Add `standard_cost`: of a piece of the whole order, and of a piece at each operation (labor and machine)."""
        if order.quantity <= 0 or not order.operations:
            return
        card = cost_card.of_order(self.things, order, self.rates, self.policies)
        if not isinstance(card, CostCard):
            card = cost_card.as_planned(self.things, order, self.rates, self.policies, self.today)
        whole = standard.planned(card, order)
        missing = {price.subject for price in whole.unknown if price.kind != "standard_cost"}
        amounts: dict[str, Decimal] = defaultdict(Decimal)
        for line in whole.lines:
            if line.element != "material":
                amounts[line.operation] += line.amount
        for step in shown["operations"]:
            if step["number"] in amounts and step["work_center"] not in missing:
                step["standard_cost"] = self._each(amounts[step["number"]], order)
        if not whole.unknown:
            shown["standard_cost"] = self._each(sum((line.amount for line in whole.lines), Decimal(0)), order)

    def _each(self, amount: Decimal, order: Order) -> str:
        return f"{round_money(ARITHMETIC.divide(amount, order.quantity), self.currency):f}"


# --- labels ------------------------------------------------------------------------------------------------------


def _codes(
    connection: Connection, site: str, orders: Iterable[Row], people: Iterable[Row]
) -> dict[str, dict[str, str]]:
    """What labels say, without those of closed orders and people who left."""
    shown = {"order": {row["code"] for row in orders}, "person": {row["key"] for row in people}}
    shown["operation"] = shown["order"]
    codes: dict[str, dict[str, str]] = {}
    query = select(LABEL).where(LABEL.c.site == site).order_by(LABEL.c.code)
    for row in connection.execute(query).mappings():
        if row["kind"] not in shown or row["ref"] in shown[row["kind"]]:
            codes[row["code"]] = {"kind": row["kind"], "ref": row["ref"]}
            if row["kind"] in DETAILS and row["detail"]:  # labels of reasons did not always name the kind
                codes[row["code"]][DETAILS[row["kind"]]] = row["detail"]
    return codes
