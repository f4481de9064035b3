"""The phone's shell and files: the same bytes for everybody, all of them checkable, nothing beside them."""

import base64
import dataclasses
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

import webapp
from server import create_app, static
from server.settings import Settings
from server.store import plant
from server.store.database import write
from tools import frontend


@pytest.fixture(scope="module")
def bundled() -> None:
    """The bundle as a build makes it of the sources of now."""
    frontend.bundle()


@pytest.mark.parametrize("path", ["/", "/enrol", "/S/BCDFGHJKL", "/s/bcdfghjkl", "/S/anything"])
def test_all_addresses_of_the_phone_are_one_shell(path: str, client: FlaskClient) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.data == client.get("/").data
    assert f'data-version="{static.version()}"' in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer.headers


def test_the_service_worker_lists_files_that_are_there_as_it_says(client: FlaskClient) -> None:
    script = client.get("/service-worker.js").get_data(as_text=True)
    listed = json.loads(re.search(r"PRECACHE = (\[.*?\]);", script)[1])
    assert {f"/static/{name}" for name in static.phone().files} == {entry["url"] for entry in listed}
    for entry in listed:
        answer = client.get(entry["url"])
        assert answer.status_code == 200
        assert entry["integrity"] == "sha256-" + base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
    assert not [entry["url"] for entry in listed if "desk" in entry["url"].rsplit("/", 1)[-1].replace("desk.svg", "")]
    assert not [entry["url"] for entry in listed if entry["url"].endswith((".d.ts", "LICENSE"))]


def test_the_shell_asks_for_its_sources_where_there_is_no_bundle_of_them(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(webapp, "BUNDLE", tmp_path)
    modules = modules_of(client)
    assert len(modules) > 10
    assert {client.get(module).mimetype for module in modules} == {"text/javascript"}
    assert "/static/app.js" in modules and "/static/vendor/lit-html/lit-html.js" in modules
    assert not [module for module in modules if "zxing" in module or "worker" in module or "others" in module]


@pytest.mark.usefixtures("bundled")
def test_the_shell_asks_for_few_files_of_its_bundle(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    asked = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:js|css))"', page)
    assert {client.get(name).status_code for name in asked} == {200}
    assert len(set(asked)) <= 4
    assert all(name.startswith("/static/bundle/") for name in asked)
    assert not [name for name in modules_of(client) if "others" in name or "decoder" in name or "worker" in name]


@pytest.mark.usefixtures("bundled")
def test_a_source_edited_since_the_bundle_was_made_is_what_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    assert static.phone().script.startswith("bundle/")
    edited = webapp.STATIC / "lib" / "dom.js"
    whole = static.digest
    monkeypatch.setattr(static, "digest", lambda path: b"other" if path == edited else whole(path))
    assert static.phone().script == "app.js"


@pytest.mark.usefixtures("bundled")
@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate", "gzip"), ("gzip, br", "br"), ("identity", None)])
def test_a_file_of_the_phone_travels_compressed(accepted: str, encoding: str | None, client: FlaskClient) -> None:
    for name in static.phone().files:
        if name.endswith((".js", ".css", ".wasm", ".json")):
            answer = client.get(f"/static/{name}", headers={"Accept-Encoding": accepted})
            assert answer.headers.get("Content-Encoding") == encoding, name
            assert answer.headers["Vary"] == "Accept-Encoding"
            plain = client.get(f"/static/{name}")
            assert plain.headers["ETag"] != answer.headers["ETag"] or encoding is None
            if encoding == "gzip":
                assert gzip.decompress(answer.data) == plain.data
            if encoding:
                assert len(answer.data) < len(plain.data)
                repeated = {"Accept-Encoding": accepted, "If-None-Match": answer.headers["ETag"]}
                assert client.get(f"/static/{name}", headers=repeated).status_code == 304


