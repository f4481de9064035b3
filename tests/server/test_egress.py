"""Outgoing calls: what is refused before a byte leaves, and what the other side may do to us. Real sockets on the
loopback, which an administrator's setting allows here; the resolver is the only thing a test chooses."""

import ast
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from server.egress import Answer, Failed, Policy, Refused, destination, request
from server.lan import Lan
from server.settings import BadSetting, Settings
from tests.house.test_imports import modules

pytestmark = pytest.mark.requirement("SR-49")

HOME = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nX-A: 2\r\n\r\nok"
Says = Callable[[socket.socket, bytes], None]


@dataclass
class Listener:
    """A server on the loopback that says what it is told to, once a connection."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextmanager
def listening(says: bytes | Says, tls: Lan | None = None, host: str = "127.0.0.1") -> Iterator[Listener]:
    """A listener for the time of a test."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.create_server((host, 0), family=family)
    door.settimeout(0.1)
    found, over = Listener(door.getsockname()[1]), threading.Event()
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls.certificate, tls.key)

    def serve() -> None:
        while not over.is_set():
            try:
                connection, _ = door.accept()
            except TimeoutError:
                continue
            found.connections += 1
            try:
                connection.settimeout(10)
                talk = context.wrap_socket(connection, server_side=True) if context else connection
                with talk:
                    asked = b""
                    while b"\r\n\r\n" not in asked and (more := talk.recv(65536)):
                        asked += more
                    found.requests.append(asked)
                    says(talk, asked) if callable(says) else talk.sendall(says)
            except OSError:  # the other side hung up, which some tests are about
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
        door.close()


