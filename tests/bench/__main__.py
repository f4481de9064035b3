"""`make bench`: what the product takes beside a bare reference program, measured in the same run.

Each figure is the median of several rounds in which product and reference take turns, so that a machine that slows
down slows both. Goals are ratios; times are printed beside them and fail nothing.
"""

import argparse
import http.client
import json
import os
import platform
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from rich.console import Console
from rich.table import Table

from server.store import ledger
from server.store.database import read, sqlite_mode, write
from server.store.sqlite import sqlite3
from sync.core.clock import format_instant
from sync.ledger.entry import Entry, Posting, first_posting
from tests.bench import costing, reference
from tests.cast import ANA, instant, raw
from tests.reliability.rig import Rig

console = Console(width=120)
chance = random.Random(2026)


def new_id() -> str:
    return str(UUID(int=chance.getrandbits(128), version=4))


class Server:
    """A gunicorn with two processes of four threads, and one connection to it that stays open."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.port, self.headers = port, headers
        self.link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """One request on the open connection; raises RuntimeError for anything but 200."""
        self.link.request(method, path, body, self.headers)
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]!r}")
        return text


def a_fact(number: int) -> dict[str, Any]:
    """A fact of about 400 bytes, as a phone sends it."""
    at = instant("2026-11-16T05:00:00Z") + number * 1000
    return raw(
        "labor.started", at, id=new_id(), person=f"p{number % 900:012x}", declared_by=ANA, activity="run", order="MO-1",
        operation="10", device_seq=number + 1, boot_id="b7f3a1", monotonic_ms=number * 1000, clock_offset_ms=-12,
    )  # fmt: skip


def lots(size: int, count: int) -> Iterator[bytes]:
    for number in range(count):
        facts = [a_fact(number * size + index) for index in range(size)]
        yield json.dumps({"protocol": 1, "batch_id": str(uuid4()), "events": facts}).encode()


def rate(work: Callable[[], int]) -> float:
    """Units a second."""
    began = time.perf_counter()
    return work() / (time.perf_counter() - began)


def taking_turns(product: Callable[[], int], bare: Callable[[], int], rounds: int) -> tuple[float, float, float]:
    """(product a second, reference a second, ratio), medians."""
    product(), bare()
    ours, theirs, ratios = [], [], []
    for _ in range(rounds):
        ours.append(rate(product))
        theirs.append(rate(bare))
        ratios.append(ours[-1] / theirs[-1])
    return statistics.median(ours), statistics.median(theirs), statistics.median(ratios)


def start_reference(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    path = folder / "reference.sqlite"
    reference.make_tables(str(path))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    journal, synchronous = sqlite_mode(sqlite3.sqlite_version_info)
    environment = {**os.environ, "REFERENCE_DATABASE": str(path), "REFERENCE_JOURNAL": journal,
                   "REFERENCE_SYNCHRONOUS": synchronous}  # fmt: skip
    options = [
        "--workers",
        "2",
        "--threads",
        "4",
        "--worker-class",
        "gthread",
        "--keep-alive",
        "15",
        "--log-level",
        "error",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "tests.bench.reference:app", "--bind", f"127.0.0.1:{port}", *options],
        env=environment, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with suppress(OSError):
            link = http.client.HTTPConnection("127.0.0.1", port)
            link.request("GET", "/hello")
            if link.getresponse().read() == b"hello":
                return process, port
        time.sleep(0.05)
    raise TimeoutError("the reference does not answer")


def an_entry(number: int) -> Entry:
    """An entry of an hour and a bit, on two plans."""
    at = instant("2026-11-16T05:00:00Z") + number * 1000
    amount = Decimal(100 + number % 9000) / 100
    accounts = (("department", "D1"), ("product", "CHAIR"))
    start, stop = new_id(), new_id()
    return Entry(
        scope=start, rule="labor_time", rule_version=1, element="labor", occurred_at=at, occurred_on=date(2026, 11, 16),
        period="2026-11", quantity=Decimal(3_600_000 + number), unit="ms", amount=amount, currency="EUR",
        provenance="measured", events=(start, stop), policy="1", formula=f"1 h x {amount} EUR/h = {amount} EUR",
        postings=(Posting("debit", "order:MO-1", amount, accounts), Posting("credit", "department:D1", amount)),
        order="MO-1", operation="10", work_center="W1", activity="run", rate=Decimal("31.17"), rate_id="r-G1/1",
    )  # fmt: skip


def fill(rig: Rig, reference_path: Path, count: int) -> None:
    """The same number of entries in both ledgers."""
    key = rig.settings.ledger_key()
    for first in range(0, count, 5_000):
        with write(rig.engine) as connection:
            head = ledger.lock(connection, "main")
            assert head is not None
            writer = ledger.Writer(connection, "main", head, "EUR")
            made = [an_entry(number) for number in range(first, first + 5_000)]
            writer.append(first_posting(entry, 0, entry.occurred_on, entry.period) for entry in made)
            writer.seal(key, 0)
        rows = [
            (first + index + 1, 1, entry.content_id, "2026-11-16", format_instant(entry.occurred_at), "labor", "MO-1",
             "10", "", str(entry.quantity), "ms", "31.17", "debit", "order:MO-1", str(entry.amount), "EUR",
             "department=D1 product=CHAIR", entry.formula, " ".join(entry.events))
            for index, entry in enumerate(made)
        ]  # fmt: skip
        with sqlite3.connect(reference_path) as connection:
            connection.executemany(f"INSERT INTO entry VALUES ({', '.join('?' * len(reference.ENTRY_COLUMNS))})", rows)


def memory_mib(pid: int) -> float:
    """Proportional memory of a process (Linux)."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("Pss:")).split()[1]) / 1024


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def visible_delays(rig: Rig, seconds: int, per_second: int) -> list[float]:
    """Seconds from the acknowledgement of a fact to its entry at a puller, at a steady pace."""
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}
    stop = threading.Event()
    cursor = json.loads(Server(rig.port, bearer(rig)).call("GET", "/api/v1/entries?limit=1"))["lineage"][:8]
    with read(rig.engine) as connection:
        cursor = f"{cursor}.{ledger.head(connection, 'main').position}"

    def pull() -> None:
        nonlocal cursor
        link = Server(rig.port, bearer(rig))
        while not stop.is_set():
            page = json.loads(link.call("GET", f"/api/v1/entries?after={cursor}&limit=1000"))
            moment = time.monotonic()
            cursor = page["next"]
            for entry in page["entries"]:
                for fact in entry["events"]:
                    seen.setdefault(fact, moment)
            time.sleep(0.1)

    puller = threading.Thread(target=pull, daemon=True)
    puller.start()
    link = Server(rig.port, bearer(rig))
    began = time.monotonic()
    for number in range(seconds * per_second):
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        fact = raw("material.consumed", instant("2026-11-16T05:00:00Z") + number * 1000, id=new_id(), item="OAK",
                   quantity="2", unit="kg", order="MO-2", operation="10")  # fmt: skip
        batch = {"protocol": 1, "batch_id": str(uuid4()), "events": [fact]}
        sent[fact["id"]] = time.monotonic()
        link.call("POST", "/api/v1/events", json.dumps(batch).encode())
    deadline = time.monotonic() + 30
    while len(seen.keys() & sent.keys()) < len(sent) and time.monotonic() < deadline:
        time.sleep(0.1)
    stop.set()
    puller.join(10)
    missing = len(sent) - len(seen.keys() & sent.keys())
    if missing:
        raise RuntimeError(f"{missing} facts never became visible")
    return sorted(seen[fact] - moment for fact, moment in sent.items())


