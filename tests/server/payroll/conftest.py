"""A shop of eight people in two groups on a Friday afternoon, that keeps rates of people; two of them payroll."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app, vault
from server.extensions import Clock
from server.settings import Settings
from server.store import wages
from server.store.database import write
from sync.core.quantity import plain
from tests.cast import put_plant, raw, send, settle
from tests.server.callers import signed_in
from tests.server.feedback.conftest import NOW, published, put

# Six turners of one group, two gluers of another; what an hour of each costs.
TURNERS = {f"p00000000000{n}": Decimal(wage) for n, wage in enumerate(("24.50", "26", "27", "28.50", "31", "33"), 1)}
GLUERS = {"p0000000000a1": Decimal("41"), "p0000000000a2": Decimal("47.25")}
WAGES = TURNERS | GLUERS


def turn(database: Engine) -> None:
    """The plant with these people, and work of each: the first an hour, the second two, ..."""
    put_plant(database)
    put(database, "rates", published("W1", "30"), published("W2", "24"))
    put(
        database, "people",
        *({"key": key, "number": f"10{n}", "name": f"Person {n}", "rate_group": "G1" if key in TURNERS else "G2",
           "department": "D1" if n % 2 else "D2"} for n, key in enumerate(WAGES, 1)),
    )  # fmt: skip
    facts = []
    for n, key in enumerate(WAGES, 1):
        day = f"2026-11-{10 + n:02}"
        begin = raw("labor.started", f"{day}T07:00:00Z", id=f"0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f1{n:03}", person=key,
                    activity="run", order="MO-1", operation="10")  # fmt: skip
        facts += [begin, raw("labor.stopped", f"{day}T{7 + n:02}:00:00Z", id=f"0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f2{n:03}",
                             person=key, start_id=begin["id"])]  # fmt: skip
    send(database, facts)


def own_rates(app: Flask, database: Engine, rates: dict[str, Decimal], at: int = NOW) -> None:
    """Rates of people that somebody proposed and somebody else approved."""
    with app.app_context(), write(database) as connection:
        new = [
            wages.New("person", key, date(2026, 1, 1), None, vault.seal(plain(rate), "wage.amount"))
            for key, rate in rates.items()
        ]
        for identity in wages.propose(connection, "main", new, "user:paula", at):
            wages.decide(connection, "main", identity, "approved", "user:paul", at)


def on_our_pages(client: FlaskClient) -> FlaskClient:
    """What it sends comes from our own pages, as a browser says."""
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return client


@pytest.fixture
def clock() -> Clock:
    return lambda: NOW


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, labor_rates="person")


@pytest.fixture
def shop(database: Engine, site: str) -> Engine:
    turn(database)
    settle(database)
    return database


@pytest.fixture
def app(settings: Settings, clock: Clock) -> Flask:
    return create_app(settings, clock)


@pytest.fixture
def paula(app: Flask, shop: Engine) -> FlaskClient:
    """Payroll."""
    return on_our_pages(signed_in(app, shop, "payroll"))


@pytest.fixture
def paul(app: Flask, shop: Engine) -> FlaskClient:
    """Payroll too, and a team lead."""
    return on_our_pages(signed_in(app, shop, "payroll", "lead"))
