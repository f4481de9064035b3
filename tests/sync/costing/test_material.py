"""Material: stock that is never worth less than nothing, value that is neither lost nor made."""

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from sync.core.money import MOST
from sync.core.plant import Item
from sync.costing.engine import Costed, cost_material
from sync.costing.rules.material import Stock
from sync.ledger.balances import by_object
from tests.cast import a_plant, fact, terms

ITEM = "GLUE"


def movement(kind: str, day: int, quantity: str, unit_cost: str = "", **fields: Any) -> Any:
    given = {"unit_cost": unit_cost} if kind == "received" else {"order": "MO-1", "operation": "20"}
    given |= {"item": ITEM, "unit": "kg", "quantity": quantity, **fields}
    return fact(f"material.{kind}", f"2026-11-{day:02}T08:00:00Z", **given)


def received(day: int, quantity: str, unit_cost: str, **fields: Any) -> Any:
    return movement("received", day, quantity, unit_cost, **fields)


def consumed(day: int, quantity: str, **fields: Any) -> Any:
    return movement("consumed", day, quantity, **fields)


def returned(day: int, quantity: str, **fields: Any) -> Any:
    return movement("returned", day, quantity, **fields)


def cost(*movements: Any, **changes: Any) -> Costed:
    return cost_material(movements, terms(a_plant(**changes)), {})


def amounts(costed: Costed) -> list[str]:
    return [str(entry.amount) for entry in costed.entries]


def contents(costed: Costed) -> list[str]:
    return [entry.content_id for entry in costed.entries]


def stock(costed: Costed) -> tuple[str, str]:
    """(quantity, value) after the last movement."""
    last = costed.states[-1].stock
    return str(last.quantity.normalize()), str(last.value)


def test_what_is_used_instead_costs_what_it_costs() -> None:
    costed = cost(received(1, "10", "8"), movement("substituted", 2, "3", replaces="OAK"), returned(3, "1"))
    assert amounts(costed) == ["80.00", "24.00", "8.00"]
    assert [entry.activity for entry in costed.entries] == ["received", "substituted", "returned"]
    assert stock(costed) == ("8", "64.00")


def test_an_issue_takes_its_share_of_the_value() -> None:
    costed = cost(received(1, "10", "8"), received(2, "5", "9.20"), consumed(3, "6"))
    assert amounts(costed) == ["80.00", "46.00", "50.40"]
    assert stock(costed) == ("9", "75.60")
    assert costed.entries[-1].formula == "6 kg x 126.00 EUR / 15 kg = 50.40 EUR"


def test_half_a_stock_of_odd_cents_is_rounded_up() -> None:
    """0.485 of 0.97 kg worth 1.01 is 0.505: 0.51. Dividing first, by however many digits, may say 0.50."""
    for quantity, half in (("0.97", "0.485"), ("6", "3"), ("0.7", "0.35"), ("9.7", "4.85")):
        unit_cost = {"0.97": "1.041237", "6": "0.168333", "0.7": "1.442857", "9.7": "0.104124"}[quantity]
        costed = cost(received(1, quantity, unit_cost), consumed(2, half))
        assert amounts(costed) == ["1.01", "0.51"]


def test_emptying_a_stock_takes_its_whole_value() -> None:
    costed = cost(received(1, "3", "0.3333"), consumed(2, "1"), consumed(3, "1"), consumed(4, "1"))
    assert amounts(costed) == ["1.00", "0.33", "0.34", "0.33"]
    assert stock(costed) == ("0", "0.00")


def test_thirds_of_an_hour_empty_a_stock_of_hours() -> None:
    """Seconds divide into hours without end; what division leaves of nothing is nothing."""
    hours = Item(ITEM, "Outside work", "h", "moving_average")
    parts = [consumed(day, "1200", unit="s") for day in (2, 3, 4)]
    costed = cost(received(1, "1", "100", unit="h"), *parts, items={ITEM: hours})
    assert amounts(costed) == ["100.00", "33.33", "33.33", "33.34"]
    assert stock(costed) == ("0", "0.00")


def test_before_anything_was_received_nothing_is_known() -> None:
    costed = cost(consumed(1, "1"), returned(2, "1"))
    assert {outcome.reason for outcome in costed.outcomes.values()} == {"stock.no_unit_cost"}
    assert (costed.entries, costed.states) == ([], [])


def test_a_shortage_is_filled_at_what_it_cost() -> None:
    costed = cost(received(1, "1", "8"), consumed(2, "5"), received(3, "10", "9"))
    assert amounts(costed) == ["8.00", "40.00", "90.00", "4.00"], "four of the five cost 9 and not 8"
    assert stock(costed) == ("6", "54.00")
    assert [finding.code for finding in costed.findings] == ["stock.negative"]
    assert by_object(entry.content for entry in costed.entries)["variance:negative_stock"] == Decimal("4.00")


