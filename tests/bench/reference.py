"""The bare reference: what a competent engineer would call the limit of this stack, doing only the minimum.

Flask under gunicorn; validate the same fact with plain marshmallow, store it in one durable transaction, answer. And
the other way: rows of a table out as JSON pages or CSV by position. And a worker on SQLAlchemy Core: read, cost, insert
entries with a unique key, update a summary, move the cursor, 1,000 facts a transaction. No product code is used here
but the choice of the SQLite library: both use the same.
"""

import csv
import hashlib
import io
import json
import os
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask, Response, request
from marshmallow import RAISE, Schema, fields, validate
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, Text, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from server.store.sqlite import sqlite3

ENTRY_COLUMNS = (
    "position", "batch", "id", "posted_on", "occurred_at", "element", "order", "operation", "item", "quantity", "unit",
    "rate", "side", "object", "amount", "currency", "accounts", "formula", "events",
)  # fmt: skip


class FactSchema(Schema):
    """The fields of `labor.started` with its envelope."""

    class Meta:
        unknown = RAISE

    id = fields.UUID(required=True)
    type = fields.String(required=True, validate=validate.OneOf(["labor.started"]))
    version = fields.Integer(required=True, strict=True)
    occurred_at = fields.AwareDateTime(required=True)
    provenance = fields.String(required=True, validate=validate.OneOf(["measured", "declared", "estimated"]))
    person = fields.String(required=True, validate=validate.Length(1, 64))
    declared_by = fields.String(validate=validate.Length(1, 64))
    activity = fields.String(required=True, validate=validate.OneOf(["setup", "run", "rework", "indirect"]))
    order = fields.String(validate=validate.Length(1, 64))
    operation = fields.String(validate=validate.Length(1, 64))
    device_seq = fields.Integer(strict=True, validate=validate.Range(1))
    boot_id = fields.String(validate=validate.Length(1, 64))
    monotonic_ms = fields.Integer(strict=True)
    clock_offset_ms = fields.Integer(strict=True)


SCHEMA = FactSchema()
app = Flask(__name__)
local = threading.local()


def connect() -> sqlite3.Connection:
    if not hasattr(local, "connection"):
        local.connection = sqlite3.connect(os.environ["REFERENCE_DATABASE"], isolation_level=None, timeout=15)
        local.connection.execute(f"PRAGMA journal_mode = {os.environ['REFERENCE_JOURNAL']}")
        local.connection.execute(f"PRAGMA synchronous = {os.environ['REFERENCE_SYNCHRONOUS']}")
    return local.connection


