"""`floorledger import`: reference files, or a production log through a mapping file."""

import getpass
import time
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import Engine

from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.problems import fill
from server.reference import imports, production_log
from server.reference.imports import ImportRefused
from server.settings import Settings
from server.store.database import write
from server.store.plant import Change
from server.terminal import gettext as _
from sync.connectors.csv_file.mapping import KINDS, kind_of_file
from sync.connectors.csv_file.production_log import BadMapping, load_mapping
from sync.connectors.csv_file.reference import SUFFIXES
from sync.connectors.csv_file.source import MAX_ERRORS


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--kind", type=click.Choice(list(KINDS)), help="What the file holds, when its name does not say so.")
@click.option("--log", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A production log.")
@click.option("--mapping", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="How to read the log.")
@click.option("--preview", is_flag=True, help="Say what would change, and change nothing.")
@click.pass_obj
def command(
    settings: Settings, paths: tuple[Path, ...], kind: str | None, log: Path | None, mapping: Path | None, preview: bool
) -> None:
    """Import reference files, CSV or .xlsx, all or nothing; of a folder, each whose name says what it holds.

    The same file twice changes nothing. With --log and --mapping, the rows of a production log become facts.
    """
    if bool(log) != bool(mapping) or bool(log) == bool(paths):
        raise click.UsageError(_("Give files or folders, or else --log together with --mapping."))
    engine = open_database(settings)
    try:
        if log and mapping:
            _import_log(engine, settings.site, log, mapping, preview)
        else:
            _import_files(engine, settings.site, _files(paths), kind, preview)
    except ImportRefused as refused:
        for error in refused.errors:
            click.echo(error.text(_), err=True)
        if len(refused.errors) >= MAX_ERRORS:
            click.echo(_("... there may be more."), err=True)
        raise Trouble(_("Nothing was imported.")) from refused


def _files(paths: Sequence[Path]) -> list[Path]:
    """The files given, and those of the folders given, but for those whose name does not say what they are."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = [file for file in sorted(path.iterdir()) if file.suffix.lower() in SUFFIXES and file.is_file()]
            if not inside:
                raise Trouble(_("The folder %(folder)s holds no CSV file and no workbook.", folder=path))
            # What a workbook's sheets hold is seen when it is read.
            found += [file for file in inside if kind_of_file(file.name) or file.suffix.lower() == ".xlsx"]
            for file in inside:
                if file not in found:
                    click.echo(_("%(file)s is left out: its name does not say what it holds.", file=file), err=True)
        else:
            found.append(path)
    return found


def _import_files(engine: Engine, site: str, files: Sequence[Path], kind: str | None, preview: bool) -> None:
    sheets = imports.read_files(((str(file), file.read_bytes()) for file in files), KINDS[kind] if kind else None)
    imports.signed(sheets, getpass.getuser(), system_clock())
    with write(engine) as connection:
        changes = imports.apply(connection, site, sheets)
        alike = imports.look_alikes(connection, site, changes)
        if preview:
            connection.rollback()
    show(changes)
    for holds, code, other in alike[:MAX_ERRORS]:
        said = _("%(kind)s: “%(code)s” looks like “%(other)s”. Are they two?", kind=holds, code=code, other=other)
        click.echo(said, err=True)
    click.echo(_("This was a preview: nothing is changed.") if preview else _("Imported."))


def show(changes: Sequence[Change]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column(_("what"))
    for heading in (_("added"), _("changed"), _("unchanged")):
        table.add_column(heading, justify="right")
    for change in changes:
        table.add_row(change.kind, *(str(n) for n in (len(change.added), len(change.changed), change.unchanged)))
    Console().print(table)


def _import_log(engine: Engine, site: str, log: Path, mapping: Path, preview: bool) -> None:
    try:
        read = load_mapping(mapping.read_text("utf-8-sig"))
    except (BadMapping, UnicodeDecodeError) as wrong:
        raise Trouble(f"{mapping}: {wrong}") from wrong
    started = time.monotonic()
    rows = production_log.read_rows(engine, site, log.read_bytes(), str(log), read)
    columns = (TextColumn(_("rows")), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=len(rows))
        done = production_log.run(
            engine, site, rows, read, system_clock, preview=preview, advance=lambda count: progress.advance(task, count)
        )
    seconds = time.monotonic() - started
    if done.created:
        show(done.created)
    for kind, count in sorted(done.facts.items()):
        click.echo(f"{count:>9,}  {kind}")
    facts = done.facts.total()
    click.echo(
        _(
            "%(rows)s rows (%(untimed)s without a time, %(repeated)s repeat another), %(facts)s facts, "
            "%(seconds)s s, %(rate)s facts/s",
            rows=f"{done.rows:,}",
            untimed=f"{done.untimed:,}",
            repeated=f"{done.repeated:,}",
            facts=f"{facts:,}",
            seconds=f"{seconds:.1f}",
            rate=f"{facts / max(seconds, 0.001):,.0f}",
        )
    )
    if preview:
        click.echo(_("This was a preview: nothing is changed."))
        return
    click.echo(
        _(
            "%(created)s facts are new, %(exists)s were here already.",
            created=f"{done.verdicts['created']:,}",
            exists=f"{done.verdicts['exists']:,}",
        )
    )
    for verdict in done.refused[:MAX_ERRORS]:
        click.echo(f"{verdict.id}: {fill(_(verdict.sentence), verdict.params)} {verdict.pointer}", err=True)
    if done.refused:
        raise Trouble(_("%(count)s facts were refused or differ from what is stored.", count=len(done.refused)))
