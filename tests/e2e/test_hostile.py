"""Hostile texts on the phone: names, reasons and things of the plant on every screen, and whatever a code may say.
The page's own security policy is switched off: what keeps them text is how they are drawn."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.conftest import NewTablet, Shop
from tests.e2e.hands import at_work
from tests.e2e.tablet import Tablet
from tests.e2e.tour import walk
from tests.environment import LaunchChromium
from tests.security.corpora.texts import QR, XSS
from tests.security.test_xss_in_browser import LOOK, TRIPWIRE
from tools import frontend

# Where a thing has one name; the lists hold more of them, and that of the items all three hundred.
EVERYWHERE = "<img src=x onerror=tripwire() data-tripwire>"


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop of its own: what other tests choose from is not drowned in this."""
    frontend.bundle()
    made = Shop(tmp_path_factory.mktemp("hostile shop"))
    made.rig.start()
    made.rig.wait_ready()
    codes = [text.replace("\f", " ")[:60].strip() for text in XSS]
    named = [{"code": f"{n}{code}"[:64].strip(), "name": XSS[n]} for n, code in enumerate(codes)]
    made._put("items", [{**row, "unit": "kg", "valuation": "standard"} for row in named])
    made._put("items", [{"code": "CHAIR", "name": EVERYWHERE}])  # the walk looks for oak by its name
    made._put("work_centers", [{"code": "W1", "name": EVERYWHERE}, {"code": "W2", "name": EVERYWHERE}])
    made._put("machines", [{**row, "work_center": "W1"} for row in named[:40]])
    made._put("locations", named[:40])
    made._put("reasons", [
        {"kind": kind, "code": row["code"], "name": {"en": row["name"], "fr": row["name"]}}
        for kind in ("defect", "downtime", "pause", "help", "correction") for row in named[:25]
    ])  # fmt: skip
    made._put("people", [
        {"key": f"px55{n:08}", "name": text, "rate_group": "E2E", "department": "D1", "language": "en"}
        for n, text in enumerate(XSS[:60])
    ])  # fmt: skip
    yield made
    made.close()


@pytest.fixture
def unguarded(launch_chromium: LaunchChromium) -> LaunchChromium:
    """Chromium that enforces no page's security policy."""

    def launch(*given: Any, **options: Any) -> BrowserContext:
        return launch_chromium(*given, **options, bypass_csp=True)

    return launch


@pytest.mark.requirement("SR-42")
def test_no_text_is_more_than_text_on_any_screen(
    shop: Shop, unguarded: LaunchChromium, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The walk through all screens, with a hostile name wherever the plant gives one."""
    script = tmp_path / "tripwire.js"
    script.write_text(TRIPWIRE)
    wrong: list[str] = []
    stops: list[str] = []

    def see(tablet: Tablet) -> Callable[[str], None]:
        def look(name: str) -> None:
            stops.append(name)
            expect(tablet.page.locator(".flash")).to_have_count(0)
            tablet.page.wait_for_timeout(150)  # a tap on what is still being drawn is taken for one on what was
            wrong.extend(f"{name}: {trouble}" for trouble in tablet.page.evaluate(LOOK))

        return look

    tablet = walk(shop, unguarded, tmp_path, "en", see, script)
    assert wrong == []
    assert tablet.notes.strangers == set()
    assert len(stops) > 30
    record_property("told", f"hostile texts on the phone: {len(stops)} screens looked at")


@pytest.mark.requirement("SR-42")
def test_no_activity_is_more_than_its_name(shop: Shop, new_tablet: NewTablet) -> None:
    """The one list the walk leaves by the way it came: twenty-five of them."""
    shop._put("activities", [{"code": f"A{n}", "name": {"en": text, "fr": text}} for n, text in enumerate(XSS[:25])])
    tablet = at_work(shop, new_tablet).tablet
    tablet.page.evaluate(f"{TRIPWIRE} 0")
    tablet.go_home()
    tablet.tap("Other activity")
    tablet.says(XSS[3])
    assert tablet.page.evaluate(LOOK) == []


@pytest.mark.requirement("SR-47")
def test_whatever_a_code_says_is_data(shop: Shop, new_tablet: NewTablet) -> None:
    """Scanned with a hand scanner, on the first screen and on a form: nothing opens, nothing runs, nothing is captured,
    and the next good code works."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    page = tablet.page
    page.evaluate(f"{TRIPWIRE} 0")  # a function for a result would be called
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    before = [capture["id"] for capture in tablet.outbox()]
    at = page.url
    for where in ("home", "quantity"):
        for text in (*QR, *XSS[:25]):
            tablet.go_home()
            if where == "quantity":
                hands.word("good")
                tablet.on("quantity")
            tablet.scan(text)
            page.wait_for_timeout(20)
            assert page.evaluate(LOOK) == [], text
            assert page.url.split("#")[0].rstrip("/") == at.split("#")[0].rstrip("/"), text
            assert len(tablet.context.pages) == 1, text
            assert [one["id"] for one in tablet.outbox()] == before, f"{text!r} on {where} made a capture"
    assert asked == []
    tablet.go_home()
    hands.count(1)
    assert len(tablet.outbox()) == len(before) + 1
