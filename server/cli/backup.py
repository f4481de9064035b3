"""`floorledger backup`: everything an installation needs to go on elsewhere, in one sealed file that was tried."""

import dataclasses
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import click
from sqlalchemy import Engine

from server import backup, migrations
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.problems import Problem
from server.settings import Settings
from server.store import audit, copying
from server.store.database import open_engine, read, write
from server.store.verification import verify
from server.terminal import gettext as _
from sync.core.clock import format_instant

ENDING = ".floorledger-backup"
DAY_S = 86_400
SCRATCH = ".scratch-"
# Besides the question: for a service that backs up by itself, a file is better; it is in no process list either way.
PASSPHRASE = "FLOORLEDGER_BACKUP_PASSPHRASE"  # noqa: S105 -- the name of a variable

key_file_option = click.option(
    "--key-file", type=click.Path(path_type=Path, dir_okay=False), default=None,
    help=f"File made with --new-key-file; otherwise {PASSPHRASE} is the passphrase, or you are asked for it.",
)  # fmt: skip


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
@key_file_option
@click.option("--new-key-file", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help="Make a key file there first, and use it.")  # fmt: skip
@click.option("--keep-days", type=click.IntRange(1), default=None,
              help="With a folder as TARGET: then remove backups in it older than so many days.")  # fmt: skip
@click.pass_obj
def command(
    settings: Settings, target: Path, key_file: Path | None, new_key_file: Path | None, keep_days: int | None
) -> None:
    """Write a backup to TARGET, a file or a folder, while everything runs.

    It holds the database with all its sites, photos and the keys, encrypted. It is read back, put into a scratch
    folder and recomputed before it gets its name: a backup that is there is a good one.
    """
    engine = open_database(settings, migrate=False)
    if keep_days is not None and not target.is_dir():
        raise Trouble(_("--keep-days needs a folder as target."))
    if new_key_file is not None:
        _make_key_file(new_key_file)
    secret = read_secret(new_key_file or key_file, again=True)
    made_at = system_clock()
    path = target / f"{format_instant(made_at)[:19].replace(':', '')}Z{ENDING}" if target.is_dir() else target
    if path.exists():
        raise Problem("backup.exists")
    began = time.monotonic()
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        contents = _write(engine, settings, part, secret, made_at)
        with scratch(settings) as folder:
            found = read_back(part, secret, dataclasses.replace(settings, data_dir=folder, database_url=""))
            if found.sites != contents.sites:
                raise Problem("backup.unlike", "; ".join(sorted(found.sites)))
        os.link(part, path)  # fails where somebody made a file of that name meanwhile
    except FileExistsError as wrong:
        raise Problem("backup.exists") from wrong
    finally:
        part.unlink(missing_ok=True)
    backup.sync_folder(path.parent)
    with write(engine) as connection:
        for site in contents.sites:
            audit.record(
                connection, site, at=system_clock(), actor="cli", action="backup.made", subject=path.name[:200]
            )
    engine.dispose()
    click.echo(_("%(path)s holds %(rows)s rows, was read back and recomputed (%(size)s MB, %(seconds)s s).",
                 path=path, rows=sum(found.rows.values()), size=f"{path.stat().st_size / 1e6:.1f}",
                 seconds=f"{time.monotonic() - began:.0f}"))  # fmt: skip
    if keep_days is not None:
        _prune(path, keep_days)


def _write(engine: Engine, settings: Settings, part: Path, secret: str, made_at: int) -> backup.Contents:
    with scratch(settings) as folder, copying.still(engine, folder) as connection:
        contents = backup.Contents(
            version("floorledger"), migrations.head(), made_at, copying.state(connection),
            files=backup.key_files(settings.data_dir),
        )  # fmt: skip
        backup.write_file(part, secret, contents, connection)
    return contents


def read_back(path: Path, secret: str, there: Settings) -> backup.Contents:
    """Put a backup into the empty folder of `there` and recompute all of it. Raises Problem."""
    contents = backup.unpack(path, secret, lambda: open_engine(there.database))
    backup.put_files(contents.files, there.data_dir)
    engine = open_engine(there.database, there.audit_keys)
    try:
        with read(engine) as connection:
            found = copying.state(connection)
            faults = [
                site for site in found.keys() | contents.sites.keys() if found.get(site) != contents.sites.get(site)
            ]
            for site in found:
                faults += verify(connection, site, there.ledger_key()).faults
                faults += audit.check(connection, site, there.audit_keys()).faults
    finally:
        engine.dispose()
    if faults:
        raise Problem("backup.unlike", "; ".join(faults))
    return contents


@contextmanager
def scratch(settings: Settings) -> Iterator[Path]:
    """A folder that goes, on the disk of the data and as private."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in settings.data_dir.glob(f"{SCRATCH}*"):  # by one that was killed; nothing that runs is disturbed
        if not Path(f"/proc/{left.name.removeprefix(SCRATCH).partition('-')[0]}").exists():
            shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=f"{SCRATCH}{os.getpid()}-", dir=settings.data_dir))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def read_secret(key_file: Path | None, *, again: bool = False) -> str:
    """The passphrase: from the file, the environment, or the keyboard."""
    if key_file is not None:
        try:
            if key_file.stat().st_mode & 0o077:
                raise Trouble(_("%(path)s can be read by others: chmod 600 it.", path=key_file))
            return backup.check_secret(key_file.read_text())
        except OSError as wrong:
            raise Trouble(_("The key file cannot be read: %(reason)s.", reason=wrong.strerror)) from wrong
    given = os.environ.get(PASSPHRASE)
    if given is None:
        given = click.prompt(_("Passphrase of the backup"), hide_input=True, confirmation_prompt=again)
    return backup.check_secret(str(given))


def _make_key_file(path: Path) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(backup.new_key() + "\n")
    except OSError as wrong:
        raise Trouble(_("The key file cannot be made: %(reason)s.", reason=wrong.strerror)) from wrong
    click.echo(_("Keep %(path)s elsewhere as well: without it nobody can read the backups.", path=path), err=True)


def _prune(newest: Path, days: int) -> None:
    """Remove backups of this folder that are too old, by the instant in their name; the newest stays."""
    oldest = format_instant(system_clock() - days * DAY_S * 1000)[:19].replace(":", "") + "Z"
    for path in sorted(newest.parent.glob(f"*{ENDING}")):
        if re.fullmatch(r"\d{4}-\d\d-\d\dT\d{6}Z", path.stem) and path.stem < oldest and path != newest:
            path.unlink()
            click.echo(_("%(name)s is older than %(days)s days and was removed.", name=path.name, days=days))
