"""Logs: one line an occurrence, nothing that could pass for another line, nothing secret, whoever it came from."""

import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from server import log
from server.auth import credentials
from server.settings import Settings
from server.store.database import write
from server.store.tables import DATA_CLASSES
from tests.server import callers

pytestmark = pytest.mark.requirement("SR-60")

# What must not be found in any log: each of another kind.
PASSWORD, PIN, BODY, WAGE, QUERY, PATH, AGENT, DUMP = (f"canary-{kind}-7c19" for kind in (
    "password", "pin", "body", "wage", "query", "path", "agent", "dump",
))  # fmt: skip
CANARIES = re.compile("canary|7c19", re.I)

BREAKS = [
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
    "\x00",
    "\x1b[2K",
    "\x08",
    "\x9b2K",
]


def record(message: str, *values: object, name: str = "floorledger", wrong: BaseException | None = None):
    """What a call of the logger makes."""
    info = (type(wrong), wrong, wrong.__traceback__) if wrong else None
    return logging.LogRecord(name, logging.WARNING, "", 0, message, values, info)


@pytest.mark.parametrize("sign", BREAKS, ids=ascii)
@pytest.mark.parametrize("form", [log.Line(), log.Json()], ids=["lines", "json"])
def test_no_text_passes_for_another_line(form: logging.Formatter, sign: str) -> None:
    forged = f"x{sign}2026-01-01 00:00:00,000 critical floorledger: forged"
    for made in (record("%s", forged), record(forged), record("x", name=forged)):
        line = form.format(made)
        assert len(line.splitlines()) == 1
        assert sign not in line
        assert "forged" in line


def test_a_stack_stands_below_its_line_and_says_no_words() -> None:
    try:
        try:
            raise KeyError(f"{BODY}\n2026-01-01 00:00:00,000 critical floorledger: forged")
        except KeyError as first:
            raise ValueError(f"could not read {WAGE}") from first
    except ValueError as wrong:
        line = log.Line().format(record("failed", wrong=wrong))
        said = json.loads(log.Json().format(record("failed", wrong=wrong)))
    first, *rest = line.splitlines()
    assert first.endswith("floorledger: failed")
    assert all(below.startswith("  ") for below in rest)
    assert [below.strip() for below in rest] == said["stack"]
    assert [below for below in said["stack"] if not below.startswith("at ")] == ["ValueError", "KeyError"]
    assert any("test_log.py" in below for below in said["stack"])
    assert not CANARIES.search(line)


def test_the_words_of_the_system_are_said() -> None:
    assert log.stack(OSError(28, "No space left on device", f"/secret/{PATH}")) == ["OSError No space left on device"]
    assert log.stack(OSError(f"could not open {PATH}")) == ["OSError"]


def test_a_json_line_has_the_known_keys_only(app: Flask) -> None:
    try:
        raise ValueError
    except ValueError as wrong:
        made = record("a %s", "b", wrong=wrong)
    made.password = PASSWORD
    with app.test_request_context("/"):
        said = [json.loads(log.Json().format(made)) for _ in range(2)]
    assert set(said[0]) == set(log.KEYS)
    assert set(log.KEYS.values()) <= set(DATA_CLASSES)
    assert said[0]["request"] == said[1]["request"]
    with app.test_request_context("/"):
        assert json.loads(log.Json().format(made))["request"] != said[0]["request"]
    assert "request" not in json.loads(log.Json().format(made))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}", said[0]["at"])


@pytest.mark.parametrize(
    "message",
    [
        "GET /x?code=canary&state=canary failed",
        "postgresql://floor:canary@db/floorledger refused",
        "Authorization: Bearer canary",
        "{'password': 'canary', 'name': 'x'}",
        "cookie=canary; x",
        'api_token="canary"',
        "pin: canary",
        "flt_canary7c19canary",
        "fld_canary7c19canary",
    ],
)
def test_what_looks_like_a_secret_is_cut_out(message: str) -> None:
    line = log.Line().format(record(message))
    assert "canary" not in line
    assert "…" in line


def test_of_other_programs_words_only_figures_are_said() -> None:
    line = log.Line().format(record("Invalid request from ip=%s: %s", "10.1.2.3", BODY, name="gunicorn.error"))
    assert "Invalid request from ip=…: …" in line
    line = log.Line().format(record(f"Invalid request from ip=10.1.2.3: {BODY}", name="gunicorn.error"))
    assert line.endswith("gunicorn.error: Invalid request from ip…")
    line = log.Line().format(record("Exception on %s [%s]", f"/x/{PATH}", "GET", name="server"))
    assert line.endswith("server: Exception on … […]")
    line = log.Line().format(record("Worker timeout (pid:%s)", 4711, name="gunicorn.error"))
    assert "(pid:4711)" in line


def test_a_mistaken_line_is_still_a_line() -> None:
    assert "two %s of %s" in log.Line().format(record("two %s of %s", 1))


# --- everything a server is sent, and what it logs ---------------------------------------------------------------


