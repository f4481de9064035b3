"""Who may call: users and their sign-ins, devices and their enrolments, tokens. Secrets arrive here already hashed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Select, bindparam, case, delete, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from server.store import tables
from server.store.tables import ApiToken, Enrolment, Pin, PinFailure, Session
from sync.core.ids import USER, derive

# The values below bear the names of their tables.
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who signs in. `roles`: separated by spaces; `teams`: see `unpack_teams`;
    `signed_in_at`: the last time."""

    name: str
    display_name: str
    password_hash: str
    roles: str
    language: str
    active: bool
    teams: str
    signed_in_at: int | None


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser somebody signed in with, and who that is. `proved_at`: when they last proved it; `lacks`: what is to be
    done before anything opens, see `server.auth.sessions`."""

    created_at: int
    seen_at: int
    proved_at: int
    lacks: str
    name: str
    display_name: str
    roles: str
    language: str
    active: bool
    teams: str


@dataclass(frozen=True, slots=True)
class Device:
    """A phone or tablet. `last_seq`: the highest number it announced; `waiting`: facts it said it still holds, the
    oldest of them captured at `waiting_since`; `version`: of its program. `public_key`: of its signatures, "" without;
    `key_wanted`: the one it asks for instead; `approved_at`: when somebody let it in, None: nobody has yet."""

    id: str
    name: str
    enrolled_at: int
    seen_at: int | None
    revoked_at: int | None
    last_seq: int
    waiting: int
    waiting_since: int | None
    version: str
    clock_offset_ms: int | None
    public_key: str
    key_wanted: str
    approved_at: int | None


@dataclass(frozen=True, slots=True)
class Token:
    """A program's credential. `scopes`: separated by spaces; `created_by`: whose rights bound it, "" for nobody's;
    `machine`, `work_center`: the one thing it may tell of, "" for no such bound."""

    id: str
    name: str
    scopes: str
    created_by: str
    machine: str
    work_center: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    used_at: int | None


def _columns(kind: type[T], table: Any) -> Select[*tuple[Any, ...]]:
    """SELECT of the columns a value is made of."""
    return select(*(getattr(table, field.name) for field in fields(kind)))  # type: ignore[arg-type]


def _one(
    connection: Connection, kind: type[T], statement: Select[*tuple[Any, ...]], site: str = "", secret_hash: str = ""
) -> T | None:
    given = {"site": site, "secret_hash": secret_hash} if secret_hash else {}
    row = connection.execute(statement, given).one_or_none()
    return None if row is None else kind(*row)


def _by_secret(kind: type[T], table: Any) -> Select[*tuple[Any, ...]]:
    """Look-up by the hash of a secret, made once: every request of a device or program begins with it."""
    return _columns(kind, table).where(table.site == bindparam("site"), table.secret_hash == bindparam("secret_hash"))


_FIND_DEVICE = _by_secret(Device, tables.Device)
_FIND_TOKEN = _by_secret(Token, ApiToken)


def _all(connection: Connection, kind: type[T], statement: Select[*tuple[Any, ...]]) -> list[T]:
    return [kind(*row) for row in connection.execute(statement)]


def pack_roles(roles: Iterable[str]) -> str:
    """Roles as a row holds them."""
    return " ".join(sorted(set(roles)))


def pack_teams(teams: Iterable[str]) -> str:
    """Codes of departments as a row holds them: a line each, because a code may have spaces in it."""
    return "\n".join(sorted(set(teams)))


def unpack_teams(stored: str) -> frozenset[str] | None:
    """The departments a user is limited to; None: not limited."""
    return frozenset(stored.split("\n")) if stored else None


# --- users -----------------------------------------------------------------------------------------------------


def create_user(
    connection: Connection,
    site: str,
    name: str,
    *,
    display_name: str,
    password_hash: str,
    roles: Iterable[str],
    language: str = "",
    teams: Iterable[str] = (),
) -> None:
    """A new user. Raises IntegrityError for a name that is taken."""
    connection.execute(
        insert(tables.User).values(
            site=site,
            name=name,
            display_name=display_name,
            password_hash=password_hash,
            roles=pack_roles(roles),
            language=language,
            active=True,
            teams=pack_teams(teams),
        )
    )


def find_user(connection: Connection, site: str, name: str) -> User | None:
    """The user of that sign-in name, or None."""
    its = _columns(User, tables.User).where(tables.User.site == site, tables.User.name == name)
    return _one(connection, User, its)


def list_users(connection: Connection, site: str) -> list[User]:
    """All users by name."""
    return _all(
        connection, User, _columns(User, tables.User).where(tables.User.site == site).order_by(tables.User.name)
    )


def count_users(connection: Connection, site: str) -> int:
    """How many users the site has."""
    return connection.execute(
        select(func.count()).select_from(tables.User).where(tables.User.site == site)
    ).scalar_one()


def change_user(connection: Connection, site: str, name: str, **values: Any) -> bool:
    """Set columns of a user; False when there is none. A changed right or password ends the user's sign-ins."""
    if "roles" in values:
        values["roles"] = pack_roles(values["roles"])
    if "teams" in values:
        values["teams"] = pack_teams(values["teams"])
    changed = connection.execute(
        update(tables.User).where(tables.User.site == site, tables.User.name == name).values(**values)
    )
    if values.keys() & {"roles", "teams", "password_hash", "active"}:
        connection.execute(delete(Session).where(Session.site == site, Session.user == name))
    return changed.rowcount == 1


