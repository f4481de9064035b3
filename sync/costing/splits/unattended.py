"""Unattended: a person is where that person turned to last; what was open before runs on without labor.

    attended job at an instant = the job of the open segment that began last (ties by event id)

    share of a segment of the attended job = 1 / (segments of the same job open then)
    share of any other                     = 0

where a job is (order, operation) or an indirect activity: who cleans beside a running machine is cleaning. When the
later job ends, the person is back at the one begun before it, if that is still open. For shops where one person starts
a machine and goes on to the next: labor of the first job stops there, its machine's time runs on, which is counted
apart and never split. No machine's fact is looked at, so the scope stays the person's own segments; a machine left
alone with nothing else to do is told by stopping the labor. What is left without any time keeps an entry of none.
Standards play no part.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from sync.core.plant import Plant
from sync.costing.scope import Segment, job

RULE, VERSION = "unattended", 1


def weigh(open_together: Sequence[Segment], plant: Plant) -> list[Fraction]:
    """One for the attended job, shared by its segments; nothing for the others."""
    jobs = [job(segment) for segment in open_together]
    taps = Counter(jobs)
    attended = job(min(open_together, key=lambda segment: (-segment.start, segment.id)))
    return [Fraction(1, taps[name]) if name == attended else Fraction(0) for name in jobs]
