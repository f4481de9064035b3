"""`floorledger user`: people who sign in to pages."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import IntegrityError

from server.auth import guessing, invitations, rights
from server.auth.access import ROLES
from server.auth.passwords import hash_password
from server.auth.rights import CLI, Acting
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.settings import Settings
from server.store import people, plant
from server.store.database import read, write
from server.store.factors import has_factor, users_with_factors
from server.terminal import gettext as _

# From a prompt or a pipe, never from the command line: the process list and the shell's history would show it.
password_option = click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="FLOORLEDGER_NEW_PASSWORD",
    help="Asked for when not given in FLOORLEDGER_NEW_PASSWORD.", hidden=True,
)  # fmt: skip
role_option = click.option(
    "--role", "roles", multiple=True, required=True, type=click.Choice(ROLES), help="May be given more than once."
)
team_option = click.option(
    "--team", "teams", multiple=True, help="Code of a department whose people the user sees; none: of all."
)


@click.group()
def command() -> None:
    """People who sign in to pages."""


@command.command()
@click.argument("name")
@role_option
@team_option
@click.option("--display-name", default=None, help="As pages show it; otherwise the name.")
@click.option("--language", type=click.Choice(["en", "fr"]), default=None)
@password_option
@click.pass_obj
def create(
    settings: Settings,
    name: str,
    roles: tuple[str, ...],
    teams: tuple[str, ...],
    display_name: str | None,
    language: str | None,
    password: str,
) -> None:
    """Create a user."""
    hashed = hash_password(settings, password, name, alone=not settings.needs_factor(roles))
    try:
        with _acting(settings) as act:
            people.create_user(
                act.connection, act.site, name, display_name=display_name or name, password_hash=hashed, roles=roles,
                language=language or "", teams=_known(act, teams),
            )  # fmt: skip
            act.record("user.created", name, roles=people.pack_roles(roles))
    except IntegrityError as wrong:
        raise Trouble(_("The name %(name)s is taken.", name=name)) from wrong
    click.echo(_("%(name)s can sign in.", name=name))


@command.command()
@click.argument("name")
@role_option
@team_option
@click.option("--display-name", default="", help="As pages show it; otherwise the name.")
@click.option("--language", type=click.Choice(["en", "fr"]), default=None)
@click.pass_obj
def invite(
    settings: Settings, name: str, roles: tuple[str, ...], teams: tuple[str, ...], display_name: str,
    language: str | None,
) -> None:  # fmt: skip
    """Print a link with which somebody becomes a user and chooses a password; it works once."""
    with _acting(settings) as act:
        link = invitations.invite(
            act, settings, name, display_name, roles=roles, teams=_known(act, teams), language=language or ""
        )
    click.echo(link.address(_base(settings)))


@command.command()
@click.argument("name")
@click.option("--second-factor", is_flag=True, help="Take the second factor away as well: it is lost.")
@click.pass_obj
def reset(settings: Settings, name: str, second_factor: bool) -> None:
    """Print a link with which a user chooses a new password; it works once, for half an hour."""
    with _acting(settings) as act:
        link = invitations.reset(act, settings, name, clears_factor=second_factor)
    if link:  # on the machine itself nobody else's consent is waited for
        click.echo(link.address(_base(settings)))


@command.command()
@click.argument("name")
@password_option
@click.pass_obj
def password(settings: Settings, name: str, password: str) -> None:
    """Set a new password; ends the user's sign-ins and any lock."""
    with _acting(settings) as act:
        user = act.find(name)
        alone = not settings.needs_factor(user.roles.split()) and not has_factor(act.connection, act.site, name)
        hashed = hash_password(settings, password, name, alone=alone)
        people.change_user(act.connection, act.site, name, password_hash=hashed)
        guessing.forget(act.connection, act.site, name)
        act.record("user.password_changed", name)
    click.echo(_("The password of %(name)s is changed.", name=name))


@command.command()
@click.argument("name")
@role_option
@click.pass_obj
def roles(settings: Settings, name: str, roles: tuple[str, ...]) -> None:
    """Give a user these roles instead of the old ones; ends the user's sign-ins."""
    with _acting(settings) as act:
        rights.change_roles(act, name, roles)
    click.echo(_("The roles of %(name)s are changed.", name=name))


@command.command()
@click.argument("name")
@team_option
@click.pass_obj
def teams(settings: Settings, name: str, teams: tuple[str, ...]) -> None:
    """Let a user see the people of these departments only; without any, of all."""
    with _acting(settings) as act:
        rights.change_teams(act, name, _known(act, teams))
    click.echo(_("The departments of %(name)s are changed.", name=name))


@command.command()
@click.argument("name")
@click.option("--again", is_flag=True, help="Let the user in again.")
@click.pass_obj
def disable(settings: Settings, name: str, again: bool) -> None:
    """Shut a user out, at once."""
    with _acting(settings) as act:
        if again:
            rights.enable(act, name)
        else:
            rights.disable(act, name)
    sentence = _("%(name)s can sign in.") if again else _("%(name)s cannot sign in any more.")
    click.echo(sentence % {"name": name})


@command.command("list")
@click.pass_obj
def list_(settings: Settings) -> None:
    """List the users: roles, departments, whether they have a second factor."""
    with read(open_database(settings)) as connection:
        safe = users_with_factors(connection, settings.site)
        for user in people.list_users(connection, settings.site):
            seen = ", ".join(sorted(people.unpack_teams(user.teams) or ()))
            notes = [seen, "" if user.name in safe else _("no second factor"), "" if user.active else _("disabled")]
            told = "; ".join(filter(None, notes))
            click.echo(f"{user.name:<24} {user.roles:<32} {user.display_name:<32} {told}".rstrip())


@contextmanager
def _acting(settings: Settings) -> Iterator[Acting]:
    """A transaction in which the machine's owner changes something."""
    with write(open_database(settings)) as connection:
        yield Acting(connection, settings.site, CLI, system_clock())


def _known(act: Acting, codes: tuple[str, ...]) -> tuple[str, ...]:
    """The departments, if there are such."""
    unknown = set(codes) - {row["code"] for row in plant.rows(act.connection, act.site, "departments")}
    if unknown:
        raise Trouble(_("There is no department %(codes)s.", codes=", ".join(sorted(unknown))))
    return codes


def _base(settings: Settings) -> str:
    """Where the link leads: what people type, or this machine."""
    return settings.public_url.rstrip("/") or "http://localhost:8000"
