"""Passkeys: made, used alone and beside a password; an answer fits one challenge, one purpose, one address, once."""

import dataclasses
import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth.credentials import SESSION
from server.settings import Settings
from server.store import factors, people
from server.store.database import read, write
from tests.server.auth.authenticator import PRESENT, Authenticator
from tests.server.auth.conftest import PASSWORD, SAME_SITE, Clock, add_user, enter
from tests.threads import at_once

MINUTE = 60_000


def post(client: FlaskClient, path: str, **form: str) -> Any:
    return client.post(path, data=form, headers={**SAME_SITE, "Accept": "text/html"})


def asked(client: FlaskClient, purpose: str = "sign-in") -> dict[str, Any]:
    answer = client.get(f"/sign-in/passkey?for={purpose}")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def add(client: FlaskClient, key: Authenticator, name: str = "my phone") -> Any:
    options = client.get("/account/passkeys/options").get_json()
    return post(client, "/account/passkeys", answer=json.dumps(key.make(options)), name=name)


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


@pytest.fixture
def omar(database: Engine, settings: Settings, site: str) -> str:
    add_user(database, settings, "omar", "accountant")
    return "omar"


@pytest.fixture
def key(client: FlaskClient, omar: str) -> Authenticator:
    """Omar's passkey; his browser is signed in."""
    made = Authenticator()
    enter(client, omar)
    assert add(client, made).status_code == 200
    assert is_in(client)
    return made


@pytest.mark.requirement("SR-09", "SR-10")
def test_a_passkey_signs_in_alone(app: Flask, key: Authenticator, omar: str) -> None:
    client = app.test_client()
    options = asked(client)
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")  # what is asked tells nothing of anybody
    planted = "a" * 40
    client.set_cookie(SESSION, planted)
    done = post(client, "/sign-in", answer=json.dumps(key.sign(options)), next="/entries", name="", password="")
    assert (done.status_code, done.headers["Location"]) == (303, "/entries")
    assert is_in(client)
    assert client.get_cookie(SESSION).value != planted


@pytest.mark.requirement("SR-09")
def test_a_passkey_is_asked_to_live_in_the_device_and_to_verify_its_user(client: FlaskClient, omar: str) -> None:
    enter(client, omar)
    options = client.get("/account/passkeys/options").get_json()
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    assert options["user"]["name"] == omar
    assert omar not in options["user"]["id"] and len(options["user"]["id"]) > 40
    assert options["attestation"] == "none"  # which make of phone somebody has is not our business


@pytest.mark.requirement("SR-09", "SR-10")
def test_a_passkey_stands_beside_the_password(app: Flask, key: Authenticator, omar: str) -> None:
    client = app.test_client()
    assert enter(client, omar).headers["Location"] == "/sign-in/second"
    half = client.get_cookie(SESSION).value
    options = asked(client, "second")
    assert [one["id"] for one in options["allowCredentials"]] == [key.sign(options)["id"]]
    assert post(client, "/sign-in/second", answer=json.dumps(key.sign(options))).headers["Location"] == "/start"
    assert is_in(client)
    client.set_cookie(SESSION, half)
    assert not is_in(client)


@pytest.mark.requirement("SR-09")
def test_an_answer_is_taken_once(app: Flask, key: Authenticator) -> None:
    client = app.test_client()
    answer = json.dumps(key.sign(asked(client)))
    clients = [app.test_client() for _ in range(4)]
    waiting, statuses = list(clients), []

    def show() -> None:
        statuses.append(post(waiting.pop(), "/sign-in", answer=answer).status_code)

    at_once(show, 4)
    assert sorted(statuses) == [303, 401, 401, 401]
    assert sum(is_in(one) for one in clients) == 1


@pytest.mark.requirement("SR-09")
@pytest.mark.parametrize(
    "wrong",
    [{"origin": "https://localhost.evil.example"}, {"origin": "https://localhost"}, {"host": "evil.example"},
     {"flags": PRESENT}, {"flags": 0}, {"handle": "b3RoZXI"}],
    ids=str,
)  # fmt: skip
def test_an_answer_from_elsewhere_or_by_nobody_in_particular_is_refused(
    wrong: dict[str, Any], app: Flask, key: Authenticator
) -> None:
    client = app.test_client()
    for name, value in wrong.items():
        setattr(key, name, value)
    assert post(client, "/sign-in", answer=json.dumps(key.sign(asked(client)))).status_code == 401
    assert not is_in(client)


