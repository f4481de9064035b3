"""Files from outside: taken by what they hold, kept under names of ours, given back as a file and never as a page."""

import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

import server
from server.intake.photos import MOST_PIXELS, is_jpeg
from server.settings import Settings
from server.store.database import read
from tests.server import callers
from tests.server.pictures import frame, jpeg, segment
from tests.server.test_photos import put, with_photo

pytestmark = pytest.mark.requirement("SR-45")

SCRIPT = b"<script>alert(1)</script>"


def a_zip(name: str = "../../../../tmp/evil.txt") -> bytes:
    """A zip whose member climbs out of its folder."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        package.writestr(name, b"x")
    return out.getvalue()


HOSTILE = {
    "a picture that is a zip, too": jpeg() + a_zip(),
    "a zip that is a picture, too": a_zip() + jpeg(),
    "a picture with a page behind it": jpeg() + b"<!doctype html>" + SCRIPT,
    "a picture that is a script of a GIF": b"GIF89a/*" + jpeg() + b"*/=1;alert(1)",
    "a picture behind a PDF": b"%PDF-1.7\n" + jpeg(),
    "SVG with script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "SVG with an entity": b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
    "HTML": b"<!doctype html>" + SCRIPT,
    "a bomb of pixels": jpeg(middle=frame(65_535, 65_535)),
    "a bomb just above the limit": jpeg(middle=frame(5_000, MOST_PIXELS // 5_000 + 1)),
    "a picture without pixels": jpeg(middle=frame(0, 100)),
    "two frames, the first of them small": jpeg(middle=frame() + frame(65_535, 65_535)),
    "another way of coding": jpeg(middle=frame(mark=0xC9)),
    "a zip that climbs": a_zip(),
    "a program": b"\x7fELF" + bytes(100),
    "nothing": b"",
}


@pytest.fixture
def tablet(app: Flask, shop: Engine) -> FlaskClient:
    return callers.device(app, shop)


@pytest.mark.parametrize("name", HOSTILE)
def test_only_a_picture_is_a_photo(name: str, tablet: FlaskClient, shop: Engine) -> None:
    """Also when a fact vouches for the bytes, whatever the type it is sent as."""
    content = HOSTILE[name]
    assert not is_jpeg(content)
    event_id = with_photo(shop, content)
    for kind in ("image/jpeg", "image/svg+xml", "text/html", "application/octet-stream"):
        answer = put(tablet, event_id, content, kind=kind)
        assert (answer.status_code, answer.json["code"]) == (415, "photo.not_jpeg")
    with read(shop) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM photo").scalar_one() == 0


def test_a_picture_that_holds_markup_is_given_back_as_a_file(app: Flask, tablet: FlaskClient, shop: Engine) -> None:
    """A comment inside a true JPEG may say anything: no browser takes it for a page."""
    picture = jpeg(middle=frame() + segment(0xFE, b"<!doctype html>" + SCRIPT))
    assert is_jpeg(picture)
    event_id = with_photo(shop, picture)
    assert put(tablet, event_id, picture).status_code == 201
    answer = callers.signed_in(app, shop, "lead").get(f"/facts/{event_id}/photo")
    assert answer.data == picture
    assert answer.content_type == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{event_id}.jpg"'  # a name of ours
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


NAMES = ["../../../../tmp/evil.json", "..\\..\\evil.json", "/etc/passwd", "C:\\boot.ini", "x\0.json",
         "a" * 300 + ".json", "<img src=x onerror=alert(1)>.json", "con.json", ".htaccess", "=1+1.json"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_means_nothing(
    name: str, app: Flask, shop: Engine, settings: Settings, tmp_path: Path
) -> None:
    """The only page that takes a device's file: whatever it is called, nothing is written anywhere under that name."""
    lead = callers.signed_in(app, shop, "lead")
    before = set(tmp_path.rglob("*"))
    sent = {"file": (io.BytesIO(b'{"floorledger": "rescue"}'), name)}
    answer = lead.post("/admin/devices/rescue", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code in (400, 422)
    assert "onerror" not in answer.text
    made = {path.name for path in set(tmp_path.rglob("*")) - before}
    assert {name for name in made if not name.startswith("floorledger.sqlite") and not name.endswith(".key")} == set()
    assert not Path("/tmp/evil.json").exists()


@pytest.mark.parametrize("name", HOSTILE)
def test_only_a_device_s_file_is_taken_in(name: str, app: Flask, shop: Engine) -> None:
    lead = callers.signed_in(app, shop, "lead")
    sent = {"file": (io.BytesIO(HOSTILE[name]), "facts.json")}
    answer = lead.post("/admin/devices/rescue", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 422
    assert "This is no file of facts saved by a device." in answer.text


def test_json_that_never_ends_is_refused(app: Flask, shop: Engine) -> None:
    lead = callers.signed_in(app, shop, "lead")
    for content in (b"[" * 500_000, b'{"a":' * 200_000, json.dumps({"facts": [0] * 100_000}).encode()):
        sent = {"file": (io.BytesIO(content), "facts.json")}
        answer = lead.post("/admin/devices/rescue", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == 422


def test_a_file_is_as_large_as_the_setting_says(settings: Settings, shop: Engine) -> None:
    from dataclasses import replace

    from server import create_app

    lead = callers.signed_in(create_app(replace(settings, upload_limit=100_000)), shop, "lead")
    for length, status in ((90_000, 422), (200_000, 413)):
        sent = {"file": (io.BytesIO(b"x" * length), "facts.json")}
        answer = lead.post("/admin/devices/rescue", data=sent, headers={"Sec-Fetch-Site": "same-origin"})
        assert answer.status_code == status


def test_no_view_writes_an_upload_to_a_disk() -> None:
    """What comes in goes to the database, or nowhere: no name and no folder to climb out of."""
    sources = {path: path.read_text() for path in Path(server.__file__).parent.rglob("*.py")}
    taking = {path.parent.name for path, text in sources.items() if "request.files" in text}
    assert taking == {"devices", "payroll", "auth"}  # a device's file; rates; those that ask whether there is one
    for path, text in sources.items():
        if "request.files" in text:
            assert not re.search(r"\.save\(|open\([^)]*\"[wax]b?\"|write_bytes|extractall", text), path


@pytest.mark.parametrize(
    "path", ["../server/settings.py", "..%2f..%2fserver/settings.py", "%2e%2e/%2e%2e/pyproject.toml", "bundle/../../x",
             "....//x", "/etc/passwd", "css/..\\..\\x", ".copied", "vendor/.copied", "css/%00.css", "css/"]
)  # fmt: skip
def test_no_path_leads_out_of_the_static_files(path: str, client: FlaskClient, site: str) -> None:
    answer = client.get(f"/static/{path}")
    assert answer.status_code in (404, 308, 400)
    assert "FLOORLEDGER" not in answer.text and "[project]" not in answer.text
