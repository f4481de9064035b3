"""What the floor adds to orders, in the store: read at once, costed whenever it comes, shown with the order's cost."""

from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select, text

from server.reference.imports import apply
from server.store import event_log, ledger, order_cost, steps
from server.store.database import read, write
from server.store.verification import verify
from sync.connectors.csv_file.mapping import kind_of_file
from sync.connectors.csv_file.source import read as read_sheet
from tests.cast import ANA, KEY, LUIS, raw, send, settle

STEP = {"order": "MO-1", "operation": "15"}
ADDED = raw("operation.added", "2026-11-20T10:00:00Z", name="Repair", work_center="W2", **STEP)
WORK = [
    raw("labor.declared", "2026-11-20T08:00:00Z", person=ANA, activity="run", duration_ms=3_600_000, **STEP),
    raw("labor.declared", "2026-11-20T08:00:00Z", person=LUIS, activity="run", duration_ms=3_600_000, order="MO-1",
        operation="20"),
    raw("output.reported", "2026-11-20T09:00:00Z", quantity="7", **STEP),
    raw("output.reported", "2026-11-20T09:30:00Z", quantity="4", order="MO-1", operation="20"),
]  # fmt: skip


def test_a_standard_that_becomes_known_shares_the_time_anew(shop: Engine) -> None:
    """By standard time: an order that nobody knew beside one with a standard, half each; then it comes with a standard,
    then the standard changes. A clock that still runs shares too."""
    imported(shop, "policy.csv", "setting,value\nsplit_rule,standard_time\n")
    known = {"person": ANA, "activity": "run", "order": "MO-1", "operation": "10"}
    run = raw("labor.started", "2026-11-20T08:00:00Z", **known)
    stop = raw("labor.stopped", "2026-11-20T09:00:00Z", person=ANA, start_id=run["id"])
    open_clock = raw("labor.started", "2026-11-20T08:00:00Z", **{**known, "order": "MO-7"})
    assert posted(shop, [run, stop, open_clock]) == 1
    assert [body["quantity"] for body in in_force(shop)] == [str(30 * 60_000)], "half an hour"
    assert in_force(shop)[0]["split"] == "standard_time/1"
    # MO-1: 2.5 min x 10 = 25 min; MO-7: 10 min x 5 = 50 min, later 15 min x 5 = 75 min
    imported(shop, "orders.csv", "code,item,quantity\nMO-7,CHAIR,5\n")
    steps = "order,number,name,work_center,standard_run_min\nMO-7,10,Turn,W1,{}\n"
    for minutes, quantity in (("10", 20), ("15", 15)):
        imported(shop, "operations.csv", steps.format(minutes))
        posted(shop, [])
        assert [body["quantity"] for body in in_force(shop)] == [str(quantity * 60_000)]


def in_force(engine: Engine) -> list[dict[str, Any]]:
    """Bodies of the entries that stand."""
    with read(engine) as connection:
        standing = ledger.all_standing(connection, "main").values()
        return [*ledger.bodies(connection, "main", [entry_id for entry_id, _position in standing]).values()]


def void(target: dict[str, Any], at: str = "2026-11-20T12:00:00Z") -> dict[str, Any]:
    return raw("event.voided", at, target_id=target["id"], reason="SLIP")


def posted(engine: Engine, facts: list[dict[str, Any]]) -> int:
    """Entries that these facts bring, checked against a recomputation of everything."""
    send(engine, facts)
    count = settle(engine)
    with read(engine) as connection:
        assert verify(connection, "main", KEY).faults == []
    return count


def imported(engine: Engine, name: str, content: str) -> None:
    sheet, errors = read_sheet(kind_of_file(name), content.encode(), name)
    assert errors == []
    with write(engine) as connection:
        apply(connection, "main", [sheet])


def test_it_costs_what_waited_and_is_shown_with_the_order(shop: Engine) -> None:
    assert posted(shop, WORK) == 1, "the work on operation 20"
    assert posted(shop, [ADDED]) == 1
    with read(shop) as connection:
        cost = order_cost.costs(connection, "main", ["MO-1"], "actual", 0)["MO-1"]
    assert [(step.number, step.unplanned) for step in cost.order.operations] == [
        ("10", False), ("15", True), ("20", False),
    ]  # fmt: skip
    assert cost.comparison.operations["15"].actual == Decimal("31.17")
    assert cost.good == 4, "of the last planned operation"
    (row,) = [row for row in order_cost.as_json(cost, "EUR")["operations"] if row["operation"] == "15"]
    assert (row["name"], row["work_center"], row["unplanned"], row["good"]) == ("Repair", "W2", True, "7")
    assert posted(shop, [void(ADDED)]) == 1, "the mirror of what it cost"


