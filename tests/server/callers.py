"""Callers for tests of views: a browser that is signed in, an enrolled device, a program with a token."""

from collections.abc import Iterable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.auth import credentials
from server.extensions import system_clock
from server.store import people
from server.store.database import write


def signed_in(
    app: Flask, database: Engine, *roles: str, language: str = "en", name: str = "", teams: Iterable[str] = ()
) -> FlaskClient:
    """A browser whose user has these roles and, with `teams`, sees the people of these departments only."""
    secret, name = credentials.make_secret(), name or "-".join(roles)
    with write(database) as connection:
        people.create_user(
            connection, "main", name, display_name=name, password_hash="-", roles=roles, language=language, teams=teams
        )
        people.start_session(connection, "main", name, credentials.digest(secret), system_clock())
    client = app.test_client()
    client.set_cookie(credentials.SESSION, secret)
    return client


def device(app: Flask, database: Engine) -> FlaskClient:
    """An enrolled tablet."""
    secret = credentials.make_secret("fld_")
    with write(database) as connection:
        people.create_device(connection, "main", "Tablet 1", credentials.digest(secret), system_clock())
    client = app.test_client()
    client.set_cookie(credentials.DEVICE, secret)
    return client


def bearer(database: Engine, *scopes: str) -> dict[str, str]:
    """The header of a program whose token has these scopes."""
    secret = credentials.make_secret("flt_")
    token = people.NewToken("program", credentials.digest(secret), frozenset(scopes), None)
    with write(database) as connection:
        people.create_token(connection, "main", token, system_clock())
    return {"Authorization": f"Bearer {secret}"}
