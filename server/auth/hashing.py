"""Argon2id: how what a person proves to know is kept, and compared.

Comparing costs as much for nobody as for somebody, so that the time an answer takes does not tell who exists. What is
hashed is keyed with a file beside the database: who steals the database alone cannot even begin to guess.
"""

import hashlib
import hmac
from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


def keyed(secret: str, key: bytes) -> bytes:
    """32 bytes of the secret and a key."""
    return hmac.new(key, secret.encode("utf-8", "replace"), hashlib.sha256).digest()


def make(secret: str | bytes) -> str:
    """A hash of the secret, with a salt of its own."""
    return _hasher.hash(secret)


def fits_keyed(stored: str | None, secret: str, keys: Sequence[bytes]) -> int | None:
    """Which of the keys, newest first, the hash of this secret was made with; None: it is no hash of it."""
    return next((place for place, key in enumerate(keys) if fits(stored, keyed(secret, key))), None)


def fits(stored: str | None, secret: str | bytes) -> bool:
    """Whether the hash is of this secret. None, nobody's hash, fits nothing and takes as long."""
    nobody = _nobody()  # made for everybody, so that the first stranger does not wait longer than others
    try:
        return _hasher.verify(stored or nobody, secret) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether a hash made today would be a stronger one."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return _hasher.hash("nobody knows this")
