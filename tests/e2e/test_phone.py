"""The phone as an app of its device: how much it loads, who stands at it, what it keeps, how it is rescued.

The weights are S1 and S2 of the acceptance figures.
"""

import base64
import dataclasses
import hashlib
import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

import webapp
from server.auth.pins import hash_pin
from server.store import people, sites
from server.store.database import write
from tests.e2e.conftest import MIA, Job, NewTablet, Shop
from tests.e2e.tablet import CAMERA, Tablet, now
from tests.environment import LaunchChromium
from tools import catalogues, frontend

LEA, TOM = "pe2e00000003", "pe2e00000004"
KILOBYTE = 1_000
# The smallest picture worth the name: one grey pixel.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQEw8QEBD/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
)

# Version 1 of the phone's database, as it was left on tablets: captures without photos.
OLD_DATABASE = """
  (capture) => new Promise((resolve, reject) => {
    const opening = indexedDB.open("floorledger", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("capture", { keyPath: "seq" }).add(capture);
      opening.result.createObjectStore("meta").put(2, "next_seq");
    };
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => { opening.result.close(); resolve(); };
  })
"""


@pytest.fixture(autouse=True)
def labels(shop: Shop) -> None:
    """People of these tests alone, because they leave work running that must not share anybody's hours; and labels that
    were printed before the tablet was enrolled, so that it knows them."""
    shop._put("people", [
        {"key": key, "name": name, "rate_group": "E2E", "department": "D1", "language": "en"}
        for key, name in ((LEA, "Lea Petit"), (TOM, "Tom Maes"))
    ])  # fmt: skip
    for kind, reference in (("person", LEA), ("person", TOM), ("reason", "BURR")):
        shop.label(kind, reference)


@contextmanager
def floor(shop: Shop, **chosen: Any) -> Iterator[None]:
    """The shop's floor settings, otherwise for a while; then as they were: the shop is that of all tests."""
    with write(shop.rig.engine) as connection:
        usual = sites.floor(connection, "main")
        sites.set_floor(connection, "main", dataclasses.replace(usual, **chosen))
    try:
        yield
    finally:
        with write(shop.rig.engine) as connection:
            sites.set_floor(connection, "main", usual)


def loaded(tablet: Tablet, ready: bool) -> list[tuple[str, float]]:
    """What a first visit asks for until the first screen stands (or for all), with its weight as it travels."""
    tablet.page.evaluate("""async () => {
      for (const name of await caches.keys()) await caches.delete(name);
      await (await navigator.serviceWorker.getRegistration())?.unregister();
    }""")
    link = tablet.context.new_cdp_session(tablet.page)
    link.send("Network.enable")
    link.send("Network.clearBrowserCache")
    asked: dict[str, list[Any]] = {}

    def begun(told: Any) -> None:
        asked.setdefault(told["requestId"], [told["request"]["url"], 0.0])

    def finished(told: Any) -> None:
        if told["requestId"] in asked:
            asked[told["requestId"]][1] = told["encodedDataLength"]

    link.on("Network.requestWillBeSent", begun)
    link.on("Network.loadingFinished", finished)
    tablet.page.reload()
    tablet.ready()
    early = tablet.page.evaluate("""() => {
      const { startTime } = performance.getEntriesByName("ready")[0];
      const all = performance.getEntriesByType("resource");
      return all.filter((entry) => entry.startTime < startTime).map(({ name }) => name);
    }""")
    tablet.page.wait_for_timeout(1500)
    link.detach()
    wanted = {*early, tablet.page.url}
    return [(url, weight) for url, weight in asked.values() if not ready or url in wanted]


def test_the_first_screen_is_light(shop: Shop, new_tablet: NewTablet) -> None:
    frontend.bundle()  # of the sources of now, should somebody have edited one since the run began
    tablet = new_tablet()
    tablet.tap("This device")
    tablet.tap("Français")
    found = loaded(tablet, ready=True)
    assert any(url.endswith("/fr.json") for url, _ in found), "in French, which weighs more"
    assert not [url for url, _ in found if ".wasm" in url or "decoder" in url or "others" in url]
    assert len(found) <= 12, found
    assert sum(weight for _, weight in found) <= 60 * KILOBYTE, found
    assert not [url for url, _ in found if ".map" in url]


