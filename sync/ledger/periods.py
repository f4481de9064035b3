"""Periods: calendar months, open, locked or closed. A late fact keeps its date and posts in the first open period.

    open --lock--> locked --unlock, with a reason--> open
    open or locked --close--> closed, for good

A lock keeps postings out while the books are looked at; it may be lifted, and the trace says who did, when and why. A
closed period is never opened again and never changes by a cent: what comes to light later, a fact or a correction of
one, posts in the first period that is open, and points to the order and the period it belongs to (late cost). Months
are closed one after the other.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sync.core.clock import month_of

State = Literal["open", "locked", "closed"]
Action = Literal["lock", "unlock", "close"]


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


class PeriodRefused(ValueError):
    """A period cannot be changed so. `sentence` is a msgid for `params`."""

    def __init__(self, sentence: str, **params: str) -> None:
        super().__init__(sentence.format(**params))
        self.sentence, self.params = sentence, params


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which months nothing is posted in ("2026-10"), locked or closed."""

    closed: Collection[str] = ()

    def posting(self, occurred_on: date) -> tuple[date, str]:
        """(posting date, posting period) of a fact: its own day, or the first day of the first open month after it."""
        day = occurred_on
        while month_of(day) in self.closed:
            day = next_month(day)
        return day, month_of(day)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the checklist before a period is closed: what is not as it should be. One that `blocks` has to be
    mended; another may be accepted, with a reason. `sentence` is a msgid for `params`."""

    code: str
    blocks: bool
    sentence: str
    params: Mapping[str, str] = field(default_factory=dict)


def next_month(day: date) -> date:
    """The first day of the month after that of `day`."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def first_day(period: str) -> date:
    """The first day of a period written as 2026-10. Raises PeriodRefused."""
    try:
        if len(period) != 7:
            raise ValueError
        return date.fromisoformat(f"{period}-01")
    except ValueError as wrong:
        raise PeriodRefused(_("“{period}” is not a month: write it as 2026-10"), period=period) from wrong


def after(action: Action, period: str, state: State, reason: str = "", failing: Collection[Check] = ()) -> State:
    """The state a period has after an action. Raises PeriodRefused with what stands in the way: the state it is in, a
    reason nobody gave, a check that fails."""
    first_day(period)
    if state == "closed":
        raise PeriodRefused(
            _("{period} is closed for good: what comes late posts in the first open period"), period=period
        )
    if action == "unlock":
        if state == "open":
            raise PeriodRefused(_("{period} is open: there is no lock to lift"), period=period)
        if not reason.strip():
            raise PeriodRefused(_("say why the lock of {period} is lifted: it stays in the trace"), period=period)
        return "open"
    if action == "lock":
        if state == "locked":
            raise PeriodRefused(_("{period} is locked already"), period=period)
        return "locked"
    blocking = [check for check in failing if check.blocks]
    if blocking:
        told = blocking[0]
        raise PeriodRefused(told.sentence, **told.params)
    if failing and not reason.strip():
        raise PeriodRefused(_("{period} has {count} open points: mend them, or say why it is closed all the same"),
                            period=period, count=str(len(failing)))  # fmt: skip
    return "closed"
