"""What a turn asks the database for is found by an index that names it: nothing is looked for through a whole ledger.

A plan that walks all of a site's rows costs nothing in a test and minutes in a plant with a million of them, so the
plans themselves are looked at. Without statistics SQLite's planner goes by the shape of query and index alone: the
plans are the same however much is stored.
"""

import re
from typing import Any

from sqlalchemy import Connection, Engine, event

from tests.cast import a_shop, put_plant, send, settle
from tests.histories import a_history

GROWING = ("event", "entry", "standing_entry", "order_cost", "stock_state", "finding", "batch")
"""The tables that grow with every fact."""


def explained(connection: Connection, asked: list[tuple[str, Any]]) -> list[tuple[str, str]]:
    """(statement, a step of its plan) of each different statement."""
    steps, seen = [], set()
    for statement, parameters in asked:
        shape = re.sub(r"\?(, \?)+", "?, ..", statement)
        if shape in seen:
            continue
        seen.add(shape)
        cursor = connection.connection.cursor()
        cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps += [(shape, str(row[3])) for row in cursor.fetchall()]
    return steps


def walks(step: str) -> bool:
    """Whether a step of a plan goes through all rows of a site in a table that grows."""
    found = re.match(r'(SCAN|SEARCH) "?(\w+)"?(?: USING (.*?))?(?: LEFT-JOIN)?$', step)
    if not found or found[2] not in GROWING:
        return False
    return found[1] == "SCAN" or (found[3] or "").endswith("(site=?)")


def test_no_turn_walks_through_a_table(database: Engine, site: str) -> None:
    put_plant(database)
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, parameters[0] if executemany else parameters))

    send(database, [*a_shop(3), *a_history(4, 120, walking=True)])
    event.listen(database, "before_cursor_execute", note)
    settle(database, limit=40)
    event.remove(database, "before_cursor_execute", note)
    with database.connect() as connection:
        steps = explained(connection, asked)
    # Facts that wait are in an index of their own, which is as long as the backlog.
    waiting = re.compile(r"ix_event_(received|held)")
    assert len(steps) > 30
    assert not [(statement, step) for statement, step in steps if walks(step) and not waiting.search(step)]
