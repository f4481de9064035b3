"""What is wrong with files of overhead, losses, subcontracted work and by-products, between their rows and with what is
known."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from sync.connectors.csv_file.mapping import _
from sync.connectors.csv_file.source import LineError, Sheet
from sync.core.charges import charges_of, latest
from sync.core.money import ARITHMETIC, round_money

if TYPE_CHECKING:
    from server.reference.imports import Reach


def _overheads(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    subjects = {row.get("subject", "") for row in sheet.rows} - {""}
    known = reach.codes("work_centers", subjects) | reach.codes("departments", subjects)
    for index, row in enumerate(sheet.rows):
        subject, rate, budget, capacity = (row.get(name) for name in ("subject", "rate", "budget", "normal_capacity"))
        if subject and subject not in known:
            sentence = _("“{value}” is neither a work center nor a department: import it, or leave the cell empty")
            yield sheet.error(index, "subject", sentence, value=subject)
        if rate is None and not (row["nature"] == "fixed" and budget and capacity):
            sentence = _("fill the rate; only a fixed pool may leave it to budget and normal_capacity")
            yield sheet.error(index, "rate", sentence)
        elif rate is not None and budget and capacity and row["nature"] == "fixed":
            of_money = Decimal(100) if row["driver"].endswith("_percent") else Decimal(1)
            charged = ARITHMETIC.multiply(rate, capacity) / of_money
            if round_money(charged, reach.currency) != round_money(budget, reach.currency):
                sentence = _("rate × normal_capacity is {charged}, not the budget: leave the rate empty")
                yield sheet.error(index, "rate", sentence, charged=str(round_money(charged, reach.currency)))
    yield from _one_driver(reach, sheet)


def _one_driver(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    """A pool counts one thing: where hours of people and of machines were both charged as its fixed cost, its capacity
    would be in neither."""
    rows = reach.rows("overheads", "pool", {row["pool"] for row in sheet.rows})
    # Rows of the files come last, and win over what is known by the same key.
    told = {(one.pool, one.nature, one.subject, one.valid_from): one for one in charges_of(overheads=rows).overheads}
    for index, row in enumerate(sheet.rows):
        in_force = latest(
            told.values(), row.get("valid_from") or date.min, lambda one: (one.pool, one.nature, one.subject)
        )
        drivers = {one.driver for one in in_force if (one.pool, one.nature) == (row["pool"], row["nature"])}
        others = drivers - {row["driver"]}
        if others:
            sentence = _("pool {pool} is charged by {driver} already: one driver a pool and nature; name another pool")
            yield sheet.error(index, "driver", sentence, pool=row["pool"], driver=min(others))


def _subcontracts(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    for index, row in enumerate(sheet.rows):
        if not row.get("work_center") and not row.get("operation"):
            yield sheet.error(index, "work_center", _("say which work center or operation is subcontracted"))


def _by_products(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    for index, row in enumerate(sheet.rows):
        method = row.get("method", "net_value")
        if method == "percent" and row["value"] > 100:
            yield sheet.error(index, "value", _("“{value}” is more than 100 percent"), value=str(row["value"]))
        if row["by_product"] == row.get("item") and method != "sales_value":
            sentence = _("an item is no by-product of itself: give its sales_value, or take the row out")
            yield sheet.error(index, "by_product", sentence)


CHECKS: dict[str, Callable[["Reach", Sheet], Iterator[LineError]]] = {
    "overheads": _overheads,
    "subcontracts": _subcontracts,
    "by_products": _by_products,
}
