"""Entries: filtered, summed, opened; from an entry to its facts and back."""

import csv
import io
import re
from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import Engine, insert

from server.store import ledger, plant
from server.store.database import read, write
from server.store.tables import Period
from sync.costing.policy import BEGINNING
from tests.cast import ANA, LUIS, a_shop, raw, send, settle
from tests.server.callers import device
from tests.server.feedback.conftest import put

JOB = {"order": "MO-1", "operation": "10"}


def text(response) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def positions(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'<tr[^>]* id="entry-(\d+)"', page)]


def rows(response) -> list[dict[str, str]]:
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.text)))


@pytest.fixture
def posted(shop: Engine) -> Engine:
    """An hour of Ana on MO-1, one of Luis on MO-2 in October, 2 kg of oak; then Luis's hour is voided."""
    ana, luis = (
        raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", **JOB),
        raw("labor.started", "2026-10-05T08:00:00+02:00", person=LUIS, activity="setup", order="MO-2", operation="20"),
    )
    send(
        shop,
        [
            ana,
            raw("labor.stopped", "2026-11-20T09:00:00+01:00", person=ANA, start_id=ana["id"]),
            luis,
            raw("labor.stopped", "2026-10-05T09:00:00+02:00", person=LUIS, start_id=luis["id"]),
            raw("material.consumed", "2026-11-20T08:00:00+01:00", item="OAK", quantity="2", unit="kg", **JOB),
        ],
    )
    settle(shop)
    send(shop, [raw("event.voided", "2026-11-20T10:00:00+01:00", target_id=luis["id"], reason="MISTAKE")])
    settle(shop)
    return shop


def test_the_newest_month_comes_first(visit, posted: Engine):
    page = text(visit("accountant").get("/entries"))
    assert "€37.57 2 entries" in page  # 31.17 and 2 kg at 3.20
    assert "1 h \N{MULTIPLICATION SIGN} 31.17 EUR/h = 31.17 EUR" in page
    assert "Department D1 → Order MO-1" in page
    assert "MO-2" not in page


@pytest.mark.parametrize(
    ("wanted", "amounts"),
    [
        ("period=", ["-40.03", "31.17", "40.03", "6.40"]),
        ("period=2026-10", ["-40.03", "40.03"]),
        ("period=&element=material", ["6.40"]),
        ("period=&order=MO-1", ["31.17", "6.40"]),
        ("period=&order=MO-2&operation=20", ["-40.03", "40.03"]),
        ("period=&order=MO-2&operation=10", []),
        ("period=&account=department:D1", ["31.17", "6.40"]),
        ("period=&account=department:D", []),
        ("period=&text=oak", ["6.40"]),
        ("period=&text=OAK&element=labor", []),
        ("period=&text=%25", []),
    ],
)
def test_filters(visit, posted: Engine, wanted: str, amounts: list[str]):
    client = visit("accountant")
    page = client.get(f"/entries?{wanted}").text
    listed = rows(client.get(f"/entries.csv?{wanted}"))
    assert sorted(line["net_amount"] for line in listed) == amounts
    assert positions(page) == [int(line["position"]) for line in reversed(listed)]
    net = sum((Decimal(amount) for amount in amounts), Decimal(0))
    assert (f"€{net}" in page) if amounts else ("No entry fits" in page)


def test_totals_are_what_the_orders_bear(visit, shop: Engine):
    send(shop, a_shop(5, 150))
    settle(shop)
    client = visit("payroll")
    with read(shop) as connection:
        costs = ledger.stored_order_costs(connection, "main")
    for element, sign in (("labor", 1), ("machine", 1), ("scrap", -1)):
        for order in ("MO-1", "MO-2"):
            borne = sum(amount for key, (amount, _) in costs.items() if key[0] == order and key[2] == element)
            listed = rows(client.get(f"/entries.csv?period=&element={element}&order={order}"))
            net = sum((Decimal(line["net_amount"]) for line in listed), Decimal(0))
            assert net * sign == Decimal(borne) / 10_000, (element, order)


