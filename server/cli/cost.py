"""`floorledger cost`: what a folder of facts comes to, without a database.

The same reading as `import`, the same engine as the worker; what is new stands in neither. So an accountant can work a
case out on paper, put it in a folder, and see whether the product agrees.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from server import words
from server.cli import Trouble
from server.cli._absorption import pool_json, pool_rows
from server.cli._billing import billing_json, billing_rows
from server.cli._standards import card_rows, teller, variance_rows
from server.problems import fill
from server.reference.imports import check_alone, wrong_setting
from server.store.standards import beside_json, card_json
from server.terminal import gettext as _
from server.terminal import said
from sync.connectors.csv_file.folder import (
    EVENTS,
    RAW_EVENTS,
    SITE,
    Cell,
    Folder,
    Given,
    charts,
    declared,
    plant_of,
    read_folder,
)
from sync.connectors.csv_file.reference import SUFFIXES
from sync.connectors.csv_file.schema import as_files
from sync.connectors.csv_file.source import MAX_ERRORS, LineError
from sync.core.clock import local_date
from sync.core.findings import CATALOGUE, Outcome
from sync.costing import absorption, beside, engine
from sync.costing.cost_card import CostCard
from sync.costing.engine import Costed, Terms
from sync.costing.policy import BEGINNING, SETTINGS, BadPolicy, Policies, in_steps
from sync.costing.presence import Presence, presences
from sync.costing.rates import Rate, RateTable, rate_id
from sync.events import catalog
from sync.events.base import Amount, Event, Flag, Instant, Measure, Whole
from sync.events.catalog import EventRefused
from sync.ledger import plans
from sync.ledger.balances import by_account, by_object, by_order, by_provenance, percentages
from sync.ledger.entry import hours
from sync.ledger.operations import Operation, as_general, covered, entries
from sync.ledger.plans import Node

Translate = Callable[[str], str]
WIDTH = 150  # of a table that goes to a file
PRESENCE = ("presence", "orders", "indirect", "breaks", "running", "outside", "unassigned")


class FolderRefused(ValueError):
    """The folder holds errors; `errors` names every one."""

    def __init__(self, errors: list[LineError]) -> None:
        super().__init__("\n".join(error.text() for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class DryRun:
    """A folder and what it comes to."""

    folder: Folder
    terms: Terms
    facts: list[Event]
    costed: Costed
    operations: tuple[Operation, ...] = ()


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--out", type=click.File("w", encoding="utf-8"), default="-", help="File; otherwise the terminal.")
@click.option("--table", is_flag=True, help="A table to read instead of JSON.")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Day of the plans in the second report on them; "
              "otherwise the day from which all that the folder says holds.")  # fmt: skip
def command(folder: Path, out: IO[str], table: bool, as_of: datetime | None) -> None:
    """Cost the facts of a folder without a database: entries, what is held and why, balances.

    The folder holds files as `import` reads them, site.toml, and the facts in events.csv or events.jsonl; or it is a
    case in JSON (`floorledger schema --case`).
    """
    try:
        run = dry_run(read_files(folder))
    except FolderRefused as refused:
        for error in refused.errors:
            click.echo(error.text(_), err=True)
        if len(refused.errors) >= MAX_ERRORS:
            click.echo(_("... there may be more."), err=True)
        raise Trouble(_("Nothing was costed.")) from refused
    if table:
        show(run, Console(file=out, width=None if out.isatty() else WIDTH), _, as_of.date() if as_of else None)
    else:
        json.dump(report(run, _, as_of.date() if as_of else None), out, ensure_ascii=False, indent=1)
        out.write("\n")


def read_files(folder: Path) -> dict[str, bytes]:
    """The files of a folder (or of a case in JSON) that a dry run reads, by name. Raises Trouble for one that cannot be
    read."""
    if folder.is_file() and folder.suffix.lower() == ".json":
        return _case(folder)
    if not folder.is_dir():
        raise Trouble(_("There is no folder %(folder)s.", folder=folder))
    files: dict[str, bytes] = {}
    for path in sorted(folder.iterdir()):
        name = path.name.lower() if path.name.lower() in (SITE, EVENTS, RAW_EVENTS) else path.name
        if path.is_file() and (path.suffix.lower() in SUFFIXES or name in (SITE, RAW_EVENTS)):
            try:
                files[name] = path.read_bytes()
            except OSError as wrong:
                raise Trouble(_("%(file)s cannot be read: %(reason)s", file=path, reason=wrong.strerror)) from wrong
    return files


def _case(path: Path) -> dict[str, bytes]:
    try:
        case = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(case, dict):
            raise ValueError(_("expects an object with the files of a folder"))
        return as_files(case)
    except (OSError, ValueError) as wrong:  # also what is no JSON, and no UTF-8
        raise Trouble(_("%(file)s cannot be read: %(reason)s", file=path, reason=str(wrong))) from wrong


def dry_run(files: Mapping[str, bytes]) -> DryRun:
    """Cost the facts of a folder's files. Raises FolderRefused with everything that is wrong with them."""
    folder, errors = read_folder(files, fields())
    if not errors:
        errors = list(check_alone(folder.sheets, folder.site.currency))
    facts: list[Event] = []
    wrong_lines = {(error.file, error.line) for error in errors}
    for given in folder.facts:
        if (given.file, given.line) in wrong_lines:
            continue
        try:
            facts.append(catalog.load(given.raw))
        except EventRefused as wrong:
            errors.append(given.error(wrong.pointer.removeprefix("/"), wrong.sentence, **wrong.params))
    try:
        policies = Policies(in_steps(folder.settings()))
    except BadPolicy as wrong:
        policies = Policies()
        errors.append(wrong_setting(next(sheet for sheet in folder.sheets if sheet.kind.name == "policy"), wrong))
    if errors:
        raise FolderRefused(sorted(errors, key=lambda error: (error.file, error.line))[:MAX_ERRORS])
    terms = Terms(plant_of(folder), RateTable(rates_of(folder)), policies)
    operations = declared(folder, terms.plant)
    manual = [entry for one in operations.values() for entry in entries(one, folder.site.zone, folder.site.currency)]
    return DryRun(folder, terms, facts, engine.recompute(facts, terms, manual), tuple(operations.values()))


