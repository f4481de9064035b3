"""Cost cards: worked by hand."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from sync.core.charges import Charges, Loss, Overhead, Subcontract
from sync.core.findings import CATALOGUE, Outcome
from sync.core.plant import Bill, Component, GivenStandard, Item, Operation, Order, Plant, Routing, StandardLine
from sync.costing import cost_card
from sync.costing.cost_card import CostCard, Unknown
from sync.costing.policy import Policies, Policy
from sync.costing.rates import Rate, RateTable
from tests.cast import a_plant

D, F = Decimal, Fraction
POLICIES = Policies()
NEW_YEAR, DAY, LATER = date(2026, 1, 1), date(2026, 6, 1), date(2026, 9, 1)


def a_rate(kind: str, subject: str, amount: str, day: date = NEW_YEAR, includes_labor: bool = False) -> Rate:
    place = "item" if kind == "standard_cost" else "work_center"
    return Rate(f"{kind}-{subject}-{day}", kind, place, subject, day, 1, D(amount), includes_labor)


RATES = [
    a_rate("machine", "W1", "60"),
    a_rate("standard_labor", "W1", "30"),
    a_rate("standard_labor", "W2", "24"),
    a_rate("standard_cost", "OAK", "5"),
    a_rate("standard_cost", "GLUE", "8"),
]
STEPS = (
    Operation("10", "Turn", 10, "W1", D(12), D(6)),
    Operation("20", "Glue", 20, "W2", D(0), D(15)),
)
PARTS = (Component("OAK", "10", D(2), "kg"), Component("GLUE", "20", D(50), "g"))


def plant(**changes: object) -> Plant:
    """A chair of oak and glue, in lots of 8."""
    items = {**a_plant().items, "CHAIR": Item("CHAIR", "Chair", "pcs", lot_size=D(8))}
    made = {
        "charges": Charges(losses=(Loss("CHAIR", "10", date.min, D(25)),)),
        "items": items,
        "routings": {"CHAIR": (Routing(date.min, STEPS),)},
        "bills": {"CHAIR": (Bill(date.min, PARTS),)},
    }
    return a_plant(**{**made, **changes})


def card(of: Plant, rates: list[Rate] = RATES, item: str = "CHAIR", day: date = DAY) -> CostCard:
    found = cost_card.of_item(of, RateTable(rates), POLICIES, item, day)
    assert found is not None
    return found


def test_made_from_routing_and_bill() -> None:
    """A quarter of the good ones is lost at 10: 1.25 pieces enter it for one good, 1 enters 20:

    10  machine  0.1 h x 1.25 x 60 =  7.50      setup 0.2 h x 60 / 8 = 1.50
    10  labor    0.1 h x 1.25 x 30 =  3.75      setup 0.2 h x 30 / 8 = 0.75
    20  labor    0.25 h x 24       =  6.00
    10  oak      2 kg x 1.25 x 5   = 12.50
    20  glue     0.05 kg x 8       =  0.40                              in all 32.40
    """
    found = card(plant())
    assert [(line.operation, line.element, line.per, line.quantity, line.cost) for line in found.lines] == [
        ("10", "machine", "lot", F(1, 5), 12), ("10", "machine", "piece", F(1, 8), F("7.5")),
        ("10", "setup", "lot", F(1, 5), 6), ("10", "labor", "piece", F(1, 8), F("3.75")),
        ("20", "labor", "piece", F(1, 4), 6),
        ("10", "material", "piece", F("2.5"), F("12.5")), ("20", "material", "piece", F("0.05"), F("0.4")),
    ]  # fmt: skip
    assert found.unit_cost == F("32.4")
    assert (found.lot_size, found.version, found.valid_from) == (8, "2026-06-01", DAY)
    assert found.incomplete() is None


def test_waste_is_of_what_goes_in() -> None:
    """5 % of 2 kg put in for 1.9 kg: 1.9 / 0.95 = 2 kg, not 1.995."""
    of = plant(routings={}, bills={"CHAIR": (Bill(date.min, (Component("OAK", "", D("1.9"), "kg", D(5)),)),)})
    assert card(of).lines[0].quantity == 2


def test_loss_at_every_operation_multiplies() -> None:
    """10 % and 20 % of the good ones: 1.1 x 1.2 pieces enter the first, 1.2 the second. Of what enters it would be
    1 / (0.9 x 0.8) and 1 / 0.8."""
    steps = (replace(STEPS[0], work_center="W2", standard_setup_min=D(0)), STEPS[1])
    losses = tuple(Loss("CHAIR", step, date.min, D(lost)) for step, lost in (("10", 10), ("20", 20)))
    of = plant(routings={"CHAIR": (Routing(date.min, steps),)}, bills={}, charges=Charges(losses=losses))
    assert [line.quantity for line in card(of).lines] == [F(1, 10) * F("1.32"), F(1, 4) * F("1.2")]
    for base in ("input", "inspected"):
        found = cost_card.of_item(of, RateTable(RATES), Policies([Policy(normal_loss_base=base)]), "CHAIR", DAY)
        assert found is not None
        assert [line.quantity for line in found.lines] == [F(1, 10) / F("0.72"), F(1, 4) / F("0.8")]


def test_a_unit_cost_is_not_rounded() -> None:
    """Setup 12 for a lot of 7 and nothing else: 7 pieces cost 12, not 7 x 1.71."""
    steps = (Operation("10", "Turn", 10, "W2", D(30), D(0)),)
    items = {"CHAIR": Item("CHAIR", "Chair", "pcs", lot_size=D(7))}
    found = card(plant(items=items, routings={"CHAIR": (Routing(date.min, steps),)}, bills={}))
    assert found.unit_cost == F(12, 7)
    assert found.of(D(7)) == 12


def test_a_component_with_a_card_costs_its_card() -> None:
    """A table of 4 chairs at 32.40 each, whatever rate somebody entered for the chair."""
    bills = {**plant().bills, "TABLE": (Bill(date.min, (Component("CHAIR", "", D(4), "pcs"),)),)}
    found = card(plant(bills=bills), [*RATES, a_rate("standard_cost", "CHAIR", "99")], "TABLE")
    assert found.unit_cost == F("129.6")
    assert found.lines[0].price_id == "card:CHAIR/2026-06-01"


def test_a_loop_names_its_way_and_has_no_cost() -> None:
    bills = {
        "CHAIR": (Bill(date.min, (Component("TABLE", "", D(1), "pcs"),)),),
        "TABLE": (Bill(date.min, (Component("OAK", "", D(1), "kg"), Component("CHAIR", "", D(1), "pcs"))),),
    }
    items = {**plant().items, "TABLE": Item("TABLE", "Table", "pcs")}
    found = card(plant(items=items, bills=bills, routings={}))
    assert found.unit_cost is None
    assert found.unknown == {Unknown("loop", "CHAIR → TABLE → CHAIR")}
    trouble = found.incomplete()
    assert trouble is not None
    assert (trouble.reason, trouble.params["way"]) == ("standard.loop", "CHAIR → TABLE → CHAIR")


@pytest.mark.parametrize(
    ("gone", "missing"),
    [
        ("machine-W1", Unknown("machine", "W1")),
        ("standard_labor-W1", Unknown("standard_labor", "W1")),
        ("standard_cost-OAK", Unknown("standard_cost", "OAK")),
    ],
)
def test_what_is_missing_is_named_and_never_zero(gone: str, missing: Unknown) -> None:
    found = card(plant(), [rate for rate in RATES if not rate.id.startswith(gone)])
    assert found.unit_cost is None
    assert found.unknown == {missing}
    trouble = found.incomplete()
    assert trouble is not None
    assert trouble.reason == "standard.incomplete"
    assert CATALOGUE[trouble.reason].sentence.format(**trouble.params)


def test_what_a_component_lacks_its_parent_lacks() -> None:
    bills = {**plant().bills, "TABLE": (Bill(date.min, (Component("CHAIR", "", D(4), "pcs"),)),)}
    found = card(plant(bills=bills), [rate for rate in RATES if rate.subject != "OAK"], "TABLE")
    assert found.unknown == {Unknown("standard_cost", "OAK")}


def test_setup_without_a_lot_size_is_unknown() -> None:
    items = {**plant().items, "CHAIR": Item("CHAIR", "Chair", "pcs")}
    assert card(plant(items=items)).unknown == {Unknown("lot_size", "CHAIR")}


def test_a_unit_that_does_not_convert_is_unknown() -> None:
    bills = {"CHAIR": (Bill(date.min, (Component("OAK", "", D(1), "sheet"),)),)}
    assert card(plant(routings={}, bills=bills)).unknown == {Unknown("conversion", "OAK: sheet → kg")}


def test_a_machine_rate_that_includes_labor_leaves_no_labor() -> None:
    whole = [a_rate("machine", "W1", "90", includes_labor=True), *RATES[1:]]
    assert [line.element for line in card(plant(), whole).lines if line.operation == "10"] == [
        "machine", "machine", "material",
    ]  # fmt: skip


def test_overhead_subcontracting_and_normal_loss() -> None:
    """25 % of good output is normally lost at 10, so 1.25 enter it: labor 0.1 h x 1.25 x 24 = 3.00, oak 2.5 kg x 5 =
    12.50. The bench's pool takes 4 variable and 6 fixed (6,000 a month for 1,000 h) for 0.125 h; the store 10 % of oak;
    plating 3 for a good piece. Of what goes in it would be 1 / 0.75."""
    steps = (Operation("10", "Turn", 10, "W2", D(0), D(6)), Operation("20", "Plate", 20, "PLATER"))
    charges = Charges(
        (
            Overhead("SHOP", "labor_hour", "W2", "variable", NEW_YEAR, D(4)),
            Overhead("SHOP", "labor_hour", "W2", "fixed", NEW_YEAR, None, D(1000), D(6000)),
            Overhead("STORE", "material_percent", "", "variable", NEW_YEAR, D(10)),
        ),
        (Loss("CHAIR", "10", NEW_YEAR, D(25)),),
        (Subcontract("PLATER", "", "", NEW_YEAR, D(3), "ACME", ""),),
    )
    of = plant(
        routings={"CHAIR": (Routing(date.min, steps),)},
        bills={"CHAIR": (Bill(date.min, PARTS[:1]),)},
        charges=charges,
    )
    found = card(of)
    told = [(line.operation, line.element, line.item, line.nature, line.cost) for line in found.lines]
    assert sorted(told) == [
        ("10", "labor", "", "", 3), ("10", "material", "OAK", "", F("12.5")),
        ("10", "overhead", "SHOP", "fixed", F("0.75")), ("10", "overhead", "SHOP", "variable", F("0.5")),
        ("10", "overhead", "STORE", "variable", F("1.25")), ("20", "subcontracting", "", "", 3),
    ]  # fmt: skip
    assert found.yields == (("10", F(4, 5)), ("20", 1))
    going_in = cost_card.of_item(of, RateTable(RATES), Policies([Policy(normal_loss_base="input")]), "CHAIR", DAY)
    assert going_in is not None
    assert going_in.yields == (("10", F(3, 4)), ("20", 1))
    whole = replace(charges, losses=(Loss("CHAIR", "", NEW_YEAR, D(25)),))
    of.charges = whole
    assert card(of).yields == (("10", 1), ("20", F(4, 5))), "of the item: lost when all was done"


def test_routing_and_bill_of_the_day() -> None:
    bills = {"CHAIR": (Bill(date.min, PARTS), Bill(LATER, (Component("OAK", "10", D(3), "kg"),)))}
    assert card(plant(bills=bills)).unit_cost == F("32.4")
    assert card(plant(bills=bills), day=LATER).unit_cost == F("32.4") - F("12.9") + F("18.75")


def given(version: str = "A", day: date = NEW_YEAR, price: str | None = "20") -> GivenStandard:
    """Half an hour at 20, a setup of 30 minutes at 0.40 each, 250 g of oak at 0.004, overhead by the hour."""
    return GivenStandard("CHAIR", version, day, D(10), (
        StandardLine("10", "labor", "", D("0.5"), "piece", D(price) if price else None, "h"),
        StandardLine("10", "setup", "", D(30), "lot", D("0.4"), "min"),
        StandardLine("10", "material", "OAK", D(250), "piece", D("0.004"), "g"),
        StandardLine("10", "overhead", "SHOP", D("0.5"), "piece", D(6), "h"),
    ))  # fmt: skip


def test_a_given_card_in_the_units_it_was_written_in() -> None:
    """0.5 h x 20 = 10; setup 30 min at 0.40 = 0.5 h at 24, 12 for 10 pieces; 0.25 kg at 4; overhead 3: 15.20."""
    found = card(plant(standards={"CHAIR": (given(),)}))
    assert [(line.quantity, line.price, line.unit) for line in found.lines] == [
        (F(1, 2), 20, "h"), (F(1, 2), 24, "h"), (F(1, 4), 4, "kg"), (F(1, 2), 6, "h"),
    ]  # fmt: skip
    assert found.unit_cost == F("15.2")


def test_a_given_card_without_a_price_takes_the_one_of_its_day() -> None:
    lines = (StandardLine("", "material", "OAK", D(2), "piece", None, ""),)
    of = plant(standards={"CHAIR": (GivenStandard("CHAIR", "A", NEW_YEAR, D(0), lines),)})
    rates = [*RATES, a_rate("standard_cost", "OAK", "7", LATER)]
    assert card(of, rates, day=date(2026, 12, 1)).unit_cost == 10


def test_hours_without_a_price_are_unknown() -> None:
    assert card(plant(standards={"CHAIR": (given(price=None),)})).unknown == {Unknown("standard_labor", "10")}


def test_a_by_product_takes_away() -> None:
    lines = (
        StandardLine("", "material", "OAK", D(1), "piece", D(5), "kg"),
        StandardLine("", "by_product", "GLUE", D(1), "piece", D("0.5"), "kg"),
    )
    of = plant(standards={"CHAIR": (GivenStandard("CHAIR", "A", NEW_YEAR, D(0), lines),)})
    assert card(of).unit_cost == F("4.5")


# --- frozen on an order --------------------------------------------------------------------------------------------


def frozen(of: Plant, rates: list[Rate] = RATES, **order: object) -> CostCard | Outcome:
    made = replace(Order("MO-9", "CHAIR", D(10)), **order)  # type: ignore[arg-type]
    return cost_card.of_order(of, made, RateTable(rates), POLICIES)


def test_without_release_there_is_no_standard() -> None:
    trouble = frozen(plant())
    assert isinstance(trouble, Outcome)
    assert (trouble.state, trouble.reason, trouble.params) == ("held", "standard.not_frozen", {"order": "MO-9"})


def test_the_version_an_order_names_wins_whatever_the_day() -> None:
    of = plant(standards={"CHAIR": (given("A"), given("B", LATER, "22"))})
    found = frozen(of, standard_version="A", released_on=date(2026, 12, 1))
    assert isinstance(found, CostCard)
    assert (found.version, found.unit_cost) == ("A", F("15.2"))
    trouble = frozen(of, standard_version="C")
    assert isinstance(trouble, Outcome)
    assert trouble.reason == "standard.unknown_version"


def test_the_card_in_force_at_release_stays() -> None:
    of = plant(standards={"CHAIR": (given("A"), given("B", LATER, "22"))})
    before, after = frozen(of, released_on=DAY), frozen(of, released_on=LATER)
    assert isinstance(before, CostCard)
    assert isinstance(after, CostCard)
    assert (before.version, after.version) == ("A", "B")


def test_rates_of_later_days_do_not_move_it() -> None:
    found = frozen(plant(), [*RATES, a_rate("standard_cost", "OAK", "50", LATER)], released_on=DAY)
    assert isinstance(found, CostCard)
    assert found.unit_cost == F("32.4")


def test_the_order_s_own_operations_win_over_the_item_s() -> None:
    """Its own way: 15 min at 24 and 3 kg of oak at 5: 21. In the item's lots of 8, had it any setup."""
    own = {"operations": STEPS[1:], "components": (Component("OAK", "20", D(3), "kg"),)}
    found = frozen(plant(), released_on=DAY, **own)
    assert isinstance(found, CostCard)
    assert (found.unit_cost, found.lot_size) == (21, 8)


