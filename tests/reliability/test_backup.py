"""Backups made under load, one put back, and devices that send again what the server forgot (reliability: RESTORE)."""

import os
import subprocess
import threading
import time
from itertools import islice
from pathlib import Path

import pytest

from server.store.database import read
from server.store.tables import TABLES
from server.store.verification import verify
from tests.environment import TOLD, RecordProperty
from tests.reliability.rig import COMMAND, Client, Rig, shift

CYCLES = int(os.environ.get("FLOORLEDGER_CHECKS_BACKUPS", "3"))


def stored(rig: Rig) -> set[str]:
    event = TABLES["event"]
    with read(rig.engine) as connection:
        return set(connection.scalars(event.select().with_only_columns(event.c.id)))


@pytest.mark.long
@pytest.mark.requirement("SR-66")
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_backups_under_load_and_a_restore_lose_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, record_property: RecordProperty
) -> None:
    url = request.getfixturevalue("postgres_database") if database == "postgresql" else ""
    rig = Rig(tmp_path / "instance", url)
    stop, key = threading.Event(), tmp_path / "backup.key"
    clients = [Client(rig, number, stop) for number in range(2)]
    given = {**os.environ, **rig.settings.to_environment()}

    def command(*arguments: str) -> None:
        done = subprocess.run([*COMMAND, *arguments], env=given, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    took: list[float] = []
    try:
        rig.start()
        rig.wait_ready()
        for thread in clients:
            thread.start()
        for cycle in range(CYCLES):
            time.sleep(1)
            before = set().union(*(client.acknowledged.copy() for client in clients))
            began = time.monotonic()
            option = "--key-file" if cycle else "--new-key-file"
            command("backup", str(tmp_path / f"{cycle}.backup"), option, str(key))
            took.append(time.monotonic() - began)
        time.sleep(1)
        stop.set()
        for client in clients:
            client.join(60)
            assert client.wrong == []
        _, page = rig.call("GET", "/api/v1/entries?limit=1")
        everything = set().union(*(client.sent for client in clients))
        assert everything == stored(rig)
        rig.stop()

        command("restore", str(tmp_path / f"{CYCLES - 1}.backup"), "--key-file", str(key))
        assert before <= stored(rig) < everything  # all that was acknowledged before it; not what came after

        rig.start()
        rig.wait_ready()
        status, answer = rig.call("GET", f"/api/v1/entries?after={page['next']}")
        assert (status, answer["code"]) == (409, "entries.lineage_changed")
        for number, client in enumerate(clients):  # devices learn of the new history and send all they keep
            facts = list(islice(shift(number), len(client.sent)))
            for place in range(0, len(facts), 100):
                client.deliver(facts[place : place + 100])
            assert client.wrong == []
        rig.wait_costed()
        assert stored(rig) == everything
        with read(rig.engine) as connection:
            assert verify(connection, "main", rig.settings.ledger_key()).faults == []
    finally:
        stop.set()
        rig.stop()
    record_property(TOLD, f"{CYCLES} backups under load on {database} ({len(everything)} facts, {max(took):.1f} s the "
                          f"longest), one put back, nothing lost")  # fmt: skip
