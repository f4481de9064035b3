"""Workbooks (.xlsx) in, with the care a stranger's file needs, as the same tables CSV files make.

Before anything is parsed the package is looked at from outside: only .xlsx, without macros, links to other workbooks,
embedded objects or queries; as many parts, bytes and marks as a plant can need, packed no tighter than a sheet packs;
no document type, so no entity. Then row by row, so that a sheet cannot be larger in memory than on paper. A reader
that lays a sheet out whole (one value in A1, one in XFD1048576) would take all there is.

What a cell says becomes text as CSV would write it: numbers with the 15 digits a workbook keeps and a point, days as
2026-11-20, times of day as 08:00, a percentage as its hundredfold, a number shown with leading zeros with them.
Formulas count with the value they had when the file was saved; hidden sheets are left out.
"""

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from sync.connectors.csv_file.mapping import Style, _
from sync.connectors.csv_file.source import (
    MAX_BYTES,
    Cells,
    LineError,
    Rows,
    Unreadable,
    decode,
    split,
    table,
)
from sync.core.quantity import plain

MAX_PARTS = 1_000
MAX_UNPACKED = 256 * 1024 * 1024
MAX_RATIO, RATIO_FROM = 200, 1024 * 1024  # a part below this may be packed as tightly as it likes
MAX_MARKS = 12_000_000  # of all parts together: three for a cell
MAX_SHEETS = 100
MAX_LINES, MAX_COLUMNS = 1_048_576, 500
MAX_CELLS = 4_000_000
DIGITS = 15

# Parts that do something when the file is opened, or fetch something: nothing reference data needs.
_ACTIVE = {
    re.compile(r"vbaProject|macrosheets/|activeX/|customUI", re.IGNORECASE): _(
        "holds macros or controls: save it as .xlsx without them"
    ),
    re.compile(r"externalLinks/|connections\.xml|queryTables/|webextensions/|embeddings/", re.IGNORECASE): _(
        "is linked to other files or sources: break the links, so that it holds values only"
    ),
}
_ZEROS = re.compile("0+")


@dataclass(frozen=True, slots=True)
class _Writing:
    """How typed cells are written as text."""

    time_format: str
    decimal_comma: bool


def is_workbook(data: bytes) -> bool:
    """Whether the file is a zip package; what kind of one is looked at later."""
    return data.startswith(b"PK\x03\x04")


def tables(
    data: bytes,
    file: str,
    *,
    encoding: str = "utf-8",
    separator: str = "",
    time_format: str = "",
    decimal_comma: bool = False,
) -> list[Cells]:
    """The tables of a file: one of a CSV file, of a workbook each visible sheet that is not empty. Raises Unreadable.

    `encoding` and `separator` are CSV's; `time_format` (as `strftime` has it) and `decimal_comma` say how the instants
    and numbers of a workbook are written, so that they are the text the same rows have as CSV.
    """
    if not is_workbook(data):
        return [split(decode(data, file, encoding), file, separator)]
    _look_at(data, file)
    return _sheets(data, file, _Writing(time_format, decimal_comma))


