"""GET /api/v1/entries: by cursor, without gap or repeat, the same bytes each time."""

import csv
import io
import json
from dataclasses import fields
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.pull.routes import CSV_COLUMNS, as_csv
from server.store import ledger, plant
from server.store.database import read, write
from sync.costing.policy import BEGINNING
from sync.ledger.entry import Billable, BilledTime, Entry, Posted, Posting
from tests.cast import a_shop, put_plant, raw, send, settle
from tests.server.callers import bearer


@pytest.fixture
def finance(database: Engine, site: str) -> dict[str, str]:
    """A program of finance, and a ledger for it to read."""
    put_plant(database)
    facts = a_shop(5, 120)
    for first in range(0, len(facts), 40):
        send(database, facts[first : first + 40])
        settle(database)
    return bearer(database, "entries:read")


def test_pages_join_without_gap_or_repeat(client: FlaskClient, finance: dict[str, str], database: Engine) -> None:
    cursor, seen, more = "", [], True
    while more:
        page = client.get(f"/api/v1/entries?after={cursor}&limit=7", headers=finance).json
        seen += page["entries"]
        cursor, more = page["next"], page["more"]
    assert [entry["position"] for entry in seen] == list(range(1, len(seen) + 1))
    with read(database) as connection:
        assert len(seen) == ledger.head(connection, "main").position > 20
    end = client.get(f"/api/v1/entries?after={cursor}", headers=finance).json
    assert (end["entries"], end["more"], end["next"]) == ([], False, cursor)


def test_the_same_question_has_the_same_bytes(client: FlaskClient, finance: dict[str, str], database: Engine) -> None:
    first = client.get("/api/v1/entries?limit=5", headers=finance).data
    send(database, a_shop(6, 30))
    settle(database)
    again = client.get("/api/v1/entries?limit=5", headers=finance).data
    assert first == again


def test_three_formats_tell_the_same(client: FlaskClient, finance: dict[str, str]) -> None:
    whole = client.get("/api/v1/entries?limit=10000", headers=finance).json["entries"]
    lines = client.get("/api/v1/entries?limit=10000", headers={**finance, "Accept": "application/x-ndjson"})
    assert [json.loads(line) for line in lines.text.splitlines()] == whole
    assert lines.headers["Floorledger-More"] == "false"
    sheet = client.get("/api/v1/entries?limit=10000&format=csv", headers=finance)
    rows = list(csv.DictReader(io.StringIO(sheet.text)))
    assert len(rows) == sum(len(entry["postings"]) for entry in whole)
    assert {row["id"] for row in rows} == {entry["id"] for entry in whole}
    assert {row["split"] for row in rows} == {""}  # by equal share: that of the beginning goes without saying


def test_csv_and_json_have_the_same_fields(client: FlaskClient) -> None:
    """Of an entry that has all there are; whoever adds a field to entries adds its column and its schema."""
    posting = {"accounts": (("product", "CHAIR"),), "amount": Decimal("31.17")}
    made = Entry(
        scope="s", rule="premium", rule_version=1, element="labor", occurred_at=0, occurred_on=date(2026, 11, 20),
        period="2026-11", quantity=Decimal(3_600_000), unit="ms", amount=Decimal("31.17"), currency="EUR",
        provenance="measured", events=("e", "f"), policy="1", formula="1 h", order="MO-1", operation="10", item="OAK",
        postings=(Posting("debit", "order:MO-1", **posting), Posting("credit", "department:D1", **posting)),
        work_center="W1", activity="run", rate=Decimal("31.17"), rate_id="r/1", split="main_order/1", replaces="PINE",
        premium="NIGHT/2026-01-01", reference="OD-1", mirrors="OD-0", general="G-1",
        days=((date(2026, 11, 20), 1_000), (date(2026, 11, 21), 3_599_000)),
        billable=Billable(Decimal("80.00"), "1 h", (BilledTime("priced", 9, Decimal("80.00"), Decimal(80), "b/1"),)),
    )  # fmt: skip
    assert all(getattr(made, field.name) not in ("", None, ()) for field in fields(Entry)), "a field is left out here"
    posted = Posted("i", made.content_id, 0, made.occurred_on, "2026-12", made.content, reverses="j")
    told = {"position": 1, "batch": 1, **json.loads(posted.body)}
    members = told.keys() - {"postings"} | told["postings"][0].keys()
    assert members | {"billable_amount", "billable_unknown_hours"} == set(CSV_COLUMNS)
    schemas = client.get("/api/v1/openapi.json").json["components"]["schemas"]
    described = [schemas[name]["properties"].keys() for name in ("Entry", "Posting")]
    assert members == set().union(*described) - {"postings"}
    row, other = csv.DictReader(io.StringIO(as_csv([json.loads(json.dumps(told))])))
    assert all(row.values())
    assert (row["billable_amount"], row["billable_unknown_hours"]) == ("80.00", "0")
    assert (other["billable_amount"], other["billable_unknown_hours"]) == ("", ""), "told once, so that it adds up"
    assert (row["side"], other["side"]) == ("debit", "credit")
    assert row["premium"] == "NIGHT/2026-01-01"
    assert row["days"] == "2026-11-20=1000 2026-11-21=3599000"
    assert row["accounts"] == "product=CHAIR"
    assert json.loads(row["billable"]) == told["billable"]


