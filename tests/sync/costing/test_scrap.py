"""Scrap: each bad piece takes out what it took in, and all of them together never more than there was."""

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings, strategies

from sync.core.charges import Charges, Loss
from sync.core.findings import COSTED
from sync.costing.engine import Costed, cost_orders
from sync.costing.orders import Bears
from sync.costing.policy import Policy
from tests.cast import a_plant, fact, terms

JOB = {"order": "MO-1"}


def good(operation: str, quantity: str = "1") -> Any:
    return fact("output.reported", "2026-11-20T08:00:00Z", **JOB, operation=operation, quantity=quantity)


def bad(operation: str, quantity: str = "1", disposition: str = "scrap", **fields: Any) -> Any:
    return fact("defect.reported", "2026-11-20T09:00:00Z", **JOB, operation=operation, quantity=quantity,
                disposition=disposition, reason="BURR", **fields)  # fmt: skip


def cost(*facts: Any, **bears: str) -> Costed:
    """`at_10="100.00"`: what operation 10 bears; `at_` is what no operation was named for."""
    spent = {name.removeprefix("at_"): Decimal(amount) for name, amount in bears.items()}
    return cost_orders(facts, terms(), Bears({"MO-1": spent}))


def amounts(costed: Costed) -> list[str]:
    return [str(entry.amount) for entry in costed.entries]


def test_a_tenth_of_the_cost() -> None:
    costed = cost(good("10", "9"), bad("10"), at_10="100.00")
    assert amounts(costed) == ["10.00"]
    (entry,) = costed.entries
    assert entry.formula == "1 pcs x (100.00/10) EUR = 10.00 EUR"
    assert {line.side: line.cost_object for line in entry.postings} == {"debit": "scrap:D1", "credit": "order:MO-1"}


def test_pieces_used_as_they_are_are_counted_by_the_report_of_good_ones() -> None:
    assert amounts(cost(good("10", "9"), bad("10", "2", "use_as_is"), bad("10"), at_10="100.00")) == ["10.00"]


def test_found_later_it_took_in_more_and_who_caused_it_pays() -> None:
    counted = [good("10", "10"), good("20", "7"), bad("20", "1", caused_at="10"), bad("20", "2")]
    costed = cost(*counted, at_10="100.20", at_20="30.05")
    assert sorted(amounts(costed)) == ["13.03", "26.05"]
    assert {entry.postings[0].cost_object: str(entry.amount) for entry in costed.entries} == {
        "scrap:D1": "13.03", "scrap:D2": "26.05",
    }  # fmt: skip


def test_nobody_counted_at_the_first_operation() -> None:
    """Two are scrapped at 10, ten are good at 20: twelve entered 10."""
    assert amounts(cost(bad("10", "2"), good("20", "10"), at_10="120.00")) == ["20.00"]


def test_scrap_at_two_operations_never_charges_twice() -> None:
    """All ten pieces are lost, five at each operation: together they take out what there was, and no cent more."""
    costed = cost(bad("10", "5"), bad("20", "5"), at_10="100.00", at_20="40.00")
    assert sorted(amounts(costed)) == ["50.00", "90.00"]


def test_what_names_no_operation_belongs_to_the_first() -> None:
    assert amounts(cost(good("20", "9"), bad("20"), at_="50.00", at_10="50.00")) == ["10.00"]


def test_a_tie_is_a_tie() -> None:
    """3 of 6 pieces that cost 10.01: 5.005, so 5.01."""
    assert amounts(cost(good("10", "3"), bad("10", "3"), at_10="10.01")) == ["5.01"]


def test_pieces_put_aside_entered_too() -> None:
    costed = cost(good("10", "8"), bad("10"), bad("10", "1", "hold"), at_10="100.00")
    assert amounts(costed) == ["10.00"]
    assert sorted(outcome.reason for outcome in costed.outcomes.values()) == ["", *["quantity.counted"] * 2]


def test_a_piece_sent_to_rework_is_counted_once_when_it_comes_back() -> None:
    """Ten pieces entered: eight good, one scrapped, one reworked and reported good afterwards."""
    costed = cost(good("10", "8"), bad("10"), bad("10", "1", "rework"), good("10", "1"), at_10="100.00")
    assert amounts(costed) == ["10.00"]
    assert not costed.findings


def test_without_cost_there_is_nothing_to_take_out() -> None:
    """Nor with a cost below zero: more was returned than drawn."""
    for spent in ({}, {"at_10": "0.00"}, {"at_20": "10.00"}, {"at_10": "-5.00"}, {"at_10": "5.00", "at_": "-5.00"}):
        scrap = bad("10")
        costed = cost(scrap, **spent)
        assert (costed.entries, costed.outcomes[scrap.id].reason) == ([], "scrap.no_cost")


