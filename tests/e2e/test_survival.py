"""What is confirmed is never lost and never doubled, whatever happens to browser, page, network and answer.

One sentence for all of these: each capture the person saw confirmed is on the server exactly once after the trouble
ends, and nothing was confirmed that is not. Each capture counts another number of pieces, so that each can be told.
"""

import os
import random
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, expect

from server.store import people
from server.store.database import write
from tests.e2e.conftest import MIA, Job, NewTablet, Shop
from tests.e2e.proxy import Fault, Proxy
from tests.e2e.tablet import Tablet, now

KILLS = int(os.environ.get("FLOORLEDGER_CHECKS_BROWSER_KILLS", "10"))


@pytest.fixture
def proxy(shop: Shop) -> Iterator[Proxy]:
    """A proxy before the shop's web server."""
    made = Proxy(shop.rig.port)
    yield made
    made.close()


def at_work(shop: Shop, new_tablet: NewTablet, name: str = "Tablet", address: str = "") -> tuple[Tablet, Job]:
    """A tablet whose person has started an operation, on the screen it is counted on; the start is sent."""
    job = shop.new_job()
    badge, operation = shop.label("person", MIA), shop.label("operation", job.order, job.operation)
    tablet = new_tablet(name, address=address)
    tablet.scan(badge)
    tablet.on("home")
    tablet.scan(operation)
    tablet.says(f"Started Run: {job.order}")
    tablet.page.locator(".card-running").click()
    tablet.chip("All sent")
    return tablet, job


def count(tablet: Tablet, pieces: int) -> None:
    """Capture a good quantity; returns when it is confirmed."""
    seen = tablet.notes.confirmed
    enter(tablet, pieces)
    tablet.tap("Save")
    tablet.says(f"{pieces} pcs good")
    assert tablet.notes.confirmed == seen + 1


def enter(tablet: Tablet, pieces: int) -> None:
    """All but the last tap."""
    tablet.tap("Good quantity")
    tablet.type_number(str(pieces))


def assert_counted(shop: Shop, tablet: Tablet, job: Job, expected: list[int]) -> None:
    """The log holds each of these numbers once and no other, as the tablet does; no number of a fact is left out."""
    tablet.chip("All sent")
    stored = shop.facts_of(job.order)
    counted = [int(row["fact"]["quantity"]) for row in stored if row["type"] == "output.reported"]
    assert sorted(counted) == sorted(expected)
    assert [row["device_seq"] for row in stored] == list(range(1, len(stored) + 1))
    captured = {capture["id"]: capture["fact"] for capture in tablet.outbox()}
    assert captured == {row["id"]: row["fact"] for row in stored}
    assert {capture["state"] for capture in tablet.outbox()} == {"sent"}
    report = shop.verify()
    assert report.ok, report.faults
    assert tablet.notes.not_saved == 0
    assert tablet.notes.refusals == []
    assert tablet.notes.strangers == set()


