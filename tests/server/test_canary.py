"""Canaries: wages, a PIN, a password, tokens and keys that stand nowhere else; then everything that leaves is searched.

Every answer of every address to everybody, what commands print, what exports and backups hold, the log, and of the
database every column that is not of the class wage or secret; of the file as a whole, every byte.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from server import cli
from server.auth import credentials, passwords, pins
from server.store import people, sites
from server.store.database import read, write
from server.store.tables import TABLES
from tests.server.feedback.conftest import NOW
from tests.server.payroll.conftest import GLUERS, TURNERS
from tests.server.twins import PAYROLL, Twin, build, everything_commands_say, everything_that_leaves, still

PIN, PASSWORD = "739146", "Quibble-harbour-canary-93"
# Four decimals, so that no other figure looks like one; their digits alone are searched for as well.
WAGES = {person: Decimal(f"{20 + number}.7{number}31") for number, person in enumerate([*TURNERS, *GLUERS])}
OTHER_PIN, OTHER_PASSWORD = "618273", "wrong-canary-lantern-41"


@dataclass(frozen=True)
class Searched:
    """What left, and what must not be in it: word -> what it is."""

    twin: Twin
    left: Mapping[str, bytes]
    wages: Mapping[bytes, str]
    secrets: Mapping[bytes, str]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> Iterator[Searched]:
    folder = tmp_path_factory.mktemp("canary")
    with pytest.MonkeyPatch.context() as patch, still(patch):
        twin = build(folder / "instance", _migrated_file, wages=WAGES)
        _set_secrets(twin)
        left = everything_that_leaves(twin, frozenset(twin.callers))
        left |= _tried(twin)
        left |= everything_commands_say(twin)
    yield Searched(twin, left, _wages(), _secrets(twin))
    twin.engine.dispose()


def _set_secrets(twin: Twin) -> None:
    person = next(iter(WAGES))
    with write(twin.engine) as connection:
        people.put_pin(connection, "main", person, pins.hash_pin(PIN, "101", twin.settings.pin_key()), NOW)
        sites.set_floor(connection, "main", replace(sites.floor(connection, "main"), pin=True))
    with twin.app.app_context(), write(twin.engine) as connection:
        hashed = passwords.hash_password(twin.settings, PASSWORD, "canary")
        people.create_user(connection, "main", "canary", display_name="Canary", password_hash=hashed, roles=("lead",))


def _tried(twin: Twin) -> dict[str, bytes]:
    """Secrets and wages offered in vain: what is answered, and logged, repeats none of them."""
    public, device, payroll = (twin.callers[name][0] for name in ("nobody", "device", PAYROLL))
    own = {"Sec-Fetch-Site": "same-origin"}
    answers = {
        "wrong password": public.post("/sign-in", data={"name": "canary", "password": OTHER_PASSWORD}, headers=own),
        "unknown name": public.post("/sign-in", data={"name": "nobody", "password": PASSWORD}, headers=own),
        "token that is none": public.get("/api/v1/entries", headers={"Authorization": f"Bearer flt_{OTHER_PASSWORD}"}),
        "wrong PIN": device.post("/api/v1/device/sign-in", json={"number": "101", "pin": OTHER_PIN}, headers=own),
        "a field nobody takes": payroll.post("/payroll/rates", data={"why": "rates", "wage": "20.7031"}, headers=own),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "wrong password": 401, "unknown name": 401, "token that is none": 401, "wrong PIN": 401,
        "a field nobody takes": 400,
    }  # fmt: skip
    return {name: answer.data for name, answer in answers.items()}


def _wages() -> dict[bytes, str]:
    found = {}
    for person, wage in WAGES.items():
        whole, _, cents = str(wage).partition(".")
        for text in (f"{whole}.{cents}", f"{whole},{cents}"):
            found[text.encode()] = f"the wage of {person}"
    return found


def _secrets(twin: Twin) -> dict[bytes, str]:
    found = {
        PASSWORD.encode(): "a password", OTHER_PASSWORD.encode(): "a password that was tried",
        OTHER_PIN.encode(): "a PIN that was tried", PIN.encode(): "a PIN",
    }  # fmt: skip
    for name, (client, headers, _rights) in twin.callers.items():
        for cookie in (credentials.SESSION, credentials.DEVICE):
            if kept := client.get_cookie(cookie):
                found[kept.value.encode()] = f"the cookie of {name}"
        if token := headers.get("Authorization", ""):
            found[token.removeprefix("Bearer ").encode()] = f"the token of {name}"
    for file in twin.settings.data_dir.glob("*.key"):
        for number, line in enumerate(file.read_text().split()):
            found[line.encode()] = f"{file.name}, line {number + 1}"
    return found


def finds(left: Mapping[str, bytes], words: Mapping[bytes, str]) -> list[str]:
    """Where something is that should not be."""
    return [f"{what} in {name}" for name, body in left.items() for word, what in words.items() if word in body]


@pytest.mark.requirement("SR-26", "SR-32", "SR-60")
def test_no_wage_is_in_anything_but_payrolls_pages(searched: Searched) -> None:
    theirs = {name: body for name, body in searched.left.items() if not name.startswith(f"{PAYROLL} ")}
    assert len(theirs) > 700
    assert finds(theirs, searched.wages) == []
    # They are in payroll's pages: what is searched for can be found.
    mine = {name: body for name, body in searched.left.items() if name.startswith(f"{PAYROLL} /payroll/rates")}
    assert finds(mine, searched.wages)


@pytest.mark.requirement("SR-05", "SR-14", "SR-23", "SR-60", "SR-63")
def test_no_secret_is_in_any_answer_log_or_export(searched: Searched) -> None:
    left = {name: _without_own_cookie(body) for name, body in searched.left.items()}
    assert finds(left, searched.secrets) == []


def _without_own_cookie(answer: bytes) -> bytes:
    """A browser is handed its own credential again so that it lasts; nobody else is."""
    return b"\n".join(line for line in answer.split(b"\n") if not line.startswith(b"Set-Cookie: "))


@pytest.mark.requirement("SR-32", "SR-63")
def test_no_canary_is_in_a_column_that_may_be_shown(searched: Searched) -> None:
    """A dump for support may hold the columns of the classes operational and personal."""
    found = []
    with read(searched.twin.engine) as connection:
        for table in TABLES.values():
            columns = [column for column in table.c if column.info["class"] in ("operational", "personal")]
            text = repr(connection.execute(select(*columns)).all()).encode() if columns else b""
            found += finds({table.name: text}, searched.wages | searched.secrets)
    assert found == []


@pytest.mark.requirement("SR-05", "SR-63")
def test_no_canary_is_in_the_database_file(searched: Searched) -> None:
    """What is kept of wages is sealed, of secrets hashed: the file alone tells neither."""
    files = {file.name: file.read_bytes() for file in searched.twin.settings.data_dir.glob("floorledger.sqlite*")}
    assert sum(map(len, files.values())) > 100_000
    assert finds(files, searched.wages | searched.secrets) == []


@pytest.mark.requirement("SR-66")
def test_no_canary_is_in_a_backup(searched: Searched, tmp_path: Path) -> None:
    target = tmp_path / "all.floorledger-backup"
    line = ["backup", str(target), "--new-key-file", str(tmp_path / "backup.key")]
    result = CliRunner(env=searched.twin.settings.to_environment()).invoke(cli.main, line)
    assert result.exit_code == 0, result.output
    left = {"backup": target.read_bytes(), "said": result.output.encode()}
    assert finds(left, searched.wages | searched.secrets) == []


def test_the_log_was_written(searched: Searched) -> None:
    """... and says who was refused what, so that there was something to search."""
    log = searched.left["log"].decode()
    assert "refused" in log
    assert json.dumps(PIN) not in log
