"""A shared tablet passes from hand to hand: of the last person nothing is left, and of wages and PINs there never was
anything. Looked for in the page, in its history, in the browser's memory, in all it stores, and in its files."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from server.auth.pins import hash_pin
from server.store import people
from server.store.database import write
from tests.e2e.conftest import RATE_PER_HOUR, NewTablet, Shop
from tests.e2e.tablet import Tablet, now

NUMBER, PIN = "730194", "918264"

# Everything a page can store, as text: databases, caches, the file system of the origin, both storages, notifications.
DUMP = """
  async () => {
    const text = (value) => JSON.stringify(value, (key, one) =>
      one instanceof ArrayBuffer ? btoa(String.fromCharCode(...new Uint8Array(one)))
      : one instanceof CryptoKey ? { extractable: one.extractable, usages: one.usages } : one);
    const found = { local: text({ ...localStorage }), session: text({ ...sessionStorage }), cookies: document.cookie };
    for (const { name } of await indexedDB.databases()) {
      const db = await new Promise((done) => {
        const opening = indexedDB.open(name);
        opening.onsuccess = () => done(opening.result);
      });
      for (const store of db.objectStoreNames) {
        found[`${name}/${store}`] = await new Promise((done) => {
          const rows = [];
          db.transaction(store).objectStore(store).openCursor().onsuccess = ({ target: { result } }) => {
            if (!result) return done(text(rows));
            rows.push([result.key, result.value]);
            result.continue();
          };
        });
      }
      db.close();
    }
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const asked of await cache.keys()) found[`cache ${asked.url}`] = await (await cache.match(asked)).text();
    }
    const walk = async (folder, path) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === "directory") await walk(handle, `${path}${name}/`);
        else found[`file ${path}${name}`] = await handle.getFile().then((file) => file.text(), (error) => error.name);
      }
    };
    await walk(await navigator.storage.getDirectory(), "");
    const worker = await navigator.serviceWorker.getRegistration();
    found.notifications = text((await worker.getNotifications()).map(({ title, body }) => [title, body]));
    return found;
  }