def to(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    """A resolver that knows these addresses only."""
    return lambda host, port: addresses


def plain(listener: Listener, **changes: object) -> Policy:
    """May call the listener without TLS, as erp.example."""
    allowed = Policy(
        HOME, frozenset({"erp.example", "127.0.0.1", "::1"}), frozenset({listener.port}), "", to("127.0.0.1")
    )
    return replace(allowed, **changes)  # type: ignore[arg-type]


def call(listener: Listener, path: str = "/", **how: object) -> Answer:
    policy = how.pop("policy", plain(listener))
    return request("GET", f"http://erp.example:{listener.port}{path}", policy=policy, **how)  # type: ignore[arg-type]


# --- which machines ----------------------------------------------------------------------------------------------

PRIVATE = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16
    169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.8 192.88.99.1 192.0.2.1 192.168.0.1
    198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 :: ::1 ::7f00:1
    ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
    64:ff9b::10.0.0.1 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1:: 2001:10::1 2001:db8::1 2002:7f00:1::
    2002:a9fe:a9fe::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fdff::1 fe80::1 fe80::1%lo fec0::1 ff02::1 ff0e::1
""".split()  # noqa: SIM905 -- easier to read than sixty quoted addresses
PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "192.0.1.1", "100.128.0.1", "2606:4700::1111",
          "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_machine_that_is_not_public(address: str) -> None:
    assert not destination.may_reach(ip_address(address))
    with pytest.raises(Refused) as wrong:
        request("GET", "https://erp.example/", policy=Policy(resolve=to(address)))
    assert wrong.value.reason == "network"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_machines(address: str) -> None:
    assert destination.may_reach(ip_address(address))


def test_one_answer_that_is_not_allowed_spoils_all() -> None:
    with pytest.raises(Refused, match="not public"):
        request("GET", "https://erp.example/", policy=Policy(resolve=to("8.8.8.8", "10.0.0.1")))


def test_a_private_network_only_when_an_administrator_names_it() -> None:
    lan = (ip_network("192.168.10.0/24"), ip_network("fd12::/16"))
    assert destination.may_reach(ip_address("192.168.10.7"), lan)
    assert destination.may_reach(ip_address("::ffff:192.168.10.7"), lan)
    assert destination.may_reach(ip_address("fd12::1"), lan)
    assert not destination.may_reach(ip_address("192.168.11.7"), lan)
    everything = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    for never in ("0.0.0.0", "169.254.169.254", "168.63.129.16", "224.0.0.1", "255.255.255.255", "fe80::1", "ff02::1",
                  "fd00:ec2::254", "::ffff:169.254.169.254"):  # fmt: skip
        assert not destination.may_reach(ip_address(never), everything), never


# --- how an address is written -----------------------------------------------------------------------------------

WRITTEN = {
    "address": ["", "erp.example", "//erp.example/", "https://", "https:///x", "https://a\u200db/",
                "https:// erp.example/", "https://erp.example/\r\nX: y", "https://e\trp/",
                "https:\\\\erp.example\\", "https://erp.example\\@evil.example/", "https://erp.example:x/",
                "https://erp.example:99999/", "https://[::1/", "https://erp.example/é", "https://erp.example/a b",
                "https://erp.example/\u2028", "https://erp.example/{x}", "https://erp.example/" + "x" * 2000],
    "scheme": ["http://erp.example/", "ftp://erp.example/", "file:///etc/passwd", "gopher://erp.example/",
               "unix:///run/x", "javascript:alert(1)", "data:text/plain,x", "jar:https://erp.example!/",
               "HTTP://erp.example/"],
    "credentials": ["https://user@erp.example/", "https://user:secret@erp.example/", "https://erp.example@127.0.0.1/",
                    "https://@erp.example/"],
    "host": ["https://2130706433/", "https://017700000001/", "https://0x7f000001/", "https://0x7f.1/", "https://127.1/",
             "https://127.0.1/", "https://0177.0.0.1/", "https://127.0.0.01/", "https://127.0.0.1.1/", "https://256.1.1.1/",
             "https://0x/", "https://1.2.3.4.5/", "https://erp.0x7f/", "https://erp.1/", "https://erp..example/",
             "https://.erp.example/", "https://erp.example../", "https://-erp.example/", "https://erp-.example/",
             "https://erp_%2eexample/", "https://erp.exa%6dple/", "https://[fe80::1%25lo]/",
             "https://" + "a" * 64 + ".example/", "https://" + "a." * 130 + "example/",
             "https://１２７.１/", "https://⑯⑨。②⑤④/", "https://xn--\u00e9/", "https://[v1.x]/"],
    "port": ["https://erp.example:22/", "https://erp.example:80/", "https://erp.example:0/", "https://erp.example:25/",
             "https://erp.example:6379/"],
}  # fmt: skip


@pytest.mark.parametrize(("reason", "url"), [(reason, url) for reason, urls in WRITTEN.items() for url in urls])
def test_an_address_is_written_in_one_way(reason: str, url: str) -> None:
    def asked(host: str, port: int) -> Sequence[str]:
        raise AssertionError(f"looked up {host}")

    with pytest.raises(Refused) as wrong:
        request("GET", url, policy=Policy(resolve=asked))
    assert wrong.value.reason == reason
    assert str(wrong.value).endswith(".")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://ERP.Example/x?y=1#z", "erp.example"),
        ("https://erp.example./", "erp.example"),
        ("https://erp。example。/", "erp.example"),
        ("https://erp.example:443/", "erp.example"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("https://BÜCHER.example/", "xn--bcher-kva.example"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://erp_1.example/", "erp_1.example"),
        ("https://８.８.８.８/", "8.8.8.8"),  # full-width digits, read as IDNA reads them, then checked like any other
        ("https://8.8.8.8/", "8.8.8.8"),
        ("https://[2606:4700:0000::1111]/", "2606:4700::1111"),
    ],
)
def test_what_is_read(url: str, host: str) -> None:
    assert destination.parse(url, Policy()).host == host


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://[::1]/", "https://[::ffff:7f00:1]/", "https://localhost/",
                                 "https://１２７.０.０.１/", "https://169.254.169.254/latest/meta-data/"])  # fmt: skip
def test_addresses_themselves_are_looked_at_too(url: str) -> None:
    """With the system's own resolver."""
    with pytest.raises(Refused) as wrong:
        request("GET", url, policy=Policy())
    assert wrong.value.reason == "network"


def test_a_name_nobody_knows() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    for resolve in (unknown, to()):
        with pytest.raises(Refused, match="No machine"):
            request("GET", "https://erp.example/", policy=Policy(resolve=resolve))


# --- the call ----------------------------------------------------------------------------------------------------


def test_a_call() -> None:
    with listening(OK) as erp:
        answer = call(erp, "/api?x=1", headers={"Authorization": "Bearer x"})
        assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"ok", "1, 2")
        head = erp.requests[0].decode()
        assert head.startswith("GET /api?x=1 HTTP/1.1\r\n")
        assert f"Host: erp.example:{erp.port}\r\n" in head
        assert "Authorization: Bearer x\r\n" in head
        assert "Accept-Encoding: identity\r\n" in head


def test_what_is_sent_arrives() -> None:
    def echo(talk: socket.socket, asked: bytes) -> None:
        while not asked.endswith(b"}"):
            asked += talk.recv(65536)
        body = asked.split(b"\r\n\r\n", 1)[1]
        talk.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    sent = b'{"x": "' + b"y" * 300_000 + b'"}'
    with listening(echo) as erp:
        answer = request("POST", f"http://erp.example:{erp.port}/", body=sent, policy=plain(erp))
    assert (answer.status, answer.body) == (201, sent)


