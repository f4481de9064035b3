"""`floorledger general`: general entries, and what stands for them."""

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.cli import open_database
from server.settings import Settings
from server.store import operations
from server.store.database import read
from server.terminal import gettext as _


@click.command()
@click.option("--open", "only_open", is_flag=True, help="Only those of which something has no analytic entry yet.")
@click.pass_obj
def command(settings: Settings, only_open: bool) -> None:
    """List imported general entries with what stands for them in the analytic ledger, and what is open."""
    with read(open_database(settings)) as connection:
        found = operations.covered(connection, settings.site)
    table = Table(box=None, pad_edge=False)
    for column in (_("Entry"), _("Day"), _("Account")):
        table.add_column(column, overflow="fold")
    for column in (_("Amount"), _("Analytic"), _("Open")):
        table.add_column(column, justify="right")
    for line in found:
        if line.open or not only_open:
            one = line.general
            sums = (str(amount) for amount in (one.amount, line.analytic, line.open))
            table.add_row(Text(one.id), one.day.isoformat(), Text(one.account), *sums)
    Console().print(table)
