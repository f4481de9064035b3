"""Choosing labels, by somebody at a desk with a real browser: find, tick, count, see the sheet."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import Engine
from werkzeug.serving import make_server

from server.auth import credentials
from server.store import plant
from server.store.database import write
from tests.environment import LaunchChromium
from tests.server.callers import signed_in

AXE = Path(__file__).parents[3] / "node_modules" / "axe-core" / "axe.min.js"
LOOK = """
  axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"] })
    .then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes[0].target}`))
"""


@pytest.fixture
def address(app: Flask, database: Engine, site: str) -> Iterator[str]:
    """The program, served, with five hundred orders."""
    with write(database) as connection:
        plant.put(connection, site, "items", [
            {"code": code, "name": name, "unit": "pcs"} for code, name in (("CHAIR", "Étagère"), ("TABLE", "Oak table"))
        ])  # fmt: skip
        plant.put(connection, site, "orders", [
            {"code": f"OF-{number:04d}", "item": "CHAIR" if number % 100 == 7 else "TABLE", "quantity": "10"}
            for number in range(500)
        ])  # fmt: skip
        plant.put(connection, site, "operations", [
            {"order": "OF-0007", "number": "10", "name": "Cut", "sequence": 10, "work_center": ""}
        ])  # fmt: skip
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def desk(app: Flask, database: Engine, address: str, launch_chromium: LaunchChromium) -> Iterator[BrowserContext]:
    """The browser of a team lead. What its console says at the end is nothing."""
    context = launch_chromium(viewport={"width": 1280, "height": 900}, locale="en-GB")
    session = signed_in(app, database, "lead").get_cookie(credentials.SESSION)
    assert session is not None
    context.add_cookies([{"name": credentials.SESSION, "value": session.value, "url": address}])
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    context.on("weberror", lambda error: said.append(str(error.error)))
    context.add_init_script(path=AXE)
    yield context
    assert said == []


def make(context: BrowserContext, page: Page) -> Page:
    """What the button opens."""
    with context.expect_page() as opened:
        page.get_by_role("button", name="Make the sheet").click()
    sheet = opened.value
    sheet.wait_for_load_state()
    return sheet


def test_of_five_hundred_orders_those_of_an_article(desk: BrowserContext, address: str) -> None:
    page = desk.pages[0]
    page.goto(f"{address}/labels/orders")
    lines = page.locator(".pick li:visible")
    expect(lines).to_have_count(500)
    page.get_by_label("Find in the list").fill("etagere of-0")  # accents and case do not matter, each word counts
    expect(lines).to_have_count(5)
    page.get_by_label("All of them").check()
    page.get_by_label("Find in the list").fill("")
    expect(lines).to_have_count(500)
    expect(page.locator("[data-count]")).to_have_text("(5)")
    assert page.get_by_label("All of them").evaluate("box => box.indeterminate")
    page.get_by_label("OF-0107").uncheck()
    expect(page.locator("[data-count]")).to_have_text("(4)")

    page.get_by_label("Find in the list").fill("nothing like this")
    expect(page.get_by_text("Nothing in the list fits.")).to_be_visible()
    page.get_by_label("Find in the list").press("Enter")
    assert page.url.endswith("/labels/orders"), "Enter looks, it does not print"
    page.get_by_label("Find in the list").fill("")

    expect(page.get_by_label("Paper")).to_be_hidden()  # a route sheet is a page
    page.get_by_label("Labels of the orders").check()
    page.get_by_label("Paper").select_option("own")
    page.get_by_label("Width, mm").fill("80")
    expect(page.get_by_label("First free label on the sheet")).to_be_hidden()
    sheet = make(desk, page)
    expect(sheet.locator("svg.qr")).to_have_count(4)
    width = sheet.locator(".page").first.evaluate("page => getComputedStyle(page).width")
    assert float(width.removesuffix("px")) == pytest.approx(80 * 96 / 25.4, abs=0.5)
    expect(sheet.get_by_role("button", name="Print")).to_be_visible()
    assert sheet.evaluate(LOOK) == []


def test_every_page_can_be_read_by_all(desk: BrowserContext, address: str) -> None:
    page = desk.pages[0]
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        for name in ("", "/orders", "/badges", "/places", "/material", "/quick", "/scanner"):
            page.goto(f"{address}/labels{name}")
            assert page.evaluate(LOOK) == [], (name, theme)
    page.goto(f"{address}/labels/quick")
    sheet = make(desk, page)
    expect(sheet.locator("svg.qr")).to_have_count(36)  # all are ticked to begin with
    assert sheet.evaluate(LOOK) == []


def test_a_narrow_screen_shows_all_of_it(desk: BrowserContext, address: str) -> None:
    page = desk.pages[0]
    page.set_viewport_size({"width": 390, "height": 800})
    for name in ("", "/orders", "/badges", "/places", "/material", "/quick"):
        page.goto(f"{address}/labels{name}")
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), name


def test_without_script_all_are_still_all(
    app: Flask, database: Engine, address: str, launch_chromium: LaunchChromium, tmp_path: Path
) -> None:
    context = launch_chromium(tmp_path / "plain", java_script_enabled=False, locale="en-GB")
    session = signed_in(app, database, "admin").get_cookie(credentials.SESSION)
    assert session is not None
    context.add_cookies([{"name": credentials.SESSION, "value": session.value, "url": address}])
    page = context.pages[0]
    page.goto(f"{address}/labels/material")
    expect(page.get_by_label("Find in the list")).to_be_hidden()
    page.get_by_label("All of them").check()
    sheet = make(context, page)
    expect(sheet.locator("svg.qr")).to_have_count(2)
