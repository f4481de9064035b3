"""Teams and sites as object rules: a lead of one department sees its people and nobody else's; a site sees its own."""

import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth import credentials
from server.extensions import system_clock
from server.settings import Settings
from server.store import facts, floor, people, plant, sites, teams
from server.store.database import read, write
from tests.cast import ANA, LUIS, put_plant, raw
from tests.server import callers
from tests.server.two_teams import HOUR, JOB, Floor

SAME = {"Sec-Fetch-Site": "same-origin"}
JSON = SAME | {"Accept": "application/json"}


@pytest.fixture
def work(shop: Engine) -> Floor:
    return Floor(shop)


@pytest.fixture
def lead(app: Flask, work: Floor) -> FlaskClient:
    """The lead of D1."""
    return callers.signed_in(app, work.engine, "lead", teams=["D1"])


def words(answer: Any) -> str:
    assert answer.status_code == 200, answer.text[:300]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


# --- what is read ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-24")
@pytest.mark.parametrize("kind", ["done", "running", "held", "call", "void", "defect"])
def test_facts_of_others_are_not_there(kind: str, lead: FlaskClient, work: Floor) -> None:
    assert lead.get(f"/facts/{work.of[ANA][kind]}").status_code == 200
    missing = lead.get(f"/facts/{work.of[LUIS][kind]}", headers=JSON)
    nowhere = lead.get("/facts/0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01", headers=JSON)
    assert missing.status_code == nowhere.status_code == 404
    assert missing.json["code"] == nowhere.json["code"] == "request.not_found"


def test_a_fact_about_nobody_is_everybodys(lead: FlaskClient, work: Floor) -> None:
    page = words(lead.get(f"/facts/{work.nobodys}"))
    assert "Another team" in page and "Luis" not in page


@pytest.mark.requirement("SR-24")
@pytest.mark.parametrize("path", ["/board", "/board?part=work", "/orders", "/orders/MO-1", "/held", "/admin/people",
                                  "/orders/MO-1?part=facts&state=held", "/labels/badges"])  # fmt: skip
def test_no_page_names_others_or_their_facts(path: str, lead: FlaskClient, work: Floor) -> None:
    headers = {"HX-Request": "true"} if "part=" in path else {}
    text = lead.get(path, headers=headers).text
    assert "Luis" not in text and LUIS not in text
    assert not [kind for kind, identity in work.of[LUIS].items() if identity in text]
    if path not in ("/orders",):
        assert "Ana" in text


def test_the_same_pages_for_who_is_not_limited(app: Flask, work: Floor) -> None:
    lead = callers.signed_in(app, work.engine, "lead")
    for path in ("/board", "/orders/MO-1", "/held", "/admin/people", "/labels/badges"):
        assert "Luis" in lead.get(path).text, path


@pytest.mark.requirement("SR-24")
def test_counts_are_of_ones_own(app: Flask, lead: FlaskClient, work: Floor) -> None:
    """Held facts are counted apart, on the board and on their page; all of them for who sees all."""
    everything = callers.signed_in(app, work.engine, "lead", name="all")
    own, both = (re.findall(r'badge held">(\d+)<', browser.get("/board").text)[0] for browser in (lead, everything))
    assert int(both) == 2 * int(own) > 0


def test_the_order_counts_everybodys_time_without_a_name(app: Flask, lead: FlaskClient, work: Floor) -> None:
    everything = callers.signed_in(app, work.engine, "lead", name="all")
    costs = [browser.get("/api/v1/orders/MO-1/cost").json for browser in (lead, everything)]
    assert costs[0] == costs[1]


def test_who_moves_to_another_department_is_seen_there(lead: FlaskClient, work: Floor) -> None:
    with write(work.engine) as connection:
        plant.put(connection, "main", "people", [{"key": LUIS, "name": "Luis", "rate_group": "G2", "department": "D1"}])
    assert "Luis" in lead.get("/board").text


