"""Declared operations, general entries and periods in the store: posted once, mirrored, verified; closed for good."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings, strategies
from sqlalchemy import Engine, delete, insert, text, update
from sqlalchemy.exc import DatabaseError

from server.cli import main
from server.migrations import config, upgrade
from server.reference import exports, imports
from server.reference.imports import ImportRefused
from server.settings import Settings
from server.store import entries as store_entries
from server.store import ledger, operations, periods, plant
from server.store.database import open_engine, read, write
from server.store.tables import TABLES
from server.store.verification import verify
from sync.connectors.csv_file.mapping import KINDS
from sync.ledger.balances import by_account, by_object
from sync.ledger.periods import PeriodRefused
from tests.cast import ANA, KEY, a_shop, raw, send, settle
from tests.histories import a_history
from tests.server.conftest import stocked

NOVEMBER = 1_796_200_000_000  # 2 December 2026
HEADER = "ref,date,text,element,side,object,amount,general,reverses,plan:product\n"
RENT = (
    HEADER + "OD-1,2026-11-20,Rent for Jean Dupont,,debit,order:MO-1,10.01,G-1,,THIRDS\n"
    "OD-1,,,,credit,general:613200,10.01,,,\n"
)
GENERAL = "id,date,account,debit,credit\nG-1,2026-11-20,613200,100.00,\n"
THIRDS = "name,plan,account,percent\nTHIRDS,product,A,33.33\nTHIRDS,product,B,33.33\nTHIRDS,product,C,33.34\n"
REVERSED = HEADER + "OD-2,2026-12-01,,,,,,,OD-1,\n"

DATABASES = ("sqlite", "postgresql")


def put(engine: Engine, by: str = "carla", **files: str) -> list[plant.Change]:
    sheets = imports.read_files((f"{name}.csv", content.encode()) for name, content in files.items())
    imports.signed(sheets, by, 7)
    with write(engine) as connection:
        return imports.apply(connection, "main", sheets)


def refused(engine: Engine, **files: str) -> str:
    with pytest.raises(ImportRefused) as trouble:
        put(engine, **files)
    return "\n".join(error.text() for error in trouble.value.errors)


def bodies(engine: Engine) -> list[dict[str, Any]]:
    with read(engine) as connection:
        return [json.loads(body) for _, _, body in ledger.page(connection, "main", 0, 100_000)]


def faults(engine: Engine) -> list[str]:
    with read(engine) as connection:
        return verify(connection, "main", KEY).faults


def an_hour(day: str, **more: Any) -> dict[str, Any]:
    """An hour of Ana's on MO-1 / 10: 31.17."""
    return raw("labor.declared", f"{day}T16:00:00Z", person=ANA, activity="run", order="MO-1", operation="10",
               duration_ms=3_600_000, **more)  # fmt: skip


# --- declared operations -----------------------------------------------------------------------------------------


def test_an_operation_is_posted_by_the_worker_and_never_twice(shop: Engine) -> None:
    put(shop, distributions=THIRDS, general=GENERAL, manual=RENT)
    assert settle(shop) == 1
    (entry,) = bodies(shop)
    assert (entry["rule"], entry["provenance"], entry["reference"], entry["general"]) == (
        "manual", "declared", "OD-1", "G-1",
    )  # fmt: skip
    assert {code: str(amount) for code, amount in by_account([entry], "product").items()} == {
        "": "-10.01", "A": "3.34", "B": "3.33", "C": "3.34",
    }  # fmt: skip
    assert faults(shop) == []
    (again,) = put(shop, by="somebody else", manual=RENT)
    assert (again.added, again.unchanged) == ((), 2)
    assert settle(shop) == 0
    with read(shop) as connection:
        row = plant.rows(connection, "main", "manual")[0]
        assert (row["entered_by"], row["entered_at"], row["posted"]) == ("carla", 7, True)
        (told,) = operations.covered(connection, "main")
    assert (told.entries, str(told.analytic), str(told.open)) == (1, "10.01", "89.99")


