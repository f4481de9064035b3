"""All rows of a database out of it and into another: what a backup holds, and what a restore puts back.

Rows travel as they are, table by table, from one state of the database; either database takes what the other gave. What
went away or was shut out after a backup was made must not come back with it: `carry_over`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, MetaData, column, delete, func, insert, select, table, text, update

from server.store import erasure, ledger, sites, tombstones
from server.store.database import open_engine, read
from server.store.sqlite import sqlite3
from server.store.tables import TABLES, Base

# Rows of one INSERT.
CHUNK = 2_000


@contextmanager
def still(engine: Engine, folder: Path) -> Iterator[Connection]:
    """One state of the database, while others go on writing.

    PostgreSQL keeps the state for us. On SQLite whoever reads for long keeps writers waiting, so the file is copied
    first, which takes seconds, into `folder` (as private as the database itself), and removed afterwards.
    """
    if engine.dialect.name != "sqlite":
        with read(engine) as connection:
            yield connection
        return
    path = folder / "copy.sqlite"
    raw = engine.raw_connection()
    try:
        source = raw.driver_connection
        assert isinstance(source, sqlite3.Connection)
        target = sqlite3.connect(path)
        try:
            source.backup(target)
        finally:
            target.close()
    finally:
        raw.close()
    copy = open_engine(f"sqlite:///{path}")
    try:
        with read(copy) as connection:
            yield connection
    finally:
        copy.dispose()
        for left in folder.glob("copy.sqlite*"):
            left.unlink()


def rows(connection: Connection) -> Iterator[tuple[str, list[str], Iterator[Sequence[Any]]]]:
    """Name, columns and rows of each table."""
    for found in Base.metadata.sorted_tables:
        names = [one.name for one in found.columns]
        yield found.name, names, iter(connection.execute(select(found)).yield_per(CHUNK))


def put(connection: Connection, name: str, columns: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
    """Rows into a table of the shape the backup has, which may be an older one than ours."""
    into = table(name, *(column(one) for one in columns))
    connection.execute(insert(into), [dict(zip(columns, row, strict=True)) for row in values])


def count(connection: Connection, name: str) -> int:
    """How many rows a table has."""
    return connection.scalar(select(func.count()).select_from(table(name))) or 0


def state(connection: Connection) -> dict[str, dict[str, Any]]:
    """What a copy must give again, for each site: lineage, end of the ledger, facts."""
    found = {}
    event = TABLES["event"]
    for code in sites.list_sites(connection):
        site, head = sites.find_site(connection, code), ledger.head(connection, code)
        facts = connection.scalar(select(func.count()).select_from(event).where(event.c.site == code))
        assert site is not None
        found[code] = {
            "lineage": site.lineage, "position": head.position, "batch": head.batch, "hash": head.hash, "facts": facts,
        }  # fmt: skip
    return found


def begin_history(connection: Connection) -> None:
    """A new lineage for each site, so that devices send again what they still hold and pullers compare; nobody stays
    signed in."""
    for code in sites.list_sites(connection):
        connection.execute(update(TABLES["site"]).where(TABLES["site"].c.code == code).values(lineage=str(uuid4())))
    connection.execute(delete(TABLES["session"]))


def carry_over(old: Connection, new: Connection, now: int) -> dict[str, int]:
    """What was erased, revoked or shut out after the backup was made stays so; how many, by kind.

    `old` is the database the restore replaces, in our shape; `new` the restored one.
    """
    told = {"erased": 0, "revoked": 0, "shut out": 0}
    tombstone = TABLES["tombstone"]
    for code in sites.list_sites(new):
        for row in old.execute(select(tombstone).where(tombstone.c.site == code)).all():
            if tombstones.standing(new, code, row.kind, [row.id]):
                continue
            told["erased"] += 1
            if row.kind == "person" and (person := erasure.find(new, code, row.id)):
                erasure.erase(new, code, person, now)
            elif row.kind == "event":
                tombstones.bury_events(new, code, [row.id], now)
            elif row.kind in ("note", "photo"):
                beside = TABLES[row.kind]
                new.execute(delete(beside).where(beside.c.site == code, beside.c.event_id == row.id))
            if not tombstones.standing(new, code, row.kind, [row.id]):
                new.execute(insert(tombstone).values(**row._mapping))
        for name in ("device", "api_token"):
            its = TABLES[name]
            gone = old.execute(
                select(its.c.id, its.c.revoked_at).where(its.c.site == code, its.c.revoked_at.is_not(None))
            )
            for row in gone.all():
                back = its.c.site == code, its.c.id == row.id, its.c.revoked_at.is_(None)
                told["revoked"] += new.execute(update(its).where(*back).values(revoked_at=row.revoked_at)).rowcount
        user = TABLES["user"]
        for name in old.scalars(select(user.c.name).where(user.c.site == code, ~user.c.active)).all():
            back = user.c.site == code, user.c.name == name, user.c.active
            told["shut out"] += new.execute(update(user).where(*back).values(active=False)).rowcount
    return told


def clear(connection: Connection) -> None:
    """Take all our tables away (PostgreSQL): rows that are only added cannot go in another way."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _: name in TABLES or name == "alembic_version")
    found.drop_all(connection)
    # The functions of the triggers that kept them.
    kept = text(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE prorettype = 'trigger'::regtype "
        "AND pronamespace = current_schema()::regnamespace AND proname LIKE 'refuse%'"
    )
    for function in connection.scalars(kept).all():
        connection.execute(text(f"DROP FUNCTION {function}"))


def others(connection: Connection) -> int:
    """How many other connections of ours a PostgreSQL has: a server or worker that runs, wherever it does."""
    return connection.execute(
        text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'floorledger' AND pid <> pg_backend_pid()"
        )
    ).scalar_one()
