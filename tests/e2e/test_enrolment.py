"""A tablet comes in: it waits on a screen that says so until somebody at a desk lets it in, and signs from then on."""

import json
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from server.store import people
from server.store.database import read, write
from tests.e2e.conftest import NewTablet, Shop
from tests.e2e.desk import a_user, sign_in
from tests.e2e.tablet import Tablet
from tests.environment import LaunchChromium

KEY = """
  () => new Promise((done) => {
    const opening = indexedDB.open("floorledger");
    opening.onsuccess = () => {
      const asking = opening.result.transaction("meta").objectStore("meta").get("key");
      asking.onsuccess = async () => {
        opening.result.close();
        const key = asking.result;
        const taken = await crypto.subtle.exportKey("pkcs8", key).then(() => "taken", (error) => error.name);
        done([key.extractable, key.algorithm.namedCurve, key.usages.join(), taken]);
      };
    };
  })
"""


@pytest.mark.requirement("SR-17")
@pytest.mark.requirement("SR-18")
def test_a_tablet_waits_until_it_is_let_in(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> None:
    shop.lead_is_there.clear()
    try:
        tablet = Tablet(launch_chromium, tmp_path / "t", shop.address)
        tablet.switch_on(shop.enrolment())
        tablet.page.get_by_label("Name of this device").fill("Tablet at the door")
        tablet.tap("Enrol")
        tablet.says("Waiting to be let in")
        with read(shop.rig.engine) as connection:
            (device,) = people.asking_devices(connection, "main")
        tablet.says("“Tablet at the door”")
        tablet.page.reload()
        tablet.ready()
        tablet.says("Waiting to be let in")
        # The desk sees it come without a click, and lets it in with one.
        a_user(shop, "ines", "lead")
        desk = launch_chromium(None, locale="en-GB").new_page()
        sign_in(desk, shop, "ines")
        desk.goto(f"{shop.address}/admin/devices")
        number = desk.locator(".asking-number").inner_text()
        tablet.says(number)
        desk.get_by_role("button", name="Let it in Tablet at the door", exact=True).click()
        expect(desk.get_by_text("Tablet at the door is in.")).to_be_visible()
        tablet.on("badge")
        assert tablet.kept("device")["id"] == device.id
        assert tablet.page.evaluate(KEY) == [False, "P-256", "sign", "InvalidAccessError"]
    finally:
        shop.lead_is_there.set()


@pytest.mark.requirement("SR-17")
def test_a_tablet_that_is_not_let_in_says_so(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> None:
    shop.lead_is_there.clear()
    try:
        tablet = Tablet(launch_chromium, tmp_path / "t", shop.address)
        tablet.switch_on(shop.enrolment())
        tablet.tap("Enrol")
        tablet.says("Waiting to be let in")
        with write(shop.rig.engine) as connection:
            (device,) = people.asking_devices(connection, "main")
            assert people.decline_device(connection, "main", device.id)
        tablet.says("This device was not let in.")
    finally:
        shop.lead_is_there.set()


@pytest.mark.requirement("SR-18")
def test_a_copied_credential_opens_nothing(shop: Shop, new_tablet: NewTablet) -> None:
    """Everything a thief can take out of the browser: cookie and token, but not the key."""
    tablet = new_tablet("Robbed")
    cookie = next(one for one in tablet.context.cookies() if one["name"].endswith("fl_device"))
    for header in ({"Cookie": f"{cookie['name']}={cookie['value']}"},
                   {"Authorization": f"Bearer {tablet.kept('token')}"}):  # fmt: skip
        with pytest.raises(HTTPError) as refused:
            urlopen(Request(f"{shop.address}/api/v1/device", headers=header))
        assert (refused.value.code, json.load(refused.value)["code"]) == (401, "device.signature_missing")
