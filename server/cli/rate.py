"""`floorledger rate`: derive an hourly rate from pay, and see what a rate would change before it is entered."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection, true

from server.cli import Trouble, open_database
from server.cli.cost import FolderRefused, dry_run, rates_of, read_files
from server.settings import Settings
from server.store import event_log, plant
from server.store.database import read
from server.terminal import gettext as _
from sync.core.quantity import parse_decimal, plain
from sync.costing.derived_rate import NoRate, derive
from sync.costing.engine import Terms
from sync.costing.rate_preview import Change, Preview, preview
from sync.costing.rates import KINDS, Rate, RateTable
from sync.events.base import Event

# Finer than a rate can be entered.
DECIMALS = Decimal("0.000001")


class Number(click.ParamType):
    """A plain decimal number: 2000.50."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The number. Fails for anything a rate file would refuse."""
        if isinstance(value, Decimal):
            return value
        try:
            return parse_decimal(str(value))
        except ValueError:
            self.fail(_("%(value)s is not a number: write digits, and a point before decimals.", value=value))


@click.group()
def command() -> None:
    """Rates: derive one from pay, or see what one would change."""


@command.command("derive")
@click.option("--gross", type=Number(), required=True, help="Gross pay of the time looked at.")
@click.option("--charges", type=Number(), default="0", help="Employer charges on it.")
@click.option("--hours", type=Number(), required=True, help="Productive hours: those on orders.")
@click.option("--paid-hours", type=Number(), help="Hours paid, to see what they would recover too little.")
@click.option("--currency", default="EUR", show_default=True)
def derive_command(gross: Decimal, charges: Decimal, hours: Decimal, paid_hours: Decimal | None, currency: str) -> None:
    """An hourly rate from pay: (gross + employer charges) / productive hours, unrounded.

    Nothing is stored and nothing is read: figures of pay stay where they are typed.
    """
    try:
        found = derive(gross, charges, hours, currency)
        paid = derive(gross, charges, paid_hours, currency) if paid_hours is not None else None
    except NoRate as wrong:
        raise Trouble(_("No rate: %(reason)s.", reason=_(str(wrong)))) from wrong
    click.echo(found.formula)
    click.echo(_("For rates.csv, where six decimals fit: %(rate)s", rate=plain(found.rate.quantize(DECIMALS))))
    if paid is not None and paid_hours is not None:
        short = (gross + charges) - paid.rate * hours
        sentence = _("On %(hours)s hours paid it is %(rate)s: %(short)s %(currency)s of pay would reach no order.",
                     hours=plain(paid_hours), rate=plain(paid.rate.quantize(DECIMALS)),
                     short=plain(short.quantize(Decimal("0.01"))), currency=currency)  # fmt: skip
        click.echo(sentence)


@dataclass(frozen=True, slots=True)
class _Given:
    """Everything a preview needs."""

    facts: list[Event]
    terms: Terms
    rates: list[Rate]
    keys: Mapping[str, str] = field(default_factory=dict)


@command.command("preview")
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--kind", type=click.Choice(list(KINDS)), default="labor", show_default=True)
@click.option("--of", "subject", required=True, metavar="KIND:CODE",
              help="What it is the rate of: rate_group:skilled, work_center:LATHE, item:OAK.")  # fmt: skip
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First day it holds.")
@click.option("--amount", type=Number(), required=True, help="Per hour, or per unit of an item.")
@click.option("--includes-labor", is_flag=True, help="A machine rate that includes labor.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of lines to read.")
@click.pass_obj
def preview_command(
    settings: Settings,
    folder: Path | None,
    kind: str,
    subject: str,
    since: datetime,
    amount: Decimal,
    includes_labor: bool,
    as_json: bool,
) -> None:
    """What a new rate would change, by order and department; nothing is posted or stored.

    Costs all facts twice, of a FOLDER as `floorledger cost` reads it or else of the database, so it takes twice as long
    as `floorledger verify`.
    """
    subject_kind, _colon, code = subject.partition(":")
    if subject_kind not in KINDS[kind] or not code:
        allowed = ", ".join(f"{one}:CODE" for one in KINDS[kind])
        raise Trouble(_("A %(kind)s rate is one of %(allowed)s.", kind=kind, allowed=allowed))
    if folder is None and subject_kind == "person":
        raise Trouble(_("The rate of a single person is seen by payroll alone; try it in a folder."))
    if folder is not None:
        found = _of_folder(folder)
    else:
        with read(open_database(settings, migrate=False)) as connection:
            found = _of_site(connection, settings.site)
    if folder is not None and subject_kind == "person":
        code = found.keys.get(code, code)
    new = Rate("preview", kind, subject_kind, code, since.date(), 1, amount, includes_labor)
    effect = preview(found.facts, found.terms, found.rates, new)
    currency = found.terms.plant.site.currency
    if as_json:
        click.echo(json.dumps(_json(effect), ensure_ascii=False, indent=1))
    else:
        for line in _lines(effect, currency):
            click.echo(line)


def _of_folder(folder: Path) -> _Given:
    try:
        run = dry_run(read_files(folder))
    except FolderRefused as refused:
        for error in refused.errors:
            click.echo(error.text(_), err=True)
        raise Trouble(_("Nothing was costed.")) from refused
    return _Given(run.facts, run.terms, list(rates_of(run.folder)), run.folder.keys)


def _of_site(connection: Connection, site: str) -> _Given:
    rates = plant.rates(connection, site)
    terms = Terms(plant.load(connection, site), RateTable(rates), plant.policies(connection, site))
    return _Given(event_log.load(connection, site, true()), terms, rates)


def _lines(effect: Preview, currency: str) -> Iterator[str]:
    if not effect.posted_entries and not effect.reversed_entries:
        yield _("Nothing would change.")
        return
    for title, changes in ((_("Orders, what goes in:"), effect.orders), (_("Absorbed by:"), effect.absorbed)):
        yield title
        for change in changes:
            yield f"  {_change(change)} {currency}"
    yield _("All orders: %(change)s %(currency)s", change=_change(effect.total), currency=currency)
    yield _("%(reversed)s entries would be reversed, %(posted)s posted; %(freed)s held facts would be costed.",
            reversed=effect.reversed_entries, posted=effect.posted_entries, freed=effect.freed)  # fmt: skip


def _change(change: Change) -> str:
    name = f"{change.name}: " if change.name else ""
    return f"{name}{change.before} → {change.after} ({change.difference:+})"


def _json(effect: Preview) -> dict[str, Any]:
    def told(change: Change) -> dict[str, str]:
        return {"before": str(change.before), "after": str(change.after), "difference": str(change.difference)}

    return {
        "orders": {change.name.removeprefix("order:"): told(change) for change in effect.orders},
        "absorbed": {change.name: told(change) for change in effect.absorbed},
        "total": told(effect.total),
        "reversed": effect.reversed_entries,
        "posted": effect.posted_entries,
        "freed": effect.freed,
    }
