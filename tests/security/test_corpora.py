"""Hostile texts at every door, by the kind of harm they try: none fails, none stays, none is believed."""

import gzip
import html
import json
import re
import time
import zlib
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes
from uuid import uuid4

import pytest
from sqlalchemy import Engine, func, select
from werkzeug.test import EnvironBuilder

from server.security import local_path
from server.store import tables
from server.store.database import read
from tests.cast import raw
from tests.security import stage
from tests.security.conftest import Stage
from tests.security.corpora import texts
from tests.security.matrix import LINES, Line
from tests.security.test_matrix import filled, opens

MOST_S = 2.0


def one_who_may(house: Stage, line: Line) -> stage.Principal:
    return next(principal for principal in house.principals.values() if opens(line, principal))


ASKING = [line for line in LINES if line.query - {"*"} and line.method == "GET"]


@pytest.mark.requirement("SR-40", "SR-41")
@pytest.mark.parametrize("line", ASKING, ids=lambda line: line.name)
def test_no_parameter_reaches_the_database_as_sql(line: Line, either_at_length: Stage) -> None:
    """Every hostile text in every parameter: an answer that says what is wrong or finds nothing, soon, and nothing
    changes. Half of them also as an address that htmx asks for."""
    before = stage.contents(either_at_length.engine)
    caller = one_who_may(either_at_length, line)
    path = filled(line.address, either_at_length.own)
    for number, hostile in enumerate((*texts.SQL, *texts.XSS[-9:], "\x00", "a\x00b", "\x1b[2J")):
        for parameter in sorted(line.query):
            headers = {"HX-Request": "true"} if number % 2 else {}
            begun = time.thread_time()
            asked = {parameter.rstrip("*"): hostile}
            answer = caller.call("GET", path, query_string=asked, headers=headers)
            answer.get_data()
            assert time.thread_time() - begun < MOST_S, f"{line.name} {asked!r} takes too long"
            assert answer.status_code < 500, f"{line.name} {asked!r} answers {answer.status_code}"
    assert stage.contents(either_at_length.engine) == before


@pytest.mark.requirement("SR-40")
def test_a_filter_finds_what_holds_it_and_nothing_more(either: Stage) -> None:
    """`%` and `_` are letters, quotes end nothing, and what fits nothing finds nothing."""
    lead = either.principals["lead"]
    assert [order["order"] for order in lead.call("GET", "/api/v1/orders?text=MO-7").json["orders"]] == ["MO-7"]
    for hostile in ("%", "_", "MO_7", "M%7", "' OR '1'='1", "\\", "MO-7' --", "mo-7%"):
        found = lead.call("GET", "/api/v1/orders", query_string={"text": hostile, "status": "all"}).json["orders"]
        assert found == [], hostile


@pytest.mark.requirement("SR-48")
@pytest.mark.parametrize("line", [line for line in LINES if "<" in line.address], ids=lambda line: line.name)
def test_no_place_of_an_address_takes_what_is_none(line: Line, either_at_length: Stage) -> None:
    before = stage.contents(either_at_length.engine)
    caller = one_who_may(either_at_length, line)
    start = line.address.index("<")
    for hostile in (*texts.TRAVERSAL, *map(quote, texts.SQL), *(quote(sign) for sign in "\x00\x1b\u202e\r\n")):
        path = f"{line.address[:start]}{hostile}{line.address[line.address.index('>') + 1 :]}"
        if "<" in path:
            continue
        answer = caller.call(line.method, path)
        body = answer.get_data(as_text=True)
        assert answer.status_code < 500, f"{line.method} {path!r} answers {answer.status_code}"
        assert "Set-Cookie: x" not in str(answer.headers)
        if line.objects != "none":
            assert answer.status_code in (303, 308, 400, 401, 404, 405), f"{line.method} {path!r}: {answer.status_code}"
        assert "root:x:0" not in body and "create_app" not in body, path
    assert stage.contents(either_at_length.engine) == before


