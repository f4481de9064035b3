"""Orders beside their standard: whatever happened, the causes add up, and the ledger says the same."""

import random
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from sync.core.charges import Charges, Loss
from sync.core.findings import Outcome
from sync.core.plant import Bill, Component, Item, Operation, Order, Plant, Routing
from sync.costing import beside, engine
from sync.costing.engine import Terms
from sync.costing.policy import Policies, Policy
from sync.costing.rates import Rate
from sync.events import catalog
from tests.cast import Ids, a_plant, a_shop, raw, some_rates

D = Decimal
STEPS = (
    Operation("10", "Turn", 10, "W1", D(15), D("2.5")),
    Operation("20", "Glue", 20, "W2", D(5), D(4)),
)
PARTS = (Component("OAK", "10", D("0.35"), "kg", D(3)), Component("GLUE", "20", D("0.11"), "kg", mix_group="M"))


def the_terms(scrap: str, output: str) -> Terms:
    """Two orders of chairs: one with times and material of its own, one that goes by the item's routing and bill."""
    plant: Plant = a_plant()
    plant.items["CHAIR"] = Item("CHAIR", "Chair", "pcs", "moving_average", lot_size=D(7))
    plant.routings = {"CHAIR": (Routing(date.min, STEPS),)}
    plant.bills = {"CHAIR": (Bill(date.min, PARTS),)}
    plant.charges = Charges(losses=(Loss("CHAIR", "10", date.min, D(10)),))
    released = date(2026, 11, 16)
    bare = tuple(Operation(step.number, step.name, step.sequence, step.work_center) for step in STEPS)
    plant.orders = {
        "MO-1": Order("MO-1", "CHAIR", D(10), operations=STEPS, components=PARTS, released_on=released),
        "MO-2": Order("MO-2", "CHAIR", D(10), operations=bare, released_on=released),
    }
    start = date(2026, 1, 1)
    rates = some_rates(
        Rate("s1", "standard_labor", "work_center", "W1", start, 1, D("29.90")),
        Rate("s2", "standard_labor", "work_center", "W2", start, 1, D("38.35")),
        Rate("s3", "standard_cost", "item", "GLUE", start, 1, D("4.17")),
    )
    return Terms(plant, rates, Policies([Policy(scrap_variance=scrap, output_value=output)]))


@pytest.mark.parametrize("output", ["standard", "actual"])
@pytest.mark.parametrize("scrap", ["apart", "quantity"])
@pytest.mark.parametrize("seed", range(25))
def test_the_causes_add_up_and_the_ledger_says_the_same(seed: int, scrap: str, output: str) -> None:
    terms = the_terms(scrap, output)
    told = a_shop(seed, 90)
    chance, new_id = random.Random(seed), Ids(seed)
    told += [
        raw("order.closed", f"2026-11-{chance.choice([18, 19])}T17:00:00Z", order=order, id=new_id())
        for order in ("MO-1", "MO-2")
        if chance.random() < 0.8
    ]
    facts = [catalog.load(fact) for fact in told]
    costed = engine.recompute(facts, terms)
    posted: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for entry in costed.entries:
        if entry.element == "variance":
            side = next(line for line in entry.postings if line.cost_object.startswith("order:"))
            posted[entry.order, entry.activity.partition(":")[0]] += side.amount * (-1 if side.side == "debit" else 1)
    content_ids = [entry.content_id for entry in costed.entries]
    assert len(content_ids) == len(set(content_ids)), "two entries that are one"
    for one in beside.orders(facts, costed.entries, terms):
        assert not isinstance(one.card, Outcome)
        total = one.actual - one.in_work - one.standard
        assert sum((variance.amount for variance in one.variances), D(0)) == total
        apart = beside.by_category(one.variances)
        assert "remaining" not in apart, "every price is known"
        if one.closed and output == "standard" and posted:
            of_order = {category: amount for (order, category), amount in posted.items() if order == one.order.code}
            # Each report was rounded for itself when it went to stock; the close spreads those cents over the causes.
            for category in of_order.keys() | apart.keys():
                assert abs(of_order.get(category, D(0)) - apart.get(category, D(0))) <= D("0.20"), category
