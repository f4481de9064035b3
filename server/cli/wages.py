"""`floorledger wages`: rates of people without a screen. Nothing is read or proposed without a reason, and recorded.

A rate that is proposed here is approved by somebody with the payroll role, on the page Wages: the user of a machine is
nobody in particular, and whoever could approve here could approve what they proposed.
"""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click
from flask_babel import force_locale
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection, Engine

from server import create_app
from server.auth import wages
from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.payroll import file, paid
from server.payroll.reads import summary
from server.problems import Problem
from server.settings import Settings
from server.store import audit, plant
from server.store import wages as store
from server.store.database import read, write
from server.terminal import gettext as _
from server.terminal import terminal_language

MONTH = click.DateTime(["%Y-%m"])

why_option = click.option(
    "--why", type=click.Choice(list(wages.REASONS)), required=True, help="Why you handle wages; it is recorded."
)


@click.group()
def command() -> None:
    """Rates of people: propose them, what they come to, and who looked. Every use is recorded."""


@command.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@why_option
@click.option("--reason", default="", help="What for, said to whoever approves.")
@click.pass_obj
def propose(settings: Settings, path: Path, why: str, reason: str) -> None:
    """Propose the rates of a CSV FILE: person, valid_from, valid_until, amount. Somebody with the payroll role approves
    them."""
    with _opened(settings) as engine:
        with read(engine) as connection:
            rates, errors = file.read_rates(connection, settings.site, path.read_bytes(), str(path))
        for error in errors:
            click.echo(error.text(_), err=True)
        if errors:
            raise Trouble(_("Nothing was proposed."))
        with write(engine) as connection:
            new = [store.New("person", rate.person, rate.valid_from, rate.valid_until, wages.seal(rate.amount),
                             reason=reason[:200]) for rate in rates]  # fmt: skip
            ids = store.propose(connection, settings.site, new, f"cli:{getpass.getuser()}"[:80], system_clock())
            for rate, identity in zip(new, ids, strict=True):
                _record(connection, settings, "rate.proposed", rate.subject, {"proposal": identity, "why": why})
    click.echo(_("%(count)s rates are proposed.", count=len(rates)))


@command.command()
@click.option("--period", type=MONTH, required=True, help="Which month: 2026-11.")
@why_option
@click.option("--out", type=click.File("w", encoding="utf-8"), default="-", help="File; otherwise the terminal.")
@click.pass_obj
def hours(settings: Settings, period: object, why: str, out: IO[str]) -> None:
    """Hours and amounts of each person in a month, as CSV, for the comparison with what was paid."""
    month = f"{period:%Y-%m}"
    with _opened(settings) as engine:
        with write(engine) as connection:
            _record(connection, settings, "rate.read", f"hours {month}", {"why": why})
        with read(engine) as connection:
            lines = paid.of_month(connection, settings.site, month)
            currency = plant.site(connection, settings.site).currency
        out.write(paid.as_csv(paid.cells(lines, month, currency)))


@command.command()
@click.option("--period", type=MONTH, required=True, help="Which month: 2026-11.")
@click.pass_obj
def reads(settings: Settings, period: object) -> None:
    """Who looked at wages in a month and who changed them: the summary for whoever answers for them. No amount."""
    with read(open_database(settings)) as connection:
        found = summary(connection, settings.site, f"{period:%Y-%m}")
    table = Table(box=None, pad_edge=False)
    for heading in (_("Who"), _("What"), _("About what"), _("Why")):
        table.add_column(heading, overflow="fold")
    table.add_column(_("Times"), justify="right")
    for who, action, scope, why, times in found:
        cells = who or "–", _(audit.ACTIONS[action].words), scope, why
        table.add_row(*(Text(cell) for cell in cells), str(times))
    Console().print(table)


@contextmanager
def _opened(settings: Settings) -> Iterator[Engine]:
    """The database, within an application that can open what is sealed. Raises Problem where no wages are kept."""
    if settings.labor_rates != "person":
        raise Problem("wages.not_chosen")
    engine = open_database(settings)
    with create_app(settings).app_context(), force_locale(terminal_language()):
        yield engine


def _record(connection: Connection, settings: Settings, action: str, subject: str, details: dict[str, str]) -> None:
    by = {"by": getpass.getuser()}
    audit.record(
        connection, settings.site, at=system_clock(), actor="cli", action=action, subject=subject, details=details | by
    )
