"""The demo plant as rows: complete, consistent, the same for the same seed."""

from datetime import date
from decimal import Decimal

from server.demo import plant
from sync.core.quantity import convert

TODAY = date(2026, 3, 18)
DEMO = plant.build(7, TODAY)
ROWS = DEMO.rows()


def codes(kind: str, column: str = "code") -> set[str]:
    return {row[column] for row in ROWS[kind]}


def test_the_same_seed_gives_the_same_plant() -> None:
    assert plant.build(7, TODAY).rows() == ROWS
    assert plant.build(8, TODAY).rows() != ROWS


def test_it_has_the_size_of_a_workshop() -> None:
    operators = [person for person in DEMO.people if person not in DEMO.leads]
    assert (len(ROWS["work_centers"]), len(operators), len(ROWS["orders"])) == (10, 25, 60)
    steps = [sum(row["order"] == code for row in ROWS["operations"]) for code in codes("orders") - {plant.PROJECT}]
    assert min(steps) >= 3 and max(steps) == 6
    assert {item["valuation"] for item in ROWS["items"]} == {"standard", "moving_average"}
    assert {p["follows"] for p in ROWS["plans"]} == {"department", "item", "customer"}


def test_every_row_refers_to_a_row() -> None:
    assert {row["department"] for row in ROWS["work_centers"] + ROWS["people"]} <= codes("departments")
    assert {row["work_center"] for row in ROWS["machines"] + ROWS["operations"]} <= codes("work_centers")
    assert {row["order"] for row in ROWS["operations"] + ROWS["components"] + ROWS["order_accounts"]} <= codes("orders")
    assert {row["item"] for row in ROWS["components"] + ROWS["item_units"]} <= codes("items")
    assert {row["item"] for row in ROWS["orders"]} - {""} <= codes("items")
    assert {skill for person in DEMO.people for skill in person.skills} <= codes("work_centers")
    accounts = {(row["plan"], row["code"]) for row in ROWS["accounts"]}
    assert {(row["plan"], row["account"]) for row in ROWS["order_accounts"]} <= accounts
    assert {("customer", row["customer"]) for row in ROWS["orders"]} <= accounts


def test_material_is_drawn_in_units_that_convert() -> None:
    for product in plant.PRODUCTS:
        for need in product.needs:
            units = {unit: Decimal(factor) for unit, factor in plant.ITEMS[need.item][5].items()}
            base = plant.ITEMS[need.item][1]
            assert convert(need.parcel, need.drawn, base, units)
            assert convert(need.quantity, need.unit, base, units)


def test_shares_of_the_shared_order_make_a_whole() -> None:
    assert sum(row["percent"] for row in ROWS["order_accounts"]) == 100


def test_rates_change_in_the_middle_of_the_two_weeks() -> None:
    changes = [row for row in ROWS["rates"] if row["valid_from"] == DEMO.raise_on]
    assert {row["kind"] for row in changes} == {"labor", "machine"}
    assert DEMO.days[0] < DEMO.raise_on < TODAY


def test_what_is_missing_is_missing_on_purpose() -> None:
    rated = {(row["kind"], row["subject"]) for row in ROWS["rates"]}
    assert ("labor", "INT") not in rated
    assert codes("items") - {subject for kind, subject in rated if kind == "standard_cost"} == {"PAT-FEUTRE"}


def test_a_piece_costs_its_routing_and_its_material() -> None:
    # One setup of 12 min for the middle lot of 20 pieces, and so on through six steps; see the table of TAB-180's
    # neighbours: here the caisson, whose four steps are quickly reckoned.
    caisson = next(product for product in plant.PRODUCTS if product.code == "CAIS-3T")
    lot = Decimal(36)
    hours = [
        (Decimal(10) / lot + 4) / 60 * (Decimal("29.50") + 24),
        (Decimal(12) / lot + Decimal("5.5")) / 60 * 58,
        (Decimal(18) / lot + 7) / 60 * (34 + Decimal("46.50")),
        (Decimal(8) / lot + 19) / 60 * Decimal("31.50"),
    ]
    material = Decimal("1.9") * Decimal("8.40") + 6 * Decimal("0.31") + 3 * Decimal("9.40") + 3 * Decimal("3.10")
    assert plant.standard_cost(caisson) == round(sum(hours) + material, 2)
