"""Time, from the tablet to the books: a shift by scans alone, and a person's own mistakes mended on the tablet."""

import re
from fractions import Fraction
from typing import Any

import pytest
from playwright.sync_api import expect

from sync.core.clock import parse_instant
from tests.e2e.conftest import RATE_PER_HOUR, NewTablet, Shop
from tests.e2e.tablet import Tablet


def word(shop: Shop, tablet: Tablet, said: str) -> None:
    """A quick code of the desk sheet."""
    tablet.scan(shop.label("word", said))


def labels(shop: Shop, *words: str) -> None:
    """Made before the tablet fetches what it knows."""
    for said in words:
        shop.label("word", said)


def labor(shop: Shop, order: str) -> Fraction:
    """What labor on an order costs now, reversals counted."""
    return sum(
        (Fraction(entry["amount"]) * (-1 if "reverses" in entry else 1)
         for entry in shop.entries_of(order) if entry["element"] in ("labor", "setup", "rework")),
        Fraction(0),
    )  # fmt: skip


def at(facts: list[dict[str, Any]], kind: str, number: int = 0) -> int:
    """The instant of the n-th fact of a type."""
    return parse_instant([fact for fact in facts if fact["type"] == kind][number]["occurred_at"])


def test_a_shift_without_a_touch_is_costed_to_the_cent(shop: Shop, new_tablet: NewTablet) -> None:
    """Two people on one tablet work, switch, take a break and go home by scans alone; each instant is paid once."""
    first, second = shop.new_job(), shop.new_job()
    (mia, _), (noe, mate) = shop.new_person(), shop.new_person()
    labels(shop, "setup", "run", "break", "pause", "resume", "2", "ok", "undo", "done")
    labels(shop, "start_shift", "end_shift", "crew", "sign_out")
    badges = {person: shop.label("person", person) for person in (mia, noe)}
    operations = [shop.label("operation", job.order, job.operation) for job in (first, second)]
    tablet = new_tablet("Desk")
    touched: list[str] = []
    tablet.context.expose_binding("touched", lambda _, what: touched.append(what))
    tablet.page.evaluate("addEventListener('pointerdown', ({ target }) => window.touched(target.className), true)")

    tablet.scan(badges[mia])
    tablet.on("home")
    word(shop, tablet, "crew")
    tablet.on("crew")
    tablet.scan(badges[noe])
    tablet.says(f"{mate} works with you now")
    word(shop, tablet, "ok")
    tablet.on("home")
    word(shop, tablet, "start_shift")
    tablet.says("Shift began, 2 people")
    word(shop, tablet, "setup")
    tablet.scan(operations[0])
    tablet.says(f"Started Setup: {first.order}")
    word(shop, tablet, "run")
    tablet.says("Now Run")
    tablet.scan(operations[0])
    tablet.on("quantity")
    word(shop, tablet, "2")
    expect(tablet.page.locator(".figure-number")).to_have_text("2")
    word(shop, tablet, "ok")
    tablet.says("2 pcs good")
    tablet.scan(operations[1])
    tablet.says(f"Stopped {first.order}")
    word(shop, tablet, "break")
    expect(tablet.page.locator(".plate-break")).to_be_visible()
    word(shop, tablet, "break")
    expect(tablet.page.locator(".plate-break")).to_have_count(0)
    word(shop, tablet, "pause")
    expect(tablet.page.locator(".card-paused")).to_have_count(1)
    word(shop, tablet, "resume")
    expect(tablet.page.locator(".card-running")).to_have_count(1)
    word(shop, tablet, "done")
    tablet.on("result")
    word(shop, tablet, "end_shift")
    tablet.on("farewell")
    word(shop, tablet, "sign_out")
    tablet.on("badge")
    tablet.chip("All sent")
    assert touched == []

    captured = [capture["fact"] for capture in tablet.outbox()]
    assert {fact["declared_by"] for fact in captured} == {mia}
    shop.rig.wait_costed()
    stored = [row for job in (first, second) for row in shop.facts_of(job.order)]
    assert {row["state"] for row in stored} <= {"costed", "excluded"}, [(row["type"], row["reason"]) for row in stored]
    for person in (mia, noe):
        shift = [fact["type"] for fact in captured if fact.get("person") == person]
        assert (shift[0], shift[-1]) == ("shift.started", "shift.ended")
    # On the first order from its start to the switch, twice; on the second less the break and the pause.
    hers = [fact for fact in captured if fact.get("person") == mia]
    on_first = at(hers, "labor.stopped", 1) - at(hers, "labor.started", 0)
    away = at(hers, "break.stopped") - at(hers, "break.started")
    paused = at(hers, "labor.started", 3) - at(hers, "labor.stopped", 2)
    on_second = at(hers, "labor.stopped", 3) - at(hers, "labor.started", 2) - away - paused
    for job, worked in ((first, on_first), (second, on_second)):
        cost = Fraction(2 * worked) * Fraction(RATE_PER_HOUR) / 3_600_000
        assert abs(labor(shop, job.order) - cost) <= Fraction(4, 100), "a cent for each entry at most"
    assert shop.verify().ok