def test_several_departments_and_no_such_one(app: Flask, work: Floor) -> None:
    both = callers.signed_in(app, work.engine, "lead", name="both", teams=["D1", "D2"])
    none = callers.signed_in(app, work.engine, "lead", name="none", teams=["NOWHERE"])
    assert all(name in both.get("/board").text for name in ("Ana", "Luis"))
    assert not any(name in none.get("/board").text for name in ("Ana", "Luis"))


def test_an_accountant_of_a_department(app: Flask, work: Floor) -> None:
    accountant = callers.signed_in(app, work.engine, "accountant", teams=["D1"])
    assert "Another team" not in words(accountant.get(f"/facts/{work.of[ANA]['done']}"))
    found = [accountant.get(f"/entries/{position}").text for position in (1, 2)]
    shown = [identity for identity in (work.of[ANA]["done"], work.of[LUIS]["done"]) if identity in "".join(found)]
    assert shown == [work.of[ANA]["done"]]


# --- what is written ---------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-24")
@pytest.mark.parametrize("action", ["pin", "badge"])
def test_nobodys_pin_or_badge_but_ones_own_peoples(action: str, lead: FlaskClient, work: Floor) -> None:
    with write(work.engine) as connection:
        for key, number in ((ANA, "1001"), (LUIS, "1002")):
            row = plant.rows(connection, "main", "people", "key", [key])[0]
            kept = {name: row[name] for name in ("key", "name", "rate_group", "department")}
            plant.put(connection, "main", "people", [kept | {"number": number}])
    form = {"pin": "804917", "again": "804917"} if action == "pin" else {}
    refused = lead.post(f"/admin/people/{LUIS}/{action}", data=form, headers=JSON)
    assert (refused.status_code, refused.json["code"]) == (404, "person.unknown")
    assert lead.post(f"/admin/people/{ANA}/{action}", data=form, headers=JSON).status_code == 303
    with read(work.engine) as connection:
        assert set(people.pins_set(connection, "main")) == ({ANA} if action == "pin" else set())
        letters = plant.letters_by_reference(connection, "main", "person")
    assert (LUIS in letters, ANA in letters) == (False, action == "badge")


@pytest.mark.requirement("SR-24")
def test_a_call_of_others_is_not_answered(lead: FlaskClient, work: Floor) -> None:
    for person, status in ((LUIS, 404), (ANA, 303)):
        assert lead.post(f"/help/{work.of[person]['call']}/answer", headers=JSON).status_code == status
    with read(work.engine) as connection:
        assert floor.answers(connection, "main", [work.of[LUIS]["call"]]) == {}


@pytest.mark.requirement("SR-24")
def test_badges_of_others_are_not_printed(lead: FlaskClient, work: Floor) -> None:
    for badge, status in ((LUIS, 400), ("*", 200), (ANA, 200)):
        form = {"badges": badge, "as": "labels", "paper": "a4-badges"}
        answer = lead.post("/labels/sheet", data=form, headers=SAME)
        assert answer.status_code == status
        assert "Luis" not in answer.text
    with read(work.engine) as connection:
        assert LUIS not in plant.letters_by_reference(connection, "main", "person")


@pytest.mark.requirement("SR-24")
@pytest.mark.parametrize("what", ["own", "others", "correction of others", "own and others"])
def test_a_rescue_with_facts_of_others_is_refused_as_a_whole(
    what: str, app: Flask, lead: FlaskClient, work: Floor
) -> None:
    def start(person: str) -> dict[str, Any]:
        return raw("labor.started", system_clock() - HOUR, person=person, activity="run", device_seq=1, **JOB)

    correction = raw("event.voided", system_clock(), target_id=work.of[LUIS]["done"], reason="MISTAKE")
    events = {
        "own": [start(ANA)],
        "others": [start(LUIS)],
        "correction of others": [correction],
        "own and others": [start(ANA), start(LUIS)],
    }[what]
    with write(work.engine) as connection:
        device = people.create_device(connection, "main", "Tablet", credentials.digest("x"), system_clock())
    file = {"floorledger": "rescue", "version": 1, "device": {"id": device}, "events": events}
    content = io.BytesIO(json.dumps(file).encode())
    answer = lead.post("/admin/devices/rescue", data={"file": (content, "rescue.json")}, headers=SAME)
    assert answer.status_code == (200 if what == "own" else 403)
    with read(work.engine) as connection:
        kept = facts.by_ids(connection, "main", [event["id"] for event in events])
    assert len(kept) == (1 if what == "own" else 0)
    if what != "own":
        assert "people of other teams" in answer.text


