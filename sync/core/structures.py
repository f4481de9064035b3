"""How items are made and what they ought to cost, from rows of their files or tables.

A row of a file holds numbers and days, one of a table their text; a column a file does not have is simply absent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sync.core.plant import Bill, Component, GivenStandard, Operation, Routing, StandardLine

Row = Mapping[str, Any]


def operation_of(row: Row) -> Operation:
    """A step of an order or of a routing."""
    return Operation(
        row["number"],
        str(row.get("name") or row["number"]),
        row["sequence"],
        row.get("work_center", ""),
        _number(row, "standard_setup_min"),
        _number(row, "standard_run_min"),
    )


def component_of(row: Row, item: str) -> Component:
    """A component of an order or of a bill."""
    return Component(
        item,
        row.get("operation", ""),
        Decimal(row["quantity_per"]),
        row["unit"],
        _number(row, "waste_percent"),
        row.get("mix_group", ""),
        row.get("backflush", False),
    )


def idle_activities(rows: Iterable[Row]) -> frozenset[str]:
    """The activities that mark time on an order as idle."""
    return frozenset(row["code"] for row in rows if row.get("idle"))


def in_sequence(steps: Iterable[Operation]) -> tuple[Operation, ...]:
    """Steps in the order of work."""
    return tuple(sorted(steps, key=lambda step: (step.sequence, step.number)))


def routings_of(rows: Iterable[Row]) -> dict[str, tuple[Routing, ...]]:
    """Routings by item, each item's by the day they begin."""
    steps: dict[tuple[str, date], list[Operation]] = defaultdict(list)
    for row in rows:
        steps[row["item"], _since(row)].append(operation_of(row))
    made: dict[str, tuple[Routing, ...]] = {}
    for (item, day), of_day in sorted(steps.items()):
        made[item] = (*made.get(item, ()), Routing(day, in_sequence(of_day)))
    return made


def bills_of(rows: Iterable[Row]) -> dict[str, tuple[Bill, ...]]:
    """Bills by item, each item's by the day they begin."""
    parts: dict[tuple[str, date], list[Component]] = defaultdict(list)
    for row in rows:
        parts[row["item"], _since(row)].append(component_of(row, row["component"]))
    made: dict[str, tuple[Bill, ...]] = {}
    for (item, day), of_day in sorted(parts.items()):
        in_order = sorted(of_day, key=lambda part: (part.operation, part.item))
        made[item] = (*made.get(item, ()), Bill(day, tuple(in_order)))
    return made


def standards_of(rows: Iterable[Row]) -> dict[str, tuple[GivenStandard, ...]]:
    """Given cost cards by item, each item's by the day they begin (ties by version)."""
    lines: dict[tuple[str, date, str, Decimal], list[StandardLine]] = defaultdict(list)
    for row in rows:
        price = row.get("price")
        line = StandardLine(
            row.get("operation", ""),
            row["element"],
            row.get("component", ""),
            Decimal(row["quantity_per"]),
            row.get("per", "piece"),
            None if price is None else Decimal(price),
            row.get("unit", ""),
            row.get("mix_group", ""),
        )
        lines[row["item"], _since(row), row["version"], _number(row, "lot_size")].append(line)
    made: dict[str, tuple[GivenStandard, ...]] = {}
    for (item, day, version, lot_size), of_card in sorted(lines.items()):
        in_order = sorted(of_card, key=lambda line: (line.operation, line.element, line.component, line.per))
        card = GivenStandard(item, version, day, lot_size, tuple(in_order))
        made[item] = (*made.get(item, ()), card)
    return made


def _number(row: Row, column: str) -> Decimal:
    return Decimal(row.get(column) or 0)


def _since(row: Row) -> date:
    day = row.get("valid_from") or date.min
    return date.fromisoformat(day) if isinstance(day, str) else day
