"""A rate from pay, and what a rate would change."""

from datetime import date
from decimal import Decimal

import pytest

from sync.costing.derived_rate import NoRate, derive
from sync.costing.engine import Terms, recompute
from sync.costing.policy import Policies
from sync.costing.rate_preview import preview
from sync.costing.rates import Rate, RateTable
from sync.ledger.balances import by_provenance, percentages
from tests.cast import ANA, LUIS, a_plant, fact

START = date(2026, 1, 1)
GROUPS = [
    Rate("g1", "labor", "rate_group", "G1", START, 1, Decimal(30)),
    Rate("g2", "labor", "rate_group", "G2", START, 1, Decimal(40)),
]


def test_by_hand() -> None:
    found = derive(Decimal("1800"), Decimal("200"), Decimal(120), "EUR")
    assert found.rate == Decimal("16.66666666666666666666666666666667"), "unrounded"
    assert found.formula == (
        "(1800 gross + 200 employer charges) EUR / 120 productive hours = 16.66666666666666666666666666666667 EUR/h"
    )
    assert derive(Decimal(2000), Decimal(0), Decimal(152), "EUR").rate < found.rate, "hours paid recover too little"


@pytest.mark.parametrize(("gross", "charges", "hours"), [(1, 0, 0), (1, 0, -1), (-1, 0, 1), (1, -1, 1)])
def test_what_has_no_rate(gross: int, charges: int, hours: int) -> None:
    with pytest.raises(NoRate, match="zero"):
        derive(Decimal(gross), Decimal(charges), Decimal(hours), "EUR")


def facts() -> list:
    made = []
    for who, order, day, hours in ((ANA, "MO-1", 16, 2), (ANA, "MO-2", 18, 3), (LUIS, "MO-1", 18, 1)):
        begin = fact(
            "labor.started", f"2026-11-{day}T08:00:00Z", person=who, activity="run", order=order, operation="20"
        )
        made += [begin, fact("labor.stopped", f"2026-11-{day}T{8 + hours:02}:00:00Z", person=who, start_id=begin.id)]
    return made


def test_what_a_new_rate_would_change() -> None:
    """33.00 from the 17th on: three hours of MO-2 cost 9.00 more, nothing else moves, and nothing is posted."""
    terms = Terms(a_plant(), RateTable(GROUPS), Policies())
    given = facts()
    before = [entry.content_id for entry in recompute(given, terms).entries]
    effect = preview(given, terms, GROUPS, Rate("n", "labor", "rate_group", "G1", date(2026, 11, 17), 1, Decimal(33)))
    assert [(c.name, c.before, c.after, c.difference) for c in effect.orders] == [("order:MO-2", 90, 99, 9)]
    assert [(c.name, c.difference) for c in effect.absorbed] == [("department:D1", 9)]
    assert (effect.total.before, effect.total.after) == (190, 199)
    assert (effect.reversed_entries, effect.posted_entries, effect.freed) == (1, 1, 0)
    assert [entry.content_id for entry in recompute(given, terms).entries] == before


def test_a_rate_of_the_same_day_is_put_right() -> None:
    terms = Terms(a_plant(), RateTable(GROUPS), Policies())
    effect = preview(facts(), terms, GROUPS, Rate("n", "labor", "rate_group", "G2", START, 1, Decimal("39.5")))
    assert [(change.name, change.difference) for change in effect.orders] == [("order:MO-1", Decimal("-0.50"))]


def test_a_rate_that_was_missing_frees_what_waited() -> None:
    terms = Terms(a_plant(), RateTable(GROUPS[:1]), Policies())
    effect = preview(facts(), terms, GROUPS[:1], GROUPS[1])
    assert effect.freed == 2, "a start and its stop"
    assert (effect.reversed_entries, effect.posted_entries) == (0, 1)


def test_shares_of_how_it_is_known() -> None:
    begin = fact("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="20")
    given = [
        begin,
        fact("labor.stopped", "2026-11-20T10:00:00Z", person=ANA, start_id=begin.id),
        # A fact told afterwards is declared, whatever it says of itself.
        fact("labor.declared", "2026-11-20T12:00:00Z", person=ANA, activity="run", order="MO-1", operation="20",
             duration_ms=3_600_000, provenance="measured"),
        fact("labor.declared", "2026-11-20T12:00:00Z", person=ANA, activity="run", order="MO-2", operation="20",
             duration_ms=3_600_000, provenance="estimated"),
    ]  # fmt: skip
    entries = recompute(given, Terms(a_plant(), RateTable(GROUPS), Policies())).entries
    shares = by_provenance(entry.content for entry in entries)
    assert shares["MO-1"] == {"declared": 30, "measured": 60}
    assert shares[""] == {"declared": 30, "estimated": 30, "measured": 60}
    assert percentages(shares["MO-1"]) == {"declared": Decimal("33.3"), "measured": Decimal("66.7")}
    assert sum(percentages({"a": Decimal(1), "b": Decimal(1), "c": Decimal(1)}).values()) == 100
    assert percentages({"a": Decimal(0)}) == {}
