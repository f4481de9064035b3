"""The SQLite library: a mended one of our own where there is a wheel of it, else the one Python was built with.

Whatever opens our file opens it through this name: an affected library beside a mended one is what corrupts it.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        sqlite3 = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        sqlite3 = importlib.import_module("sqlite3")

__all__ = ["sqlite3"]
