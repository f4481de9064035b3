"""Folds over postings: what each cost object bears, per element."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sync.core.money import allocate


def by_object(contents: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """Debit minus credit of each cost object; over all objects it adds up to zero."""
    balance: dict[str, Decimal] = defaultdict(Decimal)
    for content in contents:
        for line in content["postings"]:
            amount = Decimal(line["amount"])
            balance[line["object"]] += amount if line["side"] == "debit" else -amount
    return dict(sorted(balance.items()))


def by_order(contents: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Decimal]]:
    """Net cost of each order by element: what the order was debited less what it was credited."""
    cost: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for content in contents:
        for line in content["postings"]:
            kind, _, code = line["object"].partition(":")
            if kind == "order":
                amount = Decimal(line["amount"])
                cost[code][content["element"]] += amount if line["side"] == "debit" else -amount
    return {code: dict(sorted(elements.items())) for code, elements in sorted(cost.items())}


def in_progress(
    contents: Iterable[Mapping[str, Any]], until: date, *, as_posted: bool = False
) -> dict[str, dict[str, Decimal]]:
    """Work in progress at the end of a day (en-cours): what each order bears by then, by element, what left it for
    stock or as a variance among it; orders that stand at zero are left out.

    By the day of work, as far as is known now: what was told late is there, and an entry that crosses midnight belongs
    to its first day (one that crosses a month is cut there). `as_posted`: by the day of posting, as the books stood
    then; a month printed again is the same, whatever came since.
    """
    dated = "posted_on" if as_posted else "occurred_on"
    found = by_order(content for content in contents if content[dated] <= until.isoformat())
    left = {order: {element: amount for element, amount in parts.items() if amount} for order, parts in found.items()}
    return {order: parts for order, parts in left.items() if sum(parts.values(), Decimal(0))}


def by_account(contents: Iterable[Mapping[str, Any]], plan: str) -> dict[str, Decimal]:
    """Debit minus credit of each account of one plan ("" = without account on that plan)."""
    balance: dict[str, Decimal] = defaultdict(Decimal)
    for content in contents:
        for line in content["postings"]:
            amount = Decimal(line["amount"])
            balance[line["accounts"].get(plan, "")] += amount if line["side"] == "debit" else -amount
    return dict(sorted(balance.items()))


def by_provenance(contents: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Decimal]]:
    """What went into each order by how it is known (measured, declared, estimated); "" is all orders together."""
    put_in: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for content in contents:
        for line in content["postings"]:
            kind, _, code = line["object"].partition(":")
            if kind == "order" and line["side"] == "debit":
                for name in (code, ""):
                    put_in[name][content["provenance"]] += Decimal(line["amount"])
    return {code: dict(sorted(parts.items())) for code, parts in sorted(put_in.items())}


def percentages(parts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The shares of a total in tenths of a percent, 100.0 in all (largest remainder); none of a total of nothing."""
    total = sum(parts.values(), Decimal(0))
    if total <= 0:
        return {}
    names = sorted(parts)
    tenths = allocate(1000, [Fraction(parts[name]) for name in names], names)
    return {name: Decimal(part).scaleb(-1) for name, part in zip(names, tenths, strict=True)}
