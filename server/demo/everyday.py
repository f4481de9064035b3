"""What else two weeks bring besides work: shifts and breaks, calls for help, inspections, material on its way, another
material, an operation nobody planned, orders said to be done, a lead's yes and no. Each method is one story."""

from typing import Any

from server.demo.chronicle import DESK, HOUR, MINUTE, SECOND, STORE_TABLET, TABLETS, Fact, device_of
from server.demo.floor import BREAK, Step, Worker
from server.demo.picture import scratched_board
from server.demo.plant import LOTS
from server.demo.stories import Stories

SIGNED_BY = "user:lead"


class Everyday(Stories):
    """What people tell as a matter of course."""

    def happen(self) -> None:
        """Every story."""
        self.shifts_and_breaks()
        self.calls_for_help()
        self.inspections()
        self.a_photo()
        self.material_on_its_way()
        self.another_material()
        self.offcuts()
        self.an_operation_nobody_planned()
        self.done_too_early()
        self.orders_done()
        self.a_lead_s_yes_and_no()

    def _workers(self) -> list[tuple[int, Worker]]:
        """(day, worker) of all days, in order."""
        here = self.floor.present
        return [(day, here[day, key]) for day, key in sorted(here)]

    def shifts_and_breaks(self) -> None:
        """Whoever has a phone of their own says when the shift begins and ends, and takes breaks on the clock."""
        for _day, worker in self._workers():
            if not worker.who.phone:
                continue
            told: dict[str, Any] = {"person": worker.key}
            self.chronicle.say(worker.device, worker.start - 50 * SECOND, "shift.started", worker.key, **told)
            rest = self.chronicle.say(
                worker.device, worker.pause, "break.started", worker.key, reason="PAUSE", **told
            )  # fmt: skip
            self.chronicle.say(
                worker.device, worker.pause + BREAK, "break.stopped", worker.key, start_id=rest.id, **told
            )  # fmt: skip
            self.chronicle.say(worker.device, worker.end + 40 * SECOND, "shift.ended", worker.key, **told)

    def calls_for_help(self) -> None:
        """Calls the lead answered, one taken back, and one that waits at this moment."""
        reasons = ("QUALITE", "REGLEUR", "CARISTE", "QUALITE", "CHEF", "CARISTE", "REGLEUR")
        starts = [fact for fact in self.some(60, "labor.started", activity="run") if self._step_of(fact)]
        chosen = sorted(self.chance.sample(starts, len(reasons)), key=lambda fact: fact.at)
        for index, (start, reason) in enumerate(zip(chosen, reasons, strict=True)):
            call = self._call(start, start.at + self.chronicle.about(2, 9), reason)
            if index == 4:
                self.chronicle.void(call.sender, call.at + 20 * SECOND, call.id, "UNDO", call.by)
            else:
                at = call.at + self.chronicle.about(1, 12)
                self.chronicle.say(self.phone, at, "help.answered", self.lead, call_id=call.id)
        now = self.floor.now
        here = [w for day, w in self._workers() if day == self.last and w.start < now - 20 * MINUTE and w.end > now]
        skilled = [worker for worker in here if worker.who.skills and not worker.who.phone]
        if skilled:
            worker = min(skilled, key=lambda one: (one.who.skills[0] != "CNC", one.key))
            self.chronicle.say(
                worker.device, now - 6 * MINUTE - 20 * SECOND, "help.called", worker.key, reason="QUALITE",
                work_center=worker.who.skills[0],
            )  # fmt: skip

    def _call(self, start: Fact, at: int, reason: str) -> Fact:
        step = self._step_of(start)
        assert step is not None, "chosen among those that have one"
        return self.chronicle.say(
            start.sender, at, "help.called", start.by, reason=reason, work_center=step.center, **start.place
        )

    def _step_of(self, fact: Fact) -> Step | None:
        """The step a fact is about; None where it names an order or operation that is not known here."""
        steps = self.floor.steps.get(fact.event.get("order", ""), [])
        return next((step for step in steps if step.place == fact.place), None)

    def inspections(self) -> None:
        """Gloss measured after varnishing, sizes after machining; some fail."""
        looked_at = (("VERN", "Brillance à 60°", "UB", 24, 38), ("CNC", "Écart de la cote A", "mm", -3, 3))
        for center, what, unit, low, high in looked_at:
            places = [step.place for step in self.floor.by_center[center]]
            reports = [fact for fact in self.some(400, "output.reported") if fact.place in places]
            for fact in sorted(self.chance.sample(reports, min(14, len(reports))), key=lambda fact: fact.at):
                measured = self.chance.randint(low * 10, high * 10)
                passed = low * 10 + 6 <= measured <= high * 10 - 6
                self.chronicle.say(
                    fact.sender, fact.at + 40 * SECOND, "inspection.reported", fact.by, characteristic=what, unit=unit,
                    measured=f"{measured / 10:.1f}", quantity="5", result="passed" if passed else "failed",
                    reason="" if passed else "COTE", **fact.place,
                )  # fmt: skip

    def a_photo(self) -> None:
        """A scratch is photographed."""
        for fact in self.some(2, "defect.reported", reason="RAYURE"):
            fact.photo = scratched_board()

    def material_on_its_way(self) -> None:
        """The store brings lots to the edge of the line, and finished goods to the bay."""
        keeper = self.floor.plant.storekeepers[1]
        for index in range(2, self.last):
            at = self.shift(keeper, index, self.chance.uniform(1, 5))
            item = self.chance.choice(sorted(LOTS))
            quantity, unit = {"LAQ-BLANC": ("2", "bidon"), "VER-MAT": ("1", "bidon")}.get(item, ("0.8", "m3"))
            self.chronicle.say(
                STORE_TABLET, at, "material.moved", keeper.key, item=item, lot=self.chance.choice(LOTS[item]),
                quantity=quantity, unit=unit, from_location="MAG-B2",
                to_location="SECHOIR" if unit == "bidon" else "BORD-DEB",
            )  # fmt: skip

    def another_material(self) -> None:
        """White edging runs out, oak edging is taken."""
        for start in self.some(2, "material.consumed", self.last, item="CHA-BLA23"):
            told = start.again(item="CHA-CHE23", quantity="1", unit="rouleau", replaces="CHA-BLA23")
            self.chronicle.say(start.sender, start.at + 3 * MINUTE, "material.substituted", start.by, **told)

    def offcuts(self) -> None:
        """What the saw leaves and the store keeps; it waits for a value."""
        step = self.step("SCIE", 4)
        sawyer = self.person("Loïc Perrin")
        self.chronicle.say(
            device_of(sawyer), self.shift(sawyer, 5, 2), "output.by_product", sawyer.key, item="PAN-MDF19",
            quantity="1.4", unit="m2", **step.place,
        )  # fmt: skip

    def an_operation_nobody_planned(self) -> None:
        """Lacquer is touched up between two operations: the lead adds the operation, somebody works on it."""
        step = self.step("VERN", 5)
        place: dict[str, Any] = {"order": step.job.code, "operation": f"{int(step.place['operation']) + 5}"}
        at = self.shift(self.person("Chloé Fontaine"), 6, 3)
        self.chronicle.say(
            self.phone, at, "operation.added", self.lead, name="Retouche de laque", work_center="VERN", **place
        )
        painter = self.person("Chloé Fontaine")
        start = self.chronicle.start(device_of(painter), at + 4 * MINUTE, painter.key, "rework", **place)
        self.chronicle.stop(start, at + 41 * MINUTE)
        end = at + 41 * MINUTE
        self.chronicle.say(start.sender, end + 15 * SECOND, "output.reported", painter.key, quantity="2", **place)
        self.chronicle.say(start.sender, end + 30 * SECOND, "operation.completed", painter.key, **place)

    def done_too_early(self) -> None:
        """An operation said to be done that was not."""
        for fact in self.some(1, "output.reported", self.last - 1):
            at = fact.at + 20 * SECOND
            self.chronicle.say(fact.sender, at, "operation.completed", fact.by, **fact.place)
            self.chronicle.say(fact.sender, at + 9 * MINUTE, "operation.reopened", fact.by, **fact.place)

    def orders_done(self) -> None:
        """The packers say that an order is complete, the lead closes it; one goes on after all."""
        finished = self.floor.finished()
        for index, code in enumerate(sorted(finished)[:8]):
            last = max(fact.at for fact in self.chronicle.facts if fact.event.get("order") == code)
            packer = self.person("Rachida Ouali")
            at = min(last + self.chronicle.about(5, 40), self.floor.now - MINUTE)
            self.chronicle.say(TABLETS["LOG"], at, "order.completed", packer.key, order=code)
            if index == 3:
                self.chronicle.say(DESK, at + 11 * SECOND, "order.reopened", SIGNED_BY, order=code)
                self.chronicle.say(self.phone, at + 25 * SECOND, "order.completed", self.lead, order=code)
            if index % 2 == 0:
                self.chronicle.say(DESK, at + 35 * SECOND, "order.closed", SIGNED_BY, order=code)

    def a_lead_s_yes_and_no(self) -> None:
        """Time told afterwards that the lead agrees with, and one the lead does not believe."""
        facts = sorted(self.chronicle.facts, key=lambda fact: (fact.at, fact.id))
        told = [fact for fact in facts if fact.type == "labor.declared" and "duration_ms" in fact.event]
        yes, no = told[0], told[1]
        self.chronicle.say(DESK, yes.at + HOUR, "event.approved", SIGNED_BY, target_id=yes.id, reason="OUBLI")
        self.chronicle.say(DESK, no.at + 2 * HOUR, "event.declined", SIGNED_BY, target_id=no.id, reason="DOUBLE")
