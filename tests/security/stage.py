"""A shop with everything somebody could want to see, beside another site in the same database; and everybody who may
come to its doors."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from werkzeug.test import TestResponse

from server.auth import credentials
from server.auth.access import ROLES, SCOPES
from server.extensions import system_clock
from server.store import intake_log, people, plant, tables
from server.store.database import read, write
from server.store.sites import create_site
from tests.cast import put_plant, raw, send, settle
from tests.server import callers

DAY_MS = 86_400_000
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
# Words that stand nowhere else, so that an answer that holds one shows the field it names.
CANARIES = {"name": "Canarella Quibblewick", "number": "CN-471108", "note": "canary-of-a-note-9c1e"}


@dataclass(frozen=True, slots=True)
class Things:
    """What addresses name, at one site."""

    order: str
    fact: str
    call: str
    person: str
    device: str
    position: int
    user: str
    token: str


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody at the door: a browser with cookies, perhaps a header; and what is theirs, in words of the matrix."""

    client: FlaskClient
    rights: frozenset[str]
    headers: Mapping[str, str]

    def call(self, method: str, path: str, **more: object) -> TestResponse:
        """An answer as a program reads it, asked as a page of ours asks."""
        headers = {**SAME_ORIGIN, **self.headers, **more.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, **more)


def stock(engine: Engine, site: str, order: str, key: str, *, name: str, number: str, note: str) -> Things:
    """Put one of each thing at a site: an order, a person with number and badge, a device, a fact with a note, and
    where facts are costed an entry."""
    now = system_clock()
    with write(engine) as connection:
        for kind, row in {
            "items": {"code": "CHAIR", "name": "Chair", "unit": "pcs", "valuation": "standard"},
            "orders": {"code": order, "item": "CHAIR", "quantity": "10"},
            "operations": {"order": order, "number": "10", "name": "Turn", "sequence": 10, "work_center": "W1",
                           "standard_setup_min": "15", "standard_run_min": "2.5"},
            "people": {"key": key, "name": name, "number": number, "rate_group": "G1", "department": "D1"},
        }.items():  # fmt: skip
            plant.put(connection, site, kind, [row])
        plant.code_for(connection, site, "person", key)
        device = people.create_device(connection, site, f"Tablet of {site}", credentials.digest(str(uuid4())), now)
        new = people.NewToken(f"Program of {site}", credentials.digest(str(uuid4())), frozenset({"entries:read"}), None)
        token = people.create_token(connection, site, new, now)
    begun = now - 5 * 3_600_000
    start = raw("labor.started", begun, person=key, order=order, operation="10", activity="run")
    end = raw("labor.stopped", begun + 3_600_000, person=key, start_id=start["id"])
    told = raw("output.reported", begun + 3_600_000, person=key, order=order, operation="10", quantity="2")
    call = raw("help.called", now - 60_000, person=key, order=order, operation="10", reason="HELP")
    send(engine, [start, end, told, call], now=now, site=site)
    with write(engine) as connection:
        intake_log.keep_notes(connection, site, [(start["id"], "0" * 32, note)])
    return Things(order, start["id"], call["id"], key, device, 1, "lead" if site == "main" else "elsewhere",
                  token)  # fmt: skip


def build(engine: Engine) -> tuple[Things, Things]:
    """The things of the site `main`, costed, and those of `other`, in a database that has the site `main`."""
    put_plant(engine)
    with write(engine) as connection:
        create_site(connection, "other", name="Elsewhere", zone="Europe/Paris", currency="EUR", language="fr")
    put_plant(engine, "other")
    own = stock(engine, "main", "MO-7", "pc0ffee00007", **CANARIES)
    other = stock(engine, "other", "ZO-9", "pdecaf000009", name="Zed Elsewhere", number="Z-9", note="elsewhere")
    settle(engine)
    return own, other


