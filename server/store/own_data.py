"""Everything kept of one person, for that person (GDPR article 15): readable, as plain JSON values.

What is of others is left out: who else worked, who declared or corrected something, who looked. Of them it says what
they were (a colleague, somebody at a desk), never who. Amounts are not part of it: entries hold no person, and rates of
pay come from payroll (`server/privacy`).
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, func, or_, select

from server.store import audit, disclosures, erasure, facts, plant, retention
from server.store.tables import TABLES
from sync.core.clock import format_instant

FORM = "floorledger.own_data/1"
EVENT, NOTE, PHOTO, PIN = TABLES["event"], TABLES["note"], TABLES["photo"], TABLES["pin"]
# Of a fact, what says how it travelled and not what was done.
TRAVEL = {
    "id", "type", "version", "occurred_at", "person", "declared_by", "device_seq", "boot_id", "monotonic_ms",
    "clock_offset_ms", "note_digest", "photo_digest", "source", "source_row", "source_repeat",
}  # fmt: skip
DATA = frozenset({"operational", "personal", "wage"})
CORRECTIONS = ("event.voided", "event.replaced", "event.approved", "event.declined")


def summary(connection: Connection, site: str, key: str) -> dict[str, Any]:
    """Who somebody is here, and how much is kept. Raises LookupError for nobody."""
    rows = plant.rows(connection, site, "people", "key", {key})
    if not rows:
        raise LookupError(key)
    row = rows[0]
    departments = {one["code"]: one["name"] for one in plant.rows(connection, site, "departments")}
    pin = connection.scalar(select(PIN.c.set_at).where(PIN.c.site == site, PIN.c.person == key))
    mine = select(EVENT.c.id).where(EVENT.c.site == site, EVENT.c.person == key)

    def count(table: Table, *where: ColumnElement[bool]) -> int:
        return connection.scalar(select(func.count()).select_from(table).where(table.c.site == site, *where)) or 0

    return {
        "person": {
            "key": key, "number": row["number"] or "", "name": row["name"], "rate_group": row["rate_group"],
            "department": departments.get(row["department"], row["department"]), "calendar": row["calendar"],
            "language": row["language"], "works_here": row["active"],
        },
        "badge": plant.letters_by_reference(connection, site, "person").get(key, ""),
        "pin_set_at": format_instant(pin) if pin else None,
        "counts": {
            "facts": count(EVENT, EVENT.c.person == key),
            "corrections": count(EVENT, EVENT.c.type.in_(CORRECTIONS), EVENT.c.target.in_(mine)),
            "beside": count(NOTE, NOTE.c.event_id.in_(mine)) + count(PHOTO, PHOTO.c.event_id.in_(mine)),
            "lines": audit.count(connection, site, audit.Search(DATA, subject=key)),
        },
    }  # fmt: skip


def collect(connection: Connection, site: str, key: str, now: int) -> dict[str, Any]:
    """All of it, photos as base64. Reads every fact, to find those somebody told of others. Raises UnknownSite;
    LookupError for nobody."""
    place = plant.site_row(connection, site)
    who = summary(connection, site, key)
    person = who["person"]
    own = _facts(connection, site, key)
    ids = {fact.id for fact in own}
    acting = [fact for fact in facts.targeting(connection, site, ids) if fact.event.type in CORRECTIONS]
    names = facts.senders(connection, site, {fact.sender for fact in own})
    mentions = erasure.Mentions(person["name"], person["number"])
    return {
        "form": FORM,
        "made_at": format_instant(now),
        "site": {"code": place["code"], "name": place["name"], "zone": place["zone"]},
        "person": person,
        "badge": who["badge"],
        "pin_set_at": who["pin_set_at"],
        "facts": [_told(connection, site, fact, key, names, acting) for fact in own],
        "corrections": [
            {"id": fact.id, "type": fact.event.type, "at": format_instant(fact.event.occurred_at),
             "of": getattr(fact.event, "target_id", ""), "reason": getattr(fact.event, "reason", "") or "",
             "instead": getattr(fact.event, "replacement_id", None) or "", "by": _who(fact.event.declared_by, key)}
            for fact in acting
        ],
        "notes_of_others": _named_in(connection, site, key, ids, mentions),
        "refused": _refused(connection, site, key, mentions),
        "trail": [
            {"at": format_instant(line.at), "action": line.action}
            for line in audit.lines(connection, site, audit.Search(DATA, subject=key))
        ],
        "given_to": [
            {"name": one.name, "last_at": format_instant(one.last_at)}
            for one in disclosures.receivers(connection, site)
            if not one.receiver.startswith("user:")
        ],
        "kept_months": retention.terms(connection, site),
    }  # fmt: skip


def _facts(connection: Connection, site: str, key: str) -> list[facts.Fact]:
    """Facts about somebody, and those somebody told of others, oldest first."""
    said = EVENT.c.body.contains(f'"declared_by":"{key}"', autoescape=True)
    query = select(EVENT.c.id).where(EVENT.c.site == site, or_(EVENT.c.person == key, said))
    return facts.by_ids(connection, site, set(connection.scalars(query)))


def _told(
    connection: Connection,
    site: str,
    fact: facts.Fact,
    key: str,
    names: dict[str, str],
    acting: Iterable[facts.Fact],
) -> dict[str, Any]:
    body = json.loads(fact.body)
    told: dict[str, Any] = {
        "id": fact.id,
        "type": fact.event.type,
        "at": format_instant(fact.event.occurred_at),
        "received_at": format_instant(fact.recorded_at),
        "about": _who(fact.event.person, key),
        "told_by": _who(fact.event.declared_by, key) if fact.event.declared_by else "",
        "device": names.get(fact.sender, ""),
        "state": fact.state,
        "reason": fact.reason,
        "values": {name: value for name, value in body.items() if name not in TRAVEL and value is not None},
        "corrected_by": [one.id for one in acting if getattr(one.event, "target_id", "") == fact.id],
    }
    if "note_digest" in body and (note := facts.note(connection, site, fact.id)):
        told["note"] = note
    if "photo_digest" in body:
        jpeg = connection.scalar(select(PHOTO.c.jpeg).where(PHOTO.c.site == site, PHOTO.c.event_id == fact.id))
        if jpeg is not None:
            told["photo"] = base64.b64encode(jpeg).decode()
    return told


def _who(named: str | None, key: str) -> str:
    """What somebody is to the reader: self, colleague, desk (whoever signs in there), or nobody ("")."""
    if not named:
        return ""
    if named == key:
        return "self"
    return "desk" if named.startswith("user:") else "colleague"


def _named_in(
    connection: Connection, site: str, key: str, own: Iterable[str], mentions: erasure.Mentions
) -> list[dict[str, str]]:
    """Notes beside facts of others that name the person: the words are about the reader, too. The names of others who
    stand there are left out."""
    query = select(NOTE.c.event_id, NOTE.c.text).where(NOTE.c.site == site).order_by(NOTE.c.event_id)
    mine = set(own)
    found = [(row.event_id, row.text) for row in connection.execute(query) if row.event_id not in mine]
    found = [(event_id, words) for event_id, words in found if mentions(words)]
    if not found:
        return []
    everybody = plant.rows(connection, site, "people")
    others = [erasure.Mentions(row["name"]) for row in everybody if row["key"] != key and row["name"]]
    told = []
    for event_id, words in found:
        for other in others:
            words = other.without(words)
        told.append({"fact": event_id, "note": words})
    return told


def _refused(connection: Connection, site: str, key: str, mentions: erasure.Mentions) -> list[dict[str, str]]:
    """What was sent about the person and not taken: when and why."""
    table = TABLES["rejection"]
    query = select(table.c.recorded_at, table.c.code, table.c.body).where(table.c.site == site, table.c.body != "")
    return [
        {"at": format_instant(row.recorded_at), "because": row.code}
        for row in connection.execute(query.order_by(table.c.recorded_at, table.c.digest))
        if f'"{key}"' in row.body or mentions.in_json(row.body)
    ]
