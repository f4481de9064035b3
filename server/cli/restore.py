"""`floorledger restore`: put a backup back. What was erased or shut out since it was made stays so."""

import dataclasses
import os
import time
from itertools import islice
from pathlib import Path

import click
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from server import backup, create_app, migrations, running
from server.auth import passwords, recovery, totp
from server.cli.backup import key_file_option, read_back, read_secret, scratch
from server.extensions import now, system_clock
from server.problems import Problem
from server.settings import Settings
from server.store import audit, copying, factors, people, sites
from server.store.database import DatabaseRefused, open_engine, read, write
from server.terminal import gettext as _
from sync.core.clock import format_instant

KEPT = "before-restore-"


@click.command()
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@key_file_option
@click.option("--check", is_flag=True, help="Only read and recompute it; change nothing.")
@click.pass_obj
def command(settings: Settings, source: Path, key_file: Path | None, check: bool) -> None:
    """Put back the backup SOURCE, after recomputing it.

    Nothing may run on the data meanwhile. Where somebody can sign in already, an administrator proves who it is: name,
    password and a code. The history begins anew: devices send again what they hold, programs that pull compare.
    """
    secret = read_secret(key_file)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    began = time.monotonic()
    with scratch(settings) as folder:
        there = dataclasses.replace(settings, data_dir=folder, database_url="")
        contents = read_back(source, secret, there)
        told = {"day": format_instant(contents.made_at)[:16].replace("T", " "), "rows": sum(contents.rows.values()),
                "sites": ", ".join(sorted(contents.sites)), "version": contents.version}  # fmt: skip
        click.echo(_("A backup of %(day)s UTC, made by version %(version)s: sites %(sites)s, %(rows)s rows. "
                     "Recomputed, all is well.", **told))  # fmt: skip
        if check:
            return
        with running.alone(settings.data_dir) as mark:
            _check_alone(settings)
            who = _prove(settings, there, again=mark.exists())
            _change(settings, there, contents, who)
            mark.touch(0o600)
            backup.sync_folder(settings.data_dir)
            kept = _put_in_place(settings, there, contents, mark)
            mark.unlink()
            backup.sync_folder(settings.data_dir)
    click.echo(_("Restored (%(seconds)s s). Look at users, devices and tokens: what changed since the backup is as it "
                 "was then.", seconds=f"{time.monotonic() - began:.0f}"))  # fmt: skip
    if kept:
        click.echo(_("What was here lies in %(path)s; remove it once all is well.", path=kept))


# --- who may ------------------------------------------------------------------------------------------------------


def _prove(settings: Settings, there: Settings, *, again: bool) -> str:
    """Who it is that replaces what is here; "" where nobody could sign in. Raises Problem `restore.no_proof`.

    Where what is here is beyond asking, as after a restore that was interrupted (`again`), the backup's own
    administrators answer.
    """
    try:
        guard = there if again else settings if _anybody(settings) else None
    except (DBAPIError, DatabaseRefused):
        guard = there
    if guard is None:
        return ""
    click.echo(_("Somebody can sign in here already: an administrator replaces it."))
    name = click.prompt(_("Name")).strip()
    password = click.prompt(_("Password"), hide_input=True)
    with create_app(guard).app_context():
        engine = open_engine(guard.database, guard.audit_keys)
        try:
            passwords.sign_in(engine, guard, name, password, now(), "console")
            with read(engine) as connection:
                user = people.find_user(connection, guard.site, name)
                has = factors.factors_of(connection, guard.site, name)
            if user is None or "admin" not in user.roles.split():
                raise Problem("restore.no_proof")
            if has or guard.needs_factor(user.roles.split()):
                code = click.prompt(_("Code of the app, or a recovery code"), hide_input=True)
                (recovery if recovery.looks_like_one(code) else totp).check(engine, name, code, "console")
        except Problem as wrong:
            raise Problem("restore.no_proof", str(wrong.title)) from wrong
        finally:
            engine.dispose()
    return name


def _anybody(settings: Settings) -> bool:
    """Whether there is a database here with anybody who can sign in."""
    path = settings.data_dir / "floorledger.sqlite"
    if not settings.database_url and not path.exists():
        return False
    engine = open_engine(settings.database)
    try:
        with read(engine) as connection:
            if migrations.current(connection) is None:
                return False
            return any(people.count_users(connection, site) for site in sites.list_sites(connection))
    finally:
        engine.dispose()


