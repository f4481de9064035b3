"""Sign-ins: new secrets when what they may do changes, ends that are ends, a proof asked for once more."""

import dataclasses
import re
from html import unescape
from typing import Any

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth.access import access, current
from server.auth.credentials import SESSION, make_secret
from server.settings import Settings
from server.store import audit, people
from server.store.database import read, write
from tests.server.auth.conftest import PASSWORD, SAME_SITE, Clock, add_user, enter

MINUTE = 60_000
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
CHROME = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML) Version/18.0 Safari/604.1"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """A password is enough here."""
    return dataclasses.replace(settings, second_factor_roles=("none",))


@pytest.fixture
def ines(database: Engine, settings: Settings, site: str) -> str:
    add_user(database, settings, "ines", "lead", "admin")
    return "ines"


@pytest.fixture
def rights(app: Flask) -> list[dict[str, list[str]]]:
    """Views that want a fresh proof; what was sent to the one that changes something."""
    done: list[dict[str, list[str]]] = []

    @app.get("/rights")
    @access(roles={"admin"}, fresh=True, query={"of"})
    def show() -> str:
        return "the rights"

    @app.post("/rights")
    @access(roles={"admin"}, fresh=True, writes={"of", "role*", "note", "password", "file"})
    def change() -> Any:
        done.append({name: request.form.getlist(name) for name in request.form})
        return jsonify(by=current.user)

    return done


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data=form, headers={**SAME_SITE, "Referer": "http://localhost/admin/devices?x=1"})


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def secret(client: FlaskClient) -> str:
    return client.get_cookie(SESSION).value


# --- new secrets, dead ones --------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-10")
def test_a_planted_secret_is_never_signed_in(client: FlaskClient, ines: str, database: Engine) -> None:
    for planted in (make_secret(), "x", "0" * 40):
        client.set_cookie(SESSION, planted)
        enter(client, ines)
        assert secret(client) != planted
        other = client.application.test_client()
        other.set_cookie(SESSION, planted)
        assert not is_in(other)


@pytest.mark.requirement("SR-10")
def test_a_proof_once_more_makes_a_new_secret_and_the_old_one_is_dead(client: FlaskClient, ines: str) -> None:
    enter(client, ines)
    before = secret(client)
    assert post(client, "/sign-in/again", password=PASSWORD).status_code == 303
    assert secret(client) != before and is_in(client)
    client.set_cookie(SESSION, before)
    assert not is_in(client)


@pytest.mark.requirement("SR-10")
@pytest.mark.parametrize(
    "change",
    [{"roles": ["lead"]}, {"roles": ["lead", "admin", "payroll"]}, {"active": False}, {"teams": ["D1"]}],
    ids=str,
)
def test_a_changed_right_ends_every_sign_in_at_once(
    change: dict[str, object], app: Flask, ines: str, database: Engine
) -> None:
    clients = [app.test_client() for _ in range(3)]
    for client in clients:
        enter(client, ines)
    assert all(is_in(client) for client in clients)
    with write(database) as connection:
        people.change_user(connection, "main", ines, **change)
    assert not any(is_in(client) for client in clients)


@pytest.mark.requirement("SR-10")
def test_a_sign_out_is_one_for_every_copy_of_the_cookie(
    app: Flask, settings: Settings, ines: str, clock: Clock
) -> None:
    client, copy = app.test_client(), create_app(settings, clock).test_client()  # another process of the same server
    enter(client, ines)
    copy.set_cookie(SESSION, secret(client))
    assert is_in(copy)
    post(client, "/sign-out")
    assert not is_in(copy)


@pytest.mark.requirement("SR-10")
def test_a_new_password_ends_the_sign_ins_elsewhere(app: Flask, client: FlaskClient, ines: str) -> None:
    elsewhere = app.test_client()
    enter(elsewhere, ines)
    enter(client, ines)
    before = secret(client)
    form = {"current": PASSWORD, "password": "un autre tour joli", "again": "un autre tour joli"}
    for wrong, status in (({"current": "x"}, 401), ({"again": "x"}, 422), ({"password": "x", "again": "x"}, 422)):
        assert post(client, "/account/password", **{**form, **wrong}).status_code == status
        assert is_in(elsewhere)
    assert post(client, "/account/password", **form).status_code == 303
    assert not is_in(elsewhere)
    assert is_in(client) and secret(client) != before
    assert enter(app.test_client(), ines, PASSWORD).status_code == 401
    assert enter(app.test_client(), ines, "un autre tour joli").status_code == 303


# --- limits ------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-11")
@pytest.mark.parametrize(
    ("roles", "minutes"),
    [("accountant", 30), ("payroll", 30), ("admin", 30), ("auditor", 30), ("lead", 120), ("lead accountant", 30)],
)
def test_who_sees_money_is_signed_out_sooner(
    roles: str, minutes: int, client: FlaskClient, database: Engine, settings: Settings, site: str, clock: Clock
) -> None:
    add_user(database, settings, "omar", *roles.split())
    enter(client, "omar")
    for _ in range(2):
        clock.now += minutes * MINUTE
        assert is_in(client)
    clock.now += minutes * MINUTE + 1
    assert not is_in(client)


@pytest.mark.requirement("SR-11")
@pytest.mark.parametrize("role", ["accountant", "lead"])
def test_after_twelve_hours_everybody_signs_in_again(
    role: str, client: FlaskClient, database: Engine, settings: Settings, site: str, clock: Clock
) -> None:
    add_user(database, settings, "omar", role)
    enter(client, "omar")
    for _ in range(12 * 3):
        clock.now += 20 * MINUTE
        assert is_in(client)
        if clock.now % (60 * MINUTE) == 0:
            post(client, "/sign-in/again", password=PASSWORD)  # a fresh proof makes no day longer
    clock.now += 1
    assert not is_in(client)


@pytest.mark.requirement("SR-11")
def test_the_new_cookie_of_a_proof_is_as_guarded_as_the_first(client: FlaskClient, ines: str) -> None:
    https = {"base_url": "https://floor.example", "headers": SAME_SITE}
    client.post("/sign-in", data={"name": ines, "password": PASSWORD}, **https)
    again = client.post("/sign-in/again", data={"password": PASSWORD}, **https)
    assert re.match(
        r"__Host-fl_session=[0-9a-f]{40}; Secure; HttpOnly; Path=/; SameSite=Lax$", again.headers["Set-Cookie"]
    )


# --- a proof once more -------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-12")
def test_a_fresh_proof_is_asked_for_and_leads_back(
    client: FlaskClient, ines: str, rights: list[Any], clock: Clock
) -> None:
    enter(client, ines)
    assert client.get("/rights").data == b"the rights"
    clock.now += 10 * MINUTE
    assert client.get("/rights").data == b"the rights"
    clock.now += 1
    asked = client.get("/rights?of=omar")
    assert (asked.status_code, asked.headers["Location"]) == (303, "/sign-in/again?next=/rights%3Fof%3Domar")
    page = client.get(asked.headers["Location"]).get_data(as_text=True)
    assert 'name="next" value="/rights?of=omar"' in page
    for wrong in ({"password": "not this one at all"}, {"password": ""}, {"code": "123456"}, {}):
        told = post(client, "/sign-in/again", next="/rights?of=omar", **wrong)
        assert told.status_code == 401
        assert client.get("/rights").status_code == 303
    clock.now += 5_000
    back = post(client, "/sign-in/again", next="/rights?of=omar", password=PASSWORD)
    assert (back.status_code, back.headers["Location"]) == (303, "/rights?of=omar")
    assert client.get("/rights?of=omar").data == b"the rights"


@pytest.mark.requirement("SR-12")
def test_a_form_is_kept_and_sent_by_hand(client: FlaskClient, ines: str, rights: list[Any], clock: Clock) -> None:
    enter(client, ines)
    clock.now += 11 * MINUTE
    note = 'say "yes" & <b>go</b>\nnext line'
    asked = post(client, "/rights", of="omar", role=["lead", "payroll"], note=note)
    assert asked.status_code == 403
    assert rights == []
    kept = unescape(re.search('name="kept" value="([^"]*)"', asked.get_data(as_text=True))[1])
    wrong = post(client, "/sign-in/again", next="/rights", kept=kept, password="not this one at all")
    assert unescape(re.search('name="kept" value="([^"]*)"', wrong.get_data(as_text=True))[1]) == kept
    proved = post(client, "/sign-in/again", next="/rights", kept=kept, password=PASSWORD)
    page = proved.get_data(as_text=True)
    assert proved.status_code == 200 and 'action="/rights"' in page
    assert rights == []  # nothing happens before its sender says so
    form = page.partition('action="/rights"')[2].partition("</form>")[0]
    shown = [(name, unescape(value)) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)]
    assert shown == [("of", "omar"), ("role", "lead"), ("role", "payroll"), ("note", note)]
    sent = client.post("/rights", data={"of": "omar", "role": ["lead", "payroll"], "note": note}, headers=SAME_SITE)
    assert sent.json == {"by": ines}
    assert rights == [{"of": ["omar"], "role": ["lead", "payroll"], "note": [note]}]


@pytest.mark.requirement("SR-12")
@pytest.mark.parametrize("form", [{"password": "une phrase secrète"}, {"note": "x" * 50_000}], ids=["secret", "long"])
def test_a_form_that_cannot_be_kept_leads_back_to_its_page(
    form: dict[str, str], client: FlaskClient, ines: str, rights: list[Any], clock: Clock
) -> None:
    enter(client, ines)
    clock.now += 11 * MINUTE
    asked = post(client, "/rights", **form)
    assert (asked.status_code, asked.headers["Location"]) == (303, "/sign-in/again?next=/admin/devices")
    assert rights == []


@pytest.mark.requirement("SR-12")
def test_programs_and_parts_of_pages_are_told_in_their_way(
    client: FlaskClient, ines: str, rights: list[Any], clock: Clock
) -> None:
    enter(client, ines)
    clock.now += 11 * MINUTE
    told = client.post("/rights", data={"of": "x"}, headers={**SAME_SITE, "Accept": "application/json"})
    assert (told.status_code, told.json["code"]) == (403, "auth.not_fresh")
    page = {"HX-Request": "true", "HX-Current-URL": "http://localhost/admin/devices?text=a"}
    part = client.post("/rights", data={"of": "x"}, headers={**SAME_SITE, **page})
    assert part.headers["HX-Redirect"] == "/sign-in/again?next=/admin/devices%3Ftext%3Da"
    stray = client.post("/rights", headers={**SAME_SITE, **page, "HX-Current-URL": "https://evil.example//x"})
    assert "evil" not in stray.headers["HX-Redirect"]
    assert rights == []


@pytest.mark.requirement("SR-12", "SR-55")
@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_a_proof_leads_nowhere_else(target: str, client: FlaskClient, ines: str) -> None:
    enter(client, ines)
    assert post(client, "/sign-in/again", next=target, password=PASSWORD).headers["Location"] == "/start"
    page = post(client, "/sign-in/again", next=target, kept='[["of", "omar"]]', password=PASSWORD)
    assert 'action="/start"' in page.get_data(as_text=True)


@pytest.mark.requirement("SR-12")
@pytest.mark.parametrize("kept", ["x", "{}", "[1]", '[["a"]]', "null", "[" * 30_000, '{"a": 1}'], ids=range(7))
def test_what_was_never_kept_is_nothing(kept: str, client: FlaskClient, ines: str) -> None:
    enter(client, ines)
    assert post(client, "/sign-in/again", next="/account", kept=kept, password=PASSWORD).status_code == 303


@pytest.mark.requirement("SR-12")
def test_a_stranger_s_guesses_at_an_open_desk_are_counted(
    client: FlaskClient, ines: str, rights: list[Any], clock: Clock
) -> None:
    enter(client, ines)
    clock.now += 11 * MINUTE
    for _ in range(5):
        assert post(client, "/sign-in/again", password="not this one at all").status_code == 401
        clock.now += 5_000
    assert post(client, "/sign-in/again", password=PASSWORD).status_code == 401
    assert client.get("/rights").status_code == 303


# --- one's own sign-ins ------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-10")
def test_one_sees_where_one_is_signed_in_and_ends_it(
    app: Flask, client: FlaskClient, ines: str, database: Engine, settings: Settings
) -> None:
    add_user(database, settings, "omar", "lead")
    others = [app.test_client() for _ in range(2)]
    stranger = app.test_client()
    for browser, agent in ((client, FIREFOX), (others[0], CHROME), (others[1], SAFARI)):
        form = {"name": ines, "password": PASSWORD}
        browser.post("/sign-in", data=form, headers={**SAME_SITE, "User-Agent": agent})
    enter(stranger, "omar")
    page = client.get("/account").get_data(as_text=True)
    for name in ("Firefox, Linux", "Chrome, Android", "Safari, iPhone"):
        assert page.count(name) >= 1, name
    assert secret(others[0]) not in page
    listed = dict(re.findall(r'name="session" value="([0-9a-f]{16})".*?hidden"> ([^<]+)<', page))
    assert sorted(listed.values()) == ["Chrome, Android", "Safari, iPhone"]  # not this one
    phone = next(key for key, name in listed.items() if name.startswith("Chrome"))
    assert post(stranger, "/account/sessions", session=phone).status_code == 303  # not a stranger's to end
    assert all(is_in(one) for one in others)
    assert post(client, "/account/sessions", session=phone).status_code == 303
    assert [is_in(one) for one in others] == [False, True]
    assert post(client, "/account/sessions").status_code == 303
    assert [is_in(one) for one in (*others, client, stranger)] == [False, False, True, True]
    with read(database) as connection:
        told = audit.lines(connection, "main", audit.Search(data={"personal"}, action="user.sessions_ended"))
    assert [(line.actor, line.details) for line in told] == [("user:ines", {"count": "1"})] * 2


def test_a_name_is_changed_by_whoever_bears_it(client: FlaskClient, ines: str, database: Engine) -> None:
    enter(client, ines)
    assert post(client, "/account/name", display_name="  Inès   Marchetti ").status_code == 303
    for wrong in ("", "   ", "x" * 201, "a\u202eb"):
        assert post(client, "/account/name", display_name=wrong).status_code == 400, repr(wrong)
    with read(database) as connection:
        user = people.find_user(connection, "main", ines)
    assert user and user.display_name == "Inès Marchetti"
