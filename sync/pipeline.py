"""Post: take what is new, cost the closed set around it, append the difference.

    fresh facts -> touched facts (what they correct, start or stop) -> spans of time, items, orders they change
    -> all facts in and around those -> desired entries -> minus what stands -> appended, in one transaction

The host holds the ledger's lock and one transaction around `post`; nothing here waits, retries or reads a clock.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from sync.core.clock import local_date, midnight, parse_instant
from sync.core.findings import Outcome, held
from sync.costing import engine, fed, loops, orders
from sync.costing.drawn import Draw
from sync.costing.engine import Costed, Spans, Terms
from sync.costing.orders import Bears
from sync.costing.rules import backflush, material, premium
from sync.costing.scope import CORRECTIONS, STOPS, effective
from sync.costing.valuation import standard
from sync.events.base import Event
from sync.events.correction import EventReplaced
from sync.events.defect import DefectReported
from sync.events.downtime import DowntimeStarted, DowntimeStopped
from sync.events.labor import LaborDeclared, LaborStarted, LaborStopped
from sync.events.machine import MachineReported, MachineStarted, MachineStopped
from sync.events.material import MaterialConsumed, MaterialReceived, MaterialReturned
from sync.events.operation import OperationAdded
from sync.events.output import OutputReported
from sync.events.shift import BreakStarted, BreakStopped, ShiftEnded
from sync.ledger.difference import difference
from sync.ledger.entry import Entry, Posted
from sync.ports import Host, Window

LABOR = (LaborStarted, LaborStopped, LaborDeclared, BreakStarted, BreakStopped, ShiftEnded)
MACHINE = (MachineStarted, MachineStopped, MachineReported, DowntimeStarted, DowntimeStopped)
STARTS = (LaborStarted, LaborDeclared, MachineStarted, MachineReported, DowntimeStarted)
QUANTITIES = (OutputReported, DefectReported)
DRAWING = (MaterialConsumed, MaterialReturned)
# A report of pieces causes entries of two stages: what it draws from stock, and these of the order.
OF_PIECES = orders.MADE
NEVER = 2**62
NOTHING = material.Stock()


@dataclass(frozen=True, slots=True)
class Progress:
    """What one call of `post` did."""

    facts: int
    entries: int


def post(host: Host, limit: int) -> Progress:
    """Cost at most `limit` fresh facts and append the difference they make. Progress(0, 0) when nothing waits."""
    fresh = host.received(limit)
    if not fresh:
        return Progress(0, 0)
    touched = _touched(fresh, host)
    terms = host.terms(touched.values())
    policies = terms.policies
    whole = partial(premium.whole_periods, terms.plant.premiums, zone=terms.plant.site.zone)
    labor = _spans(touched, LABOR, policies.longest_labor_ms, whole)
    machines = _undecided(_spans(touched, MACHINE, policies.longest_machine_ms), host)
    stocks = _Stocks(host, touched, terms)

    near = touched | stocks.facts
    _add(near, host.of_people(_windows(labor, policies.longest_labor_ms, whole)))
    _add(near, host.of_machines(_windows(machines, policies.longest_machine_ms)))
    _add(near, host.of_items(stocks.since))
    told = {event.order for event in touched.values() if isinstance(event, (*orders.ABOUT, OperationAdded))}
    told |= stocks.orders
    _add(near, [*host.quantities(told), *host.closes(told)])
    # Far starts of stops near by: one that is corrected makes its stop no sign of life.
    _add_named(near, host)
    _close(near, host)

    counting = effective(near.values())
    terms = engine.knowing(counting.events, host.terms(near.values()))
    costed = Costed(outcomes=dict(counting.outcomes))
    costed.add(engine.note(counting.events, terms))
    costed.add(engine.cost_labor((e for e in counting.events if isinstance(e, LABOR)), terms, labor))
    costed.add(engine.cost_machines((e for e in counting.events if isinstance(e, MACHINE)), terms, machines))
    receipts = host.receipts(stocks.since)
    costed.add(engine.cost_material(counting.events, terms, stocks.opening, stocks.wants, receipts))
    costed.add(engine.cost_subcontracting(counting.events, terms, lambda report: report.id in stocks.reports))
    host.keep_stock(stocks.since, costed.states)

    feeding = {event.id for event in near.values() if isinstance(event, STARTS) or material.is_movement(event)}
    scopes = _scopes(feeding, costed.outcomes) | stocks.reports | {receipt.id for receipt in receipts}
    appended = _append(host, costed.entries, scopes, lambda of: of not in OF_PIECES)

    walk = _Walk(host, near, costed, told)
    walk.settle({order for order in appended.orders if order}, stocks, terms)
    costed.tell_drawn()
    _remember_drawn(costed, walk.about, walk.looked_at, host, terms)

    costed.findings.extend(engine.envelope_findings(event for event in near.values() if event.id in costed.outcomes))
    for event in fresh:
        # Every fact gets an outcome; one the rules passed over would otherwise wait for ever.
        costed.outcomes.setdefault(event.id, held("costing.failed"))
    host.settle([event.id for event in fresh], costed.outcomes, costed.findings)
    return Progress(len(fresh), appended.count + walk.count)


class _Walk:
    """From orders whose cost changed to what they give to stock, to the orders that draw it, and so on, until nothing
    changes any more. `near`: the facts at hand; `costed` collects what comes of them; `told`: orders that fresh facts
    are about. `about` and `looked_at` are the facts of orders and the reports' draws that were looked at."""

    def __init__(self, host: Host, near: dict[str, Event], costed: Costed, told: set[str]) -> None:
        self.host, self.near, self.costed, self.told = host, near, costed, told
        self.about: dict[str, Event] = {}
        self.looked_at: set[str] = set()
        self.count = 0
        self.loaded = set(told)

    def settle(self, bearing: set[str], stocks: "_Stocks", terms: Terms) -> None:
        """Cost the orders that fresh facts are about and those that bear more or less, and what follows from that."""
        affected = self.told | self.host.depending(bearing - self.told) | self.host.waiting_in_loops()
        self.looked_at |= stocks.reports
        rounds = 0
        while True:
            rounds += 1
            changed, gone, terms = self._orders(affected, terms)
            if rounds > loops.most_rounds(self.loaded):
                raise loops.Unsettled(affected)
            if not changed:
                return
            bearing, coupled, terms = self._stocks(changed, gone, terms)
            affected = coupled | self.host.depending(bearing - coupled)

    def _orders(self, affected: set[str], terms: Terms) -> tuple[dict[str, int], set[str], Terms]:
        """The stage of orders; returns from when on stocks of items change by it, the scopes of what they were given
        and are given no more, and the terms now known."""
        about, terms = self._about(affected, terms)
        waiting: Mapping[str, tuple[str, ...]] = {}
        if loops.makers(about, terms.plant, terms.policies):
            waiting = self._loops(affected)
            if not waiting.keys() <= affected:
                affected = affected | waiting.keys()
                about, terms = self._about(affected, terms)
        bears = Bears(self.host.accumulated(affected), self.host.contents(orders.closed(about)), waiting)
        made = engine.cost_orders(about, terms, bears)
        scopes = {e.id for e in self.near.values() if isinstance(e, orders.ABOUT) and e.order in affected}
        appended = _append(self.host, made.entries, scopes, lambda of: of in OF_PIECES)
        self.costed.look_again(made, of_orders=True)
        self.about |= {event.id: event for event in about}
        self.count += appended.count
        changed: dict[str, int] = {}
        gone: set[str] = set()
        for line in appended.posted:
            item = fed.item_of(line.content)
            if item and engine.carried(item, terms):
                at = parse_instant(line.content["occurred_at"])
                changed[item] = min(at, changed.get(item, at))
                gone.add(fed.scope_of(line.content["scope"], item))
        return changed, gone, terms

    def _about(self, affected: set[str], terms: Terms) -> tuple[list[Event], Terms]:
        """What counts of the facts of these orders, loaded if need be, and the terms now known."""
        missing = affected - self.loaded
        if missing:
            found: dict[str, Event] = {}
            _add(found, [*self.host.quantities(missing), *self.host.closes(missing)])
            _close(found, self.host)
            _add(self.near, found.values())
            self.loaded |= missing
            terms = self.host.terms(self.near.values())
        counting = effective(self.near.values())
        terms = engine.knowing(counting.events, terms)
        about: list[Event] = []
        about += [event for event in counting.events if isinstance(event, orders.ABOUT) and event.order in affected]
        return about, terms

    def _stocks(self, changed: Mapping[str, int], gone: set[str], terms: Terms) -> tuple[set[str], set[str], Terms]:
        """The stage of material for these items; returns the orders that bear more or less by it, those whose reports
        were valued anew, and the terms now known."""
        stocks = _Stocks(self.host, {}, terms, changed, list(self.about.values()))
        found = dict(stocks.facts)
        _add(found, self.host.of_items(stocks.since))
        _close(found, self.host)
        _add(self.near, found.values())
        counting = effective([*found.values(), *self.about.values()])
        terms = engine.knowing(counting.events, self.host.terms([*found.values(), *self.about.values()]))
        receipts = self.host.receipts(stocks.since)
        made = engine.cost_material(counting.events, terms, stocks.opening, stocks.wants, receipts)
        bought = engine.cost_subcontracting(counting.events, terms, lambda report: report.id in stocks.reports)
        self.host.keep_stock(stocks.since, made.states)
        moved = {event_id for event_id, event in found.items() if material.is_movement(event)}
        scopes = (moved & made.outcomes.keys()) | stocks.reports | gone | {one.id for one in receipts}
        entries = [*made.entries, *bought.entries]
        appended = _append(self.host, entries, scopes, lambda of: of not in OF_PIECES)
        self.costed.look_again(made, of_orders=False)
        self.looked_at |= stocks.reports
        self.count += appended.count
        return {order for order in appended.orders if order}, set(stocks.orders), terms

    def _loops(self, affected: Collection[str]) -> dict[str, tuple[str, ...]]:
        """The orders among these, and those they wait for, that wait for each other. Looks along the way of what they
        give, in the month they are closed in, and only where they give something whose stock is carried at cost."""
        facts: dict[str, Event] = {}
        seen, ahead = set[str](), set(affected)
        while ahead:
            seen |= ahead
            found: dict[str, Event] = {}
            _add(found, self.host.closes(ahead))
            _close(found, self.host)
            facts |= found
            terms = self.host.terms(facts.values())
            counting = effective(facts.values()).events
            since: dict[str, int] = {}
            zone = terms.plant.site.zone
            for maker in loops.makers(counting, terms.plant, terms.policies):
                if maker.order in ahead:
                    begins = midnight(local_date(maker.closed_at, zone).replace(day=1), zone)
                    since.update((item, min(begins, since.get(item, begins))) for item in maker.items)
            if not since:
                break
            drawing = self.host.drawing(since)
            _add(facts, [*self.host.of_items(since), *self.host.quantities(drawing), *self.host.consumed(drawing)])
            ahead = {event.order for event in facts.values() if isinstance(event, DRAWING)} | drawing
            ahead -= seen
        _close(facts, self.host)
        terms = self.host.terms(facts.values())
        terms = engine.knowing(counting := effective(facts.values()).events, terms)
        return dict(loops.find(counting, terms.plant, terms.policies))


