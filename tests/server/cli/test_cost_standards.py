"""`floorledger cost` shows cards and variances: as JSON, and as a table in the reader's language."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from sync.costing.variances import CATEGORIES
from tests.scenarios import HERE


@pytest.fixture
def cost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run the command on a story's folder."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def go(story: str, *options: str) -> Result:
        where = ["--data-dir", str(tmp_path / "nowhere")]
        result = CliRunner().invoke(main, [*where, "cost", str(HERE / story), *options])
        assert result.exit_code == 0, result.output
        return result

    return go


def test_cards_with_their_lines(cost) -> None:
    told = json.loads(cost("standard_of_many_levels").stdout)
    chair, whole, frozen = told["standards"]
    assert (chair["item"], chair["unit_cost"], chair["lot_size"], chair["missing"]) == ("CHAIR", "26.2", "4", [])
    names = ("element", "per", "quantity", "unit", "price")
    assert [tuple(line[name] for name in names) for line in chair["lines"]] == [
        ("setup", "lot", "0.2", "h", "24"),
        ("labor", "piece", "0.625", "h", "24"),
        ("material", "piece", "2.5", "kg", "4"),
    ]
    assert (whole["item"], whole["unit_cost"]) == ("SET", "58.4")
    assert (frozen["order"], frozen["version"], frozen["unit_cost"]) == ("MO-1", "2026-03-02", "58.4")
    assert [line["source"] for line in frozen["lines"] if line["item"]] == ["card:CHAIR/2026-03-02"]


def test_variances_with_sign_word_and_formula(cost) -> None:
    told = json.loads(cost("standard_versions").stdout)
    first, _, third, fourth = told["variances"]
    assert (first["version"], first["standard"], first["total"], first["closed"]) == ("A", "60.00", "-2.00", True)
    (efficiency,) = first["variances"]
    assert (efficiency["category"], efficiency["amount"]) == ("labor_efficiency", "-2.00")
    assert efficiency["favourable"] is True
    assert efficiency["source"] == "card:CHAIR/A"
    assert efficiency["formula"].endswith("x 24 EUR = -2.00 EUR")
    assert [(one["category"], one["favourable"]) for one in third["variances"]] == [("lot_size", False)]
    # Without a standard there are no variances; not none.
    assert (fourth["standard"], fourth["variances"], fourth["reason"]) == (None, None, "standard.not_frozen")
    assert "MO-4" in fourth["sentence"]
    assert fourth["action"]


def test_a_loop_is_told_with_its_way(cost, tmp_path: Path) -> None:
    for name, text in {
        "site.toml": 'zone = "Europe/Paris"\ncurrency = "EUR"\n',
        "items.csv": "code,unit\nA,pcs\nB,pcs\n",
        "bills.csv": "item,component,quantity_per,unit\nA,B,1,pcs\nB,A,2,pcs\n",
        "events.csv": "type,occurred_at\n",
    }.items():
        (tmp_path / name).write_text(text)
    first, second = json.loads(cost(str(tmp_path)).stdout)["standards"]
    assert (first["unit_cost"], first["missing"]) == (None, [{"kind": "loop", "subject": "A → B → A"}])
    assert "A → B → A" in first["sentence"]
    assert second["missing"] == [{"kind": "loop", "subject": "B → A → B"}]


def test_an_incomplete_card_is_told_beside_the_figures(cost) -> None:
    (order,) = json.loads(cost("standard_that_needs_itself").stdout)["variances"]
    assert order["missing"] == [{"kind": "loop", "subject": "PASTE → STARTER → PASTE"}]
    assert "PASTE → STARTER → PASTE" in order["sentence"]
    assert "An item needs itself" in cost("standard_that_needs_itself", "--table").stdout


def test_a_table_for_readers(cost) -> None:
    shown = cost("standard_versions", "--table").stdout
    for words in ("Cost cards", "Variances", "Labor efficiency", "favourable", "unfavourable", "Lot size", "10 Labor"):
        assert words in shown
    assert "58.00 - 0.00 - 60.00" in shown


def test_a_table_in_french(cost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "fr")
    shown = cost("standard_versions", "--table").stdout
    for words in ("Fiches de coût", "Écarts", "favorable", "défavorable", "n’a pas de coût préétabli"):
        assert words in shown
    for words in ("Temps de main-d’œuvre", "Taille de lot", "10 Main-d’œuvre", "Écart : Taille de lot"):
        assert words in shown
    assert not [code for code in CATEGORIES if "_" in code and code in shown]
