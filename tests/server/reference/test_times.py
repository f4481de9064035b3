"""Calendars and premiums that come late: what was costed without them is costed anew, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from server.reference import exports, imports
from server.store import ledger, plant
from server.store.database import read, write
from server.store.verification import verify
from sync.connectors.csv_file.mapping import KINDS
from sync.core.calendars import CalendarLine
from sync.costing.policy import BEGINNING
from tests.cast import ANA, KEY, put_plant, raw, send, settle

JOB = {"activity": "run", "order": "MO-1", "operation": "10"}
FRIDAY = {"calendar": "DAY", "weekday": "5", "kind": "break"}


@pytest.fixture
def worked(database: Engine, site: str) -> Engine:
    """Ana from 08:00 to 17:00 on Friday 20 November, costed; breaks by calendar, but there is none."""
    put_plant(database)
    with write(database) as connection:
        plant.put_policy(connection, site, {BEGINNING: {"breaks": "calendar"}})
    begin = raw("labor.started", "2026-11-20T07:00:00Z", person=ANA, **JOB)
    send(database, [begin, raw("labor.stopped", "2026-11-20T16:00:00Z", person=ANA, start_id=begin["id"])])
    settle(database)
    assert hours(database) == [Decimal(9)]
    return database


def come(database: Engine, kind: str, *rows: dict[str, Any]) -> int:
    """Rows come in, what waits is costed; the number of entries that makes."""
    with write(database) as connection:
        imports.look_again(connection, "main", [plant.put(connection, "main", kind, rows)])
    return settle(database)


def hours(database: Engine, rule: str = "labor_time") -> list[Decimal]:
    """Hours in force by entry."""
    with read(database) as connection:
        assert verify(connection, "main", KEY).faults == []
        standing = [entry_id for entry_id, _ in ledger.all_standing(connection, "main").values()]
        found = [body for body in ledger.bodies(connection, "main", standing).values() if body["rule"] == rule]
    units = {"ms": 3_600_000, "s": 3600}
    return sorted(Decimal(body["quantity"]) / units[body["unit"]] for body in found)


def test_a_calendar_takes_its_breaks_when_it_comes(worked: Engine) -> None:
    come(worked, "calendars", {**FRIDAY, "starts": "12:00", "ends": "12:30"})
    assert hours(worked) == [Decimal(9)], "nobody has it"
    come(worked, "work_centers", {"code": "W1", "calendar": "DAY"})
    assert hours(worked) == [Decimal("8.5")]
    come(worked, "calendars", {**FRIDAY, "starts": "12:00", "ends": "13:00"})
    assert hours(worked) == [Decimal(8)]
    come(worked, "people", {"key": ANA, "calendar": "NONE"})
    assert hours(worked) == [Decimal(9)], "her own wins, and has no breaks"


def test_a_version_of_a_calendar_is_given_whole(worked: Engine) -> None:
    come(worked, "work_centers", {"code": "W1", "calendar": "DAY"})
    come(
        worked,
        "calendars",
        {**FRIDAY, "starts": "12:00", "ends": "12:30"},
        {**FRIDAY, "starts": "15:00", "ends": "15:15"},
    )
    assert hours(worked) == [Decimal("8.25")]
    come(worked, "calendars", {**FRIDAY, "starts": "12:00", "ends": "12:30"})
    assert hours(worked) == [Decimal("8.5")], "what is not given any more is gone"
    assert come(worked, "calendars", {**FRIDAY, "starts": "12:00", "ends": "13:00", "valid_from": "2026-11-21"}) == 0
    assert hours(worked) == [Decimal("8.5")], "from a later day on"
    with read(worked) as connection:
        (calendar,) = plant.load(connection, "main").calendars.values()
    assert [lines for _, lines in calendar.versions] == [
        (CalendarLine(5, 720, 750, "break"),), (CalendarLine(5, 720, 780, "break"),),
    ]  # fmt: skip


def test_a_clock_at_a_work_center_that_becomes_known_pauses_with_it(database: Engine, site: str) -> None:
    """Ana assembles MO-1 from 08:00 to 17:00; from 10:00 on a clock of hers runs on an order nobody knows yet. When its
    work center is known, the break there (12:00 to 12:30) is all MO-1's: 2 + 7/2 hours become a quarter more."""
    put_plant(database)
    with write(database) as connection:
        plant.put_policy(connection, site, {BEGINNING: {"breaks": "calendar"}})
        plant.put(connection, site, "calendars", [{**FRIDAY, "starts": "12:00", "ends": "12:30"}])
        plant.put(connection, site, "work_centers", [{"code": "W1", "calendar": "DAY"}])
    begin = raw("labor.started", "2026-11-20T07:00:00Z", person=ANA, activity="run", order="MO-1", operation="20")
    running = raw("labor.started", "2026-11-20T09:00:00Z", person=ANA, activity="run", order="MO-9", operation="10")
    send(database, [begin, running, raw("labor.stopped", "2026-11-20T16:00:00Z", person=ANA, start_id=begin["id"])])
    settle(database)
    assert hours(database) == [Decimal("5.5")]
    come(database, "orders", {"code": "MO-9", "item": "CHAIR", "quantity": "1"})
    come(database, "operations", {"order": "MO-9", "number": "10", "name": "Turn", "sequence": 10, "work_center": "W1"})
    assert hours(database) == [Decimal("5.75")]


