"""Miscellaneous analytic operations (opérations diverses analytiques), and general entries they are linked to.

Not every cost is a fact of the floor: rent comes once a quarter, an invoice belongs to three orders. An accountant
declares such an operation: a reference, a day, lines that debit and credit cost objects and put each amount on one
account of a plan or on a named distribution. It is balanced, or refused with the reason.

An operation becomes entries of the ledger under rule `manual`, provenance `declared`. Facts never touch them; what
they put on an order counts as cost of that order like any other. An entry is about one order at most, so an operation
that names several is cut into one entry for each, with `transit:REF` between them, which comes to nothing in all.

An operation is never changed. It is taken back by another one that `reverses` it: the mirror of its lines, cents
included, on a day of its own. Its text is for people and may name one: it stays outside the entries, as does who
entered it.

A general entry is a line of the books of account, imported. 0..n analytic entries stand for it, and an analytic entry
stands for one general entry at most; together they never come to more than it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sync.core import ids
from sync.core.clock import midnight, month_of
from sync.core.money import MOST, ZERO, round_money
from sync.core.plant import Distribution, Plan
from sync.core.quantity import plain
from sync.ledger.accounts import WHOLE, postings, spread, transfer
from sync.ledger.entry import Entry, Posting, Side
from sync.ledger.plans import Refused

RULE, VERSION = "manual", 1
DEFAULT_ELEMENT = "overhead"
# What an operation may debit and credit. Stock is not among them: its value follows from movements, which are facts.
OBJECTS = ("order", "department", "work_center", "activity", "supplier", "general", "overhead", "premium", "scrap",
           "loss", "variance", "disposal", "subcontract", "other")  # fmt: skip
_OTHER: dict[Side, Side] = {"debit": "credit", "credit": "debit"}
# What all lines of an operation share; a line may leave it empty after the first one.
_SHARED = ("date", "text", "element", "general", "reverses")


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an operation: what is debited or credited, and on which accounts the amount stands."""

    side: Side
    cost_object: str
    amount: Decimal
    accounts: Distribution

    @property
    def order(self) -> str:
        """The order it is about."""
        kind, _, code = self.cost_object.partition(":")
        return code if kind == "order" else ""


@dataclass(frozen=True, slots=True)
class Operation:
    """A balanced operation. `general`: the general entry it stands for; `reverses`: the operation it mirrors."""

    ref: str
    day: date
    element: str
    lines: tuple[Line, ...]
    general: str = ""
    reverses: str = ""

    @property
    def scope(self) -> str:
        """What its entries belong to."""
        return scope_of(self.ref)

    @property
    def amount(self) -> Decimal:
        """What it debits in all, which is what it credits in all."""
        return sum((line.amount for line in self.lines if line.side == "debit"), ZERO)

    @property
    def orders(self) -> list[str]:
        """The orders it is about."""
        return sorted({line.order for line in self.lines} - {""})


def scope_of(ref: str) -> str:
    """The scope of an operation's entries: derived from its reference, as an id of a fact would be."""
    return ids.derive(ids.IMPORT, "manual", ref)


# --- from rows ---------------------------------------------------------------------------------------------------


def read(
    rows: Sequence[Mapping[str, Any]], currency: str, known: Mapping[str, Operation] | None = None
) -> tuple[dict[str, Operation], list[Refused]]:
    """The operations that rows tell, by reference and in the order told, and what is wrong with them.

    A row has ref, date, element, side, object, amount, general, reverses, and `shares`: its accounts as a distribution.
    An operation that reverses another has one row without side, object and amount, and gets the mirror of the other's
    lines. `known`: operations that are here already.
    """
    refused: list[Refused] = []
    by_ref: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        by_ref[row["ref"]].append(index)
    made: dict[str, Operation] = {}
    for ref, places in by_ref.items():
        before = len(refused)
        shared = _shared(rows, places, refused)
        if shared["date"] is None:
            refused.append(Refused(places[0], "date", _("operation “{ref}” has no date: fill it"), {"ref": ref}))
        lines = () if shared["reverses"] else tuple(_lines(rows, places, currency, refused))
        if shared["reverses"]:
            _bare(rows, places, refused)
        elif len(refused) == before:
            _balanced(ref, lines, places[0], refused)
        if len(refused) == before:
            element = shared["element"] or DEFAULT_ELEMENT
            made[ref] = Operation(ref, shared["date"], element, lines, shared["general"], shared["reverses"])
    _mirror(made, known or {}, by_ref, refused)
    return made, refused


