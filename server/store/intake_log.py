"""What intake keeps beside the facts: digests to compare with, conflicts, rejections, notes, device numbers."""

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Select, Table, and_, bindparam, func, literal, select, union, union_all, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from server.store.plant import chunks
from server.store.tables import TABLES
from sync.core.canonical import dump

EVENT: Table = TABLES["event"]
DEVICE: Table = TABLES["device"]
PHOTO: Table = TABLES["photo"]
TOMBSTONE: Table = TABLES["tombstone"]

# A device keeps what was acknowledged for a fortnight, which is fewer facts than these.
REMEMBERED = 10_000
MOST_GAPS = 100


def insert_new(connection: Connection, table: Table) -> Any:
    """INSERT that leaves rows alone whose key is there already."""
    return _insert_new(connection.dialect.name, table.name)


@cache
def _insert_new(dialect: str, table: str) -> Any:
    make = postgresql_insert if dialect == "postgresql" else sqlite_insert
    return make(TABLES[table]).on_conflict_do_nothing()


def digests(connection: Connection, site: str, event_ids: Collection[str]) -> dict[str, str]:
    """The digests of those of these facts that are stored, or were erased."""
    found: dict[str, str] = {}
    for part in chunks(event_ids):
        found.update((row[0], row[1]) for row in connection.execute(_DIGESTS, {"site": site, "ids": part}))
    return found


# Made once: building a statement costs as much as running it, and every lot of facts begins with this one.
_DIGESTS = union_all(
    select(EVENT.c.id, EVENT.c.digest).where(
        EVENT.c.site == bindparam("site"), EVENT.c.id.in_(bindparam("ids", expanding=True))
    ),
    select(TOMBSTONE.c.id, TOMBSTONE.c.digest).where(
        TOMBSTONE.c.site == bindparam("site"),
        TOMBSTONE.c.kind == literal("event"),
        TOMBSTONE.c.id.in_(bindparam("ids", expanding=True)),
    ),
)


def keep_conflicts(
    connection: Connection, site: str, sender: str, now: int, facts: Sequence[tuple[str, str, str]]
) -> None:
    """Keep (id, digest, body) beside the fact that has the id already."""
    rows = [
        {"site": site, "id": event_id, "digest": digest, "recorded_at": now, "sender": sender, "body": body}
        for event_id, digest, body in facts
    ]
    connection.execute(insert_new(connection, TABLES["event_conflict"]), rows)


def keep_rejections(
    connection: Connection, site: str, sender: str, now: int, refused: Sequence[tuple[str, str, str, str]]
) -> None:
    """Keep (claimed id, code, detail, text) of what was refused; the same text again is one row."""
    rows = [
        {
            "site": site,
            "digest": hashlib.sha256(text.encode()).hexdigest(),
            "event_id": ascii(claimed)[1:-1][:64],
            "recorded_at": now,
            "sender": sender,
            "code": code,
            "detail": detail.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00"),
            "body": text,
        }
        for claimed, code, detail, text in refused
    ]
    connection.execute(insert_new(connection, TABLES["rejection"]), rows)


def keep_notes(connection: Connection, site: str, notes: Sequence[tuple[str, str, str]]) -> None:
    """Keep (event id, salt, text), but for notes that were erased."""
    gone = _erased(connection, site, "note", [event_id for event_id, _, _ in notes])
    notes = [note for note in notes if note[0] not in gone]
    rows = [{"site": site, "event_id": event_id, "salt": salt, "text": text} for event_id, salt, text in notes]
    if rows:
        connection.execute(insert_new(connection, TABLES["note"]), rows)


def note_digests(connection: Connection, site: str, event_ids: Collection[str]) -> dict[str, str]:
    """What those of these facts that are stored say of their note; "" where they have none."""
    found: dict[str, str] = {}
    for part in chunks(event_ids):
        query = select(EVENT.c.id, EVENT.c.body).where(EVENT.c.site == site, EVENT.c.id.in_(part))
        found |= {row.id: json.loads(row.body).get("note_digest") or "" for row in connection.execute(query)}
    return found


