"""Reference files: every way a file can be written, and every way it can be wrong, said where it is wrong."""

from datetime import date
from decimal import Decimal

import pytest

from sync.connectors.csv_file.mapping import KINDS, NOTES, kind_of_file
from sync.connectors.csv_file.source import MAX_ERRORS, read


def rows(kind: str, text: str, encoding: str = "utf-8") -> list[dict]:
    sheet, errors = read(KINDS[kind], text.encode(encoding), f"{kind}.csv")
    assert [error.text() for error in errors] == []
    return sheet.rows


def errors(kind: str, content: str | bytes) -> list[str]:
    data = content if isinstance(content, bytes) else content.encode()
    return [error.text() for error in read(KINDS[kind], data, f"{kind}.csv")[1]]


def test_a_note_is_about_a_file_there_is() -> None:
    assert NOTES.keys() <= KINDS.keys()


def test_a_spreadsheet_of_a_french_office() -> None:
    """Byte order mark, semicolons, French headings with accents, decimal comma, no-break space, day first."""
    text = (
        "\ufeffNuméro;Article;Quantité;Client;Échéance;Statut\r\nOF-1;CHAISE;1\u202f250,5;Société;18/12/2026;ouvert\r\n"
    )
    assert rows("orders", text) == [
        {"code": "OF-1", "item": "CHAISE", "quantity": Decimal("1250.5"), "customer": "Société",
         "due_on": date(2026, 12, 18), "status": "open"}
    ]  # fmt: skip


def test_a_file_of_a_program() -> None:
    text = "order,number,name,work_center,standard_run_min\nMO-1,10,Cut,SAW,2.5\nMO-1,20,Rout,,\n"
    cut, rout = rows("operations", text)
    assert (cut["sequence"], cut["standard_run_min"]) == (10, Decimal("2.5"))
    assert rout == {
        "order": "MO-1",
        "number": "20",
        "name": "Rout",
        "work_center": "",
        "standard_run_min": 0,
        "sequence": 20,
    }


def test_cells_that_look_like_formulas_are_text() -> None:
    assert rows("items", 'code,name,unit\n=A1,"=HYPERLINK(""x"")",pcs\n-5,+1,kg\n') == [
        {"code": "=A1", "name": '=HYPERLINK("x")', "unit": "pcs"},
        {"code": "-5", "name": "+1", "unit": "kg"},
    ]


def test_columns_a_file_does_not_have_are_left_alone() -> None:
    assert rows("people", "number,name\n7,Ana\n") == [{"number": "7", "name": "Ana"}]


def test_names_by_language() -> None:
    made = rows("reasons", "kind,code,name,name_fr\ndefect,BURR,Burr,Bavure\npanne,LAME,,Lame cassée\n")
    assert made[0]["name"] == {"en": "Burr", "fr": "Bavure"}
    assert made[1] == {"kind": "downtime", "code": "LAME", "name": {"en": "Lame cassée", "fr": "Lame cassée"}}


