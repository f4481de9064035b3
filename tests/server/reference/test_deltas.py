"""What changed since: little is sent, any earlier version will do, and full = old + delta, whatever changes."""

import gzip
import subprocess
import sys
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from server.store import deltas, plant
from server.store.database import read, write
from server.store.sites import Floor, set_floor
from server.store.snapshot import snapshot
from sync.costing.policy import BEGINNING
from tests.cast import ANA, LUIS, raw, send, settle
from tests.server.callers import device

MAIN = "main"
NOW = 1_795_200_000_000


def get(tablet: FlaskClient, since: str = "") -> tuple[int, Any]:
    answer = tablet.get("/api/v1/reference", query_string={"since": since} if since else {})
    assert answer.status_code == 304 or answer.headers["ETag"] == f'"{answer.get_json()["version"]}"'
    return answer.status_code, answer.get_json(silent=True)


def put(shop: Engine, kind: str, *rows: dict[str, Any]) -> None:
    with write(shop) as connection:
        plant.put(connection, MAIN, kind, rows)


def test_nothing_new(app: Flask, shop: Engine) -> None:
    tablet = device(app, shop)
    _status, whole = get(tablet)
    assert get(tablet, whole["version"]) == (304, None)


def test_one_order_changes(app: Flask, shop: Engine) -> None:
    tablet = device(app, shop)
    _status, old = get(tablet)
    put(shop, "orders", {"code": "MO-2", "quantity": "12"})
    status, change = get(tablet, old["version"])
    assert status == 200
    assert change.keys() == {"since", "version", "changed", "gone", "site", "settings"}
    assert change["since"] == old["version"]
    assert [order["code"] for order in change["changed"]["orders"]] == ["MO-2"]
    assert (change["changed"].keys(), change["gone"]) == ({"orders"}, {})


def test_what_goes_is_named(app: Flask, shop: Engine) -> None:
    tablet = device(app, shop)
    put(shop, "people", {"number": "7", "name": "Zoé Petit"})
    with write(shop) as connection:
        badge = plant.rows(connection, MAIN, "people", "number", {"7"})[0]["key"]
        codes = plant.codes_for(connection, MAIN, [("person", badge, ""), ("lot", "OAK", "L-1"), ("order", "MO-1", "")])
    _status, old = get(tablet)
    put(shop, "people", {"number": "7", "active": False})
    put(shop, "orders", {"code": "MO-1", "status": "closed"})
    with write(shop) as connection:
        plant.withdraw_codes(connection, MAIN, [("lot", "OAK", "L-1")])
    _status, change = get(tablet, old["version"])
    assert change["gone"] == {
        "people": [badge], "orders": ["MO-1"], "lots": [["OAK", "L-1"]], "codes": sorted(codes.values()),
    }  # fmt: skip
    assert change["changed"] == {}


def test_open_work_comes_and_goes(app: Flask, shop: Engine) -> None:
    """So that somebody who walks to another tablet finds their work there."""
    tablet = device(app, shop)
    _status, nothing = get(tablet)
    assert nothing["open"] == []
    begun = raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, declared_by=ANA, activity="run",
                order="MO-1", operation="10")  # fmt: skip
    away = raw("break.started", "2026-11-20T09:00:00+01:00", person=LUIS, reason="LUNCH")
    send(shop, [begun, away])
    told = {
        "id": begun["id"], "type": "labor.started", "occurred_at": "2026-11-20T07:00:00.000Z", "person": ANA,
        "declared_by": ANA, "activity": "run", "order": "MO-1", "operation": "10",
    }  # fmt: skip
    _status, fresh = get(tablet, nothing["version"])
    assert told in fresh["changed"]["open"]
    assert {one["id"] for one in fresh["changed"]["open"]} == {begun["id"], away["id"]}
    settle(shop)
    assert get(tablet, fresh["version"])[0] == 304  # costing says the same of it
    send(shop, [raw("shift.ended", "2026-11-20T12:00:00+01:00", person=LUIS),
                raw("labor.stopped", "2026-11-20T12:00:00+01:00", person=ANA, start_id=begun["id"])])  # fmt: skip
    _status, gone = get(tablet, fresh["version"])
    assert sorted(gone["gone"]["open"]) == sorted([begun["id"], away["id"]])
    settle(shop)
    assert get(tablet, gone["version"])[0] == 304


