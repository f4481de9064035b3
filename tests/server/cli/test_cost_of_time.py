"""`floorledger cost` on time: presence beside attributed time, and how the cost of each order is known."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from tests.scenarios import HERE


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def cost(tmp_path: Path, story: str, *options: str) -> str:
    result = CliRunner().invoke(main, ["--data-dir", str(tmp_path), "cost", str(HERE / story), *options])
    assert result.exit_code == 0, result.output
    return result.output


def test_presence_in_json(tmp_path: Path) -> None:
    (day,) = json.loads(cost(tmp_path, "presence_of_a_day"))["presence"]
    assert day == {
        "person": "1001", "day": "2026-11-20", "basis": "shift", "presence_ms": 540 * 60_000, "orders_ms": 440 * 60_000,
        "indirect_ms": 20 * 60_000, "breaks_ms": 45 * 60_000, "running_ms": 0, "outside_ms": 0,
        "unassigned_ms": 35 * 60_000,
    }  # fmt: skip


def test_how_it_is_known(tmp_path: Path) -> None:
    """4 h by the clock, 120.00, and three told, 90.00."""
    known = json.loads(cost(tmp_path, "presence_and_a_duration"))["provenance"]
    assert known["orders"]["MO-1"] == {"measured": {"amount": "120.00", "percent": "100.0"}}
    assert known["orders"]["MO-2"] == {"declared": {"amount": "90.00", "percent": "100.0"}}
    assert known["total"] == {
        "declared": {"amount": "90.00", "percent": "42.9"}, "measured": {"amount": "120.00", "percent": "57.1"},
    }  # fmt: skip


def test_as_tables(tmp_path: Path) -> None:
    told = cost(tmp_path, "presence_and_a_duration", "--table")
    assert "declared 42.9 %, measured 57.1 %" in told
    (line,) = (line for line in told.splitlines() if "2026-11-20   shift" in line)
    assert line.split()[:7] == ["1001", "2026-11-20", "shift", "8", "7", "0", "0"]
    assert "first to last fact" in cost(tmp_path, "presence_without_a_shift", "--table")


def test_a_premium_says_what_it_is(tmp_path: Path) -> None:
    told = json.loads(cost(tmp_path, "premium_night_to_the_order"))
    (extra,) = (entry for entry in told["entries"] if "premium" in entry)
    assert (extra["premium"], extra["rule"], extra["unit"], "hours" in extra) == ("NIGHT", "premium", "s", False)
    assert told["balances"]["orders"] == {"MO-1": {"labor": "280.00"}}


def test_a_proposed_end_is_told_and_nothing_is_costed_by_it(tmp_path: Path) -> None:
    told = json.loads(cost(tmp_path, "forgotten_on_a_night_shift"))
    (finding,) = told["findings"]
    assert finding["sentence"] == "The clock-out was probably forgotten: proposed is 2026-11-20 06:00."
    assert finding["params"]["until"] == "2026-11-20T05:00:00.000Z"
    assert told["counts"]["entries"] == 1
