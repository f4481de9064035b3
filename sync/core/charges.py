"""What is charged by a rule of the house: overhead pools, losses, subcontracted work, by-products. Each holds from a
day on, and for a whole shop or for a part of it; the narrowest that has begun is taken.

Rows come from files (numbers and days) or tables (their text); a column a file does not have is simply absent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

Row = Mapping[str, Any]

# What an overhead is charged by: an hour of a person, an hour of a machine, the money of material or of labor.
DRIVERS = ("labor_hour", "machine_hour", "material_percent", "labor_percent")
NATURES = ("fixed", "variable")
# How what comes out beside the product is valued; see `sync.costing.rules.by_product`.
METHODS = ("net_value", "percent", "sales_value")


@dataclass(frozen=True, slots=True)
class Overhead:
    """A pool's rate from a day on: money for an hour of its `driver`, or percent of it. `subject`: the work center or
    department it is charged in; "" = everywhere. Without a `rate` it is the `budget` of a month spread over the
    `normal_capacity`, in units of the driver (hours, or money) a month."""

    pool: str
    driver: str
    subject: str
    nature: str
    valid_from: date
    rate: Decimal | None = None
    normal_capacity: Decimal = Decimal(0)
    budget: Decimal = Decimal(0)

    @property
    def per_unit(self) -> Fraction:
        """Money for one hour, or for one of money; exact."""
        if self.rate is None:
            return Fraction(self.budget) / Fraction(self.normal_capacity) if self.normal_capacity else Fraction(0)
        return Fraction(self.rate) / (100 if self.by_money else 1)

    @property
    def by_money(self) -> bool:
        return self.driver.endswith("_percent")

    @property
    def id(self) -> str:
        """Names the rate an entry was made at."""
        since = "" if self.valid_from == date.min else self.valid_from.isoformat()
        return "/".join((f"overhead:{self.pool}", self.nature, self.subject, since))


@dataclass(frozen=True, slots=True)
class Loss:
    """What is normally lost of an item at an operation, in percent of the base the policy names, and what a scrapped
    piece can be sold for. It goes to the stock of `scrap_item` where there is one, `scrap_quantity` for each piece."""

    item: str
    operation: str
    valid_from: date
    normal_percent: Decimal = Decimal(0)
    disposal_value: Decimal = Decimal(0)
    scrap_item: str = ""
    scrap_quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Subcontract:
    """Work a supplier does: a `price` for each good piece of an operation, or of all at a work center, of one item or
    of any. `service`: the item that is bought, where the shop has one for it."""

    work_center: str
    item: str
    operation: str
    valid_from: date
    price: Decimal
    supplier: str = ""
    service: str = ""

    def is_of(self, item: str, operation: str, work_center: str) -> bool:
        """Whether it is about an operation of an item at a work center."""
        return bool(
            self.item in ("", item) and self.operation in ("", operation) and self.work_center in ("", work_center)
            and (self.operation or self.work_center)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ByProduct:
    """What an item yields beside itself, and its `value` by a `method`: money for a unit of it (`net_value`), percent
    of the order's cost, or the sales value of a unit at split-off. The product itself has a row of the last, too."""

    item: str
    by_product: str
    valid_from: date
    method: str
    value: Decimal


Version = TypeVar("Version", Overhead, Loss, Subcontract, ByProduct)


