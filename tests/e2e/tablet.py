"""A tablet in somebody's hands: a real Chromium with a folder of its own, the taps and scans of a person, and a plug to
pull. It notes what the person saw confirmed and what the browser complained of."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page, Request, TimeoutError, expect

from tests.environment import LaunchChromium
from tests.reliability.rig import children_of

# A camera that is not there. Chromium without a window has nobody to ask, and has to be told so.
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
PATIENCE_MS = 15_000  # on a machine that is busy with other things
expect.set_options(timeout=PATIENCE_MS)

# Told to us at once: the green word a person waits for, and what the page's security policy refused.
EYES = """
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) for (const node of addedNodes) {
      const flash = node.nodeType === 1 && (node.matches(".flash") ? node : node.querySelector(".flash"));
      if (flash) window.saw(flash.className.replace("flash flash-", ""));
    }
  }).observe(document, { childList: true, subtree: true });
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    window.refused(`${violatedDirective} ${blockedURI}`));
"""

# All at once, each key with the moment a scanner would have pressed it: a page that is busy hears a scanner late, never
# slow, and a test that pressed them one by one would be slow itself.
SCANNER = """
  (text) => {
    let atMs = performance.now();
    for (const key of [text].flat().flatMap((label) => [...label, "Enter"])) {
      const press = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
      Object.defineProperty(press, "timeStamp", { value: (atMs += 5) });
      (document.activeElement ?? document.body).dispatchEvent(press);
    }
  }
"""

# A page has three clocks: that on the wall, one that never goes back, and the browser's own for its timers. Time that
# passes moves the first two, an error only the first; timers go on in real time and find out.
SET_CLOCKS = """
  ([errorMs, passedMs]) => {
    const clocks = (globalThis.clocks ??= { RightDate: Date, now: performance.now.bind(performance) });
    Object.assign(clocks, { errorMs, passedMs });
    if (Date !== clocks.RightDate) return;
    const wall = () => clocks.RightDate.now() + clocks.errorMs + clocks.passedMs;
    globalThis.Date = class Date extends clocks.RightDate {
      constructor(...given) { given.length > 0 ? super(...given) : super(wall()); }
      static now() { return wall(); }
    };
    performance.now = () => clocks.now() + clocks.passedMs;
  }
"""

READY = f"""
  new Promise((done, fail) => {{
    const look = (marks) => {{ if (marks.getEntriesByName("ready").length > 0) done(); }};
    new PerformanceObserver(look).observe({{ type: "mark", buffered: true }});
    setTimeout(() => fail(new Error("the page does not get ready")), {PATIENCE_MS});
  }})
"""

# A read in the browser's database comes after every write that was asked for before it.
READ = """
  ([store, key]) => new Promise((resolve, reject) => {
    const opening = indexedDB.open("floorledger");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const things = opening.result.transaction(store).objectStore(store);
      const asking = key ? things.get(key) : things.getAll();
      asking.onsuccess = () => { opening.result.close(); resolve(asking.result); };
    };
  })
"""


# A sentence in the language the tablet speaks.
Translate = Callable[[str], str]

CHANGE = """
  (changes) => new Promise((resolve, reject) => {
    const opening = indexedDB.open("floorledger");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const writing = opening.result.transaction("capture", "readwrite");
      const asking = writing.objectStore("capture").getAll();
      asking.onsuccess = () => changes.forEach((change, index) =>
        writing.objectStore("capture").put({ ...asking.result[index], ...change }));
      writing.oncomplete = () => { opening.result.close(); resolve(); };
    };
  })
