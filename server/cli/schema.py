"""`floorledger schema`: what a fact looks like, or a case of `floorledger cost`, as JSON Schema."""

import json

import click

from server.cli import Trouble
from server.cli.cost import fields
from server.terminal import gettext as _
from sync.connectors.csv_file import schema
from sync.events import catalog


@click.command()
@click.argument("type_", metavar="[TYPE]", required=False)
@click.option("--case", "of_case", is_flag=True, help="Of a whole case for `floorledger cost`: plant, rates, facts.")
def command(type_: str | None, *, of_case: bool) -> None:
    """Print the JSON Schema of one type of fact, of any fact, or of a case."""
    kinds = {kind.type: kind for kind in catalog.newest()}
    if of_case:
        click.echo(json.dumps(schema.document(fields(), sorted(kinds)), indent=2, ensure_ascii=False))
        return
    if type_ is not None and type_ not in kinds:
        raise Trouble(_("There is no type %(type)s; known are %(known)s.", type=type_, known=", ".join(kinds)))
    wanted = [kinds[type_]] if type_ else list(kinds.values())
    schemas = [catalog.json_schema(kind) for kind in wanted]
    body = schemas[0] if type_ else {"title": "Floorledger event", "oneOf": schemas}
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **body}
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
