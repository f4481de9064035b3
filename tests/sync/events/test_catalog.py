"""Types of fact: what each takes, what it refuses and where, and that its description says the same."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, strategies

from sync.core.canonical import dump
from sync.events import catalog
from sync.events.base import TYPES, Event, event_type
from sync.events.catalog import EventRefused, json_schema, load, newest, rebuild
from sync.events.machine import MachineReported
from sync.events.material import MaterialConsumed, MaterialReceived
from tests.cast import ANA, new_id, raw

START = raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", order="MO-1", operation="10")
RECEIPT = raw("material.received", "2026-11-20T08:00:00Z", item="OAK", quantity="2.5", unit="m2", unit_cost="0")
VOID = raw("event.voided", "2026-11-20T08:00:00Z", target_id=new_id(), reason="SLIP")
ALL = {
    "labor.started": {"person": ANA, "activity": "indirect", "indirect_code": "CLEAN"},
    "labor.stopped": {"person": ANA, "start_id": new_id()},
    "labor.declared": {"person": ANA, "activity": "run", "order": "MO-1", "duration_ms": 0},
    "machine.started": {"machine": "M1"},
    "machine.stopped": {"machine": "M1"},
    "machine.reported": {"machine": "M1", "order": "MO-1", "duration_ms": 60_000},
    "downtime.started": {"machine": "M1", "reason": "BLADE"},
    "downtime.stopped": {"machine": "M1"},
    "material.received": {"item": "OAK", "quantity": "1", "unit": "m2", "unit_cost": "0", "opening": True},
    "material.consumed": {"item": "OAK", "quantity": "1", "unit": "m2", "order": "MO-1", "lot": "L-7"},
    "material.returned": {"item": "OAK", "quantity": "1", "unit": "m2", "order": "MO-1"},
    "output.reported": {"order": "MO-1", "operation": "10", "quantity": "1"},
    "defect.reported": {"order": "MO-1", "operation": "10", "quantity": "1", "disposition": "hold", "reason": "BURR"},
    "break.started": {"person": ANA, "reason": "LUNCH"},
    "break.stopped": {"person": ANA, "start_id": new_id()},
    "shift.started": {"person": ANA},
    "shift.ended": {"person": ANA},
    "material.substituted": {"item": "ELM", "quantity": "1", "unit": "m2", "order": "MO-1", "replaces": "OAK"},
    "material.moved": {"item": "OAK", "quantity": "1", "unit": "m2", "to_location": "A-03"},
    "output.by_product": {"order": "MO-1", "item": "CHIPS", "quantity": "1", "unit": "kg"},
    "inspection.reported": {"order": "MO-1", "operation": "10", "result": "failed", "characteristic": "Épaisseur",
                            "measured": "-0.35", "unit": "mm"},
    "operation.added": {"order": "MO-1", "operation": "25", "name": "Repair the veneer", "work_center": "W2"},
    "operation.completed": {"order": "MO-1", "operation": "10"},
    "operation.reopened": {"order": "MO-1", "operation": "10"},
    "order.completed": {"order": "MO-1"},
    "order.closed": {"order": "MO-1", "reason": "CANCELLED"},
    "order.reopened": {"order": "MO-1"},
    "help.called": {"reason": "FORKLIFT", "work_center": "W1"},
    "help.answered": {"call_id": new_id()},
    "event.voided": {"target_id": new_id(), "reason": "SLIP"},
    "event.replaced": {"target_id": new_id(), "replacement_id": new_id(), "reason": "SLIP"},
    "event.approved": {"target_id": new_id(), "reason": "SEEN"},
    "event.declined": {"target_id": new_id(), "reason": "DOUBT"},
}  # fmt: skip


def refusal(event: Any) -> tuple[str, str]:
    """(code, pointer) of the refusal; ("", "") when the event is fine."""
    try:
        load(event)
    except EventRefused as wrong:
        assert not set(re.findall(r"{(\w+)}", wrong.sentence)) - set(wrong.params), "every place is filled"
        return wrong.code, wrong.pointer
    return "", ""


@pytest.mark.parametrize("name", ALL)
def test_each_type_is_read_and_rebuilt(name: str) -> None:
    event = raw(
        name, "2026-11-20T08:00:00Z", device_seq=7, boot_id="b1", monotonic_ms=1, clock_offset_ms=-5, **ALL[name]
    )
    fact = load(event)
    assert (fact.type, fact.version, fact.device_seq) == (name, 1, 7)
    assert fact == rebuild(json.loads(dump(event))), "the log's bytes give the same fact without another check"


def test_every_type_is_tried_here() -> None:
    assert {kind.type for kind in newest()} == set(ALL)


def test_null_counts_as_absent() -> None:
    assert load({**START, "indirect_code": None, "device_seq": None}) == load(START)


def test_values_inside() -> None:
    fact = load(RECEIPT)
    assert isinstance(fact, MaterialReceived)
    assert (str(fact.quantity), str(fact.unit_cost), fact.opening, fact.occurred_at) == (
        "2.5",
        "0",
        None,
        1795161600000,
    )


def test_told_time_is_about_its_beginning() -> None:
    told = {"person": ANA, "activity": "run", "order": "MO-1"}
    declared = raw("labor.declared", "2026-11-21T18:00:00Z", **told,
                   started_at="2026-11-20T08:00:00Z", ended_at="2026-11-20T08:00:00Z")  # fmt: skip
    assert load(declared).about == load(START).about + 3_600_000
    assert load(raw("labor.declared", "2026-11-20T07:00:00Z", **told)).about == load(START).about


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"id": None}, "intake.missing_field", "/id"),
        ({"id": "8F3E9A52-6F7F-4A51-9D6E-0D5A3F1B2C01"}, "intake.bad_value", "/id"),
        ({"id": "00000000-0000-0000-0000-000000000000"}, "intake.bad_value", "/id"),
        ({"id": "ffffffff-ffff-ffff-ffff-ffffffffffff"}, "intake.bad_value", "/id"),
        ({"id": 5}, "intake.bad_value", "/id"),
        ({"type": None}, "intake.unknown_type", "/type"),
        ({"type": ["labor.started"]}, "intake.unknown_type", "/type"),
        ({"type": "labor.Started"}, "intake.unknown_type", "/type"),
        ({"version": None}, "intake.unknown_version", "/version"),
        ({"version": 2}, "intake.unknown_version", "/version"),
        ({"version": True}, "intake.unknown_version", "/version"),
        ({"version": "1"}, "intake.unknown_version", "/version"),
        ({"occurred_at": None}, "intake.missing_field", "/occurred_at"),
        ({"occurred_at": "2026-11-20T08:00:00"}, "intake.bad_value", "/occurred_at"),
        ({"occurred_at": 1795158000000}, "intake.bad_value", "/occurred_at"),
        ({"provenance": "guessed"}, "intake.bad_value", "/provenance"),
        ({"person": None}, "intake.missing_field", "/person"),
        ({"person": ""}, "intake.bad_value", "/person"),
        ({"person": " ana"}, "intake.bad_value", "/person"),
        ({"person": "ana\u00a0"}, "intake.bad_value", "/person"),
        ({"person": "x" * 65}, "intake.bad_value", "/person"),
        ({"person": "ana\nmorel"}, "intake.bad_value", "/person"),
        ({"person": "e\u0301"}, "intake.bad_value", "/person"),
        ({"person": "ana\u200b"}, "intake.bad_character", "/person"),
        ({"activity": "dance"}, "intake.bad_value", "/activity"),
        ({"activity": "indirect"}, "intake.bad_value", "/indirect_code"),
        ({"order": None}, "intake.bad_value", "/order"),
        ({"device_seq": 0}, "intake.bad_value", "/device_seq"),
        ({"device_seq": True}, "intake.bad_value", "/device_seq"),
        ({"device_seq": "1"}, "intake.bad_value", "/device_seq"),
        ({"note_digest": "A" * 64}, "intake.bad_value", "/note_digest"),
        ({"wage": "12"}, "intake.unknown_field", "/wage"),
        ({"quantity": "3"}, "intake.unknown_field", "/quantity"),
        ({"nested": {"a": [1.5]}}, "intake.not_a_number", "/nested/a/0"),
    ],
)  # fmt: skip
def test_a_start_that_is_wrong(change: dict[str, Any], code: str, pointer: str) -> None:
    assert refusal({**START, **change}) == (code, pointer)


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "-0", "1e3", "1.0000001", "1000000000", "NaN", "", " 1", "1,5", "١", 1, True, None, ["1"]]
)
def test_a_quantity_that_is_none(quantity: Any) -> None:
    code, pointer = refusal({**RECEIPT, "quantity": quantity})
    assert code == ("intake.missing_field" if quantity is None else "intake.bad_value")
    assert pointer == "/quantity"


def test_zero_may_be_a_cost_and_nothing_below() -> None:
    assert refusal({**RECEIPT, "unit_cost": "0.000000"}) == ("", "")
    assert refusal({**RECEIPT, "unit_cost": "-0"}) == ("intake.bad_value", "/unit_cost")
    assert refusal({**RECEIPT, "opening": "yes"}) == ("intake.bad_value", "/opening")
    assert refusal({**RECEIPT, "opening": 1}) == ("intake.bad_value", "/opening")


def test_corrections_do_not_act_on_themselves() -> None:
    assert refusal({**VOID, "target_id": VOID["id"]}) == ("intake.bad_value", "/target_id")
    replaced = raw(
        "event.replaced", "2026-11-20T08:00:00Z", target_id=VOID["id"], replacement_id=VOID["id"], reason="X"
    )
    assert refusal(replaced) == ("intake.bad_value", "/target_id")


@pytest.mark.parametrize(
    ("times", "pointer"),
    [
        ({"started_at": "2026-11-20T08:00:00Z"}, "/ended_at"),
        ({"ended_at": "2026-11-20T08:00:00Z"}, "/ended_at"),
        ({"started_at": "2026-11-20T08:00:00Z", "ended_at": "2026-11-20T07:59:59Z"}, "/ended_at"),
        ({"started_at": "2026-11-20T08:00:00Z", "ended_at": "2026-11-20T09:00:00Z", "duration_ms": 1}, "/duration_ms"),
        ({"duration_ms": -1}, "/duration_ms"),
        ({"duration_ms": 31 * 86_400_000 + 1}, "/duration_ms"),
        ({}, ""),
    ],
)
def test_declared_time_is_told_in_one_way(times: dict[str, Any], pointer: str) -> None:
    told = raw("labor.declared", "2026-11-20T18:00:00Z", person=ANA, activity="run", order="MO-1", **times)
    assert refusal(told)[1] == pointer


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        ({"duration_ms": 0}, ""),
        ({"counter_from": "0", "counter_to": "744"}, ""),
        ({"counter_from": "1204.5", "counter_to": "1204.5"}, ""),
        ({}, "/duration_ms"),
        ({"duration_ms": 1, "counter_from": "1", "counter_to": "2"}, "/duration_ms"),
        ({"counter_from": "1"}, "/counter_to"),
        ({"duration_ms": 1, "counter_to": "1"}, "/counter_to"),
        ({"counter_from": "2", "counter_to": "1.999999"}, "/counter_to"),
        ({"counter_from": "0", "counter_to": "744.000001"}, "/counter_to"),
    ],
)
def test_machine_time_is_told_in_one_way(told: dict[str, Any], pointer: str) -> None:
    event = raw("machine.reported", "2026-11-20T18:00:00Z", machine="M1", order="MO-1", **told)
    assert refusal(event)[1] == pointer


def test_a_counter_in_milliseconds() -> None:
    def span(counter_from: str, counter_to: str) -> int:
        counters = {"counter_from": counter_from, "counter_to": counter_to}
        event = load(raw("machine.reported", "2026-11-20T18:00:00Z", machine="M1", order="MO-1", **counters))
        assert isinstance(event, MachineReported)
        return event.milliseconds

    assert span("1204.5", "1206.25") == 6_300_000
    assert span("0", "0.000001") == 4, "3.6 ms to the nearest"
    assert span("0.1", "0.100000") == 0


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("measured", "-12.5", ""),
        ("measured", "0", ""),
        ("measured", "-0", "intake.bad_value"),
        ("measured", "-1000000000", "intake.bad_value"),
        ("measured", "1e3", "intake.bad_value"),
        ("result", "perhaps", "intake.bad_value"),
        ("characteristic", "x" * 200, ""),
        ("characteristic", "x" * 201, "intake.bad_value"),
        ("characteristic", " Width", "intake.bad_value"),
        ("characteristic", "one\ntwo", "intake.bad_value"),
    ],
)
def test_an_inspection_that_is_wrong(field: str, value: str, code: str) -> None:
    event = raw("inspection.reported", "2026-11-20T18:00:00Z", order="MO-1", operation="10", result="passed")
    assert refusal({**event, field: value})[0] == code


def test_approval_and_decline_do_not_act_on_themselves() -> None:
    for kind in ("event.approved", "event.declined"):
        event = raw(kind, "2026-11-20T18:00:00Z", target_id=VOID["id"], reason="SEEN")
        assert refusal(event) == ("", "")
        assert refusal({**event, "target_id": event["id"]}) == ("intake.bad_value", "/target_id")


def test_a_substitution_is_a_consumption_of_something_else() -> None:
    fact = load(raw("material.substituted", "2026-11-20T18:00:00Z", **ALL["material.substituted"]))
    assert isinstance(fact, MaterialConsumed) and fact.type == "material.substituted"
    assert (
        refusal({**raw("material.consumed", "2026-11-20T18:00:00Z", **ALL["material.substituted"])})[1] == "/replaces"
    )


@pytest.mark.parametrize("thing", [None, [], "labor.started", 5, True, {}])
def test_what_is_no_event_at_all(thing: Any) -> None:
    assert refusal(thing)[0] in ("intake.not_an_object", "intake.unknown_type")


JUNK: Any = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=8)
    | strategies.sampled_from([START["id"], "2026-11-20T08:00:00Z", "1", "run", "MO-1"]),
    lambda inner: strategies.lists(inner, max_size=2) | strategies.dictionaries(strategies.text(max_size=4), inner),
    max_leaves=4,
)  # fmt: skip
FIELDS = sorted({name for kind in TYPES.values() for name, _, _ in catalog.wires(kind)} | {"type", "version", "x"})


@given(strategies.sampled_from(sorted(ALL)), strategies.dictionaries(strategies.sampled_from(FIELDS), JUNK, max_size=4))
def test_junk_is_refused_and_never_crashes(name: str, junk: dict[str, Any]) -> None:
    event = {**raw(name, "2026-11-20T08:00:00Z", **ALL[name]), **junk}
    if refusal(event) == ("", ""):
        present = {key: value for key, value in event.items() if value is not None}
        assert load(event) == rebuild(present)


def test_a_name_is_taken_once() -> None:
    with pytest.raises(TypeError, match=r"output\.reported version 1 is defined twice"):

        @event_type("output.reported", version=1, label="Again")
        class Again(Event):
            """Redefines what is in the log already."""


# --- the description agrees with the check --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", newest(), ids=lambda kind: kind.type)
def test_the_schema_says_what_is_needed(kind: type[Event]) -> None:
    schema = json_schema(kind)
    assert schema["additionalProperties"] is False
    example = raw(kind.type, "2026-11-20T08:00:00Z", **ALL[kind.type])
    assert set(example) <= set(schema["properties"])
    for name in schema["required"]:
        left_out = {key: value for key, value in example.items() if key != name}
        code = {"type": "intake.unknown_type", "version": "intake.unknown_version"}.get(name, "intake.missing_field")
        assert refusal(left_out) == (code, f"/{name}")
    for name, described in schema["properties"].items():
        if "pattern" in described and name in example:
            assert re.search(described["pattern"], example[name])
