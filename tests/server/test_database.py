"""The database keeps what was committed, and transactions are what they say."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, text
from sqlalchemy.exc import DBAPIError, OperationalError

from server.store import database as store
from server.store.database import (
    DatabaseRefused,
    check_safety,
    describe,
    network_file_system,
    open_engine,
    read,
    sqlite_mode,
    write,
    write_if_free,
)
from server.store.tables import Department
from tests.threads import at_once


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ((3, 40, 1), ("persist", "extra")),
        ((3, 44, 5), ("persist", "extra")),
        ((3, 44, 6), ("wal", "full")),
        ((3, 45, 0), ("persist", "extra")),
        ((3, 50, 6), ("persist", "extra")),
        ((3, 50, 7), ("wal", "full")),
        ((3, 51, 0), ("persist", "extra")),
        ((3, 51, 2), ("persist", "extra")),
        ((3, 51, 3), ("wal", "full")),
        ((3, 53, 0), ("wal", "full")),
        ((4, 0, 0), ("wal", "full")),
    ],
)
def test_an_affected_library_never_runs_wal(version: tuple[int, ...], mode: tuple[str, str]) -> None:
    assert sqlite_mode(version) == mode


def test_what_can_wait_is_not_waited_for(database: Engine) -> None:
    said = insert(Department).values(site="main", code="D9", name="Later")
    with write(database):
        began = time.monotonic()
        assert not write_if_free(database, lambda connection: connection.execute(said))
        assert time.monotonic() - began < store.BUSY_MS / 2_000
    assert write_if_free(database, lambda connection: connection.execute(said))
    with read(database) as connection:
        assert connection.execute(text("SELECT count(*) FROM department WHERE code = 'D9'")).scalar_one() == 1


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 3)])
def test_each_connection_has_the_safe_settings(
    version: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.sqlite3, "sqlite_version_info", version)
    engine = open_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")
    with read(engine) as connection:
        found = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert found == [*{(3, 40, 1): ("persist", 3), (3, 51, 3): ("wal", 2)}[version], 1, 15_000]
    assert check_safety(engine) == []
    assert "SQLite" in describe(engine)
    engine.dispose()


def test_a_wal_database_is_taken_over_by_an_affected_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'own.sqlite'}"
    for version, journal in (((3, 51, 3), "wal"), ((3, 40, 1), "persist"), ((3, 51, 3), "wal")):
        monkeypatch.setattr(store.sqlite3, "sqlite_version_info", version)
        engine = open_engine(url)
        with read(engine) as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == journal
        engine.dispose()


def test_unsafe_settings_are_named(database: Engine) -> None:
    with database.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
        connection.exec_driver_sql("BEGIN")
    assert check_safety(database) == ["SQLite runs with synchronous = normal; extra is needed."] or (
        sqlite_mode(store.sqlite3.sqlite_version_info) == ("wal", "full")
        and check_safety(database) == ["SQLite runs with synchronous = normal; full is needed."]
    )


def test_a_read_cannot_write_and_a_write_can_again(database: Engine) -> None:
    row = {"site": "main", "code": "D1", "name": "Milling"}
    with pytest.raises(OperationalError, match="readonly"), read(database) as connection:
        connection.execute(insert(Department).values(row))
    with write(database) as connection:
        connection.execute(insert(Department).values(row))
    with read(database) as connection:
        assert connection.execute(text("SELECT name FROM department")).scalar_one() == "Milling"


def test_what_raises_is_rolled_back(database: Engine) -> None:
    with pytest.raises(ZeroDivisionError), write(database) as connection:
        connection.execute(insert(Department).values(site="main", code="D1", name="Milling"))
        raise ZeroDivisionError
    with read(database) as connection:
        assert connection.execute(text("SELECT count(*) FROM department")).scalar_one() == 0


def test_a_read_sees_one_state(either_database: Engine) -> None:
    with write(either_database) as connection:
        connection.execute(text("CREATE TABLE one (n integer)"))
        connection.execute(text("INSERT INTO one VALUES (1)"))

    def add() -> None:
        with write(either_database) as other:
            other.execute(text("INSERT INTO one VALUES (2)"))

    with read(either_database) as connection:
        first = connection.execute(text("SELECT count(*) FROM one")).scalar_one()
        writer = threading.Thread(target=add)
        writer.start()
        writer.join(0.5)  # with a rollback journal the writer waits for us; with WAL and PostgreSQL it is done
        second = connection.execute(text("SELECT count(*) FROM one")).scalar_one()
    writer.join()
    with read(either_database) as connection:
        third = connection.execute(text("SELECT count(*) FROM one")).scalar_one()
    assert (first, second, third) == (1, 1, 2)


def test_writers_queue_and_lose_nothing(either_database: Engine) -> None:
    with write(either_database) as connection:
        connection.execute(text("CREATE TABLE counter (n integer)"))
        connection.execute(text("INSERT INTO counter VALUES (0)"))

    def count() -> None:
        for _ in range(20):
            with write(either_database) as own:
                lock = "" if either_database.dialect.name == "sqlite" else " FOR UPDATE"
                found = own.execute(text(f"SELECT n FROM counter{lock}")).scalar_one()
                own.execute(text("UPDATE counter SET n = :n"), {"n": found + 1})

    at_once(count, 4)
    with read(either_database) as connection:
        assert connection.execute(text("SELECT n FROM counter")).scalar_one() == 80


@pytest.fixture(params=["sqlite", "postgresql"])
def either_database(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return open_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")
    return open_engine(request.getfixturevalue("postgres_database"))


WRITER = """
import sys
from sqlalchemy import text
from server.store.database import open_engine, write
engine = open_engine(sys.argv[1])
with write(engine) as connection:
    connection.execute(text("CREATE TABLE line (n integer)"))