def test_the_name_is_asked_once_and_the_call_goes_where_it_was_checked() -> None:
    """DNS rebinding: the second answer would be another machine; nobody asks for it."""
    asked: list[str] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with listening(OK) as erp:
        call(erp, policy=plain(erp, resolve=rebinding))
        assert (asked, erp.connections) == (["erp.example"], 1)


def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    with listening(OK) as erp:
        assert call(erp, policy=plain(erp, resolve=to("127.0.0.9", "127.0.0.1"))).status == 200


def test_an_address_of_version_six() -> None:
    with listening(OK, host="::1") as erp:
        assert request("GET", f"http://[::1]:{erp.port}/", policy=plain(erp, resolve=to("::1"))).status == 200
        assert f"Host: [::1]:{erp.port}".encode() in erp.requests[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    with listening(OK) as inside:
        away = (
            f"HTTP/1.1 {status} Go\r\nLocation: http://127.0.0.1:{inside.port}/\r\nContent-Length: 0\r\n\r\n".encode()
        )
        with listening(away) as erp, pytest.raises(Refused) as wrong:
            call(erp)
        assert (wrong.value.reason, inside.connections) == ("redirect", 0)


def test_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(OK) as erp, listening(OK) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        call(erp)
        assert (erp.connections, proxy.connections) == (1, 0)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Connection", "Expect"])
def test_callers_leave_the_transport_its_headers(name: str) -> None:
    with pytest.raises(ValueError, match="not for callers"):
        request("GET", "https://erp.example/", headers={name: "x"}, policy=Policy(resolve=to("8.8.8.8")))


@pytest.mark.parametrize("headers", [{"X-A": "1\r\nX-B: 2"}, {"X-A\r\nX-B": "1"}, {"X A": "1"}])
def test_a_header_smuggles_nothing(headers: dict[str, str]) -> None:
    with listening(OK) as erp:
        with pytest.raises(ValueError, match="not a header"):
            call(erp, headers=headers)
        assert erp.requests in ([], [b""])


# --- certificates ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Lan:
    """A certificate for erp.example by an authority of its own."""
    return Lan.prepare(tmp_path_factory.mktemp("erp"), ("erp.example",))


def secure(erp: Listener, certified: Lan | None) -> Policy:
    return Policy(
        HOME, frozenset(), frozenset({erp.port}), str(certified.authority) if certified else "", to("127.0.0.1")
    )


def test_the_certificate_is_checked_for_the_name_not_the_address(certified: Lan) -> None:
    with listening(OK, tls=certified) as erp:
        assert request("GET", f"https://erp.example:{erp.port}/", policy=secure(erp, certified)).body == b"ok"
        assert request("GET", f"https://ERP.example.:{erp.port}/", policy=secure(erp, certified)).body == b"ok"
        for url, trusts in [
            ("https://other.example", certified),
            ("https://127.0.0.1", certified),
            ("https://erp.example", None),
        ]:
            with pytest.raises(Failed) as wrong:
                request("GET", f"{url}:{erp.port}/", headers={"Authorization": "x"}, policy=secure(erp, trusts))
            assert wrong.value.reason == "certificate"
        assert len(erp.requests) == 2  # whoever could not prove the name was told nothing


# --- what the other side may do ----------------------------------------------------------------------------------


def slowly(*parts: bytes, pause: float = 0.1) -> Says:
    def says(talk: socket.socket, asked: bytes) -> None:
        for part in parts:
            talk.sendall(part)
            time.sleep(pause)

    return says


FOREVER = [b"x"] * 100
SLOW = {
    "a header that drips": slowly(b"HTTP/1.1 200 OK\r\n", *[b"X-A: 1\r\n"] * 100),
    "a header line that drips": slowly(b"HTTP/1.1 200 OK\r\nX-A: ", *FOREVER),
    "a body that drips": slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *FOREVER),
    "chunks that drip": slowly(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 100),
    "hints without end": slowly(*[b"HTTP/1.1 103 Early Hints\r\n\r\n"] * 100),
}


@pytest.mark.parametrize("says", SLOW.values(), ids=SLOW)
def test_a_server_that_drips_ends_in_time(says: Says) -> None:
    began = time.monotonic()
    with listening(says) as erp:
        with pytest.raises(Failed) as wrong:
            call(erp, timeout=0.5)
        assert wrong.value.reason == "timeout"
        assert time.monotonic() - began < 3


