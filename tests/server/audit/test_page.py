"""The page of the audit trail: who reads which lines, what is found, what a download looks like."""

import csv
import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from server.store import audit
from server.store.database import read, write
from tests.server import callers

pytestmark = pytest.mark.requirement("SR-61")

HTMX = {"HX-Request": "true"}
# 2026-11-20 and -21, 12:00 in Paris
FRIDAY, SATURDAY = 1_795_172_400_000, 1_795_258_800_000


@pytest.fixture
def trail(database: Engine, site: str, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Four lines, one of them about wages."""
    look = audit.Action("test.wage_read", "Wages looked at", "wage")
    monkeypatch.setitem(audit.ACTIONS, look.name, look)
    with write(database) as connection:
        for at, actor, action, subject, details in (
            (FRIDAY, "user:root", "user.created", "user:ines", {"roles": "lead"}),
            (FRIDAY, "cli", "key.rotated", "pin", {}),
            (SATURDAY, "user:paula", "test.wage_read", "rates", {"why": "=HYPERLINK(1)"}),
            (SATURDAY, "user:root", "user.disabled", "user:<b>omar", {}),
        ):
            audit.record(connection, site, at=at, actor=actor, action=action, subject=subject, details=details)
    return database


def signed_in(app: Flask, trail: Engine, *roles: str, language: str = "en") -> FlaskClient:
    return callers.signed_in(app, trail, *roles, language=language)


def numbers(client: FlaskClient, **asked: str) -> list[int]:
    answer = client.get("/admin/audit.json", query_string=asked)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [line["number"] for line in answer.get_json(force=True) if line["number"] <= 4]


@pytest.mark.parametrize(
    ("roles", "seen"),
    [(("admin",), [4, 2, 1]), (("auditor",), [4, 3, 2, 1]), (("payroll",), [3]), (("admin", "payroll"), [4, 3, 2, 1])],
)
def test_each_role_reads_its_lines(roles: tuple[str, ...], seen: list[int], app: Flask, trail: Engine) -> None:
    client = signed_in(app, trail, *roles)
    page = client.get("/admin/audit").get_data(as_text=True)
    assert [number for number in (4, 3, 2, 1) if f'id="line-{number}"' in page] == seen
    assert numbers(client) == seen
    assert ("Wages looked at" in page) == (3 in seen)  # neither as a line nor in the list of what can be asked for


@pytest.mark.parametrize("role", ["lead", "accountant"])
@pytest.mark.parametrize("path", ["/admin/audit", "/admin/audit.csv", "/admin/audit.json"])
def test_nobody_else_reads_any(role: str, path: str, app: Flask, trail: Engine) -> None:
    assert signed_in(app, trail, role).get(path).status_code == 403


def test_text_of_a_line_stays_text(app: Flask, trail: Engine) -> None:
    client = signed_in(app, trail, "auditor")
    page = client.get("/admin/audit").get_data(as_text=True)
    assert "user:&lt;b&gt;omar" in page
    assert "Command line" in page
    table = list(csv.reader(io.StringIO(client.get("/admin/audit.csv").get_data(as_text=True))))
    assert table[0] == ["number", "at", "actor", "action", "subject", "details", "erased", "hash"]
    assert [row[0] for row in table[1:]] == ["4", "3", "2", "1"]
    assert table[1][1] == "2026-11-21T11:00:00.000Z"
    assert table[2][5] == "why: =HYPERLINK(1)"  # begins with a word: no formula
    assert not any(cell.startswith(("=", "+", "@")) for row in table for cell in row)


def test_a_download_is_a_line_itself(app: Flask, trail: Engine, site: str) -> None:
    client = signed_in(app, trail, "auditor")
    client.get("/admin/audit.csv", query_string={"actor": "root"})
    with read(trail) as connection:
        (newest, *_) = audit.lines(connection, site, audit.Search({"personal"}))
    assert (newest.action, newest.actor) == ("audit.read", "user:auditor")
    assert newest.details == {"format": "csv", "lines": "2", "actor": "root"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"actor": "root"}, [4, 1]),
        ({"actor": "cli"}, [2]),
        ({"actor": "user:paula"}, [3]),
        ({"action": "key.rotated"}, [2]),
        ({"subject": "user:ines"}, [1]),
        ({"from": "2026-11-21"}, [4, 3]),
        ({"to": "2026-11-20"}, [2, 1]),
        ({"from": "2026-11-20", "to": "2026-11-20", "actor": "root"}, [1]),
        ({"actor": "nobody"}, []),
    ],
)
def test_lines_are_found(asked: dict[str, str], found: list[int], app: Flask, trail: Engine) -> None:
    client = signed_in(app, trail, "auditor")
    assert numbers(client, **asked) == found
    page = client.get("/admin/audit", query_string=asked | {"part": "lines"}, headers=HTMX).get_data(as_text=True)
    assert [number for number in (4, 3, 2, 1) if f'id="line-{number}"' in page] == found
    assert ("No line fits" in page) == (not found)


@pytest.mark.parametrize("asked", [{"action": "x"}, {"from": "yesterday"}, {"to": "0001-01-01"}, {"below": "-1"}])
def test_what_cannot_be_asked_is_said(asked: dict[str, str], app: Flask, trail: Engine) -> None:
    assert signed_in(app, trail, "auditor").get("/admin/audit", query_string=asked).status_code == 400


def test_pages_follow_each_other(app: Flask, trail: Engine) -> None:
    client = signed_in(app, trail, "auditor")
    page = client.get("/admin/audit", query_string={"below": "3"}).get_data(as_text=True)
    assert [number for number in (4, 3, 2, 1) if f'id="line-{number}"' in page] == [2, 1]


def test_the_page_says_whether_the_chain_holds(app: Flask, trail: Engine, site: str) -> None:
    client = signed_in(app, trail, "admin", language="fr")
    part = {"query_string": {"part": "chain"}, "headers": HTMX}
    with read(trail) as connection:
        end = audit.head(connection, site)
    assert f"4:{end.hash}" in client.get("/admin/audit", **part).get_data(as_text=True)
    with write(trail) as connection:  # what somebody does who owns the database
        connection.execute(text("DROP TRIGGER audit_line_no_update"))
        connection.execute(text("UPDATE audit_line SET subject = 'user:mallory' WHERE number = 2"))
    broken = client.get("/admin/audit", **part).get_data(as_text=True)
    assert 'role="alert"' in broken
    assert f"4:{end.hash}" not in broken


def test_an_empty_trail_and_an_emptied_line(app: Flask, database: Engine, site: str) -> None:
    client = signed_in(app, database, "auditor")
    assert "Nothing recorded yet" in client.get("/admin/audit").get_data(as_text=True)
    with write(database) as connection:
        audit.record(connection, site, at=FRIDAY, actor="user:root", action="user.created", subject="user:ines")
        audit.erase(connection, site, before=SATURDAY)
    page = client.get("/admin/audit").get_data(as_text=True)
    assert "kept no longer" in page
    assert "user:ines" not in page
