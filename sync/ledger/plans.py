"""Analytic plans as trees that change with time, and the same entries reported before and after the change.

An account has rows, each valid from a day on: its name and its parent then ("" = top of the plan). A mapping, dated
likewise, says which account stands for another one from a day on (merged into it, or renamed); an account mapped to
itself stands for itself again. Nothing of this touches an entry. Two reports read the same entries:

    as posted      each entry in the tree and under the names of its own day
    as of a day    every entry through the mappings of that day, in the tree and under the names of that day

In both, the balance of an account is what is posted on it plus the balances of its children, so the tops of a plan add
up to what is posted, to the cent, whatever was moved under what. What does not go together (an account above itself,
two parents at once, a mapping that leads back) is refused with its reason before it is stored.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sync.core.money import ZERO
from sync.core.plant import AccountDefault, Plan

# Valid from the beginning.
BEGINNING = date.min


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a plan as it is from a day on."""

    plan: str
    code: str
    name: str = ""
    parent: str = ""
    valid_from: date = BEGINNING


@dataclass(frozen=True, slots=True)
class AccountMap:
    """From a day on, what is posted on `account` is shown on `maps_to`."""

    plan: str
    account: str
    maps_to: str
    valid_from: date = BEGINNING


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a row cannot be taken. `index`: which of the rows given; `sentence` is a msgid for `params`."""

    index: int
    column: str
    sentence: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """An account in a report: what is posted on it, and what it comes to with all below it."""

    code: str
    name: str
    own: Decimal
    balance: Decimal
    children: "tuple[Node, ...]" = ()


# The way from the top of a plan down to an account: code and name of each.
Path = tuple[tuple[str, str], ...]


class Chart:
    """The accounts of one plan through time."""

    def __init__(self, accounts: Iterable[Account] = (), maps: Iterable[AccountMap] = ()) -> None:
        self._accounts = _Dated((one.code, one.valid_from, one) for one in accounts)
        self._maps = _Dated((one.account, one.valid_from, one) for one in maps)

    @property
    def last_change(self) -> date:
        """The day from which all that is known here holds."""
        return max(self._accounts.days | self._maps.days, default=BEGINNING)

    def account(self, code: str, day: date) -> Account | None:
        """The account as it is on a day; None before it exists, or when it never did."""
        found: Account | None = self._accounts.find(code, day)
        return found

    def parent(self, code: str, day: date) -> str:
        """The account above one on a day, "" for the top."""
        found = self.account(code, day)
        return found.parent if found else ""

    def stands_for(self, code: str, day: date) -> str:
        """The account that a code is shown on, through all mappings of a day."""
        seen = {code}
        while (found := self._maps.find(code, day)) is not None and found.maps_to not in seen:
            code = found.maps_to
            seen.add(code)
        return code

    def path(self, code: str, day: date) -> Path:
        """From the top of the plan down to the account, as of a day. Never endless: loops are refused before they are
        stored, and one that is there all the same ends where it begins."""
        way: list[tuple[str, str]] = []
        seen: set[str] = set()
        while code not in seen:
            seen.add(code)
            found = self.account(code, day)
            way.append((code, found.name if found else ""))
            if found is None or not found.parent:
                break
            code = found.parent
        return tuple(reversed(way))

    # --- what does not go together

    def loops(self) -> Iterator[tuple[date, tuple[str, ...]]]:
        """Accounts above themselves: the first day of each such circle, and the accounts round it."""
        yield from _circles(self._accounts, lambda one: one.parent)

    def map_loops(self) -> Iterator[tuple[date, tuple[str, ...]]]:
        """Mappings that lead back to where they began. An account mapped to itself is no loop: it stands for itself."""
        yield from _circles(self._maps, lambda one: "" if one.maps_to == one.account else one.maps_to)


class _Dated:
    """Values by code, each valid from a day until the next one takes over."""

    def __init__(self, rows: Iterable[tuple[str, date, Any]]) -> None:
        by_code: dict[str, dict[date, Any]] = defaultdict(dict)
        for code, day, value in rows:
            by_code[code][day] = value
        self._days = {code: sorted(versions) for code, versions in by_code.items()}
        self._values = {code: [versions[day] for day in self._days[code]] for code, versions in by_code.items()}
        self.codes = sorted(by_code)
        self.days = {day for days in self._days.values() for day in days}

    def find(self, code: str, day: date) -> Any:
        days = self._days.get(code)
        index = bisect_right(days, day) if days else 0
        return self._values[code][index - 1] if index else None


def _circles(rows: _Dated, next_of: Any) -> Iterator[tuple[date, tuple[str, ...]]]:
    told: set[frozenset[str]] = set()
    for day in sorted(rows.days):
        done: set[str] = set()
        for start in rows.codes:
            way: list[str] = []
            code = start
            while code and code not in done and code not in way:
                way.append(code)
                found = rows.find(code, day)
                code = next_of(found) if found else ""
            if code in way:
                round_ = tuple(way[way.index(code) :])
                if frozenset(round_) not in told:
                    told.add(frozenset(round_))
                    yield day, round_
            done.update(way)


def refused_accounts(rows: Sequence[Account], known: Iterable[Account] = ()) -> list[Refused]:
    """What is wrong with rows of accounts, given those `known` besides (the same account and day: the new row wins)."""
    refused: list[Refused] = []
    first: dict[tuple[str, str, date], int] = {}
    for index, row in enumerate(rows):
        before = first.setdefault((row.plan, row.code, row.valid_from), index)
        if before != index:
            sentence = _("account “{value}” gets two parents on the same day, “{one}” and “{other}”: keep one of them")
            if rows[before].parent == row.parent:
                sentence = _("account “{value}” gets two names on the same day: keep one of them")
            refused.append(Refused(index, "parent", sentence, {
                "value": row.code, "one": rows[before].parent or "–", "other": row.parent or "–"}))  # fmt: skip
    together = {(one.plan, one.code, one.valid_from): one for one in [*known, *rows]}
    exists: dict[tuple[str, str], date] = {}
    for plan, code, day in together:
        exists[plan, code] = min(day, exists.get((plan, code), day))
    for index, row in enumerate(rows):
        if not row.parent:
            continue
        begins = exists.get((row.plan, row.parent))
        if begins is None:
            sentence = _("account “{value}” is not part of plan {plan}: import it too")
            refused.append(Refused(index, "parent", sentence, {"value": row.parent, "plan": row.plan}))
        elif begins > row.valid_from:
            sentence = _("account “{value}” begins on {day}, after the row that names it as parent: "
                         "let it begin earlier, or that row later")  # fmt: skip
            refused.append(Refused(index, "parent", sentence, {"value": row.parent, "day": begins.isoformat()}))
    if not refused:
        sentence = _("account “{value}” is above itself ({way}): give another parent")
        for plan, chart in charts(together.values()).items():
            refused += _told(plan, chart.loops(), rows, sentence, "parent", lambda row: row.code)
    return refused


def refused_maps(rows: Sequence[AccountMap], known: Iterable[AccountMap] = ()) -> list[Refused]:
    """What is wrong with rows of mappings, given those `known` besides."""
    refused: list[Refused] = []
    first: dict[tuple[str, str, date], int] = {}
    for index, row in enumerate(rows):
        before = first.setdefault((row.plan, row.account, row.valid_from), index)
        if before != index:
            sentence = _("account “{value}” is mapped to two accounts on the same day, “{one}” and “{other}”: "
                         "keep one of them")  # fmt: skip
            params = {"value": row.account, "one": rows[before].maps_to, "other": row.maps_to}
            refused.append(Refused(index, "maps_to", sentence, params))
    if not refused:
        together = {(one.plan, one.account, one.valid_from): one for one in [*known, *rows]}
        sentence = _("the mapping of account “{value}” leads back to it ({way}): take one of them out")
        for plan, chart in charts((), together.values()).items():
            refused += _told(plan, chart.map_loops(), rows, sentence, "maps_to", lambda row: row.account)
    return refused


def _told(
    plan: str,
    circles: Iterable[tuple[date, tuple[str, ...]]],
    rows: Sequence[Any],
    sentence: str,
    column: str,
    code_of: Any,
) -> Iterator[Refused]:
    """Each circle, told at the row that closes it: the latest of those given."""
    for day, round_ in circles:
        mine = [(row.valid_from, i) for i, row in enumerate(rows) if row.plan == plan and code_of(row) in round_]
        closing = max((place for place in mine if place[0] <= day), default=None)
        if closing is not None:
            code = code_of(rows[closing[1]])
            at = round_.index(code)
            way = " → ".join([*round_[at:], *round_[:at], code])
            yield Refused(closing[1], column, sentence, {"value": code, "way": way})


def charts(accounts: Iterable[Account], maps: Iterable[AccountMap] = ()) -> dict[str, Chart]:
    """The charts of all plans that have accounts or mappings."""
    of_plan: dict[str, tuple[list[Account], list[AccountMap]]] = defaultdict(lambda: ([], []))
    for one in accounts:
        of_plan[one.plan][0].append(one)
    for other in maps:
        of_plan[other.plan][1].append(other)
    return {plan: Chart(*rows) for plan, rows in sorted(of_plan.items())}


# --- from rows of files or tables --------------------------------------------------------------------------------


def plans_of(
    plans: Iterable[Mapping[str, Any]],
    defaults: Iterable[Mapping[str, Any]],
    distributions: Iterable[Mapping[str, Any]],
) -> tuple[Plan, ...]:
    """The plans with what chooses accounts on them, from rows of their files or tables."""
    choosing: dict[str, list[AccountDefault]] = defaultdict(list)
    shares: dict[str, dict[str, list[tuple[str, Decimal]]]] = defaultdict(lambda: defaultdict(list))
    for row in defaults:
        choosing[row["plan"]].append(
            AccountDefault(
                row["when_field"], row["when_value"], row.get("account", ""), row.get("priority", 100), since(row)
            )
        )
    for row in distributions:
        shares[row["plan"]][row["name"]].append((row["account"], Decimal(row["percent"])))
    return tuple(
        Plan(
            row["code"],
            str(row.get("name") or row["code"]),
            row.get("follows", ""),
            tuple(choosing[row["code"]]),
            {name: tuple(sorted(of_name)) for name, of_name in sorted(shares[row["code"]].items())},
        )
        for row in sorted(plans, key=lambda row: str(row["code"]))
    )


def charts_of(accounts: Iterable[Mapping[str, Any]], maps: Iterable[Mapping[str, Any]]) -> dict[str, Chart]:
    """The accounts of each plan through time, from rows of their files or tables."""
    return charts(map(account_of, accounts), map(map_of, maps))


def account_of(row: Mapping[str, Any]) -> Account:
    """An account as a row of a file or table says it."""
    return Account(row["plan"], row["code"], str(row.get("name") or row["code"]), row.get("parent", ""), since(row))


def map_of(row: Mapping[str, Any]) -> AccountMap:
    """A mapping as a row of a file or table says it."""
    return AccountMap(row["plan"], row["account"], row["maps_to"], since(row))


def since(row: Mapping[str, Any]) -> date:
    """The first day a row holds; a file has days, a table their text."""
    given = row.get("valid_from") or BEGINNING
    return given if isinstance(given, date) else date.fromisoformat(given)


# --- reports -----------------------------------------------------------------------------------------------------


def as_posted(contents: Iterable[Mapping[str, Any]], plan: str, chart: Chart) -> tuple[Node, ...]:
    """Each posting in the tree and under the names of the day its entry was posted on (in a dry run: the fact's)."""
    return _tree(
        (chart.path(account, date.fromisoformat(content.get("posted_on") or content["occurred_on"])), amount)
        for content, account, amount in _lines(contents, plan)
    )


def as_of(contents: Iterable[Mapping[str, Any]], plan: str, chart: Chart, day: date) -> tuple[Node, ...]:
    """Every posting through the mappings of one day, in the tree and under the names of that day."""
    return _tree(
        (chart.path(chart.stands_for(account, day), day), amount) for _, account, amount in _lines(contents, plan)
    )


def _lines(contents: Iterable[Mapping[str, Any]], plan: str) -> Iterator[tuple[Mapping[str, Any], str, Decimal]]:
    """(entry, account, debit less credit) of each posting; "" where it has no account on the plan."""
    for content in contents:
        for line in content["postings"]:
            amount = Decimal(line["amount"])
            yield content, line["accounts"].get(plan, ""), amount if line["side"] == "debit" else -amount


def _tree(lines: Iterable[tuple[Path, Decimal]]) -> tuple[Node, ...]:
    own: dict[Path, Decimal] = defaultdict(Decimal)
    below: dict[Path, set[Path]] = defaultdict(set)
    for path, amount in lines:
        own[path] += amount
        for depth in range(len(path)):
            below[path[:depth]].add(path[: depth + 1])

    def node(path: Path) -> Node:
        children = tuple(node(child) for child in sorted(below.get(path, ())))
        mine = own.get(path, ZERO)
        return Node(*path[-1], mine, mine + sum((child.balance for child in children), ZERO), children)

    return tuple(node(path) for path in sorted(below.get((), ())))


def walk(nodes: Iterable[Node], depth: int = 0) -> Iterator[tuple[int, Node]]:
    """The nodes from top to bottom with their depth, as a report prints them."""
    for node in nodes:
        yield depth, node
        yield from walk(node.children, depth + 1)
