"""What the outbox does in WebKit: the rows of the survival matrix that its driver can play (F1, F2, F3, F5, F13, F23),
and what they stand on: service worker, strict writes, locks, a code read from a photo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from server.labels.words import WORDS
from tests.e2e.clips import write_photo
from tests.e2e.conftest import MIA, Job, Shop
from tests.e2e.proxy import WAIT_S, Fault, Proxy
from tests.e2e.test_survival import assert_hits, stop_web
from tests.e2e.webkit import WebKitTablet, browser, screen
from tests.environment import WebKit

STRICT = """
  const [count, done] = arguments;
  const opening = indexedDB.open("probe", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("x");
  opening.onsuccess = async () => {
    const took = [];
    for (let n = 0; n < count; n += 1) {
      const began = performance.now();
      const tx = opening.result.transaction("x", "readwrite", { durability: "strict" });
      tx.objectStore("x").put(n, n);
      await new Promise((resolve) => (tx.oncomplete = resolve));
      took.push([performance.now() - began, tx.durability]);
    }
    opening.result.close();
    done(took);
  };
"""


@pytest.fixture(scope="module")
def display(webkit_programs: WebKit) -> Iterator[str]:
    with screen() as name:
        yield name


class Here:
    """A WebKit at work: Mia has started an operation, and the start is sent."""

    def __init__(self, shop: Shop, tablet: WebKitTablet, job: Job) -> None:
        self.shop, self.tablet, self.job = shop, tablet, job

    def word(self, *words: str) -> None:
        for word in words:
            self.tablet.scan(self.shop.label("word", word)[-9:])

    def count(self, pieces: int) -> None:
        seen = self.tablet.confirmed
        self.word("good")
        self.tablet.on("quantity")
        self.word(*str(pieces), "ok")
        self.tablet.until_confirmed(seen + 1)

    def assert_counted(self, expected: list[int]) -> None:
        self.tablet.until_sent()
        stored = self.shop.facts_of(self.job.order)
        counted = [int(row["fact"]["quantity"]) for row in stored if row["type"] == "output.reported"]
        assert sorted(counted) == sorted(expected)
        assert [row["device_seq"] for row in stored] == list(range(1, len(stored) + 1))
        assert {row["fact"]["declared_by"] for row in stored} == {MIA}
        assert self.tablet.lost == 0


@pytest.fixture
def here(webkit_programs: WebKit, display: str, open_shop: Shop, proxy: Proxy) -> Iterator[Here]:
    shop, job = open_shop, open_shop.new_job()
    for word in WORDS:
        shop.label("word", word)
    badge, operation = shop.label("person", MIA), shop.label("operation", job.order, job.operation)
    shop.label("operation", job.order, "20")
    with browser(*webkit_programs, display) as driver:
        tablet = WebKitTablet(driver, proxy.address)
        tablet.enrol(shop.enrolment(), "WebKit")
        tablet.scan(badge)
        tablet.on("home")
        tablet.scan(operation)
        tablet.until_confirmed(1)
        tablet.until_sent()
        yield Here(shop, tablet, job)


def test_f01_webkit_works_and_starts_without_a_server(here: Here, proxy: Proxy) -> None:
    """The server is stopped, the page loaded anew from the service worker; strict writes; all is sent once."""
    tablet = here.tablet
    assert tablet.driver.execute_script("return Boolean(navigator.serviceWorker && navigator.locks);")
    took = tablet.driver.execute_async_script(STRICT, 20)
    assert {durability for _, durability in took} == {"strict"}
    stop_web(here.shop)
    here.count(1)
    tablet.open()
    here.count(2)
    assert [capture["state"] for capture in tablet.outbox()] == ["sent", "waiting", "waiting"]
    here.shop.rig.start()
    here.shop.rig.wait_ready()
    here.assert_counted([1, 2])
    assert_hits(proxy, 3)


@pytest.mark.parametrize(
    ("row", "fault"),
    [("f02", "broken"), ("f02", "too many"), ("f03", "portal"), ("f03", "login"), ("f05", "lost"), ("f05", "short")],
)
def test_webkit_takes_a_bad_answer_for_none(row: str, fault: Fault, here: Here, proxy: Proxy) -> None:
    proxy.moments.clear()
    proxy.committed.clear()
    proxy.fault = fault
    here.count(1)
    if row == "f05":
        assert proxy.committed.wait(20)
    if fault == "too many":
        while len(proxy.moments) < 2:
            proxy.release.wait(0.1)
        assert proxy.moments[1] - proxy.moments[0] >= WAIT_S * 0.98
    here.count(2)
    assert here.tablet.outbox()[0]["state"] == "sent"
    assert [capture["state"] for capture in here.tablet.outbox()][1:] == ["waiting", "waiting"]
    proxy.fault = ""
    here.assert_counted([1, 2])
    assert len(set(proxy.reached)) == 3


def test_f13_webkit_two_windows_send_once(here: Here, proxy: Proxy) -> None:
    """Both are open, both want to send what one captured: a lock over the windows makes it one hit."""
    tablet = here.tablet
    stop_web(here.shop)
    first = tablet.driver.current_window_handle
    tablet.driver.switch_to.new_window("window")
    tablet.open()
    second = tablet.driver.current_window_handle
    here.count(1)
    tablet.driver.switch_to.window(first)
    here.count(2)
    here.shop.rig.start()
    here.shop.rig.wait_ready()
    for window in (first, second):
        tablet.driver.switch_to.window(window)
        tablet.driver.execute_script("window.dispatchEvent(new Event('online'));")
    here.assert_counted([1, 2])
    assert_hits(proxy, 3)


def test_f23_webkit_refuses_files_and_no_capture(here: Here) -> None:
    """Files of the origin are refused in a session off the record: the second copy is in localStorage."""
    tablet = here.tablet
    refused = tablet.driver.execute_async_script(
        "const [done] = arguments; const asking = navigator.storage?.getDirectory?.() ?? Promise.reject();"
        "asking.then(() => done(false), () => done(true));"
    )
    stop_web(here.shop)
    here.count(1)
    journal = tablet.driver.execute_script("return localStorage.getItem('floorledger.journal');")
    assert refused == (journal is not None)
    assert refused, "this WebKit has files: the fallback was not needed and not tested"
    assert here.tablet.outbox()[-1]["id"] in journal
    here.shop.rig.start()
    here.shop.rig.wait_ready()
    here.assert_counted([1])


def test_webkit_reads_a_code_from_a_photo(here: Here, tmp_path: Path) -> None:
    """No camera here: the photo takes its place, read by WebAssembly in a worker."""
    tablet, job = here.tablet, here.job
    photo = write_photo(tmp_path / "label.png", here.shop.label("operation", job.order, "20"))
    tablet.driver.execute_script("document.querySelector('.deck .key-primary').click();")
    tablet.until("document.querySelector('input[type=file]')", "a place for a photo")
    seen = tablet.confirmed
    tablet.driver.find_element(By.CSS_SELECTOR, "input[type=file]").send_keys(str(photo))
    tablet.until_confirmed(seen + 1)
    tablet.until_sent()
    started = [row["fact"]["operation"] for row in here.shop.facts_of(job.order) if row["type"] == "labor.started"]
    assert started == ["10", "20"]
