"""What an order ought to cost: worked by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sync.core.charges import Charges, Loss
from sync.core.plant import Component, Item, Operation
from sync.costing import cost_card, standard
from sync.costing import spent as pieces
from sync.costing.cost_card import Unknown
from sync.costing.policy import Policies
from sync.costing.rates import Rate
from sync.costing.rules import backflush
from sync.costing.spent import Counted, Spent
from tests.cast import a_plant, fact, some_rates

DAY = date(2026, 11, 20)
D = Decimal

LABOR_W1 = Rate("s-W1", "standard_labor", "work_center", "W1", date(2026, 1, 1), 1, D("30"))
LABOR_W2 = Rate("s-W2", "standard_labor", "work_center", "W2", date(2026, 1, 1), 1, D("24"))


def an_order(**changes):
    """Ten chairs: 10 on the lathe (15 min + 2.5 min a piece), 20 on the bench (6 min a piece)."""
    order = replace(
        a_plant().orders["MO-1"],
        operations=(
            Operation("10", "Turn", 10, "W1", D(15), D("2.5")),
            Operation("20", "Glue", 20, "W2", D(0), D(6)),
        ),
    )
    return replace(order, **changes)


def planned(order, plant, rates, day):
    return standard.planned(cost_card.as_planned(plant, order, rates, Policies(), day), order)


def earned(order, counted, begun, plant, rates, day):
    return standard.earned(cost_card.as_planned(plant, order, rates, Policies(), day), order, counted, begun)


def test_planned_standard_of_the_whole_order():
    found = planned(an_order(), a_plant(), some_rates(LABOR_W1, LABOR_W2), DAY)
    assert [(line.operation, line.element, line.amount, round(line.hours, 6)) for line in found.lines] == [
        ("10", "machine", D("15.00"), D("0.666667")),  # (15 + 10 x 2.5) min at 22.50
        ("10", "setup", D("7.50"), D("0.25")),  # 15 min at 30
        ("10", "labor", D("12.50"), D("0.416667")),  # 25 min at 30
        ("20", "labor", D("24.00"), D(1)),  # 60 min at 24
    ]
    assert found.unknown == frozenset()


def test_material_in_base_units_at_standard_cost():
    order = an_order(
        components=(Component("OAK", "10", D("250"), "g"), Component("OAK", "", D("0.1"), "kg")),
    )
    found = planned(order, a_plant(), some_rates(LABOR_W1, LABOR_W2), DAY)
    material = [(line.operation, line.amount) for line in found.lines if line.element == "material"]
    assert material == [("10", D("8.00")), ("", D("3.20"))]  # 2.5 kg and 1 kg at 3.20


def test_a_missing_price_is_unknown_and_stands_as_nothing():
    order = an_order(components=(Component("OAK", "10", D(1), "sheet"), Component("FELT", "10", D(1), "pcs")))
    found = planned(order, a_plant(), some_rates(LABOR_W1), DAY)
    assert found.unknown == {
        Unknown("standard_labor", "W2"),
        Unknown("conversion", "OAK: sheet → kg"),
        Unknown("standard_cost", "FELT"),
    }
    assert [line.amount for line in found.lines if line.operation == "20"] == [D(0)]


def test_a_machine_without_a_rate_is_unknown_a_bench_is_not():
    rates = some_rates(LABOR_W1, LABOR_W2)
    plant = a_plant()
    assert planned(an_order(), plant, rates, date(2025, 6, 1)).unknown == {
        Unknown("machine", "W1"), Unknown("standard_labor", "W1"), Unknown("standard_labor", "W2"),
    }  # fmt: skip


def test_a_machine_rate_with_labor_leaves_no_labor_standard():
    whole = Rate("w", "machine", "work_center", "W1", date(2026, 2, 1), 1, D("60"), includes_labor=True)
    found = planned(an_order(), a_plant(), some_rates(LABOR_W1, LABOR_W2, whole), DAY)
    assert [(line.element, line.amount) for line in found.lines if line.operation == "10"] == [("machine", D("40.00"))]


def test_pieces_counted_later_went_through_earlier_operations():
    counted = {"20": Counted(good=D(4), scrap=D(1), aside=D(1))}
    assert pieces.passed(an_order(), counted) == {"10": D(6), "20": D(4)}


def test_scrapped_later_is_not_earned_earlier():
    counted = {"10": Counted(good=D(8), scrap=D(1)), "20": Counted(good=D(4), scrap=D(2))}
    assert pieces.earned_pieces(an_order(), counted) == {"10": D(6), "20": D(4)}


def test_earned_has_the_setup_of_what_has_begun():
    rates = some_rates(LABOR_W1, LABOR_W2)
    counted = {"10": Counted(good=D(4))}
    found = earned(an_order(), counted, {"10"}, a_plant(), rates, DAY)
    assert [(line.operation, line.element, line.amount) for line in found.lines] == [
        ("10", "machine", D("9.38")),  # (15 + 10) min at 22.50 = 9.375, half up
        ("10", "setup", D("7.50")),
        ("10", "labor", D("5.00")),
    ]
    nothing = earned(an_order(), {}, set(), a_plant(), rates, DAY)
    assert nothing.lines == ()
    begun = earned(an_order(), {}, {"10"}, a_plant(), rates, DAY)
    assert [line.element for line in begun.lines] == ["machine", "setup"]


def test_earned_in_full_is_the_plan():
    rates = some_rates(LABOR_W1, LABOR_W2)
    order = an_order(components=(Component("OAK", "20", D("0.2"), "kg"),))
    counted = {"20": Counted(good=order.quantity)}
    whole = planned(order, a_plant(), rates, DAY)
    assert earned(order, counted, {"10", "20"}, a_plant(), rates, DAY) == whole


def test_what_names_no_operation_is_earned_by_the_pieces_that_draw_it():
    """Six of ten chairs are turned, one of the six is thrown away, two are glued: seven entered the first operation."""
    oak = Component("OAK", "", D("0.2"), "kg", backflush=True)
    order, plant = an_order(components=(oak,)), a_plant()
    plant.orders["MO-1"] = order
    reports = [
        fact("output.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="6"),
        fact("defect.reported", "2026-11-20T09:00:00Z", order="MO-1", operation="10", quantity="1", reason="BURR",
             disposition="scrap"),
        fact("output.reported", "2026-11-20T10:00:00Z", order="MO-1", operation="20", quantity="2"),
    ]  # fmt: skip
    drawn = sum(draw.pieces for draw in backflush.draws(reports, plant))
    assert drawn == D(7)
    found = earned(order, pieces.count_pieces(reports), {"10"}, plant, some_rates(LABOR_W1, LABOR_W2), DAY)
    (material,) = [line.amount for line in found.lines if line.element == "material"]
    # 6 x 0.2 kg x 3.20: the seventh is scrap, which took its own out of the order.
    assert material == D("3.84")


def test_an_order_without_operations_has_no_standard():
    assert planned(an_order(operations=()), a_plant(), some_rates(), DAY) == standard.Standard()


@pytest.fixture
def spent():
    return [
        Spent("10", "labor", "W1", "measured", D("100.00"), 7_200_000),
        Spent("10", "setup", "W1", "declared", D("40.00"), 3_600_000),
        Spent("10", "machine", "W1", "measured", D("22.50"), 3_600_000),
        Spent("10", "material", "W1", "measured", D("16.00")),
        Spent("20", "scrap", "W1", "measured", D("-17.85")),
        Spent("20", "overhead", "W1", "measured", D("9.99")),
    ]


def test_published_rates_keep_no_trace_of_a_wage(spent):
    shown, unknown = standard.at_published_rates(spent, some_rates(LABOR_W1), DAY, "EUR")
    assert [(line.element, line.amount) for line in shown] == [
        ("labor", D("60.00")), ("setup", D("30.00")), ("machine", D("22.50")), ("material", D("16.00")),
    ]  # fmt: skip
    dearer = [replace(line, amount=line.amount * 3) if line.element in ("labor", "setup", "scrap", "overhead") else line
              for line in spent]  # fmt: skip
    assert standard.at_published_rates(dearer, some_rates(LABOR_W1), DAY, "EUR") == (shown, unknown)
    assert unknown == frozenset()


def test_hours_without_a_published_rate_are_unknown(spent):
    shown, unknown = standard.at_published_rates(spent, some_rates(), DAY, "EUR")
    assert [line.amount for line in shown if line.element in ("labor", "setup")] == [D(0), D(0)]
    assert unknown == {Unknown("standard_labor", "W1")}


def test_comparison_adds_up(spent):
    order, rates = an_order(), some_rates(LABOR_W1, LABOR_W2)
    so_far = earned(order, {"10": Counted(good=D(4))}, {"10"}, a_plant(), rates, DAY)
    found = standard.compare(spent, so_far, planned(order, a_plant(), rates, DAY), ())
    assert list(found.elements) == ["labor", "setup", "machine", "material", "scrap", "overhead"]
    for side in ("actual", "earned", "planned"):
        total = getattr(found.total, side)
        assert sum(getattr(cell, side) for cell in found.elements.values()) == total
        assert sum(getattr(cell, side) for cell in found.operations.values()) == total
    assert found.total.actual == D("170.64")
    assert found.total.variance == D("170.64") - D("21.88")
    # People's hours only: the machine's hour stands at its element.
    assert found.total.hours == 3
    assert found.elements["machine"].hours == 1
    assert found.operations["10"].hours == 3
    # 40.00 of 188.49 that went in was declared.
    assert found.shares == {"declared": pytest.approx(D("0.212213")), "measured": pytest.approx(D("0.787787"))}
    assert sum(found.shares.values()) == pytest.approx(D(1))


LOSING = (
    Operation("10", "Turn", 10, "W2", D(0), D(6)),
    Operation("20", "Glue", 20, "W2", D(0), D(0)),
)


def test_pieces_on_their_way_earn_what_the_card_lets_come_of_them():
    """A quarter of the good ones is lost at 20, so 12.5 enter 10 for ten good, 75 min. Ten turned have earned their 60
    minutes, before and after two of them are lost as expected; a third one lost takes its six minutes along."""
    order, rates = an_order(operations=LOSING), some_rates(LABOR_W2)
    plant = a_plant(charges=Charges(losses=(Loss(order.item, "20", date.min, D(25)),)))
    whole = planned(order, plant, rates, DAY)
    assert [(line.element, line.hours, line.amount) for line in whole.lines] == [("labor", D("1.25"), D("30.00"))]

    def so_far(**counted):
        pieces_of = {key[1:]: count for key, count in counted.items()}
        found = earned(order, pieces_of, {"10"}, plant, rates, DAY)
        return [line.amount for line in found.lines]

    assert so_far(_10=Counted(good=D(10))) == [D("24.00")]
    assert so_far(_10=Counted(good=D(10)), _20=Counted(good=D(8), scrap=D(2))) == [D("24.00")]
    assert so_far(_10=Counted(good=D(10)), _20=Counted(good=D(7), scrap=D(3))) == [D("21.00")]


def test_more_than_was_planned_earns_more_and_one_setup():
    """Twelve for ten: 15 min of setup and 12 x 2.5 min at 30.00."""
    rates = some_rates(LABOR_W1, LABOR_W2)
    found = earned(an_order(), {"10": Counted(good=D(12))}, {"10"}, a_plant(), rates, DAY)
    assert [(line.element, line.amount) for line in found.lines if line.operation == "10"] == [
        ("machine", D("16.88")), ("setup", D("7.50")), ("labor", D("15.00")),
    ]  # fmt: skip


def test_an_order_of_part_of_a_lot_plans_a_whole_setup():
    """The chair's lot is 40 and the order ten: its setup is one, though stock will take over a quarter of it."""
    plant = a_plant()
    plant.items["CHAIR"] = Item("CHAIR", "Chair", "pcs", lot_size=D(40))
    order, rates = an_order(), some_rates(LABOR_W1, LABOR_W2)
    card = cost_card.as_planned(plant, order, rates, Policies(), DAY)
    whole = standard.planned(card, order)
    assert [line.amount for line in whole.lines if line.element == "setup"] == [D("7.50")]
    assert card.lot_size == 40
    (setup,) = (line for line in card.lines if line.element == "setup")
    assert card.absorbed(setup, D(10)) * setup.price == D("1.875")


