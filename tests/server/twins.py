"""Twin servers: the same plant, facts, people, devices, programs and keys, at an instant that stands still, so that
whatever leaves one can be compared with what leaves the other, byte for byte.

What is random is made by a generator with a seed, and time does not pass: of the operating system, not of our code.
"""

import io
import logging
import os
import random
import re
import shutil
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import cli, create_app, log
from server.auth.access import ROLES, SCOPES, rule_of
from server.settings import Settings
from server.store.database import open_engine, read, write
from server.store.plant import letters_by_reference
from server.store.sites import create_site
from server.store.tables import TABLES
from server.worker import drain
from tests.cast import a_shop, raw, send
from tests.server import callers
from tests.server.feedback.conftest import NOW, put
from tests.server.payroll.conftest import WAGES, on_our_pages, own_rates, turn

SEED = 4
# Who may read what one person earns, and so is left out of what must be the same.
PAYROLL = "payroll"


@dataclass
class Twin:
    """A running server and who comes to it."""

    app: Flask
    engine: Engine
    settings: Settings
    callers: dict[str, tuple[FlaskClient, Mapping[str, str], frozenset[str]]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)


source = random.Random(SEED)


def again() -> None:
    """Chance begins anew: each answer draws the same numbers, whatever a cache of the process saved drawing before."""
    source.seed(SEED)