def bearer(rig: Rig) -> dict[str, str]:
    return {"Authorization": f"Bearer {rig.token}", "Content-Type": "application/json"}


def send_all(server: Server, path: str, bodies: list[bytes], size: int) -> int:
    """All lots, one after the other; how many facts."""
    for body in bodies:
        server.call("POST", path, body)
    return size * len(bodies)


def pull_all(server: Server, path: str, form: str, count: int, page: int) -> int:
    """All entries, page by page; how many."""
    cursor, got = "0", 0
    lineage = json.loads(server.call("GET", f"{path}?after=0&limit=1")).get("lineage", "")[:8]
    while got < count:
        text = server.call("GET", f"{path}?after={cursor}&limit={page}&format={form}")
        got += page
        cursor = f"{lineage}.{got}" if lineage else str(got)
        assert len(text) > 1000
    return got


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and entries: shows that it runs")
    parser.add_argument("--only", choices=["engine", "costing", "growth", "phone"], help="just this part")
    parser.add_argument("--facts", type=int, help="how many facts the growing plant has at the end (P6, P8)")
    parser.add_argument("--folder", type=Path, help="where the growing plant is kept, and gone on with by the next run")
    arguments = parser.parse_args()
    quick = arguments.quick
    if arguments.only in (None, "engine"):
        measure_engine(quick)
    if arguments.only in (None, "costing"):
        measure_costing(quick)
    if arguments.only in (None, "growth"):
        measure_growth(quick, arguments.facts or (40_000 if quick else 1_000_000), arguments.folder)
    if arguments.only not in (None, "phone"):
        return
    from tests.bench import phone  # a browser is needed for it only

    with tempfile.TemporaryDirectory() as name:
        console.print(phone.measure(Path(name), quick))


