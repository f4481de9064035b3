"""Who was given names or numbers of people, and who must therefore be told when somebody is erased."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from server.store.intake_log import insert_new
from server.store.tables import TABLES

DISCLOSURE: Table = TABLES["disclosure"]
NOTICE: Table = TABLES["erasure_notice"]
# That somebody reads once more is written at most so often.
AGAIN_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who was given names: "token:ID", "user:NAME", "sink:NAME", and what people call it."""

    receiver: str
    name: str
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class Notice:
    """That a receiver has to be told of an erasure. `person`: the key, which the receiver was given with the name."""

    person: str
    receiver: str
    name: str
    made_at: int
    told_at: int | None
    told_by: str


def note(connection: Connection, site: str, receiver: str, name: str, now: int) -> None:
    """Somebody is given names of people at this moment."""
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    row = {"site": site, "receiver": receiver[:80], "name": name[:200], "first_at": now, "last_at": now}
    connection.execute(
        insert(DISCLOSURE)
        .values(row)
        .on_conflict_do_update(index_elements=["site", "receiver"], set_={"last_at": now, "name": row["name"]})
    )


def is_known(connection: Connection, site: str, receiver: str, now: int) -> bool:
    """Whether it is written down already that this receiver has names, a short while ago."""
    its = (DISCLOSURE.c.site == site, DISCLOSURE.c.receiver == receiver[:80], DISCLOSURE.c.last_at > now - AGAIN_MS)
    return connection.scalar(select(DISCLOSURE.c.receiver).where(*its)) is not None


def receivers(connection: Connection, site: str) -> list[Receiver]:
    """All of them, the latest first."""
    query = select(DISCLOSURE.c.receiver, DISCLOSURE.c.name, DISCLOSURE.c.first_at, DISCLOSURE.c.last_at)
    query = query.where(DISCLOSURE.c.site == site).order_by(DISCLOSURE.c.last_at.desc(), DISCLOSURE.c.receiver)
    return [Receiver(*row) for row in connection.execute(query)]


def notify(connection: Connection, site: str, person: str, now: int) -> list[str]:
    """Keep a notice for each receiver that this person is erased; returns what the receivers are called."""
    found = receivers(connection, site)
    rows = [
        {"site": site, "person": person, "receiver": one.receiver, "name": one.name, "made_at": now, "told_by": ""}
        for one in found
    ]
    if rows:
        connection.execute(insert_new(connection, NOTICE), rows)
    return [one.name for one in found]


def notices(connection: Connection, site: str) -> Sequence[Notice]:
    """All notices, those nobody was told of first, then the latest."""
    names = ("person", "receiver", "name", "made_at", "told_at", "told_by")
    query = select(*(NOTICE.c[name] for name in names)).where(NOTICE.c.site == site)
    query = query.order_by(NOTICE.c.told_at.is_not(None), NOTICE.c.made_at.desc(), NOTICE.c.person, NOTICE.c.receiver)
    return [Notice(*row) for row in connection.execute(query)]


def told(connection: Connection, site: str, person: str, receiver: str, by: str, now: int) -> bool:
    """The receiver was told; False when there is no such notice that waits."""
    its = (NOTICE.c.site == site, NOTICE.c.person == person, NOTICE.c.receiver == receiver, NOTICE.c.told_at.is_(None))
    return connection.execute(update(NOTICE).where(*its).values(told_at=now, told_by=by)).rowcount == 1
