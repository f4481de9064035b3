"""Passwords: Argon2id, at least twelve characters, no rules about signs; failures counted in the database.

Whoever guesses learns nothing from the answer: an unknown name, a wrong password and a locked name get the same
words, and each costs one Argon2id computation.
"""

from flask_babel import lazy_gettext
from sqlalchemy import Engine

from server.auth import hashing
from server.problems import Problem
from server.settings import Settings
from server.store import people
from server.store.database import write

MIN_LENGTH = 12
MAX_LENGTH = 256
RULE = lazy_gettext("12 to 256 characters, any of them, and not one that everybody guesses first.")
# From the third failure on, each one makes the next try wait twice as long.
PATIENCE = 3

# What is guessed first; a longer password made of such parts and a few signs falls too.
_COMMON = frozenset(
    """
    password motdepasse passwort azerty azertyuiop qwerty qwertyuiop letmein welcome bienvenue admin administrator
    administrateur floorledger changeme iloveyou soleil bonjour football 123456789 1234567890 123456 12345 1234 123
    000000 111111 secret usine atelier factory test demo user root
    """.split()  # noqa: SIM905 -- easier to read than forty quoted words
)


def hash_password(password: str, name: str = "") -> str:
    """The password's Argon2id hash. Raises Problem for one that is too weak."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH or len(set(password)) < 5 or _is_common(password, name):
        raise Problem("auth.weak_password", rule=str(RULE))
    return hashing.make(password)


def sign_in(engine: Engine, limits: Settings, name: str, password: str, now: int) -> str:
    """The secret-free half of signing in: returns the user's name when the password fits. Raises Problem otherwise.

    A failure is counted before the password is looked at and taken back after a success, so that parallel guesses
    cannot outrun the counter.
    """
    name = name.strip()
    with write(engine) as connection:
        user = people.find_user(connection, limits.site, name)
        open_now = user is not None and user.active and user.locked_until <= now
        if open_now:
            failures = people.count_failure(connection, limits.site, name)
            wait = _wait_ms(failures, limits)
            people.change_user(connection, limits.site, name, locked_until=now + wait)
    stored = user.password_hash if user is not None and open_now else None
    fits = hashing.fits(stored, password[:MAX_LENGTH])  # for nobody, too: it takes as long
    if stored is None or not fits:
        raise Problem("auth.wrong_password")
    with write(engine) as connection:
        people.change_user(connection, limits.site, name, failures=0, locked_until=0)
        if hashing.is_outdated(stored):
            # Not through `change_user`: a stronger hash of the same password ends no sign-in.
            people.rehash(connection, limits.site, name, hashing.make(password))
    return name


def _wait_ms(failures: int, limits: Settings) -> int:
    if failures >= limits.sign_in_failures:
        return limits.sign_in_lock_minutes * 60_000
    return 1000 * 2 ** (failures - PATIENCE) if failures >= PATIENCE else 0


def _is_common(password: str, name: str) -> bool:
    rest = password.casefold()
    for word in sorted([*_COMMON, name.casefold()], key=len, reverse=True):
        if word:
            rest = rest.replace(word, "")
    # What is left beside the words everybody knows must still be worth guessing.
    return len(rest) < 6
