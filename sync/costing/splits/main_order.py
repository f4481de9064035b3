"""Main order only: of the orders open together the one begun first takes the whole instant.

    main order at an instant = the order of the open segment that began first (ties by event id)

    share of a segment of the main order = 1 / (its jobs open then) / (segments of the same job open then)
    share of any other                   = 0

where a job is (order, operation). Indirect time is never the main order while an order is open: cleaning beside one
carries nothing; where only indirect activities are open, the one begun first takes the instant. The other orders keep
an entry of no time for what was told of them. When the main order ends, or pauses, the one begun next becomes it.
Standards play no part. A clock nobody stopped remains the main order until the longest time of the policy is over, so
it is mended first of all.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from sync.core.plant import Plant
from sync.costing.scope import Segment, job

RULE, VERSION = "main_order", 1


def weigh(open_together: Sequence[Segment], plant: Plant) -> list[Fraction]:
    """One for each job of the main order, shared by its segments; nothing for the others."""
    jobs = [job(segment) for segment in open_together]
    taps = Counter(jobs)
    on_orders = [segment for segment in open_together if job(segment)[0]]
    first = min(on_orders or open_together, key=lambda segment: (segment.start, segment.id))
    main = job(first)[0], job(first)[2]
    return [Fraction(1, taps[name]) if (name[0], name[2]) == main else Fraction(0) for name in jobs]
