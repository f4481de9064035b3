"""Erasing a person: what names them goes, what stands under the random key stays.

Facts and entries are sealed and kept for ten years, and carry a key that is random. So nothing of the ledger changes
when somebody is erased: not a hash, total or cursor. What goes is whatever tells who the key is, wherever it stands:
name, number, language, PIN, badge, wage rates, notes and photos beside that person's facts, notes of others that name
the person, what was refused and named the person, and the name in words people wrote.

What stays, and why, is part of the answer: rate group, department and calendar explain amounts the law wants kept and
name nobody; a badge's letters stay where a fact was captured with them before the device knew the badge.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, String, Table, and_, delete, func, or_, select, update

from server.store import audit, disclosures, floor, tombstones
from server.store.lists import among
from server.store.tables import TABLES
from server.store.teams import Reach
from sync.core.findings import RUNNING

PERSON, EVENT, LABEL = TABLES["person"], TABLES["event"], TABLES["label_code"]
NOTE, PHOTO = TABLES["note"], TABLES["photo"]
OPEN = (*floor.STARTS, "break.started")
# Words people wrote that may hold a name: table, column, and whether the rest of the words may stay.
WORDS = (
    ("manual_line", "text"), ("general_entry", "text"), ("device", "name"), ("wage_rate", "reason"),
)  # fmt: skip
# What a name is replaced by where the words around it stay.
GONE = "—"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is erased, as stored."""

    key: str
    number: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What wants to be settled first, while it is still known who can tell: work that runs, facts that wait."""

    running: int = 0
    unsettled: int = 0

    def __bool__(self) -> bool:
        return bool(self.running or self.unsettled)


@dataclass(slots=True)
class Erased:
    """What an erasure took away, and what it left. `facts`: those that stay under the key; `badge_stays`: the letters
    of the badge stand in facts; `receivers`: who was given the name and has to be told."""

    key: str
    facts: int = 0
    notes: int = 0
    photos: int = 0
    refused: int = 0
    buried: int = 0
    words: int = 0
    lines: int = 0
    badge_stays: bool = False
    receivers: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How much went, by kind."""
        return {name: getattr(self, name) for name in ("notes", "photos", "refused", "buried", "words", "lines")}


def find(connection: Connection, site: str, key: str) -> Person | None:
    """The person with this key; None when there is none."""
    query = select(PERSON.c.key, PERSON.c.number, PERSON.c.name, PERSON.c.active)
    row = connection.execute(query.where(PERSON.c.site == site, PERSON.c.key == key)).one_or_none()
    return None if row is None else Person(row.key, row.number or "", row.name, row.active)


def find_by_number(connection: Connection, site: str, number: str) -> Person | None:
    """The person with this personnel number, or this key; None when there is none."""
    found = connection.scalar(select(PERSON.c.key).where(PERSON.c.site == site, PERSON.c.number == number))
    return find(connection, site, found or number)


def search(connection: Connection, site: str, reach: Reach, who: str, most: int) -> list[Person]:
    """People within reach by a part of their name, their number or their key, by name; at most so many."""
    wanted = _folded(who)
    if not wanted:
        return []
    query = select(PERSON.c.key, PERSON.c.number, PERSON.c.name, PERSON.c.active, PERSON.c.department)
    found = [
        Person(row.key, row.number or "", row.name, row.active)
        for row in connection.execute(query.where(PERSON.c.site == site).order_by(PERSON.c.name, PERSON.c.key))
        if (reach is None or row.department in reach)
        and (wanted in _folded(row.name) or who in (row.number or "", row.key))
    ]
    return found[:most]


def obstacles(connection: Connection, site: str, key: str) -> Obstacles:
    """What speaks against erasing somebody now."""
    running = sum(one.event.person == key for one in floor.open_work(connection, site, OPEN))
    waits = or_(EVENT.c.state == "received", and_(EVENT.c.state == "held", EVENT.c.reason.not_in(RUNNING)))
    query = select(func.count()).select_from(EVENT).where(EVENT.c.site == site, EVENT.c.person == key, waits)
    return Obstacles(running, connection.scalar(query) or 0)


