"""Good requests, spoilt a little: a hundred thousand of them at every door in the long run, a few thousand in the
short one. None fails, none takes two seconds of work, and nothing is stored that the door does not vouch for."""

import gzip
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from server.store import tables
from server.store.database import read
from sync.core.canonical import BadJson, check, parse
from sync.events import catalog
from tests.cast import ANA, a_shop, raw
from tests.security import stage
from tests.security.conftest import Stage
from tests.security.corpora import texts
from tests.security.matrix import LINES, Line
from tests.security.test_matrix import filled, opens

# Of work; and of waiting, on a machine that may be busy with ten other things.
MOST_S, MOST_WAITING_S = 2.0, 20.0
BYTES = (
    b"\x00", b"\xff", b"\xc0\x80", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\r\n", b"\xed\xa0\x80", b"9" * 40,
    b"e9", b"%00", b"&", b"=", b"--", b"\xef\xbb\xbf", b"null", b"true", b"1e999", b"\\u0000", b"\\ud800",
)  # fmt: skip
WORDS = (*texts.SQL, *texts.XSS[::7], *texts.FORMULAS, *texts.QR, *texts.INVISIBLE, *texts.REDIRECTS)

HEADERS = ("Accept", "Accept-Language", "If-None-Match", "Range", "Accept-Encoding", "Cookie")


def spoil_bytes(chance: random.Random, body: bytes) -> bytes:
    """A few bytes changed, left out, doubled or put in."""
    made = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(5):
            case 0 if made:
                made[min(at, len(made) - 1)] = chance.randrange(256)
            case 1:
                del made[at : at + chance.choice((1, 2, 30))]
            case 2:
                made[at:at] = made[at : at + chance.choice((1, 5, 60))]
            case 3:
                made[at:at] = chance.choice(BYTES)
            case _:
                made[at : at + 1] = chance.choice(BYTES)
    return bytes(made)


def odd(chance: random.Random) -> object:
    """A value nobody asked for."""
    return chance.choice((
        None, True, False, 0, -1, 2**53, 2**64, 10**400, 1.5, float("nan"), "", " ", [], {}, [[]], {"a": 1}, "x" * 65,
        "x" * 3000, chance.choice(WORDS), str(uuid4()), "2026-11-20T08:00:00Z", "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z", "1e9", "-5", "NaN", "0.0000000001", "99999999999999999999", "MO-1",
    ))  # fmt: skip


def spoil_fact(chance: random.Random, fact: dict[str, object]) -> dict[str, object]:
    """One or two members with another value, gone, or new."""
    made = dict(fact)
    for _ in range(chance.choice((1, 1, 2))):
        name = chance.choice([*made, "rate", "amount", "site", "device", "__proto__", "note_digest", "photo_digest"])
        match chance.randrange(4):
            case 0:
                made.pop(name, None)
            case 1:
                made["type"] = chance.choice([kind.type for kind in catalog.newest()])
            case _:
                made[name] = odd(chance)
    return made