def test_an_unplanned_operation_at_the_end_leaves_the_orders_pieces_alone(shop: Engine) -> None:
    posted(shop, [*WORK, {**ADDED, "operation": "30"}])
    with read(shop) as connection:
        assert order_cost.costs(connection, "main", ["MO-1"], "actual", 0)["MO-1"].good == 4


def test_phones_hear_of_it_before_it_is_costed(shop: Engine) -> None:
    send(shop, [ADDED, raw("operation.added", "2026-11-20T10:00:00Z", order="MO-2", operation="20", name="Known",
                           work_center="W2"),
                raw("operation.added", "2026-11-20T10:00:00Z", order="MO-2", operation="30", name="Nowhere",
                    work_center="W9")])  # fmt: skip
    with read(shop) as connection:
        found = steps.added_operations(connection, "main", ["MO-1", "MO-2", "MO-3"])
    (step,) = found.pop("MO-1")
    assert (step.number, step.name, step.work_center, step.unplanned) == ("15", "Repair", "W2", True)
    assert found == {}, "what is planned is not added, and a work center nobody knows is waited for"
    posted(shop, [void(ADDED)])
    with read(shop) as connection:
        assert steps.added_operations(connection, "main", ["MO-1"]) == {}


def test_what_is_done_until_it_goes_on(shop: Engine) -> None:
    def said(kind: str, hour: int) -> dict[str, Any]:
        return raw(f"operation.{kind}", f"2026-11-20T{hour:02}:00:00Z", order="MO-1", operation="10")

    def done() -> set[tuple[str, str]]:
        with read(shop) as connection:
            return steps.completed_operations(connection, "main", {"MO-1", "MO-2"})

    completed, reopened = said("completed", 9), said("reopened", 11)
    send(shop, [completed])
    assert done() == {("MO-1", "10")}
    send(shop, [reopened])
    assert done() == set()
    send(shop, [said("completed", 10)])
    assert done() == set(), "an earlier one that comes later"
    posted(shop, [void(reopened)])
    assert done() == {("MO-1", "10")}


def test_a_work_center_that_comes_later(shop: Engine) -> None:
    added = {**ADDED, "work_center": "W9"}
    posted(shop, [*WORK, added])
    with read(shop) as connection:
        told = event_log.statuses(connection, "main", [added["id"], WORK[0]["id"]])
    assert [told[fact["id"]]["reason"] for fact in (added, WORK[0])] == [
        "reference.unknown_work_center", "reference.unknown_operation",
    ]  # fmt: skip
    imported(shop, "work_centers.csv", "code,name,department\nW9,Veneer,D1\n")
    assert posted(shop, []) == 1


def test_the_routing_catches_up(shop: Engine) -> None:
    """The planner takes operation 15 into the routing, at another work center: its cost moves there."""
    posted(shop, [*WORK, ADDED])
    imported(shop, "operations.csv", "order,number,name,work_center\nMO-1,15,Veneer,W1\n")
    assert posted(shop, []) == 2, "the mirror, and the entry at the planned work center"
    with read(shop) as connection:
        cost = order_cost.costs(connection, "main", ["MO-1"], "actual", 0)["MO-1"]
    assert [step.unplanned for step in cost.order.operations] == [False, False, False]


def test_a_declined_report_is_in_no_figure(shop: Engine) -> None:
    no = raw("event.declined", "2026-11-20T12:00:00Z", target_id=WORK[3]["id"], reason="DOUBT")
    posted(shop, [*WORK, no])
    with read(shop) as connection:
        cost = order_cost.costs(connection, "main", ["MO-1"], "actual", 0)["MO-1"]
    assert (cost.good, cost.held) == (0, 3), "the one declined, and two on the operation nobody knows"


def test_facts_about_operations_have_an_index_of_their_own(shop: Engine) -> None:
    """They are asked for with everything that is costed: among a million facts, the few must be found at once."""
    query = select(event_log.EVENT.c.body).where(
        event_log.EVENT.c.site == "main", event_log.EVENT.c.order.in_(["MO-1"]), event_log.ABOUT_STEPS
    )
    with read(shop) as connection:
        statement = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        plan = " ".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
    assert "ix_event_step" in plan
