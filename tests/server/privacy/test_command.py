"""`floorledger privacy`: the same from a terminal."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from server.cli import main
from server.settings import Settings
from server.store.database import read
from server.store.sqlite import sqlite3
from server.store.verification import verify
from tests.cast import KEY, settle
from tests.server.privacy.staff import hire, worked


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def go(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), "privacy", *arguments])

    return go


@pytest.mark.requirement("PR-10")
def test_access_writes_two_files_nobody_else_reads(run, shop: Engine, tmp_path: Path) -> None:
    person = hire(shop, 1)[0]
    worked(shop, person)
    said = run("access", person.number, "--out", str(tmp_path / "out"))
    assert said.exit_code == 0, said.output
    page, data = tmp_path / "out" / f"{person.key}.html", tmp_path / "out" / f"{person.key}.json"
    assert person.name in page.read_text("utf-8")
    assert json.loads(data.read_text("utf-8"))["person"]["number"] == person.number
    assert {path.stat().st_mode & 0o777 for path in (page, data)} == {0o600}


@pytest.mark.requirement("PR-07")
def test_erase_leaves_no_name_in_the_file_at_once(run, shop: Engine, settings: Settings) -> None:
    people = hire(shop, 3)
    for person in people:
        worked(shop, person)
    settle(shop)
    shop.dispose()
    assert run("erase", people[0].number).exit_code == 1  # asked, and nobody answered
    said = run("erase", "--yes", *(person.number for person in people))
    assert said.exit_code == 0 and said.output.count("is erased; 1 facts stay") == 3, said.output
    assert "still stand" not in said.output
    files = b"".join(path.read_bytes() for path in settings.data_dir.glob("floorledger.sqlite*"))
    words = [word.encode() for person in people for word in (*person.name.split(), person.number)]
    assert [word for word in words if word in files] == []
    with read(shop) as connection:
        assert verify(connection, "main", KEY).ok
        assert sqlite3.connect(settings.data_dir / "floorledger.sqlite").execute(
            "PRAGMA integrity_check"
        ).fetchone() == ("ok",)
    unknown = run("erase", "--yes", "nobody")
    assert unknown.exit_code == 1 and "nobody" in unknown.output


@pytest.mark.requirement("PR-06")
def test_terms_are_shown_and_chosen(run, shop: Engine) -> None:
    assert "notes        24 months (1 to 60)" in run("retention").output
    assert "notes        6 months" in run("retention", "--set", "notes=6").output
    for wrong in ("notes=0", "notes=61", "notes=", "notes", "nothing=3", "notes=x"):
        assert run("retention", "--set", wrong).exit_code == 1
    assert run("retention", "--run").exit_code == 0


def test_report_tells_what_went(run, shop: Engine) -> None:
    assert "Nothing went yet" in run("report").output
    person = hire(shop, 1)[0]
    assert run("erase", "--yes", "--later", person.key).exit_code == 0
    assert "erasure: 1" in run("report").output
