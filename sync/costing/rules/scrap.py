"""Scrap: pieces thrown away. What is normally lost stays in the good pieces; beyond that, a piece leaves the order at
the cost accumulated through the operation that found it, and the department whose operation caused it bears that.

Normal and abnormal. A percentage for an item or an operation (losses.csv) allows an order

    normal pieces = normal loss % x base            the base by the policy `normal_loss_base`:
        input         pieces that entered the operation (European exercises)
        good_output   pieces that left it good (Horngren, ch. 18: of good units)
        inspected     pieces it judged, good or scrapped

as far as told by now; of a row for all operations, pieces are those of the whole order: that entered its first
operation, that are its good output, that it judged. Of the pieces scrapped the first ones by instant (ties by event id)
are the normal ones; a report that crosses the limit is split, in fractions of a piece if need be. As an order goes on
more is normal, and entries change. The percentage is that of the day of release, else of the report.

Cost. Normal pieces have no entry: they are taken out of the divisor, so the good ones and the abnormal ones bear them.

    unit cost       = sum over the operations k up to the finding one of
                      (cost of k - disposal value of normal pieces found at k) / (pieces that entered k - normal ones)
    abnormal amount = abnormal pieces x unit cost - their disposal value, each rounded once
    normal ones that entered k = those found at k or at a later operation

    pieces that entered k = bad at k + the more of (good at k, pieces that entered the next operation)

Bad are pieces reported for scrap or held for review. A piece sent to rework is counted when it comes back, as good or
as scrap; one used as it is, by the report of good pieces. Counting backwards, a piece reported at operation 30, good or
bad, went through 10 and 20 whether or not anybody counted it there; a piece found bad at 20 is not among those that
went on to 30. So the divisor is the equivalent units that entered, and all scrap of an order together never takes out
more than the operations cost. What the order bears without an operation belongs to its first one. Scrap itself and
costs of rework are no part of it. Pieces held for review keep their cost in the order until somebody decides.

So an abnormal piece bears normal ones as a good one does, as in process accounts of European and Indian exercises.
Horngren's figures differ: there normal pieces count in the divisor, and good output alone bears them. Where fewer
pieces are lost than is normal nothing is booked: no abnormal gain puts more on stock than was spent.

Disposal value. What a scrapped piece can be sold for (losses.csv), normal or not, leaves the order for the stock of its
scrap item, else for `disposal:`. So of an abnormal piece its section bears the rest.

The order gives (credit), the department of the causing operation bears what is left (debit).

Sources: Horngren, Cost Accounting, ch. 18 (normal and abnormal spoilage, base, inspection point, disposal value); plan
comptable général, art. 213-32 (abnormal losses stay out of the cost of production); IAS 2.16 (a).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sync.core.charges import Loss
from sync.core.clock import local_date
from sync.core.findings import COSTED, Finding, Outcome, excluded, held
from sync.core.money import ARITHMETIC, ZERO, decimal, round_money
from sync.core.plant import Operation, Order, Plant
from sync.core.quantity import legible, plain
from sync.costing.booking import Cause, Side
from sync.costing.place import Place, locate
from sync.costing.policy import Policies
from sync.costing.spent import planned_steps
from sync.events.base import Event
from sync.events.defect import DefectReported
from sync.events.output import OutputReported
from sync.ledger.accounts import assignment
from sync.ledger.entry import Entry

RULE, VERSION = "scrap", 1

# What counts as accumulated: what the pieces took in, not what was made good or thrown away.
ACCUMULATING = ("labor", "setup", "machine", "material", "overhead", "subcontracting")

# order -> operation ("" = none named) -> amount, over the elements above
Accumulated = Mapping[str, Mapping[str, Decimal]]
Report = tuple[OutputReported | DefectReported, Place]


def cost(
    facts: Iterable[Event], plant: Plant, policies: Policies, accumulated: Accumulated
) -> tuple[list[Entry], dict[str, Outcome], list[Finding]]:
    """Outcomes of all quantity facts and entries of the scrap among them; `facts` hold all of each order's."""
    entries: list[Entry] = []
    outcomes: dict[str, Outcome] = {}
    findings: list[Finding] = []
    by_order: dict[str, list[Report]] = {}
    for event in facts:
        if isinstance(event, (OutputReported, DefectReported)):
            place = locate(plant, event.order, event.operation)
            if isinstance(place, Outcome):
                outcomes[event.id] = place
            else:
                by_order.setdefault(place.order.code, []).append((event, place))
    for code in sorted(by_order):
        order = plant.orders[code]
        reports = sorted(by_order[code], key=lambda report: (report[0].occurred_at, report[0].id))
        findings.extend(_over_order(order, _reported(reports), reports))
        scrapped = _Scrapped(order, reports, accumulated.get(code, {}), plant, policies)
        for event, place in reports:
            if isinstance(event, DefectReported) and event.disposition == "scrap":
                made, outcomes[event.id] = scrapped.cost(event, place)
                entries.extend(made)
            else:
                outcomes[event.id] = excluded("quantity.counted")
    return entries, outcomes, findings


