"""A large works for the bench: 500 people in two shifts, each with a device, facts of as many days as are asked for.

    a day = 500 people x about 40 facts: starts and stops (a third of the jobs of two orders at once, so that time is
    shared), a break, machine runs, good pieces, scrap, material at standard and at moving average; 100 orders of a day,
    closed on the next morning

Orders bear accounts on three plans, one of them in shares. Everything follows from the number of the day, so that the
same day is the same wherever it is made.
"""

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from server.auth import credentials
from server.store import people as store_people
from server.store import plant
from server.store.database import read, write
from sync.core.clock import format_instant
from tests.cast import instant

PEOPLE, CENTERS, MACHINES_EACH, ORDERS_A_DAY = 500, 20, 3, 100
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BEGIN = instant("2026-01-05T00:00:00Z")
STANDARD = [f"STEEL-{number}" for number in range(20)]
AVERAGE = [f"PAINT-{number}" for number in range(10)]
OPERATIONS = ("10", "20", "30")
PROGRAM = -1  # who closes orders: no device

Fact = dict[str, Any]


def person(number: int) -> str:
    return f"pbe{number:09}"


def secret(number: int) -> str:
    """What a device shows to the server."""
    return f"fld_bench-{number}"


def order(day: int, number: int) -> str:
    return f"B{day:03}-{number:03}"


def put_works(engine: Engine) -> None:
    """All but the orders, in a database that has the site."""
    start = "2026-01-01"
    centers = [f"WC{number}" for number in range(CENTERS)]
    price = {"kind": "standard_cost", "subject_kind": "item", "valid_from": start}
    rows: dict[str, list[dict[str, Any]]] = {
        "departments": [{"code": f"DEP{number}", "name": f"Hall {number}"} for number in range(4)],
        "work_centers": [
            {"code": code, "name": code, "department": f"DEP{number % 4}"} for number, code in enumerate(centers)
        ],
        "machines": [
            {"code": f"{code}-M{number}", "name": f"{code}-M{number}", "work_center": code}
            for code in centers for number in range(MACHINES_EACH)
        ],
        "people": [
            {"key": person(number), "name": "", "rate_group": f"G{number % 3}", "department": f"DEP{number % 4}"}
            for number in range(PEOPLE)
        ],
        "items": [
            *({"code": code, "name": code, "unit": "kg", "valuation": "standard"} for code in STANDARD),
            *({"code": code, "name": code, "unit": "kg", "valuation": "moving_average"} for code in AVERAGE),
            *({"code": f"PUMP-{number}", "name": "Pump", "unit": "pcs"} for number in range(20)),
        ],
        "plans": [
            {"code": "department", "name": "Department", "follows": "department"},
            {"code": "product", "name": "Product", "follows": "item"},
            {"code": "market", "name": "Market", "follows": ""},
        ],
        "accounts": [{"plan": "market", "code": code, "name": code} for code in ("NORTH", "SOUTH")],
        "rates": [
            *({"kind": "labor", "subject_kind": "rate_group", "subject": f"G{number}", "valid_from": start,
               "amount": amount} for number, amount in enumerate(("31.17", "40.03", "27.50"))),
            *({"kind": "machine", "subject_kind": "work_center", "subject": code, "valid_from": start,
               "amount": f"{20 + number}.35"} for number, code in enumerate(centers)),
            *({**price, "subject": code, "amount": f"3.{number:02}"} for number, code in enumerate(STANDARD)),
            *({**price, "subject": f"PUMP-{number}", "amount": f"{140 + number}.00"} for number in range(20)),
        ],
    }  # fmt: skip
    with write(engine) as connection:
        for kind, of_kind in rows.items():
            plant.put(connection, "main", kind, of_kind)
        for number in range(PEOPLE):
            shown = credentials.digest(secret(number))
            store_people.create_device(connection, "main", f"Phone {number}", shown, BEGIN)


def devices(engine: Engine) -> list[str]:
    """The ids of the devices of a works, in the order of its people."""
    with read(engine) as connection:
        known = {one.name: one.id for one in store_people.list_devices(connection, "main")}
    return [known[f"Phone {number}"] for number in range(PEOPLE)]


def put_orders(engine: Engine, day: int) -> None:
    """The orders of a day."""
    codes = [order(day, number) for number in range(ORDERS_A_DAY)]
    rows: dict[str, list[dict[str, Any]]] = {
        "orders": [
            {"code": code, "item": f"PUMP-{number % 20}", "quantity": "20"} for number, code in enumerate(codes)
        ],
        "operations": [
            {"order": code, "number": step, "name": step, "sequence": int(step),
             "work_center": f"WC{(number + place) % CENTERS}", "standard_setup_min": "15", "standard_run_min": "2.5"}
            for number, code in enumerate(codes) for place, step in enumerate(OPERATIONS)
        ],
        "order_accounts": [
            {"order": code, "plan": "market", "account": account, "percent": percent}
            for code in codes for account, percent in (("NORTH", "60"), ("SOUTH", "40"))
        ],
    }  # fmt: skip
    with write(engine) as connection:
        for kind, of_kind in rows.items():
            plant.put(connection, "main", kind, of_kind)


