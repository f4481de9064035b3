"""From facts to entries at a large works (`works.py`): P2, P5, P6 and P8 of the goals.

P2 costs a lot of facts with nothing stored before it and takes turns with the reference worker; P5 sends a backlog as
devices do while somebody looks at pages; P6 and P8 fill a plant day by day, which takes long: what is made stays in
the folder given, and the next run goes on from there.
"""

import json
import os
import statistics
import threading
import time
from collections.abc import Iterable
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, func, select

from server.auth import credentials
from server.auth.passwords import hash_password
from server.intake.accept import Sender, accept
from server.migrations import upgrade
from server.store import event_log, people
from server.store.database import open_engine, read, write
from server.store.sites import create_site
from server.store.tables import TABLES
from server.store.verification import verify
from server.worker import Pace, drain
from tests.bench import reference, works
from tests.environment import new_database, postgres_server
from tests.reliability.rig import Rig

KEY = b"bench only, thirty-two bytes long"
PROGRAM = Sender("11111111-1111-4111-8111-111111111111")
LOT, ACROSS = 500, 50
A_TURN = 5_000
SITE = "main"
RECORDED = works.BEGIN


def new_works(engine: Engine) -> Engine:
    """A database with a works in it and nothing captured."""
    upgrade(engine)
    with write(engine) as connection:
        create_site(connection, SITE, name="Works", zone="Europe/Paris", currency="EUR")
    works.put_works(engine)
    return engine


def facts_of(engine: Engine, count: int, first_day: int = 0) -> list[works.Fact]:
    """The first `count` facts from a day on; the orders they name are put."""
    made: list[works.Fact] = []
    day = first_day
    while len(made) < count:
        works.put_orders(engine, day)
        made += [fact for _, fact in works.a_day(day)]
        day += 1
    return made[:count]


def take_in(engine: Engine, facts: Iterable[works.Fact]) -> int:
    """Facts through intake in lots, a transaction each, as from a program; how many."""
    lots, count = iter(facts), 0
    while lot := list(islice(lots, LOT)):
        with write(engine) as connection:
            verdicts = accept(connection, SITE, PROGRAM, lot, RECORDED + count)
        assert all(verdict.verdict == "created" for verdict in verdicts), verdicts[0]
        count += len(lot)
    return count


def from_fact_to_entry(url: str, count: int) -> tuple[float, float, float, float, float]:
    """Facts a second: intake, costing, both together; and the reference's, on the same empty database. At last the
    ratio once more, by the processor time of this process, which other work on the machine hardly changes."""
    engine = new_works(open_engine(url))
    facts = facts_of(engine, count)
    reference.fill_worker(engine, facts)
    began, worked = time.perf_counter(), time.process_time()
    take_in(engine, facts)
    taken = time.perf_counter()
    drain(engine, SITE, KEY, pace=Pace())
    costed, ours = time.perf_counter(), time.process_time() - worked
    with read(engine) as connection:
        assert not event_log.waiting(connection, SITE)
    again, worked = time.perf_counter(), time.process_time()
    assert reference.work(engine) == count
    theirs = count / (time.perf_counter() - again)
    processor = (time.process_time() - worked) / ours
    engine.dispose()
    return count / (taken - began), count / (costed - taken), count / (costed - began), theirs, processor


