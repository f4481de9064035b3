"""Everything that is stored has a data class: PR-01. A column without one is a column nobody thought about."""

import pytest

from server.store.tables import DATA_CLASSES, TABLES

COLUMNS = [column for table in TABLES.values() for column in table.columns]


@pytest.mark.requirement("PR-01")
@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_every_column_has_a_data_class(column):
    assert column.info.get("class") in DATA_CLASSES, f"make {column} by one of {', '.join(DATA_CLASSES)}"


@pytest.mark.requirement("PR-01")
def test_what_lets_somebody_in_is_secret():
    """Hashes of passwords, PINs and credentials, whatever a new table calls them."""
    telling = ("secret", "password", "pin_hash", "hash")
    # Of the sealed books and of the audit trail, published on purpose.
    ledger = {"batch.hash", "ledger_head.hash", "audit_line.hash"}
    named = [str(column) for column in COLUMNS if any(word in column.name for word in telling)]
    secret = {str(column) for column in COLUMNS if column.info["class"] == "secret"}
    assert {"pin.hash", "user.password_hash", "device.secret_hash"} <= secret
    assert set(named) - secret - ledger == set()
