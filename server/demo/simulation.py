"""Two weeks of a workshop, invented from a seed: what its tablets, phones and machines would have sent.

People come by shift, take the most urgent work their place has (or what they can do elsewhere), set up, run, report
pieces, draw material, pause, go home. Pieces flow from operation to operation, so an order waits for the one before.
Then the incidents of real life are laid over it (`_Incidents`): slips taken back, typing mistakes, forgotten
clock-outs, a phone without network, a tablet whose clock is wrong.

Pure: the plant, the present moment and the seed are arguments, and the same ones give the same facts. Nothing here is
costed, and nothing knows of the database; `deliveries` are lists of JSON objects as devices send them.
"""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from server.demo.plant import (
    AGENCY_DAYS,
    ITEMS,
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
from sync.core.codes import from_number
from sync.core.quantity import convert, plain

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

EARLY, LATE, SHIFT_END = time(6, 0), time(13, 40), time(21, 20)
BREAK = 25 * MINUTE
AT_EASE = (7 * 60, 20 * 60 + 40)
"""Between these minutes of the day "now" lies well within a shift; at other hours today's shift is moved around it."""
CLEANING = 10 * MINUTE
LEAST = 20 * MINUTE
"""Nobody walks over for less work than this, unless it is the rest of an order."""

GATEWAY = "Passerelle machines"
ERP = "ERP"
PROGRAMS = (GATEWAY, ERP)
"""Senders that are programs with a token; all others are devices."""
TABLETS = {
    "DEB": "Tablette Débit",
    "USI": "Tablette Usinage",
    "FIN": "Tablette Finition",
    "MON": "Tablette Montage",
    "LOG": "Tablette Expédition",
}
OWN_TABLETS = {"CNC": "Tablette CNC", "PLAQ": "Tablette Chants", "VERN": "Tablette Vernis"}
STORE_TABLET = "Tablette Magasin"
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


@dataclass(slots=True)
class Fact:
    """A fact on its way: captured at an instant by a sender; `told_at` when it says it happened at another."""

    at: int
    sender: str
    event: dict[str, Any]
    told_at: int | None = None
    note: str = ""

    @property
    def id(self) -> str:
        return str(self.event["id"])

    @property
    def type(self) -> str:
        return str(self.event["type"])


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a sender sends at once, and when it arrives."""

    sender: str
    sent_at: int
    events: list[dict[str, Any]]
    notes: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """The two weeks: the devices in use, what they send in order of arrival, the orders that are done by now."""

    devices: tuple[str, ...]
    deliveries: list[Delivery]
    finished: tuple[str, ...]
    began_at: int


def simulate(plant: DemoPlant, now: int, seed: int) -> Story:
    """What happened in the plant until `now`, an instant on its last day."""
    floor = _Floor(plant, now, Random(seed * 7919 + 1))
    floor.run()
    _Incidents(floor).all()
    facts = sorted((fact for fact in floor.facts if fact.at <= now), key=lambda fact: (fact.at, fact.id))
    _put_in_envelopes(floor, facts)
    deliveries = sorted(_deliveries(floor, facts), key=lambda delivery: (delivery.sent_at, delivery.sender))
    devices = tuple(sorted({fact.sender for fact in facts} - set(PROGRAMS)))
    return Story(devices, deliveries, floor.finished(), min(fact.at for fact in facts))


# --- the floor ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Step:
    """An operation of an order and the pieces that wait there."""

    job: Job
    index: int
    center: str
    setup: int
    run: int
    waiting: int = 0
    claimed: int = 0
    rework: int = 0
    passed: int = 0
    credit: int = 0
    is_set_up: bool = False
    drawn: dict[str, Decimal] = field(default_factory=dict)

    @property
    def order(self) -> str:
        return self.job.code

    @property
    def number(self) -> str:
        return number(self.index)

    @property
    def place(self) -> dict[str, str]:
        return {"order": self.order, "operation": self.number}

    @property
    def needs(self) -> list[Need]:
        return [need for need in self.job.product.needs if need.step == self.index] if self.job.product else []


@dataclass(slots=True)
class _Machine:
    code: str
    busy_until: int = 0
    last: _Step | None = None
    down: list[tuple[int, int]] = field(default_factory=list)

    def next_stop(self, at: int) -> int:
        """When it stands still next, seen from an instant; that instant when it does now."""
        ahead = [max(start, at) for start, end in self.down if end > at]
        return min(ahead, default=at + 365 * 24 * HOUR)


@dataclass(slots=True)
class _Worker:
    """Somebody at work today."""

    who: Persona
    device: str
    start: int
    end: int
    pause: int
    after: list[Callable[[], None]] = field(default_factory=list)
    last_stop: Fact | None = None

    def spans(self, start: int, work: int) -> list[tuple[int, int]]:
        """When `work` milliseconds from `start` on are done, the break left out."""
        if start < self.pause < start + work:
            done = self.pause - start
            back = self.pause + BREAK
            return [(start, self.pause), (back, back + work - done)]
        return [(start, start + work)]

    def left(self, at: int) -> int:
        """Working time from an instant until it is time to clean up."""
        rest = self.end - CLEANING - at
        return rest - BREAK if at < self.pause < self.end - CLEANING else rest


class _Floor:
    """The plant while it works. `facts` grows; facts captured after `now` are dropped by the caller."""

    def __init__(self, plant: DemoPlant, now: int, chance: Random) -> None:
        self.plant, self.now, self.chance = plant, now, chance
        self.zone = ZoneInfo(ZONE)
        self.facts: list[Fact] = []
        self.machines = {code: _Machine(code) for code in MACHINES}
        self.steps = {job.code: _steps(job) for job in plant.jobs if job.product}
        self.by_center: dict[str, list[_Step]] = defaultdict(list)
        for job in sorted(plant.jobs, key=lambda job: (job.due_on, job.code)):
            for step in self.steps.get(job.code, []):
                self.by_center[step.center].append(step)
        self.present: dict[tuple[int, str], _Worker] = {}

    # time

    def instant(self, day: date, at: time, minutes: float = 0) -> int:
        return to_instant(datetime.combine(day, at, tzinfo=self.zone)) + int(minutes * MINUTE)

    def about(self, low: float, high: float) -> int:
        """A chance time between two numbers of minutes, in milliseconds."""
        return int(self.chance.uniform(low, high) * MINUTE)

    def shifts(self, index: int) -> tuple[tuple[int, int], tuple[int, int]]:
        """(beginning, end) of the early and the late shift of a day; today's lie around now."""
        day = self.plant.days[index]
        early = self.instant(day, EARLY), self.instant(day, LATE)
        late = self.instant(day, LATE), self.instant(day, SHIFT_END)
        if index == len(self.plant.days) - 1:
            here = local(self.now, self.zone)
            minute = here.hour * 60 + here.minute
            if minute < AT_EASE[0]:  # a night or very early shift, begun before now
                early = self.now - 210 * MINUTE, self.now + 250 * MINUTE
            elif minute > AT_EASE[1]:  # the late shift began later today
                late = self.now - 300 * MINUTE, self.now + 160 * MINUTE
        return early, late

    def crew_of(self, who: Persona, index: int) -> int:
        """0: somebody works early that day, 1: late. The crews change places every week."""
        return (who.crew + self.plant.days[index].isocalendar().week) % 2

    # facts

    def uuid(self) -> str:
        bits = f"{self.chance.getrandbits(128):032x}"
        variant = "89ab"[int(bits[16], 16) & 3]
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{variant}{bits[17:20]}-{bits[20:]}"

    def say(
        self,
        sender: str,
        at: int,
        type: str,
        *,
        by: str | None = None,
        told_at: int | None = None,
        provenance: str = "",
        note: str = "",
        **fields: Any,
    ) -> Fact:
        """A fact captured by a sender. An instant that is told, not read off the clock, is declared."""
        event = {
            "id": self.uuid(),
            "type": type,
            "version": 1,
            "provenance": provenance or ("measured" if told_at is None else "declared"),
            "declared_by": by,
            **fields,
        }
        fact = Fact(
            at, sender, {name: value for name, value in event.items() if value not in (None, "")}, told_at, note
        )
        self.facts.append(fact)
        return fact

    def labor(self, worker: _Worker, activity: str, span: tuple[int, int], **place: str) -> tuple[Fact, Fact]:
        """A clocked span of work: its start and its stop."""
        key = worker.who.key
        start = self.say(worker.device, span[0], "labor.started", person=key, by=key, activity=activity, **place)
        place.pop("indirect_code", None)
        stop = self.say(worker.device, span[1], "labor.stopped", person=key, by=key, start_id=start.id, **place)
        worker.last_stop = stop
        return start, stop

    def machine(self, worker: _Worker, machine: str, activity: str, span: tuple[int, int], step: _Step) -> None:
        """A clocked run of a machine: the machining centers report themselves, the operator clocks the others."""
        itself = MACHINES[machine][1] == "CNC"
        sender, by = (GATEWAY, None) if itself else (worker.device, worker.who.key)
        lag = self.chance.randint(2, 25) * SECOND
        begun = self.say(
            sender, span[0] + lag, "machine.started", by=by, machine=machine, activity=activity, **step.place
        )
        self.say(sender, span[1] - 2 * SECOND, "machine.stopped", by=by, machine=machine, start_id=begun.id)

    # days

    def run(self) -> None:
        """All days, one after the other."""
        self._plan_downtime()
        self._receive_material()
        for index in range(len(self.plant.days)):
            self._day(index)

    def _day(self, index: int) -> None:
        for job in self.plant.jobs:
            if job.product and job.release == index:
                extra = 2 if job.code == OVERSIZED_ORDER else 0
                self.steps[job.code][0].waiting += job.quantity + extra
        queue: list[tuple[int, int, _Worker]] = []
        for rank, worker in enumerate(self._crew(index)):
            self.present[index, worker.who.name] = worker
            heapq.heappush(queue, (worker.start, rank, worker))
        while queue:
            at, rank, worker = heapq.heappop(queue)
            done, worker.after = worker.after, []
            for finish in done:
                finish()
            if at > self.now:
                continue
            until = self._next(worker, index, at)
            if until is not None:
                heapq.heappush(queue, (until, rank, worker))

    def _crew(self, index: int) -> Iterator[_Worker]:
        """Who comes on a day."""
        is_today = index == len(self.plant.days) - 1
        for who in self.plant.people:
            if index < FIRST_DAY[who.department] and who.skills:
                continue
            if who.rate_group == "INT" and index < len(self.plant.days) - 1 - AGENCY_DAYS:
                continue
            if not is_today and self.chance.random() < 0.04:
                continue
            start, end = self.shifts(index)[self.crew_of(who, index)]
            begin = start + self.about(-2, 6)
            pause = start + (end - start) // 2 + self.chance.choice((-45, 0, 25)) * MINUTE
            yield _Worker(who, _device(who), begin, end + self.about(-3, 4), pause)

    def _next(self, worker: _Worker, index: int, at: int) -> int | None:
        """What somebody does from an instant on; when they are free again, None when they go home."""
        if worker.pause <= at < worker.pause + BREAK:
            return worker.pause + BREAK
        if worker.left(at) < 5 * MINUTE:
            if worker.end > at:
                self.labor(worker, "indirect", (at, worker.end), indirect_code="NETT")
            return None
        if at == worker.start and (index == FIRST_DAY[worker.who.department] or index % 5 == 0):
            training = index == FIRST_DAY[worker.who.department]
            return self._indirect(worker, at, 40 if training else 15, "FORM" if training else "REUN")
        if not worker.who.skills:
            return self._support(worker, at)
        for center in worker.who.skills:
            for step in self.by_center[center]:
                if step.rework and self.chance.random() < 0.6:
                    return self._rework(worker, step, at)
            chosen = self._choose(worker, center, at)
            if chosen:
                step, machine = chosen
                until = self._work(worker, step, machine, at)
                if center == "CNC" and self.chance.random() < 0.45:
                    second = self._choose(worker, center, at, other_than=step)
                    if second:  # one operator, two machining centers
                        until = max(until, self._work(worker, *second, at + self.about(3, 9)))
                return until
        if self.chance.random() < 0.5:
            return at + self.about(6, 14)
        activity = self.chance.choice(("MANUT", "MANUT", "MAINT", "ATT", "ATT", "NETT"))
        return self._indirect(worker, at, self.chance.randint(12, 30), activity)

    def _indirect(self, worker: _Worker, at: int, minutes: int, code: str) -> int:
        spans = worker.spans(at, min(minutes * MINUTE, worker.left(at)))
        for span in spans:
            self.labor(worker, "indirect", span, indirect_code=code)
        return spans[-1][1]

    def _support(self, worker: _Worker, at: int) -> int:
        """Storekeepers move material; leads develop new things, meet, and walk about."""
        if worker.who.rate_group == "MAG":
            return self._indirect(worker, at, self.chance.randint(60, 150), "MANUT")
        if self.chance.random() < 0.4:
            spans = worker.spans(at, min(self.about(40, 90), worker.left(at)))
            for span in spans:
                self.labor(worker, "run", span, order=PROJECT)
            return spans[-1][1]
        if self.chance.random() < 0.3:
            return self._indirect(worker, at, self.chance.randint(20, 45), "REUN")
        return at + self.about(40, 80)

    # work on orders

    def _choose(
        self, worker: _Worker, center: str, at: int, other_than: _Step | None = None
    ) -> tuple[_Step, _Machine | None] | None:
        machines = [self.machines[code] for code, (_, place) in MACHINES.items() if place == center]
        if center in ("EMB", "MONT"):  # handwork; the film wrapper is used now and then
            machines = []
        free = [m for m in machines if m.busy_until <= at and m.next_stop(at) - at > LEAST + 5 * MINUTE]
        if machines and not free:
            return None
        for step in self.by_center[center]:
            if step is other_than or not step.waiting:
                continue
            if step.waiting * step.run < LEAST and not self._is_rest(step):
                continue
            # The machine that is set up for it, else the one that was free first.
            machine = min(free, key=lambda m: (m.last is not step, m.busy_until, m.code), default=None)
            return step, machine
        return None

    def _is_rest(self, step: _Step) -> bool:
        """Whether nothing more will come to a step from the ones before."""
        earlier = self.steps[step.order][: step.index]
        return not any(other.waiting or other.claimed or other.rework for other in earlier)

    def _work(self, worker: _Worker, step: _Step, machine: _Machine | None, at: int) -> int:
        """Set up where needed and work off some pieces; returns when that is done."""
        limit = worker.left(at)
        if machine:
            limit = min(limit, machine.next_stop(at) - at - 3 * MINUTE)
        setup = 0
        if not step.is_set_up or (machine and machine.last is not step and self.chance.random() < 0.6):
            setup = min(int(step.setup * self.chance.uniform(0.8, 1.45)), limit)
        pace = step.job.drift / worker.who.speed * self.chance.uniform(0.93, 1.09)
        each = max(int(step.run * pace), SECOND)
        wanted = self.about(70, 135)
        pieces = max(1, min(step.waiting, wanted // each))
        work = max(pieces * each - int(step.credit * pace), each // 4)
        if setup + work > limit:
            pieces = min(pieces, max(0, (limit - setup) // each))
            work = pieces * each if pieces else limit - setup
        setups = worker.spans(at, setup) if setup >= MINUTE else []
        begin = setups[-1][1] if setups else at
        spans = worker.spans(begin, work) if work >= MINUTE else []
        step.is_set_up = True
        for span in setups:
            self.labor(worker, "setup", span, **step.place)
        if machine and setups:
            self.machine(worker, machine.code, "setup", (setups[0][0], setups[-1][1]), step)
        if not spans:
            return max(begin, at + MINUTE)
        until = spans[-1][1]
        if pieces:
            step.waiting -= pieces
            step.claimed += pieces
            step.credit = 0
            self._draw(worker, step, pieces, spans[0][0] + self.about(0.5, 3))
        else:
            step.credit += int(work / pace)
        for span in spans:
            self.labor(worker, "run", span, **step.place)
        if machine:
            machine.busy_until, machine.last = until, step
            self._machine_run(worker, machine, step, spans)
        elif step.center == "EMB" and self.chance.random() < 0.12:
            self.say(
                worker.device, until - 40 * SECOND, "machine.reported", by=worker.who.key, provenance="declared",
                machine="M14", duration_ms=self.about(8, 25), **step.place,
            )  # fmt: skip
        if pieces:
            good = self._report(worker, step, pieces, until)
            worker.after.append(lambda: self._pass_on(step, pieces, good))
        return until

    def _machine_run(self, worker: _Worker, machine: _Machine, step: _Step, spans: list[tuple[int, int]]) -> None:
        if step.center == "CNC":  # runs on while its operator has a break
            self.machine(worker, machine.code, "run", (spans[0][0], spans[-1][1]), step)
        elif step.center == "PONC":
            spent = sum(end - start for start, end in spans)
            self.say(
                worker.device, spans[-1][1] - 25 * SECOND, "machine.reported", by=worker.who.key,
                provenance="declared", machine=machine.code, duration_ms=spent // (5 * MINUTE) * 5 * MINUTE or spent,
                **step.place,
            )  # fmt: skip
        else:
            for span in spans:
                self.machine(worker, machine.code, "run", span, step)

    def _report(self, worker: _Worker, step: _Step, pieces: int, until: int) -> int:
        """Good pieces and defects of a spell of work; returns how many are good."""
        risk, reasons = DEFECTS[step.center]
        if step.job.drift > 1.2:
            risk *= 2.5
        bad = sum(self.chance.random() < risk for _ in range(pieces))
        good = pieces - bad
        by = worker.who.key
        if good:
            self.say(
                worker.device, until - self.chance.randint(8, 30) * SECOND, "output.reported", by=by,
                quantity=str(good), **step.place,
            )  # fmt: skip
        while bad:
            share = self.chance.randint(1, bad)
            bad -= share
            disposition = self.chance.choices(("scrap", "rework", "hold"), (6, 3, 1))[0]
            cause = number(self.chance.randrange(step.index)) if step.index and self.chance.random() < 0.4 else None
            self.say(
                worker.device, until - self.chance.randint(31, 90) * SECOND, "defect.reported", by=by,
                quantity=str(share), disposition=disposition, caused_at=cause, reason=self.chance.choice(reasons),
                note=self.chance.choice(NOTES) if self.chance.random() < 0.25 else "", **step.place,
            )  # fmt: skip
            if disposition == "rework":
                step.rework += share
        return good

    def _pass_on(self, step: _Step, taken: int, good: int) -> None:
        step.claimed -= taken
        step.passed += good
        following = self.steps[step.order][step.index + 1 :]
        if following:
            following[0].waiting += good

    def _rework(self, worker: _Worker, step: _Step, at: int) -> int:
        """Make pieces good again."""
        pieces = step.rework
        spans = worker.spans(at, min(int(pieces * step.run * self.chance.uniform(0.6, 1.4)) + 5 * MINUTE, worker.left(at)))
        for span in spans:
            self.labor(worker, "rework", span, **step.place)
        until = spans[-1][1]
        self.say(
            worker.device, until - 12 * SECOND, "output.reported", by=worker.who.key, quantity=str(pieces), **step.place
        )
        step.rework = 0
        step.claimed += pieces
        worker.after.append(lambda: self._pass_on(step, pieces, pieces))
        return until

    # material

    def _draw(self, worker: _Worker, step: _Step, pieces: int, at: int) -> None:
        """Take what the pieces need beyond what is left of the last sheet, box or tin; the rest of an order goes back."""
        for need in step.needs:
            base = ITEMS[need.item][1]
            parcel = convert(need.parcel, need.drawn, base, _factors(need.item))
            assert parcel is not None, "the demo draws material in units it can convert"
            usage = Decimal(str(round(1 + 0.09 * (step.job.drift - 0.85), 4)))
            wanted = pieces * need.quantity * usage
            left = step.drawn.get(need.item, Decimal(0))
            if left < wanted:
                count = ((wanted - left) / parcel).to_integral_value(ROUND_CEILING)
                self.say(
                    worker.device, at, "material.consumed", by=worker.who.key, item=need.item,
                    quantity=plain(count * need.parcel), unit=need.drawn, **step.place,
                )  # fmt: skip
                at += self.chance.randint(15, 60) * SECOND
                left += count * parcel
            left -= wanted
            step.drawn[need.item] = left
            rest = ((left / parcel) * 4).to_integral_value(ROUND_FLOOR) / 4 * need.parcel
            is_last = not step.waiting and self._is_rest(step)
            if is_last and rest and need.item in RETURNED and self.chance.random() < 0.7:
                self.say(
                    worker.device, at + 20 * MINUTE, "material.returned", by=worker.who.key, item=need.item,
                    quantity=plain(rest), unit=need.drawn, **step.place,
                )  # fmt: skip

    def _receive_material(self) -> None:
        """Opening stock from the ERP on the first morning; deliveries on some days, at slightly other prices.

        Varnish runs short before it is delivered; walnut stain never comes.
        """
        total: dict[str, Decimal] = defaultdict(Decimal)
        for job in self.plant.jobs:
            for need in job.product.needs if job.product else ():
                total[need.item] += need.quantity * job.quantity
        opened = self.shifts(0)[0][0] - 25 * MINUTE
        row = 0
        for item, quantity in sorted(total.items()):
            part = Decimal("0.24") if item == "VER-MAT" else Decimal("0.55")
            row += 1
            self._receive(ERP, opened, item, quantity * part, Decimal(1), opening=True, row=row)
        for item, quantity in sorted(total.items()):
            days = (5, 8) if item == "VER-MAT" else sorted(self.chance.sample(range(1, 9), 2))
            for count, index in enumerate(days):
                at = self.shifts(index)[0][0] + self.about(90, 400)
                price = Decimal(str(round(self.chance.uniform(0.97, 1.05), 3)))
                self._receive(STORE_TABLET, at, item, quantity * (Decimal("0.4"), Decimal("0.3"))[count], price)

    def _receive(
        self, sender: str, at: int, item: str, quantity: Decimal, price: Decimal, opening: bool = False, row: int = 0
    ) -> Fact:
        base, paid, units = ITEMS[item][1], Decimal(ITEMS[item][4]), _factors(item)
        unit, factor = next(iter(units.items()), (base, Decimal(1)))
        step = Decimal("0.1") if base == "m3" else Decimal(1)
        count = max(step, (quantity / factor / step).to_integral_value(ROUND_CEILING) * step)
        keeper = self.plant.storekeepers[0].key
        return self.say(
            sender, at, "material.received", by=None if sender == ERP else keeper,
            provenance="declared" if opening else "measured", item=item, quantity=plain(count), unit=unit,
            unit_cost=plain((paid * factor * price).quantize(Decimal("0.0001"))), opening=opening or None,
            source="stock-initial.csv" if opening else None, source_row=str(row) if row else None,
        )  # fmt: skip

    # machines

    def _plan_downtime(self) -> None:
        """When machines stand still; one machining center does at this moment."""
        last = len(self.plant.days) - 1
        lead = self.plant.leads[0]
        for code in sorted(self.machines):
            for index in range(last):
                if self.chance.random() > 0.09:
                    continue
                (start, _), (_, end) = self.shifts(index)
                begin = start + int((end - start) * self.chance.uniform(0.1, 0.85))
                span = begin, begin + self.about(12, 95)
                self.machines[code].down.append(span)
                reason = self.chance.choice(("PANNE", "OUTIL", "OUTIL", "REGLAGE", "MATIERE", "NETTOYAGE"))
                sender, by = (GATEWAY, None) if MACHINES[code][1] == "CNC" else (_device(lead), lead.key)
                down = self.say(sender, span[0], "downtime.started", by=by, machine=code, reason=reason)
                self.say(sender, span[1], "downtime.stopped", by=by, machine=code, start_id=down.id)
        begin = self.now - 38 * MINUTE
        self.machines["M07"].down.append((begin, self.now + 6 * HOUR))
        self.say(GATEWAY, begin, "downtime.started", machine="M07", reason="PANNE")

    def finished(self) -> tuple[str, ...]:
        """Orders without a piece left to work on since before the last day."""
        today = self.shifts(len(self.plant.days) - 1)[0][0]
        recent = {fact.event["order"] for fact in self.facts if "order" in fact.event and fact.at > today}
        return tuple(
            code
            for code, steps in self.steps.items()
            if steps[-1].passed
            and code not in recent
            and not any(step.waiting or step.claimed or step.rework for step in steps)
        )


def _steps(job: Job) -> list[_Step]:
    assert job.product is not None
    return [
        _Step(job, index, center, setup * MINUTE, int(run * MINUTE))
        for index, (_, center, setup, run) in enumerate(job.product.steps)
    ]


def _device(who: Persona) -> str:
    """The phone or tablet somebody clocks on."""
    if who.phone:
        return who.phone
    if who.rate_group == "MAG":
        return STORE_TABLET
    return OWN_TABLETS.get(who.skills[0] if who.skills else "", TABLETS[who.department])


def _factors(item: str) -> dict[str, Decimal]:
    return {unit: Decimal(factor) for unit, factor in ITEMS[item][5].items()}


# --- what goes wrong ---------------------------------------------------------------------------------------------


class _Incidents:
    """Slips, mistakes and bad luck, laid over a plant that works. Each method is one story."""

    def __init__(self, floor: _Floor) -> None:
        self.floor, self.chance, self.plant = floor, floor.chance, floor.plant
        self.last = len(floor.plant.days) - 1
        self.lead = floor.plant.leads[0]
        self.phone = _device(self.lead)

    def all(self) -> None:
        """Every story."""
        self.slips_taken_back()
        self.typing_mistakes()
        self.reported_twice()
        self.void_taken_back()
        self.forgotten_clock_outs()
        self.wrong_order_all_along()
        self.told_afterwards()
        self.stops_and_starts_that_do_not_fit()
        self.things_not_known_here()
        self.material_troubles()
        self.corrections_without_their_facts()
        self.orders_without_cost()

    def some(self, type: str, count: int, *, until_day: int | None = None, **fields: Any) -> list[Fact]:
        """Chance facts of a type, in order of time, of the first days only where asked."""
        end = self.floor.now if until_day is None else self.floor.shifts(until_day)[0][0]
        found = [
            fact
            for fact in self.floor.facts
            if fact.type == type and fact.at < end - HOUR and fact.told_at is None
            and all(fact.event.get(name) == value for name, value in fields.items())
        ]  # fmt: skip
        return sorted(self.chance.sample(sorted(found, key=lambda fact: (fact.at, fact.id)), count), key=lambda f: f.at)

    def void(self, sender: str, at: int, target: str, reason: str, by: str | None) -> Fact:
        return self.floor.say(sender, at, "event.voided", by=by, target_id=target, reason=reason)

    def slips_taken_back(self) -> None:
        """The wrong operation tapped and undone within ten seconds, then the right one."""
        for start in self.some("labor.started", 14, activity="run"):
            person = start.event["person"]
            wrong = self.floor.say(
                start.sender, start.at - 14 * SECOND, "labor.started", by=person, person=person, activity="setup",
                order=start.event["order"], operation=start.event.get("operation"),
            )  # fmt: skip
            self.void(start.sender, start.at - 7 * SECOND, wrong.id, "UNDO", person)

    def typing_mistakes(self) -> None:
        """A number typed ten times too large, replaced some minutes later by the one meant."""
        for fact in self.some("output.reported", 6):
            right = fact.event["quantity"]
            fact.event["quantity"] = str(int(right) * 10)
            self._replace(fact, fact.at + self.floor.about(2, 25), quantity=right)
        (drawn,) = self.some("material.consumed", 1, unit="panneau", until_day=self.last - 1)
        right = drawn.event["quantity"]
        drawn.event["quantity"] = str(int(right) * 10)
        self._replace(drawn, drawn.at + 20 * HOUR, by=self.lead, quantity=right)

    def _replace(self, fact: Fact, at: int, by: Persona | None = None, **fields: Any) -> None:
        sender = _device(by) if by else fact.sender
        who = by.key if by else fact.event.get("declared_by")
        meant = {name: value for name, value in fact.event.items() if name not in ("id", "type", "version", "provenance")}
        meant |= fields
        meant.pop("declared_by", None)
        right = self.floor.say(sender, at, fact.type, by=who, told_at=fact.at, **meant)
        self.floor.say(
            sender, at + 1, "event.replaced", by=who, target_id=fact.id, replacement_id=right.id, reason="SAISIE"
        )

    def reported_twice(self) -> None:
        """Scrap that two people report, and the lead takes one back; a lead's declared time entered twice, left so."""
        for fact in self.some("defect.reported", 2, disposition="scrap"):
            fields = {n: v for n, v in fact.event.items() if n not in ("id", "type", "version", "provenance")}
            fields.pop("declared_by")
            again = self.floor.say(
                fact.sender, fact.at + self.floor.about(8, 30), "defect.reported", by=self._colleague(fact), **fields
            )
            self.void(self.phone, again.at + 40 * MINUTE, again.id, "DOUBLE", self.lead.key)
        at = self.floor.shifts(6)[0][0] + 5 * HOUR
        step = self._busy_step("MONT", 6)
        for delay in (0, 4 * MINUTE):
            self._declare("Lucie Ferrand", at + 3 * HOUR + delay, step, at - 50 * MINUTE, at)

    def _colleague(self, fact: Fact) -> str:
        others = [p.key for p in self.plant.people if p.skills and p.key != fact.event.get("declared_by")]
        return self.chance.choice(others)

    def _busy_step(self, center: str, index: int) -> _Step:
        """A step of a work center on which somebody worked by that day."""
        until = self.floor.shifts(index)[1][1]
        places = {
            (f.event["order"], f.event.get("operation"))
            for f in self.floor.facts
            if f.type == "output.reported" and f.at < until
        }
        steps = [s for s in self.floor.by_center[center] if (s.order, s.number) in places]
        return self.chance.choice(steps)

    def _person(self, name: str) -> Persona:
        return next(person for person in self.plant.people if person.name == name)

    def _shift_start(self, who: Persona, index: int) -> int:
        """When somebody's shift begins on a day."""
        return self.floor.shifts(index)[self.floor.crew_of(who, index)][0]

    def _declare(self, name: str, at: int, step: _Step, start: int | None, end: int | None, **fields: Any) -> Fact:
        told = {"started_at": self._wire(start), "ended_at": self._wire(end)} if start and end else {}
        return self.floor.say(
            self.phone, at, "labor.declared", by=self.lead.key, provenance="declared", person=self._person(name).key,
            activity=fields.pop("activity", "run"), **told, **fields, **step.place,
        )  # fmt: skip

    def _wire(self, instant: int | None) -> str | None:
        return None if instant is None else _wire_instant(instant, self.floor.zone)

    def void_taken_back(self) -> None:
        """A fact voided by mistake and brought back by voiding the void."""
        (fact,) = self.some("output.reported", 1, until_day=self.last)
        mistake = self.void(self.phone, fact.at + 30 * MINUTE, fact.id, "DOUBLE", self.lead.key)
        self.void(self.phone, fact.at + 55 * MINUTE, mistake.id, "SAISIE", self.lead.key)

    def forgotten_clock_outs(self) -> None:
        """Three people went home without clocking out: one told the next morning and was mended by the lead, one
        clocked out the next morning and nobody looked yet, one is still clocked in since yesterday."""
        mended, stop = self._forget(3)
        late = self._clock_out_next_morning(mended, stop, 3)
        self.floor.say(
            self.phone, late.at + 70 * MINUTE, "labor.stopped", by=self.lead.key, told_at=stop.at,
            person=mended.who.key, **_place(stop), start_id=stop.event["start_id"],
        )  # fmt: skip
        self.floor.say(
            self.phone, late.at + 70 * MINUTE + 1, "event.replaced", by=self.lead.key, target_id=late.id,
            replacement_id=self.floor.facts[-1].id, reason="OUBLI",
        )  # fmt: skip
        untouched, stop = self._forget(self.last - 2)
        self._clock_out_next_morning(untouched, stop, self.last - 2)
        self._forget(self.last - 1)

    def _forget(self, index: int) -> tuple[_Worker, Fact]:
        """Somebody's last stop of a day on an order that never was captured."""
        (_, early_end), (_, late_end) = self.floor.shifts(index)
        workers = [
            (worker, stop)
            for (day, _), worker in self.floor.present.items()
            if day == index and worker.who.skills and worker.who.rate_group != "INT" and not worker.who.phone
            for stop in [self._last_run(worker)]
            if stop and stop.at > worker.end - 40 * MINUTE
        ]
        worker, stop = self.chance.choice(sorted(workers, key=lambda pair: pair[0].who.key))
        cleaning = worker.last_stop
        assert cleaning is not None
        gone = {stop.id}
        if cleaning is not stop:
            gone |= {cleaning.id, cleaning.event["start_id"]}
        self.floor.facts = [fact for fact in self.floor.facts if fact.id not in gone]
        return worker, stop

    def _last_run(self, worker: _Worker) -> Fact | None:
        mine = [
            fact
            for fact in self.floor.facts
            if fact.type == "labor.stopped" and fact.event["person"] == worker.who.key and fact.event.get("order")
            and worker.start <= fact.at <= worker.end
        ]  # fmt: skip
        return max(mine, key=lambda fact: fact.at, default=None)

    def _clock_out_next_morning(self, worker: _Worker, stop: Fact, index: int) -> Fact:
        person = worker.who.key
        at = max(self.floor.shifts(index + 1)[0][0] + 4 * MINUTE, stop.at + 13 * HOUR)
        return self.floor.say(
            worker.device, at, "labor.stopped", by=person, person=person, start_id=stop.event["start_id"], **_place(stop)
        )

    def wrong_order_all_along(self) -> None:
        """An hour on the wrong order: the lead voids start and stop and declares the time where it belongs."""
        step = self._busy_step("CORR", 5)
        (start,) = self.some("labor.started", 1, until_day=self.last - 1, activity="run", **step.place)
        stop = next(fact for fact in self.floor.facts if fact.event.get("start_id") == start.id)
        at = stop.at + 26 * HOUR
        self.void(self.phone, at, start.id, "ORDRE", self.lead.key)
        self.void(self.phone, at + 1, stop.id, "ORDRE", self.lead.key)
        name = next(person.name for person in self.plant.people if person.key == stop.event["person"])
        self._declare(name, at + 2 * MINUTE, self._busy_step("CORR", 7), start.at, stop.at)

    def told_afterwards(self) -> None:
        """Time the lead enters for others: from-until, as a duration, as an estimate, and once nobody knows it."""
        for index, name, center in ((2, "Jeanne Roussel", "CORR"), (4, "Fatou Ndiaye", "PONC"), (7, "Loïc Perrin", "SCIE")):
            until = self.floor.shifts(index)[1][1]
            step = self._busy_step(center, index)
            self._declare(name, until + 20 * MINUTE, step, None, None, duration_ms=self.chance.randint(4, 11) * 10 * MINUTE)
        until = self.floor.shifts(5)[1][1]
        self._declare("Noémie Caron", until, self._busy_step("MONT", 5), None, None)
        worked = self._declare(
            "Grégoire Aubry", until + MINUTE, self._busy_step("PRES", 5), None, None, duration_ms=45 * MINUTE, activity="rework"
        )
        worked.event["provenance"] = "estimated"

    def stops_and_starts_that_do_not_fit(self) -> None:
        """A stop without a start, an end before its beginning, a stop sent twice."""
        person = self._person("Rachida Ouali")
        step = self._busy_step("EMB", 4)
        at = self._shift_start(person, 4) + 40 * MINUTE
        self.floor.say(_device(person), at, "labor.stopped", by=person.key, person=person.key, **step.place)
        other = self._person("Denis Charpentier")
        at = self._shift_start(other, 6) + 3 * HOUR
        start = self.floor.say(
            _device(other), at, "labor.started", by=other.key, person=other.key, activity="indirect", indirect_code="MANUT"
        )
        self.floor.say(
            self.phone, at + 3 * MINUTE, "labor.stopped", by=self.lead.key, told_at=at - 6 * MINUTE, person=other.key,
            start_id=start.id,
        )  # fmt: skip
        for stop in self.some("labor.stopped", 3):
            again = {name: stop.event[name] for name in ("person", "start_id", "order", "operation") if name in stop.event}
            self.floor.say(self.phone, stop.at + 6 * MINUTE, "labor.stopped", by=self.lead.key, **again)

    def things_not_known_here(self) -> None:
        """An order the ERP has not sent yet, an operation that is not in the routing, a badge nobody knows."""
        person = self._person("Yanis Haddad")
        for index in (self.last - 2, self.last - 1):
            start = self._shift_start(person, index) + 2 * HOUR
            begun = self.floor.say(
                _device(person), start, "labor.started", by=person.key, person=person.key, activity="run",
                order="OF-1071", operation="10",
            )  # fmt: skip
            self.floor.say(
                _device(person), start + 50 * MINUTE, "labor.stopped", by=person.key, person=person.key,
                start_id=begun.id, order="OF-1071", operation="10",
            )  # fmt: skip
            self.floor.say(
                _device(person), start + 49 * MINUTE, "output.reported", by=person.key, order="OF-1071", operation="10",
                quantity="6",
            )  # fmt: skip
        step = self._busy_step("VERN", 6)
        painter = self._person("Chloé Fontaine")
        self.floor.say(
            _device(painter), self.floor.shifts(6)[1][0] + 2 * HOUR, "output.reported", by=painter.key,
            order=step.order, operation="95", quantity="4",
        )  # fmt: skip
        badge = from_number(self.chance.getrandbits(28))
        start = self.floor.shifts(self.last - 1)[0][0] + 3 * HOUR
        step = self._busy_step("EMB", self.last - 1)
        begun = self.floor.say(
            TABLETS["LOG"], start, "labor.started", by=badge, person=badge, activity="run", **step.place
        )
        self.floor.say(
            TABLETS["LOG"], start + 75 * MINUTE, "labor.stopped", by=badge, person=badge, start_id=begun.id, **step.place
        )

    def material_troubles(self) -> None:
        """A unit nobody can convert, an item nobody knows, one that was never received."""
        day = self.floor.shifts(self.last - 3)[0][0]
        fitter = self._person("Noémie Caron")
        step = self._busy_step("MONT", self.last - 3)
        for delay, item, quantity, unit in ((150, "POI-INOX", "2", "boîte"), (210, "COLLE-NEO", "1", "pcs")):
            self.floor.say(
                _device(fitter), day + delay * MINUTE, "material.consumed", by=fitter.key, item=item, quantity=quantity,
                unit=unit, **step.place,
            )  # fmt: skip
        painter = self._person("Mehdi Brahimi")
        step = self._busy_step("VERN", self.last - 2)
        self.floor.say(
            _device(painter), day + 25 * HOUR, "material.consumed", by=painter.key, item="TEI-NOYER", quantity="1.5",
            unit="l", **step.place,
        )  # fmt: skip
        opening = next(f for f in self.floor.facts if f.event.get("item") == "CARTON-E" and f.event.get("opening"))
        again = {n: v for n, v in opening.event.items() if n not in ("id", "type", "version", "provenance")}
        self.floor.say(ERP, opening.at, opening.type, provenance="declared", **(again | {"source_repeat": 1}))

    def corrections_without_their_facts(self) -> None:
        """Corrections whose other half still lies on a phone that has not sent."""
        at = self.floor.now - 3 * HOUR
        self.void(self.phone, at, self.floor.uuid(), "SAISIE", self.lead.key)
        (held,) = self.some("labor.started", 1, activity="indirect", indirect_code="ATT")
        self.floor.say(
            self.phone, at + MINUTE, "event.replaced", by=self.lead.key, target_id=held.id,
            replacement_id=self.floor.uuid(), reason="SAISIE",
        )  # fmt: skip

    def orders_without_cost(self) -> None:
        """Scrap found on an order that bears no cost yet."""
        waiting = [job for job in self.plant.jobs if job.product and job.release > self.last + 1]
        by = self._person("Amina Belkacem")
        self.floor.say(
            _device(by), self.floor.shifts(self.last - 1)[0][0] + 80 * MINUTE, "defect.reported", by=by.key,
            order=waiting[0].code, operation="10", quantity="1", disposition="scrap", reason="CHOC",
            note="Panneau tombé du chariot avant le débit.",
        )  # fmt: skip


def _place(fact: Fact) -> dict[str, str]:
    return {name: fact.event[name] for name in ("order", "operation") if name in fact.event}


# --- how it travels ----------------------------------------------------------------------------------------------

TOGETHER = 90 * SECOND
LARGEST = 200
SALT = 16
SLOW_TABLET = "Tablette Chants"
SLOW_BY = 7 * MINUTE + 20 * SECOND
OFFLINE_PHONE = "Téléphone Hugo"


def _wire_instant(instant: int, zone: ZoneInfo) -> str:
    """RFC 3339 with the offset of the place, as a phone writes it."""
    return local(instant, zone).isoformat(timespec="milliseconds")


def _put_in_envelopes(floor: _Floor, facts: list[Fact]) -> None:
    """Give each fact what its sender adds: its number, its clocks, the digest of its note."""
    chance = floor.chance
    slow_from, slow_until = floor.shifts(6)[1][0], floor.shifts(6)[1][0] + 4 * HOUR
    numbers: dict[str, int] = defaultdict(int)
    boots: dict[tuple[str, date], tuple[str, int]] = {}
    for fact in facts:
        event, shown = fact.event, fact.at
        if fact.sender not in PROGRAMS:
            slow = fact.sender == SLOW_TABLET and slow_from <= fact.at < slow_until
            offset = SLOW_BY if slow else chance.randint(-900, 900)
            shown -= SLOW_BY if slow else 0
            numbers[fact.sender] += 1
            event["device_seq"] = numbers[fact.sender]
            event["clock_offset_ms"] = offset
            if fact.told_at is None:
                day = local(fact.at, floor.zone).date()
                if (fact.sender, day) not in boots:
                    boots[fact.sender, day] = floor.uuid(), fact.at - chance.randint(1, 20) * MINUTE
                event["boot_id"], since = boots[fact.sender, day]
                event["monotonic_ms"] = fact.at - since
        event["occurred_at"] = _wire_instant(shown if fact.told_at is None else fact.told_at, floor.zone)
        if fact.note:
            salt = f"{chance.getrandbits(64):016x}"
            event["note_digest"] = hashlib.sha256((salt + fact.note).encode()).hexdigest()
            fact.note = salt + fact.note


def _deliveries(floor: _Floor, facts: Iterable[Fact]) -> Iterator[Delivery]:
    """Facts as they arrive: what a sender captures within some minutes goes together; a phone without network sends two
    days later; one answer is lost, so its batch comes again."""
    offline = floor.shifts(4)[0][0] + 3 * HOUR, floor.shifts(6)[0][0] + 50 * MINUTE

    def leaves_at(fact: Fact) -> int:
        if fact.sender == OFFLINE_PHONE and offline[0] <= fact.at < offline[1]:
            return offline[1]
        return fact.at

    by_sender: dict[str, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_sender[fact.sender].append(fact)
    sent = []
    for sender, own in sorted(by_sender.items()):
        bursts: list[list[Fact]] = []
        for fact in own:
            if bursts and leaves_at(fact) - leaves_at(bursts[-1][0]) <= TOGETHER and len(bursts[-1]) < LARGEST:
                bursts[-1].append(fact)
            else:
                bursts.append([fact])
        sent += [_delivery(sender, burst, min(leaves_at(burst[-1]) + 2 * SECOND, floor.now)) for burst in bursts]
    again = floor.chance.choice([delivery for delivery in sent if delivery.sender == OWN_TABLETS["VERN"]])
    yield from sent
    yield Delivery(again.sender, min(again.sent_at + 35 * SECOND, floor.now), again.events, again.notes)
    yield from _strays(floor, sent)


def _delivery(sender: str, burst: list[Fact], sent_at: int) -> Delivery:
    notes = {
        fact.id: {"salt": fact.note[:SALT], "text": fact.note[SALT:]} for fact in burst if fact.note
    }
    return Delivery(sender, sent_at, [fact.event for fact in burst], notes)


def _strays(floor: _Floor, sent: list[Delivery]) -> Iterator[Delivery]:
    """What the machines' gateway sends after an update of its own: a type of fact nobody knows here (rejected), and a
    fact it had sent before, with another machine under the same id (a conflict)."""
    at = floor.shifts(len(floor.plant.days) - 2)[0][0] + 4 * HOUR
    runs = (event for d in sent if d.sender == GATEWAY for event in d.events if event["type"] == "machine.started")
    unknown = {
        "id": floor.uuid(), "type": "machine.energy", "version": 1, "occurred_at": _wire_instant(at, floor.zone),
        "provenance": "measured", "machine": "M06", "energy_kwh": "18.4",
    }  # fmt: skip
    first = next(runs)
    other = {**first, "machine": "M07" if first["machine"] == "M06" else "M06"}
    yield Delivery(GATEWAY, at + 2 * SECOND, [unknown, other])
