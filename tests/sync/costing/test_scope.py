"""Which facts count, and which starts and stops belong together."""

import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies

from sync.core.clock import format_instant
from sync.core.findings import Outcome, held
from sync.costing.scope import (
    Segment,
    effective,
    pair_breaks,
    pair_downtime,
    pair_labor,
    pair_machine,
    tell,
    time_outcome,
)
from sync.events.base import Event
from tests.cast import ANA, LUIS, fact, new_id

HOUR = 3_600_000
LONGEST = 12 * HOUR


# --- corrections -------------------------------------------------------------------------------------------------


def good(**fields: Any) -> Event:
    return fact("output.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1", **fields)


def void(target: Event | str, **fields: Any) -> Event:
    target_id = target if isinstance(target, str) else target.id
    return fact("event.voided", "2026-11-20T09:00:00Z", target_id=target_id, reason="SLIP", **fields)


def replaced(target: Event, replacement: Event | str) -> Event:
    replacement_id = replacement if isinstance(replacement, str) else replacement.id
    return fact(
        "event.replaced", "2026-11-20T09:00:00Z", target_id=target.id, replacement_id=replacement_id, reason="SLIP"
    )


def told(*events: Event) -> tuple[set[str], dict[str, str]]:
    """(ids that count, state and reason of the others)"""
    counting = effective(events)
    return {event.id for event in counting.events}, {
        key: f"{o.state} {o.reason}" for key, o in counting.outcomes.items()
    }


def test_a_void_takes_its_target_away() -> None:
    one, other = good(), good()
    correction = void(one)
    assert told(one, other, correction) == (
        {other.id}, {one.id: "excluded event.voided", correction.id: "excluded correction.applied"},
    )  # fmt: skip


def test_a_voided_void_gives_it_back() -> None:
    one = good()
    first = void(one)
    second = void(first)
    third = void(second)
    assert told(one, first, second)[0] == {one.id}
    assert told(one, first, second, third) == (
        set(),
        {one.id: "excluded event.voided", first.id: "excluded correction.applied",
         second.id: "excluded event.voided", third.id: "excluded correction.applied"},
    )  # fmt: skip


@given(strategies.integers(0, 30))
def test_a_chain_of_voids_is_even_or_odd(length: int) -> None:
    chain = [good()]
    for _ in range(length):
        chain.append(void(chain[-1]))
    random.Random(length).shuffle(shuffled := list(chain))
    assert (told(*shuffled)[0] == {chain[0].id}) == (length % 2 == 0)


def test_one_of_two_voids_is_enough() -> None:
    one = good()
    first, second = void(one), void(one)
    undone = void(first)
    assert told(one, first, second, undone)[0] == set()
    assert told(one, first, second, undone, void(second))[0] == {one.id}


def test_a_replacement_counts_in_its_place() -> None:
    wrong, right = good(), good()
    correction = replaced(wrong, right)
    assert told(wrong, right, correction) == (
        {right.id}, {wrong.id: "excluded event.replaced", correction.id: "excluded correction.applied"},
    )  # fmt: skip


def test_a_replacement_that_has_not_come_is_waited_for() -> None:
    """The wrong fact does not count meanwhile: everybody knows that it is wrong."""
    wrong = good()
    correction = replaced(wrong, new_id())
    assert told(wrong, correction) == (
        set(), {wrong.id: "excluded event.replaced", correction.id: "held correction.replacement_unknown"},
    )  # fmt: skip


def test_a_replacement_of_a_replacement() -> None:
    first, second, third = good(), good(), good()
    assert told(first, second, third, replaced(first, second), replaced(second, third))[0] == {third.id}


def test_a_target_that_has_not_come_is_waited_for() -> None:
    correction = void(new_id())
    assert told(correction) == (set(), {correction.id: "held correction.target_unknown"})
    assert told(correction, void(correction))[1][correction.id] == "excluded event.voided"


def test_corrections_of_each_other_are_held_together() -> None:
    one, two, three = new_id(), new_id(), new_id()
    ring = [void(two, id=one), void(three, id=two), void(one, id=three)]
    assert set(told(*ring)[1].values()) == {"held correction.loop"}
    outside = void(one)
    assert told(*ring, outside)[1] == {
        one: "excluded event.voided",
        two: "excluded correction.applied",
        three: "excluded event.voided",
        outside.id: "excluded correction.applied",
    }, "somebody outside voids one of them, and the others are decided"