def test_facts_never_touch_it_and_its_mirror_undoes_it(shop: Engine) -> None:
    put(shop, distributions=THIRDS, general=GENERAL, manual=RENT)
    send(shop, [an_hour("2026-11-20")])
    settle(shop)
    before = [body for body in bodies(shop) if body["rule"] == "manual"]
    send(shop, a_shop(3, 60))
    settle(shop)
    put(shop, distributions=THIRDS.replace("33.33", "30").replace("33.34", "40"), manual=REVERSED)
    settle(shop)
    declared = [body for body in bodies(shop) if body["rule"] == "manual"]
    assert declared[: len(before)] == before
    there, back = declared
    assert (back["mirrors"], back["occurred_on"], back["posting_period"]) == ("OD-1", "2026-12-01", "2026-12")
    assert not any(by_object([there, back]).values())
    assert not any(by_account([there, back], "product").values()), "cents included, whatever the distribution is now"
    assert faults(shop) == []


def test_what_an_operation_puts_on_an_order_its_scrap_bears(shop: Engine) -> None:
    """Whichever comes first: the scrap's cost follows."""
    good = raw("output.reported", "2026-11-20T16:05:00Z", order="MO-1", operation="10", quantity="8")
    bad = raw("defect.reported", "2026-11-20T16:06:00Z", order="MO-1", operation="10", quantity="2", reason="BURR",
              disposition="scrap")  # fmt: skip
    send(shop, [an_hour("2026-11-20"), good, bad])
    settle(shop)
    put(shop, manual=HEADER + "OD-5,2026-11-21,Varnish,material,debit,order:MO-1,8.83,,,\n"
                              "OD-5,,,,credit,general:602,8.83,,,\n")  # fmt: skip
    settle(shop)
    scrap = [body["amount"] for body in bodies(shop) if body["element"] == "scrap"]
    assert scrap == ["6.23", "6.23", "8.00"], "31.17 / 10 x 2; its reversal; (31.17 + 8.83) / 10 x 2"
    assert faults(shop) == []


def test_an_operation_is_never_changed(shop: Engine) -> None:
    put(shop, distributions=THIRDS, general=GENERAL, manual=RENT)
    changed = refused(shop, manual=RENT.replace("10.01", "10.02"))
    assert "operation “OD-1” was entered with other lines: reverse it, and enter a new one" in changed
    settle(shop)
    assert "other lines" in refused(shop, manual=RENT.replace("613200", "613300"))
    put(shop, manual=REVERSED)
    assert "is reversed by “OD-2” already" in refused(shop, manual=REVERSED.replace("OD-2", "OD-3"))
    settle(shop)
    assert [body["reference"] for body in bodies(shop)] == ["OD-1", "OD-2"]


def test_an_analytic_entry_stands_for_one_general_entry(shop: Engine) -> None:
    send(shop, [an_hour("2026-11-20"), an_hour("2026-11-19")])
    settle(shop)
    one, two = (body["id"] for body in bodies(shop))
    head = "id,date,account,debit,credit,entries\n"
    put(shop, general=f"{head}G-1,2026-11-20,331,62.34,,{one}\nG-2,2026-11-20,331,31.17,,\n")
    assert "it stands for one at most" in refused(shop, general=f"{head}G-2,2026-11-20,331,31.17,,{one}\n")
    assert "is not in the ledger" in refused(
        shop, general=f"{head}G-2,2026-11-20,331,31.17,,00000000-0000-4000-8000-000000000000\n"
    )
    assert "comes to 40.00" in refused(shop, general=f"{head}G-1,2026-11-20,331,40.00,,{one} {two}\n")
    put(shop, general=f"{head}G-1,2026-11-20,331,62.34,,{one} {two}\n")
    with read(shop) as connection:
        told = {line.general.id: (line.entries, str(line.open)) for line in operations.covered(connection, "main")}
    assert told == {"G-1": (2, "0.00"), "G-2": (0, "31.17")}
    assert faults(shop) == []