def principals(app: Flask, engine: Engine) -> dict[str, Principal]:
    """Everybody, by name: whoever the matrix speaks of, and those whose right is gone."""
    now = system_clock()
    nothing: frozenset[str] = frozenset()
    found = {"nobody": Principal(app.test_client(), nothing, {})}

    for role in ROLES:
        found[role] = Principal(callers.signed_in(app, engine, role), frozenset({role}), {})
    for scope in SCOPES:
        headers = callers.bearer(engine, scope)
        found[f"token {scope}"] = Principal(app.test_client(), frozenset({scope}), headers)
    found["device"] = Principal(callers.device(app, engine), frozenset({"device"}), {})

    # Those whose right is gone, or was never one. Each once had, or claims, every right there is.
    everything = tuple(role for role in ROLES if role != "auditor")
    secret = credentials.make_secret()
    with write(engine) as connection:
        people.create_user(connection, "other", "elsewhere", display_name="E", password_hash="-", roles=everything)
        people.start_session(connection, "other", "elsewhere", credentials.digest(secret), now)
    found["user of another site"] = Principal(_with_cookie(app, credentials.SESSION, secret), nothing, {})

    for name, ended in {
        "disabled user": lambda c, user, hashed: c.execute(
            update(tables.User).where(tables.User.name == user).values(active=False)
        ),
        "expired session": lambda c, user, hashed: c.execute(
            update(tables.Session).where(tables.Session.secret_hash == hashed).values(created_at=0, seen_at=0)
        ),
        "session left alone": lambda c, user, hashed: c.execute(
            update(tables.Session).where(tables.Session.secret_hash == hashed).values(seen_at=now - DAY_MS)
        ),
        "signed out": lambda c, user, hashed: people.end_session(c, "main", hashed),
    }.items():
        secret, user = credentials.make_secret(), name.replace(" ", "-")
        with write(engine) as connection:
            people.create_user(connection, "main", user, display_name=user, password_hash="-", roles=everything)
            people.start_session(connection, "main", user, credentials.digest(secret), now)
            ended(connection, user, credentials.digest(secret))
        found[name] = Principal(_with_cookie(app, credentials.SESSION, secret), nothing, {})

    secret = credentials.make_secret(credentials.DEVICE_PREFIX)
    with write(engine) as connection:
        gone = people.create_device(connection, "main", "Lost tablet", credentials.digest(secret), now)
        people.revoke_device(connection, "main", gone, now)
    found["revoked device"] = Principal(_with_cookie(app, credentials.DEVICE, secret), nothing, {})
    found["revoked device by header"] = Principal(app.test_client(), nothing, _bearer(secret))

    for name, column, value in (("expired token", "expires_at", now - 1), ("revoked token", "revoked_at", now - 1)):
        headers = callers.bearer(engine, *SCOPES)
        hashed = credentials.digest(headers["Authorization"].removeprefix("Bearer "))
        with write(engine) as connection:
            table = tables.ApiToken
            connection.execute(update(table).where(table.secret_hash == hashed).values(**{column: value}))
        found[name] = Principal(app.test_client(), nothing, headers)

    # A badge says who somebody is and opens nothing (SR-02), however it is presented.
    letters = badge_of(engine, "main")
    found["badge as token"] = Principal(app.test_client(), nothing, _bearer(letters))
    found["badge as sign-in"] = Principal(_with_cookie(app, credentials.SESSION, letters), nothing, {})
    found["badge as device"] = Principal(_with_cookie(app, credentials.DEVICE, letters), nothing, {})
    return found


def badge_of(engine: Engine, site: str) -> str:
    """The letters of the canary's badge."""
    with read(engine) as connection:
        return plant.letters_by_reference(connection, site, "person")["pc0ffee00007"]


def _bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def _with_cookie(app: Flask, cookie: str, secret: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie(cookie, secret)
    return client


# What changes because somebody called, and tells nothing but that.
_LEFT_BEHIND = {"session", "audit_line", "disclosure", "reference_version", "reference_part"}
_SEEN = {("device", "seen_at"), ("api_token", "used_at")}


def contents(engine: Engine) -> dict[str, list[str]]:
    """Everything stored, as text, by table: to see that nothing changed. Without what reading leaves behind: instants
    of last use, sign-ins that lapsed, who looked at what or was given names, and what a device was told."""
    found = {}
    with read(engine) as connection:
        for table in tables.Base.metadata.sorted_tables:
            if table.name in _LEFT_BEHIND:
                continue
            columns = [column for column in table.c if (table.name, column.name) not in _SEEN]
            found[table.name] = sorted(repr(tuple(row)) for row in connection.execute(select(*columns)))
    return found
