"""Facts as they are captured: who says what, on which device, at which instant.

A chronicle knows how tablets, phones and programs word a fact; it does not know why things happen (`floor`,
`incidents`) nor how facts travel (`delivery`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from server.demo.plant import MACHINES, Persona
from sync.core.clock import local

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

GATEWAY = "Passerelle machines"
ERP = "ERP"
DESK = "Bureau"
"""Where the lead signs in: what is said there is a user's word."""
PROGRAMS = (GATEWAY, ERP)
"""Senders that are programs with a token."""
NO_DEVICES = (*PROGRAMS, DESK)
"""All others are devices."""
TABLETS = {
    "DEB": "Tablette Débit",
    "USI": "Tablette Usinage",
    "FIN": "Tablette Finition",
    "MON": "Tablette Montage",
    "LOG": "Tablette Expédition",
}
OWN_TABLETS = {"CNC": "Tablette CNC", "PLAQ": "Tablette Chants", "VERN": "Tablette Vernis"}
STORE_TABLET = "Tablette Magasin"

# What a fact that is told again does not take over from the first one.
_ITS_OWN = ("id", "type", "version", "provenance", "declared_by")


@dataclass(slots=True)
class Fact:
    """A fact captured at an instant by a sender; `told_at` when somebody says it happened at another."""

    at: int
    sender: str
    event: dict[str, Any]
    told_at: int | None = None
    note: str = ""
    # the picture taken with it, and the salt of its digest
    photo: bytes = b""
    salt: str = ""

    @property
    def id(self) -> str:
        return str(self.event["id"])

    @property
    def type(self) -> str:
        return str(self.event["type"])

    @property
    def by(self) -> str:
        return str(self.event.get("declared_by", ""))

    @property
    def place(self) -> dict[str, Any]:
        """The order and operation it names."""
        return {name: self.event[name] for name in ("order", "operation") if name in self.event}

    def again(self, **changes: Any) -> dict[str, Any]:
        """The type's own fields, for a fact that says the same or corrects it."""
        return {name: value for name, value in self.event.items() if name not in _ITS_OWN} | changes


def device_of(who: Persona) -> str:
    """The phone or tablet somebody clocks on."""
    if who.phone:
        return who.phone
    if who.rate_group == "MAG":
        return STORE_TABLET
    return OWN_TABLETS.get(who.skills[0] if who.skills else "", TABLETS[who.department])


def wire_instant(instant: int, zone: ZoneInfo) -> str:
    """RFC 3339 with the offset of the place, as a phone writes it."""
    return local(instant, zone).isoformat(timespec="milliseconds")


@dataclass(slots=True)
class Chronicle:
    """What was captured so far, in no order."""

    chance: Random
    facts: list[Fact] = field(default_factory=list)

    def uuid(self) -> str:
        """A random UUID, version 4, as a device makes it."""
        bits = f"{self.chance.getrandbits(128):032x}"
        variant = "89ab"[int(bits[16], 16) & 3]
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-{variant}{bits[17:20]}-{bits[20:]}"

    def about(self, low: float, high: float) -> int:
        """A chance time between two numbers of minutes, in milliseconds."""
        return int(self.chance.uniform(low, high) * MINUTE)

    def say(
        self, sender: str, at: int, type: str, by: str = "", *, told_at: int | None = None, note: str = "",
        **fields: Any,
    ) -> Fact:  # fmt: skip
        """A fact captured by a sender. An instant that is told, not read off the clock, is declared."""
        event = {
            "id": self.uuid(),
            "type": type,
            "version": 1,
            "provenance": "measured" if told_at is None else "declared",
            "declared_by": by,
            **fields,
        }
        kept = {name: value for name, value in event.items() if value not in (None, "")}
        fact = Fact(at, sender, kept, told_at, note)
        self.facts.append(fact)
        return fact

    def start(self, sender: str, at: int, person: str, activity: str, **place: Any) -> Fact:
        """Somebody clocks in on an order or, with `indirect_code`, on something else."""
        return self.say(sender, at, "labor.started", person, person=person, activity=activity, **place)

    def stop(
        self, start: Fact, at: int, *, sender: str = "", by: str = "", told_at: int | None = None, reason: str = ""
    ) -> Fact:
        """The end of a start: clocked by the person on the same device, or told by somebody else. `reason`: of a
        pause."""
        return self.say(
            sender or start.sender, at, "labor.stopped", by or start.by, told_at=told_at,
            person=start.event["person"], start_id=start.id, reason=reason, **start.place,
        )  # fmt: skip

    def machine_run(
        self, sender: str, by: str, machine: str, activity: str, span: tuple[int, int], place: Mapping[str, Any]
    ) -> None:
        """A clocked run of a machine: the machining centers report themselves, people clock the others."""
        if MACHINES[machine][1] == "CNC":
            sender, by = GATEWAY, ""
        begun = self.say(
            sender, span[0] + self.chance.randint(2, 25) * SECOND, "machine.started", by, machine=machine,
            activity=activity, **place,
        )  # fmt: skip
        self.say(sender, span[1] - 2 * SECOND, "machine.stopped", by, machine=machine, start_id=begun.id)

    def void(self, sender: str, at: int, target: str, reason: str, by: str) -> Fact:
        """A fact is taken back."""
        return self.say(sender, at, "event.voided", by, target_id=target, reason=reason)

    def replace(self, sender: str, at: int, target: str, right: str, reason: str, by: str) -> Fact:
        """Another fact counts in place of one."""
        return self.say(sender, at, "event.replaced", by, target_id=target, replacement_id=right, reason=reason)
