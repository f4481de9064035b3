"""What an order yields beside its product (by_products.csv), valued by the method of the day it was reported.

*net_value* (a by-product: offcuts, chips). It goes to stock at what a unit can be sold for less what that costs, and
the order's cost is smaller by as much:

    amount = quantity in base units x net value of a unit, rounded once

The order gives it (credit), the stock of the by-product receives it (debit). IAS 2.14 allows this where the by-product
is immaterial: main products then bear what is left.

*percent* and *sales_value* (joint products, coproduits). Until the order is closed the report only counts; then all the
order bears is divided (`rules/close.py`): so much percent of it to the joint product; of the rest by sales value at
split-off, quantity x value of a unit, the product's own among them. Cents go by largest remainder, ties by item.

A stock that is kept at standard takes it at that; the difference is a variance (`output_cost`).

An order whose output goes to stock at standard gives its joint products at the standard cost of their item, with each
report, so that all its output is valued alike.

A by-product nobody has given a value waits: it is worth something unknown, not nothing.

Sources: IAS 2.14; Horngren, Cost Accounting, ch. 16 (joint costs: sales value at split-off; by-products at net
realizable value, production method); PCG 1982 (évaluation des sous-produits par leur valeur de vente nette).
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from sync.core.charges import ByProduct
from sync.core.findings import COSTED, Outcome, excluded, held
from sync.core.money import ARITHMETIC, round_money
from sync.core.plant import Item, Order, Plant
from sync.core.quantity import convert, plain
from sync.costing.booking import Cause, Side, beyond_standard
from sync.costing.joint import Joint
from sync.costing.place import Place, locate
from sync.costing.policy import Policies
from sync.costing.rates import RateTable
from sync.costing.valuation.stock import too_large
from sync.events.output import ByProductReported
from sync.ledger.accounts import assignment
from sync.ledger.entry import Entry

RULE, VERSION = "by_product", 1


class _Price(NamedTuple):
    amount: Decimal
    words: str
    source: str = ""


def cost(
    reports: Iterable[ByProductReported], plant: Plant, rates: RateTable, policies: Policies
) -> tuple[list[Entry], dict[str, Outcome], list[Joint]]:
    """Entries and outcomes of reports, and those that share the cost of their order at its close."""
    entries: list[Entry] = []
    outcomes: dict[str, Outcome] = {}
    joint: list[Joint] = []
    for report in reports:
        made = _cost(report, plant, rates, policies)
        if isinstance(made, Entry):
            entries.append(made)
            cause, order = Cause.of(report, plant, policies), plant.orders[report.order]
            item = plant.items[report.item]
            rule = (RULE, VERSION)
            if beyond := beyond_standard(cause, rule, order, item, made.quantity, made.amount, plant, rates):
                entries.append(beyond)
            outcomes[report.id] = COSTED
        elif isinstance(made, Joint):
            joint.append(made)
            outcomes[report.id] = excluded("quantity.counted")
        else:
            outcomes[report.id] = made
    return entries, outcomes, joint


def _cost(report: ByProductReported, plant: Plant, rates: RateTable, policies: Policies) -> Entry | Joint | Outcome:
    place = locate(plant, report.order, report.operation)
    if isinstance(place, Outcome):
        return place
    item = plant.items.get(report.item)
    if item is None:
        return held("reference.unknown_item", code=report.item)
    cause = Cause.of(report, plant, policies)
    share = plant.charges.by_product(place.order.item, item.code, cause.day)
    if share is None:
        return held("by_product.no_value", item=item.code)
    quantity = convert(report.quantity, report.unit, item.unit, item.units)
    if quantity is None:
        return held("unit.no_conversion", unit=report.unit, item=item.code, base=item.unit)
    price = _price(place.order, share, item, cause, rates, policies)
    if price is None:
        return Joint(report.id, item, quantity, share)
    if isinstance(price, Outcome):
        return price
    if large := too_large(quantity, item.unit, price.amount):
        return large
    return _entry(place, item, quantity, price, cause, plant)


def _price(
    order: Order, share: ByProduct, item: Item, cause: Cause, rates: RateTable, policies: Policies
) -> _Price | Outcome | None:
    """Of one base unit, when the report is worth something by itself; None for a share of the order's cost."""
    if share.method == "net_value":
        return _Price(share.value, "net value")
    if policies.on(order.released_on or cause.day).output_value == "actual":
        return None
    rate = rates.find("standard_cost", "item", item.code, cause.day)
    if rate is None:
        return held("rate.missing", kind="standard_cost", subject=item.code, date=cause.day.isoformat())
    return _Price(rate.amount, "standard", f"{rate.id}/{rate.version}")


def _entry(place: Place, item: Item, quantity: Decimal, price: _Price, cause: Cause, plant: Plant) -> Entry:
    center, currency = place.work_center, cause.currency
    amount = round_money(ARITHMETIC.multiply(quantity, price.amount), currency)
    gives = assignment(plant.plans, place.order, day=cause.day, element="", department=plant.department_of(center),
                       work_center=center)  # fmt: skip
    takes = assignment(plant.plans, None, day=cause.day, element="by_product", item=item.code)
    words = f"{plain(quantity)} {item.unit} x {plain(price.amount)} {currency}/{item.unit}, {price.words}"
    return cause.book(
        (RULE, VERSION),
        "by_product",
        amount,
        Side(f"order:{place.order.code}", gives),
        Side(f"stock:{item.code}", takes),
        quantity=quantity,
        unit=item.unit,
        formula=f"{words} = {amount} {currency}",
        order=place.order.code,
        operation=place.operation,
        item=item.code,
        work_center=center,
        rate=price.amount,
        rate_id=price.source,
    )
