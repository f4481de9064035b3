"""The audit trail: gapless, chained, only added to; emptied of what is personal it still holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DatabaseError

from server.migrations import upgrade
from server.store import audit
from server.store.database import open_engine, read, write
from tests.threads import at_once

KEYS = [b"k" * 32]
ALL = {"operational", "personal", "wage"}
EVERYTHING = audit.Search(ALL)


@pytest.fixture(params=["sqlite", "postgresql"])
def trail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database with three lines of the site `main`."""
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres_database") if postgres else f"sqlite:///{tmp_path / 'own.sqlite'}"
    engine = open_engine(url, lambda: KEYS)
    upgrade(engine)
    for at, name in enumerate(("ines", "omar", "paula"), start=1000):
        note(engine, at, name)
    yield engine
    engine.dispose()


def note(engine: Engine, at: int, name: str) -> None:
    with write(engine) as connection:
        audit.record(
            connection, "main", at=at, actor="user:root", action="user.created", subject=f"user:{name}",
            details={"roles": "lead"},
        )  # fmt: skip


def check(engine: Engine, keys: list[bytes] = KEYS) -> audit.Trail:
    with read(engine) as connection:
        return audit.check(connection, "main", keys)


def tamper(engine: Engine, statement: str) -> None:
    """What somebody does who owns the database and takes the triggers away first."""
    with write(engine) as connection:
        for action in ("update", "delete"):
            on = " ON audit_line" if engine.dialect.name == "postgresql" else ""
            connection.execute(text(f"DROP TRIGGER audit_line_no_{action}{on}"))
        connection.execute(text(statement))


@pytest.mark.requirement("SR-61")
def test_lines_are_numbered_chained_and_read_newest_first(trail: Engine) -> None:
    found = check(trail)
    assert (found.lines, found.head.number, found.faults) == (3, 3, {})
    with read(trail) as connection:
        newest, *_ = shown = audit.lines(connection, "main", EVERYTHING)
        assert audit.count(connection, "main", EVERYTHING) == 3
    assert [line.number for line in shown] == [3, 2, 1]
    assert (newest.at, newest.actor, newest.subject, newest.details) == (
        1002, "user:root", "user:paula", {"roles": "lead"},
    )  # fmt: skip
    assert newest.hash == found.head.hash


@pytest.mark.requirement("SR-61")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_line SET subject = 'user:mallory'",
        "UPDATE audit_line SET details = '{}'",
        "UPDATE audit_line SET actor = '', subject = '', details = '', salt = '', at = 5",
        "UPDATE audit_line SET actor = '', subject = '', details = '', salt = '', hash = 'x'",
        "UPDATE audit_line SET number = number + 10",
        "DELETE FROM audit_line",
        "DELETE FROM audit_line WHERE number = 3",
    ],
)
def test_the_database_refuses_to_change_or_remove_lines(trail: Engine, statement: str) -> None:
    with pytest.raises(DatabaseError, match="rows are only added"), write(trail) as connection:
        connection.execute(text(statement))
    assert check(trail).faults == {}


@pytest.mark.requirement("SR-61")
@pytest.mark.parametrize(
    ("statement", "reason", "numbers"),
    [
        ("UPDATE audit_line SET subject = 'user:mallory' WHERE number = 2", "changed after it was written", [2]),
        ("UPDATE audit_line SET details = '{}' WHERE number = 2", "changed after it was written", [2]),
        ("UPDATE audit_line SET at = 1 WHERE number = 2", "changed after it was written", [2]),
        ("UPDATE audit_line SET action = 'user.disabled' WHERE number = 1", "changed after it was written", [1]),
        ("UPDATE audit_line SET salt = '' WHERE number = 2", "changed after it was written", [2]),
        ("UPDATE audit_line SET site = 'other' WHERE number = 3", "", []),
        ("DELETE FROM audit_line WHERE number = 2", "lines are missing before", [3]),
        ("DELETE FROM audit_line WHERE number = 1", "lines are missing before", [2]),
        ("UPDATE audit_line SET key = 7 WHERE number = 2", "sealed with a key that is not here", [2]),
    ],
)
def test_what_was_changed_behind_our_back_is_seen(
    trail: Engine, statement: str, reason: str, numbers: list[int]
) -> None:
    before = check(trail).head
    tamper(trail, statement)
    found = check(trail)
    if reason:
        assert found.faults[reason] == numbers
    else:  # a trail cut at its end holds in itself: only who wrote its head down sees it
        assert found.faults == {}
        assert found.head != before


