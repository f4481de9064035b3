"""Periods in the store: locked, unlocked and closed under the ledger's lock, with a trace nobody can change."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, and_, case, delete, func, insert, select, update

from server.store import ledger, plant
from server.store.tables import TABLES
from sync.core.clock import local_date, midnight, month_of
from sync.core.findings import RUNNING
from sync.ledger.periods import Action, Check, PeriodRefused, State, after, first_day, next_month

PERIOD: Table = TABLES["period"]
CHANGE: Table = TABLES["period_change"]
ENTRY: Table = TABLES["entry"]
EVENT: Table = TABLES["event"]
DEVICE: Table = TABLES["device"]
LINE: Table = TABLES["manual_line"]


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


@dataclass(frozen=True, slots=True)
class Month:
    """A period as the list shows it. `amount`: entries net of reversals, in 10**-4; `late`: entries of earlier ones."""

    code: str
    state: State
    entries: int = 0
    amount: int = 0
    late: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the trace."""

    period: str
    action: str
    by: str
    at: int
    reason: str
    position: int


def state(connection: Connection, site: str, period: str) -> State:
    """Open, locked or closed."""
    query = select(PERIOD.c.state).where(PERIOD.c.site == site, PERIOD.c.code == period)
    found: State | None = connection.scalar(query)
    return found or "open"


def change(
    connection: Connection, site: str, period: str, action: Action, *, by: str, at: int, reason: str = ""
) -> State:
    """Lock, unlock or close a period; returns its new state. Raises PeriodRefused.

    Takes the ledger's lock: nobody posts while the state changes, and nobody who posts has seen another one.
    """
    head = ledger.lock(connection, site, wait=True)
    if head is None:
        raise plant.UnknownSite(site)
    before = state(connection, site, period)
    # Said first where the state alone forbids it; the checklist of a month that is closed says nothing.
    failing = checklist(connection, site, period, at) if action == "close" and before != "closed" else ()
    new = after(action, period, before, reason, failing)
    here = (PERIOD.c.site == site, PERIOD.c.code == period)
    if new == "open":
        connection.execute(delete(PERIOD).where(*here))
    elif before == "open":
        row = {"site": site, "code": period, "state": new, "position": head.position}
        connection.execute(insert(PERIOD).values(row))
    else:
        connection.execute(update(PERIOD).where(*here).values(state=new, position=head.position))
    last = connection.scalar(select(func.max(CHANGE.c.number)).where(CHANGE.c.site == site)) or 0
    told = "; ".join([reason.strip(), *(check.sentence.format(**check.params) for check in failing)]).strip("; ")
    trace = {"site": site, "number": last + 1, "period": period, "action": action, "by": by, "at": at,
             "reason": told[:400], "position": head.position}  # fmt: skip
    connection.execute(insert(CHANGE).values(trace))
    return new


def checklist(connection: Connection, site: str, period: str, now: int) -> list[Check]:
    """What is not as it should be before a period is closed."""
    zone = plant.site(connection, site).zone
    begins = first_day(period)
    start, end = midnight(begins, zone), midnight(next_month(begins), zone)
    found: list[Check] = []

    def check(code: str, count: int, sentence: str, *, blocks: bool = False, **params: str) -> None:
        if count:
            found.append(Check(code, blocks, sentence, {"period": period, "count": str(count), **params}))

    today = local_date(now, zone)
    check("not_over", month_of(today) <= period, _("{period} is not over yet: close it when it is"), blocks=True)
    earlier = _not_closed_before(connection, site, period)
    check("earlier_open", len(earlier), _("{months} come first: months are closed one after the other"),
          blocks=True, months=", ".join(earlier))  # fmt: skip
    facts = (EVENT.c.site == site, EVENT.c.occurred_at < end)
    count = select(func.count()).select_from(EVENT)
    waiting = connection.scalar(count.where(*facts, EVENT.c.state == "received")) or 0
    check("waiting", waiting, _("{count} facts of {period} or before wait to be costed: let the worker run"),
          blocks=True)  # fmt: skip
    lines = select(func.count(LINE.c.ref.distinct())).where(LINE.c.site == site, ~LINE.c.posted)
    declared = connection.scalar(lines.where(LINE.c.date < next_month(begins).isoformat())) or 0
    check("manual_waiting", declared, _("{count} operations wait to be posted: let the worker run"), blocks=True)
    held = and_(*facts, EVENT.c.state == "held", EVENT.c.occurred_at >= start)
    running = EVENT.c.reason.in_(RUNNING)
    check("open_clocks", connection.scalar(count.where(held, running)) or 0,
          _("{count} clocks started in {period} still run"))  # fmt: skip
    check("held", connection.scalar(count.where(held, ~running)) or 0, _("{count} facts of {period} are held"))
    devices = select(func.count()).select_from(DEVICE).where(
        DEVICE.c.site == site, DEVICE.c.waiting > 0, DEVICE.c.waiting_since < end, DEVICE.c.revoked_at.is_(None)
    )  # fmt: skip
    check("devices", connection.scalar(devices) or 0, _("{count} devices hold facts of {period} or before"))
    return found


