"""Reference data in the store: read as the engine's values, written all-or-nothing.

Writing is by rows: mappings of column to value, named by kind (`orders`, `people`, ...). A column a row does not have
keeps what is stored; a new row takes the table's default there. `put` tells what it added and changed, so that a
second import of the same rows changes nothing, and the facts that wait for what came can be looked at again.
"""

import json
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from sqlalchemy import (
    Connection,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from server.store.tables import TABLES
from sync.core.billing import CONDITIONS, billable_rate_id, billing_of
from sync.core.calendars import calendars_of
from sync.core.canonical import dump
from sync.core.charges import charges_of
from sync.core.codes import from_number, tail
from sync.core.plant import (
    Component,
    Department,
    Distribution,
    Item,
    LabelCode,
    Machine,
    Operation,
    Order,
    Person,
    Plan,
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
from sync.costing.policy import BEGINNING, Policies, from_mapping
from sync.costing.rates import Rate, rate_id
from sync.events.base import Code
from sync.ledger.operations import as_json, shares_of
from sync.ledger.plans import Chart, charts_of, plans_of

Row = Mapping[str, Any]
Stored = dict[str, Any]
Key = tuple[str, ...]

# Kind of rows -> table, in an order in which each refers only to those before it.
KINDS = {
    "departments": "department",
    "calendars": "calendar_line",
    "premiums": "premium",
    "work_centers": "work_center",
    "machines": "machine",
    "people": "person",
    "locations": "location",
    "items": "item",
    "item_units": "item_unit",
    "routings": "routing_step",
    "bills": "bill_line",
    "standards": "standard_line",
    "overheads": "overhead_rate",
    "losses": "loss_rate",
    "subcontracts": "subcontract",
    "by_products": "by_product",
    "orders": "order",
    "operations": "operation",
    "components": "component",
    "plans": "plan",
    "accounts": "account",
    "account_maps": "account_map",
    "distributions": "distribution",
    "defaults": "account_default",
    "order_accounts": "order_account",
    "reasons": "reason_code",
    "activities": "activity_code",
    "rates": "rate",
    "billable_rates": "billable_rate",
    "general": "general_entry",
    "manual": "manual_line",
}

# Databases limit the parameters of one statement (SQLite 32,766).
CHUNK = 5_000


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


class UnknownSite(LookupError):
    """No site has this code."""


class RefusedRow(ValueError):
    """A row cannot be stored as it is. `column` and `value` say where, the message why, with `{value}` in it."""

    def __init__(self, message: str, row: Row, column: str) -> None:
        super().__init__(message.format(value=row.get(column)))
        self.message, self.row, self.column, self.value = message, row, column, row.get(column)


@dataclass(frozen=True, slots=True)
class Change:
    """What came of the rows of one kind: the stored rows added, those changed (as they were and as they are; nothing
    now when removed), and how many were there already."""

    kind: str
    added: tuple[Stored, ...] = ()
    changed: tuple[tuple[Stored, Stored], ...] = ()
    unchanged: int = 0


T = TypeVar("T")


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists short enough for one statement."""
    listed = list(values)
    for first in range(0, len(listed), size):
        yield listed[first : first + size]


# --- reading: values of the engine -------------------------------------------------------------------------------


def site(connection: Connection, code: str) -> Site:
    """The site's values. Raises UnknownSite."""
    row = site_row(connection, code)
    return Site(row["code"], row["name"], ZoneInfo(row["zone"]), row["currency"])


def policies(connection: Connection, code: str) -> Policies:
    """The site's policies by day."""
    return Policies(
        from_mapping(json.loads(row["settings"]), str(row["version"]), date.fromisoformat(row["valid_from"]))
        for row in _rows(connection, "policy", code)
    )


def policy_settings(connection: Connection, code: str) -> dict[date, dict[str, Any]]:
    """The settings somebody chose, without the defaults, by the first day they hold."""
    chosen: dict[date, dict[str, Any]] = {}
    for row in sorted(_rows(connection, "policy", code), key=lambda row: (row["valid_from"], row["version"])):
        chosen[date.fromisoformat(row["valid_from"])] = json.loads(row["settings"])
    return chosen


def closed_periods(connection: Connection, code: str) -> frozenset[str]:
    """Months nothing may be posted in, locked or closed."""
    period = TABLES["period"]
    return frozenset(connection.scalars(select(period.c.code).where(period.c.site == code)))


def rates(connection: Connection, code: str) -> list[Rate]:
    """Every rate of the site, all versions."""
    return [
        Rate(
            row["id"],
            row["kind"],
            row["subject_kind"],
            row["subject"],
            date.fromisoformat(row["valid_from"]),
            row["version"],
            Decimal(row["amount"]),
            row["includes_labor"],
        )
        for row in _rows(connection, "rate", code)
    ]


def load(connection: Connection, code: str) -> Plant:
    """The whole plant. Raises UnknownSite."""
    plant = _small_tables(connection, code)
    plant.people = _people(_rows(connection, "person", code))
    plant.items = _items(_rows(connection, "item", code), _rows(connection, "item_unit", code))
    plant.orders = _orders(*(_rows(connection, table, code) for table in _ORDER_TABLES))
    _add_standards(plant, *(_rows(connection, table, code) for table in _STANDARD_TABLES))
    plant.codes = {
        row["code"]: LabelCode(row["kind"], row["ref"], row["detail"]) for row in _rows(connection, "label_code", code)
    }
    return plant


def load_part(
    connection: Connection,
    code: str,
    *,
    orders: Collection[str] = (),
    items: Collection[str] = (),
    people: Collection[str] = (),
    machines: Collection[str] = (),
    codes: Collection[str] = (),
) -> Plant:
    """What facts that name these codes need to be costed; any of them may be the nine letters of a label instead.

    Small tables (departments, work centers, machines, plans) come whole, an order with its item and components.
    Raises UnknownSite.
    """
    plant = _small_tables(connection, code)
    labels = {name for name in {*orders, *items, *people, *machines, *codes} if tail(name) == name}
    for row in _rows(connection, "label_code", code, "code", labels):
        plant.codes[row["code"]] = LabelCode(row["kind"], row["ref"], row["detail"])
    named: dict[str, set[str]] = defaultdict(set)
    for label in plant.codes.values():
        named[_BELONGS_TO.get(label.kind, label.kind)].add(label.ref)
    plant.people = _people(_rows(connection, "person", code, "key", {*people, *named["person"]}))
    wanted = {*orders, *named["order"]}
    of_orders = [
        list(_rows(connection, table, code, "code" if table == "order" else "order", wanted)) for table in _ORDER_TABLES
    ]
    plant.orders = _orders(*of_orders)
    wanted = {*items, *named["item"]}
    for order in plant.orders.values():
        wanted |= {order.item, *(component.item for component in order.components)} - {""}
    wanted |= {loss.scrap_item for loss in plant.charges.losses} - {""}
    wanted |= _load_standards(connection, code, plant, wanted)
    plant.items = _items(
        _rows(connection, "item", code, "code", wanted), _rows(connection, "item_unit", code, "item", wanted)
    )
    return plant


_BELONGS_TO = {"operation": "order", "lot": "item"}  # kind of label -> what its reference names
_STANDARD_TABLES = ("routing_step", "bill_line", "standard_line")
_CHARGE_TABLES = ("overhead_rate", "loss_rate", "subcontract", "by_product")
_ORDER_TABLES = ("order", "operation", "component", "order_account")


def rows(
    connection: Connection, code: str, kind: str, column: str = "", values: Collection[str] | None = None
) -> list[Row]:
    """The stored rows of a kind, as they stand in the table: all, or those with one of `values` in `column`."""
    return list(_rows(connection, KINDS[kind], code, column, values))


def names(connection: Connection, code: str, keys: Collection[str] | None = None) -> dict[str, str]:
    """People's names by key (empty when erased), for pages that may show them."""
    return {row["key"]: row["name"] for row in _rows(connection, "person", code, "key", keys)}


def letters_of(connection: Connection, code: str, kinds: Collection[str], references: Collection[str]) -> list[str]:
    """The label codes that stand for these things: how a device without the reference data names them."""
    return [row["code"] for row in _rows(connection, "label_code", code, "ref", references) if row["kind"] in kinds]


def site_row(connection: Connection, code: str) -> Row:
    """The stored row of a site. Raises UnknownSite."""
    table = TABLES["site"]
    row = next(_mappings(connection, select(table).where(table.c.code == code)), None)
    if row is None:
        raise UnknownSite(code)
    return row


def _mappings(connection: Connection, query: Select[Any]) -> Iterator[Row]:
    return iter(cast(Iterable[Row], connection.execute(query).mappings()))


def _rows(
    connection: Connection, name: str, code: str, column: str = "", values: Collection[str] | None = None
) -> Iterator[Row]:
    """Rows of a site in the order of their key, all of them or those with one of `values` in `column`."""
    table = TABLES[name]
    query = select(table).where(table.c.site == code).order_by(*table.primary_key.columns)
    if values is None:
        yield from _mappings(connection, query)
        return
    for some in chunks(sorted(values)):
        yield from _mappings(connection, query.where(table.c[column].in_(some)))


def _small_tables(connection: Connection, code: str) -> Plant:
    activities = list(_rows(connection, "activity_code", code))
    return Plant(
        site(connection, code),
        departments={
            row["code"]: Department(row["code"], row["name"]) for row in _rows(connection, "department", code)
        },
        work_centers={
            row["code"]: WorkCenter(row["code"], row["name"], row["department"], row["calendar"])
            for row in _rows(connection, "work_center", code)
        },
        machines={
            row["code"]: Machine(row["code"], row["name"], row["work_center"])
            for row in _rows(connection, "machine", code)
        },
        plans=plans(connection, code),
        charges=charges_of(*(_rows(connection, table, code) for table in _CHARGE_TABLES)),
        calendars=calendars_of(_rows(connection, "calendar_line", code)),
        premiums=premiums_of(_rows(connection, "premium", code)),
        billing=billing_of(_rows(connection, "billable_rate", code), activities),
        idle=idle_activities(activities),
    )


def plans(connection: Connection, code: str) -> tuple[Plan, ...]:
    """The plans with what chooses accounts on them."""
    return plans_of(*(_rows(connection, table, code) for table in ("plan", "account_default", "distribution")))


def charts(connection: Connection, code: str) -> dict[str, Chart]:
    """The accounts of each plan through time."""
    return charts_of(*(_rows(connection, table, code) for table in ("account", "account_map")))


def _people(rows: Iterable[Row]) -> dict[str, Person]:
    return {row["key"]: Person(row["key"], row["rate_group"], row["department"], row["calendar"]) for row in rows}


def _items(rows: Iterable[Row], units: Iterable[Row]) -> dict[str, Item]:
    factors: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in units:
        factors[row["item"]][row["unit"]] = Decimal(row["factor"])
    return {
        row["code"]: Item(
            row["code"],
            row["name"],
            row["unit"],
            row["valuation"],
            factors.get(row["code"], {}),
            Decimal(row["lot_size"]),
            row["negative_stock"],
        )
        for row in rows
    }


def _load_standards(connection: Connection, code: str, plant: Plant, items: Collection[str]) -> set[str]:
    """Add how these items are made, and their components, and so on; returns all items met on the way."""
    met, new = set[str](), set(items)
    found: list[list[Row]] = [[] for _ in _STANDARD_TABLES]
    while new:
        met |= new
        needed: set[str] = set()
        for place, table in zip(found, _STANDARD_TABLES, strict=True):
            of_table = list(_rows(connection, table, code, "item", new))
            place += of_table
            needed |= {row["component"] for row in of_table if row.get("component")}
        new = needed - met
    _add_standards(plant, *found)
    return met


def _add_standards(plant: Plant, steps: Iterable[Row], components: Iterable[Row], lines: Iterable[Row]) -> None:
    """How items are made and what they ought to cost."""
    plant.routings, plant.bills, plant.standards = routings_of(steps), bills_of(components), standards_of(lines)


def _orders(
    orders: Iterable[Row], operations: Iterable[Row], components: Iterable[Row], accounts: Iterable[Row]
) -> dict[str, Order]:
    steps: dict[str, list[Operation]] = defaultdict(list)
    for row in operations:
        steps[row["order"]].append(operation_of(row))
    needs: dict[str, list[Component]] = defaultdict(list)
    for row in components:
        needs[row["order"]].append(component_of(row, row["item"]))
    shares: dict[str, dict[str, list[tuple[str, Decimal]]]] = defaultdict(lambda: defaultdict(list))
    for row in accounts:
        shares[row["order"]][row["plan"]].append((row["account"], Decimal(row["percent"])))
    return {
        row["code"]: Order(
            row["code"],
            row["item"],
            Decimal(row["quantity"]),
            row["kind"],
            row["customer"],
            in_sequence(steps[row["code"]]),
            tuple(needs[row["code"]]),
            _distribution(shares[row["code"]]),
            date.fromisoformat(row["released_on"]) if row["released_on"] else None,
            row["standard_version"],
            row["billable"],
        )
        for row in orders
    }


def _distribution(shares: Mapping[str, list[tuple[str, Decimal]]]) -> Distribution:
    return {plan: tuple(sorted(accounts)) for plan, accounts in sorted(shares.items())}


# --- writing -----------------------------------------------------------------------------------------------------


def put(connection: Connection, code: str, kind: str, rows: Iterable[Row]) -> Change:
    """Add what is new, change what differs, leave the rest. Raises RefusedRow; the caller then rolls back.

    People are recognised by their key or else their number; a new one gets a random key. A rate that differs becomes
    a new version of the same day. The accounts given for a plan of an order replace those it had there.
    """
    table = TABLES[KINDS[kind]]
    given = [_storable(row) for row in rows]
    if kind == "people":
        given = _with_keys(connection, code, given)
    elif kind == "rates":
        given = _with_versions(connection, code, given)
    elif kind == "billable_rates":
        given = _billable_with_versions(connection, code, given)
    elif kind == "manual":
        return _put_operations(connection, code, given)
    elif kind == "general":
        _link_entries(connection, code, given)
    key = [column.name for column in table.primary_key.columns if column.name != "site"]
    wanted: dict[Key, Stored] = {}
    for row in given:
        for column in key:
            row.setdefault(column, _default(table, column))
        wanted[tuple(row[column] for column in key)] = row
    there = {
        tuple(row[column] for column in key): dict(row)
        for row in _rows(connection, table.name, code, key[0], {place[0] for place in wanted})
    }
    added: list[Stored] = []
    changed: list[tuple[Stored, Stored]] = []
    unchanged = 0
    for place, row in wanted.items():
        old = there.get(place)
        if old is None:
            added.append({"site": code, **_complete(table, row)})
        elif any(old[column] != value for column, value in row.items()):
            changed.append((old, {**old, **row}))
        else:
            unchanged += 1
    if added:
        connection.execute(insert(table), added)
    if changed:
        connection.execute(
            _update(table, key), [{f"_{name}": value for name, value in row.items()} for _, row in changed]
        )
    if kind in ("order_accounts", "distributions", "routings", "bills", "standards", "calendars"):
        changed += [(row, {}) for row in _drop_others(connection, code, table, wanted, there)]
    return Change(kind, tuple(added), tuple(changed), unchanged)


def put_policy(connection: Connection, code: str, steps: Mapping[date, Mapping[str, Any]]) -> Change:
    """From each day on let these settings hold, on top of what held on it; a day whose settings change gets the next
    version. Raises BadPolicy, and UnknownSite."""
    site_row(connection, code)
    table = TABLES["policy"]
    added: list[Stored] = []
    unchanged = 0
    for day in sorted(steps):
        chosen = policy_settings(connection, code)
        before = (
            chosen[max(earlier for earlier in chosen if earlier <= day)] if min(chosen, default=date.max) <= day else {}
        )
        settings = {**before, **steps[day]}
        from_mapping(settings)
        if settings == before and (day in chosen or day == BEGINNING):
            unchanged += 1
            continue
        last = connection.scalar(select(func.max(table.c.version)).where(table.c.site == code)) or 1
        row = {"site": code, "version": last + 1, "valid_from": day.isoformat(), "settings": dump(settings)}
        connection.execute(insert(table).values(row))
        added.append(row)
    return Change("policy", added=tuple(added), unchanged=unchanged)


def _update(table: Table, key: Sequence[str]) -> Any:
    here = [table.c[column] == bindparam(f"_{column}") for column in ("site", *key)]
    rest: dict[str, Any] = {c.name: bindparam(f"_{c.name}") for c in table.columns if c.name not in ("site", *key)}
    return update(table).where(*here).values(rest)


def _storable(row: Row) -> Stored:
    """Values as the columns hold them: numbers as plain text, days as ISO text, names by language as JSON."""
    made: Stored = {}
    for column, value in row.items():
        if isinstance(value, Decimal):
            value = plain(value)
        elif isinstance(value, date):
            value = value.isoformat()
        elif isinstance(value, Mapping):
            value = dump(dict(value))
        made[column] = value
    return made


def _default(table: Table, column: str) -> Any:
    default = table.c[column].default
    return default.arg if default is not None and default.is_scalar else None  # type: ignore[attr-defined]


def _complete(table: Table, row: Stored) -> Stored:
    """A new row with every column: defaults, and the code as name of what has none."""
    made = {column.name: row.get(column.name, _default(table, column.name)) for column in table.columns}
    del made["site"]
    if "name" in made and not made["name"]:
        code = made.get("code") or made.get("number") or ""
        named_by_language = table.name in ("reason_code", "activity_code")
        made["name"] = dump({"en": code, "fr": code}) if named_by_language else code
    return made


def _with_keys(connection: Connection, code: str, rows: list[Stored]) -> list[Stored]:
    """People with their key: the one given, that of their number, or a new random one."""
    table = TABLES["person"]
    known = {row["number"]: row["key"] for row in _rows(connection, "person", code) if row["number"]}
    erased = {row["id"] for row in _rows(connection, "tombstone", code, "kind", {"person"})}
    taken: dict[str, str] = {}
    made = []
    for row in rows:
        number, key = row.get("number") or None, row.get("key")
        if key in erased and (number or row.get("name")):
            raise RefusedRow(_("the person with key {value} was erased: leave this row out"), row, "key")
        if not key:
            key = known.get(number or "") or f"p{secrets.token_hex(6)}"
        elif number and known.get(number, key) != key:
            raise RefusedRow(_("number {value} belongs to somebody known under another key"), row, "number")
        if taken.setdefault(key, number or "") != (number or ""):
            raise RefusedRow(_("key {value} is given to two people"), row, "key")
        made.append({**row, "key": key} | ({"number": number} if "number" in row else {}))
    # A number may move to another person; two people never hold it at once, not even between two statements.
    moving = {row["key"] for row in made if row.get("number")} - {known.get(row.get("number")) for row in made}
    for some in chunks(sorted(moving)):
        connection.execute(update(table).where(table.c.site == code, table.c.key.in_(some)).values(number=None))
    return made


def _with_versions(connection: Connection, code: str, rows: list[Stored]) -> list[Stored]:
    """Rates with id and version: those of the stored one when amount and scope agree, else of the next version."""
    newest: dict[Key, Row] = {}
    for row in _rows(connection, "rate", code):
        place = _rate_place(row)
        if place not in newest or row["version"] > newest[place]["version"]:
            newest[place] = row
    made = []
    for row in rows:
        if row["subject_kind"] == "person":
            # Whatever stands in `rate` is in entries, and those are read by people who may not know a wage.
            raise RefusedRow(
                _("a rate of a single person is a wage, which no entry tells: payroll enters it on its own pages"),
                row, "subject_kind",
            )  # fmt: skip
        row.setdefault("includes_labor", False)
        place = _rate_place(row)
        old = newest.get(place)
        if old and (old["amount"], old["includes_labor"]) == (row["amount"], row["includes_labor"]):
            made.append({**row, "id": old["id"], "version": old["version"]})
            continue
        version = old["version"] + 1 if old else 1
        # Derived, so that the same rates entered on two machines give entries with the same bytes.
        made.append({**row, "id": rate_id(code, place, version), "version": version})
    return made


def _billable_with_versions(connection: Connection, code: str, rows: list[Stored]) -> list[Stored]:
    """Billable rates with id and version, people by key: those of the stored one when the amount agrees, else of the
    next version."""
    newest: dict[Key, Row] = {}
    for row in sorted(_rows(connection, "billable_rate", code), key=lambda row: row["version"]):
        newest[_billable_place(row)] = row
    numbers = {row["person"] for row in rows if row.get("person")}
    keys = {row["number"]: row["key"] for row in _rows(connection, "person", code, "number", numbers)}
    made = []
    for row in rows:
        row = {**row, "person": keys.get(row.get("person") or "", row.get("person") or "")}
        place = _billable_place(row)
        old = newest.get(place)
        version = (old["version"] if old["amount"] == row["amount"] else old["version"] + 1) if old else 1
        ends = {"valid_until": row.get("valid_until") or None}
        made.append({**row, **ends, "id": billable_rate_id(code, place, version), "version": version})
    return made


def _billable_place(row: Row) -> Key:
    return (*(row.get(name) or "" for name in CONDITIONS), row.get("valid_from") or BEGINNING.isoformat())


def _rate_place(row: Row) -> Key:
    return row["kind"], row["subject_kind"], row["subject"], row["valid_from"]


def _drop_others(
    connection: Connection, code: str, table: Table, wanted: Mapping[Key, Stored], there: Mapping[Key, Stored]
) -> list[Stored]:
    """Remove what is not given any more for an order and plan, or a distribution: shares stay 100 in all; and for a day
    of a routing, bill or calendar, or a version of a standard: each is given whole."""
    given = {place[:2] for place in wanted}
    gone = [row for place, row in there.items() if place[:2] in given and place not in wanted]
    key = [column.name for column in table.primary_key.columns]
    if gone:
        here = [table.c[column] == bindparam(f"_{column}") for column in key]
        connection.execute(delete(table).where(*here), [{f"_{column}": row[column] for column in key} for row in gone])
    return gone


def _link_entries(connection: Connection, code: str, rows: list[Stored]) -> None:
    """Take the analytic entries out of rows of general entries, and link those that are not linked yet."""
    table = TABLES["general_link"]
    wanted = {entry: row["id"] for row in rows for entry in (row.pop("entries", None) or "").split()}
    there = {row["entry"] for row in _rows(connection, "general_link", code, "entry", set(wanted))}
    new = [{"site": code, "entry": entry, "general": wanted[entry]} for entry in wanted if entry not in there]
    if new:
        connection.execute(insert(table), new)


def _put_operations(connection: Connection, code: str, rows: list[Stored]) -> Change:
    """Add the lines of operations that are not here yet, as their accounts and distributions are now; one that is here
    stays as it was entered."""
    table = TABLES["manual_line"]
    there = {row["ref"] for row in _rows(connection, "manual_line", code, "ref", {row["ref"] for row in rows})}
    known = {plan.code: plan for plan in plans(connection, code)}
    count: dict[str, int] = defaultdict(int)
    days: dict[str, str] = {}
    added = []
    for row in rows:
        if row["ref"] in there:
            continue
        count[row["ref"]] += 1
        day = days.setdefault(row["ref"], row.get("date") or "")
        shares = shares_of(json.loads(row.get("accounts") or "{}"), known)
        made = {name: value for name, value in row.items() if value is not None}
        made |= {"number": count[row["ref"]], "date": day, "shares": dump(as_json(shares))}
        added.append({"site": code, **_complete(table, made)})
    if added:
        connection.execute(insert(table), added)
    return Change("manual", tuple(added), unchanged=len(rows) - len(added))


# --- label codes -------------------------------------------------------------------------------------------------

# What the detail of a label is called on the wire, by kind of label.
DETAILS = {"operation": "operation", "lot": "lot", "reason": "reason_kind"}
Thing = tuple[str, str, str]  # kind, reference, detail: the operation of an order, lot of an item, kind of a reason


def code_for(connection: Connection, site_code: str, kind: str, reference: str, detail: str = "") -> str:
    """The nine letters that stand for a thing on labels; made when it has none yet."""
    return codes_for(connection, site_code, [(kind, reference, detail)])[kind, reference, detail]


def codes_for(connection: Connection, site_code: str, things: Iterable[Thing]) -> dict[Thing, str]:
    """The nine letters of each thing; those without get 28 random bits nothing else here has."""
    wanted = list(dict.fromkeys(things))
    table = TABLES["label_code"]
    add = (postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert)(table)
    found: dict[Thing, str] = {}
    while True:
        for row in _rows(connection, "label_code", site_code, "ref", {thing[1] for thing in wanted}):
            found[row["kind"], row["ref"], row["detail"]] = row["code"]
        missing = [thing for thing in wanted if thing not in found]
        if not missing:
            return {thing: found[thing] for thing in wanted}
        # Letters that are taken, and a thing somebody else labels at this moment, are simply asked for again.
        connection.execute(
            add.on_conflict_do_nothing(),
            [
                {"site": site_code, "code": _letters(), "kind": kind, "ref": ref, "detail": detail}
                for kind, ref, detail in missing
            ],
        )


def _letters() -> str:
    return from_number(secrets.randbits(28))


def letters_by_reference(connection: Connection, site_code: str, kind: str) -> dict[str, str]:
    """The nine letters of all things of a kind that have a label, by reference."""
    return {row["ref"]: row["code"] for row in _rows(connection, "label_code", site_code, "kind", [kind])}


def lots(connection: Connection, site_code: str) -> list[tuple[str, str]]:
    """The lots that have labels: (item, lot). Nothing else says which lots there are."""
    return sorted((row["ref"], row["detail"]) for row in _rows(connection, "label_code", site_code, "kind", ["lot"]))


def is_lot(text: str) -> bool:
    """Whether a fact could name a lot so: see `sync.events.base.Code`."""
    try:
        return Code().convert(text) == text
    except ValueError:
        return False


def withdraw_codes(connection: Connection, site_code: str, things: Iterable[Thing]) -> None:
    """Forget the letters of these things: what was printed with them (a lost badge) no longer says anything."""
    table = TABLES["label_code"]
    here = [table.c[column] == bindparam(f"_{column}") for column in ("site", "kind", "ref", "detail")]
    rows = [{"_site": site_code, "_kind": kind, "_ref": ref, "_detail": detail} for kind, ref, detail in things]
    if rows:
        connection.execute(delete(table).where(*here), rows)
