"""What phones may do at a site is chosen on one page, and reaches them with their reference data."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.store import sites
from server.store.database import read
from server.store.sites import Floor
from tests.server import callers

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def lead(app: Flask, database: Engine, site: str) -> FlaskClient:
    return callers.signed_in(app, database, "lead")


def stored(database: Engine) -> Floor:
    with read(database) as connection:
        return sites.floor(connection, "main")


def checked(page: str) -> set[str]:
    return set(re.findall(r'name="([a-z_]+)" value="yes"[^>]* checked', page))


def test_the_page_shows_what_is_chosen(lead: FlaskClient) -> None:
    page = lead.get("/admin/floor").get_data(as_text=True)
    assert checked(page) == {"fast_switch"}
    assert 'name="away_minutes"' in page and 'value="5"' in page


def test_a_choice_is_kept_and_reaches_the_phones(app: Flask, lead: FlaskClient, database: Engine) -> None:
    tablet = callers.device(app, database)
    before = tablet.get("/api/v1/reference").json["version"]
    form = {"typed_time": "yes", "pin": "yes", "standard_cost": "yes", "away_minutes": " 12 "}
    answer = lead.post("/admin/floor", data=form, headers=SAME, follow_redirects=True)
    assert "Kept." in answer.get_data(as_text=True)
    assert checked(answer.get_data(as_text=True)) == {"typed_time", "pin", "standard_cost"}
    assert stored(database) == Floor(True, True, True, False, 12)
    change = tablet.get("/api/v1/reference", query_string={"since": before}).json
    assert change["settings"] == {
        "typed_time": True, "standard_cost": True, "pin": True, "fast_switch": False, "away_minutes": 12,
        "split_rule": "equal_share",
    }  # fmt: skip


@pytest.mark.parametrize("minutes", ["", "0", "61", "-1", "5.5", "x", "١٢", "9" * 50, "<b>"])
def test_minutes_nobody_can_work_with(minutes: str, lead: FlaskClient, database: Engine) -> None:
    answer = lead.post("/admin/floor", data={"typed_time": "yes", "away_minutes": minutes}, headers=SAME)
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "Minutes from 1 to 60." in page) == (422, True)
    assert checked(page) == {"typed_time"}  # what was typed is still there
    assert stored(database) == Floor()


def test_unknown_words_are_no_yes(lead: FlaskClient, database: Engine) -> None:
    lead.post("/admin/floor", data={"pin": "1", "typed_time": "on", "away_minutes": "5"}, headers=SAME)
    assert stored(database) == Floor(fast_switch=False)


def test_a_setting_nobody_knows_changes_nothing(lead: FlaskClient, database: Engine) -> None:
    answer = lead.post("/admin/floor", data={"other": "yes", "away_minutes": "7"}, headers=SAME)
    assert answer.status_code == 400
    assert stored(database) == Floor()


def test_who_may(app: Flask, database: Engine, site: str) -> None:
    accountant = callers.signed_in(app, database, "accountant", "payroll")
    json = {"Accept": "application/json", **SAME}
    assert accountant.get("/admin/floor", headers=json).status_code == 403
    assert accountant.post("/admin/floor", data={"away_minutes": "9"}, headers=json).status_code == 403
    tablet = callers.device(app, database)
    assert tablet.post("/admin/floor", data={"away_minutes": "9"}, headers=json).status_code == 403
    assert callers.signed_in(app, database, "admin").get("/admin/floor").status_code == 200
    assert stored(database) == Floor()


def test_in_french(app: Flask, database: Engine, site: str) -> None:
    page = callers.signed_in(app, database, "lead", language="fr").get("/admin/floor").get_data(as_text=True)
    assert "Le temps peut être saisi" in page


def test_what_a_newer_program_stored_is_left_alone() -> None:
    assert sites.read_floor('{"pin":true,"from_the_future":7}') == Floor(pin=True)
