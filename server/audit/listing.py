"""Who may read which lines, and the lines as files: for the page, its downloads and `floorledger audit`."""

import csv
import io
from collections.abc import Iterable, Set

from server.spreadsheet import safe_cell
from server.store.audit import Line
from sync.core.canonical import dump
from sync.core.clock import format_instant

# Payroll's are the lines about wages, so that who looks after them sees who looked at them; an administrator is
# technical and sees all others; an auditor sees all. No line holds an amount.
READABLE = {
    "admin": frozenset({"operational", "personal"}),
    "payroll": frozenset({"wage"}),
    "auditor": frozenset({"operational", "personal", "wage"}),
}
COLUMNS = ("number", "at", "actor", "action", "subject", "details", "erased", "hash")


def classes(roles: Set[str]) -> frozenset[str]:
    """The classes of lines somebody with these roles may read."""
    return frozenset().union(*(READABLE.get(role, frozenset()) for role in roles))


def as_csv(lines: Iterable[Line]) -> str:
    """With a head; safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow(safe_cell(value) for value in _values(line).values())
    return out.getvalue()


def as_json(lines: Iterable[Line]) -> str:
    """A list of objects, canonical."""
    return dump([{**_values(line), "details": line.details, "erased": line.erased} for line in lines])


def _values(line: Line) -> dict[str, int | str]:
    told = "; ".join(f"{name}: {value}" for name, value in line.details.items())
    at, erased = format_instant(line.at), "yes" if line.erased else "no"
    values = (line.number, at, line.actor, line.action, line.subject, told, erased, line.hash)
    return dict(zip(COLUMNS, values, strict=True))
