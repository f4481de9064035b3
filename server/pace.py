"""How much one caller may ask for, so that the others are served: in a minute, at once, and of what costs most.

Each device, token and signed-in browser has a pace of its own, known by the credential it shows. Whoever shows none, or
one that was refused, shares the pace of his address; phones behind one address of a shop do not. Nobody has more than a
few requests in work at once, and of the views marked `costly` only a few are in work at all. What is too much gets 429
and the seconds to wait.

Counted in each web process by itself, without a database: this keeps a process alive, and two of them let pass twice as
much. What must not be guessed (PINs, passwords, codes) is counted in the database, by all processes together.
"""

import hashlib
import ipaddress
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from flask import Flask, Response, current_app, g, request

from server.auth import credentials
from server.auth.access import SAFE, rule_of
from server.auth.tokens import PREFIX
from server.problems import Problem

# In work at once, in one process: for one caller, and of costly views for all. A process has eight threads.
MOST_AT_ONCE = 6
MOST_COSTLY = 2
# So many callers are remembered; beyond that those that have been quiet longest are forgotten.
MOST_KEPT = 20_000
# What a refused credential costs its address: a guess is dearer than a question.
GUESS = 5

View = TypeVar("View", bound=Callable[..., Any])


def costly(view: View) -> View:
    """Mark a view that reads so much that only a few may be in work at once."""
    view.costly = True  # type: ignore[attr-defined]
    return view


@dataclass
class Pace:
    """So many requests in a minute, at once or spread; then one whenever its share of the minute has passed.

    Kept for each caller is one number: when all it asked for so far will have had its share of time (GCRA)."""

    per_minute: int
    _due: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, who: str, now: float, count: int = 1, *, anyway: bool = False) -> float:
        """Seconds to wait before so many more requests, 0.0: they are granted. `now`: seconds of any steady clock;
        `anyway`: they were made already."""
        share = 60.0 / self.per_minute
        with self._lock:
            due = max(self._due.get(who, now), now)
            if (wait := due + count * share - now - 60.0) > 1e-9 and not anyway:
                return wait
            self._due.pop(who, None)  # to the end: the first ones were quiet longest
            self._due[who] = due + count * share
            while len(self._due) > MOST_KEPT:
                del self._due[next(iter(self._due))]
        return 0.0


class Paces:
    """The counts of one application."""

    def __init__(self, per_minute: dict[str, int]) -> None:
        self.paces = {kind: Pace(count) for kind, count in per_minute.items() if count}
        self.known: dict[str, None] = {}
        self.at_work: Counter[str] = Counter()
        self.lock = threading.Lock()

    def ask(self, kind: str, who: str, count: int = 1) -> None:
        """Raise Problem when a caller asks for more than its pace allows."""
        pace = self.paces.get(kind)
        if pace and (wait := pace.take(who, time.monotonic(), count)):
            raise too_many(wait)

    def begin(self, who: str, most: int) -> None:
        """One more in work. Raises Problem when there are too many of this caller's."""
        with self.lock:
            if self.at_work[who] >= most:
                raise too_many(1.0)
            self.at_work[who] += 1

    def end(self, who: str) -> None:
        """One less in work."""
        with self.lock:
            self.at_work[who] -= 1
            if not self.at_work[who]:
                del self.at_work[who]

    def remember(self, who: str) -> None:
        """This credential was good a moment ago."""
        with self.lock:
            self.known.pop(who, None)
            self.known[who] = None
            while len(self.known) > MOST_KEPT:
                del self.known[next(iter(self.known))]

    def forget(self, who: str) -> None:
        """This credential was refused."""
        with self.lock:
            self.known.pop(who, None)


def init_app(app: Flask) -> None:
    """Install the limits on `app`, before anything else looks at a request."""
    chosen = app.extensions["settings"]
    app.extensions["paces"] = Paces(
        {
            "device": chosen.device_requests, "token": chosen.token_requests, "user": chosen.user_requests,
            "address": chosen.address_requests,
        }
    )  # fmt: skip
    app.before_request(begin)
    app.after_request(learn)
    app.teardown_request(end)


def begin() -> None:
    """Refuse what is too much, before anybody is looked up in the database."""
    g.at_work = []
    rule = rule_of(request.endpoint or "")
    if rule is None or (rule.public and request.method in SAFE):  # the program itself, which costs next to nothing
        return
    paces = _paces()
    kind, who = caller()
    if kind != "address" and who not in paces.known:
        # Whoever makes credentials up has a new one for each request: until one proves good it is the address's.
        paces.ask("address", address())
    paces.ask(kind, who)
    _work(paces, who, MOST_AT_ONCE)
    if getattr(current_app.view_functions[request.endpoint or ""], "costly", False):
        _work(paces, "costly", MOST_COSTLY)


def learn(response: Response) -> Response:
    """Whether the credential was good; a guess costs its address more than a question."""
    kind, who = caller()
    if kind == "address":
        return response
    paces = _paces()
    if response.status_code != 401:
        if g.get("at_work"):
            paces.remember(who)
        return response
    paces.forget(who)
    if pace := paces.paces.get("address"):
        pace.take(address(), time.monotonic(), GUESS, anyway=True)
    return response


def end(_error: BaseException | None = None) -> None:
    """The request is done, however it went."""
    for who in g.pop("at_work", ()):
        _paces().end(who)


def caller() -> tuple[str, str]:
    """What kind of caller this is by what it shows, and its name here: a digest of the credential, or the address."""
    if shown := credentials.bearer():
        kind = "token" if shown.startswith(PREFIX) else "device"
    elif shown := credentials.session_cookie():
        kind = "user"
    elif shown := credentials.device_cookie():
        kind = "device"
    else:
        return "address", address()
    return kind, hashlib.blake2b(shown.encode("utf-8", "replace"), digest_size=16).hexdigest()


def address() -> str:
    """The caller's address as our own proxies tell it; of IPv6 the network of one customer."""
    shown = request.remote_addr or ""
    if ":" not in shown:
        return shown
    try:
        return str(ipaddress.IPv6Network((shown.partition("%")[0], 64), strict=False))
    except ValueError:
        return shown


def too_many(wait: float) -> Problem:
    """What is said to somebody who asks too much; `wait`: seconds."""
    problem = Problem("request.too_many")
    problem.headers["Retry-After"] = str(max(1, -int(-wait // 1)))
    return problem


def _work(paces: Paces, who: str, most: int) -> None:
    paces.begin(who, most)
    g.at_work.append(who)


def _paces() -> Paces:
    return cast(Paces, current_app.extensions["paces"])
