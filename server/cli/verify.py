"""`floorledger verify`: recompute the ledger from the facts and compare."""

import time

import click
from rich.console import Console
from rich.progress import Progress

from server.cli import open_database
from server.settings import Settings
from server.store import audit
from server.store.database import read
from server.store.verification import Report, verify
from server.terminal import gettext as _


@click.command()
@click.pass_obj
def command(settings: Settings) -> None:
    """Check chain, balance and completeness, and recompute every entry from the facts; check the audit trail.

    Exit status 0: all is well; 1: something is wrong, and where.
    """
    engine = open_database(settings, migrate=False)
    began = time.monotonic()
    with Progress(console=Console(stderr=True), transient=True) as bar, read(engine) as connection:
        task = bar.add_task(_("Verify"), total=1.0)
        report = verify(connection, settings.site, settings.ledger_key(),
                        lambda share, word: bar.update(task, completed=share, description=word))  # fmt: skip
        trail = audit.check(connection, settings.site, settings.audit_keys())
    _show(report, time.monotonic() - began)
    show_trail(trail)
    if not report.ok or trail.faults:
        raise SystemExit(1)


def _show(report: Report, seconds: float) -> None:
    states = ", ".join(f"{count} {state}" for state, count in report.states.items()) or "0"
    click.echo(_("%(count)s facts: %(states)s; %(rejected)s rejected apart",
                 count=report.facts, states=states, rejected=report.rejected))  # fmt: skip
    click.echo(_("%(entries)s entries in %(batches)s sealed batches, head %(head)s",
                 entries=report.entries, batches=report.batches, head=report.head))  # fmt: skip
    for fault in report.faults:
        click.echo(click.style(_("WRONG"), fg="red") + f"  {fault}")
    if report.ok:
        click.echo(_("The ledger is what the facts give (%(seconds)s s).", seconds=f"{seconds:.1f}"))


def show_trail(trail: audit.Trail) -> None:
    """What checking the audit trail found, for `floorledger audit` as well."""
    click.echo(_("%(lines)s lines of the audit trail, head %(number)s:%(hash)s",
                 lines=trail.lines, number=trail.head.number, hash=trail.head.hash))  # fmt: skip
    for reason, numbers in trail.faults.items():
        more = f" (+{len(numbers) - 10})" if len(numbers) > 10 else ""
        shown = ", ".join(map(str, numbers[:10])) + more
        click.echo(click.style(_("WRONG"), fg="red") + f"  {_(reason)}: {shown}")
