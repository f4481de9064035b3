"""The demo plant in a database: loaded once for all tests here, with an interruption half way."""

import json
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from server.auth.passwords import sign_in
from server.cli import main
from server.demo import DemoAccess, DemoRefused, load
from server.demo.loading import ACCESS_FILE
from server.migrations import upgrade
from server.settings import Settings
from server.store import event_log, floor, ledger, people, plant
from server.store.database import open_engine, read
from server.store.snapshot import snapshot
from server.store.tables import TABLES
from server.store.verification import verify
from sync.core.clock import to_instant
from sync.core.findings import CATALOGUE

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 3, 18)
EXAMPLES = {
    "time.open", "time.too_long", "time.unknown", "time.negative", "time.stop_without_start", "time.stop_repeated",
    "time.stop_of_corrected", "time.repeated", "reference.unknown_order", "reference.unknown_operation",
    "reference.unknown_person", "reference.unknown_machine", "reference.unknown_item", "rate.missing",
    "unit.no_conversion", "stock.no_unit_cost", "stock.negative", "scrap.no_cost",
    "correction.target_unknown", "correction.replacement_unknown", "correction.applied", "event.voided",
    "event.replaced", "quantity.counted", "quantity.over_order", "downtime.noted", "labor.in_machine_rate",
    "import.identical_row", "clock.drift", "break.noted", "fact.noted", "event.declined", "by_product.no_value",
}  # fmt: skip


class Interrupted(Exception):
    """Somebody pulled the plug."""


