"""Billable rates that come late, change or overlap: what is billed is told anew, what it costs stays."""

import csv
import io
import json
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from server.cli.cost import FolderRefused, dry_run, read_files
from server.reference import exports, imports
from server.reference.imports import ImportRefused
from server.store import event_log, ledger, periods, plant
from server.store.database import read, write
from server.store.tables import TABLES
from server.store.verification import verify
from sync.connectors.csv_file.mapping import KINDS
from sync.ledger.balances import by_object
from sync.ledger.billed import Billed, by_order
from tests.cast import KEY, send, settle
from tests.scenarios import HERE, run
from tests.server.callers import bearer, signed_in
from tests.test_scenarios import store

HEAD = "order,customer,kind,activity,person,rate_group,valid_from,valid_until,amount\n"
HOUR = 3_600_000


def stage(database: Engine, story: str) -> dict[str, str]:
    """A story in the store, costed; the ids of its facts by name."""
    folder = run(story).folder
    store(database, folder)
    send(database, [given.raw for given in folder.facts])
    settle(database)
    return {given.ref: given.raw["id"] for given in folder.facts}


def bring(database: Engine, **files: str) -> int:
    """Files come in as somebody imports them, what waits is costed; the number of entries that makes."""
    with write(database) as connection:
        imports.apply(
            connection, "main", imports.read_files((f"{name}.csv", text.encode()) for name, text in files.items())
        )
    return settle(database)


def refused(database: Engine, **files: str) -> list[str]:
    with pytest.raises(ImportRefused) as trouble:
        bring(database, **files)
    return [f"{error.line} {error.column}: {error.text().partition(': ')[2]}" for error in trouble.value.errors]


def contents(database: Engine) -> list[dict[str, Any]]:
    """Bodies in force."""
    with read(database) as connection:
        assert verify(connection, "main", KEY).faults == []
        ids = [entry_id for entry_id, _ in ledger.all_standing(connection, "main").values()]
        return list(ledger.bodies(connection, "main", ids).values())


def sold(database: Engine) -> dict[str, Billed]:
    return by_order(contents(database))


def test_a_rate_that_comes_late_fills_the_gap_and_moves_no_cost(database: Engine) -> None:
    facts = stage(database, "billed_without_a_rate")
    costs = by_object(contents(database))
    assert sold(database)["C-2"] == Billed(Decimal(0), 0, 0, 2 * HOUR)
    with read(database) as connection:
        became = event_log.became(connection, "main", [facts["no partner"]])
    outcome, (finding,) = became[facts["no partner"]]
    assert (outcome.state, finding.code, dict(finding.params)) == (
        "costed", "billable.no_rate", {"order": "C-2", "date": "2026-11-19"},
    )  # fmt: skip
    made = bring(database, billable_rates=HEAD + ",,case,,,partner,2026-11-01,,240.00\n")
    assert made == 2, "one back, one anew"
    assert sold(database)["C-2"] == Billed(Decimal("480.00"), 2 * HOUR)
    assert by_object(contents(database)) == costs
    with read(database) as connection:
        assert event_log.became(connection, "main", [facts["no partner"]])[facts["no partner"]][1] == []


def test_another_amount_is_another_version_and_entries_name_theirs(database: Engine) -> None:
    stage(database, "billed_case")
    first = HEAD + ",,case,,,partner,2026-01-01,,240.00\n"
    assert bring(database, billable_rates=first) == 0, "as it is here already"
    assert bring(database, billable_rates=first.replace("240", "250")) == 2
    (call,) = (body for body in contents(database) if body["amount"] == "123.50")
    assert call["billable"]["amount"] == "325.00", "1.3 x 250"
    assert call["billable"]["parts"][0]["rate_id"].endswith("/2")
    with read(database) as connection:
        row = next(row for row in exports.rows(connection, "main", KINDS["billable_rates"]) if row["amount"] == "250")
        table = TABLES["billable_rate"]
        versions = connection.scalars(select(table.c.version).where(table.c.amount.in_(("240", "250")))).all()
    assert row["rate_group"] == "partner"
    assert sorted(versions) == [1, 2], "what entries named before is still there"


def test_a_rate_that_ends_gives_way_to_the_less_specific(database: Engine) -> None:
    stage(database, "billed_case")
    bring(database, billable_rates=HEAD + ",Demo Museum,,,,,2026-01-01,2026-11-19,150.00\n")
    assert sold(database)["C-2026-020"].amount == Decimal("600.00"), "2.5 x 240 by the price list"


