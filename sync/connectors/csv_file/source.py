"""Tables in, CSV files and (workbook.py) sheets: text to rows, rows to values, and what is wrong said where it is.

Nothing is guessed: a file is UTF-8 or refused with what it seems to be instead, a quote that does not close, a row of
another length, an unknown column are errors with their line. Trouble is returned, all of it up to `MAX_ERRORS`, so
that one look mends a file.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.connectors.csv_file.mapping import BadCell, Column, Kind, Style, _
from sync.core.cells import unguarded

MAX_BYTES = 32 * 1024 * 1024
MAX_ROWS = 200_000
MAX_ERRORS = 100
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class LineError:
    """What is wrong in which line (0: the file as a whole) and column. `sentence` is a msgid for `params`; `letter` is
    the column's in a sheet, where a cell has an address."""

    file: str
    line: int
    column: str
    sentence: str
    params: Mapping[str, str] = field(default_factory=dict)
    letter: str = ""

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The error in the language of `translate`, which is the catalogue's look-up."""
        place = [self.file]
        if self.line and self.letter:
            place.append(translate(_("cell {cell}")).format(cell=f"{self.letter}{self.line}"))
        elif self.line:
            place.append(translate(_("line {line}")).format(line=self.line))
        if self.column:
            place.append(translate(_("column {column}")).format(column=self.column))
        return f"{', '.join(place)}: {translate(self.sentence).format(**self.params)}"


class Unreadable(ValueError):
    """The file as a whole cannot be read; `error` says why."""

    def __init__(self, error: LineError) -> None:
        super().__init__(error.text())
        self.error = error


@dataclass(frozen=True, slots=True)
class Cells:
    """A CSV file or a sheet as text: its header and, line by line, the cells below each name. `letters` are those of a
    sheet's columns, `sheet` is its name."""

    file: str
    style: Style
    header: tuple[str, ...]
    rows: "Rows"
    letters: tuple[str, ...] = ()
    sheet: str = ""

    def letter(self, column: int) -> str:
        """The letter of a column in a sheet, "" in a CSV file."""
        return self.letters[column] if self.letters else ""


# The line a row begins in and its cells; what cannot be read is said in its place.
Rows = Iterator[tuple[int, list[str]] | LineError]


@dataclass(slots=True)
class Sheet:
    """The rows of one reference file as values, with the line each came from and the file's own headers."""

    kind: Kind
    file: str
    headers: dict[str, str] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def error(self, index: int, column: str, sentence: str, **params: str) -> LineError:
        """An error of the row at `index`."""
        header, letter = self.headers.get(column, column), self.letters.get(column, "")
        return LineError(self.file, self.lines[index], header, sentence, params, letter)