def test_what_left_for_stock_is_no_part_of_the_comparison(spent):
    order, rates = an_order(), some_rates(LABOR_W1, LABOR_W2)
    whole = planned(order, a_plant(), rates, DAY)
    leaving = [Spent("20", "output", "", "measured", D("-150.00")), Spent("", "variance", "", "measured", D("-20.64"))]
    assert standard.compare([*spent, *leaving], whole, whole, ()) == standard.compare(spent, whole, whole, ())


def test_a_forecast_goes_on_by_the_standard_or_at_the_pace_so_far():
    """40 spent for 30 earned of 90: the rest by the standard 40 + 60 = 100, at this pace 40 x 90 / 30 = 120."""
    told = standard.forecast(standard.Against(D(40), D(30), D(90)), "EUR")
    assert told == standard.Forecast(D(100), D(120))


def test_a_forecast_needs_something_to_go_by():
    nothing_earned = standard.forecast(standard.Against(D(10), D(0), D(90)), "EUR")
    assert nothing_earned == standard.Forecast(D(100), None), "no pace to go by"
    assert standard.forecast(standard.Against(D(10), D(0), D(0)), "EUR") is None, "no standard"
    assert standard.forecast(standard.Against(D(99), D(90), D(90)), "EUR") is None, "nothing left to make"