class Doors:
    """All doors with good requests for them, and who may knock."""

    def __init__(self, house: Stage, seed: int) -> None:
        self.house, self.chance = house, random.Random(seed)
        self.facts = [*a_shop(seed, 60), raw("help.called", "2026-11-20T08:00:00Z", reason="HELP", person=ANA)]
        self.gets = [line for line in LINES if line.method == "GET" and "static" not in line.address]
        # Not what ends the sign-ins of this very test, or makes a letter to print of everything there is.
        self.forms = [line for line in LINES if line.method == "POST" and not line.address.startswith("/api/")
                      and line.address not in ("/sign-out", "/labels/sheet")]  # fmt: skip
        self.good: dict[str, int] = {}

    def knock(self) -> tuple[str, Callable[[], object]]:
        """(what it is, the call)."""
        match self.chance.randrange(10):
            case 0 | 1 | 2 | 3:
                return "facts", self._facts()
            case 4:
                return "bytes", self._bytes()
            case 5 | 6:
                return "form", self._form()
            case _:
                return "query", self._query()

    def who(self, line: Line) -> stage.Principal:
        """Mostly somebody who may."""
        may = [one for one in self.house.principals.values() if opens(line, one)]
        return self.chance.choice(may if may and self.chance.random() < 0.9 else list(self.house.principals.values()))

    def _facts(self) -> Callable[[], object]:
        facts = [self.chance.choice(self.facts) for _ in range(self.chance.choice((1, 1, 2, 5)))]
        spoilt = [spoil_fact(self.chance, {**fact, "id": str(uuid4())}) for fact in facts]
        batch: dict[str, object] = {"protocol": 1, "batch_id": str(uuid4()), "events": spoilt}
        if self.chance.random() < 0.2:
            batch[self.chance.choice(["notes", "doubts", "relayed_from", "events", "protocol", "lineage", "x"])] = odd(
                self.chance
            )
        body = json.dumps(batch).encode()
        return self._send(gzip.compress(body), gzipped=True) if self.chance.random() < 0.1 else self._send(body)

    def _bytes(self) -> Callable[[], object]:
        fact = {**self.chance.choice(self.facts), "id": str(uuid4())}
        body = json.dumps({"protocol": 1, "batch_id": str(uuid4()), "events": [fact]}).encode()
        if self.chance.random() < 0.3:
            return self._send(spoil_bytes(self.chance, gzip.compress(body)), gzipped=True)
        return self._send(spoil_bytes(self.chance, body))

    def _send(self, body: bytes, gzipped: bool = False) -> Callable[[], object]:
        caller = self.house.principals[self.chance.choice(("token events:write", "token events:write", "device"))]
        headers = {"Content-Encoding": "gzip"} if gzipped else {}
        return lambda: caller.call(
            "POST", "/api/v1/events", data=body, headers=headers, content_type="application/json"
        )

    def _form(self) -> Callable[[], object]:
        line = self.chance.choice(self.forms)
        names = [name.rstrip("*") for name in line.writes] or ["x"]
        fields = [(name, str(odd(self.chance))) for name in names if self.chance.random() < 0.8]
        if self.chance.random() < 0.15:
            fields.append((self.chance.choice(["x", "roles", *names]), str(odd(self.chance))))
        caller, path = self.who(line), filled(line.address, self.house.own)
        body = urlencode(fields, errors="replace").encode()
        if self.chance.random() < 0.2:
            body = spoil_bytes(self.chance, body)
        return lambda: caller.call("POST", path, data=body, content_type="application/x-www-form-urlencoded")

    def _query(self) -> Callable[[], object]:
        line = self.chance.choice(self.gets)
        names = [name.rstrip("*") for name in line.query if name != "*"] or ["x"]
        asked = [(self.chance.choice(names), str(odd(self.chance))) for _ in range(self.chance.choice((0, 1, 1, 2)))]
        things = self.house.own if self.chance.random() < 0.8 else self.house.other
        caller, path = self.who(line), filled(line.address, things)
        headers = {"HX-Request": "true"} if self.chance.random() < 0.3 else {}
        if self.chance.random() < 0.2:
            word = "".join(sign for sign in self.chance.choice(WORDS) if sign.isascii() and sign not in "\r\n")
            headers[self.chance.choice(HEADERS)] = word[:500]
        query = urlencode(asked, errors="replace")
        return lambda: caller.call("GET", path, query_string=query, headers=headers)


def fuzz(house: Stage, count: int, seed: int) -> tuple[Counter[str], float]:
    """Knock so often; what was answered, and how long the slowest took."""
    doors, found, slowest = Doors(house, seed), Counter[str](), 0.0
    for number in range(count):
        what, call = doors.knock()
        begun, waiting = time.thread_time(), time.monotonic()
        answer = call()
        answer.get_data()
        took, waited = time.thread_time() - begun, time.monotonic() - waiting
        slowest = max(slowest, took)
        found[f"{what} {answer.status_code}"] += 1
        asked = answer.request
        told = f"seed {seed}, knock {number}: {asked.method} {asked.path}?{asked.query_string!r}"
        assert answer.status_code < 500, f"{told} answers {answer.status_code}"
        assert took < MOST_S and waited < MOST_WAITING_S, f"{told} took {took:.1f} s of {waited:.1f}"
    return found, slowest


def all_stored_is_sound(house: Stage) -> int:
    """Every fact that was taken is one: strict JSON, of a known type, of this site, with a single digest."""
    with read(house.engine) as connection:
        rows = connection.execute(select(tables.Event.site, tables.Event.id, tables.Event.body)).all()
        senders = set(connection.scalars(select(tables.Event.sender).where(tables.Event.site == "main")))
        orders = connection.scalar(select(func.count()).select_from(tables.Order).where(tables.Order.site == "main"))
    for _site, identity, body in rows:
        try:
            fact = parse(body)
            check(fact)
        except BadJson as wrong:
            raise AssertionError(f"{body} was stored: {wrong}") from wrong
        assert catalog.load(fact).id == identity, body
        assert "\x00" not in body
    assert len(senders) <= 4 + len(house.principals)
    assert orders == 3, "facts make no reference data"
    return len(rows)


@pytest.mark.requirement("SR-33", "SR-40", "SR-48")
def test_two_thousand_spoilt_requests(house: Stage) -> None:
    found, _slowest = fuzz(house, 2_000, seed=20261122)
    assert found["facts 200"] > 100 and found["query 200"] > 50, found
    assert all_stored_is_sound(house) > 20


@pytest.mark.long
@pytest.mark.requirement("SR-33", "SR-40", "SR-48")
@pytest.mark.parametrize("seed", range(1, 11))
def test_a_hundred_thousand_spoilt_requests(seed: int, house: Stage, record_property) -> None:
    found, slowest = fuzz(house, 10_000, seed)
    stored = all_stored_is_sound(house)
    told = f"{sum(found.values())} requests, slowest {slowest:.2f} s of work, {stored} facts kept"
    record_property("told", f"fuzz, seed {seed}: {told}")
