"""The audit trail: who did what to rights, secrets, wages and retention, and when. Lines are added, nothing else.

Each line is sealed with a keyed hash over its number, its instant, its action, the digest of who, about what and how,
and the hash of the line before. Whoever changes, removes or moves a line without the key breaks the chain; triggers of
the database refuse the attempt in the first place.

Who, about what and how are personal and end with their retention. They stand under a digest salted for each line: once
the three are emptied together with the salt, the digest says nothing any more and the chain holds as before. Number,
instant and action stay.

The keys come with the engine (`open_engine(url, audit_keys)`), oldest first; a line says which of them sealed it.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, insert, or_, select, update

from server.store.database import AUDIT_KEYS
from server.store.tables import TABLES
from sync.core.canonical import dump
from sync.ledger.chain import GENESIS

LINE: Table = TABLES["audit_line"]
# Lines of one site are numbered by one writer at a time; any number nobody else locks in this database.
LOCK = 0x41756469
ACTOR, SUBJECT, DETAIL = 80, 200, 500

Keys = Callable[[], Sequence[bytes]]
Class = Literal["operational", "personal", "wage"]


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of line. `data`: the class of what a line of it tells; it decides who may read it. A line about wages
    tells that somebody looked or changed something, never an amount."""

    name: str
    words: str
    data: Class = "personal"


# Everything that can stand in a trail. What is not named here cannot be recorded.
_ACTIONS = [
    # people who sign in
    Action("user.created", _("User created")),
    Action("user.roles_changed", _("Roles changed")),
    Action("user.teams_changed", _("Departments changed")),
    Action("user.disabled", _("User shut out")),
    Action("user.enabled", _("User let in again")),
    Action("user.password_changed", _("Password changed")),
    Action("user.signed_in", _("Signed in")),
    Action("user.locked", _("Name locked after wrong tries")),
    Action("user.proved_again", _("Proved again who it is")),
    Action("user.factor_added", _("Second factor added")),
    Action("user.factor_removed", _("Second factor taken away")),
    Action("user.recovery_codes_made", _("Recovery codes made")),
    Action("user.recovery_code_used", _("Recovery code used")),
    Action("user.sessions_ended", _("Sign-ins ended")),
    Action("user.unlocked", _("Wrong tries forgotten")),
    Action("user.invited", _("User invited")),
    Action("user.reset_link_made", _("Link for a new password made")),
    Action("user.link_withdrawn", _("Link withdrawn")),
    Action("user.linked", _("Account elsewhere linked")),
    Action("user.unlinked", _("Account elsewhere unlinked")),
    Action("user.consent_asked", _("Asked for somebody’s consent")),
    Action("user.consented", _("Consented")),
    Action("user.consent_refused", _("Consent refused")),
    # operators, devices, programs
    Action("pin.set", _("PIN set")),
    Action("pin.cleared", _("PIN taken away")),
    Action("pin.locked", _("PIN locked after wrong tries")),
    Action("pin.unlocked", _("PIN unlocked")),
    Action("badge.made", _("New badge")),
    Action("floor.changed", _("Capture on the floor changed"), "operational"),
    Action("device.offered", _("Code shown that enrols a device")),
    Action("device.enrolled", _("Device used its code"), "operational"),
    Action("device.key_wanted", _("Device asked for a new key"), "operational"),
    Action("device.admitted", _("Device let in")),
    Action("device.declined", _("Device not let in")),
    Action("device.revoked", _("Device shut out")),
    Action("device.rescued", _("Facts of a device taken in from a file")),
    Action("token.created", _("Token of a program made")),
    Action("token.revoked", _("Token of a program revoked")),
    # wages: who looked, who changed, never an amount
    Action("rate.read", _("Wages looked at"), "wage"),
    Action("rate.proposed", _("Rate of a person proposed"), "wage"),
    Action("rate.approved", _("Rate of a person approved"), "wage"),
    Action("rate.declined", _("Rate of a person declined"), "wage"),
    Action("rate.withdrawn", _("Rate of a person withdrawn"), "wage"),
    Action("rate.published", _("Mean of a rate group published"), "wage"),
    # keys and copies of the whole
    Action("key.rotated", _("Key renewed"), "operational"),
    Action("backup.made", _("Backup made"), "operational"),
    Action("backup.restored", _("Backup restored"), "operational"),
    # privacy
    Action("person.erased", _("Person erased")),
    Action("person.data_given", _("Somebody's data given out")),
    Action("person.receiver_told", _("Receiver told of an erasure")),
    Action("retention.changed", _("Retention changed"), "operational"),
    Action("retention.removed", _("Old data removed"), "operational"),
    # this trail
    Action("audit.read", _("Audit trail exported")),
]

