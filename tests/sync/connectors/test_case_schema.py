"""A case for `floorledger cost` as JSON: its schema is one, every story is valid by it, and costs to the same."""

import csv
import io
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from server.cli import Trouble
from server.cli.cost import dry_run, fields, read_files
from sync.connectors.csv_file import schema
from sync.connectors.csv_file.mapping import KINDS, kind_of_file
from sync.events import catalog
from tests.scenarios import HERE, STORIES, told

DOCUMENT = schema.document(fields(), sorted(kind.type for kind in catalog.newest()))
VALIDATOR = Draft202012Validator(DOCUMENT)


def a_case(story: str) -> dict[str, Any]:
    """A story's folder as one document, as somebody would type it in."""
    case: dict[str, Any] = {}
    for name, data in read_files(HERE / story).items():
        text = data.decode("utf-8-sig")
        if name.endswith(".toml"):
            case[name] = tomllib.loads(text)
            continue
        kind = kind_of_file(name)
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        case[name] = [{title(kind, header): cell for header, cell in row.items()} for row in rows]
    return case


def title(kind: Any, header: str) -> str:
    column = kind.column(header) if kind else None
    return column.name if column else header


@pytest.fixture(scope="module")
def in_commas() -> list[str]:
    """Stories whose files have commas between their columns and no facts as devices send them: what a case can say."""
    return [
        story
        for story in STORIES
        if all(name.endswith((".csv", ".toml")) and b";" not in data for name, data in read_files(HERE / story).items())
    ]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(DOCUMENT)
    assert set(DOCUMENT["properties"]) == {"site.toml", "events.csv", *(f"{name}.csv" for name in KINDS)}


def test_every_story_is_a_valid_case_and_costs_the_same(in_commas: list[str], tmp_path: Path) -> None:
    assert len(in_commas) >= len(STORIES) * 0.9, "nearly all stories can be told as a case"
    for story in in_commas:
        case = a_case(story)
        errors = [f"{story} {list(error.absolute_path)}: {error.message}" for error in VALIDATOR.iter_errors(case)]
        assert errors == []
    for story in in_commas[:: max(len(in_commas) // 12, 1)]:
        path = tmp_path / f"{story}.json"
        path.write_text(json.dumps(a_case(story)), encoding="utf-8")
        typed, filed = dry_run(read_files(path)), dry_run(read_files(HERE / story))
        assert told(typed)["objects"] == told(filed)["objects"]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda case: case.pop("site.toml"), []),
        (lambda case: case["site.toml"].pop("zone"), ["site.toml"]),
        (lambda case: case["orders.csv"][0].update(quantity=10), ["orders.csv", 0, "quantity"]),
        (lambda case: case["orders.csv"][0].update(quantity="ten"), ["orders.csv", 0, "quantity"]),
        (lambda case: case["orders.csv"][0].update(color="red"), ["orders.csv", 0]),
        (lambda case: case["orders.csv"][0].pop("code"), ["orders.csv", 0]),
        (lambda case: case["events.csv"][0].update(type="labor.sung"), ["events.csv", 0, "type"]),
        (lambda case: case.update({"songs.csv": []}), []),
    ],
)
def test_what_is_wrong_with_a_case_is_found(change: Any, where: list[object]) -> None:
    case = a_case("simple_labor")
    change(case)
    assert where in [list(error.absolute_path) for error in VALIDATOR.iter_errors(case)]


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"\xff", b'{"orders.csv": {}}', b'{"orders.csv": [{"code": 1}]}', b'{"site.toml": {"zone": 1}}'],
)
def test_what_is_no_case_is_refused(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_bytes(text)
    with pytest.raises(Trouble, match=r"case\.json cannot be read"):
        read_files(path)
