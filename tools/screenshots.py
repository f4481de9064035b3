"""Take the pictures of the documentation: `make screenshots`. A demo plant of its own is served for the while.

Pictures show the demo plant only; its people and customers are invented.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from sqlalchemy import select, update

from server.auth import credentials
from server.extensions import system_clock
from server.language import LANGUAGE_COOKIE
from server.store import people, plant
from server.store.database import open_engine, read, write
from server.store.tables import TABLES
from tests.environment import chromium_arguments, find_chromium

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "images"
DESK = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=760)
GAP = 24


class Plant:
    """The served demo: its address, who may sign in, its database."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://localhost:{self.port}"
        self.folder = folder / "demo"
        command = [sys.executable, "-c", "from server.cli import main; main()", "--data-dir", str(folder), "serve",
                   "--demo", "--port", str(self.port)]  # fmt: skip
        self.process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            with suppress(OSError):
                if urllib.request.urlopen(f"{self.address}/healthz", timeout=2).status == 200:  # noqa: S310  # ours
                    break
            time.sleep(0.2)
        access = json.loads((self.folder / "demo-access.json").read_text())["access"]
        self.passwords = {name: password for name, password, _ in access["users"]}
        self.engine = open_engine(f"sqlite:///{self.folder / 'floorledger.sqlite'}")
        self.speak("en")

    def speak(self, language: str) -> None:
        """Let everybody be addressed in a language: the documentation is in English, the demo's people speak French."""
        with write(self.engine) as connection:
            connection.execute(update(TABLES["person"]).values(language=language))

    def letters(self, kind: str, reference: str, operation: str = "") -> str:
        """The nine letters on a label."""
        with write(self.engine) as connection:
            return plant.code_for(connection, "main", kind, reference, operation)

    def enrolment(self) -> str:
        """The address that enrols a device."""
        secret = credentials.make_secret()
        with write(self.engine) as connection:
            people.create_enrolment(connection, "main", credentials.digest(secret), expires_at=system_clock() + 600_000)
        return f"{self.address}/enrol#{secret}"

    def an_order(self) -> tuple[str, str]:
        """An order in work and its operation that was worked on last."""
        event = TABLES["event"]
        with read(self.engine) as connection:
            query = select(event.c.body).where(event.c.type == "labor.started", event.c.reason == "time.open")
            for body in connection.scalars(query.order_by(event.c.occurred_at.desc())):
                fact = json.loads(body)
                if fact.get("operation") and fact["order"].startswith("OF-"):
                    return fact["order"], fact["operation"]
        raise LookupError("the demo plant has nobody at work")

    def somebody(self) -> tuple[str, str]:
        """The badge's letters and the name of an operator who has no clock running."""
        event, person, label = TABLES["event"], TABLES["person"], TABLES["label_code"]
        running = select(event.c.person).where(event.c.reason == "time.open", event.c.person.is_not(None))
        query = select(label.c.code, person.c.name).join(person, person.c.key == label.c.ref)
        query = query.where(
            label.c.kind == "person", person.c.active, person.c.name != "", person.c.key.not_in(running)
        )
        with read(self.engine) as connection:
            row = connection.execute(query.order_by(person.c.name)).first()
        if row is None:
            raise LookupError("the demo plant has no operator at rest")
        return row[0], row[1]

    def a_reason(self) -> str:
        """A reason of defects."""
        reason = TABLES["reason_code"]
        with read(self.engine) as connection:
            return str(
                connection.scalar(select(reason.c.code).where(reason.c.kind == "defect").order_by(reason.c.code))
            )

    def stop(self) -> None:
        """End what was started."""
        self.engine.dispose()
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)


@contextmanager
def signed_in(browser: Browser, served: Plant, name: str) -> Iterator[Page]:
    """A desktop page, signed in."""
    context = browser.new_context(viewport=DESK, color_scheme="light", locale="en-GB")
    page = context.new_page()
    page.goto(f"{served.address}/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(served.passwords[name])
    page.get_by_label("Password").press("Enter")
    page.wait_for_url(lambda address: "sign-in" not in address)
    context.add_cookies([{"name": LANGUAGE_COOKIE, "value": "en", "url": served.address}])
    yield page
    context.close()


def desk(browser: Browser, served: Plant) -> None:
    """Board, order, entries."""
    order, _ = served.an_order()
    with signed_in(browser, served, "lead") as page:
        for name, address in (("board", "/board"), ("order", f"/orders/{order}")):
            page.goto(served.address + address)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")
    with signed_in(browser, served, "accountant") as page:
        page.goto(f"{served.address}/entries")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=FOLDER / "entries.png")


