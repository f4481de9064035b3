"""Nobody asks so much that the others are not served: by device, person, token and address."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app, pace
from server.auth import credentials
from server.auth.access import access
from server.pace import Pace
from server.settings import Settings
from tests.server import callers

SAME = {"Sec-Fetch-Site": "same-origin"}


def app_with(settings: Settings, **limits: int) -> Flask:
    return create_app(replace(settings, **limits))


def statuses(client: FlaskClient, path: str, count: int, **more: object) -> Counter[int]:
    return Counter(client.get(path, **more).status_code for _ in range(count))  # type: ignore[arg-type]


# --- the law -----------------------------------------------------------------------------------------------------


def test_a_minute_s_worth_at_once_then_one_at_a_time() -> None:
    paced = Pace(60)
    assert [paced.take("a", 100.0) for _ in range(60)] == [0.0] * 60
    assert paced.take("a", 100.0) == pytest.approx(1.0)
    assert paced.take("b", 100.0) == 0.0, "each has a pace of its own"
    assert paced.take("a", 101.0) == 0.0
    assert paced.take("a", 101.0) == pytest.approx(1.0)
    assert [paced.take("a", 1_000.0) for _ in range(60)] == [0.0] * 60, "who rests may hurry again"
    assert paced.take("a", 1_000.0, count=5) == pytest.approx(5.0)


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.5, 0.999])
def test_however_one_hurries_it_is_no_more_than_promised(pause: float) -> None:
    paced, now, granted = Pace(60), 0.0, 0
    while now < 600:
        granted += paced.take("a", now) == 0.0
        now += pause or 0.01
    assert granted <= 60 + 600


def test_made_up_names_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "MOST_KEPT", 100)
    paced = Pace(60)
    for number in range(1_000):
        paced.take(str(number), float(number))
    assert len(paced._due) == 100
    assert "999" in paced._due


# --- who ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-64")
def test_a_device_that_hurries_waits_and_another_does_not(settings: Settings, database: Engine, site: str) -> None:
    app = app_with(settings, device_requests=20)
    hasty, calm = callers.device(app, database), callers.device(app, database)
    assert statuses(hasty, "/api/v1/device", 25) == {200: 20, 429: 5}
    refused = hasty.get("/api/v1/device")
    assert (refused.json["code"], int(refused.headers["Retry-After"])) == ("request.too_many", 3)
    assert calm.get("/api/v1/device").status_code == 200


@pytest.mark.requirement("SR-64")
def test_a_token_and_a_person_have_paces_of_their_own(settings: Settings, database: Engine, site: str) -> None:
    app = app_with(settings, token_requests=10, user_requests=5)
    header = callers.bearer(database, "reference:read")
    assert statuses(app.test_client(), "/api/v1/reference", 12, headers=header) == {200: 10, 429: 2}
    lead = callers.signed_in(app, database, "lead")
    assert statuses(lead, "/admin/devices", 7) == {200: 5, 429: 2}
    page = lead.get("/admin/devices").get_data(as_text=True)
    assert "Too many requests." in page and "Traceback" not in page


@pytest.mark.requirement("SR-64")
def test_who_shows_nothing_or_rubbish_shares_the_pace_of_his_address(
    settings: Settings, database: Engine, site: str
) -> None:
    """Made-up credentials are no way round it, and a shop behind the same address goes on."""
    app = app_with(settings, address_requests=30)
    tablet = callers.device(app, database)
    assert tablet.get("/api/v1/device").status_code == 200
    seen = Counter(
        app.test_client().get("/api/v1/device", headers={"Authorization": f"Bearer fld_{number}"}).status_code
        for number in range(60)
    )
    assert seen[401] <= 30 / (1 + pace.GUESS) + 1
    assert seen[401] + seen[429] == 60
    assert app.test_client().get("/api/v1/device").status_code == 429
    assert app.test_client().post("/sign-in", data={"name": "x", "password": "y"}, headers=SAME).status_code == 429
    assert tablet.get("/api/v1/device").status_code == 200, "it showed a good one before"
    elsewhere = {"REMOTE_ADDR": "10.1.2.3"}
    assert app.test_client().get("/api/v1/device", environ_base=elsewhere).status_code == 401
    assert app.test_client().get("/sign-in").status_code == 200, "reading what everybody may costs nothing"


@pytest.mark.requirement("SR-54")
def test_an_address_that_is_only_claimed_does_not_count(settings: Settings, site: str) -> None:
    app = app_with(settings, address_requests=5)
    seen = Counter(
        app.test_client().get("/api/v1/device", headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code
        for number in range(10)
    )
    assert seen == {401: 5, 429: 5}


@pytest.mark.parametrize(
    ("shown", "counted"),
    [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"), ("", "")],
)
def test_an_ipv6_customer_is_one_network(app: Flask, shown: str, counted: str) -> None:
    with app.test_request_context(environ_base={"REMOTE_ADDR": shown}):
        assert pace.address() == counted


def test_zero_is_no_limit(settings: Settings, database: Engine, site: str) -> None:
    app = app_with(settings, address_requests=0, device_requests=0)
    assert statuses(app.test_client(), "/api/v1/device", 40) == {401: 40}


# --- at once -----------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(settings: Settings, database: Engine, site: str) -> Iterator[tuple[Flask, threading.Event]]:
    """An application with a view that takes until told."""
    app, done = create_app(settings), threading.Event()

    @app.get("/slow")
    @access(device=True)
    def wait() -> str:
        done.wait(20)
        return "done"

    @app.get("/report")
    @access(roles={"lead"})
    @pace.costly
    def report() -> str:
        done.wait(20)
        return "done"

    yield app, done
    done.set()


def in_threads(count: int, work: object) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for _ in range(count)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.requirement("SR-64")
def test_one_device_takes_no_more_than_its_share_of_the_threads(
    slow: tuple[Flask, threading.Event], database: Engine
) -> None:
    app, done = slow
    greedy, other = callers.device(app, database), callers.device(app, database)
    secret = greedy.get_cookie(credentials.DEVICE).value
    seen: list[int] = []

    def ask() -> None:
        client = app.test_client()
        client.set_cookie(credentials.DEVICE, secret)
        seen.append(client.get("/slow").status_code)

    threads = in_threads(20, ask)
    deadline = time.monotonic() + 15
    while len(seen) < 20 - pace.MOST_AT_ONCE and time.monotonic() < deadline:
        time.sleep(0.01)
    assert seen == [429] * (20 - pace.MOST_AT_ONCE)
    assert other.get("/api/v1/device").status_code == 200
    done.set()
    for thread in threads:
        thread.join(20)
    assert Counter(seen) == {200: pace.MOST_AT_ONCE, 429: 20 - pace.MOST_AT_ONCE}
    assert greedy.get("/slow").status_code == 200, "what is done makes room"
    assert not app.extensions["paces"].at_work


@pytest.mark.requirement("SR-64")
def test_of_what_is_costly_little_is_in_work_at_once(slow: tuple[Flask, threading.Event], database: Engine) -> None:
    app, done = slow
    readers = [callers.signed_in(app, database, "lead", name=f"lead{number}") for number in range(5)]
    seen: list[int] = []
    threads = [threading.Thread(target=lambda one=one: seen.append(one.get("/report").status_code)) for one in readers]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 15
    while len(seen) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert seen == [429] * 3
    assert readers[0].get("/admin/devices").status_code == 200, "light pages are served beside it"
    done.set()
    for thread in threads:
        thread.join(20)
    assert Counter(seen) == {200: pace.MOST_COSTLY, 429: 3}


def test_what_fails_makes_room_again(settings: Settings, database: Engine, site: str) -> None:
    app = create_app(settings)

    @app.get("/broken")
    @access(device=True)
    def fail() -> str:
        raise RuntimeError("by design")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    tablet = callers.device(app, database)
    assert statuses(tablet, "/broken", pace.MOST_AT_ONCE + 3) == {500: pace.MOST_AT_ONCE + 3}
    assert not app.extensions["paces"].at_work
