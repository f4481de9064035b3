"""The real shop's log, where this machine has it: on SQLite, and on PostgreSQL with the same bytes."""

from pathlib import Path

import pytest

from server.store.database import open_engine
from tests.real_shop import check

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def log() -> bytes:
    path = check.location()
    if not path.exists():
        pytest.skip(f"no log at {path}: its licence keeps it out of this repository")
    return path.read_bytes()


@pytest.fixture(scope="module")
def on_sqlite(log: bytes, tmp_path_factory: pytest.TempPathFactory) -> check.Outcome:
    path: Path = tmp_path_factory.mktemp("real_shop") / "floorledger.sqlite"
    return check.run(open_engine(f"sqlite:///{path}"), log)


def test_on_sqlite(on_sqlite: check.Outcome) -> None:
    assert on_sqlite.failed == []


def test_on_postgresql_with_the_same_bytes(on_sqlite: check.Outcome, log: bytes, postgres_database: str) -> None:
    on_postgres = check.run(open_engine(postgres_database), log, on_sqlite.people)
    assert on_postgres.failed == []
    assert check.compare(on_sqlite, on_postgres)