def test_a_browser_killed_right_after_saved_has_saved(
    shop: Shop, new_tablet: NewTablet, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGKILL at the moment the green word shows; every third time a little after the tap, whatever shows then.

    What was not confirmed may have been saved all the same, or be there half typed, but never both.
    """
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    tablet, job = at_work(shop, new_tablet)
    confirmed, saved = list[int](), list[int]()
    for pieces in range(1, KILLS + 1):
        blind = pieces % 3 == 0
        tablet.when_confirmed = (lambda: None) if blind else tablet.kill
        seen = tablet.notes.confirmed
        enter(tablet, pieces)
        with suppress(Error), tablet.context.expect_event("close", timeout=10_000):
            if blind:
                tablet.page.evaluate("setTimeout(() => document.querySelector('.key-primary').click())")
                time.sleep(chance.uniform(0, 0.04))
                tablet.kill()
            else:
                tablet.tap("Save")
        is_confirmed = tablet.notes.confirmed > seen
        tablet.when_confirmed = lambda: None
        tablet.switch_on(offline=pieces % 2 == 1)
        is_half_typed = tablet.page.locator('#phone[data-screen="quantity"]').count() == 1
        assert not (is_confirmed and is_half_typed)
        if is_confirmed:
            confirmed.append(pieces)
        elif not is_half_typed:
            saved.append(pieces)
        tablet.go_home()
        tablet.page.locator(".card-running").click()
    tablet.context.set_offline(False)
    assert_counted(shop, tablet, job, [*confirmed, *saved])
    with capsys.disabled():
        print(f"\nseed {seed}: {KILLS} kills of the browser, {len(confirmed)} captures confirmed before them")


def test_a_page_whose_process_is_killed_comes_back_with_everything(shop: Shop, new_tablet: NewTablet) -> None:
    tablet, job = at_work(shop, new_tablet)
    tablet.context.set_offline(True)
    count(tablet, 1)
    enter(tablet, 2)
    tablet.when_confirmed = tablet.kill_renderers
    with tablet.page.expect_event("crash"), suppress(Error):
        tablet.tap("Save")
    tablet.when_confirmed = lambda: None
    tablet.page.close()
    tablet.page = tablet.context.new_page()
    tablet.page.goto(tablet.address)
    tablet.ready()
    tablet.page.locator(".card-running").click()
    count(tablet, 3)
    tablet.chip("3 waiting")
    tablet.context.set_offline(False)
    assert_counted(shop, tablet, job, [1, 2, 3])


def test_a_half_typed_number_waits_for_its_author(shop: Shop, new_tablet: NewTablet) -> None:
    """What is typed and not confirmed is no fact, and is still there after a crash."""
    tablet, job = at_work(shop, new_tablet)
    tablet.tap("Good quantity")
    tablet.type_number("37")
    expect(tablet.page.locator(".figure-number")).to_have_text("37")
    assert tablet.kept("draft")["form"]["typed"] == "37"
    tablet.kill()
    tablet.switch_on()
    tablet.on("quantity")
    expect(tablet.page.locator(".figure-number")).to_have_text("37")
    assert_counted(shop, tablet, job, [])


def test_a_browser_killed_while_sending_sends_again(shop: Shop, new_tablet: NewTablet, proxy: Proxy) -> None:
    tablet, job = at_work(shop, new_tablet, address=proxy.address)
    proxy.committed.clear()
    proxy.fault = "slow"
    count(tablet, 1)
    assert proxy.committed.wait(20)
    tablet.chip("1 waiting")
    tablet.kill()
    proxy.fault = ""
    proxy.release.set()
    tablet.switch_on()
    assert_counted(shop, tablet, job, [1])
    (fact,) = [row["id"] for row in shop.facts_of(job.order) if row["type"] == "output.reported"]
    assert proxy.times_sent()[fact] == 2


@pytest.mark.parametrize(
    ("fault", "sign"),
    [
        ("lost", "{n} waiting"), ("short", "{n} waiting"), ("broken", "{n} waiting"),
        ("portal", "Network login"), ("shut out", "Enrol again"),
    ],
)  # fmt: skip
def test_a_bad_answer_is_no_acknowledgement(
    fault: Fault, sign: str, shop: Shop, new_tablet: NewTablet, proxy: Proxy
) -> None:
    tablet, job = at_work(shop, new_tablet, address=proxy.address)
    proxy.fault = fault
    for pieces in (1, 2):  # capturing goes on
        count(tablet, pieces)
        tablet.chip(sign.format(n=pieces))
    tablet.page.reload()
    tablet.ready()
    states = [capture["state"] for capture in tablet.outbox()]
    assert states == ["sent", "waiting", "waiting"]
    proxy.fault = ""
    assert_counted(shop, tablet, job, [1, 2])


def test_two_windows_of_one_tablet_capture_and_send_at_once(shop: Shop, new_tablet: NewTablet, proxy: Proxy) -> None:
    tablet, job = at_work(shop, new_tablet, address=proxy.address)
    windows: list[Page] = [tablet.page, tablet.context.new_page()]
    windows[1].goto(tablet.address)
    windows[1].locator(".card-running").click()
    tablet.context.set_offline(True)
    for pieces in (1, 2, 3):
        for window, number in zip(windows, (pieces, 10 + pieces), strict=True):
            tablet.page = window
            window.bring_to_front()
            enter(tablet, number)
        for window in windows:
            window.evaluate("setTimeout(() => document.querySelector('.key-primary').click(), 50)")
        for window in windows:
            expect(window.locator('#phone[data-screen="running"]')).to_be_attached()
    assert tablet.notes.confirmed == 7
    for window in windows:
        expect(window.locator(".chip")).to_contain_text("6 waiting")
    tablet.context.set_offline(False)
    for window in windows:
        expect(window.locator(".chip")).to_contain_text("All sent", timeout=45_000)
    assert_counted(shop, tablet, job, [1, 2, 3, 11, 12, 13])


def test_a_new_version_takes_over_without_touching_the_outbox(shop: Shop, new_tablet: NewTablet, proxy: Proxy) -> None:
    tablet, job = at_work(shop, new_tablet, address=proxy.address)
    version = tablet.page.locator("html").get_attribute("data-version")
    assert version
    proxy.fault = "broken"
    count(tablet, 1)
    count(tablet, 2)

    # Half of a new version: refused as a whole, the old one goes on.
    newer = "0" * len(version)

    def half_of_it(path: str, body: bytes) -> bytes | None:
        return None if path == "/static/app.js" else all_of_it(path, body)

    def all_of_it(path: str, body: bytes) -> bytes:
        return body.replace(version.encode(), newer.encode()) if path in ("/", "/service-worker.js") else body

    proxy.rewrite = half_of_it
    assert tablet.page.evaluate(UPDATE) == "refused"
    tablet.page.reload()
    tablet.ready()
    assert tablet.page.locator("html").get_attribute("data-version") == version

    # All of it: it waits until somebody says so.
    proxy.rewrite = all_of_it
    assert tablet.page.evaluate(UPDATE) == "waits"
    assert tablet.page.locator("html").get_attribute("data-version") == version
    tablet.go_home()
    tablet.page.locator(".bar-person").click()
    tablet.tap("This device")
    tablet.tap("Use the new version")
    expect(tablet.page.locator("html")).to_have_attribute("data-version", newer)
    tablet.ready()
    assert [capture["state"] for capture in tablet.outbox()] == ["sent", "waiting", "waiting"]
    tablet.page.locator(".card-running").click()
    count(tablet, 3)
    proxy.fault = ""
    assert_counted(shop, tablet, job, [1, 2, 3])
    assert tablet.page.evaluate("caches.keys()") == [f"floorledger-shell-{newer}"]


UPDATE = """
  (async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update().catch(() => {});
    const { installing } = registration;
    if (installing) await new Promise((done) => installing.addEventListener("statechange", done));
    return registration.waiting ? "waits" : "refused";
  })()
