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
from typing import Any

from sqlalchemy import Connection

from server.store import event_log, plant
from server.store.plant import Change, RefusedRow
from sync.connectors.csv_file.mapping import KINDS, Kind, _, kind_of_file
from sync.connectors.csv_file.source import MAX_ERRORS, LineError, Sheet, read
from sync.core.clock import midnight
from sync.core.quantity import convert
from sync.costing.policy import BEGINNING, BadPolicy
from sync.costing.rates import KINDS as RATE_KINDS

# Beyond this many things changed at once, all facts are looked at again instead of those that name them.
NAMED_AT_ONCE = 50


class ImportRefused(ValueError):
    """The files hold errors; nothing of them is to be kept."""

    def __init__(self, errors: Sequence[LineError]) -> None:
        super().__init__("\n".join(error.text() for error in errors))
        self.errors = errors


def read_files(files: Iterable[tuple[str, bytes]], kind: Kind | None = None) -> list[Sheet]:
    """The sheets of named files, in an order in which each refers only to those before it. Raises ImportRefused.

    What a file holds is told by its name, unless `kind` says so.
    """
    sheets, errors = [], []
    for name, content in files:
        found = kind or kind_of_file(name)
        if found is None:
            known = ", ".join(f"{known}.csv" for known in KINDS)
            errors.append(
                LineError(name, 0, "", _("the name does not say what it holds; known are {known}"), {"known": known})
            )
            continue
        sheet, wrong = read(found, content, name)
        sheets.append(sheet)
        errors += wrong
    if errors:
        raise ImportRefused(errors)
    return sorted(sheets, key=lambda sheet: list(KINDS).index(sheet.kind.name))


def apply(connection: Connection, site: str, sheets: Sequence[Sheet]) -> list[Change]:
    """Check the sheets against each other and the store, then store them. Raises ImportRefused."""
    errors = list(check(connection, site, sheets))
    if errors:
        raise ImportRefused(errors[:MAX_ERRORS])
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


def _put_policy(connection: Connection, site: str, sheet: Sheet) -> Change:
    """Settings not in the file keep their value."""
    steps: dict[date, dict[str, Any]] = defaultdict(dict)
    for row in sheet.rows:
        steps[row.get("valid_from") or BEGINNING][row["setting"]] = row["value"]
    try:
        return plant.put_policy(connection, site, steps)
    except BadPolicy as wrong:
        raise ImportRefused([LineError(sheet.file, 0, "", "{detail}", {"detail": str(wrong)})]) from wrong


def _refused(sheet: Sheet, wrong: RefusedRow) -> LineError:
    place = next((i for i, row in enumerate(sheet.rows) if row.get(wrong.column) == wrong.value), 0)
    return sheet.error(place, wrong.column, wrong.message, value=str(wrong.value))


# --- checks between files and store ------------------------------------------------------------------------------

# column of a kind -> the kind whose code it gives
REFERENCES = {
    "work_centers": {"department": "departments"},
    "machines": {"work_center": "work_centers"},
    "people": {"department": "departments"},
    "item_units": {"item": "items"},
    "orders": {"item": "items"},
    "operations": {"order": "orders", "work_center": "work_centers"},
    "components": {"order": "orders", "item": "items"},
    "accounts": {"plan": "plans"},
    "order_accounts": {"order": "orders", "plan": "plans"},
}
WHAT = {
    "departments": _("department “{value}” is known neither here nor in the files: import it too"),
    "work_centers": _("work center “{value}” is known neither here nor in the files: import it too"),
    "items": _("item “{value}” is known neither here nor in the files: import it too"),
    "orders": _("order “{value}” is known neither here nor in the files: import it too"),
    "plans": _("plan “{value}” is known neither here nor in the files: import it too"),
}


def check(connection: Connection, site: str, sheets: Sequence[Sheet]) -> Iterator[LineError]:
    """What is wrong between the rows of the files, and with what is stored."""
    return _check(_Reach(connection, site, sheets), sheets)


def check_alone(sheets: Sequence[Sheet]) -> Iterator[LineError]:
    """What is wrong between the rows of files that stand alone, on somebody's own desk: a rate of a person is no
    secret there."""
    return _check(_Alone(sheets), sheets)


def _check(reach: "_Reach", sheets: Sequence[Sheet]) -> Iterator[LineError]:
    for sheet in sheets:
        for column, kind in REFERENCES.get(sheet.kind.name, {}).items():
            yield from _unknown(reach, sheet, column, kind, [row.get(column, "") for row in sheet.rows])
        yield from CHECKS.get(sheet.kind.name, _no_more)(reach, sheet)


def _unknown(reach: "_Reach", sheet: Sheet, column: str, kind: str, values: Sequence[str]) -> Iterator[LineError]:
    known = reach.codes(kind, set(values) - {""})
    for index, value in enumerate(values):
        if value and value not in known:
            yield sheet.error(index, column, WHAT[kind], value=value)


