"""A tablet that slept sends what was erased meanwhile: it is told that it exists, and nothing comes back."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select

from server.intake.photos import digest
from server.store import erasure, intake_log, tombstones
from server.store.database import read, write
from server.store.tables import TABLES
from tests.cast import ANA, new_id, raw, settle
from tests.server import callers
from tests.server.pictures import jpeg
from tests.server.privacy.staff import NOW, SALT, erase, hire, note_of

PICTURE = jpeg()


@pytest.fixture
def tablet(app: Flask, shop: Engine) -> Iterator[FlaskClient]:
    yield callers.device(app, shop)


def send(tablet: FlaskClient, facts: list, notes: dict | None = None) -> list[str]:
    body = {"protocol": 1, "batch_id": new_id(), "events": facts} | ({"notes": notes} if notes else {})
    answer = tablet.post("/api/v1/events", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 200, answer.text
    return [one["verdict"] for one in answer.json["verdicts"]]


def put(tablet: FlaskClient, event_id: str) -> tuple[int, str]:
    headers = {"Floorledger-Salt": SALT, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    answer = tablet.put(f"/api/v1/photos/{event_id}", data=PICTURE, headers=headers, content_type="image/jpeg")
    return answer.status_code, answer.json.get("photo", answer.json.get("code"))


def kept(shop: Engine, name: str) -> int:
    with read(shop) as connection:
        return connection.scalar(select(func.count()).select_from(TABLES[name])) or 0


@pytest.mark.requirement("PR-08", "PR-09")
def test_notes_and_photos_of_an_erased_person(tablet: FlaskClient, shop: Engine) -> None:
    person = hire(shop, 1)[0]
    told, note = note_of(f"{person.name} dropped it")
    fact = raw("defect.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1", reason="BURR",
               disposition="scrap", person=person.key, device_seq=1, note_digest=told,
               photo_digest=digest(SALT, PICTURE))  # fmt: skip
    notes = {fact["id"]: note}
    assert send(tablet, [fact], notes) == ["created"]
    assert put(tablet, fact["id"]) == (201, "created")
    assert (kept(shop, "note"), kept(shop, "photo")) == (1, 1)
    settle(shop)
    erase(shop, person)
    assert (kept(shop, "note"), kept(shop, "photo")) == (0, 0)

    assert send(tablet, [fact], notes) == ["exists"]
    assert put(tablet, fact["id"]) == (200, "exists")
    assert (kept(shop, "note"), kept(shop, "photo"), kept(shop, "event")) == (0, 0, 1)
    with read(shop) as connection:
        assert erasure.leftovers(connection, "main", person.name) == {}


@pytest.mark.requirement("PR-08")
def test_a_fact_that_was_buried(tablet: FlaskClient, shop: Engine) -> None:
    """Its id and fingerprint stay: the same is known, another under its id is a conflict; its number is not missing."""
    person = hire(shop, 1)[0]
    told, note = note_of("by hand")
    first = raw("output.reported", "2026-11-20T07:00:00Z", order="MO-1", operation="10", quantity="1", device_seq=1)
    named = raw("labor.declared", "2026-11-20T08:00:00Z", person=person.number, activity="run", order="MO-1",
                operation="10", duration_ms=60_000, device_seq=2, note_digest=told,
                photo_digest=digest(SALT, PICTURE))  # fmt: skip
    last = raw("output.reported", "2026-11-20T09:00:00Z", order="MO-1", operation="10", quantity="1", device_seq=3)
    assert send(tablet, [first, named, last], {named["id"]: note}) == ["created"] * 3
    settle(shop)
    assert erase(shop, person)[0].buried == 1
    assert kept(shop, "event") == 2

    assert send(tablet, [named], {named["id"]: note}) == ["exists"]
    assert put(tablet, named["id"]) == (200, "exists")
    assert send(tablet, [{**named, "duration_ms": 70_000}]) == ["conflict"]
    assert (kept(shop, "event"), kept(shop, "note"), kept(shop, "photo")) == (2, 0, 0)
    with read(shop) as connection:
        device = connection.scalar(select(TABLES["event"].c.sender).limit(1))
        assert intake_log.missing_numbers(connection, "main") == {}
        assert intake_log.missing_of(connection, "main", device, 3) == []


@pytest.mark.requirement("PR-08")
def test_what_was_refused_comes_back_empty(tablet: FlaskClient, shop: Engine) -> None:
    person = hire(shop, 1)[0]
    wrong = {**raw("labor.declared", "2026-11-20T08:00:00Z", activity="run", device_seq=1), "person": f" {person.name}"}
    assert send(tablet, [wrong]) == ["rejected"]
    assert erase(shop, person)[0].refused == 1
    assert send(tablet, [wrong]) == ["rejected"]
    with read(shop) as connection:
        assert [row.body for row in connection.execute(select(TABLES["rejection"].c.body))] == [""]


@pytest.mark.requirement("PR-08")
def test_without_a_tombstone_the_database_lets_no_fact_go(shop: Engine) -> None:
    from tests.cast import send as send_to

    fact = raw("output.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1")
    send_to(shop, [fact])
    event = TABLES["event"]
    with pytest.raises(Exception, match="only added"), write(shop) as connection:
        connection.execute(event.delete().where(event.c.id == fact["id"]))
    with write(shop) as connection:
        assert tombstones.bury_events(connection, "main", [fact["id"]], NOW) == 1
        assert tombstones.bury_events(connection, "main", [fact["id"]], NOW) == 0


@pytest.mark.requirement("PR-09")
def test_a_fact_holds_a_salted_digest_of_its_note_and_nothing_of_the_words(tablet: FlaskClient, shop: Engine) -> None:
    words = "unmistakable words of somebody"
    told, note = note_of(words)
    fact = raw("output.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1", device_seq=1,
               person=ANA, note_digest=told)  # fmt: skip
    assert send(tablet, [fact], {fact["id"]: note}) == ["created"]
    # Without salt, or with words in the fact itself, it is not taken.
    bare = {**raw("output.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1"),
            "device_seq": 2, "note": words}  # fmt: skip
    assert send(tablet, [bare]) == ["rejected"]
    settle(shop)
    with read(shop) as connection:
        found = erasure.leftovers(connection, "main", words)
    assert found == {"note.text": 1, "rejection.body": 1}
