"""Who bears rework: work on pieces that were made once already.

No fact classifies its own rework, so the policy `rework_to` of its day does (Horngren, Cost Accounting, ch. 18: rework
attributable to one job, common to all jobs, and abnormal):

    order       the order it was done for: its kind of work calls for it
    overhead    `overhead:rework:<causing department>`: normal, and no order's fault more than another's
    loss        `loss:<causing department>`: abnormal, a loss of the period

The causing department is that of the operation whose pieces are reworked, the one the fact names, wherever it is done
and by whom; without one it is the department of the worker. Whoever bears it, the hours are told with the order and the
operation they were for. Only what an order bears carries overhead.
"""

from dataclasses import dataclass

from sync.core.plant import Plant
from sync.costing.place import Place
from sync.costing.policy import Policy


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Who bears time spent for an order that does not bear it itself."""

    cost_object: str
    department: str


def bearer(policy: Policy, place: Place, plant: Plant, department: str) -> Elsewhere | None:
    """Who bears rework at a place by somebody of a department; None: the order."""
    if policy.rework_to == "order":
        return None
    causing = plant.department_of(place.work_center) or department
    kind = "overhead:rework" if policy.rework_to == "overhead" else "loss"
    return Elsewhere(f"{kind}:{causing}", causing)
