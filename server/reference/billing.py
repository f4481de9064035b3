"""What is wrong with files of billable rates, between their rows and with what is known."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from sync.connectors.csv_file.mapping import _
from sync.connectors.csv_file.source import LineError, Sheet
from sync.core.billing import BillableRate, billable_rate_of, overlaps
from sync.events.labor import ACTIVITIES

if TYPE_CHECKING:
    from server.reference.imports import Reach


def _billable_rates(reach: "Reach", sheet: Sheet) -> Iterator[LineError]:
    activities = {row.get("activity", "") for row in sheet.rows} - {"", *ACTIVITIES}
    known = reach.codes("activities", activities) | set(ACTIVITIES) - {"indirect"}
    people = {row.get("person", "") for row in sheet.rows} - {""}
    keys = {row["number"]: row.get("key", row["number"]) for row in reach.rows("people", "number", people)}
    keys |= {row["key"]: row["key"] for row in reach.rows("people", "key", people)}
    given: list[BillableRate] = []
    for index, row in enumerate(sheet.rows):
        activity, person, until = row.get("activity", ""), row.get("person", ""), row.get("valid_until")
        if activity and activity not in known:
            sentence = _(
                "activity “{value}” is neither setup, run, rework, teardown nor in activities.csv: import it too"
            )
            yield sheet.error(index, "activity", sentence, value=activity)
        if person and person not in keys:
            sentence = _("“{value}” is not the number of anybody: import the person too")
            yield sheet.error(index, "person", sentence, value=person)
        if until is not None and until < (row.get("valid_from") or date.min):
            yield sheet.error(index, "valid_until", _("a rate cannot end before it begins"))
        given.append(_one(row, keys))
    yield from _overlapping(reach, sheet, given, keys)


def _one(row: Any, keys: dict[str, str], version: int = 2**31) -> BillableRate:
    """The rate of a row, people by key; rows of the file win over what is stored."""
    person = row.get("person", "")
    return billable_rate_of({**row, "person": keys.get(person, person), "version": version})


def _overlapping(reach: "Reach", sheet: Sheet, given: list[BillableRate], keys: dict[str, str]) -> Iterator[LineError]:
    """Rates for the same thing whose days overlap: one of the file with another, or with one that is stored."""
    stored = [_one(row, keys, row["version"]) for row in reach.all_stored("billable_rates")]
    places = {(rate.conditions, rate.valid_from): index for index, rate in enumerate(given)}
    for found in overlaps([*stored, *given]):
        earlier, later = (places.get((rate.conditions, rate.valid_from)) for rate in (found.earlier, found.later))
        place = later if later is not None else earlier
        if place is None:
            continue
        sentence = _("overlaps the rate for the same that holds from {since} to {until}: end that one on {day}, "
                     "or leave its end empty, and this one takes over")  # fmt: skip
        if later is None:
            sentence = _("is still in force on {later}, when another rate for the same begins: end it on {day}, "
                         "or leave its end empty, and the other takes over")  # fmt: skip
        since = found.earlier.valid_from
        yield sheet.error(
            place, "valid_from" if later is not None else "valid_until", sentence,
            since="…" if since == date.min else since.isoformat(), until=str(found.earlier.valid_until),
            later=found.later.valid_from.isoformat(), day=found.last_day.isoformat(),
        )  # fmt: skip


CHECKS: dict[str, Callable[["Reach", Sheet], Iterator[LineError]]] = {"billable_rates": _billable_rates}
