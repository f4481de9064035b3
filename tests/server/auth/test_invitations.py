"""Links that let somebody in: used once, in time, by a form only, and made for an address nobody outside chooses."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth import credentials, invitations, rights
from server.auth.rights import Acting
from server.problems import Problem
from server.settings import BadSetting, Settings
from server.store import audit, people, two_people
from server.store.database import read, write
from tests.server import callers
from tests.server.auth.conftest import Clock

SAME = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "seven yellow bicycles"
DAY = 86_400_000
MINUTE = 60_000


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Without second factors: what is tested here comes before them."""
    return replace(settings, second_factor_roles=("none",))


@pytest.fixture
def boss(app: Flask, database: Engine, site: str) -> str:
    """The only user: an administrator."""
    add(database, "boss", "admin")
    return "boss"


def add(database: Engine, name: str, *roles: str) -> None:
    with write(database) as connection:
        people.create_user(connection, "main", name, display_name=name.title(), password_hash="-", roles=roles)


def invite(database: Engine, clock: Clock, settings: Settings, name: str, *roles: str, by: str = "user:boss") -> str:
    with write(database) as connection:
        act = Acting(connection, "main", by, clock.now)
        return invitations.invite(act, settings, name, name.title(), roles=roles).secret


def reset(database: Engine, clock: Clock, settings: Settings, name: str, *, factor: bool = False) -> str:
    with write(database) as connection:
        link = invitations.reset(Acting(connection, "main", "cli", clock.now), settings, name, clears_factor=factor)
        assert link
        return link.secret


def accept(client: FlaskClient, secret: str, password: str = PASSWORD, path: str = "/join", again: str | None = None):
    form = {"code": secret, "password": password, "again": password if again is None else again}
    return client.post(path, data=form, headers=SAME)


def roles_of(database: Engine, name: str) -> str:
    with read(database) as connection:
        found = people.find_user(connection, "main", name)
    assert found
    return found.roles


def trail(database: Engine) -> list[str]:
    with read(database) as connection:
        search = audit.Search(data=("operational", "personal", "wage"))
        return [line.action for line in audit.lines(connection, "main", search)][::-1]