"""


def test_a_revoked_tablet_goes_on_capturing_and_asks_to_be_enrolled(shop: Shop, new_tablet: NewTablet) -> None:
    tablet, job = at_work(shop, new_tablet, "Lost tablet")
    with write(shop.rig.engine) as connection:
        (device,) = [device for device in people.list_devices(connection, "main") if device.name == "Lost tablet"]
        people.revoke_device(connection, "main", device.id, now())
    for pieces in (1, 2):
        count(tablet, pieces)
        tablet.chip("Enrol again")
    tablet.page.locator(".chip").click()
    tablet.says("The server does not know this device any more. Everything is kept here.")
    expect(tablet.page.locator(".row .stamp-waiting")).to_have_count(2)
    assert not [row for row in shop.facts_of(job.order) if row["type"] == "output.reported"]

    tablet.page.locator("main").get_by_role("button").filter(has=tablet.page.get_by_text("Enrol again")).click()
    tablet.says("2 facts are safe on this device")
    tablet.page.get_by_label("Enrolment code").fill(shop.address + shop.enrolment())
    tablet.page.get_by_label("Name of this device").fill("Found tablet")
    tablet.tap("Enrol")
    assert_counted(shop, tablet, job, [1, 2])
    senders = [row["sender"] for row in shop.facts_of(job.order)]
    assert senders[0] == device.id
    assert senders[1] == senders[2] != device.id
