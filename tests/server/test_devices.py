"""A device comes in by a code used once, is seen, and can be shut out."""

import re
import threading
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.auth.credentials import DEVICE, digest, make_secret
from server.extensions import system_clock
from server.settings import BadSetting, Settings
from server.store import people
from server.store.database import read, write
from tests.server import callers

MINUTE = 60_000


@pytest.fixture
def secret(database: Engine, site: str) -> str:
    return offer(database)


def offer(database: Engine, minutes: int = 15, kind: str = "device") -> str:
    made = make_secret()
    with write(database) as connection:
        people.create_enrolment(
            connection, "main", digest(made), expires_at=system_clock() + minutes * MINUTE, kind=kind
        )
    return made


def enrol(client: FlaskClient, secret: object, name: object = "Tablet 4"):
    return client.post("/api/v1/devices/enrol", json={"secret": secret, "name": name, "language": "fr"})


def let_in(database: Engine) -> None:
    """Somebody at a desk lets in whatever asks."""
    with write(database) as connection:
        for device in people.asking_devices(connection, "main"):
            assert people.admit_device(connection, "main", device.id, "ines", system_clock())


@pytest.mark.requirement("SR-17")
def test_a_code_lets_one_device_in(client: FlaskClient, secret: str, database: Engine) -> None:
    answer = enrol(client, secret, "  Tablet   4 ")
    assert answer.status_code == 201
    assert answer.json["device"] == {"id": answer.json["device"]["id"], "name": "Tablet 4", "site": "main"}
    cookie = next(header for header in answer.headers.getlist("Set-Cookie") if header.startswith(DEVICE))
    assert re.match(r"fl_device=fld_[0-9a-f]{40}; .*HttpOnly; Path=/; SameSite=Strict$", cookie)
    assert (answer.json["approved"], len(answer.json["number"])) == (False, 6)
    let_in(database)
    known = client.get("/api/v1/device").json
    assert known["device"] == {**answer.json["device"], "last_seq": 0, "missing": []}
    assert known["lineage"] == answer.json["lineage"]
    with read(database) as connection:
        stored = connection.exec_driver_sql("SELECT secret_hash FROM device").scalar_one()
    assert stored == digest(cookie.split("=", 1)[1].split(";")[0])


def test_a_lost_cookie_is_given_again(app: Flask, secret: str, database: Engine) -> None:
    """A browser that is killed may lose a cookie of the last half minute; the phone keeps the same secret itself."""
    enrolled = enrol(app.test_client(), secret).json
    let_in(database)
    bearer = {"Authorization": f"Bearer {enrolled['token']}"}
    phone = app.test_client()
    assert phone.get("/api/v1/device").status_code == 401
    assert phone.get("/api/v1/device", headers=bearer).json["device"]["id"] == enrolled["device"]["id"]
    assert phone.get("/api/v1/device").json["device"]["id"] == enrolled["device"]["id"]
    assert phone.get("/api/v1/device", headers={"Authorization": "Bearer fld_unheard"}).json["code"] == "auth.revoked"


def test_over_https_the_cookie_is_bound_to_the_host(client: FlaskClient, secret: str) -> None:
    answer = client.post(
        "/api/v1/devices/enrol", json={"secret": secret, "name": "T"}, base_url="https://floor.example"
    )
    assert answer.headers["Set-Cookie"].startswith("__Host-fl_device=fld_")
    assert "; Secure; " in answer.headers["Set-Cookie"]


@pytest.mark.requirement("SR-17")
def test_a_photo_of_the_code_is_worth_nothing_afterwards(app: Flask, secret: str) -> None:
    assert enrol(app.test_client(), secret).status_code == 201
    again = enrol(app.test_client(), secret)
    assert (again.status_code, again.json["code"]) == (410, "device.secret_used")
    assert "Set-Cookie" not in again.headers


@pytest.mark.requirement("SR-17")
def test_an_old_code_and_an_unknown_one(client: FlaskClient, database: Engine, site: str) -> None:
    assert enrol(client, offer(database, minutes=-1)).json["code"] == "device.secret_expired"
    assert enrol(client, make_secret()).json["code"] == "device.secret_unknown"
    assert enrol(client, offer(database, kind="setup")).json["code"] == "device.secret_unknown"


@pytest.mark.requirement("SR-17")
def test_of_two_devices_at_once_one_gets_in(app: Flask, secret: str, database: Engine) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(enrol(app.test_client(), secret).status_code)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201, 410, 410, 410, 410, 410]
    with read(database) as connection:
        assert len(people.asking_devices(connection, "main")) == 1


@pytest.mark.parametrize(
    "body", [{"secret": 1, "name": "T"}, {"name": "T"}, {"secret": "x", "name": ""}, {"secret": "x", "name": "T" * 201},
             {"secret": "x", "name": "a\u200eb"}, [], "x", None]
)  # fmt: skip
def test_nonsense_is_refused(body: object, client: FlaskClient, site: str) -> None:
    answer = client.post("/api/v1/devices/enrol", json=body)
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")


