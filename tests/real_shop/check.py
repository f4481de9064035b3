"""A real shop's production log through the whole of Floorledger, and what must then be true.

    python -m tests.real_shop.check [--file PATH] [--database URL]

The log is not part of this repository (its licence does not allow that); without it this says so and ends well. It is
looked for where --file or $FLOORLEDGER_REAL_SHOP says, else beside the checkout. Rates are made up.

The first run uses a fresh SQLite file. With --database (an empty database) a second run follows there with the same
people's keys, and both ledgers must hold the same bytes. What the log itself says is computed here a second time, by
a routine of its own that shares nothing with the engine.
"""

import argparse
import csv
import io
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine, select

from server import worker
from server.migrations import upgrade
from server.reference import exports, imports, production_log
from server.store import event_log, ledger, plant
from server.store.database import open_engine, read, write
from server.store.sites import create_site
from server.store.tables import TABLES
from server.store.verification import verify
from sync.connectors.csv_file.mapping import KINDS
from sync.connectors.csv_file.production_log import load_mapping
from sync.costing.policy import BEGINNING

HERE = Path(__file__).parent
DEFAULT = HERE.parents[2] / "shared" / "data" / "real-shop" / "Production_Data.csv"
SITE = "main"
KEY = b"real shop".ljust(32, b".")
NOW = int(datetime(2012, 4, 2, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
# Figures of the log, from its description: they are expected, not taken from the run.
ROWS, UNTIMED, SURPLUS = 4543, 662, 22
ATTRIBUTED_H, BOOKED_H = "10958.57", "13164.43"
RATES = [
    {"kind": "labor", "subject_kind": "rate_group", "subject": "shop", "valid_from": day, "amount": Decimal(amount)}
    for day, amount in ((date(2012, 1, 1), "30"), (date(2012, 2, 16), "31.20"))
]


def location(given: str | None = None) -> Path:
    """Where the log would be on this machine."""
    return Path(given or os.environ.get("FLOORLEDGER_REAL_SHOP") or DEFAULT)


@dataclass
class Outcome:
    """What a run found: the checks that failed, the entries' bytes, the people's keys as exported."""

    failed: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    people: bytes = b""

    def check(self, holds: bool, what: str) -> None:
        """Say how a check went, and remember a failure."""
        print(f"  {'ok  ' if holds else 'FAIL'}  {what}", flush=True)
        if not holds:
            self.failed.append(what)


def run(engine: Engine, content: bytes, people: bytes = b"") -> Outcome:
    """Import into an empty database, cost everything, check. `people`: an export whose keys are to be used."""
    outcome = Outcome()
    mapping = load_mapping((HERE / "mapping.toml").read_text())
    upgrade(engine)
    with write(engine) as connection:
        create_site(connection, SITE, name="Real shop", zone="UTC", currency="EUR")
        plant.put_policy(connection, SITE, {BEGINNING: {"longest_labor_h": 24}})
        plant.put(connection, SITE, "rates", RATES)
        if people:
            imports.apply(connection, SITE, imports.read_files([("people.csv", people)]))

    started = time.monotonic()
    rows = production_log.read_rows(engine, SITE, content, "log", mapping)
    # One instant for all: then the facts of both databases are costed in the same lots.
    done = production_log.run(engine, SITE, rows, mapping, lambda: NOW)
    imported = time.monotonic() - started
    started = time.monotonic()
    worker.drain(engine, SITE, KEY)
    costed = time.monotonic() - started
    facts = done.facts.total()
    print(f"  {done.rows:,} rows, {facts:,} facts: imported in {imported:.1f} s ({facts / imported:,.0f} facts/s), "
          f"costed in {costed:.1f} s ({facts / costed:,.0f} facts/s)")  # fmt: skip

    _check_rows(engine, outcome, facts)
    _check_hours(engine, outcome, _expected(content))
    before = _bodies(engine)
    again = production_log.run(engine, SITE, rows, mapping, lambda: NOW + 1)
    worker.drain(engine, SITE, KEY)
    nothing_new = again.verdicts == {"exists": facts} and _bodies(engine) == before
    outcome.check(nothing_new, "a second import adds nothing")
    with read(engine) as connection:
        report = verify(connection, SITE, KEY)
        outcome.people = exports.as_csv(KINDS["people"], exports.rows(connection, SITE, KINDS["people"])).encode()
    outcome.check(report.ok, f"verify passes: {report.entries:,} entries {'; '.join(report.faults)}")
    outcome.bodies = before
    return outcome


def _bodies(engine: Engine) -> list[str]:
    with read(engine) as connection:
        return [body for _, _, body in ledger.page(connection, SITE, 0, 1_000_000)]


def _check_rows(engine: Engine, outcome: Outcome, facts: int) -> None:
    """Every row has facts, every fact an end, and the counts add up."""
    event, finding = TABLES["event"], TABLES["finding"]
    with read(engine) as connection:
        counts = event_log.counts(connection, SITE)
        bodies = {row.id: json.loads(row.body) for row in connection.execute(select(event.c.id, event.c.body))}
        flagged = set(connection.scalars(select(finding.c.event_id).where(finding.c.code == "import.identical_row")))
        apart = [connection.exec_driver_sql(f"SELECT COUNT(*) FROM {name}").scalar_one()
                 for name in ("rejection", "event_conflict")]  # fmt: skip
    states = Counter[str]()
    for (state, _), count in counts.items():
        states[state] += count
    row_of = {fact: (body["source_row"], body["source_repeat"]) for fact, body in bodies.items()}
    told = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
    outcome.check(len(set(row_of.values())) == ROWS, f"{ROWS:,} rows have facts")
    outcome.check(
        sum(states.values()) == len(bodies) == facts and not states["received"] and apart == [0, 0],
        f"every fact is accounted for: {told}, {apart[0]} rejected",
    )
    outcome.check(counts.get(("held", "time.unknown")) == UNTIMED, f"the time of {UNTIMED} untimed reports is held")
    repeated = {row_of[fact] for fact in flagged}
    outcome.check(len(repeated) == SURPLUS, f"{SURPLUS} surplus identical rows are flagged")


def _check_hours(engine: Engine, outcome: Outcome, expected: "Expected") -> None:
    """Each worker's attributed time is the time on the clock, day by day."""
    with read(engine) as connection:
        number_of = {row["key"]: row["number"] for row in plant.rows(connection, SITE, "people")}
        events = TABLES["event"]
        person_of = {row.id: row.person for row in connection.execute(select(events.c.id, events.c.person))}
        in_force = {entry_id for entry_id, _ in ledger.all_standing(connection, SITE).values()}
    attributed: dict[tuple[str, str], int] = defaultdict(int)
    for body in map(json.loads, _bodies(engine)):
        if body["id"] in in_force and body["unit"] == "ms":
            days = body.get("days") or {body["occurred_on"]: int(body["quantity"])}
            assert sum(days.values()) == int(body["quantity"])
            for day, milliseconds in days.items():
                attributed[number_of[person_of[body["events"][0]]], day] += milliseconds
    hours = f"{sum(attributed.values()) / HOUR_MS:.2f}"
    booked = f"{expected.booked_ms / HOUR_MS:.2f}"
    same = hours == ATTRIBUTED_H and booked == BOOKED_H
    outcome.check(same, f"{hours} h are attributed, the time on the clock; not the {booked} h that were booked")
    wrong = {place for place in attributed.keys() | expected.days.keys() if attributed[place] != expected.days[place]}
    outcome.check(not wrong, f"each of {len(expected.days):,} worker-days has its own time, across midnight too")


@dataclass
class Expected:
    """What the log says: time on the clock by worker and day, and the sum of what was booked."""

    days: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    booked_ms: int = 0


def _expected(content: bytes) -> Expected:
    """The union of each worker's timed intervals, minute by minute: slow, simple, and nothing like the engine."""
    minutes: dict[str, set[datetime]] = defaultdict(set)
    expected = Expected()
    for row in csv.DictReader(io.StringIO(content.decode())):
        if row["Span"] == "000:00":
            continue
        begin, end = _moment(row["Start Timestamp"]), _moment(row["Complete Timestamp"])
        assert begin.second == end.second == 0
        expected.booked_ms += int((end - begin).total_seconds()) * 1000
        while begin < end:
            minutes[row["Worker ID"]].add(begin)
            begin += timedelta(minutes=1)
    for worker_id, worked in minutes.items():
        for minute in worked:
            expected.days[worker_id, minute.date().isoformat()] += 60_000
    return expected


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y/%m/%d %H:%M:%S.000").replace(tzinfo=UTC)


def compare(here: Outcome, there: Outcome) -> bool:
    """Whether two runs gave the same bytes."""
    same = here.bodies == there.bodies and bool(here.bodies)
    print(f"  {'ok  ' if same else 'FAIL'}  both databases hold the same {len(here.bodies):,} entries, byte for byte")
    return same


def main() -> int:
    """Run the checks; the exit status is 0 when all hold or there is nothing to check."""
    parser = argparse.ArgumentParser(prog="tests.real_shop.check", description=__doc__)
    parser.add_argument("--file", help=f"the log (default: {DEFAULT})")
    parser.add_argument("--database", help="an empty database for a second run, such as postgresql://...")
    arguments = parser.parse_args()
    path = location(arguments.file)
    if not path.exists():
        print(f"There is no log at {path}: nothing to check.")
        return 0
    content = path.read_bytes()
    with tempfile.TemporaryDirectory(prefix="floorledger-real-shop-") as folder:
        print("SQLite")
        first = run(open_engine(f"sqlite:///{folder}/floorledger.sqlite"), content)
    failed = list(first.failed)
    if arguments.database:
        print(arguments.database.split(":", 1)[0])
        second = run(open_engine(arguments.database), content, first.people)
        failed += second.failed
        if not compare(first, second):
            failed.append("same bytes")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
