"""POST /api/v1/events: verdicts, limits, strictness; bad input gets a coded answer and loses nothing."""

import gzip
import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from werkzeug.test import TestResponse

from server.intake import desk
from server.store import intake_log
from server.store.database import read, write
from server.store.tables import TABLES
from sync.core.clock import parse_instant
from tests.cast import ANA, new_id, put_plant, raw, settle
from tests.server.callers import bearer, device, signed_in

AT = "2026-11-20T08:00:00+01:00"
SAME = {"Sec-Fetch-Site": "same-origin"}


def started(**fields: Any) -> dict[str, Any]:
    return raw("labor.started", AT, person=ANA, activity="run", order="MO-1", operation="10", **fields)


def batch(*events: Any, **more: Any) -> dict[str, Any]:
    return {"protocol": 1, "batch_id": str(uuid4()), "events": list(events), **more}


@pytest.fixture
def program(database: Engine, site: str) -> dict[str, str]:
    return bearer(database, "events:write")


def post(client: FlaskClient, headers: dict[str, str], body: Any) -> TestResponse:
    return client.post("/api/v1/events", json=body, headers=headers)


def verdicts(answer: TestResponse) -> list[tuple[str, str]]:
    assert answer.status_code == 200, answer.text
    return [(v["verdict"], v.get("problem", {}).get("code", "")) for v in answer.json["verdicts"]]


def count(database: Engine, table: str) -> int:
    with read(database) as connection:
        return connection.scalar(select(func.count()).select_from(TABLES[table])) or 0


def test_each_fact_has_its_own_verdict(client: FlaskClient, program: dict[str, str], database: Engine) -> None:
    good, other = started(), started()
    changed = {**good, "operation": "20"}
    assert verdicts(post(client, program, batch(good))) == [("created", "")]
    answer = post(client, program, batch(good, {"type": "tea.drunk"}, changed, other, good))
    assert verdicts(answer) == [
        ("exists", ""), ("rejected", "intake.unknown_type"), ("conflict", "intake.conflict"), ("created", ""),
        ("exists", ""),
    ]  # fmt: skip
    assert answer.headers["Floorledger-Protocol"] == "1"
    assert {"protocol", "batch_id", "lineage", "now", "device", "verdicts"} == set(answer.json)
    assert (count(database, "event"), count(database, "event_conflict"), count(database, "rejection")) == (2, 1, 1)


def test_the_body_is_kept_as_it_came(client: FlaskClient, program: dict[str, str], database: Engine) -> None:
    sent = started(lot=None)
    post(client, program, batch(sent))
    with read(database) as connection:
        body = connection.scalar(select(TABLES["event"].c.body))
    assert json.loads(body) == sent


BAD = {
    "intake.bad_value": [
        {"id": "NOT-A-UUID"}, {"id": "00000000-0000-0000-0000-000000000000"}, {"occurred_at": "2026-11-20T08:00:00"},
        {"occurred_at": "1999-11-20T08:00:00Z"}, {"occurred_at": "2026-02-30T08:00:00Z"},
        {"occurred_at": "2026-11-20T24:00:00Z"}, {"occurred_at": "2026-11-20T23:59:60Z"}, {"activity": "dance"},
        {"order": ""}, {"order": "x" * 65}, {"order": " MO-1"}, {"person": 7}, {"person": True}, {"device_seq": 0},
        {"device_seq": True}, {"order": ["MO-1"]}, {"order": {"code": "MO-1"}}, {"provenance": "guessed"},
        {"order": "e\u0301"},
    ],
    "intake.unknown_field": [{"quantity": "5"}, {"rate": "99"}, {"__proto__": "x"}],
    "intake.unknown_version": [{"version": 99}, {"version": True}, {"version": "1"}],
    "intake.unknown_type": [{"type": "labor"}, {"type": 5}, {"type": None}],
    "intake.bad_character": [
        {"order": "MO\u0000"}, {"order": "MO\u200b1"}, {"order": "\u202eMO"}, {"order": "MO\n1\x07"},
    ],
    "intake.string_too_long": [{"order": "x" * 2001}],
    "intake.number_too_large": [{"device_seq": 2**53}],
    "intake.not_a_number": [{"device_seq": 1.5}],
}  # fmt: skip


