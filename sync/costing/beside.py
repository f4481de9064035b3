"""Every order beside its standard, and the cards of items: what a dry run shows of them.

    actual - work in progress at standard - standard of good output = sum of the variances

For an order that is closed nothing is in work. What happened after its close is late.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sync.core.clock import local_date
from sync.core.findings import Outcome
from sync.core.money import ZERO, round_money
from sync.core.plant import Order
from sync.costing import cost_card, spent, variances
from sync.costing.cost_card import CostCard
from sync.costing.engine import Terms, knowing
from sync.costing.place import resolve_labels
from sync.costing.rules import close
from sync.costing.scope import effective
from sync.costing.spent import LEAVING, count_pieces, good_output
from sync.costing.variances import Variance
from sync.events.base import Event
from sync.events.order import OrderClosed, OrderReopened
from sync.ledger.entry import Entry


@dataclass(frozen=True, slots=True)
class Beside:
    """An order beside its card; an Outcome in its place says why there is none, and then there are no variances."""

    order: Order
    card: CostCard | Outcome
    closed: bool
    good: Decimal
    actual: Decimal
    in_work: Decimal = ZERO
    standard: Decimal = ZERO
    variances: tuple[Variance, ...] = ()


def orders(facts: Iterable[Event], entries: Iterable[Entry], terms: Terms) -> list[Beside]:
    """The orders that make an item, as far as there are facts or costs of them or a standard, by code. `entries`: all
    that stand."""
    counting = effective(resolve_labels(fact, terms.plant.codes) for fact in facts).events
    terms = knowing(counting, terms)
    of_order: dict[str, list[Event]] = defaultdict(list)
    for event in counting:
        if code := getattr(event, "order", None):
            of_order[code].append(event)
    contents: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        for place in {line.cost_object for line in entry.postings}:
            contents[place.removeprefix("order:")].append(entry)
    found = []
    for code, order in sorted(terms.plant.orders.items()):
        released = order.released_on is not None or order.standard_version
        if order.item and (released or contents[code] or of_order[code]):
            found.append(one(order, of_order[code], [entry.content for entry in contents[code]], terms))
    return found


def one(order: Order, facts: Sequence[Event], contents: Iterable[Mapping[str, Any]], terms: Terms) -> Beside:
    """One order. `facts`: those about its pieces and its close, all that count; `contents`: of the entries in force
    that touch it."""
    standing, _ = close.in_force(event for event in facts if isinstance(event, (OrderClosed, OrderReopened)))
    settled = standing.occurred_at if standing else None
    lines = spent.of_contents(order.code, contents, settled)
    given = [line for line in lines if line.element not in LEAVING]
    counted = count_pieces(facts)
    good, actual = good_output(order, counted), sum((line.amount for line in given), ZERO)
    card = cost_card.of_order(terms.plant, order, terms.rates, terms.policies)
    if isinstance(card, Outcome):
        return Beside(order, card, standing is not None, good, actual)
    day = local_date(settled, terms.plant.site.zone) if settled is not None else order.released_on or card.valid_from
    policy = terms.policies.on(day)
    in_work = round_money(ZERO, card.currency) if standing else variances.in_work(order, card, given, counted)
    split = variances.split(order, card, given, counted, policy, running=standing is None)
    standard = round_money(card.of(good), card.currency)
    return Beside(order, card, standing is not None, good, actual, in_work, standard, tuple(split))


def items(terms: Terms, day: date) -> list[CostCard]:
    """The cards of items: every one that was given, and those made from routing and bill on a day."""
    plant, rates = terms.plant, terms.rates
    found = [
        card
        for item, versions in sorted(plant.standards.items())
        for version in versions
        if (card := cost_card.of_version(plant, rates, terms.policies, item, version.version))
    ]
    for item in sorted({*plant.routings, *plant.bills} - {card.item for card in found}):
        card = cost_card.of_item(plant, rates, terms.policies, item, day)
        found += [card] if card else []
    return found


def by_category(found: Iterable[Variance]) -> Mapping[str, Decimal]:
    """Variances summed by category, in their sequence."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for variance in found:
        sums[variance.category] += variance.amount
    return dict(sums)