def test_what_goes_out_comes_in_again(shop: Engine, tmp_path: Path) -> None:
    send(shop, [an_hour("2026-11-20")])
    settle(shop)
    entry = bodies(shop)[0]["id"]
    put(
        shop,
        accounts="plan,code,name,parent,valid_from\nproduct,A,a,,\nproduct,B,b,A,\nproduct,B,bb,,2026-07-01\n"
        "product,C,c,,\n",
        account_maps="plan,account,maps_to,valid_from\nproduct,C,A,2026-07-01\n",
        distributions=THIRDS,
        defaults="plan,when_field,when_value,account,priority,valid_from\nproduct,item,CHAIR,THIRDS,,2026-11-21\n",
        general=f"id,date,account,debit,credit,entries\nG-1,2026-11-20,613200,100.00,,{entry}\n",
        manual=RENT + REVERSED.removeprefix(HEADER),
    )
    settle(shop)
    kinds = ("plans", "accounts", "account_maps", "distributions", "defaults", "general", "manual")
    with read(shop) as connection:
        out = {kind: exports.as_csv(KINDS[kind], exports.rows(connection, "main", KINDS[kind])) for kind in kinds}
    for change in put(shop, **out):
        assert (change.added, change.changed) == ((), ()), change.kind
    assert settle(shop) == 0
    other = open_engine(f"sqlite:///{tmp_path / 'other.sqlite'}")
    upgrade(other)
    stocked(other)
    elsewhere = {**out, "general": out["general"].replace(entry, "")}
    put(other, **elsewhere)
    settle(other)
    manual = [[body["postings"] for body in bodies(engine) if body["rule"] == "manual"] for engine in (shop, other)]
    assert manual[0] == manual[1]
    other.dispose()


# --- accounts that change ----------------------------------------------------------------------------------------


def test_a_new_default_moves_what_it_is_about(shop: Engine) -> None:
    send(shop, [an_hour("2026-11-19"), an_hour("2026-11-20")])
    settle(shop)
    put(
        shop,
        distributions="name,plan,account,percent\nKEY,product,A,50\nKEY,product,B,50\n",
        defaults="plan,when_field,when_value,account,valid_from\nproduct,item,CHAIR,KEY,2026-11-20\n",
    )
    assert settle(shop) == 2, "the reversal of the later hour, and the hour anew"
    assert {code: str(amount) for code, amount in by_account(bodies(shop), "product").items()} == {
        "": "-62.34", "A": "15.59", "B": "15.58", "CHAIR": "31.17",
    }  # fmt: skip
    assert faults(shop) == []
    put(shop, distributions="name,plan,account,percent\nKEY,product,A,100\n")
    assert settle(shop) == 2
    assert str(by_account(bodies(shop), "product")["A"]) == "31.17"
    assert faults(shop) == []


def test_the_name_of_an_account_is_its_newest(shop: Engine) -> None:
    put(shop, accounts="plan,code,name,valid_from\nproduct,CHAIR,Chairs,\nproduct,CHAIR,Seating,2026-07-01\n")
    with read(shop) as connection:
        assert store_entries.account_names(connection, "main")["product", "CHAIR"] == "Seating"
        plans = {plan: accounts for plan, _, accounts in store_entries.accounts(connection, "main")}
        assert plans["product"] == [("CHAIR", "Seating")]
        assert plant.charts(connection, "main")["product"].account("CHAIR", date(2026, 6, 1)).name == "Chairs"


# --- nobody's name -----------------------------------------------------------------------------------------------


def test_no_entry_holds_a_name_and_forgetting_one_changes_nothing(shop: Engine) -> None:
    """Names, numbers and free text stand outside the sealed entries: emptied, every hash still holds."""
    with write(shop) as connection:
        plant.put(connection, "main", "people", [{"key": ANA, "number": "4711", "name": "Ana Petrova"}])
    put(shop, by="carla.demo", distributions=THIRDS, general=GENERAL, manual=RENT)
    send(shop, a_shop(5, 80))
    settle(shop)
    sealed = "\n".join(json.dumps(body) for body in bodies(shop))
    for personal in (ANA, "Petrova", "4711", "Dupont", "carla"):
        assert personal not in sealed
    with write(shop) as connection:
        person, line = TABLES["person"], TABLES["manual_line"]
        connection.execute(update(person).where(person.c.key == ANA).values(name="", number=None))
        connection.execute(update(line).values(text="", entered_by=""))
    assert faults(shop) == []


# --- periods -----------------------------------------------------------------------------------------------------


def change(engine: Engine, period: str, action: Any, reason: str = "", at: int = NOVEMBER) -> str:
    with write(engine) as connection:
        return periods.change(connection, "main", period, action, by="carla", at=at, reason=reason)


def of_period(engine: Engine, period: str) -> list[tuple[int, str]]:
    with read(engine) as connection:
        page = ledger.page(connection, "main", 0, 100_000)
    return [(position, body) for position, _, body in page if json.loads(body)["posting_period"] == period]