@pytest.mark.requirement("SR-33", "SR-38", "SR-39")
@pytest.mark.parametrize(("code", "change"), [(code, change) for code, changes in BAD.items() for change in changes])
def test_a_malformed_fact_is_rejected_alone(
    client: FlaskClient, program: dict[str, str], database: Engine, code: str, change: dict[str, Any]
) -> None:
    good = started()
    answer = post(client, {**program, "Accept-Language": "fr"}, batch({**started(), **change}, good))
    assert verdicts(answer) == [("rejected", code), ("created", "")]
    problem = answer.json["verdicts"][0]["problem"]
    assert problem["title"]
    assert problem["action"]
    assert count(database, "rejection") == 1, "what was refused is kept to be looked at"


@pytest.mark.requirement("SR-33", "SR-36")
@pytest.mark.parametrize(
    "text",
    [
        '{"quantity": NaN}', '{"quantity": Infinity}', '{"quantity": 1e400}', '{"quantity": 1.0}',
        '{"device_seq": ' + "9" * 5000 + "}", '{"type": "a", "type": "b"}', '"\\ud800"', '{"order": "\\ud800"}',
        "[" * 40 + "]" * 40, "null", "true", "[]", '{"id": "\\u0000"}',
    ],
)  # fmt: skip
def test_strange_json_is_rejected_and_never_fails(client: FlaskClient, program: dict[str, str], text: str) -> None:
    good = started()
    body = f'{{"protocol": 1, "batch_id": "{uuid4()}", "events": [{text}, {json.dumps(good)}]}}'
    answer = client.post("/api/v1/events", data=body.encode(), headers=program, content_type="application/json")
    outcome = verdicts(answer)
    assert outcome[0][0] == "rejected"
    assert outcome[1] == ("created", "")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "intake.malformed_json"),
        (b"{", 400, "intake.malformed_json"),
        (b"\xff\xfe", 400, "intake.malformed_json"),
        (b"[]", 400, "intake.malformed_json"),
        (b"[" * 100_000, 422, "intake.too_deep"),
        (b'{"protocol": 2, "events": []}', 400, "intake.protocol"),
        (b'{"protocol": 1, "batch_id": 5, "events": []}', 400, "request.invalid"),
        (b" " * (1024 * 1024 + 1), 413, "request.too_large"),
    ],
)
def test_a_request_that_is_none_is_refused_as_a_whole(
    client: FlaskClient, program: dict[str, str], body: bytes, status: int, code: str
) -> None:
    answer = client.post("/api/v1/events", data=body, headers=program, content_type="application/json")
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"
    assert "Traceback" not in answer.text


def test_limits_at_their_edges(client: FlaskClient, program: dict[str, str]) -> None:
    assert len(verdicts(post(client, program, batch(*(started() for _ in range(500)))))) == 500
    answer = post(client, program, batch(*(started() for _ in range(501))))
    assert (answer.status_code, answer.json["code"]) == (413, "intake.too_many")


def test_gzip_once_and_no_bomb(client: FlaskClient, program: dict[str, str]) -> None:
    def squeezed(data: bytes, encoding: str = "gzip") -> TestResponse:
        headers = {**program, "Content-Encoding": encoding}
        return client.post("/api/v1/events", data=data, headers=headers, content_type="application/json")

    body = json.dumps(batch(started())).encode()
    assert verdicts(squeezed(gzip.compress(body))) == [("created", "")]
    for data, encoding, status in (
        (gzip.compress(b" " * 5_000_000), "gzip", 413),
        (gzip.compress(gzip.compress(body)), "gzip", 400),
        (gzip.compress(body)[:-9], "gzip", 400),
        (body, "gzip", 400),
        (body, "br", 415),
        (gzip.compress(body), "gzip, gzip", 415),
    ):
        answer = squeezed(data, encoding)
        assert answer.status_code == status, answer.text
        assert "json" in answer.mimetype


def test_a_device_numbers_its_facts_and_forks_are_seen(app: Flask, database: Engine, site: str) -> None:
    put_plant(database)
    tablet = device(app, database)
    headers = {"Sec-Fetch-Site": "same-origin"}
    first, second, twin = started(device_seq=1), started(device_seq=3), started(device_seq=3)
    assert verdicts(post(tablet, headers, batch(started()))) == [("rejected", "intake.missing_field")]
    answer = post(tablet, headers, batch(first, second))
    assert answer.json["device"]["last_seq"] == 3
    post(tablet, headers, batch(twin))
    settle(database)
    with read(database) as connection:
        found = connection.execute(select(TABLES["finding"].c.code, TABLES["finding"].c.event_id)).all()
    assert ("device.fork", second["id"]) in [tuple(row) for row in found]


