"""Histories of stock: movements by any method, reports of pieces that draw, counts of what they draw, corrections."""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sync.core.plant import Component, Item, Operation, Order, Plant
from sync.costing.valuation import METHODS
from tests.cast import a_plant, raw

DAY = 86_400_000
BEGIN = 1_793_527_200_000  # 1 November 2026, 10:00 UTC
QUANTITIES = ["1", "3", "0.485", "0.97", "7", "0.000001", "12"]
PRICES = ["0.01", "1.01", "333.333333", "8.25", "0", "0.333333"]
ITEM = "GLUE"


def a_shop(**of_item: Any) -> Plant:
    """Glue by any method; chairs that draw glue by pieces, at both operations, on two orders."""
    steps = (Operation("10", "Turn", 10, "W1"), Operation("20", "Glue", 20, "W2"))
    parts = (
        Component(ITEM, "10", Decimal("0.7"), "kg", backflush=True),
        Component("OAK", "", Decimal(2), "kg", backflush=True),
    )
    orders = {code: Order(code, "CHAIR", Decimal(50), operations=steps, components=parts) for code in ("MO-1", "MO-2")}
    orders["MO-3"] = Order("MO-3", "CHAIR", Decimal(50), operations=steps)
    item = replace(Item(ITEM, "Glue", "kg"), **of_item)
    oak = Item("OAK", "Oak", "kg", "fifo")
    return a_plant(items={ITEM: item, "OAK": oak}, orders=orders)


def movements(seed: int, count: int = 24, *, kinds: str = "riiib") -> list[dict[str, Any]]:
    """Receipts, issues and returns of glue over three months, several at one instant now and then."""
    chance = random.Random(seed)
    made = []
    for _ in range(chance.randrange(1, count)):
        at = BEGIN + chance.randrange(0, 75 * 4) * DAY // 4
        told: dict[str, Any] = {"item": ITEM, "quantity": chance.choice(QUANTITIES), "unit": "kg"}
        match chance.choice(kinds):
            case "r":
                made.append(raw("material.received", at, unit_cost=chance.choice(PRICES), **told))
            case "b":
                made.append(raw("material.returned", at, order="MO-3", **told))
            case _:
                made.append(raw("material.consumed", at, order="MO-3", **told))
    return made


SHOPS = [
    *({"valuation": method} for method in METHODS),
    *({"valuation": method, "negative_stock": "hold"} for method in METHODS),
]


def a_month(seed: int) -> list[dict[str, Any]]:
    """Movements with reports of pieces on orders that draw, counts of what they draw, and corrections of any of it."""
    chance = random.Random(seed)
    made = movements(seed, 16)
    for _ in range(chance.randrange(2, 16)):
        at = BEGIN + chance.randrange(0, 75 * 4) * DAY // 4
        job = {"order": chance.choice(["MO-1", "MO-2"]), "operation": chance.choice(["10", "20"])}
        match chance.randrange(8):
            case 0:
                item, other = chance.sample([ITEM, "OAK"], 2)
                kind = chance.choice(["material.consumed", "material.substituted"])
                more = {"replaces": other} if kind == "material.substituted" else {}
                made.append(raw(kind, at, item=item, quantity="2", unit="kg", order=job["order"], **more))
            case 1:
                made.append(raw("defect.reported", at, quantity="1", reason="BURR",
                                disposition=chance.choice(["scrap", "hold", "rework"]), **job))  # fmt: skip
            case 2:
                made.append(raw("material.received", at, item="OAK", quantity="30", unit="kg", unit_cost="3.1"))
            case 3:
                target = chance.choice(made)["id"]
                made.append(raw("event.voided", at, target_id=target, reason="SLIP"))
            case 4:
                other = raw("output.reported", at, quantity="2", **job)
                made += [other, raw("event.replaced", at, target_id=chance.choice(made)["id"],
                                    replacement_id=other["id"], reason="SLIP")]  # fmt: skip
            case _:
                made.append(raw("output.reported", at, quantity=chance.choice(["1", "4", "7"]), **job))
    return made
