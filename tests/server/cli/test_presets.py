"""`floorledger init --preset`: a new site of each kind of company, ready for people, rates and orders."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from server import presets
from server.cli import main
from server.settings import Settings
from server.store import ledger, plant
from server.store.database import read, write
from server.store.sites import create_site, find_site, floor
from tests.cast import raw, send, settle

NEW = ("init", "--name", "Étude", "--zone", "Europe/Paris", "--currency", "eur")


@pytest.fixture
def run(settings: Settings, database: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)

    def go(*arguments: str, answers: str = "") -> Result:
        return CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), *arguments], input=answers)

    return go


def test_there_is_one_for_each_kind_of_company() -> None:
    assert presets.NAMES == ("it_services", "law_firm", "manufacturer")


@pytest.mark.parametrize("name", presets.NAMES)
def test_both_languages_name_the_same_things(name: str) -> None:
    """What has no column for each language stands twice: the codes are the same, and every name is there."""
    folder = presets.HERE / name
    files = {path.name for path in (folder / "en").iterdir()}
    assert (
        files == {path.name for path in (folder / "fr").iterdir()} == {"accounts.csv", "departments.csv", "plans.csv"}
    )
    for file in files:
        english, french = (rows(folder / language / file) for language in ("en", "fr"))
        assert [{**row, "name": ""} for row in english] == [{**row, "name": ""} for row in french]
        assert all(row["name"] for row in [*english, *french])
    for file in ("activities.csv", "reasons.csv"):
        assert all(row["name"] and row["name_fr"] for row in rows(folder / file))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    ("name", "order_kind", "billing", "typed"),
    [("manufacturer", "manufacturing", "none", False), ("law_firm", "case", "hours", True),
     ("it_services", "project", "hours", True)],
)  # fmt: skip
def test_a_preset_sets_up_a_site(
    run: Callable[..., Result], database: Engine, name: str, order_kind: str, billing: str, typed: bool, language: str
) -> None:
    made = run(*NEW, "--language", language, "--preset", name)
    assert made.exit_code == 0, made.output
    assert "The site main is made." in made.output
    with read(database) as connection:
        policy = plant.policies(connection, "main").last
        site = plant.load(connection, "main")
        kinds = {row["kind"] for row in plant.rows(connection, "main", "reasons")}
        assert floor(connection, "main").typed_time is typed
        assert not plant.rows(connection, "main", "rates"), "no preset invents a price"
        accounts = {row["name"] for row in plant.rows(connection, "main", "accounts")}
    assert (policy.order_kind, policy.billing) == (order_kind, billing)
    assert len(site.departments) >= 3
    assert {"department", "customer"} <= {plan.follows for plan in site.plans}
    assert ({"defect", "downtime"} <= kinds) is (name == "manufacturer")
    assert {"pause", "correction", "help"} <= kinds
    assert ("Charges indirectes" in accounts, "Overhead" in accounts) == (language == "fr", language == "en")


def test_a_site_that_holds_something_is_refused_and_stays_as_it_is(
    run: Callable[..., Result], database: Engine
) -> None:
    assert run(*NEW, "--preset", "law_firm").exit_code == 0
    again = run("init", "--preset", "it_services")
    assert again.exit_code == 1
    assert again.stderr.startswith("floorledger: The site main is not empty: it holds departments, plans, accounts")
    assert "policy" in again.stderr
    with read(database) as connection:
        assert plant.policies(connection, "main").last.order_kind == "case"


def test_an_empty_site_gets_it_in_its_own_language_and_keeps_its_name(
    run: Callable[..., Result], database: Engine
) -> None:
    with write(database) as connection:
        create_site(connection, "main", name="Cabinet", zone="Europe/Paris", currency="EUR", language="fr")
    assert run("init", "--preset", "law_firm", "--name", "Other").exit_code == 0
    with read(database) as connection:
        site = find_site(connection, "main")
        assert site is not None and site.name == "Cabinet"
        assert {plan.name for plan in plant.plans(connection, "main")} >= {"Dossiers", "Clients"}


def test_what_is_not_said_is_asked_for(run: Callable[..., Result], database: Engine) -> None:
    asked = run("init", "--preset", "manufacturer", answers="Atelier\n\nCHF\n")
    assert asked.exit_code == 0, asked.output
    with read(database) as connection:
        site = find_site(connection, "main")
    assert site is not None and (site.name, site.zone, site.currency) == ("Atelier", "Europe/Paris", "CHF")


def test_a_law_firm_from_nothing_to_a_billed_hour(run: Callable[..., Result], database: Engine, tmp_path: Path) -> None:
    """The preset, four files of the firm's own, a fact: an order of its own is a case, and its hours are billed."""
    assert run(*NEW, "--preset", "law_firm").exit_code == 0
    for name, text in {
        "people": "number,name,rate_group,department\nL1,Maître Demo,partner,ADVICE\n",
        "orders": "code,customer\nC-1,Demo Bank\n",
        "rates": "kind,subject_kind,subject,valid_from,amount\nlabor,rate_group,partner,2026-01-01,95.00\n",
        "billable_rates": "kind,rate_group,amount\ncase,partner,240.00\n",
    }.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    imported = run("import", str(tmp_path))
    assert imported.exit_code == 0, imported.output
    with read(database) as connection:
        (person,) = plant.rows(connection, "main", "people")
    send(database, [raw("labor.declared", "2026-11-20T17:00:00Z", person=person["key"], activity="run", order="C-1",
                        duration_ms=5_400_000, provenance="declared")])  # fmt: skip
    settle(database)
    with read(database) as connection:
        (body,) = (json.loads(text) for _, _, text in ledger.page(connection, "main", 0, 10))
    assert (body["amount"], body["billable"]["amount"]) == ("142.50", "360.00"), "1.5 x 95, 1.5 x 240"
    debit = next(line for line in body["postings"] if line["side"] == "debit")
    assert debit["accounts"] == {"CASE": "C-1", "CLIENT": "Demo Bank", "NATURE": "TIME", "TEAM": "ADVICE"}
