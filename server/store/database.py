"""The database, opened so that what was acknowledged is still there after a power cut.

SQLite keeps its promise only with the right settings, and they depend on the library found at run time: from 3.7.0 to
3.51.2 a checkpoint that meets a writer can corrupt a database in WAL mode (the "WAL-reset" defect, mended in 3.51.3
and back-ported to 3.50.7 and 3.44.6). A web process, a worker and a backup on one file are just that meeting. So an
affected library gets a rollback journal with `synchronous=EXTRA`, a mended one WAL with `FULL`; never `NORMAL`. A
mended one comes with us where there is a wheel of it (`server.store.sqlite`); elsewhere it is the one of Python.

Transactions are explicit: `with write(engine) as connection` holds the write lock from its first moment (nobody can
slip in between what it reads and what it writes), `with read(engine) as connection` sees one unchanging state and
cannot write. A transaction opened in another way counts as writing: late is better than "database is locked".
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.store.sqlite import sqlite3

BUSY_MS = 15_000
# Who waits for SQLite's write lock asks again so often. The library's own patience grows to a tenth of a second, and in
# that a worker's pause between two turns is over.
ASK_AGAIN_S = 0.003
READ: dict[str, Any] = {"floorledger_read": True}
# Where an engine keeps the keys of the audit trail; see `server.store.audit`.
AUDIT_KEYS = "floorledger_audit_keys"
AT_ONCE: dict[str, Any] = {"floorledger_at_once": True}
# On PostgreSQL one state for the whole transaction must be asked for; SQLite has nothing else.
POSTGRES_READ: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}

# File systems known to break SQLite's locks (https://www.sqlite.org/howtocorrupt.html, section 2).
UNSAFE_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "fuse.sshfs"}


class DatabaseRefused(RuntimeError):
    """The database cannot be used safely, or not at all. The text is a sentence for an administrator."""


def sqlite_mode(version: tuple[int, ...]) -> tuple[str, str]:
    """(journal_mode, synchronous) that loses nothing on this version of the SQLite library.

    PERSIST rather than DELETE: a commit then overwrites the journal's header instead of unlinking a file, which on
    common disks is four times as fast and as safe.
    """
    mended = version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)
    return ("wal", "full") if mended or version < (3, 7) else ("persist", "extra")


def open_engine(url: str | URL, audit_keys: Callable[[], Sequence[bytes]] | None = None) -> Engine:
    """An engine for `sqlite:///...` or `postgresql://...`. `audit_keys`, oldest first, seal the lines of the audit
    trail; asked for at each line, because a key may be renewed while we run.

    Raises DatabaseRefused for other databases and for a SQLite file on a network file system.
    """
    engine = _open(url)
    if audit_keys is not None:
        engine.update_execution_options(**{AUDIT_KEYS: audit_keys})
    return engine


def _open(url: str | URL) -> Engine:
    try:
        parsed = make_url(url)
    except Exception as wrong:
        raise DatabaseRefused("The database address is not a URL such as sqlite:////path/to/file.sqlite.") from wrong
    match parsed.get_backend_name():
        case "sqlite":
            return _open_sqlite(parsed)
        case "postgresql" | "postgres":
            return _open_postgres(parsed.set(drivername="postgresql+psycopg"))
        case other:
            raise DatabaseRefused(f"Floorledger keeps its data in SQLite or PostgreSQL, not in {other}.")


@contextmanager
def write(engine: Engine) -> Iterator[Connection]:
    """A transaction that may write: committed at the end of the block, rolled back when it raises."""
    with engine.begin() as connection:
        yield connection


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one state of the database and cannot write."""
    options = READ if engine.dialect.name == "sqlite" else POSTGRES_READ
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def write_if_free(engine: Engine, what: Callable[[Connection], object]) -> bool:
    """Write what can as well be written later, as when somebody was last seen: on SQLite, only if nobody else writes at
    this moment. A reader of a page does not wait for that. Returns whether it was written."""
    try:
        with engine.connect().execution_options(**AT_ONCE) as connection, connection.begin():
            what(connection)
    except OperationalError as wrong:
        if getattr(wrong.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


def check_safety(engine: Engine) -> list[str]:
    """What stands between this database and its promise to lose nothing; one sentence each, none when all is well."""
    try:
        with read(engine) as connection:
            return _check_sqlite(connection) if engine.dialect.name == "sqlite" else _check_postgres(connection)
    except DBAPIError as wrong:
        return [f"The database cannot be used: {first_line(wrong)}."]


def describe(engine: Engine) -> str:
    """The database and how it stores, in a few words for `doctor` and the log."""
    with read(engine) as connection:
        if engine.dialect.name == "sqlite":
            journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
            synchronous = _SYNCHRONOUS[connection.exec_driver_sql("PRAGMA synchronous").scalar_one()]
            return f"SQLite {sqlite3.sqlite_version}, journal {journal}, synchronous {synchronous}"
        return f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar_one()}"


# --- SQLite ----------------------------------------------------------------------------------------------------

_SYNCHRONOUS = {0: "off", 1: "normal", 2: "full", 3: "extra"}


