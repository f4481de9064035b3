"""Facts without cost: noted, or held because something they name is unknown."""

from typing import Any

import pytest

from sync.costing import engine
from tests.cast import ANA, fact, new_id, terms

MO = {"order": "MO-1"}
STEP = {"order": "MO-1", "operation": "10"}
GLUE = {"item": "GLUE", "quantity": "2", "unit": "kg"}
UNKNOWN_STEP = "held reference.unknown_operation"


@pytest.mark.parametrize(
    ("kind", "fields", "told"),
    [
        ("inspection.reported", {**STEP, "result": "failed"}, ""),
        ("inspection.reported", {**MO, "operation": "77", "result": "passed"}, UNKNOWN_STEP),
        ("operation.completed", STEP, ""),
        ("operation.completed", {**MO, "operation": "77"}, UNKNOWN_STEP),
        ("operation.reopened", STEP, ""),
        ("operation.added", {**MO, "operation": "15", "name": "Repair", "work_center": "W2"}, ""),
        ("operation.added", {"order": "MO-9", "operation": "15", "name": "Repair", "work_center": "W2"},
         "held reference.unknown_order"),
        ("order.completed", MO, ""),
        ("order.closed", {"order": "MO-9"}, "held reference.unknown_order"),
        ("order.reopened", MO, ""),
        ("material.moved", {**GLUE, "to_location": "A-01"}, ""),
        ("material.moved", {**GLUE, "item": "NIX", "to_location": "A-01"}, "held reference.unknown_item"),
        ("material.moved", {**GLUE, "order": "MO-9", "to_location": "A-01"}, "held reference.unknown_order"),
        ("output.by_product", {**GLUE, **STEP}, "held by_product.no_value"),
        ("output.by_product", {**GLUE, "order": "MO-9"}, "held reference.unknown_order"),
        ("output.by_product", {**GLUE, **MO, "item": "NIX"}, "held reference.unknown_item"),
        ("help.called", {"reason": "FORKLIFT", "order": "MO-9"}, ""),
        ("help.answered", {"call_id": new_id()}, ""),
        ("shift.started", {"person": ANA}, ""),
        ("shift.ended", {"person": ANA}, ""),
    ],
)  # fmt: skip
def test_what_becomes_of_it(kind: str, fields: dict[str, Any], told: str) -> None:
    event = fact(kind, "2026-11-20T08:00:00Z", **fields)
    costed = engine.recompute([event], terms())
    outcome = costed.outcomes[event.id]
    assert f"{outcome.state} {outcome.reason}" == (told or "excluded fact.noted")
    assert costed.entries == []


def test_who_can_mend_what_waits() -> None:
    product = fact("output.by_product", "2026-11-20T08:00:00Z", **GLUE, **STEP)
    no = fact("event.declined", "2026-11-20T08:00:00Z", target_id=product.id, reason="DOUBT")
    assert engine.recompute([product], terms()).outcomes[product.id].owner == "accountant"
    assert engine.recompute([product, no], terms()).outcomes[product.id].owner == "lead"


def test_an_added_operation_is_known_to_what_is_noted() -> None:
    step = fact("operation.added", "2026-11-20T09:00:00Z", **MO, operation="15", name="Repair", work_center="W2")
    done = fact("operation.completed", "2026-11-20T08:00:00Z", **MO, operation="15")
    assert engine.recompute([done, step], terms()).outcomes[done.id].reason == "fact.noted"