@contextmanager
def served(settings: Settings, form: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """A web server of its own process, as `serve` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "FLOORLEDGER_LOG_FORMAT": form, "FLOORLEDGER_LOG_LEVEL": "debug"}
    process = subprocess.Popen(
        [sys.executable, "-c", "from server.cli import main; main()", "--data-dir", str(settings.data_dir),
         "web", "--port", str(port), "--workers", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
    )  # fmt: skip
    try:
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.1)
        yield port, process
    finally:
        process.terminate()


def send(port: int, request: bytes) -> bytes:
    """What the server answers to these very bytes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with suppress(OSError):
            while part := connection.recv(65536):
                answer += part
    return answer


def post(path: str, kind: str, body: str, *headers: str) -> bytes:
    """A request with a canary in its agent."""
    lines = [
        f"POST {path} HTTP/1.1", "Host: localhost", f"User-Agent: {AGENT}", "Sec-Fetch-Site: same-origin",
        "Connection: close", f"Content-Type: {kind}", f"Content-Length: {len(body.encode())}", *headers, "", body,
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("form", ["lines", "json"])
def test_nothing_a_server_is_sent_reaches_its_log(
    form: str, settings: Settings, site: str, app: Flask, database: Engine
) -> None:
    token = callers.bearer(database, "events:write", "reference:write")["Authorization"]
    tablet = callers.device(app, database).get_cookie(credentials.DEVICE)
    assert tablet is not None
    with write(database) as connection:  # makes every sign-in fail in a way nobody expects
        connection.execute(text(f'ALTER TABLE session RENAME TO "canary {DUMP}"'))
    JSON, FORM = "application/json", "application/x-www-form-urlencoded"
    signed_in, mine = f"Cookie: {credentials.SESSION}={PASSWORD}", f"Authorization: {token}"
    end = "Connection: close\r\n\r\n"
    fact = json.dumps({"protocol": 1, "events": [{"type": BODY, WAGE: WAGE}]})
    entered = json.dumps({"number": "1", "pin": PIN})
    forged = f"{PATH}%0d%0a2026-01-01%20forged"
    requests = [
        post("/sign-in", FORM, f"name=x&password={PASSWORD}"),
        post("/sign-in", FORM, f"name={BODY}&password=x&{QUERY}=1"),
        post(f"/sign-in?next={QUERY}", "text/plain", BODY),
        post("/api/v1/device/sign-in", JSON, entered, f"Cookie: {credentials.DEVICE}={tablet.value}"),
        post("/api/v1/events", JSON, fact, mine),
        post("/api/v1/events", JSON, '{"' + BODY, mine),
        post("/api/v1/events", JSON, "{}", f"Authorization: Bearer flt_{PASSWORD}"),
        post("/api/v1/events", JSON, "{}", signed_in),
        post("/sign-in", FORM, "name=x", f"Origin: https://{PATH}.example", "Sec-Fetch-Site: cross-site"),
        f"GET /{forged}?{QUERY}=1 HTTP/1.1\r\nHost: localhost\r\n{end}".encode(),
        f"GET /orders/{PATH}?{QUERY}=1 HTTP/1.1\r\nHost: localhost\r\n{signed_in}\r\n{end}".encode(),
        f"GET /{PATH} {BODY}\r\n\r\n".encode(),
        f"{BODY}\x00\r\n\r\n".encode(),
        f"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {BODY}\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nHost: localhost\r\n{BODY} : x\r\n\r\n".encode(),
        f"GET / HTTP/1.1\r\nHost: {BODY}\x01\r\n\r\n".encode(),
    ]
    with served(settings, form) as (port, process):
        answers = [send(port, request).split(b"\r\n", 1)[0].decode() for request in requests]
    logged, _ = process.communicate(timeout=30)
    told = logged.decode()
    for status in (" 400 ", " 401 ", " 403 ", " 404 ", " 500 "):  # what fails is among them
        assert any(status in answer for answer in answers), (status, answers)
    assert len(told.splitlines()) >= 8, told
    assert not CANARIES.search(told), told
    assert token.split("_")[1] not in told
    assert tablet.value not in told
    for line in told.splitlines():
        if form == "json":
            assert set(json.loads(line)) <= set(log.KEYS)
        else:
            assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [a-z]+ [a-z._]+: |  ", line, re.I), line


def test_a_crash_leaves_a_line_and_no_memory(settings: Settings, site: str, database: Engine) -> None:
    """A fact the worker cannot read, and a program that dies of it, with a secret in what it says and holds."""
    script = (
        f"import resource, server.log; server.log.start('debug'); secret = {DUMP!r}\n"
        "assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
        "import threading\n"
        "def fall(): raise ValueError(secret)\n"
        "thread = threading.Thread(target=fall); thread.start(); thread.join()\n"
        "fall()\n"
    )
    died = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert died.returncode == 1
    assert died.stderr.count("critical floorledger: crashed") == 2
    assert not CANARIES.search(died.stderr), died.stderr
    row = {
        "site": site, "id": "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01", "type": "labor.started", "occurred_at": 1,
        "recorded_at": 2, "sender": "x", "digest": "0" * 64, "body": json.dumps({BODY: WAGE}), "state": "received",
        "reason": "", "params": "{}",
    }  # fmt: skip
    with write(database) as connection:
        names = ", ".join(row)
        connection.execute(text(f"INSERT INTO event ({names}) VALUES ({', '.join(f':{name}' for name in row)})"), row)
    worked = subprocess.run(
        [sys.executable, "-c", "from server.cli import main; main()", "--data-dir", str(settings.data_dir), "worker",
         "--once"], capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "costing failed" in worked.stderr or worked.returncode != 0
    assert not CANARIES.search(worked.stderr + worked.stdout), worked.stderr
    assert not list(Path.cwd().glob("core*"))
