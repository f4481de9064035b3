"""Import of reference files: all or nothing, twice is once, and what waited for them is costed."""

from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from server.intake.accept import Sender, accept
from server.reference import imports
from server.reference.imports import ImportRefused
from server.store import event_log, plant
from server.store.database import read, write
from server.worker import drain
from sync.connectors.csv_file.mapping import KINDS

TEMPLATES = Path(__file__).parents[3] / "docs" / "templates"
KEY = b"k" * 32


def put(database: Engine, **files: str) -> list[plant.Change]:
    sheets = imports.read_files((f"{name}.csv", text.encode()) for name, text in files.items())
    with write(database) as connection:
        return imports.apply(connection, "main", sheets)


def refused(database: Engine, **files: str) -> list[str]:
    with pytest.raises(ImportRefused) as trouble:
        put(database, **files)
    return [error.text() for error in trouble.value.errors]


def templates() -> dict[str, str]:
    return {path.stem: path.read_text() for path in TEMPLATES.glob("*.csv")}


def test_there_is_a_template_of_every_kind() -> None:
    assert templates().keys() == KINDS.keys()


def test_the_templates_import_and_a_second_time_change_nothing(database: Engine, site: str) -> None:
    first = put(database, **templates())
    assert all(change.added or change.changed for change in first)
    again = put(database, **templates())
    assert [(change.kind, change.added, change.changed) for change in again] == [
        (change.kind, (), ()) for change in again
    ]
    assert [change.unchanged for change in again] == [len(change.added) or 1 for change in first]
    with read(database) as connection:
        whole = plant.load(connection, site)
    order = whole.orders["MO-1001"]
    assert [step.number for step in order.operations] == ["10", "20", "30"]
    assert order.accounts == {"MARKET": (("SEATS-HOME", Decimal(40)), ("SEATS-PRO", Decimal(60)))}
    assert whole.items["OAK-27"].units == {"sheet": Decimal("3.2")}


def test_a_preview_is_the_import_rolled_back(database: Engine, site: str) -> None:
    sheets = imports.read_files([("departments.csv", b"code,name\nWOOD,Wood\n")])
    with database.connect() as connection, connection.begin() as transaction:
        assert len(imports.apply(connection, site, sheets)[0].added) == 1
        transaction.rollback()
    with read(database) as connection:
        assert plant.load(connection, site).departments == {}


def test_people_keep_their_key(database: Engine, site: str) -> None:
    put(database, people="number,name\n7,Ana\n8,Luis\n")
    with read(database) as connection:
        before = {row["number"]: row["key"] for row in plant.rows(connection, site, "people")}
    (change,) = put(database, people="number,name,rate_group\n7,Ana Maria,skilled\n8,Luis,\n")
    assert [new["name"] for _, new in change.changed] == ["Ana Maria"]
    with read(database) as connection:
        assert {row["number"]: row["key"] for row in plant.rows(connection, site, "people")} == before
        assert plant.names(connection, site, [before["8"]]) == {before["8"]: "Luis"}
    assert "belongs to somebody known under another key" in refused(
        database, people="number,key\n7,p000000000000\n"
    )[0]  # fmt: skip
    assert refused(database, people="number,key\n9,boss\n") == [
        "people.csv, line 2, column key: “boss” is not a key as this program exports them: leave it empty"
    ]


def test_a_rate_that_changes_is_a_new_version(database: Engine, site: str) -> None:
    header = "kind,subject_kind,subject,valid_from,amount\n"
    put(database, rates=header + "labor,rate_group,skilled,2026-01-01,31.5\n")
    put(database, rates=header + "labor,rate_group,skilled,2026-01-01,32\n")
    put(database, rates=header + "labor,rate_group,skilled,2026-01-01,32.00\n")
    with read(database) as connection:
        versions = [(rate.version, rate.amount) for rate in plant.rates(connection, site)]
    assert sorted(versions) == [(1, Decimal("31.5")), (2, Decimal(32))]


def test_a_wage_never_comes_in_with_the_rates(database: Engine, site: str) -> None:
    (says,) = refused(
        database, rates="kind,subject_kind,subject,valid_from,amount\nlabor,person,1001,2026-01-01,31.5\n"
    )
    assert "payroll enters it on its own pages" in says


def test_references_are_checked_against_files_and_store(database: Engine, site: str) -> None:
    says = refused(
        database,
        machines="code,work_center\nM1,CNC\n",
        orders="code,item\nMO-1,CHAIR\n",
        operations="order,number\nMO-9,10\n",
        people="number,department\n1,WOOD\n",
        plans="code\nMARKET\n",
        order_accounts="order,plan,account,percent\nMO-1,MARKET,A,60\nMO-1,MARKET,B,39.99\n",
        rates="kind,subject_kind,subject,valid_from,amount\nmachine,rate_group,x,2026-01-01,1\n",
    )
    assert [error.removesuffix(" is known neither here nor in the files: import it too") for error in says] == [
        "machines.csv, line 2, column work_center: work center “CNC”",
        "people.csv, line 2, column department: department “WOOD”",
        "orders.csv, line 2, column item: item “CHAIR”",
        "operations.csv, line 2, column order: order “MO-9”",
        "order_accounts.csv, line 2, column percent: "
        "the shares of order MO-1 on plan MARKET add up to 99.99: make them 100 in all",
        "rates.csv, line 2, column subject_kind: a machine rate is one of work_center, not of “rate_group”",
    ]
    with read(database) as connection:
        assert plant.load(connection, site).orders == {}  # nothing at all was kept


