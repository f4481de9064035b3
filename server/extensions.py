"""What the parts of the host share: the database, the translations, the clock."""

import time
from collections.abc import Callable
from typing import Any

import sqlalchemy
from flask import Flask, current_app
from flask_babel import Babel
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from server.settings import Settings
from server.store.database import open_engine
from server.store.tables import Base


class Database(SQLAlchemy):
    """Flask-SQLAlchemy with the engine of `server.store.database`, so that there is one way to open it."""

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> sqlalchemy.Engine:
        chosen: Settings = app.extensions["settings"]
        return open_engine(options["url"], chosen.audit_keys)


db = Database(model_class=Base, disable_autonaming=True)
migrate = Migrate()
babel = Babel()

Clock = Callable[[], int]


def system_clock() -> int:
    """Now, in milliseconds since 1970-01-01T00:00:00Z."""
    return time.time_ns() // 1_000_000


def now() -> int:
    """Now by the application's clock, in milliseconds; tests bring their own."""
    clock: Clock = current_app.extensions["clock"]
    return clock()


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["settings"]
    return found
