"""A turning shop on a Friday afternoon, with published rates, and a clock that stands still."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.extensions import Clock
from server.store import plant
from server.store.database import write
from tests.cast import instant, put_plant
from tests.server.callers import signed_in

NOW = instant("2026-11-20T15:12:00+01:00")
Visit = Callable[..., FlaskClient]


def put(engine: Engine, kind: str, *rows: dict[str, Any]) -> None:
    with write(engine) as connection:
        plant.put(connection, "main", kind, rows)


def published(center: str, amount: str) -> dict[str, Any]:
    return {
        "kind": "standard_labor",
        "subject_kind": "work_center",
        "subject": center,
        "valid_from": "2026-01-01",
        "amount": amount,
    }


@pytest.fixture
def shop(database: Engine, site: str) -> Engine:
    """The plant of the cast, its published rates, and oak in the bill of MO-1."""
    put_plant(database)
    put(database, "rates", published("W1", "30"), published("W2", "24"))
    put(
        database,
        "components",
        {"order": "MO-1", "item": "OAK", "operation": "10", "quantity_per": "0.5", "unit": "kg"},
    )
    return database


@pytest.fixture
def clock() -> Clock:
    return lambda: NOW


@pytest.fixture
def visit(app: Flask, shop: Engine) -> Visit:
    """`visit("lead", language="fr")`: a browser of somebody with these roles."""

    def make(*roles: str, language: str = "en") -> FlaskClient:
        return signed_in(app, shop, *roles, language=language)

    return make
