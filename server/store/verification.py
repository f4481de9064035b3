"""`verify`: recompute the ledger from the facts and compare; check chain, balance and completeness.

Nothing is believed that can be computed: digests and look-up columns from the bodies, entries from facts, rates,
policy and declared operations, standing entries and orders' cost from the ledger, hashes from the sealed bytes.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, func, select

from server.store import event_log, ledger, operations, periods, plant
from server.store.garbage import undisturbed
from server.store.tables import TABLES
from sync.core.money import to_store
from sync.costing import engine
from sync.costing.engine import Terms
from sync.costing.rates import RateTable
from sync.events import catalog
from sync.events.base import Event
from sync.ledger.chain import GENESIS, Batch, seal
from sync.ledger.entry import content_id_of, entry_id

# Each failed check names so many places; its count tells the rest.
SHOWN = 10
Progress = Callable[[float, str], None]


@dataclass(slots=True)
class Report:
    """What was checked and what was wrong."""

    facts: int = 0
    entries: int = 0
    batches: int = 0
    head: str = GENESIS
    states: dict[str, int] = field(default_factory=dict)
    rejected: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return not self.faults

    def fault(self, check: str, places: Iterable[object]) -> None:
        """Record a failed check with its first places; none when there is no place."""
        named = sorted({str(place) for place in places})
        if named:
            more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
            self.faults.append(f"{check}: {', '.join(named[:SHOWN])}{more}")


def verify(connection: Connection, site: str, key: bytes, progress: Progress = lambda share, word: None) -> Report:
    """Check everything a site's ledger promises. Changes nothing; takes the memory of all its facts."""
    with undisturbed():
        return _verify(connection, site, key, progress)


def _verify(connection: Connection, site: str, key: bytes, progress: Progress) -> Report:
    report = Report()
    progress(0.0, "facts")
    facts, states = _facts(connection, site, report)
    progress(0.3, "recompute")
    terms = Terms(
        plant.load(connection, site), RateTable(plant.rates(connection, site)), plant.policies(connection, site)
    )
    declared = operations.desired(operations.posted(connection, site).values(), terms.plant.site)
    costed = engine.recompute(facts, terms, declared)
    progress(0.6, "ledger")
    in_force = _Walk(report, key, ledger.batches(connection, site)).run(connection, site)
    progress(0.95, "compare")
    settled = not report.states.get("received")
    if settled:
        # While facts wait to be costed the ledger is rightly behind them.
        desired = {entry.content_id: entry.scope for entry in costed.entries}
        report.fault("posted, but the facts do not give it (entry)", (in_force[k] for k in in_force.keys() - desired))
        report.fault("the facts give it, but it is not posted (scope)", (desired[k] for k in desired.keys() - in_force))
        differing = (fact for fact, outcome in costed.outcomes.items() if states.get(fact) != outcome.state)
        report.fault("state differs from the recomputation (fact)", differing)
    for check, places in (periods.faults(connection, site) | operations.faults(connection, site)).items():
        report.fault(check, places)
    progress(1.0, "done")
    return report


def _facts(connection: Connection, site: str, report: Report) -> tuple[list[Event], dict[str, str]]:
    """All facts and their states, each body checked against its digest and its look-up columns."""
    table = TABLES["event"]
    facts: list[Event] = []
    states: dict[str, str] = {}
    damaged: list[str] = []
    counted: Counter[str] = Counter()
    for row in connection.execute(select(table).where(table.c.site == site).order_by(table.c.id)).yield_per(5_000):
        states[row.id] = row.state
        counted[row.state] += 1
        if hashlib.sha256(row.body.encode()).hexdigest() != row.digest:
            damaged.append(row.id)
            continue
        fact = catalog.rebuild(json.loads(row.body))
        facts.append(fact)
        if _misfiled(row, fact):
            damaged.append(row.id)
    report.facts, report.states = len(states), dict(sorted(counted.items()))
    report.fault("changed after it came in (fact)", damaged)
    report.fault("unknown state", set(counted) - {"received", "costed", "held", "excluded"})
    rejection = TABLES["rejection"]
    report.rejected = connection.scalar(select(func.count()).where(rejection.c.site == site)) or 0
    return facts, states


def _misfiled(row: Row[Any], fact: Event) -> bool:
    """Whether a fact would be looked for where it is not. A resolved label stands for its letters."""
    stored = row._mapping
    for name, value in event_log.look_ups(fact).items():
        letters = isinstance(value, str) and event_log.is_label(value)
        if stored[name] != value and not letters:
            return True
    return False