def test_a_lock_keeps_postings_out_until_it_is_lifted(shop: Engine) -> None:
    send(shop, [an_hour("2026-10-20")])
    settle(shop)
    assert change(shop, "2026-10", "lock") == "locked"
    send(shop, [an_hour("2026-10-21")])
    settle(shop)
    assert [(b["posting_period"], b["late"]) for b in bodies(shop)] == [("2026-10", False), ("2026-11", True)]
    with pytest.raises(PeriodRefused, match="say why"):
        change(shop, "2026-10", "unlock")
    assert change(shop, "2026-10", "unlock", "an order was forgotten") == "open"
    send(shop, [an_hour("2026-10-22")])
    settle(shop)
    assert bodies(shop)[-1]["posting_period"] == "2026-10"
    with read(shop) as connection:
        trace = periods.trace(connection, "main")
    assert [(line.action, line.by, line.at, line.reason) for line in trace] == [
        ("lock", "carla", NOVEMBER, ""), ("unlock", "carla", NOVEMBER, "an order was forgotten"),
    ]  # fmt: skip
    assert faults(shop) == []


def test_the_checklist_stands_before_the_close(shop: Engine) -> None:
    send(shop, [an_hour("2026-10-20"), an_hour("2026-11-03"), raw("labor.started", "2026-11-04T07:00:00Z", person=ANA,
         activity="run", order="MO-1", operation="10"), raw("labor.declared", "2026-11-05T07:00:00Z", person=ANA,
         activity="run", order="MO-77", operation="10", duration_ms=60_000)])  # fmt: skip
    with pytest.raises(PeriodRefused, match="4 facts of 2026-11 or before wait to be costed"):
        change(shop, "2026-11", "close", "whatever")
    settle(shop)
    with pytest.raises(PeriodRefused, match="not over yet"):
        change(shop, "2026-11", "close", "whatever", at=NOVEMBER - 5 * 86_400_000)
    with pytest.raises(PeriodRefused, match="2026-10 come first"):
        change(shop, "2026-11", "close", "whatever")
    change(shop, "2026-10", "close")
    put(shop, manual=HEADER + "OD-9,2026-11-30,,,debit,order:MO-1,1,,,\nOD-9,,,,credit,general:6,1,,,\n")
    with pytest.raises(PeriodRefused, match="1 operations wait"):
        change(shop, "2026-11", "close", "whatever")
    settle(shop)
    with pytest.raises(PeriodRefused, match="2 open points"):
        change(shop, "2026-11", "close")
    assert change(shop, "2026-11", "close", "MO-77 was never made") == "closed"
    with read(shop) as connection:
        reason = periods.trace(connection, "main", "2026-11")[-1].reason
    assert reason == "MO-77 was never made; 1 clocks started in 2026-11 still run; 1 facts of 2026-11 are held"
    late = refused(shop, manual=HEADER + "OD-10,2026-11-30,,,debit,order:MO-1,1,,,\nOD-10,,,,credit,general:6,1,,,\n")
    assert "2026-11 is not open any more: date operation “OD-10” 2026-12-01 or later" in late
    assert faults(shop) == []


def test_closed_is_for_good(shop: Engine) -> None:
    send(shop, [an_hour("2026-10-20")])
    settle(shop)
    change(shop, "2026-10", "close")
    for action in ("lock", "unlock", "close"):
        with pytest.raises(PeriodRefused, match="closed for good"):
            change(shop, "2026-10", action, "please")
    period = TABLES["period"]
    for statement in (update(period).values(state="locked"), delete(period), delete(TABLES["period_change"]),
                      update(TABLES["period_change"]).values(reason="nothing")):  # fmt: skip
        with pytest.raises(DatabaseError, match="rows are only added"), write(shop) as connection:
            connection.execute(statement)


