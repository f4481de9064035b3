"""What the page and the command both do: erase somebody, give somebody all their data; recorded in the audit trail."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from server.auth import pins
from server.problems import Problem
from server.store import audit, erasure, people, retention, rewrite


def erase(
    connection: Connection, site: str, person: erasure.Person, *, by: str, now: int, force: bool
) -> erasure.Erased:
    """Erase somebody. Raises Problem: person.erased (nothing is left to erase), person.not_settled (work runs or facts
    wait, and nobody insists)."""
    if not person.name and not person.number:
        raise Problem("person.erased")
    if not force and (waits := erasure.obstacles(connection, site, person.key)):
        raise Problem("person.not_settled", running=str(waits.running), unsettled=str(waits.unsettled))
    if person.number:
        people.forget_pin_failures(connection, site, pins.subject_of(person.number, site))
    done = erasure.erase(connection, site, person, now)
    retention.record(connection, site, retention.ERASURE, 0, 1, now)
    rewrite.ask(connection, site, now)
    told = {"because": "asked for", "facts kept": str(done.facts), **{name: str(n) for name, n in done.counts.items()}}
    audit.record(connection, site, at=now, actor=by, action="person.erased", subject=person.key, details=told)
    return done


def record_given(connection: Connection, site: str, data: Mapping[str, Any], *, by: str, now: int) -> None:
    """That somebody's data was handed out, and how much."""
    audit.record(
        connection, site, at=now, actor=by, action="person.data_given", subject=data["person"]["key"],
        details={"facts": str(len(data["facts"])), "with rates": "yes" if "rates" in data else "no"},
    )  # fmt: skip
