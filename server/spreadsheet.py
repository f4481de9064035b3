"""Cells and workbooks a spreadsheet may open: text never becomes a formula, numbers stay numbers, dates dates."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import xlsxwriter

from sync.core.cells import guarded, may_be_formula
from sync.core.quantity import plain

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a cell and a sheet can hold at most (ECMA-376, as Excel has it).
MOST_TEXT, MOST_ROWS = 32_767, 1_048_576
# Digits a number of a spreadsheet keeps: an IEEE double.
DIGITS = 15


def safe_cell(value: Any) -> str:
    """A value as text of a CSV cell: numbers stay numbers, text that looks like a formula gets an apostrophe."""
    return guarded(value if type(value) is str else str(value))


class TooLarge(ValueError):
    """More than a sheet holds."""


class Workbook:
    """A workbook that is written row by row, so that its size does not matter to the memory.

        with workbook(file) as book:
            book.sheet("orders", ("code", "quantity"), rows)

    A cell is what its value is: Decimal and int numbers, date a date, bool yes or no, None empty, all else text. A
    number a spreadsheet cannot keep to its last digit is text. Text a reader could take for a formula is marked as
    text (the apostrophe of spreadsheets) and stays what it is.
    """

    def __init__(self, written: Any) -> None:
        self._written = written
        self._text = written.add_format({"num_format": "@"})
        self._quoted = written.add_format({"num_format": "@", "quote_prefix": True})
        self._head = written.add_format({"num_format": "@", "quote_prefix": True, "bold": True, "bottom": 1})
        self._day = written.add_format({"num_format": "yyyy-mm-dd"})

    def sheet(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Write a sheet and say how many rows it has below its header. Raises TooLarge."""
        sheet = self._written.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(columns):
            sheet.write_string(0, column, title, self._head)
            sheet.set_column(column, column, max(10, min(len(title) + 2, 30)))
        count = 0
        for count, row in enumerate(rows, start=1):
            if count >= MOST_ROWS:
                raise TooLarge(name)
            for column, value in enumerate(row):
                self._cell(sheet, count, column, value)
        return count

    def _cell(self, sheet: Any, row: int, column: int, value: Any) -> None:
        match value:
            case None | "":
                return
            case bool():
                sheet.write_string(row, column, "yes" if value else "no", self._text)
            case Decimal() | int() if _is_kept(Decimal(value)):
                sheet.write_number(row, column, value)
            case Decimal() | int():
                sheet.write_string(row, column, plain(Decimal(value)), self._text)
            case date():
                sheet.write_datetime(row, column, value, self._day)
            case _:
                text = str(value)
                if len(text) > MOST_TEXT:
                    raise TooLarge(text[:50])
                sheet.write_string(row, column, text, self._quoted if may_be_formula(text) else self._text)


def _is_kept(number: Decimal) -> bool:
    return Decimal(f"{float(number):.{DIGITS}g}") == number


@contextmanager
def workbook(out: str | Path | IO[bytes]) -> Iterator[Workbook]:
    """A workbook that is in `out` when the block ends; nothing of it makes a formula or a link."""
    with TemporaryDirectory(prefix="floorledger-") as folder:
        options = {
            "constant_memory": True,
            "tmpdir": folder,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        written = xlsxwriter.Workbook(out, options)
        try:
            yield Workbook(written)
        finally:
            written.close()


# Columns of entries that hold numbers and days, which travel as text; of one name in every export.
_NUMBERS = frozenset(
    ["quantity", "hours", "rate", "amount", "billable_amount", "billable_unknown_hours", "net_amount", "net_billable"]
)
_DAYS = frozenset({"posted_on", "occurred_on"})


def of_entries(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """Rows of entries as a workbook has them: what is a number or a day by its column is one."""
    numbers = {place for place, column in enumerate(columns) if column in _NUMBERS}
    days = {place for place, column in enumerate(columns) if column in _DAYS}
    for row in rows:
        yield [
            value if not value
            else Decimal(value) if place in numbers
            else date.fromisoformat(value) if place in days
            else value
            for place, value in enumerate(row)
        ]  # fmt: skip
