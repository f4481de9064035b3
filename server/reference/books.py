"""What is wrong with files of plans, declared operations and general entries: between their rows, and with the store.

The checks themselves are values of `sync.ledger`; here they meet what is known and become errors of a line.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sync.connectors.csv_file.mapping import _
from sync.connectors.csv_file.source import LineError, Sheet
from sync.core.clock import month_of
from sync.core.money import ZERO
from sync.ledger import operations
from sync.ledger.entry import ELEMENTS
from sync.ledger.periods import Calendar
from sync.ledger.plans import Refused, account_of, map_of, refused_accounts, refused_maps

if TYPE_CHECKING:
    from server.reference.imports import Reach

NOT_OF_PLAN = _("account “{value}” is not part of plan {plan}: import it too")
HUNDRED = Decimal(100)


def _told(sheet: Sheet, refused: Iterable[Refused]) -> Iterator[LineError]:
    for one in refused:
        yield sheet.error(one.index, one.column, one.sentence, **one.params)


# --- plans -------------------------------------------------------------------------------------------------------


class _Codes:
    """The accounts and distributions of plans; a plan without any account follows something (orders, items), and their
    codes are its accounts."""

    def __init__(self, reach: "Reach", plans: Collection[str]) -> None:
        self.accounts: dict[str, set[str]] = defaultdict(set)
        self.distributions: dict[str, set[str]] = defaultdict(set)
        for row in reach.rows("accounts", "plan", plans):
            self.accounts[row["plan"]].add(row["code"])
        for row in reach.rows("distributions", "plan", plans):
            self.distributions[row["plan"]].add(row["name"])

    def has(self, plan: str, account: str, *, or_distribution: bool = True) -> bool:
        if or_distribution and account in self.distributions[plan]:
            return True
        return not self.accounts[plan] or account in self.accounts[plan]


def _plans_of(sheet: Sheet) -> set[str]:
    return {row["plan"] for row in sheet.rows}


def _accounts(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    plans = _plans_of(sheet)
    known = [account_of(row) for row in reach.others("accounts", "plan", plans, sheet)]
    yield from _told(sheet, refused_accounts([account_of(row) for row in sheet.rows], known))
    codes = _Codes(reach, plans)
    for index, row in enumerate(sheet.rows):
        if row["code"] in codes.distributions[row["plan"]]:
            sentence = _("“{value}” is a distribution of plan {plan}: give the account another code")
            yield sheet.error(index, "code", sentence, value=row["code"], plan=row["plan"])


def _account_maps(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    plans = _plans_of(sheet)
    codes = _Codes(reach, plans)
    for index, row in enumerate(sheet.rows):
        for column in ("account", "maps_to"):
            if not codes.has(row["plan"], row[column], or_distribution=False):
                yield sheet.error(index, column, NOT_OF_PLAN, value=row[column], plan=row["plan"])
    known = [map_of(row) for row in reach.others("account_maps", "plan", plans, sheet)]
    yield from _told(sheet, refused_maps([map_of(row) for row in sheet.rows], known))


def _distributions(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    codes = _Codes(reach, _plans_of(sheet))
    for index, row in enumerate(sheet.rows):
        plan, name, account = row["plan"], row["name"], row["account"]
        if name in codes.accounts[plan]:
            sentence = _("“{value}” is an account of plan {plan}: give the distribution another name")
            yield sheet.error(index, "name", sentence, value=name, plan=plan)
        if account in codes.distributions[plan]:
            yield sheet.error(
                index, "account", _("“{value}” is a distribution itself: name its accounts"), value=account
            )
        elif not codes.has(plan, account):
            yield sheet.error(index, "account", NOT_OF_PLAN, value=account, plan=plan)
    sentence = _("the shares of distribution {name} on plan {plan} add up to {total}: make them 100 in all")
    yield from _whole(sheet, ("name", "plan"), sentence)


def _order_accounts(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    codes = _Codes(reach, _plans_of(sheet))
    for index, row in enumerate(sheet.rows):
        if not codes.has(row["plan"], row["account"]):
            yield sheet.error(index, "account", NOT_OF_PLAN, value=row["account"], plan=row["plan"])
    sentence = _("the shares of order {order} on plan {plan} add up to {total}: make them 100 in all")
    yield from _whole(sheet, ("order", "plan"), sentence)


def _whole(sheet: Sheet, key: tuple[str, str], sentence: str) -> Iterator[LineError]:
    """Shares that are not 100 in all, told at the first of them."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    first: dict[tuple[str, str], int] = {}
    for index, row in enumerate(sheet.rows):
        place = (row[key[0]], row[key[1]])
        first.setdefault(place, index)
        sums[place] += row["percent"]
    for place, total in sums.items():
        if total != HUNDRED:
            yield sheet.error(first[place], "percent", sentence, total=str(total), **dict(zip(key, place, strict=True)))


