"""A person who works with a hand scanner only: badge, labels, quick codes. No test of theirs depends on what a key is
called or where it stands."""

import time
from functools import cached_property

from server.labels.words import WORDS
from tests.e2e.conftest import MIA, Job, NewTablet, Shop
from tests.e2e.tablet import Tablet


class Hands:
    """`tablet` in the hands of `person`, in `shop`."""

    def __init__(self, shop: Shop, tablet: Tablet, job: Job, person: str = MIA) -> None:
        self.shop, self.tablet, self.job, self.person = shop, tablet, job, person

    @cached_property
    def badge(self) -> str:
        return self.shop.label("person", self.person)

    def word(self, *words: str) -> None:
        """Scan quick codes, one after the other."""
        for word in words:
            self.tablet.scan(self.shop.label("word", word)[-9:])

    def sign_in(self) -> None:
        self.tablet.scan(self.badge)
        self.tablet.on("home")

    def comes_back(self) -> bool:
        """After a start: whether the tablet knows who works at it. If not, its browser threw its database away, as
        browsers do when they find it damaged; then the server tells it everything again, and the person signs in."""
        if self.tablet.page.locator('#phone[data-screen="badge"]').count() == 0:
            return True
        self.tablet.context.set_offline(False)
        self.tablet.page.reload()
        self.tablet.ready()
        deadline = time.monotonic() + 15
        while self.tablet.kept("reference") is None:
            assert time.monotonic() < deadline, "what is kept of the plant does not come back"
            time.sleep(0.1)
        self.sign_in()
        return False

    def start(self, job: Job | None = None) -> None:
        """Begin an operation; returns when it is confirmed."""
        job = job or self.job
        seen = self.tablet.notes.confirmed
        self.tablet.scan(self.shop.label("operation", job.order, job.operation))
        self.tablet.until_confirmed(seen + 1)

    def enter(self, pieces: int) -> None:
        """All of a good quantity but the last scan."""
        self.word("good")
        self.tablet.on("quantity")
        self.word(*str(pieces))

    def count(self, pieces: int) -> None:
        """Capture a good quantity; returns when it is confirmed."""
        seen = self.tablet.notes.confirmed
        self.enter(pieces)
        self.word("ok")
        self.tablet.until_confirmed(seen + 1)
        assert self.tablet.notes.confirmed == seen + 1


def at_work(
    shop: Shop, new_tablet: NewTablet, name: str = "Tablet", address: str = "", job: Job | None = None
) -> Hands:
    """A tablet whose person has started an operation; the start is sent."""
    job = job or shop.new_job()
    for word in WORDS:
        shop.label("word", word)
    shop.label("person", MIA), shop.label("operation", job.order, job.operation)
    hands = Hands(shop, new_tablet(name, address=address), job)
    hands.sign_in()
    hands.start()
    hands.tablet.until_sent()
    return hands
