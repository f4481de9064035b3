"""Links for people who sign in: an invitation makes a user, a reset lets one choose a new password.

A link's secret arrives here hashed and works once; a user has at most one open link.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from server.store import tables
from server.store.people import pack_roles, pack_teams

Kind = Literal["invitation", "reset"]
State = Literal["open", "used", "expired", "unknown"]
# Links that were used or lapsed so long ago are forgotten; the audit trail still tells of them.
KEPT_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link. `user`: the sign-in name it is for; `roles`, `teams`: of an invitation, as a user has them;
    `clears_factor`: a reset that also takes the second factor away, for whoever lost it."""

    kind: str
    user: str
    display_name: str
    roles: str
    teams: str
    language: str
    clears_factor: bool
    created_at: int
    created_by: str
    expires_at: int
    used_at: int | None

    def state(self, now: int) -> State:
        """Whether it can be used at this moment."""
        if self.used_at is not None:
            return "used"
        return "open" if self.expires_at > now else "expired"


_TABLE = tables.Invitation
_COLUMNS = [getattr(_TABLE, name) for name in Invitation.__dataclass_fields__]


def create(
    connection: Connection,
    site: str,
    kind: Kind,
    user: str,
    secret_hash: str,
    *,
    created_by: str,
    now: int,
    expires_at: int,
    display_name: str = "",
    roles: Iterable[str] = (),
    teams: Iterable[str] = (),
    language: str = "",
    clears_factor: bool = False,
) -> None:
    """A new link for somebody; an older one that is still open stops working."""
    withdraw(connection, site, user)
    connection.execute(delete(_TABLE).where(_TABLE.site == site, _TABLE.expires_at < now - KEPT_MS))
    connection.execute(
        insert(_TABLE).values(
            site=site, secret_hash=secret_hash, kind=kind, user=user, display_name=display_name,
            roles=pack_roles(roles), teams=pack_teams(teams), language=language, clears_factor=clears_factor,
            created_at=now, created_by=created_by, expires_at=expires_at,
        )
    )  # fmt: skip


def find(connection: Connection, site: str, secret_hash: str) -> Invitation | None:
    """The link with this secret, whatever its state."""
    query = select(*_COLUMNS).where(_TABLE.site == site, _TABLE.secret_hash == secret_hash)
    row = connection.execute(query).one_or_none()
    return Invitation(*row) if row else None


def use(connection: Connection, site: str, secret_hash: str, now: int) -> bool:
    """Use a link up: of two that come at once, one gets True."""
    taken = connection.execute(
        update(_TABLE).where(_open(site, now), _TABLE.secret_hash == secret_hash).values(used_at=now)
    )
    return taken.rowcount == 1


def open_links(connection: Connection, site: str, now: int) -> dict[str, Invitation]:
    """The links that can be used at this moment, by sign-in name."""
    rows = connection.execute(select(*_COLUMNS).where(_open(site, now)).order_by(_TABLE.user))
    return {link.user: link for link in (Invitation(*row) for row in rows)}


def add_role(connection: Connection, site: str, user: str, role: str, now: int) -> bool:
    """Let an open invitation give one more role; False when there is none."""
    link = open_links(connection, site, now).get(user)
    if link is None or link.kind != "invitation":
        return False
    its = update(_TABLE).where(_open(site, now), _TABLE.user == user)
    connection.execute(its.values(roles=pack_roles([*link.roles.split(), role])))
    return True


def withdraw(connection: Connection, site: str, user: str) -> bool:
    """Somebody's open link stops working; False when there is none."""
    gone = connection.execute(delete(_TABLE).where(_TABLE.site == site, _TABLE.user == user, _TABLE.used_at.is_(None)))
    return gone.rowcount > 0


def _open(site: str, now: int) -> ColumnElement[bool]:
    return and_(_TABLE.site == site, _TABLE.used_at.is_(None), _TABLE.expires_at > now)