class _Walk:
    """One walk through the ledger, position by position."""

    def __init__(self, report: Report, key: bytes, batches: list[Batch]) -> None:
        self.report, self.key = report, key
        self.batches = {batch.number: batch for batch in batches}
        self.sealed: dict[int, list[str]] = defaultdict(list)
        # content id -> entry id of what is in force, and the way back
        self.in_force: dict[str, str] = {}
        self.content: dict[str, str] = {}
        self.costs: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0, 0])
        self.wrong: dict[str, list[object]] = defaultdict(list)

    def run(self, connection: Connection, site: str) -> dict[str, str]:
        """Check all; returns the entry id of each content in force."""
        previous, last_batch = GENESIS, 0
        for row in ledger.audit(connection, site):
            self.report.entries += 1
            if row.position != self.report.entries:
                self.wrong["position is not gapless"].append(row.position)
            self._entry(row, json.loads(row.body))
            if row.batch != last_batch:
                previous = self._batch(last_batch, previous)
                last_batch = row.batch
            self.sealed[row.batch].append(row.body)
        previous = self._batch(last_batch, previous)
        self.report.head = previous
        head = ledger.head(connection, site)
        if (head.position, head.batch, head.hash) != (self.report.entries, self.report.batches, previous):
            self.wrong["the chain is broken at"].append("the head")
        if len(self.batches) != self.report.batches:
            self.wrong["the chain is broken at"].append("the list of batches")
        stored = {content: entry for content, (entry, _) in ledger.all_standing(connection, site).items()}
        self.wrong["in force differs from the ledger (content)"] += [
            k for k, _ in self.in_force.items() ^ stored.items()
        ]
        kept = ledger.stored_order_costs(connection, site)
        costs = {place: value for place, value in self.costs.items() if value != [0, 0]}
        self.wrong["cost differs from the ledger (order)"] += [
            place[0] for place in costs.keys() | kept.keys() if costs.get(place) != kept.get(place)
        ]
        for check, places in sorted(self.wrong.items()):
            self.report.fault(check, places)
        return self.in_force

    def _entry(self, row: Row[Any], body: dict[str, Any]) -> None:
        sides = {"debit": Decimal(0), "credit": Decimal(0)}
        for line in body["postings"]:
            sides[line["side"]] += Decimal(line["amount"])
        if sides["debit"] != sides["credit"] or sides["debit"] != Decimal(body["amount"]):
            self.wrong["debit and credit differ (position)"].append(row.position)
        reverses = body.get("reverses")
        if reverses:
            content_id = self.content.get(reverses, "")
            if self.in_force.pop(content_id, None) != reverses:
                self.wrong["reverses what is not in force (position)"].append(row.position)
        else:
            content_id = content_id_of(body)
            if body["id"] != entry_id(content_id, body["generation"], self.key):
                self.wrong["the id is not that of the content (position)"].append(row.position)
            if content_id in self.in_force:
                self.wrong["posted twice (position)"].append(row.position)
            self.in_force[content_id] = body["id"]
            self.content[body["id"]] = content_id
        ledger.move_cost(self.costs, body)
        filed = {
            "id": body["id"],
            "content_id": content_id,
            "scope": body["scope"],
            "reverses": reverses,
            "element": body["element"],
            "order": body.get("order", ""),
            "operation": body.get("operation", ""),
            "occurred_on": body["occurred_on"],
            "posting_period": body["posting_period"],
            "amount": to_store(Decimal(body["amount"])),
        }
        if any(row._mapping[name] != value for name, value in filed.items()):
            self.wrong["a column differs from the sealed entry (position)"].append(row.position)

    def _batch(self, number: int, previous: str) -> str:
        """Check the hash of a batch all of whose entries were seen; returns its hash."""
        if number == 0:
            return previous
        bodies, batch = self.sealed.pop(number), self.batches.get(number)
        self.report.batches += 1
        if batch is None or number != self.report.batches:
            self.wrong["the chain is broken at"].append(f"batch {number}")
            return previous
        again = seal(self.key, number, batch.first, batch.sealed_at, previous, bodies)
        if (again.hash, again.last, again.previous) != (batch.hash, batch.last, batch.previous):
            self.wrong["the chain is broken at"].append(f"batch {number}")
        return batch.hash
