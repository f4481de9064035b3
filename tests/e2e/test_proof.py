"""Proving who one is, in a real browser: a passkey made, used alone and once more; the code of an app."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import Engine
from werkzeug.serving import make_server

from server import create_app
from server.auth.passwords import hash_password
from server.extensions import system_clock
from server.settings import Settings
from server.store import people
from server.store.database import write
from tests.environment import LaunchChromium

PASSWORD = "a long enough one"
MINUTE = 60_000
# A phone's own authenticator: it keeps the key, has checked the finger, and answers at once.
INTERNAL = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


class Desk:
    """A server for one browser, and its clock, which runs ahead when told."""

    def __init__(self, settings: Settings) -> None:
        self.ahead = 0
        self.app: Flask = create_app(settings, lambda: system_clock() + self.ahead)
        self.server = make_server("127.0.0.1", 0, self.app, threaded=True)
        # Browsers make passkeys for names, not for numbers.
        self.address = f"http://localhost:{self.server.port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()


@pytest.fixture
def desk(settings: Settings, database: Engine, site: str) -> Iterator[Desk]:
    with write(database) as connection:
        for name, roles in (("omar", ["accountant"]), ("nadia", ["lead"])):
            people.create_user(connection, "main", name, display_name=name.title(), roles=roles,
                               password_hash=hash_password(settings, PASSWORD, name))  # fmt: skip
    made = Desk(settings)
    yield made
    made.server.shutdown()
    made.thread.join(10)


@pytest.fixture
def page(launch_chromium: LaunchChromium, tmp_path: Path) -> Iterator[Page]:
    """A browser's page; what its console says against us fails the test."""
    context = launch_chromium(tmp_path / "browser", viewport={"width": 1280, "height": 800}, locale="en-GB")
    errors: list[str] = []
    context.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
    context.on("weberror", lambda error: errors.append(str(error.error)))
    yield context.pages[0]
    assert [error for error in errors if "401" not in error] == []


def see(page: Page, name: str) -> None:
    """Keep pictures where somebody asks for them."""
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=theme)
                page.screenshot(path=f"{folder}/{name}-{theme}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 800})


def enter(page: Page, desk: Desk, name: str) -> None:
    page.goto(f"{desk.address}/sign-in")
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def leave(page: Page) -> None:
    page.locator(".account-button").click()
    page.get_by_role("button", name="Sign out", exact=True).last.click()
    page.wait_for_url("**/sign-in")


@pytest.mark.requirement("SR-09", "SR-12")
def test_a_passkey_from_the_first_sign_in_to_a_proof_once_more(page: Page, desk: Desk) -> None:
    protocol = page.context.new_cdp_session(page)
    protocol.send("WebAuthn.enable")
    key = protocol.send("WebAuthn.addVirtualAuthenticator", {"options": INTERNAL})["authenticatorId"]

    # The password is right, the role needs more: nothing but this page opens.
    enter(page, desk, "omar")
    page.wait_for_url("**/account/second-factor**")
    see(page, "set-up")
    page.goto(f"{desk.address}/entries")
    page.wait_for_url("**/account/second-factor?next=/entries")
    page.get_by_label("Name of this passkey").fill("Omar’s laptop")
    page.get_by_role("button", name="Make a passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    see(page, "codes")
    expect(page.locator(".code-list li")).to_have_count(10)
    page.get_by_role("link", name="I have them").click()
    page.wait_for_url("**/entries")
    [made] = protocol.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert (made["rpId"], made["isResidentCredential"]) == ("localhost", True)

    # Alone, by its button, as in browsers that offer nothing by themselves: nobody types anything.
    page.add_init_script("if (!sessionStorage.offers) PublicKeyCredential.isConditionalMediationAvailable = undefined")
    leave(page)
    see(page, "sign-in")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.evaluate("sessionStorage.offers = 1")
    # Alone, as the browser offers it where the name is typed: this one takes the offer at once.
    page.locator(".account-button").click()
    page.get_by_role("button", name="Sign out", exact=True).last.click()
    page.wait_for_url(lambda address: "/sign-in" not in address and "/sign-out" not in address)
    page.locator(".account-button").wait_for()

    # Once more, before something that changes rights.
    desk.ahead += 11 * MINUTE
    page.goto(f"{desk.address}/account/second-factor")
    page.wait_for_url("**/sign-in/again**")
    see(page, "again")
    page.get_by_role("button", name="Use a passkey").click()
    page.get_by_role("heading", name="Set up a second factor").wait_for()
    page.goto(f"{desk.address}/account")
    see(page, "account")
    expect(page.get_by_role("heading", name="Omar’s laptop")).to_be_visible()

    # Without it: another device that asks no finger is refused, and says so.
    protocol.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    desk.ahead += 11 * MINUTE
    page.goto(f"{desk.address}/account/second-factor")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.locator("[data-passkey-problem]")).to_be_visible()
    see(page, "refused")


@pytest.mark.requirement("SR-09")
def test_an_app_s_code_follows_the_password(page: Page, desk: Desk) -> None:
    enter(page, desk, "nadia")
    page.wait_for_url(lambda address: "/sign-in" not in address)
    page.goto(f"{desk.address}/account")
    page.get_by_role("link", name="Set up a second factor").click()
    page.get_by_text("It cannot scan?").click()
    seed = "".join(page.locator(".seed").inner_text().split())
    page.get_by_label("Type the six digits it shows.").fill(pyotp.TOTP(seed).now())
    page.get_by_role("button", name="Use this app").click()
    page.get_by_role("link", name="I have them").click()
    page.wait_for_url("**/account")
    leave(page)
    enter(page, desk, "nadia")
    page.wait_for_url("**/sign-in/second")
    page.get_by_label("Code of your authenticator app").fill("000000")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert").filter(has_text="This code does not fit.")).to_be_visible()
    see(page, "second")
    # Keyboard alone: the field has the focus.
    page.keyboard.type(pyotp.TOTP(seed).generate_otp((system_clock() + desk.ahead) // 30_000 + 1))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in" not in address)
