"""Eight hours of three people on one tablet, lived in a minute or two: badges change, one works on two orders at once,
the network is away for four hours, a new version of the app comes in the middle, the disk fills up, the clock is wrong.

Whatever was confirmed is on the server exactly once, by its author, at its instant to the second, in the order in which
it happened. Time is the page's own clock, moved ahead between two gestures as if the tablet had been left lying there,
and that of a server that lives through the same day: what a tablet signs holds for minutes. Everything is scanned.
"""

import itertools
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import expect
from werkzeug.serving import make_server

from server import create_app
from server.labels.words import WORDS
from server.store.database import read
from server.store.tables import TABLES
from sync.core.clock import parse_instant
from tests.e2e.conftest import MIA, NOE, Job, NewTablet, Shop
from tests.e2e.disks import small_disk
from tests.e2e.proxy import Proxy
from tests.e2e.tablet import Tablet, now
from tests.e2e.test_survival import UPDATE, assert_hits, device_named, fill
from tests.environment import TOLD, RecordProperty

ADA = "pe2e00000003"
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
SHIFT_MS = 8 * HOUR_MS
WITHIN_MS = 1_000
SLACK = 20  # captures that a full disk may still find room for


@dataclass(frozen=True)
class Heard:
    """A capture that was confirmed: whose it is and between which instants it happened, by the true clock.

    `error_ms`: how wrong the tablet's own clock was.
    """

    id: str
    author: str
    before: int
    after: int
    error_ms: int


@dataclass
class Shift:
    """The tablet, and what is expected of the server."""

    shop: Shop
    tablet: Tablet
    proxy: Proxy
    jobs: dict[str, list[Job]]
    ahead_ms: int  # true time of this day minus the machine's
    error_ms: int = 0  # the tablet's clock minus the true one
    heard: list[Heard] = field(default_factory=list)
    times_refused: int = 0
    has_forgotten: bool = False

    def true_ms(self) -> int:
        return now() + self.ahead_ms

    def pass_time(self, ms: int) -> None:
        """Nobody touches the tablet for a while."""
        quiet = 0
        while quiet < 3:  # no question on its way: an answer would seem to have taken that long
            quiet = 0 if self.proxy.open else quiet + 1
            self.tablet.page.wait_for_timeout(20)
        self.ahead_ms += ms
        self.set_clocks()

    def set_clocks(self) -> None:
        self.tablet.set_clocks(self.error_ms, self.ahead_ms)

    def hear_the_time(self) -> None:
        """The page anew: at its start it hears how wrong its clock is."""
        with self.tablet.page.expect_response(lambda answer: "/api/v1/device?" in answer.url and answer.ok):
            self.tablet.page.reload()
        self.tablet.ready()
        self.tablet.page.wait_for_timeout(300)

    def scan(self, *words: str) -> None:
        for word in words:
            self.tablet.scan(self.shop.label("word", word)[-9:])

    def operation(self, job: Job) -> None:
        self.tablet.scan(self.shop.label("operation", job.order, job.operation))

    def badge(self, person: str) -> None:
        self.tablet.scan(self.shop.label("person", person))
        self.tablet.on("home")

    def until_refused(self, author: str, ballast: Path, act: Callable[[], Any], again: Callable[[], Any]) -> None:
        """What somebody does until there is no room on the disk: then red, and nothing of it is kept.

        A full disk may still take a capture or two where the last page of a file has room left. The browser may also
        throw its database away; the page brings back from its second copy what was not sent, but no longer knows what
        runs, and its person starts it `again`."""
        for _ in range(SLACK):
            known = {capture["id"] for capture in self.tablet.outbox()}
            confirmed, lost = self.tablet.notes.confirmed, self.tablet.notes.not_saved
            fill(ballast)
            if self.forgot_the_work():
                ballast.unlink()
                self.gesture(author, again)
                continue
            before = self.true_ms()
            act()
            self.tablet.until_answered(confirmed + lost + 1)
            after = self.true_ms()
            ballast.unlink()  # not even looking into the database is sure on a full disk
            if self.tablet.notes.not_saved > lost:
                break
            self.hear(author, known, before, after)
        assert (self.tablet.notes.confirmed, self.tablet.notes.not_saved) == (confirmed, lost + 1)
        assert {capture["id"] for capture in self.tablet.outbox()} == known
        self.times_refused += 1

    def forgot_the_work(self) -> bool:
        """Whether the page stands at home and knows of nothing that runs."""
        self.tablet.page.wait_for_timeout(500)
        forgotten = bool(self.tablet.page.get_by_role("heading", name="Nothing is running").count())
        self.has_forgotten |= forgotten
        return forgotten

    def begin_anew(self, author: str, work: Callable[[], Any]) -> None:
        """Where more runs than one thing, a tablet that had forgotten a start was told of it when the network came
        back: all of it is ended, and the work begun."""
        self.tablet.page.wait_for_timeout(300)
        cards = self.tablet.page.locator(".card-running")
        if cards.count() < 2:
            return
        self.has_forgotten = True
        while count := cards.count():
            cards.first.click()
            self.tablet.on("running")
            self.gesture(author, lambda: self.tablet.tap("Stop"))
            self.tablet.go_home()
            expect(cards).to_have_count(count - 1)
        self.gesture(author, work)

    def gesture(self, author: str, act: Callable[[], Any]) -> None:
        """What one person does; waits until it is confirmed."""
        known = {capture["id"] for capture in self.tablet.outbox()}
        before, confirmed = self.true_ms(), self.tablet.notes.confirmed
        act()
        self.tablet.until_confirmed(confirmed + 1)
        self.hear(author, known, before, self.true_ms())

    def hear(self, author: str, known: set[str], before: int, after: int) -> None:
        """The captures that came about just now."""
        new = [capture for capture in self.tablet.outbox() if capture["id"] not in known]
        assert new
        self.heard += [Heard(capture["id"], author, before, after, self.error_ms) for capture in new]

    def count(self, pieces: int) -> None:
        self.scan("good")
        self.tablet.on("quantity")
        self.scan(*str(pieces), "ok")


