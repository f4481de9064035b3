"""Labor time: every instant of a person is shared among what is open, and none is lost or invented."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings, strategies

from sync.core.clock import local_date
from sync.costing.engine import cost_labor
from sync.costing.rates import Rate
from sync.costing.rules.labor_time import attribute
from sync.costing.scope import Segment, job
from sync.events.labor import LaborStarted
from tests.cast import ANA, PARIS, a_plant, fact, instant, some_rates, terms

HOUR = 3_600_000
JOBS = [("MO-1", "10"), ("MO-1", "20"), ("MO-2", "10"), ("", "CLEAN")]
BEGIN = instant("2026-10-24T06:00:00Z")  # the clock goes back in the night that follows


def a_segment(number: int, start: int, end: int, job: tuple[str, str]) -> Segment:
    """From `start` to `end` (ms after BEGIN) on a job."""
    order, place = job
    name = f"00000000-0000-4000-8000-{number:012}"
    work: dict[str, Any] = {"activity": "run", "order": order, "operation": place}
    if not order:
        work = {"activity": "indirect", "indirect_code": place}
    event = fact("labor.started", BEGIN + start, id=name, person=ANA, **work)
    assert isinstance(event, LaborStarted)
    return Segment(name, ANA, event, BEGIN + start, BEGIN + end, BEGIN + end)


@strategies.composite
def segments(draw: strategies.DrawFn) -> list[Segment]:
    """Up to twelve spans of one person over two days, many of them touching, equal or empty."""
    grid = draw(strategies.sampled_from([1, 7, 60_000, HOUR]))
    most = 48 * HOUR // grid
    points = draw(strategies.lists(strategies.integers(0, most), min_size=2, max_size=8))
    made = []
    for number in range(draw(strategies.integers(1, 12))):
        start, end = sorted((draw(strategies.sampled_from(points)), draw(strategies.sampled_from(points))))
        made.append(a_segment(number, start * grid, end * grid, draw(strategies.sampled_from(JOBS))))
    return made


def union(spans: list[Segment]) -> int:
    """Milliseconds covered by at least one span."""
    covered, reached = 0, 0
    for span in sorted(spans, key=lambda span: span.start):
        covered += max(span.ends - max(span.start, reached), 0)
        reached = max(reached, span.ends)
    return covered


@settings(max_examples=200)
@given(segments())
@example([a_segment(n, 0, 10_001, job) for n, job in enumerate(JOBS)])
def test_attributed_time_is_presence_exactly(spans: list[Segment]) -> None:
    """The sum over all pieces is the union of the spans, to the millisecond, whatever overlaps whatever."""
    pieces = attribute(spans, PARIS)
    assert pieces.keys() == {span.id for span in spans}
    assert sum(piece.milliseconds for parts in pieces.values() for piece in parts) == union(spans)


@settings(max_examples=200)
@given(segments(), segments())
def test_breaks_take_their_instants_away(spans: list[Segment], pauses: list[Segment]) -> None:
    """What is left is the union of the spans without that of the breaks, and nobody gets an instant of a break."""
    pieces = attribute(spans, PARIS, pauses)
    overlap = [
        replace(span, start=start, ends=ends)
        for span in spans
        for pause in pauses
        if (start := max(span.start, pause.start)) < (ends := min(span.ends, pause.ends))
    ]
    total = sum(piece.milliseconds for parts in pieces.values() for piece in parts)
    assert total == union(spans) - union(overlap)


def test_a_break_that_covers_all_leaves_nothing() -> None:
    (span,) = [a_segment(1, 0, HOUR, JOBS[0])]
    assert attribute([span], PARIS, [span])[span.id] == []


@given(segments())
def test_pieces_lie_within_their_segment_and_on_one_day(spans: list[Segment]) -> None:
    pieces = attribute(spans, PARIS)
    for span in spans:
        parts = pieces[span.id]
        assert sum(part.milliseconds for part in parts) <= span.ends - span.start
        assert [part.start for part in parts] == sorted({part.start for part in parts})
        assert len({part.day for part in parts}) == len(parts)
        for part in parts:
            assert part.milliseconds >= 0
            assert span.start <= part.start < span.ends
            assert part.day == local_date(part.start, PARIS)


@given(segments(), strategies.randoms())
def test_the_order_of_facts_changes_nothing(spans: list[Segment], chance: Any) -> None:
    assert attribute(chance.sample(spans, len(spans)), PARIS) == attribute(spans, PARIS)


@given(segments())
def test_open_jobs_share_equally_whatever_was_tapped_twice(spans: list[Segment]) -> None:
    """By definition: at an instant 1 / open jobs, and of that 1 / taps of the job; rounded by less than a millisecond
    each time the open set changes."""
    edges = sorted({span.start for span in spans} | {span.ends for span in spans})
    exact: dict[str, Fraction] = defaultdict(Fraction)
    for start, end in pairwise(edges):
        taps = [span for span in spans if span.start <= start and end <= span.ends]
        jobs = Counter(job(span) for span in taps)
        for span in taps:
            exact[span.id] += Fraction(end - start, len(jobs) * jobs[job(span)])
    rounded = len(edges) + 3  # and at each of at most three midnights
    for name, parts in attribute(spans, PARIS).items():
        assert abs(sum(part.milliseconds for part in parts) - exact[name]) <= rounded


def test_by_hand() -> None:
    """08:00-10:00 on one, 09:00-11:00 on another, 09:30-10:00 cleaning."""
    spans = [a_segment(1, 0, 2 * HOUR, JOBS[0]), a_segment(2, HOUR, 3 * HOUR, JOBS[2]),
             a_segment(3, HOUR * 3 // 2, 2 * HOUR, JOBS[3])]  # fmt: skip
    minutes = {key: [part.milliseconds // 60_000 for part in parts] for key, parts in attribute(spans, PARIS).items()}
    assert list(minutes.values()) == [[85], [85], [10]]


def test_the_odd_millisecond_goes_to_the_smaller_id() -> None:
    pieces = attribute([a_segment(n, 0, 10, job) for n, job in enumerate(JOBS[:3])], PARIS)
    assert [parts[0].milliseconds for parts in pieces.values()] == [4, 3, 3]


def test_two_taps_of_one_job_share_its_share() -> None:
    spans = [a_segment(1, 0, 1200, JOBS[0]), a_segment(2, 0, 1200, JOBS[0]), a_segment(3, 0, 1200, JOBS[2])]
    assert [parts[0].milliseconds for parts in attribute(spans, PARIS).values()] == [300, 300, 600]


# --- as entries --------------------------------------------------------------------------------------------------


def declared(started: str, ended: str, **fields: Any) -> Any:
    fields = {"activity": "run", "order": "MO-1", "operation": "10", **fields}
    return fact("labor.declared", ended, person=ANA, started_at=started, ended_at=ended, **fields)


def test_a_segment_is_held_whole_but_excluded_by_the_day() -> None:
    """The lathe's rate includes labor from 21 November on: before midnight her time costs, after it does not."""
    night = declared("2026-11-20T22:00:00+01:00", "2026-11-21T02:00:00+01:00")
    with_labor = Rate("m2", "machine", "work_center", "W1", date(2026, 11, 21), 1, Decimal(55), includes_labor=True)
    costed = cost_labor([night], terms(rates=some_rates(with_labor)))
    assert [(entry.amount, entry.quantity) for entry in costed.entries] == [(Decimal("62.34"), 2 * HOUR)]
    assert costed.outcomes[night.id].state == "costed"
    all_of_it = declared("2026-11-21T08:00:00+01:00", "2026-11-21T09:00:00+01:00")
    costed = cost_labor([all_of_it], terms(rates=some_rates(with_labor)))
    assert (costed.entries, costed.outcomes[all_of_it.id].reason) == ([], "labor.in_machine_rate")


