"""The survival matrix, F1 to F25: what is confirmed is never lost and never doubled, whatever happens to browser, page,
network, answer, storage, clock and server.

One sentence for all of these: each capture the person saw confirmed is on the server exactly once after the trouble
ends, with its author, its time and its number, and nothing was confirmed that is not. Each capture counts another
number of pieces, so that each can be told. F26 is tests/webapp/interleavings.test.js, records of older versions (F20)
and the file of a tablet that died (F24) are in test_phone.py, too, and what WebKit does is in test_webkit.py.
"""

import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Error, Page, expect

from server.auth import credentials
from server.store import people
from server.store.database import read, write
from server.store.sqlite import sqlite3
from server.store.tables import TABLES
from sync.core.clock import parse_instant
from tests.e2e.conftest import MIA, NOE, NewTablet, Shop
from tests.e2e.disks import PowerCutDisk, small_disk
from tests.e2e.hands import Hands, at_work
from tests.e2e.proxy import WAIT_S, Fault, Proxy
from tests.e2e.tablet import Tablet, now
from tests.environment import TOLD, LaunchChromium, RecordProperty

DAY_MS = 86_400_000
HOUR_MS, SIX_YEARS_MS = 3_600_000, 6 * 365 * DAY_MS
KILLS = int(os.environ.get("FLOORLEDGER_CHECKS_BROWSER_KILLS", "10"))
MANY_KILLS = 200


def assert_counted(hands: Hands, expected: list[int], numbers: list[int] | None = None) -> None:
    """The log holds each of these numbers once and no other, as the tablet does; no number of a fact is left out.

    `numbers`: the facts' numbers, where they are not 1, 2, 3 ...
    """
    shop, tablet = hands.shop, hands.tablet
    tablet.until_sent()
    stored = shop.facts_of(hands.job.order)
    counted = [int(row["fact"]["quantity"]) for row in stored if row["type"] == "output.reported"]
    assert sorted(counted) == sorted(expected)
    assert [row["device_seq"] for row in stored] == (numbers or list(range(1, len(stored) + 1)))
    captured = {capture["id"]: capture["fact"] for capture in tablet.outbox()}
    assert captured == {row["id"]: row["fact"] for row in stored}
    assert {capture["state"] for capture in tablet.outbox()} == {"sent"}
    assert {row["fact"]["declared_by"] for row in stored} == {hands.person}
    report = shop.verify()
    assert report.ok, report.faults
    assert tablet.notes.refusals == []
    assert tablet.notes.strangers == set()


def assert_none_lost(hands: Hands, confirmed: list[int]) -> None:
    """The log holds each of these numbers once, and none twice, whatever the tablet still knows of them."""
    hands.tablet.until_sent()
    stored = [row["fact"] for row in hands.shop.facts_of(hands.job.order) if row["type"] == "output.reported"]
    counted = [int(fact["quantity"]) for fact in stored]
    assert set(confirmed) <= set(counted)
    assert len(counted) == len(set(counted))
    report = hands.shop.verify()
    assert report.ok, report.faults


def assert_hits(proxy: Proxy, facts: int) -> None:
    """Each fact reached the server, and only once where the machine was quick enough for the tablet's patience."""
    assert len(set(proxy.reached)) == facts
    if proxy.slowest_s < 8:
        assert len(proxy.reached) == facts


def stop_web(shop: Shop) -> None:
    """All processes of the web server, at once; `shop.rig.start()` brings it back."""
    for process in shop.rig.processes["web"]:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        process.wait(10)


def reopen(tablet: Tablet) -> None:
    """The page anew, in the same browser."""
    tablet.page.reload()
    tablet.ready()


def alarm_is_raised(tablet: Tablet) -> None:
    expect(tablet.page.locator(".notice-stop, .notice-look, .notice").first).to_be_visible()


# ---- F1: without a network -----------------------------------------------------------------------------------------


def test_f01_seven_days_without_a_network(shop: Shop, new_tablet: NewTablet, proxy: Proxy) -> None:
    """Offline during the work, at a start, and a week later; n pending, then n rows by n hits."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    tablet = hands.tablet
    stop_web(shop)
    tablet.context.set_offline(True)
    hands.count(1)
    tablet.kill()
    tablet.switch_on(offline=True)
    hands.count(2)
    tablet.set_clocks(passed_ms=7 * DAY_MS)
    reopen(tablet)
    hands.sign_in()
    hands.count(3)
    assert [capture["state"] for capture in tablet.outbox()] == ["sent", "waiting", "waiting", "waiting"]
    shop.rig.start()
    shop.rig.wait_ready()
    tablet.context.set_offline(False)
    assert_counted(hands, [1, 2, 3])
    assert_hits(proxy, 4)


# ---- F2 to F6: answers ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "least_s"), [("broken", 1.0), ("bad gateway", 1.0), ("closed", WAIT_S), ("too many", WAIT_S)]
)
def test_f02_a_server_in_trouble_is_left_in_peace(
    fault: Fault, least_s: float, shop: Shop, new_tablet: NewTablet, proxy: Proxy
) -> None:
    """500, 502, and 503 and 429 that say how long to wait: kept, waited for, then sent once."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    proxy.fault = fault
    proxy.moments.clear()
    hands.count(1)
    hands.count(2)
    while len(proxy.moments) < 2:
        hands.tablet.page.wait_for_timeout(100)
    assert proxy.moments[1] - proxy.moments[0] >= least_s * 0.98
    assert [capture["state"] for capture in hands.tablet.outbox()] == ["sent", "waiting", "waiting"]
    proxy.fault = ""
    assert_counted(hands, [1, 2])
    assert_hits(proxy, 3)


