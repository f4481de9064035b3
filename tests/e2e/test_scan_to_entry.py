"""From a label in front of a tablet to an entry in the books, with the network gone and the browser killed on the way.

A person badges, scans the operation, starts; the network goes; material, good pieces and a defect are captured and the
work is stopped; the browser is killed and started again without a network; the network comes back. What the books say
is then worked out again here, by hand, from the two instants the person saw and the prices of the plant.
"""

import os
import signal
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from sync.core.clock import parse_instant
from tests.e2e.clips import write_clip
from tests.e2e.conftest import OAK_PER_KG, RATE_PER_HOUR, Job, NewTablet, Shop
from tests.e2e.tablet import Moment, Tablet, now

Scan = Callable[[Tablet, str], Moment]


def by_camera(tablet: Tablet, label: str) -> Moment:
    """Open the camera, hold up somebody else's label, then ours."""
    assert tablet.eye
    write_clip(tablet.eye, ["HTTPS://SUPPLIER.EXAMPLE/LOT/4711", label])
    before = now()
    tablet.tap("Scan")
    tablet.says("is no code of this plant")
    expect(tablet.page.locator('#phone[data-screen="scan"]')).to_have_count(0)
    return Moment(before, now())


def by_typing(tablet: Tablet, label: str) -> Moment:
    """The nine letters printed beside the code, at the speed of a person."""
    if tablet.page.locator("#code").count() == 0:
        tablet.tap("Type a code")
    before = now()
    tablet.page.locator("#code").press_sequentially(label[-9:].lower(), delay=100)
    return Moment(before, now())


WAYS: dict[str, Scan] = {"camera": by_camera, "hand scanner": Tablet.scan, "typed code": by_typing}


@pytest.mark.requirement("PR-15")
@pytest.mark.parametrize("way", WAYS)
def test_a_shift_without_network_is_costed_once_to_the_cent(
    way: str, shop: Shop, new_tablet: NewTablet, tmp_path: Path
) -> None:
    scan, job, (person, name) = WAYS[way], shop.new_job(), shop.new_person()
    badge, operation, oak = (
        shop.label("person", person), shop.label("operation", job.order, job.operation), shop.label("item", "OAK"),
    )  # fmt: skip
    eye = write_clip(tmp_path / "eye.y4m", [badge]) if way == "camera" else None
    tablet = new_tablet("Bench tablet", eye=eye)
    taps: dict[str, Moment] = {}

    # With a network: badge, scan, start.
    scan(tablet, badge)
    tablet.on("home")
    tablet.says(f"Hello {name}")
    taps["labor.started"] = scan(tablet, operation)
    tablet.says(f"Started Run: {job.order}")
    tablet.chip("All sent")

    # Without: material, good pieces, a defect, the end.
    tablet.context.set_offline(True)
    if way == "hand scanner":
        stop_the_web_server(shop)
    scan(tablet, oak)
    tablet.on("consumption")
    tablet.tap("g")
    tablet.type_number("1250")
    taps["material.consumed"] = tablet.tap("Save")
    tablet.says("1,250 g of Oak taken")
    tablet.go_home()
    tablet.page.locator(".card-running").click()
    tablet.tap("Good quantity")
    tablet.type_number("7")
    taps["output.reported"] = tablet.tap("Save")
    tablet.says("7 pcs good")
    tablet.tap("Defect")
    tablet.tap("Burr")
    taps["defect.reported"] = tablet.tap("Save")
    tablet.says("Defect saved: 1 pcs, Burr")
    taps["labor.stopped"] = tablet.tap("Stop")
    tablet.says("Stopped: 10 Turn")
    assert [capture["state"] for capture in tablet.outbox()] == ["sent", *["waiting"] * 4]
    assert tablet.notes.confirmed == len(taps)

    # The battery falls out; the tablet starts again where there is still no network.
    tablet.kill()
    tablet.switch_on(offline=True)
    tablet.chip("4 waiting")
    tablet.page.locator(".chip").click()
    expect(tablet.page.locator(".row .stamp-waiting")).to_have_count(4)
    expect(tablet.page.locator(".row .stamp-good")).to_have_count(1)
    captured = tablet.outbox()
    assert [capture["fact"]["type"] for capture in captured] == list(taps)

    # The network comes back; nobody touches anything.
    if way == "hand scanner":
        shop.rig.start()
    tablet.context.set_offline(False)
    tablet.chip("All sent")
    shop.rig.wait_ready()
    shop.rig.wait_costed()

    # The log: each fact once, as captured, by the right person, at the right instant, under its own number.
    stored = shop.facts_of(job.order)
    assert [row["fact"] for row in stored] == [capture["fact"] for capture in captured]
    assert [row["device_seq"] for row in stored] == [1, 2, 3, 4, 5]
    for row in stored:
        fact, tap = row["fact"], taps[row["type"]]
        assert fact["declared_by"] == person
        assert fact.get("person") == (person if row["type"].startswith("labor.") else None)
        assert fact["provenance"] == "measured"
        assert tap.before - 1000 <= parse_instant(fact["occurred_at"]) <= tap.after + 1000
    states = {row["type"]: (row["state"], row["reason"]) for row in stored}
    assert states == {
        "labor.started": ("costed", ""), "labor.stopped": ("costed", ""), "material.consumed": ("costed", ""),
        "defect.reported": ("costed", ""), "output.reported": ("excluded", "quantity.counted"),
    }  # fmt: skip

    check_the_books(shop, job, {row["type"]: row["fact"] for row in stored})
    assert tablet.notes.refusals == []
    # A killed browser may have lost its last cookies; asked who it is, the tablet shows the credential it kept itself.
    assert [error for error in tablet.notes.errors if "status of 401" not in error] == []
    assert tablet.notes.strangers == set()


