"""Codes of an authenticator app (TOTP, RFC 6238): six digits, new each 30 seconds, one step early or late is taken.

A code is taken once: the step it belongs to is written down before anything opens, and neither that nor an earlier one
passes again. The seed is sealed with a key beside the database.
"""

import hmac
import logging

import pyotp
from sqlalchemy import Engine

from server import vault
from server.auth import guessing
from server.extensions import now, settings
from server.problems import Problem
from server.store import factors
from server.store.database import read, write

log = logging.getLogger("floorledger")

PURPOSE = "user.totp"
STEP_MS = 30_000
ISSUER = "Floorledger"


def new_seed() -> str:
    """160 random bits, as apps write them."""
    return pyotp.random_base32()


def address(seed: str, user: str, site: str) -> str:
    """What the app scans: otpauth://totp/..."""
    return pyotp.TOTP(seed).provisioning_uri(name=user, issuer_name=f"{ISSUER} {site}".strip())


def step_of(seed: str, code: str, moment: int) -> int | None:
    """The step whose code this is, of the one that is now, the one before and the one after; None for none of them."""
    code = "".join(code.split())
    if not (code.isascii() and code.isdigit() and len(code) == 6):
        return None
    app, present = pyotp.TOTP(seed), moment // STEP_MS
    found = [step for step in (present - 1, present, present + 1) if hmac.compare_digest(app.generate_otp(step), code)]
    return found[0] if found else None


def _opened(seed: str) -> str:
    """A stored seed. Where the key it was sealed with is gone, no code fits: another factor helps, or somebody."""
    try:
        return vault.open_(seed, PURPOSE)
    except vault.SealBroken:
        log.error("the seed of an authenticator app cannot be opened: vault.key is not the one it was sealed with")
        return new_seed()


def check(engine: Engine, user: str, code: str, address: str) -> None:
    """Take a user's code. Raises Problem `auth.wrong_code` for one that does not fit, was taken, or came after too many
    that did not."""
    site, moment = settings().site, now()
    guess = guessing.count(engine, settings(), "code", user, address, moment)
    with read(engine) as connection:
        app = factors.find_app(connection, site, user)
    step = step_of(_opened(app.seed), code, moment) if app and guess.admitted else None
    if step is None:
        guess.was_wrong(user, moment)
        raise Problem("auth.wrong_code")
    with write(engine) as connection:
        if not factors.take_step(connection, site, user, step):
            raise Problem("auth.wrong_code")
    guess.was_right()
