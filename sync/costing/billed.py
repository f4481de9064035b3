"""What time on a case, project or ticket is billed at: a measure on the entry of its cost, never part of a balance.

    billable amount = milliseconds x billable rate per hour / 3,600,000      rounded once per (entry, billable rate)

under the policy `billing` = `hours` of the day. The entry says of all its time whether it is priced, not billed (the
order is not, or the activity; or the order does not bear the time, as rework that is a loss), or unknown: no billable
rate fits on that day. Unknown never holds the cost, which does not depend on it, and is never zero: the entry tells the
hours it is about, and a finding asks the accountant for the rate. As the billable rate cuts no entry, the cost is the
same to the cent whatever is billed. The rate is looked up by the day of work (`sync.core.billing`); a premium for when
it was worked is cost alone. Sold by the hour are cases, projects and tickets; an order may say otherwise.

Source: time-and-material contracts price hours at billing rates apart from payroll cost (Horngren, Cost Accounting, on
job costing in the service sector); what an hour costs and what it is sold at meet in the margin only.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import partial

from sync.core.billing import BillableRate, Billing
from sync.core.findings import Finding
from sync.core.money import ARITHMETIC, ZERO, round_money, round_ratio
from sync.core.plant import Order, Person, Plant
from sync.core.quantity import MILLISECONDS_PER_HOUR, plain
from sync.costing.hours import Piece
from sync.costing.policy import Policies
from sync.events.labor import LaborDeclared, LaborStarted
from sync.ledger.entry import Billable, BilledTime, Entry, hours

# Prices the pieces of one entry; None where nothing is sold by the hour. The flag: somebody else bears the time.
Bill = Callable[[Sequence[Piece], bool], Billable | None]


def billing(
    event: LaborStarted | LaborDeclared, order: Order, person: Person, plant: Plant, policies: Policies
) -> Bill | None:
    """How the time of a fact on an order is billed; None where nothing is, on any day: a plant that makes things."""
    is_made = order.kind == "manufacturing" and not order.is_billable
    if is_made or not any(policy.billing == "hours" for policy in policies):
        return None
    facts = {
        "order": (order.code,),
        "customer": (order.customer,),
        "kind": (order.kind,),
        # What was done: the code of the activity where the fact names one, else setup, run, rework, teardown.
        "activity": (event.indirect_code or "", event.activity),
        "person": (person.key,),
        "rate_group": (person.rate_group,),
    }
    find = partial(plant.billing.find, facts)
    return partial(_bill, order, event.indirect_code or "", plant.billing, find, policies, plant.site.currency)


def _bill(
    order: Order,
    activity: str,
    known: Billing,
    find: Callable[[date], BillableRate | None],
    policies: Policies,
    currency: str,
    pieces: Sequence[Piece],
    borne_elsewhere: bool,
) -> Billable | None:
    sold = [piece for piece in pieces if policies.on(piece.day).billing == "hours"]
    if not sold:
        return None
    if not order.is_billable or borne_elsewhere or activity in known.unbilled:
        return _told([BilledTime("not_billed", sum(piece.milliseconds for piece in sold))], currency)
    spans: dict[str, int] = defaultdict(int)
    rates: dict[str, BillableRate] = {}
    for piece in sold:
        rate = find(piece.day)
        name = f"{rate.id}/{rate.version}" if rate else ""
        spans[name] += piece.milliseconds
        if rate:
            rates[name] = rate
    return _told([_time(span, rates.get(name), name, currency) for name, span in spans.items()], currency)


def _time(span: int, rate: BillableRate | None, rate_id: str, currency: str) -> BilledTime:
    if rate is None:
        return BilledTime("unknown", span)
    amount = round_ratio(ARITHMETIC.multiply(Decimal(span), rate.amount), MILLISECONDS_PER_HOUR, currency)
    return BilledTime("priced", span, amount, rate.amount, rate_id)


def _told(parts: Sequence[BilledTime], currency: str) -> Billable:
    """The parts with their sum and the formula in words."""
    known = [part.amount for part in parts if part.state != "unknown"]
    amount = sum(known, round_money(ZERO, currency)) if known else None
    words = []
    for part in parts:
        span = f"{hours(Decimal(part.milliseconds))} h"
        if part.state == "priced" and part.rate is not None:
            words.append(f"{span} x {plain(part.rate)} {currency}/h = {part.amount} {currency}")
        else:
            words.append(f"{span} {'not billed' if part.state == 'not_billed' else 'without a billable rate'}")
    return Billable(amount, "; ".join(words), tuple(parts))


def findings(entries: Iterable[Entry]) -> list[Finding]:
    """Time whose billable rate nobody gave, told once for each segment."""
    found: dict[str, Finding] = {}
    for entry in sorted(entries, key=lambda entry: entry.occurred_at):
        if entry.billable is not None and entry.billable.unknown:
            params = {"order": entry.order, "date": entry.occurred_on.isoformat()}
            found.setdefault(entry.scope, Finding("billable.no_rate", entry.events[0], params))
    return list(found.values())