class Demo:
    """A loaded demo plant."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder / "demo")
        self.engine = open_engine(self.settings.database)
        self.heard: list[float] = []

    def load(self, stop_at: float = 2.0) -> DemoAccess:
        def progress(done: float, words: str) -> None:
            assert words
            self.heard.append(done)
            if done >= stop_at:
                raise Interrupted

        return load(self.engine, self.settings, progress, today=TODAY)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("plant")
    (folder / "demo").mkdir()
    shutil.copy(_migrated_file, folder / "demo" / "floorledger.sqlite")
    made = Demo(folder)
    with pytest.raises(Interrupted):
        made.load(stop_at=0.4)
    made.load()
    yield made
    made.engine.dispose()


def counts(engine: Engine) -> dict[str, int]:
    with read(engine) as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in TABLES.items()
        }


def test_the_ledger_is_what_the_facts_give(demo: Demo) -> None:
    with read(demo.engine) as connection:
        report = verify(connection, "main", demo.settings.ledger_key())
    assert report.ok, report.faults
    assert report.entries > 3_000 and report.batches > 30


def test_every_fact_is_accounted_for(demo: Demo) -> None:
    with read(demo.engine) as connection:
        states = event_log.counts(connection, "main")
    assert not any(state == "received" for state, _ in states)
    assert sum(states.values()) == counts(demo.engine)["event"]


def test_each_reason_has_an_example(demo: Demo) -> None:
    with read(demo.engine) as connection:
        seen = {reason for _, reason in event_log.counts(connection, "main") if reason}
        finding = TABLES["finding"]
        seen |= set(connection.scalars(select(finding.c.code).distinct()))
    assert set(CATALOGUE) >= EXAMPLES
    assert sorted(EXAMPLES - seen) == []


def test_the_ledger_has_a_history(demo: Demo) -> None:
    """Corrections and late facts came after their facts were posted, so there are reversals; batches are dated."""
    with read(demo.engine) as connection:
        entry, batch = TABLES["entry"], TABLES["batch"]
        reversals = connection.execute(select(func.count()).where(entry.c.reverses.is_not(None))).scalar_one()
        first, last = connection.execute(select(func.min(batch.c.sealed_at), func.max(batch.c.sealed_at))).one()
    assert reversals > 20
    assert last - first > 12 * 86_400_000


def test_what_intake_refused_is_kept(demo: Demo) -> None:
    kept = counts(demo.engine)
    assert (kept["rejection"], kept["event_conflict"]) == (1, 1)
    assert kept["note"] > 0
    assert kept["photo"] == 2


def test_a_second_load_changes_nothing(demo: Demo) -> None:
    before = counts(demo.engine)
    with read(demo.engine) as connection:
        head = ledger.head(connection, "main")
    access = demo.load()
    with read(demo.engine) as connection:
        assert ledger.head(connection, "main") == head
    assert counts(demo.engine) == before
    assert access == demo.load()


def test_progress_only_grows(demo: Demo) -> None:
    again = demo.heard.index(0.0, 1)
    for part in (demo.heard[:again], demo.heard[again:]):
        assert part == sorted(part)
    assert demo.heard[-1] == 1.0


def test_users_can_sign_in_and_nobody_else_reads_their_passwords(demo: Demo) -> None:
    access = demo.load()
    assert sorted(role for _, _, roles in access.users for role in roles) == ["accountant", "admin", "lead", "payroll"]
    for name, password, _ in access.users:
        assert sign_in(demo.engine, demo.settings, name, password, 0) == name
    file = demo.settings.data_dir / ACCESS_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert len({password for _, password, _ in access.users}) == 4


def test_devices_and_finished_orders_look_used(demo: Demo) -> None:
    with read(demo.engine) as connection:
        devices = people.list_devices(connection, "main")
        assert len(devices) > 8 and all(device.last_seq > 0 for device in devices)
        orders = plant.rows(connection, "main", "orders")
        assert sum(row["status"] == "closed" for row in orders) > 15
        shown = snapshot(connection, "main")
    assert len(shown["orders"]) > 20 and any(order["progress"] for order in shown["orders"])
    assert len(shown["codes"]) > 150


def test_a_phone_has_something_to_show(demo: Demo) -> None:
    with read(demo.engine) as connection:
        shown = snapshot(connection, "main", TODAY)
        missed = floor.silent_devices(connection, "main", to_instant(datetime(2026, 3, 18, 15, 10, tzinfo=PARIS)))
        calls = floor.open_calls(connection, "main", 0)
    assert shown["settings"]["typed_time"] and shown["settings"]["standard_cost"]
    assert {reason["kind"] for reason in shown["reasons"]} == {"defect", "downtime", "pause", "correction", "help"}
    assert len(shown["locations"]) > 4 and len(shown["lots"]) > 4
    assert all("standard_cost" in order for order in shown["orders"] if order["quantity"] != "0" and order["operations"]
               and "PAT-FEUTRE" not in {part["item"] for part in order["components"]})  # fmt: skip
    steps = [step for order in shown["orders"] for step in order["operations"]]
    assert any(step.get("completed") for step in steps)
    assert (missed[0].name, missed[0].waiting) == ("Téléphone Hugo", 4)
    assert len(calls) == 1


def test_the_command_tells_who_may_come_in(demo: Demo) -> None:
    arguments = ["--data-dir", str(demo.settings.data_dir.parent), "demo"]
    told = CliRunner().invoke(main, arguments, env={"LANG": "en_US.UTF-8", "LANGUAGE": ""})
    assert told.exit_code == 0, told.output
    for name, password, _ in demo.load().users:
        assert f"{name} " in told.stdout and password in told.stdout


def test_another_plant_is_left_alone(settings: Settings, database: Engine, site: str) -> None:
    before = counts(database)
    with pytest.raises(DemoRefused):
        load(database, settings)
    assert counts(database) == before
    assert not (settings.data_dir / ACCESS_FILE).exists()


def test_passwords_of_another_database_are_not_believed(
    demo: Demo, settings: Settings, database: Engine, site: str
) -> None:
    shutil.copy(demo.settings.data_dir / ACCESS_FILE, settings.data_dir)
    with pytest.raises(DemoRefused):
        load(database, settings)


def test_a_damaged_file_is_said_so(settings: Settings, database: Engine) -> None:
    (settings.data_dir / ACCESS_FILE).write_text(json.dumps({"seed": 7}))
    with pytest.raises(DemoRefused, match=ACCESS_FILE):
        load(database, settings)


@pytest.mark.long
def test_it_loads_on_postgresql_too(postgres_database: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=postgres_database)
    engine = open_engine(postgres_database)
    upgrade(engine)
    load(engine, settings, today=TODAY)
    with read(engine) as connection:
        assert verify(connection, "main", settings.ledger_key()).ok
    engine.dispose()
