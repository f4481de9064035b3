"""Everything that is stored has a data class: PR-01. A column without one is a column nobody thought about."""

import pytest

from server import log
from server.audit.listing import COLUMNS as AUDIT
from server.finance.routes import CSV_COLUMNS as FINANCE
from server.payroll.paid import COLUMNS as PAYROLL
from server.pull.routes import CSV_COLUMNS as ENTRIES
from server.store.data_classes import ENDS, EXPORTS, MEANING, of_file
from server.store.tables import DATA_CLASSES, TABLES
from sync.connectors.csv_file.mapping import KINDS

COLUMNS = [column for table in TABLES.values() for column in table.columns]


@pytest.mark.requirement("PR-01")
@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_every_column_has_a_data_class(column):
    assert column.info.get("class") in DATA_CLASSES, f"make {column} by one of {', '.join(DATA_CLASSES)}"


@pytest.mark.requirement("PR-01")
def test_what_lets_somebody_in_is_secret():
    """Hashes of passwords, PINs and credentials, whatever a new table calls them."""
    telling = ("secret", "password", "pin_hash", "hash")
    # Of the sealed books and of the audit trail, published on purpose; a challenge that is spent opens nothing.
    ledger = {"batch.hash", "ledger_head.hash", "audit_line.hash", "spent_challenge.hash"}
    named = [str(column) for column in COLUMNS if any(word in column.name for word in telling)]
    secret = {str(column) for column in COLUMNS if column.info["class"] == "secret"}
    assert {"pin.hash", "user.password_hash", "device.secret_hash"} <= secret
    assert set(named) - secret - ledger == set()


@pytest.mark.requirement("PR-01", "PR-06")
def test_of_what_is_not_operational_it_is_said_what_ends_it():
    holding = {column.table.name for column in COLUMNS if column.info["class"] != "operational"}
    assert set(ENDS) == holding, "say in server/store/data_classes.py what ends it"
    assert set(MEANING) == set(DATA_CLASSES)


@pytest.mark.requirement("PR-01")
def test_every_column_of_a_file_has_a_data_class():
    for kind in KINDS.values():
        for column in kind.columns:
            assert of_file(kind.name, column.name) in DATA_CLASSES, f"{kind.name}.csv: {column.name}"
    files = {"entries": ENTRIES, "entries of the page": FINANCE, "hours and pay": PAYROLL, "audit trail": AUDIT}
    assert files.keys() == EXPORTS.keys()
    for name, columns in files.items():
        assert set(columns) == EXPORTS[name].keys(), f"classes of {name}: server/store/data_classes.py"
        assert set(EXPORTS[name].values()) <= set(DATA_CLASSES) - {"secret"}


@pytest.mark.requirement("PR-01")
def test_every_key_of_the_log_has_a_data_class_and_none_is_of_a_person():
    assert set(log.KEYS.values()) == {"operational"}
