"""People: a PIN is set and taken away, a lost badge is replaced; by leads and administrators only."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.store import plant
from server.store.database import read, write
from server.store.sites import Floor, set_floor
from sync.core.codes import grouped
from tests.server import callers

SAME = {"Sec-Fetch-Site": "same-origin"}
PIN = "804917"


@pytest.fixture
def keys(database: Engine, site: str) -> dict[str, str]:
    """Keys by number; somebody has no number, somebody has left. The site wants PINs."""
    with write(database) as connection:
        set_floor(connection, site, Floor(pin=True))
        plant.put(connection, site, "departments", [{"code": "D1", "name": "Turning"}])
        rows = [
            {"number": "1001", "name": "Ana Morel", "department": "D1"}, {"number": "1002", "name": "Luis <b>"},
            {"number": "1003", "name": "Gone", "active": False},
        ]  # fmt: skip
        plant.put(connection, site, "people", rows)
        plant.put(connection, site, "people", [{"key": "p000000000000", "name": "No Number"}])
        return {row["number"] or "": row["key"] for row in plant.rows(connection, site, "people")}


@pytest.fixture
def lead(app: Flask, database: Engine, keys: dict[str, str]) -> FlaskClient:
    return callers.signed_in(app, database, "lead")


def enter(app: Flask, database: Engine, number: str, pin: str) -> int:
    answer = callers.device(app, database).post(
        "/api/v1/device/sign-in", json={"number": number, "pin": pin}, headers=SAME
    )
    return answer.status_code


def set_pin(lead: FlaskClient, key: str, pin: str = PIN, again: str | None = None, **more: str):
    form = {"pin": pin, "again": pin if again is None else again, **more}
    return lead.post(f"/admin/people/{key}/pin", data=form, headers=SAME)


def test_the_list(lead: FlaskClient) -> None:
    page = lead.get("/admin/people").get_data(as_text=True)
    assert page.index("Ana Morel") < page.index("Luis &lt;b&gt;") < page.index("Gone")
    assert "1001 · Turning" in page and "Has left" in page and "No PIN" in page


@pytest.mark.parametrize(("text", "shown"), [("ana", "Ana Morel"), ("1002", "Luis"), ("MOREL", "Ana Morel")])
def test_somebody_is_found(text: str, shown: str, lead: FlaskClient) -> None:
    part = lead.get("/admin/people", query_string={"part": "people", "text": text}, headers={"HX-Request": "true"})
    page = part.get_data(as_text=True)
    assert shown in page and "<html" not in page
    assert page.count('class="person-head"') == 1
    assert "Nobody here" in lead.get("/admin/people?text=zzz").get_data(as_text=True)


def test_a_pin_is_set_and_taken_away(app: Flask, database: Engine, keys: dict[str, str], lead: FlaskClient) -> None:
    answer = set_pin(lead, keys["1001"])
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/admin/people#person-{keys['1001']}")
    page = lead.get("/admin/people").get_data(as_text=True)
    assert "The PIN of Ana Morel is set." in page and page.count("PIN set") == 1
    assert PIN not in page
    assert enter(app, database, "1001", PIN) == 200
    lead.post(f"/admin/people/{keys['1001']}/pin", data={"do": "clear"}, headers=SAME)
    assert "has no PIN any more" in lead.get("/admin/people").get_data(as_text=True)
    assert enter(app, database, "1001", PIN) == 401


def test_a_new_pin_ends_a_lock(app: Flask, database: Engine, keys: dict[str, str], lead: FlaskClient) -> None:
    for _ in range(3):
        enter(app, database, "1001", "111222")
    assert enter(app, database, "1001", PIN) == 429
    assert lead.get("/admin/people").get_data(as_text=True).count("PIN locked") == 1
    set_pin(lead, keys["1001"])
    assert "PIN locked" not in lead.get("/admin/people").get_data(as_text=True)
    assert enter(app, database, "1001", PIN) == 200


@pytest.mark.parametrize(
    ("number", "pin", "again", "said"),
    [("1001", "123456", None, "too easy to guess"), ("1001", PIN, "804918", "The two PINs differ"),
     ("1001", "", None, "too easy to guess"), ("", PIN, None, "no personnel number")],
)  # fmt: skip
def test_what_cannot_be(
    number: str, pin: str, again: str | None, said: str, keys: dict[str, str], lead: FlaskClient, database: Engine
) -> None:
    answer = set_pin(lead, keys[number], pin, again)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    assert page.count("<details open") == 1
    with read(database) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM pin").scalar_one() == 0


@pytest.mark.requirement("SR-03")
def test_an_old_badge_stops_working(app: Flask, database: Engine, keys: dict[str, str], lead: FlaskClient) -> None:
    tablet = callers.device(app, database)
    with write(database) as connection:
        old = plant.code_for(connection, "main", "person", keys["1001"])
    assert tablet.get("/api/v1/reference").json["codes"][old] == {"kind": "person", "ref": keys["1001"]}
    lead.post(f"/admin/people/{keys['1001']}/badge", headers=SAME)
    codes = tablet.get("/api/v1/reference").json["codes"]
    assert old not in codes
    (new,) = codes
    page = lead.get("/admin/people").get_data(as_text=True)
    assert f"has a new badge: {grouped(new)}" in page


@pytest.mark.parametrize("action", ["pin", "badge"])
def test_nobody_of_that_key(action: str, lead: FlaskClient) -> None:
    answer = lead.post(f"/admin/people/p999999999999/{action}", headers=SAME | {"Accept": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (404, "person.unknown")


def test_who_may(app: Flask, database: Engine, keys: dict[str, str]) -> None:
    json = {"Accept": "application/json", **SAME}
    payroll = callers.signed_in(app, database, "payroll", "accountant")
    tablet = callers.device(app, database)
    for other in (payroll, tablet):
        assert other.get("/admin/people", headers=json).status_code == 403
        for action in ("pin", "badge"):
            path = f"/admin/people/{keys['1001']}/{action}"
            assert other.post(path, data={"pin": PIN, "again": PIN}, headers=json).status_code == 403
    assert enter(app, database, "1001", PIN) == 401


def test_many_people_are_shown_in_part(app: Flask, database: Engine, site: str) -> None:
    with write(database) as connection:
        rows = [{"number": str(number), "name": f"P {number}"} for number in range(130)]
        plant.put(connection, site, "people", rows)
    page = callers.signed_in(app, database, "lead").get("/admin/people").get_data(as_text=True)
    assert page.count('class="person-head"') == 100
    assert "30 more people" in page


def test_nobody_yet(app: Flask, database: Engine, site: str) -> None:
    assert "Nobody yet" in callers.signed_in(app, database, "lead").get("/admin/people").get_data(as_text=True)