n = 0
while True:
    with write(engine) as connection:
        connection.execute(text("INSERT INTO line VALUES (:n)"), {"n": n})
    print(n, flush=True)
    n += 1
"""


def test_a_killed_writer_leaves_all_it_announced(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'own.sqlite'}"
    process = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    announced = -1
    deadline = time.monotonic() + 20
    while announced < 50 and time.monotonic() < deadline:
        announced = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    announced = max([announced, *(int(line) for line in process.stdout.read().split() if line)])
    process.wait()
    process.stdout.close()
    with read(open_engine(url)) as connection:
        assert connection.execute(text("SELECT max(n) FROM line")).scalar_one() >= announced >= 50
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
server:/export /srv/plant\\040data nfs4 rw 0 0
//nas/share /mnt/nas cifs rw 0 0
/dev/sdb1 /mnt/nas/local ext4 rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/plant data/floor.sqlite", "nfs4"),
        ("/mnt/nas/floor.sqlite", "cifs"),
        ("/mnt/nas/local/floor.sqlite", ""),
        ("/srv/floor.sqlite", ""),
    ],
)
def test_network_shares_are_recognised(path: str, kind: str) -> None:
    assert network_file_system(Path(path), MOUNTS) == kind


def test_a_network_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "network_file_system", lambda path: "nfs4")
    with pytest.raises(DatabaseRefused, match="nfs4 network share"):
        open_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "not a url", "sqlite:///a?mode=ro"])
def test_other_databases_are_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(DatabaseRefused) as refused:
        open_engine(url)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "value"), [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "local")]
)
def test_an_unsafe_postgresql_is_named(name: str, value: str, postgres_database: str) -> None:
    engine = open_engine(postgres_database)
    admin = create_engine(engine.url, isolation_level="AUTOCOMMIT")

    def change(statement: str) -> None:
        with admin.connect() as connection:
            connection.execute(text(statement))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()
        time.sleep(0.3)  # the server reads its settings in its own time

    change(f"ALTER SYSTEM RESET {name}")
    assert not [trouble for trouble in check_safety(engine) if name in trouble]
    try:
        change(f"ALTER SYSTEM SET {name} = {value}")
        (trouble,) = [trouble for trouble in check_safety(engine) if name in trouble]
        assert trouble.startswith(f"PostgreSQL runs with {name} = {value}:")
    finally:
        change(f"ALTER SYSTEM RESET {name}")
        admin.dispose()
        engine.dispose()


def test_a_postgresql_read_cannot_write(postgres_database: str) -> None:
    engine = open_engine(postgres_database)
    with pytest.raises(DBAPIError, match="read-only"), read(engine) as connection:
        connection.execute(text("CREATE TABLE t (n integer)"))
    with write(engine) as connection:
        connection.execute(text("CREATE TABLE t (n integer)"))
    engine.dispose()


def test_a_database_that_is_away_is_said_in_a_sentence() -> None:
    troubles = check_safety(open_engine("postgresql://nobody:topsecret@127.0.0.1:1/none"))
    assert len(troubles) == 1
    assert troubles[0].startswith("The database cannot be used")
    assert "topsecret" not in troubles[0]