def a_table() -> Table:
    """For the product beside its reference."""
    table = Table(title=f"Floorledger beside its reference, {platform.machine()}, {os.cpu_count()} cores, "
                  f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}")  # fmt: skip
    for name in ("#", "work", "product", "reference", "ratio", "goal"):
        table.add_column(name, justify="left" if name in ("#", "work") else "right")
    return table


def measure_costing(quick: bool) -> None:
    """Print P2 and P5."""
    table = a_table()
    with tempfile.TemporaryDirectory() as name:
        costing.measure_worker(table, console, Path(name) / "p2", quick)
        costing.measure_backlog(table, console, Path(name), quick)
    console.print(table)


def measure_growth(quick: bool, count: int, folder: Path | None) -> None:
    """Print P6 and P8."""
    table = a_table()
    with tempfile.TemporaryDirectory() as name:
        costing.measure_growth(table, console, folder or Path(name), quick, count)
    console.print(table)


def measure_engine(quick: bool) -> None:
    """Print what the server takes beside its reference."""
    rounds, pulled, pace = (2, 20_000, 4) if quick else (5, 100_000, 20)
    table = a_table()

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rig = Rig(folder / "instance", workers=0)
        process, port = start_reference(folder)
        try:
            began = time.perf_counter()
            rig.start()
            rig.wait_ready()
            ready = time.perf_counter() - began
            product, bare = Server(rig.port, bearer(rig)), Server(port, {"Content-Type": "application/json"})
            for size, goal, count in ((1, 0.7, 300), (50, 0.6, 60), (500, 0.6, 10)):
                # Made beforehand: the client shares the two cores with the servers.
                bodies = [list(lots(size, count)) for _ in range(2 * (rounds + 1))]
                ours, theirs, ratio = taking_turns(
                    lambda bodies=bodies, size=size: send_all(product, "/api/v1/events", bodies.pop(), size),
                    lambda bodies=bodies, size=size: send_all(bare, "/events", bodies.pop(), size),
                    rounds,
                )
                table.add_row("P1", f"durable intake, batches of {size}", f"{ours:,.0f}/s", f"{theirs:,.0f}/s",
                              f"{ratio:.2f}", f"{goal:.2f}")  # fmt: skip
            memory = max(memory_mib(pid) for pid in children(rig.processes["web"][0].pid))

            fill(rig, folder / "reference.sqlite", pulled)
            for form in ("json", "csv"):
                ours, theirs, ratio = taking_turns(
                    lambda form=form: pull_all(product, "/api/v1/entries", form, pulled, 1000),
                    lambda form=form: pull_all(bare, "/entries", form, pulled, 1000),
                    rounds,
                )
                table.add_row("P3", f"pull {pulled:,} entries as {form}", f"{ours:,.0f}/s", f"{theirs:,.0f}/s",
                              f"{ratio:.2f}", "0.50")  # fmt: skip

            rig.stop()
            rig = Rig(folder / "second", workers=1)  # a plant of its own: no backlog of the measures above
            rig.start()
            rig.wait_ready()
            delays = visible_delays(rig, pace, 50)
            p99 = delays[int(len(delays) * 0.99)]
            table.add_row("P7", f"captured to visible at 50 facts/s, p50 {statistics.median(delays):.2f} s, p99",
                          f"{p99:.2f} s", "-", "-", "2.00 s")  # fmt: skip
            table.add_row("P9", "memory of one web process", f"{memory:.0f} MiB", "-", "-", "150 MiB")
            table.add_row("P9", "start to first answer", f"{ready:.2f} s", "-", "-", "2.00 s")
        finally:
            rig.stop()
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
    console.print(table)


if __name__ == "__main__":
    main()
