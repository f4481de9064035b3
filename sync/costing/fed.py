"""What orders give to stock, as receipts of the items they give: good pieces, by-products, scrap that can be sold.

The entry that credits the order and debits the stock is made where its cost is known, with the order's own facts. For
an item whose stock is carried it is a receipt of that item like any other, so that whoever draws the item later bears
what the order that made it cost. At one instant it comes after every movement that a fact tells: what is drawn at the
very instant an order is closed cannot be of its output.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sync.core import ids
from sync.core.clock import parse_instant
from sync.core.money import ZERO

Content = Mapping[str, Any]
# What brings pieces; the rest that touches a stock only changes their value.
BRINGING = ("output", "by_product", "scrap")
MAKING = (*BRINGING, "variance")
RULES = ("close", "output", "by_product", "scrap")


@dataclass(frozen=True, slots=True, order=True)
class Fed:
    """A receipt of `item` from the `order` whose fact `cause` brought it. `quantity` in base units; `paid`: what the
    order gave with it. `id`: the scope of what follows from it for the stock, of its own."""

    item: str
    occurred_at: int
    cause: str
    order: str
    quantity: Decimal
    paid: Decimal
    occurred_on: date
    provenance: str
    type: str = "stock.fed"

    @property
    def id(self) -> str:
        return scope_of(self.cause, self.item)

    @property
    def key(self) -> str:
        """Sorts it behind the movements of its instant."""
        return f"~{self.id.replace('-', '')}"


def scope_of(cause: str, item: str) -> str:
    """The scope of what a receipt of an item from an order makes of its stock."""
    return ids.derive(ids.IMPORT, "fed", cause, item)


def item_of(content: Content) -> str:
    """The item whose stock an entry of an order's own facts touches; "" for any other entry."""
    if content["element"] not in MAKING or content["rule"] not in RULES:
        return ""
    found = (line["object"].partition(":") for line in content["postings"])
    return next((item for kind, _, item in found if kind == "stock"), "")


def receipts(contents: Iterable[Content]) -> list[Fed]:
    """The receipts that these entries make, which must be all in force of each of their facts; in order."""
    by_cause: dict[tuple[str, str], list[Content]] = defaultdict(list)
    for content in contents:
        if item := item_of(content):
            by_cause[content["scope"], item].append(content)
    made = []
    for (cause, item), of_cause in by_cause.items():
        bringing = [content for content in of_cause if content["element"] in BRINGING]
        if not bringing:
            continue
        first = min(bringing, key=lambda content: content["element"])
        made.append(
            Fed(
                item,
                parse_instant(first["occurred_at"]),
                cause,
                next((content["order"] for content in of_cause if content.get("order")), ""),
                sum((Decimal(content["quantity"]) for content in bringing), ZERO),
                sum((_into(item, content) for content in of_cause), ZERO),
                date.fromisoformat(first["occurred_on"]),
                first["provenance"],
            )
        )
    return sorted(made)


def _into(item: str, content: Content) -> Decimal:
    """What an entry debits the stock of an item, less what it credits it."""
    signed = (
        Decimal(line["amount"]) if line["side"] == "debit" else -Decimal(line["amount"])
        for line in content["postings"]
        if line["object"] == f"stock:{item}"
    )
    return sum(signed, ZERO)
