"""The costing and the phone agree on whose an instant is: tests/shared/days.json, read by both."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sync.core.clock import format_instant
from sync.core.plant import Operation, Order, Plant
from sync.costing.rules.labor_time import attribute
from sync.costing.scope import effective, pair_breaks, pair_labor
from sync.costing.splits import RULES
from tests.cast import ANA, PARIS, a_plant, fact, instant

MINUTE = 60_000
BEGIN = instant("2026-11-20T07:00:00Z")
DAYS = json.loads((Path(__file__).parents[2] / "shared" / "days.json").read_text(encoding="utf-8"))
NAMING = ("start_id", "target_id", "replacement_id")


def name(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def told(line: dict[str, Any]) -> dict[str, Any]:
    """A fact of the file with whole ids and instants."""
    fields = {key: name(value) if key in NAMING else value for key, value in line.items()}
    if "duration_min" in fields:
        fields["duration_ms"] = fields.pop("duration_min") * MINUTE
    if "from" in fields:
        fields["started_at"] = format_instant(BEGIN + fields.pop("from") * MINUTE)
        fields["ended_at"] = format_instant(BEGIN + fields.pop("until") * MINUTE)
    return fields


def plant_of(orders: list[dict[str, Any]]) -> Plant:
    """The cast's plant with these orders in place of its own."""
    plant = a_plant()
    plant.orders.clear()
    for order in orders:
        steps = tuple(
            Operation(
                step["number"], "", place, "", Decimal(step["standard_setup_min"]), Decimal(step["standard_run_min"])
            )
            for place, step in enumerate(order["operations"])
        )
        plant.orders[order["code"]] = Order(order["code"], "", Decimal(order["quantity"]), operations=steps)
    return plant


@pytest.mark.parametrize("day", DAYS, ids=lambda day: day["title"])
def test_the_minutes_of_a_day(day: dict[str, Any]) -> None:
    events = []
    for line in map(told, day["facts"]):
        kind, number, at = line.pop("type"), line.pop("id"), line.pop("at")
        about = {} if kind.startswith("event.") else {"person": ANA}
        events.append(fact(kind, BEGIN + at * MINUTE, id=name(number), **about, **line))
    counting = effective(events).events
    segments, _ = pair_labor(counting, 24 * 60 * MINUTE)
    breaks, _ = pair_breaks(counting, 24 * 60 * MINUTE)
    rule, plant = RULES[day.get("rule", "equal_share")], plant_of(day.get("orders", []))
    pieces = attribute(segments, PARIS, breaks, lambda _, together: rule.weigh(together, plant))
    found = {key: sum(piece.milliseconds for piece in parts) / MINUTE for key, parts in pieces.items()}
    assert found == {name(int(number)): minutes for number, minutes in day["minutes"].items()}
