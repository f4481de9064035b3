"""`floorledger wip`: work in progress at the end of a day."""

import json
from datetime import datetime
from decimal import Decimal

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server import words
from server.cli import open_database
from server.settings import Settings
from server.store import ledger, plant
from server.store.database import read
from server.terminal import gettext as _
from server.terminal import said
from sync.ledger.balances import in_progress


@click.command()
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--as-posted", is_flag=True, help="As the books stood then; otherwise with all that was told since.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
@click.pass_obj
def command(settings: Settings, day: datetime, as_posted: bool, as_json: bool) -> None:
    """What orders bore at the end of a DAY and had not given to stock or to a variance, by element."""
    with read(open_database(settings)) as connection:
        bodies = ledger.everything(connection, settings.site)
        found = in_progress(bodies, day.date(), as_posted=as_posted)
        currency = plant.site(connection, settings.site).currency
    total = sum((sum(parts.values(), Decimal(0)) for parts in found.values()), Decimal(0))
    if as_json:
        orders = {order: {element: str(amount) for element, amount in parts.items()} for order, parts in found.items()}
        told = {"day": day.date().isoformat(), "as_posted": as_posted, "currency": currency, "total": str(total)}
        click.echo(json.dumps({**told, "orders": orders}, ensure_ascii=False, indent=1))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column(_("Order"), overflow="fold")
    table.add_column(_("Element"))
    table.add_column(currency, justify="right")
    for order, parts in found.items():
        for element, amount in parts.items():
            table.add_row(Text(order), words.element(element, said), str(amount))
        table.add_row("", _("Total"), str(sum(parts.values(), Decimal(0))), end_section=True)
    table.add_row(_("Total"), "", str(total))
    Console().print(table)