def test_blank_lines_and_cells_to_the_right_do_not_matter() -> None:
    assert len(rows("departments", "code,name,,\nA,Anne,,\n\n , ,,\nB,Bert,,\n")) == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [("orders.csv", "orders"), ("Gammes.CSV", "operations"), ("05_Nomenclatures.csv", "components"),
     ("exports/Postes de charge.csv", "work_centers"), ("notes.csv", None)],
)  # fmt: skip
def test_the_name_of_a_file_says_what_it_holds(name: str, kind: str | None) -> None:
    found = kind_of_file(name)
    assert (found.name if found else None) == kind


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "orders.csv: is empty"),
        (b"code,quantity\nMO-1\n", "orders.csv, line 2: has 1 cells, the header 2"),
        (b"code,quantity\nMO-1,1,2\n", "orders.csv, line 2: has 3 cells, the header 2"),
        (b"code,quantite,color\nMO-1,1,red\n", "orders.csv, line 1: column “color” is not known; known are code, item"),
        (b"code,quantity,quantite\n", "orders.csv, line 1: column “quantity” stands there twice"),
        (b"quantity\n1\n", "orders.csv, line 1: column “code” is missing"),
        (b"code,quantity\n,1\n", "orders.csv, line 2, column code: is empty: fill it"),
        (b"code,quantity\nMO-1,many\n", "line 2, column quantity: “many” is not a number"),
        (b'code,quantity\nMO-1,"1,5"\n', "with commas between columns, write decimals with a point"),
        (b"code;quantity\nMO-1;1.234\n", "line 2, column quantity: “1.234” may be read in two ways: with semicolons"),
        (b"code;quantity\nMO-1;1.234.567,5\n", "“1.234.567,5” may be read in two ways"),
        (b"code,quantity\nMO-1,-1\n", "line 2, column quantity: “-1” must not be below zero"),
        (b"code,quantity\nMO-1,1e3\n", "“1e3” is not a number"),
        (b"code,quantity\nMO-1,0.0000001\n", "at most six of them after the decimal sign"),
        ("code,quantity\nMO-1,١٢\n".encode(), "is not a number"),
        (b"code,due_on\nMO-1,12/31/2026\n", "“12/31/2026” is not a date: write it as 2026-11-20 or 20/11/2026"),
        (b"code,due_on\nMO-1,2026-02-30\n", "“2026-02-30” is not a date"),
        (b"code,due_on\nMO-1,1899-12-31\n", "is not a date"),
        (b"code,status\nMO-1,maybe\n", "“maybe” is not known here: write one of open, closed"),
        (b"code\nMO-1\nMO-2\nMO-1\n", "orders.csv, line 4: is about the same thing as line 2: leave one of them"),
        (b"code\n" + b"x" * 65 + b"\n", "column code: is longer than 64 characters"),
        (b'code,customer\nMO-1,"two\nlines"\nMO-2,\x07\n', "line 2, column customer: holds a line break"),
        ("code\nMO\u200b1\n".encode(), "column code: holds a control or invisible character"),
        (b'code,customer\nMO-1,"open\n', "line 2: cannot be read as CSV"),
        (b'code,customer\nMO-1,"a"b\n', "line 2: cannot be read as CSV"),
        (b"code\nMO-1\x00\n", "orders.csv, line 2: holds a NUL character"),
        ("code,customer\nMO-1,Société\n".encode("cp1252"), "line 2: seems to be written in Windows-1252"),
        (b"code,customer\nMO-1,\x81\xff\n", "line 2: is not UTF-8 text"),
        ("code\nMO-1\n".encode("utf-16"), "is written in UTF-16"),
        (b"PK\x03\x04whatever", "is a workbook of another kind"),
        (b"code,customer\nMO-1," + b"x" * 200_000 + b"\n", "line 2: cannot be read as CSV"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(content: bytes, says: str) -> None:
    found = errors("orders", content)
    assert found
    assert any(says in error for error in found), found


def test_a_line_break_inside_quotes_keeps_the_line_numbers_right() -> None:
    assert errors("orders", 'code,customer\nMO-1,"two\nlines"\nMO-2,fine\nMO-1,again\n')[0].startswith(
        "orders.csv, line 2"
    )
    found = errors("departments", 'code,name\nA,"x"\n\nA,y\n')
    assert found == ["departments.csv, line 4: is about the same thing as line 2: leave one of them"]


def test_all_errors_are_told_but_not_without_end() -> None:
    assert len(errors("orders", "code,quantity\n" + "MO-1,x\n" * 3)) == 3
    assert len(errors("orders", "code,quantity\n" + "MO-1,x\n" * 5000)) == MAX_ERRORS


def test_an_error_names_the_column_as_the_file_does() -> None:
    assert errors("orders", "Numéro;Quantité\nOF-1;beaucoup\n")[0].startswith(
        "orders.csv, line 2, column Quantité: “beaucoup”"
    )


def test_the_error_speaks_the_readers_language() -> None:
    error = read(KINDS["orders"], b"code,quantity\nMO-1,x\n", "orders.csv")[1][0]
    french = {
        "line {line}": "ligne {line}",
        "column {column}": "colonne {column}",
        error.sentence: "« {cell} » n'est pas un nombre",
    }
    assert error.text(french.__getitem__) == "orders.csv, ligne 2, colonne quantity: « x » n'est pas un nombre"