def fields() -> dict[str, Cell]:
    """Every field a fact may have, and how a person writes it."""
    found: dict[str, Cell] = {}
    for kind in catalog.newest():
        for name, wire, _metadata in catalog.wires(kind):
            cells: list[tuple[type, Cell]] = [
                (Amount, "number"),
                (Measure, "signed"),
                (Whole, "whole"),
                (Flag, "flag"),
                (Instant, "instant"),
            ]
            found[name] = next((cell for of, cell in cells if isinstance(wire, of)), "text")
    return found | {"duration_ms": "duration"}


def rates_of(folder: Folder) -> Iterator[Rate]:
    """The rates the folder's files give."""
    for row in folder.rows("rates"):
        place = (row["kind"], row["subject_kind"], row["subject"], row["valid_from"].isoformat())
        amount, includes_labor = row["amount"], row.get("includes_labor", False)
        derived = rate_id(folder.site.code, place, 1)
        yield Rate(derived, *place[:3], row["valid_from"], 1, amount, includes_labor)


# --- what it comes to ----------------------------------------------------------------------------------------------


def report(run: DryRun, translate: Translate = str, as_of: date | None = None) -> dict[str, Any]:
    """All of it as plain JSON values; sentences in the language of `translate`. `as_of`: the day of the plans in the
    second report on them."""
    contents = [{"id": entry.content_id, **entry.content} for entry in run.costed.entries]
    places = {given.raw["id"]: given for given in run.folder.facts}
    orders = beside.orders(run.facts, run.costed.entries, run.terms)
    tell = teller(translate)
    states = [outcome.state for outcome in run.costed.outcomes.values()]
    return {
        "site": {"code": run.folder.site.code, "zone": run.folder.site.zone.key, "currency": run.folder.site.currency},
        "entries": contents,
        "policies": [
            {"version": policy.version, "valid_from": str(policy.valid_from) if policy.valid_from > BEGINNING else None}
            | {name: getattr(policy, name) for name in SETTINGS}
            for policy in run.terms.policies
        ],
        "findings": [
            {**_place(places[found.event_id]), "code": found.code, "params": dict(found.params),
             "sentence": fill(translate(CATALOGUE[found.code].sentence), found.params),
             "action": translate(CATALOGUE[found.code].action)}
            for found in run.costed.findings
        ],
        "facts": [
            {**_place(given), "type": given.raw["type"], **_told(run.costed.outcomes[given.raw["id"]], translate)}
            for given in run.folder.facts
        ],
        "balances": {
            "objects": _texts(by_object(contents)),
            "orders": {order: _texts(elements) for order, elements in by_order(contents).items()},
            "accounts": {plan.code: _texts(by_account(contents, plan.code)) for plan in run.terms.plant.plans},
            "plans": _plans(run, contents, as_of),
        },
        "provenance": _provenance(contents),
        "presence": [_presence(day, run.folder) for day in presences(run.facts, run.terms)],
        "general": _general(run, contents),
        "standards": [card_json(card, tell) for card in beside.items(run.terms, _last_day(run))]
        + [card_json(one.card, tell, one.order.code) for one in orders if isinstance(one.card, CostCard)],
        "variances": [beside_json(one, tell) for one in orders],
        "absorption": _absorption(run, contents),
        "billing": billing_json(contents),
        "counts": {
            "facts": len(run.folder.facts),
            **{state: states.count(state) for state in ("costed", "held", "excluded")},
            "entries": len(contents),
            "findings": len(run.costed.findings),
        },
    }  # fmt: skip


