"""Presence from the store is that of all facts at once."""

import random
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from server.store import plant
from server.store.database import read, write
from server.store.presence import of_days
from sync.costing.engine import Terms
from sync.costing.policy import BEGINNING
from sync.costing.presence import presences
from sync.costing.rates import RateTable
from sync.events import catalog
from tests.cast import ANA, put_plant, send
from tests.histories import TIMES, a_history


@pytest.mark.parametrize("seed", range(6))
def test_any_days_are_those_of_all_facts(database: Engine, site: str, seed: int) -> None:
    put_plant(database)
    with write(database) as connection:
        for kind, rows in TIMES.items():
            plant.put(connection, site, kind, rows)
        plant.put(connection, site, "people", [{"key": ANA, "calendar": "NIGHT"}])
        plant.put_policy(connection, site, {BEGINNING: {"breaks": "calendar"}})
    history = a_history(seed, 80)
    send(database, history)
    facts = [catalog.load(raw) for raw in history]
    with read(database) as connection:
        terms = Terms(plant.load(connection, site), RateTable([]), plant.policies(connection, site))
        whole = presences(facts, terms)
        days = sorted({day.day for day in whole})
        assert of_days(connection, site, days[0], days[-1]) == whole
        chance = random.Random(seed)
        for _ in range(5):
            first = chance.choice(days)
            last = first + timedelta(days=chance.randrange(3))
            assert of_days(connection, site, first, last) == [day for day in whole if first <= day.day <= last]
        assert of_days(connection, site, date(2020, 1, 1), date(2020, 1, 2)) == []