@contextmanager
def a_server_of_this_day(shift: Shift) -> Iterator[None]:
    """The shop's plant, served behind the proxy by a server whose clock is the day's."""
    app = create_app(shift.shop.rig.settings, shift.true_ms)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    shift.proxy.port = server.port
    try:
        yield
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def test_a_shift_of_three_people(
    shop: Shop, new_tablet: NewTablet, proxy: Proxy, tmp_path: Path, record_property: RecordProperty
) -> None:
    shop.new_people([(ADA, "Ada Novak")])
    people = (MIA, NOE, ADA)
    jobs = {person: [shop.new_job(), shop.new_job()] for person in people}
    for word in WORDS:
        shop.label("word", word)
    for person, own in jobs.items():
        shop.label("person", person)
        for job in own:
            shop.label("operation", job.order, job.operation)
    with small_disk(tmp_path / "small", "200m") as disk:
        tablet = new_tablet("Shared tablet", address=proxy.address)
        tablet.context.close()
        shutil.copytree(tablet.folder, disk / "profile", ignore=shutil.ignore_patterns("Singleton*", "*Cache*"))
        tablet.folder = disk / "profile"
        shift = Shift(shop, tablet, proxy, jobs, ahead_ms=-SHIFT_MS - HOUR_MS)
        with a_server_of_this_day(shift):
            tablet.switch_on(args=["--disk-cache-size=1000000"], before=shift.set_clocks)
            shift.hear_the_time()
            work(shift, proxy, disk)
            tablet.until_sent()
            tablet.context.close()
    assert shift.times_refused == 1, "the disk was full once"
    check(shift, proxy)
    told = f"{len(shift.heard)} captures confirmed in 8 h, all there once; {shift.times_refused} refused, disk full"
    record_property(TOLD, f"shift: {told}")


