"""The phone's shell and files: the same bytes for everybody, all of them checkable, nothing beside them."""

import base64
import hashlib
import json
import re

import pytest
from flask.testing import FlaskClient

import webapp
from server import static


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
    assert {"/static/app.js", "/static/css/tokens.css"} <= {entry["url"] for entry in listed}
    for entry in listed:
        answer = client.get(entry["url"])
        assert answer.status_code == 200
        assert entry["integrity"] == "sha256-" + base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
    assert not [entry["url"] for entry in listed if "desk" in entry["url"].rsplit("/", 1)[-1].replace("desk.svg", "")]
    assert not [entry["url"] for entry in listed if entry["url"].endswith((".d.ts", "LICENSE"))]


def test_modules_of_the_shell_exist(client: FlaskClient) -> None:
    page = client.get("/").get_data(as_text=True)
    modules = re.findall(r'rel="modulepreload" href="([^"]+)"', page)
    assert len(modules) > 10
    assert {client.get(module).mimetype for module in modules} == {"text/javascript"}
    assert "/static/app.js" in modules and "/static/vendor/lit-html/lit-html.js" in modules
    assert not [module for module in modules if "zxing" in module or "worker" in module or "others" in module]


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
