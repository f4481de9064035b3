"""Facts a signed-in user states at a desk: they take the same door as all others, with the user as their author."""

from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from server.intake.accept import DESK, Sender, Verdict, accept
from server.store import people
from sync.core.clock import format_instant
from sync.events import catalog


def state(connection: Connection, site: str, user: str, kind: str, now: int, **fields: Any) -> Verdict:
    """A fact of this type, now, declared by `user:<name>`. The verdict says whether it could be stored."""
    version = max(known.version for known in catalog.newest() if known.type == kind)
    fact = {
        "id": str(uuid4()),
        "type": kind,
        "version": version,
        "occurred_at": format_instant(now),
        "provenance": "measured",
        "declared_by": f"{DESK}{user}"[:64],
        **fields,
    }
    (verdict,) = accept(connection, site, Sender(people.user_sender(site, user)), [fact], now)
    return verdict