def test_units_have_to_convert(database: Engine, site: str) -> None:
    files = {"items": "code,unit\nOAK,m2\n", "orders": "code\nMO-1\n"}
    says = refused(database, **files, components="order,item,quantity_per,unit\nMO-1,OAK,2,sheet\n")
    assert "“sheet” cannot be converted to m2" in says[0]
    put(database, **files, item_units="item,unit,factor\nOAK,sheet,3.2\n",
        components="order,item,quantity_per,unit\nMO-1,OAK,2,sheet\n")  # fmt: skip


def test_accounts_form_a_tree(database: Engine, site: str) -> None:
    says = refused(database, plans="code\nP\n", accounts="plan,code,parent\nP,A,B\nP,B,A\nP,C,\n")
    assert says == ["accounts.csv, line 3, column parent: account “B” is above itself (B → A → B): give another parent"]
    says = refused(database, plans="code\nP\n", accounts="plan,code,parent\nP,A,\nP,C,NONE\n")
    assert says == ["accounts.csv, line 3, column parent: account “NONE” is not part of plan P: import it too"]


def test_shares_of_a_plan_are_replaced_together(database: Engine, site: str) -> None:
    put(
        database,
        plans="code\nP\n",
        orders="code\nMO-1\n",
        order_accounts="order,plan,account,percent\nMO-1,P,A,60\nMO-1,P,B,40\n",
    )
    put(database, order_accounts="order,plan,account,percent\nMO-1,P,C,100\n")
    with read(database) as connection:
        assert plant.load(connection, site).orders["MO-1"].accounts == {"P": (("C", Decimal(100)),)}


def test_a_setting_out_of_bounds_is_refused(database: Engine, site: str) -> None:
    assert refused(database, policy="setting,value\nbreaks,calendar\nlongest_labor_h,0\n") == [
        "policy.csv, line 3, column value: expects a whole number of hours from 1 to 744"
    ]
    assert refused(database, policy="setting,value\nsplit_rule,equal_share\nbreaks,whim\n") == [
        "policy.csv, line 3, column value: expects one of declared, calendar"
    ]
    says = refused(database, policy="setting,value\ncolor,red\n")
    assert says[0].startswith("policy.csv, line 2, column setting: is no setting; known are billing, breaks, ")
    put(database, policy="setting,value\nlongest_labor_h,16\n")
    with read(database) as connection:
        last = plant.policies(connection, site).last
        assert (last.longest_labor_h, last.version) == (16, "2")


# --- facts that wait -----------------------------------------------------------------------------------------------


def declare(database: Engine, **values: str) -> str:
    """Two hours of somebody, told afterwards."""
    event = {
        "id": str(uuid4()), "type": "labor.declared", "version": 1, "occurred_at": "2026-11-20T10:00:00.000Z",
        "provenance": "declared", "activity": "run", "started_at": "2026-11-20T08:00:00.000Z",
        "ended_at": "2026-11-20T10:00:00.000Z", **values,
    }  # fmt: skip
    with write(database) as connection:
        assert accept(connection, "main", Sender(str(uuid4())), [event], 0)[0].verdict == "created"
    return event["id"]


def state(database: Engine, event_id: str) -> tuple[str, str]:
    drain(database, "main", KEY)
    with read(database) as connection:
        found = event_log.statuses(connection, "main", [event_id])[event_id]
    return found["state"], found["reason"]


def test_a_fact_is_costed_as_soon_as_what_it_lacks_arrives(database: Engine, site: str) -> None:
    fact = declare(database, person="p0123456789ab", order="MO-1", operation="10")
    assert state(database, fact) == ("held", "reference.unknown_person")
    put(database, people="number,key,rate_group\n7,p0123456789ab,skilled\n")
    assert state(database, fact) == ("held", "reference.unknown_order")
    put(database, orders="code\nMO-1\n")
    assert state(database, fact) == ("held", "reference.unknown_operation")
    put(database, work_centers="code\nSAW\n", operations="order,number,work_center\nMO-1,10,SAW\n")
    assert state(database, fact) == ("held", "rate.missing")
    put(database, rates="kind,subject_kind,subject,valid_from,amount\nlabor,rate_group,skilled,2026-01-01,30\n")
    assert state(database, fact) == ("costed", "")


def test_what_changes_a_cost_has_it_costed_anew(database: Engine, site: str) -> None:
    files = {
        "work_centers": "code\nSAW\nCNC\n",
        "orders": "code\nMO-1\n",
        "operations": "order,number,work_center\nMO-1,10,SAW\n",
        "people": "number,key,rate_group\n7,p0123456789ab,skilled\n",
    }
    rates = "kind,subject_kind,subject,valid_from,amount\n"
    put(
        database,
        **files,
        rates=rates + "labor,rate_group,skilled,2026-01-01,30\nlabor,rate_group,expert,2026-01-01,50\n",
    )
    fact = declare(database, person="p0123456789ab", order="MO-1", operation="10")
    assert state(database, fact) == ("costed", "")

    def cost() -> Decimal:
        drain(database, "main", KEY)
        with read(database) as connection:
            rows = connection.exec_driver_sql("SELECT SUM(amount) FROM order_cost WHERE \"order\" = 'MO-1'")
            return Decimal(rows.scalar_one()) / 10_000

    assert cost() == 60
    put(database, rates=rates + "labor,rate_group,skilled,2026-11-01,33\n")
    assert cost() == 66
    put(database, rates=rates + "labor,rate_group,skilled,2026-12-01,99\n")
    assert cost() == 66
    put(database, people="number,rate_group\n7,expert\n")
    assert cost() == 100