def resident_mib() -> float:
    """Memory of this process (Linux)."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


# --- P2 ----------------------------------------------------------------------------------------------------------


def measure_worker(table: Table, console: Console, folder: Path, quick: bool) -> None:
    """P2: the whole path of one process on both databases, beside the reference."""
    count, rounds = (5_000, 1) if quick else (20_000, 3)
    folder.mkdir()
    ours = {"SQLite": [from_fact_to_entry(f"sqlite:///{folder}/{number}.sqlite", count) for number in range(rounds)]}
    with postgres_server() as server:
        if server is not None:
            ours["PostgreSQL"] = []
            for _ in range(rounds):
                with new_database(server) as url:
                    ours["PostgreSQL"].append(from_fact_to_entry(url, count))
    rates = {}
    for name, found in ours.items():
        intake, costing, rates[name], theirs, processor = (
            statistics.median(column) for column in zip(*found, strict=True)
        )
        ratio = statistics.median(one[2] / one[3] for one in found)
        what = f"fact to sealed entry, {count:,} facts, {name}"
        table.add_row("P2", what, f"{rates[name]:,.0f}/s", f"{theirs:,.0f}/s", f"{ratio:.2f}", "0.33")
        console.print(f"P2 {name}: intake {intake:,.0f}/s, costing {costing:,.0f}/s, {load()}")
        console.print(f"P2 {name}: ratio by processor time {processor:.2f}")
    if "PostgreSQL" in rates:
        ratio = rates["PostgreSQL"] / rates["SQLite"]
        table.add_row("P2", "the same, PostgreSQL beside SQLite", f"{rates['PostgreSQL']:,.0f}/s",
                      f"{rates['SQLite']:,.0f}/s", f"{ratio:.2f}", "0.70")  # fmt: skip


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


# --- P5 ----------------------------------------------------------------------------------------------------------


def measure_backlog(table: Table, console: Console, folder: Path, quick: bool) -> None:
    """P5: what 500 devices held back comes in at once."""
    count = 5_000 if quick else 100_000
    rig = Rig(folder / "p5", workers=1)
    try:
        works.put_works(rig.engine)
        session = sign_in(rig)
        outboxes = backlog(rig.engine, count)
        rig.start()
        rig.wait_ready()
        stop = threading.Event()
        delays: list[float] = []
        looking = threading.Thread(target=look, args=(rig.port, session, stop, delays), daemon=True)
        looking.start()
        began = time.perf_counter()
        senders = [threading.Thread(target=send, args=(rig.port, outboxes[part::4])) for part in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        received = time.perf_counter() - began
        while True:
            with read(rig.engine) as connection:
                if not event_log.waiting(connection, SITE):
                    break
            time.sleep(0.2)
        took = time.perf_counter() - began
        stop.set()
        looking.join(30)
        with read(rig.engine) as connection:
            stored = connection.scalar(select(func.count()).select_from(TABLES["event"]))
        assert stored == count, f"{stored} of {count}"
    finally:
        rig.stop()
    delays.sort()
    p99 = delays[int(len(delays) * 0.99)]
    table.add_row("P5", f"backlog of {count:,} facts of 500 devices: received in {received:.1f} s, all costed in",
                  f"{took:.1f} s", "-", "-", f"{30 * count / 100_000:.1f} s")  # fmt: skip
    table.add_row("P5", f"a page meanwhile ({len(delays)} looks, p50 {statistics.median(delays) * 1000:.0f} ms), p99",
                  f"{p99 * 1000:.0f} ms", "-", "-", "300 ms")  # fmt: skip
    console.print(f"P5: {count / took:,.0f} facts/s, {load()}")


def backlog(engine: Engine, count: int) -> list[tuple[int, list[bytes]]]:
    """What each device sends: its facts in batches of fifty. Closes of orders are not a device's."""
    sequence: dict[int, int] = {}
    held: dict[int, list[works.Fact]] = {}
    day, made = 0, 0
    while made < count:
        works.put_orders(engine, day)
        for who, fact in works.numbered(works.a_day(day), sequence):
            if who != works.PROGRAM and made < count:
                held.setdefault(who, []).append(fact)
                made += 1
        day += 1
    found = []
    for who, facts in sorted(held.items()):
        lots = [facts[first : first + ACROSS] for first in range(0, len(facts), ACROSS)]
        found.append((who, [json.dumps({"protocol": 1, "batch_id": str(uuid4()), "events": lot}).encode()
                            for lot in lots]))  # fmt: skip
    return found


def send(port: int, outboxes: list[tuple[int, list[bytes]]]) -> None:
    """Devices that drain their outboxes together: a batch of each, then the next of each."""
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    for place in range(max(len(lots) for _, lots in outboxes)):
        for who, lots in outboxes:
            if place < len(lots):
                headers = {"Authorization": f"Bearer {works.secret(who)}", "Content-Type": "application/json"}
                for _ in range(20):
                    link.request("POST", "/api/v1/events", lots[place], headers)
                    answer = link.getresponse()
                    text = answer.read()
                    if answer.status not in (429, 503):
                        break
                    time.sleep(0.5)
                assert answer.status == 200, (answer.status, text[:300])


