"""`floorledger person`: operators."""

import os

import click

from server.auth.pins import Change, change, hash_pin
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.settings import Settings
from server.store import plant
from server.store.database import read, write
from server.terminal import gettext as _


@click.group()
def command() -> None:
    """Operators."""


@command.command()
@click.argument("number")
@click.option("--clear", "what", flag_value="cleared", help="Take the PIN away.")
@click.option("--unlock", "what", flag_value="unlocked", help="Let the person try again after too many wrong ones.")
@click.pass_obj
def pin(settings: Settings, number: str, what: Change | None) -> None:
    """Set somebody's PIN, by personnel number; ends any lock. It is asked for, or taken from FLOORLEDGER_NEW_PIN."""
    engine = open_database(settings)
    with read(engine) as connection:
        rows = plant.rows(connection, settings.site, "people", "number", {number})
    if not rows:
        raise Trouble(_("Nobody has the number %(number)s.", number=number))
    # From a prompt or a pipe, never from the command line: the process list and the shell's history would show it.
    hashed = hash_pin(_given(), number, settings.pin_key()) if what is None else ""
    with write(engine) as connection:
        change(connection, settings.site, what or "set", rows[0]["key"], number, actor="cli", now=system_clock(),
               hashed=hashed)  # fmt: skip
    said = {
        "set": _("The PIN of %(number)s is set."),
        "cleared": _("%(number)s has no PIN any more."),
        "unlocked": _("%(number)s may try the PIN again."),
    }
    click.echo(said[what or "set"] % {"number": number})


def _given() -> str:
    return os.environ.get("FLOORLEDGER_NEW_PIN") or str(click.prompt("PIN", hide_input=True, confirmation_prompt=True))
