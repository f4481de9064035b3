"""A joint product on its way from its report to the close of its order, where it gets its share of the cost."""

from dataclasses import dataclass
from decimal import Decimal

from sync.core.charges import ByProduct
from sync.core.plant import Item


@dataclass(frozen=True, slots=True)
class Joint:
    """Some of a joint product, by the id of its `report`. `quantity` is in base units."""

    report: str
    item: Item
    quantity: Decimal
    share: ByProduct