def _open_sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:" or url.query:
        raise DatabaseRefused("SQLite needs a file: sqlite:////path/to/file.sqlite, without further options.")
    path = Path(url.database).absolute()
    if kind := network_file_system(path):
        raise DatabaseRefused(
            f"{path} lies on a {kind} network share, where SQLite cannot keep its promises. "
            "Use a local disk, or PostgreSQL."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as wrong:
        raise DatabaseRefused(f"The folder {path.parent} cannot be made: {wrong.strerror}.") from wrong
    # hide_parameters: what people typed, or earn, must not reach a log through an error message.
    engine = create_engine(
        url.set(drivername="sqlite", database=str(path)),
        module=sqlite3,
        pool_size=20,
        max_overflow=20,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def _on_sqlite_connect(connection: sqlite3.Connection, _: Any) -> None:
    # The driver begins no transaction of its own: what it would begin is a plain BEGIN, and only before some writes.
    connection.isolation_level = None
    journal, synchronous = sqlite_mode(sqlite3.sqlite_version_info)
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    _set_journal(connection, journal)
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA cache_size = -32768")
    connection.execute("PRAGMA journal_size_limit = 67108864")


def _set_journal(connection: sqlite3.Connection, journal: str) -> None:
    """Raises DatabaseRefused when another process holds the file in the other mode."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while True:
        try:
            if connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()[0] == journal:
                return
        except sqlite3.OperationalError as wrong:
            # A change of mode needs the file for itself and does not wait for it: SQLite leaves that to us.
            if "locked" not in str(wrong):
                raise
        if time.monotonic() > deadline:
            raise DatabaseRefused(
                f"SQLite {sqlite3.sqlite_version} needs journal mode {journal} here, but another program keeps the "
                "database open in another mode. Stop it and start again."
            )
        time.sleep(0.05)


def _on_sqlite_begin(connection: Connection) -> None:
    reading = bool(connection.get_execution_options().get("floorledger_read"))
    if connection.info.get("query_only", False) != reading:
        _driver(connection).execute(f"PRAGMA query_only = {int(reading)}")
        connection.info["query_only"] = reading
    try:
        if reading:
            _driver(connection).execute("BEGIN")
        else:
            at_once = bool(connection.get_execution_options().get("floorledger_at_once"))
            _begin_writing(_driver(connection), 0 if at_once else BUSY_MS)
    except sqlite3.OperationalError as wrong:
        raise OperationalError("BEGIN", {}, wrong) from wrong


def _begin_writing(connection: sqlite3.Connection, patience_ms: int) -> None:
    """Take the write lock as soon as it is free."""
    deadline = time.monotonic() + patience_ms / 1000
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as wrong:
                if wrong.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(ASK_AGAIN_S)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")


def _driver(connection: Connection) -> sqlite3.Connection:
    """The driver's connection: what begins each transaction goes past SQLAlchemy's cost of a statement."""
    found: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return found


def _check_sqlite(connection: Connection) -> list[str]:
    journal, synchronous = sqlite_mode(sqlite3.sqlite_version_info)
    found = {
        "journal_mode": connection.exec_driver_sql("PRAGMA journal_mode").scalar_one(),
        "synchronous": _SYNCHRONOUS[connection.exec_driver_sql("PRAGMA synchronous").scalar_one()],
        "foreign_keys": connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one(),
    }
    wanted = {"journal_mode": journal, "synchronous": synchronous, "foreign_keys": 1}
    return [
        f"SQLite runs with {name} = {found[name]}; {wanted[name]} is needed."
        for name in wanted
        if found[name] != wanted[name]
    ]


def network_file_system(path: Path, mounts: str | None = None) -> str:
    """The type of the network file system `path` lies on, or "". `mounts` is the text of /proc/self/mounts."""
    if mounts is None:
        try:
            mounts = Path("/proc/self/mounts").read_text()
        except OSError:  # not Linux: nothing to read, nothing to say
            return ""
    resolved, best, kind = path.resolve(), -1, ""
    for line in mounts.splitlines():
        _, point, found, *_ = line.split(" ")
        place = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), point))
        if len(place.parts) >= best and (resolved == place or place in resolved.parents):
            best, kind = len(place.parts), found
    return kind if kind in UNSAFE_FILE_SYSTEMS else ""


# --- PostgreSQL ------------------------------------------------------------------------------------------------


def _open_postgres(url: URL) -> Engine:
    engine = create_engine(url, pool_size=20, max_overflow=20, pool_pre_ping=True, hide_parameters=True)
    event.listen(engine, "connect", _on_postgres_connect)
    return engine


def _on_postgres_connect(connection: Any, _: Any) -> None:
    connection.execute(f"SET lock_timeout = {BUSY_MS}")
    connection.execute("SET application_name = 'floorledger'")
    connection.commit()


def _check_postgres(connection: Connection) -> list[str]:
    troubles = []
    for name in ("fsync", "full_page_writes"):
        if connection.exec_driver_sql(f"SHOW {name}").scalar_one() != "on":
            troubles.append(f"PostgreSQL runs with {name} = off: a power cut would lose or corrupt data. Set it on.")
    commit = connection.exec_driver_sql("SHOW synchronous_commit").scalar_one()
    if commit in ("off", "local"):
        troubles.append(
            f"PostgreSQL runs with synchronous_commit = {commit}: what was acknowledged could be lost. Set it on."
        )
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        troubles.append(f"The PostgreSQL database stores text as {encoding}; create it with encoding UTF8.")
    return troubles


# What SQLite says when it is the database's fault; a misspelt table has the same class but another code.
_AT_FAULT = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_NOMEM,
}  # fmt: skip


def is_unavailable(wrong: Exception) -> bool:
    """Whether an error is the database's (busy, full, damaged, away) and not a mistake in what we asked of it."""
    if not isinstance(wrong, DBAPIError):
        return isinstance(wrong, PoolTimeout)
    code = getattr(wrong.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _AT_FAULT
    return isinstance(wrong, (OperationalError, InterfaceError))


def first_line(wrong: Exception) -> str:
    """The driver's message without SQL, parameters or background links."""
    return str(getattr(wrong, "orig", wrong)).strip().splitlines()[0]
