"""A folder as the dry run reads it: a plant in the import's files, a `site.toml`, facts one to a row.

`events.csv` has a column for each field a fact may have; an empty cell is a field left out. What a person at a desk
would only type is filled in: id, version and provenance, the offset of a local time, a person's key. A column `ref`
gives a row a name by which another row may speak of it. `events.jsonl` holds facts as devices send them, one a line.

Nothing here touches a disk or knows the types of fact: files come as bytes, fields as an argument.
"""

import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sync.connectors.csv_file.mapping import BadCell, Style, _, code, decimal, flag, folded, text
from sync.connectors.csv_file.reference import SUFFIXES, read_file
from sync.connectors.csv_file.source import MAX_ERRORS, LineError, Sheet, Unreadable, decode, split
from sync.core import ids
from sync.core.billing import billable_rate_id, billable_rate_of, billing_of
from sync.core.calendars import calendars_of
from sync.core.canonical import BadJson, parse
from sync.core.charges import charges_of
from sync.core.clock import format_instant, local, parse_instant, readings
from sync.core.money import is_currency
from sync.core.plant import (
    Component,
    Department,
    Item,
    Machine,
    Operation,
    Order,
    Person,
    Plant,
    Site,
    WorkCenter,
)
from sync.core.premiums import premiums_of
from sync.core.quantity import plain
from sync.core.structures import (
    bills_of,
    component_of,
    idle_activities,
    in_sequence,
    operation_of,
    routings_of,
    standards_of,
)
from sync.ledger import operations
from sync.ledger.plans import Chart, charts_of, plans_of

SITE, EVENTS, RAW_EVENTS = "site.toml", "events.csv", "events.jsonl"
# What a cell of events.csv holds.
Cell = Literal["text", "number", "signed", "whole", "flag", "instant", "duration"]
# Columns that name another fact: by its ref, or by its id.
NAMING = ("start_id", "target_id", "replacement_id", "call_id")
AS_WRITTEN = ("type", "id", "note_digest", "photo_digest", "name", "characteristic")
NAMED_PEOPLE = ("person", "declared_by")


@dataclass(frozen=True, slots=True)
class Given:
    """A fact as it travels, and where it stands."""

    raw: dict[str, Any]
    file: str
    line: int
    ref: str = ""

    def error(self, column: str, sentence: str, **params: str) -> LineError:
        return LineError(self.file, self.line, column, sentence, params)


@dataclass(slots=True)
class Folder:
    """What a folder says. `keys`: a person's key by number, as the facts name it."""

    site: Site
    sheets: list[Sheet] = field(default_factory=list)
    facts: list[Given] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """The rows of one kind of file."""
        return [row for sheet in self.sheets if sheet.kind.name == kind for row in sheet.rows]

    def settings(self) -> list[tuple[date | None, str, str | int]]:
        """What policy.csv says: (first day, or None for the beginning; setting; value)."""
        return [(row.get("valid_from"), row["setting"], row["value"]) for row in self.rows("policy")]


class _Errors(list[LineError]):
    def add(self, file: str, line: int, column: str, sentence: str, **params: str) -> None:
        self.append(LineError(file, line, column, sentence, params))


def read_folder(files: Mapping[str, bytes], fields: Mapping[str, Cell]) -> tuple[Folder, list[LineError]]:
    """The folder and what is wrong with its files, each by itself. `fields`: every field a fact may have.

    A folder with errors is not to be used.
    """
    errors = _Errors()
    folder = Folder(_site(files.get(SITE), errors))
    for name, data in sorted(files.items()):
        if name.lower().endswith(SUFFIXES) and name != EVENTS:
            sheets, wrong = read_file(name, data)
            folder.sheets += sheets
            errors += wrong
    for row in folder.rows("people"):
        row["key"] = row.get("key") or _key(row["number"])
        folder.keys |= {row["number"]: row["key"]} if row.get("number") else {}
    _rates_of_people(folder, errors)
    _kinds_of_orders(folder)
    if EVENTS not in files and RAW_EVENTS not in files and not folder.rows("manual"):
        errors.add(EVENTS, 0, "", _("is missing: it holds the facts, one a row"))
    if EVENTS in files:
        folder.facts += _Rows(files[EVENTS], fields, folder, errors).facts()
    if RAW_EVENTS in files:
        folder.facts += _raw_facts(files[RAW_EVENTS], folder, errors)
    folder.facts = _once(folder.facts, errors)
    return folder, errors[:MAX_ERRORS]