def sign_in(rig: Rig) -> str:
    """A lead who is signed in; the cookie."""
    secret = credentials.make_secret()
    now = time.time_ns() // 1_000_000
    with write(rig.engine) as connection:
        people.create_user(connection, SITE, "lead", display_name="Lead", roles=("lead", "accountant"),
                           password_hash=hash_password(rig.settings, "four-words-to-sign-in", "lead"))  # fmt: skip
        people.start_session(connection, SITE, "lead", credentials.digest(secret), now)
    return f"{credentials.SESSION}={secret}"


def look(port: int, session: str, stop: threading.Event, delays: list[float]) -> None:
    """Look at the pages of orders, of one order and of entries, ten a second at most."""
    link = HTTPConnection("127.0.0.1", port, timeout=120)
    pages = ("/orders", f"/orders/{works.order(0, 7)}", "/entries")
    number = 0
    while not stop.is_set():
        began = time.perf_counter()
        link.request("GET", pages[number % len(pages)], headers={"Cookie": session})
        answer = link.getresponse()
        answer.read()
        assert answer.status == 200, (pages[number % len(pages)], answer.status)
        delays.append(time.perf_counter() - began)
        number += 1
        time.sleep(0.1)


# --- P6 and P8 ---------------------------------------------------------------------------------------------------


def measure_growth(table: Table, console: Console, folder: Path, quick: bool, count: int) -> None:
    """P6 and P8: a whole day of facts costed near the beginning and with `count` stored, and `verify` of all of it.

    The second day is the first like all others: orders of the day before are closed on it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, state = folder / "works.sqlite", folder / "works.json"
    known = path.exists()
    engine = open_engine(f"sqlite:///{path}")
    if not known:
        new_works(engine)
    days: list[dict[str, Any]] = json.loads(state.read_text()) if state.exists() else []
    while (stored := stored_facts(engine)) < count or len(days) < 3:
        works.put_orders(engine, len(days))
        facts = [fact for _, fact in works.a_day(len(days))]
        there = _missing(engine, facts)
        take_in(engine, there)
        began = time.process_time()  # the cost of a fact, whatever else the machine does
        drain(engine, SITE, KEY, limit=A_TURN)
        # Of a day that an earlier run left in the middle there is no figure.
        us = (time.process_time() - began) / len(facts) * 1e6 if len(there) == len(facts) else None
        days.append({"stored": stored, "us": us, "mib": resident_mib()})
        state.write_text(json.dumps(days))
        console.print(f"P6: with {stored:,} stored {us or 0:,.0f} us a fact, {days[-1]['mib']:.0f} MiB, {load()}")
    early, late = days[1], next(day for day in reversed(days) if day["us"])
    what = f"processor time of a fact with {late['stored']:,} stored, beside {early['stored']:,}"
    table.add_row("P6", what, f"{late['us']:,.0f} us", f"{early['us']:,.0f} us", f"{late['us'] / early['us']:.2f}",
                  "1.20")  # fmt: skip
    table.add_row("P6", "memory of the process then, beside then", f"{late['mib']:.0f} MiB", f"{early['mib']:.0f} MiB",
                  f"{late['mib'] / early['mib']:.2f}", "flat")  # fmt: skip
    began = time.perf_counter()
    with read(engine) as connection:
        report = verify(connection, SITE, KEY)
    took = time.perf_counter() - began
    assert report.ok, report.faults
    table.add_row("P8", f"verify of {report.facts:,} facts, {report.entries:,} entries", f"{took:.1f} s", "-", "-",
                  f"{120 * report.facts / 1_000_000:.1f} s")  # fmt: skip
    console.print(f"P8: {took / report.facts * 1e6:,.0f} us a fact, {load()}")
    engine.dispose()


def stored_facts(engine: Engine) -> int:
    with read(engine) as connection:
        return connection.scalar(select(func.count()).select_from(TABLES["event"])) or 0


def _missing(engine: Engine, facts: list[works.Fact]) -> list[works.Fact]:
    """Those that are not stored yet."""
    with read(engine) as connection:
        known = event_log.statuses(connection, SITE, [fact["id"] for fact in facts])
    return [fact for fact in facts if fact["id"] not in known]
