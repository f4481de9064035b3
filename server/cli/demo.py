"""`floorledger demo`: the demo plant, filled and ready to serve."""

from dataclasses import replace

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from server.cli import Trouble, open_database
from server.demo import DemoAccess, DemoRefused, load
from server.settings import Settings
from server.terminal import gettext as _


@click.command()
@click.option("--seed", type=int, default=7, show_default=True, help="Another number invents other weeks.")
@click.pass_obj
def command(settings: Settings, seed: int) -> None:
    """Fill the demo plant; `serve --demo` does it too. Its data lie in a folder of their own."""
    tell(fill(in_its_folder(settings), seed))


def in_its_folder(settings: Settings) -> Settings:
    """Settings with the demo's own folder, so that it never meets a real plant; a database that is named is kept.

    A demo asks nobody for a second factor: its people and their wages are invented, its passwords are random and told
    in the terminal, and whoever wants to try a second factor can set one up. Its pages say so.
    """
    chosen = replace(settings, second_factor_roles=("none",))
    return chosen if settings.database_url else replace(chosen, data_dir=settings.data_dir / "demo")


def fill(settings: Settings, seed: int = 7) -> DemoAccess:
    """Load the demo plant, with a bar; returns who may come in. A demo that is there already stays as it is."""
    share = TextColumn("{task.percentage:>3.0f} %")
    columns = (TextColumn("{task.description}"), BarColumn(), share, TimeElapsedColumn())
    engine = open_database(settings)
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(_("The demo plant"), total=1.0)
            return load(
                engine, settings, lambda done, words: bar.update(task, completed=done, description=words), seed=seed
            )
    except DemoRefused as wrong:
        raise Trouble(str(wrong)) from wrong
    finally:
        engine.dispose()


def tell(access: DemoAccess) -> None:
    """Print who may come in."""
    click.echo(_("Sign in as"))
    for name, password, roles in access.users:
        click.echo(f"  {name:<12} {password:<28} {', '.join(roles)}")
    click.echo("  " + _("A password is enough here; a real plant asks for a second factor as well."))
    for name, token in access.tokens:
        click.echo("  " + _("Token") + f" {name:<20} {token}")
