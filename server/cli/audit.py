"""`floorledger audit`: the audit trail in the terminal, as a file, and whether its chain holds."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import IO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection

from server.audit import listing
from server.cli import Trouble, open_database
from server.cli.verify import show_trail
from server.settings import Settings
from server.store import audit, plant
from server.store.audit import ACTIONS, Search
from server.store.database import read
from server.terminal import gettext as _
from sync.core.clock import format_instant, midnight

DAY = click.DateTime(["%Y-%m-%d"])
EVERYTHING = frozenset({"operational", "personal", "wage"})


@click.group()
def command() -> None:
    """Who did what to rights, secrets, wages and retention."""


def _filtered(view: Callable[..., None]) -> Callable[..., None]:
    """The options of a search."""
    for option in (
        click.option("--actor", default="", help="user:NAME, device:ID, token:ID or cli."),
        click.option("--action", default="", type=click.Choice(["", *ACTIONS]), show_choices=False,
                     help="Such as user.created; the documentation lists all."),
        click.option("--subject", default="", help="About whom or what."),
        click.option("--from", "since", type=DAY, default=None, help="First day."),
        click.option("--to", "until", type=DAY, default=None, help="Last day, included."),
    ):  # fmt: skip
        view = option(view)
    return view


@command.command("list")
@_filtered
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.pass_obj
def list_(settings: Settings, limit: int, **asked: object) -> None:
    """List lines, newest first."""
    with read(open_database(settings)) as connection:
        lines = audit.lines(connection, settings.site, _search(connection, settings.site, **asked), limit=limit)  # type: ignore[arg-type]
    table = Table(box=None, pad_edge=False)
    for column in (_("No."), _("When"), _("Who"), _("What"), _("About"), _("Details")):
        table.add_column(column)
    for line in lines:
        told = ", ".join(f"{name}: {value}" for name, value in line.details.items())
        when = format_instant(line.at)[:16].replace("T", " ")
        cells = (str(line.number), when, line.actor or "–", line.action, line.subject, told)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


@command.command()
@_filtered
@click.option("--format", "form", type=click.Choice(["csv", "json"]), default="csv", show_default=True)
@click.option("--out", type=click.File("w", encoding="utf-8"), default="-", help="File; otherwise the terminal.")
@click.pass_obj
def export(settings: Settings, form: str, out: IO[str], **asked: object) -> None:
    """Write lines to a file, newest first."""
    with read(open_database(settings)) as connection:
        lines = audit.lines(connection, settings.site, _search(connection, settings.site, **asked))  # type: ignore[arg-type]
    out.write(listing.as_csv(lines) if form == "csv" else listing.as_json(lines) + "\n")


@command.command()
@click.option("--head", metavar="NUMBER:HASH", default=None,
              help="An end that was written down earlier; the trail must still contain it.")  # fmt: skip
@click.pass_obj
def verify(settings: Settings, head: str | None) -> None:
    """Check that no line was changed, moved or removed. Exit status 1: one was."""
    if head is not None and not re.fullmatch("[0-9]{1,18}:[0-9a-f]{64}", head):
        raise Trouble(_("A head is written as floorledger audit verify shows it: number:hash."))
    with read(open_database(settings, migrate=False)) as connection:
        trail = audit.check(connection, settings.site, settings.audit_keys())
        if head is not None:
            number, hashed = head.split(":")
            if audit.hash_of(connection, settings.site, int(number)) != hashed:
                trail.fault(_("the line that was written down is not in the trail"), int(number))
    show_trail(trail)
    if trail.faults:
        raise SystemExit(1)
    click.echo(_("The chain holds."))


def _search(
    connection: Connection,
    site: str,
    *,
    actor: str,
    action: str,
    subject: str,
    since: datetime | None,
    until: datetime | None,
) -> Search:
    zone = plant.site(connection, site).zone

    def start(day: date) -> int:
        return midnight(day, zone)

    return Search(
        EVERYTHING, actor, action, subject,
        since=start(since.date()) if since else None,
        until=start(until.date() + timedelta(days=1)) if until else None,
    )  # fmt: skip
