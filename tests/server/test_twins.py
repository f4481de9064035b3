"""Twins: two servers alike but for wages, and every byte that leaves them compared.

Over every address, principal, parameter, command, log line and export; a new address, parameter or command is covered
or fails. What is told to payroll must differ: otherwise nothing would be compared.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from tests.server.payroll.conftest import GLUERS, TURNERS, WAGES
from tests.server.twins import PAYROLL, build, everything_commands_say, everything_that_leaves, still

Leaving = dict[str, bytes]
Look = Callable[[str], Leaving]

FLOOR = frozenset({"nobody", "lead", "admin", "device", "token events:write", "token reference:read"})


def permuted(people: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The same wages, each somebody else's."""
    wages = list(people.values())
    return dict(zip(people, [*wages[1:], wages[0]], strict=True))


# What the twins differ in.
MADE: dict[str, dict[str, Mapping[str, object]]] = {
    "as it is": {},
    "mean published": {"published": True},
    "wages permuted": {"published": True, "wages": permuted(TURNERS) | permuted(GLUERS)},
    "other wages": {"wages": {key: wage * 3 for key, wage in WAGES.items()}},
    "other labor rates": {"labor": {"G1": "57.31", "G2": "93.77", "W1": "64.5"}},
}


@pytest.fixture(scope="module")
def leaves(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> Look:
    """What leaves the server of that name, to everybody; made when it is first asked for."""

    @cache
    def made(name: str) -> Leaving:
        with pytest.MonkeyPatch.context() as patch, still(patch):
            twin = build(tmp_path_factory.mktemp("twin") / "instance", _migrated_file, **MADE[name])  # type: ignore[arg-type]
            found = everything_that_leaves(twin, frozenset(twin.callers)) | everything_commands_say(twin)
            twin.engine.dispose()
        return found

    return made


def told_to(found: Leaving, *who: str) -> Leaving:
    """What these are told; commands and log are whoever runs the machine's."""
    return {name: body for name, body in found.items() if name.startswith(tuple(f"{one} /" for one in who))}


def not_told_to(found: Leaving, who: str) -> Leaving:
    """What all others are told, what commands print, and the log."""
    return {name: body for name, body in found.items() if not name.startswith(f"{who} /")}


def differing(one: Leaving, other: Leaving) -> dict[str, tuple[bytes, bytes]]:
    """What differs, by name, each with where it begins to."""
    found = {}
    for name in sorted(one.keys() | other.keys()):
        left, right = one.get(name, b""), other.get(name, b"")
        if left != right:
            pairs = zip(left, right, strict=False)
            place = max(
                0, next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(left), len(right))) - 40
            )
            found[name] = left[place : place + 120], right[place : place + 120]
    return found


@pytest.mark.requirement("SR-26", "SR-27", "SR-29", "SR-30", "SR-32", "PR-02")
def test_wages_that_change_hands_change_no_byte(leaves: Look) -> None:
    """The mean of a group is published, booked, and the same: it is of the group, not of who earns what in it."""
    one, two = (not_told_to(leaves(name), PAYROLL) for name in ("mean published", "wages permuted"))
    assert len(one) > 700
    assert {"log", "verify ", "export entries"} <= one.keys()
    assert b'"element":"labor"' in one["accountant /api/v1/entries"]
    assert differing(one, two) == {}


@pytest.mark.long
@pytest.mark.requirement("SR-26", "SR-27")
def test_other_wages_altogether_change_no_byte_either(leaves: Look) -> None:
    """Stronger than asked: as long as no mean is published, nothing that leaves depends on any wage."""
    assert differing(*(not_told_to(leaves(name), PAYROLL) for name in ("as it is", "other wages"))) == {}


@pytest.mark.requirement("SR-27", "SR-28", "SR-19")
def test_labor_rates_change_no_byte_on_the_floor(leaves: Look) -> None:
    one, two = (told_to(leaves(name), *FLOOR) for name in ("as it is", "other labor rates"))
    assert len(one) > 300
    assert differing(one, two) == {}


def test_what_is_told_to_those_who_may_know_does_differ(leaves: Look) -> None:
    """The comparison sees: payroll reads other wages, and an accountant other rates of groups."""
    wages = differing(leaves("mean published"), leaves("wages permuted"))
    for told in (
        "/payroll/rates?why=month_end",
        "/payroll/hours.csv?why=month_end",
        "/api/v1/payroll/hours?why=month_end",
    ):
        assert f"payroll {told}" in wages, told
    assert b'"rate":"28.33"' in leaves("mean published")["accountant /api/v1/entries"]
    rates = differing(leaves("as it is"), leaves("other labor rates"))
    for told in ("/entries", "/entries.csv", "/api/v1/entries", "/api/v1/batches", "/orders/MO-1"):
        assert f"accountant {told}" in rates, told
