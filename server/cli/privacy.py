"""`floorledger privacy`: give somebody all their data, erase somebody, how long data stays, who was given names."""

import json
from datetime import UTC, datetime
from pathlib import Path

import click
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from server.cli import Trouble, open_database
from server.extensions import system_clock
from server.privacy import acts, readable
from server.settings import Settings
from server.store import audit, disclosures, erasure, own_data, retention, rewrite
from server.store.database import read, write
from server.terminal import gettext as _
from server.terminal import terminal_language


@click.group()
def command() -> None:
    """What is kept of people: all of it for whoever asks, erasing it, and how long it stays."""


@command.command()
@click.argument("person")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=".", help="Folder for the two files.")
@click.pass_obj
def access(settings: Settings, person: str, out: Path) -> None:
    """Write all that is kept of PERSON (number or key): a page to read, in that person's language, and JSON."""
    from server import create_app

    engine, now = open_database(settings), system_clock()
    with read(engine) as connection:
        found = _find(connection, settings.site, person)
        data = own_data.collect(connection, settings.site, found.key, now)
    with create_app(settings).test_request_context():
        page = readable.page(data, terminal_language(), served=False)
    with write(engine) as connection:
        acts.record_given(connection, settings.site, data, by="cli", now=now)
    out.mkdir(parents=True, exist_ok=True)
    whole = json.dumps(data, ensure_ascii=False, indent=1)
    for ending, text in (("html", page), ("json", whole)):
        path = out / f"{found.key}.{ending}"
        path.touch(mode=0o600)
        path.write_text(text + "\n", "utf-8")
        click.echo(str(path))


@command.command()
@click.argument("people", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Though work runs or facts wait for an answer.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--later", is_flag=True, help="Leave it to the worker to write the database anew.")
@click.pass_obj
def erase(settings: Settings, people: tuple[str, ...], force: bool, yes: bool, later: bool) -> None:
    """Erase PEOPLE (numbers or keys) for good: whatever tells who they are. Facts and amounts stay, under a key."""
    engine, now, site = open_database(settings), system_clock(), settings.site
    with read(engine) as connection:
        found = [_find(connection, site, person) for person in people]
    if not yes:
        click.confirm(_("Erase %(count)s people for good?", count=len(found)), abort=True)
    for person in found:
        with write(engine) as connection:
            done = acts.erase(connection, site, person, by="cli", now=now, force=force)
        counts = ", ".join(f"{name} {count}" for name, count in done.counts.items() if count)
        click.echo(
            _("%(key)s is erased; %(facts)s facts stay under it.", key=done.key, facts=done.facts), nl=not counts
        )
        if counts:
            click.echo(f" {counts}")
        if done.badge_stays:
            click.echo(_("The letters of the badge stay: facts were captured with them."))
        for name in done.receivers:
            click.echo(_("Tell %(name)s: it was given names.", name=name))
    if not later:
        try:
            rewrite.rewrite(engine, now)
        except OperationalError:
            click.echo(_("The database is busy: the worker writes it anew when nothing comes in."))
    with read(engine) as connection:
        for person in found:
            for place, hits in erasure.leftovers(connection, site, person.name).items():
                click.echo(
                    _(
                        "Words of one name still stand in %(place)s (%(hits)s): see whom they mean.",
                        place=place,
                        hits=hits,
                    )
                )


@command.command(name="retention")
@click.option("--set", "terms", multiple=True, metavar="RULE=MONTHS", help="Choose how long a kind of data stays.")
@click.option("--run", is_flag=True, help="Take away now what is older.")
@click.pass_obj
def retention_(settings: Settings, terms: tuple[str, ...], run: bool) -> None:
    """Show or choose how long each kind of data stays; the worker takes away what is older, once a day."""
    engine, now, site = open_database(settings), system_clock(), settings.site
    if terms:
        with write(engine) as connection:
            for name, (old, new) in retention.set_terms(connection, site, dict(map(_term, terms))).items():
                audit.record(connection, site, at=now, actor="cli", action="retention.changed", subject=name,
                             details={"from": f"{old} months", "to": f"{new} months"})  # fmt: skip
    if run:
        for name in retention.RULES:
            while True:
                with write(engine) as connection:
                    removed = retention.step(connection, site, name, now)
                if not removed:
                    break
                click.echo(f"{name}: {removed}")
        with read(engine) as connection:
            due = rewrite.wanted(connection)
        if due is not None:
            rewrite.rewrite(engine, now)
    with read(engine) as connection:
        chosen = retention.terms(connection, site)
    for name, rule in retention.RULES.items():
        said = _("%(months)s months (%(low)s to %(high)s)", months=chosen[name], low=rule.low, high=rule.high)
        click.echo(f"{name:12} {said}: {_(rule.title)}")


@command.command()
@click.pass_obj
def report(settings: Settings) -> None:
    """What went, who was given names, and who still has to be told of an erasure."""
    with read(open_database(settings)) as connection:
        site = settings.site
        removals = retention.removals(connection, site)
        receivers = disclosures.receivers(connection, site)
        waiting = [one for one in disclosures.notices(connection, site) if one.told_at is None]
    for line in removals:
        click.echo(f"{_day(line.at)} {line.rule}: {line.removed}")
    for receiver in receivers:
        click.echo(_("%(name)s was given names, last on %(day)s.", name=receiver.name, day=_day(receiver.last_at)))
    for notice in waiting:
        click.echo(_("Tell %(name)s to erase %(key)s.", name=notice.name, key=notice.person))
    if not (removals or receivers or waiting):
        click.echo(_("Nothing went yet, and nobody was given names."))


def _find(connection: Connection, site: str, person: str) -> erasure.Person:
    found = erasure.find_by_number(connection, site, person)
    if found is None:
        raise Trouble(_("Nobody has the number or key %(person)s.", person=person))
    return found


def _term(text: str) -> tuple[str, int]:
    name, _equals, months = text.partition("=")
    rule = retention.RULES.get(name)
    if rule is None:
        raise Trouble(_("There is no rule %(name)s: %(names)s.", name=name, names=", ".join(retention.RULES)))
    if not (months.isascii() and months.isdigit() and rule.low <= int(months) <= rule.high):
        raise Trouble(_("%(name)s: %(low)s to %(high)s months.", name=name, low=rule.low, high=rule.high))
    return name, int(months)


def _day(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1000, UTC).date().isoformat()
