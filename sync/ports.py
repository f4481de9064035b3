"""What the engine asks of its host: one site, one transaction, the ledger's lock held.

The store makes these real in SQL (`server/store/books.py`), the tests in memory; both pass the same suite.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from sync.core.findings import Finding, Outcome
from sync.costing.engine import Terms
from sync.costing.fed import Fed
from sync.costing.rules.material import State, Stock
from sync.costing.rules.scrap import Accumulated
from sync.events.base import Event
from sync.ledger.difference import Standing
from sync.ledger.entry import Posted
from sync.ledger.periods import Calendar

# (who, from, until): facts about a person or machine between two instants, both inclusive
Window = tuple[str, int, int]


class Facts(Protocol):
    """The event log, as far as costing reads it. Every list is of whole events, labels resolved."""

    def received(self, limit: int) -> list[Event]:
        """Facts nobody has costed yet, the oldest first."""

    def by_ids(self, event_ids: Collection[str]) -> list[Event]:
        """The events with these ids, as far as they are here."""

    def targeting(self, event_ids: Collection[str]) -> list[Event]:
        """Stops and corrections that name one of these events."""

    def replacements(self, event_ids: Collection[str]) -> list[Event]:
        """Corrections that replace one of these events, or that put one of them in the place of another."""

    def of_people(self, windows: Iterable[Window]) -> list[Event]:
        """Labor facts of persons, their breaks and shifts."""

    def of_machines(self, windows: Iterable[Window]) -> list[Event]:
        """Machine and downtime facts of machines."""

    def unnamed_stops(self, windows: Iterable[Window]) -> list[Event]:
        """Stops of machines, and ends of downtime, that name no start."""

    def of_items(self, since: Mapping[str, int]) -> list[Event]:
        """Movements of items from an instant on, inclusive."""

    def quantities(self, orders: Collection[str]) -> list[Event]:
        """Output and defect facts of orders."""

    def added_operations(self, orders: Collection[str]) -> list[Event]:
        """Operations added to orders."""

    def of_orders(self, orders: Collection[str]) -> list[Event]:
        """Every fact that names one of these orders."""

    def consumed(self, orders: Collection[str]) -> list[Event]:
        """Consumptions of material by these orders."""

    def drawing(self, since: Mapping[str, int]) -> set[str]:
        """Orders that have one of these items on backflush and a report of pieces from its instant on, inclusive."""

    def closes(self, orders: Collection[str]) -> list[Event]:
        """Facts that close these orders, or reopen them, and of what they yield beside their product."""

    def depending(self, orders: Collection[str]) -> set[str]:
        """Which of these orders have facts that follow from what the order bears: a defect reported, a close."""

    def became(self, event_ids: Collection[str]) -> Mapping[str, tuple[Outcome, Sequence[Finding]]]:
        """What became of facts when they were last looked at, and the findings on them; none of those that wait."""

    def waiting_in_loops(self) -> set[str]:
        """Orders whose close is held because they wait for each other's cost."""

    def settle(self, fresh: Collection[str], outcomes: Mapping[str, Outcome], findings: Iterable[Finding]) -> None:
        """Record what became of facts, and the findings on them in place of earlier ones. A fact that is still to be
        received and is not among the `fresh` ones stays so: what it changes around it has not been looked at yet."""


class Books(Protocol):
    """Ledger and stock. `key` is the ledger's: it makes the ids of entries."""

    key: bytes

    def calendar(self) -> Calendar:
        """Which periods are closed."""

    def standing(self, scopes: Collection[str]) -> list[Standing]:
        """What is posted for these scopes and not reversed."""

    def generations(self, content_ids: list[str]) -> Mapping[str, int]:
        """How often each content was posted before (0 may be left out)."""

    def bodies(self, entry_ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
        """Stored bodies by entry id."""

    def append(self, posted: Iterable[Posted]) -> None:
        """Add entries at the end, and move the orders' cost with them."""

    def accumulated(self, orders: Collection[str]) -> Accumulated:
        """What orders bear by operation, over the elements scrap accumulates, appended entries included."""

    def contents(self, orders: Collection[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The contents of all entries in force of these orders, appended ones included, in the order of the ledger."""

    def stock_before(self, since: Mapping[str, int]) -> Mapping[str, Stock]:
        """Stock of items just before an instant."""

    def receipts(self, since: Mapping[str, int]) -> Sequence[Fed]:
        """What orders gave to the stock of items from an instant on, inclusive, by the entries in force."""

    def keep_stock(self, since: Mapping[str, int], states: Iterable[State]) -> None:
        """Replace the stock states of items from an instant on."""


class Host(Facts, Books, Protocol):
    """All of it, and the terms to cost by."""

    def terms(self, events: Iterable[Event]) -> Terms:
        """The part of the plant these events name, the rates, the policies."""
