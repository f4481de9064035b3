"""Signing in, staying signed in, and being kept out."""

import dataclasses
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth import hashing, passwords
from server.auth.credentials import SESSION, digest, make_secret
from server.problems import Problem
from server.settings import Settings
from server.store import people
from server.store.database import read, write
from tests.server.auth.conftest import PASSWORD, SAME_SITE, Clock, add_user, enter
from tests.threads import at_once

MINUTE = 60_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """No role asks for a second factor here; test_second_factor.py is about those that do."""
    return dataclasses.replace(settings, second_factor_roles=("none",))


@pytest.fixture
def ines(database: Engine, settings: Settings, site: str) -> str:
    add_user(database, settings, "ines", "lead", "admin")
    return "ines"


def is_in(client: FlaskClient) -> bool:
    return client.get("/admin/devices").status_code == 200


def test_a_password_opens_and_leads_on(client: FlaskClient, ines: str) -> None:
    assert client.get("/admin/devices?sort=name").headers["Location"] == "/sign-in?next=/admin/devices%3Fsort%3Dname"
    answer = enter(client, ines, next="/admin/devices")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/devices")
    assert is_in(client)
    assert client.get("/sign-in").status_code == 303


def test_the_start_page_is_one_the_user_may_open(client: FlaskClient, ines: str) -> None:
    enter(client, ines)
    start = client.get("/start")
    assert start.status_code == 303
    assert client.get(start.headers["Location"]).status_code == 200


@pytest.mark.requirement("SR-11")
def test_the_cookie_tells_nothing_and_cannot_be_read_by_scripts(
    client: FlaskClient, ines: str, database: Engine
) -> None:
    cookie = enter(client, ines).headers["Set-Cookie"]
    assert re.match(r"fl_session=[0-9a-f]{40}; HttpOnly; Path=/; SameSite=Lax$", cookie)
    with read(database) as connection:
        stored = connection.exec_driver_sql("SELECT secret_hash FROM session").scalar_one()
    assert stored == digest(cookie[11:51])
    assert cookie[11:51] not in stored


@pytest.mark.requirement("SR-11")
def test_over_https_the_cookie_is_bound_to_the_host(client: FlaskClient, ines: str) -> None:
    answer = client.post(
        "/sign-in", data={"name": ines, "password": PASSWORD}, headers=SAME_SITE, base_url="https://floor.example"
    )
    assert re.match(
        r"__Host-fl_session=[0-9a-f]{40}; Secure; HttpOnly; Path=/; SameSite=Lax$", answer.headers["Set-Cookie"]
    )


@pytest.mark.requirement("SR-10")
def test_each_sign_in_has_a_fresh_secret_and_ends_the_one_before(client: FlaskClient, ines: str) -> None:
    planted = make_secret()
    client.set_cookie(SESSION, planted)
    enter(client, ines)
    first = client.get_cookie(SESSION).value
    assert first != planted
    enter(client, ines)
    second = client.get_cookie(SESSION).value
    assert second != first
    client.set_cookie(SESSION, first)
    assert not is_in(client)


@pytest.mark.requirement("SR-10")
def test_signing_out_ends_it_on_the_server(client: FlaskClient, ines: str) -> None:
    enter(client, ines)
    secret = client.get_cookie(SESSION).value
    assert client.post("/sign-out", headers=SAME_SITE).status_code == 303
    assert client.get_cookie(SESSION) is None
    client.set_cookie(SESSION, secret)
    assert not is_in(client)


@pytest.mark.requirement("SR-11")
def test_an_idle_sign_in_ends(client: FlaskClient, ines: str, clock: Clock) -> None:
    enter(client, ines)
    clock.now += 29 * MINUTE
    assert is_in(client)
    clock.now += 29 * MINUTE
    assert is_in(client)
    clock.now += 31 * MINUTE
    assert not is_in(client)


@pytest.mark.requirement("SR-11")
def test_a_page_that_refreshes_itself_keeps_nobody_signed_in(client: FlaskClient, ines: str, clock: Clock) -> None:
    enter(client, ines)
    for _ in range(4):
        clock.now += 9 * MINUTE
        answer = client.get("/admin/devices", headers={"X-Passive": "1"})
    assert answer.status_code == 303


@pytest.mark.requirement("SR-11")
def test_a_busy_sign_in_ends_too(client: FlaskClient, ines: str, clock: Clock) -> None:
    enter(client, ines)
    for _ in range(12 * 3):
        clock.now += 20 * MINUTE
        assert is_in(client)
    clock.now += MINUTE
    assert not is_in(client)


@pytest.mark.requirement("SR-10")
@pytest.mark.parametrize("change", [{"roles": ["lead"]}, {"active": False}, {"password_hash": "-"}], ids=str)
def test_a_changed_right_ends_the_sign_in_at_once(
    change: dict[str, object], client: FlaskClient, ines: str, database: Engine
) -> None:
    enter(client, ines)
    assert is_in(client)
    with write(database) as connection:
        people.change_user(connection, "main", ines, **change)
    assert not is_in(client)


@pytest.mark.requirement("SR-08")
def test_a_wrong_password_an_unknown_name_and_a_lock_look_the_same(client: FlaskClient, ines: str) -> None:
    def words(name: str, password: str) -> tuple[int, str]:
        answer = enter(client, name, password)
        page = re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True))
        return answer.status_code, page

    wrong = words(ines, "not this one at all")
    assert wrong[0] == 401
    assert words("nobody", "not this one at all") == wrong
    for _ in range(6):
        enter(client, ines, "not this one at all")
    assert words(ines, PASSWORD) == wrong