"""


@dataclass
class Notes:
    """What was noted while the tablet was used, over all its starts."""

    confirmed: int = 0
    not_saved: int = 0
    refusals: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Moment:
    """Between these two instants (milliseconds) a tap or scan happened."""

    before: int
    after: int


class Tablet:
    """`address` is where its server is; `eye` the clip its camera plays, for a tablet that has one."""

    def __init__(self, launch: LaunchChromium, folder: Path, address: str, eye: Path | None = None) -> None:
        self.launch, self.folder, self.address, self.eye = launch, folder, address, eye
        self.notes = Notes()
        self.when_confirmed: Callable[[], None] = lambda: None
        self.context: BrowserContext
        self.page: Page

    # ---- the machine ----

    def switch_on(
        self,
        at: str = "/",
        script: Path | None = None,
        args: Sequence[str] = (),
        before: Callable[[], Any] = lambda: None,
        **options: Any,
    ) -> None:
        """Start the browser on its folder and open the page. `script` is at hand in the page then, `before` is done
        before it opens; options are those of `launch_chromium`."""
        camera = [*CAMERA, f"--use-file-for-fake-video-capture={self.eye}"]
        usual = {"permissions": ["camera"], "viewport": {"width": 800, "height": 1100}, "locale": "en-GB"}
        self.context = self.launch(self.folder, [*(camera if self.eye else []), *args], **(usual | options))
        if script:
            self.context.add_init_script(path=script)
        self.context.expose_binding("saw", lambda _, sign: self._saw(sign))
        self.context.expose_binding("refused", lambda _, words: self.notes.refusals.append(words))
        self.context.add_init_script(EYES)
        self.context.on("console", self._console)
        self.context.on("weberror", lambda error: self.notes.errors.append(str(error.error)))
        self.context.on("request", self._request)
        self.page = self.context.pages[0]
        self.page.set_default_timeout(PATIENCE_MS)
        before()
        self.page.goto(self.address + at)
        self.ready()

    def ready(self) -> None:
        """Until the page has read what it keeps and shows it."""
        self.page.evaluate(READY)

    def set_clocks(self, error_ms: int = 0, passed_ms: int = 0) -> None:
        """The wall clock is wrong by `error_ms`; `passed_ms` have passed beside the real ones. Pages to come, too."""
        self.context.add_init_script(f"({SET_CLOCKS.strip()})([{error_ms}, {passed_ms}])")
        for page in self.context.pages:
            try:
                page.evaluate(SET_CLOCKS, [error_ms, passed_ms])
            except Error as trouble:
                if "navigation" not in str(trouble):  # else it gives way to a page that is one to come
                    raise

    def pids(self) -> list[int]:
        """The browser's process and all below it, the browser first."""
        mark = f"--user-data-dir={self.folder}".encode()
        for status in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                words = status.read_bytes().split(b"\0")
                if mark in words and not any(word.startswith(b"--type=") for word in words):
                    return _below(int(status.parent.name))
        return []

    def kill(self) -> None:
        """SIGKILL to the whole browser, as when the battery falls out; returns when it is gone."""
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while self.pids():
            assert time.monotonic() < deadline, "the browser outlives SIGKILL"
            time.sleep(0.01)

    def kill_renderers(self) -> None:
        """SIGKILL to the processes that run pages, as the system does when memory is short."""
        for pid in self.pids():
            with suppress(OSError):
                # Its words are one here: processes that the browser's nursery forks write their title themselves.
                if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)

    # ---- the person ----

    def button(self, label: str) -> Locator:
        """A key, tile or row by what is written on it."""
        return self.page.get_by_role("button").filter(has=self.page.get_by_text(label, exact=True))

    def tap(self, label: str) -> Moment:
        before = now()
        try:
            self.button(label).click()
        except TimeoutError as late:
            shown = self.page.locator("#phone").aria_snapshot()
            raise AssertionError(f"{label} cannot be tapped; what is shown:\n{shown}") from late
        return Moment(before, now())

    def scan(self, label: str) -> Moment:
        """With a hand scanner that is a keyboard: a key each 5 ms, Enter at the end; no field has the focus."""
        before = now()
        self.page.evaluate(SCANNER, label)
        return Moment(before, now())

    def scan_in_a_row(self, *labels: str) -> None:
        """The same with several labels, the next before the page has drawn the one before."""
        self.page.evaluate(SCANNER, list(labels))

    def scan_soon(self, label: str) -> None:
        """The same, but without waiting for its end: it goes on while other things happen."""
        self.page.evaluate(f"(text) => {{ setTimeout(() => ({SCANNER.strip()})(text)); }}", label)

    def until_version(self, version: str) -> None:
        """Until a page of this version is ready."""
        expect(self.page.locator("html")).to_have_attribute("data-version", version)
        self.ready()

    def until_told(self, words: str) -> None:
        """Until an alarm says so."""
        expect(self.page.locator(".notice").filter(has_text=words).first).to_be_visible()

    def press(self, keys: str) -> None:
        """On a keyboard, at the speed of a person: no field has the focus."""
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(130)

    def until_confirmed(self, count: int) -> None:
        """Until so many captures in all were seen confirmed."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while self.notes.confirmed < count:
            shown = self.page.locator("#phone").aria_snapshot() if time.monotonic() > deadline else ""
            assert not shown, f"{self.notes.confirmed} confirmed, not {count}; what is shown:\n{shown}"
            self.page.wait_for_timeout(20)

    def until_answered(self, count: int) -> None:
        """Until so many captures in all were seen confirmed or refused for want of room."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while self.notes.confirmed + self.notes.not_saved < count:
            assert time.monotonic() < deadline, f"{self.notes.confirmed} confirmed, {self.notes.not_saved} not saved"
            self.page.wait_for_timeout(20)
        self.page.wait_for_timeout(300)  # neither of them is said twice, nor one after the other

    def until_sent(self) -> None:
        """Until nothing waits in the browser's database."""
        deadline = time.monotonic() + 4 * PATIENCE_MS / 1000
        while any(capture["state"] == "waiting" for capture in self.outbox()):
            shown = self.page.locator("#phone").aria_snapshot() if time.monotonic() > deadline else ""
            assert not shown, f"captures wait for too long; what is shown:\n{shown}"
            self.page.wait_for_timeout(100)

    def until(self, states: Sequence[str]) -> None:
        """Until the captures in the browser's database stand so, in order."""
        deadline = time.monotonic() + 3 * PATIENCE_MS / 1000
        while (found := [capture["state"] for capture in self.outbox()]) != list(states):
            assert time.monotonic() < deadline, f"{found}, not {states}"
            self.page.wait_for_timeout(100)

    def type_number(self, digits: str) -> None:
        """On the page's own pad."""
        for digit in digits:
            self.page.get_by_role("button", name=digit, exact=True).click()

    def on(self, screen: str) -> None:
        """Until this screen is shown."""
        expect(self.page.locator(f'#phone[data-screen="{screen}"]')).to_be_attached()

    def go_home(self, t: Translate = str) -> None:
        """Back, as often as it takes."""
        phone = self.page.locator("#phone")

        def shown() -> str:
            return re.sub(r"[\d:]", "", phone.inner_text())  # a clock that runs on is no step

        deadline = time.monotonic() + 2 * PATIENCE_MS / 1000
        while phone.get_attribute("data-screen") != "home":
            assert time.monotonic() < deadline, "nothing leads home"
            expect(self.page.locator(".flash")).to_have_count(0)
            before = shown()
            with suppress(TimeoutError):  # what was saved a moment ago may have led home by itself
                self.page.get_by_role("button", name=t("Back"), exact=True).first.click(timeout=2_000)
            step = time.monotonic() + 2
            while shown() == before and time.monotonic() < step:  # a form may be left in several steps
                time.sleep(0.05)

    def chip(self, words: str) -> None:
        """Until the outbox's sign says so."""
        expect(self.page.locator(".chip")).to_have_text(re.compile(rf"^\s*{re.escape(words)}\s*$"), timeout=45_000)

    def says(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator("#phone")).to_contain_text(words)

    def enrol(self, name: str, t: Translate = str) -> None:
        """At the address of an enrolment code: name the tablet, enrol; the shell is kept for offline then."""
        self.page.get_by_label(t("Name of this device")).fill(name)
        self.tap(t("Enrol"))
        self.on("badge")
        # A page that was opened before there was a worker is not its own until the next start.
        self.page.evaluate("navigator.serviceWorker.ready.then(({ active }) => active.state)")
        self.notes.errors.clear()  # before it was enrolled the server did not know it, and said so

    def outbox(self) -> list[dict[str, Any]]:
        """The captures in the browser's database: {"seq", "id", "state", "fact"} in order."""
        kept: list[dict[str, Any]] = self.page.evaluate(READ, ["capture", None])
        return [{**capture, "fact": json.loads(capture["body"])} for capture in kept]

    def kept(self, key: str) -> Any:
        """What else the browser's database holds under this name."""
        return self.page.evaluate(READ, ["meta", key])

    def change_captures(self, changes: list[dict[str, Any]]) -> None:
        """Let the first captures stand otherwise than they do, to see what that looks like."""
        self.page.evaluate(CHANGE, changes)

    # ---- what is noted ----

    def _saw(self, sign: str) -> None:
        if sign == "lost":
            self.notes.not_saved += 1
        else:
            self.notes.confirmed += 1
            self.when_confirmed()

    def _console(self, message: ConsoleMessage) -> None:
        # A fetch without a network is no mistake of ours, and the browser reports each.
        if message.type == "error" and "net::ERR_" not in message.text:
            self.notes.errors.append(f"{message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).scheme in ("http", "https") and not request.url.startswith(f"{self.address}/"):
            self.notes.strangers.add(request.url)


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def _below(pid: int) -> list[int]:
    return [pid, *(deeper for child in children_of(pid) for deeper in _below(child))]