# --- using a link ------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-16")
def test_an_invitation_makes_a_user_once(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    secret = invite(database, clock, settings, "ines", "lead")
    page = client.post("/join", data={"code": secret}, headers=SAME).get_data(as_text=True)
    assert "Welcome, Ines" in page and "Team lead" in page
    answer = accept(client, secret)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/start")
    assert client.get("/board").status_code == 200
    assert roles_of(database, "ines") == "lead"
    again = accept(client, secret, "another long passphrase")
    assert again.status_code == 410 and "does not work any more" in again.get_data(as_text=True)
    assert trail(database) == ["user.invited", "user.created", "user.signed_in"]


@pytest.mark.requirement("SR-16")
def test_looking_at_a_link_uses_nothing_up(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    """Mail programs and messengers follow links to show what is behind them."""
    secret = invite(database, clock, settings, "ines", "lead")
    for method in ("GET", "HEAD"):
        assert client.open("/join", method=method).status_code == 200
    assert client.get(f"/join?code={secret}").status_code == 400
    for _ in range(2):
        client.post("/join", data={"code": secret}, headers=SAME)
    assert accept(client, secret).status_code == 303


@pytest.mark.requirement("SR-16")
@pytest.mark.parametrize(("minutes", "status"), [(29, 303), (30, 410)])
def test_a_reset_lasts_half_an_hour(
    minutes: int, status: int, client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    secret = reset(database, clock, settings, "boss")
    clock.now += minutes * MINUTE
    assert accept(client, secret, path="/reset").status_code == status


def test_a_reset_cannot_be_set_to_last_longer() -> None:
    with pytest.raises(BadSetting):
        Settings(reset_minutes=31)


def test_an_invitation_lasts_as_long_as_is_set(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    secrets = [invite(database, clock, settings, name, "lead") for name in ("ines", "omar")]
    clock.now += settings.invitation_days * DAY - 1
    assert accept(client, secrets[0]).status_code == 303
    clock.now += 1
    assert accept(client, secrets[1]).status_code == 410


@pytest.mark.requirement("SR-16")
def test_the_database_knows_no_secret(database: Engine, clock: Clock, settings: Settings, boss: str) -> None:
    secret = invite(database, clock, settings, "ines", "lead")
    with read(database) as connection:
        rows = connection.exec_driver_sql("SELECT * FROM invitation").all()
        lines = connection.exec_driver_sql("SELECT * FROM audit_line").all()
    assert credentials.digest(secret) in rows[0]
    assert secret not in repr(rows) + repr(lines)


def test_a_newer_link_ends_the_older(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    older, newer = (invite(database, clock, settings, "ines", "lead") for _ in range(2))
    assert accept(client, older).status_code == 410
    assert accept(client, newer).status_code == 303


def test_a_link_fits_its_own_page_only(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    assert accept(client, invite(database, clock, settings, "ines", "lead"), path="/reset").status_code == 410
    assert accept(client, reset(database, clock, settings, "boss"), path="/join").status_code == 410


@pytest.mark.parametrize("code", ["", "fli_" + "0" * 40, "x" * 5000])
def test_a_made_up_code(code: str, client: FlaskClient, site: str) -> None:
    assert client.post("/join", data={"code": code}, headers=SAME).status_code == 410


@pytest.mark.parametrize(
    ("password", "again", "said"), [("short", None, "too weak"), (PASSWORD, "another", "two passwords differ")]
)
def test_a_password_that_cannot_be_leaves_the_link(
    password: str, again: str | None, said: str, client: FlaskClient, database: Engine, clock: Clock,
    settings: Settings, boss: str,
) -> None:  # fmt: skip
    secret = invite(database, clock, settings, "ines", "lead")
    answer = accept(client, secret, password, again=again)
    assert answer.status_code == 422 and said in answer.get_data(as_text=True)
    assert accept(client, secret).status_code == 303


def test_a_name_somebody_took_meanwhile(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    secret = invite(database, clock, settings, "ines", "lead")
    add(database, "ines", "lead")
    assert accept(client, secret).status_code == 409


@pytest.mark.requirement("SR-10")
def test_a_reset_ends_sign_ins_and_the_old_password(
    app: Flask, client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    accept(client, reset(database, clock, settings, "boss"), path="/reset")
    assert client.get("/admin/users").status_code == 200
    secret = reset(database, clock, settings, "boss")
    other = app.test_client()
    assert accept(other, secret, "eleven purple tractors", path="/reset").status_code == 303
    assert client.get("/admin/users").headers["Location"].startswith("/sign-in")
    for password, status in ((PASSWORD, 401), ("eleven purple tractors", 303)):
        answer = app.test_client().post("/sign-in", data={"name": "boss", "password": password}, headers=SAME)
        assert answer.status_code == status


def test_who_is_shut_out_stays_out(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    add(database, "ines", "lead")
    secret = reset(database, clock, settings, "ines")
    with write(database) as connection:
        people.change_user(connection, "main", "ines", active=False)
    assert accept(client, secret, path="/reset").status_code == 410


@pytest.mark.parametrize("name", ["", "a/b", "..", "a\\b", " a", "a\nb", "x" * 65, "a%2fb", "#"])
def test_a_name_that_cannot_be(name: str, database: Engine, clock: Clock, settings: Settings, boss: str) -> None:
    with pytest.raises(Problem) as refused:
        invite(database, clock, settings, name, "lead")
    assert refused.value.code == "request.invalid"


# --- for which address -------------------------------------------------------------------------------------------


def made_link(page: str) -> str:
    found = re.search(r'id="address" value="([^"]+)"', page)
    return found[1] if found else ""


@pytest.mark.requirement("SR-16")
@pytest.mark.parametrize(
    ("public_url", "trusted", "host", "begins"),
    [
        ("https://floor.example.org", (), "evil.example", "https://floor.example.org/join#fli_"),
        ("https://floor.example.org/", ("plant.example",), "plant.example", "https://floor.example.org/join#fli_"),
        ("", ("plant.example",), "plant.example", "http://plant.example/join#fli_"),
        ("", (), "127.0.0.1:8000", "http://127.0.0.1:8000/join#fli_"),
        ("", (), "evil.example", ""),
        ("", (), "localhost.evil.example", ""),
    ],
)
def test_a_link_leads_here_whatever_the_host_header_says(
    public_url: str, trusted: tuple[str, ...], host: str, begins: str, settings: Settings, database: Engine, site: str
) -> None:

    app = create_app(replace(settings, public_url=public_url, trusted_hosts=trusted))
    boss = callers.signed_in(app, database, "admin")
    cookie = boss.get_cookie(credentials.SESSION)
    assert cookie
    boss.set_cookie(credentials.SESSION, cookie.value, domain=host.split(":")[0])
    form = {"name": "ines", "role": "lead"}
    answer = boss.post("/admin/users", data=form, headers=SAME | {"Host": host, "X-Forwarded-Host": "evil.example"})
    link = made_link(answer.get_data(as_text=True))
    assert "evil" not in link
    assert link.startswith(begins) and bool(link) is bool(begins)
    assert answer.status_code == (200 if begins else 409)


# --- what takes two people ---------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-31")
def test_the_only_user_gives_payroll_alone(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    """At the first run nobody else is there; the trail says who did it."""
    assert accept(client, invite(database, clock, settings, "paula", "payroll")).status_code == 303
    assert roles_of(database, "paula") == "payroll"
    assert trail(database)[:1] == ["user.invited"]


@pytest.mark.requirement("SR-31")
def test_payroll_comes_with_the_consent_of_another(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    add(database, "adam", "admin")
    secret = invite(database, clock, settings, "paula", "accountant", "payroll")
    accept(client, secret)
    assert roles_of(database, "paula") == "accountant"
    (asked,) = requests(database, clock)
    assert (asked.kind, asked.user, asked.asked_by) == ("payroll", "paula", "boss")
    assert refusal(database, clock, "boss", asked.id) == "user.needs_another"
    consent(database, clock, "adam", asked.id)
    assert roles_of(database, "paula") == "accountant payroll"
    assert client.get("/start").headers["Location"].startswith("/sign-in"), "a new role ends the sign-in"
    assert refusal(database, clock, "adam", asked.id) == "user.request_gone"
    assert trail(database)[-2:] == ["user.consented", "user.roles_changed"]


@pytest.mark.requirement("SR-31")
def test_an_open_invitation_gets_the_role_it_waited_for(
    client: FlaskClient, database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    add(database, "adam", "admin")
    secret = invite(database, clock, settings, "paula", "payroll")
    consent(database, clock, "adam", requests(database, clock)[0].id)
    accept(client, secret)
    assert roles_of(database, "paula") == "payroll"


@pytest.mark.requirement("SR-31")
def test_an_administrator_cannot_give_payroll_to_himself(
    database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    add(database, "adam", "admin")
    add(database, "paula", "payroll")
    with write(database) as connection:
        assert rights.change_roles(act(connection, clock), "boss", {"admin", "payroll"}) is True
    assert roles_of(database, "boss") == "admin"
    (asked,) = requests(database, clock)
    # Somebody has the role: nobody without it consents.
    assert refusal(database, clock, "boss", asked.id) == refusal(database, clock, "adam", asked.id)
    with write(database) as connection:
        rights.answer(act(connection, clock, "paula"), asked.id, consent=False)
    assert roles_of(database, "boss") == "admin" and requests(database, clock) == []


@pytest.mark.requirement("SR-31")
def test_an_administrator_opens_no_payroll_account_alone(
    database: Engine, clock: Clock, settings: Settings, boss: str
) -> None:
    """A new password or a new second factor would be as good as the role itself."""
    for name in ("paula", "petra"):
        add(database, name, "payroll")
    for factor, kind in ((False, "reset"), (True, "reset_factor")):
        with write(database) as connection:
            assert invitations.reset(act(connection, clock), settings, "paula", clears_factor=factor) is None
            asked = next(one for one in two_people.open_requests(connection, "main", clock.now) if one.kind == kind)
            who = rights.consenting(connection, "main", asked)
        assert who == {"petra"}
    with write(database) as connection:
        rights.disable(act(connection, clock), "paula")
        assert rights.enable(act(connection, clock), "paula") is True
    with read(database) as connection:
        paula = people.find_user(connection, "main", "paula")
    assert paula and not paula.active


def test_who_runs_the_machine_acts_alone(database: Engine, clock: Clock, settings: Settings, boss: str) -> None:
    add(database, "adam", "admin")
    with write(database) as connection:
        assert rights.change_roles(Acting(connection, "main", "cli", clock.now), "adam", {"payroll"}) is False
    assert roles_of(database, "adam") == "payroll"


def test_a_request_lapses(database: Engine, clock: Clock, settings: Settings, boss: str) -> None:
    add(database, "adam", "admin")
    invite(database, clock, settings, "paula", "payroll")
    (asked,) = requests(database, clock)
    clock.now += two_people.LAPSE_MS
    assert refusal(database, clock, "adam", asked.id) == "user.request_gone"


def test_the_last_administrator_stays(database: Engine, clock: Clock, settings: Settings, boss: str) -> None:
    add(database, "ines", "lead")
    add(database, "adam", "admin")
    with write(database) as connection:
        rights.disable(act(connection, clock, "boss"), "adam")
    for change in (
        lambda acting: rights.disable(acting, "boss"),
        lambda acting: rights.change_roles(acting, "boss", {"lead"}),
    ):
        with pytest.raises(Problem) as refused, write(database) as connection:
            change(act(connection, clock))
        assert refused.value.code == "user.last_admin"
    assert roles_of(database, "boss") == "admin"


def act(connection, clock: Clock, name: str = "boss") -> Acting:
    return Acting(connection, "main", f"user:{name}", clock.now)


def requests(database: Engine, clock: Clock) -> list[two_people.Request]:
    with read(database) as connection:
        return two_people.open_requests(connection, "main", clock.now)


def consent(database: Engine, clock: Clock, name: str, identity: str) -> None:
    with write(database) as connection:
        rights.answer(act(connection, clock, name), identity, consent=True)


def refusal(database: Engine, clock: Clock, name: str, identity: str) -> str:
    with pytest.raises(Problem) as refused:
        consent(database, clock, name, identity)
    return refused.value.code