class _Day:
    """The facts of one day, as (who sends it, fact)."""

    def __init__(self, day: int) -> None:
        self.day, self.chance = day, random.Random(day + 1)  # facts of a bench, not secrets
        self.made: list[tuple[int, Fact]] = []
        self.begin = BEGIN + day * DAY

    def add(self, who: int, kind: str, at: int, **fields: Any) -> str:
        fact = {"id": str(UUID(int=self.chance.getrandbits(128), version=4)), "type": kind, "version": 1,
                "occurred_at": format_instant(at), "provenance": "measured", **fields}  # fmt: skip
        if who != PROGRAM:
            fact["declared_by"] = person(who)
        self.made.append((who, fact))
        return str(fact["id"])

    def job(self) -> dict[str, str]:
        return {"order": order(self.day, self.chance.randrange(ORDERS_A_DAY)),
                "operation": self.chance.choice(OPERATIONS)}  # fmt: skip

    def run(self) -> None:
        if self.day:
            for number in range(ORDERS_A_DAY):
                at = self.begin + 4 * HOUR + number * 1000
                self.add(PROGRAM, "order.closed", at, order=order(self.day - 1, number))
        for item in AVERAGE:
            for hour in (5, 13):
                at = self.begin + hour * HOUR + self.chance.randrange(MINUTE)
                price = f"{self.chance.randrange(200, 300) / 100:.2f}"
                self.add(0, "material.received", at, item=item, quantity="900", unit="kg", unit_cost=price)
        for who in range(PEOPLE):
            self.shift(who, self.begin + (5 if who % 2 else 13) * HOUR + self.chance.randrange(10 * MINUTE))

    def shift(self, who: int, at: int) -> None:
        """Eight jobs of about an hour, a break in the middle."""
        me = {"person": person(who)}
        for number in range(8):
            job = self.job()
            jobs = [job, self.job()] if self.chance.random() < 0.33 else [job]
            until = at + self.chance.randrange(40, 70) * MINUTE
            activity = "setup" if number % 4 == 0 else "run"
            starts = [
                self.add(who, "labor.started", at + place, **me, **one, activity=activity)
                for place, one in enumerate(jobs)
            ]
            machine = {"machine": f"WC{self.chance.randrange(CENTERS)}-M{self.chance.randrange(MACHINES_EACH)}"}
            if self.chance.random() < 0.4:
                runs = self.add(who, "machine.started", at + MINUTE, **machine, **job, activity="run")
                self.add(who, "machine.stopped", until - MINUTE, **machine, start_id=runs)
            for _ in range(self.chance.choice((0, 1, 1, 1))):
                item = self.chance.choice(AVERAGE if self.chance.random() < 0.2 else STANDARD)
                self.add(who, "material.consumed", at + self.chance.randrange(30 * MINUTE), **job, item=item,
                         quantity=f"{self.chance.randrange(5, 60) / 10}", unit="kg")  # fmt: skip
            for _ in range(self.chance.choice((1, 1, 2))):
                self.add(who, "output.reported", at + self.chance.randrange(10, 39) * MINUTE, **job,
                         quantity=str(self.chance.randrange(1, 4)))  # fmt: skip
            if self.chance.random() < 0.06:
                self.add(who, "defect.reported", until - 2 * MINUTE, **job, quantity="1", reason="BURR",
                         disposition="scrap")  # fmt: skip
            if number == 3:
                pause = self.add(who, "break.started", until - 20 * MINUTE, **me)
                self.add(who, "break.stopped", until - 8 * MINUTE, **me, start_id=pause)
            for place, (one, start) in enumerate(zip(jobs, starts, strict=True)):
                self.add(who, "labor.stopped", until + place, **me, **one, start_id=start)
            at = until + self.chance.randrange(10_000, MINUTE)


def a_day(day: int) -> list[tuple[int, Fact]]:
    """The facts of a day in the order they were captured, each with the number of its device."""
    made = _Day(day)
    made.run()
    return sorted(made.made, key=lambda one: (one[1]["occurred_at"], one[1]["id"]))


def numbered(facts: list[tuple[int, Fact]], sequence: dict[int, int]) -> Iterator[tuple[int, Fact]]:
    """The same with the number each has on its device; `sequence`: the last one of each, moved on."""
    for who, fact in facts:
        if who == PROGRAM:
            yield who, fact
            continue
        sequence[who] = sequence.get(who, 0) + 1
        yield who, {**fact, "device_seq": sequence[who]}
