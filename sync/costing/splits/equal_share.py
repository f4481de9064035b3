"""Equal share of each instant (the default; Microsoft Dynamics AX calls it "net time", About allocation keys).

    share of a segment at an instant = 1 / (jobs open then) / (segments of the same job open then)

where a job is (order, operation) or an indirect activity. Standards play no part, so a zero standard changes nothing;
indirect time that overlaps an order takes its share like any job.
"""

from collections import defaultdict
from collections.abc import Sequence

from sync.core.plant import Plant
from sync.costing.scope import Segment, job

RULE, VERSION = "equal_share", 1


def weigh(open_together: Sequence[Segment], plant: Plant | None = None) -> list[int]:
    """One for each job, shared by its segments; as whole numbers: the product of all counts over the job's own."""
    jobs: dict[tuple[str, str, str], int] = defaultdict(int)
    for segment in open_together:
        jobs[job(segment)] += 1
    product = 1
    for count in jobs.values():
        product *= count
    return [product // jobs[job(segment)] for segment in open_together]
