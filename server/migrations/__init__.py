"""The numbered steps of the database's shape, and the one function that takes them.

`upgrade` runs in one transaction under a lock: two processes may start at once, and one killed half way leaves the
old shape. A database shaped by a newer program is refused, because we would not know what we break.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from server.store.database import DatabaseRefused, read, write

FOLDER = Path(__file__).parent
# Any number nobody else locks in this database.
LOCK = 0x466C6F6F72


def config() -> Config:
    """Alembic's configuration, without a file."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def head() -> str:
    """The revision this program works with."""
    (revision,) = ScriptDirectory.from_config(config()).get_heads()
    return revision


def current(connection: Connection) -> str | None:
    """The revision of the database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def check_known(revision: str | None) -> None:
    """Raise DatabaseRefused for a revision this program does not know."""
    known = {script.revision for script in ScriptDirectory.from_config(config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise DatabaseRefused(
            f"The database has the shape {revision}, made by a newer Floorledger than this one. "
            "Start the newer program, or restore a backup."
        )


def check_current(engine: Engine) -> None:
    """Raise DatabaseRefused unless the database has exactly the shape this program works with."""
    with read(engine) as connection:
        revision = current(connection)
    check_known(revision)
    if revision != head():
        raise DatabaseRefused("The database has an older shape than this program needs: start `floorledger serve`.")


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest shape. Safe to call at each start, from several processes at once."""
    with write(engine) as connection:  # SQLite: the write lock; PostgreSQL: the lock below, released with the commit
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        revision = current(connection)
        check_known(revision)
        if revision == head():
            return
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
