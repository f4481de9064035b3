"""A production log becomes facts: any CSV of who did what when, described by a mapping file.

One row may say several things: a person's time, good pieces, scrap, pieces held for review, a machine that stood
still. Each becomes a fact of its own whose id is derived from the source's name, the row's content and how many
identical rows stood before it. So a second import of the same rows, or of a longer export that repeats them, adds
nothing, and a row that truly stands there twice counts twice and says so (`source_repeat`).

A row whose times are known to be filler gives its quantities and a time nobody knows (`labor.declared` without
times); that time is held until somebody tells it, never taken from the filler.
"""

import hashlib
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import marshmallow
from marshmallow import fields, validate

from sync.connectors.csv_file.mapping import BadCell, Style, _, code, decimal
from sync.connectors.csv_file.source import MAX_ERRORS, Cells, LineError, Unreadable
from sync.connectors.csv_file.workbook import tables
from sync.core import ids
from sync.core.clock import format_instant, readings, to_instant
from sync.core.quantity import plain

ACTIVITIES = ("run", "setup", "rework")
# What a row can be, by the word in its `kind` column.
ROW_KINDS = (*ACTIVITIES, "breakdown", "skip")
CREATABLE = ("people", "machines", "items", "orders", "operations")


class BadMapping(ValueError):
    """The mapping file cannot be used; the text says where and why, for whoever writes it."""


# --- the mapping file --------------------------------------------------------------------------------------------


class _Strict(marshmallow.Schema):
    class Meta:
        unknown = marshmallow.RAISE


def _section(**members: fields.Field[Any]) -> fields.Nested:
    """A table of the file; a misspelt name in it is an error."""
    schema: type[marshmallow.Schema] = type("Section", (_Strict,), members)
    return fields.Nested(schema(), load_default=dict)


_word = validate.Length(min=1, max=64)
_condition: dict[str, fields.Field[Any]] = {
    "column": fields.String(required=True, validate=_word),
    "equals": fields.List(fields.String(), required=True, validate=validate.Length(min=1)),
}

_COLUMNS = ("person", "order", "operation", "machine", "start", "end", "kind", "good", "scrap", "hold", "item",
            "order_quantity", "scrap_reason")  # fmt: skip


class _Schema(_Strict):
    source = fields.String(required=True, validate=_word)
    file = _section(
        separator=fields.String(validate=validate.OneOf([",", ";", "\t"])),
        encoding=fields.String(validate=validate.OneOf(["utf-8", "cp1252", "latin-1"])),
        decimal_comma=fields.Boolean(),
        sheet=fields.String(validate=validate.Length(min=1, max=31)),
    )
    columns = _section(
        **{name: fields.String(required=name in ("person", "order", "operation", "start", "end")) for name in _COLUMNS}
    )
    time = _section(format=fields.String(required=True), zone=fields.String())
    kinds = fields.Dict(keys=fields.String(), values=fields.String(validate=validate.OneOf(ROW_KINDS)))
    untimed = _section(**_condition)
    rework = _section(**_condition)
    breakdown = _section(reason=fields.String(validate=_word), activity=fields.String(validate=_word))
    defects = _section(scrap_reason=fields.String(validate=_word), hold_reason=fields.String(validate=_word))
    names = _section(collapse_spaces=fields.Boolean())
    facts = _section(provenance=fields.String(validate=validate.OneOf(["measured", "declared", "estimated"])))
    create = _section(
        **dict.fromkeys(CREATABLE, fields.Boolean()),
        unit=fields.String(validate=validate.Length(min=1, max=16)),
        rate_group=fields.String(validate=_word),
    )


@dataclass(frozen=True, slots=True)
class Condition:
    """A row is meant when `column` holds one of these words."""

    column: str
    equals: frozenset[str]


@dataclass(frozen=True)
class LogMapping:
    """How to read one sort of log. `columns`: the header of each of our words; `kinds`: a row's kind by its word."""

    source: str
    columns: Mapping[str, str]
    time_format: str
    zone: ZoneInfo | None = None
    separator: str = ""
    encoding: str = "utf-8"
    sheet: str = ""
    style: Style | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)
    untimed: Condition | None = None
    rework: Condition | None = None
    breakdown_reason: str = "BREAKDOWN"
    breakdown_activity: str = "BREAKDOWN"
    scrap_reason: str = "UNKNOWN"
    hold_reason: str = "REVIEW"
    collapse_spaces: bool = False
    provenance: str = "declared"
    create: frozenset[str] = frozenset()
    unit: str = "pcs"
    rate_group: str = ""


