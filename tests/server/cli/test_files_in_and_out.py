"""floorledger import, export and labels, as somebody at a terminal sees them."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.settings import Settings
from server.store import plant
from server.store.database import open_engine, read, write
from server.worker import drain
from sync.connectors.csv_file.mapping import KINDS

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "docs" / "templates"
LOG = ROOT / "tests" / "fixtures" / "log"


@pytest.fixture
def floorledger(settings: Settings, site: str, monkeypatch: pytest.MonkeyPatch) -> "Terminal":
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    return Terminal(settings)


class Terminal:
    """Runs commands on the test's installation."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self, *arguments: object) -> Result:
        return CliRunner().invoke(main, ["--data-dir", str(self.settings.data_dir), *map(str, arguments)])


def test_a_folder_is_imported_in_the_right_order(floorledger: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    shutil.copytree(TEMPLATES, folder)
    (folder / "notes.csv").write_text("buy milk\n")
    preview = floorledger("import", folder, "--preview")
    assert preview.exit_code == 0, preview.output
    assert "notes.csv is left out" in preview.stderr
    assert "nothing is changed" in preview.stdout
    first = floorledger("import", folder)
    second = floorledger("import", folder)
    operations = [
        line.split() for line in (preview.stdout + first.stdout + second.stdout).splitlines() if "operations" in line
    ]
    assert operations == [["operations", "3", "0", "0"], ["operations", "3", "0", "0"], ["operations", "0", "0", "3"]]


def test_errors_name_file_line_and_column_and_nothing_is_kept(floorledger: Terminal, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("code,quantity\nMO-1,1\nMO-2,many\n")
    (tmp_path / "operations.csv").write_text("order,number\nMO-1,ten\n")
    done = floorledger("import", tmp_path)
    assert done.exit_code == 1
    assert f"{tmp_path}/orders.csv, line 3, column quantity: “many” is not a number" in done.stderr
    assert (
        f"{tmp_path}/operations.csv, line 2: operation “ten” is not a number: fill the column sequence too"
        in done.stderr
    )
    assert done.stderr.endswith("floorledger: Nothing was imported.\n")
    with read(open_engine(floorledger.settings.database)) as connection:
        assert plant.load(connection, "main").orders == {}


@pytest.mark.parametrize(
    "content", [b"\x00\x00", b"PK\x03\x04", b"\xff\xfe\x00", b'"', b"a,b\n1\n", b"," * 300_000, b""]
)
def test_hostile_files_end_in_a_sentence(floorledger: Terminal, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "orders.csv").write_bytes(content)
    done = floorledger("import", tmp_path / "orders.csv")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "orders.csv" in done.stderr


def test_the_kind_may_be_said(floorledger: Terminal, tmp_path: Path) -> None:
    (tmp_path / "export-77.csv").write_text("code,name\nWOOD,Wood shop\n")
    assert "the name does not say what it holds" in floorledger("import", tmp_path / "export-77.csv").stderr
    assert floorledger("import", tmp_path / "export-77.csv", "--kind", "departments").exit_code == 0


def test_a_log_and_what_it_says_at_the_end(floorledger: Terminal) -> None:
    arguments = ("import", "--log", LOG / "production.csv", "--mapping", LOG / "mapping.toml")
    preview = floorledger(*arguments, "--preview")
    assert preview.exit_code == 0, preview.output
    assert "8 rows (2 without a time, 1 repeat another), 17 facts" in preview.stdout
    assert "17 facts are new, 0 were here already." in floorledger(*arguments).stdout
    assert "0 facts are new, 17 were here already." in floorledger(*arguments).stdout
    assert floorledger("import", "--log", LOG / "production.csv").exit_code == 2
    wrong = floorledger("import", "--log", LOG / "production.csv", "--mapping", LOG / "production.csv")
    assert "The mapping is not TOML" in wrong.stderr


def test_a_plant_goes_out_as_it_comes_in(floorledger: Terminal, tmp_path: Path) -> None:
    floorledger("import", TEMPLATES)
    assert floorledger("export", "plant", "--out", tmp_path / "out").exit_code == 0
    again = floorledger("import", tmp_path / "out")
    assert again.exit_code == 0, again.output
    figures = [line.split()[1:3] for line in again.stdout.splitlines()[1:-1]]
    assert figures == [["0", "0"]] * len(KINDS)
    floorledger("export", "plant", "--format", "json", "--out", tmp_path / "plant.json")
    assert json.loads((tmp_path / "plant.json").read_text())["orders"][0]["code"] == "MO-1001"


def test_people_go_out_with_their_keys_and_no_formula(floorledger: Terminal) -> None:
    with write(open_engine(floorledger.settings.database)) as connection:
        plant.put(
            connection, "main", "people", [{"number": "1", "name": "=HYPERLINK(1)"}, {"number": "2", "name": "Ana"}]
        )
    rows = {row["number"]: row for row in csv.DictReader(io.StringIO(floorledger("export", "people").stdout))}
    assert rows["1"]["name"] == "'=HYPERLINK(1)"
    assert rows["2"]["key"].startswith("p")
    lines = floorledger("export", "people", "--format", "ndjson").stdout.splitlines()
    assert {json.loads(line)["key"] for line in lines} == {row["key"] for row in rows.values()}


def test_entries_go_out_in_three_shapes(floorledger: Terminal, tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text(
        "kind,subject_kind,subject,valid_from,amount\nlabor,rate_group,shop,2026-01-01,30\n"
    )
    floorledger("import", tmp_path)
    floorledger("import", "--log", LOG / "production.csv", "--mapping", LOG / "mapping.toml")
    drain(open_engine(floorledger.settings.database), "main", floorledger.settings.ledger_key())
    lines = floorledger("export", "entries", "--format", "ndjson").stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["position"] for entry in entries] == list(range(1, len(entries) + 1))
    assert json.loads(floorledger("export", "entries", "--format", "json").stdout)["entries"] == entries
    assert (
        json.loads(floorledger("export", "entries", "--format", "ndjson", "--after", 3).stdout.splitlines()[0])
        == entries[3]
    )
    table = list(csv.DictReader(io.StringIO(floorledger("export", "entries").stdout)))
    assert len(table) == sum(len(entry["postings"]) for entry in entries)


def test_a_sheet_of_labels_is_one_complete_file(floorledger: Terminal, tmp_path: Path) -> None:
    floorledger("import", TEMPLATES)
    out = tmp_path / "sheet.html"
    assert "Say which address" in floorledger("labels", "--orders", "MO-1001", "--out", out).stderr
    base = ("--base", "https://floor.example.org")
    missing = floorledger("labels", "--orders", "MO-1001,MO-9", *base, "--out", out)
    assert (missing.exit_code, out.exists()) == (1, False)
    assert "There is nothing to print for MO-9." in missing.stderr
    done = floorledger("labels", "--orders", "MO-1001", "--badges", "1001,1002", *base, "--out", out)
    assert done.exit_code == 0, done.output
    page = out.read_text()
    assert page.count("<svg") == 3
    assert "@page" in page
    assert "/static/" not in page


def test_labels_in_every_form(floorledger: Terminal, tmp_path: Path) -> None:
    """Each is one complete file; what cannot be is said in a sentence."""
    floorledger("import", TEMPLATES)
    out = tmp_path / "sheet.html"
    base = ("--base", "https://floor.example.org", "--out", out)

    def codes(*options: str) -> int:
        done = floorledger("labels", *options, *base)
        assert done.exit_code == 0, done.output
        page = out.read_text()
        assert "@page" in page
        assert "/static/" not in page
        return page.count('<svg class="qr"')

    assert codes("--routes", "*") == 4
    assert codes("--desk") == 36 + 5 + 3
    assert codes("--desk", "--words", "pause,stop") == 2
    assert codes("--scanner") == 1
    assert codes("--lots", "OAK-27=2026-11-A", "--paper", "62x29", "--items", "OAK-27") == 2
    assert "size: 62mm 29mm" in out.read_text()
    assert codes("--work-centers", "SAW", "--words", "x10", "--paper", "a4-3x8", "--first", "5", "--cut") == 2
    assert out.read_text().count("label free") == 4

    for options, said in (
        ((), "Say what to label"),
        (("--scanner", "--words", "stop"), "files of their own"),
        (("--routes", "*", "--badges", "*"), "files of their own"),
        (("--words", "stop", "--paper", "napkin"), "no such paper"),
        (("--words", "stop", "--paper", "21x21"), "too small"),
        (("--lots", "NOTHING=1"), "nothing to print for NOTHING=1"),
        (("--devices", "Tablet 9"), "nothing to print for Tablet 9"),
    ):
        refused = floorledger("labels", *options, *base)
        assert refused.exit_code != 0
        assert said in refused.stderr, options
