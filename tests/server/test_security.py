"""What every answer carries and every change must prove."""

import dataclasses

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server import create_app
from server.security import CONTENT_SECURITY_POLICY, HEADERS, PHONE_POLICY, WORKER_POLICY, local_path
from server.settings import Settings
from tests.server import callers


@pytest.mark.requirement("SR-58", "SR-43")
@pytest.mark.parametrize(
    "path",
    ["/", "/sign-in", "/nothing", "/api/v1/nothing", "/admin/devices", "/static/app.js", "/static/nothing.js",
     "/service-worker.js", "/manifest.webmanifest", "/S/BCDFGHJKL", "/healthz", "/api/v1/device"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_every_answer_carries_the_headers(method: str, path: str, client: FlaskClient, site: str) -> None:
    answer = client.open(path, method=method)
    for name in HEADERS.keys() - {"Permissions-Policy", "Content-Security-Policy"}:
        assert answer.headers[name] == HEADERS[name]
    assert answer.headers["Content-Security-Policy"] in (CONTENT_SECURITY_POLICY, PHONE_POLICY, WORKER_POLICY)
    assert answer.headers["Permissions-Policy"].startswith("camera=")
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] in ("no-store", "no-cache")
    assert "Strict-Transport-Security" not in answer.headers


def test_only_the_phone_s_pages_may_open_the_camera(client: FlaskClient, site: str) -> None:
    assert "camera=(self)" in client.get("/").headers["Permissions-Policy"]
    assert "camera=()" in client.get("/sign-in").headers["Permissions-Policy"]


@pytest.mark.requirement("SR-43")
def test_no_text_becomes_script(client: FlaskClient, site: str) -> None:
    for path, hands in {"/": "lit-html default", "/enrol": "lit-html default", "/S/BCDFGHJKL": "lit-html default",
                        "/sign-in": "desk", "/api/v1/nothing": "desk", "/nothing": "desk"}.items():  # fmt: skip
        policy = client.get(path).headers["Content-Security-Policy"]
        assert policy.endswith(f"; require-trusted-types-for 'script'; trusted-types {hands}")
        assert "unsafe-inline" not in policy and "'unsafe-eval'" not in policy
        assert ("wasm-unsafe-eval" in policy) == (hands != "desk")
        for said in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert said in policy


@pytest.mark.requirement("SR-58")
def test_https_is_held_on_to_only_over_https(client: FlaskClient, site: str) -> None:
    assert "max-age=" in client.get("/sign-in", base_url="https://floor.example").headers["Strict-Transport-Security"]


@pytest.mark.requirement("SR-56")
def test_answers_to_a_credential_stay_in_no_cache(app: Flask, database: Engine, site: str) -> None:
    assert callers.device(app, database).get("/api/v1/reference").headers["Cache-Control"] == "no-store"
    assert callers.signed_in(app, database, "lead").get("/admin/devices").headers["Cache-Control"] == "no-store"


FROM_ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "nonsense"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "https://localhost"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:8001"},
    {"Sec-Fetch-Site": "cross-site", "Authorization": "Basic eDp5"},  # of https://x:y@floor.example/
    {"Sec-Fetch-Site": "cross-site", "Authorization": "Bearer"},
    {},  # a browser that says nothing, with a cookie
]


