"""Guessing, stopped: failures are counted in the database, by all processes together, and outlive a restart.

They are counted for the name that was typed, whether or not anybody has it, and for the address they come from. A
failure is counted before what was typed is looked at and taken back after a success, so that guesses that come at once
cannot outrun the counter. A success takes back its own: a right password forgives no wrong code.
"""

import hashlib
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine

from server.settings import Settings
from server.store import audit, people
from server.store.database import write

HOUR = 3_600_000
# In a row: from the third failure on each one makes the next try wait, and from the setting's number on it locks.
PATIENCE = 3
LONGEST_LOCK = 4 * HOUR
FORGOTTEN_AFTER = 48 * HOUR
# Of an address within an hour: many desks may share it, and one who tries every name once is stopped all the same.
MOST_OF_AN_ADDRESS = 100

What = Literal["password", "code"]


@dataclass(frozen=True, slots=True)
class Guess:
    """A try that was counted. `admitted`: whether it may be looked at; otherwise it is wrong whatever it says. `locks`:
    the name is locked unless it is right."""

    engine: Engine
    site: str
    who: str
    where: str
    admitted: bool
    locks: bool = False

    def was_wrong(self, user: str, now: int) -> None:
        """A failure of somebody who exists: where it was the one that locks the name, the audit trail says so."""
        if self.locks:
            with write(self.engine) as connection:
                audit.record(connection, self.site, at=now, actor=f"user:{user}", action="user.locked", subject=user)

    def was_right(self) -> None:
        """Take the failure back."""
        with write(self.engine) as connection:
            people.forget_pin_failures(connection, self.site, self.who)
            people.take_back_pin_failure(connection, self.site, self.where, MOST_OF_AN_ADDRESS)


def count(engine: Engine, limits: Settings, what: What, name: str, address: str, now: int) -> Guess:
    """Count a try to guess the password, or the code, of a name as failed until it is known to be right."""
    who, where = subject(what, name), subject("address", address)
    with write(engine) as connection:
        counted = people.pin_failures(connection, limits.site, (who, where))
        if any(one.locked_until > now for one in counted.values()):
            return Guess(engine, limits.site, who, where, admitted=False)
        of_name, of_address = counted.get(who), counted.get(where)
        if of_name and now - of_name.last_at > FORGOTTEN_AFTER:
            of_name = None
        if of_address and now - of_address.began_at > HOUR:
            of_address = None
        failures = of_name.failures + 1 if of_name else 1
        there = of_address.failures + 1 if of_address else 1
        began = of_address.began_at if of_address else now
        locked = began + HOUR if there >= MOST_OF_AN_ADDRESS else 0
        people.put_pin_failures(connection, limits.site, who, failures, now, now, now + wait_ms(failures, limits))
        people.put_pin_failures(connection, limits.site, where, there, began, now, locked)
    return Guess(engine, limits.site, who, where, admitted=True, locks=failures >= limits.sign_in_failures)


def forget(connection: Connection, site: str, name: str) -> None:
    """A name begins anew: its password was set by somebody who may, or its owner proved to be there."""
    people.forget_pin_failures(connection, site, subject("password", name))
    people.forget_pin_failures(connection, site, subject("code", name))


def locked(connection: Connection, site: str, name: str, now: int) -> bool:
    """Whether a name has to wait before its password, or its code, is looked at again."""
    return not {subject("password", name), subject("code", name)}.isdisjoint(people.locked_pins(connection, site, now))


def wait_ms(failures: int, limits: Settings) -> int:
    """How long the next try waits after so many failures in a row."""
    if failures < limits.sign_in_failures:
        return 1000 * 2 ** (failures - PATIENCE) if failures >= PATIENCE else 0
    beyond = min(failures - limits.sign_in_failures, 20)
    return min(limits.sign_in_lock_minutes * 60_000 * 2**beyond, LONGEST_LOCK)


def subject(what: What | Literal["address"], name: str) -> str:
    """Under what a name's, or an address's, failures are counted: a hash, so that no typing mistake is kept."""
    digest = hashlib.sha256(name.strip().encode("utf-8", "replace")).hexdigest()
    return f"{what[0]}:{digest[:40]}"
