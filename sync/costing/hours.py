"""Time at a dated price: the part of an entry that labor and machine rules share.

Pieces with the same segment, rate version, period, policy and accounts are summed unrounded, then rounded once to
money, one entry each:

    amount = milliseconds x rate per hour / 3,600,000

A premium is a percentage of that price, for some of the pieces, in an entry of its own: see `rules/premium.py`.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sync.core.clock import month_of
from sync.core.findings import Outcome
from sync.core.money import ARITHMETIC, round_ratio
from sync.core.plant import Plant
from sync.core.premiums import Premium
from sync.core.quantity import MILLISECONDS_PER_HOUR, plain
from sync.costing.place import Place
from sync.costing.policy import Policies, Policy
from sync.costing.rates import Rate
from sync.costing.rework import Elsewhere
from sync.costing.scope import Segment
from sync.ledger.accounts import Shares, assignment, postings, transfer
from sync.ledger.entry import Billable, Entry, hours

# The accounts of the receiver and of the sender, by plan.
_Accounts = tuple[tuple[tuple[str, Shares], ...], tuple[tuple[str, Shares], ...]]


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a segment on one day of the site, from the instant `start` on."""

    start: int
    day: date
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of one person's time on one day of the site in which the same segments are open, and what each of those
    gets of it, in milliseconds; together they get all of it."""

    start: int
    until: int
    day: date
    shares: tuple[tuple[str, int], ...]


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
    # Who bears it under the policy of its day, when that is not the order it was for.
    elsewhere: Callable[[Policy], Elsewhere | None] | None = None
    # What pieces are billed at, where time is sold by the hour; told whether somebody else bears them.
    bill: Callable[[Sequence[Piece], bool], Billable | None] | None = None

    def bearer(self, policy: Policy) -> Elsewhere | None:
        return self.elsewhere(policy) if self.elsewhere and self.place else None


@dataclass(frozen=True, slots=True)
class Paid:
    """A segment that is costed: what its time was used for, and the price of an hour of it on a day."""

    segment: Segment
    use: Use
    price: Callable[[date], Rate | Outcome]


@dataclass(slots=True)
class Timesheet:
    """One person's segments, how that person's time is shared among them, and those that are costed now."""

    segments: list[Segment]
    slices: list[Slice]
    paid: list[Paid] = field(default_factory=list)


def priced(
    segment: Segment,
    pieces: Iterable[Piece],
    price: Callable[[date], Rate | Outcome],
    use: Use,
    plant: Plant,
    policies: Policies,
    premium: Premium | None = None,
) -> list[Entry] | Outcome:
    """The entries of one segment, or why it cannot be priced: a segment is held whole. Pieces whose price says that
    they bear no cost here are left out; when all do, that is what became of the segment. With a `premium` the price is
    its percentage of the rate."""
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
        accounts = _accounts(use, plant, piece.day, policies.on(piece.day))
        grouped[rate.id, month_of(piece.day), policies.on(piece.day).version, accounts].append(piece)
    if left_out and not grouped:
        return left_out
    return [
        _entry(segment, parts, rates[rate_id], period, accounts, use, plant, policies, premium)
        for (rate_id, period, _, accounts), parts in sorted(
            grouped.items(), key=lambda group: (group[1][0].start, group[0])
        )
    ]


def _accounts(use: Use, plant: Plant, day: date, policy: Policy) -> _Accounts:
    """On which accounts the receiver and the sender stand on a day."""
    reason = use.activity.rpartition(":")[2]  # the code of an indirect or idle activity, else what was done
    if elsewhere := use.bearer(policy):
        debit = assignment(plant.plans, None, day=day, element=use.element, department=elsewhere.department,
                           reason=reason)  # fmt: skip
    else:
        order = use.place.order if use.place else None
        # The order bears the cost in the department that worked on it.
        bearing = plant.department_of(use.work_center) or use.department
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
    premium: Premium | None,
) -> Entry:
    currency = plant.site.currency
    policy = policies.on(parts[0].day)
    milliseconds = Decimal(sum(part.milliseconds for part in parts))
    price = ARITHMETIC.multiply(milliseconds, rate.amount)
    formula = f"{hours(milliseconds)} h x {plain(rate.amount)} {currency}/h"
    if premium is None:
        amount = round_ratio(price, MILLISECONDS_PER_HOUR, currency)
    else:
        amount = round_ratio(ARITHMETIC.multiply(price, premium.percent), 100 * MILLISECONDS_PER_HOUR, currency)
        formula += f" x {plain(premium.percent)} % {premium.code}"
    days: dict[date, int] = defaultdict(int)
    for part in parts:
        days[part.day] += part.milliseconds
    order, elsewhere = use.place.order if use.place else None, use.bearer(policy)
    debit, credit = dict(accounts[0]), dict(accounts[1])
    return Entry(
        scope=segment.id,
        rule=use.rule,
        rule_version=use.rule_version,
        element=use.element,
        occurred_at=parts[0].start,
        occurred_on=parts[0].day,
        period=period,
        # Hours are counted once, by what they were used for: a premium tells how long it was earned in another unit.
        quantity=milliseconds if premium is None else milliseconds.scaleb(-3),
        unit="ms" if premium is None else "s",
        amount=amount,
        currency=currency,
        provenance=segment.provenance,
        events=segment.events,
        policy=policy.version,
        formula=f"{formula} = {amount} {currency}",
        postings=transfer(
            postings("credit", use.sender, amount, credit, currency),
            postings("debit", elsewhere.cost_object if elsewhere else use.receiver, amount, debit, currency),
        ),
        order=order.code if order else "",
        operation=use.place.operation if use.place else "",
        work_center=use.work_center,
        activity=use.activity,
        rate=rate.amount,
        rate_id=f"{rate.id}/{rate.version}",
        split=use.split(policy) if use.split else "",
        premium=premium.version if premium else "",
        days=tuple(sorted(days.items())) if len(days) > 1 else (),
        billable=use.bill(parts, elsewhere is not None) if use.bill and premium is None else None,
    )
