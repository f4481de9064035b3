"""Reference data out, in the very shape in which it comes in: what is exported here imports anywhere.

People carry their key, so that facts and entries of one installation mean the same person in another. Wages stay: they
are in no table that is read here.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from server.spreadsheet import Workbook, safe_cell
from server.store import ledger, operations, plant
from sync.connectors.csv_file import mapping
from sync.connectors.csv_file.mapping import KINDS, Kind
from sync.core.billing import CONDITIONS
from sync.costing.policy import BEGINNING

FROM_THE_BEGINNING = BEGINNING.isoformat()


def rows(connection: Connection, site: str, kind: Kind) -> list[dict[str, Any]]:
    """The stored rows of a kind by the names of its columns; an empty cell is "" or None."""
    if kind.name == "policy":
        return [
            {"setting": name, "value": value, "valid_from": "" if day == BEGINNING else day.isoformat()}
            for day, settings in plant.policy_settings(connection, site).items()
            for name, value in sorted(settings.items())
        ]
    stored = plant.rows(connection, site, kind.name)
    if kind.name == "people":  # somebody who was erased is nobody to take in elsewhere
        stored = [row for row in stored if row["name"] or row["number"]]
    if kind.name == "rates":
        stored = _newest(stored)
    if kind.name == "billable_rates":
        stored = _with_numbers(connection, site, _newest_billable(stored))
    if kind.name == "general":
        stored = _linked(connection, site, stored)
    return [_by_column(kind, row) for row in stored]


def _linked(connection: Connection, site: str, stored: list[plant.Row]) -> list[plant.Row]:
    """General entries with the analytic entries that stand for them, but for those an operation names itself."""
    links = operations.general_of(connection, site)
    own = {entry for entry, body in ledger.bodies(connection, site, links).items() if body.get("general")}
    of: dict[str, list[str]] = defaultdict(list)
    for entry, general in sorted(links.items()):
        if entry not in own:
            of[general].append(entry)
    return [{**row, "entries": " ".join(of[row["id"]])} for row in stored]


def _newest(rates: list[plant.Row]) -> list[plant.Row]:
    """Of each rate the version in force."""
    newest: dict[tuple[str, ...], plant.Row] = {}
    for row in sorted(rates, key=lambda rate: rate["version"]):
        newest[row["kind"], row["subject_kind"], row["subject"], row["valid_from"]] = row
    return [newest[key] for key in sorted(newest)]


def _newest_billable(rates: list[plant.Row]) -> list[plant.Row]:
    """Of each billable rate the version in force."""
    newest = {
        (*(row[name] for name in CONDITIONS), row["valid_from"]): row
        for row in sorted(rates, key=lambda rate: rate["version"])
    }
    return [newest[key] for key in sorted(newest)]


def _with_numbers(connection: Connection, site: str, rates: list[plant.Row]) -> list[plant.Row]:
    """Rates of people by their number where they have one, as the import knows them."""
    keys = {row["person"] for row in rates} - {""}
    numbers = {row["key"]: row["number"] for row in plant.rows(connection, site, "people", "key", keys)}
    return [{**row, "person": numbers.get(row["person"]) or row["person"]} for row in rates]


def _by_column(kind: Kind, row: Mapping[str, Any]) -> dict[str, Any]:
    made = {column.name: row[column.name] for column in kind.columns if column.name in row}
    if made.get("valid_from") == FROM_THE_BEGINNING:
        made["valid_from"] = ""
    if kind.name == "manual":
        made |= {f"plan:{plan}": account for plan, account in json.loads(row["accounts"]).items()}
    if made.get("valid_from") == BEGINNING.isoformat():
        made["valid_from"] = ""  # from the beginning
    if any(column.name == "name_fr" for column in kind.columns):
        named = json.loads(row["name"])
        made |= {"name": named["en"], "name_fr": named["fr"]}
    return made


def as_csv(kind: Kind, found: list[dict[str, Any]]) -> str:
    """CSV with the columns of the import, safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    names = _columns(kind, found)
    writer.writerow(safe_cell(name) for name in names)
    for row in found:
        writer.writerow(_cell(row.get(name)) for name in names)
    return out.getvalue()


def as_sheet(book: Workbook, kind: Kind, found: list[dict[str, Any]]) -> None:
    """A sheet with the columns of the import: its name says what it holds."""
    names = _columns(kind, found)
    typed = {column.name: _TYPED[column.read] for column in kind.columns if column.read in _TYPED}
    same: Callable[[Any], Any] = lambda value: value  # noqa: E731
    makes = [typed.get(name, same) for name in names]
    rows = ([make(row[name]) if row.get(name) else row.get(name) for name, make in zip(names, makes, strict=True)]
            for row in found)  # fmt: skip
    book.sheet(kind.name, names, rows)


# What a cell of a sheet is where rows hold it as text.
_TYPED: Mapping[Any, Callable[[Any], Any]] = {
    mapping.decimal: Decimal,
    mapping.positive: Decimal,
    mapping.loss: Decimal,
    mapping.day: date.fromisoformat,
}


def _columns(kind: Kind, found: list[dict[str, Any]]) -> list[str]:
    """The columns of the import, and of each plan a line of a declared operation names one of its own."""
    names = [column.name for column in kind.columns]
    return names + sorted({name for row in found for name in row} - set(names))


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else safe_cell(value)


def everything(connection: Connection, site: str) -> dict[str, list[dict[str, Any]]]:
    """All reference data by kind, without kinds that are empty."""
    found = {name: rows(connection, site, kind) for name, kind in KINDS.items()}
    return {name: listed for name, listed in found.items() if listed}