class _Reach:
    """What the files and the store hold together, fetched when asked for."""

    wages = False

    def __init__(self, connection: Connection, site: str, sheets: Sequence[Sheet]) -> None:
        self.connection, self.site, self.sheets = connection, site, sheets

    def rows(self, kind: str, column: str, values: Collection[str]) -> list[Mapping[str, Any]]:
        """Rows with one of these values in `column`: those of the store, then those of the files, which win."""
        stored = plant.rows(self.connection, self.site, kind, column, values)
        return [*stored, *self.given(kind, column, values)]

    def given(self, kind: str, column: str, values: Collection[str]) -> list[Mapping[str, Any]]:
        """Those of the files alone."""
        return [row for sheet in self.sheets if sheet.kind.name == kind for row in sheet.rows if row[column] in values]

    def codes(self, kind: str, wanted: Collection[str]) -> set[str]:
        return {row["code"] for row in self.rows(kind, "code", wanted)} if wanted else set()


class _Alone(_Reach):
    """What the files hold, and nothing besides."""

    wages = True

    def __init__(self, sheets: Sequence[Sheet]) -> None:
        self.sheets = sheets

    def rows(self, kind: str, column: str, values: Collection[str]) -> list[Mapping[str, Any]]:
        """Rows of the files with one of these values in `column`."""
        return self.given(kind, column, values)


def _no_more(reach: _Reach, sheet: Sheet) -> Iterator[LineError]:
    return iter(())


def _people(reach: _Reach, sheet: Sheet) -> Iterator[LineError]:
    for index, row in enumerate(sheet.rows):
        if "key" in row and not re.fullmatch("p[0-9a-f]{12}", row["key"]):
            yield sheet.error(index, "key", _("“{value}” is not a key as this program exports them: leave it empty"),
                              value=row["key"])  # fmt: skip


def _item_units(reach: _Reach, sheet: Sheet) -> Iterator[LineError]:
    base = {row["code"]: row["unit"] for row in reach.rows("items", "code", {row["item"] for row in sheet.rows})}
    for index, row in enumerate(sheet.rows):
        if base.get(row["item"]) == row["unit"]:
            yield sheet.error(
                index, "unit", _("“{value}” is the item's own unit: it needs no factor"), value=row["unit"]
            )


def _components(reach: _Reach, sheet: Sheet) -> Iterator[LineError]:
    items = {row["item"] for row in sheet.rows}
    base = {row["code"]: row["unit"] for row in reach.rows("items", "code", items)}
    factors: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in reach.rows("item_units", "item", items):
        factors[row["item"]][row["unit"]] = Decimal(row["factor"])
    steps = {
        (row["order"], row["number"]) for row in reach.rows("operations", "order", {row["order"] for row in sheet.rows})
    }
    for index, row in enumerate(sheet.rows):
        item, unit, operation = row["item"], row["unit"], row.get("operation", "")
        if item in base and convert(Decimal(1), unit, base[item], factors[item]) is None:
            yield sheet.error(index, "unit", _("“{value}” cannot be converted to {base}: add it to item_units.csv"),
                              value=unit, base=base[item])  # fmt: skip
        if operation and (row["order"], operation) not in steps:
            yield sheet.error(index, "operation", _("operation “{value}” is not part of order {order}: import it too"),
                              value=operation, order=row["order"])  # fmt: skip


def _accounts(reach: _Reach, sheet: Sheet) -> Iterator[LineError]:
    stored = reach.rows("accounts", "plan", {row["plan"] for row in sheet.rows})
    parents = {(row["plan"], row["code"]): row.get("parent", "") for row in stored}
    for index, row in enumerate(sheet.rows):
        parent = row.get("parent", "")
        if parent and (row["plan"], parent) not in parents:
            yield sheet.error(index, "parent", _("account “{value}” is not part of plan {plan}: import it too"),
                              value=parent, plan=row["plan"])  # fmt: skip
            continue
        above, seen = parent, {row["code"]}
        while above and above not in seen:
            seen.add(above)
            above = parents.get((row["plan"], above), "")
        if above:
            yield sheet.error(
                index, "parent", _("account “{value}” is above itself: give another parent"), value=parent
            )


def _order_accounts(reach: _Reach, sheet: Sheet) -> Iterator[LineError]:
    accounts: dict[str, set[str]] = defaultdict(set)
    for row in reach.rows("accounts", "plan", {row["plan"] for row in sheet.rows}):
        accounts[row["plan"]].add(row["code"])
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    first: dict[tuple[str, str], int] = {}
    for index, row in enumerate(sheet.rows):
        # A plan without any account follows something (orders, items): their codes are its accounts.
        if accounts[row["plan"]] and row["account"] not in accounts[row["plan"]]:
            yield sheet.error(index, "account", _("account “{value}” is not part of plan {plan}: import it too"),
                              value=row["account"], plan=row["plan"])  # fmt: skip
        first.setdefault((row["order"], row["plan"]), index)
        sums[row["order"], row["plan"]] += row["percent"]
    for (order, plan_code), total in sums.items():
        if total != 100:
            yield sheet.error(
                first[order, plan_code],
                "percent",
                _("the shares of order {order} on plan {plan} add up to {total}: make them 100 in all"),
                order=order,
                plan=plan_code,
                total=str(total),
            )


