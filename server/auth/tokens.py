"""Tokens of programs: made once, shown once, for named purposes, until a day; for a machine, of that machine only.

A token never may more than the user who made it, now: `server.auth.access` intersects its scopes with what that user
may give away, at each request. Tokens made on the machine itself (`floorledger token`) answer to nobody but its owner.
"""

from dataclasses import dataclass, field

from sqlalchemy import Connection

from server.auth.access import SCOPES, grantable
from server.auth.credentials import digest, make_secret
from server.problems import Problem
from server.store import audit, people, plant

# Begins every token, so that people and scanners of code recognise one that leaked.
PREFIX = "flt_"
DAY_MS = 86_400_000
DAYS = (30, 90, 365, 730)
LONGEST_DAYS = 3650
# What a token bound to a machine or work center may do: say what that one does.
BOUND_SCOPE = "events:write"


@dataclass(frozen=True, slots=True)
class Wish:
    """A token somebody wants. `days`: valid for so long; `machine` or `work_center`: the one thing it tells of."""

    name: str
    scopes: frozenset[str]
    days: int = 365
    machine: str = ""
    work_center: str = ""
    maker: str = ""
    roles: frozenset[str] = field(default=frozenset())
    teams: str = ""

    @property
    def bound(self) -> str:
        """What it is bound to, "" for nothing."""
        return self.machine or self.work_center


def create(connection: Connection, site: str, wish: Wish, now: int) -> str:
    """The secret of a new token. Raises Problem: token.name, token.scopes, token.days, token.bound, token.beyond."""
    name = " ".join(wish.name.split())
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Problem("token.name")
    if not wish.scopes or wish.scopes - SCOPES.keys():
        raise Problem("token.scopes")
    if not 1 <= wish.days <= LONGEST_DAYS:
        raise Problem("token.days", most=str(LONGEST_DAYS))
    if wish.bound:
        _check_bound(connection, site, wish)
    if wish.maker and (beyond := wish.scopes - grantable(wish.roles, wish.teams)):
        raise Problem("token.beyond", scopes=", ".join(sorted(beyond)))
    secret = make_secret(PREFIX)
    made = people.NewToken(
        name, digest(secret), wish.scopes, now + wish.days * DAY_MS, wish.maker, wish.machine, wish.work_center
    )
    identity = people.create_token(connection, site, made, now)
    told = {"name": name, "scopes": " ".join(sorted(wish.scopes)), "days": str(wish.days)}
    told |= {"bound": wish.bound} if wish.bound else {}
    actor = f"user:{wish.maker}" if wish.maker else "cli"
    audit.record(connection, site, at=now, actor=actor, action="token.created", subject=identity, details=told)
    return secret


def revoke(
    connection: Connection, site: str, now: int, *, name: str = "", identity: str = "", actor: str = "cli"
) -> int:
    """Revoke the tokens of this name, or the one of this id; how many that were."""
    gone = people.revoke_tokens(connection, site, now, name=name, identity=identity)
    for token in gone:
        audit.record(connection, site, at=now, actor=actor, action="token.revoked", subject=token.id,
                     details={"name": token.name})  # fmt: skip
    return len(gone)


def machines_of(connection: Connection, site: str, machine: str, work_center: str) -> frozenset[str]:
    """The machines a bound token tells of."""
    if machine:
        return frozenset({machine})
    return frozenset(row["code"] for row in plant.rows(connection, site, "machines", "work_center", [work_center]))


def _check_bound(connection: Connection, site: str, wish: Wish) -> None:
    kind = "machines" if wish.machine else "work_centers"
    known = bool(plant.rows(connection, site, kind, "code", [wish.bound]))
    if not known or (wish.machine and wish.work_center) or wish.scopes != {BOUND_SCOPE}:
        raise Problem("token.bound", scope=BOUND_SCOPE)
