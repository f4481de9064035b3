"""How long what is kept of people stays, and taking it away when its time is over.

Each rule has a term in months that a site may choose within a range, and a step that takes away a bounded number of
things older than an instant. The worker asks once a day; a step is one transaction, so that killing the worker loses
nothing and the next step goes on where the last one ended. What was taken away is kept as numbers, for whoever has to
show that it happens.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from server.store import audit, erasure, rewrite, tombstones
from server.store.intake_log import insert_new
from server.store.tables import TABLES
from sync.core.canonical import dump

SITE, RUN, REMOVAL = TABLES["site"], TABLES["retention_run"], TABLES["removal"]
EVENT, PERSON, LEAVER = TABLES["event"], TABLES["person"], TABLES["leaver"]
# Things of one step. Small, because devices wait for SQLite meanwhile.
STEP = 500
DAY_MS = 86_400_000
# The database is written anew after each erased person, and so often for everything else that went.
MONTH_MS = 30 * DAY_MS
ERASURE = "erasure"
NO_PASSWORD = "-"  # noqa: S105 - the hash of none

Remove = Callable[[Connection, str, int, int, int], int]


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


@dataclass(frozen=True, slots=True)
class Rule:
    """What goes after how many months. `remove(connection, site, before, now, limit)` takes away at most `limit` things
    from before an instant and returns how many; `why`: what the term and its range rest on."""

    name: str
    title: str
    why: str
    months: int
    low: int
    high: int
    remove: Remove


@dataclass(frozen=True, slots=True)
class Removed:
    """One line of the record: so many things went by a rule, from before that instant (0: by hand)."""

    number: int
    at: int
    rule: str
    before: int
    removed: int


class BadTerm(ValueError):
    """A term outside of the range of its rule."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(f"{rule.name}: {rule.low} to {rule.high} months")
        self.rule = rule


# --- what each rule takes away ---------------------------------------------------------------------------------


def _identities(connection: Connection, site: str, before: int, now: int, limit: int) -> int:
    """People who left and of whom the last fact is older: erased as if somebody had asked for it. Whoever never had a
    fact waits as long from the day it is seen that they left."""
    gone = and_(
        PERSON.c.site == site, PERSON.c.active.is_(False), or_(PERSON.c.name != "", PERSON.c.number.is_not(None))
    )
    traces = exists().where(EVENT.c.site == site, EVENT.c.person == PERSON.c.key)
    known = exists().where(LEAVER.c.site == site, LEAVER.c.person == PERSON.c.key)
    unseen = connection.scalars(select(PERSON.c.key).where(gone, ~traces, ~known).limit(limit)).all()
    if unseen:
        rows = [{"site": site, "person": key, "noticed_at": now} for key in unseen]
        connection.execute(insert_new(connection, LEAVER), rows)
    recent = exists().where(EVENT.c.site == site, EVENT.c.person == PERSON.c.key, EVENT.c.occurred_at >= before)
    waits = exists().where(LEAVER.c.site == site, LEAVER.c.person == PERSON.c.key, LEAVER.c.noticed_at >= before)
    due = connection.scalars(select(PERSON.c.key).where(gone, ~recent, ~and_(~traces, waits)).limit(min(limit, 20)))
    count = 0
    for key in due.all():
        if person := erasure.find(connection, site, key):
            done = erasure.erase(connection, site, person, now)
            audit.record(connection, site, at=now, actor="worker", action="person.erased", subject=key,
                         details={"because": "retention", "facts kept": str(done.facts)})  # fmt: skip
            count += 1
    return count


def _notes(connection: Connection, site: str, before: int, now: int, limit: int) -> int:
    """Notes and photos beside facts that came in before."""
    count = 0
    kinds: tuple[tombstones.Kind, ...] = ("note", "photo")
    for kind in kinds:
        table = TABLES[kind]
        here = and_(EVENT.c.site == table.c.site, EVENT.c.id == table.c.event_id)
        query = select(table.c.event_id, EVENT.c.body).join(EVENT, here)
        rows = connection.execute(query.where(table.c.site == site, EVENT.c.recorded_at < before).limit(limit - count))
        old = [(row.event_id, json.loads(row.body).get(f"{kind}_digest") or "") for row in rows]
        if old:
            erasure.forget(connection, site, kind, old, now)
        count += len(old)
    return count


def _diagnostics(connection: Connection, site: str, before: int, now: int, limit: int) -> int:
    """What devices told of themselves that did not call since."""
    device = TABLES["device"]
    told = or_(device.c.version != "", device.c.clock_offset_ms.is_not(None), device.c.waiting != 0)
    silent = and_(device.c.site == site, func.coalesce(device.c.seen_at, device.c.enrolled_at) < before, told)
    ids = connection.scalars(select(device.c.id).where(silent).limit(limit)).all()
    connection.execute(
        update(device)
        .where(device.c.site == site, device.c.id.in_(ids))
        .values(version="", clock_offset_ms=None, waiting=0, waiting_since=None)
    )
    return len(ids)