def test_overlapping_rates_are_refused_with_the_reason(database: Engine) -> None:
    stage(database, "billed_case")
    overlapping = HEAD + ",Demo Bank,,,,,2026-01-01,2026-06-30,200.00\n,Demo Bank,,,,,2026-06-30,,210.00\n"
    assert refused(database, billable_rates=overlapping) == [
        "3 valid_from: overlaps the rate for the same that holds from 2026-01-01 to 2026-06-30: end that one on "
        "2026-06-29, or leave its end empty, and this one takes over"
    ]
    bring(database, billable_rates=overlapping.replace("2026-06-30,,", "2026-07-01,,"))
    assert refused(database, billable_rates=HEAD + ",Demo Bank,,,,,2026-03-01,2026-07-31,205.00\n") == [
        "2 valid_from: overlaps the rate for the same that holds from 2026-01-01 to 2026-06-30: end that one on "
        "2026-02-28, or leave its end empty, and this one takes over",
        "2 valid_until: is still in force on 2026-07-01, when another rate for the same begins: end it on 2026-06-30, "
        "or leave its end empty, and the other takes over",
    ]  # fmt: skip


def test_what_a_rate_names_has_to_be_known(database: Engine) -> None:
    stage(database, "billed_case")
    rows = "C-9,,,,,,,,1\n,,,DANCE,,,,,1\n,,,,L9,,,,1\n,,,,,,2026-02-01,2026-01-01,1\n,,,indirect,,,,,1\n"
    assert refused(database, billable_rates=HEAD + rows) == [
        "2 order: order “C-9” is known neither here nor in the files: import it too",
        "3 activity: activity “DANCE” is neither setup, run, rework, teardown nor in activities.csv: import it too",
        "4 person: “L9” is not the number of anybody: import the person too",
        "5 valid_until: a rate cannot end before it begins",
        "6 activity: activity “indirect” is neither setup, run, rework, teardown nor in activities.csv: import it too",
    ]
    assert "-1" in refused(database, billable_rates=HEAD + ",,,,,,,,-1\n")[0]


def test_a_rate_of_a_person_is_given_by_number_kept_by_key_and_exported_by_number(database: Engine) -> None:
    stage(database, "billed_case")
    bring(database, people="number,name,rate_group\nL7,Somebody,partner\n",
          billable_rates=HEAD + ",Demo Bank,,,L1,,,,260.00\n,,,,L7,,,,1.00\n")  # fmt: skip
    assert sold(database)["C-2026-014"].amount == Decimal("722.00"), "1.3 x 260 + 2.4 x 160"
    with read(database) as connection:
        found = exports.rows(connection, "main", KINDS["billable_rates"])
        rates = plant.load(connection, "main").billing.rates
    assert {row["person"] for row in found} == {"", "L1", "L7"}
    assert all(person == "" or person.startswith("p") for *_, person, _group in (rate.conditions for rate in rates))
    assert bring(database, billable_rates=exports.as_csv(KINDS["billable_rates"], found)) == 0, (
        "comes in as it went out"
    )