def load_mapping(text: str) -> LogMapping:
    """A mapping from the text of its TOML file. Raises BadMapping for anything misspelt, missing or impossible."""
    try:
        given: dict[str, Any] = _Schema().load(tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        raise BadMapping(f"The mapping is not TOML: {wrong}") from wrong
    except marshmallow.ValidationError as wrong:
        raise BadMapping("; ".join(_flat(wrong.messages))) from wrong
    columns, kinds = given["columns"], given.get("kinds", {})
    if not columns or not given["time"]:
        raise BadMapping("The mapping needs the sections [columns] and [time].")
    if ("kind" in columns) != bool(kinds):
        raise BadMapping("columns.kind and [kinds] belong together: give both or neither.")
    if "breakdown" in kinds.values() and "machine" not in columns:
        raise BadMapping("kinds: a breakdown needs columns.machine, the machine that stood still.")
    zone = given["time"].get("zone")
    try:
        found = ZoneInfo(zone) if zone else None
    except (ZoneInfoNotFoundError, ValueError) as wrong:
        raise BadMapping(f"time.zone: {zone!r} is not a time zone such as Europe/Paris.") from wrong
    comma = given["file"].get("decimal_comma")
    optional = {
        "separator": given["file"].get("separator"),
        "encoding": given["file"].get("encoding"),
        "sheet": given["file"].get("sheet"),
        "style": None if comma is None else Style(comma),
        "breakdown_reason": given["breakdown"].get("reason"),
        "breakdown_activity": given["breakdown"].get("activity"),
        "scrap_reason": given["defects"].get("scrap_reason"),
        "hold_reason": given["defects"].get("hold_reason"),
        "collapse_spaces": given["names"].get("collapse_spaces"),
        "provenance": given["facts"].get("provenance"),
        "unit": given["create"].get("unit"),
        "rate_group": given["create"].get("rate_group"),
    }
    return LogMapping(
        source=given["source"],
        columns=columns,
        time_format=given["time"]["format"],
        zone=found,
        kinds=kinds,
        untimed=_loaded_condition(given["untimed"]),
        rework=_loaded_condition(given["rework"]),
        create=frozenset(name for name in CREATABLE if given["create"].get(name)),
        **{name: value for name, value in optional.items() if value is not None},
    )


def _flat(messages: Any, path: str = "") -> Iterator[str]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _flat(inner, path if name == "_schema" else f"{path}.{name}".strip("."))
    else:
        yield f"{path}: {' '.join(messages)}"


def _loaded_condition(given: Mapping[str, Any]) -> Condition | None:
    return Condition(given["column"], frozenset(given["equals"])) if given else None


# --- rows --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogRow:
    """One row, understood. `start` and `end` are instants; `timed` says whether they are to be believed: not when the
    mapping says so, when the end lies before the start, or when the clock shows one of them twice or never that night.
    The time of such a row is held until somebody tells it; its pieces count."""

    line: int
    digest: str
    repeat: int
    kind: str
    person: str
    order: str
    operation: str
    machine: str
    start: int
    end: int
    timed: bool
    good: Decimal
    scrap: Decimal
    hold: Decimal
    scrap_reason: str
    item: str
    order_quantity: Decimal


def read_log(data: bytes, file: str, mapping: LogMapping, site_zone: ZoneInfo) -> tuple[list[LogRow], list[LineError]]:
    """The rows of a log, and what is wrong with it; with errors, nothing of it is to be used."""
    rows: list[LogRow] = []
    errors: list[LineError] = []
    repeats: Counter[str] = Counter()
    try:
        found = tables(
            data,
            file,
            encoding=mapping.encoding,
            separator=mapping.separator,
            time_format=mapping.time_format,
            decimal_comma=mapping.style is not None and mapping.style.decimal_comma,
        )
        cells = _the_sheet(found, file, mapping.sheet)
        reader = _RowReader(mapping, cells, mapping.zone or site_zone)
    except Unreadable as wrong:
        return rows, [wrong.error]
    for row in cells.rows:
        if len(errors) >= MAX_ERRORS:
            break
        if isinstance(row, LineError):
            errors.append(row)
            continue
        line, texts = row
        digest = hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:16]
        made = reader.read(line, texts, digest, repeats[digest])
        repeats[digest] += 1
        if isinstance(made, LineError):
            errors.append(made)
        elif made.kind != "skip":
            rows.append(made)
    return rows, errors


