"""Split rules: whichever it is, one person's time is shared to the millisecond, and none is lost or invented."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies

from sync.core.plant import Operation, Plant
from sync.costing.engine import recompute
from sync.costing.policy import SPLIT_RULES, Policy
from sync.costing.rules.labor_time import attribute
from sync.costing.scope import Segment, effective, pair_breaks, pair_labor
from sync.costing.splits import RULES
from sync.events import catalog
from sync.events.labor import LaborStarted
from tests.cast import ANA, LUIS, PARIS, a_plant, fact, instant, terms
from tests.histories import a_history, a_labelled_plant

HOUR = 3_600_000
BEGIN = instant("2026-10-24T06:00:00Z")  # the clock goes back in the night that follows
# (order, operation or indirect activity, activity); MO-9 is known to nobody, operation 77 neither
JOBS = [("MO-1", "10", "run"), ("MO-1", "10", "setup"), ("MO-1", "20", "run"), ("MO-2", "10", "run"),
        ("MO-2", "10", "teardown"), ("MO-9", "10", "run"), ("MO-1", "77", "rework"), ("", "CLEAN", "indirect"),
        ("", "MEETING", "indirect")]  # fmt: skip
A, A_SETUP, A_20, B, _, UNKNOWN, _, CLEAN, _ = JOBS


def standards(**minutes: tuple[str, str]) -> Plant:
    """The cast's plant; standard (setup, run of one piece) of operations 10 by order. Ten pieces each."""
    plant = a_plant()
    for code, (setup, run) in minutes.items():
        order = plant.orders[f"MO-{code[-1]}"]
        first = replace(order.operations[0], standard_setup_min=Decimal(setup), standard_run_min=Decimal(run))
        plant.orders[order.code] = replace(order, operations=(first, *order.operations[1:]))
    return plant


def on(number: int, start: int, end: int, job: tuple[str, str, str]) -> Segment:
    """From `start` to `end` (ms after BEGIN) on a job."""
    order, place, activity = job
    name = f"00000000-0000-4000-8000-{number:012}"
    work = {"order": order, "operation": place} if order else {"indirect_code": place}
    event = fact("labor.started", BEGIN + start, id=name, person=ANA, activity=activity, **work)
    assert isinstance(event, LaborStarted)
    return Segment(name, ANA, event, BEGIN + start, BEGIN + end, BEGIN + end)


def shared(rule: str, spans: Sequence[Segment], plant: Plant | None = None, **more: Any) -> list[int]:
    """Milliseconds of each span under a rule."""
    here = plant or a_plant()
    pieces = attribute(spans, PARIS, weigh=lambda _, together: RULES[rule].weigh(together, here), **more)
    assert pieces.keys() == {span.id for span in spans}
    return [sum(piece.milliseconds for piece in pieces[span.id]) for span in spans]


