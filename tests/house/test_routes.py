"""No address is open by oversight."""

import re

from flask import Flask
from flask.testing import FlaskClient

from server.auth.access import rule_of

# Addresses anybody may open, each because its view says why. A new one is added here on purpose.
PUBLIC = {
    "/", "/S/<code>", "/s/<code>", "/enrol", "/healthz", "/language", "/manifest.webmanifest", "/plain-http",
    "/service-worker.js", "/set-up", "/sign-in", "/sign-out", "/static/<path:filename>", "/theme",
    "/api/v1/devices/enrol",
}  # fmt: skip


# What stands for a place of an address, by its converter.
SAMPLES = {"uuid": "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01", "int": "1"}


def sample(converter: str) -> str:
    """A value a place of an address takes."""
    if words := re.fullmatch(r"any\(([^,)]+).*\)", converter):
        return words[1]
    return SAMPLES.get(converter, "sample")


def test_every_view_says_who_may_call_it(app: Flask) -> None:
    with app.app_context():
        undeclared = {rule.rule for rule in app.url_map.iter_rules() if rule_of(rule.endpoint) is None}
    assert undeclared == set()


def test_what_is_public_is_known(app: Flask) -> None:
    with app.app_context():
        rules = {rule.rule: rule_of(rule.endpoint) for rule in app.url_map.iter_rules()}
    public = {address for address, rule in rules.items() if rule and rule.public}
    assert public - {"/api/v1/event-types", "/api/v1/openapi.json"} == PUBLIC
    assert all(len(rule.public.split()) >= 4 for rule in rules.values() if rule and rule.public)


def test_a_view_without_rule_is_closed(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = app.test_client().get("/forgotten", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json["code"] == "auth.undeclared"
    assert b"secret" not in answer.data


def test_nobody_gets_past_a_rule_without_a_credential(app: Flask, client: FlaskClient, site: str) -> None:
    with app.app_context():
        closed = [
            (method, rule.rule)
            for rule in app.url_map.iter_rules()
            if not rule_of(rule.endpoint).public
            for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        ]
    assert len(closed) > 5
    for method, address in closed:
        path = re.sub("<([^>]+)>", lambda place: sample(place[1].rpartition(":")[0]), address)
        answer = client.open(
            path, method=method, headers={"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
        )
        assert (answer.status_code, answer.json["code"]) == (401, "auth.missing"), f"{method} {address}"
        assert answer.headers["Cache-Control"] == "no-store"
