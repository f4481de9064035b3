"""What was erased or has expired, by id and fingerprint: so that it does not come back.

A tablet may sleep for a year and send again whatever it still holds. It is told that the fact exists, as for any other
it sent twice, forgets it, and nothing is stored. Notes and photos go the same way, and a person who was erased is not
filled in again from an old file.
"""

from collections.abc import Collection, Iterable
from typing import Literal

from sqlalchemy import Connection, Table, select

from server.store.intake_log import insert_new
from server.store.lists import among
from server.store.tables import TABLES

TOMBSTONE: Table = TABLES["tombstone"]
Kind = Literal["event", "note", "photo", "person"]


def lay(connection: Connection, site: str, kind: Kind, things: Iterable[tuple[str, str]], now: int) -> None:
    """Remember (id, fingerprint) of what goes; what is remembered already stays as it is."""
    rows = [
        {"site": site, "kind": kind, "id": identity, "digest": digest, "sender": "", "erased_at": now}
        for identity, digest in things
    ]
    if rows:
        connection.execute(insert_new(connection, TOMBSTONE), rows)


def bury_events(connection: Connection, site: str, event_ids: Collection[str], now: int) -> int:
    """Take facts away that carry no cost, with what lies beside them; how many. Their numbers stay taken."""
    event, beside = TABLES["event"], ("note", "photo", "finding")
    here = (event.c.site == site, among(connection, event.c.id, event_ids))
    found = connection.execute(select(event.c.id, event.c.digest, event.c.sender, event.c.device_seq).where(*here))
    rows = [{"site": site, "kind": "event", "erased_at": now, **row._mapping} for row in found]
    if not rows:
        return 0
    connection.execute(insert_new(connection, TOMBSTONE), rows)
    for name in beside:
        table = TABLES[name]
        connection.execute(table.delete().where(table.c.site == site, among(connection, table.c.event_id, event_ids)))
    connection.execute(event.delete().where(*here))
    return len(rows)


def standing(connection: Connection, site: str, kind: Kind, ids: Collection[str]) -> set[str]:
    """Those of these ids that were erased."""
    if not ids:
        return set()
    its = (TOMBSTONE.c.site == site, TOMBSTONE.c.kind == kind, among(connection, TOMBSTONE.c.id, ids))
    return set(connection.scalars(select(TOMBSTONE.c.id).where(*its)))


def of_kind(connection: Connection, site: str, kind: Kind) -> dict[str, int]:
    """Everything of a kind that was erased, and when."""
    its = (TOMBSTONE.c.site == site, TOMBSTONE.c.kind == kind)
    query = select(TOMBSTONE.c.id, TOMBSTONE.c.erased_at).where(*its).order_by(TOMBSTONE.c.erased_at, TOMBSTONE.c.id)
    return {row.id: row.erased_at for row in connection.execute(query)}
