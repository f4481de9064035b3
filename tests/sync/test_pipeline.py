"""The pipeline costs only what is around a new fact; what it posted is what costing everything anew would give."""

import random
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from sync.costing.policy import SPLIT_RULES, Policy
from sync.pipeline import Progress, fail, post
from tests.cast import ANA, LUIS, raw, terms
from tests.histories import HOUR, a_history, a_labelled_plant, with_times
from tests.memory_host import RECEIVED, MemoryHost

START = raw("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
STOP = raw("labor.stopped", "2026-11-20T09:00:00Z", person=ANA, start_id=START["id"])


def a_host(rule: str = "equal_share") -> MemoryHost:
    return MemoryHost(terms(a_labelled_plant(), policy=Policy(split_rule=rule)))


def a_host_with_premiums(chance: random.Random) -> MemoryHost:
    """All premiums or some, breaks by calendar, either bearer, and a longest time that is a day or less."""
    plant = with_times(a_labelled_plant())
    plant.premiums = tuple(chance.sample(plant.premiums, chance.randrange(len(plant.premiums) + 1)))
    settings = {
        "split_rule": chance.choice(SPLIT_RULES),
        "breaks": chance.choice(["declared", "calendar", "calendar"]),
        "premium_to": chance.choice(["overhead", "order"]),
        "longest_labor_h": chance.choice([12, 12, 20]),
    }
    return MemoryHost(terms(plant, policy=Policy(**settings)))


def agrees(host: MemoryHost) -> None:
    """Entries, states and findings are those of a recomputation from nothing."""
    costed = host.recomputed()
    assert host.in_force.keys() == {entry.content_id for entry in costed.entries}
    assert host.states == costed.outcomes
    assert {key: dict(found.params) for key, found in host.findings.items()} == {
        (found.code, found.event_id): dict(found.params) for found in costed.findings
    }


def arriving(
    facts: list[dict[str, Any]], chance: random.Random, rule: str = "equal_share", host: MemoryHost | None = None
) -> MemoryHost:
    """The facts in any order, in lots, costed whenever it happens, some of it left for later."""
    host = host or a_host(rule)
    facts = chance.sample(facts, len(facts))
    while facts:
        lot = chance.randrange(1, 25)
        host.accept(facts[:lot])
        facts = facts[lot:]
        while chance.random() < 0.7 and post(host, chance.randrange(1, 30)).facts:
            pass
    host.drain(chance.randrange(1, 50))
    return host


@settings(max_examples=100)
@given(strategies.integers(0, 10**6), strategies.randoms(use_true_random=True))
def test_any_history_in_any_order_is_what_it_is(seed: int, chance: random.Random) -> None:
    host = arriving(a_history(seed, 50), chance)
    agrees(host)
    other = arriving(a_history(seed, 50), chance)
    assert other.in_force.keys() == host.in_force.keys()


@pytest.mark.parametrize("rule", SPLIT_RULES[1:])
@settings(max_examples=40)
@given(seed=strategies.integers(0, 10**6), chance=strategies.randoms(use_true_random=True))
def test_under_any_split_rule_too(rule: str, seed: int, chance: random.Random) -> None:
    agrees(arriving(a_history(seed, 50), chance, rule))


@settings(max_examples=100)
@given(seed=strategies.integers(0, 10**6), chance=strategies.randoms(use_true_random=True))
def test_with_premiums_and_calendars_too(seed: int, chance: random.Random) -> None:
    """Overtime looks at a whole day or week: more changes around a new fact, and all of it is looked at again."""
    agrees(arriving(a_history(seed, 50), chance, host=a_host_with_premiums(chance)))


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 4000, 200))
def test_thousands_of_histories_with_premiums(first: int) -> None:
    for seed in range(first, first + 200):
        chance = random.Random(seed)
        agrees(arriving(a_history(seed, 70), chance, host=a_host_with_premiums(chance)))


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 4000, 200))
def test_thousands_of_histories(first: int) -> None:
    for seed in range(first, first + 200):
        agrees(arriving(a_history(seed, 70), random.Random(seed), SPLIT_RULES[seed % len(SPLIT_RULES)]))


