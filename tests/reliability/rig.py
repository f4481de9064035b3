"""Real processes under load, and someone who kills them: web server and workers of a plant of their own, clients that
send and send again like devices do, a puller that follows the ledger."""

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine

from server.auth import credentials
from server.migrations import upgrade
from server.settings import Settings
from server.store import event_log, people
from server.store.database import open_engine, read, write
from server.store.sites import create_site
from tests.cast import ANA, LUIS, Ids, instant, put_plant, raw

COMMAND = [sys.executable, "-c", "from server.cli import main; main()"]


class Rig:
    """A plant on a database, with web server and workers as processes. Everything it starts, it ends."""

    def __init__(self, folder: Path, database_url: str = "", workers: int = 1) -> None:
        # At the desks of these tests a password is enough; what a second factor is has tests of its own.
        self.settings = Settings(
            data_dir=folder, database_url=database_url, log_level="error", second_factor_roles=("none",)
        )
        self.engine: Engine = open_engine(self.settings.database)
        upgrade(self.engine)
        self.token = credentials.make_secret("flt_")
        scopes = frozenset({"events:write", "entries:read", "events:read"})
        with write(self.engine) as connection:
            create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR")
            people.create_token(
                connection, "main", people.NewToken("rig", credentials.digest(self.token), scopes, None), 0
            )
        put_plant(self.engine)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.wanted = {"web": 1, "worker": workers}
        self.processes: dict[str, list[subprocess.Popen[bytes]]] = {"web": [], "worker": []}
        self.kills = 0
        self.log = folder / "processes.log"

    def start(self, before: list[str] | None = None) -> None:
        """Bring up what is missing; `before` is a command to run the web server under."""
        for name, count in self.wanted.items():
            alive = [process for process in self.processes[name] if process.poll() is None]
            while len(alive) < count:
                alive.append(self._spawn(name, before if name == "web" else None))
            self.processes[name] = alive

    def _spawn(self, name: str, before: list[str] | None = None) -> subprocess.Popen[bytes]:
        options = ["--port", str(self.port), "--workers", "2", "--threads", "4"] if name == "web" else []
        environment = {**os.environ, **self.settings.to_environment()}
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*(before or []), *COMMAND, name, *options], env=environment, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=log,
            )  # fmt: skip

    def said(self) -> str:
        """What the processes logged last: why something that should not have failed did."""
        return self.log.read_text("utf-8", "replace")[-6000:]

    def kill(self, chance: random.Random) -> None:
        """SIGKILL the worker, the web server with all its processes, or one of these processes."""
        name = chance.choice(["web", "web process", "worker"])
        process = chance.choice(self.processes[name.split()[0]])
        with suppress(ProcessLookupError):
            if name == "web process" and (children := children_of(process.pid)):
                os.kill(chance.choice(children), signal.SIGKILL)
            else:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)
            self.kills += 1
        self.start()

    def stop(self) -> None:
        """End everything."""
        for process in [*self.processes["web"], *self.processes["worker"]]:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        self.engine.dispose()

    def call(self, method: str, path: str, body: Any = None, timeout: float = 10) -> tuple[int, Any]:
        """One request; raises OSError or http.client.HTTPException when no whole answer comes."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            link.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = link.getresponse()
            text = answer.read()
            return answer.status, json.loads(text)
        finally:
            link.close()

    def wait_ready(self, seconds: float = 30) -> None:
        """Until the web server answers."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException, ValueError):
                if self.call("GET", "/api/v1/entries?limit=1", timeout=2)[0] == 200:
                    return
            time.sleep(0.05)
        raise TimeoutError("the web server does not answer")

    def wait_costed(self, seconds: float = 120) -> None:
        """Until no fact waits."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with read(self.engine) as connection:
                if not event_log.waiting(connection, "main"):
                    return
            time.sleep(0.1)
        raise TimeoutError("facts still wait to be costed")


def children_of(pid: int) -> list[int]:
    """The child processes (Linux)."""
    with suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def shift(seed: int) -> Iterator[dict[str, Any]]:
    """One device's endless shift: short jobs, one after the other, with pieces, material and slips."""
    chance, ids = random.Random(seed), Ids(10_000 + seed)
    who = (ANA, LUIS)[seed % 2]
    at = instant("2026-11-16T05:00:00Z") + seed * 1000
    while True:
        job = {"order": chance.choice(["MO-1", "MO-2"]), "operation": chance.choice(["10", "20"])}
        start = raw("labor.started", at, id=ids(), person=who, activity="run", **job)
        at += chance.randrange(60, 1800) * 1000
        stop = raw("labor.stopped", at, id=ids(), person=who, start_id=start["id"])
        yield start
        yield raw("material.consumed", at - 5, id=ids(), item="OAK", quantity="2", unit="kg", **job)
        yield stop
        yield raw("output.reported", at, id=ids(), quantity="3", **job)
        if chance.random() < 0.2:
            yield raw("defect.reported", at, id=ids(), quantity="1", disposition="scrap", reason="BURR", **job)
        if chance.random() < 0.1:
            yield raw("event.voided", at + 9, id=ids(), target_id=stop["id"], reason="MISTAKE")
        at += 60_000


class Client(threading.Thread):
    """A device: sends a lot, and the same lot again until a whole answer names every fact."""

    def __init__(self, rig: Rig, seed: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.rig, self.stopped = rig, stop
        self.facts, self.chance = shift(seed), random.Random(seed)
        self.acknowledged: set[str] = set()
        self.sent: set[str] = set()
        self.unknown = 0
        self.wrong: list[Any] = []

    def run(self) -> None:
        while not self.stopped.is_set():
            lot = [next(self.facts) for _ in range(self.chance.randrange(1, 12))]
            self.sent.update(fact["id"] for fact in lot)
            # Twice in a row even without trouble: what the server has it has.
            for _ in range(1 + (self.chance.random() < 0.1)):
                self.deliver(lot)

    def deliver(self, lot: list[dict[str, Any]]) -> None:
        batch = {"protocol": 1, "batch_id": str(uuid4()), "events": lot}
        while True:
            try:
                status, answer = self.rig.call("POST", "/api/v1/events", batch)
            except (OSError, http.client.HTTPException, ValueError):
                self.unknown += 1
                time.sleep(0.05)
                continue
            if status == 503:
                time.sleep(0.1)
                continue
            verdicts = {verdict["id"]: verdict["verdict"] for verdict in answer.get("verdicts", ())}
            if status != 200 or set(verdicts) != {fact["id"] for fact in lot}:
                self.wrong.append(answer)
            elif set(verdicts.values()) <= {"created", "exists"}:
                self.acknowledged.update(verdicts)
            else:
                self.wrong.append(verdicts)
            return


class Puller(threading.Thread):
    """Finance: follows the ledger by cursor and keeps every line it got."""

    def __init__(self, rig: Rig, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.rig, self.stopped = rig, stop
        self.cursor = "0"
        self.positions: list[int] = []
        self.wrong: list[Any] = []

    def run(self) -> None:
        while not self.stopped.is_set():
            if not self.pull():
                time.sleep(0.05)

    def pull(self) -> bool:
        """One page; whether anything came."""
        try:
            status, page = self.rig.call("GET", f"/api/v1/entries?after={self.cursor}&limit=200")
        except (OSError, http.client.HTTPException, ValueError):
            return False
        if status != 200:
            if status != 503:
                self.wrong.append(page)
            return False
        self.positions += [entry["position"] for entry in page["entries"]]
        self.cursor = page["next"]
        return bool(page["entries"])
