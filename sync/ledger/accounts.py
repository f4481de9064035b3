"""Analytic accounts of a posting: one in each plan at most, percent distributions exact.

When a cost object is spread over several accounts of a plan (60 % chair, 40 % table), its posting becomes several
whose amounts add up exactly (largest remainder, ties by account code). With two spread plans the lines are the
combinations of both, and on each plan every account gets to the cent what it would get if that plan were the only one.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from sync.core.money import allocate, minor_digits
from sync.core.plant import Distribution, Order, Plan
from sync.ledger.entry import Posting, Side

Line = tuple[int, tuple[tuple[str, str], ...]]  # cents, and the accounts they are on


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
    codes = [account for account, _ in sorted(shares)]
    left = allocate(cents, [Fraction(percent) for _, percent in sorted(shares)], codes)
    for part, on in lines:
        taken = allocate(part, left, codes)
        left = [rest - some for rest, some in zip(left, taken, strict=True)]
        yield from ((some, (*on, (plan, code))) for some, code in zip(taken, codes, strict=True) if some)


def transfer(sender: list[Posting], receiver: list[Posting]) -> tuple[Posting, ...]:
    """Both sides of an entry, the debit first."""
    return tuple(sorted([*receiver, *sender], key=lambda line: line.side == "credit"))