def _users(connection: Connection, site: str, before: int, now: int, limit: int) -> int:
    """Users who were shut out and did not sign in since: what tells who it was, and with what they signed in. The
    sign-in name stays: it stands below what they signed."""
    user = TABLES["user"]
    gone = (user.c.site == site, user.c.active.is_(False), user.c.password_hash != NO_PASSWORD)
    query = select(user.c.name).where(*gone, func.coalesce(user.c.signed_in_at, 0) < before).limit(limit)
    names = connection.scalars(query).all()
    for name in ("session", "totp", "passkey", "recovery_code", "invitation", "identity", "rights_request"):
        table = TABLES[name]
        connection.execute(delete(table).where(table.c.site == site, table.c.user.in_(names)))
    emptied = {
        "display_name": user.c.name,
        "password_hash": NO_PASSWORD,
        "language": "",
        "teams": "",
        "signed_in_at": None,
    }
    connection.execute(update(user).where(user.c.site == site, user.c.name.in_(names)).values(emptied))
    return len(names)


def _security(connection: Connection, site: str, before: int, now: int, limit: int) -> int:
    """Who did what in lines of the audit trail: number, instant and action stay, and with them the chain."""
    line = audit.LINE
    old = (line.c.site == site, line.c.salt != "", line.c.at < before)
    numbers = connection.scalars(select(line.c.number).where(*old).order_by(line.c.number).limit(limit)).all()
    return audit.erase(connection, site, numbers=numbers)


def _refused(connection: Connection, site: str, before: int, now: int, limit: int) -> int:
    """What was refused or contradicted another fact, as it came: that it came stays, its words go."""
    count = 0
    for name, emptied in (("rejection", {"body": "", "detail": ""}), ("event_conflict", {"body": ""})):
        table = TABLES[name]
        old = (table.c.site == site, table.c.recorded_at < before, table.c.body != "")
        digests = connection.scalars(select(table.c.digest).where(*old).limit(limit - count)).all()
        connection.execute(update(table).where(*old, table.c.digest.in_(digests)).values(emptied))
        count += len(digests)
    return count


def _strangers(connection: Connection, site: str, before: int, now: int, limit: int) -> int:
    """Facts that never counted because nobody knew whose they were."""
    waits = (EVENT.c.site == site, EVENT.c.state == "held", EVENT.c.reason == "reference.unknown_person")
    # Whatever corrects or ends them keeps them: it would hang in the air.
    other = EVENT.alias("other")
    named = exists().where(other.c.site == site, other.c.target == EVENT.c.id)
    query = select(EVENT.c.id).where(*waits, EVENT.c.recorded_at < before, ~named).limit(limit)
    return tombstones.bury_events(connection, site, list(connection.scalars(query)), now)


def _books(connection: Connection, site: str, before: int, now: int, limit: int) -> int:
    """Words in the books and who entered them, once nobody may ask for them any more: dates and amounts stay."""
    count, day = 0, datetime.fromtimestamp(before / 1000, UTC).date().isoformat()
    for name, emptied in (("manual_line", {"text": "", "entered_by": ""}), ("general_entry", {"text": ""})):
        table = TABLES[name]
        keys = [column for column in table.primary_key.columns if column.name != "site"]
        filled = or_(*(table.c[column] != "" for column in emptied))
        old = connection.execute(
            select(*keys).where(table.c.site == site, table.c.date < day, filled).limit(limit - count)
        ).all()
        for row in old:
            its = (column == row._mapping[column.name] for column in keys)
            connection.execute(update(table).where(table.c.site == site, *its).values(emptied))
        count += len(old)
    change = TABLES["period_change"]
    old_words = (change.c.site == site, change.c.at < before, change.c.reason != "")
    numbers = connection.scalars(select(change.c.number).where(*old_words).limit(limit - count)).all()
    connection.execute(update(change).where(change.c.site == site, change.c.number.in_(numbers)).values(reason=""))
    return count + len(numbers)


RULES: dict[str, Rule] = {
    rule.name: rule
    for rule in (
        Rule("identity", _("Who somebody was: name, number, PIN, badge, wage rates"),
             _("After somebody left, counted from the last fact. Working time can be claimed for three years, "
               "and authorities hold five for enough. Facts and amounts stay, under a random key."),
             60, 36, 120, _identities),
        Rule("strangers", _("Facts that never counted because nobody knew whose they were"),
             _("They carry no cost. Their id and fingerprint stay, so that they do not come back."),
             60, 12, 120, _strangers),
        Rule("notes", _("Notes and photos beside facts"),
             _("They explain a fact while it is discussed; the fact itself holds only a salted digest."),
             24, 1, 60, _notes),
        Rule("refused", _("What was refused or contradicted another fact, as it came"),
             _("Until whoever sent it has mended it."), 12, 1, 24, _refused),
        Rule("diagnostics", _("What devices told of themselves"),
             _("Program version, clock and queue of devices that do not call any more."), 3, 1, 12, _diagnostics),
        Rule("users", _("Users who were shut out: name, second factor, rights"),
             _("So long after their last sign-in. The sign-in name stays below what they signed."),
             12, 1, 60, _users),
        Rule("security", _("Who did what, in the audit trail"),
             _("Six months to a year is what authorities advise. When, and what kind of thing, stays."),
             12, 6, 36, _security),
        Rule("books", _("Words in the books, and who entered them"),
             _("Ten years, as long as books must be kept. Dates and amounts stay; they name nobody."),
             120, 120, 360, _books),
    )
}  # fmt: skip


