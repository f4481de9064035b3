"""The tables in the code and the tables that migrating makes are the same, on both databases."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, insert, text, update
from sqlalchemy.exc import DatabaseError

from server.migrations import check_current, config, current, head, upgrade
from server.store.database import DatabaseRefused, open_engine, read, write
from server.store.tables import Base, Entry, Event
from tests.threads import at_once

EVENT = {
    "site": "main", "id": "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01", "type": "labor.started", "occurred_at": 1,
    "recorded_at": 2, "sender": "x", "digest": "0" * 64, "body": "{}",
}  # fmt: skip
ENTRY = {
    "site": "main", "position": 1, "batch": 1, "id": "a", "content_id": "b", "scope": "c", "element": "labor",
    "order": "MO-1", "operation": "10", "occurred_on": "2026-11-20", "posting_period": "2026-11", "amount": 10000,
    "body": "{}",
}  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "postgresql":
        return open_engine(request.getfixturevalue("postgres_database"))
    return open_engine(f"sqlite:///{tmp_path / 'own.sqlite'}")


def test_one_head_and_revisions_named_like_their_files() -> None:
    scripts = ScriptDirectory.from_config(config())
    assert len(scripts.get_heads()) == 1
    for script in scripts.walk_revisions():
        assert Path(script.path).stem == script.revision
        assert script.revision[:4].isdigit()


def test_models_match_the_newest_shape(either: Engine) -> None:
    upgrade(either)
    with read(either) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    check_current(either)
    either.dispose()


def test_several_processes_may_start_at_once(either: Engine) -> None:
    def start() -> None:
        own = open_engine(either.url)
        upgrade(own)
        own.dispose()

    at_once(start, 4)
    with read(either) as connection:
        assert current(connection) == head()
    either.dispose()


def test_a_newer_shape_is_refused(either: Engine) -> None:
    upgrade(either)
    with write(either) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_from_the_future'"))
    with pytest.raises(DatabaseRefused, match="newer Floorledger"):
        upgrade(either)
    with pytest.raises(DatabaseRefused, match="newer Floorledger"):
        check_current(either)
    either.dispose()


def test_an_empty_database_is_not_served(either: Engine) -> None:
    with pytest.raises(DatabaseRefused, match="older shape"):
        check_current(either)
    either.dispose()


@pytest.mark.parametrize(
    "change",
    [
        update(Entry).values(amount=20000),
        text("DELETE FROM entry"),
        update(Event).values(body='{"quantity":"2"}'),
        update(Event).values(digest="1" * 64),
        update(Event).values(id="0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c02"),
        update(Event).values(device_seq=7),
        update(Event).values(relayed_by="user:mallory"),
        text("DELETE FROM event"),
    ],
    ids=str,
)
def test_facts_and_entries_cannot_be_rewritten(either: Engine, change: object) -> None:
    upgrade(either)
    with write(either) as connection:
        connection.execute(insert(Event).values(EVENT))
        connection.execute(insert(Entry).values(ENTRY))
    with pytest.raises(DatabaseError, match="rows are only added"), write(either) as connection:
        connection.execute(change)
    either.dispose()


def test_what_costing_made_of_a_fact_may_change(either: Engine) -> None:
    upgrade(either)
    with write(either) as connection:
        connection.execute(insert(Event).values(EVENT))
        connection.execute(update(Event).values(state="held", reason="rate.missing", order="MO-1"))
    with read(either) as connection:
        assert connection.execute(text("SELECT state FROM event")).scalar_one() == "held"
    either.dispose()


def test_replacements_of_before_are_found_by_what_they_put_there(either: Engine) -> None:
    from alembic import command

    with write(either) as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001_first_tables")
        row = {**EVENT, "state": "received", "reason": "", "params": "{}"}
        replaced = {**row, "id": "other", "type": "event.replaced", "body": '{"replacement_id":"new"}'}
        names = ", ".join(row)
        add = text(f"INSERT INTO event ({names}) VALUES ({', '.join(f':{name}' for name in row)})")
        connection.execute(add, [row, replaced])
    upgrade(either)
    with read(either) as connection:
        found = connection.execute(text("SELECT id, replacement FROM event ORDER BY id")).all()
    assert [tuple(one) for one in found] == [(EVENT["id"], None), ("other", "new")]
    either.dispose()


def test_going_back_leaves_nothing(either: Engine) -> None:
    from alembic import command

    upgrade(either)
    with write(either) as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "base")
    with read(either) as connection:
        assert set(either.dialect.get_table_names(connection)) <= {"alembic_version"}
    either.dispose()


def test_labels_of_before_say_what_they_said(either: Engine) -> None:
    """An operation's number moves into the column that holds a lot's as well; on the way back, new kinds go."""
    from alembic import command

    settings = config()
    with write(either) as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001_first_tables")
        add = (
            "INSERT INTO label_code (site, code, kind, ref, operation) VALUES ('main', :code, :kind, :ref, :operation)"
        )
        connection.execute(text(add), [
            {"code": "BBBBBBBBB", "kind": "operation", "ref": "MO-1", "operation": "10"},
            {"code": "BBBBBBCDX", "kind": "order", "ref": "MO-1", "operation": ""},
        ])  # fmt: skip
    upgrade(either)
    with write(either) as connection:
        found = connection.execute(text("SELECT kind, ref, detail FROM label_code ORDER BY code")).all()
        assert [tuple(one) for one in found] == [("operation", "MO-1", "10"), ("order", "MO-1", "")]
        add = "INSERT INTO label_code (site, code, kind, ref, detail) VALUES ('main', 'CBBBBBBRH', 'lot', 'OAK', 'L1')"
        connection.execute(text(add))
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0001_first_tables")
        found = connection.execute(text("SELECT kind, ref, operation FROM label_code ORDER BY code")).all()
        assert [tuple(one) for one in found] == [("operation", "MO-1", "10"), ("order", "MO-1", "")]
    either.dispose()
