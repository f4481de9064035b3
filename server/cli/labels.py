"""`floorledger labels`: a sheet of QR codes as one HTML file, ready to print or to mail."""

from pathlib import Path

import click
from flask_babel import force_locale

from server import create_app
from server.cli import Trouble, open_database
from server.labels import paper, sheet
from server.labels.routes import render_scanner, render_sheet, why_not
from server.language import pick
from server.settings import Settings
from server.store import plant
from server.store.database import write
from server.terminal import gettext as _
from server.terminal import terminal_language


@click.command()
@click.option("--routes", multiple=True, metavar="ORDER", help="Route sheets: a page for an order and its operations.")
@click.option("--orders", multiple=True, metavar="CODE", help="Orders; * for all open ones, here and below.")
@click.option("--operations", multiple=True, metavar="ORDER", help="All operations of these orders.")
@click.option("--badges", multiple=True, metavar="NUMBER", help="Badges of people, by number.")
@click.option("--machines", multiple=True, metavar="CODE", help="Machines.")
@click.option("--work-centers", multiple=True, metavar="CODE", help="Work centers.")
@click.option("--locations", multiple=True, metavar="CODE", help="Storage locations.")
@click.option("--devices", multiple=True, metavar="NAME", help="Tablets and phones, by name or id.")
@click.option("--items", multiple=True, metavar="CODE", help="Items.")
@click.option("--lots", multiple=True, metavar="ITEM=LOT", help="Lots of items; a lot is known once it has a label.")
@click.option("--words", multiple=True, metavar="WORD", help="Quick codes, such as pause, stop, x10.")
@click.option(
    "--reasons", multiple=True, metavar="CODE", help="Reasons of defects, downtime, pauses, corrections, help."
)
@click.option("--activities", multiple=True, metavar="CODE", help="Indirect activities.")
@click.option(
    "--desk", is_flag=True, help="The desk sheet: quick codes, reasons and activities, all unless some are named."
)
@click.option("--scanner", is_flag=True, help="How a hand scanner is set up, with a code to try.")
@click.option("--paper", "on", default="a4-2x4", show_default=True, metavar="PAPER",
              help=f"{', '.join((*paper.SHEETS, *paper.ROLLS))}, or a roll's size in mm: 80x40.")  # fmt: skip
@click.option("--first", type=click.IntRange(1, 24), default=1, help="First free label on the first A4 sheet.")
@click.option("--cut", is_flag=True, help="Draw cutting lines.")
@click.option("--anew", is_flag=True, help="Give these badges new letters; the old ones stop working (lost badge).")
@click.option("--base", metavar="URL", help="Address printed in the codes; otherwise FLOORLEDGER_PUBLIC_URL.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="HTML file to write.")
@click.pass_obj
def command(
    settings: Settings, desk: bool, scanner: bool, on: str, first: int, cut: bool, anew: bool, base: str | None,
    out: Path, **chosen: tuple[str, ...],
) -> None:  # fmt: skip
    """Write a sheet of labels for the printer. Things that have no letters yet get some.

    An option may be given more than once, and its value may hold several codes separated by commas.
    """
    wanted = {name: _codes(values) for name, values in chosen.items() if values}
    if desk and not wanted:
        wanted = {name: [sheet.ALL] for name in ("words", "reasons", "activities")}
    forms = (scanner, "routes" in wanted, bool(wanted.keys() - {"routes"}))
    if not any(forms):
        raise click.UsageError(_("Say what to label, such as --orders MO-1001."))
    if sum(forms) > 1:
        raise click.UsageError(_("Route sheets and a scanner's page are files of their own."))
    address = base or settings.public_url
    if not address.lower().startswith(("http://", "https://")):
        raise Trouble(_("Say which address the codes lead to: --base https://floor.example.org"))
    with create_app(settings).app_context(), force_locale(terminal_language()):
        try:
            if scanner:
                count, page = _scanner(settings, address)
            else:
                form = "desk" if desk else "route" if "routes" in wanted else "labels"
                count, page = _sheet(settings, wanted, address, form, paper.find(on), first - 1, cut, anew)
        except sheet.NothingToPrint as nothing:
            raise Trouble(_("There is nothing to print for %(codes)s.", codes=nothing)) from nothing
        except (paper.UnknownPaper, sheet.TooSmall) as wrong:
            raise Trouble(why_not(wrong)) from wrong
    out.write_text(page, "utf-8")
    click.echo(_("%(count)s labels in %(file)s", count=count, file=out))


def _scanner(settings: Settings, address: str) -> tuple[int, str]:
    with write(open_database(settings)) as connection:
        test = sheet.make_test(connection, settings.site, address)
    return 1, render_scanner(test, complete=True)


def _sheet(
    settings: Settings, wanted: dict[str, list[str]], address: str, form: str, on: paper.Paper, skip: int, cut: bool,
    anew: bool,
) -> tuple[int, str]:  # fmt: skip
    with write(open_database(settings)) as connection:
        labels = sheet.make(connection, settings.site, wanted, address, name_of=pick, anew=anew)
        site = plant.site(connection, settings.site).name
    printed = sheet.print_on(on, labels, form=form, skip=skip, cut=cut, site=site)
    return printed.count, render_sheet(printed, complete=True)


def _codes(values: tuple[str, ...]) -> list[str]:
    return [code.strip() for value in values for code in value.split(",") if code.strip()]