def test_all_that_is_kept_offline_is_light(shop: Shop, new_tablet: NewTablet) -> None:
    frontend.bundle()
    tablet = new_tablet()
    weights = tablet.page.evaluate("""async () => {
      await navigator.serviceWorker.ready;
      const [name] = await caches.keys();
      const kept = (await (await caches.open(name)).keys()).map(({ url }) => url);
      const weights = {};
      for (const url of kept) {
        const answer = await fetch(`${url}?weigh`, { cache: "no-store" });
        await answer.arrayBuffer();
        weights[url] = performance.getEntriesByName(`${url}?weigh`).at(-1).encodedBodySize;
      }
      return weights;
    }""")
    assert any(".wasm" in url for url in weights)
    assert sum(weights.values()) <= 550 * KILOBYTE, weights


def test_one_badge_after_the_other_and_each_keeps_what_was_typed(shop: Shop, new_tablet: NewTablet) -> None:
    job = shop.new_job()
    lea, tom = shop.label("person", LEA), shop.label("person", TOM)
    operation = shop.label("operation", job.order, job.operation)
    tablet = new_tablet()
    tablet.scan(lea)
    tablet.on("home")
    tablet.scan(operation)
    tablet.says(f"Started Run: {job.order}")
    tablet.scan(operation)
    tablet.on("quantity")
    tablet.type_number("7")
    tablet.scan(tom)
    tablet.on("home")
    tablet.says("Tom M.")
    expect(tablet.page.locator("#phone")).not_to_contain_text(job.order)
    # Whoever badged here within the shift takes over with one tap, and finds the form as it was.
    tablet.page.locator(".strip-key", has_text="Lea").click()
    tablet.on("quantity")
    expect(tablet.page.locator(".figure-number")).to_have_text("7")
    tablet.says("Lea P.")
    tablet.page.reload()
    tablet.ready()
    tablet.on("quantity")


