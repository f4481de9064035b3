"""`floorledger device`: phones and tablets."""

import click

from server import qr
from server.auth.credentials import digest, make_secret
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.settings import Settings
from server.store import people
from server.store.database import read, write
from server.terminal import gettext as _
from sync.core.clock import format_instant


@click.group()
def command() -> None:
    """Phones and tablets that capture facts."""


@command.command()
@click.option("--base", default=None, help="Address under which the device reaches the server.")
@click.pass_obj
def enrol(settings: Settings, base: str | None) -> None:
    """Show a single-use code that lets one device in."""
    base = base or settings.public_url
    if not base:
        raise Trouble(_("Say under which address the device reaches the server: --base https://..."))
    address = offer_enrolment(settings, base, settings.enrolment_minutes)
    click.echo(qr.blocks(address))
    click.echo(address)
    click.echo(_("It works once, for %(minutes)s minutes.", minutes=settings.enrolment_minutes))


@command.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the devices."""
    with read(open_database(settings)) as connection:
        for device in people.list_devices(connection, settings.site):
            seen = format_instant(device.seen_at)[:16] if device.seen_at else "-"
            state = _("revoked") if device.revoked_at else ""
            click.echo(f"{device.id}  {device.name:<32} {seen}  {device.last_seq:>8}  {state}".rstrip())


@command.command()
@click.argument("identity")
@click.pass_obj
def revoke(settings: Settings, identity: str) -> None:
    """Shut a device out, at once."""
    with write(open_database(settings)) as connection:
        if not people.revoke_device(connection, settings.site, identity, system_clock()):
            raise Trouble(_("There is no device %(id)s.", id=identity))
    click.echo(_("The device is shut out."))


def offer_enrolment(settings: Settings, base: str, minutes: int, kind: str = "device") -> str:
    """A new single-use secret in an address; what follows the # never travels to the server by itself."""
    secret = make_secret()
    with write(open_database(settings)) as connection:
        people.create_enrolment(
            connection, settings.site, digest(secret), expires_at=system_clock() + minutes * 60_000, kind=kind
        )
    return f"{base.rstrip('/')}/{'enrol' if kind == 'device' else 'set-up'}#{secret}"
