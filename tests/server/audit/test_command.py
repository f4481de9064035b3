"""`floorledger audit` and the audit trail in `floorledger verify`."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from server.cli import main
from server.settings import Settings
from server.store import audit
from server.store.database import read, write

pytestmark = pytest.mark.requirement("SR-61")
FRIDAY, SATURDAY = 1_795_172_400_000, 1_795_258_800_000


@pytest.fixture
def run(settings: Settings, site: str, database: Engine, monkeypatch: pytest.MonkeyPatch):
    """Run a command on an installation with two lines."""
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "160")
    with write(database) as connection:
        audit.record(connection, site, at=FRIDAY, actor="cli", action="user.created", subject="user:ines")
        audit.record(connection, site, at=SATURDAY, actor="user:root", action="user.disabled", subject="=1+1")

    def go(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), *arguments])

    return go


def test_lines_in_the_terminal_and_as_files(run, tmp_path: Path) -> None:
    listed = run("audit", "list").output
    assert listed.index("user.disabled") < listed.index("user.created")
    assert "user.disabled" not in run("audit", "list", "--to", "2026-11-20").output
    assert "user.created" not in run("audit", "list", "--actor", "user:root").output
    out = tmp_path / "trail.csv"
    assert run("audit", "export", "--out", str(out)).exit_code == 0
    assert [row[4] for row in csv.reader(io.StringIO(out.read_text()))] == ["subject", "'=1+1", "user:ines"]
    told = json.loads(run("audit", "export", "--format", "json", "--from", "2026-11-21").output)
    assert [line["subject"] for line in told] == ["=1+1"]


def test_a_broken_chain_fails_audit_and_verify(run, database: Engine, site: str) -> None:
    with read(database) as connection:
        head = audit.head(connection, site)
    good = run("audit", "verify", "--head", f"{head.number}:{head.hash}")
    assert (good.exit_code, f"{head.number}:{head.hash}" in good.output) == (0, True)
    good = run("verify")
    assert (good.exit_code, f"head 2:{head.hash}" in good.output) == (0, True)
    with write(database) as connection:  # the last line goes: the rest holds in itself
        connection.execute(text("DROP TRIGGER audit_line_no_delete"))
        connection.execute(text("DELETE FROM audit_line WHERE number = 2"))
    assert run("audit", "verify").exit_code == 0
    cut = run("audit", "verify", "--head", f"{head.number}:{head.hash}")
    assert (cut.exit_code, "the line that was written down is not in the trail: 2" in cut.output) == (1, True)
    with write(database) as connection:
        connection.execute(text("DROP TRIGGER audit_line_no_update"))
        connection.execute(text("UPDATE audit_line SET actor = 'user:mallory'"))
    for command in (("audit", "verify"), ("verify",)):
        broken = run(*command)
        assert (broken.exit_code, "changed after it was written: 1" in broken.output) == (1, True)


def test_a_head_that_is_none_is_refused(run) -> None:
    wrong = run("audit", "verify", "--head", "2:abc")
    assert (wrong.exit_code, "number:hash" in wrong.stderr) == (1, True)
