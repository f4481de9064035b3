"""What the capture app asks of the server, on PostgreSQL: the same answers as on SQLite."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from sqlalchemy import Engine

from server import create_app
from server.devices.listing import listing
from server.intake import rescue
from server.intake.accept import Sender, accept
from server.intake.photos import digest
from server.migrations import upgrade
from server.settings import Settings
from server.store import deltas, floor, intake_log, people, plant
from server.store.database import open_engine, read, write
from server.store.sites import Floor, create_site, set_floor
from tests.cast import ANA, put_plant, raw, send, settle
from tests.server import callers
from tests.server.pictures import jpeg

NOW = 1_795_200_000_000
SALT = "00112233445566778899aabbccddeeff"
SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def shop(postgres_database: str) -> Iterator[Engine]:
    engine = open_engine(postgres_database)
    upgrade(engine)
    with write(engine) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
    put_plant(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def app(tmp_path: Path, postgres_database: str) -> Flask:
    return create_app(Settings(data_dir=tmp_path, database_url=postgres_database), clock=lambda: NOW)


def test_what_changed_since(app: Flask, shop: Engine) -> None:
    tablet = callers.device(app, shop)
    old: Any = tablet.get("/api/v1/reference").json
    with write(shop) as connection:
        plant.put(connection, "main", "orders", [{"code": "MO-2", "quantity": "12"}, {"code": "MO-3"}])
        plant.put(connection, "main", "orders", [{"code": "MO-1", "status": "closed"}])
        plant.code_for(connection, "main", "lot", "OAK", "L-1")
        set_floor(connection, "main", Floor(typed_time=True, standard_cost=True))
    change: Any = tablet.get("/api/v1/reference", query_string={"since": old["version"]}).json
    assert [order["code"] for order in change["changed"]["orders"]] == ["MO-2", "MO-3"]
    assert change["gone"] == {"orders": ["MO-1"]}
    assert deltas.applied(old, change) == tablet.get("/api/v1/reference").json
    assert tablet.get("/api/v1/reference", query_string={"since": change["version"]}).status_code == 304


def test_a_rescued_file_with_a_photo(app: Flask, shop: Engine) -> None:
    with write(shop) as connection:
        broken = people.create_device(connection, "main", "Tablet 1", "0" * 64, NOW)
    picture = jpeg()
    facts = [
        raw("output.reported", NOW, order="MO-1", operation="10", quantity="1", device_seq=number, declared_by=ANA,
            photo_digest=digest(SALT, picture))
        for number in (1, 2, 5)
    ]  # fmt: skip
    photo = {"salt": SALT, "jpeg": base64.b64encode(picture).decode()}
    file = {"floorledger": "rescue", "version": 1, "device": {"id": broken, "name": "x"}, "events": facts,
            "photos": {facts[0]["id"]: photo}}  # fmt: skip
    for expected in ("created", "exists"):
        rescued = rescue.take_in(shop, "main", json.dumps(file).encode(), "ines", NOW)
        assert (rescued.facts, rescued.photos) == ({expected: 3}, {expected: 1})
    lead = callers.signed_in(app, shop, "lead")
    assert lead.get(f"/facts/{facts[0]['id']}/photo").data == picture
    with read(shop) as connection:
        (line,) = listing(connection, "main", NOW).lines
        assert intake_log.missing_of(connection, "main", broken, 5) == [(3, 4)]
    assert (line.gaps, line.device.last_seq) == ([(3, 4)], 5)


def test_forks_calls_and_missed_devices(app: Flask, shop: Engine) -> None:
    with write(shop) as connection:
        tablet = people.create_device(connection, "main", "Tablet 1", "0" * 64, NOW)
        people.report_device(connection, "main", tablet, waiting=3, waiting_since=NOW - 1, version="v")
        for _ in range(2):
            call = raw("help.called", NOW - 60_000, reason="QUALITY", device_seq=1, id=str(uuid4()))
            accept(connection, "main", Sender(tablet, is_device=True), [call], NOW - 3_600_000)
        people.touch_device(connection, "main", tablet, NOW - 3_600_000)
    with read(shop) as connection:
        (line,) = listing(connection, "main", NOW).lines
        first, second = floor.open_calls(connection, "main", 0)
    assert (line.state, line.device.waiting, len(line.forks)) == ("missed", 3, 1)
    send(shop, [raw("help.answered", NOW, call_id=first.id)])
    settle(shop)
    lead = callers.signed_in(app, shop, "lead")
    assert lead.post(f"/help/{second.id}/answer", headers=SAME).status_code == 303
    with read(shop) as connection:
        assert floor.open_calls(connection, "main", 0) == []
