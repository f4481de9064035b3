"""A device that enrolled with a key signs what it asks: its cookie and its token alone are worth nothing."""

import json
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.auth import credentials, signature
from server.extensions import system_clock
from server.store import audit, people
from server.store.database import read, write
from tests.server import callers
from tests.server.signing import Key

DEVICE = "/api/v1/device"
EVENTS = "/api/v1/events"
FACT = {"id": "0b0b0b0b-0000-4000-8000-000000000001", "type": "shift.started", "version": 1, "device_seq": 1,
        "occurred_at": "2026-11-01T10:00:00.000+01:00", "provenance": "measured", "declared_by": "p1",
        "operator": "p1", "boot_id": "b", "monotonic_ms": 1}  # fmt: skip
BATCH = json.dumps({"protocol": 1, "batch_id": "0b0b0b0b-0000-4000-8000-0000000000ff", "events": []}).encode()


@pytest.fixture
def key() -> Key:
    return Key()


@pytest.fixture
def secret() -> str:
    return credentials.make_secret(credentials.DEVICE_PREFIX)


@pytest.fixture
def tablet(app: Flask, database: Engine, site: str, key: Key, secret: str) -> FlaskClient:
    with write(database) as connection:
        people.create_device(
            connection, site, "Tablet 7", credentials.digest(secret), system_clock(), public_key=key.public
        )
    return browser(app, secret)


def browser(app: Flask, secret: str = "") -> FlaskClient:
    """One of our own pages, which is where browsers say a request comes from."""
    client = app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    if secret:
        client.set_cookie(credentials.DEVICE, secret)
    return client


@pytest.mark.requirement("SR-18")
def test_what_is_signed_is_taken(tablet: FlaskClient, key: Key) -> None:
    assert key.call(tablet, "GET", DEVICE).json["device"]["name"] == "Tablet 7"
    assert key.call(tablet, "GET", f"{DEVICE}?waiting=0&version=a%20b").status_code == 200
    assert key.call(tablet, "POST", EVENTS, BATCH).status_code == 200


@pytest.mark.requirement("SR-18")
@pytest.mark.parametrize("how", ["cookie", "bearer"])
def test_a_stolen_credential_alone_is_refused(app: Flask, tablet: FlaskClient, secret: str, how: str) -> None:
    thief = browser(app, secret if how == "cookie" else "")
    header = {"Authorization": f"Bearer {secret}"} if how == "bearer" else {}
    for method, path in (("GET", DEVICE), ("POST", EVENTS), ("GET", "/api/v1/reference"),
                         ("GET", "/api/v1/events/status?ids="), ("POST", f"{DEVICE}/sign-in"),
                         ("PUT", f"/api/v1/photos/{FACT['id']}")):  # fmt: skip
        body = {"json": json.loads(BATCH)} if method == "POST" else {}
        answer = thief.open(path, method=method, headers=header, **body)
        assert (answer.status_code, answer.json["code"]) == (401, "device.signature_missing"), path
    other = Key()  # and so is one that signs with a key of his own
    signed = {**header, **other.headers("GET", DEVICE)}
    assert thief.get(DEVICE, headers=signed).json["code"] == "device.signature_wrong"


@pytest.mark.requirement("SR-18")
@pytest.mark.parametrize("change", ["method", "path", "query", "body", "digest", "created", "nonce", "signature",
                                    "no digest", "other parts", "two", "short"])  # fmt: skip
