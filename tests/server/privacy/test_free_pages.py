"""What was erased is in no page of the database's files: not in free space, not in the journal, not in the log."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from server.store import rewrite
from server.store.database import read
from server.store.verification import verify
from tests.cast import KEY, settle
from tests.server.privacy.staff import NOW, erase, hire, worked


def files_of(engine: Engine) -> bytes:
    """The database's files, with what lies in their free space, in its journal and in its log."""
    path = Path(str(engine.url.database))
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")))


@pytest.mark.requirement("PR-07")
def test_no_page_of_the_files_holds_a_name(shop: Engine) -> None:
    people = hire(shop, 100)
    for person in people:
        worked(shop, person)
    settle(shop)
    words = [word.encode() for person in people for word in (*person.name.split(), person.number)]
    before = files_of(shop)
    assert all(word in before for word in words)

    erase(shop, *people)
    rewrite.rewrite(shop, NOW)

    after = files_of(shop)
    assert [word for word in words if word in after] == []
    with read(shop) as connection:
        assert rewrite.wanted(connection) is None
        assert verify(connection, "main", KEY).ok
