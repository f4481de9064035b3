"""Trouble is answered in words, with a code and an id, and shows nothing of the inside."""

import logging

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from server.auth.access import access
from server.extensions import db
from server.problems import CATALOGUE, Problem, describe
from server.store.database import write
from tests.server import callers

INSIDE = ("Traceback", "File ", ".py", "SELECT", "sqlite", "Werkzeug", "Flask", "/tmp", "topsecret")


@pytest.fixture
def failing(app: Flask) -> FlaskClient:
    """The application with views that fail in all ways."""

    def add(path: str, view: object) -> None:
        app.add_url_rule(path, path, access(public="a view of a test that fails")(view))

    def broken() -> str:
        raise ZeroDivisionError("topsecret /srv/app.py")

    def bad_sql() -> str:
        with write(db.engine) as connection:
            connection.execute(text("SELECT topsecret FROM nowhere"))
        return ""

    def constraint() -> str:
        with write(db.engine) as connection:
            connection.execute(text("INSERT INTO department VALUES ('main', :wage, NULL)"), {"wage": f"{31}.40"})
        return ""

    def wrong() -> str:
        raise Problem("request.invalid", "<script>alert(1)</script>", pointer="/quantity")

    add("/api/broken", broken)
    add("/broken", broken)
    add("/api/bad-sql", bad_sql)
    add("/api/constraint", constraint)
    add("/wrong", wrong)
    add("/api/wrong", wrong)
    add("/many", lambda: abort(429))
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [("/api/broken", 500, "server.error"), ("/api/bad-sql", 500, "server.error"),
     ("/api/constraint", 500, "server.error")],
)  # fmt: skip
def test_a_failure_says_its_id_and_nothing_else(
    path: str, status: int, code: str, failing: FlaskClient, caplog: pytest.LogCaptureFixture, site: str
) -> None:
    answer = failing.get(path)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"
    assert not [word for word in INSIDE if word in answer.get_data(as_text=True)]
    assert f"id={answer.json['id']}" in caplog.text
    assert "31.40" not in caplog.text  # what was typed reaches no log


def test_a_failing_page_is_a_page(failing: FlaskClient, caplog: pytest.LogCaptureFixture, site: str) -> None:
    answer = failing.get("/broken", headers={"Accept": "text/html", "Accept-Language": "fr"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert "Quelque chose s’est mal passé ici." in page
    assert not [word for word in INSIDE if word in page]
    shown = page.split("server.error · ")[1][:8]
    assert f"id={shown}" in caplog.text


def test_a_problem_has_the_members_of_rfc_9457(failing: FlaskClient, site: str) -> None:
    answer = failing.get("/api/wrong", headers={"Accept-Language": "fr"})
    assert answer.json == {
        "type": "/problems/request.invalid",
        "code": "request.invalid",
        "title": "Cette demande est incompréhensible.",
        "status": 400,
        "detail": "<script>alert(1)</script>",
        "action": "Corrigez-la et renvoyez-la.",
        "id": answer.json["id"],
        "pointer": "/quantity",
    }


def test_a_page_writes_what_was_sent_as_text(failing: FlaskClient, site: str) -> None:
    page = failing.get("/wrong").get_data(as_text=True)
    assert "&lt;script&gt;" in page
    assert "<script>" not in page


def test_htmx_gets_a_fragment(failing: FlaskClient, site: str) -> None:
    part = failing.get("/wrong", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.startswith('<div class="notice problem"')
    assert "<html" not in part


def test_htmx_is_led_to_the_sign_in_page(client: FlaskClient, site: str) -> None:
    answer = client.get("/admin/devices", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in")


def test_what_the_framework_refuses_speaks_our_words(failing: FlaskClient, site: str) -> None:
    answers = {
        failing.get("/many", headers={"Accept": "application/json"}).json["code"],
        failing.get("/api/v1/none").json["code"],
        failing.delete("/api/v1/device").json["code"],
    }
    assert answers == {"request.too_many", "request.not_found", "request.method"}


def test_a_busy_database_is_a_temporary_problem(
    app: Flask, database: Engine, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = callers.signed_in(app, database, "lead")
    monkeypatch.setattr("server.store.database.BUSY_MS", 50)
    with write(database):
        answer = lead.post(
            "/admin/devices/enrolment", headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
        )
    assert (answer.status_code, answer.json["code"]) == (503, "storage.unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert lead.post("/admin/devices/enrolment", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_a_log_line_cannot_be_forged(failing: FlaskClient, capsys: pytest.CaptureFixture[str], site: str) -> None:
    from server.log import Line

    text = "a\n2026-01-01 critical: forged\x1b[31m\u2028b"
    record = logging.LogRecord("floorledger", logging.INFO, "", 0, "%s", (text,), None)
    line = Line().format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    assert "\u2028" not in line
    assert "forged" in line


def test_a_verdict_describes_a_problem() -> None:
    assert describe("intake.bad_value", "quantity expects a number above zero.", "/quantity") == {
        "code": "intake.bad_value",
        "title": str(CATALOGUE["intake.bad_value"].title),
        "detail": "quantity expects a number above zero.",
        "pointer": "/quantity",
    }


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Problem("no.such_code")
