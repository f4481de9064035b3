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


def difference(
    desired: Iterable[Entry],
    standing: Iterable[Standing],
    calendar: Calendar,
    generations: Callable[[list[str]], Mapping[str, int]],
    body_of: Callable[[list[str]], Mapping[str, Mapping[str, Any]]],
) -> list[Posted]:
    """The entries to append, reversals first, in an order that depends on nothing but their content.

    `generations(content ids)` tells how often each was posted before, `body_of(entry ids)` gives stored bodies.
    """
    wanted = {entry.content_id: entry for entry in desired}
    there = {line.content_id: line for line in standing}
    obsolete = sorted(there.keys() - wanted.keys(), key=lambda key: (there[key].scope, key))
    missing = sorted(wanted.keys() - there.keys(), key=lambda key: (wanted[key].occurred_at, wanted[key].scope, key))
    if not obsolete and not missing:
        return []
    bodies = body_of([there[key].entry_id for key in obsolete]) if obsolete else {}
    appended = []
    for key in obsolete:
        body = bodies[there[key].entry_id]
        posted_on, period = calendar.posting(date.fromisoformat(body["occurred_on"]))
        appended.append(reversal(body, key, posted_on, period))
    before = generations(missing) if missing else {}
    for key in missing:
        posted_on, period = calendar.posting(wanted[key].occurred_on)
        appended.append(first_posting(wanted[key], before.get(key, 0), posted_on, period))
    return appended