def _the_sheet(found: Sequence[Cells], file: str, name: str) -> Cells:
    """The one table of the file, or the sheet the mapping names. Raises Unreadable."""
    if name:
        found = [cells for cells in found if cells.sheet == name]
    if len(found) != 1:
        sentence = _("has several sheets, or none of the name the mapping gives: name one under [file] sheet")
        raise Unreadable(LineError(file, 0, "", sentence))
    return found[0]


class _RowReader:
    """Reads cells by the names of the mapping. Raises Unreadable when a column it names is not there."""

    def __init__(self, mapping: LogMapping, table: Cells, zone: ZoneInfo) -> None:
        self.mapping, self.table, self.zone, header, file = mapping, table, zone, table.header, table.file
        self.style = table.style if table.style.typed else mapping.style or table.style
        conditions = [condition for condition in (mapping.untimed, mapping.rework) if condition]
        self.places: dict[str, int] = {}
        for name in [*mapping.columns.values(), *(condition.column for condition in conditions)]:
            if name not in header:
                params = {"header": name, "known": ", ".join(header)}
                sentence = _("column “{header}” of the mapping is not in the file; there are {known}")
                raise Unreadable(LineError(file, 1, "", sentence, params))
            self.places[name] = header.index(name)

    def read(self, line: int, cells: Sequence[str], digest: str, repeat: int) -> LogRow | LineError:
        self.cells = cells
        mapping = self.mapping
        self.column = ""
        try:
            (start, begins_once), (end, ends_once) = self._instant("start"), self._instant("end")
            kind = self._kind()
            if kind in ACTIVITIES and self._holds(mapping.rework):
                kind = "rework"
            needed = ("person", "order", "operation", *(("machine",) if kind == "breakdown" else ()))
            return LogRow(
                line=line,
                digest=digest,
                repeat=repeat,
                kind=kind,
                **{
                    name: self._code(name, name in needed)
                    for name in ("person", "order", "operation", "machine", "item")
                },
                start=start,
                end=end,
                timed=end >= start and begins_once and ends_once and not self._holds(mapping.untimed),
                good=self._number("good"),
                scrap=self._number("scrap"),
                hold=self._number("hold"),
                scrap_reason=self._code("scrap_reason") or mapping.scrap_reason,
                order_quantity=self._number("order_quantity"),
            )
        except BadCell as wrong:
            letter = self.table.letter(self.places[self.column]) if self.column else ""
            return LineError(self.table.file, line, self.column, wrong.sentence, wrong.params, letter)

    def _cell(self, name: str) -> str:
        """The cell of one of our words; "" when the mapping has no column for it."""
        self.column = self.mapping.columns.get(name, "")
        return self.cells[self.places[self.column]] if self.column else ""

    def _holds(self, condition: Condition | None) -> bool:
        return condition is not None and self.cells[self.places[condition.column]] in condition.equals

    def _kind(self) -> str:
        if not self.mapping.kinds:
            return "run"
        cell = self._cell("kind")
        if cell not in self.mapping.kinds:
            choices = ", ".join(self.mapping.kinds)
            raise BadCell(_("“{cell}” is not known here: write one of {choices}"), cell=cell, choices=choices)
        return self.mapping.kinds[cell]

    def _code(self, name: str, required: bool = False) -> str:
        cell = self._cell(name)
        if required and not cell:
            raise BadCell(_("is empty: fill it"))
        if self.mapping.collapse_spaces:
            cell = " ".join(cell.split())
        return code(cell, self.style)

    def _number(self, name: str) -> Decimal:
        cell = self._cell(name)
        return decimal(cell, self.style) if cell else Decimal(0)

    def _instant(self, name: str) -> tuple[int, bool]:
        """The instant, and whether the clock shows that time exactly once: in the night it goes back nobody can tell
        which of two half past twos was meant, and a time it leaves out is none."""
        cell = self._cell(name)
        try:
            moment = datetime.strptime(cell, self.mapping.time_format)  # noqa: DTZ007 (the zone comes below)
        except ValueError as wrong:
            raise BadCell(
                _("“{cell}” is not a time of the form {form}"), cell=cell, form=self.mapping.time_format
            ) from wrong
        if not 2000 <= moment.year <= 2099:
            raise BadCell(_("“{cell}” lies outside the years 2000 to 2099"), cell=cell)
        if moment.tzinfo:
            return to_instant(moment), True
        found = readings(moment, self.zone)
        return (found[0] if found else to_instant(moment.replace(tzinfo=self.zone))), len(found) == 1