def _erased(connection: Connection, site: str, kind: str, ids: Collection[str]) -> set[str]:
    here = (TOMBSTONE.c.site == site, TOMBSTONE.c.kind == kind, TOMBSTONE.c.id.in_(ids))
    return set(connection.scalars(select(TOMBSTONE.c.id).where(*here))) if ids else set()


def is_erased(connection: Connection, site: str, kind: str, identity: str) -> bool:
    """Whether this fact, note or photo was here and was erased."""
    return bool(_erased(connection, site, kind, [identity]))


def body_of(connection: Connection, site: str, event_id: str) -> str | None:
    """A stored fact as it came."""
    return connection.scalar(select(EVENT.c.body).where(EVENT.c.site == site, EVENT.c.id == event_id))


def keep_photo(connection: Connection, site: str, event_id: str, salt: str, jpeg: bytes, now: int) -> bool:
    """Keep the photo of a fact; False when it is here already, or was erased."""
    if has_photo(connection, site, event_id) or is_erased(connection, site, "photo", event_id):
        return False
    row = {"site": site, "event_id": event_id, "salt": salt, "jpeg": jpeg, "recorded_at": now}
    connection.execute(insert_new(connection, PHOTO), row)
    return True


def photo(connection: Connection, site: str, event_id: str) -> bytes | None:
    """The photo beside a fact; None when there is none, it has not arrived, or it was erased."""
    return connection.scalar(select(PHOTO.c.jpeg).where(PHOTO.c.site == site, PHOTO.c.event_id == event_id))


def has_photo(connection: Connection, site: str, event_id: str) -> bool:
    """Whether the photo of a fact is here."""
    query = select(PHOTO.c.event_id).where(PHOTO.c.site == site, PHOTO.c.event_id == event_id)
    return connection.scalar(query) is not None


def note_contact(connection: Connection, site: str, device: str, now: int, clock_offset_ms: int | None) -> None:
    """The device sent, and said how far its clock is off (None: it did not say)."""
    told = {} if clock_offset_ms is None else {"clock_offset_ms": clock_offset_ms}
    here = update(DEVICE).where(DEVICE.c.site == site, DEVICE.c.id == device)
    connection.execute(here.values(seen_at=now, **told))


def note_sequence(connection: Connection, site: str, device: str, announced: Mapping[int, str]) -> None:
    """Note the highest number; two facts under one number are a fork, which a finding tells."""
    if announced:
        query = select(EVENT.c.device_seq, EVENT.c.id).where(
            EVENT.c.site == site, EVENT.c.sender == device, EVENT.c.device_seq.in_(list(announced))
        )
        forks = [
            {"site": site, "code": "device.fork", "event_id": event_id, "params": dump({"sequence": str(number)})}
            for number, event_id in connection.execute(query)
            if announced[number] != event_id
        ]
        if forks:
            connection.execute(insert_new(connection, TABLES["finding"]), forks)
    highest = max(announced, default=0)
    greatest = func.max if connection.dialect.name == "sqlite" else func.greatest
    connection.execute(
        update(DEVICE)
        .where(DEVICE.c.site == site, DEVICE.c.id == device)
        .values(last_seq=greatest(DEVICE.c.last_seq, highest))
    )


def forks(connection: Connection, site: str) -> dict[str, list[tuple[str, str]]]:
    """(number, fact) where two facts of a device bear one number, by device: the trace of a copied or restored one."""
    finding = TABLES["finding"]
    here = and_(EVENT.c.site == finding.c.site, EVENT.c.id == finding.c.event_id)
    query = select(EVENT.c.sender, EVENT.c.device_seq, EVENT.c.id).join(finding, here)
    query = query.where(finding.c.site == site, finding.c.code == "device.fork")
    found: dict[str, list[tuple[str, str]]] = {}
    for sender, number, event_id in connection.execute(query.order_by(EVENT.c.sender, EVENT.c.device_seq)):
        found.setdefault(sender, []).append((str(number), event_id))
    return found


