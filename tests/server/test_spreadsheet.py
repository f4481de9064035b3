"""Spreadsheets out: no text becomes a formula. Spreadsheets in: a stranger's workbook is looked at first."""

# ruff: noqa: DTZ001, DTZ007 - a cell of a sheet has no time zone
import csv
import io
import json
import random
import resource
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape
from sqlalchemy import Engine

from server.cli import main
from server.reference.imports import ImportRefused, read_files
from server.settings import Settings
from server.spreadsheet import TooLarge, of_entries, safe_cell, workbook
from server.store import plant
from server.store.database import read, write
from sync.connectors.csv_file import workbook as reader
from sync.connectors.csv_file.mapping import KINDS
from sync.connectors.csv_file.source import Unreadable
from sync.core.cells import guarded, unguarded

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "docs" / "templates"
LOG = ROOT / "tests" / "fixtures" / "log"
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\0=1", "＝1+1", "＋1", "－1", "＠x",
            "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example","x")', "--1", "=", "-", "'=1", "''=1",
            "x;=1+1", "x\n=1", "a,+b", "x\t-y"]  # fmt: skip
HARMLESS = [
    "",
    "-5",
    "-5.25",
    "0",
    "a=b",
    "a-b",
    "2026-11-20",
    "O'Brien",
    "'quoted'",
    "x; y",
    "é",
    "1e5",
    "MO-1001",
    "a@b.c",
]


@pytest.fixture
def floorledger(settings: Settings, site: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs commands on the test's installation."""
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LANGUAGE", raising=False)
    return lambda *arguments: CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), *map(str, arguments)])


# --- out ---------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-44")
@pytest.mark.parametrize("text", FORMULAS)
def test_text_in_csv_is_no_formula_for_any_reader(text: str) -> None:
    cell = safe_cell(text)
    assert unguarded(cell) == text
    for separator in ",;\t":  # whatever a reader takes for the separator of its country
        for line in cell.replace("\r", "\n").split("\n"):
            for part in line.split(separator):
                assert not part or part[0] not in "=+-@\t\0＝＋－＠", (text, cell, separator)


@pytest.mark.requirement("SR-44")
@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_stays_what_it_is(text: str) -> None:
    assert safe_cell(text) == text == unguarded(text)


@given(st.text(alphabet="=+-@';,\t\r\n0a＝é "))
def test_every_text_comes_back(text: str) -> None:
    assert unguarded(guarded(text)) == text


@pytest.mark.requirement("SR-44")
def test_a_workbook_holds_no_formula_and_no_link(tmp_path: Path) -> None:
    values = [*FORMULAS, *HARMLESS, "http://evil.example", "mailto:x@y.z", "internal:A1", "12", "TRUE", "{=1+1}"]
    path = tmp_path / "out.xlsx"
    with workbook(path) as book:
        assert book.sheet("texts", ["=1+1", "value"], ([text, text] for text in values)) == len(values)
    sheet = openpyxl.load_workbook(path)["texts"]
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}  # "n": empty
    assert all(cell.hyperlink is None and not isinstance(cell.value, (int, float)) for cell in cells)
    assert sheet["A1"].value == "=1+1"
    assert sheet["A1"].quotePrefix and sheet["A2"].quotePrefix
    shown = ["" if cell.value is None else cell.value for cell in sheet["A"][1:]]
    assert [unescape(text) for text in shown] == values
    with zipfile.ZipFile(path) as package:
        assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")
        assert not any("externalLink" in name for name in package.namelist())


