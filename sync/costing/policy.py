"""Policy: the settings that change numbers. Versioned; each entry names the version it was made under."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

# `sync.costing.splits` has one of each name.
SPLIT_RULES = ("equal_share", "standard_time", "number_of_orders", "main_order", "unattended")


class BadPolicy(ValueError):
    """A setting that does not exist or has an impossible value."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`split_rule`: how one person's time on several orders is shared: `equal_share`, by `standard_time`, by
    `number_of_orders`, `main_order` only, or `unattended` (see the costing rules). `longest_labor_h`,
    `longest_machine_h`: a time beyond this is held, because the clock-out was probably forgotten; an open one shares
    for this long at most."""

    version: str = "1"
    split_rule: str = "equal_share"
    longest_labor_h: int = 12
    longest_machine_h: int = 72

    def __post_init__(self) -> None:
        if self.split_rule not in SPLIT_RULES:
            raise BadPolicy(f"split_rule: expects one of {', '.join(SPLIT_RULES)}")
        for name in ("longest_labor_h", "longest_machine_h"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= 24 * 31:
                raise BadPolicy(f"{name}: expects a whole number of hours from 1 to 744")

    @property
    def longest_labor_ms(self) -> int:
        return self.longest_labor_h * 3_600_000

    @property
    def longest_machine_ms(self) -> int:
        return self.longest_machine_h * 3_600_000


def from_mapping(settings: Mapping[str, Any], version: str = "1") -> Policy:
    """A policy from plain JSON. Raises BadPolicy for an unknown setting."""
    known = {field.name for field in fields(Policy)} - {"version"}
    for name in settings:
        if name not in known and name != "version":
            raise BadPolicy(f"{name}: no such setting; known are {', '.join(sorted(known))}")
    chosen = {name: value for name, value in settings.items() if name in known}
    return Policy(version=str(settings.get("version", version)), **chosen)
