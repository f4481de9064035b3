"""Every screen and page can be read and used: WCAG 2.2 A and AA by axe-core, in both languages, light and dark; on the
phone no target below 64 px; and not a word in the browser's console."""

import re
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, Route, expect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from server import create_app
from server.language import LANGUAGE_COOKIE
from tests.cast import ANA, Ids, a_shop, raw
from tests.e2e.conftest import Shop
from tests.e2e.desk import a_user, sign_in
from tests.e2e.tablet import Tablet, now
from tests.e2e.tour import See, walk
from tests.environment import LaunchChromium

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
LOOK = """
  axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"],
  }).then(({ violations }) => violations.map(({ id, impact, nodes }) =>
    `${impact} ${id}: ${nodes.slice(0, 4).map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`).join(" | ")}`))
"""
SMALL = """
  () => [...document.querySelectorAll("button, a[href], input, select, label.key, [role=button]")]
    .filter((control) => control.checkVisibility() && !control.classList.contains("unseen"))
    .map((control) => [control, control.getBoundingClientRect()])
    .filter(([, box]) => box.width < 63.5 || box.height < 63.5)
    .map(([control, box]) =>
      `${control.className} “${control.innerText.slice(0, 30)}” ${box.width.toFixed(1)} x ${box.height.toFixed(1)}`)
"""
# A link inside a drawing has an object for its href.
LINKS = "links => links.map((link) => new URL(link.getAttribute('href'), location).href)"
SIDEWAYS = (
    "document.scrollingElement.scrollWidth > innerWidth || document.querySelector('.body')?.scrollWidth > innerWidth"
)
PHONE, TABLET = {"width": 360, "height": 640}, {"width": 768, "height": 1024}


