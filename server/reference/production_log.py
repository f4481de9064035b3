"""Import a production log: what it names and is not here yet is created, then its rows enter the log of facts.

Reading comes first and is all or nothing. Facts go in by lots, each a transaction of its own; an import that was
interrupted is simply started again, because facts that are here already are recognised.
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine

from server.intake.accept import Sender, Verdict, accept
from server.reference.imports import ImportRefused, look_again
from server.store import plant
from server.store.database import read, write
from server.store.plant import KINDS, Change, chunks
from sync.connectors.csv_file.mapping import _
from sync.connectors.csv_file.production_log import LogMapping, LogRow, facts, read_log, references, words
from sync.connectors.csv_file.source import MAX_ERRORS, LineError
from sync.core import ids

LOT = 500


@dataclass(slots=True)
class LogImport:
    """What an import did, or would do. `facts` counts by type, `verdicts` by verdict; `refused` are not stored."""

    rows: int
    untimed: int
    repeated: int
    facts: Counter[str] = field(default_factory=Counter)
    created: list[Change] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    refused: list[Verdict] = field(default_factory=list)


def read_rows(engine: Engine, site: str, content: bytes, file: str, mapping: LogMapping) -> list[LogRow]:
    """The rows of a log. Raises ImportRefused with every error found."""
    with read(engine) as connection:
        zone = plant.site(connection, site).zone
    rows, errors = read_log(content, file, mapping, zone)
    if errors:
        raise ImportRefused(errors)
    return rows


def run(
    engine: Engine,
    site: str,
    rows: Sequence[LogRow],
    mapping: LogMapping,
    clock: Callable[[], int],
    *,
    preview: bool = False,
    advance: Callable[[int], None] = lambda rows: None,
) -> LogImport:
    """Create what is missing and store the facts; `advance` is told how many rows are done. With `preview` nothing is
    written. Raises ImportRefused when a row names a person who is neither here nor to be created."""
    done = LogImport(len(rows), sum(not row.timed for row in rows), sum(row.repeat > 0 for row in rows))
    with (read if preview else write)(engine) as connection:
        new = _missing(connection, site, rows, mapping)
        keys = {row["number"]: row["key"] for row in plant.rows(connection, site, "people") if row["number"]}
        _refuse_unknown_people(rows, {*keys, *(row["number"] for row in new.get("people", ()))}, mapping)
        if preview:
            done.created = [Change(kind, tuple(new[kind])) for kind in KINDS if new.get(kind)]
            nobody = dict.fromkeys((row.person for row in rows), "p" + "0" * 12)
            done.facts.update(fact["type"] for row in rows for fact in facts(row, mapping, nobody, {}))
            return done
        done.created = [plant.put(connection, site, kind, new[kind]) for kind in KINDS if new.get(kind)]
        look_again(connection, site, done.created)
        keys = {row["number"]: row["key"] for row in plant.rows(connection, site, "people") if row["number"]}
        centers = _centers(connection, site)
    sender = Sender(ids.derive(ids.IMPORT, site, mapping.source))
    for lot in chunks(rows, LOT):
        made = [fact for row in lot for fact in facts(row, mapping, keys, centers)]
        with write(engine) as connection:
            verdicts = accept(connection, site, sender, made, clock())
        done.facts.update(fact["type"] for fact in made)
        done.verdicts.update(verdict.verdict for verdict in verdicts)
        done.refused += [verdict for verdict in verdicts if verdict.verdict in ("conflict", "rejected")]
        advance(len(lot))
    return done


def _refuse_unknown_people(rows: Sequence[LogRow], known: Collection[str], mapping: LogMapping) -> None:
    """A fact names a person by key, so there has to be one: a number of the log is not to stand in facts."""
    sentence = _("nobody has number “{value}”: import people first, or set create.people in the mapping")
    column = mapping.columns["person"]
    unknown = [row for row in rows if row.person not in known]
    if unknown:
        raise ImportRefused(
            [
                LineError(mapping.source, row.line, column, sentence, {"value": row.person})
                for row in unknown[:MAX_ERRORS]
            ]
        )


def _centers(connection: Connection, site: str) -> dict[str, str]:
    """The work center of each machine."""
    return {row["code"]: row["work_center"] for row in plant.rows(connection, site, "machines")}


def _missing(
    connection: Connection, site: str, rows: Sequence[LogRow], mapping: LogMapping
) -> dict[str, list[dict[str, Any]]]:
    """What the rows name and nobody has entered yet, by kind; what is here already is left as it is."""
    named = {**references(rows, mapping), **words(rows, mapping)}
    new: dict[str, list[dict[str, Any]]] = {}
    for kind, wanted in named.items():
        key = {"people": ("number",), "operations": ("order", "number"), "reasons": ("kind", "code")}.get(
            kind, ("code",)
        )
        there = {
            tuple(row[column] for column in key)
            for row in plant.rows(connection, site, kind, key[0], {row[key[0]] for row in wanted})
        }
        new[kind] = [row for row in wanted if tuple(row[column] for column in key) not in there]
    if orders := new.get("orders", []):
        usual = plant.policies(connection, site).last.order_kind  # a log does not say what its orders are
        for row in orders:
            row["kind"] = usual
    _place_operations(connection, site, new)
    return new


def _place_operations(connection: Connection, site: str, new: dict[str, list[dict[str, Any]]]) -> None:
    """New operations follow those their order has already, at the work center of the machine they were seen on."""
    operations = new.get("operations", [])
    centers = _centers(connection, site) | {row["code"]: row["work_center"] for row in new.get("machines", ())}
    last: dict[str, int] = {}
    for row in plant.rows(connection, site, "operations", "order", {row["order"] for row in operations}):
        last[row["order"]] = max(last.get(row["order"], 0), row["sequence"])
    for row in operations:
        row["work_center"] = centers.get(row["work_center"], "")
        last[row["order"]] = row["sequence"] = last.get(row["order"], 0) + 10
