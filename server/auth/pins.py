"""PINs: what an operator types beside the badge where a site asks for it, checked here and never on the device.

Six digits are few, so guessing is what must be stopped: failures are counted in the database, for the number that was
typed (whether or not anybody has it) and for the device, by all processes together. From the third failure in a row on
each one makes the next try wait longer. Whoever guesses learns nothing from the answer: an unknown number, somebody
without a PIN and a wrong PIN get the same words, and each costs one Argon2id computation.

What is hashed is keyed with a file beside the database: who steals the database alone cannot try a million PINs.
"""

import hashlib
import hmac
import re
from itertools import pairwise

from sqlalchemy import Engine

from server.auth import hashing
from server.problems import Problem
from server.settings import Settings
from server.store import people
from server.store.database import write

SECOND = 1_000
HOUR = 3_600 * SECOND
LONGEST_WAIT = HOUR
# A number's failures are forgotten after so long without one, a device's after an hour: many share it.
FORGOTTEN_AFTER = 24 * HOUR
MOST_OF_A_DEVICE = 20
# Guessed first, beside runs, repetitions and dates.
_COMMON = frozenset(
    "112233 159753 147258 147852 258369 369258 159357 102030 100200 111222 123321 654456".split()  # noqa: SIM905
)


def hash_pin(pin: str, number: str, key: bytes) -> str:
    """The PIN's hash. Raises Problem for one that is too short or that everybody tries first."""
    if is_weak(pin, number):
        raise Problem("person.pin_weak")
    return hashing.make(_keyed(pin, key))


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
    """The key of the person whose number and PIN these are. Raises Problem: person.pin_wrong, person.pin_locked.

    A failure is counted before the PIN is looked at and taken back after a success, so that parallel guesses cannot
    outrun the counter.
    """
    number = number.strip()
    who, where = subject_of(number, limits.site), _subject("d", device)
    with write(engine) as connection:
        counted = people.pin_failures(connection, limits.site, (who, where))
        if (until := max((one.locked_until for one in counted.values()), default=0)) > now:
            raise _locked(until - now)
        of_number, of_device = counted.get(who), counted.get(where)
        if of_number and now - of_number.last_at > FORGOTTEN_AFTER:
            of_number = None
        if of_device and now - of_device.began_at > HOUR:
            of_device = None
        failures = of_number.failures + 1 if of_number else 1
        on_device = of_device.failures + 1 if of_device else 1
        began = of_device.began_at if of_device else now
        people.put_pin_failures(connection, limits.site, who, failures, now, now, now + wait_ms(failures))
        locked = began + HOUR if on_device >= MOST_OF_A_DEVICE else 0
        people.put_pin_failures(connection, limits.site, where, on_device, began, now, locked)
        found = people.find_pin(connection, limits.site, number)
    person, stored = found or ("", "")
    if not hashing.fits(stored or None, _keyed(pin[:64], limits.pin_key())):
        raise Problem("person.pin_wrong")
    with write(engine) as connection:
        people.forget_pin_failures(connection, limits.site, who)
        people.take_back_pin_failure(connection, limits.site, where, MOST_OF_A_DEVICE)
        if hashing.is_outdated(stored):
            people.put_pin(connection, limits.site, person, hashing.make(_keyed(pin, limits.pin_key())), now)
    return person


def subject_of(number: str, site: str) -> str:
    """Under what name a number's failures are counted."""
    return _subject("n", f"{site}\x1f{number.strip()}")


def wait_ms(failures: int) -> int:
    """How long the next try waits after so many failures in a row: 2 s, 4 s, then 1, 2, 4 ... minutes, at most 1 h."""
    if failures < 3:
        return 0
    if failures < 5:
        return 2 ** (failures - 2) * SECOND
    return min(60 * SECOND * 2 ** min(failures - 5, 20), LONGEST_WAIT)


def _locked(left_ms: int) -> Problem:
    seconds = -(-left_ms // SECOND)
    problem = Problem("person.pin_locked", wait=f"{seconds} s" if seconds < 100 else f"{-(-seconds // 60)} min")
    problem.headers["Retry-After"] = str(seconds)
    return problem


def _subject(kind: str, name: str) -> str:
    return f"{kind}:{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:40]}"


def _keyed(pin: str, key: bytes) -> bytes:
    return hmac.new(key, pin.encode("utf-8", "replace"), hashlib.sha256).digest()
