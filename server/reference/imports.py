"""Import reference files: all or nothing, the same file twice changes nothing, and what waits for it is costed anew.

The caller holds the transaction. `apply` raises ImportRefused with every error found; the caller then rolls back, as
it does for a preview.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from server.reference import billing, books, charges
from server.store import event_log, ledger, operations, plant
from server.store.plant import Change, RefusedRow
from sync.connectors.csv_file.mapping import KINDS, Kind, _
from sync.connectors.csv_file.reference import read_file
from sync.connectors.csv_file.source import MAX_ERRORS, LineError, Sheet
from sync.core.clock import midnight
from sync.core.lookalikes import pairs
from sync.core.quantity import convert
from sync.costing.policy import BEGINNING, BadPolicy
from sync.costing.rates import KINDS as RATE_KINDS
from sync.ledger.operations import Operation

# Kinds whose code a person reads, types or scans.
NAMED_BY_CODE = {
    "departments", "work_centers", "machines", "locations", "items", "orders", "activities", "plans", "accounts",
}  # fmt: skip
# Beyond this many things changed at once, all facts are looked at again instead of those that name them.
NAMED_AT_ONCE = 50


class ImportRefused(ValueError):
    """The files hold errors; nothing of them is to be kept."""

    def __init__(self, errors: Sequence[LineError]) -> None:
        super().__init__("\n".join(error.text() for error in errors))
        self.errors = errors


def read_files(files: Iterable[tuple[str, bytes]], kind: Kind | None = None) -> list[Sheet]:
    """The sheets of named files, in an order in which each refers only to those before it. Raises ImportRefused."""
    sheets, errors = [], []
    for name, content in files:
        found, wrong = read_file(name, content, kind)
        sheets += found
        errors += wrong
    if errors:
        raise ImportRefused(errors)
    return sorted(sheets, key=lambda sheet: list(KINDS).index(sheet.kind.name))


def apply(connection: Connection, site: str, sheets: Sequence[Sheet]) -> list[Change]:
    """Check the sheets against each other and the store, then store them. Raises ImportRefused."""
    errors = list(check(connection, site, sheets))
    if errors:
        raise ImportRefused(errors[:MAX_ERRORS])
    _kinds_of_orders(connection, site, sheets)
    changes: list[Change] = []
    for sheet in sheets:
        try:
            if sheet.kind.name == "policy":
                changes.append(_put_policy(connection, site, sheet))
            else:
                changes.append(plant.put(connection, site, sheet.kind.name, sheet.rows))
        except RefusedRow as wrong:
            raise ImportRefused([_refused(sheet, wrong)]) from wrong
    look_again(connection, site, changes)
    return changes


def look_alikes(connection: Connection, site: str, changes: Iterable[Change]) -> list[tuple[str, str, str]]:
    """(kind, new code, the other) of codes just stored that people take for another one that is here: two things
    on purpose, or one thing with a letter of another alphabet. Nothing is refused for it."""
    found = []
    for change in changes:
        new = sorted({str(row["code"]) for row in change.added if "code" in row})
        if new and change.kind in NAMED_BY_CODE:
            known = {str(row["code"]) for row in plant.rows(connection, site, change.kind)}
            told = pairs(new, sorted(known - set(new)))
            found += [(change.kind, code, other) for code, other in told.items()]
    return found


def _kinds_of_orders(connection: Connection, site: str, sheets: Sequence[Sheet]) -> None:
    """New orders whose row does not say what they are, are what the newest policy says, which may come along; an order
    that is here stays what it is."""
    silent = [row for sheet in sheets if sheet.kind.name == "orders" for row in sheet.rows if not row.get("kind")]
    if not silent:
        return
    said = [(row.get("valid_from") or BEGINNING, str(row["value"])) for sheet in sheets if sheet.kind.name == "policy"
            for row in sheet.rows if row["setting"] == "order_kind"]  # fmt: skip
    usual = max(said)[1] if said else plant.policies(connection, site).last.order_kind
    there = plant.rows(connection, site, "orders", "code", {row["code"] for row in silent})
    here = {row["code"]: row["kind"] for row in there}
    for row in silent:
        row["kind"] = here.get(row["code"], usual)


def signed(sheets: Iterable[Sheet], by: str, at: int) -> None:
    """Write on declared operations who enters them, and when."""
    for sheet in sheets:
        if sheet.kind.name == "manual":
            for row in sheet.rows:
                row |= {"entered_by": by, "entered_at": at}


def _put_policy(connection: Connection, site: str, sheet: Sheet) -> Change:
    """Settings not in the file keep their value."""
    steps: dict[date, dict[str, Any]] = defaultdict(dict)
    for row in sheet.rows:
        steps[row.get("valid_from") or BEGINNING][row["setting"]] = row["value"]
    try:
        return plant.put_policy(connection, site, steps)
    except BadPolicy as wrong:
        raise ImportRefused([wrong_setting(sheet, wrong)]) from wrong


def wrong_setting(sheet: Sheet, wrong: BadPolicy) -> LineError:
    """What is wrong with a setting, at the row that says so."""
    rows = [index for index, row in enumerate(sheet.rows) if row["setting"] == wrong.setting]
    place = next((index for index in rows if sheet.rows[index]["value"] == wrong.value), rows[0])
    return sheet.error(place, "setting" if wrong.value is None else "value", wrong.sentence, **wrong.params)


def _refused(sheet: Sheet, wrong: RefusedRow) -> LineError:
    place = next((i for i, row in enumerate(sheet.rows) if row.get(wrong.column) == wrong.value), 0)
    return sheet.error(place, wrong.column, wrong.message, value=str(wrong.value))


# --- checks between files and store ------------------------------------------------------------------------------

# column of a kind -> the kind whose code it gives
REFERENCES = {
    "work_centers": {"department": "departments", "calendar": "calendars"},
    "machines": {"work_center": "work_centers"},
    "people": {"department": "departments", "calendar": "calendars"},
    "item_units": {"item": "items"},
    "routings": {"item": "items", "work_center": "work_centers"},
    "bills": {"item": "items", "component": "items"},
    "standards": {"item": "items"},
    "losses": {"item": "items", "scrap_item": "items"},
    "subcontracts": {"work_center": "work_centers", "item": "items", "service": "items"},
    "by_products": {"item": "items", "by_product": "items"},
    "orders": {"item": "items"},
    "operations": {"order": "orders", "work_center": "work_centers"},
    "components": {"order": "orders", "item": "items"},
    "accounts": {"plan": "plans"},
    "account_maps": {"plan": "plans"},
    "distributions": {"plan": "plans"},
    "defaults": {"plan": "plans"},
    "order_accounts": {"order": "orders", "plan": "plans"},
    "billable_rates": {"order": "orders"},
}
WHAT = {
    "departments": _("department “{value}” is known neither here nor in the files: import it too"),
    "work_centers": _("work center “{value}” is known neither here nor in the files: import it too"),
    "calendars": _("calendar “{value}” is known neither here nor in the files: import it too"),
    "items": _("item “{value}” is known neither here nor in the files: import it too"),
    "orders": _("order “{value}” is known neither here nor in the files: import it too"),
    "plans": _("plan “{value}” is known neither here nor in the files: import it too"),
}


def check(connection: Connection, site: str, sheets: Sequence[Sheet]) -> Iterator[LineError]:
    """What is wrong between the rows of the files, and with what is stored."""
    return _check(Reach(connection, site, sheets), sheets)


def check_alone(sheets: Sequence[Sheet], currency: str = "EUR") -> Iterator[LineError]:
    """What is wrong between the rows of files that stand alone, on somebody's own desk: a rate of a person is no
    secret there."""
    return _check(_Alone(sheets, currency), sheets)


def _check(reach: "Reach", sheets: Sequence[Sheet]) -> Iterator[LineError]:
    for sheet in sheets:
        for column, kind in REFERENCES.get(sheet.kind.name, {}).items():
            yield from _unknown(reach, sheet, column, kind, [row.get(column, "") for row in sheet.rows])
        yield from CHECKS.get(sheet.kind.name, _no_more)(reach, sheet)


def _unknown(reach: "Reach", sheet: Sheet, column: str, kind: str, values: Sequence[str]) -> Iterator[LineError]:
    known = reach.codes(kind, set(values) - {""})
    for index, value in enumerate(values):
        if value and value not in known:
            yield sheet.error(index, column, WHAT[kind], value=value)


class Reach:
    """What the files and the store hold together, fetched when asked for."""

    def __init__(self, connection: Connection, site: str, sheets: Sequence[Sheet]) -> None:
        self.connection, self.site, self.sheets = connection, site, sheets

    def rows(self, kind: str, column: str, values: Collection[str]) -> list[Mapping[str, Any]]:
        """Rows with one of these values in `column`: those of the store, then those of the files, which win."""
        stored = plant.rows(self.connection, self.site, kind, column, values)
        return [*stored, *self.given(kind, column, values)]

    def stored(self, kind: str, column: str, values: Collection[str]) -> list[Mapping[str, Any]]:
        """Those of the store alone."""
        return plant.rows(self.connection, self.site, kind, column, values)

    def all_stored(self, kind: str) -> list[Mapping[str, Any]]:
        """All rows of a kind of the store alone."""
        return plant.rows(self.connection, self.site, kind)

    def others(self, kind: str, column: str, values: Collection[str], sheet: Sheet) -> list[Mapping[str, Any]]:
        """All but those of one sheet."""
        return [row for row in self.rows(kind, column, values) if not any(row is own for own in sheet.rows)]

    def given(self, kind: str, column: str, values: Collection[str]) -> list[Mapping[str, Any]]:
        """Those of the files alone."""
        sheets = (sheet for sheet in self.sheets if sheet.kind.name == kind)
        return [row for sheet in sheets for row in sheet.rows if row.get(column) in values]

    def codes(self, kind: str, wanted: Collection[str]) -> set[str]:
        column = "calendar" if kind == "calendars" else "code"
        return {row[column] for row in self.rows(kind, column, wanted)} if wanted else set()

    @cached_property
    def currency(self) -> str:
        return plant.site(self.connection, self.site).currency

    def closed_periods(self) -> Collection[str]:
        """Months nothing is posted in."""
        return plant.closed_periods(self.connection, self.site)

    def operations(self, refs: Collection[str]) -> Mapping[str, Operation]:
        """Declared operations that are here: those of these references, and those that reverse one of them."""
        reversing = operations.reversed_by(self.connection, self.site, refs)
        return operations.known(self.connection, self.site, {*refs, *reversing.values()})

    def standing_for(self, ids: Collection[str]) -> Mapping[str, Decimal]:
        """What stands for general entries by now."""
        return operations.standing_for(self.connection, self.site, ids)

    def entries(self, ids: Collection[str]) -> Mapping[str, Mapping[str, Any]] | None:
        """Analytic entries of the ledger; None where there is no ledger."""
        return ledger.bodies(self.connection, self.site, ids)

    def general_of(self, ids: Collection[str]) -> dict[str, str]:
        """The general entry that analytic entries stand for."""
        return operations.general_of(self.connection, self.site, ids)


class _Alone(Reach):
    """What the files hold, and nothing besides."""

    def __init__(self, sheets: Sequence[Sheet], currency: str) -> None:
        self.sheets, self.currency = sheets, currency

    def stored(self, kind: str, column: str, values: Collection[str]) -> list[Mapping[str, Any]]:
        return []

    def all_stored(self, kind: str) -> list[Mapping[str, Any]]:
        return []

    def closed_periods(self) -> Collection[str]:
        return ()

    def operations(self, refs: Collection[str]) -> Mapping[str, Operation]:
        return {}

    def standing_for(self, ids: Collection[str]) -> Mapping[str, Decimal]:
        return {}

    def entries(self, ids: Collection[str]) -> Mapping[str, Mapping[str, Any]] | None:
        return None

    def general_of(self, ids: Collection[str]) -> dict[str, str]:
        return {}

    def rows(self, kind: str, column: str, values: Collection[str]) -> list[Mapping[str, Any]]:
        """Rows of the files with one of these values in `column`."""
        return self.given(kind, column, values)


def _no_more(reach: Reach, sheet: Sheet) -> Iterator[LineError]:
    return iter(())


def _people(reach: Reach, sheet: Sheet) -> Iterator[LineError]:
    for index, row in enumerate(sheet.rows):
        if "key" in row and not re.fullmatch("p[0-9a-f]{12}", row["key"]):
            yield sheet.error(index, "key", _("“{value}” is not a key as this program exports them: leave it empty"),
                              value=row["key"])  # fmt: skip


def _item_units(reach: Reach, sheet: Sheet) -> Iterator[LineError]:
    base = {row["code"]: row["unit"] for row in reach.rows("items", "code", {row["item"] for row in sheet.rows})}
    for index, row in enumerate(sheet.rows):
        if base.get(row["item"]) == row["unit"]:
            yield sheet.error(
                index, "unit", _("“{value}” is the item's own unit: it needs no factor"), value=row["unit"]
            )


class _Units:
    """What units of some items convert to their own."""

    def __init__(self, reach: Reach, items: Collection[str]) -> None:
        self.base = {row["code"]: row["unit"] for row in reach.rows("items", "code", items)}
        self.factors: dict[str, dict[str, Decimal]] = defaultdict(dict)
        for row in reach.rows("item_units", "item", items):
            self.factors[row["item"]][row["unit"]] = Decimal(row["factor"])

    def check(self, sheet: Sheet, index: int, item: str, unit: str) -> Iterator[LineError]:
        base = self.base.get(item)
        if base and unit and convert(Decimal(1), unit, base, self.factors[item]) is None:
            yield sheet.error(index, "unit", _("“{value}” cannot be converted to {base}: add it to item_units.csv"),
                              value=unit, base=base)  # fmt: skip


def _components(reach: Reach, sheet: Sheet) -> Iterator[LineError]:
    units = _Units(reach, {row["item"] for row in sheet.rows})
    steps = {
        (row["order"], row["number"]) for row in reach.rows("operations", "order", {row["order"] for row in sheet.rows})
    }
    for index, row in enumerate(sheet.rows):
        operation = row.get("operation", "")
        yield from units.check(sheet, index, row["item"], row["unit"])
        if operation and (row["order"], operation) not in steps:
            yield sheet.error(index, "operation", _("operation “{value}” is not part of order {order}: import it too"),
                              value=operation, order=row["order"])  # fmt: skip


def _bills(reach: Reach, sheet: Sheet) -> Iterator[LineError]:
    units = _Units(reach, {row["component"] for row in sheet.rows})
    steps = defaultdict(set)
    for row in reach.rows("routings", "item", {row["item"] for row in sheet.rows}):
        steps[row["item"]].add(row["number"])
    for index, row in enumerate(sheet.rows):
        yield from units.check(sheet, index, row["component"], row["unit"])
        operation = row.get("operation", "")
        if operation and operation not in steps[row["item"]]:
            sentence = _("operation “{value}” is not part of the routing of {item}: import it too")
            yield sheet.error(index, "operation", sentence, value=operation, item=row["item"])


# Elements of a standard that name something: an item, or a pool of overhead.
_OF_ITEM = ("material", "subcontracting", "by_product")


def _standards(reach: Reach, sheet: Sheet) -> Iterator[LineError]:
    named = [row.get("component", "") if row["element"] in _OF_ITEM else "" for row in sheet.rows]
    yield from _unknown(reach, sheet, "component", "items", named)
    units = _Units(reach, set(named) - {""})
    first: dict[tuple[str, str], tuple[date, Decimal | None]] = {}
    for index, row in enumerate(sheet.rows):
        element, component, unit = row["element"], row.get("component", ""), row.get("unit", "")
        if element in (*_OF_ITEM, "overhead") and not component:
            yield sheet.error(index, "component", _("a line of {element} names the item or the pool it is of"),
                              element=element)  # fmt: skip
        elif element in _OF_ITEM:
            yield from units.check(sheet, index, component, unit)
        elif element != "overhead" and component:
            yield sheet.error(index, "component", _("hours are of no component: leave it empty"))
        if element in ("labor", "setup", "machine") and unit and convert(Decimal(1), unit, "s", {}) is None:
            yield sheet.error(index, "unit", _("“{value}” is no unit of time: write h, min or s"), value=unit)
        if row.get("per") == "lot" and not row.get("lot_size"):
            yield sheet.error(index, "lot_size", _("a line for each lot needs the pieces of a lot"))
        given = row["valid_from"], row.get("lot_size")
        if first.setdefault((row["item"], row["version"]), given) != given:
            yield sheet.error(index, "version", _("the lines of version “{value}” differ in valid_from or lot_size"),
                              value=row["version"])  # fmt: skip


def _rates(reach: Reach, sheet: Sheet) -> Iterator[LineError]:
    wanted: dict[str, list[str]] = {"work_center": [], "item": []}
    for index, row in enumerate(sheet.rows):
        subject_kind, allowed = row["subject_kind"], RATE_KINDS[row["kind"]]
        if subject_kind not in allowed:
            yield sheet.error(index, "subject_kind", _("a {kind} rate is one of {allowed}, not of “{value}”"),
                              kind=row["kind"], allowed=", ".join(allowed), value=subject_kind)  # fmt: skip
        if row.get("includes_labor") and row["kind"] != "machine":
            yield sheet.error(index, "includes_labor", _("only a machine rate can include labor: write no"))
        for kind in wanted:
            wanted[kind].append(row["subject"] if subject_kind == kind else "")
    yield from _unknown(reach, sheet, "subject", "work_centers", wanted["work_center"])
    yield from _unknown(reach, sheet, "subject", "items", wanted["item"])


CHECKS: dict[str, Callable[[Reach, Sheet], Iterator[LineError]]] = {
    "people": _people,
    "item_units": _item_units,
    "bills": _bills,
    "standards": _standards,
    "components": _components,
    **books.CHECKS,
    **charges.CHECKS,
    **billing.CHECKS,
    "rates": _rates,
}


# --- facts that wait for what came -------------------------------------------------------------------------------

# What facts are held for until rows of a kind come.
WAITING_FOR = {
    "orders": ("reference.unknown_order",),
    "operations": ("reference.unknown_operation",),
    "people": ("reference.unknown_person",),
    "work_centers": ("reference.unknown_work_center",),
    "machines": ("reference.unknown_machine",),
    "items": ("reference.unknown_item",),
    "item_units": ("unit.no_conversion",),
    "rates": ("rate.missing", "stock.no_unit_cost", "standard.incomplete"),
    "routings": ("standard.none", "standard.incomplete"),
    "bills": ("standard.none", "standard.incomplete"),
    "by_products": ("by_product.no_value",),
    "overheads": ("standard.incomplete",),
    "standards": ("standard.none", "standard.incomplete", "standard.unknown_version"),
}
# Columns that change costs, and which facts bear them: those that name this column's value.
NAMED_BY = {
    "orders": (
        "order",
        "code",
        ("item", "customer", "kind", "quantity", "released_on", "standard_version", "billable"),
    ),
    "operations": ("order", "order", ("work_center", "standard_setup_min", "standard_run_min")),
    "order_accounts": ("order", "order", ("percent",)),
    "people": ("person", "key", ("rate_group", "department", "calendar")),
    "machines": ("machine", "code", ("work_center",)),
    "items": ("item", "code", ("unit", "valuation", "negative_stock")),
    "item_units": ("item", "item", ("factor",)),
}
# What cost cards are made of.
MAKING_STANDARDS = ("items", "item_units", "routings", "bills", "standards", "operations", "components", "rates",
                    "overheads", "losses", "subcontracts")  # fmt: skip
# What is charged by a rule of the house, and the facts that bear it.
CHARGED = {
    "overheads": ("labor.", "machine.", "material.", "output.", "defect."),
    "losses": ("defect.", "order.closed"),
    "subcontracts": ("output.",),
    "by_products": ("output.by_product", "order.closed"),
    "billable_rates": ("labor.",),
}
# ... and those that may change the cost of any fact.
NAMED_BY_ALL = {"work_centers": ("department", "calendar"), "plans": ("follows",)}


@dataclass(frozen=True, slots=True)
class _Touched:
    """Facts to look at again: held ones by reason, those naming a thing, since an instant movements of items, hours, or
    all."""

    reasons: set[str]
    named: set[tuple[str, str]]
    items_since: dict[str, int]
    hours_since: int | None
    all_since: int | None
    # What stands at the standard of an order, while one of what standards are made of changed.
    at_standard: bool = False
    # Facts of these types, since an instant.
    charged: tuple[tuple[tuple[str, ...], int], ...] = ()


def look_again(connection: Connection, site: str, changes: Sequence[Change]) -> None:
    """Have the facts costed again that waited for these rows, or were costed by what they changed."""
    touched = _touched(connection, site, changes)
    if touched.reasons:
        event_log.requeue(connection, site, reasons=sorted(touched.reasons))
    everything = 0 if len(touched.named) > NAMED_AT_ONCE else touched.all_since
    if everything is not None:
        event_log.requeue(connection, site, since_ms=everything)
    if everything == 0:
        return
    if touched.at_standard:
        event_log.requeue(connection, site, types=("output.reported", "order.closed"))
    for types, since in touched.charged:
        event_log.requeue(connection, site, types=types, since_ms=since)
    if touched.hours_since is not None:
        event_log.requeue(connection, site, types=("labor.", "machine."), since_ms=touched.hours_since)
    for item, since in touched.items_since.items():
        event_log.requeue(connection, site, item=item, since_ms=since)
        _requeue_draws(connection, site, item, since)
    for column, value in sorted(touched.named):
        event_log.requeue(connection, site, **{column: value})  # type: ignore[arg-type]
        if column == "item":
            _requeue_draws(connection, site, value, 0)


def _requeue_draws(connection: Connection, site: str, item: str, since: int) -> None:
    """Reports of pieces that draw an item: they name the order, not the item."""
    for order in sorted(event_log.drawing(connection, site, {item: since})):
        event_log.requeue(connection, site, order=order, types=("output.reported", "defect.reported"), since_ms=since)


def _touched(connection: Connection, site: str, changes: Sequence[Change]) -> _Touched:
    zone = plant.site(connection, site).zone
    reasons: set[str] = set()
    policies = plant.policies(connection, site)
    by_standard = any(policy.split_rule == "standard_time" or policy.breaks == "calendar" for policy in policies)
    named: set[tuple[str, str]] = set()
    items_since: dict[str, int] = {}
    hours_since: list[int] = []
    all_since: list[int] = []
    for change in changes:
        if change.added:
            reasons.update(WAITING_FOR.get(change.kind, ()))
        if change.kind == "rates":
            for row in change.added:
                begins = midnight(date.fromisoformat(row["valid_from"]), zone)
                if row["kind"] == "standard_cost":
                    items_since[row["subject"]] = min(begins, items_since.get(row["subject"], begins))
                elif row["kind"] != "standard_labor":  # shown to leads, in no entry
                    hours_since.append(begins)
        if change.kind == "policy":
            days = (date.fromisoformat(row["valid_from"]) for row in change.added)
            all_since.extend(midnight(day, zone) if day > BEGINNING else 0 for day in days)
            if any(policy.price_variance == "use" for policy in policies):
                # Stocks at standard are carried from their first movement on, or no more.
                all_since.append(0)
        if change.kind in ("calendars", "premiums"):
            for row in [*change.added, *(old for old, _ in change.changed)]:
                day = date.fromisoformat(row["valid_from"])
                hours_since.append(midnight(day, zone) if day > BEGINNING else 0)
        if change.kind == "activities" and (
            any(not row["billable"] or row["idle"] for row in change.added)
            or any(old[name] != new[name] for old, new in change.changed for name in ("billable", "idle"))
        ):
            hours_since.append(0)
        if change.kind == "plans" and change.added:
            all_since.append(0)
        if change.kind in ("distributions", "defaults") and (change.added or change.changed):
            dated = [*change.added, *(row for _, row in change.changed)]
            first = min((date.fromisoformat(row.get("valid_from") or "0001-01-01") for row in dated), default=BEGINNING)
            all_since.append(midnight(first, zone) if first > BEGINNING else 0)
        if change.kind == "operations" and change.added:
            # What is planned now may be what the floor had added: its facts move to the planned work center.
            planned = {(row["order"], row["number"]) for row in change.added}
            for event in event_log.added_operations(connection, site, {order for order, _ in planned}):
                if (event.order, event.operation) in planned:
                    named.add(("order", event.order))
        if by_standard and change.kind in ("orders", "operations"):
            # A standard, or a work center's calendar, that becomes known changes the share of whatever overlaps.
            named.update(("order", row[NAMED_BY[change.kind][1]]) for row in change.added)
        if change.kind == "components":
            rows = [*change.added, *(row for pair in change.changed for row in pair)]
            named.update(("order", row["order"]) for row in rows if row.get("backflush"))
        if change.kind == "operations":
            # Where a piece goes through says what it draws.
            orders = {row["order"] for row in (*change.added, *(new for _, new in change.changed))}
            components = plant.rows(connection, site, "components", "order", orders)
            named.update(("order", row["order"]) for row in components if row["backflush"])
        if change.kind == "items":
            # What an order gave to a stock depends on how that is valued.
            valued = {old["code"] for old, new in change.changed if old["valuation"] != new["valuation"]}
            named.update(("order", row["code"]) for row in plant.rows(connection, site, "orders", "item", valued))
        if change.kind == "order_accounts":
            named.update(("order", row["order"]) for row in change.added)
        column, key, bearing = NAMED_BY.get(change.kind, ("", "", NAMED_BY_ALL.get(change.kind, ())))
        for old, new in change.changed:
            if any(old[name] != new.get(name) for name in bearing):
                if column:
                    named.add((column, old[key]))
                else:
                    all_since.append(0)
    at_standard = any(policy.output_value == "standard" for policy in policies) and any(
        change.kind in MAKING_STANDARDS and (change.added or change.changed) for change in changes
    )
    # A loss is that of the day of release; work before its supplier's first price waits for one.
    charged = tuple(
        (CHARGED[change.kind], 0 if change.kind in ("losses", "subcontracts") else _begins(change, zone))
        for change in changes
        if change.kind in CHARGED and (change.added or change.changed)
    )  # fmt: skip
    return _Touched(
        reasons, named, items_since, min(hours_since, default=None), min(all_since, default=None), at_standard, charged
    )


def _begins(change: Change, zone: ZoneInfo) -> int:
    """The first instant from which rows that came hold."""
    rows = [*change.added, *(row for _, row in change.changed)]
    first = min(date.fromisoformat(row.get("valid_from") or BEGINNING.isoformat()) for row in rows)
    return midnight(first, zone) if first > BEGINNING else 0