def test_a_device_is_told_which_of_its_numbers_are_missing(app: Flask, database: Engine, site: str) -> None:
    """A server restored from a backup may not know it: the device does, when it compares."""
    put_plant(database)
    tablet = device(app, database)

    def missing(*numbers: int) -> list[list[int]]:
        answer = post(tablet, SAME, batch(*(started(device_seq=number) for number in numbers)))
        assert answer.status_code == 200, answer.text
        told: list[list[int]] = answer.json["device"]["missing"]
        assert tablet.get("/api/v1/device").json["device"]["missing"] == told
        return told

    assert missing(3) == [[1, 2]]  # restored to before its first fact
    assert missing(1, 2) == []
    assert missing(3) == []  # two under one number are none
    assert missing(8, 6) == [[7, 7], [4, 5]]
    assert missing(4, 7) == [[5, 5]]
    assert missing(5) == []
    other = device(app, database)
    assert other.get("/api/v1/device").json["device"]["missing"] == []


def test_only_the_newest_gaps_are_told(
    app: Flask, database: Engine, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_log, "REMEMBERED", 10)
    monkeypatch.setattr(intake_log, "MOST_GAPS", 2)
    tablet = device(app, database)
    answer = post(tablet, SAME, batch(*(started(device_seq=number) for number in (1, 20, 22, 24, 26, 28))))
    assert answer.json["device"]["missing"] == [[27, 27], [25, 25]]
    answer = post(tablet, SAME, batch(*(started(device_seq=number) for number in (21, 23, 25, 27))))
    assert answer.json["device"] == {"id": answer.json["device"]["id"], "last_seq": 28, "missing": [[19, 19]]}


def test_a_time_that_turned_out_doubtful_is_a_finding_that_stays(app: Flask, database: Engine, site: str) -> None:
    put_plant(database)
    tablet, other = device(app, database), device(app, database)
    first, second, strange = started(device_seq=1), started(device_seq=2), started(device_seq=1)
    bad = started(device_seq=0)
    post(other, SAME, batch(strange))
    said = {first["id"]: -3_600_400, second["id"]: "1", strange["id"]: 5_000, bad["id"]: 9_000, new_id(): 7_000}
    answered = verdicts(post(tablet, SAME, batch(first, second, bad, doubts=said)))
    assert [verdict for verdict, _ in answered] == ["created", "created", "rejected"]
    again = batch(first, second, strange, doubts={first["id"]: 0, second["id"]: 90_000, strange["id"]: 5_000})
    assert verdicts(post(tablet, SAME, again)) == [("exists", "")] * 3
    settle(database)
    with read(database) as connection:
        finding = TABLES["finding"].c
        query = select(finding.event_id, finding.params).where(finding.code == "device.clock_set")
        found = {row[0]: json.loads(row[1]) for row in connection.execute(query)}
    assert found == {first["id"]: {"seconds": "-3600"}, second["id"]: {"seconds": "+90"}}


def test_doubts_are_an_object_and_a_devices_own(
    app: Flask, client: FlaskClient, program: dict[str, str], database: Engine, site: str
) -> None:
    answer = post(client, program, batch(started(), doubts=[1]))
    assert (answer.status_code, answer.json["pointer"]) == (400, "/doubts")
    fact = started()
    assert verdicts(post(client, program, batch(fact, doubts={fact["id"]: 60_000}))) == [("created", "")]
    assert count(database, "finding") == 0, "a program has no clock that is set unseen"


LEADS_WORD = {
    "event.approved": {"target_id": new_id(), "reason": "SEEN"},
    "event.declined": {"target_id": new_id(), "reason": "DOUBT"},
    "order.closed": {"order": "MO-1"},
    "order.reopened": {"order": "MO-1"},
}


