"""Weight and endurance that can be counted: S11 and S12 of the acceptance figures.

S1 and S2 are in test_phone.py, S8 is tests/webapp/false-reads.test.js; the times, S3 to S7, S9 and S10, are printed by
`make bench`.
"""

import gzip
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clips import write_clip
from tests.e2e.conftest import NewTablet, Shop
from tests.e2e.desk import a_user, sign_in
from tests.e2e.hands import at_work
from tests.environment import TOLD, LaunchChromium, RecordProperty

KILOBYTE = 1_000
LEAD_PAGE = 40 * KILOBYTE
# The night's run is eight hours: FLOORLEDGER_CHECKS_SCAN_MINUTES=480.
SCAN_MINUTES = float(os.environ.get("FLOORLEDGER_CHECKS_SCAN_MINUTES", "8"))
GROWTH = 1.10


@pytest.fixture
def lead(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> Page:
    """A lead's browser, signed in."""
    a_user(shop, "lena", "lead")
    page = launch_chromium(tmp_path / "desk", viewport={"width": 1280, "height": 800}, locale="en-GB").pages[0]
    sign_in(page, shop, "lena")
    return page


def test_s11_a_lead_s_page_is_light(shop: Shop, lead: Page) -> None:
    """With nothing in the browser's cache: at most 40 kB as they travel, and nothing from anybody else.

    Files are compressed by us, the page itself by the proxy before us (deploy/Caddyfile: encode), so here by the test.
    """
    link = lead.context.new_cdp_session(lead)
    link.send("Network.enable")
    link.send("Network.setCacheDisabled", {"cacheDisabled": True})
    asked: dict[str, str] = {}
    weights: dict[str, float] = {}
    link.on("Network.requestWillBeSent", lambda told: asked.update({told["requestId"]: told["request"]["url"]}))
    link.on(
        "Network.loadingFinished",
        lambda told: weights.update({asked.get(told["requestId"], "?"): told["encodedDataLength"]}),
    )
    page = lead.goto(f"{shop.address}/board")
    assert page
    lead.wait_for_timeout(500)
    weights[f"{shop.address}/board"] = len(gzip.compress(page.body()))
    assert any("htmx" in url for url in weights), weights
    assert all(url.startswith(shop.address) for url in asked.values()), asked
    assert sum(weights.values()) <= LEAD_PAGE, weights


def test_s11_a_refresh_keeps_focus_and_what_is_typed(shop: Shop, lead: Page) -> None:
    """A link of the live board that has the focus keeps it; so does a field whose words refresh the list below."""
    shop.new_job()
    part = lead.locator("[data-live]").filter(has=lead.locator("a[href]")).first
    part.locator("a[href]").first.focus()
    lead.evaluate("window.focused = document.activeElement")
    name = part.get_attribute("id")
    with lead.expect_response(lambda answer: f"part={name}" in answer.url):
        lead.evaluate("(part) => htmx.trigger(`#${part}`, 'every', {}, false)", name)  # its time has come
    lead.wait_for_timeout(300)
    assert lead.evaluate("document.activeElement === window.focused && window.focused.isConnected")

    lead.goto(f"{shop.address}/orders")
    field = lead.locator("#text")
    field.focus()
    with lead.expect_response(lambda answer: "part=orders" in answer.url):
        field.press_sequentially("E2E", delay=30)
    lead.wait_for_timeout(300)
    expect(field).to_have_value("E2E")
    expect(field).to_be_focused()


@pytest.mark.long
def test_s12_scanning_for_hours_neither_grows_nor_loses_the_picture(
    shop: Shop, new_tablet: NewTablet, tmp_path: Path, record_property: RecordProperty
) -> None:
    """The camera is opened, reads, closes, hides and shows again, over and over: the heap grows by a tenth at most.

    What it reads opens a form that is left again: captures are kept for days, and would grow the heap by right.
    """
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    eye = write_clip(tmp_path / "eye.y4m", [shop.label("operation", hands.job.order, hands.job.operation)])
    tablet.kill()
    tablet.eye = eye
    tablet.switch_on()
    link = tablet.context.new_cdp_session(tablet.page)
    heaps, rounds = list[float](), 0
    end = SCAN_MINUTES * 60_000
    while (passed := float(tablet.page.evaluate("performance.now()"))) < end:
        rounds += 1
        tablet.tap("Scan")
        tablet.on("scan")
        if rounds % 5 == 0:
            for hidden in ("true", "false"):
                tablet.page.evaluate(HIDE.replace("HIDDEN", hidden))
                tablet.page.wait_for_timeout(200)
        tablet.on("quantity")
        hands.word("cancel")
        tablet.on("home")
        if rounds % 10 == 0 and passed > end / 5:
            heaps.append(heap(link))
    record_property(
        TOLD, f"S12: {rounds} scans in {SCAN_MINUTES:.0f} min, heap {heaps[0] / 1e6:.1f} to {heaps[-1] / 1e6:.1f} MB"
    )
    assert min(heaps[-3:]) <= min(heaps[:3]) * GROWTH


HIDE = """
  (() => {
    Object.defineProperty(document, "hidden", { value: HIDDEN, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  })()
"""


def heap(link: Any) -> float:
    """Bytes the page's script holds, after the garbage is gone."""
    link.send("HeapProfiler.collectGarbage")
    return float(link.send("Runtime.getHeapUsage")["usedSize"])
