"""Who needs a second factor sets one up and shows it each time; codes are taken once and not guessed."""

import dataclasses
import re
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.auth import credentials, recovery
from server.auth.access import ROLES, rule_of
from server.auth.credentials import SESSION
from server.problems import Problem
from server.settings import BadSetting, Settings
from server.store import audit, factors, people
from server.store.database import read, write
from tests.server.auth.conftest import PASSWORD, SAME_SITE, Clock, add_user, enter
from tests.threads import at_once

STEP = 30_000
MINUTE = 60_000
SHORT = "vélo-4-Paon!"


def post(client: FlaskClient, path: str, **form: str) -> Any:
    return client.post(path, data=form, headers=SAME_SITE)


def text(answer: Any) -> str:
    return answer.get_data(as_text=True)


def seed_of(page: str) -> str:
    return "".join(re.search('class="code seed">([^<]+)<', page)[1].split())


def set_up(client: FlaskClient, clock: Clock) -> tuple[str, list[str]]:
    """Set up an app as the page says; its seed and the recovery codes."""
    page = text(client.get("/account/second-factor"))
    seed = seed_of(page)
    answer = post(client, "/account/app", set_up=re.search('name="set_up" value="([^"]+)"', page)[1],
                  code=code(seed, clock))  # fmt: skip
    assert answer.status_code == 200, text(answer)
    return seed, re.findall(r'<li class="code">([^<]+)</li>', text(answer))


