"""What a new rate would change, before anybody enters it: all facts costed twice, with the rate and without.

Nothing is posted. An order is told by what goes into it (debits), so that one whose cost has gone to stock is seen too;
a department or work center by what it absorbs (credits).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sync.costing.engine import Costed, Terms, recompute
from sync.costing.rates import Rate, RateTable
from sync.events.base import Event

ABSORBING = ("department", "work_center")


@dataclass(frozen=True, slots=True)
class Change:
    """An amount as it is and as it would be."""

    name: str
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change, by cost object; `reversed_entries` would be replaced by `posted_entries`; `freed`: facts that
    are held and would be costed."""

    orders: tuple[Change, ...]
    absorbed: tuple[Change, ...]
    total: Change
    reversed_entries: int
    posted_entries: int
    freed: int


def preview(facts: Iterable[Event], terms: Terms, rates: Sequence[Rate], new: Rate) -> Preview:
    """The effect of one more rate on what these facts come to; `rates`: those of the terms. A rate of the same subject
    and day is put right by the new one."""
    facts = list(facts)
    same = [rate.version for rate in rates if _place(rate) == _place(new)]
    newer = replace(new, version=max(same, default=0) + 1)
    before = recompute(facts, terms)
    after = recompute(facts, replace(terms, rates=RateTable([*rates, newer])))
    orders = _changes(_borne(before), _borne(after))
    absorbed = _changes(_absorbed(before), _absorbed(after))
    there, then = ({entry.content_id for entry in costed.entries} for costed in (before, after))
    held = [fact for fact, outcome in before.outcomes.items() if outcome.state == "held"]
    freed = sum(1 for fact in held if after.outcomes[fact].state != "held")
    total = Change("", *(sum(_borne(costed).values(), Decimal(0)) for costed in (before, after)))
    return Preview(orders, absorbed, total, len(there - then), len(then - there), freed)


def _place(rate: Rate) -> tuple[object, ...]:
    return rate.kind, rate.subject_kind, rate.subject, rate.valid_from


def _borne(costed: Costed) -> dict[str, Decimal]:
    return _sums(costed, "debit", ("order",))


def _absorbed(costed: Costed) -> dict[str, Decimal]:
    return _sums(costed, "credit", ABSORBING)


def _sums(costed: Costed, side: str, kinds: Sequence[str]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in costed.entries:
        for line in entry.postings:
            if line.side == side and line.cost_object.partition(":")[0] in kinds:
                sums[line.cost_object] += line.amount
    return sums


def _changes(before: dict[str, Decimal], after: dict[str, Decimal]) -> tuple[Change, ...]:
    names = sorted(before.keys() | after.keys())
    made = (Change(name, before.get(name, Decimal(0)), after.get(name, Decimal(0))) for name in names)
    return tuple(change for change in made if change.difference)
