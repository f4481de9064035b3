"""Reference data as values: the plant, its orders, its people's pseudonymous keys. No name of a person, no wage.

A `Plant` is a holder of look-ups. The whole of it comes from a folder (`floorledger cost`), or just the part that a
handful of facts needs from the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from sync.core.billing import SOLD_BY_THE_HOUR, Billing
from sync.core.calendars import WorkCalendar
from sync.core.charges import Charges
from sync.core.premiums import Premium

# account -> percent, per plan: {"product": (("CHAIR", Decimal(60)), ("TABLE", Decimal(40)))}
Distribution = Mapping[str, tuple[tuple[str, Decimal], ...]]


@dataclass(frozen=True, slots=True)
class Site:
    """A place with one time zone and one currency."""

    code: str
    name: str
    zone: ZoneInfo
    currency: str


@dataclass(frozen=True, slots=True)
class Department:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class WorkCenter:
    """`calendar`: that of whoever works there and has none of their own."""

    code: str
    name: str
    department: str = ""
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A work unit of a work center."""

    code: str
    name: str
    work_center: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who acted, by pseudonymous key; the name stands elsewhere."""

    key: str
    rate_group: str = ""
    department: str = ""
    calendar: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A product or material. `valuation`: one of `sync.costing.valuation.METHODS`; `units` = factors to the base unit;
    `negative_stock`: what becomes of an issue beyond the stock, `last_cost` or `hold` (see there).
    `lot_size`: pieces a setup is spread over in the item's standard; 0 = nobody said."""

    code: str
    name: str
    unit: str
    valuation: str = "standard"
    units: Mapping[str, Decimal] = field(default_factory=dict)
    lot_size: Decimal = Decimal(0)
    negative_stock: str = "last_cost"


@dataclass(frozen=True, slots=True)
class Operation:
    """A step of an order or of an item's routing. Standard times in minutes: setup once, run for each piece that
    enters. `unplanned`: a fact of the floor added it."""

    number: str
    name: str
    sequence: int
    work_center: str = ""
    standard_setup_min: Decimal = Decimal(0)
    standard_run_min: Decimal = Decimal(0)
    unplanned: bool = False

    @property
    def place(self) -> tuple[int, bool, str]:
        """Sorts the steps of an order; one nobody planned follows the planned one it was put behind."""
        return self.sequence, self.unplanned, self.number


@dataclass(frozen=True, slots=True)
class Component:
    """Material an order or an item needs: quantity in each piece, in `unit`. `waste_percent`: of the quantity put in,
    how much the standard expects to be lost. Components with one `mix_group` may stand in for each other. `backflush`:
    drawn by reports of pieces instead of counted."""

    item: str
    operation: str
    quantity_per: Decimal
    unit: str
    waste_percent: Decimal = Decimal(0)
    mix_group: str = ""
    backflush: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made, or a case, project or ticket that time is spent on. `billable`: whether its time is sold by
    the hour; None: as its kind is."""

    code: str
    item: str = ""
    quantity: Decimal = Decimal(0)
    kind: str = "manufacturing"
    customer: str = ""
    operations: tuple[Operation, ...] = ()
    components: tuple[Component, ...] = ()
    accounts: Distribution = field(default_factory=dict)
    # The day its standard was frozen, and the version of the item's cost card; see `sync.costing.cost_card`.
    released_on: date | None = None
    standard_version: str = ""
    billable: bool | None = None

    @property
    def is_billable(self) -> bool:
        """Whether its time is sold by the hour."""
        return self.kind in SOLD_BY_THE_HOUR if self.billable is None else self.billable

    def operation(self, number: str) -> Operation | None:
        return next((step for step in self.operations if step.number == number), None)


@dataclass(frozen=True, slots=True)
class Routing:
    """How an item is made, from a day on (date.min: from the beginning)."""

    valid_from: date
    steps: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Bill:
    """What an item is made of, from a day on (date.min: from the beginning)."""

    valid_from: date
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class StandardLine:
    """A line of a standard as somebody entered it: hours (`unit` "h") or a quantity of `component`, for each `per`
    ("piece", "lot"), at `price` for one; None: priced like a card made from routing and bill."""

    operation: str
    element: str
    component: str
    quantity_per: Decimal
    per: str
    price: Decimal | None
    unit: str
    mix_group: str = ""


@dataclass(frozen=True, slots=True)
class GivenStandard:
    """A standard of an item as it was given: a version, in force from a day on. `lot_size` 0: nobody said."""

    item: str
    version: str
    valid_from: date
    lot_size: Decimal
    lines: tuple[StandardLine, ...]


@dataclass(frozen=True, slots=True)
class LabelCode:
    """What nine printed letters stand for. `kind`: order, operation, person, machine, item, lot, location,
    work_center, device, activity, reason or word. `detail`: the operation of order `ref`, the lot of item
    `ref`, the kind of reason `ref`."""

    kind: str
    ref: str
    detail: str = ""


# What a default may ask for; of those with one priority, the first of these that fits is taken.
DEFAULT_FIELDS = ("order", "customer", "item", "work_center", "department", "reason", "element")


@dataclass(frozen=True, slots=True)
class AccountDefault:
    """From a day on, a posting whose `field` (one of `DEFAULT_FIELDS`) is `value` gets this account of the plan, or
    what a distribution of that name says. Of several that fit, the one with the smallest `priority` is taken. An
    `account` of "" ends the default: from that day on it holds no more."""

    field: str
    value: str
    account: str
    priority: int = 100
    valid_from: date = date.min


@dataclass(frozen=True, slots=True)
class Plan:
    """An analytic axis. `defaults` choose its account when the order says nothing; when none of them fits, `follows`
    names where the account comes from: department, work_center, item, order, customer or "" (stays empty).
    `distributions`: percentages by name, usable wherever an account is."""

    code: str
    name: str
    follows: str = ""
    defaults: tuple[AccountDefault, ...] = ()
    distributions: Mapping[str, tuple[tuple[str, Decimal], ...]] = field(default_factory=dict)


@dataclass(slots=True)
class Plant:
    """Look-ups by code; a missing code is simply absent, and the fact that names it is held."""

    site: Site
    departments: dict[str, Department] = field(default_factory=dict)
    work_centers: dict[str, WorkCenter] = field(default_factory=dict)
    machines: dict[str, Machine] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    plans: tuple[Plan, ...] = ()
    codes: dict[str, "LabelCode"] = field(default_factory=dict)
    # By item, each sorted by the day it begins.
    routings: dict[str, tuple[Routing, ...]] = field(default_factory=dict)
    bills: dict[str, tuple[Bill, ...]] = field(default_factory=dict)
    standards: dict[str, tuple[GivenStandard, ...]] = field(default_factory=dict)
    charges: Charges = field(default_factory=Charges)
    calendars: dict[str, WorkCalendar] = field(default_factory=dict)
    premiums: tuple[Premium, ...] = ()
    billing: Billing = field(default_factory=Billing)
    # Codes of activities that mark time on an order as idle: paid, and nothing could be done.
    idle: frozenset[str] = frozenset()

    def department_of(self, work_center: str) -> str:
        center = self.work_centers.get(work_center)
        return center.department if center else ""

    def calendar_of(self, person: str, work_center: str) -> WorkCalendar | None:
        """The calendar of a person at a work center: the person's own, else that of the work center, else none."""
        known, center = self.people.get(person), self.work_centers.get(work_center)
        code = (known.calendar if known else "") or (center.calendar if center else "")
        return self.calendars.get(code)
