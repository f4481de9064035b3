"""The sealed chain: batches with gapless numbers, each hashed together with the one before.

The hash is keyed (HMAC-SHA-256): amounts have few possible values, so a plain hash over an entry would tell anyone
who may see the hash but not the amount what the amount is.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries at positions first..last, sealed at an instant (milliseconds)."""

    number: int
    first: int
    last: int
    sealed_at: int
    previous: str
    hash: str


def seal(key: bytes, number: int, first: int, sealed_at: int, previous: str, bodies: Iterable[str]) -> Batch:
    """Seal the bodies, which take the positions from `first` on."""
    digest = hmac.new(key, f"1\n{number}\n{first}\n{previous}\n".encode(), hashlib.sha256)
    count = 0
    for body in bodies:
        raw = body.encode()
        digest.update(b"%d\n" % len(raw))
        digest.update(raw)
        count += 1
    return Batch(number, first, first + count - 1, sealed_at, previous, digest.hexdigest())
