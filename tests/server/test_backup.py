"""Backups: read back before they are called good, closed to whoever has not the passphrase, and put back whole."""

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, text

from server import backup, create_app, running, vault, worker
from server.auth import credentials, totp
from server.auth.passwords import hash_password
from server.cli import main
from server.cli.backup import read_back
from server.migrations import upgrade
from server.problems import Problem
from server.settings import Settings
from server.store import audit, erasure, factors, people, plant
from server.store.database import open_engine, read, write
from server.store.sites import create_site
from server.store.tables import TABLES, Base
from tests.cast import ANA, put_plant, raw, send

pytestmark = pytest.mark.requirement("SR-66")

# A key file's; a passphrase takes seconds to try, as it should, and is tried in a test of its own.
SECRET, PASSPHRASE = backup.new_key(), "four sealed grey boxes"
PASSWORD = "le tour est joli, le soir"
NOTE = "canary-note-51af"


class Plant:
    """An installation with facts, entries, a photo, a user, a device; `run` is its command."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.settings, self.engine = settings, engine

    def fill(self) -> "Plant":
        put_plant(self.engine)
        start = raw("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
        stop = raw("labor.stopped", "2026-11-20T09:00:00Z", person=ANA, start_id=start["id"])
        send(self.engine, [start, stop])
        worker.drain(self.engine, "main", self.settings.ledger_key())
        with write(self.engine) as connection:
            photo, note = TABLES["photo"], TABLES["note"]
            connection.execute(photo.insert().values(
                site="main", event_id=start["id"], salt="s", jpeg=bytes(range(256)) * 20, recorded_at=1,
            ))  # fmt: skip
            connection.execute(note.insert().values(site="main", event_id=start["id"], salt="s", text=NOTE))
            hashed = hash_password(self.settings, PASSWORD, "root")
            for name, roles in (("root", ["admin"]), ("ines", ["lead"])):
                people.create_user(connection, "main", name, display_name=name, password_hash=hashed, roles=roles)
            people.start_session(connection, "main", "ines", credentials.digest("x"), 1)
            people.create_device(connection, "main", "Tablet 1", credentials.digest("fld_secret"), 1)
            audit.record(connection, "main", at=1, actor="cli", action="user.created", subject="user:root")
        return self

    def seed(self) -> pyotp.TOTP:
        """A second factor for the administrator."""
        made = totp.new_seed()
        with create_app(self.settings).app_context(), write(self.engine) as connection:
            factors.put_app(connection, "main", "root", vault.seal(made, totp.PURPOSE), 0, 1)
        return pyotp.TOTP(made)

    def run(self, *arguments: str, typed: str = "", secret: str = SECRET) -> Result:
        environment = {"FLOORLEDGER_BACKUP_PASSPHRASE": secret, "FLOORLEDGER_DATABASE_URL": self.settings.database_url}
        given = ["--data-dir", str(self.settings.data_dir), *map(str, arguments)]
        done = CliRunner().invoke(main, given, env=environment, input=typed)
        self.engine.dispose()  # connections that are open keep the file that was there
        return done

    def rows(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows, but for lines of the audit trail."""
        with read(self.engine) as connection:
            return {
                found.name: sorted(map(tuple, connection.execute(select(found))), key=repr)
                for found in Base.metadata.sorted_tables
                if found.name != "audit_line"
            }


def installed(folder: Path, url: str = "") -> Plant:
    folder.mkdir(exist_ok=True)
    settings = Settings(data_dir=folder, database_url=url)
    engine = open_engine(settings.database, settings.audit_keys)
    upgrade(engine)
    with write(engine) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
    return Plant(settings, engine)


@pytest.fixture
def here(settings: Settings, site: str, database: Engine, monkeypatch: pytest.MonkeyPatch) -> Plant:
    monkeypatch.setenv("LANGUAGE", "en")
    return Plant(settings, database).fill()


@pytest.fixture
def made(here: Plant, tmp_path: Path) -> Path:
    """A backup of it."""
    path = tmp_path / "one.backup"
    done = here.run("backup", str(path))
    assert done.exit_code == 0, done.output
    assert "was read back and recomputed" in done.output
    return path


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def same_but_for_the_history(before: dict, after: dict) -> None:
    assert before["session"] and not after["session"]
    assert before["site"][0][5] != after["site"][0][5], "the lineage"
    for table in before.keys() - {"site", "session"}:
        assert before[table] == after[table], table