def test_settings_come_with_every_answer(app: Flask, shop: Engine) -> None:
    tablet = device(app, shop)
    _status, old = get(tablet)
    assert old["settings"] == {
        "typed_time": False, "standard_cost": False, "pin": False, "fast_switch": True, "away_minutes": 5,
        "split_rule": "equal_share",
    }  # fmt: skip
    with write(shop) as connection:
        set_floor(connection, MAIN, Floor(typed_time=True, away_minutes=10))
    _status, change = get(tablet, old["version"])
    assert (change["settings"]["typed_time"], change["settings"]["away_minutes"]) == (True, 10)
    assert change["changed"] == change["gone"] == {}
    with write(shop) as connection:
        plant.put_policy(connection, MAIN, {BEGINNING: {"split_rule": "standard_time"}})
    assert get(tablet, change["version"])[1]["settings"]["split_rule"] == "standard_time"


@pytest.mark.parametrize("since", ["0" * 32, "x", "' OR 1=1", "é" * 300])
def test_an_unknown_version_gets_the_whole(since: str, app: Flask, shop: Engine) -> None:
    status, answer = get(device(app, shop), since)
    assert (status, "orders" in answer) == (200, True)


def test_several_versions_back_and_there_and_back_again(app: Flask, shop: Engine) -> None:
    tablet = device(app, shop)
    versions = [get(tablet)[1]]
    for quantity in ("11", "12", "10", "13", "10"):
        put(shop, "orders", {"code": "MO-1", "quantity": quantity})
        versions.append(get(tablet)[1])
    assert versions[0] == versions[3] == versions[5]
    for old in versions[:5]:
        status, answer = get(tablet, old["version"])
        if old == versions[5]:
            assert status == 304
        else:
            assert "since" in answer
            assert deltas.applied(old, answer) == versions[5]


def test_one_code_may_be_given_to_reasons_of_two_kinds(app: Flask, shop: Engine) -> None:
    """They are two reasons: each changes by itself, and each has a label that says which it is."""
    tablet = device(app, shop)
    put(shop, "reasons", {"kind": "defect", "code": "X", "name": {"en": "x", "fr": "x"}})
    _status, old = get(tablet)
    put(shop, "reasons", {"kind": "pause", "code": "X", "name": {"en": "y", "fr": "y"}})
    with write(shop) as connection:
        things = [("reason", "X", "defect"), ("reason", "X", "pause"), ("reason", "X", "")]
        of_defect, of_pause, before_kinds = plant.codes_for(connection, MAIN, things).values()
    _status, change = get(tablet, old["version"])
    assert [(reason["kind"], reason["name"]["en"]) for reason in change["changed"]["reasons"]] == [("pause", "y")]
    label = {"kind": "reason", "ref": "X"}
    assert change["changed"]["codes"] == {
        of_defect: {**label, "reason_kind": "defect"}, of_pause: {**label, "reason_kind": "pause"}, before_kinds: label,
    }  # fmt: skip
    whole = get(tablet)[1]
    assert deltas.applied(old, change) == whole
    assert [reason["kind"] for reason in whole["reasons"] if reason["code"] == "X"] == ["defect", "pause"]


def test_a_reason_that_goes_leaves_the_other_kind_its_code(app: Flask, shop: Engine) -> None:
    tablet = device(app, shop)
    for kind in ("defect", "pause"):
        put(shop, "reasons", {"kind": kind, "code": "X", "name": {"en": kind, "fr": kind}})
    _status, old = get(tablet)
    with write(shop) as connection:
        connection.exec_driver_sql("DELETE FROM reason_code WHERE code = 'X' AND kind = 'defect'")
    _status, change = get(tablet, old["version"])
    assert (change["gone"], change["changed"]) == ({"reasons": [["X", "defect"]]}, {})
    assert deltas.applied(old, change) == get(tablet)[1]