def _shared(rows: Sequence[Mapping[str, Any]], places: Sequence[int], refused: list[Refused]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _SHARED:
        found[name] = rows[places[0]].get(name) or (None if name == "date" else "")
        for index in places[1:]:
            value = rows[index].get(name)
            if value and value != found[name]:
                sentence = _("operation “{ref}” says “{one}” in its first line and “{other}” here: "
                             "write it once, or the same")  # fmt: skip
                params = {"ref": rows[index]["ref"], "one": str(found[name] or "–"), "other": str(value)}
                refused.append(Refused(index, name, sentence, params))
    return found


def _lines(
    rows: Sequence[Mapping[str, Any]], places: Sequence[int], currency: str, refused: list[Refused]
) -> Iterable[Line]:
    for index in places:
        row = rows[index]
        missing = [name for name in ("side", "object", "amount") if row.get(name) in (None, "")]
        if missing:
            refused.append(Refused(index, missing[0], _("is empty: fill it")))
            continue
        amount = Decimal(row["amount"])
        if amount != round_money(amount, currency):
            sentence = _("“{amount}” has more decimals than {currency}: round it")
            refused.append(Refused(index, "amount", sentence, {"amount": str(row["amount"]), "currency": currency}))
        elif not ZERO < amount < MOST:
            sentence = _("“{amount}” must be above zero, and no more than can be booked: "
                         "what takes away stands on the other side")  # fmt: skip
            refused.append(Refused(index, "amount", sentence, {"amount": str(row["amount"])}))
        elif refusal := _object(row["object"]):
            refused.append(Refused(index, "object", *refusal))
        else:
            yield Line(row["side"], row["object"], round_money(amount, currency), row.get("shares") or {})


def _object(cost_object: str) -> tuple[str, dict[str, str]] | None:
    kind, colon, _code = cost_object.partition(":")
    if kind == "stock":
        sentence = _("“{object}”: the value of stock follows from its movements; tell a receipt, an issue or a return")
        return sentence, {"object": cost_object}
    if not colon or kind not in OBJECTS:
        sentence = _("“{object}” does not say what it is: write one of {known}, a colon and the code")
        return sentence, {"object": cost_object, "known": ", ".join(OBJECTS)}
    return None


def _bare(rows: Sequence[Mapping[str, Any]], places: Sequence[int], refused: list[Refused]) -> None:
    for index in places:
        row = rows[index]
        if index != places[0] or any(row.get(name) for name in ("side", "object", "amount", "general", "shares")):
            sentence = _("operation “{ref}” reverses “{other}” and so has the lines of that one: "
                         "write one row with its reference and date, and no line")  # fmt: skip
            refused.append(Refused(index, "reverses", sentence, {"ref": row["ref"], "other": str(row["reverses"])}))
            return


def _balanced(ref: str, lines: Sequence[Line], index: int, refused: list[Refused]) -> None:
    debit = sum((line.amount for line in lines if line.side == "debit"), ZERO)
    credit = sum((line.amount for line in lines if line.side == "credit"), ZERO)
    if debit != credit:
        sentence = _("operation “{ref}” is not balanced: debit {debit}, credit {credit}, {difference} apart")
        params = {"ref": ref, "debit": str(debit), "credit": str(credit), "difference": str(abs(debit - credit))}
        refused.append(Refused(index, "amount", sentence, params))


def _mirror(
    made: dict[str, Operation], known: Mapping[str, Operation], by_ref: Mapping[str, list[int]], refused: list[Refused]
) -> None:
    """Give reversals the lines of what they reverse: its own, each on the other side, cents included."""
    taken = {one.reverses: one.ref for one in known.values() if one.reverses}
    for operation in [one for one in made.values() if one.reverses]:
        ref, index = operation.ref, by_ref[operation.ref][0]
        params = {"ref": ref, "other": operation.reverses}
        other = made.get(operation.reverses) or known.get(operation.reverses)
        if other is None:
            sentence = _("operation “{ref}” reverses “{other}”, which is not here: import that one first")
        elif other.reverses:
            sentence = _("operation “{ref}” reverses “{other}”, which is a reversal itself: enter the operation anew")
        elif taken.setdefault(other.ref, ref) != ref:
            sentence = _("operation “{other}” is reversed by “{one}” already: nothing is left to reverse")
            params["one"] = taken[other.ref]
        elif operation.day < other.day:
            sentence = _("operation “{ref}” reverses “{other}” of {day}: give it that date or a later one")
            params["day"] = other.day.isoformat()
        else:
            lines = tuple(replace(line, side=_OTHER[line.side]) for line in other.lines)
            made[ref] = replace(operation, lines=lines, element=other.element, general=other.general)
            continue
        refused.append(Refused(index, "reverses", sentence, params))


def shares_of(accounts: Mapping[str, str], plans: Mapping[str, Plan]) -> Distribution:
    """Accounts by plan as a distribution: a name of one in place of its shares."""
    made = {}
    for plan, account in sorted(accounts.items()):
        whole = ((account, WHOLE),)
        made[plan] = spread(plans[plan], whole) if plan in plans else whole
    return made


def as_json(shares: Distribution) -> dict[str, dict[str, str]]:
    """A distribution as plain JSON values."""
    return {plan: {account: plain(percent) for account, percent in of_plan} for plan, of_plan in shares.items()}


def from_json(shares: Mapping[str, Mapping[str, str]]) -> Distribution:
    """The inverse of `as_json`."""
    return {
        plan: tuple(sorted((account, Decimal(percent)) for account, percent in of_plan.items()))
        for plan, of_plan in sorted(shares.items())
    }


# --- to entries --------------------------------------------------------------------------------------------------


def entries(operation: Operation, zone: ZoneInfo, currency: str) -> list[Entry]:
    """What ought to stand in the ledger for an operation; the one about no order, or the first order, comes first."""
    orders = operation.orders
    if len(orders) <= 1:
        return [_entry(operation, operation.lines, orders[0] if orders else "", zone, currency)]
    made = []
    for order in ["", *orders]:
        lines = [line for line in operation.lines if line.order == order]
        left = sum((line.amount if line.side == "debit" else -line.amount for line in lines), ZERO)
        if left:
            between = Line("credit" if left > 0 else "debit", f"transit:{operation.ref}", abs(left), {})
            lines.append(between)
        if lines:
            made.append(_entry(operation, lines, order, zone, currency))
    return made


def _entry(operation: Operation, lines: Sequence[Line], order: str, zone: ZoneInfo, currency: str) -> Entry:
    sides: dict[Side, list[Posting]] = {"debit": [], "credit": []}
    for line in lines:
        sides[line.side] += postings(line.side, line.cost_object, line.amount, line.accounts, currency)
    amount = sum((line.amount for line in sides["debit"]), ZERO)
    words = f"reversal of operation {operation.reverses}" if operation.reverses else f"operation {operation.ref}"
    return Entry(
        scope=operation.scope,
        rule=RULE,
        rule_version=VERSION,
        element=operation.element,
        occurred_at=midnight(operation.day, zone),
        occurred_on=operation.day,
        period=month_of(operation.day),
        quantity=ZERO,
        unit="",
        amount=amount,
        currency=currency,
        provenance="declared",
        events=(),
        policy="",
        formula=f"{words}: {amount} {currency}",
        postings=transfer(sides["credit"], sides["debit"]),
        order=order,
        reference=operation.ref,
        mirrors=operation.reverses,
        general=operation.general,
    )


# --- general entries ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GeneralEntry:
    """A line of the books of account as imported: debited or credited, never both."""

    id: str
    day: date
    account: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO
    journal: str = ""
    text: str = ""

    @property
    def amount(self) -> Decimal:
        """What it comes to, whichever side it is on."""
        return self.debit or self.credit


@dataclass(frozen=True, slots=True)
class Covered:
    """A general entry and what the analytic entries that stand for it come to."""

    general: GeneralEntry
    entries: int
    analytic: Decimal

    @property
    def open(self) -> Decimal:
        """What has no analytic entry yet."""
        return self.general.amount - self.analytic


def as_general(row: Mapping[str, Any]) -> GeneralEntry:
    """A general entry as a row of a file or table says it."""
    day = row["date"] if isinstance(row["date"], date) else date.fromisoformat(row["date"])
    sides = (Decimal(row.get("debit") or 0), Decimal(row.get("credit") or 0))
    return GeneralEntry(row["id"], day, row["account"], *sides, row.get("journal", ""), row.get("text", ""))


def refused_general(rows: Sequence[GeneralEntry], currency: str) -> list[Refused]:
    """What is wrong with general entries, each by itself."""
    refused = []
    for index, row in enumerate(rows):
        if bool(row.debit) == bool(row.credit):
            sentence = _("general entry “{id}” has a debit and a credit: keep one of them")
            if not row.debit:
                sentence = _("general entry “{id}” has neither debit nor credit: fill one of them")
            refused.append(Refused(index, "debit", sentence, {"id": row.id}))
        elif row.amount != round_money(row.amount, currency):
            sentence = _("“{amount}” has more decimals than {currency}: round it")
            column = "debit" if row.debit else "credit"
            refused.append(Refused(index, column, sentence, {"amount": str(row.amount), "currency": currency}))
    return refused


def covered(general: Iterable[GeneralEntry], linked: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Covered]:
    """Each general entry beside the analytic entries linked to it: (its id, body or content of the analytic entry).
    What takes an entry back, the reversal of an entry as well as the mirror of an operation, counts against it."""
    count: dict[str, int] = defaultdict(int)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for general_id, content in linked:
        count[general_id] += 1
        sums[general_id] += linked_amount(content)
    return [Covered(one, count[one.id], sums[one.id]) for one in general]


def linked_amount(content: Mapping[str, Any]) -> Decimal:
    """What an analytic entry takes of its general entry: not twice what only passes from order to order."""
    amount = Decimal(content["amount"])
    for line in content["postings"]:
        if line["side"] == "debit" and line["object"].startswith("transit:"):
            amount -= Decimal(line["amount"])
    return -amount if bool(content.get("reverses")) != bool(content.get("mirrors")) else amount


def over_covered(
    operations: Iterable[Operation], general: Collection[GeneralEntry], before: Mapping[str, Decimal]
) -> list[tuple[str, str, dict[str, str]]]:
    """(reference, sentence, params) of operations that take more of a general entry than there is, or than is left
    (`before`: what stands for it already); or that name one nobody imported."""
    by_id = {one.id: one for one in general}
    sums = defaultdict(Decimal, before)
    found = []
    for operation in operations:
        if not operation.general:
            continue
        entry = by_id.get(operation.general)
        if entry is None:
            sentence = _("general entry “{general}” is known neither here nor in the files: import it too")
            found.append((operation.ref, sentence, {"general": operation.general}))
            continue
        sums[entry.id] += -operation.amount if operation.reverses else operation.amount
        if not ZERO <= sums[entry.id] <= entry.amount:
            sentence = _("general entry “{general}” comes to {amount}; with “{ref}” its analytic entries come to {sum}")
            found.append((operation.ref, sentence, {
                "general": entry.id, "amount": str(entry.amount), "ref": operation.ref,
                "sum": str(sums[entry.id])}))  # fmt: skip
    return found
