"""Facts of a device that cannot send them itself: saved to a file there, brought in by another device or by a lead.

They stay the first device's: stored under its id, counted among its numbers, marked with who brought them. Whatever
comes again, from the file or from the device once it works, is known by its id and stored once. Of a device that was
shut out only a lead brings in facts.
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from server.intake.accept import Sender, accept, keep_notes
from server.intake.photos import MOST_BYTES, SALT, accept_photo
from server.problems import Problem
from server.store import people, teams
from server.store.database import write
from server.store.teams import Reach
from sync.core.canonical import BadJson, parse
from sync.events.base import UUID_PATTERN

TOGETHER = 500
FORM = 1
# What a fact calls the one it ends, corrects or answers.
ANSWERS = ("start_id", "target_id", "replacement_id", "call_id")


@dataclass(slots=True)
class Rescued:
    """What came of a file of a device (`device`: its name): how many facts by verdict, and photos by what became of
    them."""

    id: str
    device: str
    facts: Counter[str] = field(default_factory=Counter)
    photos: Counter[str] = field(default_factory=Counter)


def relayed(connection: Connection, site: str, origin: str, by: str) -> Sender:
    """The device `origin` as sender of facts that `by`, another device, brings in. Raises Problem."""
    found = people.device_of_id(connection, site, origin) if re.fullmatch(UUID_PATTERN, origin) else None
    if found is None:
        raise Problem("relay.device_unknown", pointer="/relayed_from")
    if found.revoked_at is not None:
        raise Problem("relay.device_revoked", pointer="/relayed_from")
    return Sender(found.id, is_device=True, relayed_by=by)


def take_in(engine: Engine, site: str, content: bytes, user: str, now: int, reach: Reach = None) -> Rescued:
    """Take in the file of a device, for a user. Raises Problem for a file that is none, of a device unknown here, or
    with facts of people beyond the user's reach.

    In lots, each committed: what is in stays in when a later one fails, and the file may be taken in again.
    """
    file = _read(content)
    with write(engine) as connection:
        found = people.device_of_id(connection, site, file["device"]["id"])
        outside = _names_others(connection, site, file["events"], reach)
    if found is None:
        raise Problem("relay.device_unknown")
    if outside:  # all or nothing: a half of what a person did would be no rescue
        raise Problem("team.outside")
    sender = Sender(found.id, is_device=True, relayed_by=f"user:{user}")
    rescued = Rescued(found.id, found.name)
    events, notes = file["events"], file.get("notes")
    for first in range(0, len(events), TOGETHER):
        lot = events[first : first + TOGETHER]
        with write(engine) as connection:
            rescued.facts.update(verdict.verdict for verdict in accept(connection, site, sender, lot, now))
            if isinstance(notes, dict):
                named = {event.get("id") for event in lot if isinstance(event, dict)}
                mine = {event_id: note for event_id, note in notes.items() if event_id in named}
                keep_notes(connection, site, mine, lot)
    for event_id, salt, jpeg in _photos(file):
        with write(engine) as connection:
            rescued.photos[_keep(connection, site, event_id, salt, jpeg, now)] += 1
    return rescued


def _names_others(connection: Connection, site: str, events: list[Any], reach: Reach) -> bool:
    """Whether facts are about people beyond reach, or answer facts that are."""
    if reach is None:
        return False
    told = [event for event in events if isinstance(event, dict)]
    people_named = {who for event in told if isinstance(who := event.get("person"), str)}
    answered = {one for event in told for name in ANSWERS if isinstance(one := event.get(name), str)}
    known = teams.facts(connection, site, None, answered)
    return bool(
        people_named - teams.people(connection, site, reach, people_named)
        or known - teams.facts(connection, site, reach, answered)
    )


def _read(content: bytes) -> dict[str, Any]:
    try:
        file = parse(content)
    except BadJson as wrong:
        raise Problem("relay.not_a_rescue", wrong.detail) from wrong
    device = file.get("device") if isinstance(file, dict) else None
    sound = (
        isinstance(device, dict)
        and isinstance(device.get("id"), str)
        and re.fullmatch(UUID_PATTERN, device["id"]) is not None
        and file.get("floorledger") == "rescue"
        and file.get("version") == FORM
        and isinstance(file.get("events"), list)
    )
    if not sound:
        raise Problem("relay.not_a_rescue")
    return dict(file)


def _photos(file: dict[str, Any]) -> Iterator[tuple[str, str, bytes]]:
    """(fact, salt, picture) of the photos in a file, as far as they are any."""
    photos = file.get("photos")
    for event_id, photo in photos.items() if isinstance(photos, dict) else ():
        salt, text = (photo.get("salt"), photo.get("jpeg")) if isinstance(photo, dict) else (None, None)
        if not re.fullmatch(UUID_PATTERN, event_id):
            continue
        if isinstance(salt, str) and SALT.fullmatch(salt) and isinstance(text, str) and len(text) < 2 * MOST_BYTES:
            try:
                yield event_id, salt, base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                continue


def _keep(connection: Connection, site: str, event_id: str, salt: str, jpeg: bytes, now: int) -> str:
    try:
        return accept_photo(connection, site, event_id, salt, jpeg, now)
    except Problem:
        return "refused"