def _rates_of_people(folder: Folder, errors: _Errors) -> None:
    """Rates of single persons name them by key from here on. They are no secret on the desk of who wrote them."""
    known = {row["key"] for row in folder.rows("people")}
    for sheet in folder.sheets:
        for index, row in enumerate(sheet.rows):
            column = ""
            if sheet.kind.name == "rates" and row["subject_kind"] == "person":
                column = "subject"
            elif sheet.kind.name == "billable_rates" and row.get("person"):
                column = "person"
            if column:
                row[column] = folder.keys.get(row[column], row[column])
                if row[column] not in known:
                    sentence = _("“{value}” is not the number of anybody in people.csv: write the person there too")
                    errors.append(sheet.error(index, column, sentence, value=row[column]))


def _kinds_of_orders(folder: Folder) -> None:
    """Orders whose row does not say what they are, are what policy.csv says."""
    said = [(day or date.min, value) for day, setting, value in folder.settings() if setting == "order_kind"]
    usual = max(said)[1] if said else "manufacturing"
    for row in folder.rows("orders"):
        row["kind"] = row.get("kind") or usual


def _key(number: str) -> str:
    """A person's key in a dry run: derived from the number, so that the same folder gives the same bytes."""
    return f"p{ids.derive(ids.IMPORT, 'person', number).replace('-', '')[:12]}"


# --- the site ----------------------------------------------------------------------------------------------------

_NOWHERE = Site("main", "main", ZoneInfo("UTC"), "EUR")


def _site(data: bytes | None, errors: _Errors) -> Site:
    if data is None:
        errors.add(SITE, 0, "", _('is missing: write zone = "Europe/Paris" and currency = "EUR" into it'))
        return _NOWHERE
    try:
        given = tomllib.loads(decode(data, SITE))
    except Unreadable as wrong:
        errors.append(wrong.error)
        return _NOWHERE
    except tomllib.TOMLDecodeError as wrong:
        sentence = _("cannot be read as TOML ({reason}): write lines such as {example}")
        errors.add(SITE, 0, "", sentence, reason=str(wrong), example='currency = "EUR"')
        return _NOWHERE
    known = ("code", "name", "zone", "currency")
    for name, value in given.items():
        if name not in known:
            errors.add(SITE, 0, name, _("is not known; known are {known}"), known=", ".join(known))
        elif not isinstance(value, str) or not value:
            errors.add(SITE, 0, name, _("expects text in quotes"))
            return _NOWHERE
    currency = given.get("currency", "")
    if not is_currency(currency):
        errors.add(SITE, 0, "currency", _("expects a currency of ISO 4217, such as EUR"))
        currency = _NOWHERE.currency
    site_code = given.get("code", _NOWHERE.code)
    return Site(site_code, given.get("name", site_code), _zone(given.get("zone", ""), errors), currency)


def _zone(name: str, errors: _Errors) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # also what is no file name at all
        errors.add(SITE, 0, "zone", _("“{name}” is not a time zone such as Europe/Paris"), name=name)
        return _NOWHERE.zone


# --- facts, one to a row -----------------------------------------------------------------------------------------

_LOCAL = (
    "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
)  # fmt: skip
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|min|h)", re.ASCII)
_MILLISECONDS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}