class Eye:
    """Looks at what a page shows, and remembers what is wrong with it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        self.seen: list[str] = []

    def look(self, name: str, looks: list[tuple[str, dict[str, int]]], least: bool = False) -> None:
        """At each (theme, size); `least`: no target below 64 px, nothing to scroll sideways."""
        self.seen.append(name)
        expect(self.page.locator(".flash")).to_have_count(0)
        for theme, size in looks:
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
            where = f"{name}, {theme}, {size['width']} px"
            self.wrong += [f"{where}: {violation}" for violation in self.page.evaluate(LOOK)]
            if least:
                self.wrong += [f"{where}: small: {control}" for control in self.page.evaluate(SMALL)]
                if self.page.evaluate(SIDEWAYS):
                    self.wrong.append(f"{where}: wider than the screen")


# Each screen that is drawn, from the very first.
DRAWN = """
  window.drawn = [];
  new MutationObserver(() => {
    const screen = document.getElementById("phone")?.dataset.screen;
    if (screen && drawn.at(-1) !== screen) drawn.push(screen);
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["data-screen"] });
"""


def test_a_new_device_begins_with_its_enrolment(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> None:
    """No other screen flashes up before it, also where the network is slow: not the badge's, which is no use yet."""
    tablet = Tablet(launch_chromium, tmp_path / "tablet", shop.address)

    def slowly(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    def before() -> None:
        tablet.context.add_init_script(DRAWN)
        tablet.context.route(re.compile(r"/(bundle|static)/.*\.js"), slowly)

    tablet.switch_on(before=before)
    tablet.on("enrol")
    assert tablet.page.evaluate("drawn") == ["enrol"]
    tablet.page.goto(shop.address + shop.enrolment())
    tablet.on("enrol")
    assert tablet.page.evaluate("drawn") == ["enrol"]
    tablet.enrol("Tablet 4")
    tablet.page.reload()
    tablet.on("badge")
    assert tablet.page.evaluate("drawn") == ["badge"]


@pytest.mark.requirement("PR-15")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_screen_of_the_phone(language: str, shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> None:
    looks = [("light", PHONE), ("dark", TABLET)] if language == "en" else [("dark", PHONE), ("light", TABLET)]
    eyes: list[Eye] = []

    def see(tablet: Tablet) -> See:
        eyes.append(Eye(tablet.page))
        return lambda name: eyes[0].look(name, looks, least=True)

    tablet = walk(shop, launch_chromium, tmp_path, language, see, script=AXE)
    assert eyes[0].wrong == [], f"after {len(eyes[0].seen)} screens:\n" + "\n".join(eyes[0].wrong)
    assert tablet.notes.errors == []
    assert tablet.notes.refusals == []
    assert tablet.notes.strangers == set()


def test_the_phone_over_plain_http(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> None:
    """On a name of the local network without HTTPS the browser keeps back what the page needs; it says so."""
    tablet = Tablet(launch_chromium, tmp_path / "tablet", f"http://shop.test:{shop.rig.port}")
    tablet.switch_on(script=AXE, args=["--host-resolver-rules=MAP shop.test 127.0.0.1, MAP * ~NOTFOUND"])
    tablet.on("plain")
    eye = Eye(tablet.page)
    eye.look("plain", [("light", PHONE), ("dark", TABLET)], least=True)
    assert eye.wrong == []


@pytest.fixture(scope="session")
def desk_facts(_shop: Shop) -> None:
    """Something to see on each page: three days of facts, and work that goes on."""
    ids = Ids(77)
    going_on = raw("labor.started", now() - 600_000, id=ids(), person=ANA, activity="run", order="MO-1", operation="10")
    call = raw("help.called", now() - 300_000, id=ids(), declared_by=ANA, reason="QUALITY", order="MO-1", machine="M1")
    lot = [*a_shop(5), going_on, call]
    batch = {"protocol": 1, "batch_id": ids(), "events": lot}
    _shop.rig.start()
    _shop.rig.wait_ready()
    status, answer = _shop.rig.call("POST", "/api/v1/events", batch)
    assert status == 200, answer
    _shop.rig.wait_costed()


@pytest.mark.usefixtures("desk_facts")
def test_every_page_of_the_desk(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> None:
    """Signed in with every role, follow links until there is a page of each kind; then look at all of them."""
    a_user(shop, "desk", "lead", "accountant", "payroll", "admin")
    context = launch_chromium(tmp_path / "desk", viewport={"width": 1280, "height": 800})
    context.add_init_script(path=AXE)
    errors: list[str] = []
    context.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    page = context.pages[0]
    eye = Eye(page)

    speak(context, shop, "en")
    page.goto(f"{shop.address}/sign-in")
    eye.look("sign-in", DESK)
    page.goto(f"{shop.address}/set-up")
    eye.look("set-up", DESK)
    sign_in(page, shop, "desk")
    pages = one_of_each(page, create_app(shop.rig.settings), shop.address)
    assert {"/board", "/orders", "/entries", "/held", "/labels", "/admin/devices"} <= set(pages)
    for language in ("en", "fr"):
        speak(context, shop, language)
        for address in pages:
            page.goto(shop.address + address)
            eye.look(f"{address}, {language}", DESK)
    assert eye.wrong == [], "\n".join(eye.wrong)
    assert errors == []


DESK = [("light", {"width": 1280, "height": 800}), ("dark", {"width": 1280, "height": 800})]


def speak(context: BrowserContext, shop: Shop, language: str) -> None:
    context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": shop.address}])


def one_of_each(page: Page, app: Flask, address: str) -> list[str]:
    """Addresses reached from this page by links, one of each view that answers with a page of the desk."""
    views = app.url_map.bind(urlsplit(address).netloc)
    reached, tried, waiting = {_view(views, page.url): page.url}, set[str](), [page.url]
    while waiting:
        page.goto(waiting.pop(0))
        reached.setdefault(_view(views, page.url), page.url)
        for href in page.locator("a[href]").evaluate_all(LINKS):
            view = _view(views, href) if href.startswith(address) else ""
            if view and view not in tried and _is_of_the_desk(page, href):
                waiting.append(href)
            tried.add(view)
    return [urlsplit(found).path for found in reached.values()]


def _view(views: MapAdapter, address: str) -> str:
    """Which view answers there; "" for none."""
    try:
        return str(views.match(urlsplit(address).path)[0])
    except HTTPException:
        return ""


def _is_of_the_desk(page: Page, address: str) -> bool:
    """A page of the desk: neither a file nor the phone."""
    answer = page.request.get(address)
    return "text/html" in answer.headers.get("content-type", "") and b'class="desk' in answer.body()