def test_cleaning_beside_a_machine_that_includes_labor_is_paid() -> None:
    with_labor = Rate("m2", "machine", "work_center", "W1", date(2026, 1, 2), 1, Decimal(55), includes_labor=True)
    cleaning = declared("2026-11-21T08:00:00+01:00", "2026-11-21T09:00:00+01:00", activity="indirect",
                        indirect_code="CLEAN", order=None, operation=None, work_center="W1")  # fmt: skip
    (entry,) = cost_labor([cleaning], terms(rates=some_rates(with_labor))).entries
    assert (entry.amount, entry.postings[0].cost_object) == (Decimal("31.17"), "activity:CLEAN")


@pytest.mark.parametrize("activity", ["setup", "run", "rework", "teardown"])
def test_waiting_on_an_order_is_labor_that_says_it_was_idle(activity: str) -> None:
    """Whatever was going on; an activity without the mark, and waiting that is nobody's order, are as before."""
    of = terms(a_plant(idle=frozenset({"WAIT"})))
    told = {"person": ANA, "order": "MO-1", "operation": "10", "duration_ms": HOUR}
    waited = fact("labor.declared", "2026-11-20T16:00:00Z", activity=activity, indirect_code="WAIT", **told)
    (entry,) = cost_labor([waited], of).entries
    assert (entry.element, entry.activity, entry.order) == ("labor", "idle:WAIT", "MO-1")
    other = fact("labor.declared", "2026-11-20T16:00:00Z", activity=activity, indirect_code="CLEAN", **told)
    assert cost_labor([other], of).entries[0].activity == activity
    nobodys = {"person": ANA, "activity": "indirect", "indirect_code": "WAIT", "duration_ms": HOUR}
    (entry,) = cost_labor([fact("labor.declared", "2026-11-20T16:00:00Z", **nobodys)], of).entries
    assert (entry.activity, entry.order, entry.postings[0].cost_object) == ("indirect:WAIT", "", "activity:WAIT")


def test_no_time_at_all_is_an_entry_of_nothing() -> None:
    nothing = declared("2026-11-21T08:00:00+01:00", "2026-11-21T08:00:00+01:00")
    costed = cost_labor([nothing], terms())
    assert [(str(entry.amount), entry.quantity) for entry in costed.entries] == [("0.00", 0)]


@pytest.mark.parametrize(("rate", "subject"), [("31.17", ""), ("50", "person"), ("12.5", "work_center")])
def test_one_labor_cost_not_two(rate: str, subject: str) -> None:
    plant = a_plant()
    more = {
        "": [],
        "person": [Rate("p", "labor", "person", ANA, date(2026, 1, 1), 1, Decimal(50)),
                   Rate("w", "labor", "work_center", "W1", date(2026, 1, 1), 1, Decimal("12.5"))],
        "work_center": [Rate("w", "labor", "work_center", "W2", date(2026, 1, 1), 1, Decimal("12.5"))],
    }[subject]  # fmt: skip
    if subject == "work_center":
        plant.people[ANA] = type(plant.people[ANA])(ANA, "", "D1")
    place = {"operation": "20"} if subject == "work_center" else {}
    hour = declared("2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z", **place)
    (entry,) = cost_labor([hour], terms(plant, some_rates(*more))).entries
    assert entry.rate == Decimal(rate)
