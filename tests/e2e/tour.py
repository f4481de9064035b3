"""A walk through every screen and state of the phone, as a person meets them: the story behind the gallery of pictures
and behind the checks that every screen can be read and used.

A screen that is added gets a stop here; `Tour.see` is called at each with its name.
"""

import json
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import expect

import webapp
from sync.core.codes import from_number
from tests.e2e.clips import write_clip
from tests.e2e.conftest import Shop
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
    (me, _), (other_one, mate_name) = shop.new_person(), shop.new_person()  # who speak this language from now on
    for person in (me, other_one):
        shop.speak(person, language)
    badge, mate, oak = shop.label("person", me), shop.label("person", other_one), shop.label("item", "OAK")
    turn, glue = (shop.label("operation", job.order, number) for number in ("10", "20"))
    tablet = Tablet(launch, folder / "tablet", shop.address, write_clip(folder / "eye.y4m", []))
    tablet.switch_on(script=script, locale=f"{language}-{language.upper()}")
    page, stop = tablet.page, see(tablet)

    def tap(sentence: str, **words: str) -> None:
        tablet.tap(t(sentence).format(**words))

    def key(sentence: str) -> None:
        """A key by how it begins: what stands below its name changes with the work."""
        page.locator(".key, .tile").filter(has=page.get_by_text(t(sentence), exact=True)).first.click()

    def back() -> None:
        page.get_by_role("button", name=t("Back"), exact=True).first.click()

    def home() -> None:
        tablet.go_home(t)

    def other(sentence: str, name: str) -> None:
        """One of the other facts, from home and back."""
        tap("Other facts")
        key(sentence)
        stop(name)

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
    key("Number and PIN")
    stop("pin")
    for digit in "123":
        page.get_by_role("button", name=digit, exact=True).click()
    key("Next: PIN")
    for digit in "000000":
        page.get_by_role("button", name=digit, exact=True).click()
    key("Sign in")
    expect(page.locator(".notice-stop")).to_be_visible()
    stop("pin, wrong")
    # The browser reports the refusal it was right to get.
    tablet.notes.errors[:] = [told for told in tablet.notes.errors if "/device/sign-in" not in told]
    back()
    tap("Scan")
    expect(page.locator(".finder-word")).to_have_count(0)
    stop("scan")
    tablet.scan(badge)
    tablet.on("home")
    stop("home, nothing runs")
    key("Start my shift")
    expect(page.locator("main").get_by_text(t("End my shift"), exact=True)).to_be_visible()
    stop("home, shift begun")
    tap("Orders")
    stop("orders")
    page.locator(".row").filter(has_text=job.order).click()
    stop("order")
    page.locator(".row-operation").first.click()
    stop("operation")
    page.locator(".deck .key-primary").click()
    tablet.on("home")
    stop("home, one runs")
    tablet.chip(t("All sent"))

    # Work.
    page.locator(".card-running").click()
    stop("running")
    tap("Good quantity")
    tablet.type_number("3")
    stop("quantity")
    key("Save")
    tap("Defect")
    stop("defect")
    page.get_by_role("button", name=t("Type the number")).click()
    stop("defect, counting")
    tap("Take this number")
    page.locator(".tile").first.click()
    page.locator("input[type=file]").set_input_files(
        files={"name": "crack.png", "mimeType": "image/png", "buffer": a_picture()}
    )
    expect(page.locator(".photo img")).to_be_visible()
    stop("defect, with photo")
    key("Save")
    tablet.on("running")
    tap("Consumption")
    stop("consumption, which")
    page.locator(".row").first.click()
    tablet.type_number("5")
    stop("consumption, how much")
    key("Save")
    home()
    tablet.scan(turn)
    tablet.on("quantity")
    stop("quantity, and stop")
    back()
    tablet.scan(glue)
    stop("home, switched")
    tap("Keep both")
    tablet.on("home")
    expect(page.locator(".card-running")).to_have_count(2)
    stop("home, two run")
    page.locator(".card-running").last.click()
    tablet.on("running")
    stop("running, shared")
    home()
    tablet.scan(oak)
    tablet.on("which")
    stop("which")
    back()

    # Other facts.
    tap("Other facts")
    stop("forms")
    back()
    for sentence, name in (("Give material back", "return"), ("By-product", "by-product"), ("Inspection", "inspection"),
                           ("Operation done or not", "complete"), ("Unplanned operation", "unplanned")):  # fmt: skip
        tap("Other facts")
        key(sentence)
        if page.locator('#phone[data-screen="which"]').count():
            page.locator("main .row, main .key, main .card").first.click()
        stop(name)
        home()
    other("Move material", "move, what")
    tablet.scan(oak)
    expect(page.locator("h1")).to_have_text("Oak")
    stop("move")
    home()
    tap("Other facts")
    tablet.on("forms")
    others = page.locator("main .heading", has_text=t("Also")).locator("xpath=following-sibling::*[1]").locator(".key")
    for number in range(others.count()):
        others.nth(number).click()
        stop(f"form, {page.locator('h1').inner_text()}")
        back()
        tablet.on("forms")
    home()
    key("Call for help")
    stop("help")
    page.locator("main .key, main .tile").first.click()
    home()
    stop("home, help called")

    # Machines, other time.
    tap("Machines")
    stop("machines")
    page.locator("main").get_by_text("Lathe 1", exact=True).click()
    stop("machine")
    key("Counter or hours")
    stop("machine-time")
    back()
    page.locator("main .key").first.click()
    stop("machine, runs")
    tap("Stop machine")
    expect(tablet.button(t("Stop machine"))).to_have_count(0)  # a tap while it is being saved is taken for a second one
    page.locator(".tile").first.click()
    stop("machine, stands still")
    tap("It runs again")
    home()
    tap("Other activity")
    stop("indirect")
    home()
    key("Tell time")
    stop("declare, what")
    tablet.scan(turn)
    expect(page.locator(".choice").first).to_be_visible()
    stop("declare, when")
    page.locator(".deck .key-primary").click()
    stop("declare, how long")
    home()
    key("Break")
    expect(page.locator(".plate")).to_be_visible()
    stop("home, break")
    tap("Back from break")
    key("Work together")
    stop("crew, alone")
    tablet.scan(mate)
    expect(page.locator(".tile, .key").filter(has_text=mate_name)).to_be_visible()
    stop("crew")
    page.locator(".deck .key-primary").click()
    tablet.on("home")
    stop("home, crew")
    key("Work together")
    key("Alone again")
    home()
    tablet.scan(f"{shop.address}/S/{from_number(7)}".upper())
    tablet.on("unknown")
    stop("unknown")
    home()

    # The person, the device, what was captured.
    page.locator(".bar-person").click()
    stop("me")
    page.locator(".row").filter(has=page.locator(".row-title", has_text="3")).first.click()  # not the clock's 3
    tablet.on("fact")
    stop("fact, my own")
    key("Correct it")
    stop("correct")
    back()
    back()
    tap("This device")
    stop("device")
    key("Install the app")
    stop("install")
    back()
    key("Another device's facts")
    stop("rescue")
    home()
    page.locator(".card-running").first.click()
    tap("Pause")
    stop("pause")
    page.locator("main .key").first.click()
    tablet.on("home")
    stop("home, paused")
    tablet.context.set_offline(True)
    key("Resume")
    page.locator(".chip").click()
    stop("outbox, waiting")
    page.locator(".row").first.click()
    stop("fact")
    key("This was a mistake: take it back")
    stop("fact, why")
    tablet.context.set_offline(False)
    tablet.until_sent()
    home()
    tablet.scan(turn)
    tablet.on("quantity")
    tablet.type_number("2")
    page.locator(".deck .key-primary").click()
    tablet.on("result")
    stop("result")
    page.locator(".deck .key-primary").click()
    tablet.change_captures(REFUSED)
    page.reload()
    page.locator(".chip").click()
    stop("outbox, refused and held")
    page.locator(".row").first.click()
    stop("fact, refused")

    # The clock of eleven hours later, and nobody to ask what time it is: the server would know better.
    tablet.context.set_offline(True)
    page.clock.set_system_time(now() / 1000 + 11 * 3_600)
    page.reload()
    tablet.on("badge")
    tablet.scan(badge)
    tablet.on("home")
    tablet.scan(turn)
    expect(page.locator(".card-running")).to_be_visible()
    expect(page.locator(".flash")).to_have_count(0)  # the scan was the last sign of life before the clock moves on
    page.clock.set_system_time(now() / 1000 + 22 * 3_600)
    page.reload()
    tablet.on("badge")
    tablet.scan(badge)
    tablet.on("home")
    stop("home, forgotten")
    page.locator("main").get_by_text(t("It ended earlier"), exact=True).first.click()
    stop("earlier")
    back()
    key("End my shift")
    tablet.on("farewell")
    stop("farewell")
    return tablet


def a_picture() -> bytes:
    """What a camera gives: larger than the phone keeps."""
    picture = BytesIO()
    Image.linear_gradient("L").resize((2400, 1800)).convert("RGB").save(picture, "PNG")
    return picture.getvalue()


# What a refusal, a conflict and a held fact look like: three captures are told that they are.
REFUSED: list[dict[str, Any]] = [
    {"state": "rejected",
     "problem": {"code": "intake.bad_value", "title": "No quantity.", "detail": "Above zero.", "pointer": "/quantity"}},
    {"state": "conflict", "problem": {"code": "intake.conflict", "title": "Another fact has this id."}},
    {"floor": {"state": "held", "reason": "reference.unknown_order", "sentence": "Order E2E-0 is not known.",
               "action": "Import it."}},
]  # fmt: skip