def test_a_restored_server_sends_the_whole(app: Flask, shop: Engine) -> None:
    """What a device got after the copy was made is not known any more."""
    tablet = device(app, shop)
    get(tablet)
    with read(shop) as connection:
        kept = [connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in TABLES]
    put(shop, "orders", {"code": "MO-1", "quantity": "11"})
    _status, lost = get(tablet)
    with write(shop) as connection:
        for table, rows in zip(TABLES, kept, strict=True):
            connection.exec_driver_sql(f"DELETE FROM {table}")
            marks = ", ".join("?" for _ in rows[0])
            connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", [tuple(row) for row in rows])
    put(shop, "orders", {"code": "MO-1", "quantity": "10"})
    put(shop, "orders", {"code": "MO-2", "quantity": "17"})
    _status, answer = get(tablet, lost["version"])
    assert "since" not in answer


TABLES = ("reference_version", "reference_part")

ANOTHER = """
import sys
from pathlib import Path
from server import create_app
from server.settings import Settings
app = create_app(Settings(data_dir=Path(sys.argv[1])))
header = {"Authorization": "Bearer " + sys.argv[3]}
answer = app.test_client().get("/api/v1/reference?since=" + sys.argv[2], headers=header)
print(answer.status_code, "since" in (answer.get_json(silent=True) or {}))
"""