# --- what changes -------------------------------------------------------------------------------------------------


def _change(settings: Settings, there: Settings, contents: backup.Contents, who: str) -> None:
    """Make the scratch copy what will be here: a new history, without what ended meanwhile; with a line about it."""
    engine = open_engine(there.database, there.audit_keys)
    try:
        with write(engine) as new:
            carried = _carry_over(settings, new)
            copying.begin_history(new)
            for site in sites.list_sites(new):
                audit.record(
                    new, site, at=system_clock(), actor="cli", action="backup.restored",
                    details={"made_at": format_instant(contents.made_at), "administrator": who, **carried},
                )  # fmt: skip
    finally:
        engine.dispose()


def _carry_over(settings: Settings, new: Connection) -> dict[str, str]:
    """What ended in the database that is replaced; nothing where there is none, or none that can be read."""
    if not settings.database_url and not (settings.data_dir / "floorledger.sqlite").exists():
        return {}
    engine = open_engine(settings.database)
    try:
        migrations.check_current(engine)
        with read(engine) as old:
            return {name: str(count) for name, count in copying.carry_over(old, new, system_clock()).items()}
    except (DatabaseRefused, DBAPIError):
        sentence = _(
            "What is here cannot be read: revocations and erasures since the backup are not known; repeat them."
        )
        click.echo(sentence, err=True)
        return {}
    finally:
        engine.dispose()


# --- into place ---------------------------------------------------------------------------------------------------


def _check_alone(settings: Settings) -> None:
    """Raise Problem where somebody else works on a PostgreSQL, on whatever machine; a file is held by its lock."""
    engine = open_engine(settings.database)
    try:
        if engine.dialect.name == "postgresql":
            with read(engine) as connection:
                if copying.others(connection):
                    raise Problem("restore.running")
    finally:
        engine.dispose()


def _put_in_place(settings: Settings, there: Settings, contents: backup.Contents, mark: Path) -> Path | None:
    """The copy becomes what is here; returns where what was here lies. Run again after a power cut, it ends well."""
    kept = _a_place_to_keep(settings.data_dir)
    for name, data in backup.key_files(settings.data_dir).items():
        backup.put_files({name: data}, kept)
    engine = open_engine(settings.database)
    backend = engine.dialect.name
    if backend == "postgresql":
        try:
            _into_postgresql(engine, there)
        except BaseException:
            mark.unlink()  # one transaction: nothing has changed
            raise
        finally:
            engine.dispose()
    else:
        path = Path(engine.url.database or "")
        engine.dispose()
        _into_file(path, there.data_dir / "floorledger.sqlite", kept)
    backup.put_files(contents.files, settings.data_dir)
    if not any(kept.iterdir()):
        kept.rmdir()
        return None
    return kept


def _a_place_to_keep(folder: Path) -> Path:
    """A new folder named by the second; a restore that is run again at once has one of its own."""
    name, number = f"{KEPT}{format_instant(system_clock())[:19].replace(':', '')}Z", 1
    kept = folder / name
    while kept.exists():
        number += 1
        kept = folder / f"{name}-{number}"
    kept.mkdir(mode=0o700)
    return kept


def _into_file(path: Path, made: Path, kept: Path) -> None:
    """Replace the SQLite file at once; the old one, with what lies beside it, is kept."""
    if path.exists():
        os.link(path, kept / path.name)
    for beside in ("-journal", "-wal", "-shm"):  # of the old file: it must not be played into the new one
        other = path.with_name(path.name + beside)
        if other.exists():
            os.replace(other, kept / other.name)
    os.replace(made, path)
    backup.sync_folder(kept)
    backup.sync_folder(path.parent)


def _into_postgresql(engine: Engine, there: Settings) -> None:
    """Replace all our tables, in one transaction."""
    source = open_engine(there.database)
    try:
        with read(source) as new, write(engine) as connection:
            copying.clear(connection)
            backup.shape(connection, "head")
            for name, columns, rows in copying.rows(new):
                while chunk := list(islice(rows, copying.CHUNK)):
                    copying.put(connection, name, columns, chunk)
    finally:
        source.dispose()