def test_whatever_is_changed_on_the_way_is_noticed(tablet: FlaskClient, key: Key, change: str) -> None:
    method, path, body = "POST", EVENTS, BATCH
    signed = key.headers(method, path, body)
    match change:
        case "method":
            method, path, signed = "POST", EVENTS, key.headers("PUT", EVENTS, body)
        case "path":
            signed = key.headers(method, DEVICE, body)
        case "query":
            signed = key.headers(method, f"{EVENTS}?a=1", body)
        case "body":
            body = body.replace(b"ff", b"fe")
        case "digest":
            body = body.replace(b"ff", b"fe")
            signed["Content-Digest"] = Key().headers(method, path, body)["Content-Digest"]
        case "created":
            given = signed["Signature-Input"]
            second = given.split("created=")[1].split(";")[0]
            signed["Signature-Input"] = given.replace(second, str(int(second) + 1))
        case "nonce":
            signed["Signature-Input"] = signed["Signature-Input"][:-33] + "0" * 32 + '"'
        case "signature":
            signed["Signature"] = "d=:" + "A" * 86 + "==:"
        case "no digest":
            del signed["Content-Digest"]
        case "other parts":
            signed["Signature-Input"] = signed["Signature-Input"].replace(' "content-digest"', "")
        case "two":
            signed["Signature-Input"] += ", " + signed["Signature-Input"]
        case "short":
            signed["Signature"] = signed["Signature"][:-10] + ":"
    answer = tablet.open(path, method=method, data=body, headers={**signed, "Content-Type": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (401, "device.signature_wrong")


@pytest.mark.requirement("SR-18")
@pytest.mark.parametrize(("method", "path", "body"), [
    ("POST", f"{DEVICE}/sign-in", b'{"number": "1", "pin": "2"}'), ("POST", EVENTS, BATCH),
    ("PUT", f"/api/v1/photos/{FACT['id']}", b""),
])  # fmt: skip
def test_no_change_can_be_sent_twice(tablet: FlaskClient, key: Key, method: str, path: str, body: bytes) -> None:
    """Every address of a device that changes something: whatever it answers the first time, it does not the second."""
    signed = {**key.headers(method, path, body), "Content-Type": "application/json"}
    first, again = (tablet.open(path, method=method, data=body, headers=signed) for _ in range(2))
    assert first.json.get("code") != "device.signature_used"
    assert again.json["code"] == "device.signature_used"


@pytest.mark.requirement("SR-18")
def test_what_was_overheard_cannot_be_sent_again(app: Flask, tablet: FlaskClient, key: Key, secret: str) -> None:
    signed = {**key.headers("POST", EVENTS, BATCH), "Content-Type": "application/json"}
    assert tablet.post(EVENTS, data=BATCH, headers=signed).status_code == 200
    again = tablet.post(EVENTS, data=BATCH, headers=signed)
    assert (again.status_code, again.json["code"]) == (401, "device.signature_used")
    thief = browser(app, secret)
    assert thief.post(EVENTS, data=BATCH, headers=signed).json["code"] == "device.signature_used"


@pytest.mark.requirement("SR-18")
@pytest.mark.parametrize("off", [-301_500, 301_500])
def test_a_signature_holds_for_five_minutes(tablet: FlaskClient, key: Key, off: int) -> None:
    at = system_clock() + off
    assert key.call(tablet, "GET", DEVICE, at=at).json["code"] == "device.signature_old"
    assert key.call(tablet, "GET", DEVICE, at=at - off // 30).status_code == 200


def test_used_numbers_are_kept_as_long_as_they_matter(tablet: FlaskClient, key: Key, database: Engine) -> None:
    for _ in range(3):
        assert key.call(tablet, "POST", EVENTS, BATCH).status_code == 200
    with write(database) as connection:
        connection.exec_driver_sql(f"UPDATE used_nonce SET used_at = {system_clock() - 3 * signature.HOLDS_MS}")
    assert key.call(tablet, "POST", EVENTS, BATCH).status_code == 200
    with read(database) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM used_nonce").scalar_one() == 1


@pytest.mark.requirement("SR-18")
def test_a_public_page_takes_nobody_at_his_word(app: Flask, tablet: FlaskClient, key: Key) -> None:
    assert tablet.get("/").status_code == 200
    with app.test_request_context("/sign-in", headers={"Cookie": f"fl_device={tablet.get_cookie('fl_device').value}"}):
        from server.auth.access import current

        assert current.kind == "public"


@pytest.mark.parametrize("wrong", ["", "A" * 87, "B" + "A" * 86, 7, None, "é" * 87, "A" * 88])
def test_no_key_is_no_key(client: FlaskClient, site: str, wrong: object) -> None:
    answer = client.post("/api/v1/devices/enrol", json={"secret": "x", "name": "T", "public_key": wrong})
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")
    assert not signature.is_key(wrong)


def test_every_key_of_a_browser_is_one() -> None:
    assert all(signature.is_key(Key().public) for _ in range(20))
    numbers = {signature.fingerprint(Key().public) for _ in range(50)}
    assert len(numbers) == 50 and all(len(number) == 6 and number.isdigit() for number in numbers)


@pytest.mark.requirement("SR-18")
def test_a_browser_that_lost_its_key_is_let_in_again(
    app: Flask, database: Engine, tablet: FlaskClient, key: Key
) -> None:
    lead = callers.signed_in(app, database, "lead")
    mine = {"Sec-Fetch-Site": "same-origin"}
    new = Key()
    asked = tablet.post(f"{DEVICE}/key", json={"public_key": new.public})
    assert (asked.status_code, asked.json["approved"]) == (202, False)
    assert asked.json["number"] == signature.fingerprint(new.public)
    # Until somebody looks, the key it had counts, and the new one does not: whoever asks may be a thief.
    assert new.call(tablet, "GET", DEVICE).json["code"] == "device.signature_wrong"
    assert key.call(tablet, "GET", DEVICE).status_code == 200
    page = lead.get("/admin/devices").get_data(as_text=True)
    number = signature.fingerprint(new.public)
    assert "“Tablet 7” lost its key" in page and f"{number[:3]} {number[3:]}" in page
    with read(database) as connection:
        (device,) = people.asking_devices(connection, "main")
    assert lead.post(f"/admin/devices/{device.id}/decline", headers=mine).status_code == 303
    assert key.call(tablet, "GET", DEVICE).status_code == 200
    tablet.post(f"{DEVICE}/key", json={"public_key": new.public})
    assert lead.post(f"/admin/devices/{device.id}/admit", headers=mine).status_code == 303
    assert new.call(tablet, "GET", DEVICE).json["device"]["id"] == device.id
    assert key.call(tablet, "GET", DEVICE).json["code"] == "device.signature_wrong"
    with read(database) as connection:
        found = audit.lines(connection, "main", audit.Search(data={"personal", "operational"}, subject=device.id))
    assert [line.action for line in found] == ["device.admitted", "device.key_wanted", "device.declined",
                                               "device.key_wanted"]  # fmt: skip


def test_a_signature_costs_little(app: Flask, key: Key) -> None:
    """Both the body's digest and the check: what every request of a device pays. Measured: about 0.1 ms."""
    signed = key.headers("POST", EVENTS, BATCH * 100)
    with app.test_request_context(EVENTS, method="POST", data=BATCH * 100, headers=signed):
        from flask import request

        took = []
        for _ in range(60):
            began = time.perf_counter()
            signature.check(request, key.public, system_clock())
            took.append(time.perf_counter() - began)
    assert sorted(took)[len(took) // 2] < 0.001
