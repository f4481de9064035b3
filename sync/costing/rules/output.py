"""Good output goes to stock at the standard frozen at release (policy `output_value` = `standard`).

Each report of good pieces of an order's last planned operation is a receipt of the item the order makes:

    amount = good pieces x standard cost of one piece (the order's card, exact), rounded once

The order gives it (credit), the stock of the item receives it (debit). An item whose stock is kept at standard receives
it at the standard cost in force on the day; what that differs from the frozen one is a variance of its own
(`standard_change`), so that the stock is worth its quantity at standard. A later operation's report counts the piece
once: pieces of earlier operations stay work in progress. Without a frozen standard the report waits: held, never zero.

Under `actual` a report only counts; the value goes to stock when the order is closed (`rules/close.py`). Which of the
two an order goes by is the policy of the day it was released on, so that a new policy divides no order. An order that
makes no item (a case, a project) has no output.

Source: Horngren, Cost Accounting, job costing and standard costing entries; plan comptable général, art. 213-32.
"""

from collections.abc import Iterable
from decimal import Decimal

from sync.core.findings import COSTED, Outcome, held
from sync.core.money import decimal, round_money
from sync.core.plant import Item, Order, Plant
from sync.core.quantity import legible, plain
from sync.costing import cost_card
from sync.costing.booking import Cause, Side
from sync.costing.cost_card import CostCard
from sync.costing.policy import Policies
from sync.costing.rates import Rate, RateTable
from sync.costing.spent import planned_steps
from sync.costing.valuation.stock import too_large
from sync.events.output import OutputReported
from sync.ledger.accounts import assignment
from sync.ledger.entry import Entry

RULE, VERSION = "output", 1


def is_output(order: Order, operation: str) -> bool:
    """Whether good pieces of an operation are good pieces of the order."""
    steps = planned_steps(order)
    return not steps or operation == steps[-1].number


def cost(
    order: Order, reports: Iterable[OutputReported], plant: Plant, rates: RateTable, policies: Policies
) -> tuple[list[Entry], dict[str, Outcome]]:
    """Entries of the good reports of an order that go to stock at standard; reports that only count have no outcome."""
    entries: list[Entry] = []
    outcomes: dict[str, Outcome] = {}
    card: CostCard | Outcome | None = None  # the same for all of an order, and made only where it is asked for
    for report in reports:
        cause = Cause.of(report, plant, policies)
        by_standard = policies.on(order.released_on or cause.day).output_value == "standard"
        if by_standard and order.item and is_output(order, report.operation):
            card = card or cost_card.of_order(plant, order, rates, policies)
            made = _to_stock(order, report, cause, plant, rates, card)
            if isinstance(made, Outcome):
                outcomes[report.id] = made
            else:
                entries.extend(made)
                outcomes[report.id] = COSTED
    return entries, outcomes


def _to_stock(
    order: Order, report: OutputReported, cause: Cause, plant: Plant, rates: RateTable, card: CostCard | Outcome
) -> list[Entry] | Outcome:
    item = plant.items.get(order.item)
    if item is None:
        return held("reference.unknown_item", code=order.item)
    if isinstance(card, Outcome):
        return card
    if incomplete := card.incomplete():
        return incomplete
    assert card.unit_cost is not None, "a card that is complete has a unit cost"
    exact, unit_cost = card.of(report.quantity), decimal(card.unit_cost)
    if large := too_large(report.quantity, item.unit, unit_cost):
        return large
    amount = round_money(exact, cause.currency)
    center = step.work_center if (step := order.operation(report.operation)) else ""
    section = plant.department_of(center)
    gives = assignment(plant.plans, order, day=cause.day, element="", department=section, work_center=center)
    takes = assignment(plant.plans, None, day=cause.day, element="output", item=item.code)
    words = (
        f"{plain(report.quantity)} {item.unit} x {plain(legible(unit_cost))} {cause.currency}, standard {card.version}"
    )
    receipt = cause.book(
        (RULE, VERSION),
        "output",
        amount,
        Side(f"order:{order.code}", gives),
        Side(f"stock:{item.code}", takes),
        quantity=report.quantity,
        unit=item.unit,
        formula=f"{words} = {amount} {cause.currency}",
        order=order.code,
        operation=report.operation,
        item=item.code,
        work_center=center,
        activity="good",
        rate=unit_cost,
        rate_id=f"standard:{item.code}/{card.version}",
    )
    today = rates.find("standard_cost", "item", item.code, cause.day) if item.valuation == "standard" else None
    change = _standard_change(report, cause, plant, item, amount, today) if today else None
    return [receipt, change] if change else [receipt]


def _standard_change(
    report: OutputReported, cause: Cause, plant: Plant, item: Item, amount: Decimal, today: Rate
) -> Entry | None:
    """What the standard of the day is more (or less) than the frozen one, so that the stock is worth the former."""
    worth = round_money(report.quantity * today.amount, cause.currency)
    if worth == amount:
        return None
    accounts = assignment(plant.plans, None, day=cause.day, element="variance", item=item.code)
    return cause.book(
        (RULE, VERSION),
        "variance",
        worth - amount,
        Side("variance:standard_change", accounts),
        Side(f"stock:{item.code}", accounts),
        quantity=report.quantity,
        unit=item.unit,
        formula=f"{worth} at the standard of {cause.day.isoformat()} - {amount} at the order's {cause.currency}",
        item=item.code,
        activity="standard_change",
        rate=today.amount,
        rate_id=f"{today.id}/{today.version}",
    )
