"""Reference data as values: the plant, its orders, its people's pseudonymous keys. No name of a person, no wage.

A `Plant` is a holder of look-ups. The whole of it comes from a folder (`floorledger cost`), or just the part that a
handful of facts needs from the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

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
    code: str
    name: str
    department: str = ""


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


@dataclass(frozen=True, slots=True)
class Item:
    """A product or material. `valuation`: "standard" or "moving_average"; `units` = factors to the base unit."""

    code: str
    name: str
    unit: str
    valuation: str = "standard"
    units: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A step of an order. Standard times in minutes: setup once, run for each piece. `unplanned`: a fact of the floor
    added it."""

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
    """Material an order needs: quantity for each piece of the order, in `unit`."""

    item: str
    operation: str
    quantity_per: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made, or a case, project or ticket that time is spent on."""

    code: str
    item: str = ""
    quantity: Decimal = Decimal(0)
    kind: str = "manufacturing"
    customer: str = ""
    operations: tuple[Operation, ...] = ()
    components: tuple[Component, ...] = ()
    accounts: Distribution = field(default_factory=dict)

    def operation(self, number: str) -> Operation | None:
        return next((step for step in self.operations if step.number == number), None)


@dataclass(frozen=True, slots=True)
class LabelCode:
    """What nine printed letters stand for. `kind`: order, operation, person, machine, item, lot, location,
    work_center, device, activity, reason or word. `detail`: the operation of order `ref`, the lot of item
    `ref`, the kind of reason `ref`."""

    kind: str
    ref: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """An analytic axis. `follows` names where its account comes from when the order says nothing:
    department, work_center, item, order, customer or "" (stays empty)."""

    code: str
    name: str
    follows: str = ""


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

    def department_of(self, work_center: str) -> str:
        center = self.work_centers.get(work_center)
        return center.department if center else ""
