"""Subcontracting: an operation that a supplier does for a price a piece (subcontracts.csv).

    amount = good pieces reported at the operation x price of a piece on that day, rounded once

No fact of its own: whoever takes the pieces back from the supplier reports them as good, like after any operation, and
that report costs them. The supplier gives the work (credit, `supplier:NAME`), the order receives it (debit), under the
element `subcontracting`. Bad pieces are not paid; a shop that pays them corrects the price, or declares the invoice.
The operation is told by its number, or by the work center that stands for the supplier; of an item, or of any. What its
invoice really says is laid beside it on the supplier's balance, by a declared operation.

The price is a price by the piece, dated like any rate. Of several that fit, one for the operation wins over one for the
work center, and one for the item over one for all. Work of a supplier whose price begins only after that day is held:
what it cost is unknown, not nothing (a shop that did the work itself until then gives a price of 0 from the beginning).
The entry stands in the scope of the report.

Source: plan comptable général, 604 and 611 (achats d'études et prestations; sous-traitance générale), direct cost of
the product.
"""

from collections.abc import Iterable
from datetime import date

from sync.core.charges import Subcontract
from sync.core.findings import COSTED, Outcome, held
from sync.core.money import ARITHMETIC, round_money
from sync.core.plant import Order, Plant
from sync.core.quantity import plain
from sync.costing.booking import Cause, Side
from sync.costing.place import Place, locate
from sync.costing.policy import Policies
from sync.costing.valuation.stock import too_large
from sync.events.output import OutputReported
from sync.ledger.accounts import assignment
from sync.ledger.entry import Entry

RULE, VERSION = "subcontracting", 1
UNIT = "pcs"


def cost(reports: Iterable[OutputReported], plant: Plant, policies: Policies) -> list[Entry]:
    """The entries of the reports among these of subcontracted operations."""
    if not plant.charges.subcontracts:
        return []
    entries = []
    for report in reports:
        place = locate(plant, report.order, report.operation)
        if isinstance(place, Outcome):
            continue
        cause = Cause.of(report, plant, policies)
        paid = _paid(plant, place.order, report.operation, cause.day)
        if paid and outcome(report, plant, policies) == COSTED:
            entries.append(_entry(report, place, paid, cause, plant))
    return entries


def outcome(report: OutputReported, plant: Plant, policies: Policies) -> Outcome | None:
    """What becomes of a report of good pieces for what a supplier is paid; None: nobody is."""
    place = locate(plant, report.order, report.operation)
    if isinstance(place, Outcome):
        return None
    day = Cause.of(report, plant, policies).day
    paid = _paid(plant, place.order, report.operation, day)
    if paid is None:
        if not plant.charges.unpriced(*_work(place.order, report.operation), day):
            return None
        subject = place.work_center or report.operation
        return held("rate.missing", kind="subcontracting", subject=subject, date=day.isoformat())
    return too_large(report.quantity, UNIT, paid.price) or COSTED


def _paid(plant: Plant, order: Order, operation: str, day: date) -> Subcontract | None:
    return plant.charges.subcontract(*_work(order, operation), day)


def _work(order: Order, operation: str) -> tuple[str, str, str]:
    """What is done: item, operation, work center."""
    step = order.operation(operation)
    return order.item, operation, step.work_center if step else ""


def _entry(report: OutputReported, place: Place, paid: Subcontract, cause: Cause, plant: Plant) -> Entry:
    center, currency = place.work_center, cause.currency
    amount = round_money(ARITHMETIC.multiply(report.quantity, paid.price), currency)
    department = plant.department_of(center)
    gives = assignment(plant.plans, None, day=cause.day, element="", department=department, work_center=center,
                       item=paid.service)  # fmt: skip
    bears = assignment(plant.plans, place.order, day=cause.day, element="subcontracting", department=department,
                       work_center=center)  # fmt: skip
    words = f"{plain(report.quantity)} {UNIT} x {plain(paid.price)} {currency}"
    return cause.book(
        (RULE, VERSION),
        "subcontracting",
        amount,
        Side(f"supplier:{paid.supplier}", gives),
        Side(f"order:{place.order.code}", bears),
        quantity=report.quantity,
        unit=UNIT,
        formula=f"{words} = {amount} {currency}",
        order=place.order.code,
        operation=place.operation,
        item=paid.service,
        work_center=center,
        activity=paid.supplier,
        rate=paid.price,
    )
