"""Text in cells a spreadsheet may open: it never becomes a formula, and comes back as it was.

Excel, LibreOffice and Google Sheets read a cell that begins with one of `FORMULA` as a formula, full-width forms
included; an apostrophe before it says "this is text". Excel also cuts a file at the separator of the reader's country,
so a sign behind a separator inside the text counts as a beginning, too. `guarded` adds one apostrophe at each such
place, `unguarded` takes exactly these away again, whatever apostrophes the text had of its own.
"""

import re

FORMULA = "=+\\-@\t\r\n\0＝＋－＠"
# Where a cell begins to one reader or another: at the front, behind a separator or a line break.
_PLACE = re.compile(f"(^|[;,\t\r\n])(?='*[{FORMULA}])")
_GUARDED = re.compile(f"(^|[;,\t\r\n])'(?='*[{FORMULA}])")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def guarded(text: str) -> str:
    """`text` for a cell of a CSV file: numbers stay numbers, what could be a formula gets an apostrophe."""
    return _PLACE.sub(r"\1'", text) if may_be_formula(text) else text


def unguarded(cell: str) -> str:
    """The text `guarded` made this cell of."""
    return _GUARDED.sub(r"\1", cell)


def may_be_formula(text: str) -> bool:
    """Whether a reader of spreadsheets could take `text` for a formula, at its front or behind a separator."""
    return _PLACE.search(text) is not None and not _NUMBER.fullmatch(text)
