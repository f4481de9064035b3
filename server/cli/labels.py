"""`floorledger labels`: a sheet of QR codes as one HTML file, ready to print or to mail."""

from pathlib import Path

import click
from flask_babel import force_locale

from server import create_app
from server.cli import Trouble, open_database
from server.labels import sheet
from server.labels.routes import render_sheet
from server.language import pick
from server.settings import Settings
from server.store.database import write
from server.terminal import gettext as _
from server.terminal import terminal_language


@click.command()
@click.option("--orders", multiple=True, metavar="CODE", help="Orders; * for all open ones, here and below.")
@click.option("--operations", multiple=True, metavar="ORDER", help="All operations of these orders.")
@click.option("--badges", multiple=True, metavar="NUMBER", help="Badges of people, by number.")
@click.option("--machines", multiple=True, metavar="CODE", help="Machines.")
@click.option("--items", multiple=True, metavar="CODE", help="Items.")
@click.option("--reasons", multiple=True, metavar="CODE", help="Reasons of defects, downtime, pauses, corrections.")
@click.option("--activities", multiple=True, metavar="CODE", help="Indirect activities.")
@click.option("--anew", is_flag=True, help="Give these badges new letters; the old ones stop working (lost badge).")
@click.option("--base", metavar="URL", help="Address printed in the codes; otherwise FLOORLEDGER_PUBLIC_URL.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="HTML file to write.")
@click.pass_obj
def command(settings: Settings, anew: bool, base: str | None, out: Path, **chosen: tuple[str, ...]) -> None:
    """Write a sheet of labels for the printer. Things that have no letters yet get some.

    An option may be given more than once, and its value may hold several codes separated by commas.
    """
    wanted = {name: _codes(values) for name, values in chosen.items() if values}
    address = base or settings.public_url
    if not wanted:
        raise click.UsageError(_("Say what to label, such as --orders MO-1001."))
    if not address.lower().startswith(("http://", "https://")):
        raise Trouble(_("Say which address the codes lead to: --base https://floor.example.org"))
    try:
        with create_app(settings).app_context(), force_locale(terminal_language()):
            with write(open_database(settings)) as connection:
                labels = sheet.make(connection, settings.site, wanted, address, name_of=pick, anew=anew)
            out.write_text(render_sheet(labels, complete=True), "utf-8")
    except sheet.NothingToPrint as nothing:
        raise Trouble(_("There is nothing to print for %(codes)s.", codes=nothing)) from nothing
    click.echo(_("%(count)s labels in %(file)s", count=len(labels), file=out))


def _codes(values: tuple[str, ...]) -> list[str]:
    return [code.strip() for value in values for code in value.split(",") if code.strip()]
