"""Photos: only where a fact vouches for them, only JPEG, apart from the fact, and seen by leads alone."""

from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from server.intake.photos import MOST_BYTES, digest, is_jpeg
from server.store.database import read, write
from tests.cast import raw, send
from tests.server import callers
from tests.server.pictures import frame, jpeg, segment

SALT = "00112233445566778899aabbccddeeff"
PICTURE = jpeg()


@pytest.fixture
def tablet(app: Flask, shop: Engine) -> FlaskClient:
    return callers.device(app, shop)


def with_photo(shop: Engine, picture: bytes = PICTURE) -> str:
    """A defect that speaks of a photo."""
    defect = raw("defect.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1",
                 disposition="scrap", reason="BURR", photo_digest=digest(SALT, picture))  # fmt: skip
    assert send(shop, [defect])[0].verdict == "created"
    return str(defect["id"])


def put(
    client: FlaskClient, event_id: str, picture: bytes = PICTURE, salt: str = SALT, kind: str = "image/jpeg", **more
):
    headers = {"Floorledger-Salt": salt, "Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    return client.put(f"/api/v1/photos/{event_id}", data=picture, headers=headers, content_type=kind)


def test_a_photo_is_taken_once_and_again(tablet: FlaskClient, shop: Engine) -> None:
    event_id = with_photo(shop)
    first, again = put(tablet, event_id), put(tablet, event_id)
    assert (first.status_code, first.json) == (201, {"photo": "created"})
    assert (again.status_code, again.json) == (200, {"photo": "exists"})
    assert first.headers["Floorledger-Protocol"] == "1"


def test_before_its_fact_it_is_too_early(tablet: FlaskClient) -> None:
    answer = put(tablet, str(uuid4()))
    assert (answer.status_code, answer.json["code"]) == (404, "photo.fact_unknown")


def test_another_picture_another_salt_and_a_fact_without_any(tablet: FlaskClient, shop: Engine) -> None:
    event_id = with_photo(shop)
    bare = raw("output.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1")
    send(shop, [bare])
    for answer in (
        put(tablet, event_id, jpeg(scan=b"\x13")),
        put(tablet, event_id, salt=SALT[::-1]),
        put(tablet, bare["id"]),
    ):
        assert (answer.status_code, answer.json["code"]) == (422, "photo.digest_mismatch")


@pytest.mark.parametrize("salt", ["", "0" * 31, "0" * 33, "G" * 32, "AABBCCDDEEFF00112233445566778899"])
def test_the_salt_is_32_digits(salt: str, tablet: FlaskClient, shop: Engine) -> None:
    assert put(tablet, with_photo(shop), salt=salt).json["code"] == "request.invalid"


@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml", "text/html", "application/json", "", "image/jpeg2"])
def test_another_kind_is_refused(kind: str, tablet: FlaskClient, shop: Engine) -> None:
    answer = put(tablet, with_photo(shop), kind=kind)
    assert (answer.status_code, answer.json["code"]) == (415, "photo.not_jpeg")


@pytest.mark.parametrize(
    "content",
    [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n", b"GIF89a", PICTURE + b"<script>1</script>",
     PICTURE[:-2], b"PK\x03\x04" + PICTURE, b"", jpeg(middle=b""), jpeg(middle=frame(60_000, 60_000))],
    ids=lambda content: repr(content[:6] + content[-6:]),
)  # fmt: skip
def test_content_that_only_says_it_is_a_photo(content: bytes, tablet: FlaskClient, shop: Engine) -> None:
    """Also when a fact vouches for the bytes."""
    answer = put(tablet, with_photo(shop, content), content)
    assert (answer.status_code, answer.json["code"]) == (415, "photo.not_jpeg")
    with read(shop) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM photo").scalar_one() == 0


def test_a_photo_of_50_megabytes_is_not_read(tablet: FlaskClient, shop: Engine) -> None:
    event_id = with_photo(shop)
    answer = put(tablet, event_id, b"\xff" * (50 * 1024 * 1024))
    assert (answer.status_code, answer.json["code"]) == (413, "request.too_large")
    just = jpeg(scan=b"\x01" * (MOST_BYTES - len(jpeg(scan=b""))))
    assert len(just) == MOST_BYTES
    assert put(tablet, with_photo(shop, just), just).status_code == 201
    assert put(tablet, event_id, just + b"\x01").status_code == 413


def test_a_length_that_lies_is_stopped_while_it_streams(tablet: FlaskClient, shop: Engine) -> None:
    import io

    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def seekable(self) -> bool:
            return True

        def tell(self) -> int:
            return 0

        def seek(self, offset: int, whence: int = 0) -> int:
            return 2**40

        def readinto(self, into: bytearray) -> int:
            self.given += len(into)
            assert self.given < 3 * MOST_BYTES, "read on and on"
            return len(into)

    headers = {"Floorledger-Salt": SALT, "Sec-Fetch-Site": "same-origin", "Transfer-Encoding": "chunked"}
    answer = tablet.put(
        f"/api/v1/photos/{with_photo(shop)}", input_stream=Endless(), headers=headers, content_type="image/jpeg",
        environ_overrides={"wsgi.input_terminated": True},
    )  # fmt: skip
    assert answer.status_code == 413


def test_a_compressed_body_is_refused(tablet: FlaskClient, shop: Engine) -> None:
    headers = {"Floorledger-Salt": SALT, "Sec-Fetch-Site": "same-origin", "Content-Encoding": "gzip"}
    answer = tablet.put(f"/api/v1/photos/{with_photo(shop)}", data=PICTURE, headers=headers, content_type="image/jpeg")
    assert answer.status_code == 415


def test_only_devices_give_and_only_leads_see(app: Flask, shop: Engine, tablet: FlaskClient) -> None:
    event_id = with_photo(shop)
    lead = callers.signed_in(app, shop, "lead")
    assert put(lead, event_id).status_code == 401
    assert put(tablet, event_id).status_code == 201
    answer = lead.get(f"/facts/{event_id}/photo")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PICTURE, "image/jpeg")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{event_id}.jpg"'
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert callers.signed_in(app, shop, "admin").get(f"/facts/{event_id}/photo").status_code == 200
    for other in (callers.signed_in(app, shop, "accountant", "payroll"), tablet):
        refused = other.get(f"/facts/{event_id}/photo", headers={"Accept": "application/json"})
        assert refused.status_code == 403
    assert lead.get(f"/facts/{uuid4()}/photo").status_code == 404