def test_a_shortage_filled_in_parts_comes_to_what_was_paid() -> None:
    costed = cost(received(1, "10", "1"), consumed(2, "15"), received(3, "2", "3"), received(4, "3", "1"))
    assert stock(costed) == ("0", "0.00")
    balance = by_object(entry.content for entry in costed.entries)
    assert balance["supplier:"] == Decimal("-19.00")
    assert balance["order:MO-1"] + balance["variance:negative_stock"] == Decimal("19.00")


def test_a_return_that_ends_a_shortage_leaves_no_odd_cents() -> None:
    """Three issues of 0.33 each, and one return of 1.00 for all three."""
    short = [consumed(2, "3"), *(consumed(day, "1") for day in (3, 4, 5))]
    empty = cost(received(1, "3", "0.333333"), *short, returned(9, "3"))
    assert stock(empty) == ("0", "0.00")
    left = cost(received(1, "3", "0.335"), *short, returned(9, "3.01"))
    assert left.states[-1].stock.value >= 0, "a stock that is there is worth something"


def test_nothing_may_cost_nothing() -> None:
    costed = cost(received(1, "5", "0"), consumed(2, "2"))
    assert amounts(costed) == ["0.00", "0.00"]


def test_what_a_slip_makes_of_a_quantity_is_held() -> None:
    """A barcode typed as a quantity: no ledger could book it, and nothing breaks."""
    for facts in ((received(1, "999999999", "999999999"),), (received(1, "1", "999999"), consumed(2, "999999999"))):
        costed = cost(*facts)
        assert costed.outcomes[facts[-1].id].reason == "amount.too_large"
        assert all(entry.amount < MOST for entry in costed.entries)
    tons = cost(received(1, "999999999", "1", unit="t"), consumed(2, "999999999", unit="t"))
    assert amounts(tons) == ["999999999.00", "999999999.00"]


def test_standard_and_the_price_variance_at_purchase() -> None:
    oak = {"item": "OAK"}
    costed = cost(received(1, "100", "3.35", **oak), received(2, "50", "3.10", **oak), received(3, "1", "3.20", **oak),
                  received(4, "10", "3.30", opening=True, **oak), consumed(5, "7500", unit="g", **oak))  # fmt: skip
    assert amounts(costed) == ["320.00", "15.00", "160.00", "5.00", "3.20", "32.00", "1.00", "24.00"]
    assert by_object(entry.content for entry in costed.entries) == {
        "opening:": Decimal("-33.00"), "order:MO-1": Decimal("24.00"), "stock:OAK": Decimal("491.20"),
        "supplier:": Decimal("-493.20"), "variance:material_price": Decimal("11.00"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("movement", "reason"),
    [
        (consumed(1, "1", item="NIX"), "reference.unknown_item"),
        (consumed(1, "1", unit="l"), "unit.no_conversion"),
        (consumed(1, "1", order="MO-9"), "reference.unknown_order"),
        (consumed(1, "1", operation="77"), "reference.unknown_operation"),
        (consumed(1, "1", item="CHAIR"), "reference.unknown_item"),
    ],
)
def test_what_is_not_known_is_held_by_name(movement: Any, reason: str) -> None:
    assert cost(received(1, "5", "1"), movement).outcomes[movement.id].reason == reason


# --- properties --------------------------------------------------------------------------------------------------


def a_history(seed: int) -> list[Any]:
    chance = random.Random(seed)
    made = [received(1, "3", chance.choice(["0.333333", "8.25", "0.01", "0"]))]
    for day in range(2, chance.randrange(4, 25)):
        quantity = chance.choice(["1", "3", "0.485", "0.97", "7", "0.000001"])
        match chance.randrange(5):
            case 0:
                made.append(received(day, quantity, chance.choice(["0.01", "1.01", "333.333333", "8.25", "0"])))
            case 1:
                made.append(returned(day, quantity))
            case _:
                made.append(consumed(day, quantity))
    return made


@settings(max_examples=200)
@given(strategies.integers(0, 10**6))
def test_value_is_neither_lost_nor_made(seed: int) -> None:
    """Stock = received - issued + returned - variances, to the cent; no value without quantity; none below zero."""
    costed = cost(*a_history(seed))
    balance = by_object(entry.content for entry in costed.entries)
    assert sum(balance.values()) == 0
    assert balance.get(f"stock:{ITEM}", 0) == costed.states[-1].stock.value
    for state in costed.states:
        if state.stock.quantity == 0:
            assert state.stock.value == 0
        if state.stock.quantity > 0:
            assert state.stock.value >= 0
    assert all(entry.amount >= 0 for entry in costed.entries)


@given(strategies.integers(0, 10**6), strategies.integers(0, 30))
def test_from_any_opening_on_it_goes_on_the_same(seed: int, cut: int) -> None:
    """What the pipeline does: value again from a day on, given the stock before it."""
    history = a_history(seed)
    cut = min(cut, len(history))
    whole = cost(*history)
    before = cost_material(history[:cut], terms(), {})
    opening = {ITEM: before.states[-1].stock if before.states else Stock()}
    after = cost_material(history[cut:], terms(), opening)
    assert [*contents(before), *contents(after)] == contents(whole)
    assert before.outcomes | after.outcomes == whole.outcomes