@pytest.mark.requirement("SR-61")
def test_who_has_no_key_cannot_write_a_line_that_fits(trail: Engine) -> None:
    forger = open_engine(trail.url, lambda: [b"x" * 32])
    note(forger, 1003, "mallory")
    forger.dispose()
    assert check(trail).faults == {"changed after it was written": [4]}


@pytest.mark.requirement("SR-61", "SR-63")
def test_a_renewed_key_seals_what_comes_and_the_old_lines_hold(trail: Engine) -> None:
    keys = [*KEYS, b"n" * 32]
    renewed = open_engine(trail.url, lambda: keys)
    note(renewed, 1003, "quentin")
    renewed.dispose()
    assert check(trail, keys).faults == {}
    assert check(trail, KEYS).faults == {"sealed with a key that is not here": [4]}
    # Whoever holds the old key only cannot go on with it: keys never go back.
    note(trail, 1004, "mallory")
    assert check(trail, keys).faults == {"sealed with a key that is not here": [5]}


@pytest.mark.requirement("SR-61", "PR-06")
def test_what_is_personal_can_be_emptied_and_the_chain_holds(trail: Engine) -> None:
    before = check(trail).head
    with write(trail) as connection:
        assert audit.erase(connection, "main", before=1001) == 1
        assert audit.erase(connection, "main", subject="user:paula") == 1
        assert audit.erase(connection, "main", before=1001) == 0
        assert audit.erase(connection, "main") == 0
    with read(trail) as connection:
        rest = " ".join(str(value) for row in connection.execute(select(audit.LINE)) for value in row)
        third, second, first = audit.lines(connection, "main", EVERYTHING)
    assert "ines" not in rest
    assert "paula" not in rest
    assert "omar" in rest
    assert (first.erased, second.erased, third.erased) == (True, False, True)
    assert (third.actor, third.subject, third.details, third.action) == ("", "", {}, "user.created")
    found = check(trail)
    assert (found.faults, found.head) == ({}, before)


@pytest.mark.requirement("SR-61")
def test_writers_at_once_leave_no_gap(trail: Engine) -> None:
    def several() -> None:
        own = open_engine(trail.url, lambda: KEYS)
        for at in range(10):
            note(own, at, "x")
        own.dispose()

    at_once(several, 4)
    found = check(trail)
    assert (found.lines, found.head.number, found.faults) == (43, 43, {})


@pytest.mark.requirement("SR-61")
def test_a_line_goes_with_what_it_tells(trail: Engine) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"), write(trail) as connection:
        audit.record(connection, "main", at=1, actor="cli", action="user.created")
        raise RuntimeError("changed my mind")
    assert check(trail).lines == 3


def test_lines_are_found_by_what_one_asks(trail: Engine) -> None:
    with write(trail) as connection:
        audit.record(connection, "main", at=2000, actor="cli", action="key.rotated", subject="pin")
    asked = {
        "actor": ({"actor": "cli"}, [4]),
        "action": ({"action": "user.created"}, [3, 2, 1]),
        "subject": ({"subject": "user:omar"}, [2]),
        "period": ({"since": 1001, "until": 2000}, [3, 2]),
    }
    with read(trail) as connection:
        for name, (terms, numbers) in asked.items():
            found = audit.lines(connection, "main", audit.Search(ALL, **terms))
            assert [line.number for line in found] == numbers, name
        page = audit.lines(connection, "main", EVERYTHING, below=4, limit=2)
        assert [line.number for line in page] == [3, 2]
        # Classes somebody may not read are not there for them, and are not counted.
        assert [line.number for line in audit.lines(connection, "main", audit.Search({"operational"}))] == [4]
        assert audit.count(connection, "main", audit.Search({"wage"})) == 0


def test_what_cannot_be_recorded_is_a_mistake_of_ours(trail: Engine, tmp_path: Path) -> None:
    with write(trail) as connection:
        for wrong in (
            {"action": "user.flattered"},
            {"actor": "x" * 81},
            {"subject": "x" * 201},
            {"details": {"why": "x" * 501}},
        ):
            with pytest.raises(ValueError, match="audit trail"):
                audit.record(connection, "main", **({"at": 1, "actor": "cli", "action": "user.created"} | wrong))
    without = open_engine(trail.url)
    with pytest.raises(RuntimeError, match="without the keys"):
        note(without, 1, "x")
    without.dispose()
