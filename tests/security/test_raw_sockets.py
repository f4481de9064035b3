"""What only somebody who writes bytes himself can send, against the web server as `floorledger serve` runs it.

A request that two readers could cut in two places is refused or closed, never read twice; methods nobody offers change
nothing; asking for the head, or for what is allowed, changes nothing either.
"""

import re
import socket
from collections.abc import Iterator

import pytest

from server.auth import credentials
from server.extensions import system_clock
from server.store import people
from server.store.database import read, write
from server.store.tables import TABLES
from tests.reliability.rig import Rig

pytestmark = pytest.mark.requirement("SR-59")

INNER = b"GET /healthz HTTP/1.1\r\nHost: inner\r\n\r\n"
HOST = b"Host: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    made = Rig(tmp_path_factory.mktemp("raw"), workers=0)
    made.start()
    made.wait_ready()
    yield made
    made.stop()


def say(rig: Rig, sent: bytes, seconds: float = 3) -> bytes:
    """Everything that comes back until the server closes or is silent for a while."""
    heard = b""
    with socket.create_connection(("127.0.0.1", rig.port), timeout=seconds) as link:
        link.sendall(sent)
        link.settimeout(seconds)
        try:
            while more := link.recv(65_536):
                heard += more
                link.settimeout(0.5)
        except (TimeoutError, ConnectionResetError):
            pass
    return heard


def answers(heard: bytes) -> list[int]:
    """The status of each answer in what came back."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", heard)]


def rows(rig: Rig) -> dict[str, int]:
    """How many rows each table that a request could change has."""
    names = ("event", "device", "user", "api_token", "enrolment", "session", "pin_failure", "site", "audit_line")
    with read(rig.engine) as connection:
        return {name: len(connection.execute(TABLES[name].select()).all()) for name in names}


SMUGGLED = {
    "length and chunks": b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 100\r\n\r\n0\r\n\r\n" + INNER,
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    "a length with a sign": b"Content-Length: +0\r\n\r\n" + INNER,
    "a negative length": b"Content-Length: -1\r\n\r\n" + INNER,
    "a length in hex": b"Content-Length: 0x0\r\n\r\n" + INNER,
    "a list of lengths": b"Content-Length: 0, 0\r\n\r\n" + INNER,
    "an underscore in a length": b"Content-Length: 1_0\r\n\r\n" + INNER,
    "a space before the colon": b"Content-Length : 0\r\n\r\n" + INNER,
    "an unknown coding": b"Transfer-Encoding: cow\r\n\r\n" + INNER,
    "chunked twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + INNER,
    "chunked hidden by a tab": b"Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n" + INNER,
    "chunked in quotes": b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n' + INNER,
    "chunked and identity": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + INNER,
    "a folded header": b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + INNER,
    "a bare line feed": b"X: y\nContent-Length: 0\r\n\r\n" + INNER,
    "a bare carriage return": b"X: y\rContent-Length: 5\r\n\r\n" + INNER,
    "a NUL in a header": b"X: a\x00b\r\nContent-Length: 0\r\n\r\n" + INNER,
    "a chunk with a sign": b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n" + INNER,
    "a chunk of a negative size": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + INNER,
    "a chunk with 0x": b"Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + INNER,
    "a chunk with an underscore": b"Transfer-Encoding: chunked\r\n\r\n0_0\r\n\r\n" + INNER,
    "a chunk ended by a line feed": b"Transfer-Encoding: chunked\r\n\r\n0\n\n" + INNER,
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_no_second_request_rides_in_the_first(rig: Rig, name: str) -> None:
    """A front that cuts the bytes elsewhere would take the inner request for somebody else's: it is never answered.
    What cannot be cut is refused, and the connection closed; a body that turns out so behind an answer, too."""
    heard = say(rig, b"POST /theme HTTP/1.1\r\n" + HOST + SMUGGLED[name])
    found = answers(heard)
    assert 200 not in found and 500 not in found, heard
    assert found[1:] in ([], [400]), heard
    assert found[:1] in ([400], [501]) or found == [303, 400] or not found, heard


def test_what_is_well_cut_is_answered_one_by_one(rig: Rig) -> None:
    """The corpus would prove nothing against a server that answers one request a connection."""
    one = b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n"
    assert len(answers(say(rig, one * 3))) == 3


@pytest.mark.parametrize(
    "first",
    [b"TRACE / HTTP/1.1", b"TRACK / HTTP/1.1", b"CONNECT 127.0.0.1:22 HTTP/1.1", b"DEBUG / HTTP/1.1",
     b"PROPFIND / HTTP/1.1", b"get /healthz HTTP/1.1", b"GET  /healthz HTTP/1.1", b"GET /healthz HTTP/9.9",
     b"GET /healthz", b"\x16\x03\x01\x02\x00", b"GET //other/ HTTP/1.1"],
)  # fmt: skip
def test_a_method_nobody_offers_is_refused_and_echoes_nothing(rig: Rig, first: bytes) -> None:
    secret = b"fl_session=0123456789abcdef0123456789"
    before = rows(rig)
    heard = say(rig, first + b"\r\n" + HOST + b"Cookie: " + secret + b"\r\nX-Mark: echo-me\r\n\r\n")
    assert secret not in heard and b"echo-me" not in heard
    assert all(status >= 300 and status != 500 for status in answers(heard)), heard
    assert rows(rig) == before


def test_whoever_names_another_server_gets_this_one(rig: Rig) -> None:
    heard = say(rig, b"GET http://169.254.169.254/healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    own = say(rig, b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert heard.partition(b"\r\n\r\n")[2] == own.partition(b"\r\n\r\n")[2] != b""


OVERRIDES = [b"X-HTTP-Method-Override: %s", b"X-HTTP-Method: %s", b"X-Method-Override: %s"]


@pytest.mark.parametrize("header", OVERRIDES)
@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE"])
def test_no_header_and_no_field_makes_another_method_of_it(rig: Rig, header: bytes, method: bytes) -> None:
    """A signed-in lead's browser asks for a page; the header would make it a change."""
    cookie = a_lead(rig)
    before = rows(rig)
    for target in (b"/admin/devices/enrolment", b"/admin/devices/enrolment?_method=POST"):
        request = b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"Cookie: " + cookie + b"\r\n"
        found = answers(say(rig, request + header % method + b"\r\nConnection: close\r\n\r\n"))
        assert found == [405], found
    assert rows(rig) == before


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_asking_for_the_head_or_for_what_is_allowed_changes_nothing(rig: Rig, method: str) -> None:
    """Every address of the application, signed in as everybody at once."""
    from server import create_app

    cookie = a_lead(rig)
    places = sorted({
        re.sub(r"<uuid:[^>]*>", "0b0b0b0b-0000-4000-8000-000000000001", re.sub(r"<int:[^>]*>", "1", rule.rule))
        for rule in create_app(rig.settings).url_map.iter_rules()
    })  # fmt: skip
    places = [re.sub(r"<[^>]*>", "x", place) for place in places]
    assert len(places) > 50
    before, wrong = rows(rig), {}
    before.pop("session")
    for place in places:
        asked = (
            f"{method} {place} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie.decode()}\r\nConnection: close\r\n\r\n"
        )
        heard = say(rig, asked.encode(), 10)
        found = answers(heard)
        if len(found) != 1 or found[0] >= 500:
            wrong[place] = found
        if method == "HEAD":
            assert heard.partition(b"\r\n\r\n")[2] == b"", place
    after = rows(rig)
    after.pop("session")
    assert (wrong, after) == ({}, before)