class _Rows:
    """events.csv on its way to facts."""

    def __init__(self, data: bytes, fields: Mapping[str, Cell], folder: Folder, errors: _Errors) -> None:
        self.data, self.fields, self.folder, self.errors = data, fields, folder, errors
        self.refs: dict[str, str] = {}

    def facts(self) -> list[Given]:
        try:
            cells = split(decode(self.data, EVENTS), EVENTS)
            names = self._columns(cells.header)
        except Unreadable as wrong:
            self.errors.append(wrong.error)
            return []
        lines: list[tuple[int, dict[str, str]]] = []
        for read_row in cells.rows:
            if isinstance(read_row, LineError):
                self.errors.append(read_row)
            else:
                line, texts = read_row
                lines.append((line, {name: cell for name, cell in zip(names, texts, strict=True) if cell}))
        for line, row in lines:
            self._name(line, row)
        return [Given(self._fact(line, row, cells.style), EVENTS, line, row.get("ref", "")) for line, row in lines]

    def _columns(self, header: Sequence[str]) -> list[str]:
        names: list[str] = []
        for position, title in enumerate(header, start=1):
            name = folded(title)
            if name not in self.fields and name not in ("ref", "type", "version"):
                known = ", ".join(["ref", "type", *self.fields])
                params = {"header": title or str(position), "known": known}
                sentence = _("column “{header}” is not known; known are {known}")
                raise Unreadable(LineError(EVENTS, 1, "", sentence, params))
            if name in names:
                raise Unreadable(LineError(EVENTS, 1, "", _("column “{header}” stands there twice"), {"header": title}))
            names.append(name)
        for name in ("type", "occurred_at"):
            if name not in names:
                raise Unreadable(LineError(EVENTS, 1, "", _("column “{header}” is missing"), {"header": name}))
        return names

    def _name(self, line: int, row: dict[str, str]) -> None:
        """Give the row its id, and note its name."""
        ref = row.get("ref", "")
        row.setdefault("id", ids.derive(ids.IMPORT, "fact", ref or f"{EVENTS}:{line}"))
        if ref in self.refs:
            self.errors.add(EVENTS, line, "ref", _("“{ref}” names another row already"), ref=ref)
        elif ref:
            self.refs[ref] = row["id"]

    def _fact(self, line: int, row: Mapping[str, str], style: Style) -> dict[str, Any]:
        raw: dict[str, Any] = {"version": 1, "provenance": "measured"}
        for name, cell in row.items():
            if name == "ref":
                continue
            try:
                raw[name] = self._value(name, cell, style)
            except BadCell as wrong:
                self.errors.add(EVENTS, line, name, wrong.sentence, **wrong.params)
        return raw

    def _value(self, name: str, cell: str, style: Style) -> Any:
        if name in NAMING:
            return self._named(cell)
        if name in NAMED_PEOPLE:
            return self.folder.keys.get(cell, cell)
        match self.fields.get(name, "whole" if name == "version" else "text"):
            case "number":
                return plain(decimal(cell, style))
            case "signed":
                return plain(decimal(cell, style, signed=True))
            case "whole":
                return _whole(cell)
            case "flag":
                return flag(cell, style)
            case "instant":
                return _instant(cell, self.folder.site.zone)
            case "duration":
                return _duration(cell)
        return text(cell, style) if name in AS_WRITTEN else code(cell, style)

    def _named(self, cell: str) -> str:
        if cell in self.refs:
            return self.refs[cell]
        if re.fullmatch("[0-9a-fA-F-]{36}", cell):
            return cell
        raise BadCell(_("no row has the ref “{cell}”"), cell=cell)


def _whole(cell: str) -> int:
    if not re.fullmatch("-?[0-9]{1,15}", cell, re.ASCII):
        raise BadCell(_("“{cell}” is not a whole number: write digits only"), cell=cell)
    return int(cell)