@given(strategies.integers(0, 10_000))
def test_every_fact_counts_or_is_told_why_not_in_any_order(seed: int) -> None:
    chance = random.Random(seed)
    events: list[Event] = [good() for _ in range(3)]
    for _ in range(chance.randrange(12)):
        target, other = chance.choice(events), chance.choice(events)
        event = replaced(target, other) if chance.random() < 0.4 and target.id != other.id else void(target)
        events.append(event)
    counting, others = told(*events)
    assert counting | others.keys() == {event.id for event in events}
    assert not counting & others.keys()
    assert told(*chance.sample(events, len(events))) == (counting, others)
    acting = {c.id for c in events if others.get(c.id, "").endswith(("applied", "unknown"))}
    for event in events:
        corrected = any(getattr(c, "target_id", None) == event.id for c in events if c.id in acting)
        assert (event.id in counting or event.id in acting) == (not corrected)


def declined(target: Event | str, **fields: Any) -> Event:
    target_id = target if isinstance(target, str) else target.id
    return fact("event.declined", "2026-11-20T09:00:00Z", target_id=target_id, reason="DOUBT", **fields)


def test_a_declined_fact_is_held_until_somebody_does_something() -> None:
    one = good()
    no = declined(one)
    assert told(one, no) == (set(), {one.id: "held event.declined", no.id: "excluded correction.applied"})
    assert told(one, no, sorry := void(no))[0] == {one.id}
    assert told(one, no, sorry, void(sorry))[1][one.id] == "held event.declined"
    assert told(declined(one))[1].popitem()[1] == "held correction.target_unknown"


def test_putting_right_wins_over_a_mere_no() -> None:
    one, right = good(), good()
    assert told(one, declined(one), void(one))[1][one.id] == "excluded event.voided"
    assert told(one, right, declined(one), replaced(one, right))[1][one.id] == "excluded event.replaced"


def test_a_correction_may_be_declined() -> None:
    one = good()
    correction = void(one)
    no = declined(correction)
    assert told(one, correction, no) == (
        {one.id}, {correction.id: "held event.declined", no.id: "excluded correction.applied"},
    )  # fmt: skip


def test_an_approval_changes_nothing_and_waits_for_its_fact() -> None:
    one = good()
    seen = fact("event.approved", "2026-11-20T09:00:00Z", target_id=one.id, reason="SEEN")
    assert told(one, seen) == ({one.id}, {seen.id: "excluded fact.noted"})
    assert told(seen) == (set(), {seen.id: "held correction.target_unknown"})
    assert told(one, seen, void(seen))[1][seen.id] == "excluded event.voided"


# --- starts and stops --------------------------------------------------------------------------------------------


def start(at: str, who: str = ANA, **fields: Any) -> Event:
    fields = {"activity": "run", "order": "MO-1", "operation": "10", **fields}
    return fact("labor.started", f"2026-11-20T{at}:00Z", person=who, **fields)


def stop(at: str, who: str = ANA, **fields: Any) -> Event:
    return fact("labor.stopped", f"2026-11-20T{at}:00Z", person=who, **fields)


def paired(*events: Event) -> tuple[dict[str, str], dict[str, str]]:
    """(stop by start, reason of each stop that ends nothing)"""
    segments, outcomes = pair_labor(events, LONGEST)
    return {segment.id: segment.stop_id for segment in segments}, {
        key: outcome.reason for key, outcome in outcomes.items()
    }


def test_a_stop_ends_the_start_it_names() -> None:
    one, two = start("08:00"), start("08:00")
    end = stop("09:00", start_id=two.id)
    assert paired(one, two, end) == ({one.id: "", two.id: end.id}, {})


def test_the_first_stop_counts_and_the_second_is_told_so() -> None:
    one = start("08:00")
    first, second = stop("09:00", start_id=one.id), stop("10:00", start_id=one.id)
    assert paired(second, one, first) == ({one.id: first.id}, {second.id: "time.stop_repeated"})


def test_a_stop_without_a_name_ends_all_that_runs_and_fits() -> None:
    one, two = start("08:00"), start("08:30", order="MO-2")
    other = start("08:30", LUIS)
    assert paired(one, two, other, end := stop("09:00"))[0] == {one.id: end.id, two.id: end.id, other.id: ""}
    assert paired(one, two, end := stop("09:00", order="MO-2"))[0] == {one.id: "", two.id: end.id}
    assert paired(one, end := stop("09:00", operation="20"))[1] == {end.id: "time.stop_without_start"}


def test_a_stop_at_the_very_start_ends_only_what_it_names() -> None:
    one = start("08:00")
    assert paired(one, end := stop("08:00"))[1] == {end.id: "time.stop_without_start"}
    assert paired(one, end := stop("08:00", start_id=one.id))[0] == {one.id: end.id}