@pytest.mark.requirement("SR-09")
def test_another_key_another_purpose_and_an_old_challenge_are_refused(
    app: Flask, client: FlaskClient, key: Authenticator, omar: str, clock: Clock
) -> None:
    def tries(answer: dict[str, Any], path: str = "/sign-in") -> int:
        browser = app.test_client()
        return post(browser, path, answer=json.dumps(answer)).status_code

    options = asked(app.test_client())
    stranger = Authenticator(id=key.id, handle=key.handle)  # claims Omar's id, has another key
    assert tries(stranger.sign(options)) == 401
    assert tries(Authenticator().sign(options)) == 401
    assert tries(key.sign(asked(client, "again"))) == 401
    assert tries(key.sign({"challenge": "A" * 75})) == 401
    forged = options["challenge"][:-2] + ("AA" if options["challenge"][-2:] != "AA" else "BB")
    assert tries(key.sign({"challenge": forged})) == 401
    late = key.sign(asked(client))
    clock.now += 16 * MINUTE
    assert tries(late) == 401
    # A sign-in's own second step: the challenge is that sign-in's alone.
    other = app.test_client()
    enter(other, omar)
    theirs = key.sign(asked(other, "second"))
    mine = app.test_client()
    enter(mine, omar)
    assert post(mine, "/sign-in/second", answer=json.dumps(theirs)).status_code == 401
    assert tries(key.sign(asked(app.test_client()))) == 303


@pytest.mark.requirement("SR-09")
def test_a_key_that_counts_does_not_count_backwards(app: Flask, key: Authenticator) -> None:
    def tries(count: int) -> int:
        key.count = count
        client = app.test_client()
        return post(client, "/sign-in", answer=json.dumps(key.sign(asked(client)))).status_code

    assert [tries(5), tries(6), tries(6), tries(3), tries(7)] == [303, 303, 401, 401, 303]


@pytest.mark.requirement("SR-09")
def test_another_user_s_passkey_proves_nothing_of_mine(
    app: Flask, client: FlaskClient, key: Authenticator, database: Engine, settings: Settings
) -> None:
    add_user(database, settings, "mallory", "accountant")
    theirs, mallory = Authenticator(), app.test_client()
    enter(mallory, "mallory")
    add(mallory, theirs)
    browser = app.test_client()
    enter(browser, "omar")
    assert post(browser, "/sign-in/second", answer=json.dumps(theirs.sign(asked(browser, "second")))).status_code == 401
    assert not is_in(browser)
    assert post(client, "/sign-in/again", answer=json.dumps(theirs.sign(asked(client, "again")))).status_code == 401


@pytest.mark.requirement("SR-09")
def test_a_user_who_is_shut_out_has_no_passkey(app: Flask, key: Authenticator, database: Engine) -> None:
    with write(database) as connection:
        people.change_user(connection, "main", "omar", active=False)
    client = app.test_client()
    assert post(client, "/sign-in", answer=json.dumps(key.sign(asked(client)))).status_code == 401


def test_a_passkey_is_kept_once_and_taken_away(
    app: Flask, client: FlaskClient, key: Authenticator, database: Engine
) -> None:
    assert add(client, key).status_code == 409
    second = Authenticator()
    options = client.get("/account/passkeys/options").get_json()
    assert [one["id"] for one in options["excludeCredentials"]] == [key.sign(asked(client))["id"]]
    assert options["user"]["id"] == key.handle  # one handle for one user
    assert add(client, second, name="").status_code == 303
    mine = second.sign(asked(client))["id"]
    assert post(client, "/account/passkeys/remove", key="no such key").status_code == 303
    assert post(client, "/account/passkeys/remove", key=mine).status_code == 303
    with read(database) as connection:
        left = factors.factors_of(connection, "main", "omar")
    assert [one.name for one in left.passkeys] == ["my phone"] and left.codes == 10
    assert post(client, "/account/passkeys/remove", key=left.passkeys[0].id).status_code == 409
    browser = app.test_client()
    assert post(browser, "/sign-in", answer=json.dumps(second.sign(asked(browser)))).status_code == 401


