"""Made-up people for tests of privacy: hired, at work, erased."""

import hashlib
from typing import Any

from sqlalchemy import Engine

from server.intake.accept import keep_notes
from server.store import erasure, plant, rewrite
from server.store.database import read, write
from tests.cast import raw, send

NOW = 1_795_200_000_000
SALT = "00112233445566778899aabbccddeeff"


def people_of(count: int) -> list[dict[str, Any]]:
    """Made-up people nobody else is called like."""
    return [
        {"number": f"Q7345-{place:05}", "name": f"Zélie{place:03}x Quenneville{place:03}y", "rate_group": "G1",
         "department": "D1", "language": "fr"}
        for place in range(count)
    ]  # fmt: skip


def hire(engine: Engine, count: int) -> list[erasure.Person]:
    with write(engine) as connection:
        change = plant.put(connection, "main", "people", people_of(count))
    with read(engine) as connection:
        found = [erasure.find(connection, "main", row["key"]) for row in change.added]
    return [person for person in found if person]


def note_of(words: str) -> tuple[str, dict[str, str]]:
    return hashlib.sha256((SALT + words).encode()).hexdigest(), {"salt": SALT, "text": words}


def worked(engine: Engine, person: erasure.Person, words: str = "") -> str:
    """An hour told afterwards, with a note; returns the fact's id."""
    told, note = note_of(words or f"{person.name} waited for the crane")
    fact = raw("labor.declared", "2026-11-20T08:00:00Z", person=person.key, activity="run", order="MO-1",
               operation="10", duration_ms=3_600_000, note_digest=told)  # fmt: skip
    assert send(engine, [fact])[0].verdict == "created"
    with write(engine) as connection:
        keep_notes(connection, "main", {fact["id"]: note}, [fact])
    return str(fact["id"])


def erase(engine: Engine, *people: erasure.Person) -> list[erasure.Erased]:
    done = []
    for person in people:
        with write(engine) as connection:
            done.append(erasure.erase(connection, "main", person, NOW))
            rewrite.ask(connection, "main", NOW)
    return done
