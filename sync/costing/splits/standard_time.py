"""By standard time: jobs open together share an instant as their standard times stand to each other (the key "by
estimation" of Microsoft Dynamics AX, About allocation keys, at each instant instead of over a bundle).

    standard of a job = standard minutes of its operation: setup for setup and teardown, once;
                        run x pieces of the order for run and rework

    share of a job with a standard    = (jobs with a standard / jobs) x its standard / sum of the standards
    share of a job without a standard = 1 / jobs
    share of a segment                = share of its job / segments of the same job open then

where a job is (order, operation, setup or run) or an indirect activity. Without a standard is a job whose standard is
zero or unknown: an operation nobody planned, a case, an order that is not here yet, and indirect time. It weighs as
much as the others do on average, so it takes what it would take in equal shares and the others share the rest; where no
job has a standard all share equally. A standard is that of the plant as it is now; when it is changed, the times of its
order are costed anew, and with them those of its neighbours.
"""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from sync.core.plant import Plant
from sync.costing.scope import Segment, job
from sync.events.labor import LaborDeclared, LaborStarted

RULE, VERSION = "standard_time", 1

_Job = tuple[str, str, str, str]


def weigh(open_together: Sequence[Segment], plant: Plant) -> list[Fraction]:
    """The standard minutes of each job, shared by its segments; the mean of those there are for one that has none."""
    jobs = [_job(segment) for segment in open_together]
    taps = Counter(jobs)
    standards = {name: _standard(name, plant) for name in taps}
    known = [standard for standard in standards.values() if standard]
    mean = sum(known, Fraction(0)) / len(known) if known else Fraction(1)
    return [(standards[name] or mean) / taps[name] for name in jobs]


def _job(segment: Segment) -> _Job:
    event = segment.event
    assert isinstance(event, (LaborStarted, LaborDeclared))
    kind = {"setup": "setup", "teardown": "setup", "indirect": ""}.get(event.activity, "run")
    return *job(segment), kind


def _standard(name: _Job, plant: Plant) -> Fraction:
    """Minutes, zero where there is no standard."""
    code, number, _indirect, kind = name
    order = plant.orders.get(code)
    step = order.operation(number) if order else None
    if order is None or step is None:
        return Fraction(0)
    if kind == "setup":
        return Fraction(step.standard_setup_min)
    return Fraction(step.standard_run_min) * Fraction(order.quantity)
