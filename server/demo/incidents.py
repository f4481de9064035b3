"""Slips, mistakes and bad luck, laid over a plant that works. Each method is one story."""

from typing import Any

from server.demo.chronicle import ERP, HOUR, MINUTE, SECOND, TABLETS, Fact, device_of
from server.demo.floor import Worker
from server.demo.stories import Stories
from sync.core.codes import from_number


class Incidents(Stories):
    """What goes wrong in two weeks. Everything is told on the lead's phone that people do not mend themselves."""

    def happen(self) -> None:
        """Every story."""
        self.slips_taken_back()
        self.typing_mistakes()
        self.reported_twice()
        self.void_taken_back()
        self.forgotten_clock_outs()
        self.wrong_order_all_along()
        self.told_afterwards()
        self.stops_that_do_not_fit()
        self.things_not_known_here()
        self.material_troubles()
        self.corrections_without_their_facts()
        self.scrap_before_any_cost()

    def slips_taken_back(self) -> None:
        """The wrong activity tapped and undone within ten seconds, then the right one."""
        for start in self.some(14, "labor.started", activity="run"):
            wrong = self.chronicle.start(start.sender, start.at - 14 * SECOND, start.by, "setup", **start.place)
            self.chronicle.void(start.sender, start.at - 7 * SECOND, wrong.id, "UNDO", start.by)

    def typing_mistakes(self) -> None:
        """A number typed ten times too large: replaced some minutes later, and once by the lead the day after."""
        for fact in self.some(6, "output.reported"):
            self._mistype(fact, fact.at + self.chronicle.about(2, 25), fact.sender, fact.by)
        for fact in self.some(1, "material.consumed", self.last - 1, unit="panneau"):
            self._mistype(fact, fact.at + 20 * HOUR, self.phone, self.lead)

    def _mistype(self, fact: Fact, at: int, sender: str, by: str) -> None:
        right = self.chronicle.say(sender, at, fact.type, by, told_at=fact.at, **fact.again())
        fact.event["quantity"] = str(int(fact.event["quantity"]) * 10)
        self.chronicle.replace(sender, at + 1, fact.id, right.id, "SAISIE", by)

    def reported_twice(self) -> None:
        """Scrap that two people report, and the lead takes one back; a time the lead enters twice, not noticed yet."""
        for fact in self.some(2, "defect.reported", disposition="scrap"):
            others = [person.key for person in self.floor.plant.people if person.skills and person.key != fact.by]
            at = fact.at + self.chronicle.about(8, 30)
            twice = self.chronicle.say(fact.sender, at, fact.type, self.chance.choice(others), **fact.again())
            self.chronicle.void(self.phone, at + 40 * MINUTE, twice.id, "DOUBLE", self.lead)
        end = self.shift(self.person("Lucie Ferrand"), 6, 5)
        told = {"started_at": end - 50 * MINUTE, "ended_at": end}
        step = self.step("MONT", 6)
        for minutes in (180, 184):
            self.declare("Lucie Ferrand", end + minutes * MINUTE, step, **told)

    def void_taken_back(self) -> None:
        """A fact voided by mistake and brought back by voiding the void."""
        for fact in self.some(1, "output.reported", self.last):
            mistake = self.chronicle.void(self.phone, fact.at + 30 * MINUTE, fact.id, "DOUBLE", self.lead)
            self.chronicle.void(self.phone, fact.at + 55 * MINUTE, mistake.id, "SAISIE", self.lead)

    def forgotten_clock_outs(self) -> None:
        """Three people went home without clocking out: one told the next morning and was mended by the lead, one
        clocked out the next morning and nobody looked yet, one is still clocked in since yesterday."""
        start, meant, late = self._clock_out_next_morning(3)
        right = self.chronicle.stop(start, late.at + 70 * MINUTE, sender=self.phone, by=self.lead, told_at=meant)
        self.chronicle.replace(self.phone, right.at + 1, late.id, right.id, "OUBLI", self.lead)
        self._clock_out_next_morning(self.last - 2)
        self._forget(self.last - 1)

    def _clock_out_next_morning(self, index: int) -> tuple[Fact, int, Fact]:
        """The start, when it should have ended, and the stop that came the next morning."""
        start, meant = self._forget(index)
        at = max(self.floor.shifts(index + 1)[0][0] + 4 * MINUTE, meant + 13 * HOUR)
        return start, meant, self.chronicle.stop(start, at)

    def _forget(self, index: int) -> tuple[Fact, int]:
        """A last stop of a day on an order that never was captured, nor the cleaning after it."""
        workers = [
            (worker, stop)
            for (day, _), worker in self.floor.present.items()
            if day == index and worker.who.rate_group != "INT" and worker.who.skills and not worker.who.phone
            for stop in [self._last_on_order(worker)]
            if stop and stop.at > worker.end - 40 * MINUTE
        ]  # fmt: skip
        worker, stop = self.chance.choice(sorted(workers, key=lambda pair: pair[0].key))
        gone = {stop.id}
        if worker.last_stop and worker.last_stop is not stop:
            gone |= {worker.last_stop.id, worker.last_stop.event["start_id"]}
        start = next(fact for fact in self.chronicle.facts if fact.id == stop.event["start_id"])
        self.chronicle.facts = [fact for fact in self.chronicle.facts if fact.id not in gone]
        return start, stop.at

    def _last_on_order(self, worker: Worker) -> Fact | None:
        mine = [
            fact
            for fact in self.chronicle.facts
            if fact.type == "labor.stopped" and fact.event["person"] == worker.key and fact.place
            and worker.start <= fact.at <= worker.end
        ]  # fmt: skip
        return max(mine, key=lambda fact: fact.at, default=None)

    def wrong_order_all_along(self) -> None:
        """Hours on the wrong order: the day after, the lead voids the start and declares the time elsewhere."""
        for start in self.some(1, "labor.started", self.last - 1, activity="run", **self.step("CORR", 5).place):
            stop = next(fact for fact in self.chronicle.facts if fact.event.get("start_id") == start.id)
            at = stop.at + 20 * HOUR
            self.chronicle.void(self.phone, at, start.id, "ORDRE", self.lead)
            name = next(person.name for person in self.floor.plant.people if person.key == start.by)
            self.declare(name, at + MINUTE, self.step("CORR", 7), started_at=start.at, ended_at=stop.at)

    def told_afterwards(self) -> None:
        """Time the lead enters for others: as a duration, as an estimate, and once nobody knows how long it took."""
        told = ((2, "Jeanne Roussel", "CORR", 70), (4, "Fatou Ndiaye", "PONC", 45), (7, "Loïc Perrin", "SCIE", 110))
        for index, name, center, minutes in told:
            at = self.floor.shifts(index)[1][1] + 20 * MINUTE
            self.declare(name, at, self.step(center, index), duration_ms=minutes * MINUTE)
        at = self.floor.shifts(5)[1][1]
        self.declare("Noémie Caron", at, self.step("MONT", 5))
        self.declare(
            "Grégoire Aubry", at + MINUTE, self.step("PRES", 5), provenance="estimated", activity="rework",
            duration_ms=45 * MINUTE,
        )  # fmt: skip

    def stops_that_do_not_fit(self) -> None:
        """A stop without a start, an end before its beginning, work that was stopped already."""
        packer = self.person("Rachida Ouali")
        at = self.shift(packer, 4, 0.7)
        self.chronicle.say(
            device_of(packer), at, "labor.stopped", packer.key, person=packer.key, **self.step("EMB", 4).place
        )
        other = self.person("Denis Charpentier")
        at = self.shift(other, 6, 3)
        start = self.chronicle.start(device_of(other), at, other.key, "indirect", indirect_code="MANUT")
        self.chronicle.stop(start, at + 3 * MINUTE, sender=self.phone, by=self.lead, told_at=at - 6 * MINUTE)
        for stop in self.some(3, "labor.stopped"):
            self.chronicle.say(self.phone, stop.at + 6 * MINUTE, stop.type, self.lead, **stop.again())

    def things_not_known_here(self) -> None:
        """An order the ERP has not sent yet, an operation that is not in the routing, a badge nobody knows, a machine
        nobody has entered."""
        planer = self.person("Yanis Haddad")
        unknown: dict[str, Any] = {"order": "OF-1071", "operation": "10"}
        for index in (self.last - 2, self.last - 1):
            at = self.shift(planer, index, 2)
            start = self.chronicle.start(device_of(planer), at, planer.key, "run", **unknown)
            self.chronicle.say(
                start.sender, at + 49 * MINUTE, "output.reported", planer.key, quantity="6", **unknown
            )  # fmt: skip
            self.chronicle.stop(start, at + 50 * MINUTE)
        painter = self.person("Chloé Fontaine")
        place = self.step("VERN", 6).place | {"operation": "95"}
        self.chronicle.say(
            device_of(painter), self.shift(painter, 6, 2), "output.reported", painter.key, quantity="4", **place
        )
        packer = self.person("Rachida Ouali")
        for index in (self.last - 2, self.last - 1):
            self.chronicle.say(
                device_of(packer), self.shift(packer, index, 4), "machine.reported", packer.key, provenance="declared",
                machine="M14", duration_ms=35 * MINUTE, **self.step("EMB", index).place,
            )  # fmt: skip
        badge = from_number(self.chance.getrandbits(28))
        at = self.floor.shifts(self.last - 1)[0][0] + 3 * HOUR
        start = self.chronicle.start(TABLETS["LOG"], at, badge, "run", **self.step("EMB", self.last - 1).place)
        self.chronicle.stop(start, at + 75 * MINUTE)

    def material_troubles(self) -> None:
        """A unit nobody can convert, an item nobody knows, one that was never received; a row of the opening stock that
        the ERP's file held twice."""
        draws = (
            ("Noémie Caron", "MONT", 3, "POI-INOX", "2", "boîte"),
            ("Noémie Caron", "MONT", 3, "COLLE-NEO", "1", "pcs"),
            ("Mehdi Brahimi", "VERN", 2, "TEI-NOYER", "1.5", "l"),
        )
        for hours, (name, center, days, item, quantity, unit) in enumerate(draws, 2):
            who = self.person(name)
            self.chronicle.say(
                device_of(who), self.shift(who, self.last - days, hours), "material.consumed", who.key, item=item,
                quantity=quantity, unit=unit, **self.step(center, self.last - days).place,
            )  # fmt: skip
        row = next(fact for fact in self.chronicle.facts if fact.sender == ERP and fact.event["item"] == "CARTON-E")
        self.chronicle.say(ERP, row.at, row.type, provenance="declared", **row.again(source_repeat=1))

    def corrections_without_their_facts(self) -> None:
        """Corrections whose other half still lies on a device that has not sent."""
        at = self.floor.now - 2 * HOUR
        self.chronicle.void(self.phone, at, self.chronicle.uuid(), "SAISIE", self.lead)
        for fact in self.some(1, "machine.reported", self.last, machine="M10"):
            self.chronicle.replace(self.phone, at + MINUTE, fact.id, self.chronicle.uuid(), "SAISIE", self.lead)

    def scrap_before_any_cost(self) -> None:
        """A panel dropped before anybody worked on its order."""
        waiting = next(job for job in self.floor.plant.jobs if job.product and job.release > self.last + 1)
        by = self.person("Amina Belkacem")
        self.chronicle.say(
            device_of(by), self.shift(by, self.last - 1, 1.3), "defect.reported", by.key, order=waiting.code,
            operation="10", quantity="1", disposition="scrap", reason="CHOC",
            note="Panneau tombé du chariot avant le débit.",
        )  # fmt: skip