def make_tables(path: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE event (id TEXT PRIMARY KEY, type TEXT, occurred_at TEXT, person TEXT, recorded_at INTEGER,"
            " digest TEXT, body TEXT) WITHOUT ROWID"
        )
        columns = ", ".join(f'"{name}"' for name in ENTRY_COLUMNS[1:])
        connection.execute(f"CREATE TABLE entry (position INTEGER PRIMARY KEY, {columns})")


@app.get("/hello")
def hello() -> str:
    return "hello"


@app.post("/events")
def post_events() -> Response:
    sent = json.loads(request.get_data())
    rows, verdicts = [], []
    now = time.time_ns() // 1_000_000
    for raw in sent["events"]:
        loaded: dict[str, Any] = SCHEMA.load(raw)
        body = json.dumps(raw, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(body.encode()).hexdigest()
        rows.append((raw["id"], raw["type"], loaded["occurred_at"].isoformat(), raw["person"], now, digest, body))
        verdicts.append({"id": raw["id"], "verdict": "created"})
    connection = connect()
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    return Response(json.dumps({"verdicts": verdicts}), mimetype="application/json")


@app.get("/entries")
def entries() -> Response:
    after, limit = int(request.args["after"]), int(request.args["limit"])
    query = "SELECT * FROM entry WHERE position > ? ORDER BY position LIMIT ?"
    rows = connect().execute(query, (after, limit)).fetchall()
    if request.args.get("format") == "csv":
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(ENTRY_COLUMNS)
        # A line for each side, as the product writes them.
        side, thing = ENTRY_COLUMNS.index("side"), ENTRY_COLUMNS.index("object")
        for row in rows:
            writer.writerow(row)
            other = list(row)
            other[side], other[thing] = "credit", "department:D1"
            writer.writerow(other)
        return Response(out.getvalue(), mimetype="text/csv")
    found = [dict(zip(ENTRY_COLUMNS, row, strict=True)) for row in rows]
    return Response(json.dumps({"entries": found, "next": rows[-1][0] if rows else after}), mimetype="application/json")


# --- the worker --------------------------------------------------------------------------------------------------

METADATA = MetaData()
FACT = Table("bare_fact", METADATA, Column("seq", Integer, primary_key=True), Column("id", String(36)),
             Column("body", Text))  # fmt: skip
LINE = Table(
    "bare_entry", METADATA, Column("event", String(36), primary_key=True), Column("line", Integer, primary_key=True),
    *(Column(name, String(64)) for name in ("rule", "order", "account", "element", "amount", "rate", "quantity")),
)  # fmt: skip
SUMMARY = Table("bare_summary", METADATA, Column("order", String(64), primary_key=True), Column("amount", Integer))
CURSOR = Table("bare_cursor", METADATA, Column("name", String(16), primary_key=True), Column("seq", Integer))
CENT, RATE = Decimal("0.01"), Decimal("31.17")
A_TURN = 1_000


def fill_worker(engine: Engine, facts: Iterable[Mapping[str, Any]]) -> int:
    """Tables of its own with these facts, not costed yet; how many."""
    METADATA.drop_all(engine)
    METADATA.create_all(engine)
    rows = [
        {"seq": number, "id": fact["id"], "body": json.dumps(fact, sort_keys=True, separators=(",", ":"))}
        for number, fact in enumerate(facts, start=1)
    ]
    with engine.begin() as connection:
        connection.execute(insert(FACT), rows)
        connection.execute(insert(CURSOR).values(name="costing", seq=0))
    return len(rows)


def work(engine: Engine) -> int:
    """Cost all that waits; how many facts. An hour has the same price everywhere, and nothing is ever late."""
    make = postgresql_insert if engine.dialect.name == "postgresql" else sqlite_insert
    began: dict[str, str] = {}
    done = 0
    while True:
        with engine.begin() as connection:
            seq = connection.scalar(select(CURSOR.c.seq).where(CURSOR.c.name == "costing")) or 0
            query = select(FACT.c.seq, FACT.c.body).where(FACT.c.seq > seq).order_by(FACT.c.seq).limit(A_TURN)
            rows = connection.execute(query).all()
            if not rows:
                return done
            lines: list[dict[str, Any]] = []
            sums: dict[str, int] = {}
            for _, body in rows:
                _cost(json.loads(body), began, lines, sums)
            connection.execute(insert(LINE), lines)
            statement = make(SUMMARY)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["order"], set_={"amount": SUMMARY.c.amount + statement.excluded.amount}
                ),
                [{"order": order, "amount": amount} for order, amount in sums.items()],
            )
            connection.execute(update(CURSOR).where(CURSOR.c.name == "costing").values(seq=rows[-1].seq))
            done += len(rows)


def _cost(fact: Mapping[str, Any], began: dict[str, str], lines: list[dict[str, Any]], sums: dict[str, int]) -> None:
    """A debit in two shares and a credit where a fact names an order, else a debit and a credit."""
    if fact["type"].endswith(".started"):
        began[fact["id"]] = fact["occurred_at"]
    start = began.pop(fact.get("start_id", ""), None)
    if start:
        span = datetime.fromisoformat(fact["occurred_at"]) - datetime.fromisoformat(start)
        quantity = Decimal(span.seconds) / 3600
    else:
        quantity = Decimal(fact.get("quantity", "1"))
    amount = (quantity * RATE).quantize(CENT, rounding=ROUND_HALF_UP)
    order = fact.get("order", "")
    north = (amount * 60 / 100).quantize(CENT, rounding=ROUND_HALF_UP)
    parts = [("NORTH", north), ("SOUTH", amount - north)] if order else [("", amount)]
    for line, (account, part) in enumerate([*parts, ("DEP", -amount)]):
        lines.append(
            {"event": fact["id"], "line": line, "rule": fact["type"], "order": order, "account": account,
             "element": "labor", "amount": str(part), "rate": str(RATE), "quantity": str(quantity)}
        )  # fmt: skip
    if order:
        sums[order] = sums.get(order, 0) + int(amount * 100)
