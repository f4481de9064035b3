"""What may stand between a tablet and its server: a proxy that can be told to misbehave.

It passes everything on until a fault is set. A fault hits the requests that send facts; a captive portal answers in
everybody's place. Each lot of facts that came by is noted, so a test can see what was sent twice.
"""

import http.client
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Fault = Literal[
    "",
    "slow",  # the server has committed; its answer comes when `release` is set
    "lost",  # the server has committed; its answer never comes
    "short",  # the server has committed; half of its answer comes
    "portal",  # somebody's login page, 200
    "broken",  # a proxy's error page, 500
    "shut out",  # 401, as for a device that was revoked
]

Headers = list[tuple[str, str]]

PORTAL = b"<!doctype html><title>Welcome</title><h1>Accept our terms to use this network</h1>"
SHUT_OUT = json.dumps({
    "type": "/problems/auth.revoked", "code": "auth.revoked", "status": 401, "title": "This device was revoked.",
}).encode()  # fmt: skip

# What belongs to one connection and not to the message.
OF_THE_LINK = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Proxy:
    """Listens on a port of its own for the server on `port`; `close` ends it."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.fault: Fault = ""
        self.release = threading.Event()
        #: Set when the server has answered a lot of facts, whatever became of the answer.
        self.committed = threading.Event()
        self.lots: list[list[str]] = []
        #: (path, body) -> body, for what a newer version of the server would say; None: it fails.
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
        self._exchange()

    def do_POST(self) -> None:
        self._exchange()

    def _exchange(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sends_facts = self.command == "POST" and self.path == "/api/v1/events"
        if sends_facts:
            self.owner.lots.append([fact["id"] for fact in json.loads(body)["events"]])
        fault = self.owner.fault
        if fault == "portal":
            return self._answer(200, [("Content-Type", "text/html")], PORTAL)
        if sends_facts and fault == "broken":
            return self._answer(500, [("Content-Type", "text/html")], b"<h1>Internal Server Error</h1>")
        if sends_facts and fault == "shut out":
            return self._answer(401, [("Content-Type", "application/problem+json")], SHUT_OUT)
        try:
            status, headers, answer = self._ask(body)
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return None
        if not sends_facts:
            changed = self.owner.rewrite(self.path, answer)
            return self._answer(500, [], b"") if changed is None else self._answer(status, headers, changed)
        self.owner.committed.set()
        if fault == "slow":
            self.owner.release.wait()
        if fault == "lost":
            self.close_connection = True
            return None
        return self._answer(status, headers, answer[: len(answer) // 2] if fault == "short" else answer)

    def _ask(self, body: bytes) -> tuple[int, Headers, bytes]:
        """The server's answer, whole."""
        link = http.client.HTTPConnection("127.0.0.1", self.owner.port, timeout=30)
        try:
            # Uncompressed, so that it can be cut and rewritten.
            headers = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
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