@pytest.mark.requirement("SR-21")
def test_a_revoked_device_is_out_at_once(app: Flask, database: Engine, site: str) -> None:
    tablet = callers.device(app, database)
    admin = callers.signed_in(app, database, "admin")
    identity = tablet.get("/api/v1/device").json["device"]["id"]
    assert admin.post(f"/admin/devices/{identity}/revoke", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    answer = tablet.get("/api/v1/device")
    assert (answer.status_code, answer.json["code"]) == (401, "auth.revoked")
    assert "Revoked" in admin.get("/admin/devices").get_data(as_text=True)
    unknown = admin.post("/admin/devices/none/revoke", headers={"Sec-Fetch-Site": "same-origin"})
    assert unknown.status_code == 404


def test_a_device_may_not_look_at_pages_and_a_user_is_no_device(app: Flask, database: Engine, site: str) -> None:
    tablet, lead = callers.device(app, database), callers.signed_in(app, database, "lead")
    assert tablet.get("/admin/devices", headers={"Accept": "application/json"}).json["code"] == "auth.forbidden"
    assert lead.get("/api/v1/device").status_code == 401


def test_a_browser_that_is_both_gets_what_either_may(app: Flask, database: Engine, site: str) -> None:
    tablet, lead = callers.device(app, database), callers.signed_in(app, database, "lead")
    cookie = tablet.get_cookie(DEVICE)
    assert cookie
    lead.set_cookie(DEVICE, cookie.value)
    assert lead.get("/admin/devices").status_code == 200
    assert lead.get("/api/v1/device").status_code == 200


def test_the_page_offers_a_code_that_works(app: Flask, database: Engine, site: str) -> None:
    admin = callers.signed_in(app, database, "admin")
    assert "No device yet" in admin.get("/admin/devices").get_data(as_text=True)
    page = admin.post("/admin/devices/enrolment", headers={"Sec-Fetch-Site": "same-origin"}).get_data(as_text=True)
    assert "<svg" in page
    address, secret = re.search(r'value="(http://localhost/enrol)#([0-9a-f]{40})"', page).groups()
    assert app.test_client().get(address).status_code == 200
    assert enrol(app.test_client(), secret).status_code == 201
    assert "“Tablet 4” wants in" in admin.get("/admin/devices").get_data(as_text=True)
    with read(database) as connection:
        (device,) = people.asking_devices(connection, "main")
    same_origin = {"Sec-Fetch-Site": "same-origin"}
    said = admin.post(f"/admin/devices/{device.id}/admit", headers=same_origin, follow_redirects=True)
    assert "Tablet 4 is in." in said.get_data(as_text=True)
    assert "wants in" not in said.get_data(as_text=True)


SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
ASKS = [("GET", "/api/v1/device"), ("POST", "/api/v1/events"), ("GET", "/api/v1/reference"),
        ("GET", "/api/v1/events/status?ids=x"), ("POST", "/api/v1/device/sign-in"),
        ("POST", "/api/v1/device/key"), ("PUT", "/api/v1/photos/0b0b0b0b-0000-4000-8000-000000000001")]  # fmt: skip


@pytest.mark.requirement("SR-17")
def test_until_it_is_let_in_a_device_sends_and_reads_nothing(app: Flask, secret: str, database: Engine) -> None:
    phone, lead = app.test_client(), callers.signed_in(app, database, "lead")
    number = enrol(phone, secret, "Stranger").json["number"]
    for method, path in ASKS:
        answer = phone.open(path, method=method, json={} if method == "POST" else None, headers=SAME_ORIGIN)
        assert (answer.status_code, answer.json["code"]) == (403, "device.waiting"), path
        assert f"{number[:3]} {number[3:]}" in answer.json["detail"]
    part = lead.get("/admin/devices?part=waiting", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "“Stranger” wants in" in part and f"{number[:3]} {number[3:]}" in part
    with read(database) as connection:
        (device,) = people.asking_devices(connection, "main")
        assert people.list_devices(connection, "main") == []  # no board and no label knows it
    assert lead.post(f"/admin/devices/{device.id}/decline", headers=SAME_ORIGIN).status_code == 303
    assert phone.get("/api/v1/device").json["code"] == "auth.revoked"
    assert lead.post(f"/admin/devices/{device.id}/admit", headers=SAME_ORIGIN).status_code == 404


@pytest.mark.requirement("SR-17")
def test_a_device_that_nobody_lets_in_is_forgotten_after_a_day(database: Engine, site: str) -> None:
    with write(database) as connection:
        people.create_device(connection, site, "Yesterday's", "1" * 64, 0, approved=False)
        people.create_device(connection, site, "Today's", "2" * 64, 86_400_001, approved=False)
        assert [one.name for one in people.asking_devices(connection, site)] == ["Today's"]


def test_a_site_may_let_devices_in_without_asking(settings: Settings, site: str, database: Engine) -> None:
    open_house = create_app(replace(settings, enrolment_approval="given"))
    phone = open_house.test_client()
    assert enrol(phone, offer(database)).json["approved"] is True
    assert phone.get("/api/v1/device").status_code == 200
    with pytest.raises(BadSetting, match="asked or given"):
        replace(settings, enrolment_approval="maybe")


@pytest.mark.requirement("SR-17")
def test_a_code_has_enough_bits_and_is_short_lived(settings: Settings) -> None:
    assert len(bytes.fromhex(make_secret())) * 8 >= 128
    assert settings.enrolment_minutes <= 15


def test_a_token_has_its_scope_only(client: FlaskClient, database: Engine, site: str) -> None:
    reader = callers.bearer(database, "reference:read")
    assert client.get("/api/v1/reference", headers=reader).status_code == 200
    assert client.get("/api/v1/entries", headers=reader).json["code"] == "auth.forbidden"
    assert client.get("/api/v1/device", headers=reader).status_code == 403


@pytest.mark.parametrize("change", ["revoke", "expire", "misspell"])
def test_a_token_that_is_over_is_refused(change: str, client: FlaskClient, database: Engine, site: str) -> None:
    header = callers.bearer(database, "reference:read")
    with write(database) as connection:
        if change == "revoke":
            people.revoke_tokens(connection, "main", system_clock(), name="program")
        elif change == "expire":
            connection.exec_driver_sql("UPDATE api_token SET expires_at = 1")
        else:
            header["Authorization"] += "0"
    answer = client.get("/api/v1/reference", headers=header)
    assert (answer.status_code, answer.json["code"]) == (401, "auth.revoked")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_bad_token_is_not_saved_by_a_good_cookie(app: Flask, database: Engine, site: str) -> None:
    tablet = callers.device(app, database)
    assert tablet.get("/api/v1/device", headers={"Authorization": "Bearer flt_nonsense"}).status_code == 401


@pytest.mark.requirement("SR-20")
@pytest.mark.parametrize(
    "claim",
    [{"sender": "11111111-1111-4111-8111-111111111111"}, {"device": "Tablet 2"}, {"device_id": "x"}, {"site": "other"},
     {"recorded_at": "2020-01-01T00:00:00Z"}, {"received_at": 1}, {"relayed_by": "user:ines"}, {"state": "costed"}],
)  # fmt: skip
def test_what_a_body_claims_of_its_sender_is_refused(
    app: Flask, database: Engine, site: str, claim: dict[str, object]
) -> None:
    """Who sent a fact, of which site and when it came are known by the credential and the server's clock alone."""
    fact = {"id": "0b0b0b0b-0000-4000-8000-000000000001", "type": "shift.started", "version": 1, "person": "p1",
            "occurred_at": "2026-11-01T10:00:00.000+01:00", "provenance": "measured", "declared_by": "p1",
            "device_seq": 1, "boot_id": "b", "monotonic_ms": 1}  # fmt: skip
    batch = {"protocol": 1, "batch_id": "0b0b0b0b-0000-4000-8000-0000000000ff"}
    tablet = callers.device(app, database)

    def send(**body: object) -> dict[str, object]:
        answer = tablet.post("/api/v1/events", json={**batch, **body}, headers=SAME_ORIGIN)
        return answer.json

    refused = send(events=[{**fact, **claim}])["verdicts"]
    assert [one["verdict"] for one in refused] == ["rejected"]  # type: ignore[union-attr,index]
    assert send(events=[fact], **claim)["code"] == "request.unknown_field"
    assert send(events=[fact])["verdicts"] == [{"id": fact["id"], "verdict": "created"}]
    with read(database) as connection:
        stored = connection.exec_driver_sql("SELECT site, sender, recorded_at, relayed_by FROM event").one()
        (device,) = people.list_devices(connection, site)
    assert (stored.site, stored.sender, stored.relayed_by) == (site, device.id, None)
    assert abs(stored.recorded_at - system_clock()) < 5 * MINUTE


@pytest.mark.requirement("SR-19")
def test_a_device_reads_what_capture_needs_and_nothing_else(app: Flask, database: Engine, site: str) -> None:
    """The whole map of addresses, asked by a device."""
    from server.auth.access import rule_of

    tablet, open_to_it = callers.device(app, database), set()
    for route in app.url_map.iter_rules():
        with app.app_context():
            rule = rule_of(route.endpoint)
        if rule is None or rule.public or "GET" not in (route.methods or ()):
            continue
        place = re.sub(r"<any\((\w+)[^>]*>", r"\1", re.sub(r"<int:[^>]*>", "1", route.rule))
        place = re.sub(r"<uuid:[^>]*>", "0b0b0b0b-0000-4000-8000-000000000001", place)
        answer = tablet.get(re.sub(r"<[^>]*>", "x", place), headers={"Accept": "application/json"})
        if answer.status_code not in (401, 403):
            open_to_it.add(route.rule)
    assert open_to_it == {"/api/v1/device", "/api/v1/reference", "/api/v1/events/status"}