@strategies.composite
def segments(draw: strategies.DrawFn) -> list[Segment]:
    """Up to ten spans of one person over two days, many of them touching, equal or empty."""
    grid = draw(strategies.sampled_from([1, 7, 60_000, HOUR]))
    points = draw(strategies.lists(strategies.integers(0, 48 * HOUR // grid), min_size=2, max_size=8))
    made = []
    for number in range(draw(strategies.integers(1, 10))):
        start, end = sorted((draw(strategies.sampled_from(points)), draw(strategies.sampled_from(points))))
        made.append(on(number, start * grid, end * grid, draw(strategies.sampled_from(JOBS))))
    return made


MINUTES = strategies.decimals("0", "9999.999999", places=6).map(str) | strategies.just("0")
PLANTS = strategies.builds(
    lambda one, two: standards(mo1=one, mo2=two),
    strategies.tuples(MINUTES, MINUTES),
    strategies.tuples(MINUTES, MINUTES),
)


def there(spans: Sequence[Segment], pauses: Sequence[Segment]) -> int:
    """Milliseconds at work and in no break, counted an instant of change after the other."""
    edges = sorted({edge for span in [*spans, *pauses] for edge in (span.start, span.ends)})
    return sum(
        until - start
        for start, until in pairwise(edges)
        if any(span.start <= start < span.ends for span in spans)
        and not any(pause.start <= start < pause.ends for pause in pauses)
    )


# --- for every rule ----------------------------------------------------------------------------------------------


def test_the_policy_names_the_rules_there_are() -> None:
    assert tuple(RULES) == SPLIT_RULES
    assert all(split.version >= 1 for split in RULES.values())


@pytest.mark.parametrize("rule", SPLIT_RULES)
@settings(max_examples=100)
@given(spans=segments(), pauses=segments(), plant=PLANTS)
@example(spans=[on(n, 0, 10_001, job) for n, job in enumerate(JOBS)], pauses=[], plant=standards(mo1=("0", "0.000001")))
def test_attributed_time_is_presence_less_breaks_exactly(
    rule: str, spans: list[Segment], pauses: list[Segment], plant: Plant
) -> None:
    got = shared(rule, spans, plant, breaks=pauses)
    assert sum(got) == there(spans, pauses)
    assert all(0 <= part <= span.ends - span.start for part, span in zip(got, spans, strict=True))


@pytest.mark.parametrize("rule", SPLIT_RULES)
@given(spans=segments(), plant=PLANTS, chance=strategies.randoms())
def test_the_order_of_facts_changes_nothing(rule: str, spans: list[Segment], plant: Plant, chance: Any) -> None:
    mixed = chance.sample(spans, len(spans))
    assert dict(zip(mixed, shared(rule, mixed, plant), strict=True)) == dict(
        zip(spans, shared(rule, spans, plant), strict=True)
    )


@pytest.mark.parametrize("rule", SPLIT_RULES)
@given(job=strategies.sampled_from(JOBS), length=strategies.integers(0, 30 * HOUR), plant=PLANTS)
def test_what_is_open_alone_takes_all(rule: str, job: tuple[str, str, str], length: int, plant: Plant) -> None:
    assert shared(rule, [on(1, 0, length, job)], plant) == [length]


@pytest.mark.parametrize("rule", SPLIT_RULES)
def test_two_taps_of_one_job_share_what_it_gets(rule: str) -> None:
    one, two, three = shared(rule, [on(1, 0, 1200, A), on(2, 0, 1200, A), on(3, 0, 1200, A)])
    assert (one, two, three) == (400, 400, 400)


# --- each rule by its definition ---------------------------------------------------------------------------------


def exactly(rule: str, together: Sequence[Segment], plant: Plant) -> dict[str, Fraction]:
    """The share of each segment by the words of its rule, worked out otherwise than the rule does."""
    jobs: dict[tuple[str, ...], list[Segment]] = defaultdict(list)
    for span in together:
        event: Any = span.event
        kind = ("setup" if event.activity in ("setup", "teardown") else "run") if rule == "standard_time" else ""
        jobs[event.order or "", event.operation or "", event.indirect_code or "", kind if event.order else ""].append(
            span
        )
    share: dict[tuple[str, ...], Fraction] = {}
    if rule == "equal_share":
        share = {name: Fraction(1, len(jobs)) for name in jobs}
    elif rule == "number_of_orders":
        orders = {(name[0], name[2]) for name in jobs}
        for name in jobs:
            alike = [other for other in jobs if (other[0], other[2]) == (name[0], name[2])]
            share[name] = Fraction(1, len(orders)) / len(alike)
    elif rule == "standard_time":
        minutes = {}
        for order, number, _indirect, kind in jobs:
            steps: Sequence[Operation] = plant.orders[order].operations if order in plant.orders else ()
            for step in steps:
                if step.number == number:
                    run = step.standard_run_min * plant.orders[order].quantity
                    minutes[order, number, "", kind] = Fraction(step.standard_setup_min if kind == "setup" else run)
        known = {name: told for name, told in minutes.items() if told}
        for name in jobs:
            equal = Fraction(1, len(jobs))
            share[name] = equal * len(known) * known[name] / sum(known.values()) if name in known else equal
    else:
        begun = sorted(together, key=lambda span: span.id)
        begun.sort(key=lambda span: span.start, reverse=rule == "unattended")
        if rule == "main_order" and any(name[0] for name in jobs):
            begun = [span for span in begun if getattr(span.event, "order", None)]
        first: Any = begun[0].event
        for name in jobs:
            same = name[0] == (first.order or "") and name[2] == (first.indirect_code or "")
            chosen = same and (rule == "main_order" or name[1] == (first.operation or ""))
            share[name] = Fraction(int(chosen))
        share = {name: part / sum(share.values()) for name, part in share.items()}
    return {span.id: share[name] / len(taps) for name, taps in jobs.items() for span in taps}


@pytest.mark.parametrize("rule", SPLIT_RULES)
@settings(max_examples=100)
@given(spans=segments(), plant=PLANTS)
def test_shares_are_those_of_the_definition(rule: str, spans: list[Segment], plant: Plant) -> None:
    """Rounded by less than a millisecond each time the open set changes, and at each of at most three midnights."""
    edges = sorted({span.start for span in spans} | {span.ends for span in spans})
    exact: dict[str, Fraction] = defaultdict(Fraction)
    for start, end in pairwise(edges):
        together = [span for span in spans if span.start <= start and end <= span.ends]
        for name, share in exactly(rule, together, plant).items() if together else ():
            exact[name] += share * (end - start)
    for span, got in zip(spans, shared(rule, spans, plant), strict=True):
        assert abs(got - exact[span.id]) <= len(edges) + 3


@pytest.mark.parametrize(
    ("rule", "jobs", "parts"),
    [
        # 25 min of MO-1 (10 x 2.5) beside 50 of MO-2: a third and two thirds of 900.
        ("standard_time", [A, B], [300, 600]),
        # its setup (15 min) beside MO-2's run (50 min): 15 / 65 and 50 / 65 of 900
        ("standard_time", [A_SETUP, B], [208, 692]),
        # cleaning takes its equal third, MO-1 and MO-2 share the other two thirds 1 : 2
        ("standard_time", [A, B, CLEAN], [200, 400, 300]),
        # an operation without a standard and an order nobody knows: half each
        ("standard_time", [A_20, UNKNOWN], [450, 450]),
        ("standard_time", [A, A_20, UNKNOWN], [300, 300, 300]),
        # two operations of MO-1 share its half
        ("number_of_orders", [A, A_20, B], [225, 225, 450]),
        ("number_of_orders", [A, B, CLEAN], [300, 300, 300]),
        ("number_of_orders", [A, A_SETUP, B], [225, 225, 450]),
        # begun together: the smaller id
        ("main_order", [A, B], [900, 0]),
        ("main_order", [CLEAN, B, A_20], [0, 900, 0]),
        ("main_order", [A, A_20, B], [450, 450, 0]),
        ("main_order", [CLEAN, JOBS[8]], [900, 0]),
        ("unattended", [A, B], [900, 0]),
        ("unattended", [CLEAN, A, A_20], [900, 0, 0]),
    ],
)
def test_by_hand(rule: str, jobs: list[tuple[str, str, str]], parts: list[int]) -> None:
    plant = standards(mo1=("15", "2.5"), mo2=("0", "5"))
    assert shared(rule, [on(number, 0, 900, job) for number, job in enumerate(jobs)], plant) == parts


def test_the_main_order_is_the_one_begun_first() -> None:
    """MO-1 08-10, MO-2 09-12, MO-1 again 11-12, cleaning 10:30-13: MO-2 is the older one then, cleaning last."""
    spans = [on(1, 0, 2 * HOUR, A), on(2, HOUR, 4 * HOUR, B), on(3, 3 * HOUR, 4 * HOUR, A_20),
             on(4, HOUR * 5 // 2, 5 * HOUR, CLEAN)]  # fmt: skip
    assert shared("main_order", spans) == [2 * HOUR, 2 * HOUR, 0, HOUR]


def test_unattended_is_what_was_begun_before() -> None:
    """The same day: each new start takes the person away, and the end of the last brings the person back."""
    spans = [on(1, 0, 2 * HOUR, A), on(2, HOUR, 4 * HOUR, B), on(3, 3 * HOUR, 4 * HOUR, A_20),
             on(4, HOUR * 5 // 2, 5 * HOUR, CLEAN)]  # fmt: skip
    assert shared("unattended", spans) == [HOUR, HOUR * 3 // 2, HOUR, HOUR * 3 // 2]


@pytest.mark.parametrize("rule", ["standard_time", "number_of_orders"])
def test_the_odd_millisecond_goes_to_the_smaller_id(rule: str) -> None:
    assert shared(rule, [on(number, 0, 10, job) for number, job in enumerate([CLEAN, UNKNOWN, A_20])]) == [4, 3, 3]


# --- as entries --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", SPLIT_RULES)
@settings(max_examples=20)
@given(seed=strategies.integers(0, 10**6))
def test_presence_and_names_end_to_end(rule: str, seed: int) -> None:
    """Invariant 5, of any history: whoever it is, the pieces are presence less breaks; each entry of labor names the
    rule, but for the first one, whose entries are as they always were."""
    facts = [catalog.load(raw) for raw in a_history(seed)]
    counting = effective(facts).events
    segments, _ = pair_labor(counting, 12 * HOUR)
    breaks, _ = pair_breaks(counting, 12 * HOUR)
    for who in (ANA, LUIS):
        spans = [span for span in segments if span.who == who and span.duration is None]
        pauses = [pause for pause in breaks if pause.who == who]
        assert sum(shared(rule, spans, breaks=pauses)) == there(spans, pauses)
    told = "" if rule == "equal_share" else f"{rule}/{RULES[rule].version}"
    entries = recompute(facts, terms(a_labelled_plant(), policy=Policy(split_rule=rule))).entries
    for entry in entries:
        assert entry.split == (told if entry.rule == "labor_time" else "")
        assert ("split" in entry.content) == bool(entry.split)


def test_an_order_without_time_keeps_an_entry_of_nothing() -> None:
    day = [
        fact("labor.declared", "2026-11-20T12:00:00Z", person=ANA, activity="run", order=order, operation="20",
             started_at=f"2026-11-20T0{hour}:00:00Z", ended_at="2026-11-20T09:00:00Z")
        for order, hour in (("MO-1", 7), ("MO-2", 8))
    ]  # fmt: skip
    random.Random(1).shuffle(day)
    found = recompute(day, terms(policy=Policy(split_rule="main_order"))).entries
    assert {entry.order: (entry.quantity, str(entry.amount)) for entry in found} == {
        "MO-1": (2 * HOUR, "62.34"), "MO-2": (0, "0.00"),
    }  # fmt: skip