"""


def dump(tablet: Tablet) -> dict[str, str]:
    """What the tablet stores, by place."""
    found: dict[str, str] = tablet.page.evaluate(DUMP)
    assert {"floorledger/capture", "floorledger/meta"} <= found.keys()
    assert any(name.startswith("cache ") for name in found) and any(name.startswith("file ") for name in found)
    return found


def memory(tablet: Tablet) -> str:
    """All strings in the memory of the page after what can be collected was."""
    session: CDPSession = tablet.context.new_cdp_session(tablet.page)
    parts: list[str] = []
    session.on("HeapProfiler.addHeapSnapshotChunk", lambda chunk: parts.append(chunk["chunk"]))
    session.send("HeapProfiler.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
        tablet.page.wait_for_timeout(200)
    session.send("HeapProfiler.takeHeapSnapshot", {"reportProgress": False})
    session.detach()
    return "\n".join(json.loads("".join(parts))["strings"])


@contextmanager
def somebody_with_a_pin(shop: Shop) -> Iterator[tuple[str, str]]:
    """A person nobody else is: key, and family name, which no device knows."""
    key = shop.new_person()[0]
    shop._put("people", [{"key": key, "number": NUMBER, "name": "Gwendolin Quartermaine"}])
    with write(shop.rig.engine) as connection:
        people.put_pin(connection, "main", key, hash_pin(PIN, NUMBER, shop.rig.settings.pin_key()), now())
    try:
        yield key, "Quartermaine"
    finally:
        shop._put("people", [{"key": key, "number": None, "name": "Gone"}])


def sign_in_by_pin(tablet: Tablet) -> None:
    tablet.tap("Number and PIN")
    tablet.type_number(NUMBER)
    tablet.tap("Next: PIN")
    tablet.type_number(PIN)
    tablet.page.locator(".deck button").click()
    tablet.on("home")


@pytest.mark.requirement("SR-22")
def test_the_next_one_finds_nothing_of_the_last(shop: Shop, new_tablet: NewTablet) -> None:
    with somebody_with_a_pin(shop):
        job = shop.new_job()
        label = shop.label("operation", job.order, job.operation)
        tablet = new_tablet()
        sign_in_by_pin(tablet)
        tablet.scan(label)
        tablet.says(f"Started Run: {job.order}")
        tablet.page.locator(".card-running").click()
        tablet.tap("Defect")
        inputs = tablet.page.locator("input, textarea")
        for index in range(inputs.count()):
            if inputs.nth(index).get_attribute("type") not in ("file", "checkbox", "radio"):
                assert inputs.nth(index).get_attribute("autocomplete") == "off", "the browser offers it to the next one"
        tablet.go_home()
        tablet.page.locator(".bar-person").click()
        tablet.tap("Sign out")
        tablet.on("badge")
        tablet.until_sent()
        tablet.page.wait_for_timeout(1_000)

        shown = tablet.page.locator("#phone")
        expect(shown).not_to_contain_text("Gwendolin")
        expect(shown).not_to_contain_text(job.order)
        # The PIN was typed on the page's own pad, digit by digit, and is gone from the page's memory as well.
        strings = memory(tablet)
        assert job.order in strings, "this is a memory one can look into"
        assert PIN not in strings
        assert NUMBER not in strings
        for _ in range(4):  # the back button, as often as anybody presses it
            tablet.page.go_back()
            if not tablet.page.url.startswith(shop.address):  # out at the front; and in again
                tablet.page.go_forward()
                tablet.ready()
            tablet.on("badge")
            expect(shown).not_to_contain_text("Gwendolin")
        assert tablet.page.evaluate("document.querySelectorAll('input, textarea').values().map((one) => one.value)"
                                    ".toArray().join('')") == ""  # fmt: skip
        for kept in ("session", "draft"):
            assert "Gwendolin" not in json.dumps(tablet.kept(kept)), kept
        assert (tablet.kept("session") or {}).get("person") is None
        assert dump(tablet)["notifications"] == "[]"


@pytest.mark.requirement("SR-23")
@pytest.mark.requirement("SR-05")
def test_a_tablet_holds_no_wage_no_pin_and_no_more_of_people_than_it_needs(
    shop: Shop, new_tablet: NewTablet, tmp_path: Path
) -> None:
    with somebody_with_a_pin(shop) as (key, family):
        job = shop.new_job()
        label = shop.label("operation", job.order, job.operation)
        tablet = new_tablet("Stolen")
        sign_in_by_pin(tablet)
        tablet.scan(label)
        tablet.says(f"Started Run: {job.order}")
        tablet.until_sent()
        tablet.page.reload()
        tablet.ready()
        found = dump(tablet)
        forbidden: dict[str, str] = {
            "what an hour costs": RATE_PER_HOUR, "the same without cents": RATE_PER_HOUR.split(".")[0],
            "the PIN": PIN, "the number": NUMBER, "a hash": "argon2", "a family name": family, "a group": "rate_group",
            "a wage": "wage", "a salary": "salary",
        }  # fmt: skip
        for place, text in found.items():
            if not place.startswith("cache "):  # those are the program: see the last test
                assert not [what for what, secret in forbidden.items() if secret in text], place
        meta = dict(json.loads(found["floorledger/meta"]))
        assert key in json.dumps(meta["reference"]), "the dump holds what the tablet knows"
        assert meta["key"] == {"extractable": False, "usages": ["sign"]}
        tablet.context.close()
        # And in its files, as somebody finds them who takes the disk out: Chromium's databases are mostly plain.
        secrets = {name: secret for name, secret in forbidden.items() if name in ("the PIN", "a family name", "a hash")}
        spelled = {name: [secret.encode(), secret.encode("utf-16-le"), base64.b64encode(secret.encode())]
                   for name, secret in secrets.items()}  # fmt: skip
        hits, read = [], 0
        for file in (tmp_path / "Stolen").rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                read += len(content)
                hits += [(name, str(file)) for name, ways in spelled.items() if any(way in content for way in ways)]
        assert read > 100_000
        assert hits == []


@pytest.mark.requirement("SR-23")
def test_a_tablet_keeps_the_program_and_no_answer(shop: Shop, new_tablet: NewTablet) -> None:
    """Its caches hold files of the build and nothing anybody said."""
    badge = shop.label("person", shop.new_person()[0])
    tablet = new_tablet()
    tablet.scan(badge)
    tablet.on("home")
    kept: list[Any] = [name.removeprefix("cache ") for name in dump(tablet) if name.startswith("cache ")]
    assert kept
    program = re.compile(rf"{shop.address}(/|/static/.*|/manifest.*)$")
    assert [url for url in kept if "/api/" in url or not program.match(url)] == []
