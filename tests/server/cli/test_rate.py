"""`floorledger rate`: derive from pay, and preview in a folder and on the database."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from server.cli import main
from server.settings import Settings
from tests.cast import ANA, put_plant, raw, send, settle
from tests.scenarios import HERE


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


def rate(tmp_path: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["--data-dir", str(tmp_path), "rate", *options])


def test_derive(tmp_path: Path) -> None:
    result = rate(tmp_path, "derive", "--gross", "1800", "--charges", "200", "--hours", "120", "--paid-hours", "152")
    assert result.exit_code == 0, result.output
    formula, entered, paid = result.output.splitlines()
    assert formula.startswith("(1800 gross + 200 employer charges) EUR / 120 productive hours = 16.6666666")
    assert entered.endswith(": 16.666667")
    assert "13.157895" in paid
    assert "421.05 EUR" in paid, "2000 less 13.157895 x 120"


def test_what_cannot_be_derived(tmp_path: Path) -> None:
    result = rate(tmp_path, "derive", "--gross", "1800", "--hours", "0")
    assert result.exit_code == 1
    assert "productive hours must be above zero" in result.output
    assert "12,5 is not a number" in rate(tmp_path, "derive", "--gross", "12,5", "--hours", "1").output


def test_preview_of_a_folder(tmp_path: Path) -> None:
    options = ("--of", "rate_group:skilled", "--from", "2026-11-01", "--amount", "33")
    folder = str(HERE / "premium_night")
    result = rate(tmp_path, "preview", folder, *options, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert told["orders"] == {"MO-1": {"before": "180.00", "after": "198.00", "difference": "18.00"}}
    assert told["absorbed"]["department:TURN"]["difference"] == "21.00", "and 3.00 of the premium"
    assert (told["reversed"], told["posted"], told["freed"]) == (2, 2, 0)
    lines = rate(tmp_path, "preview", folder, *options).output
    assert "order:MO-1: 180.00 → 198.00 (+18.00) EUR" in lines
    result = rate(tmp_path, "preview", folder, "--of", "rate_group:nobody", "--from", "2026-11-01", "--amount", "1")
    assert result.output == "Nothing would change.\n"


def test_a_person_is_named_by_number_in_a_folder(tmp_path: Path) -> None:
    options = ("--of", "person:1001", "--from", "2026-11-01", "--amount", "40")
    told = json.loads(rate(tmp_path, "preview", str(HERE / "premium_night"), *options, "--json").output)
    assert told["total"]["difference"] == "60.00"


def test_what_is_refused(tmp_path: Path) -> None:
    result = rate(tmp_path, "preview", "--of", "item:OAK", "--from", "2026-11-01", "--amount", "1")
    assert "A labor rate is one of person:CODE, rate_group:CODE, work_center:CODE." in result.output
    result = rate(tmp_path, "preview", "--of", "person:1001", "--from", "2026-11-01", "--amount", "1")
    assert result.exit_code == 1
    assert "payroll" in result.output


def test_preview_on_the_database(database: Engine, site: str, settings: Settings) -> None:
    put_plant(database)
    begin = raw("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="20")
    send(database, [begin, raw("labor.stopped", "2026-11-20T10:00:00Z", person=ANA, start_id=begin["id"])])
    settle(database)
    options = ("--of", "rate_group:G1", "--from", "2026-11-01", "--amount", "32.17", "--json")
    result = CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), "rate", "preview", *options])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["orders"] == {"MO-1": {"before": "62.34", "after": "64.34", "difference": "2.00"}}
