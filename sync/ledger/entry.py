"""Entry and posting: a balanced record, or none.

An `Entry` is what ought to stand in the ledger for a cause: a sender is credited, a receiver debited. It holds
everything that explains the amount (facts, rate, rule, policy, formula) and nothing that depends on when it was
posted. Its `content_id` is derived from that content, so the same facts give the same id on every machine.

A `Posted` entry is an entry at its place in the ledger: which generation, on which date, or the reversal of another.
Its `body` is canonical JSON; those bytes are sealed, hashed, and handed to finance unchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from sync.core import ids
from sync.core.canonical import dump
from sync.core.clock import format_instant
from sync.core.quantity import MILLISECONDS_PER_HOUR, plain

Side = Literal["debit", "credit"]
ELEMENTS = (
    "labor", "setup", "machine", "material", "scrap", "rework", "overhead", "subcontracting",
    # what leaves an order: good pieces and by-products to stock, differences to their cause
    "output", "by_product", "variance",
)  # fmt: skip
BODY_FORM = 1


class Unbalanced(AssertionError):
    """Debit and credit of an entry differ: a defect of a rule, never of the facts."""


@dataclass(frozen=True, slots=True)
class Posting:
    """One side's line. `cost_object` is what gives or bears the cost: "order:MO-1", "department:WELD", "stock:OAK",
    "work_center:CNC", "supplier:", "variance:material_price". At most one account in each plan."""

    side: Side
    cost_object: str
    amount: Decimal
    accounts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BilledTime:
    """Part of an entry's time, in milliseconds: `priced` at a billable rate, `not_billed`, or `unknown`."""

    state: Literal["priced", "not_billed", "unknown"]
    milliseconds: int
    amount: Decimal = Decimal(0)
    rate: Decimal | None = None
    rate_id: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """As plain JSON values."""
        content: dict[str, Any] = {"state": self.state, "milliseconds": self.milliseconds}
        if self.rate is not None:
            content |= {"amount": str(self.amount), "rate": plain(self.rate), "rate_id": self.rate_id}
        return content


@dataclass(frozen=True, slots=True)
class Billable:
    """What the time of an entry is billed at: a measure beside its cost, in no balance. `amount` is that of the parts
    that are known; None: none of them is."""

    amount: Decimal | None
    formula: str
    parts: tuple[BilledTime, ...]

    @property
    def unknown(self) -> bool:
        """Whether a rate is missing for some of the time."""
        return any(part.state == "unknown" for part in self.parts)

    @property
    def content(self) -> dict[str, Any]:
        """As plain JSON values."""
        told = {"formula": self.formula, "parts": [part.content for part in self.parts]}
        return told if self.amount is None else {"amount": str(self.amount), **told}


@dataclass(frozen=True)
class Entry:
    """What ought to be posted. `quantity` is exact: milliseconds for time ("ms"), seconds for what is paid on top of it
    ("s"), the item's base unit for material, pieces for scrap; `rate` is the price of one hour, one base unit or one
    piece, unrounded."""

    scope: str
    rule: str
    rule_version: int
    element: str
    occurred_at: int
    occurred_on: date
    period: str
    quantity: Decimal
    unit: str
    amount: Decimal
    currency: str
    provenance: str
    events: tuple[str, ...]
    policy: str
    formula: str
    postings: tuple[Posting, ...]
    order: str = ""
    operation: str = ""
    item: str = ""
    work_center: str = ""
    activity: str = ""
    rate: Decimal | None = None
    rate_id: str = ""
    # How a person's time on several jobs at once was shared, "name/version"; empty: equal_share/1, or nothing shared.
    split: str = ""
    # The item this one was drawn in place of.
    replaces: str = ""
    # What is paid on top of the rate, "code/first day"; see `sync.core.premiums`.
    premium: str = ""
    # Of a manual operation: its reference, that of the one it mirrors, and the general entry it stands for.
    reference: str = ""
    mirrors: str = ""
    general: str = ""
    # Minutes by day, when the piece crosses midnight: the entry is one, its days are these.
    days: tuple[tuple[date, int], ...] = ()
    # Of time that is sold by the hour; see `sync.costing.billed`.
    billable: Billable | None = None

    def __post_init__(self) -> None:
        debit = sum((line.amount for line in self.postings if line.side == "debit"), Decimal(0))
        credit = sum((line.amount for line in self.postings if line.side == "credit"), Decimal(0))
        if debit != credit or debit != self.amount:
            raise Unbalanced(f"{self.rule} on {self.scope}: debit {debit}, credit {credit}, amount {self.amount}")
        if any(line.amount.is_signed() for line in self.postings):
            raise Unbalanced(f"{self.rule} on {self.scope}: an amount below zero belongs on the other side")

    @cached_property
    def content(self) -> dict[str, Any]:
        """The entry as plain JSON values, without anything that depends on when it was posted."""
        content: dict[str, Any] = {
            "form": BODY_FORM,
            "scope": self.scope,
            "rule": self.rule,
            "rule_version": self.rule_version,
            "element": self.element,
            "occurred_at": format_instant(self.occurred_at),
            "occurred_on": self.occurred_on.isoformat(),
            "period": self.period,
            "quantity": plain(self.quantity),
            "unit": self.unit,
            "amount": str(self.amount),
            "currency": self.currency,
            "provenance": self.provenance,
            "events": list(self.events),
            "policy": self.policy,
            "formula": self.formula,
            "postings": [
                {
                    "side": line.side,
                    "object": line.cost_object,
                    "amount": str(line.amount),
                    "accounts": dict(line.accounts),
                }
                for line in self.postings
            ],
        }
        for name in (
            "order",
            "operation",
            "item",
            "work_center",
            "activity",
            "rate_id",
            "split",
            "replaces",
            "premium",
            "reference",
            "mirrors",
            "general",
        ):
            if value := getattr(self, name):
                content[name] = value
        if self.rate is not None:
            content["rate"] = plain(self.rate)
        if self.unit == "ms":
            content["hours"] = hours(self.quantity)
        if self.days:
            content["days"] = {day.isoformat(): span for day, span in self.days}
        if self.billable is not None:
            content["billable"] = self.billable.content
        return content

    @cached_property
    def content_id(self) -> str:
        """Derived from the content: equal facts, equal id."""
        return ids.derive(ids.ENTRY, dump(self.content))


