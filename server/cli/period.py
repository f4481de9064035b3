"""`floorledger period`: lock a month, lift the lock, close it for good."""

import getpass

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine

from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.problems import fill
from server.settings import Settings
from server.store import periods, plant
from server.store.database import read, write
from server.terminal import gettext as _
from sync.core.clock import format_instant
from sync.core.money import from_store
from sync.ledger.periods import Action, PeriodRefused

by_option = click.option("--by", default=None, help="Who does it; otherwise your name on this machine.")


@click.group()
def command() -> None:
    """Months: open, locked, closed for good."""


@command.command("list")
@click.option("--trace", is_flag=True, help="Also who did what with them, when and why.")
@click.pass_obj
def list_(settings: Settings, trace: bool) -> None:
    """List the months with what is posted in them."""
    with read(open_database(settings)) as connection:
        currency = plant.site(connection, settings.site).currency
        found = periods.months(connection, settings.site)
        changes = periods.trace(connection, settings.site) if trace else []
    # Each word that a state may be, where the catalogue finds it.
    words = {"open": _("open"), "locked": _("locked"), "closed": _("closed")}
    table = _table(_("Period"), _("State"), _("Entries"), currency, _("Late"))
    for month in found:
        table.add_row(month.code, words[month.state], str(month.entries), str(from_store(month.amount, currency)),
                      str(month.late or ""))  # fmt: skip
    Console().print(table)
    if trace:
        told = {"lock": _("locked"), "unlock": _("lock lifted"), "close": _("closed")}
        lines = _table(_("Period"), _("What"), _("Who"), _("When"), _("Why"))
        for change in changes:
            when = format_instant(change.at)[:16].replace("T", " ")
            lines.add_row(change.period, told[change.action], Text(change.by), when, Text(change.reason))
        Console().print(lines)


def _table(*columns: str) -> Table:
    made = Table(box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


@command.command()
@click.argument("period")
@by_option
@click.option("--reason", default="", help="Why; it stays in the trace.")
@click.pass_obj
def lock(settings: Settings, period: str, by: str | None, reason: str) -> None:
    """Post nothing more in a month for now; what comes late goes to the next open one."""
    _change(open_database(settings), settings.site, period, "lock", by, reason)
    click.echo(_("%(period)s is locked.", period=period))


@command.command()
@click.argument("period")
@by_option
@click.option("--reason", required=True, help="Why; it stays in the trace.")
@click.pass_obj
def unlock(settings: Settings, period: str, by: str | None, reason: str) -> None:
    """Lift the lock of a month."""
    _change(open_database(settings), settings.site, period, "unlock", by, reason)
    click.echo(_("%(period)s is open again.", period=period))


@command.command()
@click.argument("period")
@by_option
@click.option("--reason", default="", help="Why it is closed although some points are open.")
@click.option("--check", is_flag=True, help="Only say what stands in the way.")
@click.pass_obj
def close(settings: Settings, period: str, by: str | None, reason: str, check: bool) -> None:
    """Close a month for good. It is never opened again, and never changes by a cent."""
    engine = open_database(settings)
    with read(engine) as connection:
        try:
            points = periods.checklist(connection, settings.site, period, system_clock())
        except PeriodRefused as refused:
            raise Trouble(fill(_(refused.sentence), refused.params)) from refused
    for point in points:
        mark = click.style(_("STOP"), fg="red") if point.blocks else click.style(_("open"), fg="yellow")
        click.echo(f"{mark}  {fill(_(point.sentence), point.params)}")
    if check:
        if not points:
            click.echo(_("Nothing stands in the way of closing %(period)s.", period=period))
        return
    _change(engine, settings.site, period, "close", by, reason)
    click.echo(_("%(period)s is closed for good.", period=period))


def _change(engine: Engine, site: str, period: str, action: Action, by: str | None, reason: str) -> None:
    try:
        with write(engine) as connection:
            periods.change(
                connection, site, period, action, by=by or getpass.getuser(), at=system_clock(), reason=reason
            )
    except PeriodRefused as refused:
        raise Trouble(fill(_(refused.sentence), refused.params)) from refused