@pytest.mark.parametrize("kind", LEADS_WORD)
def test_a_leads_word_is_signed_at_a_desk_or_pushed_by_a_program(
    app: Flask, client: FlaskClient, program: dict[str, str], database: Engine, site: str, kind: str
) -> None:
    def said(**more: Any) -> dict[str, Any]:
        return raw(kind, AT, **LEADS_WORD[kind], **more)

    refused = [("rejected", "intake.lead_only"), ("created", "")]
    headers = {"Sec-Fetch-Site": "same-origin"}
    tablet, other = device(app, database), device(app, database)
    answer = post(tablet, headers, batch(said(device_seq=1, declared_by="user:lead"), started(device_seq=2)))
    assert verdicts(answer) == refused, "whoever it says it is; what comes with it is taken"
    origin = answer.json["device"]["id"]
    answer = post(other, headers, batch(said(device_seq=3), started(device_seq=4), relayed_from=origin))
    assert verdicts(answer) == refused, "a device's facts stay a device's, whoever brings them in"
    assert verdicts(post(client, program, batch(said()))) == [("created", "")]
    with write(database) as connection:
        fields = LEADS_WORD[kind]
        assert desk.state(connection, "main", "lead", kind, 1_795_200_000_000, **fields).verdict == "created"


def test_a_leads_word_is_refused_in_the_readers_language(app: Flask, database: Engine, site: str) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "fr"}
    body = batch(raw("order.closed", AT, order="MO-1", device_seq=1))
    problem = post(device(app, database), headers, body).json["verdicts"][0]["problem"]
    assert problem["title"] == "Un appareil ne peut pas dire cela."
    assert problem["detail"] == "Seul un chef d’équipe connecté à un poste de bureau peut le dire."
    assert problem["action"].startswith("Demandez à votre chef d’équipe")


def test_status_tells_what_became_of_a_fact(app: Flask, database: Engine, site: str) -> None:
    put_plant(database)
    tablet = device(app, database)
    held = raw("labor.declared", AT, person=ANA, activity="run", order="MO-9", duration_ms=5, device_seq=1)
    post(tablet, {"Sec-Fetch-Site": "same-origin"}, batch(held))
    url = f"/api/v1/events/status?ids={held['id']},{new_id()},nonsense"
    assert tablet.get(url).json["events"][held["id"]]["state"] == "received"
    settle(database)
    status = tablet.get(url, headers={"Accept-Language": "en"}).json["events"]
    assert status == {held["id"]: {
        "state": "held", "reason": "reference.unknown_order", "sentence": "Order MO-9 is not known here yet.",
        "action": "Import the order."}}  # fmt: skip


def test_status_tells_when_a_call_was_answered(app: Flask, database: Engine, site: str) -> None:
    tablet = device(app, database)
    call = raw("help.called", AT, reason="QUALITY", device_seq=1)
    post(tablet, {"Sec-Fetch-Site": "same-origin"}, batch(call))
    url = f"/api/v1/events/status?ids={call['id']}"
    assert "answered_at" not in tablet.get(url).json["events"][call["id"]]
    first = parse_instant(AT)
    answers = [raw("help.answered", first + n, call_id=call["id"], device_seq=2 + n) for n in (0, 1)]
    post(tablet, {"Sec-Fetch-Site": "same-origin"}, batch(*answers))
    assert parse_instant(tablet.get(url).json["events"][call["id"]]["answered_at"]) == first


def test_notes_are_kept_apart_and_only_with_their_digest(
    client: FlaskClient, program: dict[str, str], database: Engine
) -> None:
    salt = "00112233445566778899aabbccddeeff"
    digest = hashlib.sha256((salt + "the belt slipped").encode()).hexdigest()
    vouched, other = started(note_digest=digest), started()
    notes = {vouched["id"]: {"salt": salt, "text": "the belt slipped"}, other["id"]: {"salt": salt, "text": "spam"}}
    post(client, program, batch(vouched, other, notes=notes))
    with read(database) as connection:
        assert connection.execute(select(TABLES["note"].c.event_id, TABLES["note"].c.text)).all() == [
            (vouched["id"], "the belt slipped")
        ]
        bodies = connection.scalars(select(TABLES["event"].c.body)).all()
    assert not [body for body in bodies if "belt" in body]


def sealed(salt: str, text: str) -> str:
    return hashlib.sha256((salt + text).encode("utf-8", "replace")).hexdigest()


HEX = "00112233445566778899aabbccddeeff"


