"""PINs: what an operator types beside the badge where a site asks for it, checked here and never on the device.

Six digits are few, so guessing is what must be stopped: failures are counted in the database, for the number that was
typed (whether or not anybody has it), for the device and for the site, by all processes together. From the third
failure in a row on each one makes the next try wait longer, and after the tenth a team lead has to unlock the PIN. The
badge goes on working all the while, so that nobody can lock a shop out of its work. Whoever guesses learns nothing from
the answer: an unknown number, somebody without a PIN and a wrong PIN get the same words, and each costs one Argon2id
computation.

What is hashed is keyed with a file beside the database: who steals the database alone cannot try a million PINs.
"""

import hashlib
import re
from itertools import pairwise
from typing import Literal

from sqlalchemy import Connection, Engine

from server.auth import hashing
from server.problems import Problem
from server.settings import Settings
from server.store import audit, people
from server.store.database import write

SECOND = 1_000
HOUR = 3_600 * SECOND
# In a row, of a number: then only a team lead unlocks it (the ceiling NIST SP 800-63B draws for activation secrets).
MOST_OF_A_NUMBER = 10
# Within an hour: many share a device, all share the site.
MOST_OF_A_DEVICE = 20
MOST_OF_A_SITE = 100
# A number's failures are forgotten after so long without one.
FORGOTTEN_AFTER = 30 * 24 * HOUR
# Later than any clock: until somebody unlocks it.
SHUT = 2**53
# Guessed first, beside runs, repetitions and dates.
_COMMON = frozenset(
    (  # noqa: SIM905
        "112233 159753 147258 147852 258369 369258 159357 102030 100200 111222 123321 654456 123654 789456 "
        "456789 142536 101112 741852 963852 852963 951753 753951 753159 357159 789123 321654 987456 456123 "
        "124578 235689 134679 147896 258963 741963 963741 369147 741258 852456 131211 112358 314159 271828 "
        "141421 161803 420420"
    ).split()
)


def hash_pin(pin: str, number: str, key: bytes) -> str:
    """The PIN's hash. Raises Problem for one that is too short or that everybody tries first."""
    if is_weak(pin, number):
        raise Problem("person.pin_weak")
    return hashing.make(hashing.keyed(pin, key))


def is_weak(pin: str, number: str = "") -> bool:
    """Whether a PIN is none (6 to 12 digits), or one of those tried first: a run, a repetition, a date, the number."""
    if not re.fullmatch("[0-9]{6,12}", pin, re.ASCII):
        return True
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if len(steps) == 1 or len(set(pin)) < 3 or pin in _COMMON:
        return True
    if any(len(pin) % size == 0 and pin[:size] * (len(pin) // size) == pin for size in (2, 3, 4)):
        return True
    digits = re.sub("[^0-9]", "", number).lstrip("0")
    return _is_date(pin) or (len(digits) > 2 and digits in pin)


def _is_date(pin: str) -> bool:
    """A day written in any order, with two or four digits of the year."""
    if len(pin) not in (6, 8):
        return False
    year = len(pin) - 4
    parts = [(pin[:2], pin[2:4]), (pin[2:4], pin[:2]), (pin[year : year + 2], pin[year + 2 :])]
    return any(1 <= int(day) <= 31 and 1 <= int(month) <= 12 for pair in parts for day, month in (pair, pair[::-1]))


def sign_in(engine: Engine, limits: Settings, device: str, number: str, pin: str, now: int) -> str:
    """The key of the person whose number and PIN these are. Raises Problem: person.pin_wrong, person.pin_locked,
    person.pin_shut.

    A failure is counted before the PIN is looked at and taken back after a success, so that parallel guesses cannot
    outrun the counter.
    """
    number = number.strip()
    who, where, everywhere = subject_of(number, limits.site), _subject("d", device), _subject("s", limits.site)
    with write(engine) as connection:
        counted = people.pin_failures(connection, limits.site, (who, where, everywhere))
        if (until := max((one.locked_until for one in counted.values()), default=0)) > now:
            raise _locked(until - now)
        of_number = counted.get(who)
        if of_number and now - of_number.last_at > FORGOTTEN_AFTER:
            of_number = None
        failures = of_number.failures + 1 if of_number else 1
        until = SHUT if failures >= MOST_OF_A_NUMBER else now + wait_ms(failures)
        people.put_pin_failures(connection, limits.site, who, failures, now, now, until)
        for subject, most in ((where, MOST_OF_A_DEVICE), (everywhere, MOST_OF_A_SITE)):
            _count_within_the_hour(connection, limits.site, subject, counted.get(subject), most, now)
        found = people.find_pin(connection, limits.site, number)
        person, stored = found or ("", "")
        if until == SHUT:  # the number itself is not written down: it may be somebody's mistake
            audit.record(connection, limits.site, at=now, actor=f"device:{device}", action="pin.locked",
                         subject=person)  # fmt: skip
    key = hashing.fits_keyed(stored or None, pin[:64], limits.pin_keys())
    if key is None:
        raise Problem("person.pin_wrong")
    with write(engine) as connection:
        people.forget_pin_failures(connection, limits.site, who)
        people.take_back_pin_failure(connection, limits.site, where, MOST_OF_A_DEVICE)
        people.take_back_pin_failure(connection, limits.site, everywhere, MOST_OF_A_SITE)
        if key or hashing.is_outdated(stored):
            people.put_pin(connection, limits.site, person, hashing.make(hashing.keyed(pin, limits.pin_key())), now)
    return person


def _count_within_the_hour(
    connection: Connection, site: str, subject: str, counted: people.PinFailures | None, most: int, now: int
) -> None:
    """One more failure of a device or of the site; with the last one allowed it is locked until the hour is over."""
    if counted and now - counted.began_at > HOUR:
        counted = None
    failures, began = (counted.failures + 1, counted.began_at) if counted else (1, now)
    until = began + HOUR if failures >= most else 0
    people.put_pin_failures(connection, site, subject, failures, began, now, until)


Change = Literal["set", "cleared", "unlocked"]


def change(
    connection: Connection, site: str, what: Change, person: str, number: str, *, actor: str, now: int, hashed: str = ""
) -> None:
    """Set somebody's PIN to what `hash_pin` made of it, take it away, or let the person try again. Each ends a lock."""
    people.forget_pin_failures(connection, site, subject_of(number, site))
    if what == "set":
        people.put_pin(connection, site, person, hashed, now)
    elif what == "cleared":
        people.clear_pin(connection, site, person)
    audit.record(connection, site, at=now, actor=actor, action=f"pin.{what}", subject=person)


def subject_of(number: str, site: str) -> str:
    """Under what name a number's failures are counted."""
    return _subject("n", f"{site}\x1f{number.strip()}")


def wait_ms(failures: int) -> int:
    """How long the next try waits after so many failures in a row: 2 s, 4 s, then 1, 2, 4 ... minutes."""
    if failures < 3:
        return 0
    if failures < 5:
        return 2 ** (failures - 2) * SECOND
    return 60 * SECOND * 2 ** min(failures - 5, MOST_OF_A_NUMBER)


def _locked(left_ms: int) -> Problem:
    if left_ms > FORGOTTEN_AFTER:
        return Problem("person.pin_shut")
    seconds = -(-left_ms // SECOND)
    problem = Problem("person.pin_locked", wait=f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} min")
    problem.headers["Retry-After"] = str(seconds)
    return problem


def _subject(kind: str, name: str) -> str:
    return f"{kind}:{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:40]}"