def test_a_nameless_stop_reaches_back_the_longest_time() -> None:
    one = start("08:00")
    assert paired(one, end := stop("20:00"))[0] == {one.id: end.id}
    assert paired(one, end := fact("labor.stopped", "2026-11-20T20:00:00.001Z", person=ANA))[0] == {one.id: ""}
    assert paired(one, end := fact("labor.stopped", "2026-11-21T20:00:00Z", person=ANA, start_id=one.id))[0] == {
        one.id: end.id
    }


def test_a_stop_of_somebody_elses_work_ends_nothing_and_stays_visible() -> None:
    one = start("08:00")
    end = stop("09:00", LUIS, start_id=one.id)
    assert paired(one, end) == ({one.id: ""}, {end.id: "time.stop_without_start"})


def test_a_stop_goes_with_the_start_it_names() -> None:
    one = start("08:00")
    end = stop("09:00", start_id=one.id)
    counting = effective([one, end, void(one)])
    assert counting.events == []
    assert counting.outcomes[end.id].reason == "time.stop_of_corrected"
    assert effective([end]).events == [end], "a start that has not come yet is waited for"


# --- stops of starts that were put right -------------------------------------------------------------------------


def put_right(*told: Event) -> list[Event]:
    """The corrections that put each of these in the place of the one before."""
    return [replaced(wrong, right) for wrong, right in pairwise(told)]


def ended(*events: Event) -> tuple[dict[str, str], dict[str, str]]:
    """(stop by start that counts, reason of each stop that ends nothing), after corrections."""
    counting = effective(events)
    segments, outcomes = pair_labor(counting.events, LONGEST)
    told = {event.id: counting.outcomes | outcomes for event in events if event.type == "labor.stopped"}
    return {segment.id: segment.stop_id for segment in segments}, {
        stop_id: known[stop_id].reason for stop_id, known in told.items() if stop_id in known
    }


def test_a_stop_ends_what_its_start_was_replaced_by() -> None:
    wrong, right = start("08:00"), start("08:00", order="MO-2")
    end = stop("09:00", start_id=wrong.id)
    assert ended(wrong, right, end, *put_right(wrong, right)) == ({right.id: end.id}, {})


@given(strategies.integers(1, 6), strategies.data())
def test_a_chain_of_corrected_starts_ends_once_in_any_order(length: int, data: Any) -> None:
    chain = [start("08:00", order=f"MO-{number}") for number in range(length + 1)]
    named = data.draw(strategies.integers(0, length))
    end = stop("09:00", start_id=chain[named].id)
    events = data.draw(strategies.permutations([*chain, end, *put_right(*chain)]))
    assert ended(*events) == ({chain[-1].id: end.id}, {})


def test_a_phone_that_tells_the_stop_anew_and_one_that_does_not_agree() -> None:
    """The phone sends the stop it knows of again, under the new start; on the way any part may be missing."""
    wrong, right = start("08:00"), start("08:15")
    end, anew = stop("09:00", start_id=wrong.id), stop("09:00", start_id=right.id)
    both = put_right(wrong, right)
    assert ended(wrong, right, end, *both)[0] == {right.id: end.id}
    assert ended(wrong, right, end, anew, *both)[0].keys() == {right.id}, "the same instant twice"
    assert ended(wrong, right, end, anew, *both, replaced(end, anew)) == (
        {right.id: anew.id}, {end.id: "event.replaced"},
    )  # fmt: skip
    later = stop("09:30", start_id=wrong.id)
    assert ended(wrong, right, end, later, *both) == ({right.id: end.id}, {later.id: "time.stop_repeated"})


def test_where_nothing_stands_in_its_place_the_stop_goes_with_its_start() -> None:
    wrong, right = start("08:00"), start("08:15")
    end = stop("09:00", start_id=wrong.id)
    gone = {end.id: "time.stop_of_corrected"}
    assert ended(wrong, end, void(wrong)) == ({}, gone)
    assert ended(wrong, end, declined(wrong)) == ({}, gone)
    assert ended(wrong, end, right, *put_right(wrong, right), void(right)) == ({}, gone)
    assert ended(wrong, end, *put_right(wrong, right)) == ({}, gone), "what replaces it has not come"
    back = replaced(right, wrong)
    assert ended(wrong, end, right, *put_right(wrong, right), back) == ({}, gone), "each in the place of the other"
    other = start("08:15", LUIS)
    assert ended(wrong, end, other, *put_right(wrong, other)) == ({other.id: ""}, gone), "somebody else's work"
    told = fact("labor.declared", "2026-11-20T09:00:00Z", person=ANA, activity="run", order="MO-1", duration_ms=HOUR)
    assert ended(wrong, end, told, *put_right(wrong, told))[1] == gone, "a duration needs no stop"


