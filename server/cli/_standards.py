"""Cost cards and variances of a dry run: as plain JSON values, and as tables."""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from server.problems import fill
from sync.core.findings import CATALOGUE, Outcome
from sync.core.money import decimal
from sync.core.quantity import plain
from sync.costing.beside import Beside
from sync.costing.cost_card import CostCard
from sync.costing.variances import Variance

Translate = Callable[[str], str]
# A card's figures are exact; readers get so many digits of them.
DIGITS = Decimal("0.000001")


def card_json(card: CostCard, translate: Translate, order: str = "") -> dict[str, Any]:
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
        told["sentence"], told["action"] = _words(trouble, translate)
    return told


def beside_json(beside: Beside, translate: Translate) -> dict[str, Any]:
    """An order beside its standard. What its variances are when none is frozen is unknown, and no list."""
    told: dict[str, Any] = {
        "order": beside.order.code,
        "item": beside.order.item,
        "closed": beside.closed,
        "good": plain(beside.good),
        "actual": str(beside.actual),
    }
    if isinstance(beside.card, Outcome):
        told |= {"standard": None, "variances": None, "reason": beside.card.reason}
        told["sentence"], told["action"] = _words(beside.card, translate)
        return told
    return told | {
        "version": beside.card.version,
        "standard": str(beside.standard),
        "in_work": str(beside.in_work),
        "total": str(beside.actual - beside.in_work - beside.standard),
        "variances": [_variance(variance) for variance in beside.variances],
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


def _words(outcome: Outcome, translate: Translate) -> tuple[str, str]:
    reason = CATALOGUE[outcome.reason]
    return fill(translate(reason.sentence), outcome.params), translate(reason.action)


def _figure(number: Fraction) -> str:
    exact = decimal(number)
    return plain(exact if len(plain(exact).partition(".")[2]) <= 6 else exact.quantize(DIGITS))


# --- as rows of a table ------------------------------------------------------------------------------------------


def card_rows(cards: Iterable[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """(of what, operation, element, quantity, price, cost) of each line, and the unit cost below."""
    for card in cards:
        name = f"{card.get('order') or card['item']} {card['version']}"
        for line in card["lines"]:
            per = f" / {card['lot_size'] or '?'}" if line["per"] == "lot" else ""
            what = " ".join(filter(None, (line["element"], line["item"])))
            quantity = f"{line['quantity']} {line['unit']}{per}"
            yield name, line["operation"], what, quantity, line["price"] or "?", line["cost"] or "?"
        yield name, "", "", "", "", card["unit_cost"] or card["sentence"]


def variance_rows(orders: Iterable[dict[str, Any]], translate: Translate) -> Iterator[tuple[str, ...]]:
    """(order, category, what, formula, favourable or not, amount) of each variance, and what they add up to."""
    for told in orders:
        if told["variances"] is None:
            yield told["order"], "", "", told["sentence"], "", "?"
            continue
        for variance in told["variances"]:
            what = " ".join(filter(None, (variance["operation"], variance["element"], variance["item"])))
            word = translate("favourable") if variance["favourable"] else translate("unfavourable")
            yield told["order"], variance["category"], what, variance["formula"], word, variance["amount"]
        formula = f"{told['actual']} - {told['in_work']} - {told['standard']}"
        yield told["order"], translate("Total"), "", formula, "", told["total"]
