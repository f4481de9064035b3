"""Methods of valuation: nothing lost, nothing made, and each against a second way of working it out."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from sync.connectors.csv_file.mapping import BadCell, Style, valuation
from sync.core.canonical import dump, parse
from sync.core.plant import Plant
from sync.costing.engine import Costed, Terms, cost_material
from sync.costing.policy import Policies, Policy
from sync.costing.rates import Rate
from sync.costing.valuation.stock import Layer, Month, Stock
from sync.events import catalog
from sync.ledger.balances import by_object
from tests.cast import raw, some_rates
from tests.memory_host import MemoryHost
from tests.stock_histories import BEGIN, DAY, ITEM, PRICES, QUANTITIES, SHOPS, a_month, a_shop, movements


def at_use_from(month: int) -> Policies:
    """The price variance at use for good, from November, in November alone, or never."""
    use, purchase = Policy("1", price_variance="use"), Policy("2", valid_from=date(2026, 12, 1))
    november = Policy("2", price_variance="use", valid_from=date(2026, 11, 20))
    return Policies([[use], [november], [use, purchase], []][month])


def a_desk(plant: Plant, policies: Policies | None = None) -> Terms:
    """Glue has two standards: 3.20, and 4.10 from December on."""
    standards = [
        Rate(f"r-{day}", "standard_cost", "item", ITEM, day, 1, Decimal(amount))
        for day, amount in ((date(2026, 1, 1), "3.20"), (date(2026, 12, 1), "4.10"))
    ]
    return Terms(plant, some_rates(*standards), policies or Policies())


def cost(facts: list[dict[str, Any]], plant: Plant, policies: Policies | None = None) -> Costed:
    return cost_material([catalog.load(one) for one in facts], a_desk(plant, policies), {})


def last(costed: Costed) -> Stock:
    return max(costed.states, key=lambda state: (state.occurred_at, state.event_id)).stock if costed.states else Stock()


# --- properties of all methods -------------------------------------------------------------------------------------


@pytest.mark.parametrize("of_item", SHOPS, ids=str)
@settings(max_examples=150)
@given(seed=strategies.integers(0, 10**6))
def test_what_came_is_what_went_and_what_is_there(of_item: dict[str, str], seed: int) -> None:
    """Opening and receipts = issues - returns + differences + closing, to the cent; and the stock in the books is the
    stock the method carries."""
    costed = cost(movements(seed), a_shop(**of_item))
    balance = by_object(entry.content for entry in costed.entries)
    assert sum(balance.values()) == 0
    assert balance.get(f"stock:{ITEM}", 0) == last(costed).value
    assert all(entry.amount >= 0 for entry in costed.entries)
    if of_item["valuation"] == "standard":
        return
    stock = last(costed)
    assert stock.quantity or not stock.value, "nothing there is worth nothing"
    assert stock.quantity < 0 or stock.value >= 0, "what is there is never worth less than nothing"
    if of_item.get("negative_stock") == "hold":
        assert all(state.stock.quantity >= 0 for state in costed.states)
        assert {finding.code for finding in costed.findings} <= set()


@settings(max_examples=150)
@given(seed=strategies.integers(0, 10**6))
def test_at_use_the_order_bears_the_standard_and_the_stock_what_was_paid(seed: int) -> None:
    facts = movements(seed)
    costed = cost(facts, a_shop(valuation="standard"), at_use_from(0))
    balance = by_object(entry.content for entry in costed.entries)
    assert sum(balance.values()) == 0
    assert balance.get(f"stock:{ITEM}", 0) == last(costed).value
    assert last(costed).quantity or not last(costed).value
    for entry in costed.entries:
        if entry.quantity and entry.activity != "received":
            standard = Fraction("3.20") if entry.occurred_on < date(2026, 12, 1) else Fraction("4.10")
            assert entry.amount == rounded(Fraction(entry.quantity) * standard)
    bought = sum(paid(one) for one in facts if one["type"] == "material.received")
    assert balance.get("supplier:", 0) == -bought


@settings(max_examples=150)
@given(seed=strategies.integers(0, 10**6))
def test_at_purchase_the_stock_is_its_quantity_at_standard(seed: int) -> None:
    """But for half a cent a movement, where it is never short; and every cent that was paid is found again."""
    chance = random.Random(seed)
    facts = movements(seed, kinds="rrrib")
    first = raw("material.received", BEGIN - DAY, item=ITEM, quantity="999", unit="kg", unit_cost=chance.choice(PRICES))
    costed = cost([first, *facts], a_shop(valuation="standard"))
    stock = last(costed)
    standard = Decimal("3.20") if max(one["occurred_at"] for one in facts) < "2026-12" else Decimal("4.10")
    if not any(finding.code == "stock.negative" for finding in costed.findings):
        assert abs(stock.value - stock.quantity * standard) <= Decimal("0.005") * (len(facts) + 1)
    balance = by_object(entry.content for entry in costed.entries)
    bought = sum(paid(one) for one in [first, *facts] if one["type"] == "material.received")
    assert balance["supplier:"] == -bought


@pytest.mark.parametrize("of_item", SHOPS, ids=str)
@settings(max_examples=60)
@given(seed=strategies.integers(0, 10**6), chance=strategies.randoms(use_true_random=True))
def test_whatever_comes_first_the_books_are_the_same(of_item: dict[str, str], seed: int, chance: random.Random) -> None:
    """Movements, reports that draw, counts of what is drawn, and corrections, in any order and in lots: what the
    pipeline posts and says of each fact is what all of them come to."""
    facts = a_month(seed)
    dry = a_desk(a_shop(**of_item), at_use_from(seed % 4))
    host = MemoryHost(dry)
    arriving = chance.sample(facts, len(facts))
    while arriving:
        lot = chance.randrange(1, 15)
        host.accept(arriving[:lot])
        arriving = arriving[lot:]
        if chance.random() < 0.7:
            host.drain(chance.randrange(1, 20))
    host.drain(chance.randrange(1, 20))
    costed = host.recomputed()
    assert host.in_force.keys() == {entry.content_id for entry in costed.entries}
    assert host.states == costed.outcomes
    assert {key: dict(found.params) for key, found in host.findings.items()} == {
        (found.code, found.event_id): dict(found.params) for found in costed.findings
    }


# --- each method against a second way of working it out ------------------------------------------------------------


def in_order(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(facts, key=lambda one: (one["occurred_at"], one["id"]))


def rounded(amount: Fraction) -> Decimal:
    return Decimal(int(amount * 100 + Fraction(1, 2))) / 100


def paid(one: dict[str, Any]) -> Decimal:
    return rounded(Fraction(one["quantity"]) * Fraction(one["unit_cost"]))


@settings(max_examples=200)
@given(strategies.integers(0, 10**6))
def test_first_in_first_out_against_single_grains(seed: int) -> None:
    """The reference lays every milligram in a queue, by receipt; a whole layer goes with all its value."""
    facts = in_order(movements(seed, kinds="rri"))
    queue: list[list[Any]] = []  # [grains, value]
    amounts, short = [], False
    for one in facts:
        grains = int(Decimal(one["quantity"]) * 10**6)
        if one["type"] == "material.received":
            queue.append([grains, paid(one)])
            amounts.append(paid(one))
            continue
        if sum(layer[0] for layer in queue) < grains:
            short = True
            break
        amount = Decimal(0)
        while grains:
            layer = queue[0]
            part = min(grains, layer[0])
            value = layer[1] if part == layer[0] else rounded(Fraction(part) * Fraction(layer[1]) / layer[0])
            amount, grains = amount + value, grains - part
            layer[0], layer[1] = layer[0] - part, layer[1] - value
            if not layer[0]:
                queue.pop(0)
        amounts.append(amount)
    upto = facts[: len(amounts)] if short else facts
    costed = cost(upto, a_shop(valuation="fifo"))
    assert [entry.amount for entry in costed.entries] == amounts
    layers = [(int(layer.quantity * 10**6), layer.value) for layer in last(costed).layers]
    assert layers == [tuple(layer) for layer in queue]


@settings(max_examples=100)
@given(strategies.integers(0, 10**6))
def test_what_comes_back_first_in_first_out_was_never_issued(seed: int) -> None:
    """Issue some, bring some of it back: quantities and value of each layer are as if only the rest had gone out, but
    for the cents of rounding."""
    chance = random.Random(seed)
    receipts = [
        raw("material.received", BEGIN + day * DAY, item=ITEM, unit="kg", quantity=str(chance.randrange(1, 20)),
            unit_cost=str(Decimal(chance.randrange(100, 900)) / 100))
        for day in range(chance.randrange(1, 6))
    ]  # fmt: skip
    whole = sum(int(one["quantity"]) for one in receipts)
    out = chance.randrange(1, whole + 1)
    back = chance.randrange(1, out + 1)
    issue = raw("material.consumed", BEGIN + 10 * DAY, item=ITEM, unit="kg", quantity=str(out), order="MO-3")
    give = raw("material.returned", BEGIN + 11 * DAY, item=ITEM, unit="kg", quantity=str(back), order="MO-3")
    both = last(cost([*receipts, issue, give], a_shop(valuation="fifo")))
    rest = [{**issue, "quantity": str(out - back)}] if out > back else []
    only = last(cost([*receipts, *rest], a_shop(valuation="fifo")))
    assert [(layer.source, layer.quantity) for layer in both.layers] == [
        (layer.source, layer.quantity) for layer in only.layers
    ]
    assert abs(both.value - only.value) <= Decimal("0.01")
    assert sum(layer.value for layer in both.layers) == both.value


@settings(max_examples=200)
@given(strategies.integers(0, 10**6))
def test_moving_average_against_fractions(seed: int) -> None:
    """Amounts by the exact average; from receipt to receipt no more than half a cent an issue away."""
    costed = cost(movements(seed, kinds="rri"), a_shop(valuation="moving_average", negative_stock="hold"))
    entries = sorted(costed.entries, key=lambda entry: (entry.occurred_at, entry.scope))
    waited = {finding for finding, outcome in costed.outcomes.items() if outcome.state == "held"}
    if waited or last(costed).waiting:
        return
    quantity, value = Fraction(0), Fraction(0)
    for number, entry in enumerate(entries, start=1):
        part = Fraction(entry.quantity)
        if entry.activity == "received":
            quantity, value = quantity + part, value + Fraction(entry.amount)
            continue
        if quantity < part:
            return  # it waited for a receipt: another order of things
        exact = part * value / quantity
        assert abs(exact - Fraction(entry.amount)) <= Fraction(number, 100)
        quantity, value = quantity - part, value - exact


@settings(max_examples=200)
@given(strategies.integers(0, 10**6))
def test_the_average_of_a_month_is_one_division(seed: int) -> None:
    """Of a single month: every issue is its quantity times all that was paid over all that came."""
    chance = random.Random(seed)
    facts = [
        raw("material.received", BEGIN + chance.randrange(20) * DAY, item=ITEM, unit="kg",
            quantity=chance.choice(QUANTITIES), unit_cost=chance.choice(PRICES))
        for _ in range(chance.randrange(1, 6))
    ]  # fmt: skip
    quantity = sum(Fraction(one["quantity"]) for one in facts)
    value = sum(Fraction(paid(one)) for one in facts)
    issues = [
        raw("material.consumed", BEGIN + chance.randrange(20) * DAY, item=ITEM, unit="kg", quantity="0.000001",
            order="MO-3")
        for _ in range(4)
    ]  # fmt: skip
    costed = cost([*facts, *issues], a_shop(valuation="period_average"))
    told = {entry.scope: entry.amount for entry in costed.entries}
    if quantity > Fraction(4, 10**6):
        assert [told[one["id"]] for one in issues] == [rounded(value / quantity / 10**6)] * 4
    assert last(costed).value == sum(paid(one) for one in facts) - sum(told[one["id"]] for one in issues)


# --- single words --------------------------------------------------------------------------------------------------


def test_a_stock_is_kept_whole() -> None:
    layers = (Layer("a/10", Decimal("0.5"), Decimal("1.00")), Layer("", Decimal(3), Decimal("0.00")))
    month = Month("2026-11", Decimal("18.5"), Decimal("150.00"), Decimal(-4), Decimal("2.67"), "first")
    stock = Stock(Decimal("3.5"), Decimal("1.00"), Decimal("0.3"), layers, layers[:1], ("x", "y/20"), True, month)
    assert Stock(*(stock.quantity, stock.value, stock.last_cost)).knowing(parse(dump(stock.more))) == stock
    assert Stock().more == {}


def test_more_than_is_remembered_comes_back_at_the_last_cost() -> None:
    """33 layers of 1 kg at 1, 2, 3 ... drawn; of 33 kg that come back the oldest is not remembered any more."""
    begin = datetime(2026, 11, 1, 8, tzinfo=UTC)
    receipts = [
        raw("material.received", int(begin.timestamp() * 1000) + n * 60_000, item=ITEM, unit="kg", quantity="1",
            unit_cost=str(n))
        for n in range(1, 34)
    ]  # fmt: skip
    issue = raw("material.consumed", BEGIN + DAY, item=ITEM, unit="kg", quantity="33", order="MO-3")
    back = raw("material.returned", BEGIN + 2 * DAY, item=ITEM, unit="kg", quantity="33", order="MO-3")
    costed = cost([*receipts, issue, back], a_shop(valuation="fifo"))
    out, into = costed.entries[-2:]
    assert (out.amount, into.amount) == (Decimal("561.00"), Decimal("562.00")), "2 + ... + 33, and 2 once more"
    assert "more layers" in out.formula


def test_last_in_first_out_is_refused_with_the_reason() -> None:
    for word in ("lifo", "LIFO", "DEPS", "dernier entré, premier sorti"):
        with pytest.raises(BadCell, match="IAS 2"):
            valuation(word, Style())
    assert [valuation(word, Style()) for word in ("CUMP", "PEPS", "CUMP fin de période", "standard")] == [
        "moving_average", "fifo", "period_average", "standard",
    ]  # fmt: skip
    with pytest.raises(BadCell, match="write one of standard, moving_average, period_average, fifo"):
        valuation("nifo", Style())
