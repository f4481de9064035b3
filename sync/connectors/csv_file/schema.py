"""The folder of `floorledger cost` as JSON Schema: what each file may hold, cell by cell.

A case in JSON is the folder as one document: `{"site.toml": {"zone": ..., "currency": ...}, "orders.csv": [{"code":
"MO-1", ...}], "events.csv": [...]}`. Every cell is text, as in a CSV file with commas. `as_files` makes its files.
"""

import csv
import io
from collections.abc import Mapping
from functools import partial
from typing import Any

from sync.connectors.csv_file import mapping
from sync.connectors.csv_file.folder import AS_WRITTEN, EVENTS, NAMED_PEOPLE, NAMING, SITE, Cell
from sync.connectors.csv_file.mapping import CODE_LENGTH, KINDS, NAME_LENGTH, UNIT_LENGTH, Column, Kind, OneOf, Reader

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_NUMBER = r"^[0-9]{1,20}(\.[0-9]{1,6})?$"
_SIGNED = r"^-?[0-9]{1,20}(\.[0-9]{1,6})?$"
_DAY = r"^(20[0-9]{2}-[0-9]{2}-[0-9]{2}|[0-9]{2}/[0-9]{2}/20[0-9]{2})$"

# How each reader of a cell reads, in the words of JSON Schema and of a person.
_CELLS: Mapping[Reader, tuple[dict[str, Any], str]] = {
    mapping.text: ({"maxLength": NAME_LENGTH}, "text"),
    mapping.code: ({"maxLength": CODE_LENGTH}, "code"),
    mapping.unit: ({"maxLength": UNIT_LENGTH}, "unit"),
    mapping.decimal: ({"pattern": _NUMBER}, "number, zero or more"),
    mapping.positive: ({"pattern": _NUMBER}, "number above zero"),
    mapping.loss: ({"pattern": r"^[0-9]{1,2}(\.[0-9]{1,6})? ?%?$"}, "percent below 100"),
    mapping.whole: ({"pattern": "^[0-9]{1,6}$"}, "whole number"),
    mapping.day: ({"pattern": _DAY}, "day"),
    mapping.wall_time: ({"pattern": "^[0-9]{1,2}[:hH][0-9]{2}$"}, "time of day"),
    mapping.weekday: ({"maxLength": CODE_LENGTH}, "1 (Monday) to 7, its name, or a day"),
    mapping.flag: ({"maxLength": 8}, "yes or no"),
    mapping.setting: ({"maxLength": CODE_LENGTH}, "word or whole number"),
    mapping.entry_ids: ({"maxLength": 4000}, "ids of entries, separated by spaces"),
    mapping.valuation: ({"maxLength": CODE_LENGTH}, "standard, moving_average, period_average or fifo"),
}
_EVENT_CELLS: Mapping[Cell, tuple[dict[str, Any], str]] = {
    "text": ({"maxLength": 4000}, "text"),
    "number": ({"pattern": _NUMBER}, "number"),
    "signed": ({"pattern": _SIGNED}, "number"),
    "whole": ({"pattern": "^[0-9]{1,15}$"}, "whole number"),
    "flag": ({"maxLength": 8}, "yes or no"),
    "instant": ({"maxLength": 40}, "local time of the site, such as 2026-11-20 08:00, or with an offset"),
    "duration": ({"pattern": r"^[0-9]+(\.[0-9]+)? ?(ms|s|min|h)$"}, "duration, such as 90 min or 1.5 h"),
}
_SITE = {
    "zone": "time zone, such as Europe/Paris",
    "currency": "a currency of ISO 4217, such as EUR",
    "code": "code of the site",
    "name": "its name",
}


def cell(column: Column) -> tuple[dict[str, Any], str]:
    """What a cell of a column may hold: as JSON Schema, and in words."""
    read = column.read
    if isinstance(read, OneOf):
        return {"maxLength": CODE_LENGTH}, " · ".join(read.choices)
    if read in _CELLS:
        return _CELLS[read]
    assert isinstance(read, partial), f"{column.name} is read by what has no words here"
    signed = bool(read.keywords.get("signed"))
    return ({"pattern": _SIGNED}, "number, also below zero") if signed else ({}, "text")


def document(fields: Mapping[str, Cell], types: list[str]) -> dict[str, Any]:
    """The JSON Schema of a case. `fields`: every field a fact may have; `types`: the types of fact."""
    site = {name: {"type": "string", "description": told} for name, told in _SITE.items()}
    files = {f"{kind.name}.csv": _sheet(kind) for kind in KINDS.values()}
    return {
        "$schema": DRAFT,
        "title": "Floorledger case",
        "description": "A folder of `floorledger cost` as one document: each file an array of rows, each cell text.",
        "type": "object",
        "properties": {
            SITE: _object(site, ["zone", "currency"]),
            EVENTS: {"type": "array", "items": _events(fields, types)},
            **files,
        },
        "required": [SITE],
        "additionalProperties": False,
    }


def _sheet(kind: Kind) -> dict[str, Any]:
    columns = {}
    for column in kind.columns:
        fragment, told = cell(column)
        columns[column.name] = {"type": "string", **fragment, "description": told}
        if not column.required:
            columns[column.name] = {"anyOf": [{"const": ""}, columns[column.name]]}
    row = _object(columns, [column.name for column in kind.columns if column.required])
    if kind.family("plan:X"):
        row["patternProperties"] = {"^plan:.+$": {"type": "string", "maxLength": CODE_LENGTH}}
    return {"type": "array", "items": row}


def _events(fields: Mapping[str, Cell], types: list[str]) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "ref": {"type": "string", "description": "a name by which other rows speak of this one"},
        "version": {"type": "string", "description": "of the type; the newest when left out"},
    }
    for name, kind in sorted(fields.items()):
        fragment, told = _EVENT_CELLS[kind]
        if name in NAMING:
            told = "ref or id of another row"
        elif name in NAMED_PEOPLE:
            told = "number of a person in people.csv"
        elif name in AS_WRITTEN:
            told = "as it travels"
        columns[name] = {"anyOf": [{"const": ""}, {"type": "string", **fragment, "description": told}]}
    columns["type"] = {"enum": types}
    return _object(columns, ["type", "occurred_at"])


def _object(properties: Mapping[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}


def as_files(case: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a case in JSON. Raises ValueError for what is no case at all; what its cells hold is checked where
    files are read."""
    files: dict[str, bytes] = {}
    for name, content in case.items():
        if name == SITE and isinstance(content, dict):
            lines = [f"{key} = {_quoted(value)}\n" for key, value in content.items()]
            files[name] = "".join(lines).encode()
        elif isinstance(content, list) and all(isinstance(row, dict) for row in content):
            files[name] = _as_csv(name, content)
        else:
            raise ValueError(f"{name}: expects an object for {SITE}, an array of objects for every other file")
    return files


def _quoted(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{SITE}: every value is text")
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _as_csv(name: str, rows: list[dict[str, Any]]) -> bytes:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    if any(not isinstance(value, str) for row in rows for value in row.values()):
        raise ValueError(f"{name}: every cell is text: write numbers in quotes")
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