def work(shift: Shift, proxy: Proxy, disk: Path) -> None:
    """The day, half an hour a round."""
    tablet, jobs = shift.tablet, shift.jobs
    began = shift.true_ms()
    pieces = itertools.count(1)
    on = {person: first for person, (first, _) in jobs.items()}
    version = tablet.page.locator("html").get_attribute("data-version") or ""
    newer = "0" * len(version)

    def all_of_it(path: str, body: bytes) -> bytes:
        return body.replace(version.encode(), newer.encode()) if path in ("/", "/service-worker.js") else body

    for hour in range(16):
        at = hour * HOUR_MS // 2
        if at == HOUR_MS:
            tablet.context.set_offline(True)
        if at == 5 * HOUR_MS:
            tablet.context.set_offline(False)
        if at == 11 * HOUR_MS // 2:
            proxy.rewrite = all_of_it
            assert tablet.page.evaluate(UPDATE) == "waits"
            shift.pass_time(2 * MINUTE_MS)  # nobody is here: the new version takes over by itself
            tablet.until_version(newer)
        if at == 13 * HOUR_MS // 2:
            shift.error_ms = -3 * 365 * 24 * HOUR_MS
            shift.set_clocks()
            shift.hear_the_time()
        for number, person in enumerate((MIA, NOE, ADA)):
            shift.badge(person)
            first, second = jobs[person]
            if shift.times_refused and person != MIA:  # before, no database can have been lost
                work = partial(shift.operation, on[person])
                shift.gesture(person, work) if shift.forgot_the_work() else shift.begin_anew(person, work)
            if hour == 0:
                shift.gesture(person, partial(shift.operation, first))
                if person == MIA:  # she goes on with both
                    shift.gesture(person, partial(shift.operation, second))
                    shift.gesture(person, tablet.page.locator(".said button").first.click)
            elif hour == 15:
                shift.gesture(person, lambda: shift.scan("end_shift"))
            elif person == MIA:
                shift.gesture(person, lambda: shift.scan("break"))
            elif hour == 4 and person == ADA:  # four hours into the shift, offline: no room on the disk
                again = partial(shift.operation, on[person])
                shift.until_refused(person, disk / "ballast", lambda: shift.count(99), again)
                shift.scan("cancel")
                if shift.forgot_the_work():
                    shift.gesture(person, again)
                shift.gesture(person, lambda: shift.count(next(pieces)))
            elif (hour + number) % 3 == 0:
                on[person] = first if on[person] == second else second
                shift.gesture(person, partial(shift.operation, on[person]))
            else:
                shift.gesture(person, lambda: shift.count(next(pieces)))
            shift.pass_time(7 * MINUTE_MS)
        shift.pass_time(began + at + HOUR_MS // 2 - shift.true_ms())


def check(shift: Shift, proxy: Proxy) -> None:
    device = device_named(shift.shop, "Shared tablet")
    with read(shift.shop.rig.engine) as connection:
        event = TABLES["event"]
        rows = [dict(row) for row in connection.execute(event.select().where(event.c.sender == device.id)).mappings()]
    rows.sort(key=lambda row: row["device_seq"])
    assert [str(row["id"]) for row in rows] == [heard.id for heard in shift.heard], "each once, in the order of the day"
    assert [row["device_seq"] for row in rows] == list(range(1, len(rows) + 1))
    for row, heard in zip(rows, shift.heard, strict=True):
        fact = json.loads(row["body"])
        assert fact["declared_by"] == heard.author
        assert heard.before - WITHIN_MS <= parse_instant(fact["occurred_at"]) <= heard.after + WITHIN_MS, fact
        assert abs(fact["clock_offset_ms"] + heard.error_ms) <= WITHIN_MS, fact
    if shift.has_forgotten:  # its second copy still held some that had been sent: they are sent again
        assert len(set(proxy.reached)) == len(rows)
    else:
        assert_hits(proxy, len(rows))