def fail(host: Host) -> Progress:
    """Hold the one fact whose costing raises an error, so that the others go on (the caller narrowed it down)."""
    fresh = host.received(1)
    failed = {event.id: held("costing.failed") for event in fresh}
    host.settle(list(failed), failed, [])
    return Progress(len(fresh), 0)


@dataclass(frozen=True, slots=True)
class _Appended:
    posted: tuple[Posted, ...]
    orders: frozenset[str]

    @property
    def count(self) -> int:
        return len(self.posted)


def _append(
    host: Host, desired: Iterable[Entry], scopes: Collection[str], of_stage: Callable[[str], bool]
) -> _Appended:
    """Append what a stage wants and is not there; `of_stage`: whether it makes entries of an element."""
    standing = [line for line in host.standing(scopes) if of_stage(line.element)]
    posted = difference(desired, standing, host.calendar(), host.generations, host.bodies, host.key)
    host.append(posted)
    return _Appended(tuple(posted), frozenset(line.content.get("order", "") for line in posted))


def _scopes(feeding: Collection[str], outcomes: Mapping[str, Outcome]) -> set[str]:
    """The scopes whose desired entries are now known: those with an outcome (a neighbour that only shares has none)."""
    return {scope for scope in feeding if scope in outcomes}


def _add(events: dict[str, Event], more: Iterable[Event]) -> None:
    for event in more:
        events.setdefault(event.id, event)