@pytest.mark.parametrize("fault", ["portal", "login"])
def test_f03_a_captive_portal_is_told_and_takes_nothing(
    fault: Fault, shop: Shop, new_tablet: NewTablet, proxy: Proxy
) -> None:
    """A login page with status 200, and a redirection to one."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    proxy.fault = fault
    for pieces in (1, 2):  # capturing goes on
        hands.count(pieces)
        hands.tablet.chip("Network login")
    reopen(hands.tablet)
    assert [capture["state"] for capture in hands.tablet.outbox()] == ["sent", "waiting", "waiting"]
    proxy.fault = ""
    assert_counted(hands, [1, 2])


@pytest.mark.parametrize("fault", ["shut out", "forbidden"])
def test_f04_a_token_that_is_refused_keeps_everything(
    fault: Fault, shop: Shop, new_tablet: NewTablet, proxy: Proxy
) -> None:
    """401 and 403, then the same credential is good again."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    proxy.fault = fault
    for pieces in (1, 2):
        hands.count(pieces)
        hands.tablet.chip("Enrol again")
    proxy.fault = ""
    assert_counted(hands, [1, 2])


def test_f04_a_revoked_tablet_goes_on_capturing_and_is_enrolled_again(shop: Shop, new_tablet: NewTablet) -> None:
    hands = at_work(shop, new_tablet, "Lost tablet")
    tablet = hands.tablet
    device = device_named(shop, "Lost tablet")
    with write(shop.rig.engine) as connection:
        people.revoke_device(connection, "main", device.id, now())
    for pieces in (1, 2):
        hands.count(pieces)
        tablet.chip("Enrol again")
    assert not [row for row in shop.facts_of(hands.job.order) if row["type"] == "output.reported"]
    tablet.page.goto(shop.address + shop.enrolment())
    tablet.page.get_by_label("Name of this device").fill("Found tablet")
    tablet.tap("Enrol")
    assert_counted(hands, [1, 2])
    senders = [row["sender"] for row in shop.facts_of(hands.job.order)]
    assert senders[0] == device.id
    assert senders[1] == senders[2] != device.id


@pytest.mark.parametrize("fault", ["lost", "short"])
def test_f05_an_answer_lost_or_cut_after_the_commit(
    fault: Fault, shop: Shop, new_tablet: NewTablet, proxy: Proxy
) -> None:
    """The server has it and the tablet does not know: two hits, one row."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    proxy.committed.clear()
    proxy.fault = fault
    hands.count(1)
    assert proxy.committed.wait(20)
    proxy.fault = ""
    assert_counted(hands, [1])
    (fact,) = [row["id"] for row in shop.facts_of(hands.job.order) if row["type"] == "output.reported"]
    assert proxy.reached.count(fact) >= 2  # the browser itself tries a lost request once more


def test_f06_only_what_a_verdict_names_leaves(shop: Shop, new_tablet: NewTablet, proxy: Proxy) -> None:
    hands = at_work(shop, new_tablet, address=proxy.address)
    hands.tablet.context.set_offline(True)
    for pieces in (1, 2, 3, 4):
        hands.count(pieces)
    proxy.fault = "half"
    proxy.lots.clear()
    hands.tablet.context.set_offline(False)
    while len(proxy.lots) < 2:
        hands.tablet.page.wait_for_timeout(20)
    first, second = proxy.lots[:2]
    assert second == first[2:], "the two that were named do not go again, the others do"
    proxy.fault = ""
    assert_counted(hands, [1, 2, 3, 4])


def states_of(tablet: Tablet) -> list[str]:
    return [capture["state"] for capture in tablet.outbox()]


# ---- F7, F8: refusals ----------------------------------------------------------------------------------------------


def test_f07_a_rejected_capture_stops_nothing_behind_it(shop: Shop, new_tablet: NewTablet) -> None:
    """The one in the middle breaks a rule: it stays, operator and lead see it, the others are sent."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.context.set_offline(True)
    for pieces in (1, 2, 3):
        hands.count(pieces)
    bad = tablet.outbox()[2]
    reword(tablet, bad, quantity="-2")
    tablet.context.set_offline(False)
    tablet.until(["sent", "sent", "rejected", "sent"])
    tablet.chip("1 refused")
    stored = shop.facts_of(hands.job.order)
    assert [row["fact"].get("quantity") for row in stored] == [None, "1", "3"]
    with read(shop.rig.engine) as connection:
        kept = connection.execute(TABLES["rejection"].select()).mappings().all()
    assert bad["id"] in json.dumps([dict(row) for row in kept], default=str), "the lead can see what was refused"
    reopen(tablet)
    assert states_of(tablet)[2] == "rejected"


def test_f08_the_same_id_with_another_body_is_a_conflict(shop: Shop, new_tablet: NewTablet) -> None:
    """Nothing is overwritten: both are kept, and it is told."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    hands.count(1)
    tablet.until(["sent", "sent"])
    tablet.context.set_offline(True)
    reword(tablet, tablet.outbox()[1], quantity="99", state="waiting")
    tablet.context.set_offline(False)
    tablet.until(["sent", "conflict"])
    tablet.chip("1 refused")
    (row,) = [row for row in shop.facts_of(hands.job.order) if row["type"] == "output.reported"]
    assert row["fact"]["quantity"] == "1"
    with read(shop.rig.engine) as connection:
        others = [dict(other) for other in connection.execute(TABLES["event_conflict"].select()).mappings()]
    assert [other for other in others if '"99"' in str(other)], "the other body is kept"


def reword(tablet: Tablet, capture: dict[str, Any], state: str = "", **fields: Any) -> None:
    """Let a capture in the browser's database say something else than was captured; the page reads it anew."""
    changes: list[dict[str, Any]] = []
    for kept in tablet.outbox():
        body = json.dumps(kept["fact"] | fields, separators=(",", ":"), ensure_ascii=False)
        changes.append(({"body": body} | ({"state": state} if state else {})) if kept["id"] == capture["id"] else {})
    tablet.change_captures(changes)
    reopen(tablet)