def test_an_undone_correction_gives_the_stop_back() -> None:
    wrong, right = start("08:00"), start("08:15")
    end = stop("09:00", start_id=wrong.id)
    (correction,) = put_right(wrong, right)
    assert ended(wrong, right, end, correction, void(correction)) == ({wrong.id: end.id, right.id: ""}, {})
    assert ended(wrong, right, end, correction, void(wrong)) == ({right.id: end.id}, {}), "voided by somebody else too"


def test_of_two_that_stand_in_its_place_the_earliest_ends() -> None:
    wrong, late, early = start("08:00"), start("08:30"), start("08:15")
    end = stop("09:00", start_id=wrong.id)
    twice = [replaced(wrong, late), replaced(wrong, early)]
    assert ended(wrong, late, early, end, *twice)[0] == {late.id: "", early.id: end.id}, "the other stays visible"
    assert ended(wrong, late, early, end, *twice, void(early))[0] == {late.id: end.id}


@pytest.mark.parametrize(
    ("kind", "fields", "who"),
    [("machine", {"machine": "M1"}, "machine"), ("downtime", {"machine": "M1", "reason": "BLADE"}, "machine"),
     ("break", {"person": ANA}, "person")],
)  # fmt: skip
def test_stops_of_every_kind_follow(kind: str, fields: dict[str, Any], who: str) -> None:
    wrong, right = (fact(f"{kind}.started", f"2026-11-20T08:{at}:00Z", **fields) for at in ("00", "10"))
    end = fact(f"{kind}.stopped", "2026-11-20T09:00:00Z", **{who: fields[who]}, start_id=wrong.id)
    counting = effective([end, *put_right(wrong, right), wrong, right])
    pair = {"machine": pair_machine, "downtime": pair_downtime, "break": pair_breaks}[kind]
    segments, outcomes = pair(counting.events, LONGEST)
    assert [(segment.id, segment.stop_id) for segment in segments] == [(right.id, end.id)]
    assert outcomes == {}


def test_machines_and_downtime_are_paired_apart() -> None:
    run = fact("machine.started", "2026-11-20T08:00:00Z", machine="M1", order="MO-1")
    down = fact("downtime.started", "2026-11-20T09:00:00Z", machine="M1", reason="BLADE")
    up = fact("downtime.stopped", "2026-11-20T09:30:00Z", machine="M1")
    (segment,), _ = pair_machine([run, down, up], LONGEST)
    assert segment.until is None, "up again is not the end of the run"
    (segment,), outcomes = pair_downtime([run, down, up], LONGEST)
    assert (segment.until or 0) - segment.start == HOUR // 2
    assert outcomes == {}


def home(at: str, who: str = ANA) -> Event:
    return fact("shift.ended", f"2026-11-20T{at}:00Z", person=who)


def test_the_end_of_a_shift_stops_all_that_is_open() -> None:
    one, two, other = start("08:00"), start("08:30", order="MO-2"), start("08:30", LUIS)
    indirect = start("09:00", activity="indirect", order=None, operation=None, indirect_code="CLEAN")
    named = stop("09:30", start_id=two.id)
    end = home("16:00")
    assert paired(one, two, other, indirect, named, end) == (
        {one.id: end.id, two.id: named.id, other.id: "", indirect.id: end.id}, {},
    )  # fmt: skip
    assert paired(end, late := start("16:00")) == ({late.id: ""}, {end.id: "fact.noted"}), "what begins then goes on"
    assert paired(one, end := home("20:01"))[0] == {one.id: ""}, "beyond the longest time nobody believes it"


# --- breaks ------------------------------------------------------------------------------------------------------


def pause(at: str, who: str = ANA) -> Event:
    return fact("break.started", f"2026-11-20T{at}:00Z", person=who)


def back(at: str, who: str = ANA, **fields: Any) -> Event:
    return fact("break.stopped", f"2026-11-20T{at}:00Z", person=who, **fields)


def breaks(*events: Event) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """((from, until its instants are nobody's) of each break, reason of each stop that ends none)"""
    segments, outcomes = pair_breaks(events, LONGEST)
    spans = [tuple(format_instant(at)[11:16] for at in (segment.start, segment.ends)) for segment in segments]
    return spans, {key: outcome.reason for key, outcome in outcomes.items()}


