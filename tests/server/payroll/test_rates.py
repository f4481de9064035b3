"""Rates of people: proposed by one, approved by another, seen by payroll alone, and every look is recorded."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from html import unescape

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from server.auth import wages
from server.auth.access import rule_of
from server.store import audit
from server.store.database import read
from server.store.tables import TABLES
from tests.server.callers import signed_in
from tests.server.feedback.conftest import NOW
from tests.server.payroll.conftest import GLUERS, TURNERS, on_our_pages, own_rates

FILE = "person,valid_from,amount\n101,2026-11-01,24.37\n102,2026-11-01,26.91\n"


def lines(database: Engine, action: str) -> list[audit.Line]:
    with read(database) as connection:
        return audit.lines(connection, "main", audit.Search({"wage"}, action=action))


def in_force(app: Flask, database: Engine) -> dict[str, Decimal]:
    with app.app_context(), read(database) as connection:
        own = wages.in_force(connection, "main")
        found = {person: own.find(person, date(2026, 11, 20)) for person in own.of}
        return {person: rate.amount for person, rate in found.items() if rate}


def proposal(client: FlaskClient) -> str:
    page = client.get("/payroll/proposals?why=rates").text
    return re.findall("/payroll/proposals/([0-9a-f-]{36})", page)[0]


def upload(client: FlaskClient, do: str, text: str = FILE) -> object:
    return client.post("/payroll/rates", data={"why": "rates", "do": do, "reason": "Raise",
                                               "file": (io.BytesIO(text.encode()), "rates.csv")})  # fmt: skip


@pytest.mark.requirement("SR-31")
def test_a_rate_needs_two_people(app: Flask, shop: Engine, paula: FlaskClient, paul: FlaskClient) -> None:
    assert upload(paula, "propose").status_code == 303
    assert in_force(app, shop) == {}
    mine = proposal(paula)
    refused = paula.post(f"/payroll/proposals/{mine}", data={"do": "approve", "why": "rates"},
                         headers={"Accept": "application/json"})  # fmt: skip
    assert (refused.status_code, refused.json["code"]) == (403, "wages.second_person")
    assert in_force(app, shop) == {}
    # The approver sees what changes: one hour of the first person in an open month.
    page = unescape(paul.get("/payroll/proposals?why=rates").text)
    assert "24.37 EUR/h" in page
    assert "1.00 h, −6.80 EUR" in page  # one hour: 24.37 against 31.17 of the group
    assert paul.post(f"/payroll/proposals/{mine}", data={"do": "approve", "why": "rates"}).status_code == 303
    assert len(in_force(app, shop)) == 1
    again = paul.post(f"/payroll/proposals/{mine}", data={"do": "decline"}, headers={"Accept": "application/json"})
    assert (again.status_code, again.json["code"]) == (409, "wages.decided")
    (told,) = lines(shop, "rate.approved")
    assert (told.actor, told.subject) == ("user:payroll-lead", "p000000000001")
    assert "24.37" not in str(told)
    assert len(lines(shop, "rate.proposed")) == 2


@pytest.mark.requirement("SR-31")
def test_those_of_a_file_are_approved_at_once_by_somebody_else(
    app: Flask, shop: Engine, paula: FlaskClient, paul: FlaskClient
) -> None:
    upload(paula, "propose")
    page = paul.get("/payroll/proposals?why=rates").text
    ids = re.findall('name="ids" value="([^"]+)"', page)
    assert len(ids) == 2
    assert "ids" not in re.findall('name="([^"]+)"', paula.get("/payroll/proposals?why=rates").text)
    assert paula.post("/payroll/proposals", data={"ids": ids}).status_code == 403
    assert paul.post("/payroll/proposals", data={"ids": [*ids, "0" * 36]}).status_code == 404
    assert in_force(app, shop) == {}  # all or none
    assert paul.post("/payroll/proposals", data={"ids": ids}).status_code == 303
    assert len(in_force(app, shop)) == 2
    assert len(lines(shop, "rate.approved")) == 2


def test_one_person_alone_is_told_what_to_do(paula: FlaskClient) -> None:
    assert "Nobody can approve yet" in paula.get("/payroll").text


def test_what_one_proposed_oneself_can_be_withdrawn(
    app: Flask, shop: Engine, paula: FlaskClient, paul: FlaskClient
) -> None:
    upload(paula, "propose")
    mine = proposal(paula)
    other = paul.post(f"/payroll/proposals/{mine}", data={"do": "withdraw"}, headers={"Accept": "application/json"})
    assert other.status_code == 403
    assert paula.post(f"/payroll/proposals/{mine}", data={"do": "withdraw"}).status_code == 303
    assert len(lines(shop, "rate.withdrawn")) == 1


def test_a_preview_tells_the_effect_and_changes_nothing(app: Flask, shop: Engine, paula: FlaskClient) -> None:
    page = unescape(upload(paula, "preview").text)
    assert "Nothing is proposed yet" in page
    assert "−6.80" in page
    with read(shop) as connection:
        assert connection.execute(select(TABLES["wage_rate"])).all() == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("person,valid_from,amount\n999,2026-11-01,24\n", "nobody here has the number"),
        ("person,valid_from,amount\n101,2026-11-01,0\n", "above zero"),
        ("person,valid_from,valid_until,amount\n101,2026-11-01,2026-11-01,20\n", "ends after the day it begins"),
        ("person,valid_from,amount\n101,2026-11-01,=1+1\n", "is not a number"),
        ("person,valid_from,amount\n101,2026-11-01,20\n101,2026-11-01,21\n", "same thing as line 2"),
        ("person,amount\n101,20\n", "valid_from"),
        ("", "is empty"),
    ],
)
def test_a_file_is_taken_whole_or_not_at_all(shop: Engine, paula: FlaskClient, text: str, says: str) -> None:
    answer = upload(paula, "propose", text)
    assert answer.status_code == 422
    assert says in unescape(answer.text)
    with read(shop) as connection:
        assert connection.execute(select(TABLES["wage_rate"])).all() == []


def test_one_rate_is_typed(app: Flask, shop: Engine, paula: FlaskClient) -> None:
    typed = {"why": "rates", "do": "preview", "person": "103", "valid_from": "2026-11-01", "amount": "27,80"}
    page = paula.post("/payroll/rates", data=typed)
    text = re.search('name="text" value="([^"]*)"', page.text)[1]
    assert "27.8" in text
    assert (
        paula.post("/payroll/rates", data={"why": "rates", "do": "propose", "text": unescape(text)}).status_code == 303
    )
    assert paula.post("/payroll/rates", data=typed | {"amount": "x"}).status_code == 422
    assert paula.post("/payroll/rates", data=typed | {"person": "x"}).status_code == 422


@pytest.mark.requirement("PR-03")
def test_every_look_is_recorded_with_a_reason(app: Flask, shop: Engine, paula: FlaskClient) -> None:
    own_rates(app, shop, TURNERS | GLUERS)
    looks = ["/payroll/rates", "/payroll/proposals", "/payroll/hours", "/payroll/hours.csv", "/payroll/groups",
             "/api/v1/payroll/hours"]  # fmt: skip
    for address in looks:
        for why in ("", "?why=curiosity"):
            refused = paula.get(address + why, headers={"Accept": "application/json"})
            assert (refused.status_code, refused.json["code"]) == (422, "wages.no_reason"), address
    assert lines(shop, "rate.read") == []
    for address in looks:
        answer = paula.get(f"{address}?why=month_end")
        assert answer.status_code == 200, address
        assert answer.headers["Cache-Control"] == "no-store", address
    told = lines(shop, "rate.read")
    assert len(told) == len(looks)
    assert {(line.actor, line.at, line.details["why"]) for line in told} == {("user:payroll", NOW, "month_end")}
    assert not any(str(rate) in str(line) for line in told for rate in (TURNERS | GLUERS).values() if "." in str(rate))
    summary = unescape(paula.get("/payroll/reads").text)
    assert "hours 2026-11 as CSV" in summary
    assert "Month end and comparison with pay" in summary
    assert signed_in(app, shop, "auditor").get("/payroll/reads").status_code == 200


@pytest.mark.requirement("PR-02")
@pytest.mark.parametrize("role", ["admin", "lead", "accountant", "auditor"])
def test_nobody_but_payroll_gets_in(app: Flask, shop: Engine, role: str) -> None:
    reader = on_our_pages(signed_in(app, shop, role))
    for address in ("/payroll", "/payroll/rates?why=rates", "/payroll/proposals?why=rates", "/payroll/hours?why=rates",
                    "/payroll/hours.csv?why=rates", "/payroll/groups?why=rates",
                    "/api/v1/payroll/hours?why=rates"):  # fmt: skip
        assert reader.get(address).status_code == 403, address
    assert reader.post("/payroll/rates", data={"why": "rates"}).status_code == 403
    assert reader.post("/payroll/groups", data={"group": "G1"}).status_code == 403
    somewhere = "/payroll/proposals/0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01"
    assert reader.post(somewhere, data={"do": "approve"}).status_code == 403


def test_amounts_lie_sealed(app: Flask, shop: Engine) -> None:
    own_rates(app, shop, {"p000000000001": Decimal("24.37")})
    with read(shop) as connection:
        (row,) = connection.execute(select(TABLES["wage_rate"])).all()
    assert "24.37" not in str(row)


def test_gaps_and_overlaps_are_shown(app: Flask, shop: Engine, paula: FlaskClient, paul: FlaskClient) -> None:
    text = ("person,valid_from,valid_until,amount\n101,2026-01-01,2026-03-01,20\n101,2026-04-01,2026-07-01,21\n"
            "101,2026-06-01,,22\n")  # fmt: skip
    upload(paula, "propose", text)
    for _ in range(3):
        paul.post(f"/payroll/proposals/{proposal(paul)}", data={"do": "approve"})
    page = unescape(paula.get("/payroll/rates?why=rates").text)
    assert "No rate from 3/1/26 to before 4/1/26" in page
    assert "Two rates from 6/1/26 to before 7/1/26" in page


def test_a_site_that_keeps_group_rates_says_so(app: Flask, shop: Engine, paula: FlaskClient) -> None:
    app.extensions["settings"] = replace(app.extensions["settings"], labor_rates="group")
    assert "keeps no rates of single people" in paula.get("/payroll").text
    assert paula.get("/payroll/rates?why=rates").status_code == 409


def test_rates_may_come_as_a_workbook(app: Flask, shop: Engine, paula: FlaskClient, paul: FlaskClient) -> None:
    """Checked like any stranger's; the preview carries on what was read."""

    def offer(do: str, rows: list[list[object]], **edit: bytes) -> TestResponse:
        made = openpyxl.Workbook()
        for row in [["Matricule", "Valable du", "Montant"], *rows]:
            made.active.append(row)
        out = io.BytesIO()
        made.save(out)
        with zipfile.ZipFile(out, "a") as package:
            for name, content in edit.items():
                package.writestr(f"xl/{name}.bin", content)
        sent = {"why": "rates", "do": do, "reason": "Raise", "file": (io.BytesIO(out.getvalue()), "taux.xlsx")}
        return paula.post("/payroll/rates", data=sent)

    day = datetime(2026, 11, 1)  # noqa: DTZ001 - a cell of a sheet has no time zone
    preview = offer("preview", [[101, day, 24.37], [102, day, 26.91]])
    assert preview.status_code == 200
    carried = re.search('name="text" value="([^"]*)"', preview.text)
    assert carried and unescape(carried[1]).splitlines()[1].split(",")[1:] == ["2026-11-01", "", "24.37"]
    assert offer("propose", [[101, day, 24.37]]).status_code == 303
    assert "cell C2" in offer("preview", [[101, day, "much"]]).text
    assert "macros" in offer("preview", [[101, day, 24.37]], vbaProject=b"x").text


@pytest.mark.requirement("SR-26", "SR-12")
def test_every_view_that_shows_a_wage_is_payrolls_and_asks_for_a_proof(app: Flask) -> None:
    with app.app_context():
        rules = {rule.endpoint: rule_of(rule.endpoint) for rule in app.url_map.iter_rules()}
    showing = {name: rule for name, rule in rules.items() if rule and "wage" in rule.reads}
    # A person's own data are given by an administrator as well: without wages, see tests/server/privacy.
    assert {name for name, rule in showing.items() if rule.roles != {"payroll"}} == {"privacy.give"}
    assert len(showing) > 8
    for name, rule in showing.items():
        assert rule.fresh, name
        assert not rule.scopes, name
        assert not rule.device, name
