"""Declared operations: balanced or refused with the reason, mirrored to the cent, one order at most in an entry."""

import json
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies

from sync.core.money import allocate
from sync.core.plant import Plan
from sync.ledger.accounts import spread
from sync.ledger.balances import by_account, by_object, by_order
from sync.ledger.entry import first_posting
from sync.ledger.operations import (
    GeneralEntry,
    Operation,
    covered,
    entries,
    over_covered,
    read,
    refused_general,
    scope_of,
)

PARIS = ZoneInfo("Europe/Paris")
DAY = date(2026, 11, 30)


def line(side: str, cost_object: str, amount: str, ref: str = "OD-1", **more: Any) -> dict[str, Any]:
    return {"ref": ref, "date": DAY, "side": side, "object": cost_object, "amount": Decimal(amount), **more}


def contents(operation: Operation) -> list[dict[str, Any]]:
    return [entry.content for entry in entries(operation, PARIS, "EUR")]


def on(plan: str, account: str) -> dict[str, tuple[tuple[str, Decimal], ...]]:
    return {plan: ((account, Decimal(100)),)}


def test_rent_on_two_departments() -> None:
    rows = [
        line("debit", "department:TURN", "600", shares=on("DEPT", "TURN")),
        line("debit", "department:ASSY", "400.00", shares=on("DEPT", "ASSY")),
        line("credit", "general:613200", "1000"),
    ]
    made, refused = read(rows, "EUR")
    assert refused == []
    (content,) = contents(made["OD-1"])
    assert (content["amount"], content["rule"], content["provenance"], content["element"], content["events"]) == (
        "1000.00", "manual", "declared", "overhead", [],
    )  # fmt: skip
    assert (content["occurred_on"], content["period"], content["reference"]) == ("2026-11-30", "2026-11", "OD-1")
    assert content["scope"] == scope_of("OD-1")
    assert content["formula"] == "operation OD-1: 1000.00 EUR"
    assert by_object([content]) == {
        "department:ASSY": Decimal("400.00"),
        "department:TURN": Decimal("600.00"),
        "general:613200": Decimal("-1000.00"),
    }


def test_from_order_to_order_through_transit() -> None:
    """Each entry is about one order, so that each order's cost and list of entries is whole."""
    rows = [
        line("debit", "order:MO-2", "70", shares=on("P", "x")),
        line("debit", "department:ASSY", "5"),
        line("credit", "order:MO-1", "75"),
    ]
    made, _ = read(rows, "EUR")
    rest, one, two = contents(made["OD-1"])
    assert "order" not in rest and (one["order"], two["order"]) == ("MO-1", "MO-2")
    assert [c["amount"] for c in (rest, one, two)] == ["5.00", "75.00", "70.00"]
    balances = by_object([rest, one, two])
    assert balances.pop("transit:OD-1") == 0
    assert balances == {"department:ASSY": Decimal(5), "order:MO-1": Decimal(-75), "order:MO-2": Decimal(70)}
    assert by_order([rest, one, two]) == {
        "MO-1": {"overhead": Decimal(-75)},
        "MO-2": {"overhead": Decimal(70)},
    }
    assert by_account([rest, one, two], "P") == {"": Decimal(-70), "x": Decimal(70)}


