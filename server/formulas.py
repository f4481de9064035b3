"""Formulas in the reader's language.

An entry is sealed with its formula, so the ledger keeps one form for all: English words, a point, ISO dates. People
read it here; programs (JSON, CSV) get it as it was sealed.
"""

import re
from datetime import date
from decimal import Decimal

import flask_babel
from flask import Flask
from flask_babel import format_date, format_decimal


def pgettext(_context: str, words: str) -> str:
    """Marks words for translation; they are translated when somebody reads them."""
    return words


#: All the words rules write into formulas, but for codes and units of the plant.
WORDS = (
    pgettext("formula", ": "),
    pgettext("formula", "after the close"),
    pgettext("formula", "at"),
    pgettext("formula", "at standard"),
    pgettext("formula", "at the order's"),
    pgettext("formula", "at the standard of"),
    pgettext("formula", "average of"),
    pgettext("formula", "by_product"),
    pgettext("formula", "fixed"),
    pgettext("formula", "for"),
    pgettext("formula", "for the lot"),
    pgettext("formula", "for what was handled"),
    pgettext("formula", "good, at"),
    pgettext("formula", "idle"),
    pgettext("formula", "into stock"),
    pgettext("formula", "is missing"),
    pgettext("formula", "issued before receipt at the last cost"),
    pgettext("formula", "labor"),
    pgettext("formula", "left the order with scrap"),
    pgettext("formula", "machine"),
    pgettext("formula", "material"),
    pgettext("formula", "more layers"),
    pgettext("formula", "net value"),
    pgettext("formula", "no good piece"),
    pgettext("formula", "normal"),
    pgettext("formula", "not on the card"),
    pgettext("formula", "of difference"),
    pgettext("formula", "of disposal value"),
    pgettext("formula", "of it in"),
    pgettext("formula", "of labor"),
    pgettext("formula", "of machine"),
    pgettext("formula", "of material"),
    pgettext("formula", "of setup"),
    pgettext("formula", "operation"),
    pgettext("formula", "out of stock"),
    pgettext("formula", "overhead"),
    pgettext("formula", "paid"),
    pgettext("formula", "reversal of operation"),
    pgettext("formula", "rework"),
    pgettext("formula", "scrap"),
    pgettext("formula", "setup"),
    pgettext("formula", "spent"),
    pgettext("formula", "standard"),
    pgettext("formula", "subcontracting"),
    pgettext("formula", "that rounding left"),
    pgettext("formula", "variable"),
    pgettext("formula", "was never charged"),
    pgettext("formula", "were"),
)

# The longest of several that begin alike is meant.
_WORDS = "|".join(re.escape(words) for words in sorted(WORDS, key=len, reverse=True))
_PART = re.compile(
    rf"""
    (?P<date> \b \d{{4}}-\d\d-\d\d \b )
    | (?<![\w.]) (?<!\w-) (?P<number> -?\d+\.\d+ ) (?! [\w.] | -\w )
    | (?<![\w.-]) (?P<words> {_WORDS} ) (?! [\w-] )
    | (?<=[ ]) (?P<sign> [x-] ) (?=[ ])
    | (?P<colon> :[ ] )
    """,
    re.ASCII | re.VERBOSE,
)
_SIGNS = {"x": "\N{MULTIPLICATION SIGN}", "-": "\N{MINUS SIGN}"}
_SHORT = 6


def init_app(app: Flask) -> None:
    """Install the filter."""
    app.jinja_env.filters["worked"] = worked


def worked(formula: str, short: bool = False) -> str:
    """A sealed formula for the reader; `short`: numbers stop after six decimals, with a sign that they go on."""

    def part(found: re.Match[str]) -> str:
        text = found[0]
        match found.lastgroup:
            case "date":
                return format_date(date.fromisoformat(text), "d MMM y")
            case "number":
                decimals = len(text.partition(".")[2])
                kept = min(decimals, _SHORT) if short else decimals
                shown = format_decimal(Decimal(text[: len(text) - decimals + kept]), "#,##0." + "0" * kept)
                return shown.replace("-", _SIGNS["-"]) + ("…" if kept < decimals else "")
            case "words" | "colon":
                return flask_babel.pgettext("formula", text)
            case _:
                return _SIGNS[text]

    return _PART.sub(part, formula)
