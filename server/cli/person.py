"""`floorledger person`: operators."""

import os

import click

from server.auth.pins import hash_pin, subject_of
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.settings import Settings
from server.store import people, plant
from server.store.database import read, write
from server.terminal import gettext as _


@click.group()
def command() -> None:
    """Operators."""


@command.command()
@click.argument("number")
@click.option("--clear", is_flag=True, help="Take the PIN away.")
@click.pass_obj
def pin(settings: Settings, number: str, clear: bool) -> None:
    """Set somebody's PIN, by personnel number; ends any lock. It is asked for, or taken from FLOORLEDGER_NEW_PIN."""
    engine = open_database(settings)
    with read(engine) as connection:
        rows = plant.rows(connection, settings.site, "people", "number", {number})
    if not rows:
        raise Trouble(_("Nobody has the number %(number)s.", number=number))
    # From a prompt or a pipe, never from the command line: the process list and the shell's history would show it.
    hashed = "" if clear else hash_pin(_given(), number, settings.pin_key())
    with write(engine) as connection:
        people.forget_pin_failures(connection, settings.site, subject_of(number, settings.site))
        if clear:
            people.clear_pin(connection, settings.site, rows[0]["key"])
        else:
            people.put_pin(connection, settings.site, rows[0]["key"], hashed, system_clock())
    said = _("%(number)s has no PIN any more.") if clear else _("The PIN of %(number)s is set.")
    click.echo(said % {"number": number})


def _given() -> str:
    return os.environ.get("FLOORLEDGER_NEW_PIN") or str(click.prompt("PIN", hide_input=True, confirmation_prompt=True))
