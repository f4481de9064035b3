"""What a story of the demo needs: people, places and facts of a plant that has worked for two weeks."""

from typing import Any

from server.demo.chronicle import HOUR, Fact, device_of
from server.demo.floor import Floor, Step
from server.demo.plant import Persona


class Stories:
    """Stories laid over a floor; `lead` tells on `phone` what people do not tell themselves."""

    def __init__(self, floor: Floor) -> None:
        self.floor, self.chronicle, self.chance = floor, floor.chronicle, floor.chance
        self.last = floor.last_day
        lead = floor.plant.leads[0]
        self.lead, self.phone = lead.key, device_of(lead)

    def some(self, count: int, type: str, until_day: int | None = None, **fields: Any) -> list[Fact]:
        """Chance facts of a type with these fields, in order of time; before a day where asked."""
        end = self.floor.now if until_day is None else self.floor.shifts(until_day)[0][0]
        found = [
            fact
            for fact in sorted(self.chronicle.facts, key=lambda fact: (fact.at, fact.id))
            if fact.type == type and fact.told_at is None and fact.at < end - HOUR
            and all(fact.event.get(name) == value for name, value in fields.items())
        ]  # fmt: skip
        return sorted(self.chance.sample(found, min(count, len(found))), key=lambda fact: fact.at)

    def person(self, name: str) -> Persona:
        return next(person for person in self.floor.plant.people if person.name == name)

    def step(self, center: str, index: int) -> Step:
        """A step of a work center that has made pieces by the end of a day."""
        until = self.floor.shifts(index)[1][1]
        begun = [fact.place for fact in self.chronicle.facts if fact.type == "output.reported" and fact.at < until]
        return self.chance.choice([step for step in self.floor.by_center[center] if step.place in begun])

    def shift(self, who: Persona, index: int, hours: float) -> int:
        """So many hours into somebody's shift of a day."""
        return self.floor.shift_of(who, index)[0] + int(hours * HOUR)

    def declare(self, name: str, at: int, step: Step, **fields: Any) -> Fact:
        """The lead tells somebody's time."""
        person = self.person(name).key
        fields = {"activity": "run", "provenance": "declared"} | fields
        return self.chronicle.say(self.phone, at, "labor.declared", self.lead, person=person, **fields, **step.place)