def test_it_stands_on_the_page_of_its_fact(app: Flask, shop: Engine, tablet: FlaskClient) -> None:
    event_id = with_photo(shop)
    lead, accountant = callers.signed_in(app, shop, "lead"), callers.signed_in(app, shop, "accountant")
    assert "has not arrived yet" in lead.get(f"/facts/{event_id}").get_data(as_text=True)
    put(tablet, event_id)
    page = lead.get(f"/facts/{event_id}").get_data(as_text=True)
    assert f'<img src="/facts/{event_id}/photo" alt="Photo: Defect reported, MO-1' in page
    assert "<img" not in accountant.get(f"/facts/{event_id}").get_data(as_text=True)


def test_an_erased_photo_leaves_a_digest_that_tells_nothing(shop: Engine, tablet: FlaskClient) -> None:
    event_id = with_photo(shop)
    put(tablet, event_id)
    with write(shop) as connection:
        connection.exec_driver_sql("DELETE FROM photo")
        body = connection.exec_driver_sql("SELECT body FROM event").scalar_one()
    assert digest(SALT, PICTURE) in body
    assert SALT not in body


# --- what a JPEG is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "picture",
    [PICTURE, jpeg(middle=frame(mark=0xC2)), jpeg(middle=frame() + segment(0xFE, b"a word")),
     jpeg(scan=b"\x01\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x02"), jpeg(middle=b"\xff" + frame())],
)  # fmt: skip
def test_a_picture(picture: bytes) -> None:
    assert is_jpeg(picture)


@pytest.mark.parametrize(
    "content",
    [b"\xff\xd8\xff\xd9", jpeg(end=b"\xff\xd9\xff\xd9"), jpeg(middle=frame() + frame()), jpeg(middle=frame(0, 4)),
     jpeg(middle=frame(mark=0xC9)), jpeg(middle=b"\xff\xe1\xff\xff"), jpeg(middle=b"\xff\xe1\x00\x01"),
     jpeg(middle=b"\xff\x01"), jpeg(scan=b"\x01\xff\xd9<html>")],
)  # fmt: skip
def test_no_picture(content: bytes) -> None:
    assert not is_jpeg(content)


@given(st.integers(0, len(PICTURE) - 1), st.binary(max_size=9), st.integers(0, 9))
def test_bytes_put_anywhere_never_break_the_check(at: int, put_in: bytes, cut: int) -> None:
    assert is_jpeg(PICTURE[:at] + put_in + PICTURE[at + cut :]) in (True, False)


@given(st.binary(max_size=300))
def test_chance_is_no_picture(content: bytes) -> None:
    assert not is_jpeg(content)