@settings(max_examples=30)
@given(strategies.integers(0, 10**6), strategies.randoms(use_true_random=True))
def test_looking_again_at_some_facts_changes_nothing(seed: int, chance: random.Random) -> None:
    """What an import does: facts go back to be costed, in any part; the ledger already says it."""
    host = arriving(a_history(seed, 40), chance)
    before = len(host.ledger)
    for again in chance.sample(sorted(host.states), len(host.states) // 2):
        host.states[again] = RECEIVED
    host.drain(chance.randrange(1, 10))
    assert len(host.ledger) == before
    agrees(host)


def test_nothing_to_do() -> None:
    host = a_host()
    assert post(host, 10) == Progress(0, 0)
    host.accept([START, STOP])
    assert post(host, 10) == Progress(2, 1)
    assert post(host, 10) == Progress(0, 0)


def test_the_lot_is_as_large_as_asked() -> None:
    host = a_host()
    host.accept([START])
    host.accept([STOP])
    assert post(host, 1) == Progress(1, 1), "the stop is here: its start can be costed"
    assert post(host, 1) == Progress(1, 0)
    agrees(host)


def test_a_stop_of_several_starts_keeps_its_word() -> None:
    """One tap ends two clocks, one of an order nobody knows. Costing a neighbour of the other must not make the stop
    look done (found by a random history)."""
    known, unknown = START, {**START, "id": raw("x", 0)["id"], "order": "MO-9", "occurred_at": "2026-11-20T10:00:00Z"}
    stop = raw("labor.stopped", "2026-11-20T12:00:00Z", person=ANA)
    host = a_host()
    host.accept([known, unknown, stop])
    host.drain()
    assert host.states[stop["id"]].reason == "reference.unknown_order"
    host.accept([raw("labor.declared", "2026-11-20T18:00:00Z", person=ANA, activity="run", order="MO-2",
                     started_at="2026-11-20T08:10:00Z", ended_at="2026-11-20T08:20:00Z")])  # fmt: skip
    host.drain()
    assert host.states[stop["id"]].reason == "reference.unknown_order"
    agrees(host)


def test_a_correction_used_as_a_replacement_knows_its_target() -> None:
    """A void is replaced by another void, whose own target is far away (found by a random history)."""
    host = a_host()
    host.accept([START, STOP])
    host.drain()
    first, second = (raw("event.voided", "2026-11-20T10:00:00Z", target_id=STOP["id"], reason="SLIP") for _ in "ab")
    host.accept([first, second])
    host.drain()
    host.accept([raw("event.replaced", "2026-11-20T11:00:00Z", target_id=first["id"], replacement_id=second["id"],
                     reason="SLIP")])  # fmt: skip
    host.drain()
    assert host.states[second["id"]].reason == "correction.applied"
    agrees(host)


def amounts(host: MemoryHost) -> list[str]:
    return sorted(line.content["amount"] for line in host.in_force.values())


def test_a_break_that_is_told_late_takes_back_what_it_cost() -> None:
    host = a_host()
    host.accept([START, STOP])
    host.drain()
    assert amounts(host) == ["31.17"]
    pause = raw("break.started", "2026-11-20T08:30:00Z", person=ANA)
    host.accept([pause])
    host.drain()
    assert amounts(host) == ["15.59"], "while it is open all that follows is nobody's"
    end = raw("break.stopped", "2026-11-20T08:45:00Z", person=ANA, start_id=pause["id"])
    host.accept([end])
    host.drain()
    assert amounts(host) == ["23.38"]
    again = raw("labor.started", "2026-11-20T08:40:00Z", person=ANA, activity="run", order="MO-2", operation="20")
    host.accept([again, raw("labor.stopped", "2026-11-20T08:40:00Z", person=ANA, start_id=again["id"])])
    host.drain()
    assert amounts(host) == ["0.00", "25.98"], "who starts work is back, though the stop of the break came before"
    assert host.states[end["id"]].reason == "break.over"
    host.accept([raw("event.voided", "2026-11-20T12:00:00Z", target_id=again["id"], reason="SLIP")])
    host.drain()
    assert (amounts(host), host.states[end["id"]].reason) == (["23.38"], "break.noted")
    agrees(host)


def test_the_end_of_a_shift_that_arrives_last() -> None:
    host = a_host()
    other = raw("labor.started", "2026-11-20T08:30:00Z", person=ANA, activity="run", order="MO-2", operation="20")
    host.accept([START, other])
    host.drain()
    end = raw("shift.ended", "2026-11-20T09:00:00Z", person=ANA)
    host.accept([end])
    host.drain()
    assert amounts(host) == ["23.38", "7.79"]
    assert host.states[end["id"]].state == "costed"
    host.accept([raw("event.voided", "2026-11-20T12:00:00Z", target_id=end["id"], reason="SLIP")])
    host.drain()
    assert host.in_force == {}
    agrees(host)


def test_an_operation_that_becomes_known_costs_all_that_waited_for_it() -> None:
    host = a_host()
    step = {"order": "MO-1", "operation": "15"}
    run = raw("machine.started", "2026-11-20T08:00:00Z", machine="M1", **step)
    waiting = [
        raw("labor.declared", "2026-11-20T08:00:00Z", person=ANA, activity="run", duration_ms=HOUR, **step),
        run,
        raw("machine.stopped", "2026-11-20T09:00:00Z", machine="M1", start_id=run["id"]),
        raw("material.consumed", "2026-11-20T08:00:00Z", item="OAK", quantity="10", unit="kg", **step),
        raw("output.reported", "2026-11-20T09:00:00Z", quantity="9", **step),
        raw("defect.reported", "2026-11-20T09:00:00Z", quantity="1", disposition="scrap", reason="BURR", **step),
        raw("defect.reported", "2026-11-20T09:00:00Z", order="MO-1", operation="20", caused_at="15", quantity="1",
            disposition="scrap", reason="BURR"),
        raw("operation.completed", "2026-11-20T09:00:00Z", **step),
    ]  # fmt: skip
    host.accept(waiting)
    host.drain(3)
    assert {host.states[fact["id"]].reason for fact in waiting} == {"reference.unknown_operation"}
    added = raw("operation.added", "2026-11-20T10:00:00Z", name="Repair", work_center="W2", **step)
    host.accept([added])
    host.drain()
    # 31.17 + 22.50 + 32.00 = 85.67 over 10 pieces; the piece found at 20 was among the nine good ones of 15.
    assert amounts(host) == ["22.50", "31.17", "32.00", "8.57", "8.57"]
    agrees(host)
    void = raw("event.voided", "2026-11-20T11:00:00Z", target_id=added["id"], reason="SLIP")
    host.accept([void])
    host.drain()
    assert host.in_force == {}
    agrees(host)
    host.accept([raw("event.voided", "2026-11-20T12:00:00Z", target_id=void["id"], reason="SLIP")])
    host.drain()
    assert amounts(host) == ["22.50", "31.17", "32.00", "8.57", "8.57"]
    agrees(host)


def test_a_decline_takes_away_and_its_void_brings_back() -> None:
    host = a_host()
    host.accept([START, STOP])
    host.drain()
    no = raw("event.declined", "2026-11-20T12:00:00Z", target_id=START["id"], reason="DOUBT")
    host.accept([no])
    host.drain()
    assert (host.in_force, host.states[START["id"]].reason) == ({}, "event.declined")
    agrees(host)
    host.accept([raw("event.voided", "2026-11-20T13:00:00Z", target_id=no["id"], reason="SLIP")])
    host.drain()
    assert amounts(host) == ["31.17"]
    agrees(host)


def test_a_corrected_start_carries_its_stop_in_any_order() -> None:
    """Wrong operation, then wrong hour: the stop names the first start and comes first, last or between."""
    second = {**START, "id": raw("x", 0)["id"], "order": "MO-2", "operation": "20"}
    third = {**second, "id": raw("x", 0)["id"], "occurred_at": "2026-11-20T08:30:00Z"}
    chain = [
        raw("event.replaced", "2026-11-20T12:00:00Z", target_id=one["id"], replacement_id=other["id"], reason="SLIP")
        for one, other in ((START, second), (second, third))
    ]
    for facts in permutations([START, STOP, second, third, *chain]):
        host = a_host()
        for one in facts:
            host.accept([one])
            host.drain()
            agrees(host)
        assert amounts(host) == ["15.59"]
        assert host.states[STOP["id"]].state == "costed"
    no = raw("event.declined", "2026-11-20T13:00:00Z", target_id=third["id"], reason="DOUBT")
    host.accept([no])
    host.drain()
    assert (host.in_force, host.states[STOP["id"]].reason) == ({}, "time.stop_of_corrected")
    agrees(host)
    host.accept([raw("event.voided", "2026-11-20T14:00:00Z", target_id=no["id"], reason="SLIP")])
    host.drain()
    assert amounts(host) == ["15.59"]
    host.accept([raw("event.voided", "2026-11-20T14:00:00Z", target_id=chain[1]["id"], reason="SLIP")])
    host.drain()
    assert (amounts(host), host.states[third["id"]].reason) == (["23.38"], "time.open"), "back to the second"
    agrees(host)


def test_a_far_start_is_known_to_stand_for_another() -> None:
    """The wrong start was told for another week: nothing but the correction leads to its stop."""
    far = {**START, "occurred_at": "2026-11-02T08:00:00Z"}
    host = a_host()
    host.accept([far, STOP])
    host.drain()
    assert host.states[far["id"]].reason == "time.too_long"
    right = {**START, "id": raw("x", 0)["id"]}
    host.accept([right])
    host.drain()
    host.accept([raw("event.replaced", "2026-11-20T12:00:00Z", target_id=far["id"], replacement_id=right["id"],
                     reason="SLIP")])  # fmt: skip
    host.drain()
    assert amounts(host) == ["31.17"]
    host.accept([raw("labor.declared", "2026-11-20T18:00:00Z", person=ANA, activity="run", order="MO-2",
                     operation="20", started_at="2026-11-20T08:30:00Z", ended_at="2026-11-20T09:00:00Z")])  # fmt: skip
    host.drain()
    assert amounts(host) == ["23.38", "7.79"], "costing a neighbour finds the stop too"
    agrees(host)


def test_a_late_stop_of_yesterday_reaches_what_was_shared() -> None:
    """A chain of overlaps longer than the longest time: each clock overlaps the next, nobody ends."""
    host = a_host()
    begin = 1_795_000_000_000
    work = {"person": LUIS, "activity": "run", "order": "MO-1", "operation": "20"}
    chain = [raw("labor.started", begin + n * 11 * HOUR, **work) for n in range(6)]
    host.accept(chain)
    host.drain()
    for start in random.Random(1).sample(chain, len(chain)):
        at = begin + chain.index(start) * 11 * HOUR + 12 * HOUR
        host.accept([raw("labor.stopped", at, person=LUIS, start_id=start["id"])])
        host.drain()
        agrees(host)
    assert sum(int(line.content["quantity"]) for line in host.in_force.values()) == (5 * 11 + 12) * HOUR


def test_a_closed_period_is_left_alone() -> None:
    host = a_host()
    host.accept([START, STOP])
    host.drain()
    host.closed = {"2026-11"}
    host.accept([raw("event.voided", "2026-12-02T08:00:00Z", target_id=STOP["id"], reason="SLIP")])
    assert host.drain() == 1
    assert [line.posting_period for line in host.ledger] == ["2026-11", "2026-12"]
    agrees(host)


def test_a_fact_that_cannot_be_costed_is_held_alone() -> None:
    host = a_host()
    host.accept([START, STOP])
    assert fail(host) == Progress(1, 0)
    held = [fact for fact, told in host.states.items() if told.reason == "costing.failed"]
    assert len(held) == 1
    assert post(host, 10).facts == 1, "the other goes on"


def test_a_stop_whose_start_is_taken_back_is_no_sign_of_life_any_more() -> None:
    """Luis forgot a clock; that he stopped another at noon, one told for weeks ago, said he was there till then."""
    far = raw("labor.started", "2026-11-02T08:00:00Z", person=LUIS, activity="run", order="MO-1", operation="10")
    noon = raw("labor.stopped", "2026-11-20T12:00:00Z", person=LUIS, start_id=far["id"])
    forgotten = raw("labor.started", "2026-11-20T10:00:00Z", person=LUIS, activity="run", order="MO-1", operation="20")
    host = a_host()
    host.accept([far, noon, forgotten])
    host.drain()
    assert {code for code, _ in host.findings} >= {"time.end_proposed"}
    agrees(host)
    host.accept([raw("event.voided", "2026-11-21T08:00:00Z", target_id=far["id"], reason="SLIP")])
    host.drain()
    assert ("time.end_proposed", forgotten["id"]) not in host.findings
    agrees(host)
    again = {**forgotten, "id": raw("x", 0)["id"], "occurred_at": "2026-11-20T11:00:00Z"}
    host.accept([again])
    host.drain()
    assert ("time.end_proposed", again["id"]) not in host.findings, "nor for a clock that is told of later"
    agrees(host)
