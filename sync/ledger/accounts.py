"""Analytic accounts of a posting: one in each plan at most, percent distributions exact.

When a cost object is spread over several accounts of a plan (60 % chair, 40 % table), its posting becomes several
whose amounts add up exactly, on that plan and on every other (largest remainder, ties by account code). With two
spread plans the lines are the combinations of both.
"""

from decimal import Decimal
from fractions import Fraction
from itertools import product

from sync.core.money import allocate, minor_digits
from sync.core.plant import Distribution, Order, Plan
from sync.ledger.entry import Posting, Side


def assignment(
    plans: tuple[Plan, ...], order: Order | None, *, department: str = "", work_center: str = "", item: str = ""
) -> Distribution:
    """The accounts a posting gets: what the order says, else what each plan follows."""
    follows = {
        "department": department,
        "work_center": work_center,
        "item": (order.item if order else "") or item,
        "order": order.code if order else "",
        "customer": order.customer if order else "",
    }
    assigned = dict(order.accounts) if order else {}
    for plan in plans:
        account = follows.get(plan.follows, "")
        if plan.code not in assigned and account:
            assigned[plan.code] = ((account, Decimal(100)),)
    return assigned


def postings(side: Side, cost_object: str, amount: Decimal, accounts: Distribution, currency: str) -> list[Posting]:
    """One posting for each combination of accounts, together exactly `amount`. Percentages of a plan add up to 100."""
    plans = sorted(accounts)
    if all(len(accounts[plan]) == 1 for plan in plans):
        return [Posting(side, cost_object, amount, tuple((plan, accounts[plan][0][0]) for plan in plans))]
    scale = minor_digits(currency)
    combinations = list(product(*(sorted(accounts[plan]) for plan in plans)))
    weights = []
    for combination in combinations:
        weight = Fraction(1)
        for _, percent in combination:
            weight *= Fraction(percent)
        weights.append(weight)
    keys = ["\x1f".join(account for account, _ in combination) for combination in combinations]
    cents = allocate(int(amount.scaleb(scale)), weights, keys)
    return [
        Posting(
            side,
            cost_object,
            Decimal(part).scaleb(-scale),
            tuple((plan, account) for plan, (account, _) in zip(plans, combination, strict=True)),
        )
        for part, combination in zip(cents, combinations, strict=True)
        if part
    ]


def transfer(sender: list[Posting], receiver: list[Posting]) -> tuple[Posting, ...]:
    """Both sides of an entry, the debit first."""
    return tuple(sorted([*receiver, *sender], key=lambda line: line.side == "credit"))