def test_a_backup_put_back_on_an_empty_machine_is_the_same(here: Plant, made: Path, tmp_path: Path) -> None:
    before = here.rows()
    there = Plant(Settings(data_dir=tmp_path / "there"), here.engine)
    done = there.run("restore", str(made))  # nobody is there yet: the passphrase is enough
    assert done.exit_code == 0, done.output
    there.engine = open_engine(there.settings.database, there.settings.audit_keys)
    same_but_for_the_history(before, there.rows())
    for name in ("ledger.key", "pin.key", "audit.key", "password.key"):
        if (here.settings.data_dir / name).exists():
            assert (there.settings.data_dir / name).read_bytes() == (here.settings.data_dir / name).read_bytes()
            assert (there.settings.data_dir / name).stat().st_mode & 0o077 == 0
    assert there.run("verify").exit_code == 0
    with read(there.engine) as connection:
        newest, *_ = audit.lines(connection, "main", audit.Search({"operational", "personal"}))
    assert newest.action == "backup.restored"
    there.engine.dispose()
    assert leftovers(there.settings.data_dir) == leftovers(here.settings.data_dir) == []


def test_making_one_is_recorded(here: Plant, made: Path) -> None:
    with read(here.engine) as connection:
        newest, *_ = audit.lines(connection, "main", audit.Search({"operational"}))
    assert (newest.action, newest.subject, newest.actor) == ("backup.made", "one.backup", "cli")


@pytest.mark.requirement("SR-63")
def test_nothing_in_it_can_be_read(here: Plant, made: Path) -> None:
    raw_bytes = made.read_bytes()
    telling = [NOTE, "Tablet 1", "ines", "labor.started", "ledger.key", SECRET, PASSWORD]
    telling += [path.read_text().strip() for path in here.settings.data_dir.glob("*.key")]
    for word in telling:
        assert word.encode() not in raw_bytes
        assert word.encode().hex().encode() not in raw_bytes
    assert made.stat().st_mode & 0o077 == 0