def _absorption(run: DryRun, contents: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each pool of overhead in each month."""
    standards = absorption.standard_of_output(run.facts, contents, run.terms)
    pools = absorption.by_pool(contents, run.terms.plant.charges, run.folder.site.currency, standards)
    return [pool_json(one) for one in pools]


def _plans(run: DryRun, contents: Sequence[Mapping[str, Any]], day: date | None) -> dict[str, Any]:
    """Each plan that has accounts as a tree: as posted, and as of a day."""
    known = charts(run.folder)
    days = [date.fromisoformat(content["occurred_on"]) for content in contents]
    # A dry run reads no clock: by default, the day from which all that the folder says holds.
    day = day or max([*days, *(chart.last_change for chart in known.values())], default=date.min)
    return {
        plan.code: {
            "as_posted": _nodes(plans.as_posted(contents, plan.code, known[plan.code])),
            "as_of": {
                "day": day.isoformat(),
                "accounts": _nodes(plans.as_of(contents, plan.code, known[plan.code], day)),
            },
        }
        for plan in run.terms.plant.plans
        if plan.code in known
    }


def _nodes(nodes: Iterable[Node]) -> list[dict[str, Any]]:
    made = []
    for node in nodes:
        told = {"account": node.code, "name": node.name, "own": str(node.own), "balance": str(node.balance)}
        made.append(told | ({"children": _nodes(node.children)} if node.children else {}))
    return made


def _provenance(contents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """How what went into orders is known: amount and percentage, by order and in total."""
    told = {
        order: {how: {"amount": str(amount), "percent": str(percent[how])} for how, amount in parts.items()}
        for order, parts in by_provenance(contents).items()
        if (percent := percentages(parts))
    }
    return {"total": told.pop("", {}), "orders": told}


def _presence(day: Presence, folder: Folder) -> dict[str, Any]:
    """A person's day in milliseconds; the person by number, as the folder knows them."""
    numbers = {key: number for number, key in folder.keys.items()}
    return {
        "person": numbers.get(day.person, day.person),
        "day": day.day.isoformat(),
        "basis": day.basis,
        **{f"{name}_ms": getattr(day, name) for name in PRESENCE},
    }


def _general(run: DryRun, contents: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Each general entry and what stands for it."""
    general = [as_general(row) for row in run.folder.rows("general")]
    linked = [(content["general"], content) for content in contents if content.get("general")]
    return [
        {"id": one.general.id, "account": one.general.account, "amount": str(one.general.amount),
         "analytic": str(one.analytic), "open": str(one.open)}
        for one in covered(general, linked)
    ]  # fmt: skip


def _last_day(run: DryRun) -> date:
    """That of the last fact, else the last one from which anything the folder says holds: for cards nobody froze."""
    zone = run.folder.site.zone
    facts = [local_date(fact.occurred_at, zone) for fact in run.facts]
    begins = [row["valid_from"] for kind in ("rates", "routings", "bills") for row in run.folder.rows(kind)
              if row.get("valid_from")]  # fmt: skip
    return max(facts, default=max(begins, default=date.max))


def _place(given: Given) -> dict[str, str]:
    place = {"fact": given.raw["id"], "place": f"{given.file}:{given.line}"}
    return place | ({"ref": given.ref} if given.ref else {})


def _told(outcome: Outcome, translate: Translate) -> dict[str, Any]:
    if not outcome.reason:
        return {"state": outcome.state}
    reason = CATALOGUE[outcome.reason]
    told: dict[str, Any] = {"state": outcome.state, "reason": outcome.reason, "params": dict(outcome.params)}
    told["sentence"] = fill(translate(reason.sentence), outcome.params)
    if reason.owner:
        told |= {"owner": reason.owner, "action": translate(reason.action)}
    return told


def _texts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: str(amount) for name, amount in amounts.items()}


# --- as tables ---------------------------------------------------------------------------------------------------


def show(run: DryRun, console: Console, translate: Translate = str, as_of: date | None = None) -> None:
    """The same for a reader."""
    told = report(run, translate, as_of)
    names = {line["fact"]: line.get("ref") or line["place"] for line in told["facts"]}
    currency = told["site"]["currency"]

    entries = _table(
        _("Entries"), _("Facts"), _("Day"), _("Order"), _("Element"), _("Formula"), _("Debit"), _("Credit")
    )
    for entry in told["entries"]:
        facts = "\n".join(names[fact] for fact in entry["events"])
        place = " / ".join(filter(None, (entry.get("order"), entry.get("operation"))))
        sides = (_side(entry, "debit"), _side(entry, "credit"))
        _row(
            entries, facts, entry["occurred_on"], place, words.element(entry["element"], said), entry["formula"], *sides
        )
    console.print(entries)

    waiting = _table(_("Not costed, and findings"), _("Fact"), _("State"), _("Why"), _("What to do"))
    for line in told["facts"]:
        if line["state"] != "costed":
            state = said(words.STATES[line["state"]][0])
            _row(waiting, names[line["fact"]], state, line["sentence"], line.get("action", ""))
    for line in told["findings"]:
        _row(waiting, names[line["fact"]], _("Finding"), line["sentence"], line["action"])
    console.print(waiting)

    orders = _table(_("Orders"), _("Order"), _("Element"), currency)
    for order, elements in told["balances"]["orders"].items():
        for element, amount in elements.items():
            _row(orders, order, words.element(element, said), amount)
        _row(orders, order, _("Total"), str(sum(map(Decimal, elements.values()))))
        _row(orders, order, _known(told["provenance"]["orders"].get(order, {})), "")
        orders.add_section()
    _row(orders, _("All orders"), _known(told["provenance"]["total"]), "")
    console.print(orders)

    balances = _table(_("Balances, debit less credit"), _("Object, or account of a plan"), currency)
    for name, amount in told["balances"]["objects"].items():
        _row(balances, words.cost_object(name, said), amount)
    for plan, accounts in told["balances"]["accounts"].items():
        balances.add_section()
        for account, amount in accounts.items():
            _row(balances, f"{plan}: {account or '–'}", amount)
    console.print(balances)
    for plan, reports in told["balances"]["plans"].items():
        console.print(_tree(_("Plan %(plan)s, as posted", plan=plan), reports["as_posted"], currency))
        day = reports["as_of"]["day"]
        console.print(
            _tree(_("Plan %(plan)s, as of %(day)s", plan=plan, day=day), reports["as_of"]["accounts"], currency)
        )
    if told["presence"]:
        console.print(_presence_table(told["presence"]))
    if told["general"]:
        general = _table(_("General entries"), _("Entry"), _("Account"), currency, _("Analytic"), _("Open"))
        for line in told["general"]:
            _row(general, *(line[name] for name in ("id", "account", "amount", "analytic", "open")))
        console.print(general)
    cards = _table(_("Cost cards"), _("Of"), _("Operation"), _("Element"), _("Quantity"), _("Price"), _("Cost"))
    for row in card_rows(told["standards"]):
        _row(cards, *row)
    apart = _table(_("Variances"), _("Order"), _("Category"), _("Of"), _("Formula"), "", currency)
    if told["standards"]:  # who has no standards at all is not told so order by order
        for row in variance_rows(told["variances"], translate):
            _row(apart, *row)
    pools = _table(
        _("Overhead, absorbed and spent"), _("Pool"), _("Month"), _("Driver"), _("Absorbed"), _("Spent"), _("Spending"),
        _("Volume"), _("Efficiency"), _("Under-activity"), _("Expense (IAS 2)"),
    )  # fmt: skip
    for row in pool_rows(told["absorption"]):
        _row(pools, *row)
    sold = _table(
        _("Sold by the hour"), _("Order"), _("Hours"), _("Not billed"), _("No billable rate"), _("Cost"), _("Billable"),
        _("Margin"),
    )  # fmt: skip
    for row in billing_rows(told["billing"]):
        _row(sold, *row)
    for table in (cards, apart, pools, sold):
        if table.row_count:
            console.print(table)
    counts = _("%(facts)s facts: %(costed)s costed, %(held)s held, %(excluded)s excluded; %(entries)s entries",
               **told["counts"])  # fmt: skip
    console.print(Text(counts))


def _tree(title: str, nodes: Iterable[Mapping[str, Any]], currency: str) -> Table:
    """The accounts of a plan, each below its parent, with what they come to."""
    made = _table(title, _("Account"), currency)

    def add(nodes: Iterable[Mapping[str, Any]], depth: int) -> None:
        for node in nodes:
            name = " ".join(filter(None, (node["account"] or "–", node["name"])))
            _row(made, "  " * depth + name, node["balance"])
            add(node.get("children", ()), depth + 1)

    add(nodes, 0)
    return made


def _known(parts: Mapping[str, Mapping[str, str]]) -> str:
    """How an amount is known: "measured 80.0 %, declared 20.0 %"."""
    words = {"measured": _("measured"), "declared": _("declared"), "estimated": _("estimated")}
    return ", ".join(f"{words[how]} {part['percent']} %" for how, part in parts.items())


def _presence_table(days: Iterable[Mapping[str, Any]]) -> Table:
    bases = {"shift": _("shift"), "facts": _("first to last fact"), "unknown": _("unknown")}
    made = _table(
        _("Presence, in hours"), _("Person"), _("Day"), _("Told by"), _("Present"), _("Orders"), _("Indirect"),
        _("Breaks"), _("Running"), _("Outside"), _("Unassigned"),
    )  # fmt: skip
    for day in days:
        spans = (day[f"{name}_ms"] for name in PRESENCE)
        cells = ("–" if span is None else hours(Decimal(span)) for span in spans)
        _row(made, day["person"], day["day"], bases[day["basis"]], *cells)
    return made


def _table(title: str, *columns: str) -> Table:
    made = Table(title=Text(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        made.add_column(Text(column), justify="right" if column.isupper() else "left", overflow="fold")
    return made


def _row(table: Table, *cells: str) -> None:
    """Cells as they are: codes of a plant are no markup."""
    table.add_row(*map(Text, cells))


def _side(entry: Mapping[str, Any], side: str) -> str:
    lines = []
    for line in entry["postings"]:
        if line["side"] == side:
            accounts = "".join(f"\n  {plan}: {account}" for plan, account in line["accounts"].items())
            lines.append(f"{line['amount']} {words.cost_object(line['object'], said)}{accounts}")
    return "\n".join(lines)
