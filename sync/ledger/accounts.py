"""Analytic accounts of a posting: one in each plan at most, percent distributions exact.

When a cost object is spread over several accounts of a plan (60 % chair, 40 % table), its posting becomes several
whose amounts add up exactly (largest remainder, ties by account code). With two spread plans the lines are the
combinations of both, and on each plan every account gets to the cent what it would get if that plan were the only one.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import lcm

from sync.core.money import ARITHMETIC, ZERO, allocate, minor_digits
from sync.core.plant import DEFAULT_FIELDS, AccountDefault, Distribution, Order, Plan
from sync.ledger.entry import Posting, Side

Line = tuple[int, tuple[tuple[str, str], ...]]  # cents, and the accounts they are on
Shares = tuple[tuple[str, Decimal], ...]  # account and percent
WHOLE = Decimal(100)


def assignment(
    plans: tuple[Plan, ...],
    order: Order | None,
    *,
    day: date,
    element: str,
    department: str = "",
    work_center: str = "",
    item: str = "",
    reason: str = "",
) -> Distribution:
    """The accounts a posting of a `day` gets: what the order says, else the plan's default that fits, else what the
    plan follows. Where an account is named, a distribution of that name stands for its shares.

    `element` and `reason` are those of the side that bears the cost. The side that gives it has neither (""), or a plan
    by element would come to nothing.
    """
    known = {
        "department": department,
        "work_center": work_center,
        "item": (order.item if order else "") or item,
        "order": order.code if order else "",
        "customer": order.customer if order else "",
        "reason": reason,
        "element": element,
    }
    assigned = dict(order.accounts) if order else {}
    for plan in plans:
        shares = assigned.get(plan.code)
        if shares is None:
            account = _default(plan, known, day) or known.get(plan.follows, "")
            shares = ((account, WHOLE),) if account else ()
        if shares:
            assigned[plan.code] = spread(plan, shares)
    return assigned


def _default(plan: Plan, known: Mapping[str, str], day: date) -> str:
    """The account, or name of a distribution, of the default that fits; "" when none does."""
    in_force: dict[tuple[int, int, str], AccountDefault] = {}
    for one in plan.defaults:
        if known[one.field] == one.value and one.value and one.valid_from <= day:
            place = (one.priority, DEFAULT_FIELDS.index(one.field), one.value)
            if place not in in_force or one.valid_from > in_force[place].valid_from:
                in_force[place] = one
    return next((in_force[place].account for place in sorted(in_force) if in_force[place].account), "")


def spread(plan: Plan, shares: Shares) -> Shares:
    """The shares with distributions named among them in place of the accounts; an account named twice has the sum."""
    if not plan.distributions or not any(account in plan.distributions for account, _ in shares):
        return shares
    parts: dict[str, Decimal] = {}
    for name, percent in shares:
        for account, part in plan.distributions.get(name, ((name, WHOLE),)):
            share = ARITHMETIC.multiply(percent, part) / WHOLE
            parts[account] = parts.get(account, ZERO) + share
    return tuple(sorted(parts.items()))


def postings(side: Side, cost_object: str, amount: Decimal, accounts: Distribution, currency: str) -> list[Posting]:
    """One posting for each combination of accounts, together exactly `amount`. Percentages of a plan add up to 100."""
    plans = sorted(accounts)
    if all(len(accounts[plan]) == 1 for plan in plans):
        return [Posting(side, cost_object, amount, tuple((plan, accounts[plan][0][0]) for plan in plans))]
    scale = minor_digits(currency)
    cents = int(amount.scaleb(scale))
    lines: list[Line] = [(cents, ())]
    for plan in plans:
        lines = list(_spread(lines, plan, accounts[plan], cents))
    return [Posting(side, cost_object, Decimal(part).scaleb(-scale), on) for part, on in lines]


def _spread(lines: list[Line], plan: str, shares: tuple[tuple[str, Decimal], ...], cents: int) -> Iterator[Line]:
    """Each line on the accounts of one more plan. Every account of the plan gets its own share of the whole to the
    cent: line after line takes from what is left for each account, and the last line takes all that is left."""
    if not cents:
        # Nothing to spread, yet the hours or pieces of the entry belong somewhere: to the largest share.
        account = min(shares, key=lambda share: (-share[1], share[0]))[0]
        yield from ((part, (*on, (plan, account))) for part, on in lines)
        return
    codes, weights = _weights(shares)
    if len(codes) == 1:
        yield from ((part, (*on, (plan, codes[0]))) for part, on in lines)
        return
    left = allocate(cents, weights, codes)
    for part, on in lines:
        taken = allocate(part, left, codes)
        left = [rest - some for rest, some in zip(left, taken, strict=True)]
        yield from ((some, (*on, (plan, code))) for some, code in zip(taken, codes, strict=True) if some)


@lru_cache(maxsize=4096)
def _weights(shares: Shares) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The accounts in order, and whole numbers in the ratio of their percentages: the same shares come again with every
    entry of an order."""
    ordered = sorted(shares)
    exact = [Fraction(percent) for _, percent in ordered]
    scale = lcm(*(percent.denominator for percent in exact))
    return tuple(account for account, _ in ordered), tuple(int(percent * scale) for percent in exact)


def transfer(sender: list[Posting], receiver: list[Posting]) -> tuple[Posting, ...]:
    """Both sides of an entry, the debit first."""
    return tuple(sorted([*receiver, *sender], key=lambda line: line.side == "credit"))