def test_a_made_key_that_was_not_asked_for_is_refused(
    app: Flask, client: FlaskClient, omar: str, database: Engine, settings: Settings
) -> None:
    enter(client, omar)
    options = client.get("/account/passkeys/options").get_json()
    add_user(database, settings, "mallory", "accountant")
    other = app.test_client()
    enter(other, "mallory")
    theirs = other.get("/account/passkeys/options").get_json()
    moved = Authenticator().make(options) | {"handle": "b3RoZXI"}
    unverified = Authenticator(flags=PRESENT).make(options)
    elsewhere = Authenticator(origin="https://evil.example").make(options)
    for answer in (Authenticator().make(theirs), moved, unverified, elsewhere, Authenticator().sign(options)):
        assert post(client, "/account/passkeys", answer=json.dumps(answer)).status_code == 401
    assert not is_in(client)


NOT_AN_ANSWER = [
    "", "null", "[]", "{", "{}", '"x"', "1e999", '{"id": 7}', '{"id": "x", "response": null}',
    '{"id": "x", "rawId": "x", "type": "public-key", "response": {}}', "[" * 30_000, "x" * 50_000,
    '{"response": {"clientDataJSON": "!!!"}}', '{"response": {"clientDataJSON": "e30"}}', "\u0130" * 100,
]  # fmt: skip


@pytest.mark.requirement("SR-33")
@pytest.mark.parametrize("answer", NOT_AN_ANSWER, ids=range(len(NOT_AN_ANSWER)))
def test_what_is_no_answer_is_refused(answer: str, app: Flask, client: FlaskClient, key: Authenticator) -> None:
    browser = app.test_client()
    assert post(browser, "/sign-in", answer=answer).status_code == 401
    assert post(client, "/account/passkeys", answer=answer).status_code == 401
    assert post(client, "/sign-in/again", answer=answer).status_code == 401
    assert is_in(client)


@pytest.mark.requirement("SR-33")
def test_parts_of_an_answer_may_be_anything(app: Flask, key: Authenticator) -> None:
    client = app.test_client()
    right = key.sign(asked(client))
    for place in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        for bad in (None, 7, "", "AA", "ä", [], {}, "A" * 4_000, right["response"][place][:-3]):
            answer = right | {"response": right["response"] | {place: bad}}
            if place == "userHandle" and bad is None:
                continue  # an authenticator need not tell it
            assert post(client, "/sign-in", answer=json.dumps(answer)).status_code == 401, (place, bad)
    for place in ("id", "rawId", "type"):
        for bad in (None, 7, "", "AA", [], {}):
            assert post(client, "/sign-in", answer=json.dumps(right | {place: bad})).status_code == 401, (place, bad)
    assert post(client, "/sign-in", answer=json.dumps(right)).status_code == 303


@pytest.mark.parametrize(
    ("address", "offered"),
    [("http://localhost:8000", True), ("https://floor.example", True), ("http://floor.example", False),
     ("https://192.0.2.7", False), ("http://127.0.0.1:8000", False)],
)  # fmt: skip
def test_passkeys_are_offered_where_browsers_make_them(
    address: str, offered: bool, client: FlaskClient, settings: Settings, site: str
) -> None:
    page = client.get("/sign-in", base_url=address).get_data(as_text=True)
    assert ("data-passkey=" in page) == offered
    assert client.get("/sign-in/passkey?for=sign-in", base_url=address).status_code == (200 if offered else 409)
    # With a public address that is the one passkeys are for, whatever the proxy asks by.
    behind = create_app(dataclasses.replace(settings, public_url="https://floor.example")).test_client()
    told = behind.get("/sign-in/passkey?for=sign-in", base_url=address).get_json()
    assert told["rpId"] == "floor.example"


def test_nobody_is_asked_for_a_step_that_is_not_theirs(client: FlaskClient, site: str) -> None:
    headers = {"Accept": "application/json"}
    for purpose, status in (("second", 401), ("again", 401), ("", 400), ("add", 400)):
        assert client.get(f"/sign-in/passkey?for={purpose}", headers=headers).status_code == status
    assert client.get("/account/passkeys/options", headers=headers).status_code == 401


def test_the_password_still_signs_in_where_no_passkey_is_sent(client: FlaskClient, key: Authenticator) -> None:
    assert enter(client, "omar", PASSWORD, answer="").headers["Location"] == "/sign-in/second"
