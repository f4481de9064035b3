"""A forgotten clock-out: when the work probably ended. A proposal; nothing is ever costed by it.

    proposed end = the later of
      - the end of the calendar's shift in which the work began
      - the person's last sign of life after the start

A segment is looked at when its end is not known, or lies so far from its start that it is not believed. The shift is
the first work of its calendar (the person's own, else that of the work center) that is not over when the work begins
and begins at most an hour after it, with what follows on it after a pause of at most two hours. A sign of life is
another fact of the clock: a start, a stop, a break, the end of a shift. It counts within the longest time that is
believed, and no longer than until an hour before the person's next shift: who clocks in the next morning did not work
all night. Time told afterwards is no sign of life; anybody may have told it.

Why the later of the two: a sign of life is proof of presence until then, and the calendar what was agreed; the earlier
one would take away time that was worked. With neither nothing is proposed: nobody knows.

Whether a clock still runs or was forgotten cannot be seen from facts, which know no "now". So a segment that is open
has its proposal from the beginning; whoever shows it does so once it has run for too long.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from zoneinfo import ZoneInfo

from sync.core.calendars import WorkCalendar
from sync.core.clock import format_instant, local
from sync.core.findings import Finding
from sync.costing.scope import Segment, time_outcome
from sync.events.base import Event
from sync.events.labor import LaborStarted, LaborStopped
from sync.events.shift import BreakStarted, BreakStopped, ShiftEnded

HOUR = 3_600_000
EARLY, PAUSE = HOUR, 2 * HOUR
SIGNS = (LaborStarted, LaborStopped, BreakStarted, BreakStopped, ShiftEnded)
CODE = "time.end_proposed"


def proposals(
    segments: Iterable[Segment],
    events: Iterable[Event],
    wanted: Collection[str],
    zone: ZoneInfo,
    longest_ms: int,
    calendar: Callable[[Event], WorkCalendar | None],
) -> list[Finding]:
    """What is proposed for those of the `wanted` segments whose end was probably forgotten."""
    unsure = [segment for segment in segments if segment.id in wanted and _unsure(segment, longest_ms)]
    if not unsure:
        return []
    signs: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if isinstance(event, SIGNS):
            signs[event.person].append(event.occurred_at)
    for instants in signs.values():
        instants.sort()
    found = []
    for segment in unsure:
        end = proposed_end(segment, signs[segment.who], calendar(segment.event), zone, longest_ms)
        if end is not None:
            params = {"until": format_instant(end), "end": local(end, zone).strftime("%Y-%m-%d %H:%M")}
            found.append(Finding(CODE, segment.id, params))
    return found


def _unsure(segment: Segment, longest_ms: int) -> bool:
    outcome = time_outcome(segment, longest_ms)
    return outcome is not None and outcome.reason in ("time.open", "time.too_long")


def proposed_end(
    segment: Segment, signs: list[int], calendar: WorkCalendar | None, zone: ZoneInfo, longest_ms: int
) -> int | None:
    """The instant at which a segment probably ended, None when nobody knows; `signs`: when its person is known to have
    been there, in order."""
    start, latest = segment.start, segment.start + longest_ms
    shift_end = next_shift = None
    if calendar is not None:
        shifts = _shifts(calendar.spans("work", start, latest + EARLY, zone))
        if shifts and shifts[0][0] <= start + EARLY:
            shift_end = shifts.pop(0)[1]
        next_shift = shifts[0][0] - EARLY if shifts else None
    until = latest if next_shift is None else min(latest, next_shift)
    last = signs[: bisect_right(signs, until)]
    known = [sign for sign in last[-1:] if sign > start]
    if shift_end is not None and shift_end <= latest:
        known.append(shift_end)
    return max(known, default=None)


def _shifts(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of work with no more than a pause between them are one shift."""
    found: list[tuple[int, int]] = []
    for low, high in spans:
        if found and low - found[-1][1] <= PAUSE:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found