def _duration(cell: str) -> int:
    """Milliseconds, or a number with its unit: 1.5 h, 90 min, 20 s."""
    if cell.isascii() and cell.isdigit() and len(cell) < 16:
        return int(cell)
    found = _DURATION.fullmatch(cell.replace(",", "."))
    span = Decimal(found[1]) * _MILLISECONDS[found[2]] if found and len(cell) < 20 else Decimal("0.5")
    if span != int(span):
        raise BadCell(_("“{cell}” is not a duration: write 1.5 h, 90 min or 20 s"), cell=cell)
    return int(span)


def _instant(cell: str, zone: ZoneInfo) -> str:
    """An instant with its offset as it stands; a local time on the site's clock, if that shows it exactly once."""
    moment = _local(cell)
    if moment is None:
        try:
            parse_instant(cell)
        except ValueError as wrong:
            sentence = _(
                "“{cell}” is not an instant: write 2026-11-20 08:00, or with an offset 2026-11-20T08:00:00+01:00"
            )
            raise BadCell(sentence, cell=cell) from wrong
        return cell
    if not 2000 <= moment.year <= 2099:
        raise BadCell(_("“{cell}” lies outside the years 2000 to 2099"), cell=cell)
    found = readings(moment, zone)
    if not found:
        raise BadCell(_("the clock of {zone} never shows {cell}: that hour is left out in this night"),
                      zone=zone.key, cell=cell)  # fmt: skip
    if len(found) > 1:
        first, second = (local(instant, zone).strftime("%z") for instant in found)
        params = {"first": f"{first[:3]}:{first[3:]}", "second": f"{second[:3]}:{second[3:]}"}
        sentence = _("the clock of {zone} shows {cell} twice in this night: add the offset, {first} or {second}")
        raise BadCell(sentence, zone=zone.key, cell=cell, **params)
    return format_instant(found[0])


def _local(cell: str) -> datetime | None:
    for pattern in _LOCAL:
        try:
            return datetime.strptime(cell.replace("T", " "), pattern)  # noqa: DTZ007 (on the site's clock)
        except ValueError:
            continue
    return None


# --- facts as devices send them ------------------------------------------------------------------------------------


def _raw_facts(data: bytes, folder: Folder, errors: _Errors) -> Iterator[Given]:
    try:
        lines = decode(data, RAW_EVENTS).splitlines()
    except Unreadable as wrong:
        errors.append(wrong.error)
        return
    for line, written in enumerate(lines, start=1):
        if not written.strip():
            continue
        try:
            raw = parse(written)
        except BadJson as wrong:
            errors.add(RAW_EVENTS, line, "", wrong.detail)
            continue
        if not isinstance(raw, dict):
            errors.add(RAW_EVENTS, line, "", _("is not a JSON object"))
            continue
        for name in NAMED_PEOPLE:
            if isinstance(raw.get(name), str):
                raw[name] = folder.keys.get(raw[name], raw[name])
        yield Given(raw, RAW_EVENTS, line)


def _once(facts: Sequence[Given], errors: _Errors) -> list[Given]:
    """The same id with the same content is the same fact, as at intake; with other content it is a mistake."""
    kept: list[Given] = []
    seen: dict[object, Given] = {}
    for fact in facts:
        event_id = fact.raw.get("id")
        first = seen.setdefault(event_id, fact) if isinstance(event_id, str) else fact
        if first is fact:
            kept.append(fact)
        elif first.raw != fact.raw:
            place = f"{first.file}:{first.line}"
            errors.append(fact.error("id", _("another fact has this id already: {place}"), place=place))
    return kept


# --- plans and declared operations -------------------------------------------------------------------------------


def charts(folder: Folder) -> dict[str, Chart]:
    """The accounts of each plan through time."""
    return charts_of(folder.rows("accounts"), folder.rows("account_maps"))