def test_pages_follow_each_other(visit, shop: Engine):
    send(shop, [raw("material.consumed", f"2026-11-20T08:{n % 60:02}:00+01:00", item="OAK", quantity=str(n + 1),
                    unit="kg", **JOB) for n in range(230)])  # fmt: skip
    settle(shop)
    client = visit("accountant")
    seen: list[int] = []
    address = "/entries?period="
    while address:
        page = client.get(address).text
        seen += positions(page)
        assert "230 entries" in page
        more = re.search(r'href="(/entries\?[^"]*before=[^"]+)"', page)
        address = more[1].replace("&amp;", "&") if more else ""
    assert seen == list(range(230, 0, -1))


def test_an_entry_explains_itself(visit, posted: Engine):
    client = visit("accountant")
    position = next(int(line["position"]) for line in rows(client.get("/entries.csv?period=&text=31.17")))
    page = client.get(f"/entries/{position}")
    told = text(page)
    assert "1 h \N{MULTIPLICATION SIGN} 31.17 EUR/h = 31.17 EUR Labor time · version 1" in told
    assert "Order MO-1 D1" in told
    assert told.count("31.17") >= 5  # formula, debit, credit, both sums
    assert "G1, valid from Jan 1, 2026, version 1" in told
    assert "Policy version 1" in told
    assert re.search(r"Batch 1, entries 1 to 3", told)
    with read(posted) as connection:
        assert ledger.batches(connection, "main")[0].hash in page.text
    assert page.text.count('href="/facts/') == 2
    assert 'href="/orders/MO-1"' in page.text


def test_a_reversal_and_what_it_takes_back_lead_to_each_other(visit, posted: Engine):
    client = visit("accountant")
    back = next(line for line in rows(client.get("/entries.csv?period=")) if line["net_amount"] == "-40.03")
    page = client.get(f"/entries/{back['position']}").text
    first = re.search(r'Takes back entry <a href="/entries/(\d+)"', page)[1]
    assert f'Taken back by entry <a href="/entries/{back["position"]}"' in client.get(f"/entries/{first}").text


def test_late_cost_is_marked(visit, shop: Engine):
    with write(shop) as connection:
        connection.execute(insert(Period).values(site="main", code="2026-10", state="closed"))
    send(shop, [raw("material.consumed", "2026-10-20T08:00:00+02:00", item="OAK", quantity="2", unit="kg", **JOB)])
    settle(shop)
    assert "Late cost" in text(visit("accountant").get("/entries?period=2026-11"))


@pytest.mark.requirement("SR-44")
def test_a_workbook_says_what_the_csv_says_with_numbers_as_numbers(visit, shop: Engine):
    code = "=cmd|' /C calc'!A0"
    put(shop, "orders", {"code": code, "item": "CHAIR", "quantity": "1"})
    send(
        shop, [raw("material.consumed", "2026-11-20T08:00:00+01:00", item="OAK", quantity="2.5", unit="kg", order=code)]
    )
    settle(shop)
    client = visit("accountant")
    answer = client.get("/entries.xlsx?period=2026-11")
    assert answer.headers["Content-Disposition"] == "attachment; filename=entries-2026-11.xlsx"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data))["entries"]
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink]
    head, line = sheet.iter_rows(values_only=True)
    told = {name: "" if value is None else value for name, value in zip(head, line, strict=True)}
    [listed] = rows(client.get("/entries.csv?period=2026-11"))
    assert (told["order"], listed["order"]) == (code, f"'{code}")
    assert (told["quantity"], told["net_amount"]) == (2.5, float(listed["net_amount"]))
    assert told["occurred_on"].isoformat() == f"{listed['occurred_on']}T00:00:00"
    same = set(head) - {"order", "quantity", "net_amount", "occurred_on", "rate", "formula"}
    assert {name: str(told[name]) for name in same} == {name: listed[name].removeprefix("'") for name in same}
    assert client.get("/entries.xlsx?period=2020-01").status_code == 200
    assert visit("lead").get("/entries.xlsx").status_code == 403