def test_operations_without_times_say_nothing() -> None:
    """What is only listed on the order has no standard: it is the item's; and where that says nothing either, there is
    none, and not one of zero."""
    bare = (Operation("10", "Turn", 10, "W1"),)
    found = frozen(plant(), released_on=DAY, operations=bare)
    assert isinstance(found, CostCard)
    assert found.unit_cost == F("32.4")
    of = plant(routings={"CHAIR": (Routing(date.min, bare),)}, bills={})
    trouble = frozen(of, released_on=DAY, operations=bare)
    assert isinstance(trouble, Outcome)
    assert trouble.reason == "standard.none"
    bills = {"TABLE": (Bill(date.min, (Component("CHAIR", "", D(4), "pcs"),)),)}
    table = card(plant(routings=of.routings, bills=bills), [*RATES, a_rate("standard_cost", "CHAIR", "30")], "TABLE")
    assert table.unit_cost == 120


def test_an_order_s_own_setup_is_spread_over_its_quantity_when_the_item_has_no_lot() -> None:
    items = {**plant().items, "CHAIR": Item("CHAIR", "Chair", "pcs")}
    found = frozen(plant(items=items), released_on=DAY, operations=STEPS[:1])
    assert isinstance(found, CostCard)
    assert found.lot_size == 10


def test_released_without_anything_to_go_by() -> None:
    trouble = frozen(plant(routings={}, bills={}), released_on=DAY)
    assert isinstance(trouble, Outcome)
    assert trouble.reason == "standard.none"
    assert CATALOGUE[trouble.reason].sentence.format(**trouble.params)
