"""From order to stock to order: what one gives another draws, in any order of arrival, and nothing gets lost on the
way."""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings, strategies

from sync.core.charges import ByProduct, Charges, Loss, Overhead, Subcontract
from sync.core.plant import Component, GivenStandard, Item, Operation, Order, Plant, StandardLine
from sync.costing.loops import Unsettled, most_rounds
from sync.costing.orders import MADE
from sync.costing.policy import Policy
from sync.costing.rules.scrap import Accumulated
from sync.ledger.difference import Standing
from sync.ledger.entry import Posted
from tests.cast import ANA, raw, terms
from tests.histories import HOUR, a_history, a_labelled_plant
from tests.memory_host import MemoryHost
from tests.sync.test_pipeline import agrees, arriving

D = Decimal
ALWAYS = date.min
CHARGES = Charges(
    overheads=(
        Overhead("SHOP", "labor_hour", "", "fixed", ALWAYS, None, D(700), D(9100)),
        Overhead("SHOP", "labor_hour", "D2", "variable", ALWAYS, D("3.33")),
        Overhead("SHOP", "labor_hour", "D2", "variable", date(2026, 10, 25), D("4.05")),
        Overhead("STORES", "material_percent", "", "variable", ALWAYS, D("7.5")),
    ),
    losses=(Loss("", "", ALWAYS, D(10), D("0.35")), Loss("", "20", ALWAYS, D(5), D("1.10"), "OAK", D("0.5"))),
    subcontracts=(Subcontract("W2", "", "", ALWAYS, D("4.45"), "VARNISH"),),
    by_products=(ByProduct("GLUE", "OAK", ALWAYS, "percent", D(15)), ByProduct("", "GLUE", ALWAYS, "net_value", D(2))),
)
METHODS = ("moving_average", "fifo", "period_average", "standard")


def a_walking_plant(method: str, drawn: bool, around: bool = False) -> Plant:
    """MO-1 makes glue, MO-2 makes chairs of it, and everything that is charged beside hours is. `around`: MO-2 makes
    oak instead, which MO-1 may draw."""
    steps = (
        Operation("10", "Turn", 10, "W1", D(15), D("2.5")),
        Operation("20", "Glue", 20, "W2"),
    )
    parts = (Component("GLUE", "20", D("0.5"), "kg", backflush=drawn),)
    released = date(2026, 10, 20)
    plant = a_labelled_plant()
    plant.items["GLUE"] = Item("GLUE", "Glue", "kg", method)
    plant.items["CHAIR"] = Item("CHAIR", "Chair", "pcs", "fifo")
    plant.orders["MO-1"] = Order("MO-1", "GLUE", D(10), operations=steps, released_on=released)
    plant.orders["MO-2"] = Order("MO-2", "CHAIR", D(10), operations=steps, components=parts, released_on=released)
    lines = (StandardLine("10", "labor", "", D("0.1"), "piece", D("31.17"), "h"),)
    if around:
        plant.items["OAK"] = Item("OAK", "Oak", "kg", method)
        plant.orders["MO-2"] = replace(plant.orders["MO-2"], item="OAK")
    cards = ("GLUE", "CHAIR", "OAK")
    plant.standards = {code: (GivenStandard(code, "V1", ALWAYS, D(10), lines),) for code in cards}
    plant.charges = CHARGES
    return plant


def walked(seed: int, chance: random.Random, plant: Plant, policy: Policy, count: int = 60) -> MemoryHost:
    """A history in any order and any lots."""
    return arriving(a_history(seed, count, walking=True), chance, host=MemoryHost(terms(plant, policy=policy)))


def nothing_is_lost(host: MemoryHost) -> None:
    """For each order: cost in = good output + by-products + scrap + variances + work in progress, to the cent; and an
    order whose close is costed bears nothing any more."""
    given: dict[str, Decimal] = defaultdict(Decimal)
    left: dict[str, Decimal] = defaultdict(Decimal)
    for line in host.in_force.values():
        for posting in line.content["postings"]:
            kind, _, order = posting["object"].partition(":")
            if kind == "order":
                amount = D(posting["amount"]) if posting["side"] == "debit" else -D(posting["amount"])
                into = left if line.content["element"] in MADE else given
                into[order] += amount
                assert line.content["order"] == order, "found again by the order it is about"
    closed = {
        getattr(host.facts[fact], "order") for fact, told in host.states.items()  # noqa: B009
        if told.state == "costed" and host.facts[fact].type == "order.closed"
    }  # fmt: skip
    for order in closed & (given.keys() | left.keys()):
        assert given[order] + left[order] == 0


