"""Who may call: users and their sign-ins, devices and their enrolments, tokens. Secrets arrive here already hashed."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from server.store.tables import ApiToken, Device, Enrolment, Session, User

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
) -> None:
    """A new user. Raises IntegrityError for a name that is taken."""
    connection.execute(
        insert(User).values(
            site=site,
            name=name,
            display_name=display_name,
            password_hash=password_hash,
            roles=" ".join(sorted(set(roles))),
            language=language,
            active=True,
            failures=0,
            locked_until=0,
        )
    )


def find_user(connection: Connection, site: str, name: str) -> Row[Any] | None:
    """All columns of a user, or None."""
    return connection.execute(select(User.__table__).where(User.site == site, User.name == name)).one_or_none()


def list_users(connection: Connection, site: str) -> list[Row[Any]]:
    """All users by name."""
    return list(connection.execute(select(User.__table__).where(User.site == site).order_by(User.name)))


def count_users(connection: Connection, site: str) -> int:
    """How many users the site has."""
    return connection.execute(select(func.count()).select_from(User).where(User.site == site)).scalar_one()


def change_user(connection: Connection, site: str, name: str, **values: Any) -> bool:
    """Set columns of a user; False when there is none. A changed right or password ends the user's sign-ins."""
    if "roles" in values:
        values["roles"] = " ".join(sorted(set(values["roles"])))
    changed = connection.execute(update(User).where(User.site == site, User.name == name).values(**values))
    if values.keys() & {"roles", "password_hash", "active"}:
        connection.execute(delete(Session).where(Session.site == site, Session.user == name))
    return changed.rowcount == 1


def count_failure(connection: Connection, site: str, name: str) -> int:
    """One more wrong password for a user; returns how many that makes."""
    connection.execute(update(User).where(User.site == site, User.name == name).values(failures=User.failures + 1))
    return connection.execute(select(User.failures).where(User.site == site, User.name == name)).scalar_one()


def rehash(connection: Connection, site: str, name: str, password_hash: str) -> None:
    """Keep the same password under a newer hash; sign-ins go on."""
    connection.execute(update(User).where(User.site == site, User.name == name).values(password_hash=password_hash))


# --- sign-ins --------------------------------------------------------------------------------------------------


def start_session(connection: Connection, site: str, user: str, secret_hash: str, now: int) -> None:
    """A new sign-in of a user; those nobody used for a month go."""
    connection.execute(delete(Session).where(Session.site == site, Session.seen_at < now - 30 * 86_400_000))
    connection.execute(
        insert(Session).values(site=site, secret_hash=secret_hash, user=user, created_at=now, seen_at=now)
    )


def find_session(connection: Connection, site: str, secret_hash: str) -> Row[Any] | None:
    """(created_at, seen_at) of a sign-in with its user's name, display_name, roles, language and active."""
    return connection.execute(
        select(
            Session.created_at, Session.seen_at, User.name, User.display_name, User.roles, User.language, User.active
        )
        .join(User, (User.site == Session.site) & (User.name == Session.user))
        .where(Session.site == site, Session.secret_hash == secret_hash)
    ).one_or_none()


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


def create_device(connection: Connection, site: str, name: str, secret_hash: str, now: int) -> str:
    """A newly enrolled device; returns its id."""
    identity = str(uuid4())
    connection.execute(
        insert(Device).values(
            site=site, id=identity, name=name, secret_hash=secret_hash, enrolled_at=now, seen_at=now, last_seq=0
        )
    )
    return identity


def find_device(connection: Connection, site: str, secret_hash: str) -> Row[Any] | None:
    """All columns of the device with this secret, or None."""
    return connection.execute(
        select(Device.__table__).where(Device.site == site, Device.secret_hash == secret_hash)
    ).one_or_none()


def list_devices(connection: Connection, site: str) -> list[Row[Any]]:
    """All devices, the ones in use first, each group by name."""
    return list(
        connection.execute(
            select(Device.__table__)
            .where(Device.site == site)
            .order_by(Device.revoked_at.is_not(None), Device.name, Device.id)
        )
    )


def touch_device(connection: Connection, site: str, identity: str, now: int) -> None:
    """The device called."""
    connection.execute(update(Device).where(Device.site == site, Device.id == identity).values(seen_at=now))


def revoke_device(connection: Connection, site: str, identity: str, now: int) -> bool:
    """The device may not call any more; False when there is none."""
    changed = connection.execute(
        update(Device)
        .where(Device.site == site, Device.id == identity)
        .values(revoked_at=func.coalesce(Device.revoked_at, now))
    )
    return changed.rowcount == 1


# --- tokens ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is made of; its secret only as a hash."""

    name: str
    secret_hash: str
    scopes: frozenset[str]
    expires_at: int | None


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
            created_at=now,
            expires_at=token.expires_at,
        )
    )
    return identity


def find_token(connection: Connection, site: str, secret_hash: str) -> Row[Any] | None:
    """All columns of the token with this secret, or None."""
    return connection.execute(
        select(ApiToken.__table__).where(ApiToken.site == site, ApiToken.secret_hash == secret_hash)
    ).one_or_none()


def list_tokens(connection: Connection, site: str) -> list[Row[Any]]:
    """All tokens by name."""
    return list(connection.execute(select(ApiToken.__table__).where(ApiToken.site == site).order_by(ApiToken.name)))


def touch_token(connection: Connection, site: str, identity: str, now: int) -> None:
    """The token was used."""
    connection.execute(update(ApiToken).where(ApiToken.site == site, ApiToken.id == identity).values(used_at=now))


def revoke_token(connection: Connection, site: str, name: str, now: int) -> int:
    """Tokens of this name may not call any more; returns how many there were."""
    changed = connection.execute(
        update(ApiToken)
        .where(ApiToken.site == site, ApiToken.name == name, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    return changed.rowcount
