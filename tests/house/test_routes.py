"""No address is open by oversight. Who may open which stands in tests/security/matrix.py."""

import re
from pathlib import Path

import pytest
from flask import Flask

from server.auth.access import rule_of

ROOT = Path(__file__).parents[2]


@pytest.mark.requirement("SR-01")
def test_every_view_says_who_may_call_it(app: Flask) -> None:
    with app.app_context():
        undeclared = {rule.rule for rule in app.url_map.iter_rules() if rule_of(rule.endpoint) is None}
    assert undeclared == set()


def test_every_view_says_whose_things_it_touches(app: Flask) -> None:
    with app.app_context():
        silent = {rule.rule for rule in app.url_map.iter_rules() if not rule_of(rule.endpoint).objects}
    assert silent == set()


def test_what_is_public_says_why(app: Flask) -> None:
    with app.app_context():
        reasons = {rule.rule: rule_of(rule.endpoint).public for rule in app.url_map.iter_rules()}
    assert all(len(reason.split()) >= 4 for reason in reasons.values() if reason), reasons


@pytest.mark.requirement("SR-01")
def test_a_view_without_rule_is_closed(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = app.test_client().get("/forgotten", headers={"Accept": "application/json"})
    assert answer.status_code == 403
    assert answer.json["code"] == "auth.undeclared"
    assert b"secret" not in answer.data


@pytest.mark.requirement("SR-25", "SR-33")
def test_json_comes_in_by_the_strict_door_only() -> None:
    """`fields.json_object` refuses what two readers could read differently, and what the address does not take."""
    loose = re.compile(r"request\.(get_json|json\b|data\b|stream\b)")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in sorted((ROOT / "server").rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if loose.search(line)
    ]
    assert found == []
