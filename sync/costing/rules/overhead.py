"""Overhead: what an order bears beside the hours and the material it used, by the rates of pools (overheads.csv).

Each entry of hours or material that an order bears carries one entry for each pool and nature that charges there:

    labor_hour, machine_hour              amount = hours x rate of the pool, of people or of machines
    labor_percent, material_percent       amount = amount of the entry x percent

    rate of a fixed pool without one      = budget of a month / normal capacity of a month, exact

rounded once. The order receives it (debit), the pool gives it (credit, `overhead:POOL`); so a pool's balance is what
was spent on it less what orders absorbed. Fixed and variable overhead of a pool are entries apart, since only the fixed
one depends on how busy the shop is (`sync.costing.absorption`). The rate is that of the day of work: an entry that runs
over midnight into another rate is cut there, money by its hours. Of a pool's rates the one for the work center wins
over the one for its department, that over the one for all.

Base are labor, setup and rework (people), machine time, and material issued, drawn or returned; a return takes its
overhead back. No base are premiums, subcontracted work, price differences, and work no order bears. A machine rate that
includes labor leaves no hours of people, and so none of their overhead. Overhead on rework is rework.

An entry stands in the scope of its base: what changes that changes it, and nothing else does.

Sources: Horngren, Cost Accounting, ch. 4 and 8 (budgeted indirect-cost rates; fixed and variable apart); IAS 2.12-13
and plan comptable général, art. 213-32 (fixed overhead at normal capacity); PCG 1982, centres d'analyse and unités
d'oeuvre.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sync.core.charges import Overhead
from sync.core.money import decimal, round_money
from sync.core.plant import Plant
from sync.core.quantity import MILLISECONDS_PER_HOUR, legible, plain
from sync.ledger.accounts import assignment, postings, transfer
from sync.ledger.entry import Entry, hours

RULE, VERSION = "overhead", 1

# driver -> elements of its base
BASES = {
    "labor_hour": ("labor", "setup", "rework"),
    "labor_percent": ("labor", "setup", "rework"),
    "machine_hour": ("machine",),
    "material_percent": ("material",),
}
# The rules whose entries are a base.
BEARING = ("labor_time", "machine_time", "material", "backflush")


def cost(entries: Iterable[Entry], plant: Plant) -> list[Entry]:
    """The overhead that these entries carry."""
    if not plant.charges.overheads:
        return []
    return [made for base in entries if base.order and base.rule in BEARING for made in _of_base(base, plant)]


def _of_base(base: Entry, plant: Plant) -> Iterator[Entry]:
    sign = _sign(base)
    if not sign:
        return
    department = plant.department_of(base.work_center) or _sending_department(base)
    spans = dict(base.days) or {base.occurred_on: int(base.quantity) if base.unit == "ms" else 1}
    charging: dict[tuple[str, str, str], tuple[Overhead, dict[date, int]]] = {}
    for day, span in spans.items():
        for pool in plant.charges.overheads_on(day, base.work_center, department):
            if base.element in BASES[pool.driver]:
                charging.setdefault((pool.pool, pool.nature, pool.id), (pool, {}))[1][day] = span
    for _, (pool, of_days) in sorted(charging.items(), key=lambda named: named[0]):
        part = Fraction(sum(of_days.values()), sum(spans.values()) or 1)
        if made := _entry(base, sign, pool, of_days, part, department, plant):
            yield made


def _sign(base: Entry) -> int:
    """1 when the order receives, -1 when it gives, 0 when it is not concerned."""
    cost_object = f"order:{base.order}"
    sides = {line.side for line in base.postings if line.cost_object == cost_object}
    return ("debit" in sides) - ("credit" in sides)


def _sending_department(base: Entry) -> str:
    """The department whose hours these are, where no work center says so."""
    found = (line.cost_object.partition(":") for line in base.postings if line.side == "credit")
    return next((code for kind, _, code in found if kind == "department"), "")


def _entry(
    base: Entry, sign: int, pool: Overhead, of_days: Mapping[date, int], part: Fraction, department: str, plant: Plant
) -> Entry | None:
    currency = base.currency
    first = min(of_days)
    if pool.by_money:
        quantity, unit = round_money(Fraction(base.amount) * part, currency), currency
        units = Fraction(base.amount) * part
        percent = plain(legible(pool.per_unit * 100))
        words = f"{quantity} {currency} of {base.element} x {percent} %"
    else:
        quantity, unit = Decimal(sum(of_days.values())), "ms"
        units = Fraction(int(quantity), MILLISECONDS_PER_HOUR)
        words = f"{hours(quantity)} h x {plain(legible(pool.per_unit))} {currency}/h"
    amount = round_money(units * pool.per_unit, currency)
    if not amount:
        return None
    order = plant.orders.get(base.order)
    bears = assignment(plant.plans, order, day=first, element="overhead", department=department,
                       work_center=base.work_center)  # fmt: skip
    gives = assignment(plant.plans, None, day=first, element="", department=department, work_center=base.work_center)
    sides = (
        ("credit", f"overhead:{pool.pool}", gives),
        ("debit", f"order:{base.order}", bears),
    )
    given, received = sides if sign > 0 else (("credit", *sides[1][1:]), ("debit", *sides[0][1:]))
    return replace(
        base,
        rule=RULE,
        rule_version=VERSION,
        element="rework" if base.element == "rework" else "overhead",
        occurred_on=first,
        quantity=quantity,
        unit=unit,
        amount=amount,
        formula=f"{pool.pool}, {pool.nature}: {words} = {amount} {currency}",
        postings=transfer(
            postings("credit", given[1], amount, given[2], currency),
            postings("debit", received[1], amount, received[2], currency),
        ),
        item=pool.pool,
        replaces="",
        activity=pool.nature,
        rate=decimal(pool.per_unit),
        rate_id=pool.id,
        split="",
        days=tuple(sorted(of_days.items())) if len(of_days) > 1 and unit == "ms" else (),
    )
