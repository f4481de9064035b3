"""By number of orders: orders open together share an instant equally, however many operations of each are open (the key
"by number of jobs" of Microsoft Dynamics AX, About allocation keys, for orders and at each instant).

    share of a segment at an instant = 1 / (orders open then) / (jobs of the same order open then)
                                         / (segments of the same job open then)

where a job is (order, operation). Each indirect activity counts as an order of its own, so cleaning beside two orders
takes a third. Standards play no part.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from sync.core.plant import Plant
from sync.costing.scope import Segment, job

RULE, VERSION = "number_of_orders", 1


def weigh(open_together: Sequence[Segment], plant: Plant) -> list[Fraction]:
    """One for each order, shared by its jobs, and by the segments of each."""
    jobs = [job(segment) for segment in open_together]
    taps = Counter(jobs)
    # (order, indirect activity): one of the two is empty.
    of_order = Counter((order, indirect) for order, _operation, indirect in taps)
    return [Fraction(1, of_order[name[0], name[2]] * taps[name]) for name in jobs]