def test_numbers_stay_numbers_and_days_days(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    row = [Decimal("-12.50"), 7, Decimal("1234567890123456.789"), date(2026, 11, 20), True, None, "007"]
    with workbook(path) as book:
        book.sheet("values", list("abcdefg"), [row])
    sheet = openpyxl.load_workbook(path)["values"]
    found = [cell.value for cell in sheet[2]]
    assert found == [-12.5, 7, "1234567890123456.789", datetime(2026, 11, 20), "yes", None, "007"]
    assert sheet["D2"].is_date
    assert list(of_entries(["rate", "posted_on", "order"], [["1.10", "2026-11-20", "1"], ["", "", ""]])) == [
        [Decimal("1.10"), date(2026, 11, 20), "1"], ["", "", ""]
    ]  # fmt: skip


def test_what_no_sheet_holds_is_said(tmp_path: Path) -> None:
    with pytest.raises(TooLarge), workbook(tmp_path / "x.xlsx") as book:
        book.sheet("x", ["a"], [["y" * 32_768]])


def test_a_plant_goes_out_as_a_workbook_and_comes_in_unchanged(
    floorledger: Callable[..., Result], tmp_path: Path, database: Engine
) -> None:
    floorledger("import", TEMPLATES)
    odd = [
        {"code": f"D{place}", "name": text}
        for place, text in enumerate(["=1+1", "'=x", "''+y", "x;=1", "-5", "O'Brien"])
    ]
    with write(database) as connection:
        plant.put(connection, "main", "departments", odd)
    file, folder = tmp_path / "plant.xlsx", tmp_path / "plant"
    for place, form in ((file, "xlsx"), (folder, "csv")):
        assert floorledger("export", "plant", "--format", form, "--out", place).exit_code == 0
        again = floorledger("import", place)
        assert again.exit_code == 0, again.output
        figures = [line.split()[1:3] for line in again.stdout.splitlines()[1:-1]]
        assert figures == [["0", "0"]] * len(KINDS)
    book = openpyxl.load_workbook(file)
    assert set(book.sheetnames) <= set(KINDS)
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)
    head, *rows = book["rates"].iter_rows(values_only=True)
    assert rows and all(isinstance(row[head.index("amount")], (int, float)) for row in rows)
    assert all(isinstance(row[head.index("valid_from")], datetime) for row in rows)


def test_entries_and_people_as_a_workbook(floorledger: Callable[..., Result], tmp_path: Path, database: Engine) -> None:
    floorledger("import", TEMPLATES)
    with write(database) as connection:
        plant.put(connection, "main", "people", [{"number": "0042", "name": "=HYPERLINK(1)"}])
    out = tmp_path / "people.xlsx"
    assert floorledger("export", "people", "--format", "xlsx", "--out", out).exit_code == 0
    rows = list(openpyxl.load_workbook(out)["people"].iter_rows(values_only=True))
    assert any(row[:2] == ("0042", "=HYPERLINK(1)") for row in rows)
    empty = tmp_path / "entries.xlsx"
    assert floorledger("export", "entries", "--format", "xlsx", "--out", empty).exit_code == 0
    assert openpyxl.load_workbook(empty)["entries"]["A1"].value == "position"


# --- in ----------------------------------------------------------------------------------------------------------