def test_a_body_that_never_comes_holds_up_nobody(rig: Rig) -> None:
    """Somebody promises a body, and is silent: the others are served meanwhile."""
    links = [socket.create_connection(("127.0.0.1", rig.port)) for _ in range(6)]
    try:
        for link in links:
            link.sendall(b"POST /theme HTTP/1.1\r\n" + HOST + b"Content-Length: 1000\r\n\r\nt")
        assert answers(say(rig, b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n", 10)) == [200]
    finally:
        for link in links:
            link.close()


@pytest.mark.parametrize("size", [9_000, 200_000])
def test_headers_without_end_are_cut_short(rig: Rig, size: int) -> None:
    for sent in (b"GET /" + b"a" * size + b" HTTP/1.1\r\n" + HOST + b"\r\n",
                 b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * size + b"\r\n\r\n",
                 b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * (size // 6) + b"\r\n"):  # fmt: skip
        found = answers(say(rig, sent))
        assert all(400 <= status < 500 for status in found), found


def a_lead(rig: Rig) -> bytes:
    """The cookie of somebody who is signed in, made once."""
    secret = credentials.make_secret()
    with write(rig.engine) as connection:
        if people.find_user(connection, "main", "raw") is None:
            people.create_user(connection, "main", "raw", display_name="Raw", password_hash="-",
                               roles=["lead"])  # fmt: skip
        people.start_session(connection, "main", "raw", credentials.digest(secret), system_clock())
    return f"{credentials.SESSION}={secret}".encode()


def test_the_server_does_not_say_which_one_it_is(rig: Rig) -> None:
    heard = say(rig, b"GET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert not re.search(rb"(?i)^server: .*\d", heard, re.M), heard
