"""What may stand between a tablet and its server: a proxy that can be told to misbehave.

It passes everything on until a fault is set. A fault hits the requests that send facts; a captive portal answers in
everybody's place. Each lot of facts that came by is noted with its moment, so a test can see what was sent twice and
how long was waited.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal[
    "",
    "slow",  # the server has committed; its answer comes when `release` is set
    "late",  # everything takes its time, up to `late_s` before the server hears of it and as much after
    "lost",  # the server has committed; its answer never comes
    "short",  # the server has committed; half of its answer comes
    "half",  # the server names the first half of the facts only
    "portal",  # somebody's login page, 200
    "login",  # a redirection to one
    "broken",  # a proxy's error page, 500
    "bad gateway",  # 502
    "closed",  # 503 with Retry-After
    "too many",  # 429 with Retry-After
    "shut out",  # 401, as for a device that was revoked
    "forbidden",  # 403
]

Headers = list[tuple[str, str]]

PORTAL = b"<!doctype html><title>Welcome</title><h1>Accept our terms to use this network</h1>"
PAGE, PROBLEM = [("Content-Type", "text/html")], [("Content-Type", "application/problem+json")]
WAIT_S = 4


def _problem(status: int, code: str) -> bytes:
    return json.dumps({"type": f"/problems/{code}", "code": code, "status": status, "title": code}).encode()


#: Answers in the server's place, which hears of nothing.
INSTEAD = {
    "login": (302, [("Location", "/login")], b""),
    "broken": (500, PAGE, b"<h1>Internal Server Error</h1>"),
    "bad gateway": (502, PAGE, b"<h1>Bad Gateway</h1>"),
    "closed": (503, [*PROBLEM, ("Retry-After", str(WAIT_S))], _problem(503, "storage.unavailable")),
    "too many": (429, [*PROBLEM, ("Retry-After", str(WAIT_S))], _problem(429, "request.too_many")),
    "shut out": (401, PROBLEM, _problem(401, "auth.revoked")),
    "forbidden": (403, PROBLEM, _problem(403, "auth.forbidden")),
}

# What belongs to one connection and not to the message.
OF_THE_LINK = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}

UNWANTED = {"accept-encoding", "if-none-match", "if-modified-since"}


class Proxy:
    """Listens on a port of its own for the server on `port`; `close` ends it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.fault: Fault = ""
        self.release = threading.Event()
        #: Set when the server has answered a lot of facts, whatever became of the answer.
        self.committed = threading.Event()
        self.lots: list[list[str]] = []
        #: When each lot came (time.monotonic), and how often each fact reached the server itself.
        self.moments: list[float] = []
        self.reached: list[str] = []
        self.slowest_s = 0.0
        #: Requests that have come and are not answered yet.
        self.open = 0
        self.late_s = 0.2
        self.chance = random.Random()
        #: (path, body) -> body, for what a newer version of the server would say; None: it fails, with this status.
        self.failure = 500
        self.rewrite: Callable[[str, bytes], bytes | None] = lambda path, body: body
        proxy = self

        class Link(_Link):
            owner = proxy

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Link)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def times_sent(self) -> dict[str, int]:
        """How often each fact came by."""
        sent = [fact for lot in self.lots for fact in lot]
        return {fact: sent.count(fact) for fact in sent}

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()


class _Link(BaseHTTPRequestHandler):
    owner: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        self.owner.open += 1
        try:
            self._exchange()
        finally:
            self.owner.open -= 1

    do_POST = do_PUT = do_GET

    def _exchange(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sends_facts = self.command == "POST" and self.path == "/api/v1/events"
        if sends_facts:
            facts = [fact["id"] for fact in json.loads(body)["events"]]
            self.owner.lots.append(facts)
            self.owner.moments.append(time.monotonic())
        fault = self.owner.fault
        if fault == "portal":
            return self._answer(200, PAGE, PORTAL)
        if sends_facts and fault in INSTEAD:
            return self._answer(*INSTEAD[fault])
        if sends_facts and fault == "late":
            time.sleep(self.owner.chance.uniform(0, self.owner.late_s))
        began = time.monotonic()
        try:
            status, headers, answer = self._ask(body)
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return None
        self.owner.slowest_s = max(self.owner.slowest_s, time.monotonic() - began)
        if not sends_facts:
            changed = self.owner.rewrite(self.path, answer)
            return (
                self._answer(self.owner.failure, [], b"") if changed is None else self._answer(status, headers, changed)
            )
        self.owner.reached += facts if status == 200 else []
        self.owner.committed.set()
        if fault == "slow":
            self.owner.release.wait()
        if fault == "late":
            time.sleep(self.owner.chance.uniform(0, self.owner.late_s))
        if fault == "half":
            said = json.loads(answer)
            said["verdicts"] = said["verdicts"][: len(said["verdicts"]) // 2]
            answer = json.dumps(said).encode()
        if fault == "lost":
            self.close_connection = True
            return None
        return self._answer(status, headers, answer[: len(answer) // 2] if fault == "short" else answer)

    def _ask(self, body: bytes) -> tuple[int, Headers, bytes]:
        """The server's answer, whole."""
        link = http.client.HTTPConnection("127.0.0.1", self.owner.port, timeout=30)
        try:
            # Uncompressed and whole, so that it can be cut and rewritten.
            headers = {name: value for name, value in self.headers.items() if name.lower() not in UNWANTED}
            link.request(self.command, self.path, body or None, headers)
            answer = link.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            link.close()

    def _answer(self, status: int, headers: Headers, body: bytes) -> None:
        with suppress(OSError):  # whoever asked may have been killed meanwhile
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in OF_THE_LINK:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