def missing_numbers(connection: Connection, site: str) -> dict[str, list[tuple[int, int]]]:
    """The gaps (first, last) in each device's numbers, from the first it sent as this device to the highest one.

    A refused or conflicting fact has arrived too. Devices without a gap are left out; only those whose count does not
    add up are looked at number by number.
    """
    numbered = and_(EVENT.c.site == site, EVENT.c.device_seq.is_not(None))
    seen = func.count(EVENT.c.device_seq.distinct())
    first, last = func.min(EVENT.c.device_seq), func.max(EVENT.c.device_seq)
    counted = select(EVENT.c.sender).where(numbered).group_by(EVENT.c.sender).having(seen < last - first + 1)
    gaps: dict[str, list[tuple[int, int]]] = {}
    for device in connection.scalars(counted).all():
        mine = select(EVENT.c.device_seq).where(numbered, EVENT.c.sender == device)
        buried = _erased_numbers(site, device)
        arrived = {*connection.scalars(union(mine, buried)), *_refused_numbers(connection, site, device)}
        found = []
        for before, after in pairwise(sorted(arrived)):
            if after > before + 1:
                found.append((before + 1, after - 1))
        if found:
            gaps[device] = found
    return gaps


def missing_of(connection: Connection, site: str, device: str, last: int) -> list[tuple[int, int]]:
    """The numbers (first, last) up to `last` under which no fact of this device is stored, the newest gaps only.

    For the device itself, which knows what became of each: one that was refused is missing, too, and so is one that was
    sent under an earlier enrolment. Numbers older than a device remembers are not looked at.
    """
    low = max(1, last - REMEMBERED + 1)
    mine = and_(EVENT.c.site == site, EVENT.c.sender == device, EVENT.c.device_seq.between(low, last))
    buried = _erased_numbers(site, device).where(TOMBSTONE.c.device_seq.between(low, last))
    numbers = union(select(EVENT.c.device_seq.label("number")).where(mine), buried).subquery()
    if connection.scalar(select(func.count()).select_from(numbers)) == last - low + 1:
        return []
    before = func.coalesce(func.lag(numbers.c.number).over(order_by=numbers.c.number), low - 1).label("before")
    pairs = select(before, numbers.c.number).subquery()
    query = select(pairs.c.before + 1, pairs.c.number - 1).where(pairs.c.number > pairs.c.before + 1)
    return [(row[0], row[1]) for row in connection.execute(query.order_by(pairs.c.number.desc()).limit(MOST_GAPS))]


def keep_doubts(connection: Connection, site: str, sender: str, doubts: Mapping[str, int]) -> None:
    """Note by how many milliseconds the instants of these facts of a device seem to be off: a finding of each."""
    rows = []
    for part in chunks(doubts):
        query = select(EVENT.c.id).where(EVENT.c.site == site, EVENT.c.sender == sender, EVENT.c.id.in_(part))
        for event_id in connection.scalars(query):
            seconds = round(doubts[event_id] / 1000)
            rows.append(
                {"site": site, "code": "device.clock_set", "event_id": event_id,
                 "params": dump({"seconds": f"{seconds:+d}"})}
            )  # fmt: skip
    if rows:
        connection.execute(insert_new(connection, TABLES["finding"]), rows)


def _erased_numbers(site: str, device: str) -> Select[tuple[int]]:
    here = (TOMBSTONE.c.site == site, TOMBSTONE.c.sender == device, TOMBSTONE.c.device_seq.is_not(None))
    return select(TOMBSTONE.c.device_seq.label("number")).where(*here)


def _refused_numbers(connection: Connection, site: str, device: str) -> Iterator[int]:
    for name in ("rejection", "event_conflict"):
        table = TABLES[name]
        for body in connection.scalars(select(table.c.body).where(table.c.site == site, table.c.sender == device)):
            # A rejected body may be cut, or no JSON at all: then its number is not known.
            if told := re.search(r'"device_seq": ?([1-9][0-9]{0,15})\b', body):
                yield int(told[1])