@pytest.mark.parametrize(
    ("rows", "sentence", "params"),
    [
        ([line("debit", "order:A", "10"), line("credit", "department:D", "9.99")],
         "is not balanced", {"debit": "10.00", "credit": "9.99", "difference": "0.01"}),
        ([line("debit", "order:A", "10.001"), line("credit", "department:D", "10.001")],
         "more decimals than {currency}", {"amount": "10.001", "currency": "EUR"}),
        ([line("debit", "order:A", "0"), line("credit", "department:D", "0")], "must be above zero", {"amount": "0"}),
        ([line("debit", "order:A", "-1"), line("credit", "department:D", "-1")], "stands on the other", {}),
        ([line("debit", "stock:OAK", "1"), line("credit", "department:D", "1")], "follows from its movements", {}),
        ([line("debit", "MO-1", "1"), line("credit", "department:D", "1")], "does not say what it is", {}),
        ([line("debit", "", "1"), line("credit", "department:D", "1")], "is empty", {}),
        ([{"ref": "OD-1", "side": "debit", "object": "order:A", "amount": Decimal(1)}], "has no date", {}),
        ([line("debit", "order:A", "1"), line("credit", "department:D", "1", date=date(2026, 11, 29))],
         "says “{one}” in its first line", {"one": "2026-11-30", "other": "2026-11-29"}),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_reason(
    rows: list[dict[str, Any]], sentence: str, params: dict[str, str]
) -> None:
    made, refused = read(rows, "EUR")
    assert made == {} and sentence in refused[0].sentence
    assert params.items() <= refused[0].params.items()
    assert refused[0].sentence.format(**refused[0].params)


def test_a_line_may_leave_to_the_first_what_all_share() -> None:
    made, refused = read([line("debit", "order:A", "1"), line("credit", "department:D", "1", date=None)], "EUR")
    assert refused == [] and made["OD-1"].day == DAY


def reversal(ref: str = "OD-2", other: str = "OD-1", day: date = date(2026, 12, 1), **more: Any) -> dict[str, Any]:
    return {"ref": ref, "date": day, "reverses": other, **more}


def test_a_reversal_has_the_lines_of_the_other() -> None:
    rows = [line("debit", "order:A", "1", element="labor", general="G-1"), line("credit", "department:D", "1")]
    made, refused = read([*rows, reversal()], "EUR")
    assert refused == []
    (content,) = contents(made["OD-2"])
    assert (content["mirrors"], content["reference"], content["element"]) == ("OD-1", "OD-2", "labor")
    assert (content["occurred_on"], content["general"]) == ("2026-12-01", "G-1")
    known, _ = read(rows, "EUR")
    again, refused = read([reversal()], "EUR", known)
    assert refused == [] and again["OD-2"] == made["OD-2"], "the other may be here already"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ([reversal(other="OD-9")], "which is not here"),
        ([reversal(day=date(2026, 11, 29))], "give it that date or a later one"),
        ([reversal(), reversal("OD-3")], "is reversed by “{one}” already"),
        ([reversal(), reversal("OD-3", "OD-2")], "is a reversal itself"),
        ([reversal("OD-2", "OD-2")], "is a reversal itself"),
        ([reversal(side="debit", object="order:A", amount=Decimal(1))], "has the lines of that one"),
    ],
)
def test_what_cannot_be_reversed(more: list[dict[str, Any]], sentence: str) -> None:
    _, refused = read([line("debit", "order:A", "1"), line("credit", "department:D", "1"), *more], "EUR")
    assert len(refused) == 1 and sentence in refused[0].sentence
    assert refused[0].sentence.format(**refused[0].params)


@strategies.composite
def operations(draw: strategies.DrawFn) -> list[dict[str, Any]]:
    """A balanced operation of two to six lines, spread over named percentages of one or two plans."""
    debits = draw(strategies.lists(strategies.integers(1, 10**6), min_size=1, max_size=3))
    weights = draw(strategies.lists(strategies.integers(1, 50), min_size=1, max_size=3))
    credits = allocate(sum(debits), weights, [str(i) for i in range(len(weights))])
    objects = ["order:A", "order:B", "order:C", "department:D", "general:6132"]
    plans = {}
    for code in ("P", "Q"):
        codes = draw(strategies.lists(strategies.sampled_from("abcde"), min_size=1, max_size=4, unique=True))
        parts = allocate(10_000, [draw(strategies.integers(1, 99)) for _ in codes], codes)
        plans[code] = tuple((c, Decimal(p) / 100) for c, p in zip(codes, parts, strict=True) if p)
    rows = []
    for side, amounts in (("debit", debits), ("credit", credits)):
        for cents in amounts:
            shares = {p: plans[p] for p in draw(strategies.sets(strategies.sampled_from("PQ")))}
            if cents:
                rows.append(line(side, draw(strategies.sampled_from(objects)), str(Decimal(cents).scaleb(-2)),
                                 shares=shares))  # fmt: skip
    return rows