_FIELD_OF = {"order": "orders", "item": "items", "department": "departments", "work_center": "work_centers"}
_UNKNOWN = {
    "order": _("order “{value}” is known neither here nor in the files: import it too"),
    "item": _("item “{value}” is known neither here nor in the files: import it too"),
    "department": _("department “{value}” is known neither here nor in the files: import it too"),
    "work_center": _("work center “{value}” is known neither here nor in the files: import it too"),
}


def _defaults(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    plans = _plans_of(sheet)
    codes = _Codes(reach, plans)
    named: dict[str, set[str]] = defaultdict(set)
    for row in sheet.rows:
        named[row["when_field"]].add(row["when_value"])
    known = {name: reach.codes(kind, named[name]) for name, kind in _FIELD_OF.items()}
    key = ("plan", "when_field", "when_value", "priority")
    said = {
        tuple(row.get(name, 100) for name in key) for row in reach.rows("defaults", "plan", plans) if row["account"]
    }
    for index, row in enumerate(sheet.rows):
        field, value, account = row["when_field"], row["when_value"], row.get("account", "")
        if field in known and value not in known[field]:
            yield sheet.error(index, "when_value", _UNKNOWN[field], value=value)
        if field == "element" and value not in ELEMENTS:
            yield sheet.error(index, "when_value", _("“{value}” is no cost element: write one of {known}"),
                              value=value, known=", ".join(ELEMENTS))  # fmt: skip
        if account and not codes.has(row["plan"], account):
            yield sheet.error(index, "account", NOT_OF_PLAN, value=account, plan=row["plan"])
        if not account and tuple(row.get(name, 100) for name in key) not in said:
            yield sheet.error(index, "account", _("names no account, and there is no default to end: fill it"))


# --- declared operations -----------------------------------------------------------------------------------------


def _manual(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    refs = {row["ref"] for row in sheet.rows}
    stored = reach.operations(refs | {row["reverses"] for row in sheet.rows if row.get("reverses")})
    there = {ref for ref in refs if ref in stored}
    yield from _changed(reach, sheet, there)
    new = [index for index, row in enumerate(sheet.rows) if row["ref"] not in there]
    rows = [{**sheet.rows[index], "shares": {}} for index in new]
    made, refused = operations.read(rows, reach.currency, stored)
    for one in refused:
        yield sheet.error(new[one.index], one.column, one.sentence, **one.params)
    yield from _accounts_of_lines(reach, sheet, new)
    yield from _objects(reach, sheet, new)
    first = {row["ref"]: index for index, row in reversed(list(enumerate(sheet.rows)))}
    calendar = Calendar(reach.closed_periods())
    for operation in made.values():
        if month_of(operation.day) in calendar.closed:
            sentence = _("{period} is not open any more: date operation “{ref}” {day} or later")
            yield sheet.error(first[operation.ref], "date", sentence, period=month_of(operation.day),
                              ref=operation.ref, day=calendar.posting(operation.day)[0].isoformat())  # fmt: skip
    ids = {one.general for one in made.values()} - {""}
    general = {row["id"]: operations.as_general(row) for row in reach.rows("general", "id", ids)}
    for ref, sentence, params in operations.over_covered(made.values(), [*general.values()], reach.standing_for(ids)):
        yield sheet.error(first[ref], "general", sentence, **params)


def _changed(reach: "Reach", sheet: Sheet, there: Collection[str]) -> Iterator[LineError]:
    """Operations that are here already, with other lines than now."""
    names = ("date", "text", "element", "side", "object", "amount", "accounts", "general", "reverses")
    stored: dict[str, list[list[str]]] = defaultdict(list)
    for row in reach.stored("manual", "ref", there):
        stored[row["ref"]].append([_text(name, row[name]) for name in names])
    given: dict[str, list[list[str]]] = defaultdict(list)
    first: dict[str, int] = {}
    for index, row in enumerate(sheet.rows):
        if row["ref"] in there:
            at = first.setdefault(row["ref"], index)
            shared = {"date": row.get("date") or sheet.rows[at].get("date")}
            given[row["ref"]].append([_text(name, (row | shared).get(name)) for name in names])
    for ref, lines in given.items():
        if lines != stored[ref]:
            sentence = _("operation “{ref}” was entered with other lines: reverse it, and enter a new one")
            yield sheet.error(first[ref], "ref", sentence, ref=ref)


def _text(name: str, value: Any) -> str:
    if name == "amount" and value not in (None, ""):
        return str(Decimal(value).normalize())
    return "" if value is None else str(value)


def _accounts_of_lines(reach: "Reach", sheet: Sheet, indexes: Sequence[int]) -> Iterator[LineError]:
    accounts = {index: json.loads(sheet.rows[index].get("accounts") or "{}") for index in indexes}
    plans = {plan for of_line in accounts.values() for plan in of_line}
    known, codes = reach.codes("plans", plans), _Codes(reach, plans)
    for index, of_line in accounts.items():
        for plan, account in of_line.items():
            if plan not in known:
                sentence = _("plan “{value}” is known neither here nor in the files: import it too")
                yield sheet.error(index, f"plan:{plan}", sentence, value=plan)
            elif not codes.has(plan, account):
                yield sheet.error(index, f"plan:{plan}", NOT_OF_PLAN, value=account, plan=plan)


def _objects(reach: "Reach", sheet: Sheet, indexes: Sequence[int]) -> Iterator[LineError]:
    """Orders, departments and work centers that nobody knows."""
    named: dict[str, dict[int, str]] = defaultdict(dict)
    for index in indexes:
        kind, _colon, code = (sheet.rows[index].get("object") or "").partition(":")
        if kind in _FIELD_OF:
            named[kind][index] = code
    for kind, places in named.items():
        known = reach.codes(_FIELD_OF[kind], set(places.values()))
        for index, code in places.items():
            if code not in known:
                yield sheet.error(index, "object", _UNKNOWN[kind], value=code)


# --- general entries ---------------------------------------------------------------------------------------------


def _general(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    made = [operations.as_general(row) for row in sheet.rows]
    yield from _told(sheet, operations.refused_general(made, reach.currency))
    named = {index: (row.get("entries") or "").split() for index, row in enumerate(sheet.rows)}
    found = reach.entries({entry for of_row in named.values() for entry in of_row})
    before = reach.general_of(set(found or ()))
    sums = defaultdict(Decimal, reach.standing_for({one.id for one in made}))
    for index, one in enumerate(made):
        for entry in named[index]:
            other = before.setdefault(entry, "" if found is None or entry in found else "?")
            if other == "?":
                yield sheet.error(index, "entries", _("analytic entry “{value}” is not in the ledger"), value=entry)
            elif other not in ("", one.id):
                sentence = _("analytic entry “{value}” stands for general entry “{other}”: it stands for one at most")
                yield sheet.error(index, "entries", sentence, value=entry, other=other)
            elif not other and found is not None:
                sums[one.id] += operations.linked_amount(found[entry])
            before[entry] = other or one.id
        if not ZERO <= sums.get(one.id, ZERO) <= one.amount:
            sentence = _("general entry “{id}” comes to {amount}, the analytic entries that stand for it to {sum}")
            yield sheet.error(index, "id", sentence, id=one.id, amount=str(one.amount), sum=str(sums[one.id]))


Check = Callable[["Reach", Sheet], Iterator[LineError]]
CHECKS: dict[str, Check] = {
    "accounts": _accounts,
    "account_maps": _account_maps,
    "distributions": _distributions,
    "defaults": _defaults,
    "order_accounts": _order_accounts,
    "manual": _manual,
    "general": _general,
}
