"""Changes of rights that take two people: one asks, another one approves or refuses.

Asking changes nothing. Who may approve is decided in `server.auth.rights`; here a request is answered at most once.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from server.store import tables

# payroll: give somebody the payroll role; reset: a link that lets a payroll user choose a new password;
# reset_factor: one that takes the second factor away as well; enable: let a payroll user in again.
Kind = Literal["payroll", "reset", "reset_factor", "enable"]
Answer = Literal["approved", "refused"]
# A request nobody answered for so long has lapsed.
LAPSE_MS = 14 * 86_400_000

_TABLE = tables.RightsRequest


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody asks for a change of a user's rights."""

    id: str
    kind: Kind
    user: str
    asked_by: str
    asked_at: int


_COLUMNS = [getattr(_TABLE, name) for name in Request.__dataclass_fields__]


def ask(connection: Connection, site: str, kind: Kind, user: str, by: str, now: int) -> None:
    """Ask for a change; what is asked already is not asked twice."""
    if any((one.kind, one.user) == (kind, user) for one in open_requests(connection, site, now)):
        return
    connection.execute(
        insert(_TABLE).values(site=site, id=str(uuid4()), kind=kind, user=user, asked_by=by, asked_at=now)
    )


def open_requests(connection: Connection, site: str, now: int) -> list[Request]:
    """What waits for an answer, oldest first."""
    rows = connection.execute(select(*_COLUMNS).where(_open(site, now)).order_by(_TABLE.asked_at, _TABLE.id))
    return [Request(*row) for row in rows]


def find(connection: Connection, site: str, identity: str, now: int) -> Request | None:
    """An open request by its id."""
    return next((one for one in open_requests(connection, site, now) if one.id == identity), None)


def answer(connection: Connection, site: str, identity: str, answer: Answer, by: str, now: int) -> bool:
    """Answer a request; False when somebody was faster."""
    done = connection.execute(
        update(_TABLE).where(_open(site, now), _TABLE.id == identity).values(answer=answer, answered_by=by,
                                                                            answered_at=now)
    )  # fmt: skip
    return done.rowcount == 1


def forget(connection: Connection, site: str, user: str) -> None:
    """What is asked for a user is not wanted any more: the link it was for is withdrawn."""
    its = update(_TABLE).where(_TABLE.site == site, _TABLE.user == user, _TABLE.answered_at.is_(None))
    connection.execute(its.values(answer="withdrawn", answered_at=0))


def _open(site: str, now: int) -> ColumnElement[bool]:
    return and_(_TABLE.site == site, _TABLE.answered_at.is_(None), _TABLE.asked_at > now - LAPSE_MS)
