"""An order beside the standard frozen at its release, from the entries in force; cards and variances as JSON values.

Actual cost is in it, and from a variance of rates a wage can be told: for readers who may see that.
"""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection

from server.store import ledger, order_cost, plant, steps
from sync.core.findings import Outcome
from sync.core.money import decimal
from sync.core.quantity import plain
from sync.costing import beside
from sync.costing.beside import Beside
from sync.costing.cost_card import CostCard
from sync.costing.engine import Terms
from sync.costing.variances import Variance

# What became of something, as a sentence and what to do, in the reader's language.
Tell = Callable[[Outcome], tuple[str, str]]
# A card's figures are exact; readers get so many digits of them.
DIGITS = Decimal("0.000001")


def of_order(connection: Connection, site: str, code: str) -> Beside | None:
    """An order beside its standard; None for one that does not exist or makes no item."""
    things = steps.knowing(connection, site, plant.load_part(connection, site, orders=[code]))
    order = things.orders.get(code)
    if order is None or not order.item:
        return None
    terms = Terms(things, order_cost.published_rates(connection, site, things), plant.policies(connection, site))
    types = (*order_cost.QUANTITIES, *order_cost.LIFECYCLE)
    told = order_cost.facts_of(connection, site, [code], types)[code]
    return beside.one(order, told, ledger.contents(connection, site, [code]).get(code, []), terms)


def card_json(card: CostCard, tell: Tell, order: str = "") -> dict[str, Any]:
    """A card with its lines. `unit_cost` is null as long as anything is `missing`."""
    told: dict[str, Any] = {"order": order} if order else {}
    told |= {
        "item": card.item,
        "version": card.version,
        "valid_from": card.valid_from.isoformat(),
        "lot_size": plain(card.lot_size) if card.lot_size else None,
        "unit_cost": None if card.unit_cost is None else _figure(card.unit_cost),
        "currency": card.currency,
        "lines": [
            {
                "operation": line.operation,
                "element": line.element,
                "item": line.item,
                "per": line.per,
                "quantity": _figure(line.quantity),
                "unit": line.unit,
                "price": None if line.price is None else _figure(line.price),
                "cost": None if line.price is None else _figure(line.cost),
                "source": line.price_id,
            }
            for line in card.lines
        ],
        "missing": [{"kind": gap.kind, "subject": gap.subject} for gap in sorted(card.unknown)],
    }
    if trouble := card.incomplete():
        told["sentence"], told["action"] = tell(trouble)
    return told


def beside_json(found: Beside, tell: Tell) -> dict[str, Any]:
    """An order beside its standard. What its variances are when none is frozen is unknown, and no list; where the card
    is not complete, `missing` says what is not in these figures."""
    told: dict[str, Any] = {
        "order": found.order.code,
        "item": found.order.item,
        "closed": found.closed,
        "good": plain(found.good),
        "actual": str(found.actual),
    }
    if isinstance(found.card, Outcome):
        told |= {"standard": None, "variances": None, "reason": found.card.reason}
        told["sentence"], told["action"] = tell(found.card)
        return told
    if trouble := found.card.incomplete():
        told["missing"] = [{"kind": gap.kind, "subject": gap.subject} for gap in sorted(found.card.unknown)]
        told["sentence"], told["action"] = tell(trouble)
    return told | {
        "version": found.card.version,
        "standard": str(found.standard),
        "in_work": str(found.in_work),
        "total": str(found.actual - found.in_work - found.standard),
        "variances": [_variance(variance) for variance in found.variances],
    }


def _variance(variance: Variance) -> dict[str, Any]:
    return {
        "category": variance.category,
        "operation": variance.operation,
        "element": variance.element,
        "item": variance.item,
        "amount": str(variance.amount),
        "favourable": variance.favourable,
        "formula": variance.formula,
        "source": variance.source,
    }


def _figure(number: Fraction) -> str:
    exact = decimal(number)
    return plain(exact if len(plain(exact).partition(".")[2]) <= 6 else exact.quantize(DIGITS))