def _touched(fresh: Iterable[Event], host: Host) -> dict[str, Event]:
    """The fresh facts, what they correct (and what that corrects), the starts they end, all that stands in the place of
    these or stood there before, the stops of a start that is corrected, which may count no more as a sign of life far
    from it, and the facts about an operation that one of them adds or takes away."""
    touched = {event.id: event for event in fresh}
    _add_named(touched, host)
    unseen = set(touched)
    while unseen:
        found = {event.id: event for event in host.replacements(unseen) if event.id not in touched}
        _add_named(found, host, touched)
        touched.update(found)
        unseen = set(found)
    corrected = {event.target_id for event in touched.values() if isinstance(event, CORRECTIONS)}
    if corrected:
        _add(touched, (event for event in host.targeting(corrected) if isinstance(event, STOPS)))
    added = {(event.order, event.operation) for event in touched.values() if isinstance(event, OperationAdded)}
    if added:
        _add(touched, (event for event in host.of_orders({order for order, _ in added}) if _at(event) & added))
        _add_named(touched, host)
    return touched


def _at(event: Event) -> set[tuple[str, str]]:
    """The operations a fact names."""
    order = getattr(event, "order", None)
    named = (getattr(event, "operation", None), getattr(event, "caused_at", None))
    return {(order, operation) for operation in named if order and operation}


