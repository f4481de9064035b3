"""Every screen and page can be read and used: WCAG 2.2 A and AA by axe-core, in both languages, light and dark; on the
phone no target below 64 px; and not a word in the browser's console."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

import webapp
from server import create_app
from server.auth.passwords import hash_password
from server.language import LANGUAGE_COOKIE
from server.store import people
from server.store.database import write
from sync.core.codes import from_number
from tests.cast import ANA, Ids, a_shop, raw
from tests.e2e.clips import write_clip
from tests.e2e.conftest import NOE, Shop
from tests.e2e.tablet import Tablet, now
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


def words_of(language: str) -> Callable[[str], str]:
    """The phone's sentences in a language, as its own catalogue has them."""
    if language == "en":
        return lambda sentence: sentence
    catalogue = json.loads((webapp.STATIC / "locale" / f"{language}.json").read_text())
    return lambda sentence: catalogue[sentence]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_screen_of_the_phone(language: str, shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> None:
    t, job = words_of(language), shop.new_job()
    shop.speak(NOE, language)
    badge, oak = shop.label("person", NOE), shop.label("item", "OAK")
    turn, glue = (shop.label("operation", job.order, number) for number in ("10", "20"))
    eye_file = write_clip(tmp_path / "eye.y4m", [])
    tablet = Tablet(launch_chromium, tmp_path / "tablet", shop.address, eye_file)
    tablet.switch_on(script=AXE, locale=f"{language}-{language.upper()}")
    page, eye = tablet.page, Eye(tablet.page)

    looks = [("light", PHONE), ("dark", TABLET)] if language == "en" else [("dark", PHONE), ("light", TABLET)]

    def see(name: str) -> None:
        eye.look(name, looks, least=True)

    def tap(sentence: str) -> None:
        tablet.tap(t(sentence))

    def back() -> None:
        page.get_by_role("button", name=t("Back"), exact=True).first.click()

    # A device nobody knows.
    tablet.on("enrol")
    see("enrol")
    page.get_by_label(t("Enrolment code")).fill("wrong-secret-of-nobody")
    tap("Enrol")
    expect(page.locator(".notice-stop")).to_be_visible()
    see("enrol, refused")
    page.goto(shop.address + shop.enrolment())
    tablet.enrol("Tablet 4", t)

    # A person comes.
    see("badge")
    tap("Scan")
    expect(page.locator(".finder-word")).to_have_count(0)
    see("scan")
    tablet.scan(badge)
    tablet.on("home")
    see("home, nothing runs")
    tap("Orders")
    see("orders")
    page.locator(".row").filter(has_text=job.order).click()
    see("order")
    page.locator(".row-operation").first.click()
    see("operation")
    tap("Start run")
    tablet.on("home")
    see("home, one runs")
    tablet.chip(t("All sent"))

    # Work.
    page.locator(".card-running").click()
    see("running")
    tap("Good quantity")
    tablet.type_number("3")
    see("quantity")
    tap("Save")
    tap("Defect")
    see("defect")
    page.get_by_role("button", name=t("Type the number")).click()
    see("defect, counting")
    tap("Take this number")
    page.locator(".tile").first.click()
    tap("Save")
    tap("Consumption")
    see("consumption, which")
    page.locator(".row").first.click()
    tablet.type_number("5")
    see("consumption, how much")
    tap("Save")
    tablet.on("running")
    tablet.go_home(t)
    tablet.scan(turn)
    tablet.on("quantity")
    see("quantity, and stop")
    back()
    tablet.scan(glue)
    tablet.on("operation")
    see("operation, another runs")
    tap("Start run too")
    tablet.on("home")
    see("home, two run")
    tablet.scan(oak)
    tablet.on("which")
    see("which")
    back()

    # Machines, other time, other facts.
    tap("Machines")
    see("machines")
    page.locator("main").get_by_text("Lathe 1", exact=True).click()
    see("machine")
    page.locator("main .key").first.click()
    see("machine, runs")
    tap("Stop machine")
    page.locator(".tile").first.click()
    see("machine, stands still")
    tap("It runs again")
    back()
    back()
    tap("Other activity")
    see("indirect")
    back()
    tap("Other facts")
    see("forms")
    for number in range(page.locator("main .key").count()):
        page.locator("main .key").nth(number).click()
        see(f"form, {page.locator('h1').inner_text()}")
        back()
    tablet.go_home(t)
    tablet.scan(f"{shop.address}/S/{from_number(7)}".upper())
    tablet.on("unknown")
    see("unknown")
    back()

    # The person, the device, what was captured.
    page.locator(".bar-person").click()
    see("me")
    tap("This device")
    see("device")
    tablet.go_home(t)
    page.locator(".card-running").first.click()
    tap("Pause")
    tablet.on("home")
    see("home, paused")
    tablet.context.set_offline(True)
    tap("Resume")
    page.locator(".chip").click()
    see("outbox, waiting")
    page.locator(".row").first.click()
    see("fact")
    tap("This was a mistake: take it back")
    see("fact, why")
    tablet.context.set_offline(False)
    tablet.chip(t("All sent"))
    tablet.change_captures(REFUSED)
    page.reload()
    page.locator(".chip").click()
    see("outbox, refused and held")
    page.locator(".row").first.click()
    see("fact, refused")

    # The clock of eleven hours later.
    page.clock.set_system_time(now() + 11 * 3_600_000)
    page.reload()
    tablet.on("badge")
    tablet.scan(badge)
    tablet.on("home")
    see("home, forgotten")
    page.locator("main").get_by_text(t("It ended earlier"), exact=True).first.click()
    see("earlier")

    assert eye.wrong == [], f"after {len(eye.seen)} screens:\n" + "\n".join(eye.wrong)
    assert tablet.notes.errors == []
    assert tablet.notes.refusals == []
    assert tablet.notes.strangers == set()


# What a refusal, a conflict and a held fact look like: three captures are told that they are.
REFUSED: list[dict[str, Any]] = [
    {"state": "rejected",
     "problem": {"code": "intake.bad_value", "title": "No quantity.", "detail": "Above zero.", "pointer": "/quantity"}},
    {"state": "conflict", "problem": {"code": "intake.conflict", "title": "Another fact has this id."}},
    {"floor": {"state": "held", "reason": "reference.unknown_order", "sentence": "Order E2E-0 is not known.",
               "action": "Import it."}},
]  # fmt: skip


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
    lot = [*a_shop(5), going_on]
    batch = {"protocol": 1, "batch_id": ids(), "events": lot}
    _shop.rig.start()
    _shop.rig.wait_ready()
    status, answer = _shop.rig.call("POST", "/api/v1/events", batch)
    assert status == 200, answer
    _shop.rig.wait_costed()


@pytest.mark.usefixtures("desk_facts")
def test_every_page_of_the_desk(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> None:
    """Signed in with every role, follow links until there is a page of each kind; then look at all of them."""
    with write(shop.rig.engine) as connection:
        people.create_user(
            connection, "main", "desk", display_name="Desk", password_hash=hash_password("a long enough one", "desk"),
            roles=["lead", "accountant", "payroll", "admin"],
        )  # fmt: skip
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
    page.goto(f"{shop.address}/sign-in")
    page.locator("input[name=name]").fill("desk")
    page.locator("input[name=password]").fill("a long enough one")
    page.locator("main form button[type=submit]").click()
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