def _rates(reach: _Reach, sheet: Sheet) -> Iterator[LineError]:
    wanted: dict[str, list[str]] = {"work_center": [], "item": []}
    for index, row in enumerate(sheet.rows):
        subject_kind, allowed = row["subject_kind"], RATE_KINDS[row["kind"]]
        if subject_kind not in allowed:
            yield sheet.error(index, "subject_kind", _("a {kind} rate is one of {allowed}, not of “{value}”"),
                              kind=row["kind"], allowed=", ".join(allowed), value=subject_kind)  # fmt: skip
        elif subject_kind == "person" and not reach.wages:
            sentence = _("a rate of a single person cannot be entered yet; it comes with the payroll role: "
                         "enter the rate of the person's rate group")  # fmt: skip
            yield sheet.error(index, "subject_kind", sentence)
        if row.get("includes_labor") and row["kind"] != "machine":
            yield sheet.error(index, "includes_labor", _("only a machine rate can include labor: write no"))
        for kind in wanted:
            wanted[kind].append(row["subject"] if subject_kind == kind else "")
    yield from _unknown(reach, sheet, "subject", "work_centers", wanted["work_center"])
    yield from _unknown(reach, sheet, "subject", "items", wanted["item"])


CHECKS: dict[str, Callable[[_Reach, Sheet], Iterator[LineError]]] = {
    "people": _people,
    "item_units": _item_units,
    "components": _components,
    "accounts": _accounts,
    "order_accounts": _order_accounts,
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
    "rates": ("rate.missing", "stock.no_unit_cost"),
}
# Columns that change costs, and which facts bear them: those that name this column's value.
NAMED_BY = {
    "orders": ("order", "code", ("item", "customer", "kind", "quantity")),
    "operations": ("order", "order", ("work_center", "standard_setup_min", "standard_run_min")),
    "order_accounts": ("order", "order", ("percent",)),
    "people": ("person", "key", ("rate_group", "department")),
    "machines": ("machine", "code", ("work_center",)),
    "items": ("item", "code", ("unit", "valuation")),
    "item_units": ("item", "item", ("factor",)),
}
# ... and those that may change the cost of any fact.
NAMED_BY_ALL = {"work_centers": ("department",), "plans": ("follows",)}


@dataclass(frozen=True, slots=True)
class _Touched:
    """Facts to look at again: held ones by reason, those naming a thing, since an instant movements of items, hours, or
    all."""

    reasons: set[str]
    named: set[tuple[str, str]]
    items_since: dict[str, int]
    hours_since: int | None
    all_since: int | None


def look_again(connection: Connection, site: str, changes: Iterable[Change]) -> None:
    """Have the facts costed again that waited for these rows, or were costed by what they changed."""
    touched = _touched(connection, site, changes)
    if touched.reasons:
        event_log.requeue(connection, site, reasons=sorted(touched.reasons))
    everything = 0 if len(touched.named) > NAMED_AT_ONCE else touched.all_since
    if everything is not None:
        event_log.requeue(connection, site, since_ms=everything)
    if everything == 0:
        return
    if touched.hours_since is not None:
        event_log.requeue(connection, site, types=("labor.", "machine."), since_ms=touched.hours_since)
    for item, since in touched.items_since.items():
        event_log.requeue(connection, site, item=item, since_ms=since)
    for column, value in sorted(touched.named):
        event_log.requeue(connection, site, **{column: value})  # type: ignore[arg-type]


def _touched(connection: Connection, site: str, changes: Iterable[Change]) -> _Touched:
    zone = plant.site(connection, site).zone
    reasons: set[str] = set()
    policies = plant.policies(connection, site)
    by_standard = any(policy.split_rule == "standard_time" for policy in policies)
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
        if change.kind == "plans" and change.added:
            all_since.append(0)
        if change.kind == "operations" and change.added:
            # What is planned now may be what the floor had added: its facts move to the planned work center.
            planned = {(row["order"], row["number"]) for row in change.added}
            for event in event_log.added_operations(connection, site, {order for order, _ in planned}):
                if (event.order, event.operation) in planned:
                    named.add(("order", event.order))
        if by_standard and change.kind in ("orders", "operations"):
            # A standard that becomes known changes the share of whatever overlaps.
            named.update(("order", row[NAMED_BY[change.kind][1]]) for row in change.added)
        if change.kind == "order_accounts":
            named.update(("order", row["order"]) for row in change.added)
        column, key, bearing = NAMED_BY.get(change.kind, ("", "", NAMED_BY_ALL.get(change.kind, ())))
        for old, new in change.changed:
            if any(old[name] != new.get(name) for name in bearing):
                if column:
                    named.add((column, old[key]))
                else:
                    all_since.append(0)
    return _Touched(reasons, named, items_since, min(hours_since, default=None), min(all_since, default=None))