def test_a_label_scanned_right_after_a_badge_is_for_that_badge(shop: Shop, new_tablet: NewTablet) -> None:
    """Both within milliseconds, as from a chain of scans; ten times, to and fro."""
    jobs = {LEA: shop.new_job(), TOM: shop.new_job()}
    labels = {person: shop.label("person", person) for person in jobs}
    operations = {person: shop.label("operation", job.order, job.operation) for person, job in jobs.items()}
    stop = shop.label("word", "pause")
    tablet = new_tablet("Hasty tablet")
    tablet.scan(labels[LEA])
    tablet.on("home")
    for turn in range(10):
        person = (TOM, LEA)[turn % 2]
        count = tablet.notes.confirmed
        tablet.scan_in_a_row(labels[person], operations[person])
        tablet.until_confirmed(count + 1)
        tablet.scan(stop)
        tablet.until_confirmed(count + 2)
    facts = [capture["fact"] for capture in tablet.outbox()]
    assert [fact["person"] for fact in facts] == [(TOM, LEA)[turn // 2 % 2] for turn in range(20)]


def test_work_goes_on_at_the_next_tablet(shop: Shop, new_tablet: NewTablet) -> None:
    """Started at one, counted and ended at the other; and where it was started it runs no more."""
    job = shop.new_job()
    badge, operation = shop.label("person", MIA), shop.label("operation", job.order, job.operation)
    first, second = new_tablet("Entrance"), new_tablet("Far end")
    first.scan(badge)
    first.on("home")
    first.scan(operation)
    first.until_confirmed(1)
    first.until_sent()
    second.scan(badge)
    second.on("home")
    expect(second.page.locator(".card").filter(has_text=job.order)).to_be_visible()
    second.scan(operation)  # what runs is counted, not begun again
    second.on("quantity")
    second.type_number("4")
    second.tap("Save and stop")
    second.until_confirmed(1)
    second.until_sent()
    start, good, stop = sorted((row["fact"] for row in shop.facts_of(job.order)), key=lambda fact: fact["occurred_at"])
    assert (start["type"], good["type"], stop["type"], stop["start_id"]) == (
        "labor.started", "output.reported", "labor.stopped", start["id"],
    )  # fmt: skip
    shop.rig.wait_costed()
    first.page.reload()
    first.ready()
    expect(first.page.locator(".card").filter(has_text=job.order)).to_have_count(0)
    expect(second.page.locator(".card").filter(has_text=job.order)).to_have_count(0)


def test_two_ways_back_at_once_do_not_lead_out_of_the_page(shop: Shop, new_tablet: NewTablet) -> None:
    """A glove touches twice, or a scan leads back as the person does: the browser's own way back is slow to start."""
    job = shop.new_job()
    badge, operation = shop.label("person", MIA), shop.label("operation", job.order, job.operation)
    tablet = new_tablet("Touched twice")
    tablet.scan(badge)
    tablet.on("home")
    tablet.scan(operation)
    tablet.until_confirmed(1)
    tablet.scan(operation)
    tablet.on("quantity")
    back = tablet.page.get_by_role("button", name="Back", exact=True).first
    back.evaluate("(key) => { key.click(); key.click(); key.click(); }")
    tablet.page.wait_for_timeout(500)
    tablet.on("home")
    # The browser's own key still leads from screen to screen, one at a time, also where ways back were left over.
    tablet.scan(operation)
    tablet.on("quantity")
    tablet.page.go_back()
    tablet.on("home")


def test_nobody_is_named_where_nobody_is_signed_in(shop: Shop, new_tablet: NewTablet) -> None:
    tablet = new_tablet()
    for person in (LEA, TOM):
        tablet.scan(shop.label("person", person))
        tablet.on("home")
    tablet.page.locator(".strip-key", has_text="Lea").wait_for()
    tablet.page.locator(".bar-person").click()
    tablet.tap("Sign out")
    tablet.on("badge")
    for screen in ("badge", "device", "queue"):
        if screen != "badge":
            tablet.tap({"device": "This device", "queue": "Outbox"}[screen])
            tablet.on(screen)
        for name in ("Lea", "Tom"):
            expect(tablet.page.locator("#phone")).not_to_contain_text(name)


def test_without_quick_switch_no_other_is_offered(shop: Shop, new_tablet: NewTablet) -> None:
    with floor(shop, fast_switch=False):
        tablet = new_tablet()
        for person in (LEA, TOM):
            tablet.scan(shop.label("person", person))
            tablet.on("home")
        tablet.says("Tom M.")
        expect(tablet.page.locator(".strip")).to_have_count(0)


def test_a_crew_is_gathered_by_badges_and_ends_with_its_person(shop: Shop, new_tablet: NewTablet) -> None:
    tablet = new_tablet()
    tablet.scan(shop.label("person", LEA))
    tablet.on("home")
    tablet.tap("Work together")
    tablet.on("crew")
    tablet.scan(shop.label("person", TOM))
    tablet.says("Tom M. works with you now.")
    tablet.on("crew")
    tablet.tap("2 together")
    tablet.on("home")
    tablet.says("with Tom M.")
    tablet.page.reload()
    tablet.ready()
    tablet.says("with Tom M.")
    tablet.scan(shop.label("person", TOM))
    tablet.says("Hello Tom M.")
    expect(tablet.page.locator(".strip-crew")).to_have_count(0)


def test_the_outbox_says_that_others_wait_and_not_with_what(shop: Shop, new_tablet: NewTablet) -> None:
    """Several people's captures on one tablet: each sees their own; of the others how many, and since when."""
    job = shop.new_job()
    named = dict([shop.new_person(), shop.new_person()])
    badges = {person: shop.label("person", person) for person in named}
    first, _second = badges
    operation = shop.label("operation", job.order, job.operation)
    tablet = new_tablet()
    chip, body = tablet.page.locator(".chip"), tablet.page.locator("main")
    tablet.context.set_offline(True)
    for person, badge in badges.items():
        tablet.scan(badge)
        tablet.says(f"Hello {named[person]}")
        tablet.scan(operation)
        expect(tablet.page.locator(".card-running")).to_have_count(1)
    tablet.page.locator(".bar-person").click()
    tablet.tap("Sign out")
    tablet.on("badge")
    chip.click()
    expect(body.locator(".heading")).to_have_text(["Waiting 2"])
    expect(body.locator(".row")).to_have_count(0)
    tablet.scan(badges[first])
    tablet.on("home")
    chip.click()
    expect(body.locator(".heading")).to_have_text(["Waiting 1", "Waiting, of others 1"])
    expect(body.locator(".row")).to_have_count(1)
    expect(body).to_contain_text("Each person sees their own.")
    tablet.context.set_offline(False)
    tablet.chip("All sent")
    expect(body.locator(".heading")).to_have_text(["Sent 1"])


def test_who_comes_to_work_may_say_so_with_one_tap(shop: Shop, new_tablet: NewTablet) -> None:
    """The badge's greeting offers it, the home screen keeps it at hand; the way to a job is as short as ever."""
    job = shop.new_job()
    (person, _) = shop.new_person()
    badge, operation = shop.label("person", person), shop.label("operation", job.order, job.operation)
    tablet = new_tablet()
    tablet.scan(badge)
    tablet.page.locator(".said").get_by_role("button", name="Start my shift").click()
    tablet.says("Shift began")
    expect(tablet.page.locator("main").get_by_text("End my shift", exact=True)).to_be_visible()
    tablet.scan(operation)
    expect(tablet.page.locator(".card-running")).to_have_count(1)
    tablet.page.locator(".bar-person").click()
    tablet.tap("Sign out")
    tablet.scan(badge)
    tablet.says("Hello")
    expect(tablet.page.locator(".said button")).to_have_count(0)
    assert [(capture["fact"]["type"], capture["fact"]["person"]) for capture in tablet.outbox()] == [
        ("shift.started", person), ("labor.started", person),
    ]  # fmt: skip
    tablet.until_sent()


def test_a_number_and_a_pin_open_what_a_badge_opens(shop: Shop, new_tablet: NewTablet) -> None:
    shop._put("people", [{"key": LEA, "number": "4711"}])
    with write(shop.rig.engine) as connection:
        people.put_pin(connection, "main", LEA, hash_pin("918273", "4711", shop.rig.settings.pin_key()), now())
    with floor(shop, pin=True):
        tablet = new_tablet()
        tablet.tap("Number and PIN")
        tablet.on("pin")
        tablet.type_number("4711")
        tablet.tap("Next: PIN")
        tablet.type_number("111111")
        tablet.page.locator(".deck button").click()
        tablet.says("Number and PIN do not fit.")
        assert "111111" not in tablet.page.locator("#phone").inner_text()
        typed = tablet.page.locator(".entry-text")
        expect(typed).to_have_text(["4711", ""])  # mostly it is the PIN that was wrong
        tablet.notes.errors.clear()  # the browser reports the 401 it was right to get
        tablet.type_number("918273")
        tablet.page.locator(".deck button").click()
        tablet.on("home")
        tablet.says("Lea P.")
        tablet.page.locator(".bar-person").click()
        tablet.tap("Sign out")
        tablet.context.set_offline(True)
        tablet.tap("Number and PIN")
        expect(typed).to_have_text(["", ""])
        tablet.type_number("4711")
        tablet.page.locator(".chip").click()
        tablet.on("queue")
        tablet.page.get_by_role("button", name="Back", exact=True).click()
        tablet.on("pin")
        expect(typed).to_have_text(["", ""])  # who looked elsewhere may have been the last to stand here
        tablet.type_number("4711")
        tablet.tap("Next: PIN")
        tablet.type_number("918273")
        tablet.page.locator(".deck button").click()
        tablet.says("This needs the network: only the server knows PINs.")
        tablet.on("pin")


def test_a_number_nobody_goes_on_with_is_gone_after_a_minute(shop: Shop, new_tablet: NewTablet) -> None:
    with floor(shop, pin=True):
        tablet = new_tablet()
        tablet.tap("Number and PIN")
        tablet.type_number("4711")
        tablet.page.wait_for_timeout(1500)
        tablet.set_clocks(passed_ms=50_000)
        tablet.page.wait_for_timeout(1500)
        tablet.on("pin")
        tablet.set_clocks(passed_ms=65_000)
        tablet.on("badge")


def with_photo(shop: Shop, tablet: Tablet, job: Job) -> None:
    """A defect with a photo, all but captured."""
    tablet.scan(shop.label("person", LEA))
    tablet.on("home")
    tablet.scan(shop.label("operation", job.order, job.operation))
    tablet.says(f"Started Run: {job.order}")
    tablet.page.locator(".card-running").click()
    tablet.tap("Defect")
    tablet.on("defect")
    tablet.scan(shop.label("reason", "BURR"))
    with tablet.page.expect_file_chooser() as choosing:
        tablet.page.locator(".photo-key").click()
    choosing.value.set_files({"name": "burr.jpg", "mimeType": "image/jpeg", "buffer": JPEG})
    tablet.page.locator(".photo-picture").wait_for()


def save_defect(tablet: Tablet) -> dict[str, Any]:
    tablet.page.locator(".deck .key-primary").last.click()
    for _ in range(50):
        found = [kept for kept in tablet.outbox() if kept["fact"]["type"] == "defect.reported"]
        if found:
            return found[-1]
        tablet.page.wait_for_timeout(100)
    raise AssertionError("the defect was not captured")


def test_a_photo_waits_beside_its_fact_and_follows_it(shop: Shop, new_tablet: NewTablet) -> None:
    job = shop.new_job()
    shop.label("operation", job.order, job.operation)
    tablet = new_tablet()
    with_photo(shop, tablet, job)
    tablet.context.set_offline(True)
    kept = save_defect(tablet)
    size = tablet.page.evaluate(PHOTO_SIZE, kept["id"])
    assert size == kept["photo"]["bytes"] > 0
    tablet.page.reload()  # from what is kept offline
    tablet.ready()
    tablet.context.set_offline(False)
    deadline = now() + 45_000
    while tablet.page.evaluate(PHOTO_SIZE, kept["id"]) is not None:
        assert now() < deadline, "the photo does not go"
        tablet.page.wait_for_timeout(200)
    [fact] = [row["fact"] for row in shop.facts_of(job.order) if row["type"] == "defect.reported"]
    with shop.rig.engine.connect() as connection:
        row = connection.exec_driver_sql("select salt, jpeg from photo where event_id = ?", (kept["id"],)).one()
    assert hashlib.sha256(row[0].encode() + row[1]).hexdigest() == fact["photo_digest"]


PHOTO_SIZE = """
  (id) => new Promise((resolve, reject) => {
    const opening = indexedDB.open("floorledger");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asking = opening.result.transaction("photo").objectStore("photo").get(id);
      asking.onsuccess = () => { opening.result.close(); resolve(asking.result?.byteLength ?? null); };
    };
  })
"""


def test_what_a_dead_tablet_holds_is_brought_by_another(shop: Shop, new_tablet: NewTablet) -> None:
    job = shop.new_job()
    shop.label("operation", job.order, job.operation)
    dying, helper = new_tablet("Tablet 4"), new_tablet("Tablet 5")
    with_photo(shop, dying, job)
    dying.chip("All sent")
    dying.context.set_offline(True)
    kept = save_defect(dying)
    dying.page.locator(".chip").click()
    dying.on("queue")
    with dying.page.expect_download() as loading:
        dying.tap("Save as a file")
    path = loading.value.path()
    file = json.loads(path.read_text())
    assert (file["device"]["name"], len(file["events"]), list(file["photos"])) == ("Tablet 4", 1, [kept["id"]])

    helper.tap("This device")
    helper.tap("Another device's facts")
    for outcome in ("new to the server", "there already: brought twice, or sent after all"):
        helper.page.locator("input[type=file]").set_input_files(path)
        helper.says("Tablet 4")
        helper.tap("Bring to the server")
        helper.says("The server has all of them.")
        helper.says(outcome)
    [row] = [row for row in shop.facts_of(job.order) if row["type"] == "defect.reported"]
    assert (row["id"], row["sender"]) == (kept["id"], file["device"]["id"])
    # Only after that file may a named person let go of what is in it, in two taps; it stays to be seen.
    dying.tap("Let go of them on this device")
    dying.tap("Yes: the file is safe, let go of them here")
    dying.says("Let go")
    assert {capture["state"] for capture in dying.outbox() if capture["id"] == kept["id"]} == {"discarded"}
    dying.context.set_offline(False)
    dying.page.reload()
    dying.ready()
    dying.chip("All sent")
    assert len([row for row in shop.facts_of(job.order) if row["type"] == "defect.reported"]) == 1


def test_a_tablet_left_at_the_first_version_keeps_its_captures(shop: Shop, new_tablet: NewTablet) -> None:
    job = shop.new_job()
    shop.label("operation", job.order, job.operation)
    tablet = new_tablet()
    fact = {"id": "0b0b0b0b-0000-4000-8000-000000000001", "type": "output.reported", "version": 1,
            "occurred_at": "2026-11-01T10:00:00.000+01:00", "provenance": "measured", "declared_by": LEA,
            "device_seq": 1, "boot_id": "b", "monotonic_ms": 1,
            "order": job.order, "operation": "10", "quantity": "4"}  # fmt: skip
    device, token = tablet.kept("device"), tablet.kept("token")
    assert device
    capture = {"v": 1, "seq": 1, "id": fact["id"], "body": json.dumps(fact), "note": None, "local": {},
               "state": "waiting", "savedMs": 1, "sentMs": None, "sentAs": None, "problem": None,
               "floor": None, "seenMs": None}  # fmt: skip
    tablet.page.goto(f"{shop.address}/healthz")  # of our origin, without our page
    tablet.page.evaluate("""() => new Promise((done, fail) => {
      const going = indexedDB.deleteDatabase("floorledger");
      going.onsuccess = done;
      going.onerror = going.onblocked = fail;
    })""")
    tablet.page.evaluate(OLD_DATABASE, capture)
    tablet.page.goto(shop.address)
    tablet.ready()
    deadline = now() + 45_000
    while not shop.facts_of(job.order):
        assert now() < deadline, (token, tablet.outbox())
        tablet.page.wait_for_timeout(200)
    assert [row["id"] for row in shop.facts_of(job.order)] == [fact["id"]]


# A window of the version before that is frozen: it cannot hear that it should let go.
FROZEN = """
  () => new Promise((resolve) => {
    const opening = indexedDB.open("floorledger", 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("capture", { keyPath: "seq" });
      opening.result.createObjectStore("meta");
    };
    opening.onsuccess = () => { window.held = opening.result; resolve(); };
  })
"""


def test_an_older_window_that_holds_the_storage_is_named(shop: Shop, launch_chromium: LaunchChromium) -> None:
    context = launch_chromium(None, locale="en-GB")
    frozen, page = context.new_page(), context.new_page()
    frozen.goto(f"{shop.address}/healthz")
    frozen.evaluate(FROZEN)
    page.goto(shop.address)
    expect(page.locator("#phone")).to_have_text(re.compile("Close the other windows of Floorledger"))
    frozen.close()
    expect(page.locator('#phone[data-screen="enrol"]')).to_be_attached()


def test_a_bright_hall_is_chosen_on_the_device_screen_and_kept(shop: Shop, new_tablet: NewTablet) -> None:
    tablet = new_tablet()
    tablet.tap("This device")
    for look in ("Dark", "Bright hall"):
        tablet.page.locator(".tile", has_text=look).click()
    expect(tablet.page.locator("html")).to_have_attribute("data-theme", "bright")
    tablet.page.reload()
    tablet.ready()
    expect(tablet.page.locator("html")).to_have_attribute("data-theme", "bright")
    assert tablet.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


PICTURE = """
  () => {
    const [track] = document.querySelector(".finder video")?.srcObject?.getTracks() ?? [];
    return track ? [track.id, track.readyState] : ["", ""];
  }
"""


def test_the_camera_comes_back_when_the_system_took_it_away(shop: Shop, new_tablet: NewTablet) -> None:
    tablet = new_tablet(args=CAMERA)

    def picture_other_than(old: str) -> str:
        deadline = now() + 15_000
        while (found := tablet.page.evaluate(PICTURE))[1] != "live" or found[0] == old:
            assert now() < deadline, found
            tablet.page.wait_for_timeout(100)
        return str(found[0])

    tablet.tap("Scan")
    first = picture_other_than("")
    tablet.page.evaluate("""() => {
      const [track] = document.querySelector(".finder video").srcObject.getTracks();
      track.stop();
      track.dispatchEvent(new Event("ended"));
    }""")
    second = picture_other_than(first)
    # As when the screen goes dark and lights up again: the lamp must not stay on meanwhile.
    tablet.page.evaluate("() => { window.lamp = document.querySelector('.finder video').srcObject.getTracks()[0]; }")
    for hidden in ("true", "false"):
        tablet.page.evaluate(f"""() => {{
          Object.defineProperty(document, "hidden", {{ value: {hidden}, configurable: true }});
          document.dispatchEvent(new Event("visibilitychange"));
        }}""")
        if hidden == "true":
            assert tablet.page.evaluate("window.lamp.readyState") == "ended"
            assert tablet.page.evaluate(PICTURE)[1] != "live"
    picture_other_than(second)


def test_a_withdrawn_worker_goes_and_leaves_the_captures(shop: Shop, new_tablet: NewTablet) -> None:
    job = shop.new_job()
    shop.label("operation", job.order, job.operation)
    tablet = new_tablet()
    tablet.scan(shop.label("person", LEA))
    tablet.on("home")
    tablet.scan(shop.label("operation", job.order, job.operation))
    tablet.says(f"Started Run: {job.order}")
    usual = shop.rig.settings
    try:
        restart_web(shop, dataclasses.replace(usual, phone_worker="withdrawn"))
        tablet.page.evaluate("navigator.serviceWorker.getRegistration().then((known) => known.update())")
        deadline = now() + 15_000
        while tablet.page.evaluate("caches.keys().then((names) => names.length)"):
            assert now() < deadline, "the files are still kept"
            tablet.page.wait_for_timeout(100)
        tablet.says(job.order)  # the open page goes on
        assert len(tablet.outbox()) == 1
    finally:
        restart_web(shop, usual)
    tablet.page.reload()
    tablet.ready()
    tablet.says(job.order)
    tablet.page.evaluate("navigator.serviceWorker.ready.then(({ active }) => active.state)")


def restart_web(shop: Shop, settings: Any) -> None:
    """The web server anew, under these settings."""
    shop.rig.settings = settings
    for process in shop.rig.processes["web"]:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
    shop.rig.start()
    shop.rig.wait_ready()


@pytest.mark.parametrize(("language", "direction"), [("xx", "ltr"), ("xr", "rtl")])
def test_longer_words_and_the_other_direction_fit(
    shop: Shop, new_tablet: NewTablet, language: str, direction: str
) -> None:
    catalogues.pseudo_catalogues()
    shop.speak(LEA, language)
    try:
        tablet = new_tablet(viewport={"width": 360, "height": 640})
        tablet.scan(shop.label("person", LEA))
        tablet.on("home")
        expect(tablet.page.locator("html")).to_have_attribute("dir", direction)
        expect(tablet.page.locator("#phone")).to_contain_text("[")
        for tap in (".bar-person", f'.key:has-text("{catalogues.pretend("This device")}")'):
            assert overflows(tablet) == []
            tablet.page.locator(tap).last.click()
        tablet.on("device")
        assert overflows(tablet) == []
    finally:
        shop.speak(LEA, "en")
        for name in ("xx", "xx-more", "xr", "xr-more"):
            (webapp.STATIC / "locale" / f"{name}.json").unlink(missing_ok=True)


def overflows(tablet: Tablet) -> list[str]:
    """Texts that stick out of the screen or of their key."""
    found: list[str] = tablet.page.evaluate("""() => {
      const wide = document.documentElement.clientWidth;
      return [...document.querySelectorAll("#phone .body *, #phone .deck *")].filter((part) => {
        const { left, right } = part.getBoundingClientRect();
        const isShown = right > left && !part.closest(".unseen, .ledger-scroll, .strip, svg");
        return isShown && (left < -1 || right > wide + 1);
      }).map((part) => `${part.tagName} ${part.className} ${part.textContent.trim().slice(0, 40)}`);
    }""")
    return found