@dataclass(frozen=True)
class Charges:
    """All of it. Look-ups take the narrowest version that has begun, or None."""

    overheads: tuple[Overhead, ...] = ()
    losses: tuple[Loss, ...] = ()
    subcontracts: tuple[Subcontract, ...] = ()
    by_products: tuple[ByProduct, ...] = ()

    def overheads_on(self, day: date, work_center: str, department: str) -> list[Overhead]:
        """What is charged at a place: of each pool and nature what is meant for the work center, else for the
        department, else for all."""
        narrowest: dict[tuple[str, str], tuple[int, Overhead]] = {}
        for one in latest(self.overheads, day, lambda one: (one.pool, one.nature, one.subject)):
            if one.subject not in ("", work_center, department):
                continue
            rank = 0 if not one.subject else 2 if one.subject == work_center else 1
            place = one.pool, one.nature
            if place not in narrowest or rank > narrowest[place][0]:
                narrowest[place] = rank, one
        return [one for _, (_, one) in sorted(narrowest.items(), key=lambda named: named[0])]

    def loss(self, item: str, operation: str, day: date) -> Loss | None:
        """Of an item at an operation: the operation is narrower than the item."""
        found = [
            one
            for one in latest(self.losses, day, lambda one: (one.item, one.operation))
            if one.item in ("", item) and one.operation in ("", operation)
        ]
        return max(found, key=lambda one: (bool(one.operation), bool(one.item)), default=None)

    def subcontract(self, item: str, operation: str, work_center: str, day: date) -> Subcontract | None:
        """Who is paid for an operation of an item at a work center."""
        found = [
            one
            for one in latest(self.subcontracts, day, lambda one: (one.item, one.operation, one.work_center))
            if one.is_of(item, operation, work_center)
        ]
        return max(found, key=lambda one: (bool(one.operation), bool(one.item), bool(one.work_center)), default=None)

    def unpriced(self, item: str, operation: str, work_center: str, day: date) -> bool:
        """Whether a supplier does this work, for a price that begins only after `day`: what it cost then is unknown."""
        return self.subcontract(item, operation, work_center, day) is None and any(
            one.is_of(item, operation, work_center) for one in self.subcontracts
        )

    def by_product(self, item: str, by_product: str, day: date) -> ByProduct | None:
        """What comes out beside an item."""
        found = [
            one
            for one in latest(self.by_products, day, lambda one: (one.item, one.by_product))
            if one.item in ("", item) and one.by_product == by_product
        ]
        return max(found, key=lambda one: bool(one.item), default=None)


def latest(versions: Iterable[Version], day: date, key: Any) -> list[Version]:
    """Of the versions with one key, the last that has begun."""
    begun: dict[Any, Version] = {}
    for one in versions:
        if one.valid_from <= day and (key(one) not in begun or one.valid_from > begun[key(one)].valid_from):
            begun[key(one)] = one
    return list(begun.values())


def charges_of(
    overheads: Iterable[Row] = (),
    losses: Iterable[Row] = (),
    subcontracts: Iterable[Row] = (),
    by_products: Iterable[Row] = (),
) -> Charges:
    """From the rows of files or tables."""
    return Charges(
        tuple(
            Overhead(
                row["pool"], row["driver"], row.get("subject", ""), row["nature"], _since(row),
                None if row.get("rate") is None else Decimal(row["rate"]),
                _number(row, "normal_capacity"), _number(row, "budget"),
            )
            for row in overheads
        ),
        tuple(
            Loss(
                row.get("item", ""), row.get("operation", ""), _since(row), _number(row, "normal_loss_percent"),
                _number(row, "disposal_value"), row.get("scrap_item", ""), Decimal(row.get("scrap_quantity") or 1),
            )
            for row in losses
        ),
        tuple(
            Subcontract(
                row.get("work_center", ""), row.get("item", ""), row.get("operation", ""), _since(row),
                Decimal(row["price"]), row.get("supplier", ""), row.get("service", ""),
            )
            for row in subcontracts
        ),
        tuple(
            ByProduct(
                row.get("item", ""), row["by_product"], _since(row), row.get("method", "net_value"),
                Decimal(row["value"]),
            )
            for row in by_products
        ),
    )  # fmt: skip


def _number(row: Row, column: str) -> Decimal:
    return Decimal(row.get(column) or 0)


def _since(row: Row) -> date:
    day = row.get("valid_from") or date.min
    return date.fromisoformat(day) if isinstance(day, str) else day