@contextmanager
def still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Time stands still and chance repeats itself, within the block."""
    again()
    with monkeypatch.context() as patch:
        patch.setattr(os, "urandom", source.randbytes)
        patch.setattr(random, "_urandom", source.randbytes)
        patch.setattr(time, "time_ns", lambda: NOW * 1_000_000)
        patch.setattr(time, "time", lambda: NOW / 1000)
        patch.setattr(time, "monotonic", lambda: 1.0)
        patch.setattr(time, "perf_counter", lambda: 1.0)
        yield


def build(
    folder: Path,
    migrated: Path,
    *,
    wages: Mapping[str, Decimal] | None = None,
    labor: Mapping[str, str] | None = None,
    published: bool = False,
) -> Twin:
    """A server whose people earn `wages`, and whose labor rates (by rate group or work center) are `labor`; with the
    mean of the large group `published`, by its pages."""
    folder.mkdir()
    shutil.copy(migrated, folder / "floorledger.sqlite")
    settings = Settings(data_dir=folder, labor_rates="person")
    engine = open_engine(settings.database, settings.audit_keys)
    with write(engine) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
    turn(engine)
    for subject, amount in (labor or {}).items():
        put(engine, "rates", {"kind": "labor", "subject_kind": "rate_group" if subject[0] == "G" else "work_center",
                              "subject": subject, "valid_from": "2026-01-01", "amount": amount})  # fmt: skip
    put(engine, "components", {"order": "MO-1", "item": "OAK", "operation": "10", "quantity_per": "0.5", "unit": "kg"})
    send(engine, [*a_shop(11, 120), *_more()], now=NOW)
    drain(engine, "main", settings.ledger_key())
    twin = Twin(create_app(settings, lambda: NOW), engine, settings)
    own_rates(twin.app, engine, dict(wages or WAGES))
    _come(twin)
    if published:
        _publish(twin)
    return twin


def _publish(twin: Twin) -> None:
    """One proposes the mean of the turners, another approves it, and the ledger follows."""
    first, second = twin.callers[PAYROLL][0], on_our_pages(callers.signed_in(twin.app, twin.engine, PAYROLL, "lead"))
    first.post("/payroll/groups", data={"why": "rates", "day": "2026-11-01", "group": "G1"})
    (waiting,) = re.findall("/payroll/proposals/([0-9a-f-]{36})", second.get("/payroll/proposals?why=rates").text)
    approved = second.post(f"/payroll/proposals/{waiting}", data={"do": "approve", "why": "rates"})
    assert approved.status_code == 303, approved.text
    assert drain(twin.engine, "main", twin.settings.ledger_key()).entries


def _more() -> list[dict[str, object]]:
    """What waits, runs and calls for help."""
    key = next(iter(WAGES))
    return [
        raw("labor.started", "2026-11-20T13:00:00Z", id="0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f3001", person=key,
            activity="run", order="MO-2", operation="10"),
        raw("help.called", "2026-11-20T14:00:00Z", id="0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f3002", person=key, order="MO-1",
            operation="10", reason="HELP"),
        raw("output.reported", "2026-11-20T13:30:00Z", id="0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f3003", person=key,
            order="MO-1", operation="10", quantity="3"),
        raw("output.reported", "2026-11-20T13:31:00Z", id="0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f3004", person=key,
            order="UNKNOWN", operation="10", quantity="3"),
    ]  # fmt: skip


def _come(twin: Twin) -> None:
    """Everybody who may come to the doors of this server."""
    nothing: Mapping[str, str] = {}
    twin.callers["nobody"] = (twin.app.test_client(), nothing, frozenset())
    for role in ROLES:
        client = on_our_pages(callers.signed_in(twin.app, twin.engine, role))
        twin.callers[role] = (client, nothing, frozenset({role}))
    twin.callers["device"] = (callers.device(twin.app, twin.engine), nothing, frozenset({"device"}))
    for scope in SCOPES:
        header = callers.bearer(twin.engine, scope)
        twin.callers[f"token {scope}"] = (twin.app.test_client(), header, frozenset({scope}))


# --- every address -----------------------------------------------------------------------------------------------

# What a parameter of an address may be, besides being left out. A wage is among what is searched for.
VALUES: dict[str, tuple[str, ...]] = {
    "account": ("product:CHAIR", "department:D1"), "action": ("rate.read",), "actor": ("user:payroll",),
    "after": ("0", "2"), "before": ("9", "4"), "below": ("5",), "day": ("2026-11-01",),
    "element": ("labor", "scrap", "overhead"), "for": ("sign_in",), "form": ("json", "csv"),
    "format": ("csv", "ndjson", "json"), "from": ("2026-11-01",), "ids": ("0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f1001",),
    "limit": ("1", "7"), "new*": (next(iter(WAGES)),), "next": ("/orders",), "of": ("MO-1",), "oldest": ("1",),
    "operation": ("10",), "order": ("MO-1", "MO-2"), "owner": ("finance",), "part": ("entries", "work", "orders"),
    "period": ("2026-11", ""), "reason": ("rate.missing", "reference.unknown_order"), "seen": ("0" * 24,),
    "shown": ("500",), "since": ("0" * 32,), "state": ("held",), "status": ("all", "closed"), "subject": ("G1",),
    "text": ("24.5", "31.17", "Person", "26"), "to": ("2026-12-01",), "version": ("1",), "waiting": ("1",),
    "wall": ("1",), "code": ("x",), "why": ("month_end",), "*": (),
}  # fmt: skip


def places(twin: Twin) -> dict[str, tuple[str, ...]]:
    """What may stand in the place of each name in an address."""
    with read(twin.engine) as connection:
        facts = [row.id for row in connection.execute(TABLES["event"].select().order_by(TABLES["event"].c.id))]
        devices = [row.id for row in connection.execute(TABLES["device"].select())]
        entries = connection.execute(TABLES["entry"].select()).all()
        letters = letters_by_reference(connection, "main", "person")
    return {
        "code": ("MO-1", "MO-2", "NO-1"), "key": tuple(WAGES),
        "position": tuple(map(str, range(1, len(entries) + 2, 3))),
        "identity": (*facts[::9], *facts[-4:], *devices), "event_id": (facts[0],), "call": (facts[-2],),
        "filename": ("app.js",), "name": ("62x29",), "letters": tuple(letters.values()),
    }  # fmt: skip


def addresses(twin: Twin) -> list[tuple[str, str, object]]:
    """(rule, address, access) of everything that can be read: each address alone, and with each of its parameters. A
    place nobody gave a value in `places` raises KeyError: give it one."""
    known, found = places(twin), []
    with twin.app.app_context():
        rules = [(rule.rule, rule_of(rule.endpoint)) for rule in twin.app.url_map.iter_rules() if "GET" in rule.methods]
    for address, access in sorted(rules, key=lambda one: one[0]):
        filled = [""]
        for text, place in re.findall(r"([^<]*)(?:<([^>]+)>|$)", address):
            choices: tuple[str, ...] = ("",)
            if place:
                converter, _, name = place.rpartition(":")
                several = re.fullmatch(r"any\((.*)\)", converter)
                choices = tuple(several[1].split(", ")) if several else known[name]
            filled = [before + text + choice for before in filled for choice in choices]
        for path in filled:
            found.append((address, path, access))
        for parameter in sorted(access.query if access else ()):
            for value in VALUES.get(parameter, ("1",)):
                found += [(address, f"{path}?{parameter.rstrip('*')}={value}", access) for path in filled[:2]]
    return found


def everything_that_leaves(twin: Twin, who: frozenset[str]) -> dict[str, bytes]:
    """Every answer to these callers, by caller and address: status, headers and body; pages that refresh themselves
    and caches asked again; and the log that was written meanwhile."""
    found: dict[str, bytes] = {}
    root, ours = logging.getLogger(), logging.getLogger(log.OURS)
    before = root.level, ours.level
    root.setLevel(logging.DEBUG)  # all of it, whatever a command that ran before has chosen
    ours.setLevel(logging.DEBUG)
    handler = logging.Handler()
    handler.emit = lambda record: twin.log.append(handler.format(record))  # type: ignore[method-assign]
    handler.setFormatter(log.Line())
    root.addHandler(handler)
    try:
        listed = addresses(twin)
        for name in sorted(who):
            client, headers, rights = twin.callers[name]
            refused: set[str] = set()
            for rule, address, access in listed:
                opens = bool(access and (access.public or rights & {*access.roles, *access.scopes}
                                         or (access.device and name == "device")))  # fmt: skip
                if not opens and rule in refused:
                    continue  # whoever is not let in is told so before anything is looked up: once is enough
                refused.add(rule)
                found |= _answers(client, headers, name, address)
    finally:
        root.removeHandler(handler)
        root.setLevel(before[0])
        ours.setLevel(before[1])
    found["log"] = "\n".join(twin.log).encode()
    return found


def _answers(client: FlaskClient, headers: Mapping[str, str], name: str, address: str) -> dict[str, bytes]:
    asked = {"Accept": "application/json, text/html;q=0.9", **headers}
    again()
    answer = client.get(address, headers=asked)
    found = {f"{name} {address}": _bytes(answer)}
    if "part=" in address:
        part = client.get(address, headers=asked | {"HX-Request": "true"})
        found[f"{name} {address} as part"] = _bytes(part)
        if mark := re.search(rb'name="seen" value="([0-9a-f]+)"', part.data):
            seen = client.get(f"{address}&seen={mark[1].decode()}", headers=asked | {"HX-Request": "true"})
            found[f"{name} {address} seen"] = _bytes(seen)
    if tag := answer.headers.get("ETag"):
        found[f"{name} {address} again"] = _bytes(client.get(address, headers=asked | {"If-None-Match": tag}))
    return found


def _bytes(answer: object) -> bytes:
    head = "\n".join(f"{key}: {value}" for key, value in sorted(answer.headers.items()))
    head = re.sub("Expires=[^;]+;", "", head)  # of a cookie, by the machine's time
    body = _unpacked(answer.data) if answer.data.startswith(b"PK") else answer.data
    return f"{answer.status}\n{head}\n\n".encode() + body


def _unpacked(workbook: bytes) -> bytes:
    """The parts of a workbook; of the instant it was made, which the library takes from the machine, nothing."""
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        told = [f"{part.filename} ".encode() + parts.read(part) for part in parts.infolist()]
    return re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"-", b"\n".join(told))


# --- every command -----------------------------------------------------------------------------------------------

# Commands that only read, with arguments that make them tell as much as they can.
READING: dict[str, tuple[tuple[str, ...], ...]] = {
    "audit": (("list",), ("export", "--format", "json"), ("verify",)),
    "balances": (("product",), ("department", "--json")),
    "device": (("list",),),
    "doctor": ((), ("--settings",)),
    "export": (("entries",), ("entries", "--format", "json"), ("entries", "--format", "ndjson"), ("people",),
               ("plant", "--format", "json", "--out", "{out}")),
    "general": ((),),
    "labels": (),
    "period": (("list", "--trace"), ("close", "2026-11", "--check")),
    "privacy": (("retention",),),
    "rate": (("preview", "--of", "rate_group:G1", "--from", "2026-11-01", "--amount", "30"),),
    "schema": ((),),
    "token": (("list",),),
    "user": (("list",),),
    "verify": ((),),
    "wages": (("reads", "--period", "2026-11"),),
    "wip": (("2026-11-20",),),
}  # fmt: skip
# Those that change something, ask for something, serve, or read a folder of somebody's own.
OTHERS = {"backup", "cost", "demo", "import", "init", "keys", "person", "restore", "serve", "web", "worker"}


def everything_commands_say(twin: Twin) -> dict[str, bytes]:
    """What every reading command prints and writes. A command this list does not know fails."""
    known = set(cli.main.list_commands(None))
    assert known == {*READING, *OTHERS}, "say in tests/server/twins.py whether a new command reads"
    found: dict[str, bytes] = {}
    for name, lines in READING.items():
        for line in lines:
            out = twin.settings.data_dir.parent / f"{twin.settings.data_dir.name}-out"
            arguments = [part.format(out=out) for part in line]
            again()
            result = CliRunner(env=twin.settings.to_environment()).invoke(cli.main, [name, *arguments])
            said = result.output.replace(str(twin.settings.data_dir), "DATA").replace(str(out), "OUT")
            # What the machine says of itself: its clock, its disk.
            said = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\d+ MB", "-", said)
            found[f"{name} {' '.join(line)}"] = f"{result.exit_code}\n{said}".encode()
            if out.exists():
                found[f"{name} {' '.join(line)} file"] = out.read_bytes()
    return found
