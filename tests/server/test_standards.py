"""Standards in the store: read as a folder reads them, and whatever comes late costs what waited for it."""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from server.cli.cost import DryRun
from server.reference.exports import as_csv, rows
from server.reference.imports import ImportRefused, apply
from server.store import ledger, order_cost, plant, snapshot
from server.store.database import read, write
from server.store.verification import verify
from sync.connectors.csv_file.mapping import KINDS
from sync.connectors.csv_file.source import Sheet
from sync.connectors.csv_file.source import read as read_sheet
from tests.cast import KEY, send, settle
from tests.scenarios import run
from tests.test_scenarios import store

STORIES = ["variances_at_close", "mix_and_yield", "standard_of_many_levels", "standard_versions", "substitute_is_a_mix"]


def posted(engine: Engine) -> set[str]:
    """What stands, after all that waits is costed; the ledger is as it ought to be."""
    settle(engine)
    with read(engine) as connection:
        assert verify(connection, "main", KEY).faults == []
        return set(ledger.all_standing(connection, "main"))


def bodies(engine: Engine) -> list[dict[str, Any]]:
    """The entries in force."""
    with read(engine) as connection:
        standing = [entry for entry, _ in ledger.all_standing(connection, "main").values()]
        return [*ledger.bodies(connection, "main", standing).values()]


def wanted(dry: DryRun) -> set[str]:
    return {entry.content_id for entry in dry.costed.entries}


def put(engine: Engine, name: str, csv: str) -> None:
    sheet, wrong = read_sheet(KINDS[name], csv.encode(), f"{name}.csv")
    assert wrong == []
    with write(engine) as connection:
        apply(connection, "main", [sheet])


@pytest.mark.parametrize("story", STORIES)
def test_the_store_knows_what_the_folder_says(story: str, database: Engine) -> None:
    dry = run(story)
    store(database, dry.folder)
    with read(database) as connection:
        whole = plant.load(connection, "main")
        part = plant.load_part(connection, "main", orders=["MO-1"])
    of = dry.terms.plant
    assert (whole.routings, whole.bills, whole.standards) == (of.routings, of.bills, of.standards)
    assert whole.orders == of.orders
    assert whole.items == of.items
    # All that the order's card is made of comes with the order: here, everything.
    assert (part.routings, part.bills, part.standards) == (of.routings, of.bills, of.standards)
    assert part.orders["MO-1"] == of.orders["MO-1"]


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("late", [("standards", "routings", "bills"), ("rates",)])
def test_facts_wait_for_their_standard(story: str, late: Collection[str], database: Engine) -> None:
    dry = run(story)

    def of(kinds: Collection[str], inside: bool) -> list[Sheet]:
        return [sheet for sheet in dry.folder.sheets if (sheet.kind.name in kinds) == inside]

    store(database, replace(dry.folder, sheets=of(late, inside=False)))
    send(database, [given.raw for given in dry.folder.facts])
    settle(database)
    with write(database) as connection:
        apply(connection, "main", of(late, inside=True))
    assert posted(database) == wanted(dry)


def test_an_order_waits_for_its_release(database: Engine) -> None:
    dry = run("standard_versions")
    store(database, dry.folder)
    send(database, [given.raw for given in dry.folder.facts])
    assert posted(database) == wanted(dry)
    put(database, "orders", "code,released_on\nMO-4,2026-03-12\n")
    assert len(posted(database) - wanted(dry)) == 1, "six chairs by version B"
    put(database, "orders", "code,released_on,standard_version\nMO-1,2026-03-09,B\n")
    settle(database)
    stock = [body["amount"] for body in bodies(database) if body.get("order") == "MO-1" and body["element"] == "output"]
    assert stock == ["55.20"]


def test_a_dearer_price_of_that_day_moves_what_stands_at_standard(database: Engine) -> None:
    """A correction of the standard labor rate, from the same day: each set is 0.25 h x 4 and a chair 0.625 h x 4 and
    setup dearer: 58.40 + 1 + 2 x (2.5 + 0.2) = 64.80."""
    dry = run("standard_of_many_levels")
    store(database, dry.folder)
    send(database, [given.raw for given in dry.folder.facts])
    posted(database)
    rates = "kind,subject_kind,subject,valid_from,amount\nstandard_labor,work_center,BENCH,2026-01-01,28.00\n"
    put(database, "rates", rates)
    assert posted(database) != wanted(dry)
    assert [body["amount"] for body in bodies(database) if body["element"] == "output"] == ["194.40"]


def test_a_version_and_a_day_are_given_whole(database: Engine) -> None:
    dry = run("standard_versions")
    store(database, dry.folder)
    header = "item,version,valid_from,lot_size,operation,element,quantity_per,per,price,unit\n"
    put(database, "standards", header + "CHAIR,B,2026-03-10,0,10,labor,18,piece,0.40,min\n")
    with read(database) as connection:
        before, after = plant.load(connection, "main").standards["CHAIR"]
    assert (len(before.lines), len(after.lines), after.lot_size) == (2, 1, 0)


