"""`floorledger doctor`: is everything as it must be? Exit status 0 when it is, 1 when something is wrong."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

import click
from sqlalchemy import Engine, text

import webapp
from server import migrations, running
from server.cli.restore import KEPT
from server.settings import Settings, env_name, unknown_names
from server.store import people, sites
from server.store.database import DatabaseRefused, check_safety, describe, open_engine, read
from server.terminal import gettext as _

CLOCK_TOLERANCE_S = 5
VENDORED = (
    "htmx.org/dist/htmx.min.js",
    "idb/build/index.js",
    "lit-html/lit-html.js",
    "zxing-wasm/dist/reader/zxing_reader.wasm",
)


@dataclass(frozen=True)
class Remark:
    """One thing looked at: well, worth a look, or wrong."""

    state: Literal["ok", "look", "wrong"]
    words: str


@click.command()
@click.option("--settings", "show_settings", is_flag=True, help="Also list every setting with its value.")
@click.pass_obj
def command(settings: Settings, show_settings: bool) -> None:
    """Check settings, database, clock, disk and files."""
    if show_settings:
        for field in fields(settings):
            click.echo(f"{env_name(field.name)}={_shown(field.name, getattr(settings, field.name))}")
            click.echo(f"    {field.metadata['sentence']}")
    wrong = False
    for check in (_settings, _database, _clock, _disk, _files):
        for remark in check(settings):
            sign, colour = {"ok": ("ok   ", "green"), "look": ("look ", "yellow"), "wrong": ("WRONG", "red")}[
                remark.state
            ]
            click.echo(click.style(sign, fg=colour) + " " + remark.words)
            wrong = wrong or remark.state == "wrong"
    sys.exit(int(wrong))


Check = Callable[[Settings], Iterator[Remark]]


def _settings(settings: Settings) -> Iterator[Remark]:
    for name in unknown_names():
        yield Remark("look", _("%(name)s is no setting of this version.", name=name))
    if settings.public_url.startswith("https://") or not settings.public_url:
        yield Remark("ok", _("Settings can be read."))
    else:
        yield Remark("look", _("The public address is not https: phones will not open the camera."))
    if settings.proxies and not settings.trusted_hosts:
        yield Remark("look", _("There is a proxy in front but trusted_hosts is empty: any host name is answered."))
    for path in sorted(settings.data_dir.glob("*.key")):
        if path.stat().st_mode & 0o077:
            yield Remark("wrong", _("%(path)s can be read by others: chmod 600 it.", path=path))
    if (settings.data_dir / running.MARK).exists():
        yield Remark("wrong", _("A restore was interrupted here: run floorledger restore again to its end."))
    for path in sorted(settings.data_dir.glob(f"{KEPT}*")):
        yield Remark(
            "look", _("%(path)s holds all that was here before a restore; remove it once all is well.", path=path)
        )


def _database(settings: Settings) -> Iterator[Remark]:
    try:
        engine = open_engine(settings.database)
    except DatabaseRefused as wrong:
        yield Remark("wrong", str(wrong))
        return
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        yield Remark("look", _("There is no database yet; `floorledger serve` makes it."))
        return
    if troubles := check_safety(engine):
        yield from (Remark("wrong", trouble) for trouble in troubles)
        return
    yield Remark("ok", describe(engine))
    try:
        migrations.check_current(engine)
    except DatabaseRefused as wrong:
        yield Remark("wrong", str(wrong))
        return
    yield Remark("ok", _("The tables have the shape %(revision)s.", revision=migrations.head()))
    with read(engine) as connection:
        if engine.dialect.name == "sqlite":
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            state: Literal["ok", "wrong"] = "ok" if found == "ok" else "wrong"
            yield Remark(state, _("SQLite's own check of the file: %(found)s", found=found))
        known = sites.list_sites(connection)
        if settings.site in known:
            yield Remark("ok", _("The site %(site)s is there.", site=settings.site))
        else:
            yield Remark("look", _("There is no site %(site)s yet.", site=settings.site))
        if people.count_users(connection, settings.site) == 0:
            yield Remark("look", _("Nobody can sign in yet; `floorledger serve` prints a link for the first."))
    engine.dispose()


def _clock(settings: Settings) -> Iterator[Remark]:
    """The database's clock is another one only with PostgreSQL on another machine."""
    drift = 0.0
    try:
        engine = open_engine(settings.database)
        if engine.dialect.name == "postgresql":
            drift = _database_clock(engine) - time.time()
    except Exception:  # what is wrong with the database is said above
        return
    if abs(drift) > CLOCK_TOLERANCE_S:
        yield Remark(
            "wrong", _("The clocks of this machine and of the database differ by %(seconds)s s.", seconds=round(drift))
        )
    elif time.time() < 1_760_000_000:  # October 2025, before this program was written
        yield Remark("wrong", _("This machine's clock says %(date)s.", date=time.strftime("%Y-%m-%d")))
    else:
        yield Remark("ok", _("The clock says %(date)s.", date=time.strftime("%Y-%m-%d %H:%M:%S %Z")))


def _database_clock(engine: Engine) -> float:
    with read(engine) as connection:
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())


def _disk(settings: Settings) -> Iterator[Remark]:
    place = settings.data_dir.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    megabytes = f"{free // 1_000_000} MB"
    if free < settings.low_disk:
        yield Remark("wrong", _("Only %(free)s are free for %(path)s.", free=megabytes, path=place))
    else:
        yield Remark("ok", _("%(free)s are free.", free=megabytes))
    if not os.access(place, os.W_OK):
        yield Remark("wrong", _("%(path)s cannot be written to.", path=place))


def _files(_chosen: Settings) -> Iterator[Remark]:
    missing = [name for name in VENDORED if not (webapp.STATIC / "vendor" / name).is_file()]
    if missing:
        yield Remark("wrong", _("Files of the phone are missing: %(names)s. Install again.", names=", ".join(missing)))
    else:
        yield Remark("ok", _("The phone's libraries are in place."))
    if not (Path(__file__).parent.parent / "locale" / "fr" / "LC_MESSAGES" / "messages.mo").is_file():
        yield Remark("wrong", _("The French catalogue is not compiled. Install again."))


def _shown(name: str, value: object) -> str:
    """A setting's value, the password of a database's address hidden."""
    if name == "database_url" and value:
        return open_engine(str(value)).url.render_as_string(hide_password=True)
    return ",".join(value) if isinstance(value, tuple) else str(value)
