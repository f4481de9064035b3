"""Plans as trees that change with time: parents are the sum of their children, whatever was moved where and when."""

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, strategies

from sync.ledger.balances import by_account
from sync.ledger.plans import (
    BEGINNING,
    Account,
    AccountMap,
    Chart,
    Node,
    as_of,
    as_posted,
    charts,
    refused_accounts,
    refused_maps,
    walk,
)

APRIL, JULY = date(2026, 4, 1), date(2026, 7, 1)
FURNITURE = [
    Account("PROD", "ALL", "All products"),
    Account("PROD", "SEAT", "Seats", "ALL"),
    Account("PROD", "CHAIR", "Chairs", "SEAT"),
    Account("PROD", "STOOL", "Stools", "SEAT"),
    Account("PROD", "TABLE", "Tables", "ALL"),
]


def posted(day: date, amount: str, account: str, other: str = "", **more: Any) -> dict[str, Any]:
    """An entry that debits one account of the plan and credits another ("" = none)."""
    lines = [("debit", account), ("credit", other)]
    return {
        "occurred_on": day.isoformat(),
        "postings": [
            {"side": side, "object": "x:", "amount": amount, "accounts": {"PROD": code} if code else {}}
            for side, code in lines
        ],
        **more,
    }


def shown(nodes: tuple[Node, ...]) -> list[str]:
    return [f"{'  ' * depth}{node.code} {node.name} {node.balance}".rstrip() for depth, node in walk(nodes)]


def test_a_parent_is_the_sum_of_its_children() -> None:
    entries = [
        posted(APRIL, "10.00", "CHAIR"), posted(APRIL, "4.00", "STOOL"), posted(APRIL, "1.50", "SEAT"),
        posted(APRIL, "7.00", "TABLE", "CHAIR"),
    ]  # fmt: skip
    assert shown(as_posted(entries, "PROD", Chart(FURNITURE))) == [
        "  -15.50",
        "ALL All products 15.50",
        "  SEAT Seats 8.50",
        "    CHAIR Chairs 3.00",
        "    STOOL Stools 4.00",
        "  TABLE Tables 7.00",
    ]


def test_moved_in_mid_year() -> None:
    """Stools leave the seats for a family of their own in July: as posted, each month as it was; as of today, as if it
    had always been so. Both come to the same in all."""
    chart = Chart([*FURNITURE, Account("PROD", "STOOL", "Bar stools", "ALL", JULY)])
    entries = [posted(APRIL, "4.00", "STOOL"), posted(JULY, "6.00", "STOOL")]
    assert shown(as_posted(entries, "PROD", chart)) == [
        "  -10.00", "ALL All products 10.00", "  SEAT Seats 4.00", "    STOOL Stools 4.00", "  STOOL Bar stools 6.00",
    ]  # fmt: skip
    assert shown(as_of(entries, "PROD", chart, JULY)) == ["  -10.00", "ALL All products 10.00",
                                                          "  STOOL Bar stools 10.00"]  # fmt: skip
    assert shown(as_of(entries, "PROD", chart, date(2026, 6, 30)))[-1] == "    STOOL Stools 10.00"


def test_merged_and_renamed_through_several_steps() -> None:
    maps = [AccountMap("PROD", "STOOL", "CHAIR", APRIL), AccountMap("PROD", "CHAIR", "SEAT", JULY)]
    chart = Chart(FURNITURE, maps)
    entries = [posted(APRIL, "4.00", "STOOL"), posted(APRIL, "1.00", "CHAIR")]
    assert shown(as_posted(entries, "PROD", chart))[-2:] == ["    CHAIR Chairs 1.00", "    STOOL Stools 4.00"]
    assert shown(as_of(entries, "PROD", chart, APRIL))[-1:] == ["    CHAIR Chairs 5.00"]
    assert shown(as_of(entries, "PROD", chart, JULY))[-1:] == ["  SEAT Seats 5.00"]
    undone = Chart(FURNITURE, [*maps, AccountMap("PROD", "STOOL", "STOOL", JULY)])
    assert undone.stands_for("STOOL", JULY) == "STOOL", "mapped to itself, it stands for itself again"
    assert chart.last_change == JULY


def test_the_day_of_an_entry_is_that_of_its_posting() -> None:
    """A fact of April told after the books moved on stands in July's tree: that is the report it first appeared in."""
    chart = Chart([*FURNITURE, Account("PROD", "STOOL", "Stools", "ALL", JULY)])
    late = posted(APRIL, "4.00", "STOOL", posted_on=JULY.isoformat())
    assert shown(as_posted([late], "PROD", chart))[-1] == "  STOOL Stools 4.00"


def test_an_account_nobody_described_is_a_top_of_its_own() -> None:
    assert shown(as_posted([posted(APRIL, "4.00", "LAMP")], "PROD", Chart(FURNITURE))) == ["  -4.00", "LAMP  4.00"]
    begins = Chart([Account("PROD", "LAMP", "Lamps", "", JULY)])
    assert begins.account("LAMP", APRIL) is None