def hours(milliseconds: Decimal) -> str:
    """Milliseconds as hours for a reader, six decimals; the exact figure is the milliseconds."""
    return plain((milliseconds / MILLISECONDS_PER_HOUR).quantize(Decimal("0.000001")))


@dataclass(frozen=True)
class Posted:
    """An entry (or the reversal of one) at its place in the ledger, before it gets its position."""

    id: str
    content_id: str
    generation: int
    posted_on: date
    posting_period: str
    content: Mapping[str, Any] = field(repr=False)
    reverses: str = ""

    @cached_property
    def body(self) -> str:
        """Canonical JSON, the bytes that are sealed."""
        body = {
            **self.content,
            "id": self.id,
            "generation": self.generation,
            "posted_on": self.posted_on.isoformat(),
            "posting_period": self.posting_period,
            # A fact of a closed period posts in the first open one and keeps its own date: late cost.
            "late": self.posting_period != self.content["period"],
        }
        if self.reverses:
            body["reverses"] = self.reverses
        return dump(body)


def entry_id(content_id: str, generation: int, key: bytes = b"") -> str:
    """The id an entry has outside: of its content and how often that was posted before. With the ledger's key nobody
    else can try amounts until an id fits; without one (a dry run) the first id is its content's."""
    if key:
        return ids.keyed(key, content_id, str(generation))
    return content_id if generation == 0 else ids.derive(ids.ENTRY, content_id, str(generation))


def first_posting(entry: Entry, generation: int, posted_on: date, posting_period: str, key: bytes = b"") -> Posted:
    """The entry as posted for the `generation`-th time (0 = the first)."""
    posted_id = entry_id(entry.content_id, generation, key)
    return Posted(posted_id, entry.content_id, generation, posted_on, posting_period, entry.content)


def content_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """A stored body without its place in the ledger."""
    return {key: value for key, value in body.items() if key not in _PLACE}


def content_id_of(body: Mapping[str, Any]) -> str:
    """The content's id, derived anew from a stored body (of an entry, not of a reversal)."""
    return ids.derive(ids.ENTRY, dump(content_of(body)))


_PLACE = frozenset({"id", "generation", "posted_on", "posting_period", "late", "reverses"})
_OTHER_SIDE: dict[str, Side] = {"debit": "credit", "credit": "debit"}


def reversal(body: Mapping[str, Any], content_id: str, posted_on: date, posting_period: str) -> Posted:
    """The mirror of a stored entry: its own lines on the other side, cents included, nothing computed anew."""
    content = content_of(body)
    content["postings"] = [{**line, "side": _OTHER_SIDE[line["side"]]} for line in body["postings"]]
    reversal_id = ids.derive(ids.ENTRY, "reversal", body["id"])
    return Posted(reversal_id, content_id, body["generation"], posted_on, posting_period, content, reverses=body["id"])