@pytest.mark.requirement("SR-45")
@pytest.mark.parametrize("name", texts.TRAVERSAL, ids=ascii)
def test_no_file_of_the_machine_is_served(name: str, house: Stage) -> None:
    """Below /static only what lies there, whatever the client does to the path; asked raw, as no browser would."""
    builder = EnvironBuilder(path="/")
    environ = builder.get_environ()
    for path in (f"/static/{name}", f"/static/css/{name}"):
        environ["PATH_INFO"] = unquote_to_bytes(path.encode("utf-8")).decode("latin-1")
        answer = house.app.test_client().open(environ.copy())
        body = answer.get_data()
        assert answer.status_code in (200, 304, 308, 400, 404), path
        if answer.status_code == 200:
            assert name.startswith(("./../", "css/../", "css/..%", ".", "app.js")) is False or b"create_app" not in body
        for secret in (b"create_app", b"root:x:0", b"Floorledger stands", b"[core]"):
            assert secret not in body, path
        assert "x" not in answer.headers.getlist("Set-Cookie")


@pytest.mark.requirement("SR-55")
@pytest.mark.parametrize("target", texts.REDIRECTS, ids=ascii)
def test_no_redirect_leads_away(target: str, house: Stage) -> None:
    assert local_path(target, "/safe") == "/safe"
    lead, nobody = house.principals["lead"], house.principals["nobody"]
    asked = [
        lead.call("GET", "/sign-in", query_string={"next": target}),
        lead.call("POST", "/theme", data={"theme": "dark", "next": target}),
        lead.call("POST", "/language", data={"language": "en", "next": target}),
        nobody.call("POST", "/theme", data={"theme": "dark", "next": target}),
        lead.call("POST", f"/help/{house.own.call}/answer", data={"next": target}),
    ]
    for answer in asked:
        location = answer.headers.get("Location", "/")
        assert location.startswith("/") and not location.startswith(("//", "/\\")), location
        assert "evil" not in location
    page = nobody.call("GET", "/sign-in", query_string={"next": target}, headers={"Accept": "text/html"})
    carried = [html.unescape(path) for path in re.findall(r'name="next" value="([^"]*)"', page.text)]
    if page.status_code == 200:  # else it is the page that refuses it
        assert all(local_path(path, "") for path in carried if path), "a form carries it no further"


# --- bodies ------------------------------------------------------------------------------------------------------


def batch(fact: str) -> bytes:
    return f'{{"protocol": 1, "batch_id": "{uuid4()}", "events": [{fact}]}}'.encode("utf-8", "surrogatepass")


def send(house: Stage, body: bytes, **headers: str) -> tuple[int, str, str]:
    """(status, verdict, code) of a body sent to the door of facts."""
    caller = house.principals["token events:write"]
    answer = caller.call("POST", "/api/v1/events", data=body, headers=headers, content_type="application/json")
    assert answer.is_json, answer.text
    if answer.status_code != 200:
        return answer.status_code, "", answer.json["code"]
    verdict = answer.json["verdicts"][0]
    return 200, verdict["verdict"], verdict.get("problem", {}).get("code", "")


# What each oddity is answered with: written down, so that both databases have to say the same.
STRANGE: dict[str, tuple[int, str, str]] = {}


@pytest.mark.requirement("SR-33", "SR-37")
@pytest.mark.parametrize("value", texts.JSON_VALUES, ids=lambda value: ascii(value)[:40])
def test_odd_json_has_one_verdict_in_both_databases(value: str, either: Stage) -> None:
    fact = raw("output.reported", "2026-11-20T08:00:00Z", order="@", operation="10", quantity="1")
    body = batch(json.dumps(fact).replace('"@"', value))
    found = send(either, body)
    assert found[0] < 500 and found[1] != "conflict", found
    assert found == STRANGE.setdefault(value, found), "SQLite and PostgreSQL differ"
    harmless = {'"\U0001f4a9"', r'"\ue000"', r'"\u2028"', '"МО-1"', "null"}
    if found[1] == "created":
        stored = stored_orders(either.engine, fact["id"])
        assert stored in ([None], ["MO-1"], ["\U0001f4a9"], ["\ufb01"]), f"{value} became {stored}"
    else:
        assert value not in harmless - {r'"\ue000"', r'"\u2028"', "null"}, found


