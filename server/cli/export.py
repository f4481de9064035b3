"""`floorledger export`: entries, people, the whole plant, for people and programs outside."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from sqlalchemy import Connection

from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.pull.routes import CSV_COLUMNS, as_csv, lines_of
from server.reference import exports
from server.settings import Settings
from server.spreadsheet import MOST_ROWS, TooLarge, Workbook, of_entries, workbook
from server.store import disclosures, ledger
from server.store.database import read, write
from server.terminal import gettext as _
from sync.connectors.csv_file.mapping import KINDS

PAGE = 5_000
FORMATS = ("csv", "xlsx", "ndjson", "json")

format_option = click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
out_option = click.option(
    "--out", type=click.File("w", encoding="utf-8"), default="-", help="File; otherwise the terminal."
)


@click.group()
def command() -> None:
    """Write entries, people or the whole plant to files."""


@command.command()
@format_option
@out_option
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only entries after this position.")
@click.pass_obj
def entries(settings: Settings, form: str, out: IO[str], after: int) -> None:
    """The posted entries in the order of posting; CSV and workbook have one line a posting."""
    with read(open_database(settings)) as connection:
        pages = _pages(connection, settings.site, after)
        if form == "csv":
            out.write(as_csv([]))
            for page in pages:
                out.write(as_csv((json.loads(line) for line in page), header=False))
        elif form == "xlsx":
            with _workbook(out) as book:
                lines = lines_of(json.loads(line) for page in pages for line in page)
                book.sheet("entries", CSV_COLUMNS, of_entries(CSV_COLUMNS, lines))
        elif form == "ndjson":
            for page in pages:
                out.writelines(f"{line}\n" for line in page)
        else:
            out.write('{"entries":[')
            for number, page in enumerate(pages):
                out.write(("," if number else "") + ",".join(page))
            out.write("]}\n")


def _pages(connection: Connection, site: str, after: int) -> Iterator[list[str]]:
    """The sealed bodies with position and batch in front, a page at a time."""
    while found := ledger.page(connection, site, after, PAGE):
        yield [f'{{"position":{position},"batch":{batch},{body[1:]}' for position, batch, body in found]
        after = found[-1][0]


@command.command()
@format_option
@out_option
@click.pass_obj
def people(settings: Settings, form: str, out: IO[str]) -> None:
    """People with number, name and key. Keep this file as you keep the personnel file."""
    with read(open_database(settings)) as connection:
        found = exports.rows(connection, settings.site, KINDS["people"])

    def as_workbook() -> None:
        with _workbook(out) as book:
            exports.as_sheet(book, KINDS["people"], found)

    writers: dict[str, Callable[[], Any]] = {
        "csv": lambda: out.write(exports.as_csv(KINDS["people"], found)),
        "xlsx": as_workbook,
        "ndjson": lambda: out.writelines(f"{_json(row)}\n" for row in found),
        "json": lambda: out.write(_json({"people": found}) + "\n"),
    }
    writers[form]()
    _note_names(settings)


@command.command()
@click.option("--format", "form", type=click.Choice(["csv", "xlsx", "json"]), default="csv", show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder for CSV files, or the one file.")
@click.pass_obj
def plant(settings: Settings, form: str, out: Path) -> None:
    """All reference data, as files that `floorledger import` takes; no rate of a single person."""
    with read(open_database(settings)) as connection:
        found = exports.everything(connection, settings.site)
    try:
        if form == "json":
            out.write_text(_json(found) + "\n", "utf-8")
        elif form == "xlsx":
            with out.open("wb") as file, workbook(file) as book:
                for kind, rows in found.items():
                    exports.as_sheet(book, KINDS[kind], rows)
        else:
            out.mkdir(parents=True, exist_ok=True)
            for kind, rows in found.items():
                (out / f"{kind}.csv").write_text(exports.as_csv(KINDS[kind], rows), "utf-8", newline="")
    except OSError as wrong:
        raise Trouble(_("%(file)s cannot be written: %(reason)s", file=out, reason=wrong.strerror)) from wrong
    _note_names(settings)
    click.echo(_("%(count)s rows in %(file)s", count=sum(len(rows) for rows in found.values()), file=out))


@contextmanager
def _workbook(out: IO[str]) -> Iterator[Workbook]:
    """A workbook written to where text would go; a terminal is no place for one."""
    if out.isatty():
        raise Trouble(_("A workbook is no text: give a file with --out."))
    try:
        with workbook(out.buffer) as book:  # type: ignore[attr-defined]
            yield book
    except TooLarge as wrong:
        raise Trouble(_("A sheet holds at most %(count)s rows: use CSV.", count=f"{MOST_ROWS:,}")) from wrong


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _note_names(settings: Settings) -> None:
    """Names left with this file: whoever has it must be told when somebody is erased."""
    with write(open_database(settings)) as connection:
        disclosures.note(connection, settings.site, "file:export", _("files of floorledger export"), system_clock())