def test_no_note_is_put_under_a_fact_by_another_one_of_its_id(
    client: FlaskClient, program: dict[str, str], database: Engine
) -> None:
    fact = started()
    forged = {**fact, "operation": "20", "note_digest": sealed(HEX, "he broke it")}
    note = {fact["id"]: {"salt": HEX, "text": "he broke it"}}
    assert verdicts(post(client, program, batch(fact))) == [("created", "")]
    assert verdicts(post(client, program, batch(forged, notes=note))) == [("conflict", "intake.conflict")]
    refused = {**started(note_digest=sealed(HEX, "x")), "activity": "dance"}
    post(client, program, batch(refused, notes={refused["id"]: {"salt": HEX, "text": "x"}}))
    assert count(database, "note") == 0


@pytest.mark.parametrize(
    ("salt", "text"),
    [(HEX + "the belt ", "slipped"), (HEX, "\ud800"), (HEX, "\x00"), ("", ""), ("", HEX), (HEX * 3, "x")],
)
def test_what_is_no_note_is_left_out_and_stops_nothing(
    salt: str, text: str, client: FlaskClient, program: dict[str, str], database: Engine
) -> None:
    fact = started(note_digest=sealed(salt, text))
    sent = batch(fact, notes={fact["id"]: {"salt": salt, "text": text}})
    assert verdicts(post(client, program, sent)) == [("created", "")]
    assert count(database, "note") == 0


@pytest.mark.parametrize("event_id", ["\ud800", "\x00", "x"])
def test_a_refused_fact_of_an_impossible_id_is_answered(
    event_id: str, client: FlaskClient, program: dict[str, str], database: Engine
) -> None:
    bad = {**started(note_digest=sealed(HEX, "x")), "id": event_id}
    answer = post(client, program, batch(bad, notes={event_id: {"salt": HEX, "text": "x"}}))
    assert [verdict for verdict, _code in verdicts(answer)] == ["rejected"]
    assert count(database, "note") == 0


def test_nobody_signs_as_a_user_but_that_user_at_a_desk(
    app: Flask, client: FlaskClient, program: dict[str, str], database: Engine
) -> None:
    signed = started(declared_by="user:lead")
    assert verdicts(post(client, program, batch(signed))) == [("rejected", "intake.lead_only")]
    numbered = started(declared_by="user:lead", device_seq=1)
    answer = post(device(app, database), {"Sec-Fetch-Site": "same-origin"}, batch(numbered))
    assert verdicts(answer) == [("rejected", "intake.lead_only")]
    assert answer.json["verdicts"][0]["problem"]["pointer"] == "/declared_by"


def test_who_may_not_send(client: FlaskClient, database: Engine, site: str) -> None:
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer flt_wrong"}, 401),
        (bearer(database, "entries:read"), 403),
    ):
        assert post(client, headers, batch(started())).status_code == status
    assert count(database, "event") == 0


def test_numbers_that_have_not_arrived_are_known(app: Flask, database: Engine, site: str) -> None:
    tablet = device(app, database)
    facts = [started(device_seq=number) for number in (3, 4, 7, 9)]
    refused = {**started(device_seq=8), "activity": "dance"}
    post(tablet, {"Sec-Fetch-Site": "same-origin"}, batch(*facts, refused))
    with read(database) as connection:
        (gaps,) = intake_log.missing_numbers(connection, "main").values()
    assert gaps == [(5, 6)], "a refused fact has arrived; what was sent before this enrolment is not asked for"
    lead = signed_in(app, database, "lead")
    assert "5–6" in lead.get("/admin/devices").get_data(as_text=True)


@pytest.mark.parametrize("kind", ["event.voided", "event.replaced"])
def test_a_leads_word_is_not_taken_away_by_a_device(
    app: Flask, client: FlaskClient, program: dict[str, str], database: Engine, kind: str
) -> None:
    declined = raw("event.declined", AT, target_id=new_id(), reason="DOUBT")
    assert verdicts(post(client, program, batch(declined))) == [("created", "")]
    more = {"replacement_id": new_id()} if kind == "event.replaced" else {}
    taken = raw(kind, AT, target_id=declined["id"], reason="SLIP", device_seq=1, **more)
    answer = post(device(app, database), {"Sec-Fetch-Site": "same-origin"}, batch(taken))
    assert verdicts(answer) == [("rejected", "intake.lead_only")]