def problem(path: Path, secret: str, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    with pytest.raises(Problem) as refused:
        read_back(path, secret, Settings(data_dir=folder))
    return refused.value.code


@pytest.mark.requirement("PR-13")
def test_files_that_are_not_whole_or_not_ours_are_refused(here: Plant, made: Path, tmp_path: Path) -> None:
    good = made.read_bytes()
    with zipfile.ZipFile(made) as archive:
        place = {one.filename: one.header_offset + 30 + len(one.filename) for one in archive.infolist()}
        size = archive.getinfo(backup.DATA).compress_size
    inside = place[backup.DATA] + 24

    def flipped(at: int) -> bytes:
        return good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]

    cases = {
        "cut at the end": (good[:-1], "backup.damaged"),
        "cut in the middle": (good[: len(good) // 2], "backup.damaged"),
        "a bit of the data": (flipped(inside + size // 2), "backup.damaged"),
        "a bit of the last data": (flipped(inside + size - 40), "backup.damaged"),
        # age cannot tell a changed key from a wrong passphrase; the archive's own sum can
        "a bit of the key": (flipped(place[backup.KEY] + 200), "backup.damaged"),
        "a text": (b"x" * 1000, "backup.not_ours"),
        "nothing": (b"", "backup.not_ours"),
    }
    for name, (data, code) in cases.items():
        path = tmp_path / "changed"
        path.write_bytes(data)
        assert problem(path, SECRET, tmp_path / "scratch") == code, name
    for secret in (backup.new_key(), PASSPHRASE):
        assert problem(made, secret, tmp_path / "scratch") == "backup.wrong_key"


def test_another_data_under_the_same_key_is_refused(here: Plant, made: Path, tmp_path: Path) -> None:
    """The data of one backup under the key of another, which the same passphrase opens: an old state passed for new."""
    other, mixed = tmp_path / "two.backup", tmp_path / "mixed"
    assert here.run("backup", str(other)).exit_code == 0
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(other) as new, zipfile.ZipFile(mixed, "w") as made_up:
        made_up.writestr(backup.NOTE, "x")
        made_up.writestr(backup.KEY, new.read(backup.KEY))
        made_up.writestr(backup.DATA, old.read(backup.DATA))
    assert problem(mixed, SECRET, tmp_path / "scratch") == "backup.damaged"


def test_a_ledger_that_does_not_add_up_gives_no_backup(here: Plant, tmp_path: Path) -> None:
    with write(here.engine) as connection:
        connection.execute(text("DROP TRIGGER entry_no_update"))
        connection.execute(text("UPDATE entry SET amount = amount + 1"))
    refused = here.run("backup", str(tmp_path / "one.backup"))
    assert refused.exit_code == 1
    assert "differs" in refused.stderr
    assert list(tmp_path.glob("*one*")) == []
    assert leftovers(here.settings.data_dir) == []


def test_no_file_is_replaced_and_short_secrets_are_refused(here: Plant, tmp_path: Path) -> None:
    path = tmp_path / "one.backup"
    path.write_text("somebody's")
    assert "already" in here.run("backup", str(path)).stderr
    assert path.read_text() == "somebody's"
    assert "too short" in here.run("backup", str(tmp_path / "two"), secret="short").stderr


@pytest.mark.requirement("PR-13")
def test_a_key_file_and_a_folder_that_is_kept_small(here: Plant, tmp_path: Path) -> None:
    folder, key = tmp_path / "backups", tmp_path / "backup.key"
    folder.mkdir()
    old = folder / "2020-01-01T000000Z.floorledger-backup"
    foreign = folder / "notes-2020.floorledger-backup"
    for path in (old, foreign):
        path.write_text("x")
    done = here.run("backup", str(folder), "--new-key-file", str(key), "--keep-days", "30", secret="")
    assert done.exit_code == 0, done.output
    assert not old.exists() and foreign.exists()
    (made,) = set(folder.iterdir()) - {foreign}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}Z\.floorledger-backup", made.name)
    assert key.read_text().startswith(backup.IDENTITY)
    assert here.run("restore", str(made), "--check", "--key-file", str(key), secret="").exit_code == 0
    key.chmod(0o644)
    assert "chmod 600" in here.run("restore", str(made), "--check", "--key-file", str(key), secret="").stderr


def test_a_passphrase_does_as_well(here: Plant, tmp_path: Path) -> None:
    path = tmp_path / "one.backup"
    assert here.run("backup", str(path), secret=PASSPHRASE).exit_code == 0
    assert problem(path, PASSPHRASE + "x", tmp_path / "scratch") == "backup.wrong_key"
    read_back(path, PASSPHRASE, Settings(data_dir=tmp_path / "scratch"))


def test_a_backup_that_is_killed_leaves_no_file(here: Plant, tmp_path: Path) -> None:
    path = tmp_path / "one.backup"
    environment = {**os.environ, "FLOORLEDGER_BACKUP_PASSPHRASE": SECRET}
    killed = 0
    for pause in (0.0, 0.3, 0.8):  # while it writes, reads back, recomputes
        process = subprocess.Popen(
            [sys.executable, "-c", "from server.cli import main; main()", "--data-dir", str(here.settings.data_dir),
             "backup", str(path)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        part = path.with_name(f".{path.name}.part")
        while process.poll() is None and not part.exists():
            time.sleep(0.01)
        assert SECRET.encode() not in Path(f"/proc/{process.pid}/cmdline").read_bytes()  # SR-63: in no process list
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:  # a fast machine: it was done
            path.unlink()
        else:
            killed += 1
        assert not path.exists()
    assert killed
    assert here.run("backup", str(path)).exit_code == 0  # what the killed ones left is in nobody's way, and goes
    assert leftovers(here.settings.data_dir) == []


# --- putting one back where somebody is ---------------------------------------------------------------------------


def test_only_an_administrator_replaces_what_is_here(here: Plant, made: Path) -> None:
    clock = here.seed()
    before = here.rows()
    later = str(int(clock.now()) ^ 1).zfill(6)
    for typed in ("", "root\nwrong\n", f"ines\n{PASSWORD}\n", f"root\n{PASSWORD}\n{later}\n", f"root\n{PASSWORD}\n\n"):
        refused = here.run("restore", str(made), typed=typed)
        assert refused.exit_code == 1, typed
    after = here.rows()
    assert {name: after[name] for name in ("site", "event", "entry")} == {
        name: before[name] for name in ("site", "event", "entry")
    }
    done = here.run("restore", str(made), typed=f"root\n{PASSWORD}\n{clock.now()}\n")
    assert done.exit_code == 0, done.output + done.stderr
    assert here.rows()["site"] != before["site"]
    (kept,) = here.settings.data_dir.glob("before-restore-*")
    assert (kept / "floorledger.sqlite").exists() and (kept / "ledger.key").exists()
    assert here.run("verify").exit_code == 0


def test_an_administrator_without_a_second_factor_must_get_one_first(here: Plant, made: Path) -> None:
    refused = here.run("restore", str(made), typed=f"root\n{PASSWORD}\n123456\n")
    assert (refused.exit_code, "Only an administrator" in refused.stderr) == (1, True)


def restore(here: Plant, made: Path) -> None:
    done = here.run("restore", str(made), typed=f"root\n{PASSWORD}\n{here.seed().now()}\n")
    assert done.exit_code == 0, done.output + done.stderr


def test_nothing_runs_meanwhile(here: Plant, made: Path) -> None:
    running.begin(here.settings.data_dir)
    try:
        refused = here.run("restore", str(made))
        assert (refused.exit_code, "is running" in refused.stderr) == (1, True)
    finally:
        os.close(running._held.pop())
    restore(here, made)
    doctor = here.run("doctor")
    assert "before-restore-" in doctor.output
    (here.settings.data_dir / running.MARK).touch()
    assert "interrupted" in here.run("doctor").output


def test_what_ended_since_the_backup_stays_ended(here: Plant, made: Path) -> None:
    with write(here.engine) as connection:
        ((device,),) = connection.execute(select(TABLES["device"].c.id)).all()
        people.revoke_device(connection, "main", device, 5)
        people.change_user(connection, "main", "ines", active=False)
        person = erasure.find(connection, "main", ANA)
        assert person is not None
        name = person.name
        erasure.erase(connection, "main", person, 5)
    restore(here, made)
    with read(here.engine) as connection:
        ines = people.find_user(connection, "main", "ines")
        assert ines is not None and not ines.active
        assert connection.scalar(select(TABLES["device"].c.revoked_at)) == 5
        (row,) = plant.rows(connection, "main", "people", "key", {ANA})
        assert row["name"] != name
        newest, *_ = audit.lines(connection, "main", audit.Search({"operational"}))
    assert newest.details["revoked"] == newest.details["shut out"] == "1"
    assert int(newest.details["erased"]) >= 1
    assert here.run("verify").exit_code == 0


def test_a_restore_that_was_interrupted_is_run_to_its_end(
    here: Plant, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = here.seed()
    again = here.settings.data_dir.parent / "again.backup"
    assert here.run("backup", str(again)).exit_code == 0

    def power_cut(files: dict[str, bytes], folder: Path) -> None:
        if folder == here.settings.data_dir:
            raise KeyboardInterrupt
        real(files, folder)

    real = backup.put_files
    monkeypatch.setattr(backup, "put_files", power_cut)
    here.run("restore", str(again), typed=f"root\n{PASSWORD}\n{clock.now()}\n")
    monkeypatch.setattr(backup, "put_files", real)
    with pytest.raises(Problem, match="interrupted"):
        running.begin(here.settings.data_dir)
    code = clock.at(int(time.time()) + 30)  # a code is taken once
    done = here.run("restore", str(again), typed=f"root\n{PASSWORD}\n{code}\n")
    assert done.exit_code == 0, done.output + done.stderr
    running.begin(here.settings.data_dir)
    os.close(running._held.pop())
    assert here.run("verify").exit_code == 0


# --- the other database -------------------------------------------------------------------------------------------


@pytest.fixture
def postgres(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Plant]:
    made = installed(tmp_path / "postgres", request.getfixturevalue("postgres_database")).fill()
    yield made
    made.engine.dispose()


def test_postgresql_gives_and_takes_the_same(postgres: Plant, tmp_path: Path) -> None:
    path, before = tmp_path / "pg.backup", postgres.rows()
    done = postgres.run("backup", str(path))
    assert done.exit_code == 0, done.output + done.stderr
    # onto SQLite
    lite = Plant(Settings(data_dir=tmp_path / "lite"), postgres.engine)
    assert lite.run("restore", str(path)).exit_code == 0
    lite.engine = open_engine(lite.settings.database, lite.settings.audit_keys)
    same_but_for_the_history(before, lite.rows())
    lite.engine.dispose()
    # and onto itself, where rows are only added: the tables are made anew
    clock = postgres.seed()
    typed = f"root\n{PASSWORD}\n{clock.now()}\n"
    somebody = open_engine(postgres.settings.database)
    with somebody.connect() as works:
        works.execute(text("SELECT 1"))
        refused = postgres.run("restore", str(path), typed=typed)
    somebody.dispose()
    assert "is running" in refused.stderr
    assert not (postgres.settings.data_dir / running.MARK).exists()
    done = postgres.run("restore", str(path), typed=typed)
    assert done.exit_code == 0, done.output + done.stderr
    same_but_for_the_history(before, postgres.rows())
    assert postgres.run("verify").exit_code == 0