# ---- F9 to F12: killed, closed, without power ----------------------------------------------------------------------


def kill_after_saved(shop: Shop, new_tablet: NewTablet, kills: int) -> str:
    """SIGKILL at the moment the green word shows; every third time a little after the scan, whatever shows then.

    What was not confirmed may have been saved all the same, or be there half typed, but never both.
    """
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    ok = shop.label("word", "ok")[-9:]
    confirmed, saved = list[int](), list[int]()
    forgotten = 0
    for pieces in range(1, kills + 1):
        blind = pieces % 3 == 0
        tablet.when_confirmed = (lambda: None) if blind else tablet.kill
        seen = tablet.notes.confirmed
        hands.enter(pieces)
        with suppress(Error), tablet.context.expect_event("close", timeout=10_000):
            if blind:
                tablet.scan_soon(ok)
                time.sleep(chance.uniform(0.05, 0.13))
                tablet.kill()
            else:
                tablet.scan(ok)
        is_confirmed = tablet.notes.confirmed > seen
        tablet.when_confirmed = lambda: None
        tablet.switch_on(offline=pieces % 2 == 1)
        if not hands.comes_back():
            forgotten += 1  # a half-typed number is gone with it; whether it was saved shows at the end
            if is_confirmed:
                confirmed.append(pieces)
            continue
        is_half_typed = tablet.page.locator('#phone[data-screen="quantity"]').count() == 1
        assert not (is_confirmed and is_half_typed), f"seed {seed}, kill {pieces}"
        if is_half_typed:
            hands.word("cancel")
        else:
            (confirmed if is_confirmed else saved).append(pieces)
        tablet.page.wait_for_timeout(50)
    tablet.context.set_offline(False)
    if forgotten:
        assert_none_lost(hands, [*confirmed, *saved])
    else:
        assert_counted(hands, [*confirmed, *saved])
    told = f"seed {seed}: {kills} kills of the browser, {len(confirmed)} captures confirmed before them, 0 lost"
    return f"{told}; {forgotten} times the browser threw its database away" if forgotten else told


def test_f09_a_browser_killed_right_after_saved_has_saved(
    shop: Shop, new_tablet: NewTablet, record_property: RecordProperty
) -> None:
    said = kill_after_saved(shop, new_tablet, KILLS)
    record_property(TOLD, f"F9: {said}")


def test_f09_a_browser_that_threw_its_database_away_goes_on(shop: Shop, new_tablet: NewTablet) -> None:
    """Found damaged after a kill, it begins empty: what waited is in the second copy, what runs the server tells."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.context.set_offline(True)
    hands.count(1)
    tablet.kill()
    (database,) = tablet.folder.rglob("*.indexeddb.leveldb")
    shutil.rmtree(database)
    tablet.switch_on(offline=True)
    assert "1" in [capture["fact"].get("quantity") for capture in tablet.outbox()]
    assert not hands.comes_back()
    hands.count(2)
    assert_none_lost(hands, [1, 2])


@pytest.mark.long
def test_f09_two_hundred_kills(shop: Shop, new_tablet: NewTablet, record_property: RecordProperty) -> None:
    said = kill_after_saved(shop, new_tablet, MANY_KILLS)
    record_property(TOLD, f"F9: {said}")


def test_f10_a_browser_killed_while_sending_sends_again(
    shop: Shop, new_tablet: NewTablet, proxy: Proxy, record_property: RecordProperty
) -> None:
    """At 20 moments: before the server hears of it, after its commit, after its answer."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    hands = at_work(shop, new_tablet, address=proxy.address)
    proxy.chance, proxy.fault = random.Random(seed + 1), "late"
    forgotten = 0
    for pieces in range(1, 21):
        hands.count(pieces)
        time.sleep(chance.uniform(0, 0.4))
        hands.tablet.kill()
        hands.tablet.switch_on()
        forgotten += not hands.comes_back()
    proxy.fault = ""
    if forgotten:
        assert_none_lost(hands, list(range(1, 21)))
    else:
        assert_counted(hands, list(range(1, 21)))
    again = sum(proxy.reached.count(fact) > 1 for fact in set(proxy.reached))
    told = f"F10: seed {seed}: 20 kills while sending, {again} facts reached the server more than once, 0 doubled"
    record_property(TOLD, f"{told}; {forgotten} times the browser threw its database away" if forgotten else told)


def test_f11_a_page_whose_process_is_killed_comes_back_with_everything(shop: Shop, new_tablet: NewTablet) -> None:
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.context.set_offline(True)
    hands.count(1)
    hands.enter(2)
    tablet.when_confirmed = tablet.kill_renderers
    with tablet.page.expect_event("crash"), suppress(Error):
        hands.word("ok")
    tablet.when_confirmed = lambda: None
    tablet.page.close()
    tablet.page = tablet.context.new_page()
    tablet.page.goto(tablet.address)
    tablet.ready()
    hands.count(3)
    assert states_of(tablet) == ["sent", "waiting", "waiting", "waiting"]
    tablet.context.set_offline(False)
    assert_counted(hands, [1, 2, 3])


