"""A device dies with facts inside: its file comes in by another device or by a lead, once, under its own name."""

import base64
import dataclasses
import hashlib
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth import credentials
from server.extensions import system_clock
from server.intake.photos import digest
from server.settings import Settings
from server.store import intake_log, people
from server.store.database import read, write
from tests.cast import ANA, raw
from tests.server import callers
from tests.server.pictures import jpeg

SALT = "00112233445566778899aabbccddeeff"
SAME = {"Sec-Fetch-Site": "same-origin"}


class Tablet:
    """An enrolled tablet that numbers its facts."""

    def __init__(self, app: Flask, shop: Engine, name: str) -> None:
        secret = credentials.make_secret("fld_")
        with write(shop) as connection:
            self.id = people.create_device(connection, "main", name, credentials.digest(secret), system_clock())
        self.client, self.name, self.seq = app.test_client(), name, 0
        self.client.set_cookie(credentials.DEVICE, secret)

    def captures(self, count: int, **more: Any) -> list[dict[str, Any]]:
        made = []
        for _ in range(count):
            self.seq += 1
            made.append(
                raw("output.reported", f"2026-11-20T08:{self.seq:02}:00Z", order="MO-1", operation="10", quantity="1",
                    declared_by=ANA, device_seq=self.seq, **more)
            )  # fmt: skip
        return made

    def sends(self, facts: list[dict[str, Any]], **more: Any):
        body = {"protocol": 1, "batch_id": str(uuid4()), "lineage": None, "events": facts, **more}
        return self.client.post("/api/v1/events", json=body, headers=SAME)

    def file(self, facts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {"floorledger": "rescue", "version": 1, "device": {"id": self.id, "name": self.name},
                "exported_at": "2026-11-20T12:00:00Z", "lineage": None, "events": facts, "notes": {}, "photos": {},
                **more}  # fmt: skip


@pytest.fixture
def broken(app: Flask, shop: Engine) -> Tablet:
    return Tablet(app, shop, "Tablet 1")


@pytest.fixture
def helper(app: Flask, shop: Engine) -> Tablet:
    return Tablet(app, shop, "Tablet 2")


@pytest.fixture
def lead(app: Flask, shop: Engine) -> FlaskClient:
    return callers.signed_in(app, shop, "lead")


def verdicts(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [verdict["verdict"] for verdict in answer.json["verdicts"]]


def upload(lead: FlaskClient, file: object):
    content = file if isinstance(file, bytes) else json.dumps(file).encode()
    form = {"file": (io.BytesIO(content), "rescue.json")}
    return lead.post("/admin/devices/rescue", data=form, headers=SAME, content_type="multipart/form-data")


def stored(shop: Engine) -> list[tuple[str, str | None, int]]:
    with read(shop) as connection:
        rows = connection.exec_driver_sql("SELECT sender, relayed_by, device_seq FROM event ORDER BY device_seq")
        return [tuple(row) for row in rows]


def test_another_device_brings_them_in_under_the_first_one_s_name(shop: Engine, broken: Tablet, helper: Tablet) -> None:
    facts = broken.captures(3)
    answer = helper.sends(facts, relayed_from=broken.id)
    assert verdicts(answer) == ["created"] * 3
    assert stored(shop) == [(broken.id, helper.id, number) for number in (1, 2, 3)]
    assert answer.json["device"] == {"id": helper.id, "last_seq": 0, "missing": []}
    with read(shop) as connection:
        first, second = (people.device_of_id(connection, "main", one.id) for one in (broken, helper))
    assert first and second
    assert (first.last_seq, second.last_seq) == (3, 0)


def test_once_also_when_the_first_device_comes_back(shop: Engine, broken: Tablet, helper: Tablet) -> None:
    facts = broken.captures(4)
    assert verdicts(broken.sends(facts[:1])) == ["created"]
    assert verdicts(helper.sends(facts, relayed_from=broken.id)) == ["exists", *["created"] * 3]
    assert verdicts(helper.sends(facts, relayed_from=broken.id)) == ["exists"] * 4
    more = broken.captures(1)
    assert verdicts(broken.sends([*facts, *more])) == [*["exists"] * 4, "created"]
    assert [row[2] for row in stored(shop)] == [1, 2, 3, 4, 5]
    with read(shop) as connection:
        assert intake_log.missing_numbers(connection, "main") == {}
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM finding").scalar_one() == 0


def test_gaps_and_forks_are_the_first_device_s(shop: Engine, broken: Tablet, helper: Tablet) -> None:
    facts = broken.captures(5)
    broken.sends(facts[:1])
    helper.sends(facts[3:], relayed_from=broken.id)
    other = {**facts[4], "id": str(uuid4())}
    helper.sends([other], relayed_from=broken.id)
    with read(shop) as connection:
        assert intake_log.missing_numbers(connection, "main") == {broken.id: [(2, 3)]}
        finding = connection.exec_driver_sql("SELECT code, event_id FROM finding").one()
    assert tuple(finding) == ("device.fork", facts[4]["id"])


def test_bringing_in_is_no_sign_of_life_of_the_first(shop: Engine, broken: Tablet, helper: Tablet) -> None:
    with write(shop) as connection:
        connection.exec_driver_sql("UPDATE device SET seen_at = 5 WHERE id = ?", (broken.id,))
    helper.sends(broken.captures(1), relayed_from=broken.id)
    with read(shop) as connection:
        device = people.device_of_id(connection, "main", broken.id)
    assert device and device.seen_at == 5


def test_a_device_s_own_file_is_its_own(shop: Engine, broken: Tablet) -> None:
    assert verdicts(broken.sends(broken.captures(1), relayed_from=broken.id)) == ["created"]
    assert stored(shop) == [(broken.id, None, 1)]


@pytest.mark.parametrize("origin", ["", "x", "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01", "' OR 1=1", "\ud800", "\x00"])
def test_an_unknown_device_is_refused_as_a_whole(origin: str, shop: Engine, broken: Tablet, helper: Tablet) -> None:
    answer = helper.sends(broken.captures(1), relayed_from=origin)
    assert (answer.status_code, answer.json["code"]) == (400, "relay.device_unknown")
    assert stored(shop) == []


def test_another_device_cannot_use_up_the_first_one_s_numbers(shop: Engine, broken: Tablet, helper: Tablet) -> None:
    (fact,) = broken.captures(1)
    last = {**fact, "id": str(uuid4()), "device_seq": 2**53 - 1}
    answer = helper.sends([last, fact], relayed_from=broken.id)
    assert verdicts(answer) == ["rejected", "created"]
    assert answer.json["verdicts"][0]["problem"]["pointer"] == "/device_seq"
    with read(shop) as connection:
        device = people.device_of_id(connection, "main", broken.id)
    assert device and device.last_seq == 1


@pytest.mark.parametrize("origin", [7, [], {}, True])
def test_nonsense_is_refused(origin: object, broken: Tablet, helper: Tablet) -> None:
    answer = helper.sends(broken.captures(1), relayed_from=origin)
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")


def test_a_program_brings_in_nobody_s_facts(client: FlaskClient, shop: Engine, broken: Tablet) -> None:
    body = {"protocol": 1, "batch_id": str(uuid4()), "events": broken.captures(1), "relayed_from": broken.id}
    answer = client.post("/api/v1/events", json=body, headers=callers.bearer(shop, "events:write"))
    assert answer.json["code"] == "request.invalid"
    assert stored(shop) == []


def test_of_a_device_that_is_shut_out_only_a_lead_brings_them_in(
    shop: Engine, broken: Tablet, helper: Tablet, lead: FlaskClient
) -> None:
    facts = broken.captures(2)
    lead.post(f"/admin/devices/{broken.id}/revoke", headers=SAME)
    answer = helper.sends(facts, relayed_from=broken.id)
    assert (answer.status_code, answer.json["code"]) == (403, "relay.device_revoked")
    assert broken.sends(facts).status_code == 401
    assert upload(lead, broken.file(facts)).status_code == 200
    assert stored(shop) == [(broken.id, "user:lead", 1), (broken.id, "user:lead", 2)]


# --- a lead and a file -------------------------------------------------------------------------------------------


def test_a_lead_takes_in_a_file_with_notes_and_photos(shop: Engine, broken: Tablet, lead: FlaskClient) -> None:
    picture, text = jpeg(), "Panneau rayé"
    (fact,) = broken.captures(
        1, photo_digest=digest(SALT, picture), note_digest=hashlib.sha256((SALT + text).encode()).hexdigest()
    )
    photo = {"salt": SALT, "jpeg": base64.b64encode(picture).decode()}
    file = broken.file([fact], notes={fact["id"]: {"salt": SALT, "text": text}}, photos={fact["id"]: photo})
    page = upload(lead, file).get_data(as_text=True)
    assert "1 new" in page and "1 photo" in page and "Tablet 1" in page
    shown = lead.get(f"/facts/{fact['id']}").get_data(as_text=True)
    assert text in shown and "<img" in shown
    assert "Brought in by" in shown and "Tablet 1" in shown
    again = upload(lead, file).get_data(as_text=True)
    assert "1 known already" in again


def test_a_long_file_in_lots(shop: Engine, broken: Tablet, lead: FlaskClient) -> None:
    facts = broken.captures(1)
    facts += [{**facts[0], "id": str(uuid4()), "device_seq": number} for number in range(2, 1202)]
    broken_one = {**facts[5], "quantity": "-1"}
    page = upload(lead, broken.file([*facts[:5], broken_one, *facts[6:]])).get_data(as_text=True)
    assert "1,200 new" in page and "1 refused" in page


PHOTOS = [
    {"x": 1}, {"x": {"salt": SALT}}, {"x": {"salt": SALT, "jpeg": "%%%"}}, {"x": {"salt": "no", "jpeg": "AAAA"}},
    {"0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01": {"salt": SALT, "jpeg": "AAAA"}}, [], "x", None,
    {"\ud800": {"salt": SALT, "jpeg": "AAAA"}},
]  # fmt: skip


@pytest.mark.parametrize("photos", PHOTOS, ids=repr)
def test_photos_that_are_none_stop_nothing(photos: object, shop: Engine, broken: Tablet, lead: FlaskClient) -> None:
    assert upload(lead, broken.file(broken.captures(1), photos=photos, notes=[1])).status_code == 200
    assert len(stored(shop)) == 1


@pytest.mark.parametrize(
    "change", [{"floorledger": "x"}, {"version": 2}, {"events": {}}, {"device": None}, {"device": {"id": 1}},
               {"device": {"id": "x"}}]
)  # fmt: skip
def test_a_file_of_another_kind(change: dict[str, Any], shop: Engine, broken: Tablet, lead: FlaskClient) -> None:
    answer = upload(lead, broken.file(broken.captures(1)) | change)
    assert answer.status_code == 422
    assert "This is no file of facts saved by a device." in answer.get_data(as_text=True)
    assert stored(shop) == []


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"PK\x03\x04", b"[" * 100_000, b"null", b'"x"'])
def test_no_json(content: bytes, lead: FlaskClient, broken: Tablet) -> None:
    assert upload(lead, content).status_code == 422


def test_a_file_beyond_the_limit(settings: Settings, shop: Engine, broken: Tablet) -> None:
    app = create_app(dataclasses.replace(settings, upload_limit=10_000))
    answer = upload(callers.signed_in(app, shop, "lead"), broken.file(broken.captures(60)))
    assert answer.status_code == 413
    assert stored(shop) == []


def test_no_file_at_all(lead: FlaskClient) -> None:
    assert lead.post("/admin/devices/rescue", headers=SAME).status_code == 422


def test_who_may(app: Flask, shop: Engine, broken: Tablet, helper: Tablet) -> None:
    file = broken.file(broken.captures(1))
    assert upload(callers.signed_in(app, shop, "accountant", "payroll"), file).status_code == 403
    assert upload(helper.client, file).status_code == 403
    assert upload(callers.signed_in(app, shop, "admin"), file).status_code == 200
