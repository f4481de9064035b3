"""Writing the database anew, so that nothing of what was erased is left in its free space.

A database does not wipe what it deletes: it marks the place as free. SQLite copies all that is left into a fresh file
(VACUUM), and its journal, which holds pages as they were, is cut to nothing. PostgreSQL does the same table by table,
for those erasing touches; its write-ahead log and the backups made from it are outside of our reach and end by the
administrator's own schedule (docs/how-to/privacy.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import OperationalError

from server.store.tables import TABLES

RUN: Table = TABLES["retention_run"]
REWRITE = "rewrite"
QUIET_MS, LONGEST_MS = 600_000, 86_400_000
# Where names stood. Facts themselves are many and hold none; the few that did were buried.
TOUCHED = (
    "person", "pin", "leaver", "label_code", "note", "photo", "rejection", "event_conflict", "audit_line", "wage_rate",
    "device", "manual_line", "general_entry", "period_change", "reference_part", "user", "finding",
)  # fmt: skip


@contextmanager
def wiping(connection: Connection) -> Iterator[None]:
    """In this block SQLite writes zeros over what it deletes."""
    if connection.dialect.name != "sqlite":
        yield
        return
    connection.exec_driver_sql("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")


def ask(connection: Connection, site: str, now: int) -> None:
    """What was erased in this transaction wants the database written anew."""
    insert = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
    row = {"site": site, "rule": REWRITE, "done_at": 0, "wanted_at": now}
    statement = insert(RUN).values(row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["site", "rule"], set_={"wanted_at": now})
    )  # fmt: skip


def wanted(connection: Connection) -> int | None:
    """Since when the database wants to be written anew, for any of its sites; None: nothing was erased since."""
    its = (RUN.c.rule == REWRITE, RUN.c.wanted_at > RUN.c.done_at)
    found: int | None = connection.scalar(select(func.min(RUN.c.wanted_at)).where(*its))
    return found


def is_time(connection: Connection, now: int) -> bool:
    """Whether it should be done now: something was erased, and nothing came in for ten minutes, or a day has passed."""
    since = wanted(connection)
    if since is None:
        return False
    event = TABLES["event"]
    newest = connection.scalar(select(func.max(event.c.recorded_at)).where(event.c.recorded_at > now - QUIET_MS))
    return newest is None or since < now - LONGEST_MS


def rewrite(engine: Engine, now: int) -> None:
    """Write it anew; everybody else at the database waits meanwhile. Raises OperationalError when somebody works on it
    for too long: it can be tried again at any time."""
    raw = engine.raw_connection()
    try:
        driver = raw.driver_connection
        assert driver is not None
        if engine.dialect.name == "sqlite":
            driver.execute("PRAGMA query_only = 0")
            driver.execute("PRAGMA journal_size_limit = 0")
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            driver.autocommit = True
            for name in TOUCHED:
                driver.execute(f'VACUUM (FULL) "{name}"')
            driver.execute("VACUUM event")
    except Exception as wrong:
        raise OperationalError("VACUUM", {}, wrong) from wrong
    finally:
        raw.invalidate()  # its settings are not those of the others
    with engine.begin() as connection:
        connection.execute(RUN.update().where(RUN.c.rule == REWRITE, RUN.c.wanted_at <= now).values(done_at=now))
