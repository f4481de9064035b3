"""`floorledger init`: a new site."""

import click

from server.cli import Trouble, open_database
from server.settings import Settings
from server.store.database import write
from server.store.sites import create_site, find_site
from server.terminal import gettext as _


@click.command()
@click.option("--name", prompt="Name of the plant or office", help="Name of the plant or office.")
@click.option("--zone", prompt="Time zone", default="Europe/Paris", show_default=True, help="Time zone of the site.")
@click.option("--currency", prompt="Currency", default="EUR", show_default=True, help="Currency, ISO 4217.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.pass_obj
def command(settings: Settings, name: str, zone: str, currency: str, language: str) -> None:
    """Create the site (its code comes from --site)."""
    engine = open_database(settings)
    with write(engine) as connection:
        if find_site(connection, settings.site) is not None:
            raise Trouble(_("The site %(site)s exists already.", site=settings.site))
        try:
            create_site(connection, settings.site, name=name, zone=zone, currency=currency.upper(), language=language)
        except ValueError as wrong:
            raise Trouble(f"{wrong}.") from wrong
    click.echo(_("The site %(site)s is made.", site=settings.site))
