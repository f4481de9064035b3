"""Codes come in as they are; what nobody sees is refused, what looks like another code is told."""

import unicodedata
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from server.cli import main
from server.reference.imports import ImportRefused, apply, look_alikes, read_files
from server.settings import Settings
from server.store import plant
from server.store.database import write
from tests.security.corpora.texts import CONFUSABLES, INVISIBLE

DATABASES = ("sqlite", "postgresql")
# But for what Unicode writes in one way (a kelvin is a K): that is one code.
PAIRS = [(one, other) for one, other in CONFUSABLES if unicodedata.normalize("NFC", other) != one]


def put(engine: Engine, *codes: str) -> list[tuple[str, str, str]]:
    """Import orders of these codes; what is told of them."""
    rows = "".join(f'"{code}"\n' for code in codes)
    with write(engine) as connection:
        changes = apply(connection, "main", read_files([("orders.csv", f"code\n{rows}".encode())]))
        return look_alikes(connection, "main", changes)


@pytest.mark.requirement("SR-37")
def test_codes_that_look_alike_are_two_and_told(shop: Engine) -> None:
    for number, (one, other) in enumerate(PAIRS):
        one, other = f"{number}/{one}", f"{number}/{other}"
        assert put(shop, one) == []
        assert put(shop, other) == [("orders", other, one)]
        assert put(shop, one, other) == [], "known by now"
    with write(shop) as connection:
        stored = {row["code"] for row in plant.rows(connection, "main", "orders")}
        assert len(stored) == 2 + 2 * len(PAIRS), "none was taken for another"
        for number, (one, other) in enumerate(PAIRS):
            for code in (one, other):
                found = plant.rows(connection, "main", "orders", "code", [f"{number}/{code}"])
                assert [row["code"] for row in found] == [f"{number}/{code}"]


@pytest.mark.requirement("SR-37")
@pytest.mark.parametrize("code", INVISIBLE, ids=ascii)
def test_what_nobody_sees_does_not_come_in(code: str, database: Engine, site: str) -> None:
    with pytest.raises(ImportRefused, match="invisible"):
        put(database, code)


def test_whoever_imports_is_told(settings: Settings, site: str, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("code\nMO-1\nМО-1\n")
    done = CliRunner().invoke(main, ["import", str(file)], env={"FLOORLEDGER_DATA_DIR": str(settings.data_dir)})
    assert done.exit_code == 0, done.output
    assert "“МО-1” looks like “MO-1”" in done.output
