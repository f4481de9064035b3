"""Two weeks of a workshop, invented from a seed: what its tablets, phones and machines would have sent.

The plant works day by day (`floor`), what else a day brings and what goes wrong is laid over it (`everyday`,
`incidents`), and the facts are put on their way (`delivery`). Pure: the plant, the present moment and the seed are
arguments, and the same ones give the same facts. Nothing here is costed, and nothing knows of the database.
"""

from dataclasses import dataclass
from random import Random

from server.demo.chronicle import NO_DEVICES
from server.demo.delivery import Delivery, deliveries, put_in_envelopes
from server.demo.everyday import Everyday
from server.demo.floor import Floor
from server.demo.incidents import Incidents
from server.demo.plant import DemoPlant


@dataclass(frozen=True, slots=True)
class Story:
    """The two weeks: the devices in use, what arrives in order of time, the orders done before today."""

    devices: tuple[str, ...]
    deliveries: list[Delivery]
    finished: tuple[str, ...]
    began_at: int


def simulate(plant: DemoPlant, now: int, seed: int) -> Story:
    """What happened in the plant until `now`, an instant (milliseconds) on its last day."""
    floor = Floor(plant, now, Random(seed * 7919 + 1))  # noqa: S311 -- an invented world, no secret
    floor.run()
    Incidents(floor).happen()
    Everyday(floor).happen()
    facts = sorted((fact for fact in floor.chronicle.facts if fact.at <= now), key=lambda fact: (fact.at, fact.id))
    put_in_envelopes(floor, facts)
    arriving = sorted(deliveries(floor, facts), key=lambda delivery: (delivery.sent_at, delivery.sender))
    devices = tuple(sorted({fact.sender for fact in facts} - set(NO_DEVICES)))
    return Story(devices, arriving, floor.finished(), facts[0].at)
