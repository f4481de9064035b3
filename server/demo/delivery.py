"""How facts travel: numbered by their device, stamped by its clocks, sent when there is a network."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from server.demo.chronicle import GATEWAY, HOUR, MINUTE, NO_DEVICES, OWN_TABLETS, SECOND, Fact, wire_instant
from server.demo.floor import Floor
from sync.core.clock import local

TOGETHER = 3 * MINUTE
"""What a sender captures within this time goes in one batch."""
LARGEST = 200
SALT_LENGTH = 16
SLOW_TABLET, SLOW_BY = OWN_TABLETS["PLAQ"], 7 * MINUTE + 20 * SECOND
OFFLINE_PHONE = "Téléphone Hugo"


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a sender sends at once, with the free text and the photos (salt, picture) beside it, and when it arrives."""

    sender: str
    sent_at: int
    events: list[dict[str, Any]]
    notes: dict[str, dict[str, str]] = field(default_factory=dict)
    photos: dict[str, tuple[str, bytes]] = field(default_factory=dict)


def put_in_envelopes(floor: Floor, facts: Iterable[Fact]) -> None:
    """Give each fact, in order of time, what its sender adds: its number, its clocks, the digest of its note.

    One tablet's clock is slow for an afternoon, until somebody sets it.
    """
    chance = floor.chance
    slow_from = floor.shifts(6)[1][0]
    numbers: dict[str, int] = defaultdict(int)
    boots: dict[tuple[str, date], tuple[str, int]] = {}
    for fact in facts:
        event, shown = fact.event, fact.at if fact.told_at is None else fact.told_at
        if fact.sender not in NO_DEVICES:
            numbers[fact.sender] += 1
            event["device_seq"] = numbers[fact.sender]
            event["clock_offset_ms"] = chance.randint(-900, 900)
            if fact.sender == SLOW_TABLET and slow_from <= fact.at < slow_from + 4 * HOUR:
                event["clock_offset_ms"] = SLOW_BY
            if fact.told_at is None:
                day = local(fact.at, floor.zone).date()
                if (fact.sender, day) not in boots:
                    boots[fact.sender, day] = floor.chronicle.uuid(), fact.at - chance.randint(1, 20) * MINUTE
                event["boot_id"], since = boots[fact.sender, day]
                event["monotonic_ms"] = fact.at - since
        event["occurred_at"] = wire_instant(shown, floor.zone)
        for name in ("started_at", "ended_at"):
            if name in event:
                event[name] = wire_instant(event[name], floor.zone)
        if fact.note:
            salt = f"{chance.getrandbits(64):0{SALT_LENGTH}x}"
            event["note_digest"] = hashlib.sha256((salt + fact.note).encode()).hexdigest()
            fact.note = salt + fact.note
        if fact.photo:
            fact.salt = f"{chance.getrandbits(128):032x}"
            event["photo_digest"] = hashlib.sha256(fact.salt.encode() + fact.photo).hexdigest()


def deliveries(floor: Floor, facts: Iterable[Fact]) -> Iterator[Delivery]:
    """Facts as they arrive. A phone without network sends two days later; one answer is lost, so its batch comes again;
    and the machines' gateway sends two things nobody can use."""
    offline = floor.shifts(4)[0][0] + 3 * HOUR, floor.shifts(6)[0][0] + 50 * MINUTE

    def leaves_at(fact: Fact) -> int:
        waits = fact.sender == OFFLINE_PHONE and offline[0] <= fact.at < offline[1]
        return offline[1] if waits else fact.at

    bursts: dict[str, list[list[Fact]]] = defaultdict(list)
    for fact in facts:
        own = bursts[fact.sender]
        if own and leaves_at(fact) - leaves_at(own[-1][0]) <= TOGETHER and len(own[-1]) < LARGEST:
            own[-1].append(fact)
        else:
            own.append([fact])
    sent = []
    for sender, own in sorted(bursts.items()):
        for burst in own:
            sent_at = min(leaves_at(burst[-1]) + 2 * SECOND, floor.now)
            photos = {fact.id: (fact.salt, fact.photo) for fact in burst if fact.photo}
            sent.append(Delivery(sender, sent_at, [fact.event for fact in burst], _notes(burst), photos))
    yield from sent
    again = floor.chance.choice([delivery for delivery in sent if delivery.sender == OWN_TABLETS["VERN"]])
    yield Delivery(again.sender, min(again.sent_at + 35 * SECOND, floor.now), again.events, again.notes)
    yield _strays(floor, sent)


def _notes(burst: Iterable[Fact]) -> dict[str, dict[str, str]]:
    return {f.id: {"salt": f.note[:SALT_LENGTH], "text": f.note[SALT_LENGTH:]} for f in burst if f.note}


def _strays(floor: Floor, sent: list[Delivery]) -> Delivery:
    """After an update of its own the gateway sends a type of fact nobody knows here (rejected), and one it had sent
    before, with another machine under the same id (a conflict)."""
    at = floor.shifts(floor.last_day - 1)[0][0] + 4 * HOUR
    first = next(event for d in sent if d.sender == GATEWAY for event in d.events if event["type"] == "machine.started")
    unknown = {
        "id": floor.chronicle.uuid(), "type": "machine.energy", "version": 1, "provenance": "measured",
        "occurred_at": wire_instant(at, floor.zone), "machine": "M06", "energy_kwh": "18.4",
    }  # fmt: skip
    other = first | {"machine": "M07" if first["machine"] == "M06" else "M06"}
    return Delivery(GATEWAY, at + 2 * SECOND, [unknown, other])