def test_a_server_that_says_nothing_and_a_resolver_that_says_nothing_end_in_time() -> None:
    over = threading.Event()

    def silent(host: str, port: int) -> Sequence[str]:
        over.wait(5)
        return ["127.0.0.1"]

    with listening(lambda talk, asked: over.wait(5) and None) as erp:
        for policy in (plain(erp), plain(erp, resolve=silent)):
            began = time.monotonic()
            with pytest.raises(Failed, match="in time"):
                call(erp, timeout=0.3, policy=policy)
            assert time.monotonic() - began < 3
        over.set()


def chunked(*chunks: bytes) -> bytes:
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


def packed(body: bytes, encoding: str = "gzip") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


BAD = {
    "too_large": [b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000, chunked(b"x" * 900, b"x" * 900),
                  b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 5000, packed(gzip.compress(b"x" * 1001)),
                  packed(gzip.compress(b"\0" * 100_000_000))],
    "encoding": [packed(b"x", "br"), packed(b"x", "gzip, gzip"), packed(b"no gzip at all"),
                 packed(gzip.compress(b"x")[:-6])],
    "protocol": [b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b"HTTP/1.1 abc\r\n\r\n",
                 b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", b"",
                 b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n",
                 b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "said"), [(r, said) for r, all_ in BAD.items() for said in all_], ids=lambda x: str(x)[:40]
)
def test_answers_we_do_not_take(reason: str, said: bytes) -> None:
    with listening(said) as erp, pytest.raises(Failed) as wrong:
        call(erp, limit_bytes=1000)
    assert wrong.value.reason == reason


def test_an_answer_as_large_as_we_take() -> None:
    for said in (chunked(b"x" * 500, b"x" * 500), packed(gzip.compress(b"x" * 1000))):
        with listening(said) as erp:
            assert call(erp, limit_bytes=1000).body == b"x" * 1000


def test_nobody_there() -> None:
    with listening(OK) as erp:
        pass
    with pytest.raises(Failed, match="could not be reached"):
        call(erp)


@pytest.mark.requirement("SR-50")
def test_trouble_shows_nothing_of_the_answer_and_an_answer_only_its_beginning() -> None:
    secret = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"root:x:0" * 250
    with listening(secret) as inside, pytest.raises(Failed) as wrong:
        call(inside, limit_bytes=1000)
    assert "root" not in f"{wrong.value} {wrong.value.args}"
    shown = Answer(500, {}, b"<b>no\x1b[31m\x00\n" + "é".encode() * 1000).text()
    assert shown.startswith("<b>no [31m  é") and len(shown) == 300


# --- settings ----------------------------------------------------------------------------------------------------


def test_the_settings_make_the_policy() -> None:
    found = Policy.of(
        Settings(egress_networks=("192.168.10.0/24",), egress_ports=("443", "8069"), egress_plain_hosts=("ERP",))
    )
    assert found == Policy((ip_network("192.168.10.0/24"),), frozenset({"erp"}), frozenset({443, 8069}))
    assert Policy.of(Settings()) == Policy()


@pytest.mark.parametrize(
    "chosen",
    [
        {"egress_ports": ("https",)},
        {"egress_ports": ("0",)},
        {"egress_ports": ("65536",)},
        {"egress_networks": ("192.168.10.1/24",)},
        {"egress_networks": ("lan",)},
    ],
)
def test_a_setting_that_says_nothing_is_named(chosen: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(BadSetting, match="EGRESS_"):
        Settings(**chosen)  # type: ignore[arg-type]


# --- the only door -----------------------------------------------------------------------------------------------

# What opens connections, and who may: the door itself; `serve` binds and asks its own health, `lan` serves a page.
CLIENTS = {"socket", "http.client", "urllib.request", "urllib3", "httpx", "httpcore", "requests", "aiohttp", "smtplib",
           "ftplib", "poplib", "imaplib", "telnetlib", "xmlrpc.client", "socketserver", "http.server"}  # fmt: skip
DOORS = {"server.egress", "server.egress.destination", "server.cli.serve", "server.lan"}


def clients_of(source: str) -> set[str]:
    """The modules of CLIENTS that a source names, however it imports them."""
    named: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute) and node.attr in ("create_connection", "open_connection"):
            named.add("socket")
    return {known for known in CLIENTS for name in named if name == known or name.startswith(known + ".")}


def test_no_other_module_opens_a_connection() -> None:
    found = {name: clients for name, path in modules() if (clients := clients_of(Path(path).read_text()))}
    assert set(found) == DOORS
    assert found["server.egress"] == {"httpcore"}


def test_the_check_sees_every_way_of_importing() -> None:
    for source in ("import socket", "from urllib import request", "import urllib.request as r",
                   "from http.client import X", "def f():\n    import httpcore",
                   "import requests.sessions"):  # fmt: skip
        assert clients_of(source), source
    assert not clients_of("from urllib.parse import quote\nimport http")
