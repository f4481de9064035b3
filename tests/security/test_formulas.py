"""Formulas in codes and names, through every door that gives a file: no cell of any of them is a formula."""

import csv
import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from server.settings import Settings
from server.store import plant
from server.store.database import write
from tests.cast import raw, send, settle
from tests.security.conftest import Stage, put_up
from tests.security.corpora.texts import FORMULAS
from tests.security.matrix import LINES
from tests.security.test_matrix import filled, opens

FILES = [line for line in LINES if line.method == "GET" and line.address.endswith((".csv", ".xlsx"))]
NUMBER = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?")
# What a spreadsheet may take for the beginning of a formula, the forms of full width among them.
BEGINS = tuple("=+-@\t\r\n\x00＝＋－＠")


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> Iterator[Stage]:
    """The stage, where everything is called like a formula and something was done with all of it."""
    folder = tmp_path_factory.mktemp("instance")
    shutil.copy(_migrated_file, folder / "floorledger.sqlite")
    house = put_up(Settings(data_dir=folder, labor_rates="person"))
    codes = list(dict.fromkeys(formula.strip()[:60] for formula in FORMULAS))
    facts = []
    with write(house.engine) as connection:
        for number, code in enumerate(codes):
            key = f"pf0{number:09}"
            for kind, row in {
                "items": {"code": code, "name": FORMULAS[number], "unit": "kg", "valuation": "standard"},
                "people": {"key": key, "name": code, "number": f"{code[:40]}{number}", "rate_group": "G1",
                           "department": "D1"},
                "orders": {"code": code, "item": code, "quantity": "10"},
                "operations": {"order": code, "number": code, "name": code, "sequence": 10, "work_center": "W1"},
                "rates": {"kind": "standard_cost", "subject_kind": "item", "subject": code, "valid_from": "2026-01-01",
                          "amount": "2"},
            }.items():  # fmt: skip
                plant.put(connection, "main", kind, [row])
            start = f"2026-11-20T{8 + number // 6:02}:{number % 6 * 10:02}:00Z"
            facts.append(raw("labor.declared", start, person=key, activity="run", order=code, operation=code,
                             duration_ms=360_000))  # fmt: skip
            facts.append(
                raw("material.consumed", start, order=code, operation=code, item=code, quantity="1", unit="kg")
            )
    assert {verdict.verdict for verdict in send(house.engine, facts)} == {"created"}
    assert settle(house.engine) >= len(codes)
    yield house
    house.engine.dispose()


def dangerous(content: bytes, name: str) -> list[str]:
    """The cells of a file that a spreadsheet could run."""
    if name.endswith(".xlsx"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            parts = {part: book.read(part).decode("utf-8", "replace") for part in book.namelist()}
        assert not [part for part in parts if "externalLink" in part or "vbaProject" in part]
        return [part for part, text in parts.items() if re.search("<(f|hyperlink)[ >]", text) and "/sheet" in part]
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [cell for row in rows for cell in row if cell.startswith(BEGINS) and not NUMBER.fullmatch(cell)]


@pytest.mark.requirement("SR-44")
def test_no_file_of_a_page_holds_a_formula(sheets: Stage) -> None:
    met = 0
    for line in FILES:
        for name, caller in sheets.principals.items():
            if not opens(line, caller):
                continue
            asked = {"why": "question", "period": "2026-11"}
            query = {key: value for key, value in asked.items() if key in line.query}
            answer = caller.call("GET", filled(line.address, sheets.own), query_string=query)
            assert answer.status_code == 200, f"{name}: {line.name} answers {answer.status_code} {answer.text[:200]}"
            assert dangerous(answer.data, line.address) == [], line.name
            assert "attachment" in answer.headers["Content-Disposition"]
            met += answer.data.count(b"SUM(1+9)*cmd")
    assert met > 5, "the formulas are in these files at all"


@pytest.mark.requirement("SR-44")
def test_the_interface_gives_no_formula_either(sheets: Stage) -> None:
    answer = sheets.principals["token entries:read"].call("GET", "/api/v1/entries?format=csv&limit=10000")
    assert answer.status_code == 200 and b"SUM(1+9)*cmd" in answer.data
    assert dangerous(answer.data, "entries.csv") == []


@pytest.mark.requirement("SR-44")
@pytest.mark.parametrize("what", [["entries"], ["people"]])
def test_no_command_writes_a_formula(what: list[str], sheets: Stage, tmp_path: Path) -> None:
    settings: Settings = sheets.app.extensions["settings"]
    for form in ("csv", "xlsx"):
        out = tmp_path / f"out.{form}"
        done = CliRunner().invoke(
            main,
            ["export", *what, "--format", form, "--out", str(out)],
            env={"FLOORLEDGER_DATA_DIR": str(settings.data_dir)},
        )
        assert done.exit_code == 0, done.output
        assert dangerous(out.read_bytes(), out.name) == []


def test_a_formula_would_be_seen() -> None:
    assert dangerous(b'"=1+1",2,-3\r\n', "x.csv") == ["=1+1"]
    assert dangerous("a,＝1+1\r\n".encode(), "x.csv") == ["＝1+1"]
    assert dangerous(b"'=1+1,-3.5,+4\r\n", "x.csv") == []
