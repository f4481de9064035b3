"""Declared operations and general entries in the store: kept as entered, posted by whoever holds the ledger's lock.

An operation's lines wait until the worker's next turn. Then its entries are appended like any others, and what it puts
on an order has the order's facts looked at again.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from server.store import event_log, ledger, plant
from server.store.books import Books
from server.store.plant import chunks
from server.store.tables import TABLES
from sync.core.money import round_money
from sync.core.plant import Site
from sync.ledger import operations
from sync.ledger.difference import difference
from sync.ledger.entry import Entry
from sync.ledger.operations import Covered, GeneralEntry, Operation, as_general, from_json

LINE: Table = TABLES["manual_line"]
GENERAL: Table = TABLES["general_entry"]
LINK: Table = TABLES["general_link"]
ENTRY: Table = TABLES["entry"]


def known(connection: Connection, site: str, refs: Collection[str] | None = None) -> dict[str, Operation]:
    """Operations as they were entered, all of them or those with these references, reversals with their lines."""
    rows = plant.rows(connection, site, "manual", "ref", refs)
    others = {row["reverses"] for row in rows} - {""} - {row["ref"] for row in rows}
    if others:
        rows = [*plant.rows(connection, site, "manual", "ref", others), *rows]
    made, refused = operations.read([as_entered(row) for row in rows], plant.site(connection, site).currency)
    assert not refused, f"stored operations do not hold: {refused[0].sentence.format(**refused[0].params)}"
    return made if refs is None else {ref: made[ref] for ref in made if ref in refs}


def reversed_by(connection: Connection, site: str, refs: Collection[str]) -> dict[str, str]:
    """Which of these operations are reversed, and by which."""
    return {row["reverses"]: row["ref"] for row in plant.rows(connection, site, "manual", "reverses", refs)}


def as_entered(row: Mapping[str, Any]) -> dict[str, Any]:
    """A stored line as the engine reads it."""
    return {**row, "date": date.fromisoformat(row["date"]), "shares": from_json(json.loads(row["shares"]))}


def desired(made: Iterable[Operation], site: Site) -> list[Entry]:
    """The entries that ought to stand for operations."""
    return [entry for one in made for entry in operations.entries(one, site.zone, site.currency)]


def post_waiting(books: Books) -> int:
    """Post the operations that wait; how many entries that made."""
    connection, site = books.connection, books.site
    refs = set(connection.scalars(select(LINE.c.ref).where(LINE.c.site == site, ~LINE.c.posted).distinct()))
    if not refs:
        return 0
    made = known(connection, site, refs)
    entries = desired(made.values(), plant.site(connection, site))
    standing = books.standing({one.scope for one in made.values()})
    posted = difference(entries, standing, books.calendar(), books.generations, books.bodies, books.key)
    books.append(posted)
    links = [
        {"site": site, "entry": line.id, "general": line.content["general"]}
        for line in posted
        if line.content.get("general")
    ]
    if links:
        connection.execute(insert(LINK), links)
    for part in chunks(sorted(refs)):
        connection.execute(update(LINE).where(LINE.c.site == site, LINE.c.ref.in_(part)).values(posted=True))
    for order in sorted({order for one in made.values() for order in one.orders}):
        event_log.requeue(connection, site, order=order)
    return len(posted)


def declared(connection: Connection, site: str, ref: str) -> Mapping[str, Any] | None:
    """The first line of an operation as it was entered: its text, by whom, when."""
    return next(iter(plant.rows(connection, site, "manual", "ref", [ref])), None) if ref else None


def posted(connection: Connection, site: str) -> dict[str, Operation]:
    """The operations that ought to be in the ledger by now."""
    refs = set(connection.scalars(select(LINE.c.ref).where(LINE.c.site == site, LINE.c.posted).distinct()))
    return known(connection, site, refs) if refs else {}


# --- general entries ---------------------------------------------------------------------------------------------


def general(connection: Connection, site: str, ids: Collection[str] | None = None) -> list[GeneralEntry]:
    """General entries, all or those with these ids."""
    currency = plant.site(connection, site).currency
    return [
        replace(one, debit=round_money(one.debit, currency), credit=round_money(one.credit, currency))
        for one in map(as_general, plant.rows(connection, site, "general", "id", ids))
    ]


def linked(
    connection: Connection, site: str, ids: Collection[str] | None = None
) -> list[tuple[str, Mapping[str, Any]]]:
    """(general entry, body of an analytic entry that stands for it), all or of these general entries."""
    query = select(LINK.c.general, ENTRY.c.body).join_from(
        LINK, ENTRY, (ENTRY.c.site == LINK.c.site) & (ENTRY.c.id == LINK.c.entry)
    )
    query = query.where(LINK.c.site == site).order_by(LINK.c.general, LINK.c.entry)
    queries = [query] if ids is None else [query.where(LINK.c.general.in_(some)) for some in chunks(sorted(ids))]
    return [(row[0], json.loads(row[1])) for one in queries for row in connection.execute(one)]


def standing_for(connection: Connection, site: str, ids: Collection[str]) -> dict[str, Decimal]:
    """What stands for general entries: their linked entries, and operations that still wait."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for general_id, body in linked(connection, site, ids):
        sums[general_id] += operations.linked_amount(body)
    waiting = set(connection.scalars(select(LINE.c.ref).where(LINE.c.site == site, ~LINE.c.posted)))
    for one in known(connection, site, waiting).values() if waiting else ():
        if one.general in ids:
            sums[one.general] += -one.amount if one.reverses else one.amount
    return sums


def general_of(connection: Connection, site: str, entry_ids: Collection[str] | None = None) -> dict[str, str]:
    """The general entry that analytic entries stand for, of all or of these that stand for one."""
    query = select(LINK.c.entry, LINK.c.general).where(LINK.c.site == site).order_by(LINK.c.general, LINK.c.entry)
    parts = (
        [query] if entry_ids is None else [query.where(LINK.c.entry.in_(some)) for some in chunks(sorted(entry_ids))]
    )
    return {row[0]: row[1] for one in parts for row in connection.execute(one)}


def covered(connection: Connection, site: str) -> list[Covered]:
    """Each general entry beside the analytic entries that stand for it."""
    return operations.covered(general(connection, site), linked(connection, site))


def faults(connection: Connection, site: str) -> dict[str, list[str]]:
    """What is wrong with links to general entries, by the sentence that says so."""
    links = general_of(connection, site)
    ids = set(connection.scalars(select(GENERAL.c.id).where(GENERAL.c.site == site)))
    there = ledger.bodies(connection, site, links)
    over = [one.general.id for one in covered(connection, site) if not 0 <= one.analytic <= one.general.amount]
    return {
        "linked to a general entry that is not there (entry)": [e for e, g in links.items() if g not in ids],
        "linked, but not in the ledger (entry)": [entry for entry in links if entry not in there],
        "linked to another general entry than it names (entry)": [
            entry for entry, body in there.items() if body.get("general", links[entry]) != links[entry]
        ],
        "analytic entries come to more than the general entry (general entry)": over,
    }
