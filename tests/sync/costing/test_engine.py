"""The engine as a whole: machines, findings, and what must hold of any history."""

from decimal import Decimal

from hypothesis import given, settings, strategies

from sync.core.findings import CATALOGUE
from sync.costing import engine
from sync.events import catalog
from sync.ledger.balances import by_account, by_object, by_order
from tests.cast import ANA, fact, some_rates, terms
from tests.histories import a_history, a_labelled_plant


def run(start: str, stop: str, **fields: str) -> list:
    begun = fact("machine.started", start, machine="M1", **fields)
    return [begun, fact("machine.stopped", stop, machine="M1", start_id=begun.id)]


def test_a_machine_is_never_split() -> None:
    """Two orders on one machine: each bears its whole time, as nesting on a router does."""
    facts = [*run("2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z", order="MO-1"),
             *run("2026-11-20T08:00:00Z", "2026-11-20T09:00:00Z", order="MO-2")]  # fmt: skip
    assert [str(entry.amount) for entry in engine.recompute(facts, terms()).entries] == ["22.50", "22.50"]


def test_a_machine_over_midnight_and_for_no_order() -> None:
    (entry,) = engine.recompute(run("2026-11-20T22:00:00+01:00", "2026-11-21T02:00:00+01:00"), terms()).entries
    assert (str(entry.amount), entry.postings[0].cost_object) == ("90.00", "idle:W1")
    assert [span for _, span in entry.days] == [7_200_000, 7_200_000]


def test_unknown_machines_and_prices_are_held() -> None:
    unknown = fact("machine.reported", "2026-11-20T08:00:00Z", machine="M7", order="MO-1", duration_ms=1)
    early = fact("machine.reported", "2025-11-20T08:00:00Z", machine="M1", order="MO-1", duration_ms=1)
    outcomes = engine.recompute([unknown, early], terms()).outcomes
    assert (outcomes[unknown.id].reason, outcomes[early.id].reason) == ("reference.unknown_machine", "rate.missing")
    assert dict(outcomes[early.id].params) == {"kind": "machine", "subject": "W1", "date": "2025-11-20"}


def test_downtime_is_counted_not_costed() -> None:
    down = fact("downtime.started", "2026-11-20T08:00:00Z", machine="M1", reason="BLADE")
    up = fact("downtime.stopped", "2026-11-20T09:00:00Z", machine="M1")
    costed = engine.recompute([down, up], terms())
    assert costed.entries == []
    assert {outcome.reason for outcome in costed.outcomes.values()} == {"downtime.noted"}
    assert engine.recompute([down], terms()).outcomes[down.id].reason == "time.open"


def test_what_a_fact_shows_by_itself() -> None:
    fields = {"order": "MO-1", "operation": "10", "quantity": "1"}
    drift = fact("output.reported", "2026-11-20T08:00:00Z", clock_offset_ms=-600_000, **fields)
    row = fact("output.reported", "2026-11-20T08:00:00Z", source="log", source_row="7", source_repeat=1, **fields)
    found = {finding.event_id: finding for finding in engine.recompute([drift, row], terms()).findings}
    assert (found[drift.id].code, dict(found[drift.id].params)) == ("clock.drift", {"seconds": "-600"})
    assert (found[row.id].code, found[row.id].params["repeat"]) == ("import.identical_row", "1")


def test_the_same_time_told_twice_is_worth_a_look_and_paid_once() -> None:
    told = {"person": ANA, "activity": "run", "order": "MO-1", "started_at": "2026-11-20T08:00:00Z",
            "ended_at": "2026-11-20T09:00:00Z"}  # fmt: skip
    facts = [fact("labor.declared", "2026-11-20T10:00:00Z", **told) for _ in range(2)]
    costed = engine.recompute(facts, terms())
    assert sum(entry.amount for entry in costed.entries) == Decimal("31.17") + Decimal("0.01")  # 15.585 twice
    assert [finding.code for finding in costed.findings] == ["time.repeated"]


@settings(max_examples=100)
@given(strategies.integers(0, 10**6))
def test_what_must_always_hold(seed: int) -> None:
    """Of any history: every fact is told what became of it; debit is credit, on every plan; nothing is below zero; one
    person's posted time is never more than presence."""
    some = terms(a_labelled_plant(), some_rates())
    facts = [catalog.load(raw) for raw in a_history(seed)]
    costed = engine.recompute(facts, some)
    assert costed.outcomes.keys() == {fact.id for fact in facts}
    for outcome in costed.outcomes.values():
        assert not outcome.reason or CATALOGUE[outcome.reason].state == outcome.state
        assert outcome.reason or outcome.state == "costed"
    contents = [entry.content for entry in costed.entries]
    assert sum(by_object(contents).values()) == 0
    for plan in some.plant.plans:
        assert sum(by_account(contents, plan.code).values()) == 0
    assert all(entry.amount >= 0 for entry in costed.entries)
    assert len({entry.content_id for entry in costed.entries}) == len(costed.entries)
    assert by_order(contents).keys() <= set(some.plant.orders)
    costing = {fact for entry in costed.entries for fact in entry.events}
    assert all(costed.outcomes[fact].state != "excluded" for fact in costing)
    assert all(costed.outcomes[entry.scope].state == "costed" for entry in costed.entries)