def type_code(page: Page, letters: str) -> None:
    """What a hardware scanner does."""
    page.keyboard.type(letters, delay=5)
    page.keyboard.press("Enter")


@contextmanager
def at_work(browser: Browser, served: Plant, language: str) -> Iterator[tuple[Page, str, Image.Image]]:
    """A phone somebody has signed in to: its page, the label of an operation in work, what it showed before."""
    served.speak(language)
    order, operation = served.an_order()
    letters = served.letters("operation", order, operation)  # before the phone learns what labels stand for
    served.letters("reason", served.a_reason())
    context = browser.new_context(
        viewport=PHONE, color_scheme="light", locale=f"{language}-{language.upper()}", has_touch=True
    )
    page = context.new_page()
    page.goto(served.enrolment())
    page.locator('#phone[data-screen="enrol"] .deck button').click()
    page.locator('#phone[data-screen="badge"]').wait_for()
    badge, _ = served.somebody()
    page.wait_for_timeout(7_000)  # the welcome goes
    before = shoot(page)
    type_code(page, badge)
    page.locator('#phone[data-screen="home"]').wait_for()
    yield page, letters, before
    context.close()


def phone(browser: Browser, served: Plant) -> None:
    """Three screens of the phone, side by side, and a shift in each language."""
    with at_work(browser, served, "en") as (page, letters, _):
        type_code(page, letters)
        page.wait_for_timeout(2_500)  # the capture and its flash
        shots = [shoot(page)]
        page.wait_for_timeout(9_000)  # until the offer to undo is gone
        shots.append(shoot(page))
        type_code(page, letters)
        page.wait_for_timeout(1200)
        shots.append(shoot(page))
    side_by_side(shots).save(FOLDER / "phone.png", optimize=True)
    shift(browser, served, "en").save(FOLDER / "shift.png", optimize=True)
    shift(browser, served, "fr").save(FOLDER / "shift-fr.png", optimize=True)


def shift(browser: Browser, served: Plant, language: str) -> Image.Image:
    """The badge, work, pieces, a defect, the day: what the tutorial for operators tells."""
    with at_work(browser, served, language) as (page, letters, before):
        shots = [before]
        type_code(page, letters)
        page.wait_for_timeout(12_000)
        shots.append(shoot(page))
        type_code(page, letters)
        page.wait_for_timeout(1_200)
        page.keyboard.type("4", delay=60)
        page.wait_for_timeout(400)
        shots.append(shoot(page))
        type_code(page, served.letters("reason", served.a_reason()))
        page.wait_for_timeout(1_200)
        shots.append(shoot(page))
        page.locator(".deck .key-primary").click()
        page.wait_for_timeout(1_200)
        page.locator(".deck .key-primary").click()
        page.wait_for_timeout(11_000)
        shots.append(shoot(page))
    return side_by_side(shots)


def shoot(page: Page) -> Image.Image:
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        page.screenshot(path=file.name)
        return Image.open(file.name).convert("RGB").copy()


def side_by_side(shots: list[Image.Image]) -> Image.Image:
    """The screens in one picture, with a hairline around each."""
    width = sum(shot.width for shot in shots) + GAP * (len(shots) + 1)
    picture = Image.new("RGB", (width, shots[0].height + 2 * GAP), "#d9d6cc")
    left = GAP
    for shot in shots:
        picture.paste(shot, (left, GAP))
        left += shot.width + GAP
    return picture


def main() -> int:
    """Take all pictures."""
    chromium = find_chromium()
    if chromium is None:
        print("No Chromium: install one, or name it in $CHROMIUM.", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        served = Plant(Path(folder))
        try:
            browser = playwright.chromium.launch(executable_path=str(chromium), args=chromium_arguments())
            desk(browser, served)
            phone(browser, served)
            browser.close()
        finally:
            served.stop()
    print("Taken:", ", ".join(sorted(path.name for path in FOLDER.glob("*.png"))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
