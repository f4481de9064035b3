"""The worker: post what waits, sleep, stop politely.

Each turn is one transaction on one site: take the ledger's lock, post what was declared, cost a handful of facts,
append and seal the difference. Several workers share the work: whoever finds a ledger locked goes on to the next site.
A worker that is killed leaves nothing half done.

What surrounds a handful of facts (the shifts of these people, the orders they work on) is looked at again with the next
handful, so a backlog goes in large turns: as large as others at the database can wait for (`Pace`).
"""

import logging
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from server.store import ledger, operations, retention, rewrite, sites
from server.store.books import Books
from server.store.database import read, write
from server.store.garbage import undisturbed
from sync.pipeline import Progress, fail, post

logger = logging.getLogger("floorledger.worker")

# Facts in one transaction: more is faster, fewer lets the others at the database sooner.
BATCH = 500
# The same while a backlog lasts, by how fast the machine is: half of a small turn is spent on what surrounds its facts.
LEAST, MOST = 2_000, 10_000
# How long a turn should take while a backlog lasts: on SQLite nobody else writes meanwhile.
TURN_S = 1.5
# Between turns, so that whoever waits for SQLite's lock gets it, and that a few facts come together.
BREATH_S = 0.1
# While facts pour in the pause is longer, by the turn before: the more come together, the less is looked at twice.
RESTS, LONGEST_REST_S = 2, 2.0
IDLE_S = 0.2
# How often a worker with nothing to do asks whether anything is older than it may get.
TIDY_EVERY_MS = 600_000
IDLE = Progress(0, 0)


@dataclass(slots=True)
class Pace:
    """How many facts the next turn takes: twice as many while there are more and turns are short (twice as many take a
    little longer only), half as many when one was long."""

    limit: int = LEAST
    rest_s: float = BREATH_S

    def after(self, facts: int, seconds: float) -> None:
        """A turn of so many facts took so long."""
        self.rest_s = BREATH_S if facts == self.limit else max(BREATH_S, min(RESTS * seconds, LONGEST_REST_S))
        if seconds > 2 * TURN_S:
            self.limit = max(LEAST, self.limit // 2)
        elif facts == self.limit and seconds < TURN_S:
            self.limit = min(MOST, self.limit * 2)
        elif facts < BATCH:
            self.limit = LEAST


def now_ms() -> int:
    """The server's clock, milliseconds."""
    return time.time_ns() // 1_000_000


def turn(engine: Engine, site: str, key: bytes, *, limit: int = BATCH, clock: Callable[[], int] = now_ms) -> Progress:
    """One transaction: cost at most `limit` facts of a site. Nothing done when another worker holds its ledger.

    When costing raises, the facts are tried in ever smaller lots until the one that fails is found; that one is held
    (`costing.failed`) and the others go on.
    """
    while True:
        try:
            return _turn(engine, site, key, post, limit, clock)
        except OperationalError:
            raise
        except Exception:
            logger.exception("costing failed on a lot of %s facts of site %s", limit, site)
            if limit > 1:
                limit = max(1, limit // 8)
                continue
            return _turn(engine, site, key, lambda host, _: fail(host), 1, clock)


def _turn(
    engine: Engine,
    site: str,
    key: bytes,
    work: Callable[[Books, int], Progress],
    limit: int,
    clock: Callable[[], int],
) -> Progress:
    with undisturbed(), write(engine) as connection:
        head = ledger.lock(connection, site)
        if head is None:
            return IDLE
        books = Books(connection, site, head, key)
        # Operations first: the facts of the orders they are about are then looked at again in the same turn.
        declared = operations.post_waiting(books)
        progress = work(books, limit)
        books.writer.seal(key, clock())
        return Progress(progress.facts, progress.entries + declared)


def drain(engine: Engine, site: str, key: bytes, *, limit: int = BATCH, pace: Pace | None = None) -> Progress:
    """Turns until nothing waits (for imports, the demo and tests), of `limit` facts or at a `pace`; returns the sum.

    How facts are cut into turns shows in the ledger only by what is taken back on the way: the same `limit` gives the
    same ledger, a pace depends on the machine.
    """
    facts = entries = 0
    while True:
        began = time.monotonic()
        progress = turn(engine, site, key, limit=pace.limit if pace else limit)
        if progress == IDLE:
            return Progress(facts, entries)
        if pace:
            pace.after(progress.facts, time.monotonic() - began)
        facts, entries = facts + progress.facts, entries + progress.entries


class Worker:
    """The loop. `stop` ends it after the turn under way."""

    def __init__(self, engine: Engine, key: bytes, clock: Callable[[], int] = now_ms) -> None:
        self.engine, self.key, self.clock = engine, key, clock
        self._paces: dict[str, Pace] = defaultdict(Pace)
        self._tidy_at = 0
        self._stopped = threading.Event()

    def stop(self) -> None:
        self._stopped.set()

    def run(self) -> None:
        """Until stopped. Trouble with the database is waited out with growing patience."""
        patience = IDLE_S
        while not self._stopped.is_set():
            try:
                busy = self.round()
                patience = IDLE_S
            except OperationalError as trouble:
                logger.warning("the database is not available, trying again: %s", type(trouble.orig).__name__)
                busy, patience = False, min(patience * 2, 10.0)
            self._stopped.wait(max(pace.rest_s for pace in self._paces.values()) if busy else patience)

    def round(self) -> bool:
        """One turn on each site; whether there was work."""
        with self.engine.connect() as connection:
            codes = sites.list_sites(connection)
        return sum(self._turn(code) for code in codes) > 0 or self._tidy(codes)

    def _turn(self, site: str) -> int:
        """A turn on a site at its pace; how many facts."""
        pace = self._paces[site]
        began = time.monotonic()
        progress = turn(self.engine, site, self.key, limit=pace.limit)
        pace.after(progress.facts, time.monotonic() - began)
        return progress.facts

    def _tidy(self, sites_here: list[str]) -> bool:
        """With nothing to cost: one step of what is older than it may get; whether there was one. See
        `server.store.retention`."""
        now = self.clock()
        if now < self._tidy_at:
            return False
        for site in sites_here:
            with read(self.engine) as connection:
                due = retention.due(connection, site, now)
            if due:
                with write(self.engine) as connection:
                    retention.step(connection, site, due[0], now)
                return True
        with read(self.engine) as connection:
            erased = rewrite.is_time(connection, now)
        self._tidy_at = now + TIDY_EVERY_MS
        if erased:
            rewrite.rewrite(self.engine, now)
        return erased

    def run_until_signal(self) -> None:
        """Run until the process is asked to end."""

        def polite(number: int, frame: FrameType | None) -> None:
            self.stop()

        signal.signal(signal.SIGTERM, polite)
        signal.signal(signal.SIGINT, polite)
        self.run()
