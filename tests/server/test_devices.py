"""A device comes in by a code used once, is seen, and can be shut out."""

import re
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.auth.credentials import DEVICE, digest, make_secret
from server.extensions import system_clock
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


def test_a_code_lets_one_device_in(client: FlaskClient, secret: str, database: Engine) -> None:
    answer = enrol(client, secret, "  Tablet   4 ")
    assert answer.status_code == 201
    assert answer.json["device"] == {"id": answer.json["device"]["id"], "name": "Tablet 4", "site": "main"}
    cookie = next(header for header in answer.headers.getlist("Set-Cookie") if header.startswith(DEVICE))
    assert re.match(r"fl_device=fld_[0-9a-f]{40}; .*HttpOnly; Path=/; SameSite=Strict$", cookie)
    known = client.get("/api/v1/device").json
    assert known["device"] == {**answer.json["device"], "last_seq": 0, "missing": []}
    assert known["lineage"] == answer.json["lineage"]
    with read(database) as connection:
        stored = connection.exec_driver_sql("SELECT secret_hash FROM device").scalar_one()
    assert stored == digest(cookie.split("=", 1)[1].split(";")[0])


def test_a_lost_cookie_is_given_again(app: Flask, secret: str) -> None:
    """A browser that is killed may lose a cookie of the last half minute; the phone keeps the same secret itself."""
    enrolled = enrol(app.test_client(), secret).json
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


def test_a_photo_of_the_code_is_worth_nothing_afterwards(app: Flask, secret: str) -> None:
    assert enrol(app.test_client(), secret).status_code == 201
    again = enrol(app.test_client(), secret)
    assert (again.status_code, again.json["code"]) == (410, "device.secret_used")
    assert "Set-Cookie" not in again.headers


def test_an_old_code_and_an_unknown_one(client: FlaskClient, database: Engine, site: str) -> None:
    assert enrol(client, offer(database, minutes=-1)).json["code"] == "device.secret_expired"
    assert enrol(client, make_secret()).json["code"] == "device.secret_unknown"
    assert enrol(client, offer(database, kind="setup")).json["code"] == "device.secret_unknown"


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
        assert len(people.list_devices(connection, "main")) == 1


@pytest.mark.parametrize(
    "body", [{"secret": 1, "name": "T"}, {"name": "T"}, {"secret": "x", "name": ""}, {"secret": "x", "name": "T" * 201},
             {"secret": "x", "name": "a\u200eb"}, [], "x", None]
)  # fmt: skip
def test_nonsense_is_refused(body: object, client: FlaskClient, site: str) -> None:
    answer = client.post("/api/v1/devices/enrol", json=body)
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")


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
    assert "Tablet 4" in admin.get("/admin/devices").get_data(as_text=True)


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
