"""Pieces, material and photos in a real browser: how few scans and taps they take, and what becomes of codes, numbers
and files nobody could have meant."""

import io
from collections.abc import Callable
from typing import Any

from PIL import Image
from playwright.sync_api import expect
from sqlalchemy import select

from server.store.database import read
from server.store.tables import TABLES
from tests.e2e.conftest import NewTablet, Shop
from tests.e2e.hands import Hands, at_work

GTIN = "09506000134352"  # GS1's own for examples


def known(shop: Shop, new_tablet: NewTablet) -> Hands:
    """A tablet at work that has met the labels of these tests."""
    for kind, reference, detail in (("reason", "BURR", ""), ("reason", "CRACK", ""), ("lot", "OAK", "L-7")):
        shop.label(kind, reference, detail)
    return at_work(shop, new_tablet)


def last(hands: Hands) -> dict[str, Any]:
    """The fact that was captured last."""
    fact: dict[str, Any] = hands.tablet.outbox()[-1]["fact"]
    return fact


def confirmed(hands: Hands) -> Callable[[], None]:
    """What to call after the next capture: it waits for the green word."""
    count = hands.tablet.notes.confirmed + 1
    return lambda: hands.tablet.until_confirmed(count)


def test_a_defect_with_its_reason_takes_two_scans_and_no_tap(shop: Shop, new_tablet: NewTablet) -> None:
    hands = known(shop, new_tablet)
    tablet, job = hands.tablet, hands.job
    saved = confirmed(hands)
    tablet.scan(shop.label("operation", job.order, job.operation))
    tablet.on("quantity")
    tablet.scan(shop.label("reason", "BURR"))
    saved()
    fact = last(hands)
    assert (fact["type"], fact["reason"], fact["quantity"], fact["disposition"]) == (
        "defect.reported",
        "BURR",
        "1",
        "scrap",
    )

    # With a quick code for what becomes of it: again no tap.
    saved = confirmed(hands)
    hands.word("hold")
    tablet.on("defect")
    tablet.scan(shop.label("reason", "CRACK"))
    saved()
    assert (last(hands)["reason"], last(hands)["disposition"]) == ("CRACK", "hold")

    # One scan and one tap where the reason has a label at hand.
    tablet.go_home()
    saved = confirmed(hands)
    tablet.scan(shop.label("reason", "BURR"))
    tablet.on("defect")
    tablet.page.locator(".deck .key-primary").click()
    saved()
    tablet.until_sent()
    assert len(shop.facts_of(job.order)) == 4


def test_a_lot_is_consumed_by_its_label_and_one_tap(shop: Shop, new_tablet: NewTablet) -> None:
    hands = known(shop, new_tablet)
    tablet, job = hands.tablet, hands.job
    saved = confirmed(hands)
    tablet.scan(shop.label("lot", "OAK", "L-7"))
    tablet.on("consumption")
    tablet.page.locator(".deck .key-primary").click()  # what the order still needs is proposed
    saved()
    fact = last(hands)
    assert (fact["type"], fact["item"], fact["lot"], fact["quantity"], fact["unit"]) == (
        "material.consumed", "OAK", "L-7", "5", "kg")  # fmt: skip

    # A supplier's own label, of an article nobody here knows, in place of what the order asks for.
    tablet.go_home()
    tablet.scan(f"(01){GTIN}(10)SUP-1")
    tablet.on("consumption")
    tablet.page.locator(".tile", has_text="OAK").click()
    hands.word("x1")
    saved = confirmed(hands)
    hands.word("ok")
    saved()
    fact = last(hands)
    assert (fact["type"], fact["item"], fact["lot"], fact["replaces"]) == ("material.substituted", GTIN, "SUP-1", "OAK")
    assert fact["order"] == job.order

    # A code that says nothing of ours is said to be that, and captures nothing.
    tablet.go_home()
    before = len(tablet.outbox())
    tablet.scan("WIFI:S:guest;T:WPA;P:<script>alert(1)</script>;;")
    tablet.says("WIFI:S:guest;T:WPA;P:<script>")
    assert len(tablet.outbox()) == before


def test_a_number_beyond_all_limits_has_its_word_and_a_large_one_is_taken(shop: Shop, new_tablet: NewTablet) -> None:
    hands = known(shop, new_tablet)
    tablet = hands.tablet
    hands.word("good")
    tablet.on("quantity")
    hands.word(*"1234567890")
    expect(tablet.page.locator(".beware")).to_contain_text("Too large")
    before = len(tablet.outbox())
    hands.word("ok")
    expect(tablet.page.locator(".said")).to_contain_text("Too large")
    assert len(tablet.outbox()) == before

    saved = confirmed(hands)
    hands.word("erase")
    expect(tablet.page.locator(".beware")).to_contain_text("more than planned")
    hands.word("ok")
    saved()
    assert last(hands)["quantity"] == "123456789"
    tablet.until_sent()


def a_photo() -> bytes:
    """As a camera makes it: large, turned by its Exif, and telling where it was taken."""
    picture = Image.effect_noise((3000, 2000), 40).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Camera of Mia"
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92, exif=exif)
    return file.getvalue()


def test_a_photo_is_made_small_and_a_file_that_is_none_loses_nothing(shop: Shop, new_tablet: NewTablet) -> None:
    hands = known(shop, new_tablet)
    tablet, page = hands.tablet, hands.tablet.page
    tablet.scan(shop.label("reason", "BURR"))
    tablet.on("defect")
    page.get_by_label("Note, if it helps").fill("at the edge")

    camera = page.locator("input[type=file]")
    camera.set_input_files({"name": "no.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"})
    expect(page.locator(".said")).to_contain_text("no photo that can be read")
    camera.evaluate("""(input) => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(50_000_000)], "huge.jpg", { type: "image/jpeg" }));
      input.files = files.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }""")
    expect(page.locator(".said")).to_contain_text("too big")
    expect(page.get_by_label("Note, if it helps")).to_have_value("at the edge")

    camera.set_input_files({"name": "edge.jpg", "mimeType": "image/jpeg", "buffer": a_photo()})
    expect(page.locator(".photo img")).to_be_visible()
    # Half made, it outlives the page.
    page.reload()
    tablet.ready()
    expect(page.locator(".photo img")).to_be_visible()
    saved = confirmed(hands)
    page.locator(".deck .key-primary").click()
    saved()
    tablet.until_sent()

    fact = last(hands)
    assert fact["photo_digest"] and fact["note_digest"]
    photo = TABLES["photo"]
    page.wait_for_timeout(100)
    with read(shop.rig.engine) as connection:
        for _ in range(100):
            jpeg = connection.scalar(select(photo.c.jpeg).where(photo.c.event_id == fact["id"]))
            if jpeg is not None:
                break
            page.wait_for_timeout(200)
            connection.rollback()
    assert jpeg is not None, "the photo follows its fact"
    picture = Image.open(io.BytesIO(jpeg))
    assert picture.format == "JPEG" and max(picture.size) <= 1600
    assert picture.height > picture.width, "turned as it was taken"
    assert len(jpeg) <= 300_000
    assert not picture.getexif() and b"Mia" not in jpeg