@pytest.mark.requirement("SR-06")
def test_five_failures_lock_a_name_for_a_while(client: FlaskClient, ines: str, clock: Clock) -> None:
    for _ in range(5):
        enter(client, ines, "not this one at all")
        clock.now += 10_000  # longer than the delay between tries
    assert enter(client, ines).status_code == 401
    clock.now += 15 * MINUTE
    assert enter(client, ines).status_code == 303
    for _ in range(2):  # it begins anew: two slips wait for nothing
        enter(client, ines, "not this one at all")
    assert enter(client, ines).status_code == 303


@pytest.mark.requirement("SR-06")
def test_from_the_third_failure_on_each_try_waits(client: FlaskClient, ines: str, clock: Clock) -> None:
    for _ in range(3):
        enter(client, ines, "not this one at all")
    assert enter(client, ines).status_code == 401
    clock.now += 1001
    assert enter(client, ines).status_code == 303


@pytest.mark.requirement("SR-06")
def test_guesses_in_parallel_do_not_outrun_the_counter(settings: Settings, ines: str, database: Engine) -> None:
    looked_at, real = [], hashing.fits

    def counting(stored: str | None, password: str) -> bool:
        looked_at.append(stored is not None)
        return real(stored, password)

    def guess() -> None:
        for _ in range(5):
            with pytest.raises(Problem):
                passwords.sign_in(database, settings, ines, "not this one at all", 1_795_000_000_000)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "fits", counting)
        at_once(guess, 4)
    assert len(looked_at) == 20
    assert sum(looked_at) == 3  # the third failure closes the door for a second, and the clock stands still


@pytest.mark.requirement("SR-55")
@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "\\\\evil.example",
     "/\t/evil.example", "///evil.example", "http:evil.example", "evil.example", "/%0d%0aSet-Cookie:x", " /x",
     "/a b", "/\u2028x"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(target: str, client: FlaskClient, ines: str) -> None:
    location = enter(client, ines, next=target).headers["Location"]
    assert location == "/start" or location == target == "/%0d%0aSet-Cookie:x"  # a path, harmless as written


def test_a_user_without_the_role_is_told_which(
    client: FlaskClient, database: Engine, settings: Settings, site: str
) -> None:
    add_user(database, settings, "omar", "accountant")
    enter(client, "omar")
    answer = client.get("/admin/devices", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json["code"] == "auth.forbidden"
    assert "admin, auditor, lead" in answer.json["action"]


@pytest.mark.requirement("SR-15")
def test_the_first_administrator_is_made_once(app: Flask, settings: Settings, database: Engine, clock: Clock) -> None:
    secret, client = make_secret(), app.test_client()
    with write(database) as connection:
        people.create_enrolment(connection, "main", digest(secret), expires_at=clock.now + MINUTE, kind="setup")
    form = {
        "code": secret,
        "name": "Ines Martin",
        "password": PASSWORD,
        "site_name": "Usine",
        "zone": "Europe/Paris",
        "currency": "EUR",
    }
    assert client.get("/set-up").status_code == 200
    for wrong, status in (
        ({"code": "x"}, 410), ({"password": "short"}, 422), ({"zone": "Mars/Base"}, 400), ({"name": ""}, 400),
        ({"currency": "€"}, 400),
    ):  # fmt: skip
        assert client.post("/set-up", data={**form, **wrong}, headers=SAME_SITE).status_code == status
    assert client.post("/set-up", data=form, headers=SAME_SITE).status_code == 303
    assert client.post("/set-up", data={**form, "name": "another"}, headers=SAME_SITE).status_code == 410
    assert enter(client, "Ines Martin").status_code == 303
    assert is_in(client)


@pytest.mark.requirement("SR-15")
def test_a_device_s_code_makes_no_administrator(app: Flask, database: Engine, clock: Clock, site: str) -> None:
    secret = make_secret()
    with write(database) as connection:
        people.create_enrolment(connection, "main", digest(secret), expires_at=clock.now + MINUTE)
    form = {"code": secret, "name": "mallory", "password": PASSWORD}
    assert app.test_client().post("/set-up", data=form, headers=SAME_SITE).status_code == 410


def test_language_and_theme_are_kept(client: FlaskClient, ines: str, database: Engine) -> None:
    assert '<html lang="fr"' in client.get("/sign-in", headers={"Accept-Language": "fr-CA,en;q=0.5"}).get_data(
        as_text=True
    )
    assert '<html lang="en"' in client.get("/sign-in", headers={"Accept-Language": "de"}).get_data(as_text=True)
    enter(client, ines)
    client.post("/language", data={"language": "fr", "next": "//evil.example"}, headers=SAME_SITE)
    client.post("/theme", data={"theme": "dark"}, headers=SAME_SITE)
    page = client.get("/admin/devices").get_data(as_text=True)
    assert '<html lang="fr" data-theme="dark">' in page
    assert "Enrôler un appareil" in page
    with read(database) as connection:
        user = people.find_user(connection, "main", ines)
    assert user and user.language == "fr"
    assert client.post("/language", data={"language": "xx"}, headers=SAME_SITE).status_code == 400


def test_sign_in_limits_come_from_the_settings(settings: Settings, database: Engine, ines: str, clock: Clock) -> None:
    client = create_app(dataclasses.replace(settings, session_idle_minutes=1), clock).test_client()
    enter(client, ines)
    clock.now += MINUTE + 1
    assert not is_in(client)