@pytest.mark.requirement("SR-14", "SR-24")
def test_a_program_of_theirs_reads_no_more_than_they(app: Flask, work: Floor) -> None:
    """Whoever sees some people only gives no program what tells of all; nor does one made before."""
    admin = callers.signed_in(app, work.engine, "admin", name="boss", teams=["D1"])
    form = {"name": "x", "scope": "reference:read", "days": "30"}
    assert admin.post("/admin/tokens", data=form, headers=JSON).status_code >= 400
    secret = credentials.make_secret("flt_")
    scopes = frozenset({"reference:read", "events:write", "events:read"})
    token = people.NewToken("x", credentials.digest(secret), scopes, None, "boss")
    with write(work.engine) as connection:
        people.create_token(connection, "main", token, system_clock())
    program, ids = app.test_client(), work.of[LUIS]["done"]
    headers = JSON | {"Authorization": f"Bearer {secret}"}
    assert program.get("/api/v1/reference", headers=headers).status_code == 403
    assert program.post("/api/v1/events", json={}, headers=headers).status_code == 403
    assert program.get(f"/api/v1/events/status?ids={ids}", headers=headers).status_code == 200
    with write(work.engine) as connection:
        people.change_user(connection, "main", "boss", teams=[])
    assert program.get("/api/v1/reference", headers=headers).status_code == 200


# --- sites -------------------------------------------------------------------------------------------------------


@pytest.fixture
def other(settings: Settings, work: Floor) -> Flask:
    """The application of a second site on the same database, which has nothing but its plant."""
    with write(work.engine) as connection:
        sites.create_site(connection, "lyon", name="Lyon", zone="Europe/Paris", currency="EUR", language="fr")
    put_plant(work.engine, "lyon")
    with write(work.engine) as connection:
        plant.put(connection, "lyon", "orders", [{"code": "MO-LYON", "item": "CHAIR", "quantity": "1"}])
    return create_app(replace(settings, site="lyon"))


@pytest.mark.requirement("SR-24", "SR-20")
def test_nobody_of_one_site_is_anybody_at_another(app: Flask, other: Flask, work: Floor) -> None:
    """Sessions, tokens and devices are bound to their site: elsewhere they are no credential at all."""
    user = callers.signed_in(app, work.engine, "lead", "accountant", "payroll", "admin", "auditor")
    tablet, program = callers.device(app, work.engine), callers.bearer(work.engine, "entries:read", "reference:read")
    cookies = {name: browser.get_cookie(name) for browser in (user, tablet) for name in ("fl_session", "fl_device")
               if browser.get_cookie(name)}  # fmt: skip
    paths = ("/board", "/orders/MO-1", "/entries", "/admin/people", "/admin/users", "/api/v1/orders", "/api/v1/entries",
             "/api/v1/reference", "/api/v1/device")  # fmt: skip
    for path in paths:
        elsewhere = other.test_client()
        for name, cookie in cookies.items():
            assert cookie
            elsewhere.set_cookie(name, cookie.value)
        assert elsewhere.get(path, headers=JSON).status_code == 401, path
        assert other.test_client().get(path, headers=JSON | program).status_code == 401, path


