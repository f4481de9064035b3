"""From order to stock to order: what one gives another draws, in any order of arrival, and nothing gets lost on the
way."""

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings, strategies

from sync.core.charges import ByProduct, Charges, Loss, Overhead, Subcontract
from sync.core.plant import Component, GivenStandard, Item, Operation, Order, Plant, StandardLine
from sync.costing.orders import MADE
from sync.costing.policy import Policy
from tests.cast import terms
from tests.histories import a_history, a_labelled_plant
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
