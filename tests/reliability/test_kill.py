"""Random SIGKILL of web and worker processes under load (reliability: S1, S5, S6; I1 to I8, I14 to I16)."""

import random
import threading
import time
from pathlib import Path

import pytest

from server.store import ledger
from server.store.database import read
from server.store.tables import TABLES
from server.store.verification import verify
from tests.environment import TOLD, RecordProperty
from tests.reliability.rig import Client, Puller, Rig


@pytest.mark.parametrize("kills", [15, pytest.param(250, marks=pytest.mark.long)])
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kills_lose_nothing_and_cost_nothing_twice(
    request: pytest.FixtureRequest, tmp_path: Path, database: str, kills: int, record_property: RecordProperty
) -> None:
    url = request.getfixturevalue("postgres_database") if database == "postgresql" else ""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    rig = Rig(tmp_path / "instance", url, workers=2 if database == "postgresql" else 1)
    stop, enough = threading.Event(), threading.Event()
    clients = [Client(rig, number, stop) for number in range(4)]
    puller = Puller(rig, enough)
    try:
        rig.start()
        rig.wait_ready()
        for thread in (*clients, puller):
            thread.start()
        while rig.kills < kills:
            if chance.random() < 0.6:
                rig.wait_ready()
            time.sleep(chance.uniform(0.0, 1.5))
            rig.kill(chance)
        stop.set()
        rig.wait_ready()
        for client in clients:
            client.join(60)
            assert not client.is_alive()
        rig.wait_costed()
        enough.set()
        puller.join(30)
        while puller.pull():
            pass
        with read(rig.engine) as connection:
            report = verify(connection, "main", rig.settings.ledger_key())
            stored = set(connection.scalars(TABLES["event"].select().with_only_columns(TABLES["event"].c.id)))
            head = ledger.head(connection, "main")
    finally:
        stop.set()
        enough.set()
        rig.stop()

    acknowledged = set().union(*(client.acknowledged for client in clients))
    sent = set().union(*(client.sent for client in clients))
    unknown = sum(client.unknown for client in clients)
    record_property(
        TOLD,
        f"{database}: seed {seed}, {rig.kills} kills, {len(acknowledged)} facts acknowledged, {unknown} answers lost, "
        f"{report.entries} entries in {report.batches} batches",
    )
    assert not [client.wrong for client in clients if client.wrong]
    assert acknowledged <= stored, "an acknowledged fact is lost"
    assert stored <= sent, "a fact nobody sent"
    assert acknowledged == sent, "the devices converge"
    assert report.ok, report.faults
    assert not puller.wrong
    assert puller.positions == list(range(1, head.position + 1)), "the puller saw a gap, a repeat or another order"
