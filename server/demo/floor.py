"""The workshop at work: who comes when, who takes what, how pieces flow from operation to operation.

People come by shift, take the work that was released first at their place (or what they can do elsewhere), set up,
run, report pieces, draw material, pause, go home. Whatever they do goes into the chronicle, also what lies after `now`:
the caller drops it.
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from server.demo.chronicle import ERP, GATEWAY, HOUR, MINUTE, SECOND, STORE_TABLET, Chronicle, Fact, device_of
from server.demo.plant import (
    AGENCY_DAYS,
    ITEMS,
    LOTS,
    MACHINES,
    OVERSIZED_ORDER,
    PROJECT,
    ZONE,
    DemoPlant,
    Job,
    Need,
    Persona,
    number,
)
from sync.core.clock import local, to_instant
from sync.core.quantity import convert, plain

EARLY, LATE, SHIFT_END = time(6, 0), time(13, 40), time(21, 20)
BREAK = 25 * MINUTE
AT_EASE = (7 * 60, 20 * 60 + 40)
"""Between these minutes of the day "now" lies well within a shift; at other hours today's shift is moved around it."""
CLEANING = 10 * MINUTE
LEAST = 20 * MINUTE
"""Nobody walks over for less work than this, unless it is the rest of an order."""
# Departments began one after the other: pieces must have come that far.
FIRST_DAY = {"DEB": 0, "USI": 0, "FIN": 1, "MON": 1, "LOG": 1}

# Chance that a piece turns out bad at a work center, and why.
DEFECTS: dict[str, tuple[float, tuple[str, ...]]] = {
    "SCIE": (0.005, ("COTE", "ECLAT")),
    "TRON": (0.010, ("NOEUD", "COTE")),
    "CORR": (0.010, ("NOEUD", "COTE")),
    "CNC": (0.014, ("COTE", "ECLAT")),
    "PLAQ": (0.012, ("COLLAGE", "ECLAT")),
    "PRES": (0.012, ("COLLAGE",)),
    "PONC": (0.012, ("RAYURE", "NOEUD")),
    "VERN": (0.034, ("COULURE", "GRAIN", "RAYURE")),
    "MONT": (0.012, ("CHOC", "COTE", "RAYURE")),
    "EMB": (0.005, ("CHOC",)),
}
NOTES = (
    "Panneau arrivé rayé, photo au magasin.",
    "Outil changé avant de reprendre.",
    "Coulure sur le chant côté fenêtre, hygrométrie élevée.",
    "Gabarit à recaler : 0,4 mm de décalage.",
    "Vu avec Nadia : on refait la série du haut.",
    "Choc pendant le transfert au montage.",
)
# What goes back to the stock when a sheet or a tin is left over.
RETURNED = ("PAN-CHE19", "PAN-MDF19", "LAQ-BLANC", "VER-MAT")
# What nobody weighs or counts: told as it ought to have been.
GUESSED = ("COL-D3", "FILM-BUL")

Span = tuple[int, int]


@dataclass(slots=True)
class Step:
    """An operation of an order and the pieces that wait there. `setup` and `run` (of a piece): standard times in ms."""

    job: Job
    index: int
    center: str
    setup: int
    run: int
    waiting: int = 0
    claimed: int = 0
    rework: int = 0
    passed: int = 0
    # Standard time already spent on a piece that is not finished.
    credit: int = 0
    is_set_up: bool = False
    drawn: dict[str, Decimal] = field(default_factory=dict)

    @property
    def place(self) -> dict[str, Any]:
        return {"order": self.job.code, "operation": number(self.index)}

    @property
    def needs(self) -> list[Need]:
        return [need for need in self.job.product.needs if need.step == self.index] if self.job.product else []


@dataclass(slots=True)
class Machine:
    """A machine: until when it is taken, by which step last, and when it stands still."""

    code: str
    busy_until: int = 0
    last: Step | None = None
    # hours its counter shows
    counter: Decimal = Decimal("4180.5")
    down: list[Span] = field(default_factory=list)

    def next_stop(self, at: int) -> int:
        """When it stands still next, seen from an instant; that instant when it does now."""
        ahead = [max(start, at) for start, end in self.down if end > at]
        return min(ahead, default=at + 365 * 24 * HOUR)