def test_what_a_hand_changes_in_periods_and_operations_is_found(shop: Engine) -> None:
    put(shop, distributions=THIRDS, general=GENERAL, manual=RENT)
    send(shop, [an_hour("2026-10-20"), an_hour("2026-11-20")])
    settle(shop)
    change(shop, "2026-10", "close")
    assert faults(shop) == []
    with write(shop) as connection:
        if connection.dialect.name == "sqlite":
            for trigger in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f'DROP TRIGGER "{trigger}"'))
        else:
            for table in ("period", "period_change"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    line, period = TABLES["manual_line"], TABLES["period"]
    changes = {
        "amount": update(line).values(amount="10.02"),
        "shares": update(line).where(line.c.number == 1).values(shares='{"product":{"A":"100"}}'),
        "gone": delete(line),
        "more": insert(line).values(site="main", ref="OD-7", number=1, date="2026-11-20", reverses="OD-1", posted=True),
        "reopened": delete(period),
        "locked": update(period).values(state="locked"),
        "moved": update(period).values(position=1),
        "link": update(TABLES["general_link"]).values(general="G-9"),
        "general": update(TABLES["general_entry"]).values(debit="10.00"),
    }
    for name, statement in changes.items():
        with shop.connect() as connection:
            assert connection.execute(statement).rowcount != 0, name
            assert verify(connection, "main", KEY).faults, f"{name} went unnoticed"
            connection.rollback()
    with shop.connect() as connection:
        connection.execute(update(period).values(position=0))
        connection.execute(update(TABLES["period_change"]).values(position=0))
        assert any("after it was closed" in fault for fault in verify(connection, "main", KEY).faults)
        connection.rollback()
    assert faults(shop) == []


@settings(max_examples=12, deadline=None)
@given(strategies.integers(0, 10_000), strategies.randoms(use_true_random=False))
def test_a_closed_period_never_changes_whatever_comes_later(
    tmp_path_factory: pytest.TempPathFactory, seed: int, arrival: random.Random
) -> None:
    """Through the real store: facts, corrections, rates, accounts and operations in any order around the close."""
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('shop')}/floorledger.sqlite")
    upgrade(engine)
    stocked(engine)
    facts = arrival.sample(history := a_history(seed, 60), len(history))
    later: list[Callable[[], object]] = [
        lambda: put(engine, policy="setting,value,valid_from\noutput_value,actual,2026-10-24\n"),
        lambda: put(engine, rates="kind,subject_kind,subject,valid_from,amount\n"
                                  "labor,rate_group,G1,2026-10-25,99.99\n"),
        lambda: put(engine, distributions=THIRDS,
                    defaults="plan,when_field,when_value,account,priority\nproduct,item,CHAIR,THIRDS,1\n"),
        lambda: put(engine, manual=RENT.replace(",G-1,", ",,").replace("THIRDS", "")),
        lambda: put(engine, manual=REVERSED),
    ]  # fmt: skip
    closed: dict[str, list[tuple[int, str]]] = {}
    at = arrival.randrange(30, 55)
    sent = 0
    while sent < len(facts) or later:
        if later and (sent == len(facts) or arrival.random() < 0.3):
            with suppress(ImportRefused):  # the reversal of what is not there yet, an operation of a closed month
                later.pop(0)()
        else:
            lot = facts[sent : sent + arrival.randrange(1, 15)]
            sent += len(lot)
            send(engine, lot, now=1_795_200_000_000 + sent)
        if arrival.random() < 0.7 or sent >= at:
            settle(engine, limit=arrival.randrange(1, 40))
        if sent >= at and not closed:
            settle(engine)
            change(engine, "2026-10", "close", "the month is over")
            closed["2026-10"] = of_period(engine, "2026-10")
            later.append(lambda: put(engine, rates="kind,subject_kind,subject,valid_from,amount\n"
                                                   "labor,rate_group,G1,2026-10-01,77.77\n"
                                                   "labor,rate_group,G2,2026-10-01,88.88\n"))  # fmt: skip
    settle(engine)
    assert of_period(engine, "2026-10") == closed["2026-10"]
    for body in bodies(engine):
        assert body["late"] == (body["posting_period"] != body["period"])
        if body["period"] == "2026-10" and body["late"]:
            assert body["posting_period"] >= "2026-11" and body["occurred_on"].startswith("2026-10")
    assert faults(engine) == []
    engine.dispose()


# --- the commands ------------------------------------------------------------------------------------------------


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def go(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), *arguments], env=environment)

    return go


