"""`floorledger wip` on a ledger that was posted."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from server.cli import main
from server.settings import Settings
from tests.cast import send, settle
from tests.scenarios import run
from tests.test_scenarios import store


@pytest.fixture
def terminal(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    return lambda *arguments: CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), *arguments])


def test_work_in_progress_at_the_end_of_a_day(database: Engine, terminal: Callable[..., Result]) -> None:
    """By hand, of the story close_then_reopened: 127.91 on the evening of the 20th, nothing once it is closed."""
    folder = run("close_then_reopened").folder
    store(database, folder)
    send(database, [given.raw for given in folder.facts])
    settle(database)
    told = json.loads(terminal("wip", "2026-11-20", "--json").stdout)
    assert (told["total"], told["orders"]["MO-1"]["scrap"]) == ("127.91", "-14.29")
    assert json.loads(terminal("wip", "2026-11-21", "--json").stdout)["orders"] == {}
    shown = terminal("wip", "2026-11-20")
    assert "MO-1" in shown.stdout
    assert shown.stdout.split()[-1] == "127.91"