@given(operations())
def test_every_entry_balances_and_the_mirror_undoes_it_to_the_cent(rows: list[dict[str, Any]]) -> None:
    made, refused = read([*rows, reversal()], "EUR")
    assert refused == []
    there, back = contents(made["OD-1"]), contents(made["OD-2"])
    other = {"debit": "credit", "credit": "debit"}

    def key(postings: list[dict[str, Any]]) -> list[str]:
        return sorted(json.dumps(one, sort_keys=True) for one in postings)

    for one, mirror in zip(there, back, strict=True):
        turned = [{**part, "side": other[part["side"]]} for part in one["postings"]]
        named = [{**part, "object": part["object"].replace("OD-2", "OD-1")} for part in mirror["postings"]]
        assert key(turned) == key(named)
        assert len({part["object"] for part in one["postings"] if part["object"].startswith("order:")}) <= 1
    assert not any(by_object([*there, *back]).values())
    for plan in "PQ":
        assert not any(by_account([*there, *back], plan).values())
    asked: dict[str, Decimal] = {}
    for row in rows:
        asked[row["object"]] = asked.get(row["object"], Decimal(0)) + (
            row["amount"] if row["side"] == "debit" else -row["amount"]
        )
    assert {k: v for k, v in by_object(there).items() if v} == {k: v for k, v in asked.items() if v}
    assert all(posted.body for entry in entries(made["OD-1"], PARIS, "EUR")
               for posted in [first_posting(entry, 0, DAY, "2026-11")])  # fmt: skip


def test_a_distribution_stands_wherever_an_account_is() -> None:
    plan = Plan("P", "P", distributions={"KEY": (("a", Decimal("33.33")), ("b", Decimal("66.67")))})
    assert spread(plan, (("KEY", Decimal(100)),)) == (("a", Decimal("33.33")), ("b", Decimal("66.67")))
    mixed = spread(plan, (("KEY", Decimal(50)), ("a", Decimal(50))))
    assert mixed == (("a", Decimal("66.665")), ("b", Decimal("33.335")))
    assert spread(plan, (("c", Decimal(100)),)) == (("c", Decimal(100)),)


# --- general entries ---------------------------------------------------------------------------------------------

RENT = GeneralEntry("G-1", DAY, "613200", debit=Decimal("100.00"))


def test_analytic_entries_stand_for_a_general_entry_and_never_for_more() -> None:
    rows = [
        line("debit", "order:A", "60", general="G-1"), line("credit", "general:6132", "60"),
        line("debit", "order:A", "40.01", "OD-2", general="G-1"), line("credit", "general:6132", "40.01", "OD-2"),
    ]  # fmt: skip
    made, _ = read(rows, "EUR")
    ((ref, sentence, params),) = over_covered(made.values(), [RENT], {})
    assert (ref, params["sum"], params["amount"]) == ("OD-2", "100.01", "100.00")
    assert "come to {sum}" in sentence
    assert over_covered([made["OD-1"]], [RENT], {"G-1": Decimal(40)}) == []
    assert over_covered([made["OD-1"]], [RENT], {"G-1": Decimal("40.01")})
    assert "known neither here" in over_covered([made["OD-1"]], [], {})[0][1]


def test_what_is_covered_counts_reversals_and_transit_once() -> None:
    rows = [line("debit", "order:A", "60", general="G-1"), line("debit", "order:B", "20"),
            line("credit", "general:6132", "80")]  # fmt: skip
    made, _ = read([*rows, reversal()], "EUR")
    there = [("G-1", content) for content in contents(made["OD-1"])]
    (told,) = covered([RENT], there)
    assert (told.entries, told.analytic, told.open) == (3, Decimal(80), Decimal(20))
    (told,) = covered([RENT], there + [("G-1", content) for content in contents(made["OD-2"])])
    assert (told.entries, told.analytic, told.open) == (6, Decimal(0), Decimal(100))
    taken_back = [("G-1", {**content, "reverses": "some entry"}) for _, content in there]
    assert covered([RENT], there + taken_back)[0].analytic == 0


def test_a_general_entry_is_a_debit_or_a_credit() -> None:
    assert refused_general([RENT], "EUR") == []
    both = GeneralEntry("G-2", DAY, "6132", Decimal(1), Decimal(1))
    neither = GeneralEntry("G-3", DAY, "6132")
    fine = GeneralEntry("G-4", DAY, "6132", credit=Decimal("0.001"))
    told = refused_general([both, neither, fine], "EUR")
    assert ["a debit and a credit" in told[0].sentence, "neither" in told[1].sentence, told[2].column] == [
        True, True, "credit",
    ]  # fmt: skip