def _reported(reports: Iterable[Report]) -> dict[str, Decimal]:
    handled: dict[str, Decimal] = {}
    for event, place in reports:
        if not _comes_back(event):
            handled[place.operation] = handled.get(place.operation, ZERO) + event.quantity
    return handled


def _comes_back(event: OutputReported | DefectReported) -> bool:
    """Whether the pieces are reported once more: when they come back from rework, or among the good ones."""
    return isinstance(event, DefectReported) and event.disposition in ("rework", "use_as_is")


def _over_order(order: Order, handled: Mapping[str, Decimal], reports: Sequence[Report]) -> list[Finding]:
    """An operation that reports more pieces than were ordered: true perhaps, and worth a look."""
    found = []
    for operation, quantity in sorted(handled.items()):
        if order.quantity and quantity > order.quantity:
            last = next(event for event, place in reversed(reports) if place.operation == operation)
            params = {"operation": operation, "quantity": plain(quantity), "planned": plain(order.quantity)}
            found.append(Finding("quantity.over_order", last.id, params))
    return found


@dataclass
class _Counted:
    """Pieces of one order by operation, as far as told. `entered` and `left` (good) are counted backwards."""

    good: dict[str, Decimal] = field(default_factory=dict)
    scrap: dict[str, Decimal] = field(default_factory=dict)
    entered: dict[str, Decimal] = field(default_factory=dict)
    left: dict[str, Decimal] = field(default_factory=dict)


def _count(steps: Sequence[Operation], reports: Iterable[Report]) -> _Counted:
    found = _Counted()
    bad: dict[str, Decimal] = {}
    for event, place in reports:
        at = place.operation
        if isinstance(event, OutputReported):
            found.good[at] = found.good.get(at, ZERO) + event.quantity
        elif not _comes_back(event):
            bad[at] = bad.get(at, ZERO) + event.quantity
            if event.disposition == "scrap":
                found.scrap[at] = found.scrap.get(at, ZERO) + event.quantity
    later = ZERO
    for step in reversed(steps):
        found.left[step.number] = max(found.good.get(step.number, ZERO), later)
        later = found.entered[step.number] = bad.get(step.number, ZERO) + found.left[step.number]
    return found


