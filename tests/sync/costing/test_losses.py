"""Losses: what a bad piece had taken in by then, how causes rank, and when it was. Arithmetic by hand in each test."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from sync.core.plant import Component, Operation, Order
from sync.costing.cost_card import CardLine, CostCard
from sync.costing.losses import Loss, Reworked, of_defect, over_time, rank, worth
from sync.events.defect import DefectReported
from tests.cast import fact

F = Fraction
ORDER = Order(
    "MO-9",
    "CHAIR",
    Decimal(100),
    operations=(
        Operation("10", "Turn", 10, "W1"),
        Operation("20", "Glue", 20, "W2"),
        Operation("30", "Pack", 30, "W2"),
    ),
    components=(Component("OAK", "10", Decimal("0.5"), "kg"),),
)


def a_card(glue: str | None = "24", good_percent: int = 100) -> CostCard:
    """Turn 6 min at 30 and oak 0.5 kg at 3.20; glue 15 min at 24; pack 3 min at 20. So much that enters 20 is good."""
    part_good = F(good_percent, 100)
    enters = 1 / part_good
    lines = (
        CardLine("10", "labor", F(6, 60) * enters, F(30)),
        CardLine("10", "setup", F(2), F(30), "lot"),
        CardLine("", "material", F(1, 2) * enters, F("3.20"), item="OAK", unit="kg"),
        CardLine("20", "labor", F(15, 60) * enters, F(glue) if glue else None),
        CardLine("30", "labor", F(3, 60), F(20)),
    )
    yields = (("10", F(1)), ("20", part_good), ("30", F(1)))
    return CostCard("CHAIR", "v1", date(2026, 1, 1), Decimal(100), lines, "EUR", yields)


def defect(operation: str, quantity: str, disposition: str = "scrap", **more: str) -> DefectReported:
    found = fact("defect.reported", "2026-11-20T08:00:00Z", order="MO-9", operation=operation, quantity=quantity,
                 disposition=disposition, reason="BURR", **more)  # fmt: skip
    assert isinstance(found, DefectReported)
    return found


def test_a_piece_is_worth_what_it_took_in_up_to_where_it_was_found() -> None:
    """At 20: 6 min x 30 + 2 h / 100 x 30 + 0.5 kg x 3.20 + 15 min x 24 = 3.00 + 0.60 + 1.60 + 6.00 = 11.20, in
    0.1 + 0.02 + 0.25 = 0.37 h. At 10: 5.20. At 30, with 3 min x 20 = 1.00: 12.20."""
    assert (worth(a_card(), ORDER, "20").cost, worth(a_card(), ORDER, "20").hours) == (F("11.20"), F("0.37"))
    assert worth(a_card(), ORDER, "10").cost == F("5.20")
    assert worth(a_card(), ORDER, "30").cost == F("12.20")


def test_what_is_expected_to_be_lost_later_is_not_in_this_piece() -> None:
    """Nine of ten that enter 20 are good: the card's quantities for a good piece are 10/9, one piece at 20 took in one
    ninth less again. The setup's share of a lot is spread over good pieces: 0.60 x 9/10."""
    assert worth(a_card(good_percent=90), ORDER, "20").cost == F("10.60") + F("0.60") * F(9, 10)


def test_a_piece_without_all_its_prices_has_none() -> None:
    assert worth(a_card(glue=None), ORDER, "10").cost == F("5.20"), "not needed up to there"
    assert worth(a_card(glue=None), ORDER, "20").cost is None
    assert worth(None, ORDER, "20").cost is None


def test_a_report_of_scrap_is_a_loss_at_its_places() -> None:
    loss = of_defect(defect("20", "3", caused_at="10"), ORDER, a_card(), {})
    assert loss is not None
    assert (loss.kind, loss.pieces, loss.cost, loss.hours) == ("scrap", 3, F("33.60"), F("1.11"))
    assert (loss.found_at, loss.caused_at, loss.item, loss.order) == ("W2", "W1", "CHAIR", "MO-9")


def test_rework_shares_what_was_clocked_for_it() -> None:
    """Five pieces in two reports, 2 h clocked at 24: two of them bear 0.8 h and 19.20."""
    done = {("MO-9", "20"): Reworked(F(5), F(2), F(48))}
    loss = of_defect(defect("20", "2", "rework"), ORDER, a_card(), done)
    assert loss is not None
    assert (loss.kind, loss.hours, loss.cost) == ("rework", F("0.8"), F("19.20"))
    not_yet = of_defect(defect("10", "2", "rework"), ORDER, a_card(), done)
    assert not_yet is not None
    assert (not_yet.hours, not_yet.cost) == (0, 0)


def test_pieces_used_as_they_are_are_no_loss() -> None:
    assert of_defect(defect("20", "2", "use_as_is"), ORDER, a_card(), {}) is None


def some() -> list[Loss]:
    return [
        Loss("a", "scrap", 100, "BURR", F(5), F(1), F(50), found_at="W1"),
        Loss("b", "scrap", 250, "CRACK", F(1), F(2), F(30), found_at="W1"),
        Loss("c", "scrap", 260, "BURR", F(2), F(1), None, found_at="W2"),
        Loss("d", "scrap", 390, "ADRIFT", F(2), F(0), F(20), found_at="W2"),
    ]


def test_causes_rank_by_size_and_say_what_share_is_reached() -> None:
    by_pieces = rank(some(), "reason", "pieces")
    assert [(bar.key, bar.value, bar.share, bar.reached) for bar in by_pieces] == [
        ("BURR", 7, F(7, 10), F(7, 10)), ("ADRIFT", 2, F(2, 10), F(9, 10)), ("CRACK", 1, F(1, 10), 1),
    ]  # fmt: skip
    by_cost = rank(some(), "reason", "cost")
    assert [(bar.key, bar.value, bar.losses, bar.unpriced) for bar in by_cost] == [
        ("BURR", 50, 2, 1), ("CRACK", 30, 1, 0), ("ADRIFT", 20, 1, 0),
    ]  # fmt: skip
    assert [bar.key for bar in rank(some(), "found_at", "hours")] == ["W1", "W2"]
    assert rank([], "reason", "cost") == []


@pytest.mark.parametrize(("by", "measure"), [("person", "cost"), ("id", "cost"), ("reason", "money")])
def test_nothing_else_is_ranked_by(by: str, measure: str) -> None:
    """Least of all people."""
    with pytest.raises(ValueError, match=by if measure == "cost" else measure):
        rank(some(), by, measure)  # type: ignore[arg-type]


def test_losses_fall_into_the_stretch_they_happened_in() -> None:
    assert over_time(some(), [0, 200, 300], "pieces") == [5, 3, 2]
    assert over_time(some(), [200, 300], "pieces") == [3, 2], "what lies before is left out"