@pytest.mark.requirement("PR-11", "PR-12")
def test_own_mistakes_are_mended_on_the_tablet_and_stay_visible(shop: Shop, new_tablet: NewTablet) -> None:
    """A wrong order and a wrong number, corrected with a reason: the books follow, nothing is held."""
    wrong, right = shop.new_job(), shop.new_job()
    mia, _ = shop.new_person()
    labels(shop, "undo")
    badge = shop.label("person", mia)
    operations = [shop.label("operation", job.order, job.operation) for job in (wrong, right)]
    tablet = new_tablet("Mending")
    page = tablet.page
    tablet.scan(badge)
    tablet.on("home")
    tablet.scan(operations[0])
    tablet.says(f"Started Run: {wrong.order}")
    tablet.scan(operations[0])
    tablet.on("quantity")
    tablet.type_number("7")
    tablet.tap("Save and stop")
    tablet.on("result")
    tablet.tap("Go on")
    tablet.on("home")

    # The order: it was the other one. The stop goes along.
    page.locator(".bar-person").click()
    page.locator(".row-time").filter(has_text="Started: Run").click()
    tablet.tap("Correct it")
    tablet.tap("Order or operation")
    tablet.scan(operations[1])
    tablet.tap("Go on")
    tablet.tap("Mistake")
    tablet.on("fact")
    tablet.says("Corrected")
    page.locator(".bar-key").click()
    tablet.on("me")

    # The pieces: four, and there as well.
    for what in ("Quantity", "Order or operation"):
        page.locator(".row-time").filter(has=page.locator(":scope:not(:has(.row-gone))")).filter(
            has_text="Good:"
        ).click()
        tablet.tap("Correct it")
        tablet.tap(what)
        if what == "Quantity":
            tablet.type_number("4")
        else:
            tablet.scan(operations[1])
        tablet.tap("Go on")
        tablet.tap("Mistake")
        tablet.on("fact")
        page.locator(".bar-key").click()
        tablet.on("me")
    expect(page.locator(".row-gone")).to_have_count(4)
    tablet.chip("All sent")
    shop.rig.wait_costed()

    assert labor(shop, wrong.order) == 0
    facts = [row["fact"] for row in shop.facts_of(right.order)]
    worked = at(facts, "labor.stopped") - at(facts, "labor.started")
    cost = Fraction(worked) * Fraction(RATE_PER_HOUR) / 3_600_000
    assert abs(labor(shop, right.order) - cost) <= Fraction(1, 100)
    counted = [row for row in shop.facts_of(right.order) if row["type"] == "output.reported"]
    assert [(row["fact"]["quantity"], row["reason"]) for row in counted] == [("4", "quantity.counted")]
    everything = shop.facts_of(wrong.order) + shop.facts_of(right.order)
    assert not [row["reason"] for row in everything if row["state"] == "held"]
    assert re.search(r"event\.replaced", " ".join(row["reason"] for row in shop.facts_of(wrong.order)))
    assert shop.verify().ok
