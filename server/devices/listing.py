"""The devices as the lead sees them: which one is missed, what it holds, which of its facts never arrived."""

from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Connection

from server.store import floor, intake_log, people
from server.store.people import Device

State = Literal["in_contact", "resting", "waiting", "silent", "missed", "revoked"]

# A clock that is off by more than this is worth a look: instants would be told wrong.
CLOCK_OFF_MS = 120_000
_FIRST: dict[State, int] = {"missed": 0, "waiting": 1, "silent": 2, "in_contact": 3, "resting": 4, "revoked": 5}


@dataclass(frozen=True, slots=True)
class Line:
    """A device and what is remarkable about it. `gaps`: (first, last) of numbers that never arrived; `forks`: (number,
    fact) where two facts bear one number."""

    device: Device
    state: State
    gaps: list[tuple[int, int]] = field(default_factory=list)
    forks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def missing(self) -> int:
        """How many numbers never arrived."""
        return sum(last - first + 1 for first, last in self.gaps)

    @property
    def clock_off(self) -> int:
        """By how many milliseconds its clock is wrong, above zero when slow; 0 when right enough or not known."""
        offset = self.device.clock_offset_ms or 0
        return offset if abs(offset) > CLOCK_OFF_MS else 0


@dataclass(frozen=True, slots=True)
class Listing:
    """All devices, those that want somebody first; `asking`: those that wait to be let in."""

    lines: list[Line]
    asking: list[Device]

    def count(self, *states: State) -> int:
        """How many devices are in one of these states."""
        return sum(line.state in states for line in self.lines)

    @property
    def waiting(self) -> int:
        """How many facts the devices said they still hold."""
        return sum(line.device.waiting for line in self.lines if line.state != "revoked")


def listing(connection: Connection, site: str, now: int) -> Listing:
    """The devices of a site as they are now."""
    missing = intake_log.missing_numbers(connection, site)
    forks = intake_log.forks(connection, site)
    missed = {silent.id for silent in floor.silent_devices(connection, site, now)}
    lines = [
        Line(device, _state(device, device.id in missed, now), missing.get(device.id, []), forks.get(device.id, []))
        for device in people.list_devices(connection, site)
    ]
    lines.sort(key=lambda line: (_FIRST[line.state], line.device.name.casefold(), line.device.id))
    return Listing(lines, people.asking_devices(connection, site))


def _state(device: Device, is_missed: bool, now: int) -> State:
    if device.revoked_at is not None:
        return "revoked"
    if is_missed:
        return "missed" if device.waiting else "silent"
    if now - (device.seen_at or 0) > floor.SILENT_MS:
        return "resting"
    return "waiting" if device.waiting else "in_contact"
