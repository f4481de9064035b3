"""The bare reference: what a competent engineer would call the limit of this stack, doing only the minimum.

Flask under gunicorn; validate the same fact with plain marshmallow, store it in one durable transaction, answer. And
the other way: rows of a table out as JSON pages or CSV by position. No product code is used here.
"""

import csv
import hashlib
import io
import json
import os
import sqlite3
import threading
import time
from typing import Any

from flask import Flask, Response, request
from marshmallow import RAISE, Schema, fields, validate

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
