"""`floorledger init`: a new site, with what a kind of company begins with."""

import click
from sqlalchemy import Connection

from server import presets
from server.cli import Trouble, open_database
from server.cli.import_ import show
from server.reference import imports
from server.settings import Settings
from server.store import event_log, plant
from server.store.database import read, write
from server.store.plant import Change
from server.store.sites import Floor, create_site, find_site, set_floor
from server.terminal import gettext as _


@click.command()
@click.option("--name", help="Name of the plant or office; asked for when it is not given.")
@click.option("--zone", help="Time zone of the site.  [default: Europe/Paris]")
@click.option("--currency", help="Currency, ISO 4217.  [default: EUR]")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@click.option(
    "--preset",
    type=click.Choice(presets.NAMES),
    help="Plans, accounts, departments, activities, reasons, policy and kind of orders of such a company.",
)
@click.pass_obj
def command(
    settings: Settings, name: str | None, zone: str | None, currency: str | None, language: str, preset: str | None
) -> None:
    """Create the site (its code comes from --site).

    With --preset it begins with what such a company needs; a site that is there already gets it while it is empty. A
    preset holds no prices and no people.
    """
    engine = open_database(settings)
    with read(engine) as connection:
        site = find_site(connection, settings.site)
    if site is not None and preset is None:
        raise Trouble(_("The site %(site)s exists already.", site=settings.site))
    if site is None:
        name = name or click.prompt(_("Name of the plant or office"))
        zone = zone or click.prompt(_("Time zone"), default="Europe/Paris")
        currency = currency or click.prompt(_("Currency"), default="EUR")
    changes: list[Change] = []
    with write(engine) as connection:
        if site is None:
            _create(connection, settings.site, str(name), str(zone), str(currency).upper(), language)
        if preset is not None:
            changes = _fill(connection, settings.site, preset, site.language if site else language)
    if preset is not None:
        show(changes)
    if site is None:
        click.echo(_("The site %(site)s is made.", site=settings.site))
    if preset is not None:
        click.echo(_("Next come people, rates and orders; docs/how-to/import.md names their files."))


def _create(connection: Connection, code: str, name: str, zone: str, currency: str, language: str) -> None:
    if find_site(connection, code) is not None:
        raise Trouble(_("The site %(site)s exists already.", site=code))
    try:
        create_site(connection, code, name=name, zone=zone, currency=currency, language=language)
    except ValueError as wrong:
        raise Trouble(f"{wrong}.") from wrong


def _fill(connection: Connection, site: str, preset: str, language: str) -> list[Change]:
    """Import the preset into an empty site."""
    if found := _what_is_there(connection, site):
        sentence = _(
            "The site %(site)s is not empty: it holds %(found)s. A preset is for an empty site; import what you want "
            "of it with floorledger import, or make another site with --site.",
            site=site, found=", ".join(found),
        )  # fmt: skip
        raise Trouble(sentence)
    set_floor(connection, site, Floor(**presets.floor(preset)))
    return imports.apply(connection, site, imports.read_files(presets.files(preset, language)))


def _what_is_there(connection: Connection, site: str) -> list[str]:
    """What a site holds already, by the names of the import files; `events` for facts."""
    found = [kind for kind in plant.KINDS if plant.rows(connection, site, kind)]
    if plant.policy_settings(connection, site):
        found.append("policy")
    return [*found, *(["events"] if event_log.counts(connection, site) else [])]
