"""Stock on the real store: late facts around a closed month, and methods, flags and standards that change."""

import json
import random
from collections import defaultdict
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from server.reference import imports
from server.store import event_log, ledger, plant
from server.store.database import read, write
from server.store.tables import TABLES
from server.store.verification import verify
from sync.core.findings import Outcome
from tests.cast import KEY, raw, send, settle
from tests.stock_histories import SHOPS, a_month

METHODS = ("moving_average", "period_average", "fifo")

DATABASES = ("sqlite", "postgresql")


def put(engine: Engine, **files: str) -> None:
    """Import files, by kind."""
    sheets = imports.read_files((f"{kind}.csv", text.encode()) for kind, text in files.items())
    with write(engine) as connection:
        imports.apply(connection, "main", sheets)


def checked(engine: Engine) -> None:
    settle(engine)
    with read(engine) as connection:
        report = verify(connection, "main", KEY)
    assert report.ok, report.faults


def bodies(engine: Engine) -> list[dict[str, object]]:
    with read(engine) as connection:
        return [json.loads(body) for _, _, body in ledger.page(connection, "main", 0, 10_000)]


def balance(engine: Engine) -> dict[str, Decimal]:
    """Debit less credit of each object, over the whole ledger; those that come to nothing left out."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for body in bodies(engine):
        for line in body["postings"]:
            sums[line["object"]] += Decimal(line["amount"]) * (1 if line["side"] == "debit" else -1)
    return {name: amount for name, amount in sorted(sums.items()) if amount}


def received(at: str, quantity: str, unit_cost: str, item: str = "GLUE") -> dict[str, object]:
    return raw("material.received", at, item=item, quantity=quantity, unit="kg", unit_cost=unit_cost)


def consumed(at: str, quantity: str, item: str = "GLUE", order: str = "MO-1") -> dict[str, object]:
    return raw("material.consumed", at, item=item, quantity=quantity, unit="kg", order=order, operation="20")


@pytest.mark.parametrize(
    ("method", "october", "november"), [
        # 6 x 170 / 20 = 51.00 (was 48.00); 8 x (119 + 100) / 24 = 73.00
        ("moving_average", "51.00", "73.00"),
        ("period_average", "51.00", "73.00"),
        # 6 x 8 as before; 4 x 8 + 4 x 9 = 68.00 (was 4 x 8 + 4 x 10)
        ("fifo", "48.00", "68.00"),
    ],
)  # fmt: skip
def test_a_receipt_told_after_its_month_is_closed(shop: Engine, method: str, october: str, november: str) -> None:
    put(shop, items=f"code,name,unit,valuation\nGLUE,Glue,kg,{method}\n")
    facts = [received("2026-10-02T08:00:00Z", "10", "8"), consumed("2026-10-05T08:00:00Z", "6"),
             received("2026-11-03T08:00:00Z", "10", "10"), consumed("2026-11-04T08:00:00Z", "8")]  # fmt: skip
    send(shop, facts)
    checked(shop)
    before = bodies(shop)
    with write(shop) as connection:
        connection.execute(TABLES["period"].insert().values(site="main", code="2026-10", state="closed"))
    late = received("2026-10-03T08:00:00Z", "10", "9")
    send(shop, [late])
    checked(shop)
    after = bodies(shop)
    assert after[: len(before)] == before, "what is posted stays"
    added = after[len(before) :]
    assert {body["posting_period"] for body in added} == {"2026-11"}, "a closed month does not change by a cent"
    assert all(body["late"] == (body["period"] == "2026-10") for body in added)
    with read(shop) as connection:
        standing = {entry_id for entry_id, _ in ledger.all_standing(connection, "main").values()}
    told = {body["scope"]: body["amount"] for body in after if body["id"] in standing}
    assert [told[one["id"]] for one in (*facts, late)] == ["80.00", october, "100.00", november, "90.00"]
    reversed_pairs = [body for body in added if "reverses" in body]
    assert {body["amount"] for body in reversed_pairs} == {
        old["amount"] for old in before if old["scope"] in {facts[1]["id"], facts[3]["id"]}
        and told[old["scope"]] != old["amount"]
    }  # fmt: skip
    assert balance(shop)["stock:GLUE"] == 270 - Decimal(october) - Decimal(november)


def test_a_component_put_on_backflush_and_taken_off_again(shop: Engine) -> None:
    """The flag is reference data: reports that were there draw as soon as it is set, and no more when it is gone."""
    reports = [
        raw("output.reported", "2026-11-04T08:00:00Z", order="MO-1", operation="20", quantity="4"),
        raw("defect.reported", "2026-11-05T08:00:00Z", order="MO-1", operation="20", quantity="1",
            disposition="hold", reason="BURR"),
    ]  # fmt: skip
    send(shop, [received("2026-11-02T08:00:00Z", "10", "8"), *reports])
    checked(shop)
    assert balance(shop) == {"stock:GLUE": Decimal("80.00"), "supplier:": Decimal("-80.00")}
    components = "order,item,operation,quantity_per,unit,backflush\nMO-1,GLUE,20,0.5,kg,{}\nMO-1,OAK,10,2,kg,{}\n"
    put(shop, components=components.format("yes", "yes"))
    checked(shop)
    # 5 pieces: 2.5 kg of glue at 8.00, 10 kg of oak at 3.20
    drawn = {"order:MO-1": Decimal("52.00"), "stock:GLUE": Decimal("60.00"), "stock:OAK": Decimal("-32.00")}
    assert balance(shop) == {**drawn, "supplier:": Decimal("-80.00")}
    assert {body["provenance"] for body in bodies(shop) if body.get("activity") == "backflushed"} == {"estimated"}
    with read(shop) as connection:
        became = event_log.became(connection, "main", [one["id"] for one in reports])
    assert [became[one["id"]][0].state for one in reports] == ["costed", "costed"]
    put(shop, components=components.format("no", "yes"))
    checked(shop)
    assert balance(shop)["stock:GLUE"] == Decimal("80.00")
    put(shop, components=components.format("no", "no"))
    checked(shop)
    assert balance(shop) == {"stock:GLUE": Decimal("80.00"), "supplier:": Decimal("-80.00")}


def test_a_standard_that_changes_costs_what_was_drawn_anew(shop: Engine) -> None:
    put(shop, components="order,item,operation,quantity_per,unit,backflush\nMO-1,OAK,10,2,kg,yes\n")
    send(shop, [raw("output.reported", f"2026-{month}-04T08:00:00Z", order="MO-1", operation="10", quantity="1")
                for month in (11, 12)])  # fmt: skip
    checked(shop)
    assert balance(shop)["stock:OAK"] == Decimal("-12.80")
    rate = "kind,subject_kind,subject,valid_from,amount\nstandard_cost,item,OAK,2026-12-01,4.00\n"
    put(shop, rates=rate)
    checked(shop)
    assert balance(shop)["stock:OAK"] == Decimal("-14.40"), "2 x 3.20 + 2 x 4.00"


def test_a_method_that_changes_values_all_of_an_item_anew(shop: Engine) -> None:
    put(shop, components="order,item,operation,quantity_per,unit,backflush\nMO-1,GLUE,10,2,kg,yes\n")
    send(shop, [
        received("2026-11-02T08:00:00Z", "3", "8"), received("2026-11-05T08:00:00Z", "5", "10"),
        consumed("2026-11-06T08:00:00Z", "2", order="MO-2"),
        raw("output.reported", "2026-11-07T08:00:00Z", order="MO-1", operation="10", quantity="2"),
        raw("output.reported", "2026-12-07T08:00:00Z", order="MO-1", operation="10", quantity="1"),
    ])  # fmt: skip
    checked(shop)
    stock = {}
    for method in (*METHODS, "moving_average", "fifo", "period_average"):
        for negative in ("last_cost", "hold"):
            put(shop, items=f"code,name,unit,valuation,negative_stock\nGLUE,Glue,kg,{method},{negative}\n")
            checked(shop)
            stock[method, negative] = balance(shop).get("stock:GLUE", Decimal(0))
    # 8 kg came for 74.00, all 8 are used: whatever the method, nothing is left.
    assert set(stock.values()) == {Decimal(0)}
    with read(shop) as connection:
        items = plant.load(connection, "main").items
    assert (items["GLUE"].valuation, items["GLUE"].negative_stock) == ("period_average", "hold")


def test_issues_that_wait_are_kept_with_the_stock(shop: Engine) -> None:
    """The layers and who waits for more go through the database and back."""
    put(shop, items="code,name,unit,valuation,negative_stock\nGLUE,Glue,kg,fifo,hold\n")
    waits = consumed("2026-11-03T08:00:00Z", "8")
    for one in (received("2026-11-02T08:00:00Z", "5", "8"), waits, consumed("2026-11-04T08:00:00Z", "2")):
        send(shop, [one])
        checked(shop)
    with read(shop) as connection:
        became = event_log.became(connection, "main", [waits["id"]])
    assert became[waits["id"]] == (Outcome("held", "stock.too_little", {"item": "GLUE"}), [])
    second = received("2026-11-05T08:00:00Z", "6", "9")
    send(shop, [second])
    checked(shop)
    assert balance(shop) == {"order:MO-1": Decimal("85.00"), "stock:GLUE": Decimal("9.00"),
                             "supplier:": Decimal("-94.00")}  # fmt: skip
    send(shop, [raw("event.voided", "2026-11-06T08:00:00Z", target_id=second["id"], reason="SLIP")])
    checked(shop)
    assert balance(shop) == {"order:MO-1": Decimal("16.00"), "stock:GLUE": Decimal("24.00"),
                             "supplier:": Decimal("-40.00")}  # fmt: skip


def test_a_second_standard_brings_the_stock_with_it(shop: Engine) -> None:
    """Oak is costed a movement at a time until its standard changes; then all of it is looked at, once."""
    send(shop, [received("2026-10-02T08:00:00Z", "100", "3.20", "OAK"), consumed("2026-10-05T08:00:00Z", "30", "OAK")])
    checked(shop)
    assert balance(shop)["stock:OAK"] == Decimal("224.00")
    put(shop, rates="kind,subject_kind,subject,valid_from,amount\nstandard_cost,item,OAK,2026-12-01,4.00\n")
    checked(shop)
    send(shop, [consumed("2026-12-05T08:00:00Z", "10", "OAK")])
    checked(shop)
    assert balance(shop) == {"order:MO-1": Decimal("136.00"), "stock:OAK": Decimal("240.00"),
                             "supplier:": Decimal("-320.00"),
                             "variance:standard_change": Decimal("-56.00")}  # fmt: skip
    send(shop, [received("2026-10-01T08:00:00Z", "5", "3.00", "OAK")])
    checked(shop)
    assert balance(shop)["stock:OAK"] == Decimal("260.00"), "told late: 65 kg at 4.00"


def test_the_price_variance_moves_from_purchase_to_use_and_back(shop: Engine) -> None:
    send(shop, [received("2026-10-02T08:00:00Z", "100", "3.30", "OAK"), consumed("2026-10-05T08:00:00Z", "50", "OAK")])
    checked(shop)
    put(shop, policy="setting,value,valid_from\nprice_variance,use,2026-11-01\nprice_variance,purchase,2026-12-01\n")
    checked(shop)
    for month, quantity in ((11, "50"), (12, "50")):
        send(shop, [received(f"2026-{month}-02T08:00:00Z", quantity, "3.40", "OAK"),
                    consumed(f"2026-{month}-03T08:00:00Z", "20", "OAK")])  # fmt: skip
        checked(shop)
    # October 10.00 at purchase. November: 50 kg worth 160.00 and 170.00 bought, 20 of 100 out of 330.00: 66.00 - 64.00.
    # December: 264.00 for 80 kg come to 256.00, and 170.00 - 160.00 at purchase.
    assert balance(shop) == {"order:MO-1": Decimal("288.00"), "stock:OAK": Decimal("352.00"),
                             "supplier:": Decimal("-670.00"), "variance:material_price": Decimal("30.00")}  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_whatever_comes_in_whatever_order_the_ledger_is_what_the_facts_give(shop: Engine, seed: int) -> None:
    """Movements, reports that draw, counts of what they draw, corrections; by each method, issues waiting or not."""
    of_item = SHOPS[seed % len(SHOPS)]
    method, negative = of_item["valuation"], of_item.get("negative_stock", "last_cost")
    components = "".join(f"{order},GLUE,10,0.7,kg,yes\n{order},OAK,,2,kg,yes\n" for order in ("MO-1", "MO-2"))
    put(
        shop,
        items=f"code,name,unit,valuation,negative_stock\nGLUE,Glue,kg,{method},{negative}\nOAK,Oak,kg,fifo,last_cost\n",
        orders="code,item,quantity\nMO-3,CHAIR,50\n",
        operations="order,number,work_center\nMO-3,10,W1\n",
        components=f"order,item,operation,quantity_per,unit,backflush\n{components}",
        rates="kind,subject_kind,subject,valid_from,amount\nstandard_cost,item,GLUE,2026-01-01,3.20\n"
        "standard_cost,item,GLUE,2026-12-01,4.10\n",
        policy=f"setting,value,valid_from\nprice_variance,{'use' if seed % 3 else 'purchase'},2026-11-20\n",
    )
    chance = random.Random(seed)
    facts = a_month(seed)
    facts = chance.sample(facts, len(facts))
    while facts:
        lot = chance.randrange(1, 9)
        send(shop, facts[:lot])
        facts = facts[lot:]
        if chance.random() < 0.7:
            settle(shop, chance.randrange(1, 9))
    checked(shop)
    with read(shop) as connection:
        standing = {entry for entry, _ in ledger.all_standing(connection, "main").values()}
        stock = ledger.stock_before(connection, "main", {"GLUE": 2**60})
    worth = sum(
        Decimal(line["amount"]) * (1 if line["side"] == "debit" else -1)
        for body in bodies(shop)
        if body["id"] in standing
        for line in body["postings"]
        if line["object"] == "stock:GLUE"
    )
    assert worth == stock["GLUE"].value if "GLUE" in stock else worth == 0


def test_last_in_first_out_is_not_imported(shop: Engine) -> None:
    with pytest.raises(imports.ImportRefused) as refused:
        put(shop, items="code,name,unit,valuation\nGLUE,Glue,kg,lifo\n")
    assert "IAS 2" in refused.value.errors[0].text()
    with read(shop) as connection:
        assert plant.load(connection, "main").items["GLUE"].valuation == "moving_average"
