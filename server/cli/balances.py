"""`floorledger balances`: what stands on the accounts of a plan, as it was posted or as of a day."""

import json
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.cli import Trouble, open_database
from server.settings import Settings
from server.store import ledger, plant
from server.store.database import read
from server.terminal import gettext as _
from sync.ledger.plans import Chart, Node, as_of, as_posted, walk


@click.command()
@click.argument("plan")
@click.option("--period", default="", help="Only what is posted in this month, such as 2026-10.")
@click.option(
    "--as-of",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Show all in the tree and under the names of this day; otherwise each entry in those of its own.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON instead of a table.")
@click.pass_obj
def command(settings: Settings, plan: str, period: str, day: datetime | None, as_json: bool) -> None:
    """The accounts of a PLAN as a tree with what they come to, debit less credit.

    Parents come to the sum of their children; all of it together to nothing, since every entry balances.
    """
    with read(open_database(settings)) as connection:
        known = [row["code"] for row in plant.rows(connection, settings.site, "plans")]
        if plan not in known:
            raise Trouble(
                _("There is no plan %(plan)s; there are %(known)s.", plan=plan, known=", ".join(known) or "-")
            )
        chart = plant.charts(connection, settings.site).get(plan, Chart())
        found = (
            content
            for content in ledger.everything(connection, settings.site)
            if not period or content["posting_period"] == period
        )
        nodes = as_of(found, plan, chart, day.date()) if day else as_posted(found, plan, chart)
        currency = plant.site(connection, settings.site).currency
    if as_json:
        click.echo(json.dumps([_told(node) for node in nodes], ensure_ascii=False, indent=1))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column(_("Account"), overflow="fold")
    table.add_column(currency, justify="right")
    for depth, node in walk(nodes):
        table.add_row(Text("  " * depth + " ".join(filter(None, (node.code or "–", node.name)))), str(node.balance))
    Console().print(table)


def _told(node: Node) -> dict[str, Any]:
    told: dict[str, Any] = {"account": node.code, "name": node.name, "own": str(node.own), "balance": str(node.balance)}
    return told | ({"children": [_told(child) for child in node.children]} if node.children else {})
