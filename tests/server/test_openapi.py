"""The interface's own description is complete and true."""

import re

from flask import Flask
from flask.testing import FlaskClient

from sync.events import catalog


def test_every_address_of_the_interface_is_described(app: Flask, client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").json
    assert described["openapi"] == "3.1.0"
    rules = {re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    assert set(described["paths"]) == {rule for rule in rules if rule.startswith("/api/v1/")}
    for address, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], f"{method} {address} has no docstring"


def test_references_lead_somewhere(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").json
    names = set(described["components"]["schemas"])
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                found.add(value["$ref"].removeprefix("#/components/schemas/"))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(described)
    assert found <= names
    assert {"Event", "Batch", "Entry"} <= found


def test_every_type_of_fact_is_described(client: FlaskClient) -> None:
    described = client.get("/api/v1/event-types", headers={"Accept-Language": "fr"}).json["event_types"]
    assert [kind["type"] for kind in described] == [kind.type for kind in catalog.newest()]
    mapping = client.get("/api/v1/openapi.json").json["components"]["schemas"]["Event"]["discriminator"]["mapping"]
    assert set(mapping) == {kind["type"] for kind in described}