def stored_orders(engine: Engine, event_id: str) -> list[str | None]:
    with read(engine) as connection:
        bodies = connection.scalars(select(tables.Event.body).where(tables.Event.id == event_id)).all()
    return [json.loads(body).get("order") for body in bodies]


@pytest.mark.requirement("SR-33")
def test_the_envelope_is_as_strict(either: Stage) -> None:
    fact = json.dumps(raw("output.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1"))
    head = f'"protocol": 1, "batch_id": "{uuid4()}"'
    for body, expected in {
        f'{{{head}, "events": [{fact}], "events": []}}': (422, "intake.duplicate_key"),
        f'{{{head}, "events": [{fact}], "site": "other"}}': (400, "request.unknown_field"),
        f'{{{head}, "events": [{fact}], "device": "x"}}': (400, "request.unknown_field"),
        f'{{"protocol": true, "batch_id": "{uuid4()}", "events": [{fact}]}}': (400, "intake.protocol"),
        f'{{"protocol": 1.0, "batch_id": "{uuid4()}", "events": [{fact}]}}': (400, "intake.protocol"),
        f'{{"protocol": "1", "batch_id": "{uuid4()}", "events": [{fact}]}}': (400, "intake.protocol"),
        f'{{"protocol": 1, "batch_id": "{uuid4()}", "events": {{"0": {fact}}}}}': (400, "intake.malformed_json"),
        f'[{{{head}, "events": [{fact}]}}]': (400, "intake.malformed_json"),
        "1.5": (400, "intake.malformed_json"),
        f'\ufeff{{{head}, "events": [{fact}]}}': (400, "intake.malformed_json"),
    }.items():
        status, _verdict, code = send(either, body.encode())
        assert (status, code) == expected, body[:80]


@pytest.mark.requirement("SR-37")
@pytest.mark.parametrize(("one", "other"), texts.CONFUSABLES, ids=ascii)
def test_codes_that_look_alike_stay_two_in_both_databases(one: str, other: str, either: Stage) -> None:
    """An order asked by one spelling is never answered by the other: no database folds case, width or letters."""
    caller = either.principals["token events:write"]
    first = raw("output.reported", "2026-11-20T08:00:00Z", order=one, operation="10", quantity="1")
    body = batch(json.dumps(first))
    assert send(either, body)[:2] in {(200, "created"), (200, "rejected")}
    assert caller.call("GET", "/api/v1/events/status", query_string={"ids": first["id"]}).status_code == 200
    assert stored_orders(either.engine, first["id"]) in ([], [one])
    with read(either.engine) as connection:
        found = {
            code: connection.scalar(
                select(func.count()).where(tables.Event.id == first["id"], tables.Event.order == code)
            )
            for code in (one, other)
        }
    assert found[other] == 0
    assert either.principals["lead"].call("GET", f"/orders/{quote('mo-7')}").status_code == 404
    assert either.principals["lead"].call("GET", f"/orders/{quote('МО-7')}").status_code == 404


# --- sizes -------------------------------------------------------------------------------------------------------

WIRE, INFLATED = 1024 * 1024, 4 * 1024 * 1024


def padded(size: int) -> bytes:
    """A batch without facts of exactly so many bytes."""
    body = f'{{"protocol": 1, "batch_id": "{uuid4()}", "events": []}}'.encode()
    return body + b" " * (size - len(body))


@pytest.mark.requirement("SR-34")
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_a_body_has_a_limit_to_the_byte(beyond: int, house: Stage) -> None:
    status, _verdict, code = send_empty(house, padded(WIRE + beyond))
    assert (status, code) == ((200, "") if beyond <= 0 else (413, "request.too_large"))


