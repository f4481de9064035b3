"""One's own day at a shared tablet, in a real browser: shown to whoever showed badge or PIN, not to whoever tapped a
name (PR-12); and of money nothing."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import NewTablet, Shop
from tests.e2e.test_kiosk import sign_in_by_pin, somebody_with_a_pin
from tests.e2e.test_phone import floor


@pytest.mark.requirement("PR-12")
def test_a_tap_on_a_name_does_for_work_and_not_for_reading_the_day(shop: Shop, new_tablet: NewTablet) -> None:
    with floor(shop, pin=True, fast_switch=True), somebody_with_a_pin(shop):
        job = shop.new_job()
        label, badge = shop.label("operation", job.order, job.operation), shop.label("person", shop.new_person()[0])
        tablet = new_tablet()
        shown = tablet.page.locator("#phone")
        sign_in_by_pin(tablet)
        tablet.scan(label)
        tablet.says(f"Started Run: {job.order}")
        tablet.page.locator(".bar-person").click()
        expect(shown).to_contain_text("What I captured today")
        expect(shown).not_to_contain_text("€")

        tablet.scan(badge)
        tablet.on("home")
        tablet.page.locator(".strip-key", has_text="Gwendolin").click()
        tablet.on("home")
        expect(shown).to_contain_text(job.order)  # what runs can be stopped and counted
        tablet.page.locator(".bar-person").click()
        expect(shown).to_contain_text("Your day is shown to you alone")
        expect(shown).not_to_contain_text("What I captured today")

        sign_in_by_pin(tablet)
        tablet.page.locator(".bar-person").click()
        expect(shown).to_contain_text("What I captured today")
        expect(shown).not_to_contain_text("Your day is shown to you alone")
