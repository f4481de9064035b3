"""Nobody but finance can read or derive what people are paid: plants that differ in nothing but wages look the same."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine

from server import create_app
from server.settings import Settings
from server.store.database import open_engine, write
from server.store.sites import create_site
from tests.cast import a_shop, put_plant, send, settle
from tests.server.callers import signed_in
from tests.server.feedback.conftest import NOW, published, put

Shops = Callable[..., list[tuple[Flask, Engine]]]


def wage(kind: str, subject: str, amount: str) -> dict[str, str]:
    return {
        "kind": "labor", "subject_kind": kind, "subject": subject, "valid_from": "2026-02-01", "amount": amount,
    }  # fmt: skip


@pytest.fixture
def shops(tmp_path: Path, _migrated_file: Path) -> Shops:
    """The same facts in plants whose wages differ: one plant for each list of rates."""

    def make(seed: int, *wages: list[dict[str, str]]) -> list[tuple[Flask, Engine]]:
        made = []
        for number, rates in enumerate(wages):
            folder = tmp_path / f"{seed}-{number}"
            folder.mkdir()
            shutil.copy(_migrated_file, folder / "floorledger.sqlite")
            settings = Settings(data_dir=folder)
            engine = open_engine(settings.database)
            with write(engine) as connection:
                create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
            put_plant(engine)
            put(engine, "rates", published("W1", "30"), published("W2", "24"), *rates)
            put(engine, "components", {"order": "MO-1", "item": "OAK", "operation": "10", "quantity_per": "0.5",
                                       "unit": "kg"})  # fmt: skip
            send(engine, a_shop(seed, 150))
            settle(engine)
            made.append((create_app(settings, clock=lambda: NOW), engine))
        return made

    return make


def addresses(seed: int) -> list[str]:
    """Every page a lead can open; of facts one in seven."""
    facts = [f"/facts/{fact['id']}" for fact in a_shop(seed, 150)[::7]]
    orders = ["/orders", "/orders?status=all", "/orders/MO-1", "/orders/MO-2", "/orders/MO-1?shown=500"]
    api = ["/api/v1/orders", "/api/v1/orders/MO-1/cost", "/api/v1/orders/MO-2/cost"]
    return ["/board", "/board?wall", "/held", *orders, *api, *facts]


def read(shop: tuple[Flask, Engine], seed: int, *roles: str) -> dict[str, bytes]:
    client = signed_in(*shop, *roles)
    found = {}
    for address in addresses(seed):
        answer = client.get(address)
        assert answer.status_code == 200, address
        found[address] = answer.data
    return found


LOW = [wage("rate_group", "G1", "20.00"), wage("rate_group", "G2", "21.00")]
HIGH = [wage("rate_group", "G1", "57.31"), wage("rate_group", "G2", "93.77")]


@pytest.mark.parametrize("seed", [2, 11])
def test_a_lead_sees_the_same_whatever_people_are_paid(shops: Shops, seed: int):
    poor, rich = shops(seed, LOW, HIGH)
    for role in ("lead", "admin"):
        assert read(poor, seed, role) == read(rich, seed, role)
    # The plants do differ, and scrap is among what differs: an accountant sees it.
    poor_cost, rich_cost = (
        signed_in(*shop, "accountant").get("/api/v1/orders/MO-1/cost").json for shop in (poor, rich)
    )
    for element in ("labor", "scrap"):
        amounts = [cell["actual"] for cost in (poor_cost, rich_cost) for cell in cost["elements"]
                   if cell["element"] == element]  # fmt: skip
        assert len(set(amounts)) == 2, element


def test_a_lead_is_refused_what_is_finances(shops: Shops):
    (shop,) = shops(3, LOW)
    for role in ("lead", "admin"):
        client = signed_in(*shop, role)
        for address in ("/entries", "/entries/1", "/entries.csv", "/api/v1/entries"):
            assert client.get(address).status_code == 403, (role, address)
