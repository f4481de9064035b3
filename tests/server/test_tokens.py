"""A program's token: for named purposes, within its maker's rights, until a day, of one machine where it is bound."""

import json
import re
from uuid import uuid4

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from server.auth import tokens
from server.auth.access import SCOPES
from server.cli import main
from server.extensions import system_clock
from server.problems import Problem
from server.settings import Settings
from server.store import audit, people, plant
from server.store.database import read, write
from server.store.tables import TABLES
from tests.server import callers

SAME = {"Sec-Fetch-Site": "same-origin"}
DAY_MS = 86_400_000
DOORS = {"events:write": ("POST", "/api/v1/events"), "events:read": ("GET", "/api/v1/events/status?ids=x"),
         "reference:read": ("GET", "/api/v1/reference"), "entries:read": ("GET", "/api/v1/entries")}  # fmt: skip


@pytest.fixture
def plant_here(database: Engine, site: str) -> None:
    with write(database) as connection:
        plant.put(connection, site, "work_centers", [{"code": "W1", "name": "Lathes"}, {"code": "W2", "name": "Mills"}])
        plant.put(connection, site, "machines", [
            {"code": "M1", "name": "Lathe 1", "work_center": "W1"},
            {"code": "M2", "name": "Lathe 2", "work_center": "W1"}, {"code": "M3", "name": "Mill", "work_center": "W2"},
        ])  # fmt: skip


def make(client: FlaskClient, **form: object):
    return client.post("/admin/tokens", data={"name": "ERP", "scope": ["reference:read"], "days": "365", **form},
                       headers=SAME)  # fmt: skip


def shown(page: str) -> str:
    found = re.search(r'id="secret" value="(flt_[0-9a-f]{40})"', page)
    assert found, "no token is shown"
    return found[1]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.requirement("SR-14")
def test_a_token_is_shown_once_and_kept_as_a_hash(app: Flask, database: Engine, site: str, client: FlaskClient) -> None:
    admin = callers.signed_in(app, database, "admin")
    assert "No program yet" in admin.get("/admin/tokens").get_data(as_text=True)
    secret = shown(make(admin).get_data(as_text=True))
    assert len(bytes.fromhex(secret.removeprefix("flt_"))) * 8 >= 128
    again = admin.get("/admin/tokens").get_data(as_text=True)
    assert secret not in again and "ERP" in again and "never" in again
    with read(database) as connection:
        dump = "\n".join(str(connection.execute(select(table)).all()) for table in TABLES.values())
    assert secret not in dump and secret.removeprefix("flt_") not in dump
    assert client.get("/api/v1/reference", headers=bearer(secret)).status_code == 200
    with read(database) as connection:
        (token,) = people.list_tokens(connection, site)
        told = audit.lines(connection, site, audit.Search(data={"personal"}, action="token.created"))
    assert (token.created_by, token.scopes) == ("admin", "reference:read")
    assert token.used_at is not None
    assert abs((token.expires_at or 0) - system_clock() - 365 * DAY_MS) < DAY_MS
    assert (told[0].actor, told[0].subject) == ("user:admin", token.id)
    assert secret not in json.dumps(told[0].details)


@pytest.mark.requirement("SR-14")
@pytest.mark.parametrize(
    ("form", "code"),
    [({"name": ""}, "token.name"), ({"name": "x" * 101}, "token.name"), ({"scope": []}, "token.scopes"),
     ({"scope": ["everything"]}, "token.scopes"), ({"days": "0"}, "token.days"), ({"days": "9999"}, "token.days"),
     ({"days": "x"}, "token.days"), ({"scope": ["entries:read"]}, "token.beyond"),
     ({"scope": ["events:write"], "bound": "machine:NONE"}, "token.bound"),
     ({"scope": ["events:write", "reference:read"], "bound": "machine:M1"}, "token.bound")],
)  # fmt: skip
def test_what_is_no_token_is_refused(
    app: Flask, database: Engine, plant_here: None, form: dict[str, object], code: str
) -> None:
    """An administrator who does not read entries himself gives no program the right to."""
    admin = callers.signed_in(app, database, "admin")
    answer = make(admin, **form)
    assert answer.status_code in (403, 422)
    from server.problems import CATALOGUE

    assert str(CATALOGUE[code].title) in answer.get_data(as_text=True)
    with read(database) as connection:
        assert people.list_tokens(connection, "main") == []


@pytest.mark.requirement("SR-14")
@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_token_shrinks_with_the_rights_of_its_maker(
    app: Flask, database: Engine, site: str, client: FlaskClient, scope: str
) -> None:
    able, other = sorted(SCOPES[scope])[0], "auditor"
    with write(database) as connection:
        people.create_user(connection, site, "maker", display_name="M", password_hash="-", roles=[able])
        wish = tokens.Wish("p", frozenset({scope}), maker="maker", roles=frozenset({able}))
        secret = tokens.create(connection, site, wish, system_clock())
    door = DOORS.get(scope)
    if door is None:
        assert scope == "reference:write"  # nothing to call yet
        return

    def ask() -> int:
        body = {"protocol": 1, "batch_id": str(uuid4()), "events": []} if door[0] == "POST" else None
        return client.open(door[1], method=door[0], json=body, headers=bearer(secret)).status_code

    assert ask() == 200
    with write(database) as connection:
        people.change_user(connection, site, "maker", roles=[other])
    assert ask() == 403
    with write(database) as connection:
        people.change_user(connection, site, "maker", roles=[able])
    assert ask() == 200
    with write(database) as connection:
        people.change_user(connection, site, "maker", active=False)
    assert ask() == 403