@pytest.mark.requirement("SR-24")
def test_nothing_of_one_site_is_there_at_another(app: Flask, other: Flask, work: Floor) -> None:
    """Everybody with every right at Lyon, at every address that names a thing of the main site."""
    secret, device_secret = credentials.make_secret(), credentials.make_secret("fld_")
    roles = ("lead", "accountant", "payroll", "admin")
    with write(work.engine) as connection:
        tablet = people.create_device(connection, "main", "Tablet of main", credentials.digest("x"), system_clock())
        people.create_user(connection, "main", "ines", display_name="Ines", password_hash="-", roles=["lead"])
        people.create_user(connection, "lyon", "boss", display_name="Boss", password_hash="-", roles=roles)
        people.start_session(connection, "lyon", "boss", credentials.digest(secret), system_clock())
        people.create_device(connection, "lyon", "Tablet", credentials.digest(device_secret), system_clock())
        # The same person is not at both sites: whoever has the key of one does not get the other.
        assert teams.has_person(connection, "lyon", None, ANA)
        connection.exec_driver_sql(f"DELETE FROM person WHERE site = 'lyon' AND key = '{ANA}'")
    boss = other.test_client()
    boss.set_cookie(credentials.SESSION, secret)
    asked = [("GET", f"/facts/{identity}") for its in work.of.values() for identity in its.values()]
    asked += [("GET", f"/facts/{work.of[ANA]['done']}/photo"), ("GET", "/entries/1"), ("GET", "/orders/MO-2"),
              ("POST", f"/help/{work.of[ANA]['call']}/answer"), ("POST", f"/admin/people/{ANA}/pin"),
              ("POST", f"/admin/people/{ANA}/badge"), ("POST", f"/admin/devices/{tablet}/revoke"),
              ("POST", "/admin/users/ines/rights"), ("POST", "/admin/users/ines/active"),
              ("POST", "/admin/users/ines/reset"), ("POST", "/admin/users/ines/end")]  # fmt: skip
    with write(work.engine) as connection:
        connection.exec_driver_sql("DELETE FROM \"order\" WHERE site = 'lyon' AND code = 'MO-2'")
    for method, path in asked:
        assert boss.open(path, method=method, headers=JSON).status_code == 404, f"{method} {path}"
    for path in ("/board", "/held", "/orders", "/entries", "/admin/devices", "/admin/users", "/api/v1/orders"):
        text = boss.get(path).text
        assert "Tablet of main" not in text and "Ines" not in text, path
        assert not [identity for its in work.of.values() for identity in its.values() if identity in text], path
    ids = ",".join(work.of[ANA].values())
    device = {"Authorization": f"Bearer {device_secret}"}
    status = other.test_client().get(f"/api/v1/events/status?ids={ids}", headers=JSON | device)
    assert status.json["events"] == {}
    with read(work.engine) as connection:
        found = people.find_user(connection, "main", "ines")
    assert found and found.active and found.roles == "lead"


# --- auditors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
def test_an_auditor_reads_what_leads_and_accountants_read(language: str, app: Flask, work: Floor) -> None:
    auditor = callers.signed_in(app, work.engine, "auditor", language=language)
    for path in ("/start", "/board", "/orders", "/orders/MO-1", f"/facts/{work.of[ANA]['done']}", "/held", "/entries",
                 "/entries/1", "/entries.csv", "/admin/people", "/admin/devices", "/admin/floor", "/admin/users",
                 "/api/v1/orders", "/api/v1/entries", "/api/v1/orders/MO-1/cost"):  # fmt: skip
        answer = auditor.get(path)
        assert answer.status_code == (303 if path == "/start" else 200), path
        # A page that only shows offers nothing to send but the search, the choices of the reader and the way out.
        sent = set(re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', answer.text))
        assert sent <= {"/language", "/theme", "/sign-out"}, (path, sent)
    assert ("Auditeur" if language == "fr" else "Auditor") in auditor.get("/board").text


def test_an_auditor_changes_nothing(app: Flask) -> None:
    """No address takes anything of an auditor but the sign-in itself and the auditor's own account."""
    from server.auth.access import rule_of

    with app.app_context():
        open_to = {
            rule.rule
            for rule in app.url_map.iter_rules()
            if rule.methods - {"GET", "HEAD", "OPTIONS"} and (its := rule_of(rule.endpoint)) and "auditor" in its.roles
        }
    assert {path for path in open_to if not path.startswith("/account/")} == {"/sign-in/again"}
