"""Time at a dated price: the part of an entry that labor and machine rules share.

Pieces with the same segment, rate version, period, policy and accounts are summed unrounded, then rounded once to
money, one entry each:

    amount = milliseconds x rate per hour / 3,600,000
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sync.core.clock import month_of
from sync.core.findings import Outcome
from sync.core.money import ARITHMETIC, round_ratio
from sync.core.plant import Plant
from sync.core.quantity import MILLISECONDS_PER_HOUR, plain
from sync.costing.place import Place
from sync.costing.policy import Policies, Policy
from sync.costing.rates import Rate
from sync.costing.scope import Segment
from sync.ledger.accounts import Shares, assignment, postings, transfer
from sync.ledger.entry import Entry, hours

# The accounts of the receiver and of the sender, by plan.
_Accounts = tuple[tuple[tuple[str, Shares], ...], tuple[tuple[str, Shares], ...]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a segment on one day of the site, from the instant `start` on."""

    start: int
    day: date
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Use:
    """What time was used for, and who gives it: everything of an entry that is not time or price."""

    rule: str
    rule_version: int
    element: str
    activity: str
    sender: str
    receiver: str
    place: Place | None
    work_center: str
    department: str
    # How the time was shared, as an entry names it, under the policy of its day; None where nothing is shared.
    split: Callable[[Policy], str] | None = None


def priced(
    segment: Segment,
    pieces: Iterable[Piece],
    price: Callable[[date], Rate | Outcome],
    use: Use,
    plant: Plant,
    policies: Policies,
) -> list[Entry] | Outcome:
    """The entries of one segment, or why it cannot be priced: a segment is held whole. Pieces whose price says that
    they bear no cost here are left out; when all do, that is what became of the segment."""
    left_out: Outcome | None = None
    grouped: dict[tuple[str, str, str, _Accounts], list[Piece]] = defaultdict(list)
    rates: dict[str, Rate] = {}
    for piece in pieces:
        rate = price(piece.day)
        if isinstance(rate, Outcome):
            if rate.state != "excluded":
                return rate
            left_out = rate
            continue
        rates[rate.id] = rate
        accounts = _accounts(use, plant, piece.day)
        grouped[rate.id, month_of(piece.day), policies.on(piece.day).version, accounts].append(piece)
    if left_out and not grouped:
        return left_out
    return [
        _entry(segment, parts, rates[rate_id], period, accounts, use, plant, policies)
        for (rate_id, period, _, accounts), parts in sorted(
            grouped.items(), key=lambda group: (group[1][0].start, group[0])
        )
    ]


def _accounts(use: Use, plant: Plant, day: date) -> _Accounts:
    """On which accounts the receiver and the sender stand on a day."""
    order = use.place.order if use.place else None
    # The order bears the cost in the department that worked on it.
    bearing = plant.department_of(use.work_center) or use.department
    reason = use.activity.removeprefix("indirect:")
    debit = assignment(plant.plans, order, day=day, element=use.element, department=bearing,
                       work_center=use.work_center, reason=reason)  # fmt: skip
    credit = assignment(plant.plans, None, day=day, element="", department=use.department, work_center=use.work_center)
    return tuple(debit.items()), tuple(credit.items())


def _entry(
    segment: Segment,
    parts: list[Piece],
    rate: Rate,
    period: str,
    accounts: _Accounts,
    use: Use,
    plant: Plant,
    policies: Policies,
) -> Entry:
    currency = plant.site.currency
    policy = policies.on(parts[0].day)
    milliseconds = Decimal(sum(part.milliseconds for part in parts))
    amount = round_ratio(ARITHMETIC.multiply(milliseconds, rate.amount), MILLISECONDS_PER_HOUR, currency)
    days: dict[date, int] = defaultdict(int)
    for part in parts:
        days[part.day] += part.milliseconds
    order = use.place.order if use.place else None
    debit, credit = dict(accounts[0]), dict(accounts[1])
    return Entry(
        scope=segment.id,
        rule=use.rule,
        rule_version=use.rule_version,
        element=use.element,
        occurred_at=parts[0].start,
        occurred_on=parts[0].day,
        period=period,
        quantity=milliseconds,
        unit="ms",
        amount=amount,
        currency=currency,
        provenance=segment.provenance,
        events=segment.events,
        policy=policy.version,
        formula=f"{hours(milliseconds)} h x {plain(rate.amount)} {currency}/h = {amount} {currency}",
        postings=transfer(
            postings("credit", use.sender, amount, credit, currency),
            postings("debit", use.receiver, amount, debit, currency),
        ),
        order=order.code if order else "",
        operation=use.place.operation if use.place else "",
        work_center=use.work_center,
        activity=use.activity,
        rate=rate.amount,
        rate_id=f"{rate.id}/{rate.version}",
        split=use.split(policy) if use.split else "",
        days=tuple(sorted(days.items())) if len(days) > 1 else (),
    )
