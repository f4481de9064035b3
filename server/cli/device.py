"""`floorledger device`: phones and tablets."""

import click
from sqlalchemy import Connection

from server import qr
from server.auth import signature
from server.auth.credentials import digest, make_secret
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.settings import Settings
from server.store import audit, people
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
    if settings.enrolment_approval == "asked":
        click.echo(_("Then let the device in: on the page Devices, or with floorledger device list and admit."))


@command.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the devices, those that wait to be let in first."""
    with read(open_database(settings)) as connection:
        for device in people.asking_devices(connection, settings.site):
            number = signature.fingerprint(device.key_wanted or device.public_key or device.id)
            click.echo(f"{device.id}  {device.name:<32} {_('waits to be let in')}  {number[:3]} {number[3:]}")
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
        _record(connection, settings, "device.revoked", identity)
    click.echo(_("The device is shut out."))


@command.command()
@click.argument("identity")
@click.pass_obj
def admit(settings: Settings, identity: str) -> None:
    """Let a device in that waits: `list` shows its number, and so does the device."""
    with write(open_database(settings)) as connection:
        if not people.admit_device(connection, settings.site, identity, "", system_clock()):
            raise Trouble(_("No device %(id)s waits to be let in.", id=identity))
        _record(connection, settings, "device.admitted", identity)
    click.echo(_("The device is in."))


@command.command()
@click.argument("identity")
@click.pass_obj
def decline(settings: Settings, identity: str) -> None:
    """Do not let a device in that waits."""
    with write(open_database(settings)) as connection:
        if not people.decline_device(connection, settings.site, identity):
            raise Trouble(_("No device %(id)s waits to be let in.", id=identity))
        _record(connection, settings, "device.declined", identity)
    click.echo(_("The device was not let in."))


def _record(connection: Connection, settings: Settings, action: str, device: str) -> None:
    audit.record(connection, settings.site, at=system_clock(), actor="cli", action=action, subject=device)


def offer_enrolment(settings: Settings, base: str, minutes: int, kind: str = "device") -> str:
    """A new single-use secret in an address; what follows the # never travels to the server by itself."""
    secret = make_secret()
    with write(open_database(settings)) as connection:
        people.create_enrolment(
            connection, settings.site, digest(secret), expires_at=system_clock() + minutes * 60_000, kind=kind
        )
        if kind == "device":
            _record(connection, settings, "device.offered", "")
    return f"{base.rstrip('/')}/{'enrol' if kind == 'device' else 'set-up'}#{secret}"
