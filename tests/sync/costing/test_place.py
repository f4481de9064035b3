"""Where a fact belongs: letters of labels resolved, places found or said to be unknown."""

from typing import Any

import pytest

from sync.core.codes import from_number
from sync.core.findings import Outcome
from sync.core.plant import LabelCode
from sync.costing.place import Place, locate, resolve_labels
from tests.cast import ANA, a_plant, fact

ORDER, STEP, PERSON, REASON, LOT, SHELF = (from_number(number) for number in range(6))
CODES = {
    ORDER: LabelCode("order", "MO-1"), STEP: LabelCode("operation", "MO-2", "20"), PERSON: LabelCode("person", ANA),
    REASON: LabelCode("reason", "BURR"), LOT: LabelCode("lot", "OAK", "L-7"), SHELF: LabelCode("location", "R1"),
}  # fmt: skip


def resolved(kind: str = "output.reported", **fields: str) -> dict[str, Any]:
    given = {"quantity": "1", "operation": "10", **fields} if kind == "output.reported" else fields
    found = resolve_labels(fact(kind, "2026-11-20T08:00:00Z", **given), CODES)
    return {name: getattr(found, name) for name in fields}


def test_letters_become_what_they_stand_for() -> None:
    assert resolved(order=ORDER, person=PERSON) == {"order": "MO-1", "person": ANA}
    found = resolve_labels(fact("machine.started", "2026-11-20T08:00:00Z", machine="M1", order=STEP), CODES)
    assert (found.order, found.operation) == ("MO-2", "20"), "the label of an operation stands for both"


def test_an_operation_that_was_said_is_kept() -> None:
    """Scanned at operation 20, corrected by hand to 10: the hand wins."""
    assert resolved(order=STEP, operation="10") == {"order": "MO-2", "operation": "10"}
    assert resolved(order="MO-1", operation=STEP) == {"order": "MO-1", "operation": "20"}


def test_the_label_of_a_lot_stands_for_item_and_lot() -> None:
    drawn = {"order": "MO-1", "quantity": "1", "unit": "kg"}
    found = resolve_labels(fact("material.consumed", "2026-11-20T08:00:00Z", item=LOT, **drawn), CODES)
    assert (found.item, found.lot) == ("OAK", "L-7")
    found = resolve_labels(fact("material.consumed", "2026-11-20T08:00:00Z", item="OAK", lot=LOT, **drawn), CODES)
    assert (found.item, found.lot) == ("OAK", "L-7")
    found = resolve_labels(fact("material.consumed", "2026-11-20T08:00:00Z", item=LOT, lot="L-8", **drawn), CODES)
    assert (found.item, found.lot) == ("OAK", "L-8"), "a lot that was said is kept"


def test_letters_of_another_kind_or_of_nothing_stay() -> None:
    unknown = from_number(99)
    assert resolved(order=PERSON) == {"order": PERSON}
    assert resolved(order=unknown, person=REASON) == {"order": unknown, "person": REASON}
    assert resolved("downtime.started", machine="M1", reason=REASON) == {"machine": "M1", "reason": "BURR"}


@pytest.mark.parametrize(
    ("order", "operation", "found"),
    [("MO-1", "20", "W2"), ("MO-1", None, ""), ("MO-1", "", ""), ("MO-9", "10", "reference.unknown_order"),
     ("MO-1", "77", "reference.unknown_operation")],
)  # fmt: skip
def test_a_place_or_why_not(order: str, operation: str | None, found: str) -> None:
    place = locate(a_plant(), order, operation)
    if isinstance(place, Outcome):
        assert (place.state, place.reason) == ("held", found)
    else:
        assert isinstance(place, Place)
        assert (place.order.code, place.operation, place.work_center) == (order, operation or "", found)