@pytest.mark.parametrize("way", ["killed", "closed"])
def test_f11_a_half_typed_number_waits_for_its_author(way: str, shop: Shop, new_tablet: NewTablet) -> None:
    """What is typed and not confirmed is no fact, and is still there afterwards."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    hands.enter(37)
    expect(tablet.page.locator(".figure-number")).to_have_text("37")
    assert tablet.kept("draft")["form"]["typed"] == "37"
    if way == "killed":
        tablet.kill()
        tablet.switch_on()
    else:
        tablet.page.close()
        tablet.page = tablet.context.new_page()
        tablet.page.goto(tablet.address)
        tablet.ready()
    tablet.on("quantity")
    expect(tablet.page.locator(".figure-number")).to_have_text("37")
    assert_counted(hands, [])


@pytest.mark.long
def test_f12_power_cut_right_after_saved(
    shop: Shop, new_tablet: NewTablet, tmp_path: Path, record_property: RecordProperty
) -> None:
    """The profile lies on a disk that forgets what was not flushed; power goes at the green word, ten times."""
    disk = PowerCutDisk(tmp_path / "power", "400M")
    jobs = [shop.new_job() for _ in range(10)]
    labels = [shop.label("operation", job.order, job.operation) for job in jobs]
    try:
        hands = at_work(shop, new_tablet)
        tablet = hands.tablet
        tablet.kill()
        profile = disk.folder / "profile"
        shutil.copytree(tablet.folder, profile, ignore=shutil.ignore_patterns("Singleton*"))
        os.sync()
        tablet.folder = profile
        for number, (job, label) in enumerate(zip(jobs, labels, strict=True), 1):
            tablet.switch_on()
            tablet.page.wait_for_timeout(1500)  # what it knows of the plant was written without waiting for the disk
            hands.sign_in()
            tablet.context.set_offline(True)
            unsynced = disk.folder / f"unsynced-{number}"
            unsynced.write_text("not flushed")  # the control: this disk does forget
            seen = tablet.notes.confirmed
            tablet.when_confirmed = disk.cut
            with suppress(Error, AssertionError):
                tablet.scan(label)
                tablet.until_confirmed(seen + 1)
            tablet.when_confirmed = lambda: None
            assert tablet.notes.confirmed == seen + 1
            tablet.kill()
            disk.unplug()
            disk.plug_in()
            assert not unsynced.exists() or not unsynced.read_text(), "the disk kept what nobody flushed"
            tablet.switch_on(offline=True)
            tablet.page.wait_for_timeout(500)
            waiting = [capture["fact"] for capture in tablet.outbox() if capture["state"] == "waiting"]
            assert job.order in [fact.get("order") for fact in waiting], "lost"
            tablet.context.set_offline(False)
            tablet.until_sent()
            tablet.kill()
        for job in jobs:
            started = [row for row in shop.facts_of(job.order) if row["type"] == "labor.started"]
            assert len(started) == 1
    finally:
        disk.unplug()
    record_property(TOLD, "F12: 10 power cuts right after the green word, 10 captures there afterwards, 0 lost")


# ---- F13, F14: two windows -----------------------------------------------------------------------------------------


def test_f13_two_windows_of_one_tablet_capture_and_send_at_once(
    shop: Shop, new_tablet: NewTablet, proxy: Proxy
) -> None:
    """Rows as many as hits."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    tablet = hands.tablet
    windows: list[Page] = [tablet.page, tablet.context.new_page()]
    tablet.page = windows[1]
    tablet.page.goto(tablet.address)
    tablet.ready()  # a page that does not listen yet would show what is half typed in the first window, and count on
    tablet.context.set_offline(True)
    ok = shop.label("word", "ok")[-9:]
    for pieces in (1, 2, 3):
        for window, number in zip(windows, (pieces, 10 + pieces), strict=True):
            tablet.page = window
            window.bring_to_front()
            hands.enter(number)
        for window in windows:
            tablet.page = window
            tablet.scan_soon(ok)
        tablet.until_confirmed(1 + 2 * pieces)
    assert states_of(tablet) == ["sent", *["waiting"] * 6]
    tablet.context.set_offline(False)
    assert_counted(hands, [1, 2, 3, 11, 12, 13])
    assert_hits(proxy, 7)


def test_f14_a_frozen_window_loses_the_lock(shop: Shop, new_tablet: NewTablet, proxy: Proxy) -> None:
    """It froze while it was sending; the other one sends within 45 seconds."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    tablet = hands.tablet
    frozen, other = tablet.page, tablet.context.new_page()
    proxy.committed.clear()
    proxy.fault = "slow"
    hands.count(1)
    assert proxy.committed.wait(20)
    proxy.fault = ""  # this one answer is held back; others come
    tablet.context.new_cdp_session(frozen).send("Page.setWebLifecycleState", {"state": "frozen"})
    other.goto(tablet.address)
    tablet.page = other
    tablet.ready()
    began = time.monotonic()
    hands.count(2)
    tablet.until_sent()
    assert time.monotonic() - began <= 45
    proxy.release.set()
    assert_counted(hands, [1, 2])


# ---- F15 to F18: storage -------------------------------------------------------------------------------------------


def test_f15_a_database_closed_under_the_page(shop: Shop, new_tablet: NewTablet) -> None:
    """The site's database is cleared while the page is open: what waited comes back, it is told, work goes on."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.context.set_offline(True)
    hands.count(1)
    session = tablet.context.new_cdp_session(tablet.page)
    session.send("Storage.clearDataForOrigin", {"origin": tablet.address, "storageTypes": "indexeddb"})
    tablet.page.wait_for_timeout(500)
    seen = tablet.notes.confirmed
    hands.word("break")
    tablet.until_confirmed(seen + 1)
    tablet.says("brought back")
    kept = [(capture["seq"], capture["fact"]["type"]) for capture in tablet.outbox()]
    assert kept == [(2, "output.reported"), (3, "break.started")], "what waited; the server has the rest"
    tablet.context.set_offline(False)
    tablet.until_sent()
    stored = shop.facts_of(hands.job.order)
    assert [(row["device_seq"], row["fact"].get("quantity")) for row in stored] == [(1, None), (2, "1")]


