"""The engine's host in memory: what `server/store/books.py` is in SQL, as plainly as it can be said.

Both pass `tests/contracts/test_ports.py`; whoever wants to know what a port means reads it here.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any

from server.store.event_log import NAMING
from sync.core.findings import Finding, Outcome
from sync.costing import engine
from sync.costing.engine import Costed, Terms
from sync.costing.fed import Fed, receipts
from sync.costing.orders import DEPENDING
from sync.costing.place import resolve_labels
from sync.costing.rules import scrap
from sync.costing.rules.material import State, Stock, is_movement
from sync.events import catalog
from sync.events.base import Event
from sync.events.correction import EventReplaced
from sync.events.defect import DefectReported
from sync.events.downtime import DowntimeStopped
from sync.events.machine import MachineStopped
from sync.events.material import MaterialConsumed
from sync.events.operation import OperationAdded
from sync.events.order import OrderClosed, OrderReopened
from sync.events.output import ByProductReported, OutputReported
from sync.ledger.difference import Standing, difference
from sync.ledger.entry import Entry, Posted
from sync.ledger.periods import Calendar
from sync.pipeline import LABOR, MACHINE, post
from sync.ports import Window
from tests.cast import KEY

RECEIVED = Outcome("received")


class MemoryHost:
    """Implements `sync.ports.Host`; `accept` and `drain` stand for intake and worker."""

    key = KEY

    def __init__(self, terms: Terms, closed: Collection[str] = ()) -> None:
        self.all_terms, self.closed = terms, set(closed)
        self.facts: dict[str, Event] = {}
        self.lots: dict[str, int] = {}  # in which lot a fact came
        self.states: dict[str, Outcome] = {}
        self.findings: dict[tuple[str, str], Finding] = {}
        self.ledger: list[Posted] = []
        self.in_force: dict[str, Posted] = {}  # by content id
        self.stock: dict[str, dict[tuple[int, str], Stock]] = defaultdict(dict)

    # what stands around the engine

    def accept(self, facts: Iterable[Mapping[str, Any]]) -> None:
        """A lot of facts as a device sends them; one that is here already changes nothing."""
        lot = max(self.lots.values(), default=0) + 1
        for raw in facts:
            fact = catalog.load(dict(raw))
            if self.facts.setdefault(fact.id, fact) is fact:
                self.states[fact.id], self.lots[fact.id] = RECEIVED, lot

    def declare(self, entries: Iterable[Entry]) -> None:
        """Post declared operations, and have the facts of the orders they are about looked at again."""
        declared = list(entries)
        standing = self.standing({entry.scope for entry in declared})
        self.append(difference(declared, standing, self.calendar(), self.generations, self.bodies, self.key))
        orders = {entry.order for entry in declared} - {""}
        for fact in self._all():
            if getattr(fact, "order", None) in orders:
                self.states[fact.id] = RECEIVED

    def drain(self, limit: int = 500) -> int:
        """Cost all that waits; the number of entries appended."""
        before = len(self.ledger)
        while post(self, limit).facts:
            pass
        return len(self.ledger) - before

    def recomputed(self) -> Costed:
        """What all facts give, costed from nothing."""
        return engine.recompute(self.facts.values(), self.all_terms)

    # facts

    def _those(self, wanted: Iterable[Event]) -> list[Event]:
        return [resolve_labels(event, self.all_terms.plant.codes) for event in wanted]

    def _all(self) -> list[Event]:
        return self._those(self.facts.values())

    def received(self, limit: int) -> list[Event]:
        waiting = [event for event in self.facts.values() if self.states[event.id] is RECEIVED]
        return self._those(sorted(waiting, key=lambda event: (self.lots[event.id], event.id))[:limit])

    def by_ids(self, event_ids: Collection[str]) -> list[Event]:
        return self._those(self.facts[event_id] for event_id in event_ids if event_id in self.facts)

    def targeting(self, event_ids: Collection[str]) -> list[Event]:
        def target(event: Event) -> str | None:
            return next((found for name in NAMING if (found := getattr(event, name, None))), None)

        return [event for event in self._all() if target(event) in event_ids]

    def replacements(self, event_ids: Collection[str]) -> list[Event]:
        return [
            event
            for event in self._all()
            if isinstance(event, EventReplaced) and not {event.target_id, event.replacement_id}.isdisjoint(event_ids)
        ]

    def _between(self, who: str, kinds: tuple[type[Event], ...], windows: Iterable[Window]) -> list[Event]:
        windows = list(windows)
        return [
            event
            for event in self._all()
            if isinstance(event, kinds)
            and any(getattr(event, who) == name and low <= event.about <= high for name, low, high in windows)
        ]

    def of_people(self, windows: Iterable[Window]) -> list[Event]:
        return self._between("person", LABOR, windows)

    def of_machines(self, windows: Iterable[Window]) -> list[Event]:
        return self._between("machine", MACHINE, windows)

    def unnamed_stops(self, windows: Iterable[Window]) -> list[Event]:
        return [
            event
            for event in self._between("machine", (MachineStopped, DowntimeStopped), windows)
            if getattr(event, "start_id", None) is None
        ]

    def of_items(self, since: Mapping[str, int]) -> list[Event]:
        return [
            event
            for event in self._all()
            if is_movement(event) and event.occurred_at >= since.get(getattr(event, "item"), 2**62)  # noqa: B009
        ]

    def quantities(self, orders: Collection[str]) -> list[Event]:
        return [e for e in self._all() if isinstance(e, (OutputReported, DefectReported)) and e.order in orders]

    def added_operations(self, orders: Collection[str]) -> list[Event]:
        return [event for event in self._all() if isinstance(event, OperationAdded) and event.order in orders]

    def of_orders(self, orders: Collection[str]) -> list[Event]:
        return [event for event in self._all() if getattr(event, "order", None) in orders]

    def consumed(self, orders: Collection[str]) -> list[Event]:
        return [event for event in self._all() if isinstance(event, MaterialConsumed) and event.order in orders]

    def drawing(self, since: Mapping[str, int]) -> set[str]:
        plant = self.all_terms.plant
        return {
            order
            for event in self.quantities(plant.orders)
            for order in [getattr(event, "order")]  # noqa: B009
            for component in plant.orders[order].components
            if component.backflush and event.occurred_at >= since.get(component.item, 2**62)
        }

    def closes(self, orders: Collection[str]) -> list[Event]:
        about = (OrderClosed, OrderReopened, ByProductReported)
        return [e for e in self._all() if isinstance(e, about) and e.order in orders]

    def depending(self, orders: Collection[str]) -> set[str]:
        return {event.order for event in self._all() if isinstance(event, DEPENDING)} & set(orders)

    def became(self, event_ids: Collection[str]) -> Mapping[str, tuple[Outcome, list[Finding]]]:
        return {
            event_id: (self.states[event_id], [f for f in self.findings.values() if f.event_id == event_id])
            for event_id in event_ids
            if self.states[event_id] is not RECEIVED
        }

    def waiting_in_loops(self) -> set[str]:
        held = {event_id for event_id, told in self.states.items() if told.reason == "order.loop"}
        return {getattr(event, "order") for event in self.by_ids(held)}  # noqa: B009

    def settle(self, fresh: Collection[str], outcomes: Mapping[str, Outcome], findings: Iterable[Finding]) -> None:
        for event_id, outcome in outcomes.items():
            if event_id in fresh or self.states[event_id] is not RECEIVED:
                self.states[event_id] = outcome
        self.findings = {key: found for key, found in self.findings.items() if found.event_id not in outcomes}
        self.findings.update({(f.code, f.event_id): f for f in findings if f.event_id in outcomes})

    # books

    def calendar(self) -> Calendar:
        return Calendar(self.closed)

    def standing(self, scopes: Collection[str]) -> list[Standing]:
        return [
            Standing(line.id, content_id, line.content["scope"], line.content["element"])
            for content_id, line in self.in_force.items()
            if line.content["scope"] in scopes
        ]

    def generations(self, content_ids: list[str]) -> Mapping[str, int]:
        counted: dict[str, int] = defaultdict(int)
        for line in self.ledger:
            if not line.reverses:
                counted[line.content_id] += 1
        return {content_id: counted[content_id] for content_id in content_ids}

    def bodies(self, entry_ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
        return {line.id: json.loads(line.body) for line in self.ledger if line.id in entry_ids}

    def append(self, posted: Iterable[Posted]) -> None:
        for line in posted:
            assert all(line.id != before.id for before in self.ledger), "an entry's id is used once"
            self.ledger.append(line)
            if line.reverses:
                assert self.in_force.pop(line.content_id).id == line.reverses, "only what is in force is reversed"
            else:
                assert line.content_id not in self.in_force, "posted twice"
                self.in_force[line.content_id] = line

    def accumulated(self, orders: Collection[str]) -> dict[str, dict[str, Decimal]]:
        bears: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for line in self.ledger:
            content = line.content
            order = content.get("order", "")
            if order in orders and content["element"] in scrap.ACCUMULATING:
                for part in content["postings"]:
                    if part["object"] == f"order:{order}":
                        amount = Decimal(part["amount"])
                        bears[order][content.get("operation", "")] += amount if part["side"] == "debit" else -amount
        return bears

    def contents(self, orders: Collection[str]) -> dict[str, list[Mapping[str, Any]]]:
        found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for line in self.ledger:
            order = line.content.get("order", "")
            if order in orders and self.in_force.get(line.content_id) is line:
                found[order].append(line.content)
        return found

    def receipts(self, since: Mapping[str, int]) -> list[Fed]:
        found = receipts(line.content for line in self.in_force.values())
        return [one for one in found if one.occurred_at >= since.get(one.item, 2**62)]

    def stock_before(self, since: Mapping[str, int]) -> Mapping[str, Stock]:
        found = {}
        for item, instant in since.items():
            earlier = [key for key in self.stock[item] if key[0] < instant]
            if earlier:
                found[item] = self.stock[item][max(earlier)]
        return found

    def keep_stock(self, since: Mapping[str, int], states: Iterable[State]) -> None:
        for item, instant in since.items():
            self.stock[item] = {key: stock for key, stock in self.stock[item].items() if key[0] < instant}
        for state in states:
            self.stock[state.item][state.occurred_at, state.event_id] = state.stock

    # terms

    def terms(self, events: Iterable[Event]) -> Terms:
        return self.all_terms