def test_csv_opens_as_text_not_as_formula(visit, shop: Engine):
    code = "=cmd|' /C calc'!A0"
    put(shop, "orders", {"code": code, "item": "CHAIR", "quantity": "1"})
    fact = raw("material.consumed", "2026-11-20T08:00:00+01:00", item="OAK", quantity="2", unit="kg", order=code)
    back = raw("material.returned", "2026-11-20T09:00:00+01:00", item="OAK", quantity="1", unit="kg", order=code)
    send(shop, [fact, back])
    settle(shop)
    send(shop, [raw("event.voided", "2026-11-20T10:00:00+01:00", target_id=back["id"], reason="MISTAKE")])
    settle(shop)
    answer = visit("accountant").get("/entries.csv", query_string={"period": ""})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="entries.csv"'
    lines = rows(answer)
    assert {line["order"] for line in lines} == {"'" + code}
    assert {line["net_amount"] for line in lines} == {"6.40", "3.20", "-3.20"}  # numbers stay numbers


@pytest.mark.parametrize(
    "address",
    ["/entries?before=x", "/entries?before=-1", "/entries?before=0", "/entries?period=October", "/entries?element=gold",
     "/entries?account=D1", "/entries.csv?period=2026"],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(visit, posted: Engine, address: str):
    answer = visit("accountant").get(address)
    assert answer.status_code == 400
    assert "request.invalid" in answer.text


@pytest.mark.parametrize("position", ["0", "99", "9" * 30, "x"])
def test_an_unknown_entry(visit, posted: Engine, position: str):
    assert visit("accountant").get(f"/entries/{position}").status_code == 404


def test_before_anything_is_posted(visit, shop: Engine):
    client = visit("accountant")
    assert "No entry yet" in text(client.get("/entries"))
    assert rows(client.get("/entries.csv")) == []


def test_entries_are_finances(app, visit, posted: Engine):
    for roles, status in ((("accountant",), 200), (("payroll",), 200), (("lead",), 403), (("admin",), 403)):
        client = visit(*roles)
        for address in ("/entries", "/entries.csv", "/entries/1"):
            assert client.get(address).status_code == status, (roles, address)
        assert ("/entries" in client.get("/orders").text) == (status == 200)  # the menu
    assert device(app, posted).get("/entries").status_code == 403


def test_a_part_has_no_frame(visit, posted: Engine):
    part = visit("accountant").get("/entries?part=entries", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert positions(part)


def test_an_entry_says_how_time_was_shared(visit, shop: Engine):
    with write(shop) as connection:
        plant.put_policy(connection, "main", {BEGINNING: {"split_rule": "number_of_orders"}})
    hour = {"started_at": "2026-11-20T08:00:00+01:00", "ended_at": "2026-11-20T09:00:00+01:00"}
    for order in ("MO-1", "MO-2"):
        send(shop, [raw("labor.declared", "2026-11-20T09:00:00+01:00", person=ANA, activity="run", order=order,
                        operation="10", **hour)])  # fmt: skip
    settle(shop)
    finance = visit("accountant")
    (first, _) = sorted(positions(finance.get("/entries").text))
    page = text(finance.get(f"/entries/{first}"))
    assert "Time shared By number of orders, version 1" in page
    assert {line["split"] for line in rows(finance.get("/entries.csv"))} == {"number_of_orders/1"}
    assert "Policy version 2" in page
    with write(shop) as connection:
        plant.put_policy(connection, "main", {BEGINNING: {"split_rule": "equal_share"}})
    start = raw("labor.declared", "2026-11-20T18:00:00+01:00", person=ANA, activity="run", duration_ms=60_000, **JOB)
    send(shop, [start])
    settle(shop)
    assert "Time shared" not in text(finance.get(f"/entries/{max(positions(finance.get('/entries').text))}"))
