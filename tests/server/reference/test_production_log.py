"""A made-up production log through import and costing: nothing is counted twice, what is unknown is held."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine

from server.reference import imports, production_log
from server.reference.imports import ImportRefused
from server.store import event_log, ledger, plant
from server.store.database import read, write
from server.store.verification import verify
from server.worker import drain
from sync.connectors.csv_file.production_log import load_mapping

FOLDER = Path(__file__).parents[2] / "fixtures" / "log"
LOG = (FOLDER / "production.csv").read_bytes()
MAPPING = (FOLDER / "mapping.toml").read_text()
KEY = b"k" * 32
RATES = b"kind,subject_kind,subject,valid_from,amount\nlabor,rate_group,shop,2026-01-01,30\n"


def run(
    database: Engine, log: bytes = LOG, mapping: str = MAPPING, *, preview: bool = False
) -> production_log.LogImport:
    chosen = load_mapping(mapping)
    rows = production_log.read_rows(database, "main", log, "log.csv", chosen)
    done = production_log.run(database, "main", rows, chosen, lambda: 0, preview=preview)
    drain(database, "main", KEY)
    return done


@pytest.fixture
def shop(database: Engine, site: str) -> Engine:
    """A site that has a rate and nothing else."""
    with write(database) as connection:
        imports.apply(connection, site, imports.read_files([("rates.csv", RATES)]))
    return database


def test_from_rows_to_entries(shop: Engine) -> None:
    done = run(shop)
    assert (done.rows, done.untimed, done.repeated) == (8, 2, 1)
    assert done.verdicts == {"created": 17}
    with read(shop) as connection:
        assert event_log.counts(connection, "main").get(("held", "time.unknown")) == 2
        assert not [state for state, _ in event_log.counts(connection, "main") if state == "received"]
        bodies = [json.loads(body) for _, _, body in ledger.page(connection, "main", 0, 1000)]
        assert verify(connection, "main", KEY).ok
    labor = [body for body in bodies if body["unit"] == "ms"]
    # E01: 22:30 to 01:30 on two lathes; E02: 08:00 to 11:00; E03: two hours in the night of the clock change.
    assert sum(int(body["quantity"]) for body in labor) == (3 + 3 + 2) * 3_600_000
    assert sum(days["2026-03-03"] for body in labor if (days := body.get("days"))) == 1.5 * 3_600_000


def test_a_second_import_adds_nothing(shop: Engine) -> None:
    run(shop)
    with read(shop) as connection:
        before = ledger.page(connection, "main", 0, 1000)
        people = plant.rows(connection, "main", "people")
    again = run(shop)
    assert again.verdicts == {"exists": 17}
    assert again.created == []
    with read(shop) as connection:
        assert ledger.page(connection, "main", 0, 1000) == before
        assert plant.rows(connection, "main", "people") == people


def test_a_longer_export_adds_its_new_rows_only(shop: Engine) -> None:
    run(shop)
    more = "WO 8;Sorting;Bench;30.03.2026 08:00;30.03.2026 09:00;1,00;5;Pin;E03;P;1;0;0;\n"
    header, rest = LOG.decode().split("\n", 1)
    done = run(shop, f"{header}\n{more}{rest}".encode())
    assert done.verdicts == {"exists": 17, "created": 2}
    with read(shop) as connection:
        steps = plant.load(connection, "main").orders["WO 8"].operations
    assert [(step.name, step.sequence) for step in steps] == [("Grinding", 10), ("Packing", 20), ("Sorting", 30)]


def test_a_preview_writes_nothing(shop: Engine) -> None:
    done = run(shop, preview=True)
    assert done.facts.total() == 17
    assert {change.kind: len(change.added) for change in done.created}["people"] == 3
    with read(shop) as connection:
        assert event_log.counts(connection, "main") == {}
        assert plant.load(connection, "main").people == {}


def test_what_is_known_already_is_left_as_it_is(shop: Engine) -> None:
    files = {
        "work_centers": "code\nTURN\n",
        "machines": "code,work_center\nLathe 1,TURN\nLathe 2,TURN\n",
        "people": "number,name,rate_group\nE01,Ana Demo,shop\n",
        "orders": "code,quantity\nWO 7,99\n",
    }
    with write(shop) as connection:
        imports.apply(connection, "main", imports.read_files((f"{k}.csv", text.encode()) for k, text in files.items()))
    run(shop)
    with read(shop) as connection:
        known = plant.load(connection, "main")
        names = plant.names(connection, "main")
    assert known.orders["WO 7"].quantity == 99
    assert known.orders["WO 7"].operations[0].work_center == "TURN"
    assert known.machines["Lathe 2"].work_center == "TURN"
    assert sorted(names.values()) == ["Ana Demo", "E02", "E03"]


def test_orders_of_a_log_are_of_the_kind_the_company_has(shop: Engine) -> None:
    with write(shop) as connection:
        imports.apply(connection, "main", imports.read_files([("policy.csv", b"setting,value\norder_kind,ticket\n")]))
    run(shop)
    with read(shop) as connection:
        assert {row["kind"] for row in plant.rows(connection, "main", "orders")} == {"ticket"}


def test_a_person_nobody_knows_is_said_before_anything_is_written(shop: Engine) -> None:
    with pytest.raises(ImportRefused) as trouble:
        run(shop, mapping=MAPPING.replace("people = true", "people = false"))
    assert "nobody has number “E01”" in trouble.value.errors[0].text()
    with read(shop) as connection:
        assert plant.load(connection, "main").orders == {}


def test_one_wrong_line_and_nothing_is_kept(shop: Engine) -> None:
    with pytest.raises(ImportRefused):
        run(shop, LOG.replace(b";P;9;0;0;", b";P;nine;0;0;", 1))
    with read(shop) as connection:
        assert event_log.counts(connection, "main") == {}