@pytest.mark.usefixtures("bundled")
def test_the_phone_is_light(client: FlaskClient) -> None:
    """S2 of the acceptance figures, and what the first screen needs of S1 (tests/e2e measures it in a browser)."""

    def weight(names: list[str]) -> int:
        answers = (client.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"}) for name in names)
        return sum(len(answer.data) for answer in answers)

    phone = static.phone()
    assert weight(phone.files) <= 550_000
    assert weight([*phone.modules, *phone.styles, "locale/fr.json"]) <= 58_000


def modules_of(client: FlaskClient) -> list[str]:
    page = client.get("/").get_data(as_text=True)
    return re.findall(r'rel="modulepreload" href="([^"]+)"', page)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("app.js", "text/javascript; charset=utf-8"),
        ("css/tokens.css", "text/css; charset=utf-8"),
        ("vendor/zxing-wasm/dist/reader/zxing_reader.wasm", "application/wasm"),
        ("icons/desk.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_files_have_their_kind_and_a_strong_mark(name: str, kind: str, client: FlaskClient) -> None:
    answer = client.get(f"/static/{name}")
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Cache-Control"] == "no-cache"
    mark = answer.headers["ETag"]
    assert mark == f'"{hashlib.sha256((webapp.STATIC / name).read_bytes()).hexdigest()}"'
    assert client.get(f"/static/{name}", headers={"If-None-Match": mark}).status_code == 304


@pytest.mark.parametrize(
    "name",
    [
        "../__init__.py",
        "..%2f__init__.py",
        "%2e%2e/__init__.py",
        "vendor",
        "nothing.js",
        "vendor/.copied",
        "bundle/../__init__.py",
        "bundle/encoded/.nothing",
        "/etc/passwd",
    ],
)
def test_nothing_else_is_served(name: str, client: FlaskClient) -> None:
    answer = client.get(f"/static/{name}", follow_redirects=True)
    assert (answer.status_code, b"root:" in answer.data) == (404, False)


def test_the_manifest_can_be_read(client: FlaskClient) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json"
    manifest = json.loads(answer.data)
    assert manifest["start_url"] == "/"
    for icon in manifest["icons"]:
        assert client.get(icon["src"]).mimetype == icon["type"], icon["src"]


def test_a_plant_can_take_the_service_worker_back(settings: Settings) -> None:
    withdrawn = create_app(dataclasses.replace(settings, phone_worker="withdrawn"))
    script = withdrawn.test_client().get("/service-worker.js")
    assert script.mimetype == "text/javascript"
    text = script.get_data(as_text=True)
    assert "unregister" in text and "PRECACHE" not in text
    code = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
    assert "indexedDB" not in code and "fetch" not in code


# --- without the app ---------------------------------------------------------------------------------------------


def test_a_code_without_script_says_what_it_is_and_no_more(app: Flask, database: Engine, site: str) -> None:
    """Whoever finds a label and opens it in any browser."""
    with write(database) as connection:
        plant.put(connection, site, "orders", [{"code": "MO-4711", "customer": "Secret & Sons"}])
        code = plant.code_for(connection, site, "order", "MO-4711")
    page = app.test_client().get(f"/S/{code}").get_data(as_text=True)
    told = page[page.index("<noscript>") : page.index("</noscript>")]
    assert "This code stands for something in a workshop" in told and "Ce code désigne" in told
    assert not any(word in page for word in ("MO-4711", "Secret", "Atelier", "MO-"))


def test_over_plain_http_a_page_says_what_is_missing_and_how_to_mend_it(client: FlaskClient, site: str) -> None:
    page = client.get("/plain-http", base_url="http://192.168.1.20:8000").get_data(as_text=True)
    assert "over plain http, as 192.168.1.20:8000" in page
    assert all(word in page for word in ("No camera.", "No start without a network.", "floorledger serve --lan"))
    assert "https://192.168.1.20 " in page
    french = client.get("/plain-http", base_url="http://192.168.1.20:8000", headers={"Accept-Language": "fr"}).get_data(
        as_text=True
    )
    assert "Pas d’appareil photo." in french


@pytest.mark.parametrize("base", ["https://floor.example", "http://localhost:8000", "http://127.0.0.1:8000"])
def test_where_browsers_trust_the_address_nothing_is_wrong(base: str, client: FlaskClient, site: str) -> None:
    page = client.get("/plain-http", base_url=base).get_data(as_text=True)
    assert "Browsers trust this address" in page and "No camera." not in page


def test_the_plant_s_secure_address_is_named(settings: Settings, site: str) -> None:
    app = create_app(dataclasses.replace(settings, public_url="https://floor.example"))
    page = app.test_client().get("/plain-http", base_url="http://192.168.1.20").get_data(as_text=True)
    assert '<a href="https://floor.example">' in page


def test_a_host_is_text_and_never_markup(client: FlaskClient, site: str) -> None:
    page = client.get("/plain-http", headers={"Host": "x<script>alert(1)</script>"}).get_data(as_text=True)
    assert "<script>alert" not in page


@pytest.mark.parametrize("path", ["/", "/service-worker.js", "/manifest.webmanifest"])
def test_the_phones_pages_travel_compressed_and_are_asked_for_again_in_vain(path: str, client: FlaskClient) -> None:
    plain, packed = client.get(path), client.get(path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    again = client.get(path, headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, plain.headers["ETag"] != packed.headers["ETag"]) == (304, True)