def test_each_format_says_how_time_was_shared(client: FlaskClient, finance: dict[str, str], database: Engine) -> None:
    with write(database) as connection:
        plant.put_policy(connection, "main", {BEGINNING: {"split_rule": "main_order"}})
    send(database, [raw("labor.declared", "2026-11-20T08:00:00Z", person="pa11ce000001", activity="indirect",
                        indirect_code="CLEAN", duration_ms=3_600_000)])  # fmt: skip
    settle(database)
    whole = client.get("/api/v1/entries?limit=10000", headers=finance).json["entries"]
    told = {entry["id"]: entry.get("split", "") for entry in whole}
    sheet = csv.DictReader(io.StringIO(client.get("/api/v1/entries?limit=10000&format=csv", headers=finance).text))
    assert {row["id"]: row["split"] for row in sheet} == told
    assert "main_order/1" in told.values()


def test_text_never_becomes_a_formula(client: FlaskClient, finance: dict[str, str], database: Engine) -> None:
    send(database, [raw("labor.declared", "2026-11-20T08:00:00Z", person="pa11ce000001", activity="indirect",
                        indirect_code="=1+1", duration_ms=3_600_000)])  # fmt: skip
    settle(database)
    rows = csv.reader(io.StringIO(client.get("/api/v1/entries?limit=10000&format=csv", headers=finance).text))
    cells = [cell for row in rows for cell in row]
    assert any("=1+1" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("after=nonsense", 400, "entries.bad_cursor"),
        ("after=1", 400, "entries.bad_cursor"),
        ("after=00000000.5", 409, "entries.lineage_changed"),
        ("after=HERE.999999", 409, "entries.cursor_beyond_end"),
        ("after=HERE.01", 400, "entries.bad_cursor"),
        ("limit=0", 400, "request.invalid"),
        ("limit=10001", 400, "request.invalid"),
        ("limit=1'--", 400, "request.invalid"),
        ("limit=5&limit=6", 400, "request.repeated_field"),
        ("format=xml", 400, "request.invalid"),
    ],
)
def test_a_bad_question_has_a_coded_answer(
    client: FlaskClient, finance: dict[str, str], query: str, status: int, code: str
) -> None:
    lineage = client.get("/api/v1/entries?limit=1", headers=finance).json["lineage"]
    answer = client.get(f"/api/v1/entries?{query.replace('HERE', lineage[:8])}", headers=finance)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_batches_are_gapless_and_chained(client: FlaskClient, finance: dict[str, str]) -> None:
    batches = client.get("/api/v1/batches", headers=finance).json["batches"]
    assert [batch["number"] for batch in batches] == list(range(1, len(batches) + 1))
    assert all(after["previous"] == before["hash"] for before, after in pairwise(batches))
    assert all(after["first"] == before["last"] + 1 for before, after in pairwise(batches))


def test_only_finance_pulls(client: FlaskClient, finance: dict[str, str], database: Engine) -> None:
    assert client.get("/api/v1/entries", headers={"Accept": "application/json"}).status_code == 401
    assert client.get("/api/v1/entries", headers=bearer(database, "events:write")).status_code == 403
