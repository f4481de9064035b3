"""Renewing keys: what the old one opened still opens, what is new needs the new one, and --forget ends the rest."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import Engine, select

from server import vault
from server.auth import passwords, pins, recovery, totp
from server.cli import main
from server.cli.keys import KEYS
from server.problems import Problem
from server.settings import BadSetting, Settings
from server.store import audit, factors, people, plant
from server.store.database import read, write
from server.store.sites import Floor, set_floor
from server.store.tables import TABLES

pytestmark = pytest.mark.requirement("SR-63")

PASSWORD, PIN = "le tour est joli, le soir", "804917"
DEVICE = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def run(settings: Settings, site: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LANGUAGE", "en")

    def go(*arguments: str) -> Result:
        done = CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), "keys", *arguments])
        assert done.exit_code == 0, done.output
        return done

    return go


def lines(settings: Settings, name: str) -> list[str]:
    return (settings.data_dir / f"{name}.key").read_text().split()


@pytest.mark.parametrize("name", KEYS)
def test_a_renewed_key_is_another_one_and_that_is_recorded(
    name: str, run, settings: Settings, database: Engine
) -> None:
    first = settings._keys(f"{name}.key")[0].hex()
    run("rotate", name)
    newest, *older = lines(settings, name)
    assert newest != first
    assert older == ([first] if KEYS[name].keeps != 0 else [])
    assert (settings.data_dir / f"{name}.key").stat().st_mode & 0o077 == 0
    run("rotate", name)
    assert len(lines(settings, name)) == {None: 3, 0: 1, 1: 2}[KEYS[name].keeps]
    with read(database) as connection:
        told = audit.lines(connection, "main", audit.Search({"operational"}, action="key.rotated"))
        assert audit.check(connection, "main", settings.audit_keys()).faults == {}
    assert [line.subject for line in told] == [name, name]


def test_no_key_is_ever_shown(run, settings: Settings) -> None:
    shown = "".join(run(*words).output for words in (("rotate", "pin"), ("rotate", "audit"), ("list",)))
    for path in settings.data_dir.glob("*.key"):
        for key in path.read_text().split():
            assert key[:12] not in shown
    for name in [*KEYS, "ledger"]:
        assert f"\n{name}" in f"\n{shown}"
    (settings.data_dir / "pin.key").chmod(0o644)
    assert "READ BY OTHERS" in run("list").output


def test_passwords_go_over_to_the_new_key(run, settings: Settings, database: Engine) -> None:
    def signs_in() -> bool:
        try:
            return passwords.sign_in(database, settings, "ines", PASSWORD, 10**12) == "ines"
        except Problem:
            return False

    def stored() -> str:
        with read(database) as connection:
            return connection.execute(select(TABLES["user"].c.password_hash)).scalar_one()

    with write(database) as connection:
        hashed = passwords.hash_password(settings, PASSWORD, "ines")
        people.create_user(connection, "main", "ines", display_name="I", password_hash=hashed, roles=["lead"])
    run("rotate", "password")
    assert signs_in()
    assert stored() != hashed
    moved = stored()
    assert signs_in() and stored() == moved
    run("rotate", "password")
    run("rotate", "password")  # two without a sign-in between them: the key of the hash is gone
    assert not signs_in()


def test_what_is_forgotten_fits_no_more(run, settings: Settings, database: Engine, app: Flask) -> None:
    with write(database) as connection:
        hashed = passwords.hash_password(settings, PASSWORD, "ines")
        people.create_user(connection, "main", "ines", display_name="I", password_hash=hashed, roles=["lead"])
    run("rotate", "password", "--forget")
    assert len(lines(settings, "password")) == 1
    with pytest.raises(Problem):
        passwords.sign_in(database, settings, "ines", PASSWORD, 10**12)


def test_recovery_codes_of_before_still_open(run, settings: Settings, database: Engine, app: Flask) -> None:
    with app.app_context():
        with write(database) as connection:
            first, second, *_ = recovery.make(connection, "ines")
        run("rotate", "password")
        recovery.check(database, "ines", first, "")
        with pytest.raises(Problem):
            recovery.check(database, "ines", first, "")  # once
        run("rotate", "password", "--forget")
        with pytest.raises(Problem):
            recovery.check(database, "ines", second, "")


def test_pins_go_over_to_the_new_key(run, settings: Settings, database: Engine) -> None:
    with write(database) as connection:
        set_floor(connection, "main", Floor(pin=True))
        plant.put(connection, "main", "people", [{"number": "1001", "name": "Ana"}])
        (ana,) = (row["key"] for row in plant.rows(connection, "main", "people"))
        people.put_pin(connection, "main", ana, pins.hash_pin(PIN, "1001", settings.pin_key()), 0)
    run("rotate", "pin")
    assert pins.sign_in(database, settings, DEVICE, "1001", PIN, 1) == ana
    run("rotate", "pin")  # the hash moved: it needs no key of before the last
    assert pins.sign_in(database, settings, DEVICE, "1001", PIN, 2) == ana
    run("rotate", "pin", "--forget")
    with pytest.raises(Problem):
        pins.sign_in(database, settings, DEVICE, "1001", PIN, 3)


def test_what_is_sealed_is_sealed_anew(run, settings: Settings, database: Engine, app: Flask) -> None:
    seed = totp.new_seed()
    with app.app_context(), write(database) as connection:
        factors.put_app(connection, "main", "root", vault.seal(seed, totp.PURPOSE), 0, 1)

    def stored() -> str:
        with read(database) as connection:
            found = factors.find_app(connection, "main", "root")
        assert found is not None
        return found.seed

    before = stored()
    for words in (("rotate", "vault"), ("rotate", "vault"), ("rotate", "vault", "--forget")):
        run(*words)
        assert stored() != before
        before = stored()
        with app.app_context():
            assert vault.open_(before, totp.PURPOSE) == seed
    assert len(lines(settings, "vault")) == 1


def test_every_column_that_is_sealed_is_found() -> None:
    """Purposes are words of the code: a column that says none could not be sealed anew."""
    sealed = [column for table in TABLES.values() for column in table.columns if column.info.get("sealed")]
    assert {str(column) for column in sealed} >= {"totp.seed", "wage_rate.amount"}


def test_a_trail_needs_all_its_keys(run, settings: Settings, database: Engine) -> None:
    run("rotate", "audit")
    refused = CliRunner().invoke(main, ["--data-dir", str(settings.data_dir), "keys", "rotate", "audit", "--forget"])
    assert refused.exit_code == 1
    with read(database) as connection:
        assert audit.check(connection, "main", settings.audit_keys()[1:]).faults


def test_a_file_that_holds_no_key_is_refused(settings: Settings, tmp_path: Path) -> None:
    (settings.data_dir / "pin.key").write_text("00\n")
    with pytest.raises(BadSetting, match="does not hold a key"):
        settings.pin_keys()
