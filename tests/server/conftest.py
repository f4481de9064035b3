"""The plant these tests work in; a room that needs more of it has a `shop` of its own."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from server.migrations import upgrade
from server.store.database import open_engine, write
from server.store.sites import create_site
from tests.cast import put_plant


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that names `DATABASES` has its `shop` on each of them."""
    databases = getattr(metafunc.module, "DATABASES", ())
    if databases and "shop" in metafunc.fixturenames:
        metafunc.parametrize("shop", databases, indirect=True)


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """The cast's plant in an empty site; on SQLite, where a module asks for nothing else."""
    if getattr(request, "param", "sqlite") == "sqlite":
        request.getfixturevalue("site")
        engine: Engine = request.getfixturevalue("database")
        put_plant(engine)
        yield engine
        return
    engine = open_engine(request.getfixturevalue("postgres_database"), lambda: [b"k" * 32])
    upgrade(engine)
    yield stocked(engine)
    engine.dispose()


def stocked(engine: Engine) -> Engine:
    """An empty database with a site in France and the plant of the cast."""
    with write(engine) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
    put_plant(engine)
    return engine
