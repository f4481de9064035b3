"""What a new site of a kind of company begins with: a folder each, in files an accountant can read and change.

The CSV files are those of the import; names that have no column for each language stand twice, in `en/` and `fr/`.
`preset.toml` says the rest: how work is captured. No preset holds a price: rates are the company's own.
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NAMES = tuple(sorted(path.parent.name for path in HERE.glob("*/preset.toml")))


def files(name: str, language: str) -> Iterator[tuple[str, bytes]]:
    """The import files of a preset in the words of a language, as (name, content)."""
    for folder in (HERE / name, HERE / name / language):
        for path in sorted(folder.glob("*.csv")):
            yield f"{name}/{path.relative_to(HERE / name).as_posix()}", path.read_bytes()


def floor(name: str) -> dict[str, Any]:
    """What phones may do, where the preset says so; see `server.store.sites.Floor`."""
    told = tomllib.loads((HERE / name / "preset.toml").read_text("utf-8"))
    found: dict[str, Any] = told["floor"]
    return found
