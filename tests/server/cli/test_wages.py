"""`floorledger wages`: proposals from a file, hours and amounts, and who looked; each with a reason, each recorded."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import Engine

from server import create_app
from server.cli import main
from server.settings import Settings
from server.store import audit, wages
from server.store.database import read
from tests.cast import settle
from tests.server.payroll.conftest import TURNERS, own_rates, turn


@pytest.fixture
def shop(database: Engine, site: str) -> Engine:
    turn(database)
    settle(database)
    return database


def run(settings: Settings, *arguments: str, rates: str = "person") -> Result:
    environment = settings.to_environment() | {"FLOORLEDGER_LABOR_RATES": rates}
    return CliRunner(env=environment).invoke(main, ["wages", *arguments])


def told(database: Engine, action: str) -> list[audit.Line]:
    with read(database) as connection:
        return audit.lines(connection, "main", audit.Search({"wage"}, action=action))


@pytest.mark.requirement("SR-31", "PR-03")
def test_a_file_is_proposed_and_not_in_force(shop: Engine, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("person,valid_from,amount\n101,2026-11-01,24.37\n")
    assert run(settings, "propose", str(path)).exit_code == 2  # no reason, no use
    result = run(settings, "propose", str(path), "--why", "rates", "--reason", "Raise")
    assert result.exit_code == 0, result.output
    with read(shop) as connection:
        (row,) = wages.of_state(connection, "main", "proposed")
        assert wages.of_state(connection, "main", "approved") == []
    assert row.proposed_by.startswith("cli:")
    (line,) = told(shop, "rate.proposed")
    assert (line.actor, line.details["why"]) == ("cli", "rates")
    assert "24.37" not in str(line)
    path.write_text("person,valid_from,amount\n999,2026-11-01,24.37\n")
    refused = run(settings, "propose", str(path), "--why", "rates")
    assert refused.exit_code == 1
    assert "nobody here has the number" in refused.output


def test_hours_and_amounts(app: Flask, shop: Engine, settings: Settings) -> None:
    own_rates(create_app(settings), shop, TURNERS)
    result = run(settings, "hours", "--period", "2026-11", "--why", "month_end")
    assert result.exit_code == 0, result.output
    first = result.output.splitlines()[1].split(",")
    assert (first[0], Decimal(first[7])) == ("101", Decimal("24.50"))
    (line,) = told(shop, "rate.read")
    assert (line.subject, line.details["why"]) == ("hours 2026-11", "month_end")


def test_where_no_rates_of_people_are_kept(shop: Engine, settings: Settings) -> None:
    result = run(settings, "hours", "--period", "2026-11", "--why", "month_end", rates="group")
    assert result.exit_code == 1
    assert "keeps no rates of single people" in result.output


def test_who_looked(shop: Engine, settings: Settings) -> None:
    run(settings, "hours", "--period", "2026-11", "--why", "control")
    looked = datetime.fromtimestamp(told(shop, "rate.read")[0].at / 1000, UTC)
    period = f"{looked:%Y-%m}"
    result = run(settings, "reads", "--period", period)
    assert "hours 2026-11" in result.output
    assert "control" in result.output
