"""Desired minus posted: nothing twice, nothing lost, and closed periods left alone."""

import json
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import given, settings, strategies

from sync.ledger.balances import by_object
from sync.ledger.difference import Standing, difference
from sync.ledger.entry import Entry, Posted, Posting
from sync.ledger.periods import Calendar


def an_entry(scope: str, amount: int, day: date = date(2026, 11, 20)) -> Entry:
    money = Decimal(amount).scaleb(-2)
    lines = (Posting("debit", f"order:{scope}", money), Posting("credit", "department:WELD", money))
    return Entry(scope, "labor_time", 1, "labor", 1_795_161_600_000, day, f"{day:%Y-%m}", Decimal(1), "ms", money,
                 "EUR", "measured", (scope,), "1", "in words", lines, order=scope)  # fmt: skip


class Ledger:
    """A ledger in its barest form."""

    def __init__(self) -> None:
        self.lines: list[Posted] = []
        self.standing: dict[str, Posted] = {}

    def want(self, entries: list[Entry], calendar: Calendar | None = None) -> list[Posted]:
        there = [Standing(line.id, content, line.content["scope"]) for content, line in self.standing.items()]
        appended = difference(entries, there, calendar or Calendar(), self.generations, self.bodies)
        for line in appended:
            if line.reverses:
                assert self.standing.pop(line.content_id).id == line.reverses
            else:
                assert line.content_id not in self.standing
                self.standing[line.content_id] = line
        self.lines += appended
        return appended

    def generations(self, contents: list[str]) -> dict[str, int]:
        counted = Counter(line.content_id for line in self.lines if not line.reverses)
        return {content: counted[content] for content in contents if counted[content]}

    def bodies(self, ids: list[str]) -> dict[str, dict[str, Any]]:
        return {line.id: json.loads(line.body) for line in self.lines if line.id in ids}


def test_what_stands_is_not_posted_again() -> None:
    book = Ledger()
    assert len(book.want([an_entry("a", 100), an_entry("b", 200)])) == 2
    assert book.want([an_entry("b", 200), an_entry("a", 100)]) == []


def test_a_change_is_a_reversal_and_a_new_entry() -> None:
    book = Ledger()
    book.want([an_entry("a", 100)])
    reversed_, new = book.want([an_entry("a", 150)])
    assert (reversed_.reverses, new.reverses) == (book.lines[0].id, "")
    assert by_object(json.loads(line.body) for line in book.lines) == {
        "department:WELD": Decimal("-1.50"), "order:a": Decimal("1.50"),
    }  # fmt: skip


def test_back_and_forth_each_has_an_id_of_its_own() -> None:
    book = Ledger()
    for _ in range(3):
        book.want([an_entry("a", 100)])
        book.want([])
    assert len({line.id for line in book.lines}) == 6
    assert [line.generation for line in book.lines] == [0, 0, 1, 1, 2, 2]
    assert len({line.content_id for line in book.lines}) == 1


def test_a_closed_period_never_changes() -> None:
    """The late difference posts in the first open month, keeps its own date, and says that it is late."""
    book = Ledger()
    october = date(2026, 10, 20)
    book.want([an_entry("a", 100, october)])
    closed = Calendar({"2026-10", "2026-11"})
    late = [json.loads(line.body) for line in book.want([an_entry("a", 150, october)], closed)]
    assert [(body["occurred_on"], body["posted_on"], body["posting_period"], body["late"]) for body in late] == [
        ("2026-10-20", "2026-12-01", "2026-12", True)
    ] * 2


def test_over_the_end_of_the_year() -> None:
    closed = Calendar({"2026-12", "2027-01"})
    assert closed.posting(date(2026, 12, 31)) == (date(2027, 2, 1), "2027-02")
    assert closed.posting(date(2026, 11, 30)) == (date(2026, 11, 30), "2026-11")
    assert closed.posting(date(2027, 2, 9)) == (date(2027, 2, 9), "2027-02")


WANTS = strategies.lists(
    strategies.dictionaries(strategies.sampled_from("abcde"), strategies.integers(0, 3), max_size=5), max_size=8
)


@settings(max_examples=200)
@given(WANTS)
def test_whatever_was_wanted_before_the_ledger_says_what_is_wanted_now(wants: list[dict[str, int]]) -> None:
    book = Ledger()
    for want in wants:
        entries = [an_entry(scope, amount) for scope, amount in want.items()]
        book.want(entries)
        assert book.want(entries) == [], "a second look adds nothing"
        assert book.standing.keys() == {entry.content_id for entry in entries}
        balance = by_object(json.loads(line.body) for line in book.lines)
        for scope in "abcde":
            assert balance.get(f"order:{scope}", 0) == Decimal(want.get(scope, 0)).scaleb(-2)
    assert len({line.id for line in book.lines}) == len(book.lines)


@given(strategies.permutations([("a", 1), ("a", 2), ("b", 1), ("c", 7)]))
def test_the_order_of_what_is_wanted_changes_nothing(wanted: list[tuple[str, int]]) -> None:
    one, other = Ledger(), Ledger()
    one.want([an_entry(*want) for want in wanted])
    other.want([an_entry(*want) for want in sorted(wanted)])
    assert [line.body for line in one.lines] == [line.body for line in other.lines]
