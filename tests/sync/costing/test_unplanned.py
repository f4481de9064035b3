"""Operations nobody planned: which count, where they stand, what they cost."""

import random
from decimal import Decimal

import pytest
from hypothesis import given, strategies

from sync.core.plant import Operation, Order, Plant
from sync.costing import engine
from sync.costing.unplanned import extended, findings
from sync.events.base import Event
from tests.cast import ANA, a_plant, fact, terms

FIVE = Operation("5", "Prepare", 1)


def added(number: str, at: str = "08:00", name: str = "Repair", center: str = "W2", order: str = "MO-1") -> Event:
    return fact("operation.added", f"2026-11-20T{at}:00Z", order=order, operation=number, name=name, work_center=center)


def numbers(plant: Plant, order: str = "MO-1") -> list[str]:
    return [step.number for step in plant.orders[order].operations]


@pytest.mark.parametrize(
    ("number", "steps"),
    [("5", ["5", "10", "20"]), ("15", ["10", "15", "20"]), ("20a", ["10", "20", "20a"]), ("100", ["10", "20", "100"]),
     ("9", ["9", "10", "20"]), ("REPAIR", ["10", "20", "REPAIR"])],
)  # fmt: skip
def test_its_place_follows_its_number(number: str, steps: list[str]) -> None:
    assert numbers(extended(a_plant(), [added(number)])) == steps


def test_its_place_among_steps_counted_otherwise() -> None:
    """A routing whose sequence is 1, 2, 3 beside the numbers 10, 20, 30."""
    steps = tuple(Operation(str(n * 10), "Step", n) for n in (1, 2, 3))
    plant = a_plant(orders={"MO-1": Order("MO-1", operations=steps)})
    assert numbers(extended(plant, [added("25"), added("22"), added("5")])) == ["5", "10", "20", "22", "25", "30"]


def test_an_order_without_any_operation_gets_its_first() -> None:
    plant = a_plant(orders={"MO-1": Order("MO-1")})
    (step,) = extended(plant, [added("10")]).orders["MO-1"].operations
    assert (step.name, step.work_center, step.unplanned) == ("Repair", "W2", True)
    assert step.standard_run_min == step.standard_setup_min == 0


def test_nothing_added_nothing_changed() -> None:
    plant = a_plant()
    assert extended(plant, [fact("shift.started", "2026-11-20T08:00:00Z", person=ANA)]) is plant
    again = extended(plant, [added("15")])
    assert numbers(plant) == ["10", "20"], "the plant it came from stays as it is"
    assert again.orders["MO-2"] is plant.orders["MO-2"]


def test_what_is_planned_wins_and_then_the_earliest() -> None:
    plant = extended(a_plant(), [added("20", name="Paint", center="W1")])
    assert plant.orders["MO-1"].operation("20").work_center == "W2"
    late, early = added("15", "10:00", "Paint", "W1"), added("15", "09:00")
    for facts in ([late, early], [early, late]):
        plant = extended(a_plant(), facts)
        assert plant.orders["MO-1"].operation("15").name == "Repair"
        (found,) = findings(facts, a_plant())
        assert (found.code, found.event_id, found.params["name"]) == ("operation.added_twice", late.id, "Repair")


def test_the_same_told_twice_is_no_finding() -> None:
    assert findings([added("15", "09:00"), added("15", "10:00")], a_plant()) == []


def test_an_unknown_work_center_is_waited_for() -> None:
    wrong, right = added("15", "08:00", center="W9"), added("15", "09:00")
    assert numbers(extended(a_plant(), [wrong])) == ["10", "20"]
    assert extended(a_plant(), [wrong, right]).orders["MO-1"].operation("15").work_center == "W2"
    outcome = engine.recompute([wrong], terms()).outcomes[wrong.id]
    assert (outcome.reason, dict(outcome.params)) == ("reference.unknown_work_center", {"code": "W9"})


def test_facts_about_it_are_costed_at_its_work_center() -> None:
    run = fact("labor.declared", "2026-11-20T07:00:00Z", person=ANA, activity="run", order="MO-1", operation="15",
               duration_ms=3_600_000)  # fmt: skip
    costed = engine.recompute([run], terms())
    assert costed.outcomes[run.id].reason == "reference.unknown_operation"
    step = added("15")
    (entry,) = engine.recompute([run, step], terms()).entries
    assert (entry.work_center, entry.operation, str(entry.amount)) == ("W2", "15", "31.17")
    assert entry.postings[1].cost_object == "department:D1", "Ana is of D1"
    void = fact("event.voided", "2026-11-20T09:00:00Z", target_id=step.id, reason="SLIP")
    assert engine.recompute([run, step, void], terms()).entries == []
    no = fact("event.declined", "2026-11-20T09:00:00Z", target_id=step.id, reason="DOUBT")
    assert engine.recompute([run, step, no], terms()).entries == []


@given(strategies.lists(strategies.sampled_from(["5", "12", "15", "15", "20", "100", "X"]), max_size=6),
       strategies.randoms())  # fmt: skip
def test_the_order_of_arrival_changes_nothing(given_numbers: list[str], chance: random.Random) -> None:
    facts = [added(number, f"{8 + index % 2:02}:00", f"Name {index}") for index, number in enumerate(given_numbers)]
    plant = extended(a_plant(), facts)
    assert extended(a_plant(), chance.sample(facts, len(facts))).orders == plant.orders
    assert len(numbers(plant)) == len(set(numbers(plant)))
    assert [step.number for step in plant.orders["MO-1"].operations if not step.unplanned] == ["10", "20"]
    assert plant.orders["MO-1"].quantity == Decimal(10)
