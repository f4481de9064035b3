"""A tablet that is a WebKit: the distribution's, driven through its own WebDriver on a screen in memory. Not an iPad,
but the engine that iPads have. Its session is off the record, so a browser that was ended has kept nothing; a page can
be loaded anew."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.common.exceptions import NoSuchElementException
from selenium.webdriver.common.by import By
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service
from selenium.webdriver.webkitgtk.webdriver import WebDriver

from tests.e2e.tablet import SCANNER

PATIENCE_S = 30

READ = """
  const [store, key, done] = arguments;
  const opening = indexedDB.open("floorledger");
  opening.onerror = () => done({ error: String(opening.error) });
  opening.onsuccess = () => {
    const things = opening.result.transaction(store).objectStore(store);
    const asking = key ? things.get(key) : things.getAll();
    asking.onsuccess = () => { opening.result.close(); done({ found: asking.result ?? null }); };
  };
"""
EYES = """
  window.seen = { confirmed: 0, lost: 0 };
  window.eyes = new MutationObserver((changes) => {  // named: WebKit forgets one that nobody holds
    for (const { addedNodes } of changes) for (const node of addedNodes) {
      const flash = node.nodeType === 1 && (node.matches(".flash") ? node : node.querySelector(".flash"));
      if (flash) window.seen[flash.matches(".flash-lost") ? "lost" : "confirmed"] += 1;
    }
  });
  window.eyes.observe(document, { childList: true, subtree: true });
"""


@contextmanager
def screen() -> Iterator[str]:
    """A display in memory; its name."""
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
        pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            yield f":{pipe.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def browser(driver: Path, program: Path, display: str) -> Iterator[WebDriver]:
    """One WebKit, ended afterwards."""
    options = Options()
    options.binary_location = str(program)
    # What Safari has and this one asks for by name.
    for argument in ("--automation", "--features=+StorageAPI,+FileSystem"):
        options.add_argument(argument)
    # No compositor of a graphics card here; what it would draw is not what is tested.
    environment = {
        **os.environ, "DISPLAY": display, "WEBKIT_DISABLE_COMPOSITING_MODE": "1", "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
        "NO_AT_BRIDGE": "1", "LIBGL_ALWAYS_SOFTWARE": "1",
    }  # fmt: skip
    made = WebDriver(options, Service(executable_path=str(driver), env=environment))
    try:
        yield made
    finally:
        made.quit()


class WebKitTablet:
    """What tests do with it."""

    def __init__(self, driver: WebDriver, address: str) -> None:
        self.driver, self.address = driver, address
        driver.set_script_timeout(PATIENCE_S)
        self._seen = {"confirmed": 0, "lost": 0}

    def open(self, path: str = "/") -> None:
        """The page, ready."""
        self._remember()
        self.driver.get(self.address + path)
        self.until("performance.getEntriesByName('ready').length > 0", "ready")
        self.driver.execute_script(EYES)

    def _remember(self) -> None:
        seen = self.driver.execute_script("return window.seen ?? null;") if self.driver.current_url else None
        for sign, count in (seen or {}).items():
            self._seen[sign] += count

    @property
    def confirmed(self) -> int:
        """Over all pages so far."""
        return self._seen["confirmed"] + int(self.driver.execute_script("return window.seen.confirmed;"))

    @property
    def lost(self) -> int:
        return self._seen["lost"] + int(self.driver.execute_script("return window.seen.lost;"))

    def until(self, condition: str, what: str, seconds: float = PATIENCE_S) -> None:
        """Until this expression is true in the page."""
        deadline = time.monotonic() + seconds
        while not self.driver.execute_script(f"return Boolean({condition});"):
            assert time.monotonic() < deadline, f"never: {what}; shown: {self.shown()}"
            time.sleep(0.05)

    def shown(self) -> str:
        try:
            return re.sub(r"\s+", " ", self.driver.find_element(By.TAG_NAME, "body").text)
        except NoSuchElementException:
            return ""

    def on(self, screen: str) -> None:
        self.until(f"document.querySelector('#phone')?.dataset.screen === '{screen}'", f"screen {screen}")

    def scan(self, label: str) -> None:
        self.driver.execute_script(f"({SCANNER.strip()})(arguments[0])", label)

    def until_confirmed(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while self.confirmed < count:
            assert time.monotonic() < deadline, f"{self.confirmed} confirmed, not {count}; shown: {self.shown()}"
            time.sleep(0.02)

    def outbox(self) -> list[dict[str, Any]]:
        """As Tablet.outbox."""
        return [{**capture, "fact": json.loads(capture["body"])} for capture in self.read("capture")]

    def read(self, store: str, key: str | None = None) -> Any:
        answer = self.driver.execute_async_script(READ, store, key)
        assert "error" not in answer, answer
        return answer["found"]

    def until_sent(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while any(capture["state"] == "waiting" for capture in self.outbox()):
            assert time.monotonic() < deadline, f"captures wait for too long; shown: {self.shown()}"
            time.sleep(0.1)

    def enrol(self, path: str, name: str) -> None:
        self.open(path)
        self.on("enrol")
        field = self.driver.find_element(By.CSS_SELECTOR, "input[maxlength='60']")
        field.clear()
        field.send_keys(name)
        self.driver.find_element(By.CSS_SELECTOR, ".deck .key-primary").click()
        self.on("badge")
        self.driver.execute_async_script("navigator.serviceWorker.ready.then(() => arguments[0](true));")
