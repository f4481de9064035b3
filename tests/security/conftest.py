"""The stage, built once for the tests of a file; those that change it have one of their own."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from server import create_app
from server.settings import Settings
from server.store.database import open_engine, write
from server.store.sites import create_site
from tests.security import stage


@dataclass(frozen=True, slots=True)
class Stage:
    """The application on its database, the things there and who comes."""

    app: Flask
    engine: Engine
    own: stage.Things
    other: stage.Things
    principals: dict[str, stage.Principal]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> Iterator[Stage]:
    """The stage on SQLite."""
    folder = tmp_path_factory.mktemp("instance")
    shutil.copy(_migrated_file, folder / "floorledger.sqlite")
    settings = Settings(data_dir=folder)
    engine = open_engine(settings.database)
    with write(engine) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
    own, other = stage.build(engine)
    app = create_app(settings)
    yield Stage(app, engine, own, other, stage.principals(app, engine))
    engine.dispose()