def decode(data: bytes, file: str, encoding: str = "utf-8") -> str:
    """The text of a file. Raises Unreadable, and says what the file seems to be instead."""

    def refuse(sentence: str, line: int = 0, **params: str) -> Unreadable:
        return Unreadable(LineError(file, line, "", sentence, params))

    if len(data) > MAX_BYTES:
        raise refuse(_("is larger than {size} MiB: split it"), size=str(MAX_BYTES // 1024 // 1024))
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise refuse(_("is a workbook of another kind than .xlsx: save it as .xlsx or as “CSV UTF-8”"))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refuse(_("is written in UTF-16: save it as “CSV UTF-8”"))
    if (nul := data.find(b"\0")) >= 0:
        raise refuse(_("holds a NUL character: this is no text file, or it is damaged"), data.count(b"\n", 0, nul) + 1)
    try:
        return data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as wrong:
        line = data.count(b"\n", 0, wrong.start) + 1
        try:
            data.decode("cp1252")
        except UnicodeDecodeError:
            raise refuse(_("is not UTF-8 text: save it as “CSV UTF-8”"), line) from wrong
        raise refuse(_("seems to be written in Windows-1252 (“ANSI”): save it as “CSV UTF-8”"), line) from wrong


def split(text: str, file: str, separator: str = "") -> Cells:
    """Header and rows of CSV text; without `separator`, the one the header uses. Raises Unreadable without a header."""
    first = text.split("\n", 1)[0]
    separator = separator or max(SEPARATORS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    return table(_physical_rows(reader, file), file, Style(decimal_comma=separator == ";"))


def table(rows: Rows, file: str, style: Style) -> Cells:
    """Rows below their header, which is the first of them. Raises Unreadable without one."""
    header: list[str] = []
    for row in rows:
        if isinstance(row, LineError):
            raise Unreadable(row)
        header = [cell.strip() for cell in row[1]]
        break
    if not header:
        raise Unreadable(LineError(file, 0, "", _("is empty: the first line names the columns")))
    while header and not header[-1]:
        header.pop()
    return Cells(file, style, tuple(header), _fitted(rows, header, file, short=style.typed))


def _physical_rows(reader: Any, file: str) -> Rows:
    """Rows that are not blank with the line they begin in; after what is not CSV nothing can be trusted any more."""
    while True:
        line = reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as wrong:
            yield LineError(file, line, "", _("cannot be read as CSV ({detail}): check quotes"), {"detail": str(wrong)})
            return
        if any(cell.strip() for cell in row):
            yield line, row


def _fitted(rows: Rows, header: list[str], file: str, *, short: bool) -> Rows:
    """Rows as long as the header. `short`: one may end before, as rows of a sheet do."""
    count = 0
    for row in rows:
        if isinstance(row, LineError):
            yield row
            continue
        line, cells = row
        count += 1
        if count > MAX_ROWS:
            yield LineError(file, line, "", _("is longer than {count} lines: split the file"), {"count": str(MAX_ROWS)})
            return
        while len(cells) > len(header) and not cells[-1].strip():
            cells.pop()  # spreadsheets write empty cells to the right
        if short:
            cells += [""] * (len(header) - len(cells))
        if len(cells) != len(header):
            params = {"cells": str(len(cells)), "columns": str(len(header))}
            yield LineError(file, line, "", _("has {cells} cells, the header {columns}: check separators"), params)
            continue
        yield line, [cell.strip() for cell in cells]


def read(kind: Kind, data: bytes, file: str) -> tuple[Sheet, list[LineError]]:
    """The rows of a reference file in CSV, and what is wrong with it. A sheet with errors is not to be used."""
    try:
        return read_cells(kind, split(decode(data, file), file))
    except Unreadable as wrong:
        return Sheet(kind, file), [wrong.error]


def read_cells(kind: Kind, cells: Cells) -> tuple[Sheet, list[LineError]]:
    """Those of a table, whatever it came in."""
    file = cells.file
    sheet = Sheet(kind, file)
    errors: list[LineError] = []
    try:
        columns = _columns(kind, cells)
    except Unreadable as wrong:
        return sheet, [wrong.error]
    sheet.headers = {column.name: header for column, header in zip(columns, cells.header, strict=True)}
    sheet.letters = {column.name: cells.letter(place) for place, column in enumerate(columns)}
    seen: dict[tuple[Any, ...], int] = {}
    for row in cells.rows:
        if len(errors) >= MAX_ERRORS:
            break
        if isinstance(row, LineError):
            errors.append(row)
            continue
        line, texts = row
        values, wrong_cells = _values(columns, cells, texts, line)
        if not wrong_cells:
            try:
                values = kind.finish(values)
            except BadCell as wrong:
                wrong_cells = [LineError(file, line, "", wrong.sentence, wrong.params)]
        if wrong_cells:
            errors += wrong_cells
            continue
        key = tuple(values.get(name) for name in kind.key)
        if (before := seen.setdefault(key, line)) != line:
            sentence = _("is about the same thing as line {other}: leave one of them")
            errors.append(LineError(file, line, "", sentence, {"other": str(before)}))
            continue
        sheet.rows.append(values)
        sheet.lines.append(line)
    return sheet, errors


def _columns(kind: Kind, cells: Cells) -> list[Column]:
    """The column under each header. Raises Unreadable for one that is unknown, doubled or missing."""
    columns: list[Column] = []
    for position, header in enumerate(cells.header, start=1):
        column = kind.column(header)
        known = ", ".join(column.name for column in kind.columns)
        if column is None:
            params = {"header": header or str(position), "known": known}
            raise Unreadable(
                LineError(cells.file, 1, "", _("column “{header}” is not known; known are {known}"), params)
            )
        if column in columns:
            raise Unreadable(
                LineError(cells.file, 1, "", _("column “{header}” stands there twice"), {"header": column.name})
            )
        columns.append(column)
    for column in kind.columns:
        if column.required and column not in columns:
            raise Unreadable(LineError(cells.file, 1, "", _("column “{header}” is missing"), {"header": column.name}))
    return columns


def _values(columns: list[Column], cells: Cells, texts: list[str], line: int) -> tuple[dict[str, Any], list[LineError]]:
    values: dict[str, Any] = {}
    errors = []

    def wrong_at(place: int, sentence: str, params: Mapping[str, str]) -> None:
        errors.append(LineError(cells.file, line, cells.header[place], sentence, params, cells.letter(place)))

    for place, (column, cell) in enumerate(zip(columns, texts, strict=True)):
        if cell:
            try:
                # An apostrophe that says "this is text" is CSV's; a workbook keeps it apart.
                values[column.name] = column.read(cell if cells.style.typed else unguarded(cell), cells.style)
            except BadCell as wrong:
                wrong_at(place, wrong.sentence, wrong.params)
        elif column.required:
            wrong_at(place, _("is empty: fill it"), {})
        else:
            values[column.name] = column.empty
    return values, errors