def test_another_process_knows_what_this_one_gave_out(app: Flask, shop: Engine, settings: Any) -> None:
    tablet = device(app, shop)
    _status, old = get(tablet)
    put(shop, "orders", {"code": "MO-1", "quantity": "11"})
    arguments = [str(settings.data_dir), old["version"], tablet.get_cookie("fl_device").value]
    ran = subprocess.run([sys.executable, "-c", ANOTHER, *arguments], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["200", "True"]
    assert "since" in get(tablet, old["version"])[1]


def test_old_versions_and_what_was_gone_before_them_are_put_away(shop: Engine) -> None:
    def remember(now: int) -> str:
        with write(shop) as connection:
            whole = snapshot(connection, MAIN)
            deltas.remember(connection, MAIN, whole, now)
        return str(whole["version"])

    def count(table: str) -> int:
        with read(shop) as connection:
            return int(connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").scalar_one())

    remember(NOW)
    parts = count("reference_part")
    put(shop, "orders", {"code": "MO-1", "status": "closed"})
    remember(NOW + 1)
    assert (count("reference_part"), count("reference_version")) == (parts, 2)  # the order's row says it is gone
    put(shop, "orders", {"code": "MO-2", "quantity": "11"})
    remember(NOW + deltas.REMEMBERED_MS + 2)
    assert (count("reference_part"), count("reference_version")) == (parts - 1, 1)


def test_one_order_of_five_hundred_costs_less_than_three_kilobytes(app: Flask, shop: Engine) -> None:
    codes = [f"MO-{1000 + number}" for number in range(500)]
    put(shop, "orders", *({"code": code, "item": "CHAIR", "quantity": "40", "customer": "Hôtel"} for code in codes))
    steps = [
        {"order": code, "number": str(number * 10), "name": f"Step {number}", "sequence": number, "work_center": "W1",
         "standard_setup_min": "15", "standard_run_min": "2.5"}
        for code in codes for number in range(1, 7)
    ]  # fmt: skip
    put(shop, "operations", *steps)
    with write(shop) as connection:
        plant.codes_for(connection, MAIN, [("operation", step["order"], step["number"]) for step in steps])
    tablet = device(app, shop)
    whole = tablet.get("/api/v1/reference")
    send(shop, [raw("output.reported", "2026-11-20T08:00:00Z", order="MO-1250", operation="20", quantity="3")])
    changed = tablet.get("/api/v1/reference", query_string={"since": whole.get_json()["version"]})
    print(f"whole {len(whole.data)} ({len(gzip.compress(whole.data))} gzip), one order {len(changed.data)} bytes")
    assert changed.get_json()["changed"]["orders"][0]["progress"] == {"20": {"good": "3", "scrap": "0"}}
    assert len(changed.data) < 3_000
    assert len(whole.data) > 100 * len(changed.data)


# --- full = old + delta ------------------------------------------------------------------------------------------

CODES = st.sampled_from(["A", "B", "C", "é", "MO-1", "MO-2", "Z 9"])
WORDS = st.sampled_from(["Ana Morel", "Ana Moreau", "Luis", "", "Ana Martin", "éric Zola"])
CHANGES = st.one_of(
    st.tuples(st.just("orders"), CODES, st.sampled_from(["open", "closed"]), st.integers(0, 3)),
    st.tuples(st.just("operations"), CODES, st.sampled_from(["10", "20", "5"]), st.integers(1, 3)),
    st.tuples(st.just("people"), st.sampled_from("1234"), WORDS, st.booleans()),
    st.tuples(st.just("locations"), CODES, WORDS, st.none()),
    st.tuples(st.just("machines"), CODES, WORDS, st.none()),
    st.tuples(st.just("reasons"), CODES, st.sampled_from(["help", "pause"]), WORDS),
    st.tuples(st.just("code"), st.sampled_from(["lot", "order", "location"]), CODES, CODES),
    st.tuples(st.just("withdraw"), st.sampled_from(["lot", "order", "location"]), CODES, CODES),
    st.tuples(st.just("floor"), st.integers(1, 9), st.booleans(), st.none()),
    st.tuples(st.just("fact"), CODES, st.sampled_from(["10", "99"]), st.integers(1, 9)),
)


def make(shop: Engine, change: tuple[Any, ...]) -> None:
    kind, first, second, third = change
    detail = third if first == "lot" else ""
    match kind:
        case "orders":
            put(shop, kind, {"code": first, "status": second, "quantity": str(third)})
        case "operations":
            row = {"order": first, "number": second, "name": f"N{third}", "sequence": third, "work_center": "W1"}
            put(shop, kind, row)
        case "people":
            put(shop, kind, {"number": first, "name": second, "active": third})
        case "locations":
            put(shop, kind, {"code": first, "name": second})
        case "machines":
            put(shop, kind, {"code": first, "name": second, "work_center": "W1"})
        case "reasons":
            put(shop, kind, {"kind": second, "code": first, "name": {"en": third, "fr": third}})
        case "code":
            with write(shop) as connection:
                plant.code_for(connection, MAIN, first, second, detail)
        case "withdraw":
            with write(shop) as connection:
                plant.withdraw_codes(connection, MAIN, [(first, second, detail)])
        case "floor":
            with write(shop) as connection:
                set_floor(connection, MAIN, Floor(away_minutes=first, standard_cost=second))
        case "fact":
            send(
                shop,
                [raw("output.reported", "2026-11-20T08:00:00Z", order=first, operation=second, quantity=str(third))],
            )


@given(st.lists(st.tuples(CHANGES, st.booleans(), st.integers(0, 3)), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_full_is_old_and_delta(app: Flask, shop: Engine, steps: list[Any]) -> None:
    """Phones that ask now and then, each from what it holds, all end with what the server has."""
    first, second = device(app, shop), device(app, shop)
    held: dict[int, Any] = {0: get(first)[1], 1: get(second)[1]}
    for change, asks, which in steps:
        make(shop, change)
        if asks:
            _ask(first, held, which % 2)
    for which in held:
        _ask(second, held, which)
    assert held[0] == held[1] == get(first)[1]


def _ask(tablet: FlaskClient, held: dict[int, Any], which: int) -> None:
    status, answer = get(tablet, held[which]["version"])
    if status == 200:
        held[which] = deltas.applied(held[which], answer) if "since" in answer else answer
