"""Policy: the settings that change numbers. Versioned and dated; each entry names the version it was made under.

A change holds from a day on, like a rate: work is costed by the policy of its day, so that a new policy rewrites no
month that is over. Only the longest times are not dated. They say what is believed, not what it costs, and those of the
last version hold for all time.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sync.core.billing import ORDER_KINDS

# `sync.costing.splits` has one of each name.
SPLIT_RULES = ("equal_share", "standard_time", "number_of_orders", "main_order", "unattended")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "split_rule": SPLIT_RULES,
    "breaks": ("declared", "calendar"),
    "premium_to": ("overhead", "order"),
    "price_variance": ("purchase", "use"),
    "scrap_variance": ("apart", "quantity"),
    "normal_loss_base": ("good_output", "input", "inspected"),
    "rework_to": ("order", "overhead", "loss"),
    "sales_variance": ("contribution", "full_cost"),
    "output_value": ("actual", "standard"),
    "billing": ("none", "hours"),
    "order_kind": ORDER_KINDS,
}
BEGINNING = date.min


class BadPolicy(ValueError):
    """A setting that does not exist, or has an impossible value; `value` is that, None where the setting is unknown.
    `sentence` is a msgid for `params`."""

    def __init__(self, setting: str, sentence: str, *, value: object = None, **params: str) -> None:
        super().__init__(f"{setting}: {sentence.format(**params)}")
        self.setting, self.value, self.sentence, self.params = setting, value, sentence, params


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the settings, in force from the day `valid_from` on.

    - `split_rule`: how one person's time on several orders is shared: `equal_share`, by `standard_time`, by
      `number_of_orders`, `main_order` only, or `unattended` (`sync/costing/splits`).
    - `breaks`: `declared` by people, or deducted by `calendar`.
    - `premium_to`: who bears premiums for overtime, night and weekend: `overhead` of the department, or the `order`
      (Horngren: overhead, unless a customer or an order caused it).
    - `price_variance`: the material price variance is taken at `purchase` or at `use`.
    - `scrap_variance`: scrap stands `apart` among the variances, or inside the `quantity` variances; same total.
    - `normal_loss_base`: what a normal loss rate is a percentage of: `good_output`, `input`, or what was `inspected`.
    - `rework_to`: who bears rework that a fact does not classify: its `order`, `overhead` of the causing department, or
      a `loss` of the period.
    - `sales_variance`: the first quantity variance in sales at `contribution` or at `full_cost` profit.
    - `output_value`: what goes to stock for good output: its `actual` cost, once the order is closed; or the `standard`
      frozen at release, with each report, and what is left at the close are the variances.
    - `billing`: `none`; or `hours`: time on cases, projects and tickets carries, beside its cost, what it is billed at.
    - `order_kind`: what an imported order is whose file does not say: `manufacturing`, `case`, `project` or `ticket`.
      An order that is here already stays what it is.
    - `longest_labor_h`, `longest_machine_h`: a time beyond this is held, because the clock-out was probably forgotten;
      an open one shares for this long at most.
    """

    version: str = "1"
    split_rule: str = "equal_share"
    longest_labor_h: int = 12
    longest_machine_h: int = 72
    breaks: str = "declared"
    premium_to: str = "overhead"
    price_variance: str = "purchase"
    scrap_variance: str = "apart"
    normal_loss_base: str = "good_output"
    rework_to: str = "order"
    sales_variance: str = "contribution"
    output_value: str = "actual"
    billing: str = "none"
    order_kind: str = "manufacturing"
    valid_from: date = BEGINNING

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise BadPolicy(name, "expects one of {choices}", value=getattr(self, name), choices=", ".join(choices))
        for name in ("longest_labor_h", "longest_machine_h"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= 24 * 31:
                raise BadPolicy(name, "expects a whole number of hours from 1 to 744", value=value)

    @property
    def longest_labor_ms(self) -> int:
        return self.longest_labor_h * 3_600_000

    @property
    def longest_machine_ms(self) -> int:
        return self.longest_machine_h * 3_600_000


SETTINGS = tuple(sorted({field.name for field in fields(Policy)} - {"version", "valid_from"}))


class Policies:
    """The policies of a site by day. Of two from the same day the higher version wins."""

    def __init__(self, versions: Iterable[Policy] = ()) -> None:
        by_day: dict[date, Policy] = {}
        for policy in sorted(versions, key=lambda policy: int(policy.version)):
            by_day[policy.valid_from] = policy
        by_day.setdefault(BEGINNING, Policy())
        self._days = sorted(by_day)
        self._policies = [by_day[day] for day in self._days]

    def on(self, day: date) -> Policy:
        """The policy in force on a day."""
        return self._policies[bisect_right(self._days, day) - 1]

    def __iter__(self) -> Iterator[Policy]:
        return iter(self._policies)

    @property
    def last(self) -> Policy:
        """The one that holds from the latest day on."""
        return self._policies[-1]

    @property
    def longest_labor_ms(self) -> int:
        return self.last.longest_labor_ms

    @property
    def longest_machine_ms(self) -> int:
        return self.last.longest_machine_ms


def from_mapping(settings: Mapping[str, Any], version: str = "1", valid_from: date = BEGINNING) -> Policy:
    """A policy from plain JSON. Raises BadPolicy for an unknown setting."""
    for name in settings:
        if name not in SETTINGS:
            raise BadPolicy(name, "is no setting; known are {known}", known=", ".join(SETTINGS))
    return Policy(version=version, valid_from=valid_from, **settings)


def steps(rows: Iterable[tuple[date | None, str, Any]]) -> list[tuple[date, dict[str, Any]]]:
    """Settings by first day from rows of (first day, None for the beginning; setting; value): each day's on top of what
    held until then."""
    by_day: dict[date, dict[str, Any]] = {BEGINNING: {}}
    for day, name, value in rows:
        by_day.setdefault(day or BEGINNING, {})[name] = value
    chosen: dict[str, Any] = {}
    made = []
    for day in sorted(by_day):
        chosen = chosen | by_day[day]
        made.append((day, chosen))
    return made


def in_steps(rows: Iterable[tuple[date | None, str, Any]]) -> list[Policy]:
    """The policies of such rows, the versions counted from 1 on. Raises BadPolicy."""
    return [from_mapping(chosen, str(number), day) for number, (day, chosen) in enumerate(steps(rows), start=1)]