class _Scrapped:
    """What was scrapped of one order: which of it is normal, and what the rest costs."""

    def __init__(
        self,
        order: Order,
        reports: Sequence[Report],
        accumulated: Mapping[str, Decimal],
        plant: Plant,
        policies: Policies,
    ) -> None:
        self.order, self.accumulated, self.plant, self.policies = order, accumulated, plant, policies
        self.steps = sorted(order.operations, key=lambda step: step.place)
        self.counted = _count(self.steps, reports)
        self.normal: dict[str, Fraction] = {}  # report -> pieces
        self.found: dict[str, Fraction] = {}  # operation -> normal pieces found there
        self.recovered: dict[str, Decimal] = {}  # operation -> disposal value of those
        self._divide(reports)

    # --- which is normal

    def _divide(self, reports: Iterable[Report]) -> None:
        """Tell the normal pieces of each report, those told first before the others."""
        before: dict[tuple[str, str], Decimal] = {}
        for event, place in reports:
            if not (isinstance(event, DefectReported) and event.disposition == "scrap"):
                continue
            day = self._day(event)
            loss = self._loss(event)
            if loss is None:
                continue
            scope = loss.item, loss.operation
            gone = before.get(scope, ZERO)
            before[scope] = gone + event.quantity
            base = self._base(loss, self.policies.on(self.order.released_on or day).normal_loss_base)
            left = Fraction(loss.normal_percent) / 100 * Fraction(base) - Fraction(gone)
            normal = min(max(left, Fraction(0)), Fraction(event.quantity))
            at = place.operation
            self.normal[event.id] = normal
            self.found[at] = self.found.get(at, Fraction(0)) + normal
            value = round_money(normal * Fraction(loss.disposal_value), self.plant.site.currency)
            self.recovered[at] = self.recovered.get(at, ZERO) + value

    def _day(self, event: Event) -> date:
        return local_date(event.occurred_at, self.plant.site.zone)

    def _loss(self, event: DefectReported) -> Loss | None:
        day = self.order.released_on or self._day(event)
        return self.plant.charges.loss(self.order.item, event.operation, day)

    def _base(self, loss: Loss, name: str) -> Decimal:
        """Pieces that a percentage is of."""
        counted, steps = self.counted, self.steps
        if loss.operation:
            scrap = counted.scrap.get(loss.operation, ZERO)
            good = counted.left[loss.operation]
            entered = counted.entered[loss.operation]
        else:
            planned = planned_steps(self.order) or steps
            scrap = sum(counted.scrap.values(), ZERO)
            good = counted.good.get(planned[-1].number, ZERO)
            entered = counted.entered[steps[0].number]
        return {"input": entered, "good_output": good, "inspected": good + scrap}[name]

    # --- what it costs

    def cost(self, event: DefectReported, place: Place) -> tuple[list[Entry], Outcome]:
        """The entries of one report of scrap, and what becomes of it."""
        found_at = place.step
        assert found_at is not None, "a defect names its operation"
        caused_at = self.order.operation(event.caused_at) if event.caused_at else found_at
        if caused_at is None:
            return [], held("reference.unknown_operation", code=event.caused_at or "", order=self.order.code)
        normal = self.normal.get(event.id, Fraction(0))
        abnormal = Fraction(event.quantity) - normal
        cause = Cause.of(event, self.plant, self.policies)
        loss = self._loss(event)
        entries = []
        unit_cost, words = self._unit_cost(found_at)
        if abnormal:
            if unit_cost <= 0:
                # Below zero: more material was returned than the order ever drew.
                return [], held("scrap.no_cost", order=self.order.code)
            recovered = self._value(loss, abnormal)
            gross = round_money(abnormal * unit_cost, cause.currency)
            formula = f"{self._pieces(event, abnormal)} x ({words}) {cause.currency}"
            formula += f" - {recovered} {cause.currency} of disposal value" if recovered else ""
            entries.append(self._charge(cause, found_at, caused_at, gross - recovered, abnormal, unit_cost, formula))
        disposed = self._value(loss, normal) + self._value(loss, abnormal)
        if loss and disposed:
            entries.append(self._dispose(cause, found_at, caused_at, loss, disposed))
        if not entries:
            return [], excluded("scrap.normal")
        return entries, COSTED

    def _unit_cost(self, found_at: Operation) -> tuple[Fraction, str]:
        """What a piece that is not normally lost took in until it was found, and how that is made up."""
        unit_cost, words = Fraction(0), []
        for index, step in enumerate(self.steps[: self.steps.index(found_at) + 1]):
            spent = self.accumulated.get(step.number, ZERO)
            if index == 0:
                spent += self.accumulated.get("", ZERO)
            lost = sum((self.found.get(later.number, Fraction(0)) for later in self.steps[index:]), Fraction(0))
            entered = Fraction(self.counted.entered[step.number])
            recovered = self.recovered.get(step.number, ZERO)
            if (spent or recovered) and entered > lost:
                unit_cost += Fraction(spent - recovered) / (entered - lost)
                above = f"({spent} - {recovered})" if recovered else f"{spent}"
                below = f"({_shown(entered)} - {_shown(lost)})" if lost else _shown(entered)
                words.append(f"{above}/{below}")
        return unit_cost, " + ".join(words)

    def _value(self, loss: Loss | None, pieces: Fraction) -> Decimal:
        """What pieces can be sold for."""
        value = Fraction(loss.disposal_value) if loss else Fraction(0)
        return round_money(pieces * value, self.plant.site.currency)

    @staticmethod
    def _pieces(event: DefectReported, abnormal: Fraction) -> str:
        whole = f"{plain(event.quantity)} pcs"
        normal = Fraction(event.quantity) - abnormal
        return f"({whole} - {_shown(normal)} normal)" if normal else whole

    def _charge(
        self,
        cause: Cause,
        found_at: Operation,
        caused_at: Operation,
        amount: Decimal,
        pieces: Fraction,
        unit_cost: Fraction,
        formula: str,
    ) -> Entry:
        """The abnormal part, to the section that caused it."""
        section = self.plant.department_of(caused_at.work_center)
        accounts = assignment(
            self.plant.plans,
            self.order,
            day=cause.day,
            element="scrap",
            department=section,
            work_center=caused_at.work_center,
            reason=_reason(cause),
        )
        return cause.book(
            (RULE, VERSION),
            "scrap",
            amount,
            self._gives(cause, found_at),
            Side(f"scrap:{section}", accounts),
            quantity=legible(pieces),
            unit="pcs",
            formula=f"{formula} = {amount} {cause.currency}",
            order=self.order.code,
            operation=found_at.number,
            work_center=caused_at.work_center,
            activity=_reason(cause),
            rate=decimal(unit_cost),
        )

    def _dispose(self, cause: Cause, found_at: Operation, caused_at: Operation, loss: Loss, amount: Decimal) -> Entry:
        """What the pieces can be sold for, to the stock of their scrap item."""
        event = cause.event
        assert isinstance(event, DefectReported)
        item = self.plant.items.get(loss.scrap_item)
        quantity = ARITHMETIC.multiply(event.quantity, loss.scrap_quantity) if item else event.quantity
        code = item.code if item else ""
        accounts = assignment(self.plant.plans, None, day=cause.day, element="scrap", item=code, reason=event.reason)
        words = f"{plain(event.quantity)} pcs x {plain(loss.disposal_value)} {cause.currency} of disposal value"
        return cause.book(
            (RULE, VERSION),
            "scrap",
            amount,
            self._gives(cause, found_at),
            Side(f"stock:{code}" if item else "disposal:", accounts),
            quantity=quantity,
            unit=item.unit if item else "pcs",
            formula=f"{words} = {amount} {cause.currency}",
            order=self.order.code,
            operation=found_at.number,
            item=code,
            work_center=caused_at.work_center,
            activity=event.reason,
            rate=loss.disposal_value,
        )

    def _gives(self, cause: Cause, found_at: Operation) -> Side:
        center = found_at.work_center
        accounts = assignment(
            self.plant.plans,
            self.order,
            day=cause.day,
            element="",
            department=self.plant.department_of(center),
            work_center=center,
        )
        return Side(f"order:{self.order.code}", accounts)


def _reason(cause: Cause) -> str:
    assert isinstance(cause.event, DefectReported)
    return cause.event.reason


def _shown(pieces: Fraction) -> str:
    return plain(legible(pieces))
