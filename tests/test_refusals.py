"""What cannot be is refused with the reason, in either language, by the dry run and by the import; nothing is kept."""

import json

import pytest
from sqlalchemy import Engine

from server.cli.cost import FolderRefused, dry_run, read_files
from server.reference import imports
from server.reference.imports import ImportRefused
from server.store import plant
from server.store.database import read, write
from server.terminal import gettext
from tests.refusals import EXPECTED, HERE, STORIES


def test_there_are_refusals() -> None:
    assert len(STORIES) >= 12
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(STORIES)


@pytest.mark.parametrize("story", STORIES)
def test_it_is_refused_with_the_reason(story: str) -> None:
    with pytest.raises(FolderRefused) as trouble:
        dry_run(read_files(HERE / story))
    said = [error.text() for error in trouble.value.errors]
    assert said == json.loads((HERE / story / EXPECTED).read_text(encoding="utf-8"))


@pytest.mark.parametrize("story", STORIES)
def test_the_import_says_the_same_and_keeps_nothing(story: str, database: Engine, site: str) -> None:
    files = {name: data for name, data in read_files(HERE / story).items() if name.endswith(".csv")}
    files.pop("events.csv", None)
    said = json.loads((HERE / story / EXPECTED).read_text(encoding="utf-8"))
    with pytest.raises(ImportRefused) as trouble, write(database) as connection:
        imports.apply(connection, site, imports.read_files(files.items()))
    assert sorted(error.text() for error in trouble.value.errors) == sorted(said)
    with read(database) as connection:
        assert plant.load(connection, site).plans == ()
        assert plant.rows(connection, site, "manual") == []


@pytest.mark.parametrize("story", STORIES)
def test_the_reason_is_said_in_french(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FolderRefused) as trouble:
        dry_run(read_files(HERE / story))
    monkeypatch.setenv("LANGUAGE", "fr")
    for error in trouble.value.errors:
        assert gettext(error.sentence) != error.sentence, error.sentence
        assert error.text(gettext)
