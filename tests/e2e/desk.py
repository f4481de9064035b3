"""Somebody at a desk: a user of the pages, and how a browser signs in."""

from playwright.sync_api import Page

from server.auth.passwords import hash_password
from server.store import people
from server.store.database import write
from tests.e2e.conftest import Shop

PASSWORD = "a long enough one"


def a_user(shop: Shop, name: str, *roles: str) -> None:
    """Somebody with these roles, made by whichever test asks first."""
    with write(shop.rig.engine) as connection:
        if people.find_user(connection, "main", name) is None:
            people.create_user(
                connection, "main", name, display_name=name.title(), roles=roles,
                password_hash=hash_password(shop.rig.settings, PASSWORD, name),
            )  # fmt: skip


def sign_in(page: Page, shop: Shop, name: str) -> None:
    """From the form to the page a user starts at."""
    page.goto(f"{shop.address}/sign-in")
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
