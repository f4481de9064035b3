"""Teams: whose people a user sees, who is limited to some departments (SR-24).

A `Reach` is the set of these departments, None for no limit. It is about people, not about work: orders, machines and
sums stay as they are, but a fact of somebody else's person is not shown, counted apart or answered. A correction is
about whom the fact it corrects is about; a fact about nobody (a machine, an order) is everybody's.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select, Table, and_, exists, or_, select, true

from server.store.lists import among
from server.store.tables import TABLES

Reach = frozenset[str] | None

EVENT: Table = TABLES["event"]
PERSON: Table = TABLES["person"]
LABEL: Table = TABLES["label_code"]


def about(site: str, reach: Reach) -> ColumnElement[bool]:
    """Whether a row of `event` is within reach."""
    if reach is None:
        return true()
    inside, target = _keys(site, reach), EVENT.alias("target")
    outside = and_(target.c.site == site, target.c.id == EVENT.c.target, target.c.person.not_in(inside))
    return or_(EVENT.c.person.in_(inside), and_(EVENT.c.person.is_(None), ~exists().where(outside)))


def has_person(connection: Connection, site: str, reach: Reach, key: str) -> bool:
    """Whether somebody with this key is there, and within reach."""
    query = select(PERSON.c.key).where(PERSON.c.site == site, PERSON.c.key == key)
    if reach is not None:
        query = query.where(PERSON.c.department.in_(sorted(reach)))
    return connection.scalar(query) is not None


def has_fact(connection: Connection, site: str, reach: Reach, event_id: str) -> bool:
    """Whether a fact with this id is there, and within reach."""
    return event_id in facts(connection, site, reach, [event_id])


def people(connection: Connection, site: str, reach: Reach, keys: Collection[str]) -> set[str]:
    """Those of these people who are there, and within reach: by key, or by the letters of their badge."""
    everybody = select(PERSON.c.key).where(PERSON.c.site == site)
    inside = everybody.union(_letters(site, everybody)) if reach is None else _keys(site, reach)
    named = inside.subquery()
    return set(connection.scalars(select(named.c[0]).where(among(connection, named.c[0], keys))))


def facts(connection: Connection, site: str, reach: Reach, event_ids: Collection[str]) -> set[str]:
    """Those of these facts that are there, and within reach, by id."""
    query = select(EVENT.c.id).where(EVENT.c.site == site, among(connection, EVENT.c.id, event_ids), about(site, reach))
    return set(connection.scalars(query))


def _keys(site: str, reach: Collection[str]) -> CompoundSelect[tuple[str]]:
    """Keys of the people of these departments, and the letters of their badges: a fact may still name those."""
    members = select(PERSON.c.key).where(PERSON.c.site == site, PERSON.c.department.in_(sorted(reach)))
    return members.union(_letters(site, members))


def _letters(site: str, members: Select[tuple[str]]) -> Select[tuple[str]]:
    return select(LABEL.c.code).where(LABEL.c.site == site, LABEL.c.kind == "person", LABEL.c.ref.in_(members))
