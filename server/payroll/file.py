"""Rates of people as a file: person, valid_from, valid_until, amount. Read all or nothing; not one of the reference
files, because those are imported by people who may not know a wage."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from server.store import plant
from sync.connectors.csv_file.mapping import Column, Kind, code, day, decimal
from sync.connectors.csv_file.source import LineError, Sheet, Unreadable, read_cells
from sync.connectors.csv_file.workbook import tables
from sync.core.quantity import plain
from sync.costing.wages import OwnRate


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


PERSON_RATES = Kind(
    "person_rates",
    ("taux_des_personnes",),
    (
        Column("person", code, ("personne", "matricule", "number"), required=True),
        Column("valid_from", day, ("valable_du", "a_partir_du"), required=True),
        Column("valid_until", day, ("valable_jusqu_au", "jusqu_au", "fin"), empty=None),
        Column("amount", decimal, ("montant", "taux"), required=True),
    ),
    ("person", "valid_from"),
)
# Above this an hour is a slip of the keyboard.
MOST = Decimal(100_000)


def read_rates(connection: Connection, site: str, content: bytes, name: str) -> tuple[list[OwnRate], list[LineError]]:
    """The rates of a file, CSV or a workbook of one sheet, people by key; and what is wrong with it."""
    try:
        found = tables(content, name)
    except Unreadable as unreadable:
        return [], [unreadable.error]
    if len(found) > 1:
        return [], [LineError(name, 0, "", _("has several sheets: leave the one with the rates"))]
    sheet, errors = read_cells(PERSON_RATES, found[0])
    known = people(connection, site, [row["person"] for row in sheet.rows])
    errors += _check(sheet, known)
    rates = [] if errors else [_rate(row, known) for row in sheet.rows]
    return rates, errors


def as_text(rates: Sequence[OwnRate]) -> str:
    """The same as the text of a file, so that a preview carries on what was read."""
    lines = [f"{rate.person},{rate.valid_from},{rate.valid_until or ''},{plain(rate.amount)}\n" for rate in rates]
    return "".join(["person,valid_from,valid_until,amount\n", *lines])


def people(connection: Connection, site: str, names: Sequence[str]) -> dict[str, str]:
    """Keys of people by number or key, whichever was given."""
    found = {}
    for column in ("number", "key"):
        for row in plant.rows(connection, site, "people", column, set(names)):
            found[row[column]] = row["key"]
    return found


def wrong(valid_from: date, valid_until: date | None, amount: Decimal) -> str:
    """What cannot be in a rate, as a sentence; empty when it can."""
    if valid_until is not None and valid_until <= valid_from:
        return _("a rate ends after the day it begins")
    if not 0 < amount < MOST:
        return _("the amount of an hour is above zero")
    return ""


def _check(sheet: Sheet, known: Mapping[str, str]) -> Iterator[LineError]:
    for index, row in enumerate(sheet.rows):
        if row["person"] not in known:
            yield sheet.error(index, "person", _("nobody here has the number or key “{value}”"), value=row["person"])
        if sentence := wrong(row["valid_from"], row.get("valid_until"), row["amount"]):
            yield sheet.error(index, "amount", sentence)


def _rate(row: Mapping[str, Any], known: Mapping[str, str]) -> OwnRate:
    return OwnRate("", known[row["person"]], row["valid_from"], row["amount"], row.get("valid_until"))
