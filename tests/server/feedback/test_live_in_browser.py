"""A real browser: the board refreshes itself without losing the focus, and says when it cannot."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.serving import make_server

from server.auth import credentials
from tests.cast import ANA, LUIS, raw, send, settle
from tests.environment import LaunchChromium

JOB = {"activity": "run", "order": "MO-1", "operation": "10"}


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application on a port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def cookie(client: FlaskClient, address: str) -> dict[str, str]:
    found = client.get_cookie(credentials.SESSION)
    assert found is not None
    return {"name": credentials.SESSION, "value": found.value, "url": address}


def test_the_board_lives(launch_chromium: LaunchChromium, address: str, visit, shop: Engine):
    send(shop, [raw("labor.started", "2026-11-20T14:00:00+01:00", person=LUIS, **JOB)])
    settle(shop)
    browser = launch_chromium(viewport={"width": 1280, "height": 800})
    browser.add_cookies([cookie(visit("lead"), address)])
    page = browser.new_page()
    wrong: list[str] = []
    polls: list[tuple[int, str | None]] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Security Policy" in message.text else None)
    page.on("response", lambda answer: polls.append((answer.status, answer.request.headers.get("x-passive")))
            if "part=work" in answer.url else None)  # fmt: skip
    page.goto(f"{address}/board")
    page.locator(".worker", has_text="Luis").get_by_role("link", name="MO-1").focus()

    # Somebody clocks in: the card appears, and the keyboard stays where it was.
    send(shop, [raw("labor.started", "2026-11-20T14:10:00+01:00", person=ANA, **JOB)])
    page.locator(".worker", has_text="Ana").wait_for(timeout=15_000)
    assert page.evaluate("document.activeElement.closest('.worker').querySelector('h3').textContent") == "Luis"
    # Nothing changes: nothing is sent.
    with page.expect_response(lambda answer: "part=work" in answer.url and answer.status == 304, timeout=15_000):
        pass
    assert {passive for _, passive in polls} == {"1"}

    # The server goes away: the board says so, keeps what it shows, and goes on when it is back.
    trouble = page.get_by_role("alert").filter(has_text="has lost its connection")
    assert not trouble.is_visible()
    page.route("**/board?part=*", lambda route: route.abort())
    trouble.wait_for(timeout=15_000)
    assert page.locator(".worker").count() == 2
    page.unroute("**/board?part=*")
    trouble.wait_for(state="hidden", timeout=15_000)
    assert wrong == []