def user_sender(site: str, name: str) -> str:
    """The id under which facts stand that a signed-in user states at a desk: as devices and programs have one."""
    return derive(USER, site, name)


def rehash(connection: Connection, site: str, name: str, password_hash: str) -> None:
    """Keep the same password under a newer hash; sign-ins go on."""
    connection.execute(
        update(tables.User)
        .where(tables.User.site == site, tables.User.name == name)
        .values(password_hash=password_hash)
    )


# --- sign-ins --------------------------------------------------------------------------------------------------


def start_session(
    connection: Connection,
    site: str,
    user: str,
    secret_hash: str,
    now: int,
    *,
    how: str = "",
    lacks: str = "",
    browser: str = "",
    proved_at: int | None = None,
) -> None:
    """A new sign-in of a user who proved by `how`, just now or at `proved_at`, who they are; those nobody used for a
    month go."""
    connection.execute(delete(Session).where(Session.site == site, Session.seen_at < now - 30 * 86_400_000))
    connection.execute(
        insert(Session).values(
            site=site, secret_hash=secret_hash, user=user, created_at=now, seen_at=now,
            proved_at=now if proved_at is None else min(proved_at, now), how=how, lacks=lacks, browser=browser,
        )
    )  # fmt: skip


def find_session(connection: Connection, site: str, secret_hash: str) -> SignIn | None:
    """The sign-in with this secret, or None."""
    user = tables.User
    return _one(
        connection,
        SignIn,
        select(
            Session.created_at, Session.seen_at, Session.proved_at, Session.lacks, user.name, user.display_name,
            user.roles, user.language, user.active, user.teams,
        )
        .join(user, (user.site == Session.site) & (user.name == Session.user))
        .where(Session.site == site, Session.secret_hash == secret_hash),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A sign-in as its user sees it. `id`: the beginning of the stored hash, which tells nothing of the secret."""

    id: str
    browser: str
    how: str
    created_at: int
    seen_at: int
    here: bool


def list_sessions(connection: Connection, site: str, user: str, own: str = "") -> list[OpenSession]:
    """The sign-ins of a user, the newest first; `own` is the hash of the one that asks."""
    rows = connection.execute(
        select(Session)
        .where(Session.site == site, Session.user == user, Session.lacks == "")
        .order_by(Session.created_at.desc(), Session.secret_hash)
    )
    return [
        OpenSession(
            row.secret_hash[:16], row.browser, row.how, row.created_at, row.seen_at, row.secret_hash == own
        )
        for row in rows
    ]  # fmt: skip


def renew_session(
    connection: Connection, site: str, secret_hash: str, renewed: str, now: int, *, how: str, lacks: str = ""
) -> bool:
    """The same sign-in under a new secret, proved again just now; the old secret is dead. False where it is over."""
    changed = connection.execute(
        update(Session)
        .where(Session.site == site, Session.secret_hash == secret_hash)
        .values(secret_hash=renewed, seen_at=now, proved_at=now, how=how, lacks=lacks)
    )
    return changed.rowcount == 1


def end_sessions(connection: Connection, site: str, user: str, *, only: str = "", but: str = "") -> int:
    """End sign-ins of a user: the one whose hash begins with `only`, or all; never the one with the hash `but`."""
    ended = delete(Session).where(Session.site == site, Session.user == user, Session.secret_hash != but)
    if only:
        ended = ended.where(func.substr(Session.secret_hash, 1, 16) == only)
    return connection.execute(ended).rowcount


def touch_session(connection: Connection, site: str, secret_hash: str, now: int) -> None:
    """The sign-in was used."""
    connection.execute(
        update(Session).where(Session.site == site, Session.secret_hash == secret_hash).values(seen_at=now)
    )


def end_session(connection: Connection, site: str, secret_hash: str) -> None:
    """The sign-in is over."""
    connection.execute(delete(Session).where(Session.site == site, Session.secret_hash == secret_hash))


# --- enrolments and devices ------------------------------------------------------------------------------------


def create_enrolment(
    connection: Connection, site: str, secret_hash: str, *, expires_at: int, created_by: str = "", kind: str = "device"
) -> None:
    """A single-use secret; those that expired more than a day before go."""
    connection.execute(delete(Enrolment).where(Enrolment.site == site, Enrolment.expires_at < expires_at - 86_400_000))
    connection.execute(
        insert(Enrolment).values(
            site=site, secret_hash=secret_hash, kind=kind, expires_at=expires_at, created_by=created_by
        )
    )


def use_enrolment(
    connection: Connection, site: str, secret_hash: str, now: int, kind: str = "device"
) -> Literal["ok", "unknown", "used", "expired"]:
    """Use a secret up: of two that come at once, one gets "ok"."""
    its = (Enrolment.site == site, Enrolment.secret_hash == secret_hash, Enrolment.kind == kind)
    taken = connection.execute(
        update(Enrolment).where(*its, Enrolment.used_at.is_(None), Enrolment.expires_at > now).values(used_at=now)
    )
    if taken.rowcount == 1:
        return "ok"
    found = connection.execute(select(Enrolment.used_at).where(*its)).one_or_none()
    if found is None:
        return "unknown"
    return "expired" if found.used_at is None else "used"


def create_device(
    connection: Connection,
    site: str,
    name: str,
    secret_hash: str,
    now: int,
    *,
    public_key: str = "",
    approved: bool = True,
) -> str:
    """A newly enrolled device; returns its id. Those that nobody let in for a day go."""
    table = tables.Device
    connection.execute(
        delete(table).where(table.site == site, table.approved_at.is_(None), table.enrolled_at < now - 86_400_000)
    )
    identity = str(uuid4())
    connection.execute(
        insert(table).values(
            site=site, id=identity, name=name, secret_hash=secret_hash, enrolled_at=now, seen_at=now, last_seq=0,
            public_key=public_key, approved_at=now if approved else None,
        )
    )  # fmt: skip
    return identity


def admit_device(connection: Connection, site: str, identity: str, user: str, now: int) -> bool:
    """Let a device in that waits, or let one that lost its key use the new one; False when none of that id asks."""
    table = tables.Device
    asks = or_(table.approved_at.is_(None), table.key_wanted != "")
    key = case((table.key_wanted != "", table.key_wanted), else_=table.public_key)
    changed = connection.execute(
        update(table)
        .where(table.site == site, table.id == identity, table.revoked_at.is_(None), asks)
        .values(public_key=key, key_wanted="", approved_at=func.coalesce(table.approved_at, now), approved_by=user)
    )
    return changed.rowcount == 1


def decline_device(connection: Connection, site: str, identity: str) -> bool:
    """Do not let a device in that waits: it is as if it had never come. One that asks for a new key keeps the one it
    had. False when none of that id asks."""
    table = tables.Device
    here = (table.site == site, table.id == identity)
    gone = connection.execute(delete(table).where(*here, table.approved_at.is_(None)))
    kept = connection.execute(update(table).where(*here, table.key_wanted != "").values(key_wanted=""))
    return gone.rowcount + kept.rowcount == 1


def want_key(connection: Connection, site: str, identity: str, public_key: str, *, approved: bool = False) -> None:
    """A device lost its key and asks to sign with this one; `approved`: without anybody looking."""
    table = tables.Device
    wanted = {"public_key": public_key, "key_wanted": ""} if approved else {"key_wanted": public_key}
    connection.execute(update(table).where(table.site == site, table.id == identity).values(**wanted))


def use_nonce(connection: Connection, site: str, device: str, nonce: str, now: int, since: int) -> bool:
    """Use a number of a device's signature up; False for one that was used. Those used before `since` go: signatures
    of that age do not hold any more."""
    table = tables.UsedNonce
    here = (table.site == site, table.device == device)
    connection.execute(delete(table).where(*here, table.used_at < since))
    insert_once = (postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert)(table)
    used = insert_once.values(site=site, device=device, nonce=nonce, used_at=now).on_conflict_do_nothing()
    # What was inserted tells; a count of rows PostgreSQL's driver does not give here.
    return connection.execute(used.returning(table.nonce)).first() is not None


def find_device(connection: Connection, site: str, secret_hash: str) -> Device | None:
    """The device with this secret, or None."""
    return _one(connection, Device, _FIND_DEVICE, site, secret_hash)


def device_of_id(connection: Connection, site: str, identity: str) -> Device | None:
    """The device with this id, or None."""
    table = tables.Device
    return _one(connection, Device, _columns(Device, table).where(table.site == site, table.id == identity))


def report_device(
    connection: Connection, site: str, identity: str, *, waiting: int, waiting_since: int | None, version: str
) -> None:
    """What a device says of itself: how many facts it holds, since when, and which program it runs."""
    table = tables.Device
    told = {"waiting": waiting, "waiting_since": waiting_since, "version": version}
    connection.execute(update(table).where(table.site == site, table.id == identity).values(told))


def list_devices(connection: Connection, site: str) -> list[Device]:
    """All devices that were let in, the ones in use first, each group by name."""
    table = tables.Device
    order = table.revoked_at.is_not(None), table.name, table.id
    known = _columns(Device, table).where(table.site == site, table.approved_at.is_not(None))
    return _all(connection, Device, known.order_by(*order))


def asking_devices(connection: Connection, site: str) -> list[Device]:
    """Devices that wait to be let in, or to be let in again with a new key, the first that came first."""
    table = tables.Device
    asks = or_(table.approved_at.is_(None), table.key_wanted != "")
    found = _columns(Device, table).where(table.site == site, table.revoked_at.is_(None), asks)
    return _all(connection, Device, found.order_by(table.enrolled_at, table.id))


def touch_device(connection: Connection, site: str, identity: str, now: int) -> None:
    """The device called."""
    connection.execute(
        update(tables.Device).where(tables.Device.site == site, tables.Device.id == identity).values(seen_at=now)
    )


def revoke_device(connection: Connection, site: str, identity: str, now: int) -> bool:
    """The device may not call any more; False when there is none."""
    changed = connection.execute(
        update(tables.Device)
        .where(tables.Device.site == site, tables.Device.id == identity)
        .values(revoked_at=func.coalesce(tables.Device.revoked_at, now))
    )
    return changed.rowcount == 1


# --- PINs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PinFailures:
    """Wrong PINs of a number in a row, or of a device within an hour."""

    failures: int
    began_at: int
    last_at: int
    locked_until: int


def put_pin(connection: Connection, site: str, person: str, pin_hash: str, now: int) -> None:
    """Give somebody this PIN instead of any other."""
    clear_pin(connection, site, person)
    connection.execute(insert(Pin).values(site=site, person=person, hash=pin_hash, set_at=now))


def clear_pin(connection: Connection, site: str, person: str) -> None:
    """Take somebody's PIN away."""
    connection.execute(delete(Pin).where(Pin.site == site, Pin.person == person))


def pins_set(connection: Connection, site: str) -> dict[str, int]:
    """Since when people have a PIN, by key."""
    rows = connection.execute(select(Pin.person, Pin.set_at).where(Pin.site == site))
    return {row.person: row.set_at for row in rows}


def find_pin(connection: Connection, site: str, number: str) -> tuple[str, str] | None:
    """(key, hash) of the person with this number, if still there and with a PIN."""
    person = tables.Person
    query = (
        select(Pin.person, Pin.hash)
        .join(person, (person.site == Pin.site) & (person.key == Pin.person))
        .where(Pin.site == site, person.number == number, person.active)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.person, row.hash)


def pin_failures(connection: Connection, site: str, subjects: Collection[str]) -> dict[str, PinFailures]:
    """Failures counted for these subjects. Until the transaction ends nobody else counts at this site: of guesses that
    come at once, each sees the one before, also where none was counted yet."""
    connection.execute(select(tables.Site.code).where(tables.Site.code == site).with_for_update())
    query = select(PinFailure).where(PinFailure.site == site, PinFailure.subject.in_(subjects))
    return {
        row.subject: PinFailures(row.failures, row.began_at, row.last_at, row.locked_until)
        for row in connection.execute(query)
    }


def locked_pins(connection: Connection, site: str, now: int) -> set[str]:
    """The subjects that have to wait at this moment."""
    query = select(PinFailure.subject).where(PinFailure.site == site, PinFailure.locked_until > now)
    return set(connection.scalars(query))


def put_pin_failures(
    connection: Connection, site: str, subject: str, failures: int, began_at: int, last_at: int, locked_until: int
) -> None:
    """Set a subject's count; counts nobody added to for two months go, if they lock nothing."""
    table = PinFailure
    old = (table.last_at < last_at - 60 * 86_400_000, table.locked_until < last_at)
    connection.execute(delete(table).where(table.site == site, *old))
    values = {"failures": failures, "began_at": began_at, "last_at": last_at, "locked_until": locked_until}
    insert_or_update = (postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert)(table)
    connection.execute(
        insert_or_update.values(site=site, subject=subject, **values).on_conflict_do_update(
            index_elements=["site", "subject"], set_=values
        )
    )


def forget_pin_failures(connection: Connection, site: str, subject: str) -> None:
    """A subject begins anew."""
    connection.execute(delete(PinFailure).where(PinFailure.site == site, PinFailure.subject == subject))


def take_back_pin_failure(connection: Connection, site: str, subject: str, most: int) -> None:
    """One failure less, which was none; a lock it caused (at `most`) goes with it."""
    here = (PinFailure.site == site, PinFailure.subject == subject)
    connection.execute(update(PinFailure).where(*here).values(failures=PinFailure.failures - 1))
    connection.execute(update(PinFailure).where(*here, PinFailure.failures < most).values(locked_until=0))


# --- tokens ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is made of; its secret only as a hash."""

    name: str
    secret_hash: str
    scopes: frozenset[str]
    expires_at: int | None
    created_by: str = ""
    machine: str = ""
    work_center: str = ""


def create_token(connection: Connection, site: str, token: NewToken, now: int) -> str:
    """A new API token; returns its id."""
    identity = str(uuid4())
    connection.execute(
        insert(ApiToken).values(
            site=site,
            id=identity,
            name=token.name,
            secret_hash=token.secret_hash,
            scopes=" ".join(sorted(token.scopes)),
            created_by=token.created_by,
            machine=token.machine,
            work_center=token.work_center,
            created_at=now,
            expires_at=token.expires_at,
        )
    )
    return identity


def find_token(connection: Connection, site: str, secret_hash: str) -> Token | None:
    """The token with this secret, or None."""
    return _one(connection, Token, _FIND_TOKEN, site, secret_hash)


def list_tokens(connection: Connection, site: str) -> list[Token]:
    """All tokens, those in force first, each group by name."""
    order = ApiToken.revoked_at.is_not(None), ApiToken.name, ApiToken.created_at
    return _all(connection, Token, _columns(Token, ApiToken).where(ApiToken.site == site).order_by(*order))


def touch_token(connection: Connection, site: str, identity: str, now: int) -> None:
    """The token was used."""
    connection.execute(update(ApiToken).where(ApiToken.site == site, ApiToken.id == identity).values(used_at=now))


def revoke_tokens(connection: Connection, site: str, now: int, *, name: str = "", identity: str = "") -> list[Token]:
    """Tokens of this name, or the one of this id, may not call any more; returns those that could until now."""
    which = ApiToken.name == name if name else ApiToken.id == identity
    here = (ApiToken.site == site, which, ApiToken.revoked_at.is_(None))
    found = _all(connection, Token, _columns(Token, ApiToken).where(*here))
    connection.execute(update(ApiToken).where(*here).values(revoked_at=now))
    return found
