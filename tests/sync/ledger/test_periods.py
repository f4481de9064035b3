"""Periods: locked and unlocked with a trace, closed for good."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, strategies

from sync.ledger.periods import Action, Calendar, Check, PeriodRefused, State, after, first_day

HELD = Check("held", False, "{count} facts are held", {"count": "3"})
WAITING = Check("waiting", True, "{count} facts wait to be costed", {"count": "2"})


def test_a_late_fact_posts_on_the_first_day_of_the_first_open_month() -> None:
    calendar = Calendar({"2026-10", "2026-11", "2026-12"})
    assert calendar.posting(date(2026, 10, 20)) == (date(2027, 1, 1), "2027-01")
    assert calendar.posting(date(2026, 9, 30)) == (date(2026, 9, 30), "2026-09")
    assert calendar.posting(date(2027, 2, 3)) == (date(2027, 2, 3), "2027-02")


@pytest.mark.parametrize(
    ("action", "state", "new"),
    [("lock", "open", "locked"), ("unlock", "locked", "open"), ("close", "open", "closed"),
     ("close", "locked", "closed")],
)  # fmt: skip
def test_what_may_be_done(action: Action, state: State, new: State) -> None:
    assert after(action, "2026-10", state, "to mend an order") == new


@pytest.mark.parametrize(
    ("action", "state", "reason", "failing", "words"),
    [
        ("lock", "locked", "", (), "locked already"),
        ("unlock", "open", "why not", (), "no lock to lift"),
        ("unlock", "locked", "  ", (), "say why"),
        ("lock", "closed", "x", (), "closed for good"),
        ("unlock", "closed", "x", (), "closed for good"),
        ("close", "closed", "x", (), "closed for good"),
        ("close", "open", "", (HELD,), "1 open points"),
        ("close", "open", "never mind", (HELD, WAITING), "2 facts wait"),
    ],
)
def test_what_may_not(action: Action, state: State, reason: str, failing: tuple[Check, ...], words: str) -> None:
    with pytest.raises(PeriodRefused, match=words):
        after(action, "2026-10", state, reason, failing)


def test_an_open_point_may_be_accepted_with_a_reason() -> None:
    assert after("close", "2026-10", "locked", "the machine was scrapped", (HELD,)) == "closed"


@pytest.mark.parametrize("period", ["2026-13", "202610", "October", "2026-1", "2026-10-01"])
def test_a_month_is_written_in_one_way(period: str) -> None:
    with pytest.raises(PeriodRefused, match="not a month"):
        first_day(period)


@given(strategies.lists(strategies.sampled_from(["lock", "unlock", "close"]), max_size=12))
def test_closed_stays_closed_whatever_is_tried(actions: list[Action]) -> None:
    state: State = "open"
    was_closed = False
    for action in actions:
        with suppress(PeriodRefused):
            state = after(action, "2026-10", state, "a reason")
        was_closed = was_closed or state == "closed"
        assert not was_closed or state == "closed"
