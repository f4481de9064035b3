"""The plant in the store: a part is the whole as far as it goes, and letters are what they stand for."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from server.reference import imports
from server.store import plant
from server.store.database import read, write
from server.store.names import initials, short_names
from server.store.snapshot import snapshot
from sync.core.codes import tail

TEMPLATES = Path(__file__).parents[3] / "docs" / "templates"


@pytest.fixture
def demo(database: Engine, site: str) -> Engine:
    """A site with the plant of the templates."""
    files = imports.read_files((path.name, path.read_bytes()) for path in TEMPLATES.glob("*.csv"))
    with write(database) as connection:
        imports.apply(connection, site, files)
    return database


def test_a_part_is_the_whole_as_far_as_it_goes(demo: Engine) -> None:
    with read(demo) as connection:
        whole = plant.load(connection, "main")
        keys = list(whole.people)
        part = plant.load_part(connection, "main", orders=["MO-1001", "NONE"], people=keys[:1])
    assert part.orders == whole.orders
    assert part.people == {keys[0]: whole.people[keys[0]]}
    assert part.items == whole.items  # the order's own and its components'
    assert (part.departments, part.work_centers, part.machines) == (
        whole.departments, whole.work_centers, whole.machines,
    )  # fmt: skip
    assert part.plans == whole.plans


def test_letters_bring_what_they_stand_for(demo: Engine) -> None:
    with write(demo) as connection:
        letters = plant.code_for(connection, "main", "operation", "MO-1001", "20")
        part = plant.load_part(connection, "main", orders=[letters])
    assert tail(letters) == letters
    assert (part.codes[letters].ref, part.codes[letters].detail) == ("MO-1001", "20")
    assert part.orders.keys() == {"MO-1001"}


def test_letters_that_are_taken_are_asked_for_again(demo: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr("secrets.randbits", lambda bits: next(drawn))
    with write(demo) as connection:
        made = plant.codes_for(connection, "main", [("order", "A", ""), ("order", "B", "")])
    assert len(set(made.values())) == 2


def test_an_unknown_site_is_named(database: Engine) -> None:
    with read(database) as connection, pytest.raises(plant.UnknownSite, match="nowhere"):
        plant.load(connection, "nowhere")


def test_initials() -> None:
    assert [initials(name) for name in ("Ana Demo", "Jean-Luc de la Tour", "Luis", "")] == ["AD", "JT", "L", ""]


def test_the_same_values_on_postgresql(demo: Engine, postgres_database: str) -> None:
    """Import there with the keys exported here: equal plants, equal rates, equal snapshots."""
    from server.migrations import upgrade
    from server.reference import exports
    from server.store.database import open_engine
    from server.store.sites import create_site
    from sync.connectors.csv_file.mapping import KINDS

    there = open_engine(postgres_database)
    upgrade(there)
    with read(demo) as connection:
        found = exports.everything(connection, "main")
        files = [(f"{kind}.csv", exports.as_csv(KINDS[kind], rows).encode()) for kind, rows in found.items()]
    for engine in (there, demo):
        with write(engine) as connection:
            if engine is there:
                create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
            changes = imports.apply(connection, "main", imports.read_files(files))
    assert not any(change.added or change.changed for change in changes)
    with read(demo) as here, read(there) as other:
        assert plant.load(here, "main") == plant.load(other, "main")
        assert plant.rates(here, "main") == plant.rates(other, "main")
        assert snapshot(here, "main") == snapshot(other, "main")


def test_short_names_tell_people_apart() -> None:
    names = {
        "a": "Ana Morel", "b": "Ana Moreau", "c": "Luis", "d": "Pierrick Le Bihan", "e": "", "f": "Zoé Li",
        "g": "Ana Morel", "h": "Ana Martin",
    }  # fmt: skip
    assert short_names(names) == {
        "a": "Ana Morel", "b": "Ana Moreau", "c": "Luis", "d": "Pierrick B.", "e": "", "f": "Zoé L.",
        "g": "Ana Morel", "h": "Ana Mar.",
    }  # fmt: skip