def test_unknown_places_are_held() -> None:
    for found in (bad("77"), bad("10", caused_at="77"), good("77")):
        outcome = cost(found, good("10"), at_10="5.00").outcomes[found.id]
        assert (outcome.state, outcome.reason) == ("held", "reference.unknown_operation")


def test_more_pieces_than_ordered_is_worth_a_look() -> None:
    last = bad("10", "2")
    costed = cost(good("10", "9"), last, at_10="1.00")
    assert [(found.code, found.event_id, dict(found.params)) for found in costed.findings] == [
        ("quantity.over_order", last.id, {"operation": "10", "quantity": "11", "planned": "10"})
    ]
    case = a_plant()
    case.orders["MO-1"] = type(case.orders["MO-1"])("MO-1", operations=case.orders["MO-1"].operations)
    assert cost_orders([good("10", "11")], terms(case), Bears()).findings == [], "no quantity was ordered"


@settings(max_examples=200)
@given(strategies.integers(0, 10**6))
def test_all_scrap_together_never_takes_out_more_than_there_was(seed: int) -> None:
    """But for half a cent of rounding each; and if every piece was scrapped at the end, all of it."""
    chance = random.Random(seed)
    facts, spent = [], {}
    for operation in ("10", "20"):
        spent[operation] = Decimal(chance.randrange(1, 100_000)).scaleb(-2)
        for _ in range(chance.randrange(4)):
            quantity = chance.choice(["1", "2", "0.5", "7", "0.333333"])
            facts.append(good(operation, quantity) if chance.random() < 0.4 else bad(operation, quantity))
    costed = cost_orders(facts, terms(), Bears({"MO-1": spent}))
    total = sum((entry.amount for entry in costed.entries), Decimal(0))
    assert total <= sum(spent.values()) + Decimal("0.005") * len(costed.entries)
    assert all(outcome == COSTED or outcome.reason == "quantity.counted" for outcome in costed.outcomes.values())
    counts_good = any(fact.type == "output.reported" for fact in facts)
    if not counts_good and any(getattr(fact, "operation", "") == "20" for fact in facts):
        assert abs(total - sum(spent.values())) <= Decimal("0.005") * len(costed.entries)


@given(strategies.integers(0, 10**6), strategies.sampled_from(["input", "good_output", "inspected"]))
def test_what_is_normal_stays_and_nothing_is_made_up(seed: int, base: str) -> None:
    """With normal losses and disposal values: what leaves the order is what abnormal pieces cost and what is sold; the
    good pieces keep the rest, at the cost of an abnormal one where all that entered is good, normal or scrapped."""
    chance = random.Random(seed)
    spent = Decimal(chance.randrange(10_000, 1_000_000)).scaleb(-2)
    value = chance.choice(["0", "0.01", "1.37"])
    percent = chance.choice([0, 3, 10, 50])
    pieces = [good("10", str(chance.randrange(1, 90)))]
    pieces += [bad("10", chance.choice(["1", "2.5", "7"])) for _ in range(chance.randrange(1, 5))]
    plant = a_plant()
    plant.orders["MO-1"] = replace(plant.orders["MO-1"], operations=plant.orders["MO-1"].operations[:1])
    plant.charges = Charges(losses=(Loss("", "10", date.min, Decimal(percent), Decimal(value)),))
    case = terms(plant, policy=Policy(normal_loss_base=base))
    costed = cost_orders(pieces, case, Bears({"MO-1": {"10": spent}}))
    left = borne_by_order(costed)
    ok = pieces[0].quantity
    lost = sum((fact.quantity for fact in pieces[1:]), Decimal(0))
    of = {"input": ok + lost, "good_output": ok, "inspected": ok + lost}[base]
    normal = min(lost, of * percent / 100)
    each = (spent - normal * Decimal(value)) / (ok + lost - normal)
    cents = Decimal("0.02") * (len(pieces) + 1)
    assert abs(spent + left - ok * each) <= cents
    assert all(told.state == "costed" or told.reason in ("quantity.counted", "scrap.normal")
               for told in costed.outcomes.values())  # fmt: skip


def borne_by_order(costed: Costed) -> Decimal:
    lines = [line for entry in costed.entries for line in entry.postings if line.cost_object == "order:MO-1"]
    return sum((line.amount if line.side == "debit" else -line.amount for line in lines), Decimal(0))