def cut_logs(database: Path) -> None:
    for log in database.glob("*.log"):
        log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])


def scramble(database: Path) -> None:
    chance = random.Random(7)
    for file in [*database.glob("*.log"), *database.glob("*.ldb")]:
        content = bytearray(file.read_bytes())
        for at in range(0, len(content), 31):
            content[at] = chance.randrange(256)
        file.write_bytes(bytes(content))


def zero_manifest(database: Path) -> None:
    for manifest in database.glob("MANIFEST-*"):
        manifest.write_bytes(bytes(manifest.stat().st_size))


DAMAGE: dict[str, Callable[[Path], None]] = {
    "log cut": cut_logs, "random bytes": scramble, "manifest zeroed": zero_manifest, "folder gone": shutil.rmtree,
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_f16_damaged_database_files(damage: str, shop: Shop, new_tablet: NewTablet) -> None:
    """The browser opens an empty or shortened database without any error: the second copy has everything."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.context.set_offline(True)
    for pieces in (1, 2, 3, 4, 5):
        hands.count(pieces)
    tablet.context.close()
    (database,) = tablet.folder.rglob("*.indexeddb.leveldb")
    DAMAGE[damage](database)
    tablet.switch_on(offline=True)
    tablet.page.wait_for_timeout(300)
    tablet.scan(hands.badge)
    alarm_is_raised(tablet)
    waiting = [capture["fact"].get("quantity") for capture in tablet.outbox() if capture["state"] == "waiting"]
    assert [quantity for quantity in waiting if quantity] == ["1", "2", "3", "4", "5"]
    tablet.context.set_offline(False)
    tablet.until_sent()
    stored = shop.facts_of(hands.job.order)
    assert [(row["device_seq"], row["fact"].get("quantity")) for row in stored] == [
        (1, None), (2, "1"), (3, "2"), (4, "3"), (5, "4"), (6, "5"),
    ]  # fmt: skip


def test_f17_a_cleared_origin_is_noticed_on_both_sides(shop: Shop, new_tablet: NewTablet) -> None:
    """Everything the site kept is gone: the tablet knows that it is nobody, the server knows how far it had come."""
    hands = at_work(shop, new_tablet, "Cleared tablet")
    tablet = hands.tablet
    hands.count(1)
    tablet.until_sent()
    session = tablet.context.new_cdp_session(tablet.page)
    session.send("Storage.clearDataForOrigin", {"origin": tablet.address, "storageTypes": "all"})
    tablet.context.clear_cookies()
    tablet.page.goto(tablet.address)
    tablet.ready()
    tablet.on("enrol")
    device = device_named(shop, "Cleared tablet")
    with read(shop.rig.engine) as connection:
        numbers = [
            row["device_seq"] for row in connection.execute(TABLES["event"].select()).mappings()
            if row["sender"] == device.id
        ]  # fmt: skip
    assert max(numbers) == 2
    job = shop.new_job()
    shop.label("operation", job.order, job.operation)
    tablet.page.goto(shop.address + shop.enrolment())
    tablet.enrol("Cleared tablet, again")
    hands.sign_in()
    hands.start(job)
    tablet.until_sent()
    (again,) = shop.facts_of(job.order)
    assert again["sender"] != device.id


def test_f18_a_full_disk_refuses_aloud_and_recovers(shop: Shop, new_tablet: NewTablet, tmp_path: Path) -> None:
    """A disk of 120 MB that is filled: not saved is red; what was saved is there; with room again it goes on."""
    with small_disk(tmp_path / "small", "120m") as disk:
        hands = at_work(shop, new_tablet)
        tablet = hands.tablet
        tablet.context.close()
        shutil.copytree(tablet.folder, disk / "profile", ignore=shutil.ignore_patterns("Singleton*", "*Cache*"))
        tablet.folder = disk / "profile"
        tablet.switch_on(args=["--disk-cache-size=1000000"])
        hands.count(1)
        ballast = disk / "ballast"
        saved, refused = [1], 0
        for pieces in range(2, 22):  # the last page of a file may have room for a capture or two
            fill(ballast)
            confirmed, lost = tablet.notes.confirmed, tablet.notes.not_saved
            hands.enter(pieces)
            hands.word("ok")
            tablet.until_answered(confirmed + lost + 1)
            assert (tablet.notes.confirmed - confirmed) + (tablet.notes.not_saved - lost) == 1, "one word, not two"
            if tablet.notes.confirmed > confirmed:
                saved.append(pieces)
                continue
            hands.word("cancel")
            refused += 1
            if refused == 2:
                break
        assert refused == 2
        ballast.unlink()
        reopen(tablet)
        hands.count(99)
        assert_counted(hands, [*saved, 99])
        tablet.context.close()


def fill(ballast: Path) -> None:
    """Write until the disk is full."""
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(b"x" * 65_536) == 65_536:
            pass
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(b"x"):
            pass


# ---- F19, F20: versions --------------------------------------------------------------------------------------------

UPDATE = """
  (async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update().catch(() => {});
    const { installing } = registration;
    if (installing) await new Promise((done) => installing.addEventListener("statechange", done));
    return registration.waiting ? "waits" : "refused";
  })()