@pytest.mark.requirement("SR-34", "SR-35")
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_an_inflated_body_has_a_limit_to_the_byte(beyond: int, house: Stage) -> None:
    body = gzip.compress(padded(INFLATED + beyond))
    status, _verdict, code = send_empty(house, body, **{"Content-Encoding": "gzip"})
    assert (status, code) == ((200, "") if beyond <= 0 else (413, "intake.too_large"))


def send_empty(house: Stage, body: bytes, **headers: str) -> tuple[int, str, str]:
    caller = house.principals["token events:write"]
    answer = caller.call("POST", "/api/v1/events", data=body, headers=headers, content_type="application/json")
    return answer.status_code, "", (answer.json or {}).get("code", "")


@pytest.mark.requirement("SR-34")
@pytest.mark.parametrize("beyond", [-1, 0, 1])
def test_text_fields_and_depth_have_a_limit_to_the_one(beyond: int, house: Stage) -> None:
    base = raw("output.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1")
    long = json.dumps({**base, "id": str(uuid4()), "order": "x" * (64 + beyond)})
    assert send(house, batch(long))[1:] == (("created", "") if beyond <= 0 else ("rejected", "intake.bad_value"))
    text = json.dumps({**base, "id": str(uuid4()), "order": "x" * (2000 + beyond)})
    code = "intake.bad_value" if beyond <= 0 else "intake.string_too_long"
    assert send(house, batch(text))[1:] == ("rejected", code)
    keys = json.dumps({**base, "id": str(uuid4()), **{f"k{n}": 1 for n in range(64 - len(base) + beyond)}})
    code = "intake.unknown_field" if beyond <= 0 else "intake.too_many_fields"
    assert send(house, batch(keys))[1:] == ("rejected", code)
    depth = 15 + beyond  # the fact itself is the first
    deep = json.dumps({**base, "id": str(uuid4()), "order": "@"}).replace('"@"', "[" * depth + "]" * depth)
    code = "intake.bad_value" if beyond <= 0 else "intake.too_deep"
    assert send(house, batch(deep))[1:] == ("rejected", code)


@pytest.mark.requirement("SR-35")
def test_only_gzip_and_only_once(house: Stage) -> None:
    body = padded(200)
    raw_deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    for encoding, sent in {
        "deflate": zlib.compress(body), "DEFLATE": raw_deflate.compress(body) + raw_deflate.flush(), "br": body,
        "zstd": body, "compress": body, "gzip, gzip": gzip.compress(gzip.compress(body)), "gzip,deflate": body,
        "x-gzip": gzip.compress(body),
        "identity, gzip": gzip.compress(body), "gzip;q=1": gzip.compress(body), "chunked": body,
    }.items():  # fmt: skip
        status, _verdict, code = send_empty(house, sent, **{"Content-Encoding": encoding})
        assert (status, code) == (415, "intake.not_json"), encoding
    for sent in (
        gzip.compress(gzip.compress(body)), gzip.compress(body)[:-4], gzip.compress(body)[4:], b"\x1f\x8b", b"", body,
    ):  # fmt: skip
        status, _verdict, code = send_empty(house, sent, **{"Content-Encoding": "gzip"})
        assert (status, code) == (400, "intake.malformed_json")
    trailing = gzip.compress(body) + gzip.compress(b" " * 10_000_000)
    assert send_empty(house, trailing, **{"Content-Encoding": "gzip"})[0] in (200, 400), "what follows is not inflated"


@pytest.mark.requirement("SR-34", "SR-35")
def test_a_bomb_takes_no_memory(house: Stage) -> None:
    """A thousand times its size, inflated no further than allowed: the process grows by less than 50 MiB."""
    bomb = gzip.compress(b"[" * 400_000_000)
    assert len(bomb) < WIRE
    before = resident()
    for _ in range(5):
        assert send_empty(house, bomb, **{"Content-Encoding": "gzip"})[0] == 413
        assert send_empty(house, b" " * (WIRE * 8))[0] == 413
    grown = (resident() - before) / 2**20
    assert grown < 50, f"{grown:.0f} MiB"


def resident() -> int:
    """Bytes of memory this process holds at most so far, since the kernel was asked to forget the peak."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024