def check_the_books(shop: Shop, job: Job, facts: dict[str, dict[str, Any]]) -> None:
    """Three entries stand, to the cent what a calculator says; together they hold each costed fact once."""
    start, stop = (parse_instant(facts[name]["occurred_at"]) for name in ("labor.started", "labor.stopped"))
    labor = cents(Fraction(stop - start) * Fraction(RATE_PER_HOUR) / 3_600_000)
    material = cents(Fraction(1250, 1000) * Fraction(OAK_PER_KG))
    # Eight pieces went in, seven came out good: the eighth takes its share of what the operation cost.
    scrap = cents((labor + material) * Fraction(1, 8))

    entries = shop.entries_of(job.order)
    reversed_ids = {entry["reverses"] for entry in entries if "reverses" in entry}
    standing = [entry for entry in entries if entry["id"] not in reversed_ids and "reverses" not in entry]
    found = {(entry["element"], entry["operation"], entry["currency"]): Fraction(entry["amount"]) for entry in standing}
    assert found == {("labor", "10", "EUR"): labor, ("material", "10", "EUR"): material, ("scrap", "10", "EUR"): scrap}
    costed = [facts[name]["id"] for name in ("labor.started", "labor.stopped", "material.consumed", "defect.reported")]
    assert sorted(fact for entry in standing for fact in entry["events"]) == sorted(costed)
    for entry in standing:
        sides = {side: sum(Fraction(line["amount"]) for line in entry["postings"] if line["side"] == side)
                 for side in ("debit", "credit")}  # fmt: skip
        assert sides["debit"] == sides["credit"] == Fraction(entry["amount"])
    by_element = {entry["element"]: entry for entry in standing}
    assert parse_instant(by_element["labor"]["occurred_at"]) == start
    assert by_element["labor"]["quantity"] == str(stop - start)
    report = shop.verify()
    assert report.ok, report.faults


def cents(amount: Fraction) -> Fraction:
    """Half up, as on paper."""
    return Fraction(int(amount * 100 + Fraction(1, 2)), 100)


def stop_the_web_server(shop: Shop) -> None:
    """All its processes, at once."""
    for process in shop.rig.processes["web"]:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