def erase(connection: Connection, site: str, person: Person, now: int) -> Erased:
    """Take away whatever tells who `person` is. Whoever calls has looked at the obstacles, records it, and has the
    database written anew (`database.rewrite`) so that nothing is left in free space."""
    done = Erased(person.key, receivers=disclosures.notify(connection, site, person.key, now))
    mentions = Mentions(person.name, person.number)
    mine = select(EVENT.c.id).where(EVENT.c.site == site, EVENT.c.person == person.key)
    done.facts = connection.scalar(select(func.count()).select_from(mine.subquery())) or 0
    done.notes, done.photos = _beside(connection, site, person, mentions, now)
    done.buried = _bury(connection, site, mentions, now)
    done.refused = _refused(connection, site, person, mentions)
    done.words = _words(connection, site, mentions)
    done.lines = audit.erase(connection, site, numbers=_lines(connection, site, mentions))
    done.badge_stays = _badge(connection, site, person.key)
    for table, column in (("pin", "person"), ("leaver", "person")):
        its = TABLES[table]
        connection.execute(delete(its).where(its.c.site == site, its.c[column] == person.key))
    wages = TABLES["wage_rate"]
    connection.execute(
        delete(wages).where(wages.c.site == site, wages.c.kind == "person", wages.c.subject == person.key)
    )
    part = TABLES["reference_part"]
    # No digest of the name stays; the next snapshot tells every device that the person is gone.
    connection.execute(
        update(part)
        .where(part.c.site == site, part.c.kind == "people", part.c.key == person.key, part.c.digest != "")
        .values(digest="erased")
    )
    connection.execute(
        update(PERSON)
        .where(PERSON.c.site == site, PERSON.c.key == person.key)
        .values(name="", number=None, language="", active=False)
    )
    tombstones.lay(connection, site, "person", [(person.key, "")], now)
    return done


# --- where a name stands ---------------------------------------------------------------------------------------


class Mentions:
    """Whether words name somebody: all words of the name, in any order and case, with or without accents; or, in what
    programs write, the personnel number in quotation marks."""

    def __init__(self, name: str, number: str = "") -> None:
        self.names = [word for word in re.split(r"\W+", _folded(name)) if word]
        self.quoted = f'"{number}"' if number else ""

    def __call__(self, text: str) -> bool:
        words = set(re.split(r"\W+", _folded(text)))
        return bool(self.names) and words.issuperset(self.names)

    def in_json(self, text: str) -> bool:
        """The same for JSON, where letters may be escaped and a number stands alone in a text."""
        return bool(self.quoted and self.quoted in text) or self(_unescaped(text))

    def without(self, text: str) -> str:
        """The text with a dash in place of each word of the name."""
        if not self(text):
            return text
        bare = re.sub(r"\w+", lambda word: GONE if _folded(word[0]) in self.names else word[0], text)
        return re.sub(rf"{GONE}(?:[\s,.-]+{GONE})+", GONE, bare)


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)


def _beside(connection: Connection, site: str, person: Person, mentions: Mentions, now: int) -> tuple[int, int]:
    """Notes and photos beside facts of the person or stated by the person, and notes of others that name them."""
    own = set(connection.scalars(select(EVENT.c.id).where(EVENT.c.site == site, EVENT.c.person == person.key)))
    query = select(NOTE.c.event_id, NOTE.c.text, EVENT.c.body).join(
        EVENT, and_(EVENT.c.site == NOTE.c.site, EVENT.c.id == NOTE.c.event_id)
    )
    said = f'"declared_by":"{person.key}"'
    notes, photos = [], []
    for event_id, words, body in connection.execute(query.where(NOTE.c.site == site)):
        if event_id in own or said in body or mentions(words):
            notes.append((event_id, json.loads(body).get("note_digest") or ""))
    pictures = select(PHOTO.c.event_id, EVENT.c.body).join(
        EVENT, and_(EVENT.c.site == PHOTO.c.site, EVENT.c.id == PHOTO.c.event_id)
    )
    for event_id, body in connection.execute(pictures.where(PHOTO.c.site == site)):
        if event_id in own or said in body:
            photos.append((event_id, json.loads(body).get("photo_digest") or ""))
    forget(connection, site, "note", notes, now)
    forget(connection, site, "photo", photos, now)
    return len(notes), len(photos)


def forget(
    connection: Connection, site: str, kind: tombstones.Kind, things: Collection[tuple[str, str]], now: int
) -> None:
    """Take notes or photos away, of facts by (id, fingerprint): a tombstone stays of each."""
    table = TABLES[kind]
    tombstones.lay(connection, site, kind, things, now)
    ids = [event_id for event_id, _ in things]
    connection.execute(delete(table).where(table.c.site == site, among(connection, table.c.event_id, ids)))


