"""What time is billed at never moves what it costs."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from sync.core.billing import CONDITIONS, BillableRate, Billing
from sync.costing.engine import Costed, Terms, recompute
from sync.costing.policy import Policy
from sync.events import catalog
from sync.ledger.billed import by_order
from tests.cast import a_plant, a_shop, terms

HOUR = 3_600_000
MIDDLE = date(2026, 11, 20)


def price(amount: str, since: date = date.min, **named: str) -> BillableRate:
    place = tuple(named.get(name, "") for name in CONDITIONS)
    return BillableRate(f"{amount} from {since}", 1, place, Decimal(amount), since)


def shop(seed: int, **policy: Any) -> tuple[Costed, Terms]:
    """A shop whose orders are projects; what one person does is sold at two prices, the other has none on MO-2."""
    plant = a_plant()
    for code, order in plant.orders.items():
        plant.orders[code] = replace(order, kind="project")
    group = next(iter(plant.people.values())).rate_group
    plant.billing = Billing((
        price("99.99", rate_group=group), price("111.11", MIDDLE, rate_group=group), price("77.77", order="MO-1"),
    ))  # fmt: skip
    chosen = terms(plant, policy=Policy(**policy))
    return recompute([catalog.load(one) for one in a_shop(seed)], chosen), chosen


def cost_of(costed: Costed) -> list[dict[str, Any]]:
    return [{name: value for name, value in entry.content.items() if name != "billable"} for entry in costed.entries]


@pytest.mark.parametrize("seed", range(8))
def test_costs_are_the_same_to_the_byte_whatever_is_billed(seed: int) -> None:
    silent, _ = shop(seed, billing="none")
    told, _ = shop(seed, billing="hours")
    assert cost_of(told) == cost_of(silent)
    assert told.outcomes == silent.outcomes, "an unknown price holds nothing"
    assert not any(entry.billable for entry in silent.entries)
    assert any(entry.billable for entry in told.entries)


@pytest.mark.parametrize("seed", range(8))
def test_the_parts_are_all_of_the_time_and_add_up(seed: int) -> None:
    told, _ = shop(seed, billing="hours")
    for entry in told.entries:
        if (billable := entry.billable) is None:
            continue
        assert entry.rule == "labor_time" and entry.order
        assert sum(part.milliseconds for part in billable.parts) == entry.quantity
        known = [part.amount for part in billable.parts if part.state != "unknown"]
        assert billable.amount == (sum(known) if known else None)
        for part in billable.parts:
            assert part.state in ("priced", "unknown")
            if part.rate is not None:
                exact = Fraction(part.milliseconds, HOUR) * Fraction(part.rate)
                assert part.amount == Decimal(int(exact * 100 + Fraction(1, 2))).scaleb(-2)
            else:
                assert not part.amount
    unknown = {entry.events[0] for entry in told.entries if entry.billable and entry.billable.unknown}
    found = [one for one in told.findings if one.code == "billable.no_rate"]
    assert {one.event_id for one in found} == unknown and len(found) == len(unknown), "asked for once each"


def test_orders_sum_what_their_entries_say() -> None:
    told, _ = shop(1, billing="hours")
    sums = by_order(entry.content for entry in told.entries)
    for code, sold in sums.items():
        mine = [entry for entry in told.entries if entry.order == code and entry.billable]
        assert sold.amount == sum((entry.billable.amount or 0 for entry in mine if entry.billable), Decimal(0))
        assert sold.milliseconds == sum(entry.quantity for entry in mine)
        cost = Decimal(100)
        assert sold.margin(cost) == (None if sold.unknown else sold.amount - cost)
    assert sums["MO-1"].unknown == 0 and sums["MO-2"].unknown > 0
