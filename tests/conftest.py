"""A migrated database, the application on it, and a site: real SQLite, a copy of one migrated file per test."""

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth import hashing
from server.extensions import Clock, system_clock
from server.migrations import upgrade
from server.settings import Settings
from server.store.database import open_engine, write
from server.store.sites import create_site

pytest_plugins = ["tests.environment"] if importlib.util.find_spec("tests.environment") else []


@pytest.fixture(autouse=True)
def hashes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id as the product has it takes 50 ms of a processor, thousands of times: these tests take the lightest.
    Those whose subject is the time it takes, or its strength, say `full_hashes`. Processes that tests start hash as the
    product does: they know nothing of this."""
    if "full_hashes" not in request.fixturenames:
        monkeypatch.setattr(hashing, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        hashing._nobody.cache_clear()
        request.addfinalizer(hashing._nobody.cache_clear)


@pytest.fixture
def full_hashes() -> None:
    """Hashes as strong as the product makes them."""


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database of the newest shape, made once by migrating."""
    path = tmp_path_factory.mktemp("migrated") / "floorledger.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def settings(tmp_path: Path, _migrated_file: Path) -> Settings:
    """Settings of a fresh installation in a folder of its own, its database migrated."""
    folder = tmp_path / "instance"
    folder.mkdir()
    shutil.copy(_migrated_file, folder / "floorledger.sqlite")
    return Settings(data_dir=folder)


@pytest.fixture
def database(settings: Settings) -> Iterator[Engine]:
    """The migrated database, as the worker and the commands open it."""
    engine = open_engine(settings.database, settings.audit_keys)
    yield engine
    engine.dispose()


@pytest.fixture
def site(database: Engine) -> str:
    """The code of a site in France that counts in euro."""
    with write(database) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
    return "main"


@pytest.fixture
def clock() -> Clock:
    """What the application takes for now: the machine's time, where a room brings no clock of its own."""
    return system_clock


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Flask:
    """The application on the test's database."""
    return create_app(settings, clock)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that has not signed in."""
    return app.test_client()
