"""The engine's host in SQL: one site, one transaction, the ledger's lock held (see `sync.ports`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from server.store import event_log, ledger, plant
from server.store.ledger import Head, Writer
from sync.core.findings import Finding, Outcome
from sync.costing.engine import Terms
from sync.costing.fed import Fed
from sync.costing.rates import RateTable
from sync.costing.rules.material import State, Stock
from sync.events.base import Event
from sync.ledger.difference import Standing
from sync.ledger.entry import Posted
from sync.ledger.periods import Calendar
from sync.ports import Window

LABOR_TYPES = ("labor.started", "labor.stopped", "labor.declared", "break.started", "break.stopped", "shift.ended")
MACHINE_TYPES = ("machine.started", "machine.stopped", "machine.reported", "downtime.started", "downtime.stopped")


class Books:
    """Implements `sync.ports.Host`."""

    def __init__(self, connection: Connection, site: str, head: Head, key: bytes = b"") -> None:
        self.connection, self.site, self.key = connection, site, key
        self._named: dict[str, set[str]] = defaultdict(set)
        self._terms: Terms | None = None
        self.writer = Writer(connection, site, head, plant.site(connection, site).currency)

    # facts

    def received(self, limit: int) -> list[Event]:
        return event_log.received(self.connection, self.site, limit)

    def by_ids(self, event_ids: Collection[str]) -> list[Event]:
        return event_log.by_ids(self.connection, self.site, event_ids)

    def targeting(self, event_ids: Collection[str]) -> list[Event]:
        return event_log.targeting(self.connection, self.site, event_ids)

    def replacements(self, event_ids: Collection[str]) -> list[Event]:
        return event_log.replacements(self.connection, self.site, event_ids)

    def of_people(self, windows: Iterable[Window]) -> list[Event]:
        return event_log.in_windows(self.connection, self.site, "person", LABOR_TYPES, windows)

    def of_machines(self, windows: Iterable[Window]) -> list[Event]:
        return event_log.in_windows(self.connection, self.site, "machine", MACHINE_TYPES, windows)

    def unnamed_stops(self, windows: Iterable[Window]) -> list[Event]:
        return event_log.unnamed_stops(self.connection, self.site, windows)

    def of_items(self, since: Mapping[str, int]) -> list[Event]:
        return event_log.movements(self.connection, self.site, since)

    def quantities(self, orders: Collection[str]) -> list[Event]:
        return event_log.quantities(self.connection, self.site, orders)

    def added_operations(self, orders: Collection[str]) -> list[Event]:
        return [*event_log.added_operations(self.connection, self.site, orders)]

    def of_orders(self, orders: Collection[str]) -> list[Event]:
        return event_log.of_orders(self.connection, self.site, orders)

    def consumed(self, orders: Collection[str]) -> list[Event]:
        return event_log.consumed(self.connection, self.site, orders)

    def drawing(self, since: Mapping[str, int]) -> set[str]:
        return event_log.drawing(self.connection, self.site, since)

    def closes(self, orders: Collection[str]) -> list[Event]:
        return event_log.closes(self.connection, self.site, orders)

    def depending(self, orders: Collection[str]) -> set[str]:
        return event_log.depending(self.connection, self.site, orders)

    def became(self, event_ids: Collection[str]) -> Mapping[str, tuple[Outcome, Sequence[Finding]]]:
        return event_log.became(self.connection, self.site, event_ids)

    def waiting_in_loops(self) -> set[str]:
        return event_log.held_orders(self.connection, self.site, "order.loop")

    def settle(self, fresh: Collection[str], outcomes: Mapping[str, Outcome], findings: Iterable[Finding]) -> None:
        event_log.settle(self.connection, self.site, fresh, outcomes, findings)

    # books

    @cached_property
    def _calendar(self) -> Calendar:
        return Calendar(plant.closed_periods(self.connection, self.site))

    def calendar(self) -> Calendar:
        return self._calendar

    def standing(self, scopes: Collection[str]) -> list[Standing]:
        return ledger.standing(self.connection, self.site, scopes)

    def generations(self, content_ids: list[str]) -> Mapping[str, int]:
        return ledger.generations(self.connection, self.site, content_ids)

    def bodies(self, entry_ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
        return ledger.bodies(self.connection, self.site, entry_ids)

    def append(self, posted: Iterable[Posted]) -> None:
        self.writer.append(posted)

    def accumulated(self, orders: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        return ledger.accumulated(self.connection, self.site, orders, self.writer.currency)

    def contents(self, orders: Collection[str]) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        return ledger.contents(self.connection, self.site, orders)

    def stock_before(self, since: Mapping[str, int]) -> Mapping[str, Stock]:
        return ledger.stock_before(self.connection, self.site, since)

    def receipts(self, since: Mapping[str, int]) -> Sequence[Fed]:
        return ledger.receipts(self.connection, self.site, since)

    def keep_stock(self, since: Mapping[str, int], states: Iterable[State]) -> None:
        ledger.keep_stock(self.connection, self.site, since, states)

    # terms

    @cached_property
    def _rates(self) -> RateTable:
        return RateTable(plant.rates(self.connection, self.site))

    def terms(self, events: Iterable[Event]) -> Terms:
        """Asked for several times in a turn, each time about more facts: read again only when they name something new,
        then with all that was named before."""
        named = event_log.named_by(events)
        if self._terms is None or any(names - self._named[kind] for kind, names in named.items()):
            for kind, names in named.items():
                self._named[kind] |= names
            part = plant.load_part(self.connection, self.site, **self._named)
            self._terms = Terms(part, self._rates, plant.policies(self.connection, self.site))
        return self._terms