def book(**sheets: list[list[Any]]) -> bytes:
    """A workbook as a spreadsheet program would save it."""
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def saved() -> bytes:
    """One with its texts in a table beside, as Excel writes it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as made:
        sheet = made.add_worksheet("orders")
        for line, row in enumerate(ORDERS):
            sheet.write_row(line, 0, row)
    return out.getvalue()


def changed(data: bytes, replace: dict[str, bytes | None] | None = None, **edit: Callable[[bytes], bytes]) -> bytes:
    """The package with parts put in, taken out (None), or edited (by the end of their name)."""
    out = io.BytesIO()
    replace = dict(replace or {})
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = replace.pop(name, old.read(name))
            for end, change in edit.items():
                if name.endswith(f"{end}.xml"):
                    content = change(content or b"")
            if content is not None:
                new.writestr(name, content)
        for name, content in replace.items():
            if content is not None:
                new.writestr(name, content)
    return out.getvalue()


def texts(data: bytes, **how: str) -> list[list[str]]:
    """All rows of the first table, its header first."""
    cells = reader.tables(data, "x.xlsx", **how)[0]
    return [list(cells.header), *(row[1] for row in cells.rows if isinstance(row, tuple))]


ORDERS = [["code", "quantity"], ["MO-1", 5]]


def refusal(data: bytes) -> str:
    """Why a file is not taken: as a whole, or where reading it ends."""
    try:
        for cells in reader.tables(data, "x.xlsx"):
            for row in cells.rows:
                if not isinstance(row, tuple):
                    return row.text()
    except Unreadable as wrong:
        return str(wrong)
    raise AssertionError("it was taken")


@pytest.mark.requirement("SR-46")
def test_what_cells_say() -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.append(["a"])
    for value, shown in [(5, None), (5.0, None), (0.1 + 0.2, None), (1e-6, None), (12, "00000"), (0.125, "0.0%"),
                         (True, None), (datetime(2026, 11, 20), None), (datetime(2026, 11, 20, 8, 5), None),
                         (date(2026, 11, 20), None),
                         (clock_time(8, 5), None), (timedelta(hours=26, minutes=30), "[h]:mm"), (" text ", None),
                         ("1,5", None),
                         (-3, None), (123456789012345, None)]:  # fmt: skip
        sheet.append([value])
        if shown:
            sheet.cell(sheet.max_row, 1).number_format = shown
    out = io.BytesIO()
    made.save(out)
    assert [row[0] for row in texts(out.getvalue())[1:]] == [
        "5", "5", "0.3", "0.000001", "00012", "12.5", "yes", "2026-11-20", "2026-11-20 08:05", "2026-11-20", "08:05",
        "26:30", "text", "1,5", "-3", "123456789012345",
    ]  # fmt: skip
    assert texts(book(x=[["at"], [datetime(2026, 11, 20, 8, 5)]]), time_format="%d/%m/%Y %H:%M")[1] == [
        "20/11/2026 08:05"
    ]


def test_blank_rows_gaps_and_short_rows(database: Engine) -> None:
    rows = [[], [None, None], ["code", "name", "parent"], [], ["A", "Ax"], [None], ["B", None, "A"]]
    cells = reader.tables(book(x=rows), "x.xlsx")[0]
    assert list(cells.rows) == [(5, ["A", "Ax", ""]), (7, ["B", "", "A"])]
    assert cells.letters == ("A", "B", "C")


def test_the_sheet_says_what_it_holds_where_there_are_several() -> None:
    data = book(
        items=[["code", "name", "unit"], ["I", "Item", "pcs"]], Ordres=[["numero", "article"], ["MO-1", "I"]], empty=[]
    )
    sheets = read_files([("plant.xlsx", data)])
    assert [(sheet.kind.name, sheet.file) for sheet in sheets] == [
        ("items", "plant.xlsx [items]"),
        ("orders", "plant.xlsx [Ordres]"),
    ]
    assert [sheet.kind.name for sheet in read_files([("orders.xlsx", book(Feuil1=ORDERS))])] == ["orders"]
    assert [sheet.kind.name for sheet in read_files([("x.xlsx", book(orders=ORDERS))])] == ["orders"]
    with pytest.raises(ImportRefused, match=r"x.xlsx \[notes\]: the name does not say what it holds"):
        read_files([("x.xlsx", book(orders=ORDERS, notes=[["buy milk"]]))])


def test_a_hidden_sheet_is_left_out() -> None:
    made = openpyxl.load_workbook(io.BytesIO(book(orders=ORDERS, lists=[["x"]])))
    made["lists"].sheet_state = "hidden"
    out = io.BytesIO()
    made.save(out)
    assert [cells.sheet for cells in reader.tables(out.getvalue(), "x.xlsx")] == ["orders"]


@pytest.mark.requirement("SR-46")
def test_errors_name_the_cell_and_nothing_is_kept(
    floorledger: Callable[..., Result], tmp_path: Path, database: Engine
) -> None:
    file = tmp_path / "plant.xlsx"
    file.write_bytes(
        book(orders=[*ORDERS, ["MO-2", "many"], ["MO-3", "1,5"], ["MO-4", 12345678901234567890]],
             items=[["code", "name", "unit"], ["I", "", ""]])
    )  # fmt: skip
    done = floorledger("import", file)
    assert done.exit_code == 1
    for said in (
        "[orders], cell B3, column quantity: “many” is not a number",
        "[orders], cell B4, column quantity: “1,5” is text in this sheet, not a number",
        "[orders], cell B5: “1.234567890123457e+19” is an error or a number a workbook does not keep",
        "[items], cell C2, column unit: is empty",
    ):
        assert f"plant.xlsx {said}" in done.stderr
    with read(database) as connection:
        assert plant.load(connection, "main").orders == {}
    file.write_bytes(book(orders=ORDERS))
    assert "nothing is changed" in floorledger("import", file, "--preview").stdout
    with read(database) as connection:
        assert plant.load(connection, "main").orders == {}
    assert floorledger("import", file).exit_code == 0
    with read(database) as connection:
        assert plant.load(connection, "main").orders["MO-1"].quantity == 5


@pytest.mark.parametrize("name", sorted(path.name for path in TEMPLATES.glob("*.csv")))
def test_every_reference_file_may_be_a_workbook(name: str) -> None:
    """What the CSV template says, a workbook of the same cells says."""
    content = (TEMPLATES / name).read_bytes()
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    typed = [[float(cell) if row and cell.replace(".", "", 1).isdigit() and not cell.startswith("0") else cell or None
              for cell in cells] for row, cells in enumerate(rows)]  # fmt: skip
    [from_csv], [from_book] = (
        read_files([(name, content)]),
        read_files([(name.replace(".csv", ".xlsx"), book(Sheet1=typed))]),
    )
    assert from_book.rows == from_csv.rows


def test_a_production_log_may_be_a_workbook(floorledger: Callable[..., Result], tmp_path: Path) -> None:
    """With times as times and numbers as numbers; the same twice adds nothing."""
    rows = list(csv.reader(io.StringIO((LOG / "production.csv").read_text("utf-8-sig")), delimiter=";"))
    mapping = (LOG / "mapping.toml").read_text()
    form = next(line.split('"')[1] for line in mapping.splitlines() if line.startswith("format"))

    def typed(cell: str) -> Any:
        for kind in (lambda: datetime.strptime(cell, form), lambda: float(cell.replace(",", "."))):
            with suppress(ValueError):
                return kind()
        return cell or None

    file = tmp_path / "log.xlsx"
    file.write_bytes(book(log=[[typed(cell) for cell in row] for row in rows], notes=[["x"]]))
    (tmp_path / "mapping.toml").write_text(mapping)
    several = floorledger("import", "--log", file, "--mapping", tmp_path / "mapping.toml")
    assert "has several sheets" in several.stderr
    (tmp_path / "mapping.toml").write_text(mapping.replace("[file]", '[file]\nsheet = "log"'))
    done = floorledger("import", "--log", file, "--mapping", tmp_path / "mapping.toml")
    assert "17 facts are new, 0 were here already." in done.stdout, done.output
    again = floorledger("import", "--log", file, "--mapping", tmp_path / "mapping.toml")
    assert "0 facts are new, 17 were here already." in again.stdout


# --- in, from a stranger -----------------------------------------------------------------------------------------

LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"ha" * 1000 + b'">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(8)) + b"]>"
)  # fmt: skip
Edit = Callable[[bytes], bytes]


def put(name: str, content: bytes | None = b"<x/>") -> Edit:
    return lambda data: changed(data, {name: content})


def sheet(edit: Edit) -> Edit:
    return lambda data: changed(data, sheet1=edit)


def swap(old: bytes, new: bytes) -> Edit:
    def edit(xml: bytes) -> bytes:
        assert old in xml
        return xml.replace(old, new)

    return sheet(edit)


def of_macros(data: bytes) -> bytes:
    types = zipfile.ZipFile(io.BytesIO(data)).read("[Content_Types].xml")
    plain = b"openxmlformats-officedocument.spreadsheetml.sheet.main"
    assert plain in types
    return changed(data, {"[Content_Types].xml": types.replace(plain, b"ms-excel.sheet.macroEnabled.main")})


def other_package(data: bytes) -> bytes:
    gone: dict[str, bytes | None] = dict.fromkeys(zipfile.ZipFile(io.BytesIO(data)).namelist())
    return changed(data, gone | {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet"})


def lying(data: bytes) -> bytes:
    """A package whose directory says its sheet is one byte long."""
    place = data.rindex(b"PK\x01\x02", 0, data.rindex(b"xl/worksheets/sheet1.xml"))
    return data[: place + 24] + (1).to_bytes(4, "little") + data[place + 28 :]


OUTSIDE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
EBCDIC = "<?xml version='1.0' encoding='cp037'?><!DOCTYPE x [<!ENTITY e 'x'>]><x/>".encode("cp037")
NOISE = random.Random(1).randbytes((1 << 20) - 4)  # packs no tighter; what follows straddles two pieces
STRANGE: dict[str, tuple[Edit, str]] = {
    "billion laughs in a sheet": (sheet(lambda xml: LAUGHS + xml), "document type"),
    "billion laughs in the strings": (put("xl/sharedStrings.xml", LAUGHS + b"<sst/>"), "document type"),
    "an entity from outside": (sheet(lambda xml: OUTSIDE + xml), "document type"),
    "a document type in UTF-16": (sheet(lambda xml: "<!DOCTYPE x []>".encode("utf-16") + xml), "document type"),
    "a document type in EBCDIC": (sheet(lambda xml: EBCDIC), "damaged"),
    "a document type at the seam": (sheet(lambda xml: NOISE + OUTSIDE + xml), "document type"),
    "a macro": (put("xl/vbaProject.bin"), "macros"),
    "the type of a workbook with macros": (of_macros, "macros"),
    "a sheet of old macros": (put("xl/macrosheets/sheet1.xml"), "macros"),
    "a link to another workbook": (put("xl/externalLinks/externalLink1.xml"), "linked to other"),
    "a query": (put("xl/connections.xml"), "linked to other"),
    "an embedded file": (put("xl/embeddings/oleObject1.bin"), "linked to other"),
    "no workbook": (put("xl/workbook.xml", None), "another kind"),
    "another package": (other_package, "another kind"),
    "cut off": (lambda data: data[: len(data) // 2], "damaged"),
    "no zip": (lambda data: b"PK\x03\x04" + b"x" * 100, "damaged"),
    "garbage for a sheet": (sheet(lambda xml: b"\x00\xff<<<"), "damaged"),
    "a sheet cut off": (sheet(lambda xml: xml[:-60]), "damaged"),
    "no styles": (put("xl/styles.xml", b"<"), "damaged"),
    "a string that is not there": (swap(b"<v>0</v>", b"<v>99</v>"), "damaged"),
    "too many parts": (lambda data: changed(data, {f"xl/x{i}.bin": b"" for i in range(1000)}), "unpacks to more"),
    "packed too tightly": (put("xl/media/a.png", b"\0" * 2_000_000), "unpacks to more"),
    "a directory that lies": (lying, "damaged"),
    "a row far below": (swap(b'<row r="2"', b'<row r="99999999"'), "is larger than"),
    "a column far right": (swap(b'r="B2"', b'r="XFD2"'), "is larger than"),
    "a column that is none": (swap(b'r="B2"', b'r="ZZZZZZZ2"'), "damaged"),
    "a number that is none": (swap(b"<v>5</v>", b"<v>x</v>"), "damaged"),
    "no number at all": (swap(b"<v>5</v>", b"<v>NaN</v>"), "damaged"),
    "an error": (swap(b'r="B2"', b'r="B2" t="e"'), "is an error"),
}  # fmt: skip


@pytest.mark.requirement("SR-46")
@pytest.mark.parametrize("name", STRANGE)
def test_a_stranger_s_workbook_ends_in_a_sentence(name: str) -> None:
    make, says = STRANGE[name]
    began = time.monotonic()
    assert says in refusal(make(saved()))
    assert time.monotonic() - began < 20


@pytest.mark.requirement("SR-46")
def test_a_million_empty_rows_and_no_end_of_cells() -> None:
    data = book(orders=ORDERS)
    rows = b"".join(b'<row r="%d"/>' % line for line in range(3, 1_000_000))
    empty = changed(data, sheet1=lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>"))
    began = time.monotonic()
    assert texts(empty)[1:] == [["MO-1", "5"]]
    assert time.monotonic() - began < 60
    cells = b"<row>" + b"<c/>" * 13_000_000 + b"</row>"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "unpacks to more" in refusal(
        changed(data, sheet1=lambda xml: xml.replace(b"</sheetData>", cells + b"</sheetData>"))
    )
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB: refused before it was parsed


def test_the_sentences_of_a_workbook_are_json() -> None:
    """An error travels with its parameters, whatever a cell held."""
    with pytest.raises(ImportRefused) as wrong:
        read_files([("orders.xlsx", book(orders=[["code", "quantity"], ["MO-1", "{x}"]]))])
    assert json.dumps([dict(error.params) for error in wrong.value.errors]) == '[{"cell": "{x}"}]'
    assert "cell B2" in str(wrong.value)


@pytest.mark.requirement("SR-44")
def test_every_csv_file_is_written_through_the_one_guard() -> None:
    """Whoever writes CSV rows guards its cells, or makes them of what is guarded elsewhere."""
    sources = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "server").rglob("*.py")}
    writing = {name for name, text in sources.items() if "csv.writer(" in text or "DictWriter(" in text}
    assert {"server/finance/routes.py", "server/pull/routes.py", "server/reference/exports.py"} <= writing
    assert [name for name in writing if "safe_cell" not in sources[name]] == []


def test_a_dry_run_takes_workbooks_too(floorledger: Callable[..., Result], tmp_path: Path) -> None:
    """The plant in one workbook beside the facts."""
    story, folder = ROOT / "tests" / "scenarios" / "first_hour", tmp_path / "case"
    story = story if story.exists() else sorted((ROOT / "tests" / "scenarios").glob("*/events.csv"))[0].parent
    folder.mkdir()
    sheets = {}
    for path in story.iterdir():
        if path.suffix == ".csv" and path.name != "events.csv":
            sheets[path.stem] = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
        elif path.name in ("site.toml", "events.csv", "events.jsonl"):
            (folder / path.name).write_bytes(path.read_bytes())
    assert len(sheets) > 1
    (folder / "plant.xlsx").write_bytes(book(**sheets))
    told = [json.loads(floorledger("cost", place).stdout) for place in (story, folder)]
    assert told[0]["entries"] == told[1]["entries"]
