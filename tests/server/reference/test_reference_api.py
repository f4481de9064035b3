"""GET /api/v1/reference: what a phone gets, who may ask, and that it asks for little."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine, event

from server.intake.accept import Sender, accept
from server.reference import imports
from server.store import plant
from server.store.database import read, write
from server.store.sites import Floor, set_floor
from server.store.snapshot import snapshot
from server.worker import drain
from tests.server.callers import bearer, device, signed_in

TEMPLATES = Path(__file__).parents[3] / "docs" / "templates"
KEY = b"k" * 32


@pytest.fixture
def demo(database: Engine, site: str) -> Engine:
    """A site with the plant of the templates."""
    files = imports.read_files((path.name, path.read_bytes()) for path in TEMPLATES.glob("*.csv"))
    with write(database) as connection:
        imports.apply(connection, site, files)
    return database


def report(demo: Engine, kind: str, quantity: str, **more: str) -> str:
    """Pieces at operation 10 of MO-1001."""
    event_id = str(uuid4())
    fact = {"id": event_id, "type": kind, "version": 1, "occurred_at": "2026-11-20T08:00:00Z", "provenance": "declared",
            "order": "MO-1001", "operation": "10", "quantity": quantity, **more}  # fmt: skip
    with write(demo) as connection:
        assert accept(connection, "main", Sender(str(uuid4())), [fact], 0)[0].verdict == "created"
    return event_id


def void(demo: Engine, target: str) -> None:
    fact = {"id": str(uuid4()), "type": "event.voided", "version": 1, "occurred_at": "2026-11-20T09:00:00Z",
            "provenance": "declared", "target_id": target, "reason": "SLIP"}  # fmt: skip
    with write(demo) as connection:
        assert accept(connection, "main", Sender(str(uuid4())), [fact], 0)[0].verdict == "created"
    drain(demo, "main", KEY)


def test_what_a_phone_gets(app: Flask, demo: Engine) -> None:
    with write(demo) as connection:
        code = plant.code_for(connection, "main", "operation", "MO-1001", "20")
    answer = device(app, demo).get("/api/v1/reference")
    shown = answer.get_json()
    assert answer.content_type == "application/json"
    assert shown["site"] == {
        "code": "main",
        "name": "Atelier",
        "zone": "Europe/Paris",
        "currency": "EUR",
        "language": "fr",
    }
    (order,) = shown["orders"]
    assert order["operations"][1] == {
        "number": "20", "name": "Rout", "work_center": "CNC", "machines": ["M04", "M05"],
        "standard_setup_min": "30", "standard_run_min": "6",
    }  # fmt: skip
    assert order["components"][0] == {"item": "GLUE-W", "operation": "30", "quantity_per": "40", "unit": "g"}
    assert (order["item_name"], order["quantity"], order["unit"]) == ("Oak chair", "40", "pcs")
    ana = next(person for person in shown["people"] if person["name"] == "Ana D.")
    assert ana.keys() == {"key", "name", "initials", "language"}
    assert (ana["initials"], ana["language"]) == ("AD", "fr")
    oak = next(item for item in shown["items"] if item["code"] == "OAK-27")
    assert oak["units"][:2] == ["m2", "sheet"]
    assert {"code": "BURR", "name": {"en": "Burr", "fr": "Bavure"}, "kind": "defect"} in shown["reasons"]
    assert shown["codes"] == {code: {"kind": "operation", "ref": "MO-1001", "operation": "20"}}


def test_no_rate_and_no_cost_leaves_for_the_floor(app: Flask, demo: Engine) -> None:
    snapshot = device(app, demo).get("/api/v1/reference").get_json()
    text = json.dumps({name: part for name, part in snapshot.items() if name != "version"})  # a digest holds any digits
    assert not any(word in text for word in ("31.5", "6.4", "rate", "amount", "skilled", "1002"))


def test_it_is_sent_again_only_when_it_changed(app: Flask, demo: Engine) -> None:
    tablet = device(app, demo)
    first = tablet.get("/api/v1/reference")
    assert first.headers["ETag"] == f'"{first.get_json()["version"]}"'
    again = tablet.get("/api/v1/reference", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    with write(demo) as connection:
        imports.apply(connection, "main", imports.read_files([("orders.csv", b"code,status\nMO-1001,closed\n")]))
    changed = tablet.get("/api/v1/reference", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.get_json()["orders"] == []


def test_progress_counts_what_stands(app: Flask, demo: Engine) -> None:
    report(demo, "output.reported", "3")
    slip = report(demo, "output.reported", "100")
    report(demo, "output.reported", "1.5")
    report(demo, "defect.reported", "2", disposition="scrap", reason="BURR")
    report(demo, "defect.reported", "7", disposition="hold", reason="BURR")
    void(demo, slip)
    (order,) = device(app, demo).get("/api/v1/reference").get_json()["orders"]
    assert order["progress"] == {"10": {"good": "4.5", "scrap": "2"}}


def test_what_was_drawn_for_an_order(app: Flask, demo: Engine) -> None:
    drawn = {"item": "OAK", "unit": "kg"}
    report(demo, "material.consumed", "3.5", **drawn)
    slip = report(demo, "material.consumed", "40", **drawn)
    report(demo, "material.returned", "0.5", **drawn)
    report(demo, "material.substituted", "2", item="ASH", unit="kg", replaces="OAK")
    void(demo, slip)
    (order,) = device(app, demo).get("/api/v1/reference").get_json()["orders"]
    assert order["drawn"] == [
        {"item": "ASH", "unit": "kg", "quantity": "2"},
        {"item": "OAK", "unit": "kg", "quantity": "3"},
    ]


def test_who_may_ask(app: Flask, demo: Engine) -> None:
    client = app.test_client()
    assert client.get("/api/v1/reference").status_code == 401
    assert client.get("/api/v1/reference", headers=bearer(demo, "entries:read")).status_code == 403
    assert client.get("/api/v1/reference", headers=bearer(demo, "reference:read")).status_code == 200
    assert signed_in(app, demo, "payroll").get("/api/v1/reference").status_code in (401, 403)


def test_few_questions_to_the_database(demo: Engine) -> None:
    """As many for a hundred orders as for one."""

    def asked() -> int:
        statements: list[str] = []
        listen = lambda *arguments: statements.append(arguments[2])  # noqa: E731
        event.listen(demo, "before_cursor_execute", listen)
        with read(demo) as connection:
            json.dumps(snapshot(connection, "main"))
            plant.load_part(connection, "main", orders=["MO-1001", "MO-1"], people=["p0"], items=["GLUE-W"])
        event.remove(demo, "before_cursor_execute", listen)
        return len(statements)

    before = asked()
    orders = "code\n" + "".join(f"MO-{number}\n" for number in range(100))
    operations = "order,number\n" + "".join(f"MO-{number},10\nMO-{number},20\n" for number in range(100))
    files = [("orders.csv", orders.encode()), ("operations.csv", operations.encode())]
    with write(demo) as connection:
        imports.apply(connection, "main", imports.read_files(files))
    assert asked() == before


# --- what the floor said, what it may see ------------------------------------------------------------------------


def tell(demo: Engine, kind: str, at: str = "2026-11-20T08:00:00Z", **fields: str) -> str:
    fact = {"id": str(uuid4()), "type": kind, "version": 1, "occurred_at": at, "provenance": "declared", **fields}
    with write(demo) as connection:
        assert accept(connection, "main", Sender(str(uuid4())), [fact], 0)[0].verdict == "created"
    return str(fact["id"])


def the_order(app: Flask, demo: Engine) -> dict[str, Any]:
    (order,) = device(app, demo).get("/api/v1/reference").get_json()["orders"]
    return order


def test_what_is_done_and_what_goes_on(app: Flask, demo: Engine) -> None:
    place = {"order": "MO-1001", "operation": "10"}
    tell(demo, "operation.reopened", "2026-11-20T09:00:00Z", **place)
    tell(demo, "operation.completed", **place)
    tell(demo, "operation.completed", order="MO-1001", operation="20")
    done = {step["number"]: step.get("completed") for step in the_order(app, demo)["operations"]}
    assert (done["10"], done["20"]) == (None, True)


def test_a_completion_that_is_voided_is_none(app: Flask, demo: Engine) -> None:
    void(demo, tell(demo, "operation.completed", order="MO-1001", operation="20"))
    assert not any("completed" in step for step in the_order(app, demo)["operations"])


def test_an_operation_nobody_planned_stands_in_its_place(app: Flask, demo: Engine) -> None:
    tell(demo, "operation.added", order="MO-1001", operation="15", name="Straighten", work_center="CNC")
    steps = the_order(app, demo)["operations"]
    assert [step["number"] for step in steps][:3] == ["10", "15", "20"]
    assert steps[1] == {
        "number": "15", "name": "Straighten", "work_center": "CNC", "machines": ["M04", "M05"],
        "standard_setup_min": "0", "standard_run_min": "0", "unplanned": True,
    }  # fmt: skip


def test_the_floor_s_word_on_an_order(app: Flask, demo: Engine) -> None:
    assert the_order(app, demo)["status"] == "open"
    tell(demo, "order.completed", order="MO-1001")
    assert the_order(app, demo)["status"] == "completed"
    tell(demo, "order.reopened", "2026-11-20T09:00:00Z", order="MO-1001")
    assert the_order(app, demo)["status"] == "open"


def test_places_of_material_and_lots(app: Flask, demo: Engine) -> None:
    files = imports.read_files([("emplacements.csv", b"code;nom\nR1;Rayon 1\n")])
    with write(demo) as connection:
        imports.apply(connection, "main", files)
        code = plant.code_for(connection, "main", "lot", "OAK-27", "L-42")
    shown = device(app, demo).get("/api/v1/reference").get_json()
    assert {"code": "R1", "name": "Rayon 1"} in shown["locations"]
    assert shown["lots"] == [{"item": "OAK-27", "lot": "L-42"}]
    assert shown["codes"][code] == {"kind": "lot", "ref": "OAK-27", "lot": "L-42"}


def allow_money(demo: Engine) -> None:
    with write(demo) as connection:
        set_floor(connection, "main", Floor(standard_cost=True))


def test_a_piece_at_standard_where_operators_may_see_it(app: Flask, demo: Engine) -> None:
    """40 chairs; 30 min of setup and 6 min a piece at the published 30.00 and the machine's 42.00 an hour."""
    rates = "kind,subject_kind,subject,valid_from,amount\nstandard_labor,work_center,CNC,2099-01-01,99\n"
    with write(demo) as connection:
        imports.apply(connection, "main", imports.read_files([("rates.csv", rates.encode())]))
    assert "standard_cost" not in str(the_order(app, demo))
    allow_money(demo)
    step = the_order(app, demo)["operations"][1]
    assert step["number"] == "20"
    # (0.5 h + 40 x 0.1 h) x (30.00 + 42.00) / 40
    assert step["standard_cost"] == "8.10"


def test_a_piece_without_a_price_has_no_cost(app: Flask, demo: Engine) -> None:
    """Unknown is never zero: nor is a sum of which a part is unknown."""
    with write(demo) as connection:
        connection.exec_driver_sql("DELETE FROM rate WHERE kind = 'standard_labor'")
    allow_money(demo)
    order = the_order(app, demo)
    assert "standard_cost" not in order
    assert not any("standard_cost" in step for step in order["operations"])


def test_no_wage_reaches_a_device_whatever_people_earn(app: Flask, demo: Engine) -> None:
    """Two servers alike but for the wages give the same bytes."""
    allow_money(demo)
    tablet = device(app, demo)
    before = tablet.get("/api/v1/reference").data
    with write(demo) as connection:
        connection.exec_driver_sql("UPDATE rate SET amount = '987.65' WHERE kind = 'labor'")
    assert tablet.get("/api/v1/reference").data == before