ACTIONS: dict[str, Action] = {action.name: action for action in _ACTIONS}


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is read. `actor`: "user:NAME", "device:ID", "token:ID" or "cli"; empty, with `subject` and
    `details`, once its retention has ended."""

    number: int
    at: int
    action: str
    actor: str
    subject: str
    details: dict[str, str]
    hash: str
    erased: bool


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a trail: whoever writes this down can tell later whether lines went missing at the end."""

    number: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Search:
    """Which lines are wanted; empty: no matter. `since` and `until` (exclusive) are instants; `data`: classes of
    actions whoever asks may read."""

    data: Collection[str]
    actor: str = ""
    action: str = ""
    subject: str = ""
    since: int | None = None
    until: int | None = None


@dataclass(slots=True)
class Trail:
    """What checking a trail found: its end, and the numbers of the lines where it is broken, with the reason."""

    head: Head = field(default_factory=Head)
    lines: int = 0
    faults: dict[str, list[int]] = field(default_factory=dict)

    def fault(self, reason: str, number: int) -> None:
        self.faults.setdefault(reason, []).append(number)


# --- writing -----------------------------------------------------------------------------------------------------


def record(
    connection: Connection,
    site: str,
    *,
    at: int,
    actor: str,
    action: str,
    subject: str = "",
    details: Mapping[str, str] | None = None,
) -> None:
    """Add a line, in the transaction of what it tells: either both are there or neither.

    `details` are short texts for people; never a secret, never an amount of somebody's wage. Raises ValueError for an
    action that is not in the catalogue and for texts that are too long, RuntimeError for an engine without keys.
    """
    if action not in ACTIONS:
        raise ValueError(f"{action!r} is not in the catalogue of the audit trail")
    told = {name: str(value) for name, value in (details or {}).items()}
    if len(actor) > ACTOR or len(subject) > SUBJECT or any(len(text) > DETAIL for text in told.values()):
        raise ValueError("a text of a line of the audit trail is too long")
    keys = _keys(connection)
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway
        connection.execute(select(func.pg_advisory_xact_lock(LOCK, func.hashtext(site))))
    before = head(connection, site)
    number, salt, body = before.number + 1, secrets.token_hex(16), dump(told)
    digest = _digest(salt, actor, subject, body)
    key = len(keys) - 1
    sealed = _seal(keys[key], site, number, at, action, digest, key, before.hash)
    connection.execute(
        insert(LINE).values(
            site=site, number=number, at=at, action=action, actor=actor, subject=subject, details=body, salt=salt,
            digest=digest, key=key, previous=before.hash, hash=sealed,
        )
    )  # fmt: skip


def erase(
    connection: Connection, site: str, *, before: int = 0, subject: str = "", numbers: Collection[int] = ()
) -> int:
    """Empty who, about what and how of the lines older than the instant `before`, or about one `subject`, or of these
    `numbers`; how many.

    The only change the database allows. Whoever calls records it.
    """
    which = [LINE.c.at < before] if before else []
    which += [LINE.c.subject == subject] if subject else []
    which += [LINE.c.number.in_(numbers)] if numbers else []
    if not which:
        return 0
    empty = update(LINE).where(LINE.c.site == site, LINE.c.salt != "", or_(*which))
    return connection.execute(empty.values(actor="", subject="", details="", salt="")).rowcount


def _keys(connection: Connection) -> Sequence[bytes]:
    keys: Keys | None = connection.get_execution_options().get(AUDIT_KEYS)
    if keys is None:
        raise RuntimeError("this database was opened without the keys of its audit trail: open_engine(url, audit_keys)")
    return keys()


