"""Variances of an order: actual cost less the standard of its good output, split by cause, adding up exactly.

sum of the variances = what the order bears - standard of good output        (to the cent, whatever the split)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sync.core.plant import Order
from sync.costing.cost_card import CostCard
from sync.costing.policy import Policy
from sync.costing.spent import Counted, Spent

# In the sequence in which they are split off.
CATEGORIES = (
    "scrap",
    "material_price", "labor_rate", "machine_rate", "subcontracting_price", "overhead_spending",
    "material_mix", "material_yield", "material_usage", "subcontracting_usage",
    "labor_idle", "labor_efficiency", "machine_efficiency", "overhead_efficiency", "overhead_volume",
    "setup", "rework", "by_product", "lot_size", "late_cost", "remaining",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Variance:
    """A difference with its cause. `amount` above zero: cost above the standard. `formula` in words and figures, before
    the one rounding; `source`: the version of the card, and the price it was measured at."""

    category: str
    operation: str
    element: str
    item: str
    amount: Decimal
    formula: str
    source: str

    @property
    def favourable(self) -> bool:
        """Cost below the standard (favorable); else unfavourable (défavorable)."""
        return self.amount < 0


def split(
    order: Order,
    card: CostCard,
    spent: Iterable[Spent],
    counted: Mapping[str, Counted],
    policy: Policy,
    *,
    credited: Decimal | None = None,
) -> list[Variance]:
    """The variances of an order that is done, in the sequence of `CATEGORIES`; none that is zero.

    `spent`: all cost the order was given, scrap that left it negative; lines of the elements `output` and `variance`
    are passed over. `credited`: what was booked to stock for the good output, when that is not the standard rounded once
    (each report rounded for itself): the odd cents are part of what remains.
    """
    raise NotImplementedError