def _add_named(events: dict[str, Event], host: Host, known: Collection[str] = ()) -> None:
    """Add what these facts name, and what that names, as far as it is here and not `known`."""
    wanted = _named(events.values()).difference(events, known)
    while wanted:
        found = host.by_ids(wanted)
        _add(events, found)
        wanted = _named(found).difference(events, known)


def _named(events: Iterable[Event]) -> set[str]:
    """The ids of the facts that these facts act on."""
    named = set()
    for event in events:
        target = getattr(event, "target_id", None) or getattr(event, "start_id", None)
        if target:
            named.add(target)
        if isinstance(event, EventReplaced):
            named.add(event.replacement_id)
    return named


def _close(near: dict[str, Event], host: Host) -> None:
    """Add the stops and corrections that name these facts, the replacements that put them in the place of others, the
    operations added to their orders, and what those name, until nothing more comes."""
    unseen, known = dict(near), set[str]()
    while unseen:
        orders = {order for event in unseen.values() if (order := getattr(event, "order", None))} - known
        known |= orders
        more = [*host.targeting(set(unseen)), *host.replacements(set(unseen))]
        more += host.added_operations(orders) if orders else ()
        found = {event.id: event for event in more if event.id not in near}
        _add_named(found, host, near)
        near.update(found)
        unseen = found


def _spans(
    touched: Mapping[str, Event], kinds: tuple[type[Event], ...], longest_ms: int, whole: "Whole | None" = None
) -> Spans:
    """What the touched facts may change: their own segments, and the time of the person or machine around them; the
    `whole` day or week of it, where overtime is told by that."""
    intervals: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for event in touched.values():
        if not isinstance(event, kinds):
            continue
        at = event.occurred_at
        who: str = getattr(event, "person" if kinds is LABOR else "machine")
        if isinstance(event, LaborDeclared):
            if event.started_at is not None and event.ended_at is not None:
                intervals[who].append((event.started_at, min(event.ended_at, event.started_at + longest_ms)))
            else:
                intervals[who].append((at, at))
        elif isinstance(event, (LaborStarted, BreakStarted, MachineStarted, DowntimeStarted)):
            # A start also ends a break, which then ran on for the longest time at most.
            intervals[who].append((at, at + longest_ms))
        elif isinstance(event, ShiftEnded) or (isinstance(event, STOPS) and event.start_id is None):
            # A stop that names no start may end any of the longest time before, which then ran on that long at most.
            intervals[who].append((at - longest_ms, at + longest_ms))
        elif kinds is LABOR:
            # A stop that names its start ends nothing else, but it is a sign of life where another clock was forgotten.
            intervals[who].append((at, at))
    if whole is not None:
        intervals = {who: [whole(low, high) for low, high in spans] for who, spans in intervals.items()}
    return Spans(frozenset(touched), intervals)