def code(seed: str, clock: Clock, steps: int = 0) -> str:
    return pyotp.TOTP(seed).generate_otp(clock.now // STEP + steps)


def is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


@pytest.fixture
def omar(database: Engine, settings: Settings, site: str) -> str:
    add_user(database, settings, "omar", "accountant")
    return "omar"


@pytest.fixture
def seeded(client: FlaskClient, omar: str, clock: Clock) -> tuple[str, list[str]]:
    """Omar with an app: seed and recovery codes. His browser is signed in; time has passed since."""
    enter(client, omar)
    made = set_up(client, clock)
    clock.now += 2 * STEP
    return made


@pytest.mark.requirement("SR-09")
@pytest.mark.parametrize("role", sorted(set(ROLES) - {"lead"}))
def test_a_role_that_needs_a_second_factor_opens_nothing_without(
    role: str, app: Flask, database: Engine, settings: Settings, site: str
) -> None:
    add_user(database, settings, "omar", role)
    client = app.test_client()
    answer = enter(client, "omar", next="/entries")
    assert answer.headers["Location"] == "/account/second-factor?next=/entries"
    with app.app_context():
        rules = [(rule, rule_of(rule.endpoint)) for rule in app.url_map.iter_rules()]
    tried = 0
    for rule, access in rules:
        if access.public or access.arriving or not access.roles or rule.arguments:
            continue
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            headers = {**SAME_SITE, "Accept": "application/json"}
            told = client.open(rule.rule, method=method, headers=headers)
            assert (told.status_code, told.json["code"]) == (403, "auth.unfinished"), rule.rule
            tried += 1
    assert tried > 30
    page = client.get("/entries")
    assert (page.status_code, page.headers["Location"]) == (303, "/account/second-factor?next=/entries")
    assert "/account/second-factor" in client.get("/entries", headers={"HX-Request": "true"}).headers["HX-Redirect"]
    assert '<a href="/' not in text(client.get("/account/second-factor")).partition("<main")[0].partition("<nav")[2]


@pytest.mark.requirement("SR-09")
def test_a_lead_signs_in_with_a_long_password_alone(
    client: FlaskClient, database: Engine, settings: Settings, site: str
) -> None:
    add_user(database, settings, "nadia", "lead")
    assert enter(client, "nadia").headers["Location"] == "/start"
    assert is_in(client)


@pytest.mark.requirement("SR-09")
def test_a_short_password_does_not_stand_alone(
    client: FlaskClient, database: Engine, settings: Settings, site: str, clock: Clock
) -> None:
    add_user(database, settings, "nadia", "lead", password=SHORT)
    assert enter(client, "nadia", SHORT).headers["Location"] == "/account/password"
    assert client.get("/account").headers["Location"].startswith("/account/password")
    again = post(client, "/account/password", current=SHORT, password="vélo-5-Paon!", again="vélo-5-Paon!")
    assert again.status_code == 422
    for wrong in ({"current": "not this one at all"}, {"again": "un autre tour jolj"}, {"password": ""}):
        form = {"current": SHORT, "password": "un autre tour joli", "again": "un autre tour joli"} | wrong
        assert post(client, "/account/password", **form).status_code in (401, 422)
        assert not is_in(client)
    before = client.get_cookie(SESSION).value
    done = post(client, "/account/password", current=SHORT, password="un autre tour joli", again="un autre tour joli")
    assert done.status_code == 303
    assert is_in(client)
    client.set_cookie(SESSION, before)
    assert not is_in(client)


@pytest.mark.requirement("SR-09")
def test_with_a_second_factor_the_short_password_will_do(
    client: FlaskClient, database: Engine, settings: Settings, site: str, clock: Clock
) -> None:
    add_user(database, settings, "nadia", "lead", password=SHORT)
    enter(client, "nadia", SHORT)
    seed, _codes = set_up(client, clock)
    assert is_in(client)
    clock.now += 2 * STEP
    assert enter(client, "nadia", SHORT).headers["Location"] == "/sign-in/second"
    assert post(client, "/sign-in/second", code=code(seed, clock)).headers["Location"] == "/start"
    assert is_in(client)
    # A lead may take it away again, and then needs the longer password.
    assert post(client, "/account/app/remove").status_code == 303
    assert enter(client, "nadia", SHORT).headers["Location"] == "/account/password"


@pytest.mark.requirement("SR-09")
def test_an_app_is_set_up_with_a_code_that_fits(client: FlaskClient, omar: str, clock: Clock, database: Engine) -> None:
    enter(client, omar)
    before = client.get_cookie(SESSION).value
    page = text(client.get("/account/second-factor"))
    seed, given = seed_of(page), re.search('name="set_up" value="([^"]+)"', page)[1]
    off = "000000" if code(seed, clock) != "000000" else "111111"
    for wrong in (off, "", "12345", "abcdef", "１２３４５６", "1" * 400, code(seed, clock, 2), code(seed, clock, -2)):
        told = post(client, "/account/app", set_up=given, code=wrong)
        assert told.status_code == 401
        assert seed_of(text(told)) == seed  # the same picture: the app was right, the typing wrong
    for bad in ("", "x", given[:-2], given.swapcase()):
        assert post(client, "/account/app", set_up=bad, code=code(seed, clock)).status_code == 410
    assert not is_in(client)
    told = post(client, "/account/app", set_up=given, code=code(seed, clock))
    codes = re.findall(r'<li class="code">([^<]+)</li>', text(told))
    assert len(set(codes)) == 10
    assert all(re.fullmatch("([2-9a-hjkmnp-z]{4}-){3}[2-9a-hjkmnp-z]{4}", one) for one in codes)
    assert told.headers["Cache-Control"] == "no-store"
    assert is_in(client)
    assert client.get_cookie(SESSION).value != before
    client.set_cookie(SESSION, before)
    assert not is_in(client)  # what the sign-in may do has changed: the old secret is dead
    with read(database) as connection:
        told = [line.action for line in audit.lines(connection, "main", audit.Search(data={"personal"}))]
    assert {"user.signed_in", "user.factor_added", "user.recovery_codes_made", "user.proved_again"} <= set(told)


@pytest.mark.requirement("SR-09")
def test_the_seed_of_another_user_or_of_yesterday_is_not_taken(
    app: Flask, client: FlaskClient, omar: str, clock: Clock, database: Engine, settings: Settings
) -> None:
    add_user(database, settings, "mallory", "accountant")
    other = app.test_client()
    enter(other, "mallory")
    theirs = text(other.get("/account/second-factor"))
    form = {"set_up": re.search('name="set_up" value="([^"]+)"', theirs)[1], "code": code(seed_of(theirs), clock)}
    enter(client, omar)
    assert post(client, "/account/app", **form).status_code == 410
    page = text(client.get("/account/second-factor"))
    given, seed = re.search('name="set_up" value="([^"]+)"', page)[1], seed_of(page)
    for _ in range(4):
        clock.now += 8 * MINUTE
        post(client, "/sign-in/again", password=PASSWORD)
    assert post(client, "/account/app", set_up=given, code=code(seed, clock)).status_code == 410


@pytest.mark.requirement("SR-09", "SR-10")
def test_the_password_alone_is_nobody_until_the_code_is_there(
    app: Flask, seeded: tuple[str, list[str]], omar: str, clock: Clock
) -> None:
    client = app.test_client()
    assert enter(client, omar, next="/entries").headers["Location"] == "/sign-in/second?next=/entries"
    half = client.get_cookie(SESSION).value
    for path in ("/account", "/account/second-factor", "/account/password", "/sign-in/again", "/entries"):
        assert client.get(path).headers["Location"].startswith("/sign-in?next="), path
    assert post(client, "/account/app/remove").status_code == 401
    page = text(client.get("/sign-in/second?next=/entries"))
    assert omar not in page  # not even a name is shown
    done = post(client, "/sign-in/second", code=code(seeded[0], clock), next="/entries")
    assert done.headers["Location"] == "/entries"
    assert is_in(client)
    assert client.get_cookie(SESSION).value != half
    client.set_cookie(SESSION, half)
    assert not is_in(client)
    assert post(client, "/sign-in/second", code=code(seeded[0], clock, 1)).headers["Location"] == "/sign-in"


@pytest.mark.requirement("SR-09")
def test_the_code_has_to_follow_soon(app: Flask, seeded: tuple[str, list[str]], omar: str, clock: Clock) -> None:
    client = app.test_client()
    enter(client, omar)
    clock.now += 11 * MINUTE
    assert post(client, "/sign-in/second", code=code(seeded[0], clock)).headers["Location"] == "/sign-in"
    assert not is_in(client)


@pytest.mark.requirement("SR-09")
@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
def test_a_clock_may_be_half_a_minute_off(
    steps: int, status: int, app: Flask, seeded: tuple[str, list[str]], omar: str, clock: Clock
) -> None:
    clock.now += 3 * STEP  # away from the step the set-up used
    client = app.test_client()
    enter(client, omar)
    assert post(client, "/sign-in/second", code=code(seeded[0], clock, steps)).status_code == status
    assert is_in(client) == (status == 303)


@pytest.mark.requirement("SR-09")
def test_a_code_is_taken_once(app: Flask, seeded: tuple[str, list[str]], omar: str, clock: Clock) -> None:
    def tries(shown: str) -> int:
        client = app.test_client()
        enter(client, omar)
        return post(client, "/sign-in/second", code=shown).status_code

    assert tries(code(seeded[0], clock, -2)) == 401  # the one that set it up
    now_shown, before = code(seeded[0], clock), code(seeded[0], clock, -1)
    assert tries(now_shown) == 303
    assert tries(now_shown) == 401
    assert tries(before) == 401  # nor one before it, which was seen on the way
    clock.now += 5 * MINUTE
    assert tries(code(seeded[0], clock)) == 303
    # With spaces, as apps show it.
    clock.now += MINUTE
    shown = code(seeded[0], clock)
    assert tries(f" {shown[:3]} {shown[3:]} ") == 303


@pytest.mark.requirement("SR-09")
def test_of_two_who_show_one_code_at_once_one_gets_in(
    app: Flask, seeded: tuple[str, list[str]], omar: str, clock: Clock
) -> None:
    clients = [app.test_client() for _ in range(4)]
    for client in clients:
        enter(client, omar)
    waiting, statuses = list(clients), []

    def show() -> None:
        client = waiting.pop()
        statuses.append(post(client, "/sign-in/second", code=code(seeded[0], clock)).status_code)

    at_once(show, 4)
    assert sorted(statuses) == [303, 401, 401, 401]


@pytest.mark.requirement("SR-06", "SR-09")
def test_codes_are_not_guessed(app: Flask, seeded: tuple[str, list[str]], omar: str, clock: Clock) -> None:
    client = app.test_client()
    enter(client, omar)
    right = code(seeded[0], clock)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    if wrong in {code(seeded[0], clock, steps) for steps in (-1, 1)}:
        wrong = f"{(int(right) + 2) % 1_000_000:06}"
    for _ in range(3):
        assert post(client, "/sign-in/second", code=wrong).status_code == 401
    assert post(client, "/sign-in/second", code=right).status_code == 401  # too soon: not even looked at
    clock.now += 1_001
    for _ in range(2):
        assert post(client, "/sign-in/second", code=wrong).status_code == 401
        clock.now += 5_000
    # Five: locked, and the right password forgives no wrong code.
    clock.now += 9 * MINUTE
    enter(client, omar)
    assert post(client, "/sign-in/second", code=code(seeded[0], clock)).status_code == 401
    assert post(client, "/sign-in/second", code=seeded[1][0]).status_code == 401  # nor is a recovery code looked at
    clock.now += 7 * MINUTE
    enter(client, omar)
    assert post(client, "/sign-in/second", code=code(seeded[0], clock)).status_code == 303
    assert is_in(client)


@pytest.mark.requirement("SR-09")
def test_a_recovery_code_stands_once_for_the_second_factor(
    app: Flask, client: FlaskClient, seeded: tuple[str, list[str]], omar: str, database: Engine, clock: Clock
) -> None:
    def tries(shown: str) -> int:
        browser = app.test_client()
        enter(browser, omar)
        return post(browser, "/sign-in/second", code=shown).status_code

    first, second, third = seeded[1][:3]
    assert tries("2222-2222-2222-2222") == 401
    assert tries(first) == 303
    assert tries(first) == 401
    assert tries(second.replace("-", " ").upper()) == 303
    with read(database) as connection:
        assert factors.factors_of(connection, "main", omar).codes == 8
    # New codes void the old ones.
    client.post("/sign-in/again", data={"password": PASSWORD}, headers=SAME_SITE)
    page = text(post(client, "/account/recovery-codes"))
    assert third not in page
    assert tries(third) == 401
    clock.now += MINUTE
    assert tries(re.findall(r'<li class="code">([^<]+)</li>', page)[0]) == 303


def test_of_two_who_show_one_recovery_code_at_once_one_gets_in(
    app: Flask, seeded: tuple[str, list[str]], omar: str, database: Engine
) -> None:
    outcomes = []

    def show() -> None:
        with app.test_request_context():
            try:
                recovery.check(database, omar, seeded[1][0], "192.0.2.1")
                outcomes.append("in")
            except Problem as problem:
                outcomes.append(problem.code)

    at_once(show, 4)
    assert sorted(outcomes) == ["auth.wrong_code"] * 3 + ["in"]


@pytest.mark.requirement("SR-09", "SR-63")
def test_neither_seed_nor_codes_can_be_read_from_the_database(
    seeded: tuple[str, list[str]], database: Engine, settings: Settings
) -> None:
    with read(database) as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    stored = b"".join(path.read_bytes() for path in settings.data_dir.glob("floorledger.sqlite*"))
    assert b"totp" in stored
    for secret in (seeded[0], *seeded[1], *(one.replace("-", "") for one in seeded[1]), PASSWORD):
        assert secret.encode() not in stored


def test_without_the_key_no_code_fits_and_recovery_codes_do(
    app: Flask, seeded: tuple[str, list[str]], omar: str, settings: Settings, clock: Clock
) -> None:
    (settings.data_dir / "vault.key").unlink()
    client = app.test_client()
    enter(client, omar)
    assert post(client, "/sign-in/second", code=code(seeded[0], clock)).status_code == 401
    assert post(client, "/sign-in/second", code=seeded[1][0]).status_code == 303


@pytest.mark.requirement("SR-10")
def test_a_changed_factor_ends_the_sign_ins_elsewhere(
    app: Flask, client: FlaskClient, database: Engine, settings: Settings, site: str, clock: Clock
) -> None:
    add_user(database, settings, "nadia", "lead")
    elsewhere = app.test_client()
    enter(elsewhere, "nadia")
    enter(client, "nadia")
    seed, _codes = set_up(client, clock)
    assert is_in(client) and not is_in(elsewhere)  # whoever knew the password alone is out
    clock.now += 2 * STEP
    enter(elsewhere, "nadia")
    post(elsewhere, "/sign-in/second", code=code(seed, clock))
    assert is_in(elsewhere)
    assert post(client, "/account/app/remove").status_code == 303
    assert is_in(client) and not is_in(elsewhere)


@pytest.mark.requirement("SR-09")
def test_the_last_factor_stays_where_roles_need_one(
    client: FlaskClient, seeded: tuple[str, list[str]], omar: str, database: Engine
) -> None:
    told = client.post("/account/app/remove", headers={**SAME_SITE, "Accept": "application/json"})
    assert (told.status_code, told.json["code"]) == (409, "auth.factor_needed")
    with read(database) as connection:
        assert factors.has_factor(connection, "main", omar)


def test_who_lost_everything_begins_anew_when_somebody_takes_it_away(
    client: FlaskClient, seeded: tuple[str, list[str]], omar: str, database: Engine
) -> None:
    with write(database) as connection:
        factors.forget_factors(connection, "main", omar)
    assert enter(client, omar).headers["Location"] == "/account/second-factor"
    assert not is_in(client)


def test_the_first_administrator_goes_on_to_the_second_factor(app: Flask, database: Engine, clock: Clock) -> None:
    secret, client = credentials.make_secret(), app.test_client()
    with write(database) as connection:
        people.create_enrolment(
            connection, "main", credentials.digest(secret), expires_at=clock.now + MINUTE, kind="setup"
        )
    form = {"code": secret, "name": "ines", "password": SHORT, "site_name": "Usine", "zone": "Europe/Paris",
            "currency": "EUR"}  # fmt: skip
    done = client.post("/set-up", data=form, headers=SAME_SITE)
    assert done.headers["Location"] == "/account/second-factor"
    assert not is_in(client)
    set_up(client, clock)
    assert is_in(client)
    assert client.get("/admin/devices").status_code == 200


def test_roles_that_need_a_second_factor_are_a_setting(settings: Settings) -> None:
    assert settings.needs_factor(["lead", "admin"]) and not settings.needs_factor(["lead"])
    assert not dataclasses.replace(settings, second_factor_roles=("none",)).needs_factor(ROLES)
    environment = dataclasses.replace(settings, second_factor_roles=("none",)).to_environment()
    assert Settings.from_environment(environment).second_factor_roles == ("none",)
    for wrong in (("boss",), ("none", "admin"), ()):
        with pytest.raises(BadSetting):
            dataclasses.replace(settings, second_factor_roles=wrong)
