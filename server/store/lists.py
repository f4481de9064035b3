"""Lists of values as one parameter of a statement.

`IN (?, ?, ...)` with thousands of marks is made, compiled and bound anew for every list, which takes longer than the
search itself; and of a long chain of `OR` SQLite thinks that reading every row is shorter. A list that travels whole,
as JSON or as an array, is one statement whatever its length, and each of its values is looked up in the index.
"""

import json
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, String, any_, bindparam, func, select


def among(connection: Connection, column: ColumnElement[Any], values: Collection[str]) -> ColumnElement[bool]:
    """Whether a column of text has one of these values."""
    if connection.dialect.name == "postgresql":
        return column == any_(bindparam(None, list(values), ARRAY(String)))
    _table, value = listed(connection, values)
    return column.in_(select(value))


def listed(connection: Connection, values: Collection[str]) -> tuple[Any, ColumnElement[str]]:
    """Values to join with, where they must come first in the search: the table and its column."""
    if connection.dialect.name == "postgresql":
        table = func.unnest(bindparam(None, list(values), ARRAY(String))).table_valued("value").render_derived()
    else:
        table = func.json_each(json.dumps(list(values))).table_valued("value")
    return table, table.c.value


def spans(
    connection: Connection, rows: Iterable[tuple[str, int, int]]
) -> tuple[Any, ColumnElement[str], ColumnElement[int], ColumnElement[int]]:
    """Rows of (who, from, until) to join with: the table and its three columns."""
    windows = list(rows)
    if connection.dialect.name == "postgresql":
        who, low, high = zip(*windows, strict=True) if windows else ((), (), ())
        table = func.unnest(
            bindparam(None, list(who), ARRAY(String)),
            bindparam(None, list(low), ARRAY(BigInteger)),
            bindparam(None, list(high), ARRAY(BigInteger)),
        ).table_valued("who", "low", "high").render_derived()  # fmt: skip
        return table, table.c.who, table.c.low, table.c.high
    table = func.json_each(json.dumps(windows)).table_valued("value")
    cells = [func.json_extract(table.c.value, f"$[{place}]") for place in range(3)]
    return table, cells[0], cells[1], cells[2]
