"""The cast and the stage: a small plant, people, and builders for facts, so that a test shows only what it is about."""

import random
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from server.intake.accept import Sender, Verdict, accept
from server.store import plant as store_plant
from server.store.database import write
from server.worker import drain
from sync.core.clock import format_instant, parse_instant
from sync.core.plant import (
    Department,
    Item,
    Machine,
    Operation,
    Order,
    Person,
    Plan,
    Plant,
    Site,
    WorkCenter,
)  # fmt: skip
from sync.costing.engine import Terms
from sync.costing.policy import Policies, Policy
from sync.costing.rates import Rate, RateTable
from sync.events import catalog
from sync.events.base import Event

ANA, LUIS = "pa11ce000001", "p1015000002"
KEY = b"tests only, thirty-two bytes long"
PARIS = ZoneInfo("Europe/Paris")
RATE_GROUPS = {"G1": "31.17", "G2": "40.03"}


class Ids:
    """Event ids from a seed: random to look at, the same at each run."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)  # ids of tests, not secrets

    def __call__(self) -> str:
        return str(UUID(int=self.random.getrandbits(128), version=4))


new_id = Ids()


def raw(kind: str, at: str | int, *, id: str | None = None, **fields: Any) -> dict[str, Any]:
    """A fact as a device sends it. `at`: RFC 3339, or milliseconds."""
    instant = format_instant(at) if isinstance(at, int) else at
    fields = {name: value for name, value in fields.items() if value is not None}
    return {
        "id": id or new_id(),
        "type": kind,
        "version": 1,
        "occurred_at": instant,
        "provenance": "measured",
        **fields,
    }


def fact(kind: str, at: str | int, **fields: Any) -> Event:
    """The same as a checked event."""
    return catalog.load(raw(kind, at, **fields))


def instant(text: str) -> int:
    return parse_instant(text)


def a_plant(**changes: Any) -> Plant:
    """A turning shop: two orders of two operations, two people of two rate groups, glue at moving average."""
    made = Plant(
        Site("main", "Atelier", PARIS, "EUR"),
        {"D1": Department("D1", "Turning"), "D2": Department("D2", "Assembly")},
        {"W1": WorkCenter("W1", "Lathe", "D1"), "W2": WorkCenter("W2", "Bench", "D2")},
        {"M1": Machine("M1", "Lathe 1", "W1")},
        {ANA: Person(ANA, "G1", "D1"), LUIS: Person(LUIS, "G2", "D2")},
        {"GLUE": Item("GLUE", "Glue", "kg", "moving_average"), "OAK": Item("OAK", "Oak", "kg")},
        {
            code: Order(code, "CHAIR", Decimal(10), operations=(
                Operation("10", "Turn", 10, "W1", Decimal(15), Decimal("2.5")), Operation("20", "Glue", 20, "W2")))
            for code in ("MO-1", "MO-2")
        },
        (Plan("department", "Department", "department"), Plan("product", "Product", "item")),
    )  # fmt: skip
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def some_rates(*more: Rate) -> RateTable:
    """Both rate groups, the lathe and oak, from 2026 on."""
    start = date(2026, 1, 1)
    labor = [Rate(f"r-{g}", "labor", "rate_group", g, start, 1, Decimal(a)) for g, a in RATE_GROUPS.items()]
    machine = Rate("r-W1", "machine", "work_center", "W1", start, 1, Decimal("22.50"))
    oak = Rate("r-OAK", "standard_cost", "item", "OAK", start, 1, Decimal("3.20"))
    return RateTable([*labor, machine, oak, *more])


def terms(plant: Plant | None = None, rates: RateTable | None = None, policy: Policy | None = None) -> Terms:
    return Terms(plant or a_plant(), rates or some_rates(), Policies([policy or Policy()]))


def put_plant(engine: Engine, site: str = "main") -> None:
    """The same plant in a database that has the site."""
    rows: dict[str, list[dict[str, Any]]] = {
        "departments": [{"code": "D1", "name": "Turning"}, {"code": "D2", "name": "Assembly"}],
        "work_centers": [
            {"code": "W1", "name": "Lathe", "department": "D1"}, {"code": "W2", "name": "Bench", "department": "D2"},
        ],
        "machines": [{"code": "M1", "name": "Lathe 1", "work_center": "W1"}],
        "people": [
            {"key": ANA, "name": "Ana", "rate_group": "G1", "department": "D1"},
            {"key": LUIS, "name": "Luis", "rate_group": "G2", "department": "D2"},
        ],
        "items": [
            {"code": "GLUE", "name": "Glue", "unit": "kg", "valuation": "moving_average"},
            {"code": "OAK", "name": "Oak", "unit": "kg", "valuation": "standard"},
            {"code": "CHAIR", "name": "Chair", "unit": "pcs", "valuation": "standard"},
        ],
        "orders": [{"code": code, "item": "CHAIR", "quantity": "10"} for code in ("MO-1", "MO-2")],
        "operations": [
            {"order": code, "number": number, "name": name, "sequence": int(number), "work_center": center,
             "standard_setup_min": "15", "standard_run_min": "2.5"}
            for code in ("MO-1", "MO-2") for number, name, center in (("10", "Turn", "W1"), ("20", "Glue", "W2"))
        ],
        "plans": [
            {"code": "department", "name": "Department", "follows": "department"},
            {"code": "product", "name": "Product", "follows": "item"},
        ],
        "rates": [
            *({"kind": "labor", "subject_kind": "rate_group", "subject": group, "valid_from": "2026-01-01", "amount": a}
              for group, a in RATE_GROUPS.items()),
            {"kind": "machine", "subject_kind": "work_center", "subject": "W1", "valid_from": "2026-01-01",
             "amount": "22.50"},
            {"kind": "standard_cost", "subject_kind": "item", "subject": "OAK", "valid_from": "2026-01-01",
             "amount": "3.20"},
        ],
    }  # fmt: skip
    with write(engine) as connection:
        for kind, of_kind in rows.items():
            store_plant.put(connection, site, kind, of_kind)


def send(
    engine: Engine, facts: Iterable[dict[str, Any]], *, now: int = 1_795_200_000_000, site: str = "main"
) -> list[Verdict]:
    """Facts through the real intake, committed."""
    with write(engine) as connection:
        return accept(connection, site, Sender("11111111-1111-4111-8111-111111111111"), list(facts), now)


def settle(engine: Engine, limit: int = 500) -> int:
    """Cost all that waits; the number of entries posted."""
    return drain(engine, "main", KEY, limit=limit).entries


def a_shop(seed: int, count: int = 80) -> list[dict[str, Any]]:
    """Random facts of three days, with overlaps, missing ends, breaks, ends of shifts, operations nobody planned,
    corrections and corrections of corrections."""
    chance = random.Random(seed)
    ids = Ids(seed + 1_000_000)
    made: list[dict[str, Any]] = []

    def add(kind: str, at: int, **fields: Any) -> str:
        made.append(raw(kind, at, id=ids(), **fields))
        return str(made[-1]["id"])

    begin = instant("2026-11-16T05:00:00Z")
    while len(made) < count:
        at = begin + chance.randrange(3 * 86_400) * 1000
        job = {"order": chance.choice(["MO-1", "MO-2"]), "operation": chance.choice(["10", "10", "20", "20", "15"])}
        who = chance.choice([ANA, LUIS])
        match chance.randrange(15):
            case 0 | 1 | 2 | 3:
                start = add("labor.started", at, person=who, activity=chance.choice(["run", "setup", "rework"]), **job)
                end = at + chance.randrange(60, 14 * 3600) * 1000
                if chance.random() < 0.85:
                    named = {"start_id": start} if chance.random() < 0.7 else {"order": job["order"]}
                    add("labor.stopped", end, person=who, **named)
                if chance.random() < 0.2:
                    add("event.voided", end + 5000, target_id=start, reason="MISTAKE")
            case 4:
                add("labor.declared", at, person=who, activity="indirect", indirect_code="CLEAN",
                    started_at=format_instant(at - 3_600_000), ended_at=format_instant(at))  # fmt: skip
            case 5:
                add("material.received", at, item="GLUE", quantity=str(chance.randrange(1, 50)), unit="kg",
                    unit_cost=str(Decimal(chance.randrange(100, 999)) / 100))  # fmt: skip
            case 6:
                add("material.consumed", at, item=chance.choice(["GLUE", "OAK"]), **job,
                    quantity=str(chance.randrange(1, 9)), unit=chance.choice(["kg", "g"]))  # fmt: skip
            case 7:
                add("output.reported", at, **job, quantity=str(chance.randrange(1, 9)))
            case 8:
                add("defect.reported", at, **job, quantity="1", disposition=chance.choice(["scrap", "hold"]),
                    reason="BURR", caused_at=chance.choice([None, "10"]))  # fmt: skip
            case 9:
                run = add("machine.started", at, machine="M1", **job)
                end = at + chance.randrange(60, 20 * 3600) * 1000
                add("machine.stopped", end, machine="M1", start_id=chance.choice([run, None]))
            case 10:
                pause = add("break.started", at, person=who)
                if chance.random() < 0.9:
                    end = at + chance.randrange(60, 3600) * 1000
                    add("break.stopped", end, person=who, start_id=chance.choice([pause, None]))
            case 11:
                add("shift.ended", at, person=who)
            case 12:
                add("operation.added", at, order=job["order"], operation="15", name="Repair",
                    work_center=chance.choice(["W1", "W2"]))  # fmt: skip
            case _:
                target = chance.choice(made)["id"] if made else ids()
                if chance.random() < 0.7:
                    kind = chance.choice(["event.voided", "event.voided", "event.declined"])
                    add(kind, at, target_id=target, reason="MISTAKE")
                else:
                    other = add("output.reported", at, **job, quantity="2")
                    add("event.replaced", at, target_id=target, replacement_id=other, reason="MISTAKE")
    return made
