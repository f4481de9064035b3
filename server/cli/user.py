"""`floorledger user`: people who sign in to pages."""

import click
from sqlalchemy.exc import IntegrityError

from server.auth import guessing
from server.auth.access import ROLES
from server.auth.passwords import hash_password
from server.cli import Trouble, open_database
from server.settings import Settings
from server.store import people
from server.store.database import read, write
from server.store.factors import has_factor
from server.terminal import gettext as _

# From a prompt or a pipe, never from the command line: the process list and the shell's history would show it.
password_option = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="FLOORLEDGER_NEW_PASSWORD",
    help="Asked for when not given in FLOORLEDGER_NEW_PASSWORD.", hidden=True,
)  # fmt: skip


@click.group()
def command() -> None:
    """People who sign in to pages."""


@command.command()
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given more than once."
)
@click.option("--display-name", default=None, help="As pages show it; otherwise the name.")
@click.option("--language", type=click.Choice(["en", "fr"]), default=None)
@password_option
@click.pass_obj
def create(
    settings: Settings, name: str, roles: tuple[str, ...], display_name: str | None, language: str | None, password: str
) -> None:
    """Create a user."""
    hashed = hash_password(settings, password, name, alone=not settings.needs_factor(roles))
    try:
        with write(open_database(settings)) as connection:
            people.create_user(
                connection, settings.site, name, display_name=display_name or name, password_hash=hashed, roles=roles,
                language=language or "",
            )  # fmt: skip
    except IntegrityError as wrong:
        raise Trouble(_("The name %(name)s is taken.", name=name)) from wrong
    click.echo(_("%(name)s can sign in.", name=name))


@command.command()
@click.argument("name")
@password_option
@click.pass_obj
def password(settings: Settings, name: str, password: str) -> None:
    """Set a new password; ends the user's sign-ins and any lock."""
    with write(open_database(settings)) as connection:
        user = people.find_user(connection, settings.site, name)
        if user is None:
            raise Trouble(_("There is no user %(name)s.", name=name))
        alone = not settings.needs_factor(user.roles.split()) and not has_factor(connection, settings.site, name)
        people.change_user(
            connection, settings.site, name, password_hash=hash_password(settings, password, name, alone=alone)
        )
        guessing.forget(connection, settings.site, name)
    click.echo(_("The password of %(name)s is changed.", name=name))


@command.command()
@click.argument("name")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(ROLES))
@click.pass_obj
def roles(settings: Settings, name: str, roles: tuple[str, ...]) -> None:
    """Give a user these roles instead of the old ones."""
    _change(settings, name, roles=roles)
    click.echo(_("The roles of %(name)s are changed.", name=name))


@command.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Let the user in again.")
@click.pass_obj
def disable(settings: Settings, name: str, again: bool) -> None:
    """Shut a user out, at once."""
    _change(settings, name, active=again)
    sentence = _("%(name)s can sign in.") if again else _("%(name)s cannot sign in any more.")
    click.echo(sentence % {"name": name})


@command.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the users."""
    with read(open_database(settings)) as connection:
        for user in people.list_users(connection, settings.site):
            state = "" if user.active else _("disabled")
            click.echo(f"{user.name:<24} {user.roles:<32} {user.display_name:<32} {state}".rstrip())


def _change(settings: Settings, name: str, **values: object) -> None:
    with write(open_database(settings)) as connection:
        if not people.change_user(connection, settings.site, name, **values):
            raise Trouble(_("There is no user %(name)s.", name=name))
