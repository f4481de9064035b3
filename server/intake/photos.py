"""Photos beside facts: they travel apart, are taken only where a fact vouches for them, and can be erased.

A fact carries `photo_digest`, the SHA-256 of a salt (as hexadecimal text) and the picture's bytes. So nothing can be
put under a fact that its author did not see, and once picture and salt are erased the digest tells nothing.
"""

import hashlib
import json
import re
from typing import Literal

from sqlalchemy import Connection

from server.problems import Problem
from server.store import intake_log

MOST_BYTES = 1024 * 1024
MOST_PIXELS = 25_000_000
SALT = re.compile("[0-9a-f]{32}", re.ASCII)

_START_OF_FRAME = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive: what browsers draw
_START_OF_SCAN, _END = 0xDA, 0xD9
_ALONE = frozenset(range(0xD0, 0xD8))  # restart marks, without a length


def accept_photo(
    connection: Connection, site: str, event_id: str, salt: str, jpeg: bytes, now: int
) -> Literal["created", "exists"]:
    """Keep the photo of a fact. Raises Problem: photo.fact_unknown, photo.digest_mismatch, photo.not_jpeg."""
    body = intake_log.body_of(connection, site, event_id)
    if body is None:
        if intake_log.is_erased(connection, site, "event", event_id):
            return "exists"  # it has gone with its fact: the device may forget it
        raise Problem("photo.fact_unknown")
    if json.loads(body).get("photo_digest") != digest(salt, jpeg):
        raise Problem("photo.digest_mismatch")
    if not is_jpeg(jpeg):
        raise Problem("photo.not_jpeg")
    return "created" if intake_log.keep_photo(connection, site, event_id, salt, jpeg, now) else "exists"


def digest(salt: str, jpeg: bytes) -> str:
    """What a fact says of its photo."""
    return hashlib.sha256(salt.encode("ascii", "replace") + jpeg).hexdigest()


def is_jpeg(content: bytes) -> bool:
    """Whether all of it is one JPEG picture of a size that can be drawn: its segments from the first to the last byte,
    with a frame before the first scan, and nothing behind the end."""
    if content[:3] != b"\xff\xd8\xff" or content[-2:] != bytes((0xFF, _END)) or len(content) > MOST_BYTES:
        return False
    at, framed, scanned = 2, False, False
    while at + 1 < len(content):
        if content[at] != 0xFF:
            return False
        mark = content[at + 1]
        if mark == 0xFF:  # a filling byte
            at += 1
            continue
        if mark == _END:
            return framed and scanned and at + 2 == len(content)
        length = int.from_bytes(content[at + 2 : at + 4], "big")
        if mark in _ALONE or mark < 0xC0 or length < 2 or at + 2 + length > len(content):
            return False
        if mark in _START_OF_FRAME:
            high, wide = (int.from_bytes(content[at + 5 + i : at + 7 + i], "big") for i in (0, 2))
            if framed or length < 8 or not 0 < high * wide <= MOST_PIXELS:
                return False
            framed = True
        at += 2 + length
        if mark == _START_OF_SCAN:
            if not framed:
                return False
            scanned, at = True, _after_scan(content, at)
    return False


def _after_scan(content: bytes, at: int) -> int:
    """Where the coded picture ends: at the next mark that is neither a stuffed zero nor a restart."""
    while (at := content.find(b"\xff", at)) >= 0 and at + 1 < len(content):
        if content[at + 1] == 0 or content[at + 1] in _ALONE:
            at += 2
        else:
            return at
    return len(content)