def _undecided(spans: Spans, host: Host) -> Spans:
    """Only the intervals in which a stop that names no start may end something. Machines share no time: where all stops
    name their start, as a device writes them, what a start comes to depends on nothing around it."""
    windows = [(who, low, high) for who, intervals in sorted(spans.intervals.items()) for low, high in intervals]
    stopped: dict[str, list[int]] = defaultdict(list)
    for stop in host.unnamed_stops(windows):
        stopped[getattr(stop, "machine", "")].append(stop.occurred_at)
    left = {
        who: [(low, high) for low, high in intervals if any(low <= at <= high for at in stopped[who])]
        for who, intervals in spans.intervals.items()
        if who in stopped
    }
    return Spans(spans.events, left)


# An interval, and the days or weeks it lies in.
Whole = Callable[[int, int], tuple[int, int]]


def _windows(spans: Spans, longest_ms: int, whole: "Whole | None" = None) -> list[Window]:
    """Where to look for the facts that decide a span: what overlaps it began at most the longest time before, and what
    shares an instant with that (labor only), or a day or week that must be `whole`, the longest time before that."""
    windows: list[Window] = []
    for who, intervals in sorted(spans.intervals.items()):
        merged: list[tuple[int, int]] = []
        reached = [(low - longest_ms, high + longest_ms) for low, high in intervals]
        if whole is not None:
            reached = [whole(low, high) for low, high in reached]
            reached = [(low - longest_ms, high + longest_ms) for low, high in reached]
        for low, high in sorted(reached):
            if merged and low <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], high)
            else:
                merged.append((low, high))
        windows.extend((who, low, high) for low, high in merged)
    return windows


