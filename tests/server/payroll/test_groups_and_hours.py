"""Means of groups become the rate of the book; hours and amounts are payroll's, and add up with the book."""

import csv
import io
import json
import re
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from server.store import ledger
from server.store.database import read
from server.store.tables import TABLES
from server.store.verification import verify
from tests.cast import KEY, settle
from tests.server.feedback.conftest import NOW
from tests.server.payroll.conftest import GLUERS, TURNERS, own_rates

MEAN = Decimal("28.33")  # of the six turners, 170 / 6


def rates(database: Engine) -> dict[str, str]:
    rate = TABLES["rate"]
    with read(database) as connection:
        rows = connection.execute(select(rate).where(rate.c.kind == "labor").order_by(rate.c.version))
        return {row.subject: row.amount for row in rows}


def booked(database: Engine) -> Decimal:
    """Labor of the ledger, net of reversals."""
    with read(database) as connection:
        bodies = [json.loads(body) for _, _, body in ledger.page(connection, "main", 0, 1000)]
    return sum((Decimal(body["amount"]) * (-1 if "reverses" in body else 1) for body in bodies
                if body["rule"] == "labor_time"), Decimal(0))  # fmt: skip


def waiting(client: FlaskClient) -> str:
    return re.findall("/payroll/proposals/([0-9a-f-]{36})", client.get("/payroll/proposals?why=rates").text)[0]


def test_a_mean_is_proposed_approved_and_booked(
    app: Flask, shop: Engine, paula: FlaskClient, paul: FlaskClient
) -> None:
    own_rates(app, shop, TURNERS | GLUERS)
    page = unescape(paula.get("/payroll/groups?why=month_end&day=2026-11-01").text)
    assert "28.33" in page
    assert "Fewer than 5 people of this group have a rate." in page  # the gluers
    before = booked(shop)
    form = {"why": "month_end", "day": "2026-11-01", "group": "G1"}
    assert paula.post("/payroll/groups", data=form).status_code == 303
    assert rates(shop)["G1"] == "31.17"
    refused = paula.post(f"/payroll/proposals/{waiting(paula)}", data={"do": "approve"})
    assert refused.status_code == 403
    assert paul.post(f"/payroll/proposals/{waiting(paul)}", data={"do": "approve"}).status_code == 303
    assert rates(shop)["G1"] == "28.33"
    settle(shop)
    hours = sum(range(1, 7))  # the turners worked 1, 2, ... 6 hours
    assert booked(shop) - before == (MEAN - Decimal("31.17")) * hours
    with read(shop) as connection:
        report = verify(connection, "main", KEY)
    assert report.faults == []


@pytest.mark.requirement("SR-28")
def test_a_mean_that_tells_one_person_is_refused_at_both_ends(
    app: Flask, shop: Engine, paula: FlaskClient, paul: FlaskClient
) -> None:
    own_rates(app, shop, TURNERS | GLUERS)
    form = {"why": "month_end", "day": "2026-11-01", "group": "G1"}
    json_wanted = {"Accept": "application/json"}
    few = paula.post("/payroll/groups", data=form | {"group": "G2"}, headers=json_wanted)
    assert (few.status_code, few.json["code"]) == (422, "wages.mean_refused")
    # Two proposals of the same people a raise apart: each may be published, not both.
    paula.post("/payroll/groups", data=form)
    own_rates(app, shop, {"p000000000001": Decimal("25.13")}, NOW + 1)
    paula.post("/payroll/groups", data=form)
    for _proposal in range(2):
        answer = paul.post(f"/payroll/proposals/{waiting(paul)}", data={"do": "approve"}, headers=json_wanted)
        if answer.status_code == 422:
            break
    assert answer.json["code"] == "wages.mean_refused"
    assert "differ from a mean that is published" in answer.json["detail"]


def test_hours_and_amounts_of_people_add_up_with_the_book(app: Flask, shop: Engine, paula: FlaskClient) -> None:
    own_rates(app, shop, TURNERS)
    answer = paula.get("/payroll/hours.csv?why=month_end&period=2026-11")
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(answer.text))}
    assert sum(Decimal(row["amount_booked"]) for row in rows.values()) == booked(shop)
    for n, (key, wage) in enumerate(TURNERS.items(), 1):
        assert (rows[key]["hours"], Decimal(rows[key]["amount_own"])) == (str(n), wage * n)
        assert Decimal(rows[key]["difference"]) == (wage - Decimal("31.17")) * n
    for key in GLUERS:  # no rate of their own: what the book holds, and said so
        assert rows[key]["hours_without_own_rate"] == rows[key]["hours"]
        assert rows[key]["amount_own"] == rows[key]["amount_booked"]
    told = paula.get("/api/v1/payroll/hours?why=month_end&period=2026-11").json
    assert {row["key"]: row for row in told["people"]} == rows
    page = paula.get("/payroll/hours?why=month_end&period=2026-11").text
    assert "Person 1" in page
    assert paula.get("/payroll/hours?why=month_end&period=2026-10").status_code == 200
    assert paula.get("/payroll/hours?why=month_end&period=2026-13").status_code == 400


def test_rates_of_people_never_move_the_book(app: Flask, shop: Engine) -> None:
    with read(shop) as connection:
        before = ledger.head(connection, "main")
    own_rates(app, shop, TURNERS | GLUERS)
    settle(shop)
    with read(shop) as connection:
        assert ledger.head(connection, "main") == before


def test_one_approver_is_enough_where_that_is_chosen(app: Flask, shop: Engine, paula: FlaskClient) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], wage_approvers=1)
    form = {"why": "rates", "do": "propose", "person": "101", "valid_from": "2026-11-01", "amount": "30"}
    paula.post("/payroll/rates", data=form)
    assert paula.post(f"/payroll/proposals/{waiting(paula)}", data={"do": "approve"}).status_code == 303
