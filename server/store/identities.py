"""Accounts elsewhere that sign somebody in here: (issuer, subject), never an e-mail address; and sign-ins under way."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from server.store import tables

_IDENTITY = tables.Identity
_ATTEMPT = tables.OidcAttempt


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that went to the provider and is to come back. `invitation`: hash of the link that is accepted with
    it, "" without; `again`: somebody who is signed in proves it anew; `target`: where to go on to."""

    invitation: str
    again: bool
    target: str


def link(connection: Connection, site: str, issuer: str, subject: str, user: str, now: int) -> None:
    """This account signs `user` in from now on, instead of any other of the same issuer. Raises IntegrityError where it
    signs somebody else in."""
    connection.execute(
        delete(_IDENTITY).where(_IDENTITY.site == site, _IDENTITY.issuer == issuer, _IDENTITY.user == user)
    )
    connection.execute(insert(_IDENTITY).values(site=site, issuer=issuer, subject=subject, user=user, linked_at=now))


def user_of(connection: Connection, site: str, issuer: str, subject: str) -> str | None:
    """Whom this account signs in."""
    query = select(_IDENTITY.user).where(
        _IDENTITY.site == site, _IDENTITY.issuer == issuer, _IDENTITY.subject == subject
    )
    return connection.scalar(query)


def linked(connection: Connection, site: str) -> set[str]:
    """The users some account elsewhere signs in."""
    return set(connection.scalars(select(_IDENTITY.user).where(_IDENTITY.site == site)))


def unlink(connection: Connection, site: str, user: str) -> bool:
    """No account elsewhere signs this user in any more; False when none did."""
    return connection.execute(delete(_IDENTITY).where(_IDENTITY.site == site, _IDENTITY.user == user)).rowcount > 0


def begin_attempt(
    connection: Connection, site: str, secret_hash: str, attempt: Attempt, *, now: int, expires_at: int
) -> None:
    """A sign-in leaves for the provider; those that never came back go."""
    connection.execute(delete(_ATTEMPT).where(_ATTEMPT.site == site, _ATTEMPT.expires_at < now))
    connection.execute(
        insert(_ATTEMPT).values(
            site=site, secret_hash=secret_hash, invitation=attempt.invitation, again=attempt.again,
            target=attempt.target, expires_at=expires_at,
        )
    )  # fmt: skip


def end_attempt(connection: Connection, site: str, secret_hash: str, now: int) -> Attempt | None:
    """A sign-in came back; None for one that did already, never left or took too long."""
    its = (_ATTEMPT.site == site, _ATTEMPT.secret_hash == secret_hash, _ATTEMPT.expires_at > now)
    row = connection.execute(select(_ATTEMPT.invitation, _ATTEMPT.again, _ATTEMPT.target).where(*its)).one_or_none()
    # Of two that come back at once, one finds the row to delete.
    gone = connection.execute(delete(_ATTEMPT).where(*its)).rowcount
    return Attempt(*row) if row and gone else None