"""


# As the page does when nobody has been here for a minute, or when somebody asks.
ACTIVATE = """
  (async () => {
    const registration = await navigator.serviceWorker.ready;
    registration.waiting?.postMessage("activate");
    while (registration.waiting) await new Promise((done) => setTimeout(done, 50));
  })()
"""


@pytest.mark.parametrize("failure", [500, 404, "cut"])
def test_f19_a_new_version_takes_over_without_touching_the_outbox(
    failure: int | str, shop: Shop, new_tablet: NewTablet, proxy: Proxy
) -> None:
    """Half of one is refused as a whole, whatever the missing half's answer is; a whole one waits until asked for."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    tablet = hands.tablet
    version = tablet.page.locator("html").get_attribute("data-version")
    script = tablet.page.locator("script[type=module]").first.get_attribute("src")
    assert version
    assert script
    proxy.fault = "broken"
    hands.count(1)
    hands.count(2)
    newer = "0" * len(version)

    def all_of_it(path: str, body: bytes) -> bytes:
        return body.replace(version.encode(), newer.encode()) if path in ("/", "/service-worker.js") else body

    def half_of_it(path: str, body: bytes) -> bytes | None:
        if not path.startswith(script):
            return all_of_it(path, body)
        return body[: len(body) // 2] if failure == "cut" else None

    proxy.failure = failure if isinstance(failure, int) else 500
    proxy.rewrite = half_of_it
    assert tablet.page.evaluate(UPDATE) == "refused"
    reopen(tablet)
    assert tablet.page.locator("html").get_attribute("data-version") == version

    proxy.rewrite = all_of_it
    assert tablet.page.evaluate(UPDATE) == "waits"
    assert tablet.page.locator("html").get_attribute("data-version") == version
    hands.word("sign_out")
    with suppress(Error):  # the page follows by itself, since nobody is here
        tablet.page.evaluate(ACTIVATE)
    tablet.until_version(newer)
    assert states_of(tablet) == ["sent", "waiting", "waiting"]
    hands.sign_in()
    hands.count(3)
    proxy.fault = ""
    assert_counted(hands, [1, 2, 3])
    assert tablet.page.evaluate("caches.keys()") == [f"floorledger-shell-{newer}"]


def test_f20_an_old_page_beside_a_newer_schema_is_told_to_reload(shop: Shop, new_tablet: NewTablet) -> None:
    """Another window raised the database's version: this one says so and confirms nothing it cannot save."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.context.set_offline(True)
    hands.count(1)
    other = tablet.context.new_page()
    other.route("**/*", lambda route: route.fulfill(body="<title>newer</title>", content_type="text/html"))
    tablet.context.set_offline(False)
    shop.rig.start()
    other.goto(f"{tablet.address}/newer")
    assert other.evaluate(NEWER_SCHEMA) is True
    tablet.until_told("newer version")
    seen = tablet.notes.confirmed
    hands.enter(2)
    hands.word("ok")
    tablet.page.wait_for_timeout(1000)
    assert (tablet.notes.confirmed, tablet.notes.not_saved) == (seen, 1)
    kept = other.evaluate(COUNT_CAPTURES)
    assert kept == 2, "what was saved before is where the newer page finds it"


NEWER_SCHEMA = """
  () => new Promise(async (resolve, reject) => {
    const [{ version }] = (await indexedDB.databases()).filter(({ name }) => name === "floorledger");
    const opening = indexedDB.open("floorledger", version + 1);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => { window.db = opening.result; resolve(true); };
  })
"""
COUNT_CAPTURES = """
  () => new Promise((resolve) => {
    const asking = window.db.transaction("capture").objectStore("capture").count();
    asking.onsuccess = () => resolve(asking.result);
  })
"""


# ---- F21: clocks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error_ms", [SIX_YEARS_MS, -SIX_YEARS_MS, HOUR_MS, -HOUR_MS])
def test_f21_a_wrong_clock_is_known_and_changes_no_order(error_ms: int, shop: Shop, new_tablet: NewTablet) -> None:
    """A clock that is years off, and one that jumps by an hour: what is captured bears the right time and says how far
    off the clock was, the numbers keep the order, and two facts are as far apart as it really took, by either clock."""
    job = shop.new_job()
    shop.label("operation", job.order, job.operation)
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.set_clocks()
    reopen(tablet)
    tablet.set_clocks(error_ms)
    hands.sign_in()  # a clock that jumps ahead looks like somebody who left
    hands.start(job)  # and work of six years ago like work that is over
    hands.job = job
    hands.count(1)
    tablet.until_sent()
    began = time.monotonic()
    hands.count(2)
    tablet.page.wait_for_timeout(1200)
    hands.count(3)
    took_ms = (time.monotonic() - began) * 1000
    tablet.until_sent()
    facts = [row["fact"] for row in shop.facts_of(job.order)]
    assert [fact.get("quantity") for fact in facts] == [None, "1", "2", "3"], "the order of the numbers"
    numbers = [capture["fact"]["device_seq"] for capture in tablet.outbox()]
    assert numbers == list(range(1, len(numbers) + 1))
    first, second = facts[2:]
    for fact in (first, second):
        assert abs(parse_instant(fact["occurred_at"]) - now()) < 20_000
        assert abs(fact["clock_offset_ms"] + error_ms) < 2_000
    assert first["boot_id"] == second["boot_id"]
    assert 1200 <= second["monotonic_ms"] - first["monotonic_ms"] <= took_ms + 1000
    assert 1200 <= parse_instant(second["occurred_at"]) - parse_instant(first["occurred_at"]) <= took_ms + 1000


@pytest.mark.parametrize("when", ["at work", "page closed"])
@pytest.mark.parametrize("jump_ms", [SIX_YEARS_MS, HOUR_MS, 0, -HOUR_MS, -SIX_YEARS_MS])
def test_f21_a_clock_set_while_a_job_runs_without_a_network(
    jump_ms: int, when: str, shop: Shop, new_tablet: NewTablet
) -> None:
    """Start, offline, the clock is set, stop, online: the job took as long as it took, within a second. Where nobody on
    the tablet can know it (an hour forward could be sleep; a closed page has no other clock) the lead is told of the
    stop, and by how much it is off; once the tablet was asked again, times are right."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.until_sent()
    tablet.context.set_offline(True)
    if when == "page closed":
        tablet.page.goto("about:blank")
        tablet.page.wait_for_timeout(2500)
    tablet.set_clocks(jump_ms)
    if when == "page closed":
        tablet.page.goto(tablet.address)
        tablet.ready()
    hands.sign_in()  # a clock that jumps ahead looks like somebody who left
    tablet.page.wait_for_timeout(1200)
    before = now()
    say(hands, "stop")
    after = now()
    tablet.context.set_offline(False)
    tablet.until_sent()
    say(hands, "break")
    tablet.until_sent()
    (stopped,) = [row["fact"] for row in shop.facts_of(hands.job.order) if row["type"] == "labor.stopped"]
    with read(shop.rig.engine) as connection:
        finding = TABLES["finding"]
        found = connection.execute(finding.select().where(finding.c.code == "device.clock_set")).mappings().all()
    doubts = {str(row["event_id"]): int(json.loads(row["params"])["seconds"]) * 1000 for row in found}
    ids = {capture["id"] for capture in tablet.outbox()}
    is_knowable = jump_ms == 0 or (when == "at work" and jump_ms != HOUR_MS)
    assert (doubts.keys() & ids) == (set() if is_knowable else {stopped["id"]})
    right = parse_instant(stopped["occurred_at"]) + doubts.get(stopped["id"], 0)
    assert before - 1000 <= right <= after + 1000
    pause = tablet.outbox()[-1]["fact"]
    assert abs(parse_instant(pause["occurred_at"]) - now()) < 20_000, "asked again, the tablet knows"
    assert abs(pause["clock_offset_ms"] + jump_ms) < 1_000


def say(hands: Hands, word: str) -> None:
    """A quick code that makes a fact; returns when it is confirmed."""
    seen = hands.tablet.notes.confirmed
    hands.word(word)
    hands.tablet.until_confirmed(seen + 1)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_f21_another_zone_is_the_same_instant(zone: str, shop: Shop, new_tablet: NewTablet) -> None:
    hands = at_work(shop, new_tablet)
    hands.tablet.kill()
    hands.tablet.switch_on(timezone_id=zone)
    before = now()
    hands.count(1)
    assert_counted(hands, [1])
    (fact,) = [row["fact"] for row in shop.facts_of(hands.job.order) if row["type"] == "output.reported"]
    assert before - 1000 <= parse_instant(fact["occurred_at"]) <= now() + 1000
    assert fact["occurred_at"][-6:] in {"America/New_York": ("-05:00", "-04:00"), "Asia/Kolkata": ("+05:30",)}[zone]


# ---- F22: yesterday's server ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("noticed", ["told", "asked", "gap"])
def test_f22_a_server_restored_from_a_backup_gets_again_what_it_forgot(
    noticed: str, chromium_path: Path, launch_chromium: LaunchChromium, tmp_path: Path
) -> None:
    """`told`: whoever restored it said so (another lineage). Else its last number tells, to a tablet that `asked`
    before it sent, as it does at each start and every few minutes; to one that captured first, the `gap` it left."""
    second = Shop(tmp_path / "second")

    def new_tablet(name: str, address: str) -> Tablet:
        tablet = Tablet(launch_chromium, tmp_path / name, second.address)
        tablet.switch_on(second.enrolment())
        tablet.enrol(name)
        return tablet

    try:
        second.rig.start()
        second.rig.wait_ready()
        hands = at_work(second, new_tablet)
        hands.count(1)
        hands.tablet.until_sent()
        second.rig.stop()
        file = next(second.rig.settings.data_dir.glob("*.sqlite"))
        backup = tmp_path / "backup.sqlite"
        with closing(sqlite3.connect(file)) as whole:  # with what its journal holds since the last checkpoint
            whole.execute("VACUUM INTO ?", [str(backup)])
        second.rig.start()
        second.rig.wait_ready()
        hands.count(2)
        hands.count(3)
        hands.tablet.until_sent()
        second.rig.stop()
        for left in file.parent.glob(f"{file.name}*"):
            left.unlink()
        shutil.copy(backup, file)
        if noticed == "told":
            with write(second.rig.engine) as connection:
                connection.execute(TABLES["site"].update().values(lineage=str(uuid4())))
        second.rig.start()
        second.rig.wait_ready()
        assert len(second.facts_of(hands.job.order)) == 2
        if noticed == "asked":
            reopen(hands.tablet)
            hands.tablet.page.wait_for_timeout(1000)
        hands.count(4)
        deadline = time.monotonic() + 45
        while len(second.facts_of(hands.job.order)) < 5:
            assert time.monotonic() < deadline, "the server does not get again what it forgot"
            hands.tablet.page.wait_for_timeout(200)
        assert_counted(hands, [1, 2, 3, 4])
        hands.tablet.context.close()
    finally:
        second.rig.stop()


# ---- F23: the second copy's file -----------------------------------------------------------------------------------


def test_f23_refused_files_fall_back_and_refuse_no_capture(shop: Shop, new_tablet: NewTablet, tmp_path: Path) -> None:
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.kill()
    refusing = tmp_path / "refusing.js"
    refusing.write_text("globalThis.Worker = class { constructor() { throw new Error('refused'); } };")
    tablet.switch_on(script=refusing, offline=True)
    hands.count(1)
    hands.count(2)
    assert "floorledger.journal" in tablet.page.evaluate("Object.keys(localStorage)")
    journal = tablet.page.evaluate("localStorage.getItem('floorledger.journal')")
    assert len([line for line in journal.splitlines() if '"body"' in line]) >= 2
    tablet.context.close()
    (database,) = tablet.folder.rglob("*.indexeddb.leveldb")
    shutil.rmtree(database)
    tablet.switch_on()  # files are allowed again: what the other copy holds is taken over
    tablet.until_sent()
    stored = [row["fact"].get("quantity") for row in shop.facts_of(hands.job.order)]
    assert stored == [None, "1", "2"]


def test_f23_a_file_held_by_another_window_is_no_obstacle(shop: Shop, new_tablet: NewTablet) -> None:
    """Each window has a file of its own; what the one that is gone left is taken over."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    first, second = tablet.page, tablet.context.new_page()
    second.goto(tablet.address)
    tablet.context.set_offline(True)
    hands.count(1)
    tablet.page = second
    tablet.ready()
    second.bring_to_front()
    hands.count(2)
    first.close()
    hands.count(3)
    assert states_of(tablet) == ["sent", "waiting", "waiting", "waiting"]
    tablet.context.close()
    (database,) = tablet.folder.rglob("*.indexeddb.leveldb")
    shutil.rmtree(database)
    tablet.switch_on()
    tablet.until_sent()
    stored = [row["fact"].get("quantity") for row in shop.facts_of(hands.job.order)]
    assert stored == [None, "1", "2", "3"]


# ---- F24: a tablet that dies -----------------------------------------------------------------------------------------


def test_f24_what_a_dead_tablet_held_is_brought_by_another_and_once(shop: Shop, new_tablet: NewTablet) -> None:
    """Brought twice, and then the first one comes back and sends it as well. The file and its screen: test_phone.py."""
    hands = at_work(shop, new_tablet, "Dying tablet")
    tablet = hands.tablet
    tablet.context.set_offline(True)
    for pieces in (1, 2):
        hands.count(pieces)
    kept = [capture["fact"] for capture in tablet.outbox() if capture["state"] == "waiting"]
    device = device_named(shop, "Dying tablet")
    with write(shop.rig.engine) as connection:  # one without a key, so that what it brings need not be signed here
        secret = credentials.make_secret(credentials.DEVICE_PREFIX)
        people.create_device(connection, "main", "Other tablet", credentials.digest(secret), now())

    def bring() -> list[str]:
        batch = {"protocol": 1, "batch_id": str(uuid4()), "lineage": None, "events": kept, "relayed_from": device.id}
        headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        link = http.client.HTTPConnection("127.0.0.1", shop.rig.port, timeout=10)
        link.request("POST", "/api/v1/events", json.dumps(batch), headers)
        return [one["verdict"] for one in json.loads(link.getresponse().read())["verdicts"]]

    assert bring() == ["created", "created"]
    assert bring() == ["exists", "exists"]
    assert {row["sender"] for row in shop.facts_of(hands.job.order)} == {device.id}
    tablet.context.set_offline(False)
    assert_counted(hands, [1, 2])


# ---- F25: people come and go ---------------------------------------------------------------------------------------


def test_f25_pending_captures_keep_their_author(shop: Shop, new_tablet: NewTablet) -> None:
    """Signed out, another person at the tablet, a badge that is replaced: what waits goes out as it was signed."""
    shop.label("person", NOE)
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.context.set_offline(True)
    hands.count(1)
    hands.word("sign_out")
    tablet.on("badge")
    other = Hands(shop, tablet, shop.new_job(), NOE)
    tablet.scan(other.badge)
    tablet.on("home")
    seen = tablet.notes.confirmed
    hands.word("break")
    tablet.until_confirmed(seen + 1)
    hands.word("sign_out")
    with write(shop.rig.engine) as connection:  # Mia's badge was lost: another one from now on
        connection.execute(TABLES["label_code"].delete().where(TABLES["label_code"].c.ref == MIA))
    shop.label("person", MIA)
    tablet.context.set_offline(False)
    tablet.until_sent()
    stored = shop.facts_of(hands.job.order)
    assert [(row["fact"].get("quantity"), row["fact"]["declared_by"]) for row in stored] == [(None, MIA), ("1", MIA)]
    facts = [capture["fact"] for capture in tablet.outbox()]
    assert [(fact["type"], fact["declared_by"]) for fact in facts] == [
        ("labor.started", MIA), ("output.reported", MIA), ("break.started", NOE),
    ]  # fmt: skip


def device_named(shop: Shop, name: str) -> people.Device:
    with read(shop.rig.engine) as connection:
        (device,) = [device for device in people.list_devices(connection, "main") if device.name == name]
    return device


# ---- F26: any order of all this ------------------------------------------------------------------------------------


@pytest.mark.long
def test_f26_a_hundred_thousand_random_shifts(record_property: RecordProperty) -> None:
    """tests/webapp/interleavings.test.js, which `make test` runs a thousand times."""
    node = Path(sys.executable).parent / "node"
    run = subprocess.run(
        [node, "--test", "tests/webapp/interleavings.test.js"], capture_output=True, text=True, check=False,
        env=os.environ | {"FLOORLEDGER_CHECKS_SHIFTS": "100000"}, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-4000:]
    record_property(TOLD, f"F26: {next(line for line in run.stdout.splitlines() if 'captures confirmed' in line)}")