def test_a_premium_adds_and_goes(worked: Engine) -> None:
    overtime = {"premium": "OVER8", "kind": "overtime_day", "threshold_h": "8", "percent": "25"}
    assert come(worked, "premiums", overtime) == 1
    assert hours(worked, "premium") == [Decimal(1)]
    assert come(worked, "premiums", {**overtime, "percent": "50"}) == 2, "one back, one anew"
    assert come(worked, "premiums", {**overtime, "percent": "0", "valid_from": "2026-11-20"}) == 1
    assert hours(worked, "premium") == []
    assert hours(worked) == [Decimal(9)], "the hours never moved"


def test_what_goes_out_comes_in_again(worked: Engine) -> None:
    come(worked, "premiums", {"premium": "OVER8", "kind": "overtime_day", "threshold_h": "8", "percent": "25"},
         {"premium": "NIGHT", "kind": "night", "starts": "22:00", "ends": "06:00", "percent": "15",
          "valid_from": "2026-01-01"})  # fmt: skip
    come(worked, "calendars", {**FRIDAY, "starts": "12:00", "ends": "12:30"},
         {"calendar": "DAY", "weekday": "2026-12-25", "kind": "holiday"})  # fmt: skip
    for name in ("premiums", "calendars"):
        with read(worked) as connection:
            out = exports.as_csv(KINDS[name], exports.rows(connection, "main", KINDS[name]))
        sheets = imports.read_files([(f"{name}.csv", out.encode())])
        with write(worked) as connection:
            (change,) = imports.apply(connection, "main", sheets)
        assert (change.added, change.changed, change.unchanged) == ((), (), 2)


def test_french_names_and_times(database: Engine, site: str) -> None:
    files = {
        "calendriers.csv": "calendrier;jour;début;fin;type\nJOUR;lundi;8h00;12:00;travail\nJOUR;01/05/2026;;;férié\n",
        "majorations.csv": "majoration;type;début;fin;seuil_h;pourcentage\n"
        "HS;hs_semaine;;;35;25\nNUIT;nuit;21:00;6:00;;12,5\n",
    }
    with write(database) as connection:
        imports.apply(connection, site, imports.read_files((name, text.encode()) for name, text in files.items()))
        known = plant.load(connection, site)
    ((_, lines),) = known.calendars["JOUR"].versions
    assert [(line.on if isinstance(line.on, int) else line.on.isoformat(), line.kind) for line in lines] == [
        (1, "work"), ("2026-05-01", "holiday"),
    ]  # fmt: skip
    assert [(premium.code, premium.kind, str(premium.percent)) for premium in known.premiums] == [
        ("HS", "overtime_week", "25"), ("NUIT", "night", "12.5"),
    ]  # fmt: skip