@pytest.mark.requirement("SR-14")
def test_an_accountant_sees_and_revokes_his_own(app: Flask, database: Engine, site: str, client: FlaskClient) -> None:
    admin, accountant = callers.signed_in(app, database, "admin"), callers.signed_in(app, database, "accountant")
    make(admin, name="The admin’s")
    secret = shown(make(accountant, name="The ERP", scope=["entries:read"]).get_data(as_text=True))
    page = accountant.get("/admin/tokens").get_data(as_text=True)
    assert "The ERP" in page and "The admin’s" not in page
    assert "The ERP" in admin.get("/admin/tokens").get_data(as_text=True)
    with read(database) as connection:
        ids = {token.name: token.id for token in people.list_tokens(connection, site)}
    assert accountant.post(f"/admin/tokens/{ids['The admin’s']}/revoke", headers=SAME).status_code == 404
    assert client.get("/api/v1/entries", headers=bearer(secret)).status_code == 200
    assert accountant.post(f"/admin/tokens/{ids['The ERP']}/revoke", headers=SAME).status_code == 303
    assert client.get("/api/v1/entries", headers=bearer(secret)).json["code"] == "auth.revoked"
    assert "Revoked" in accountant.get("/admin/tokens").get_data(as_text=True)
    assert admin.post(f"/admin/tokens/{ids['The admin’s']}/revoke", headers=SAME).status_code == 303


def fact(kind: str, **fields: object) -> dict[str, object]:
    return {"id": str(uuid4()), "type": kind, "version": 1, "occurred_at": "2026-11-01T10:00:00.000+01:00",
            "provenance": "measured", "declared_by": "plc", **fields}  # fmt: skip


@pytest.mark.requirement("SR-14")
@pytest.mark.parametrize(("bound", "mine"), [("machine:M1", {"M1"}), ("work_center:W1", {"M1", "M2"})])
def test_a_machine_speaks_for_itself_only(
    app: Flask, database: Engine, plant_here: None, client: FlaskClient, bound: str, mine: set[str]
) -> None:
    admin = callers.signed_in(app, database, "admin")
    secret = shown(make(admin, scope=["events:write"], bound=bound).get_data(as_text=True))
    facts = [fact("machine.started", machine=machine) for machine in ("M1", "M2", "M3")]
    others = [fact("shift.started", operator="p1"), fact("output.reported", order="MO-1", quantity="1"),
              fact("downtime.started", machine="M1", reason="TOOL")]  # fmt: skip
    batch = {"protocol": 1, "batch_id": str(uuid4()), "events": facts + others}
    verdicts = client.post("/api/v1/events", json=batch, headers=bearer(secret)).json["verdicts"]
    assert [one["verdict"] for one in verdicts[:3]] == [
        "created" if machine in mine else "rejected" for machine in ("M1", "M2", "M3")
    ]
    assert {one["verdict"] for one in verdicts[3:]} == {"rejected"}
    assert verdicts[2]["problem"]["code"] == "intake.not_bound"


@pytest.mark.requirement("SR-14")
def test_every_scope_opens_its_doors_and_no_other(database: Engine, site: str, app: Flask) -> None:
    """Scope by route, over the whole map of addresses."""
    from server.auth.access import rule_of

    with app.app_context():
        for scope in SCOPES:
            header = callers.bearer(database, scope)
            for route in app.url_map.iter_rules():
                rule = rule_of(route.endpoint)
                if rule is None or rule.public or route.arguments:
                    continue
                for method in (route.methods or set()) & {"GET", "POST"}:
                    answer = app.test_client().open(route.rule, method=method, headers=header)
                    refused = answer.status_code == 403 and b"auth.forbidden" in answer.data
                    assert refused == (scope not in rule.scopes), (scope, method, route.rule, answer.status_code)


def test_the_console_binds_and_bounds(settings: Settings, database: Engine, plant_here: None) -> None:
    def run(*arguments: str):
        return CliRunner().invoke(main, ["token", *arguments], env={**settings.to_environment(), "LANGUAGE": "en"})

    assert run("create", "plc", "--scope", "events:write", "--machine", "M1").exit_code == 0
    assert "nothing else" in run("create", "plc", "--scope", "events:write", "--machine", "M9").output
    assert run("create", "plc", "--scope", "entries:read", "--work-center", "W1").exit_code == 1
    assert re.search(r"^plc +events:write .* - M1$", run("list").output, re.M)
    assert run("revoke", "plc").exit_code == 0
    with read(database) as connection:
        told = audit.lines(connection, "main", audit.Search(data={"personal"}, actor="cli"))
    assert [line.action for line in told] == ["token.revoked", "token.created"]


def test_a_wish_beyond_the_maker_is_a_problem(database: Engine, site: str) -> None:
    with write(database) as connection, pytest.raises(Problem, match="Leave out: entries:read"):
        wish = tokens.Wish("x", frozenset({"entries:read"}), maker="lea", roles=frozenset({"lead"}))
        tokens.create(connection, site, wish, 0)
