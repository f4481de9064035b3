"""A clock that a test moves, so that waits and lapses are told apart to the millisecond; people who sign in."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.auth import passwords
from server.settings import Settings
from server.store import people
from server.store.database import write

PASSWORD = "le tour est joli"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 1_795_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The application's."""
    return Clock()


def add_user(database: Engine, settings: Settings, name: str, *roles: str, password: str = PASSWORD) -> None:
    """Somebody who signs in with a password."""
    hashed = passwords.hash_password(settings, password, name, alone=False)
    with write(database) as connection:
        people.create_user(connection, "main", name, display_name=name, password_hash=hashed, roles=roles)


def enter(client: FlaskClient, name: str, password: str = PASSWORD, **form: str) -> Any:
    """Send the sign-in form."""
    return client.post("/sign-in", data={"name": name, "password": password, **form}, headers=SAME_SITE)