# --- terms -----------------------------------------------------------------------------------------------------


def terms(connection: Connection, site: str) -> dict[str, int]:
    """How many months each rule waits at a site."""
    chosen = json.loads(connection.scalar(select(SITE.c.privacy).where(SITE.c.code == site)) or "{}")
    return {name: chosen.get("months", {}).get(name, rule.months) for name, rule in RULES.items()}


def set_terms(connection: Connection, site: str, months: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Choose how long rules wait; returns those that changed, from and to. Raises BadTerm and KeyError."""
    for name, term in months.items():
        if not RULES[name].low <= term <= RULES[name].high:
            raise BadTerm(RULES[name])
    before = terms(connection, site)
    changed = {name: (before[name], term) for name, term in months.items() if before[name] != term}
    if changed:
        stored = json.loads(connection.scalar(select(SITE.c.privacy).where(SITE.c.code == site)) or "{}")
        kept = {**stored.get("months", {}), **{name: term for name, (_old, term) in changed.items()}}
        connection.execute(update(SITE).where(SITE.c.code == site).values(privacy=dump({**stored, "months": kept})))
        connection.execute(delete(RUN).where(RUN.c.site == site, RUN.c.rule.in_(changed)))
    return changed


def months_before(now: int, months: int) -> int:
    """The instant so many months earlier, by the calendar: the same day and time of day, or the month's last day."""
    moment = datetime.fromtimestamp(now / 1000, UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    day = moment.day
    while True:
        try:
            return round(moment.replace(year=year, month=month + 1, day=day).timestamp() * 1000)
        except ValueError:
            day -= 1


# --- the daily round -------------------------------------------------------------------------------------------


def due(connection: Connection, site: str, now: int) -> list[str]:
    """The rules nobody has gone by for a day."""
    query = select(RUN.c.rule).where(RUN.c.site == site, RUN.c.done_at > now - DAY_MS, RUN.c.done_at <= now)
    done = set(connection.scalars(query))
    return [name for name in RULES if name not in done]


def step(connection: Connection, site: str, name: str, now: int, limit: int = STEP) -> int:
    """Take away what a rule lets go, at most `limit` things; how many. Fewer than asked: the rule rests for a day."""
    before = months_before(now, terms(connection, site)[name])
    with rewrite.wiping(connection):
        removed = RULES[name].remove(connection, site, before, now, limit)
    if removed:
        record(connection, site, name, before, removed, now)
        audit.record(connection, site, at=now, actor="worker", action="retention.removed", subject=name,
                     details={"removed": str(removed)})  # fmt: skip
        if name in ("identity", "users") or now - last_runs(connection, site).get(rewrite.REWRITE, 0) > MONTH_MS:
            rewrite.ask(connection, site, now)
    else:
        make = postgresql_insert if connection.dialect.name == "postgresql" else sqlite_insert
        row = {"site": site, "rule": name, "done_at": now, "wanted_at": 0}
        connection.execute(
            make(RUN).values(row).on_conflict_do_update(index_elements=["site", "rule"], set_={"done_at": now})
        )
    return removed


def record(connection: Connection, site: str, rule: str, before: int, removed: int, now: int) -> None:
    """Add a line to what was taken away: by a rule, or (ERASURE, 0) by hand. Steps of one day are one line."""
    newest = connection.execute(
        select(REMOVAL.c.number, REMOVAL.c.at, REMOVAL.c.rule).where(REMOVAL.c.site == site)
        .where(REMOVAL.c.rule == rule).order_by(REMOVAL.c.number.desc()).limit(1)
    ).one_or_none()  # fmt: skip
    if newest and rule != ERASURE and newest.at > now - DAY_MS:
        more = {"at": now, "before": before, "removed": REMOVAL.c.removed + removed}
        connection.execute(
            update(REMOVAL).where(REMOVAL.c.site == site, REMOVAL.c.number == newest.number).values(more)
        )
        return
    last = connection.scalar(select(func.max(REMOVAL.c.number)).where(REMOVAL.c.site == site)) or 0
    row = {"site": site, "number": last + 1, "at": now, "rule": rule, "before": before, "removed": removed}
    connection.execute(insert(REMOVAL).values(row))


def removals(connection: Connection, site: str, limit: int = 100) -> list[Removed]:
    """What was taken away, the latest first."""
    names = ("number", "at", "rule", "before", "removed")
    query = select(*(REMOVAL.c[name] for name in names)).where(REMOVAL.c.site == site)
    return [Removed(*row) for row in connection.execute(query.order_by(REMOVAL.c.number.desc()).limit(limit))]


def last_runs(connection: Connection, site: str) -> dict[str, int]:
    """When each rule last found nothing more to take away."""
    return {row.rule: row.done_at for row in connection.execute(select(RUN).where(RUN.c.site == site)) if row.done_at}
