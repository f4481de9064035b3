"""A walk through every screen and state of the phone, as a person meets them: the story behind the gallery of pictures
and behind the checks that every screen can be read and used.

A screen that is added gets a stop here; `Tour.see` is called at each with its name.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

import webapp
from sync.core.codes import from_number
from tests.e2e.clips import write_clip
from tests.e2e.conftest import NOE, Shop
from tests.e2e.tablet import Tablet, now
from tests.environment import LaunchChromium

# What is done at each stop, given the name of what is shown.
See = Callable[[str], None]


def words_of(language: str) -> Callable[[str], str]:
    """The phone's sentences in a language, as its own catalogue has them."""
    if language == "en":
        return lambda sentence: sentence
    parts = (webapp.STATIC / "locale").glob(f"{language}*.json")
    catalogue = {sentence: word for part in parts for sentence, word in json.loads(part.read_text()).items()}
    return lambda sentence: catalogue[sentence]


def walk(
    shop: Shop,
    launch: LaunchChromium,
    folder: Path,
    language: str,
    see: Callable[[Tablet], See],
    script: Path | None = None,
) -> Tablet:
    """Take a new tablet through all screens in a language; `see(tablet)` makes what is called at each stop."""
    t, job = words_of(language), shop.new_job()
    shop.speak(NOE, language)
    badge, oak = shop.label("person", NOE), shop.label("item", "OAK")
    turn, glue = (shop.label("operation", job.order, number) for number in ("10", "20"))
    tablet = Tablet(launch, folder / "tablet", shop.address, write_clip(folder / "eye.y4m", []))
    tablet.switch_on(script=script, locale=f"{language}-{language.upper()}")
    page, stop = tablet.page, see(tablet)

    def tap(sentence: str) -> None:
        tablet.tap(t(sentence))

    def back() -> None:
        page.get_by_role("button", name=t("Back"), exact=True).first.click()

    # A device nobody knows.
    tablet.on("enrol")
    stop("enrol")
    page.get_by_label(t("Enrolment code")).fill("wrong-secret-of-nobody")
    tap("Enrol")
    expect(page.locator(".notice-stop")).to_be_visible()
    stop("enrol, refused")
    page.goto(shop.address + shop.enrolment())
    tablet.enrol("Tablet 4", t)

    # A person comes.
    stop("badge")
    tap("Scan")
    expect(page.locator(".finder-word")).to_have_count(0)
    stop("scan")
    tablet.scan(badge)
    tablet.on("home")
    stop("home, nothing runs")
    tap("Orders")
    stop("orders")
    page.locator(".row").filter(has_text=job.order).click()
    stop("order")
    page.locator(".row-operation").first.click()
    stop("operation")
    tap("Start run")
    tablet.on("home")
    stop("home, one runs")
    tablet.chip(t("All sent"))

    # Work.
    page.locator(".card-running").click()
    stop("running")
    tap("Good quantity")
    tablet.type_number("3")
    stop("quantity")
    tap("Save")
    tap("Defect")
    stop("defect")
    page.get_by_role("button", name=t("Type the number")).click()
    stop("defect, counting")
    tap("Take this number")
    page.locator(".tile").first.click()
    tap("Save")
    tap("Consumption")
    stop("consumption, which")
    page.locator(".row").first.click()
    tablet.type_number("5")
    stop("consumption, how much")
    tap("Save")
    tablet.on("running")
    tablet.go_home(t)
    tablet.scan(turn)
    tablet.on("quantity")
    stop("quantity, and stop")
    back()
    tablet.scan(glue)
    tablet.on("operation")
    stop("operation, another runs")
    tap("Start run too")
    tablet.on("home")
    stop("home, two run")
    tablet.scan(oak)
    tablet.on("which")
    stop("which")
    back()

    # Machines, other time, other facts.
    tap("Machines")
    stop("machines")
    page.locator("main").get_by_text("Lathe 1", exact=True).click()
    stop("machine")
    page.locator("main .key").first.click()
    stop("machine, runs")
    tap("Stop machine")
    page.locator(".tile").first.click()
    stop("machine, stands still")
    tap("It runs again")
    back()
    back()
    tap("Other activity")
    stop("indirect")
    back()
    tap("Other facts")
    stop("forms")
    for number in range(page.locator("main .key").count()):
        page.locator("main .key").nth(number).click()
        stop(f"form, {page.locator('h1').inner_text()}")
        back()
    tablet.go_home(t)
    tablet.scan(f"{shop.address}/S/{from_number(7)}".upper())
    tablet.on("unknown")
    stop("unknown")
    back()

    # The person, the device, what was captured.
    page.locator(".bar-person").click()
    stop("me")
    tap("This device")
    stop("device")
    tablet.go_home(t)
    page.locator(".card-running").first.click()
    tap("Pause")
    tablet.on("home")
    stop("home, paused")
    tablet.context.set_offline(True)
    tap("Resume")
    page.locator(".chip").click()
    stop("outbox, waiting")
    page.locator(".row").first.click()
    stop("fact")
    tap("This was a mistake: take it back")
    stop("fact, why")
    tablet.context.set_offline(False)
    tablet.chip(t("All sent"))
    tablet.change_captures(REFUSED)
    page.reload()
    page.locator(".chip").click()
    stop("outbox, refused and held")
    page.locator(".row").first.click()
    stop("fact, refused")

    # The clock of eleven hours later.
    page.clock.set_system_time(now() + 11 * 3_600_000)
    page.reload()
    tablet.on("badge")
    tablet.scan(badge)
    tablet.on("home")
    stop("home, forgotten")
    page.locator("main").get_by_text(t("It ended earlier"), exact=True).first.click()
    stop("earlier")
    return tablet


# What a refusal, a conflict and a held fact look like: three captures are told that they are.
REFUSED: list[dict[str, Any]] = [
    {"state": "rejected",
     "problem": {"code": "intake.bad_value", "title": "No quantity.", "detail": "Above zero.", "pointer": "/quantity"}},
    {"state": "conflict", "problem": {"code": "intake.conflict", "title": "Another fact has this id."}},
    {"floor": {"state": "held", "reason": "reference.unknown_order", "sentence": "Order E2E-0 is not known.",
               "action": "Import it."}},
]  # fmt: skip
