"""Files of overhead, losses, subcontracted work and by-products: what is wrong with them, and what they cost anew."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from server.reference import imports
from server.reference.imports import ImportRefused
from server.store import event_log, ledger
from server.store.database import read, write
from server.store.verification import verify
from tests.cast import ANA, KEY, put_plant, raw, send, settle
from tests.server.reference.test_imports import refused

AT = "2026-11-20T08:00:00Z"
LABOR = raw("labor.declared", AT, person=ANA, activity="run", order="MO-1", operation="10", duration_ms=3_600_000)
OAK = raw("material.consumed", AT, order="MO-1", operation="10", item="OAK", quantity="10", unit="kg")
GOOD = raw("output.reported", AT, order="MO-1", operation="20", quantity="9")
BAD = raw("defect.reported", AT, order="MO-1", operation="10", quantity="1", disposition="scrap", reason="BURR")
CHIPS = raw("output.by_product", AT, order="MO-1", item="OAK", quantity="2", unit="kg")


@pytest.fixture
def shop(database: Engine, site: str) -> Iterator[Engine]:
    put_plant(database)
    send(database, [LABOR, OAK, GOOD, BAD, CHIPS])
    settle(database)
    yield database
    with read(database) as connection:
        assert verify(connection, "main", KEY).faults == []


def put(engine: Engine, **files: str) -> None:
    with write(engine) as connection:
        imports.apply(
            connection, "main", imports.read_files([(f"{kind}.csv", text.encode()) for kind, text in files.items()])
        )
    settle(engine)


def amounts(engine: Engine, element: str) -> list[str]:
    """What stands under an element, smallest first."""
    with read(engine) as connection:
        standing = ledger.all_standing(connection, "main")
        bodies = ledger.bodies(connection, "main", [entry_id for entry_id, _ in standing.values()])
    return sorted((body["amount"] for body in bodies.values() if body["element"] == element), key=Decimal)


def test_overhead_comes_with_its_rates(shop: Engine) -> None:
    assert amounts(shop, "overhead") == []
    put(shop, overheads="pool,driver,nature,rate\nSHOP,labor_hour,variable,18\nSTORES,material_percent,variable,5\n")
    assert amounts(shop, "overhead") == ["1.60", "18.00"]
    put(shop, overheads="pool,driver,nature,rate\nSHOP,labor_hour,variable,20\n")
    assert amounts(shop, "overhead") == ["1.60", "20.00"], "10 kg x 3.20 x 5 %, and an hour of Ana's at 20.00"


def test_a_normal_loss_takes_scrap_back(shop: Engine) -> None:
    assert amounts(shop, "scrap") == ["6.32"], "(31.17 + 32.00) / 10"
    put(shop, losses="item,normal_loss_percent,disposal_value\nCHAIR,20,0.50\n")
    assert amounts(shop, "scrap") == ["0.50"], "20 % of nine: it is normal, and sold"
    with read(shop) as connection:
        assert event_log.statuses(connection, "main", [BAD["id"]])[BAD["id"]]["state"] == "costed"


def test_a_supplier_is_paid_once_there_is_a_price(shop: Engine) -> None:
    put(shop, subcontracts="work_center,price,supplier\nW2,4.40,VARNISH\n")
    assert amounts(shop, "subcontracting") == ["39.60"]
    with read(shop) as connection:
        assert event_log.statuses(connection, "main", [GOOD["id"]])[GOOD["id"]]["state"] == "costed"


def test_a_pool_has_one_driver_a_nature(shop: Engine) -> None:
    put(shop, overheads="pool,driver,nature,rate\nSHOP,labor_hour,variable,4\nSHOP,machine_hour,fixed,4\n")
    more = "pool,driver,subject,nature,rate\nSHOP,machine_hour,W2,variable,5\nHALL,labor_hour,,variable,5\n"
    says = "line 2, column driver: pool SHOP is charged by labor_hour already: one driver a pool and nature"
    assert [says in one for one in refused(shop, overheads=more)] == [True]
    put(shop, overheads="pool,driver,nature,rate\nSHOP,labor_percent,variable,5\n")


def test_work_of_a_supplier_whose_price_begins_later_waits_for_one(shop: Engine) -> None:
    put(shop, subcontracts="work_center,price,supplier,valid_from\nW2,4.40,VARNISH,2099-01-01\n")
    assert amounts(shop, "subcontracting") == []
    with read(shop) as connection:
        status = event_log.statuses(connection, "main", [GOOD["id"]])[GOOD["id"]]
        assert (status["state"], status["reason"]) == ("held", "rate.missing")
    put(shop, subcontracts="work_center,price,supplier\nW2,4.20,VARNISH\n")
    assert amounts(shop, "subcontracting") == ["37.80"]


def test_a_by_product_waits_for_its_value(shop: Engine) -> None:
    with read(shop) as connection:
        assert event_log.statuses(connection, "main", [CHIPS["id"]])[CHIPS["id"]]["reason"] == "by_product.no_value"
    put(shop, by_products="by_product,value\nOAK,1.50\n")
    assert amounts(shop, "by_product") == ["3.00"]


def test_what_is_wrong_is_said(database: Engine, site: str) -> None:
    put_plant(database)
    assert refused(
        database,
        overheads=(
            "pool,driver,subject,nature,rate,normal_capacity,budget\n"
            "A,labor_hour,W9,variable,1,,\nB,labor_hour,,variable,,100,1000\nC,labor_hour,,fixed,11,100,1000\n"
            "D,labor_hour,W1,fixed,,100,1000\nE,labor_hour,D1,fixed,10,100,1000\nF,labor_percent,,fixed,10,100,10\n"
        ),
    ) == [
        "overheads.csv, line 2, column subject: “W9” is neither a work center nor a department: import it, "
        "or leave the cell empty",
        "overheads.csv, line 3, column rate: fill the rate; only a fixed pool may leave it to budget and "
        "normal_capacity",
        "overheads.csv, line 4, column rate: rate × normal_capacity is 1100.00, not the budget: leave the rate empty",
    ]
    assert refused(database, losses="item,normal_loss_percent\nCHAIR,100\n") == [
        "losses.csv, line 2, column normal_loss_percent: “100” must be below 100: nothing would be left"
    ]
    assert refused(database, subcontracts="item,price\nCHAIR,4\n") == [
        "subcontracts.csv, line 2, column work_center: say which work center or operation is subcontracted"
    ]
    assert refused(
        database, by_products="item,by_product,method,value\nCHAIR,OAK,percent,101\nCHAIR,CHAIR,net_value,1\n"
    ) == [
        "by_products.csv, line 2, column value: “101” is more than 100 percent",
        "by_products.csv, line 3, column by_product: an item is no by-product of itself: give its sales_value, "
        "or take the row out",
    ]


def test_a_driver_nobody_knows_is_refused() -> None:
    with pytest.raises(ImportRefused):
        imports.read_files([("overheads.csv", b"pool,driver,nature\nSHOP,nonsense,fixed\n")])


def test_a_stock_that_is_carried_from_now_on_knows_what_orders_gave(database: Engine, site: str) -> None:
    """Glue of an order lay there before any movement of it, while it was kept at standard."""
    put_plant(database)
    put(database, items="code,unit\nSEAT,pcs\n", orders="code,item,quantity\nMO-3,SEAT,2\n",
        operations="order,number,work_center\nMO-3,10,W1\n",
        rates="kind,subject_kind,subject,valid_from,amount\nstandard_cost,item,SEAT,2026-01-01,10\n")  # fmt: skip
    send(database, [
        raw("material.consumed", AT, order="MO-3", operation="10", item="OAK", quantity="10", unit="kg"),
        raw("output.reported", AT, order="MO-3", operation="10", quantity="2"),
        raw("order.closed", AT, order="MO-3"),
        raw("material.consumed", "2026-11-21T08:00:00Z", order="MO-1", item="SEAT", quantity="1", unit="pcs"),
    ])  # fmt: skip
    settle(database)
    assert amounts(database, "material") == ["10.00", "32.00"]
    put(database, items="code,unit,valuation\nSEAT,pcs,fifo\n")
    assert amounts(database, "material") == ["16.00", "32.00"], "half of what two seats cost"
    with read(database) as connection:
        assert verify(connection, "main", KEY).faults == []
