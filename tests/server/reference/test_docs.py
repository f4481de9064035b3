"""The guides name every file and column there is."""

from pathlib import Path

from server.labels.things import CHOICES
from sync.connectors.csv_file.mapping import KINDS

GUIDES = Path(__file__).parents[3] / "docs" / "how-to"


def test_every_column_is_in_the_guide() -> None:
    lines = (GUIDES / "import.md").read_text().splitlines()
    for kind in KINDS.values():
        line = next(line for line in lines if line.startswith(f"| [`{kind.name}.csv`]"))
        for column in kind.columns:
            assert (f"**`{column.name}`**" if column.required else f" `{column.name}`") in line


def test_every_sort_of_label_is_in_the_guide() -> None:
    guide = (GUIDES / "labels.md").read_text()
    assert all(kind.replace("person", "badge").replace("_", " ") in guide for kind in CHOICES.values())