# --- what rows stand for -----------------------------------------------------------------------------------------


def references(rows: Sequence[LogRow], mapping: LogMapping) -> dict[str, list[dict[str, Any]]]:
    """The reference data the rows name, by kind, as far as the mapping wants it created when it is missing.

    A machine is its own work center; an operation is done at the machine it is first seen on, in the order of first
    appearance in its order, and its name is its number.
    """
    made: dict[str, dict[Any, dict[str, Any]]] = defaultdict(dict)
    sequences: Counter[str] = Counter()
    for row in rows:
        if row.machine:
            made["work_centers"].setdefault(row.machine, {"code": row.machine, "name": row.machine})
            made["machines"].setdefault(
                row.machine, {"code": row.machine, "name": row.machine, "work_center": row.machine}
            )
        person = {"number": row.person, "name": row.person, "rate_group": mapping.rate_group}
        made["people"].setdefault(row.person, person)
        if row.item:
            made["items"].setdefault(row.item, {"code": row.item, "name": row.item, "unit": mapping.unit})
        made["orders"].setdefault(row.order, {"code": row.order, "item": row.item, "quantity": row.order_quantity})
        if (row.order, row.operation) not in made["operations"]:
            sequences[row.order] += 10
            made["operations"][row.order, row.operation] = {
                "order": row.order,
                "number": row.operation,
                "name": row.operation,
                "sequence": sequences[row.order],
                "work_center": row.machine,
            }
    wanted = {*mapping.create, *(["work_centers"] if "machines" in mapping.create else [])}
    return {kind: list(rows_of.values()) for kind, rows_of in made.items() if kind in wanted}


def words(rows: Sequence[LogRow], mapping: LogMapping) -> dict[str, list[dict[str, Any]]]:
    """The reasons and activities the facts will name."""
    reasons = {("defect", row.scrap_reason) for row in rows if row.scrap}
    reasons |= {("defect", mapping.hold_reason) for row in rows if row.hold}
    broken = any(row.kind == "breakdown" for row in rows)
    reasons |= {("downtime", mapping.breakdown_reason)} if broken else set()
    return {
        "reasons": [{"kind": kind, "code": name} for kind, name in sorted(reasons)],
        "activities": [{"code": mapping.breakdown_activity}] if broken else [],
    }


def facts(
    row: LogRow, mapping: LogMapping, keys: Mapping[str, str], centers: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The facts of one row, as they travel. `keys`: person's key by number; `centers`: work center by machine."""

    def fact(role: str, kind: str, at: int, **values: str) -> dict[str, Any]:
        return {
            "id": ids.derive(ids.IMPORT, mapping.source, row.digest, str(row.repeat), role),
            "type": kind,
            "version": 1,
            "occurred_at": format_instant(at),
            "provenance": mapping.provenance,
            "person": keys[row.person],
            "source": mapping.source,
            "source_row": row.digest,
            "source_repeat": row.repeat,
            **{name: value for name, value in values.items() if value},
        }

    job = {"order": row.order, "operation": row.operation}
    labor = {**job, "activity": row.kind, "work_center": centers.get(row.machine, "")}
    made = []
    if row.kind == "breakdown":
        labor |= {"activity": "indirect", "indirect_code": mapping.breakdown_activity}
        if row.timed:
            down = fact("down", "downtime.started", row.start, machine=row.machine, reason=mapping.breakdown_reason)
            up = fact("up", "downtime.stopped", row.end, machine=row.machine, start_id=down["id"])
            made += [down, up]
    if row.timed:
        labor |= {"started_at": format_instant(row.start), "ended_at": format_instant(row.end)}
    made.append(fact("labor", "labor.declared", row.start, **labor))
    at = max(row.start, row.end)
    if row.good:
        made.append(fact("good", "output.reported", at, **job, quantity=plain(row.good)))
    for role, quantity, reason in (("scrap", row.scrap, row.scrap_reason), ("hold", row.hold, mapping.hold_reason)):
        if quantity:
            made.append(
                fact(role, "defect.reported", at, **job, quantity=plain(quantity), disposition=role, reason=reason)
            )
    return made
