"""What to append: desired minus posted.

`desired` is everything a scope ought to have, `standing` what is posted and not reversed. What stands but is not
wanted any more is reversed by the mirror of its stored lines; what is wanted and does not stand is posted. Late,
repeated, reordered and voided facts and changed rates all take this one path.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sync.ledger.entry import Entry, Posted, first_posting, reversal
from sync.ledger.periods import Calendar


@dataclass(frozen=True, slots=True)
class Standing:
    """A posted entry that is in force: enough to compare, the body is fetched only to reverse it."""

    entry_id: str
    content_id: str
    scope: str
    element: str = ""


def difference(
    desired: Iterable[Entry],
    standing: Iterable[Standing],
    calendar: Calendar,
    generations: Callable[[list[str]], Mapping[str, int]],
    body_of: Callable[[list[str]], Mapping[str, Mapping[str, Any]]],
    key: bytes = b"",
) -> list[Posted]:
    """The entries to append, reversals first, in an order that depends on nothing but their content.

    `generations(content ids)` tells how often each was posted before, `body_of(entry ids)` gives stored bodies, `key`
    is the ledger's, for the ids.
    """
    wanted = {entry.content_id: entry for entry in desired}
    there = {line.content_id: line for line in standing}
    obsolete = sorted(there.keys() - wanted.keys(), key=lambda it: (there[it].scope, it))
    missing = sorted(wanted.keys() - there.keys(), key=lambda it: (wanted[it].occurred_at, wanted[it].scope, it))
    if not obsolete and not missing:
        return []
    bodies = body_of([there[it].entry_id for it in obsolete]) if obsolete else {}
    appended = []
    for content_id in obsolete:
        body = bodies[there[content_id].entry_id]
        posted_on, period = calendar.posting(date.fromisoformat(body["occurred_on"]))
        appended.append(reversal(body, content_id, posted_on, period))
    before = generations(missing) if missing else {}
    for content_id in missing:
        entry = wanted[content_id]
        posted_on, period = calendar.posting(entry.occurred_on)
        appended.append(first_posting(entry, before.get(content_id, 0), posted_on, period, key))
    return appended
