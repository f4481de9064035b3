"""Passwords: any characters, long rather than odd, none that is guessed early; never changed by the calendar.

A password that stands alone has at least fifteen characters, one beside a second factor at least twelve (NIST SP
800-63B-4, OWASP ASVS 5.0 section 6.2). How early one is guessed is told by zxcvbn, from lists of the most common
passwords, words and names, keyboards, dates and repetitions: offline, because what somebody wants as a password is
asked of nobody else.

What is stored is Argon2id over the password as Unicode writes it (NFC: é is é on every keyboard), keyed with
`Settings.password_key`. Whoever guesses learns nothing from the answer: an unknown name, a wrong password and a locked
name get the same words, and each costs one Argon2id computation.
"""

import unicodedata

from flask_babel import gettext
from sqlalchemy import Engine
from zxcvbn import zxcvbn

from server.auth import guessing, hashing
from server.problems import Problem
from server.settings import Settings
from server.store import people
from server.store.database import read, write

MIN_LENGTH = 12
MIN_LENGTH_ALONE = 15
MAX_LENGTH = 256
# Ten thousand million guesses: a hundred years at the speed sign-in allows, and slow with a stolen, keyed hash.
ENOUGH_GUESSES = 10**10
# Its search grows with the square of the length; what follows the first signs only makes a password better.
LOOKED_AT = 64
# Says how a hash was made. Those without it, of older versions, are of the password as it was typed, without a key.
KEYED = "k1:"

# What is guessed first in a French-speaking plant: the lists of the library are English.
_COMMON = """
    password motdepasse passwort azerty azertyuiop qwerty qwertyuiop qsdfghjklm wxcvbn letmein welcome bienvenue admin
    administrator administrateur floorledger changeme changezmoi iloveyou jetaime soleil bonjour bonsoir football
    123456789 1234567890 123456 12345 1234 123 000000 111111 secret usine atelier factory test demo user root
    doudou loulou marseille paris chouchou nicolas camille
    """.split()  # noqa: SIM905 -- easier to read than forty quoted words


def rule(*, alone: bool = True) -> str:
    """What a password has to be, in the reader's language."""
    return gettext(
        "%(least)d to %(most)d characters, any of them, and not one that is guessed early.",
        least=least(alone=alone), most=MAX_LENGTH,
    )  # fmt: skip


def least(*, alone: bool) -> int:
    """How many characters a password has at least; `alone`: without a second factor beside it."""
    return MIN_LENGTH_ALONE if alone else MIN_LENGTH


def stands_alone(password: str) -> bool:
    """Whether a password is long enough to be the only factor."""
    return len(_written(password)) >= MIN_LENGTH_ALONE


def hash_password(limits: Settings, password: str, name: str = "", *, alone: bool = True) -> str:
    """What is stored of a password. Raises Problem for one that is too weak."""
    password = _written(password)
    long_enough = least(alone=alone) <= len(password) <= MAX_LENGTH
    if not long_enough or len(set(password)) < 5 or _is_common(password, name) or _is_guessed(password, name):
        raise Problem("auth.weak_password", rule=rule(alone=alone))
    return _hash(limits, password)


def sign_in(engine: Engine, limits: Settings, name: str, password: str, now: int, address: str = "") -> str:
    """The secret-free half of signing in: returns the user's name when the password fits. Raises Problem otherwise."""
    name = name.strip()
    guess = guessing.count(engine, limits, "password", name, address, now)
    with read(engine) as connection:
        user = people.find_user(connection, limits.site, name)
    stored = user.password_hash if user is not None and user.active and guess.admitted else None
    if not _fits(limits, stored, password):  # for nobody, too: it takes as long
        if user is not None and user.active:
            guess.was_wrong(name, now)
        raise Problem("auth.wrong_password")
    guess.was_right()
    assert stored is not None
    if _is_outdated(limits, stored, password):
        with write(engine) as connection:
            # Not through `change_user`: a stronger hash of the same password ends no sign-in.
            people.rehash(connection, limits.site, name, _hash(limits, _written(password)))
    return name


def _fits(limits: Settings, stored: str | None, password: str) -> bool:
    if len(password) > MAX_LENGTH * 2:  # none is so long; two characters may be written as one
        stored, password = None, ""
    if stored is not None and not stored.startswith((KEYED, "$argon2")):  # somebody who signs in elsewhere has none
        stored = None
    if stored is not None and not stored.startswith(KEYED):
        return hashing.fits(stored, password)
    bare = stored and stored.removeprefix(KEYED)
    return hashing.fits_keyed(bare, _written(password), limits.password_keys()) is not None


def _is_outdated(limits: Settings, stored: str, password: str) -> bool:
    """Whether the hash of this password, which fits, would be made otherwise today: stronger, or with a newer key."""
    bare, newer = stored.removeprefix(KEYED), len(limits.password_keys()) > 1
    return (
        not stored.startswith(KEYED)
        or hashing.is_outdated(bare)
        or (newer and not hashing.fits(bare, hashing.keyed(_written(password), limits.password_key())))
    )


def _hash(limits: Settings, password: str) -> str:
    return KEYED + hashing.make(hashing.keyed(password, limits.password_key()))


def _written(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def _is_common(password: str, name: str) -> bool:
    rest = password.casefold()
    for word in sorted([*_COMMON, name.casefold()], key=len, reverse=True):
        if word:
            rest = rest.replace(word, "")
    # What is left beside the words everybody knows must still be worth guessing.
    return len(rest) < 6


def _is_guessed(password: str, name: str) -> bool:
    begin = password[:LOOKED_AT]
    found = zxcvbn(begin, user_inputs=[name, *name.split(), *_COMMON], max_length=LOOKED_AT)
    return bool(found["guesses"] < ENOUGH_GUESSES)
