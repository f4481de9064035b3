"""`floorledger worker`: post what waits, as long as it runs."""

import click

from server import running, worker
from server.cli import open_database
from server.settings import Settings
from server.terminal import gettext as _


@click.command()
@click.option("--once", is_flag=True, help="Cost what waits now, then end.")
@click.pass_obj
def command(settings: Settings, once: bool) -> None:
    """Cost facts as they come and post their entries. Several may run at once."""
    running.begin(settings.data_dir)
    engine = open_database(settings)
    key = settings.ledger_key()
    if once:
        progress = worker.drain(engine, settings.site, key, pace=worker.Pace())
        click.echo(
            _("%(facts)s facts costed, %(entries)s entries posted.", facts=progress.facts, entries=progress.entries)
        )
        return
    worker.Worker(engine, key).run_until_signal()
