"""Recovery codes: on paper, for the day the phone is lost. Ten of them, each stands once for the second factor.

79 random bits each, so there is nothing to guess; kept as a hash keyed with `Settings.password_key`.
"""

import secrets

from sqlalchemy import Connection, Engine

from server.auth import guessing, hashing
from server.extensions import now, settings
from server.problems import Problem
from server.store import audit, factors
from server.store.database import write

COUNT = 10
# Without what is taken for another sign: 0 o, 1 i l.
_SIGNS = "23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 16


def make(connection: Connection, user: str) -> list[str]:
    """New codes of a user, instead of all others: shown once, now."""
    codes = ["".join(secrets.choice(_SIGNS) for _ in range(_LENGTH)) for _ in range(COUNT)]
    key = settings().password_key()
    factors.put_recovery_codes(connection, settings().site, user, [_digest(user, code, key) for code in codes])
    audit.record(connection, settings().site, at=now(), actor=f"user:{user}", action="user.recovery_codes_made",
                 subject=user)  # fmt: skip
    return ["-".join(code[at : at + 4] for at in range(0, _LENGTH, 4)) for code in codes]


def looks_like_one(code: str) -> bool:
    """Whether somebody typed a recovery code rather than one of the app."""
    return len(_bare(code)) == _LENGTH


def check(engine: Engine, user: str, code: str, address: str) -> None:
    """Use up a user's recovery code. Raises Problem `auth.wrong_code` as a code of the app does."""
    site, moment = settings().site, now()
    guess = guessing.count(engine, settings(), "code", user, address, moment)
    with write(engine) as connection:
        right = guess.admitted and any(
            factors.use_recovery_code(connection, site, user, _digest(user, _bare(code), key), moment)
            for key in settings().password_keys()
        )
        if right:
            audit.record(connection, site, at=moment, actor=f"user:{user}", action="user.recovery_code_used",
                         subject=user)  # fmt: skip
    if not right:
        guess.was_wrong(user, moment)
        raise Problem("auth.wrong_code")
    guess.was_right()


def _bare(code: str) -> str:
    return "".join(sign for sign in code.casefold() if sign.isalnum())


def _digest(user: str, code: str, key: bytes) -> str:
    return hashing.keyed(f"{user}\x1f{code}", key).hex()