def _not_closed_before(connection: Connection, site: str, period: str) -> list[str]:
    """Earlier months with entries that are not closed."""
    closed = select(PERIOD.c.code).where(PERIOD.c.site == site, PERIOD.c.state == "closed")
    query = select(ENTRY.c.posting_period).where(
        ENTRY.c.site == site, ENTRY.c.posting_period < period, ENTRY.c.posting_period.not_in(closed)
    )
    return sorted(set(connection.scalars(query.distinct())))


def months(connection: Connection, site: str) -> list[Month]:
    """Every month something is posted in or that is not open, the oldest first."""
    # The period a fact belongs to follows from its day.
    late = case((func.substr(ENTRY.c.occurred_on, 1, 7) != ENTRY.c.posting_period, 1), else_=0)
    net = case((ENTRY.c.reverses.is_(None), ENTRY.c.amount), else_=-ENTRY.c.amount)
    query = select(ENTRY.c.posting_period, func.count(), func.sum(net), func.sum(late)).where(ENTRY.c.site == site)
    sums = {row[0]: row[1:] for row in connection.execute(query.group_by(ENTRY.c.posting_period))}
    rows = connection.execute(select(PERIOD.c.code, PERIOD.c.state).where(PERIOD.c.site == site))
    states: dict[str, State] = {row[0]: row[1] for row in rows}
    made = []
    for code in sorted({*sums, *states}):
        count, amount, of_before = sums.get(code, (0, 0, 0))
        made.append(Month(code, states.get(code, "open"), count, int(amount), int(of_before)))
    return made


def trace(connection: Connection, site: str, period: str = "") -> list[Change]:
    """What was done with periods, in the order it was done."""
    query = select(*(CHANGE.c[name] for name in ("period", "action", "by", "at", "reason", "position")))
    query = query.where(CHANGE.c.site == site).order_by(CHANGE.c.number)
    return [Change(*row) for row in connection.execute(query.where(CHANGE.c.period == period) if period else query)]


def faults(connection: Connection, site: str) -> dict[str, list[Any]]:
    """What is wrong with periods, by the sentence that says so: an entry in a month after it was closed, a state that
    is not what the trace leads to."""
    found: dict[str, list[Any]] = {}
    rows = select(PERIOD.c.code, PERIOD.c.state, PERIOD.c.position).where(PERIOD.c.site == site)
    now = {row[0]: (row[1], row[2]) for row in connection.execute(rows)}
    led_to: dict[str, tuple[str, int]] = {}
    for line in trace(connection, site):
        led_to[line.period] = ("", 0) if line.action == "unlock" else (_STATES[line.action], line.position)
    for code, (state_then, position) in led_to.items():
        if now.get(code, ("", 0)) != (state_then, position):
            found.setdefault("state differs from the trace (period)", []).append(code)
        if state_then == "closed":
            query = select(ENTRY.c.position).where(
                ENTRY.c.site == site, ENTRY.c.posting_period == code, ENTRY.c.position > position
            )
            found.setdefault("posted in a period after it was closed (position)", []).extend(connection.scalars(query))
    return found


_STATES = {"lock": "locked", "close": "closed"}

__all__ = ["Change", "Month", "PeriodRefused", "change", "checklist", "months", "state", "trace"]