def test_loops_are_refused_with_the_way_round() -> None:
    (wrong,) = refused_accounts([Account("PROD", "ALL", "", "CHAIR", JULY)], FURNITURE)
    assert (wrong.index, wrong.column) == (0, "parent")
    assert wrong.params == {"value": "ALL", "way": "ALL → CHAIR → SEAT → ALL"}
    assert refused_accounts(FURNITURE) == []
    (itself,) = refused_accounts([Account("PROD", "A", "", "A")])
    assert itself.params["way"] == "A → A"
    moved = [Account("PROD", "SEAT", "", "", JULY), Account("PROD", "ALL", "", "CHAIR", JULY)]
    assert refused_accounts(moved, FURNITURE) == [], "what is above moves below: no loop on any day"
    later = [Account("PROD", "SEAT", "", "", date(2026, 8, 1)), Account("PROD", "ALL", "", "CHAIR", JULY)]
    assert [told.index for told in refused_accounts(later, FURNITURE)] == [1], "a loop in July alone"


def test_two_parents_on_one_day_are_refused() -> None:
    (wrong,) = refused_accounts([*FURNITURE, Account("PROD", "STOOL", "Stools", "TABLE")])
    assert wrong.params == {"value": "STOOL", "one": "SEAT", "other": "TABLE"}
    assert "two parents" in wrong.sentence
    assert refused_accounts([Account("PROD", "STOOL", "", "TABLE", JULY)], FURNITURE) == [], "one after the other"


def test_a_parent_must_be_there() -> None:
    (wrong,) = refused_accounts([Account("PROD", "LAMP", "", "LIGHT")], FURNITURE)
    assert wrong.params == {"value": "LIGHT", "plan": "PROD"}
    young = [Account("PROD", "LIGHT", "", "", JULY), Account("PROD", "LAMP", "", "LIGHT", APRIL)]
    (wrong,) = refused_accounts(young)
    assert (wrong.index, wrong.params) == (1, {"value": "LIGHT", "day": "2026-07-01"})


def test_mappings_that_lead_back_are_refused() -> None:
    there = [AccountMap("PROD", "STOOL", "CHAIR", APRIL)]
    (wrong,) = refused_maps([AccountMap("PROD", "CHAIR", "STOOL", JULY)], there)
    assert wrong.params == {"value": "CHAIR", "way": "CHAIR → STOOL → CHAIR"}
    assert refused_maps([AccountMap("PROD", "CHAIR", "CHAIR", JULY)], there) == []
    (twice,) = refused_maps([*there, AccountMap("PROD", "STOOL", "TABLE", APRIL)])
    assert "two accounts on the same day" in twice.sentence


CODES = "ABCDEF"
DAYS = [BEGINNING, APRIL, JULY]


@strategies.composite
def histories(draw: strategies.DrawFn) -> tuple[list[Account], list[AccountMap]]:
    """Trees of six accounts over three dates, mappings among them: whatever the checks let through."""
    rows: list[Account] = [Account("PROD", code, code) for code in CODES]
    for _ in range(draw(strategies.integers(0, 12))):
        row = Account("PROD", draw(strategies.sampled_from(CODES)), "x", draw(strategies.sampled_from(CODES)),
                      draw(strategies.sampled_from(DAYS)))  # fmt: skip
        known = [one for one in rows if (one.code, one.valid_from) != (row.code, row.valid_from)]
        if not refused_accounts([row], known):
            rows = [*known, row]
    maps: list[AccountMap] = []
    for _ in range(draw(strategies.integers(0, 8))):
        one = AccountMap("PROD", draw(strategies.sampled_from(CODES)), draw(strategies.sampled_from(CODES)),
                         draw(strategies.sampled_from(DAYS)))  # fmt: skip
        others = [other for other in maps if (other.account, other.valid_from) != (one.account, one.valid_from)]
        if not refused_maps([one], others):
            maps = [*others, one]
    return rows, maps


@given(
    histories(),
    strategies.lists(
        strategies.tuples(
            strategies.sampled_from([date(2026, 1, 5), APRIL, JULY]),
            strategies.integers(0, 10_000),
            strategies.sampled_from([*CODES, ""]),
            strategies.sampled_from([*CODES, ""]),
        )
    ),
    strategies.sampled_from([date(2026, 1, 5), APRIL, JULY]),
)
def test_whatever_was_moved_the_tops_add_up_to_what_is_posted(
    history: tuple[list[Account], list[AccountMap]], made: list[tuple[date, int, str, str]], day: date
) -> None:
    chart = charts(*history).get("PROD", Chart())
    entries = [posted(on, str(Decimal(cents).scaleb(-2)), debit, credit) for on, cents, debit, credit in made]
    flat = by_account(entries, "PROD")
    for nodes in (as_posted(entries, "PROD", chart), as_of(entries, "PROD", chart, day)):
        assert sum(node.balance for node in nodes) == sum(flat.values()) == 0
        for _, node in walk(nodes):
            assert node.balance == node.own + sum(child.balance for child in node.children)
    own: dict[str, Decimal] = {}
    for _, node in walk(as_posted(entries, "PROD", chart)):
        own[node.code] = own.get(node.code, Decimal(0)) + node.own
    assert {code: amount for code, amount in own.items() if amount} == {c: a for c, a in flat.items() if a}