@dataclass(slots=True)
class Worker:
    """Somebody at work on one day. `after`: what takes effect when their present work is done."""

    who: Persona
    device: str
    start: int
    end: int
    pause: int
    after: list[Callable[[], None]] = field(default_factory=list)
    last_stop: Fact | None = None

    @property
    def key(self) -> str:
        return self.who.key

    def spans(self, start: int, work: int) -> list[Span]:
        """When so much work from an instant on is done, the break left out. Who tells breaks leaves work running: the
        break takes its time out of it."""
        if start < self.pause < start + work:
            if self.who.phone:
                return [(start, start + work + BREAK)]
            done, back = self.pause - start, self.pause + BREAK
            return [(start, self.pause), (back, back + work - done)]
        return [(start, start + work)]

    def left(self, at: int) -> int:
        """Working time from an instant until it is time to clean up."""
        rest = self.end - CLEANING - at
        return rest - BREAK if at < self.pause < self.end - CLEANING else rest


class Floor:
    """The plant, day by day until now."""

    def __init__(self, plant: DemoPlant, now: int, chance: Random) -> None:
        self.plant, self.now, self.chance = plant, now, chance
        self.zone = ZoneInfo(ZONE)
        self.chronicle = Chronicle(chance)
        self.machines = {code: Machine(code) for code in MACHINES}
        self.steps = {job.code: _steps(job) for job in plant.jobs if job.product}
        self.by_center: dict[str, list[Step]] = defaultdict(list)
        for job in sorted(plant.jobs, key=lambda job: (job.release, job.due_on, job.code)):
            for step in self.steps.get(job.code, []):
                self.by_center[step.center].append(step)
        self.present: dict[tuple[int, str], Worker] = {}

    @property
    def last_day(self) -> int:
        return len(self.plant.days) - 1

    def shifts(self, index: int) -> tuple[Span, Span]:
        """The early and the late shift of a day; today's lie around now."""
        day = self.plant.days[index]
        middle = self._instant(day, LATE)
        early, late = (self._instant(day, EARLY), middle), (middle, self._instant(day, SHIFT_END))
        if index == self.last_day:
            here = local(self.now, self.zone)
            minute = here.hour * 60 + here.minute
            if minute < AT_EASE[0]:  # a night or very early shift, begun before now
                early = self.now - 210 * MINUTE, self.now + 250 * MINUTE
            elif minute > AT_EASE[1]:  # the late shift began later today
                late = self.now - 300 * MINUTE, self.now + 160 * MINUTE
        return early, late

    def shift_of(self, who: Persona, index: int) -> Span:
        """Somebody's shift on a day. The crews change places every week."""
        return self.shifts(index)[(who.crew + self.plant.days[index].isocalendar().week) % 2]

    def finished(self) -> tuple[str, ...]:
        """Orders without a piece left to work on since before the last day."""
        today = self.shifts(self.last_day)[0][0]
        recent = {fact.event.get("order") for fact in self.chronicle.facts if fact.at > today}
        return tuple(
            code
            for code, steps in self.steps.items()
            if steps[-1].passed
            and code not in recent
            and not any(step.waiting or step.claimed or step.rework for step in steps)
        )

    def run(self) -> None:
        """All days, one after the other."""
        self._plan_downtime()
        self._receive_material()
        for index in range(len(self.plant.days)):
            self._day(index)

    def _instant(self, day: date, at: time) -> int:
        return to_instant(datetime.combine(day, at, tzinfo=self.zone))

    # a day of a person

    def _day(self, index: int) -> None:
        for job in self.plant.jobs:
            if job.product and job.release == index:
                extra = 2 if job.code == OVERSIZED_ORDER else 0
                self.steps[job.code][0].waiting += job.quantity + extra
        queue: list[tuple[int, int, Worker]] = []
        for rank, worker in enumerate(self._crew(index)):
            self.present[index, worker.key] = worker
            heapq.heappush(queue, (worker.start, rank, worker))
        while queue:
            at, rank, worker = heapq.heappop(queue)
            done, worker.after = worker.after, []
            for finish in done:
                finish()
            until = self._next(worker, index, at) if at <= self.now else None
            if until is not None:
                heapq.heappush(queue, (until, rank, worker))

    def _crew(self, index: int) -> Iterator[Worker]:
        """Who comes on a day."""
        for who in self.plant.people:
            if index < FIRST_DAY[who.department] and who.skills:
                continue
            if who.rate_group == "INT" and index < self.last_day - AGENCY_DAYS:
                continue
            if index != self.last_day and self.chance.random() < 0.04 and not who.phone:
                continue
            start, end = self.shift_of(who, index)
            begin = start + self.chronicle.about(-2, 6)
            pause = start + (end - start) // 2 + self.chance.choice((-45, 0, 25)) * MINUTE
            if pause <= self.now < pause + BREAK:  # whoever looks first should find people at work
                pause = self.now + 20 * MINUTE
            yield Worker(who, device_of(who), begin, end + self.chronicle.about(-3, 4), pause)

    def _next(self, worker: Worker, index: int, at: int) -> int | None:
        """What somebody does from an instant on; when they are free again, None when they go home."""
        if worker.pause <= at < worker.pause + BREAK:
            return worker.pause + BREAK
        if worker.left(at) < 5 * MINUTE:
            if worker.end > at:
                self._labor(worker, "indirect", (at, worker.end), indirect_code="NETT")
            return None
        begins = index == FIRST_DAY[worker.who.department]
        if at == worker.start and (begins or index % 5 == 0):
            return self._indirect(worker, at, 40 if begins else 15, "FORM" if begins else "REUN")
        if not worker.who.skills:
            return self._support(worker, at)
        for center in worker.who.skills:
            for step in self.by_center[center]:
                if step.rework and self.chance.random() < 0.6:
                    return self._rework(worker, step, at)
            if chosen := self._choose(center, at):
                until = self._work(worker, *chosen, at)
                tends_two = center == "CNC" and self.chance.random() < 0.45
                second = self._choose(center, at, chosen[0]) if tends_two else None
                if second:  # one operator, two machining centers
                    until = max(until, self._work(worker, *second, at + self.chronicle.about(3, 9)))
                return until
        if self.chance.random() < 0.5:
            return at + self.chronicle.about(6, 14)
        activity = self.chance.choice(("MANUT", "MANUT", "MAINT", "ATT", "ATT", "NETT"))
        return self._indirect(worker, at, self.chance.randint(12, 30), activity)

    def _labor(self, worker: Worker, activity: str, span: Span, **place: Any) -> None:
        start = self.chronicle.start(worker.device, span[0], worker.key, activity, **place)
        worker.last_stop = self.chronicle.stop(start, span[1], reason="PAUSE" if span[1] == worker.pause else "")

    def _indirect(self, worker: Worker, at: int, minutes: int, code: str) -> int:
        spans = worker.spans(at, min(minutes * MINUTE, worker.left(at)))
        for span in spans:
            self._labor(worker, "indirect", span, indirect_code=code)
        return spans[-1][1]

    def _support(self, worker: Worker, at: int) -> int:
        """Storekeepers move material; leads develop new things, meet, and walk about."""
        if worker.who.rate_group == "MAG":
            return self._indirect(worker, at, self.chance.randint(60, 150), "MANUT")
        if self.chance.random() < 0.4:
            spans = worker.spans(at, min(self.chronicle.about(40, 90), worker.left(at)))
            for span in spans:
                self._labor(worker, "run", span, order=PROJECT)
            return spans[-1][1]
        if self.chance.random() < 0.3:
            return self._indirect(worker, at, self.chance.randint(20, 45), "REUN")
        return at + self.chronicle.about(40, 80)

    # work on orders

    def _choose(self, center: str, at: int, other_than: Step | None = None) -> tuple[Step, Machine | None] | None:
        """The first work of a place that can be begun, and the machine for it."""
        machines = [machine for machine in self.machines.values() if MACHINES[machine.code][1] == center]
        free = [m for m in machines if m.busy_until <= at and m.next_stop(at) - at > LEAST + 5 * MINUTE]
        if machines and not free:
            return None
        for step in self.by_center[center]:
            if step is other_than or not step.waiting:
                continue
            if step.waiting * step.run >= LEAST or self._is_rest(step):
                # The machine that is set up for it, else the one that was free first.
                return step, min(free, key=lambda m: (m.last is not step, m.busy_until, m.code), default=None)
        return None

    def _is_rest(self, step: Step) -> bool:
        """Whether nothing more will come to a step from the ones before."""
        earlier = self.steps[step.job.code][: step.index]
        return not any(other.waiting or other.claimed or other.rework for other in earlier)

    def _work(self, worker: Worker, step: Step, machine: Machine | None, at: int) -> int:
        """Set up where needed and work off some pieces; returns when that is done."""
        limit = worker.left(at)
        if machine:
            limit = min(limit, machine.next_stop(at) - at - 3 * MINUTE)
        setup = 0
        if not step.is_set_up or (machine and machine.last is not step and self.chance.random() < 0.6):
            setup = min(int(step.setup * self.chance.uniform(0.8, 1.45)), limit)
        pace = step.job.drift / worker.who.speed * self.chance.uniform(0.93, 1.09)
        each = max(int(step.run * pace), SECOND)
        pieces = max(1, min(step.waiting, self.chronicle.about(70, 135) // each))
        work = max(pieces * each - int(step.credit * pace), each // 4)
        if setup + work > limit:
            pieces = min(pieces, max(0, (limit - setup) // each))
            work = pieces * each if pieces else limit - setup
        setups = worker.spans(at, setup) if setup >= MINUTE else []
        begin = setups[-1][1] if setups else at
        spans = worker.spans(begin, work) if work >= MINUTE else []
        step.is_set_up = True
        for span in setups:
            self._labor(worker, "setup", span, **step.place)
        if machine and setups:
            self.chronicle.machine_run(worker.device, worker.key, machine.code, "setup", (at, begin), step.place)
        if not spans:
            return max(begin, at + MINUTE)
        until = spans[-1][1]
        if pieces:
            step.waiting -= pieces
            step.claimed += pieces
            step.credit = 0
            self._draw(worker, step, pieces, begin + self.chronicle.about(0.5, 3))
        else:  # begun today, finished tomorrow
            step.credit += int(work / pace)
        for span in spans:
            self._labor(worker, "run", span, **step.place)
        if machine:
            machine.busy_until, machine.last = until, step
            self._machine_run(worker, machine, step, spans)
        if pieces:
            good = self._report(worker, step, pieces, until)
            worker.after.append(lambda: self._pass_on(step, pieces, good))
            is_done = not step.waiting and not step.rework and step.claimed == pieces and self._is_rest(step)
            if is_done:
                self.chronicle.say(worker.device, until - 4 * SECOND, "operation.completed", worker.key, **step.place)
                if machine and step.center == "CNC":
                    until = self._tear_down(worker, machine, step, until)
        return until

    def _tear_down(self, worker: Worker, machine: Machine, step: Step, at: int) -> int:
        """Take the tools of a finished step off its machine."""
        work = min(self.chronicle.about(4, 9), worker.left(at))
        if work < MINUTE or at <= worker.pause <= at + work:
            return at
        self._labor(worker, "teardown", (at, at + work), **step.place)
        machine.busy_until, machine.last = at + work, None
        return at + work

    def _machine_run(self, worker: Worker, machine: Machine, step: Step, spans: list[Span]) -> None:
        """Machining centers run on while their operator has a break; sanders are told as a duration afterwards."""
        if step.center == "PONC":
            spent = sum(end - start for start, end in spans)
            told = spent // (5 * MINUTE) * 5 * MINUTE or spent
            self.chronicle.say(
                worker.device, spans[-1][1] - 25 * SECOND, "machine.reported", worker.key, provenance="declared",
                machine=machine.code, **self._told(machine, told), **step.place,
            )  # fmt: skip
            return
        for span in [(spans[0][0], spans[-1][1])] if step.center == "CNC" else spans:
            self.chronicle.machine_run(worker.device, worker.key, machine.code, "run", span, step.place)

    def _told(self, machine: Machine, told: int) -> dict[str, Any]:
        """A machine's time as it is told: read off its counter where it has one, else a duration."""
        if machine.code != "M11":
            return {"duration_ms": told}
        before = machine.counter
        machine.counter += (Decimal(told) / HOUR).quantize(Decimal("0.1"))
        return {"counter_from": plain(before), "counter_to": plain(machine.counter)}

    def _report(self, worker: Worker, step: Step, pieces: int, until: int) -> int:
        """Good pieces and defects of a spell of work; returns how many are good."""
        risk, reasons = DEFECTS[step.center]
        if step.job.drift > 1.2:
            risk *= 2.5
        bad = sum(self.chance.random() < risk for _ in range(pieces))
        good = pieces - bad
        if good:
            self._good(worker, step, good, until)
        while bad:
            share = self.chance.randint(1, bad)
            bad -= share
            disposition = self.chance.choices(("scrap", "rework", "hold", "use_as_is"), (12, 6, 2, 1))[0]
            cause = number(self.chance.randrange(step.index)) if step.index and self.chance.random() < 0.4 else None
            self.chronicle.say(
                worker.device, until - self.chance.randint(31, 90) * SECOND, "defect.reported", worker.key,
                quantity=str(share), disposition=disposition, caused_at=cause, reason=self.chance.choice(reasons),
                note=self.chance.choice(NOTES) if self.chance.random() < 0.25 else "", **step.place,
            )  # fmt: skip
            if disposition == "rework":
                step.rework += share
        return good

    def _good(self, worker: Worker, step: Step, pieces: int, until: int) -> None:
        at = until - self.chance.randint(8, 30) * SECOND
        self.chronicle.say(worker.device, at, "output.reported", worker.key, quantity=str(pieces), **step.place)

    def _pass_on(self, step: Step, taken: int, good: int) -> None:
        step.claimed -= taken
        step.passed += good
        following = self.steps[step.job.code][step.index + 1 :]
        if following:
            following[0].waiting += good

    def _rework(self, worker: Worker, step: Step, at: int) -> int:
        """Make pieces good again."""
        pieces = step.rework
        work = int(pieces * step.run * self.chance.uniform(0.6, 1.4)) + 5 * MINUTE
        spans = worker.spans(at, min(work, worker.left(at)))
        for span in spans:
            self._labor(worker, "rework", span, **step.place)
        until = spans[-1][1]
        self._good(worker, step, pieces, until)
        step.rework = 0
        step.claimed += pieces
        worker.after.append(lambda: self._pass_on(step, pieces, pieces))
        return until

    # material

    def _draw(self, worker: Worker, step: Step, pieces: int, at: int) -> None:
        """Take what the pieces need beyond what is left of the last sheet or box; what an order leaves goes back."""
        for need in step.needs:
            parcel = convert(need.parcel, need.drawn, ITEMS[need.item][1], _factors(need.item))
            assert parcel is not None, "the demo draws material in units it can convert"
            usage = Decimal(str(round(1 + 0.09 * (step.job.drift - 0.85), 4)))
            wanted, left = pieces * need.quantity * usage, step.drawn.get(need.item, Decimal(0))
            if left < wanted:
                count = ((wanted - left) / parcel).to_integral_value(ROUND_CEILING)
                self._move(worker, "material.consumed", step, need, count * need.parcel, at)
                at += self.chance.randint(15, 60) * SECOND
                left += count * parcel
            left -= wanted
            step.drawn[need.item] = left
            rest = (left / parcel * 4).to_integral_value(ROUND_FLOOR) / 4 * need.parcel
            is_last = not step.waiting and self._is_rest(step)
            if is_last and rest and need.item in RETURNED and self.chance.random() < 0.7:
                self._move(worker, "material.returned", step, need, rest, at + 20 * MINUTE)

    def _move(self, worker: Worker, type: str, step: Step, need: Need, quantity: Decimal, at: int) -> None:
        told = {"item": need.item, "quantity": plain(quantity), "unit": need.drawn} | step.place
        if need.item in GUESSED:
            told["provenance"] = "estimated"
        elif lots := LOTS.get(need.item):
            told["lot"] = self.chance.choice(lots)
        self.chronicle.say(worker.device, at, type, worker.key, **told)

    def _receive_material(self) -> None:
        """Opening stock from the ERP on the first morning; deliveries on some days, at slightly other prices.

        Varnish runs short before it is delivered; walnut stain never comes.
        """
        total: dict[str, Decimal] = defaultdict(Decimal)
        for job in self.plant.jobs:
            for need in job.product.needs if job.product else ():
                total[need.item] += need.quantity * job.quantity
        opened = self.shifts(0)[0][0] - 25 * MINUTE
        for row, (item, quantity) in enumerate(sorted(total.items()), 1):
            part = Decimal("0.15") if item == "VER-MAT" else Decimal("0.55")
            self._receive(
                ERP, opened, item, quantity * part, Decimal(1), provenance="declared", opening=True,
                source="stock-initial.csv", source_row=str(row),
            )  # fmt: skip
        keeper = self.plant.storekeepers[0].key
        for item, quantity in sorted(total.items()):
            days = [6, 8] if item == "VER-MAT" else sorted(self.chance.sample(range(1, 9), 2))
            for index, part in zip(days, (Decimal("0.4"), Decimal("0.3")), strict=True):
                at = self.shifts(index)[0][0] + self.chronicle.about(90, 400)
                price = Decimal(str(round(self.chance.uniform(0.97, 1.05), 3)))
                self._receive(STORE_TABLET, at, item, quantity * part, price, by=keeper)

    def _receive(self, sender: str, at: int, item: str, quantity: Decimal, price: Decimal, **fields: Any) -> None:
        base, paid, units = ITEMS[item][1], Decimal(ITEMS[item][4]), _factors(item)
        unit, factor = next(iter(units.items()), (base, Decimal(1)))
        whole = Decimal("0.1") if base == "m3" else Decimal(1)
        count = max(whole, (quantity / factor / whole).to_integral_value(ROUND_CEILING) * whole)
        cost = plain((paid * factor * price).quantize(Decimal("0.0001")))
        told = {"item": item, "quantity": plain(count), "unit": unit, "unit_cost": cost} | fields
        self.chronicle.say(sender, at, "material.received", **told)

    # machines

    def _plan_downtime(self) -> None:
        """When machines stand still; one machining center does at this moment."""
        lead = self.plant.leads[0]
        for machine in self.machines.values():
            itself = MACHINES[machine.code][1] == "CNC"
            sender, by = (GATEWAY, "") if itself else (device_of(lead), lead.key)
            for index in range(self.last_day):
                if self.chance.random() > 0.09:
                    continue
                (start, _), (_, end) = self.shifts(index)
                begin = start + int((end - start) * self.chance.uniform(0.1, 0.85))
                span = begin, begin + self.chronicle.about(12, 95)
                machine.down.append(span)
                reason = self.chance.choice(("PANNE", "OUTIL", "OUTIL", "REGLAGE", "MATIERE", "NETTOYAGE"))
                down = self.chronicle.say(sender, span[0], "downtime.started", by, machine=machine.code, reason=reason)
                self.chronicle.say(sender, span[1], "downtime.stopped", by, machine=machine.code, start_id=down.id)
        begin = self.now - 38 * MINUTE
        self.machines["M07"].down.append((begin, self.now + 6 * HOUR))
        self.chronicle.say(GATEWAY, begin, "downtime.started", machine="M07", reason="PANNE")


def _steps(job: Job) -> list[Step]:
    assert job.product is not None
    return [
        Step(job, index, center, setup * MINUTE, int(run * MINUTE))
        for index, (_, center, setup, run) in enumerate(job.product.steps)
    ]


def _factors(item: str) -> dict[str, Decimal]:
    return {unit: Decimal(factor) for unit, factor in ITEMS[item][5].items()}
