"""Every story comes to what its expected.json says: in the dry run, through the pipeline, and in the product."""

import json
import random
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from server.store import ledger, plant
from server.store.database import read, write
from server.store.sites import create_site
from server.store.tables import TABLES
from server.store.verification import verify
from sync.connectors.csv_file.folder import Folder
from sync.core.canonical import dump
from sync.costing.policy import steps
from sync.ledger.operations import entries
from tests.cast import KEY, send, settle
from tests.memory_host import MemoryHost
from tests.scenarios import EXPECTED, HERE, STORIES, run, told
from tests.scenarios import __main__ as scenarios

# The one story with a rate of a single person: a folder may hold it, the product books none (decision 24).
WAGE = "one_labor_cost"


def test_there_are_stories() -> None:
    assert len(STORIES) >= 30
    folders = {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(STORIES), "a folder without a site.toml is no story"


@pytest.mark.parametrize("story", STORIES)
def test_a_story_comes_to_what_is_expected(story: str) -> None:
    expected = json.loads((HERE / story / EXPECTED).read_text(encoding="utf-8"))
    assert told(run(story)) == expected, f"python -m tests.scenarios --renew {story}, and look at the difference"


@pytest.mark.parametrize("story", STORIES)
def test_the_arithmetic_is_written_down(story: str) -> None:
    """Every amount stands in bold in the README, and every bold amount is one of an entry."""
    text = (HERE / story / "README.md").read_text(encoding="utf-8")
    bold = {word for word in text.split("**")[1::2] if word.replace(".", "").isdigit() and "." in word}
    assert bold == {entry.content["amount"] for entry in run(story).costed.entries}


@pytest.mark.parametrize("story", STORIES)
def test_arriving_in_any_order_a_story_is_the_same(story: str) -> None:
    """What the pipeline posted is what the whole comes to, whenever and in whatever lots the facts came."""
    dry = run(story)
    arrival = random.Random(story)
    for _ in range(3):
        host = MemoryHost(dry.terms)
        facts = arrival.sample(dry.folder.facts, len(dry.folder.facts))
        operations = arrival.sample(dry.operations, len(dry.operations))
        while facts or operations:
            if operations and (not facts or arrival.random() < 0.5):
                host.declare(entries(operations.pop(), dry.folder.site.zone, dry.folder.site.currency))
                host.drain(arrival.randrange(1, 5))
                continue
            lot = arrival.randrange(1, len(facts) + 1)
            host.accept(given.raw for given in facts[:lot])
            facts = facts[lot:]
            host.drain(arrival.randrange(1, 5))
        assert host.in_force.keys() == {entry.content_id for entry in dry.costed.entries}
        assert host.states == dry.costed.outcomes


@pytest.mark.parametrize("story", [story for story in STORIES if story != WAGE])
def test_the_product_posts_what_the_dry_run_says(story: str, database: Engine) -> None:
    """The same folder in the real store, through intake and worker: the same entries, to the byte."""
    dry = run(story)
    store(database, dry.folder)
    send(database, [given.raw for given in dry.folder.facts])
    settle(database)
    with read(database) as connection:
        assert verify(connection, "main", KEY).faults == []
        posted = ledger.all_standing(connection, "main")
    assert posted.keys() == {entry.content_id for entry in dry.costed.entries}


def test_the_product_refuses_the_story_with_a_wage(database: Engine) -> None:
    with pytest.raises(plant.RefusedRow, match="rate of a single person"):
        store(database, run(WAGE).folder)


def store(engine: Engine, folder: Folder) -> None:
    """The folder's site and files in the store."""
    with write(engine) as connection:
        site = folder.site
        create_site(connection, site.code, name=site.name, zone=site.zone.key, currency=site.currency)
        for kind in plant.KINDS:
            plant.put(connection, site.code, kind, folder.rows(kind))
        # The policy a site begins with is its version 1, as in a dry run.
        for number, (day, settings) in enumerate(steps(folder.settings()), start=1):
            row = {"site": site.code, "version": number, "valid_from": day.isoformat(), "settings": dump(settings)}
            connection.execute(insert(TABLES["policy"]).values(row))


def test_renewing_writes_what_a_story_comes_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = STORIES[0]
    (tmp_path / story).mkdir()
    monkeypatch.setattr(scenarios, "HERE", tmp_path)
    monkeypatch.setattr("sys.argv", ["scenarios", story])
    scenarios.main()
    assert not (tmp_path / story / EXPECTED).exists(), "only told, not asked to write"
    monkeypatch.setattr("sys.argv", ["scenarios", "--renew", story])
    scenarios.main()
    assert (tmp_path / story / EXPECTED).read_text() == (HERE / story / EXPECTED).read_text()
