"""Orders: the list, one order's page, and the same as JSON."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import Engine, event

from server.extensions import db
from tests.cast import ANA, LUIS, put_plant, raw, send, settle
from tests.server.callers import bearer, device, signed_in
from tests.server.feedback.conftest import put

JOB = {"order": "MO-1", "operation": "10"}
D = Decimal


def text(response) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


@pytest.fixture
def worked(shop: Engine) -> Engine:
    """Two hours of Ana and one declared by Luis, an hour of the lathe, 3 kg of oak; 4 good, 1 scrapped; Ana goes on."""
    start, run = (
        raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", **JOB),
        raw("machine.started", "2026-11-20T08:00:00+01:00", machine="M1", **JOB),
    )
    send(
        shop,
        [
            start,
            run,
            raw("labor.stopped", "2026-11-20T10:00:00+01:00", person=ANA, start_id=start["id"]),
            raw("machine.stopped", "2026-11-20T09:00:00+01:00", machine="M1", start_id=run["id"]),
            raw("labor.declared", "2026-11-20T11:00:00+01:00", person=LUIS, activity="setup", provenance="declared",
                duration_ms=3_600_000, **JOB),
            raw("material.consumed", "2026-11-20T08:05:00+01:00", item="OAK", quantity="3", unit="kg", **JOB),
            raw("output.reported", "2026-11-20T10:00:00+01:00", quantity="4", **JOB),
            raw("defect.reported", "2026-11-20T10:00:00+01:00", quantity="1", disposition="scrap",
                reason="BURR", **JOB),
            raw("labor.started", "2026-11-20T14:12:00+01:00", person=ANA, activity="run", order="MO-1", operation="20"),
            raw("material.consumed", "2026-11-20T08:05:00+01:00", item="FELT", quantity="3", unit="pcs", **JOB),
        ],
    )  # fmt: skip
    settle(shop)
    return shop


def test_cost_as_json_for_finance(visit, worked: Engine):
    answer = visit("accountant").get("/api/v1/orders/MO-1/cost").json
    # labor 2 h at G1 31.17; setup 1 h at G2 40.03; machine 1 h at 22.50; oak 3 kg at 3.20; one of 5 pieces scrapped.
    assert {cell["element"]: cell["actual"] for cell in answer["elements"]} == {
        "labor": "62.34", "setup": "40.03", "machine": "22.50", "material": "9.60", "scrap": "-26.89",
    }  # fmt: skip
    assert answer["actual"] == "107.58"
    assert answer["valuation"] == "actual"
    assert answer["currency"] == "EUR"
    assert (answer["quantity"], answer["good"], answer["scrap"]) == ("10", "0", "1")
    assert (answer["held"], answer["running"]) == (1, 1)
    assert answer["shares"] == {"declared": "0.2977", "measured": "0.7023"}
    assert answer["unknown"] == []
    # Four pieces at 10: 25 min of lathe, 15 + 10 min at 30.00, 2 kg of oak. Nothing is posted at 20 yet.
    assert answer["standard_earned"] == "28.28"
    assert answer["standard_planned"] == "67.00"
    # 107.58 + 67.00 - 28.28 by the standard; 107.58 x 67.00 / 28.28 = 254.87 at this pace.
    assert answer["forecast"] == {"by_standard": "146.30", "at_this_pace": "254.87"}
    labor = answer["elements"][0]
    assert labor == {
        "element": "labor", "actual": "62.34", "standard": "5.00", "standard_planned": "22.50", "variance": "57.34",
        "hours": "2.0000", "standard_hours": "0.1667",
    }  # fmt: skip
    ten, twenty = answer["operations"]
    assert (ten["operation"], ten["name"], ten["work_center"], ten["good"]) == ("10", "Turn", "W1", "4")
    assert twenty["actual"] == "0"
    assert sum(D(step["actual"]) for step in answer["operations"]) == D(answer["actual"])
    assert sum(D(cell["actual"]) for cell in answer["elements"]) == D(answer["actual"])


def test_a_lead_gets_hours_at_the_published_rate(visit, worked: Engine):
    answer = visit("lead").get("/api/v1/orders/MO-1/cost").json
    # 3 h at 30.00; scrap by the same rule on these amounts: (60 + 30 + 22.50 + 9.60) / 5.
    assert {cell["element"]: cell["actual"] for cell in answer["elements"]} == {
        "labor": "60.00", "setup": "30.00", "machine": "22.50", "material": "9.60", "scrap": "-24.42",
    }  # fmt: skip
    assert answer["valuation"] == "standard_rate"
    assert answer["standard_earned"] == "28.28"


def test_a_program_reads_the_actual_cost(app, visit, worked: Engine):
    client = app.test_client()
    answer = client.get("/api/v1/orders/MO-1/cost", headers=bearer(worked, "entries:read"))
    assert answer.json["valuation"] == "actual"
    assert client.get("/api/v1/orders/MO-1/cost", headers=bearer(worked, "events:write")).status_code == 403
    assert device(app, worked).get("/api/v1/orders").status_code == 403
    assert client.get("/api/v1/orders").status_code == 401


def test_orders_as_json_page_by_cursor(visit, shop: Engine):
    put(shop, "orders", {"code": "MO-0", "item": "CHAIR", "quantity": "3", "due_on": "2026-11-30"})
    put(shop, "orders", {"code": "MO-9", "item": "CHAIR", "quantity": "3", "status": "closed"})
    lead = visit("lead")
    first = lead.get("/api/v1/orders?limit=2").json
    assert [line["order"] for line in first["orders"]] == ["MO-0", "MO-1"]
    assert first["more"] is True
    rest = lead.get(f"/api/v1/orders?limit=2&after={first['next']}").json
    assert [line["order"] for line in rest["orders"]] == ["MO-2"]
    assert (rest["more"], rest["next"]) == (False, None)
    every = lead.get("/api/v1/orders?status=all").json["orders"]
    assert [line["order"] for line in every] == ["MO-0", "MO-1", "MO-2", "MO-9"]
    assert every[0] == {
        "order": "MO-0", "kind": "manufacturing", "item": "CHAIR", "item_name": "Chair", "customer": "",
        "due_on": "2026-11-30", "status": "open", "quantity": "3", "unit": "pcs", "good": "0", "scrap": "0",
        "currency": "EUR", "valuation": "standard_rate", "actual": "0", "standard_planned": "0",
        "standard_earned": "0", "billable": None, "held": 0, "running": 0,
    }  # fmt: skip


@pytest.mark.parametrize("text", ["mo-1", "chair", "Dupont", "MO-1"])
def test_orders_are_found_by_code_item_and_customer(visit, shop: Engine, text: str):
    put(shop, "orders", {"code": "MO-1", "customer": "Dupont & fils"})
    found = visit("lead").get("/orders", query_string={"text": text})
    assert "MO-1" in found.text


def test_a_percent_sign_is_a_letter_of_a_search(visit, shop: Engine):
    assert "No order fits" in visit("lead").get("/orders?text=%25").text


def test_what_cannot_be_understood_is_refused(visit, shop: Engine):
    lead = visit("lead")
    for address in ("/orders?status=lost", "/orders?after=yesterday", "/orders/MO-1?state=gone", "/orders/MO-1?shown=0",
                    "/held?owner=nobody", "/held?reason=rate.missing&after=x"):  # fmt: skip
        answer = lead.get(address)
        assert answer.status_code == 400, address
        assert "request.invalid" in answer.text
    assert lead.get("/api/v1/orders?limit=1000000").json["code"] == "request.invalid"


@pytest.mark.parametrize("address", ["/orders/MO-404", "/api/v1/orders/MO-404/cost", "/orders/a/b"])
def test_an_unknown_order(visit, shop: Engine, address: str):
    answer = visit("lead").get(address)
    assert answer.status_code == 404
    assert "No order has the code" in answer.text


def test_the_page_tells_all_of_it(visit, worked: Engine):
    page = text(visit("accountant").get("/orders/MO-1"))
    assert "Good pieces 0 / 10 1 scrapped" in page
    assert "Cost so far €107.58" in page
    assert "Labor 62.34 5.00 +57.34 2.00 0.17" in page
    assert "Order 0 50 100 107.58 28.28 +79.30 3.00 0.42" in page
    assert "30% declared 70% measured" in page
    assert "10 Turn Lathe 4 1 3.00 0.42" in page
    assert "Item FELT is not known. Import the item. Team lead" in page
    assert "Oak OAK 3 kg 2 kg 5 kg 9.60" in page
    assert "BURR Scrap 1 10 Turn the same" in page
    assert "All 10 Costed 7 Held 1 Running 1 Excluded 1" in page


def test_the_plots_say_the_same(visit, worked: Engine):
    page = visit("accountant").get("/orders/MO-1").text
    bars = re.findall(r'class="element (\w+)(?: left)?" x="([\d.]+)%" width="([\d.]+)%"', page)
    assert [bar[0] for bar in bars] == ["labor", "setup", "machine", "material", "scrap", "total"]
    x = {name: float(at) for name, at, _ in bars}
    width = {name: float(span) for name, _, span in bars}
    # Each element begins where the one before ended; scrap goes back from there; the total ends where scrap began.
    assert x["setup"] == pytest.approx(x["labor"] + width["labor"], abs=0.01)
    assert x["material"] == pytest.approx(x["machine"] + width["machine"], abs=0.01)
    assert x["scrap"] + width["scrap"] == pytest.approx(x["material"] + width["material"], abs=0.01)
    assert x["total"] + width["total"] == pytest.approx(x["scrap"], abs=0.01)
    assert width["labor"] / width["total"] == pytest.approx(62.34 / 107.58, abs=0.001)


def test_the_timeline_has_a_lane_for_everybody(visit, worked: Engine):
    page = visit("lead").get("/orders/MO-1").text
    lanes = re.findall(r'class="lane-who[^"]*">([^<]+)<', page)
    assert lanes == ["Ana", "Luis", "Lathe 1", "Ana"]
    assert page.count('class="stretch run running"') == 1


def test_facts_are_filtered_by_state(visit, worked: Engine):
    lead = visit("lead")
    held = lead.get("/orders/MO-1?state=held&part=facts", headers={"HX-Request": "true"}).text
    assert "Item FELT is not known" in held
    assert held.count("<tr>") == 2  # the head and one fact
    assert "<html" not in held


def test_stops_that_name_no_order_end_the_lanes(visit, shop: Engine):
    start = raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", **JOB)
    send(shop, [start, raw("labor.stopped", "2026-11-20T09:30:00+01:00", person=ANA)])
    settle(shop)
    page = text(visit("lead").get("/orders/MO-1"))
    assert "08:00 – 09:30 · 1 h 30" in page


def test_a_missing_published_rate_is_said_not_taken_for_zero(app, site: str, database: Engine):
    put_plant(database)
    start = raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", **JOB)
    send(database, [start, raw("labor.stopped", "2026-11-20T09:00:00+01:00", person=ANA, start_id=start["id"])])
    settle(database)
    lead = signed_in(app, database, "lead")
    page = text(lead.get("/orders/MO-1"))
    assert (
        "because a price is missing: published standard labor rate of W1, published standard labor rate of W2" in page
    )
    assert "Cost so far –" in page
    assert {"kind": "standard_labor", "subject": "W1"} in lead.get("/api/v1/orders/MO-1/cost").json["unknown"]


def test_a_list_of_orders_takes_no_query_for_each(app, visit, shop: Engine):
    lead = visit("lead")
    said: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *arguments: said.append(arguments[2]))

    def queries(address: str) -> int:
        said.clear()
        assert lead.get(address).status_code == 200
        return len(said)

    def fill(codes: list[str]) -> None:
        put(shop, "orders", *({"code": code, "item": "CHAIR", "quantity": "5"} for code in codes))
        put(
            shop,
            "operations",
            *(
                {
                    "order": code,
                    "number": "10",
                    "name": "Turn",
                    "sequence": 10,
                    "work_center": "W1",
                    "standard_run_min": "3",
                }
                for code in codes
            ),
        )
        facts = [
            raw("output.reported", "2026-11-20T10:00:00+01:00", order=code, operation="10", quantity="2")
            for code in codes
        ]
        facts += [
            raw(
                "defect.reported",
                "2026-11-20T10:00:00+01:00",
                order=code,
                operation="10",
                quantity="1",
                disposition="scrap",
                reason="BURR",
            )
            for code in codes
        ]
        facts += [
            raw(
                "machine.reported",
                "2026-11-20T10:00:00+01:00",
                order=code,
                operation="10",
                machine="M1",
                duration_ms=600_000,
            )
            for code in codes
        ]
        send(shop, facts)
        settle(shop)

    fill(["A-1", "A-2"])
    addresses = ("/orders", "/board", "/api/v1/orders")
    for address in addresses:  # what is read once a process is read now
        queries(address)
    few = {address: queries(address) for address in addresses}
    fill([f"B-{number:02}" for number in range(40)])
    assert {address: queries(address) for address in few} == few


def test_the_timeline_takes_breaks_off(visit, shop: Engine):
    """Two breaks in four hours: three stretches, three and a half hours; what runs after a break runs on."""
    at = "2026-11-20T{}:00+01:00".format
    first = raw("labor.started", at("08:00"), person=ANA, activity="run", **JOB)
    pause, again = (raw("break.started", at(when), person=ANA) for when in ("09:00", "11:00"))
    send(
        shop,
        [
            first,
            pause,
            raw("break.stopped", at("09:15"), person=ANA, start_id=pause["id"]),
            again,
            raw("break.stopped", at("11:15"), person=ANA),
            raw("break.started", at("10:00"), person=LUIS),
            raw("labor.stopped", at("12:00"), person=ANA, start_id=first["id"]),
            raw("labor.started", at("14:00"), person=LUIS, activity="setup", **JOB),
            raw("break.started", at("14:20"), person=LUIS),
            raw("break.stopped", at("14:30"), person=LUIS),
        ],
    )
    settle(shop)
    page = text(visit("lead").get("/orders/MO-1"))
    spans = ("08:00 – 09:00 · 1 h", "09:15 – 11:00 · 1 h 45", "11:15 – 12:00 · 45 min", "14:00 – 14:20 · 20 min")
    for stretch in spans:
        assert stretch in page
    assert "14:30 · running" in page
    assert "3.50" in page


def test_the_timeline_knows_a_stop_of_a_start_that_was_put_right(visit, shop: Engine):
    """Started on the wrong order, put right there or elsewhere; the stop still names the first."""
    wrong = raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", order="MO-2", operation="20")
    right = raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", **JOB)
    stop = raw("labor.stopped", "2026-11-20T09:30:00+01:00", person=ANA, start_id=wrong["id"])
    replaced = raw("event.replaced", "2026-11-20T09:40:00+01:00", target_id=wrong["id"], replacement_id=right["id"],
                   reason="SLIP")  # fmt: skip
    send(shop, [wrong, stop, right, replaced])
    settle(shop)
    lead = visit("lead")
    assert "08:00 – 09:30 · 1 h 30" in text(lead.get("/orders/MO-1"))
    assert "08:00 – 09:30 · 1 h 30" not in text(lead.get("/orders/MO-2"))
    assert "46.76" in text(visit("accountant").get(f"/facts/{stop['id']}")), "the stop leads to the entry it caused"