class _Stocks:
    """The items whose stock must be valued anew and the instant to begin at (`since`), with the `reports` of pieces
    whose draws are valued anew and their `orders`, the stock before (`opening`) and the facts that takes.

    A movement of an item whose stock is carried changes what follows it; so does what an order gives to stock
    (`changed`: items by instant, `about`: facts of those orders). A report that draws it is valued anew whole, and so
    with it every other component of that report from its instant on, until nothing more is touched. A report changes
    what later ones of its order draw; a count of a component, or an operation, what all of them do.
    """

    def __init__(
        self,
        host: Host,
        touched: Mapping[str, Event],
        terms: Terms,
        changed: Mapping[str, int] = MappingProxyType({}),
        about: Sequence[Event] = (),
    ) -> None:
        self.host, self.touched, self.terms, self.about = host, touched, terms, about
        self.since: dict[str, int] = {}
        self.opening: Mapping[str, material.Stock] = {}
        self.reports: set[str] = set()
        self.facts: dict[str, Event] = {}
        self.changed: dict[str, int] = {}
        self._orders: dict[str, list[Event]] = {}
        self.orders: set[str] = set()
        self._coupled: set[str] = set()
        for event in touched.values():
            self._touch(event)
        for item, instant in changed.items():
            self._begin(item, instant, receipt=True)
        while self._load() | self._couple() | self._open():
            pass

    def wants(self, one: material.Movement | Draw) -> bool:
        """Whether a movement or a draw is valued now."""
        if isinstance(one, Draw):
            return one.report.id in self.reports
        if one.item in self.since:
            return one.occurred_at >= self.since[one.item] or one.id in self.opening.get(one.item, NOTHING).waiting
        return one.id in self.touched

    def _touch(self, event: Event) -> None:
        if isinstance(event, material.Movement):
            self._begin(event.item, event.occurred_at, receipt=isinstance(event, MaterialReceived))
        if isinstance(event, QUANTITIES):
            self.reports.add(event.id)
        order = self.terms.plant.orders.get(getattr(event, "order", None) or "")
        drawn = {part.item for part in backflush.on_backflush(order)} if order else set()
        if not order or not drawn:
            return
        if isinstance(event, QUANTITIES):
            self._change(order.code, event.occurred_at)
        elif isinstance(event, OperationAdded) or (
            isinstance(event, MaterialConsumed) and drawn & backflush.names(event)
        ):
            self._change(order.code, 0)

    def _change(self, order: str, instant: int) -> None:
        self.changed[order] = min(instant, self.changed.get(order, instant))

    def _begin(self, code: str, instant: int, *, receipt: bool = False) -> bool:
        """Value an item anew from an instant on; whether that is news."""
        item = self.terms.plant.items.get(code)
        if item is None or not material.is_carried(item, self.terms.rates, self.terms.policies):
            return False
        since = material.replay_from(item, instant, self.terms.plant.site) if receipt else instant
        if since >= self.since.get(code, NEVER):
            return False
        self.since[code] = since
        return True

    def _load(self) -> bool:
        """Get all reports and consumptions of the orders that have come into it."""
        orders = (self.changed.keys() | self.host.drawing(self.since)) - self._orders.keys()
        if not orders:
            return False
        found = [*self.host.quantities(orders), *self.host.consumed(orders)]
        _add(self.facts, found)
        for code in orders:
            self._orders[code] = [event for event in found if isinstance(event, QUANTITIES) and event.order == code]
        self.terms = self.host.terms([*self.touched.values(), *self.about, *self.facts.values()])
        return True

    def _couple(self) -> bool:
        """Take in the reports that changed or draw what is valued anew, with all they draw."""
        news = False
        waiting = {key.partition("/")[0] for stock in self.opening.values() for key in stock.waiting if "/" in key}
        for code, reports in self._orders.items():
            order = self.terms.plant.orders.get(code)
            parts = backflush.on_backflush(order) if order else []
            begins = min((self.since.get(part.item, NEVER) for part in parts), default=NEVER)
            begins = min(begins, self.changed.get(code, NEVER))
            for report in reports:
                if report.id not in self._coupled and (report.occurred_at >= begins or report.id in waiting):
                    self.orders.add(code)
                    self._coupled.add(report.id)
                    self.reports.add(report.id)
                    news = True
                    for part in parts:
                        self._begin(part.item, report.occurred_at)
        return news

    def _was_there(self, code: str, instant: int) -> bool:
        """Whether an item may have a stock before an instant though none is kept."""
        if self.terms.plant.items[code].valuation == standard.NAME:
            return True
        return any(receipt.occurred_at < instant for receipt in self.host.receipts({code: 0}))

    def _open(self) -> bool:
        """Look the opening stock up, and get the facts that wait in it."""
        self.opening = self.host.stock_before(self.since)
        news = False
        for code, instant in self.since.items():
            # Nothing is known of an item before it is carried: then all of it is looked at once.
            if code not in self.opening and instant and self._was_there(code, instant):
                self.since[code], news = 0, True
        wanted = {key.partition("/")[0] for stock in self.opening.values() for key in stock.waiting}
        waiting = self.host.by_ids(wanted - self.facts.keys())
        _add(self.facts, waiting)
        for event in waiting:
            if isinstance(event, QUANTITIES) and event.order not in self._orders:
                self._change(event.order, NEVER)
        return bool(waiting) or news


def _remember_drawn(
    costed: Costed, about: Mapping[str, Event], looked_at: Collection[str], host: Host, terms: Terms
) -> None:
    """Reports whose pieces were counted again while what they draw was not `looked_at`: that stays as it was."""
    drawing = {code for code, order in terms.plant.orders.items() if backflush.on_backflush(order)}
    reports = {event.id for event in about.values() if isinstance(event, QUANTITIES) and event.order in drawing}
    for report, (before, findings) in host.became(reports.difference(looked_at)).items():
        told = costed.outcomes[report]
        if material.DRAWN in before.params or (before.state == "costed" and told.state == "excluded"):
            costed.outcomes[report] = before
        costed.findings.extend(found for found in findings if found.code == "stock.negative")