def test_periods_at_the_terminal(run: Callable[..., Result], database: Engine) -> None:
    stocked(database)
    send(database, [an_hour("2025-10-20"), an_hour("2025-11-20"), raw("labor.declared", "2025-11-05T07:00:00Z",
         person=ANA, activity="run", order="MO-77", operation="10", duration_ms=60_000)])  # fmt: skip
    put(database, rates="kind,subject_kind,subject,valid_from,amount\nlabor,rate_group,G1,2025-01-01,31.17\n")
    settle(database)
    assert run("period", "lock", "2025-10", "--by", "carla").output == "2025-10 is locked.\n"
    assert run("period", "unlock", "2025-10").exit_code == 2, "a reason is asked for"
    opened = run("period", "unlock", "2025-10", "--by", "carla", "--reason", "one more invoice")
    assert opened.output == "2025-10 is open again.\n"
    first = run("period", "close", "2025-11")
    assert (first.exit_code, first.stderr) == (
        1, "floorledger: 2025-10 come first: months are closed one after the other\n",
    )  # fmt: skip
    assert "open  1 facts of 2025-11 are held" in first.output
    assert run("period", "close", "2025-10", "--check").output == ("Nothing stands in the way of closing 2025-10.\n")
    assert run("period", "close", "2025-10", "--by", "carla").output == "2025-10 is closed for good.\n"
    again = run("period", "close", "2025-10", LANGUAGE="fr")
    assert "2025-10 est clôturé définitivement : ce qui arrive en retard" in again.stderr
    assert "“October” is not a month" in run("period", "close", "October").stderr
    shown = run("period", "list", "--trace")
    assert shown.exit_code == 0, shown.output
    listed = shown.output
    assert [line.split()[:4] for line in listed.splitlines()[1:3]] == [
        ["2025-10", "closed", "1", "31.17"], ["2025-11", "open", "1", "31.17"],
    ]  # fmt: skip
    assert "one more invoice" in listed


def test_plans_and_general_entries_at_the_terminal(run: Callable[..., Result], database: Engine) -> None:
    stocked(database)
    put(
        database,
        accounts="plan,code,name,parent,valid_from\nproduct,SEAT,Seats,,\nproduct,CHAIR,Chairs,SEAT,\n"
        "product,CHAIR,Chairs,,2026-07-01\n",
        general=GENERAL,
        manual=RENT.replace("THIRDS", "CHAIR"),
    )
    send(database, [an_hour("2026-06-20"), an_hour("2026-11-20")])
    settle(database)
    posted = run("balances", "product").output.splitlines()
    assert [line.split() for line in posted[1:]] == [
        ["–", "-72.35"], ["CHAIR", "Chairs", "41.18"], ["SEAT", "Seats", "31.17"], ["CHAIR", "Chairs", "31.17"],
    ]  # fmt: skip
    now = run("balances", "product", "--as-of", "2026-12-31").output.splitlines()
    assert [line.split() for line in now[1:]] == [["–", "-72.35"], ["CHAIR", "Chairs", "72.35"]]
    november = json.loads(run("balances", "product", "--period", "2026-11", "--json").output)
    assert [(node["account"], node["balance"]) for node in november] == [("", "-41.18"), ("CHAIR", "41.18")]
    assert "There is no plan color" in run("balances", "color").stderr
    covered = run("general", "--open").output.splitlines()
    assert covered[1].split() == ["G-1", "2026-11-20", "613200", "100.00", "10.01", "89.99"]


# --- the step of the database ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_accounts_of_before_hold_from_the_beginning(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    from alembic import command

    address = f"sqlite:///{tmp_path / 'own.sqlite'}"
    engine = open_engine(address if kind == "sqlite" else request.getfixturevalue("postgres_database"))
    steps = config()
    with write(engine) as connection:
        steps.attributes["connection"] = connection
        command.upgrade(steps, "0002_capture_app")
        add = text("INSERT INTO account (site, plan, code, name, parent) VALUES ('main', 'P', :code, :name, :parent)")
        connection.execute(add, [{"code": "A", "name": "a", "parent": ""}, {"code": "B", "name": "b", "parent": "A"}])
    upgrade(engine)
    columns = "code, valid_from, name, parent"
    with write(engine) as connection:
        rows = connection.execute(text(f"SELECT {columns} FROM account ORDER BY code")).all()
        assert [tuple(row) for row in rows] == [("A", "0001-01-01", "a", ""), ("B", "0001-01-01", "b", "A")]
        connection.execute(
            text("INSERT INTO account (site, plan, code, valid_from, name, parent) "
                 "VALUES ('main', 'P', 'B', '2026-07-01', 'later', '')")
        )  # fmt: skip
        steps.attributes["connection"] = connection
        command.downgrade(steps, "0002_capture_app")
        rows = connection.execute(text("SELECT code, name, parent FROM account ORDER BY code")).all()
        assert [tuple(row) for row in rows] == [("A", "a", ""), ("B", "later", "")]
    engine.dispose()
