"""The page of users: who sees it, what it shows, what it changes; consent by another person."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth import guessing
from server.extensions import system_clock
from server.settings import Settings
from server.store import audit, people, two_people
from server.store.database import read, write
from tests.cast import put_plant
from tests.server import callers

SAME = {"Sec-Fetch-Site": "same-origin"}
JSON = SAME | {"Accept": "application/json"}
PASSWORD = "seven yellow bicycles"
MINUTE = 60_000


@pytest.fixture
def boss(app: Flask, database: Engine, site: str) -> FlaskClient:
    put_plant(database)
    return callers.signed_in(app, database, "admin", name="boss")


def user(database: Engine, name: str) -> people.User:
    with read(database) as connection:
        found = people.find_user(connection, "main", name)
    assert found
    return found


def link_of(answer: Any) -> str:
    assert answer.status_code == 200, answer.text[:400]
    found = re.search(r'id="address" value="http://localhost/(?:join|reset)#([^"]+)"', answer.text)
    assert found
    return found[1]


def post(browser: FlaskClient, path: str, **form: Any) -> Any:
    return browser.post(f"/admin/users{path}", data=form, headers=SAME)


# --- what it shows -----------------------------------------------------------------------------------------------


def test_the_list(app: Flask, boss: FlaskClient, database: Engine, settings: Settings) -> None:
    callers.signed_in(app, database, "lead", name="ines", teams=["D1"])
    callers.signed_in(app, database, "accountant", name="omar <b>")
    with write(database) as connection:
        people.change_user(connection, "main", "omar <b>", active=False)
        people.change_user(connection, "main", "ines", signed_in_at=system_clock())
    for hour in range(9):
        guessing.count(database, settings, "password", "ines", "", system_clock() + hour * guessing.HOUR)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", boss.get("/admin/users").text))
    assert "Team lead · Turning" in text and "Locked" in text and "last signed in" in text
    assert "No second factor" in text and "(you)" in text and "never signed in" in text
    assert "omar &lt;b&gt;" in text and "Shut out" in text
    assert text.index("boss") < text.index("ines") < text.index("omar")


@pytest.mark.parametrize(
    ("roles", "status", "forms"),
    [
        (("admin",), 200, True),
        (("payroll",), 200, False),
        (("auditor",), 200, False),
        (("lead", "accountant"), 403, False),
    ],
)
def test_who_may(
    roles: tuple[str, ...], status: int, forms: bool, app: Flask, boss: FlaskClient, database: Engine
) -> None:
    browser = callers.signed_in(app, database, *roles, name="somebody")
    answer = browser.get("/admin/users", headers={"Accept": "text/html"})
    assert answer.status_code == status
    assert ("Invite somebody" in answer.text) is forms
    if not forms:
        for path in ("", "/boss/rights", "/boss/active", "/boss/reset", "/boss/end", "/boss/unlock", "/boss/unlink"):
            assert browser.post(f"/admin/users{path}", headers=JSON).status_code == 403
        assert user(database, "boss").roles == "admin"


# --- what it changes ---------------------------------------------------------------------------------------------


def test_an_invitation_is_shown_once_and_can_be_withdrawn(app: Flask, boss: FlaskClient, database: Engine) -> None:
    made = post(boss, "", name="ines", display_name="Ines  Roux", role=["lead"], team=["D1"], language="fr")
    secret = link_of(made)
    assert "<svg" in made.text and 'data-copy="address"' in made.text
    page = boss.get("/admin/users").text
    assert secret not in page and "Ines Roux" in page and "Invited" in page
    assert post(boss, "/ines/withdraw").status_code == 303
    form = {"code": secret, "password": PASSWORD, "again": PASSWORD}
    assert app.test_client().post("/join", data=form, headers=SAME).status_code == 410
    secret = link_of(post(boss, "", name="ines", display_name="Ines Roux", role=["lead"], team=["D1"], language="fr"))
    assert app.test_client().post("/join", data=form | {"code": secret}, headers=SAME).status_code == 303
    ines = user(database, "ines")
    assert (ines.display_name, ines.roles, ines.language) == ("Ines Roux", "lead", "fr")
    assert people.unpack_teams(ines.teams) == frozenset({"D1"})


@pytest.mark.parametrize(
    ("form", "status"),
    [({"name": "boss", "role": "lead"}, 409), ({"name": "", "role": "lead"}, 400), ({"name": "x", "role": "king"}, 400),
     ({"name": "x", "team": "D9"}, 400), ({"name": "x", "language": "tlh"}, 400)],
)  # fmt: skip
def test_an_invitation_that_cannot_be(form: dict[str, str], status: int, boss: FlaskClient, database: Engine) -> None:
    answer = post(boss, "", **form)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    with read(database) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM invitation").scalar_one() == 0


@pytest.mark.requirement("SR-10")
def test_other_rights_end_sign_ins_at_once(app: Flask, boss: FlaskClient, database: Engine) -> None:
    ines = callers.signed_in(app, database, "lead", "accountant", name="ines")
    assert ines.get("/entries").status_code == 200
    assert post(boss, "/ines/rights", role=["lead"], team=["D2"]).status_code == 303
    assert ines.get("/board", headers=JSON).status_code == 401
    assert (user(database, "ines").roles, user(database, "ines").teams) == ("lead", "D2")
    ines = callers.signed_in(app, database, "lead", name="other")
    assert post(boss, "/other/rights", role=["lead"]).status_code == 303
    assert ines.get("/board").status_code == 200, "nothing changed, nothing ended"


@pytest.mark.requirement("SR-10")
def test_who_is_shut_out_is_out_at_once(app: Flask, boss: FlaskClient, database: Engine) -> None:
    ines = callers.signed_in(app, database, "lead", name="ines")
    assert post(boss, "/ines/active", do="disable").status_code == 303
    assert ines.get("/board", headers=JSON).status_code == 401
    assert post(boss, "/ines/active", do="enable").status_code == 303
    assert user(database, "ines").active
    assert ines.get("/board", headers=JSON).status_code == 401, "who comes back signs in again"


def test_unlock_and_end(app: Flask, boss: FlaskClient, database: Engine) -> None:
    ines = callers.signed_in(app, database, "lead", name="ines")
    for _ in range(9):
        app.test_client().post("/sign-in", data={"name": "ines", "password": "wrong"}, headers=SAME)
    assert post(boss, "/ines/unlock").status_code == post(boss, "/ines/end").status_code == 303
    assert ines.get("/board", headers=JSON).status_code == 401
    with read(database) as connection:
        assert not guessing.locked(connection, "main", "ines", system_clock())


def test_a_reset_link(app: Flask, boss: FlaskClient, database: Engine) -> None:
    callers.signed_in(app, database, "lead", name="ines")
    secret = link_of(post(boss, "/ines/reset"))
    form = {"code": secret, "password": PASSWORD, "again": PASSWORD}
    answer = app.test_client().post("/reset", data=form, headers=SAME)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/start")


def test_the_last_administrator_stays(boss: FlaskClient, database: Engine) -> None:
    for path, form in (("/boss/active", {"do": "disable"}), ("/boss/rights", {"role": ["lead"]})):
        answer = post(boss, path, **form)
        assert answer.status_code == 409 and "the last administrator" in answer.text
    assert user(database, "boss").active and user(database, "boss").roles == "admin"


@pytest.mark.requirement("SR-12")
def test_rights_ask_for_a_fresh_proof(settings: Settings, database: Engine, site: str) -> None:
    moment = [system_clock()]
    app = create_app(settings, lambda: moment[0])
    boss = callers.signed_in(app, database, "admin", name="boss")
    moment[0] += settings.step_up_minutes * MINUTE + MINUTE
    for path in ("", "/boss/rights", "/boss/active", "/boss/unlock", "/boss/end", "/boss/unlink", "/boss/reset"):
        answer = boss.post(f"/admin/users{path}", headers=JSON)
        assert (answer.status_code, answer.json["code"]) == (answer.status_code, "auth.not_fresh"), path
    assert boss.get("/admin/users").status_code == 200, "looking is free"


# --- consent -----------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-31")
def test_payroll_is_given_by_two(app: Flask, boss: FlaskClient, database: Engine) -> None:
    adam = callers.signed_in(app, database, "admin", name="adam")
    assert post(boss, "/boss/rights", role=["admin", "payroll"]).status_code == 303
    assert user(database, "boss").roles == "admin"
    with read(database) as connection:
        (asked,) = two_people.open_requests(connection, "main", system_clock())
    own, others = (browser.get("/admin/users").text for browser in (boss, adam))
    assert "Payroll role for boss?" in own and "Who can consent: adam" in own
    assert f"/admin/users/consent/{asked.id}" not in own and f"/admin/users/consent/{asked.id}" in others
    refused = boss.post(f"/admin/users/consent/{asked.id}", data={"do": "consent"}, headers=JSON)
    assert refused.status_code == 403 and user(database, "boss").roles == "admin"
    assert post(adam, f"/consent/{asked.id}", do="consent").status_code == 303
    assert user(database, "boss").roles == "admin payroll"
    assert boss.get("/admin/users", headers=JSON).status_code == 401
    assert adam.post(f"/admin/users/consent/{asked.id}", headers=JSON).status_code == 404


@pytest.mark.requirement("SR-31")
def test_a_consented_reset_is_shown_to_who_consents(app: Flask, boss: FlaskClient, database: Engine) -> None:
    callers.signed_in(app, database, "payroll", name="paula")
    petra = callers.signed_in(app, database, "payroll", name="petra")
    assert post(boss, "/paula/reset").status_code == 303
    with read(database) as connection:
        (asked,) = two_people.open_requests(connection, "main", system_clock())
    secret = link_of(post(petra, f"/consent/{asked.id}", do="consent"))
    form = {"code": secret, "password": PASSWORD, "again": PASSWORD}
    assert app.test_client().post("/reset", data=form, headers=SAME).status_code == 303
    with read(database) as connection:
        lines = audit.lines(connection, "main", audit.Search(data=("personal",), subject="paula"))
    told = [(line.action, line.actor) for line in lines][::-1]
    assert told[:3] == [
        ("user.consent_asked", "user:boss"), ("user.consented", "user:petra"), ("user.reset_link_made", "user:petra"),
    ]  # fmt: skip


def test_a_site_of_one_acts_alone(boss: FlaskClient, database: Engine) -> None:
    assert post(boss, "/boss/rights", role=["admin", "payroll"]).status_code == 303
    assert user(database, "boss").roles == "admin payroll"


def test_without_an_address_of_its_own_nothing_is_made(settings: Settings, database: Engine, site: str) -> None:
    app = create_app(replace(settings, trusted_hosts=()))
    boss = callers.signed_in(app, database, "admin", name="boss")
    cookie = boss.get_cookie("fl_session")
    assert cookie
    boss.set_cookie("fl_session", cookie.value, domain="plant.example")
    answer = boss.post("/admin/users", data={"name": "x"}, headers=JSON | {"Host": "plant.example"})
    page = boss.post("/admin/users", data={"name": "x"}, headers=SAME | {"Host": "plant.example"})
    assert page.status_code == answer.status_code == 409 and "FLOORLEDGER_PUBLIC_URL" in page.text
    with read(database) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM invitation").scalar_one() == 0
