"""OpenAPI 3.1 of the interface: routes and their access rules, the catalogue of facts, the catalogue of problems.

Nothing is written down twice: addresses, methods and who may call come from the application, an operation's summary
and description from the view's docstring, a fact's schema from its definition. What a view cannot tell by itself
(parameters, bodies) stands in `DETAILS`.
"""

import re
from typing import Any

from flask import Flask

from server.auth.access import rule_of
from sync.costing.losses import KINDS
from sync.events import catalog

_DECIMAL = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_TEXT = {"type": "string"}
_WHOLE = {"type": "integer"}
_INSTANT = {"type": "string", "format": "date-time"}
_DAY = {"type": "string", "format": "date"}
_PUBLIC_KEY = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]{87}$",
    "description": "A point on P-256, uncompressed, in base64url. From then on the device signs what it sends (RFC "
    "9421): the headers Content-Digest, Signature-Input and Signature as server/auth/signature.py describes them.",
}
_AT_THE_DESK = {"type": "string", "pattern": "^[0-9]{6}$", "description": "By what it is known where it is let in."}


def _query(name: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": description}


def _object(required: str = "", **properties: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        made["required"] = required.split()
    return made


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


_SCHEMAS: dict[str, Any] = {
    "Problem": _object(
        "type code title status id", type=_TEXT, code=_TEXT, title=_TEXT, status=_WHOLE, detail=_TEXT, action=_TEXT,
        id=_TEXT, pointer=_TEXT,
    ),
    "Batch": {"additionalProperties": False} | _object(
        "protocol batch_id events",
        protocol={"const": catalog.PROTOCOL},
        batch_id={"type": "string", "format": "uuid", "description": "Made by the sender; the answer repeats it."},
        lineage={"type": ["string", "null"], "description": "The history of the server as the sender knows it."},
        events={"type": "array", "maxItems": 500, "items": _ref("Event")},
        relayed_from={"type": ["string", "null"], "format": "uuid",
                      "description": "The device that captured these facts, when another one brings them in."},
        notes={"type": "object", "additionalProperties": _object("salt text", salt=_TEXT, text=_TEXT),
               "description": "Free text by event id; the event's note_digest is sha256(salt + text), the salt 16 to "
                              "64 hexadecimal digits in lower case."},
        doubts={"type": "object", "additionalProperties": _WHOLE,
                "description": "Milliseconds by event id: by how much later a fact seems to have happened than it "
                               "says, where the device's clock was set while it had no contact. Becomes a finding."},
    ),
    "Verdicts": _object(
        "protocol batch_id lineage now verdicts",
        protocol={"const": catalog.PROTOCOL}, batch_id=_TEXT, lineage=_TEXT, now=_INSTANT,
        device={"type": ["object", "null"], "properties": {
            "id": _TEXT, "last_seq": _WHOLE,
            "missing": {"type": "array", "items": {"type": "array", "items": _WHOLE, "minItems": 2, "maxItems": 2},
                        "description": "Gaps (first, last) in the numbers up to last_seq, the newest 100 of the last "
                                       "10,000 numbers: a device sends again what it has as acknowledged there."}}},
        verdicts={"type": "array", "items": _object(
            "id verdict", id=_TEXT, verdict={"enum": ["created", "exists", "conflict", "rejected"]},
            problem=_object("code title", code=_TEXT, title=_TEXT, detail=_TEXT, pointer=_TEXT, action=_TEXT))},
    ),
    "Posting": _object(
        "side object amount accounts", side={"enum": ["debit", "credit"]}, object=_TEXT, amount=_DECIMAL,
        accounts={"type": "object", "additionalProperties": _TEXT, "description": "Plan to account, one at most."},
    ),
    "Entry": _object(
        "position batch id scope rule rule_version element occurred_at occurred_on period quantity unit amount "
        "currency provenance events policy formula postings posted_on posting_period late generation",
        position=_WHOLE, batch=_WHOLE, id=_TEXT, scope=_TEXT, reverses=_TEXT, rule=_TEXT, rule_version=_WHOLE,
        element=_TEXT, occurred_at=_INSTANT, occurred_on=_DAY, period=_TEXT, quantity=_DECIMAL, unit=_TEXT,
        hours=_DECIMAL, amount=_DECIMAL, currency=_TEXT, rate=_DECIMAL, rate_id=_TEXT, split=_TEXT, replaces=_TEXT,
        premium=_TEXT, provenance=_TEXT,
        events={"type": "array", "items": _TEXT}, policy=_TEXT, formula=_TEXT, order=_TEXT, operation=_TEXT, item=_TEXT,
        work_center=_TEXT, activity=_TEXT, days={"type": "object", "additionalProperties": _WHOLE},
        reference=_TEXT, mirrors=_TEXT, general=_TEXT,
        postings={"type": "array", "items": _ref("Posting")}, posted_on=_DAY, posting_period=_TEXT,
        late={"type": "boolean"}, generation=_WHOLE, form=_WHOLE,
        billable=_object(
            "formula parts", amount=_DECIMAL, formula=_TEXT,
            parts={"type": "array", "items": _object(
                "state milliseconds", state={"enum": ["priced", "not_billed", "unknown"]}, milliseconds=_WHOLE,
                amount=_DECIMAL, rate=_DECIMAL, rate_id=_TEXT)}),
    ),
}  # fmt: skip

# What a view cannot tell by itself, by method and address.
DETAILS: dict[str, dict[str, Any]] = {
    "POST /api/v1/events": {"body": _ref("Batch"), "answer": _ref("Verdicts")},
    "GET /api/v1/events/status": {"parameters": [_query("ids", _TEXT, "At most 100 event ids, separated by commas.")]},
    "GET /api/v1/entries": {
        "parameters": [
            _query("after", _TEXT, "Cursor of an earlier answer (`next`); absent: from the beginning."),
            _query("limit", {"type": "integer", "minimum": 1, "maximum": 10_000}, "Entries in one answer."),
            _query("format", {"enum": ["json", "ndjson", "csv"]}, "Wins over the Accept header."),
        ],
        "answer": _object("lineage entries next more", lineage=_TEXT, next=_TEXT, more={"type": "boolean"},
                          entries={"type": "array", "items": _ref("Entry")}),
    },
    "GET /api/v1/losses": {
        "parameters": [
            _query("from", _DAY, "First day of the site's time; absent: 29 days before the last."),
            _query("to", _DAY, "Last day, inclusive; absent: today. 366 days at most."),
        ],
        "answer": _object("from to losses", **{"from": _DAY}, to=_DAY, losses={"type": "array", "items": _object(
            "fact kind occurred_on reason item order found_at caused_at machine pieces hours standard_cost currency",
            fact=_TEXT, kind={"enum": list(KINDS)}, occurred_on=_DAY, reason=_TEXT, item=_TEXT, order=_TEXT,
            found_at=_TEXT, caused_at=_TEXT, machine=_TEXT, pieces=_DECIMAL, hours=_DECIMAL, currency=_TEXT,
            standard_cost={"anyOf": [_DECIMAL, {"type": "null"}], "description": "Null: a price is missing."})}),
    },
    "GET /api/v1/batches": {"parameters": [_query("after", _WHOLE, "Number of the last batch already known.")]},
    "GET /api/v1/device": {
        "parameters": [
            _query("waiting", _WHOLE, "How many facts the device still holds."),
            _query("oldest", _INSTANT, "When the oldest of them was captured."),
            _query("version", _TEXT, "Version of the device's program."),
        ],
    },
    "POST /api/v1/device/sign-in": {
        "body": _object("number pin", number=_TEXT, pin={"type": "string", "pattern": "^[0-9]{6,12}$"}),
        "answer": _object("person", person={"type": "string", "description": "Key of the person."}),
    },
    "GET /api/v1/reference": {
        "parameters": [_query("since", _TEXT, "The version held: 304 when it is the newest, else what changed since "
                                              "(`since`, `version`, `changed`, `gone`, `site`, `settings`) where that "
                                              "is known, else the whole snapshot.")],
    },
    "PUT /api/v1/photos/{event_id}": {
        "parameters": [{"name": "Floorledger-Salt", "in": "header", "required": True,
                        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
                        "description": "The fact's photo_digest is sha256(salt + picture)."}],
        "content": {"image/jpeg": {"schema": {"type": "string", "contentMediaType": "image/jpeg",
                                              "maxLength": 1_048_576}}},
        "answer": _object("photo", photo={"enum": ["created", "exists"]}),
    },
    "POST /api/v1/devices/enrol": {"body": _object(
        "secret name", secret=_TEXT, name=_TEXT, language={"enum": ["en", "fr"]}, public_key=_PUBLIC_KEY),
        "answer": _object("device token approved number", device={"type": "object"}, lineage=_TEXT, token=_TEXT,
                          approved={"type": "boolean"}, number=_AT_THE_DESK), "status": "201"},
    "POST /api/v1/device/key": {
        "body": _object("public_key", public_key=_PUBLIC_KEY),
        "answer": _object("approved number detail", approved={"type": "boolean"}, number=_AT_THE_DESK, detail=_TEXT),
        "status": "202",
    },
}  # fmt: skip


def document(app: Flask) -> dict[str, Any]:
    """The whole description, as plain JSON values."""
    with app.app_context():
        paths: dict[str, Any] = {}
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
            if rule.rule.startswith("/api/v1/"):
                address = re.sub(r"<(?:[a-z_]+(?:\([^)]*\))?:)?([a-z_]+)>", r"{\1}", rule.rule)
                for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                    paths.setdefault(address, {})[method.lower()] = _operation(app, rule.endpoint, method, address)
    kinds = catalog.newest()
    events = {_name(kind.type): catalog.json_schema(kind) for kind in kinds}
    event = {
        "oneOf": [_ref(name) for name in events],
        "discriminator": {
            "propertyName": "type",
            "mapping": {kind.type: f"#/components/schemas/{_name(kind.type)}" for kind in kinds},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Floorledger",
            "version": "1",
            "description": "Facts come in from the shop floor, costed entries go out to finance.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {**_SCHEMAS, "Event": event, **events},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A program's token."},
                "device": {"type": "apiKey", "in": "cookie", "name": "fl_device"},
                "session": {"type": "apiKey", "in": "cookie", "name": "fl_session"},
            },
        },
    }


