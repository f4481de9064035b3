"""Cells a spreadsheet may open: text never becomes a formula."""

import re
from typing import Any

# First characters that make Excel, LibreOffice or Google Sheets read a cell as a formula, full-width forms included.
_FORMULA = frozenset("=+-@\t\r\n\x00＝＋－＠")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)


def safe_cell(value: Any) -> str:
    """A value as text of a CSV cell: numbers stay numbers, text that looks like a formula gets an apostrophe."""
    text = value if type(value) is str else str(value)
    if text and text[0] in _FORMULA and not _NUMBER.fullmatch(text):
        return "'" + text
    return text