def _digest(salt: str, actor: str, subject: str, details: str) -> str:
    return hashlib.sha256(f"{salt}\n{dump([actor, subject, details])}".encode()).hexdigest()


def _seal(
    secret: bytes, site: str, number: int, at: int, action: str, digest: str, key: int, previous: str
) -> str:  # fmt: skip
    content = dump([1, site, number, at, action, digest, key, previous])
    return hmac.new(secret, content.encode(), hashlib.sha256).hexdigest()


# --- reading -----------------------------------------------------------------------------------------------------


def head(connection: Connection, site: str) -> Head:
    """The last line's number and hash."""
    newest = select(LINE.c.number, LINE.c.hash).where(LINE.c.site == site).order_by(LINE.c.number.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return Head(*row) if row else Head()


def hash_of(connection: Connection, site: str, number: int) -> str:
    """The hash of a line; GENESIS before the first, "" where there is none."""
    if number == 0:
        return GENESIS
    return connection.scalar(select(LINE.c.hash).where(LINE.c.site == site, LINE.c.number == number)) or ""


def lines(
    connection: Connection, site: str, search: Search, *, below: int | None = None, limit: int | None = None
) -> list[Line]:
    """Lines that fit, newest first; only those numbered `below`, at most `limit`."""
    query = select(LINE).where(LINE.c.site == site, _fits(search)).order_by(LINE.c.number.desc()).limit(limit)
    if below is not None:
        query = query.where(LINE.c.number < below)
    return [_line(row) for row in connection.execute(query)]


def count(connection: Connection, site: str, search: Search) -> int:
    """How many lines fit."""
    return connection.scalar(select(func.count()).select_from(LINE).where(LINE.c.site == site, _fits(search))) or 0


def _fits(search: Search) -> ColumnElement[bool]:
    readable = [name for name, action in ACTIONS.items() if action.data in search.data]
    terms: list[ColumnElement[bool]] = [LINE.c.action.in_(readable)]
    if search.actor:
        terms.append(LINE.c.actor == search.actor)
    if search.action:
        terms.append(LINE.c.action == search.action)
    if search.subject:
        terms.append(LINE.c.subject == search.subject)
    if search.since is not None:
        terms.append(LINE.c.at >= search.since)
    if search.until is not None:
        terms.append(LINE.c.at < search.until)
    return and_(*terms)


def _line(row: Row[Any]) -> Line:
    told = json.loads(row.details) if row.details else {}
    return Line(row.number, row.at, row.action, row.actor, row.subject, told, row.hash, erased=not row.salt)


# --- checking ----------------------------------------------------------------------------------------------------


def check(connection: Connection, site: str, keys: Sequence[bytes]) -> Trail:
    """Walk a trail from its first line; what does not fit is named. Nothing is changed."""
    trail, previous, key = Trail(), GENESIS, 0
    for row in _walk(connection, site):
        trail.lines += 1
        if row.number != trail.head.number + 1:
            trail.fault(_("lines are missing before"), row.number)
        if row.previous != previous:
            trail.fault(_("does not follow the line before"), row.number)
        if not key <= row.key < len(keys):
            trail.fault(_("sealed with a key that is not here"), row.number)
        else:
            key = row.key
            sealed = _seal(keys[key], site, row.number, row.at, row.action, row.digest, key, row.previous)
            if not hmac.compare_digest(sealed, row.hash):
                trail.fault(_("changed after it was written"), row.number)
        if row.salt and _digest(row.salt, row.actor, row.subject, row.details) != row.digest:
            trail.fault(_("changed after it was written"), row.number)
        if not row.salt and (row.actor or row.subject or row.details):
            trail.fault(_("changed after it was written"), row.number)
        previous = row.hash
        trail.head = Head(row.number, row.hash)
    return trail


def _walk(connection: Connection, site: str) -> Iterator[Row[Any]]:
    yield from connection.execute(select(LINE).where(LINE.c.site == site).order_by(LINE.c.number)).yield_per(5_000)