def _name(event_type: str) -> str:
    """labor.started -> LaborStarted"""
    return "".join(part.title() for part in event_type.split("."))


def _operation(app: Flask, endpoint: str, method: str, address: str) -> dict[str, Any]:
    view = app.view_functions[endpoint]
    doc = (view.__doc__ or "").strip()
    details = DETAILS.get(f"{method} {address}", {})
    rule = rule_of(endpoint)
    security: list[dict[str, list[str]]] = []
    if rule is not None:
        security += [{"token": sorted(rule.scopes)}] if rule.scopes else []
        security += [{"device": []}] if rule.device else []
        security += [{"session": []}] if rule.roles else []
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": _TEXT} for name in re.findall(r"{([a-z_]+)}", address)
    ]
    answer = {"description": "Done.", "content": _json(details.get("answer", {"type": "object"}))}
    operation: dict[str, Any] = {
        "operationId": endpoint,
        "summary": " ".join(doc.split(".")[0].split()),
        "description": " ".join(doc.split()),
        "parameters": [*parameters, *details.get("parameters", [])],
        "responses": {
            details.get("status", "200"): answer,
            "4XX": {
                "description": "Refused: a problem with a stable code, what was wrong and what to do.",
                "content": {"application/problem+json": {"schema": _ref("Problem")}},
            },
        },
        "security": security,
    }
    if "body" in details:
        operation["requestBody"] = {"required": True, "content": _json(details["body"])}
    if "content" in details:
        operation["requestBody"] = {"required": True, "content": details["content"]}
    return operation
