"""What users prove who they are with beside a password: an authenticator app, passkeys, codes on paper."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from server.store import tables
from server.store.tables import RecoveryCode, SpentChallenge, Totp

DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class App:
    """A user's authenticator app. `seed`: sealed for "user.totp"."""

    seed: str
    added_at: int


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key pair somebody holds; `id`, `handle` and `public_key` in base64url, as the standard names them."""

    id: str
    user: str
    handle: str
    public_key: str
    sign_count: int
    name: str
    added_at: int
    used_at: int | None


@dataclass(frozen=True, slots=True)
class Factors:
    """What a user has beside a password. `codes`: how many recovery codes are left."""

    app: App | None
    passkeys: list[Passkey]
    codes: int

    def __bool__(self) -> bool:
        return self.app is not None or bool(self.passkeys)


def factors_of(connection: Connection, site: str, user: str) -> Factors:
    """All of a user's factors."""
    its = (tables.Passkey.site == site, tables.Passkey.user == user)
    rows = connection.execute(select(tables.Passkey).where(*its).order_by(tables.Passkey.added_at))
    unused = (RecoveryCode.site == site, RecoveryCode.user == user, RecoveryCode.used_at.is_(None))
    left = connection.scalar(select(func.count()).select_from(RecoveryCode).where(*unused))
    return Factors(find_app(connection, site, user), [_passkey(row) for row in rows], left or 0)


def users_with_factors(connection: Connection, site: str) -> set[str]:
    """The names of users who have a second factor."""
    found = connection.scalars(select(Totp.user).where(Totp.site == site))
    keys = connection.scalars(select(tables.Passkey.user).where(tables.Passkey.site == site))
    return {*found, *keys}


def has_factor(connection: Connection, site: str, user: str) -> bool:
    """Whether a user has a second factor."""
    app = exists().where(Totp.site == site, Totp.user == user)
    key = exists().where(tables.Passkey.site == site, tables.Passkey.user == user)
    return bool(connection.scalar(select(app | key)))


def forget_factors(connection: Connection, site: str, user: str) -> None:
    """A user has no second factor any more, and no recovery codes: lost, or given to somebody else."""
    for table in (Totp, tables.Passkey, RecoveryCode):
        connection.execute(delete(table).where(table.site == site, table.user == user))


# --- the authenticator app -------------------------------------------------------------------------------------


def find_app(connection: Connection, site: str, user: str) -> App | None:
    """A user's authenticator app, or None."""
    row = connection.execute(
        select(Totp.seed, Totp.added_at).where(Totp.site == site, Totp.user == user)
    ).one_or_none()  # fmt: skip
    return None if row is None else App(*row)


def put_app(connection: Connection, site: str, user: str, seed: str, step: int, now: int) -> None:
    """A user's authenticator app, instead of any other; the code of `step` is used up."""
    remove_app(connection, site, user)
    connection.execute(insert(Totp).values(site=site, user=user, seed=seed, added_at=now, last_step=step))


def take_step(connection: Connection, site: str, user: str, step: int) -> bool:
    """Use up the code of a step, and those before it: of two that come at once one gets True."""
    taken = connection.execute(
        update(Totp).where(Totp.site == site, Totp.user == user, Totp.last_step < step).values(last_step=step)
    )
    return taken.rowcount == 1


def remove_app(connection: Connection, site: str, user: str) -> bool:
    """Take the authenticator app away; False where there is none."""
    return connection.execute(delete(Totp).where(Totp.site == site, Totp.user == user)).rowcount == 1


# --- passkeys --------------------------------------------------------------------------------------------------


def find_passkey(connection: Connection, site: str, identity: str) -> Passkey | None:
    """The passkey of that id, or None."""
    its = (tables.Passkey.site == site, tables.Passkey.id == identity)
    row = connection.execute(select(tables.Passkey).where(*its)).one_or_none()
    return None if row is None else _passkey(row)


def add_passkey(connection: Connection, site: str, key: Passkey) -> None:
    """One more passkey. Raises IntegrityError where somebody has it already."""
    connection.execute(
        insert(tables.Passkey).values(
            site=site, id=key.id, user=key.user, handle=key.handle, public_key=key.public_key,
            sign_count=key.sign_count, name=key.name, added_at=key.added_at, used_at=key.used_at,
        )
    )  # fmt: skip


def use_passkey(connection: Connection, site: str, identity: str, sign_count: int, now: int) -> None:
    """A passkey signed, and says for how many times."""
    its = (tables.Passkey.site == site, tables.Passkey.id == identity)
    connection.execute(update(tables.Passkey).where(*its).values(sign_count=sign_count, used_at=now))


def remove_passkey(connection: Connection, site: str, user: str, identity: str) -> bool:
    """Take one of a user's passkeys away; False where there is none."""
    table = tables.Passkey
    gone = delete(table).where(table.site == site, table.user == user, table.id == identity)
    return connection.execute(gone).rowcount == 1


def spend_challenge(connection: Connection, site: str, digest: str, now: int) -> bool:
    """Use up a challenge: of two answers to it one gets True. Those of the day before are too old anyway."""
    connection.execute(delete(SpentChallenge).where(SpentChallenge.site == site, SpentChallenge.spent_at < now - DAY))
    insert_once = (postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert)(SpentChallenge)
    spent = insert_once.values(site=site, hash=digest, spent_at=now).on_conflict_do_nothing()
    # What was inserted tells; a count of rows PostgreSQL's driver does not give here.
    return connection.execute(spent.returning(SpentChallenge.hash)).first() is not None


def _passkey(row: Row[Any]) -> Passkey:
    return Passkey(
        row.id, row.user, row.handle, row.public_key, row.sign_count, row.name, row.added_at, row.used_at
    )  # fmt: skip


# --- recovery codes --------------------------------------------------------------------------------------------


def put_recovery_codes(connection: Connection, site: str, user: str, hashes: Iterable[str]) -> None:
    """A user's recovery codes, instead of all others."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.site == site, RecoveryCode.user == user))
    connection.execute(insert(RecoveryCode), [{"site": site, "user": user, "hash": one} for one in hashes])


def use_recovery_code(connection: Connection, site: str, user: str, digest: str, now: int) -> bool:
    """Use up a recovery code: of two that come at once one gets True."""
    its = (RecoveryCode.site == site, RecoveryCode.user == user, RecoveryCode.hash == digest)
    used = update(RecoveryCode).where(*its, RecoveryCode.used_at.is_(None)).values(used_at=now)
    return connection.execute(used).rowcount == 1
