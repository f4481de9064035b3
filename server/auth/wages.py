"""The one door to wages: who may, why, what is written down, and amounts opened and sealed.

A rate of a person lies sealed in a table that no entry is made from. Whatever shows one, or an amount it can be
computed from, calls `look` first: it refuses everybody but payroll and writes into the audit trail who looks at what
and why, in a transaction that is over before anything is shown. Administrators are not payroll.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from flask_babel import LazyString, lazy_gettext
from sqlalchemy import Connection

from server import vault
from server.auth.access import current
from server.extensions import db, now, settings
from server.problems import Problem
from server.store import audit, wages
from server.store.database import write
from sync.core.quantity import plain
from sync.costing.wages import OwnRate, OwnRates

_ = lazy_gettext

# Why somebody looks. A closed list: what was typed freely might itself tell.
REASONS: dict[str, LazyString] = {
    "month_end": _("Month end and comparison with pay"),
    "rates": _("Enter or approve rates"),
    "question": _("A question of the person concerned"),
    "control": _("Control or audit"),
}


def look(scope: str, why: str) -> None:
    """Admit payroll, with a reason, and record it. `scope`: what is shown, such as "hours 2026-11". Raises Problem."""
    chosen()
    if why not in REASONS:
        raise Problem("wages.no_reason", pointer="/why")
    with write(db.engine) as connection:
        record(connection, "rate.read", scope, {"why": why})


def chosen() -> None:
    """Raise Problem for everybody but payroll, and where the site keeps no rates of people."""
    if not current.has("payroll"):
        raise Problem("auth.forbidden", needs="payroll")
    if settings().labor_rates != "person":
        raise Problem("wages.not_chosen")


def record(connection: Connection, action: str, subject: str, details: Mapping[str, str] | None = None) -> None:
    """A line of the audit trail about wages by whoever is signed in; never an amount."""
    audit.record(
        connection, current.site, at=now(), actor=f"user:{current.user}", action=action, subject=subject,
        details=details or {},
    )  # fmt: skip


def seal(amount: Decimal) -> str:
    """An amount as it is stored."""
    return vault.seal(plain(amount), "wage.amount")


def opened(row: wages.Row) -> Decimal:
    """The amount of a stored rate."""
    return Decimal(vault.open_(row.amount, "wage.amount"))


def seal_members(members: Mapping[str, Decimal]) -> str:
    """Who a mean is of, as it is stored."""
    return vault.seal(json.dumps({person: plain(rate) for person, rate in members.items()}), "wage.members")


def members(row: wages.Row) -> dict[str, Decimal]:
    """Who a stored mean is of."""
    return {person: Decimal(rate) for person, rate in json.loads(vault.open_(row.members, "wage.members")).items()}


def rate_of(row: wages.Row) -> OwnRate:
    """A stored rate of a person."""
    until = date.fromisoformat(row.valid_until) if row.valid_until else None
    return OwnRate(row.id, row.subject, date.fromisoformat(row.valid_from), opened(row), until)


def in_force(connection: Connection, site: str, more: Iterable[OwnRate] = ()) -> OwnRates:
    """The approved rates of people; with `more`, as if these were approved last."""
    return OwnRates([*(rate_of(row) for row in wages.of_state(connection, site, "approved", "person")), *more])