def _bury(connection: Connection, site: str, mentions: Mentions, now: int) -> int:
    """Facts that carry no cost and name the person in clear, because a program did not know the key."""
    query = select(EVENT.c.id, EVENT.c.body).where(EVENT.c.site == site, EVENT.c.state == "held")
    named = [event_id for event_id, body in connection.execute(query) if mentions.in_json(body)]
    return tombstones.bury_events(connection, site, named, now)


def _refused(connection: Connection, site: str, person: Person, mentions: Mentions) -> int:
    """What was refused or contradicted another fact, and is of this person: its text goes, that it came stays."""
    count = 0
    for name, emptied in (("rejection", {"body": "", "detail": ""}), ("event_conflict", {"body": ""})):
        table = TABLES[name]
        keys = [column for column in table.primary_key.columns if column.name != "site"]
        query = select(*keys, table.c.body, *([table.c.detail] if "detail" in table.c else []))
        for row in connection.execute(query.where(table.c.site == site, table.c.body != "")).all():
            text = row.body + (row.detail if name == "rejection" else "")
            if person.key in text or mentions.in_json(text):
                its = (column == row._mapping[column.name] for column in keys)
                connection.execute(update(table).where(table.c.site == site, *its).values(emptied))
                count += 1
    return count


def _words(connection: Connection, site: str, mentions: Mentions) -> int:
    count = 0
    for name, column in WORDS:
        table = TABLES[name]
        keys = [one for one in table.primary_key.columns if one.name != "site"]
        query = select(*keys, table.c[column].label("_words")).where(table.c.site == site, table.c[column] != "")
        for row in connection.execute(query).all():
            if (bare := mentions.without(row._words)) != row._words:
                its = (one == row._mapping[one.name] for one in keys)
                connection.execute(update(table).where(table.c.site == site, *its).values({column: bare}))
                count += 1
    change = TABLES["period_change"]
    query = select(change.c.number, change.c.reason).where(change.c.site == site, change.c.reason != "")
    named = [row.number for row in connection.execute(query) if mentions(row.reason)]
    if named:  # the database lets these words be emptied only
        where = (change.c.site == site, change.c.number.in_(named))
        connection.execute(update(change).where(*where).values(reason=""))
    return count + len(named)


def _lines(connection: Connection, site: str, mentions: Mentions) -> list[int]:
    """Lines of the audit trail that name the person."""
    line = audit.LINE
    query = select(line.c.number, line.c.subject, line.c.details).where(line.c.site == site, line.c.salt != "")
    return [
        row.number
        for row in connection.execute(query)
        if mentions.in_json(row.details) or mentions(row.subject) or f'"{row.subject}"' == mentions.quoted
    ]


def _badge(connection: Connection, site: str, key: str) -> bool:
    """Take the badge's letters away, unless facts name the person by them; whether they stay."""
    its = (LABEL.c.site == site, LABEL.c.kind == "person", LABEL.c.ref == key)
    letters = connection.scalars(select(LABEL.c.code).where(*its)).all()
    mine = select(EVENT.c.body).where(EVENT.c.site == site, EVENT.c.person == key)
    named = [code for code in letters if any(f'"{code}"' in body for body in connection.scalars(mine))]
    connection.execute(delete(LABEL).where(*its, LABEL.c.code.not_in(named)))
    return bool(named)


def leftovers(connection: Connection, site: str, name: str) -> dict[str, int]:
    """Where the words of a name still stand together, by "table.column", with how often: the whole database is read.
    For whoever wants to be sure; also finds what a namesake left, or a customer of that name."""
    mentions = Mentions(name)
    found: dict[str, int] = {}
    if not mentions.names:
        return found
    longest = max((word for word in re.split(r"\W+", name)), key=len)
    for table, column in _texts():
        query = select(column).where(table.c.site == site if "site" in table.c else table.c.code == site)
        hits = sum(mentions(text) for text in connection.scalars(query.where(column.ilike(f"%{longest}%"))))
        if hits:
            found[f"{table.name}.{column.name}"] = hits
    return found


def _texts() -> Iterator[tuple[Table, Any]]:
    for table in TABLES.values():
        for column in table.columns:
            if isinstance(column.type, String) and column.name != "site":
                yield table, column