def declared(folder: Folder, plant: Plant) -> dict[str, operations.Operation]:
    """The operations of manual.csv, by reference; what is wrong with them was said before."""
    plans = {plan.code: plan for plan in plant.plans}
    rows = [
        {**row, "shares": operations.shares_of(json.loads(row["accounts"]), plans)} for row in folder.rows("manual")
    ]
    made, _refused = operations.read(rows, folder.site.currency)
    return made


# --- the plant ---------------------------------------------------------------------------------------------------


def plant_of(folder: Folder) -> Plant:
    """The plant the folder's files describe."""
    made = Plant(folder.site)
    factors: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in folder.rows("item_units"):
        factors[row["item"]][row["unit"]] = row["factor"]
    for row in folder.rows("departments"):
        made.departments[row["code"]] = Department(row["code"], _name(row))
    for row in folder.rows("work_centers"):
        made.work_centers[row["code"]] = WorkCenter(
            row["code"], _name(row), row.get("department", ""), row.get("calendar", "")
        )
    for row in folder.rows("machines"):
        made.machines[row["code"]] = Machine(row["code"], _name(row), row["work_center"])
    for row in folder.rows("people"):
        made.people[row["key"]] = Person(
            row["key"], row.get("rate_group", ""), row.get("department", ""), row.get("calendar", "")
        )
    for row in folder.rows("items"):
        valuation = row.get("valuation", "standard")
        made.items[row["code"]] = Item(
            row["code"],
            _name(row),
            row["unit"],
            valuation,
            factors[row["code"]],
            row.get("lot_size", Decimal(0)),
            negative_stock=row.get("negative_stock", "last_cost"),
        )
    made.plans = plans_of(folder.rows("plans"), folder.rows("defaults"), folder.rows("distributions"))
    made.calendars = calendars_of(folder.rows("calendars"))
    made.premiums = premiums_of(folder.rows("premiums"))
    activities = folder.rows("activities")
    made.billing = billing_of(_with_ids(folder.rows("billable_rates"), folder.site.code), activities)
    made.idle = idle_activities(activities)
    made.orders = _orders(folder)
    made.routings = routings_of(folder.rows("routings"))
    made.bills = bills_of(folder.rows("bills"))
    made.standards = standards_of(folder.rows("standards"))
    made.charges = charges_of(*(folder.rows(kind) for kind in ("overheads", "losses", "subcontracts", "by_products")))
    return made


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("name") or row["code"])


def _with_ids(rows: Iterable[Mapping[str, Any]], site: str) -> list[dict[str, Any]]:
    """Billable rates with the id each has as the first version of its day."""
    made = []
    for row in rows:
        rate = billable_rate_of(row)
        made.append({**row, "id": billable_rate_id(site, (*rate.conditions, rate.valid_from.isoformat()), 1)})
    return made


def _orders(folder: Folder) -> dict[str, Order]:
    steps: dict[str, list[Operation]] = defaultdict(list)
    needs: dict[str, list[Component]] = defaultdict(list)
    shares: dict[str, dict[str, list[tuple[str, Decimal]]]] = defaultdict(lambda: defaultdict(list))
    for row in folder.rows("operations"):
        steps[row["order"]].append(operation_of(row))
    for row in folder.rows("components"):
        needs[row["order"]].append(component_of(row, row["item"]))
    for row in folder.rows("order_accounts"):
        shares[row["order"]][row["plan"]].append((row["account"], row["percent"]))
    return {
        row["code"]: Order(
            row["code"],
            row.get("item", ""),
            row.get("quantity", Decimal(0)),
            row.get("kind", "manufacturing"),
            row.get("customer", ""),
            in_sequence(steps[row["code"]]),
            tuple(needs[row["code"]]),
            {plan: tuple(sorted(of_plan)) for plan, of_plan in sorted(shares[row["code"]].items())},
            row.get("released_on"),
            row.get("standard_version", ""),
            row.get("billable"),
        )
        for row in folder.rows("orders")
    }
