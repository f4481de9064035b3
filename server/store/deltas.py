"""What changed in the reference data since a snapshot a phone holds: a few kilobytes instead of all of it.

The store remembers, for each part of the newest snapshot (an order, a person, a code ...), a short digest and when it
last changed, as a sequence number; and for each version it gave out, the sequence it stood at. So the change since any
version is what has a later sequence: one row a part however many versions there were, the same for all processes, and
there after a restart. A version nobody remembers (put away, or from before a restore) has no delta: then the whole
snapshot is sent.

Whoever applies a delta removes what is `gone`, puts in what is `changed`, and sorts: people by name and key, the other
lists by their key.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, select, update

from server.store.intake_log import insert_new
from server.store.tables import TABLES
from sync.core.canonical import dump

VERSION: Table = TABLES["reference_version"]
PART: Table = TABLES["reference_part"]
SITE: Table = TABLES["site"]

REMEMBERED_MS = 45 * 86_400_000
"""A tablet that slept longer gets the whole snapshot."""
SEPARATOR = "\n"
# What tells the parts of each list apart.
KEYS: dict[str, tuple[str, ...]] = {
    "people": ("key",), "orders": ("code",), "items": ("code",), "machines": ("code",), "work_centers": ("code",),
    "locations": ("code",), "activities": ("code",), "reasons": ("code", "kind"), "lots": ("item", "lot"),
    "open": ("id",),
}  # fmt: skip


def parts(snapshot: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """The parts of a snapshot by (list, key)."""
    found: dict[tuple[str, str], Any] = {}
    for kind, names in KEYS.items():
        for thing in snapshot[kind]:
            found[kind, SEPARATOR.join(thing[name] for name in names)] = thing
    for code, label in snapshot["codes"].items():
        found["codes", code] = label
    return found


def is_newest(connection: Connection, site: str, version: str) -> bool:
    """Whether this is the version remembered last."""
    query = select(VERSION.c.version).where(VERSION.c.site == site).order_by(VERSION.c.sequence.desc()).limit(1)
    return connection.scalar(query) == version


def remember(connection: Connection, site: str, snapshot: Mapping[str, Any], now: int) -> None:
    """Remember what changed with this snapshot, the newest. Needs a transaction that may write."""
    # One at a time: sequence numbers follow one another (on SQLite whoever writes is alone anyway).
    connection.execute(select(SITE.c.code).where(SITE.c.code == site).with_for_update())
    digests = {place: sha256(dump(thing).encode()).hexdigest()[:16] for place, thing in parts(snapshot).items()}
    query = select(PART.c.kind, PART.c.key, PART.c.digest).where(PART.c.site == site)
    stored = {(kind, key): digest for kind, key, digest in connection.execute(query)}
    sequence = (connection.scalar(select(func.max(VERSION.c.sequence)).where(VERSION.c.site == site)) or 0) + 1
    changed = {place: digest for place, digest in digests.items() if stored.get(place) != digest}
    gone = {place: "" for place, digest in stored.items() if digest and place not in digests}
    rows = [
        {"site": site, "kind": kind, "key": key, "digest": digest, "sequence": sequence}
        for (kind, key), digest in {**changed, **gone}.items()
    ]
    if known := [row for row in rows if (row["kind"], row["key"]) in stored]:
        connection.execute(_CHANGE, [{f"_{name}": value for name, value in row.items()} for row in known])
    if new := [row for row in rows if (row["kind"], row["key"]) not in stored]:
        connection.execute(insert_new(connection, PART), new)
    _forget(connection, site, snapshot["version"], now)
    given = {"site": site, "version": snapshot["version"], "sequence": sequence, "made_at": now}
    connection.execute(insert_new(connection, VERSION), [given])


_CHANGE = (
    update(PART)
    .where(*(PART.c[name] == bindparam(f"_{name}") for name in ("site", "kind", "key")))
    .values(digest=bindparam("_digest"), sequence=bindparam("_sequence"))
)


def _forget(connection: Connection, site: str, version: str, now: int) -> None:
    """Put away old versions, this one's earlier place in time, and what was gone before the oldest one left."""
    old = and_(VERSION.c.site == site, VERSION.c.made_at < now - REMEMBERED_MS)
    connection.execute(delete(VERSION).where(old))
    connection.execute(delete(VERSION).where(VERSION.c.site == site, VERSION.c.version == version))
    oldest = connection.scalar(select(func.min(VERSION.c.sequence)).where(VERSION.c.site == site))
    gone = and_(PART.c.site == site, PART.c.digest == "")
    if oldest is not None:
        gone = and_(gone, PART.c.sequence <= oldest)
    connection.execute(delete(PART).where(gone))


def delta(connection: Connection, site: str, since: str, snapshot: Mapping[str, Any]) -> dict[str, Any] | None:
    """How to get from version `since` to this snapshot; None where the whole has to be sent."""
    begin, end = _sequence(connection, site, since), _sequence(connection, site, snapshot["version"])
    if begin is None or end is None or begin > end:
        return None
    query = select(PART.c.kind, PART.c.key).where(PART.c.site == site, PART.c.sequence > begin)
    here = parts(snapshot)
    changed: dict[str, Any] = {}
    gone: dict[str, list[Any]] = {}
    for kind, key in connection.execute(query.order_by(PART.c.kind, PART.c.key)):
        thing = here.get((kind, key))
        if thing is None:
            gone.setdefault(kind, []).append(key.split(SEPARATOR) if len(KEYS.get(kind, ("",))) > 1 else key)
        elif kind == "codes":
            changed.setdefault(kind, {})[key] = thing
        else:
            changed.setdefault(kind, []).append(thing)
    told = {"since": since, "version": snapshot["version"], "changed": changed, "gone": gone}
    return {**told, "site": snapshot["site"], "settings": snapshot["settings"]}


def applied(snapshot: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """The snapshot a delta leads to: what a phone does with it, written down once more."""
    result: dict[str, Any] = {name: change[name] for name in ("version", "site", "settings")}
    for kind, names in KEYS.items():
        by_key = {tuple(thing[name] for name in names): thing for thing in snapshot[kind]}
        for key in change["gone"].get(kind, ()):
            by_key.pop(tuple(key) if isinstance(key, list) else (key,), None)
        for thing in change["changed"].get(kind, ()):
            by_key[tuple(thing[name] for name in names)] = thing
        result[kind] = _sorted(kind, by_key.values())
    leaving = set(change["gone"].get("codes", ()))
    staying = {code: label for code, label in snapshot["codes"].items() if code not in leaving}
    result["codes"] = {**staying, **change["changed"].get("codes", {})}
    return result


def _sorted(kind: str, things: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    by = ("name", "key") if kind == "people" else KEYS[kind]
    return sorted(things, key=lambda thing: tuple(thing[name] for name in by))


def _sequence(connection: Connection, site: str, version: str) -> int | None:
    query = select(VERSION.c.sequence).where(VERSION.c.site == site, VERSION.c.version == version)
    found: int | None = connection.scalar(query)
    return found