def _look_at(data: bytes, file: str) -> None:
    """Refuse a package that is more than a plain workbook. Raises Unreadable."""

    def refuse(sentence: str, **params: str) -> Unreadable:
        return Unreadable(LineError(file, 0, "", sentence, params))

    if len(data) > MAX_BYTES:
        raise refuse(_("is larger than {size} MiB: split it"), size=str(MAX_BYTES // 1024 // 1024))
    too_much = refuse(_("unpacks to more than a workbook of this size holds: split it, or save it anew"))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            names = [part.filename for part in parts]
            for active, sentence in _ACTIVE.items():
                if any(active.search(name) for name in names):
                    raise refuse(sentence)
            if "xl/workbook.xml" not in names or len(set(names)) != len(names):
                raise refuse(_("is a workbook of another kind than .xlsx: save it as .xlsx or as “CSV UTF-8”"))
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise too_much
            if any(part.file_size > max(RATIO_FROM, MAX_RATIO * part.compress_size) for part in parts):
                raise too_much
            marks = 0
            for part in parts:
                if not part.filename.endswith((".xml", ".rels")):
                    continue
                for chunk in _chunks(package, part):
                    marks += chunk.count(b"<")
                    # UTF-16 puts a NUL between the signs.
                    if b"<!DOCTYPE" in chunk.replace(b"\0", b""):
                        raise refuse(_("holds a document type, which no spreadsheet writes: save it anew"))
                    if marks > MAX_MARKS:
                        raise too_much
            if b"macroEnabled" in package.read("[Content_Types].xml"):
                raise refuse(_("holds macros or controls: save it as .xlsx without them"))
    except Unreadable:
        raise
    except Exception as wrong:  # a damaged package fails in as many ways as there are bytes
        raise refuse(_("is damaged: open it in a spreadsheet and save it anew")) from wrong


def _chunks(package: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """The part unpacked, piece by piece, each with the end of the one before."""
    with package.open(part) as stream:
        end = b""
        while read := stream.read(1 << 20):
            yield end + read
            end = read[-32:]


def _sheets(data: bytes, file: str, writing: "_Writing") -> list[Cells]:
    damaged = Unreadable(LineError(file, 0, "", _("is damaged: open it in a spreadsheet and save it anew")))
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl speaks of decoration it leaves out
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        except Exception as wrong:
            raise damaged from wrong
    if len(sheets) > MAX_SHEETS:
        raise Unreadable(LineError(file, 0, "", _("has more sheets than {count}"), {"count": str(MAX_SHEETS)}))
    for sheet in sheets:
        sheet.reset_dimensions()  # what the file says of its size is not to be relied on
        name = f"{file} [{sheet.title}]" if len(sheets) > 1 else file
        try:
            cells = table(_rows(sheet, name, writing), name, Style(writing.decimal_comma, typed=True))
        except Unreadable as wrong:
            if wrong.error.line:
                raise
            continue  # an empty sheet
        letters = tuple(get_column_letter(place) for place in range(1, len(cells.header) + 1))
        found.append(Cells(name, cells.style, cells.header, cells.rows, letters, sheet.title))
    if not found:
        raise Unreadable(LineError(file, 0, "", _("is empty: the first line names the columns")))
    return found


def _rows(sheet: Any, file: str, writing: "_Writing") -> Rows:
    """Rows that are not blank, with their number."""
    seen, line = 0, 0
    rows = sheet.iter_rows()
    while True:
        line += 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                row = next(rows, None)
        except Exception:
            yield LineError(file, line, "", _("is damaged: open it in a spreadsheet and save it anew"))
            return
        if row is None:
            return
        seen += len(row)
        while row and row[-1].value is None:
            row = row[:-1]
        if line > MAX_LINES or seen > MAX_CELLS or len(row) > MAX_COLUMNS:
            params = {"lines": str(MAX_LINES), "columns": str(MAX_COLUMNS), "cells": str(MAX_CELLS)}
            sentence = _("is larger than {lines} rows, {columns} columns or {cells} cells: split it")
            yield LineError(file, line, "", sentence, params)
            return
        texts, wrong = [], False
        for column, cell in enumerate(row, start=1):
            read = _text(cell, writing)
            if read is None:
                sentence, letter = _("“{cell}” is an error or a number a workbook does not keep: write it anew, "
                                     "codes of more than 15 digits as text"), get_column_letter(column)  # fmt: skip
                yield LineError(file, line, "", sentence, {"cell": str(cell.value)[:40]}, letter)
                wrong = True
            else:
                texts.append(read)
        if not wrong and any(text.strip() for text in texts):
            yield line, texts


def _text(cell: Any, writing: "_Writing") -> str | None:
    """What a cell says, as CSV would write it; None for what a person would not have written."""
    value = cell.value
    match value:
        case None:
            return ""
        case str():
            return None if cell.data_type == "e" else value
        case bool():
            return "yes" if value else "no"
        case int() | float():
            number = _number(value, str(cell.number_format or ""))
            return number.replace(".", ",") if number and writing.decimal_comma else number
        case datetime():
            if writing.time_format:
                return value.strftime(writing.time_format)
            return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
        case date():
            return value.isoformat()
        case time():
            return value.isoformat("minutes")
        case timedelta():
            minutes = round(value.total_seconds() / 60)
            return f"{minutes // 60:02}:{minutes % 60:02}"
        case _:
            return None


def _number(value: float, shown: str) -> str | None:
    """A number with the digits a workbook keeps, or None beyond them."""
    if abs(value) >= 10**DIGITS or value != value:
        return None
    exact = Decimal(f"{value:.{DIGITS}g}")
    if "%" in shown:
        exact *= 100
    if _ZEROS.fullmatch(shown) and exact == exact.to_integral() and exact >= 0:
        return plain(exact).zfill(len(shown))
    return plain(exact)