@pytest.mark.parametrize("story", STORIES)
def test_what_is_exported_imports(story: str, database: Engine) -> None:
    dry = run(story)
    store(database, dry.folder)
    kinds = ("items", "routings", "bills", "standards", "orders", "operations", "components")
    with read(database) as connection:
        files = {name: as_csv(KINDS[name], rows(connection, "main", KINDS[name])) for name in kinds}
    for name in kinds:
        if files[name].count("\n") > 1:
            put(database, name, files[name])
    with read(database) as connection:
        again = {name: as_csv(KINDS[name], rows(connection, "main", KINDS[name])) for name in kinds}
        assert plant.load(connection, "main").standards == dry.terms.plant.standards
    assert again == files


def test_a_page_shows_the_frozen_standard(database: Engine) -> None:
    """MO-1 of the story: 3.00 of machine setup and 1.50 of setup a chair for ten chairs, once; nine were made, and what
    went to stock and to variances is no part of what was spent."""
    dry = run("variances_at_close")
    store(database, dry.folder)
    send(database, [given.raw for given in dry.folder.facts])
    posted(database)
    with read(database) as connection:
        cost = order_cost.costs(connection, "main", ["MO-1"], "actual", 0)["MO-1"]
    assert cost.day.isoformat() == "2026-03-02"
    assert cost.comparison.unknown == ()
    total = cost.comparison.total
    assert (total.planned, total.actual) == (Decimal("349.00"), Decimal("350.28"))
    assert total.earned == Decimal("318.60"), "9 x 30.40 and the whole setup of 45.00"


@pytest.mark.parametrize(
    ("name", "csv", "sentence"),
    [
        ("bills", "item,component,quantity_per,unit\nSET,OAK,1,sheet\n", "cannot be converted to kg"),
        ("bills", "item,component,quantity_per,unit,operation\nSET,OAK,1,kg,90\n", "not part of the routing of SET"),
        ("bills", "item,component,quantity_per,unit\nSET,ELM,1,kg\n", "known neither here nor in the files"),
        ("routings", "item,number,work_center\nSET,10,SAW\n", "known neither here nor in the files"),
    ],
)
def test_what_does_not_fit_is_refused(name: str, csv: str, sentence: str, database: Engine) -> None:
    assert sentence in refused(database, name, csv)


HEADER = "item,version,valid_from,lot_size,element,component,quantity_per,per,price,unit\n"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("SET,A,2026-01-01,,setup,,1,lot,20,h", "needs the pieces of a lot"),
        ("SET,A,2026-01-01,,labor,,1,piece,20,kg", "no unit of time"),
        ("SET,A,2026-01-01,,labor,OAK,1,piece,20,h", "hours are of no component"),
        ("SET,A,2026-01-01,,material,,1,piece,20,kg", "names the item or the pool"),
        ("SET,A,2026-01-01,,material,ELM,1,piece,20,kg", "known neither here nor in the files"),
        ("SET,A,2026-01-01,,material,OAK,1,piece,20,sheet", "cannot be converted to kg"),
        ("SET,A,2026-02-01,,labor,,1,piece,20,h\nSET,A,2026-01-01,,machine,,1,piece,20,h", "differ in valid_from"),
    ],
)
def test_a_standard_that_cannot_be_is_refused(line: str, sentence: str, database: Engine) -> None:
    assert sentence in refused(database, "standards", f"{HEADER}{line}\n")


def refused(database: Engine, name: str, csv: str) -> str:
    store(database, run("standard_of_many_levels").folder)
    with pytest.raises(ImportRefused) as trouble:
        put(database, name, csv)
    return " ".join(error.text() for error in trouble.value.errors)


def test_nothing_can_be_lost_of_nothing() -> None:
    _, wrong = read_sheet(KINDS["routings"], b"item,number,scrap_percent\nSET,10,20\n", "routings.csv")
    assert ["scrap_percent" in error.text() for error in wrong] == [True], "losses.csv says what is lost, for all"
    _, wrong = read_sheet(KINDS["losses"], b"item,operation,normal_loss_percent\nSET,10,100\n", "losses.csv")
    assert [error.column for error in wrong] == ["normal_loss_percent"]


def test_an_activity_marked_as_idle_moves_what_was_no_lack_of_efficiency(database: Engine) -> None:
    """(1.8 - 1.0) h x 24 = 19.20 until the mark is there, 12.00 and 7.20 after, and 19.20 again when it is taken away;
    the phone knows the mark."""
    dry = run("idle_time_of_an_order")
    store(database, dry.folder)
    activities = "code,name,idle\nWAIT,Waiting,{}\n"
    put(database, "activities", activities.format("no"))
    send(database, [given.raw for given in dry.folder.facts])

    def split() -> dict[str, str]:
        posted(database)
        return {body["activity"]: body["amount"] for body in bodies(database) if body["element"] == "variance"}

    rates = {"labor_rate:setup": "0.20", "labor_rate:labor": "1.80"}
    assert split() == {**rates, "labor_efficiency:labor": "19.20"}
    put(database, "activities", activities.format("yes"))
    assert split() == {**rates, "labor_efficiency:labor": "7.20", "labor_idle:labor": "12.00"}
    assert posted(database) == wanted(dry)
    with read(database) as connection:
        known = {one["code"]: one["idle"] for one in snapshot.snapshot(connection, "main")["activities"]}
    assert known["WAIT"] is True
    put(database, "activities", activities.format("no"))
    assert split() == {**rates, "labor_efficiency:labor": "19.20"}
