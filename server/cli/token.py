"""`floorledger token`: credentials of programs."""

import click

from server.auth import tokens
from server.auth.access import SCOPES
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.problems import Problem
from server.settings import Settings
from server.store import people
from server.store.database import read, write
from server.terminal import gettext as _
from sync.core.clock import format_instant


@click.group()
def command() -> None:
    """Credentials of programs that push facts or pull entries."""


@command.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="May be given more than once."
)
@click.option("--days", type=click.IntRange(1, tokens.LONGEST_DAYS), default=365, show_default=True,
              help="Valid for so many days.")  # fmt: skip
@click.option("--machine", default="", metavar="CODE", help="It may tell the time of this machine, and nothing else.")
@click.option("--work-center", default="", metavar="CODE", help="The same of all machines of a work center.")
@click.pass_obj
def create(settings: Settings, name: str, scopes: tuple[str, ...], days: int, machine: str, work_center: str) -> None:
    """Create a token and print it, once."""
    now, wish = system_clock(), tokens.Wish(name, frozenset(scopes), days, machine, work_center)
    try:
        with write(open_database(settings)) as connection:
            secret = tokens.create(connection, settings.site, wish, now)
    except Problem as problem:
        raise Trouble(f"{problem.title} {problem.action}") from problem
    until = format_instant(now + days * tokens.DAY_MS)[:10]
    click.echo(_("Keep it now: it is not shown again. Valid until %(day)s.", day=until), err=True)
    click.echo(secret)


@command.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the tokens."""
    with read(open_database(settings)) as connection:
        for token in people.list_tokens(connection, settings.site):
            until = format_instant(token.expires_at)[:10] if token.expires_at else "-"
            used = format_instant(token.used_at)[:16] if token.used_at else _("never used")
            state = _("revoked") if token.revoked_at else until
            maker, bound = token.created_by or "-", token.machine or token.work_center
            click.echo(f"{token.name:<24} {token.scopes:<40} {state:<12} {used:<16} {maker} {bound}".rstrip())


@command.command()
@click.argument("name")
@click.pass_obj
def revoke(settings: Settings, name: str) -> None:
    """Revoke the tokens of this name, at once."""
    with write(open_database(settings)) as connection:
        count = tokens.revoke(connection, settings.site, system_clock(), name=name)
    if not count:
        raise Trouble(_("There is no valid token %(name)s.", name=name))
    click.echo(_("%(name)s is revoked.", name=name))
