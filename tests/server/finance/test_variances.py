"""An order's variances for programs and for finance: from the entries in force, and never for who may not see pay."""

import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.cast import send, settle
from tests.scenarios import run, told
from tests.server.callers import signed_in
from tests.test_scenarios import store

WHERE = "/api/v1/orders/{}/variances"


@pytest.fixture
def visit(app: Flask, database: Engine) -> Callable[..., FlaskClient]:
    """`visit("accountant")`: a browser of somebody with these roles, at the site of a story."""
    return lambda *roles: signed_in(app, database, *roles, language="en")


def a_story(engine: Engine, name: str) -> None:
    dry = run(name)
    store(engine, dry.folder)
    send(engine, [given.raw for given in dry.folder.facts])
    settle(engine)


def test_the_ledger_says_what_the_dry_run_says(visit, database: Engine) -> None:
    a_story(database, "variances_at_close")
    answer = visit("accountant").get(WHERE.format("MO-1")).json
    expected = told(run("variances_at_close"))["standards"]["MO-1"]
    names = ("version", "good", "actual", "in_work", "standard", "total")
    assert {name: answer[name] for name in names} == {name: expected[name] for name in names}
    assert len(answer["variances"]) == 15
    assert answer["closed"] is True


def test_the_order_page_shows_each_cause_and_their_sum(visit, database: Engine) -> None:
    a_story(database, "variances_at_close")
    accountant = visit("accountant")
    answer = accountant.get(WHERE.format("MO-1")).json
    page = accountant.get("/orders/MO-1").text
    table = page[page.index('<table class="table variances">') :].partition("</table>")[0]
    shown = [figure(text) for text in re.findall(r'<td class="num[^"]*">([^<]+)</td>', table)]
    categories: dict[str, list[Decimal]] = {}
    for variance in answer["variances"]:
        categories.setdefault(variance["category"], []).append(Decimal(variance["amount"]))
    lines = [amount for some in categories.values() for amount in [sum(some), *(some if len(some) > 1 else [])]]
    assert shown == [*lines, Decimal(answer["total"])]
    assert table.count('<rect class="') == len(categories)


def test_the_order_page_of_a_lead_tells_no_variance(visit, database: Engine) -> None:
    a_story(database, "variances_at_close")
    page = visit("lead").get("/orders/MO-1")
    assert page.status_code == 200
    assert "variances" not in page.text


def test_the_order_page_says_why_there_is_nothing_to_compare_with(visit, database: Engine) -> None:
    a_story(database, "standard_versions")
    reader = visit("accountant")
    assert reader.get(WHERE.format("MO-4")).json["sentence"] in unescape(reader.get("/orders/MO-4").text)


def figure(text: str) -> Decimal:
    """An amount as the page writes it."""
    return Decimal(text.replace("\N{MINUS SIGN}", "-").replace(",", "").replace("+", ""))


def test_an_order_without_a_standard_says_why(visit, database: Engine) -> None:
    a_story(database, "standard_versions")
    reader = visit("accountant")
    answer = reader.get(WHERE.format("MO-4")).json
    assert (answer["variances"], answer["reason"]) == (None, "standard.not_frozen")
    assert "MO-4" in answer["sentence"]
    assert reader.get(WHERE.format("MO-99")).status_code == 404


def test_pay_is_not_for_everybody(visit, database: Engine) -> None:
    """A rate variance tells what a group is paid: leads do not read it."""
    a_story(database, "standard_versions")
    assert visit("lead").get(WHERE.format("MO-1")).status_code == 403
    assert visit("accountant").get(WHERE.format("MO-1")).status_code == 200
