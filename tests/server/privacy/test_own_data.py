"""All that is kept of one person, for that person: everything of theirs, in their language, and nothing of others."""

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from server.intake.accept import keep_notes
from server.intake.photos import accept_photo, digest
from server.privacy import readable
from server.store import audit, disclosures, own_data, people, plant
from server.store.database import read, write
from tests.cast import ANA, LUIS, Ids, raw, send, settle
from tests.server.pictures import jpeg
from tests.server.privacy.staff import NOW, SALT, note_of

GOLDEN = Path(__file__).parent / "own_data.json"
PICTURE = jpeg()


def a_life(shop: Engine) -> str:
    """A person with a bit of everything, among others who have some of it, too; the key."""
    key, ids = "p00000000c1e0", Ids(11)
    with write(shop) as connection:
        plant.put(connection, "main", "people", [
            {"key": key, "number": "4711", "name": "Chloé Quenneville", "rate_group": "G1", "department": "D1",
             "language": "fr"},
        ])  # fmt: skip
        people.put_pin(connection, "main", key, "$hash$", NOW - 86_400_000)
    told, note = note_of("la grue manquait")
    other, other_note = note_of("Luis asked Quenneville Chloé to wait")
    private, private_note = note_of("Luis went to the doctor")
    job = {"order": "MO-1", "operation": "10"}
    start = raw("labor.started", "2026-11-20T07:00:00Z", id=ids(), person=key, activity="run", **job)
    stop = raw("labor.stopped", "2026-11-20T08:00:00Z", id=ids(), person=key, start_id=start["id"], note_digest=told)
    wrong = raw("labor.declared", "2026-11-20T09:00:00Z", id=ids(), person=key, activity="run", **job,
                duration_ms=3_600_000)  # fmt: skip
    void = raw("event.voided", "2026-11-20T10:00:00Z", id=ids(), target_id=wrong["id"], reason="MISTAKE",
               declared_by=LUIS)  # fmt: skip
    defect = raw("defect.reported", "2026-11-20T07:30:00Z", id=ids(), **job, quantity="1", disposition="scrap",
                 reason="BURR", person=key, photo_digest=digest(SALT, PICTURE))  # fmt: skip
    for_ana = raw("labor.declared", "2026-11-20T11:00:00Z", id=ids(), person=ANA, declared_by=key, activity="run",
                  **job, duration_ms=60_000)  # fmt: skip
    of_luis = raw("output.reported", "2026-11-20T11:30:00Z", id=ids(), person=LUIS, **job, quantity="2",
                  note_digest=other)  # fmt: skip
    luis_alone = raw("output.reported", "2026-11-20T11:40:00Z", id=ids(), person=LUIS, **job, quantity="3",
                     note_digest=private)  # fmt: skip
    refused = {**raw("labor.declared", "2026-11-20T12:00:00Z", id=ids(), activity="run"), "person": key}
    facts = [start, stop, wrong, void, defect, for_ana, of_luis, luis_alone, refused]
    assert [one.verdict for one in send(shop, facts, now=NOW)] == ["created"] * 8 + ["rejected"]
    settle(shop)
    notes = {stop["id"]: note, of_luis["id"]: other_note, luis_alone["id"]: private_note}
    with write(shop) as connection:
        keep_notes(connection, "main", notes, facts)
        accept_photo(connection, "main", defect["id"], SALT, PICTURE, NOW)
        disclosures.note(connection, "main", "token:t", "Payroll program", NOW)
        disclosures.note(connection, "main", "user:ines", "ines", NOW)
        audit.record(connection, "main", at=NOW, actor="user:ines", action="person.data_given", subject=key)
        audit.record(connection, "main", at=NOW, actor="user:ines", action="person.data_given", subject=LUIS)
    return key


@pytest.mark.requirement("PR-10", "PR-11")
def test_it_is_all_there_word_by_word(shop: Engine) -> None:
    key = a_life(shop)
    with read(shop) as connection:
        found = own_data.collect(connection, "main", key, NOW)
    assert found == json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.requirement("PR-10")
def test_what_is_of_others_is_left_out(shop: Engine) -> None:
    key = a_life(shop)
    with read(shop) as connection:
        text = json.dumps(own_data.collect(connection, "main", key, NOW), ensure_ascii=False)
    for others in (ANA, LUIS, "ines", "doctor", "Luis", '"Ana"', "user:"):
        assert others not in text
    assert "31.17" not in text  # the rate of the group: no amount is part of it


@pytest.mark.requirement("PR-10")
def test_it_is_read_in_the_language_of_the_person(app: Flask, shop: Engine) -> None:
    key = a_life(shop)
    with read(shop) as connection:
        data = own_data.collect(connection, "main", key, NOW)
    with app.test_request_context():
        page = readable.page(data, "en", served=False)
    assert '<html lang="fr">' in page
    for words in ("Chloé Quenneville", "4711", "la grue manquait", "data:image/jpeg;base64,", "un collègue"):
        assert words in page
    assert "What is kept of you" not in page
    assert not [word for word in (ANA, LUIS, "doctor", "http://", "https://", "/static/") if word in page]
    assert "<p>la grue manquait" not in page and "Rates of pay" not in page


def test_nobody_has_no_data(shop: Engine) -> None:
    with read(shop) as connection, pytest.raises(LookupError):
        own_data.collect(connection, "main", "nobody", NOW)