def test_what_is_not_billed_any_more_and_is_again(database: Engine) -> None:
    stage(database, "not_billed")
    assert sold(database)["P-1"] == Billed(Decimal("100.00"), HOUR, 2 * HOUR)
    bring(database, activities="code,name,billable\nTRAVEL,Travel,yes\n")
    assert sold(database)["P-1"] == Billed(Decimal("250.00"), HOUR * 5 // 2, HOUR // 2), "mending stays a loss"
    bring(database, orders="code,billable\nP-1,no\n")
    assert sold(database)["P-1"] == Billed(Decimal("0.00"), 0, 3 * HOUR)
    bring(database, orders="code,billable\nP-1,\n")
    assert sold(database)["P-1"].amount == Decimal("250.00")


def test_in_a_closed_month_only_the_difference_of_what_is_billed_is_posted_and_no_cost(database: Engine) -> None:
    """The price of November is put right in December: the books of November stay, those of December bear no cost."""
    stage(database, "billed_case")
    with write(database) as connection:
        periods.change(
            connection, "main", "2026-11", "close", by="omar", at=1_796_100_000_000, reason="the month is over"
        )
        before = ledger.head(connection, "main").position
    assert bring(database, billable_rates=HEAD + ",,case,,,partner,2026-01-01,,250.00\n") == 2
    with read(database) as connection:
        new = [json.loads(body) for position, _, body in ledger.page(connection, "main", before, 100)]
    assert {body["posting_period"] for body in new} == {"2026-12"}
    assert not any(by_object(new).values()), "back and anew: nothing is left of the cost"
    signs = {body["billable"]["amount"]: bool(body.get("reverses")) for body in new}
    assert signs == {"312.00": True, "325.00": False}


def test_an_order_that_does_not_say_what_it_is_is_what_the_policy_says(database: Engine, site: str) -> None:
    bring(database, orders="code\nA\n", policy="setting,value\norder_kind,case\n")
    bring(
        database,
        orders="code,kind,customer\nB,,Bank\nC,ticket,\nA,,Museum\n",
        policy="setting,value\norder_kind,project\n",
    )
    with read(database) as connection:
        orders = plant.load(connection, site).orders
    assert {code: (order.kind, order.customer) for code, order in orders.items()} == {
        "A": ("case", "Museum"), "B": ("project", "Bank"), "C": ("ticket", ""),
    }  # fmt: skip


# --- who sees what -----------------------------------------------------------------------------------------------


@pytest.fixture
def visit(app: Flask, database: Engine) -> Callable[[str], FlaskClient]:
    return cache(lambda role: signed_in(app, database, role))


def test_the_order_page_tells_hours_cost_billable_and_to_finance_the_margin(
    database: Engine, visit: Callable[[str], FlaskClient]
) -> None:
    stage(database, "billed_case")
    page = visit("accountant").get("/orders/C-2026-014").text
    assert all(told in page for told in ("Billable", "696.00", "Margin", "447.70", "248.30"))
    lead = visit("lead").get("/orders/C-2026-014").text
    assert "696.00" in lead
    assert not any(told in lead for told in ("Margin", "447.70", "248.30")), "a lead sees no actual cost"
    stated = {role: visit(role).get("/api/v1/orders/C-2026-014/cost").json for role in ("accountant", "lead")}
    assert stated["accountant"]["billable"] == {
        "amount": "696.00", "margin": "447.70", "hours": "3.7", "not_billed_hours": "0", "unknown_hours": "0",
    }  # fmt: skip
    assert (stated["lead"]["billable"]["amount"], stated["lead"]["billable"]["margin"]) == ("696.00", None)
    listed = visit("accountant").get("/api/v1/orders").json["orders"]
    assert {line["order"]: line["billable"]["margin"] for line in listed} == {
        "C-2026-014": "447.70", "C-2026-020": "137.50", "C-2026-031": "49.34",
    }  # fmt: skip


def test_what_is_not_known_is_told_and_no_margin(database: Engine, visit: Callable[[str], FlaskClient]) -> None:
    stage(database, "billed_without_a_rate")
    accountant = visit("accountant")
    page = accountant.get("/orders/C-2").text
    assert "2.00 h without a billable rate" in page
    assert accountant.get("/api/v1/orders/C-2/cost").json["billable"] == {
        "amount": None, "margin": None, "hours": "2", "not_billed_hours": "0", "unknown_hours": "2",
    }  # fmt: skip
    assert accountant.get("/api/v1/orders/C-1/cost").json["billable"]["amount"] == "245.00"


def test_the_pull_has_billable_amounts_that_add_up_by_side(app: Flask, database: Engine) -> None:
    stage(database, "billed_case")
    bring(database, billable_rates=HEAD + ",,case,,,partner,2026-01-01,,250.00\n")
    sheet = app.test_client().get("/api/v1/entries?limit=10000&format=csv", headers=bearer(database, "entries:read"))
    sums = {"debit": Decimal(0), "credit": Decimal(0)}
    for row in csv.DictReader(io.StringIO(sheet.text)):
        if row["billable_amount"] and row["object"] == "order:C-2026-014":
            sums[row["side"]] += Decimal(row["billable_amount"])
    assert sums["debit"] - sums["credit"] == Decimal("709.00"), (
        "325 + 384; what was taken back stands on the other side"
    )


def test_the_dry_run_refuses_overlapping_rates_too() -> None:
    files = dict(read_files(HERE / "billed_case"))
    files["billable_rates.csv"] = HEAD.encode() + b",,case,,,,2026-01-01,2026-06-30,1\n,,case,,,,2026-06-01,,2\n"
    with pytest.raises(FolderRefused) as trouble:
        dry_run(files)
    (error,) = trouble.value.errors
    assert (error.file, error.line, error.params["day"]) == ("billable_rates.csv", 3, "2026-05-31")