@pytest.mark.parametrize(("method", "drawn", "value"), list(product(METHODS, (False, True), ("actual", "standard"))))
@settings(max_examples=25)
@given(seed=strategies.integers(0, 10**6), chance=strategies.randoms(use_true_random=True))
def test_any_history_walks_to_the_same_end(
    method: str, drawn: bool, value: str, seed: int, chance: random.Random
) -> None:
    rework = chance.choice(["order", "overhead", "loss"])
    policy = Policy(output_value=value, rework_to=rework, normal_loss_base=chance.choice(["input", "inspected"]))
    host = walked(seed, chance, a_walking_plant(method, drawn, chance.random() < 0.5), policy)
    agrees(host)
    nothing_is_lost(host)


class Counting(MemoryHost):
    """Knows how often the walk looked at the cost of orders: once a round."""

    rounds = 0

    def accumulated(self, orders: Collection[str]) -> Accumulated:
        self.rounds += 1
        return super().accumulated(orders)


class Forgetful(Counting):
    """A ledger that forgets what stands in it: whatever is wanted is posted again, each time."""

    def standing(self, scopes: Collection[str]) -> list[Standing]:
        return []

    def append(self, posted: Iterable[Posted]) -> None:
        super().append(line for line in posted if line.content_id not in self.in_force)


def a_chain(length: int) -> tuple[Plant, list[dict[str, object]]]:
    """Each order makes one piece of an item out of one piece of what the order before it made; all are closed."""
    plant = a_labelled_plant()
    facts = []
    for level in range(length):
        code, at = f"CH-{level}", 1_795_000_000_000 + level * 3 * HOUR
        plant.items[f"P{level}"] = Item(f"P{level}", f"Part {level}", "pcs", "moving_average")
        plant.orders[code] = Order(code, f"P{level}", D(1), operations=(Operation("10", "Turn", 10, "W1"),))
        if level:
            facts.append(raw("material.consumed", at, item=f"P{level - 1}", quantity="1", unit="pcs", order=code,
                             operation="10"))  # fmt: skip
        facts.append(raw("output.reported", at + HOUR, order=code, operation="10", quantity="1"))
        facts.append(raw("order.closed", at + 2 * HOUR, order=code))
    return plant, facts


def an_hour_on(order: str) -> dict[str, object]:
    """31.17 of Ana's, before everything else."""
    return raw("labor.declared", 1_794_990_000_000, person=ANA, activity="run", order=order, operation="10",
               duration_ms=HOUR)  # fmt: skip


def test_a_walk_is_no_longer_than_there_are_orders() -> None:
    """An hour told late at the bottom of fifteen levels goes through all of them."""
    plant, facts = a_chain(15)
    host = Counting(terms(plant))
    host.accept([an_hour_on("CH-0"), *facts])
    host.drain()
    agrees(host)
    host.rounds = 0
    host.accept([an_hour_on("CH-0")])
    host.drain()
    agrees(host)
    assert 15 <= host.rounds <= most_rounds(range(15))
    last = [line for line in host.in_force.values() if line.content["order"] == "CH-14"]
    assert {line.content["amount"] for line in last} == {"62.34"}, "two hours went in at the bottom"


def test_a_walk_that_does_not_settle_is_given_up() -> None:
    """No ledger of ours forgets; if a rule ever makes orders chase each other, nothing hangs and nothing is posted."""
    plant, facts = a_chain(2)
    host = Forgetful(terms(plant))
    # After its close the first draws what the second gave: late cost, which makes no piece dearer, and there it ends.
    late = raw("material.consumed", 1_795_100_000_000, item="P1", quantity="1", unit="pcs", order="CH-0",
               operation="10")  # fmt: skip
    host.accept([an_hour_on("CH-0"), *facts, late])
    with pytest.raises(Unsettled, match="CH-0"):
        host.drain()
    assert host.rounds <= most_rounds(range(2)) + 1


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, 2000, 200))
def test_thousands_of_walks(first: int) -> None:
    for seed in range(first, first + 200):
        chance = random.Random(seed)
        policy = Policy(output_value=chance.choice(["actual", "actual", "standard"]))
        plant = a_walking_plant(chance.choice(METHODS), chance.random() < 0.5, chance.random() < 0.7)
        host = walked(seed, chance, plant, policy)
        agrees(host)
        nothing_is_lost(host)
