"""What `floorledger cost` says of plans, operations and general entries."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from tests.scenarios import HERE

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def go(story: str, *arguments: str, **environment: str) -> Result:
        arguments = ("--data-dir", str(tmp_path), "cost", str(HERE / story), *arguments)
        return CliRunner().invoke(main, arguments, env=environment)

    return go


def tree(output: str, title: str) -> list[str]:
    """The lines of the table below a title, each as account and amount."""
    found = []
    for line in output.split(title)[1].splitlines()[1:]:
        if line.startswith("Plan "):
            break
        words = line.split()
        if words and words[-1].replace(".", "").lstrip("-").isdigit():
            found.append(" ".join(words))
    return found


def test_a_plan_as_posted_and_as_of_a_day(run: Run) -> None:
    shown = run("plan_moved_in_mid_year", "--table")
    assert shown.exit_code == 0, shown.output
    assert tree(shown.output, "Plan PROD, as posted")[1:] == [
        "ALL All products 180.00", "SEAT Seats 90.00", "CHAIR Chairs 60.00", "STOOL Stools 30.00",
        "STOOL Bar stools 90.00",
    ]  # fmt: skip
    assert tree(shown.output, "Plan PROD, as of 2026-07-15")[-1] == "STOOL Bar stools 120.00"
    june = run("plan_moved_in_mid_year", "--table", "--as-of", "2026-06-30").output
    assert tree(june, "Plan PROD, as of 2026-06-30")[2:] == [
        "SEAT Seats 180.00", "CHAIR Chairs 60.00", "STOOL Stools 120.00",
    ]  # fmt: skip


def test_the_same_as_json(run: Run) -> None:
    told = json.loads(run("account_map_taken_back", "--as-of", "2026-05-15").output)
    reports = told["balances"]["plans"]["PROD"]
    assert reports["as_of"]["day"] == "2026-05-15"
    everything = reports["as_of"]["accounts"][1]
    assert (everything["account"], everything["own"], everything["balance"]) == ("ALL", "0", "180.00")
    (seats,) = everything["children"]
    assert [(node["account"], node["balance"]) for node in seats["children"]] == [("CHAIR", "180.00")]


def test_general_entries_and_what_is_open(run: Run) -> None:
    shown = run("general_entry_partly_covered", "--table").output
    assert ["ACH-9", "604000", "1000.00", "910.00", "90.00"] in [line.split() for line in shown.splitlines()]
    french = run("general_entry_partly_covered", "--table", LANGUAGE="fr").output
    assert "Écritures générales" in french