@pytest.mark.requirement("SR-53")
@pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
def test_another_site_changes_nothing(headers: dict[str, str], app: Flask, database: Engine, site: str) -> None:
    lead = callers.signed_in(app, database, "lead")
    answer = lead.post("/admin/devices/enrolment", headers={**headers, "Accept": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (403, "auth.cross_site")


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://localhost"}]
)
def test_our_own_pages_do(headers: dict[str, str], app: Flask, database: Engine, site: str) -> None:
    assert callers.signed_in(app, database, "lead").post("/admin/devices/enrolment", headers=headers).status_code == 200


def test_behind_a_proxy_the_public_address_counts(settings: Settings, database: Engine, site: str) -> None:
    app = create_app(dataclasses.replace(settings, public_url="https://floor.example"))
    lead = callers.signed_in(app, database, "lead")
    assert lead.post("/admin/devices/enrolment", headers={"Origin": "https://floor.example"}).status_code == 200


@pytest.mark.requirement("SR-53")
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_the_api_takes_json_only(kind: str, client: FlaskClient, site: str) -> None:
    answer = client.post("/api/v1/devices/enrol", data='{"secret": "x", "name": "y"}', content_type=kind)
    assert (answer.status_code, answer.json["code"]) == (415, "request.media_type")


def test_a_known_host_only(settings: Settings, site: str) -> None:
    app = create_app(dataclasses.replace(settings, trusted_hosts=("floor.example", ".plant.example")))
    for host, status in {
        "floor.example": 200,
        "floor.example:8443": 200,
        "a.plant.example": 200,
        "evil.example": 400,
    }.items():
        assert app.test_client().get("/sign-in", base_url=f"http://{host}").status_code == status, host


def test_a_forged_forwarding_header_is_not_believed(settings: Settings, client: FlaskClient, site: str) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    assert "Strict-Transport-Security" not in client.get("/sign-in", headers=forged).headers
    behind = create_app(dataclasses.replace(settings, proxies=1)).test_client()
    assert "Strict-Transport-Security" in behind.get("/sign-in", headers={"X-Forwarded-Proto": "https"}).headers


@pytest.mark.requirement("SR-54")
@pytest.mark.parametrize(
    ("proxies", "address", "known", "believed"),
    [
        (0, "127.0.0.1", (), False),  # no proxy is configured
        (1, "127.0.0.1", (), True),
        (1, "::1", (), True),
        (1, "::ffff:127.0.0.1", (), True),
        (1, "192.0.2.7", (), False),  # somebody who reaches the server around its proxy
        (1, "172.18.0.1", ("172.16.0.0/12",), True),
        (1, "127.0.0.1", ("172.16.0.0/12",), False),
        (1, "", (), False),
    ],
)
def test_only_the_proxies_of_the_settings_are_believed(
    proxies: int, address: str, known: tuple[str, ...], believed: bool, settings: Settings, site: str
) -> None:
    chosen = dataclasses.replace(settings, proxies=proxies, **({"proxy_addresses": known} if known else {}))
    app = create_app(chosen)
    seen: list[tuple[str | None, str, str]] = []
    app.before_request(lambda: seen.append((request.remote_addr, request.scheme, request.host)))
    # A caller says more than its proxy does: the proxy puts the true one last.
    forged = {"X-Forwarded-For": "10.9.8.7, 203.0.113.5", "X-Forwarded-Proto": "https",
              "X-Forwarded-Host": "floor.example",
              "X-Real-IP": "10.9.8.7", "Forwarded": "for=10.9.8.7;proto=https;host=floor.example",
              "X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "1"}  # fmt: skip
    app.test_client().get("/healthz", headers=forged, environ_base={"REMOTE_ADDR": address})
    assert seen == [("203.0.113.5", "https", "floor.example") if believed else (address, "http", "localhost")]


@pytest.mark.requirement("SR-54")
@pytest.mark.parametrize(
    "host",
    ["evil.example", "floor.example.evil.example", "evil.example#floor.example", "floor.example@evil.example",
     "floor.example:x", "floor.example, evil.example", "127.0.0.1", "[::1]", "", "floor.example/", "x.floor.example"],
)  # fmt: skip
def test_another_host_is_not_answered_also_when_a_proxy_names_it(host: str, settings: Settings, site: str) -> None:
    chosen = dataclasses.replace(settings, trusted_hosts=("floor.example",), proxies=1)
    client = create_app(chosen).test_client()
    base = {"HTTP_HOST": "floor.example"}
    assert client.get("/healthz", environ_overrides=base).status_code == 200
    named = {"HTTP_HOST": host}
    assert client.get("/healthz", environ_overrides=named).status_code == 400
    if host:  # an empty one is none
        forwarded = client.get("/healthz", environ_overrides=base, headers={"X-Forwarded-Host": host.split(", ")[-1]})
        assert forwarded.status_code == 400


def test_a_body_has_a_limit(settings: Settings, site: str) -> None:
    client = create_app(dataclasses.replace(settings, body_limit=1000)).test_client()
    answer = client.post("/api/v1/devices/enrol", json={"secret": "x" * 2000, "name": "y"})
    assert answer.status_code == 413


def test_no_other_method_does_anything(client: FlaskClient, site: str) -> None:
    for method in ("TRACE", "CONNECT", "PUT", "DELETE", "PATCH"):
        answer = client.open("/sign-in", method=method, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code in (405, 400), method
    overridden = client.post("/healthz", headers={"X-HTTP-Method-Override": "GET"})
    assert overridden.status_code == 405
    assert "GET" in overridden.headers["Allow"]


@pytest.mark.requirement("SR-55")
@pytest.mark.parametrize("path", ["/", "/board?x=1&y=2", "/a/b#c", "/S/BCDFGHJKL"])
def test_a_path_of_ours_is_a_path_of_ours(path: str) -> None:
    assert local_path(path, "no") == path
