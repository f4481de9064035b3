"""`floorledger token`: credentials of programs."""

import click

from server.auth.access import SCOPES
from server.auth.credentials import digest, make_secret
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.settings import Settings
from server.store import people
from server.store.database import read, write
from server.terminal import gettext as _
from sync.core.clock import format_instant

DAY_MS = 86_400_000


@click.group()
def command() -> None:
    """Credentials of programs that push facts or pull entries."""


@command.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="May be given more than once."
)
@click.option("--days", type=click.IntRange(1, 3650), default=365, show_default=True, help="Valid for so many days.")
@click.pass_obj
def create(settings: Settings, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Create a token and print it, once."""
    secret, now = make_secret("flt_"), system_clock()
    new = people.NewToken(name, digest(secret), frozenset(scopes), now + days * DAY_MS)
    with write(open_database(settings)) as connection:
        people.create_token(connection, settings.site, new, now)
    click.echo(
        _("Keep it now: it is not shown again. Valid until %(day)s.", day=format_instant(now + days * DAY_MS)[:10]),
        err=True,
    )
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
            click.echo(f"{token.name:<24} {token.scopes:<40} {state:<12} {used}")


@command.command()
@click.argument("name")
@click.pass_obj
def revoke(settings: Settings, name: str) -> None:
    """Revoke the tokens of this name, at once."""
    with write(open_database(settings)) as connection:
        count = len(people.revoke_tokens(connection, settings.site, system_clock(), name=name))
    if not count:
        raise Trouble(_("There is no valid token %(name)s.", name=name))
    click.echo(_("%(name)s is revoked.", name=name))