def test_a_break_ends_with_what_comes_first() -> None:
    one = pause("10:00")
    assert breaks(one, back("10:15", start_id=one.id)) == ([("10:00", "10:15")], {})
    assert breaks(one, back("10:15")) == ([("10:00", "10:15")], {})
    assert breaks(one, late := back("10:15", start_id=one.id), start("10:10")) == (
        [("10:00", "10:10")], {late.id: "break.over"},
    )  # fmt: skip
    assert breaks(one, late := back("10:15"), home("10:05")) == ([("10:00", "10:05")], {late.id: "break.over"})
    assert breaks(one, start("10:00")) == ([("10:00", "22:00")], {}), "a start at that very instant began before it"
    assert breaks(one, start("10:10", LUIS), home("10:10", LUIS)) == ([("10:00", "22:00")], {})


def test_an_open_break_takes_no_more_than_the_longest_time() -> None:
    one = pause("08:00")
    assert breaks(one) == ([("08:00", "20:00")], {})
    assert breaks(one, back("20:01", start_id=one.id)) == ([("08:00", "20:00")], {})
    assert breaks(one, stray := back("20:01")) == ([("08:00", "20:00")], {stray.id: "time.stop_without_start"})


def test_stops_of_breaks_that_end_none() -> None:
    one = pause("10:00")
    first, second = back("10:15", start_id=one.id), back("10:20", start_id=one.id)
    assert breaks(second, first, one)[1] == {second.id: "break.over"}
    assert breaks(foreign := back("10:15", LUIS, start_id=one.id), one)[1] == {foreign.id: "time.stop_without_start"}
    assert breaks(early := back("09:00"), one)[1] == {early.id: "time.stop_without_start"}


def test_two_breaks_at_once_end_with_one_stop() -> None:
    assert breaks(pause("10:00"), pause("10:05"), back("10:15"))[0] == [("10:00", "10:15"), ("10:05", "10:15")]


def test_a_stop_goes_with_the_break_it_names() -> None:
    one = pause("10:00")
    counting = effective([one, end := back("10:15", start_id=one.id), void(one)])
    assert counting.outcomes[end.id].reason == "time.stop_of_corrected"


@pytest.mark.parametrize(
    ("first", "second", "known"),
    [("measured", "measured", "measured"), ("measured", "declared", "declared"), ("declared", "measured", "declared"),
     ("declared", "estimated", "estimated"), ("estimated", "measured", "estimated")],
)  # fmt: skip
def test_a_span_is_known_no_better_than_its_worse_end(first: str, second: str, known: str) -> None:
    one = start("08:00", provenance=first)
    (segment,), _ = pair_labor([one, stop("09:00", start_id=one.id, provenance=second)], LONGEST)
    assert segment.provenance == known


def a_segment(until: int | None = 0, duration: int | None = None, name: str = "start") -> Segment:
    return Segment(name, ANA, start("08:00"), 0, until, until or 0, "stop", duration)


@pytest.mark.parametrize(
    ("segment", "reason"),
    [(a_segment(LONGEST), ""), (a_segment(LONGEST + 1), "time.too_long"), (a_segment(-1), "time.negative"),
     (a_segment(None), "time.open"), (a_segment(0, 40 * HOUR), ""), (a_segment(0, -1), "time.unknown"),
     (a_segment(0), "")],
)  # fmt: skip
def test_time_that_cannot_be_believed(segment: Segment, reason: str) -> None:
    outcome = time_outcome(segment, LONGEST)
    assert (outcome.reason if outcome else "") == reason


def test_told_time_is_spoken_of_as_told_and_a_break_as_a_break() -> None:
    told = fact("labor.declared", "2026-11-20T20:01:00Z", person=ANA, activity="run", order="MO-1",
                started_at="2026-11-20T08:00:00Z", ended_at="2026-11-20T20:01:00Z")  # fmt: skip
    ((segment,), _) = pair_labor([told], LONGEST)
    assert time_outcome(segment, LONGEST) == held("time.told_too_long", hours="12")
    ((segment,), _) = pair_breaks([one := pause("08:00")], LONGEST)
    assert time_outcome(segment, LONGEST) == held("break.open", hours="12")
    assert held("break.open", hours="12").owner == "lead"
    ((segment,), _) = pair_breaks([one, back("20:01", start_id=one.id)], LONGEST)
    assert time_outcome(segment, LONGEST) == held("time.too_long", hours="12")


@given(strategies.permutations(["held", "costed", "excluded"]))
def test_a_stop_of_several_starts_is_told_by_the_one_that_waits(states: list[Any]) -> None:
    outcomes: dict[str, Outcome] = {}
    for number, state in enumerate(states):
        tell(outcomes, a_segment(name=f"start {number}"), held("time.open") if state == "held" else Outcome(state))
    assert outcomes["stop"] == held("time.open")
