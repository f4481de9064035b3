"""What security and privacy ask, where it is kept, and which tests prove it: `tests/security/requirements.toml` and the
marker `requirement` of the tests, read without running them."""

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "tests" / "security" / "requirements.toml"


@cache
def asked() -> dict[str, dict[str, Any]]:
    """Each requirement by its id: `says`, `level`, `kept`, and where they are given `also` and `but`."""
    return tomllib.loads(LIST.read_text("utf-8"))


@cache
def proofs() -> Mapping[str, list[str]]:
    """Id -> the files of tests that carry it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text("utf-8")
        for identity in _marks(ast.parse(text)) if "requirement(" in text else ():
            found[identity].add(path.relative_to(ROOT).as_posix())
    return {identity: sorted(files) for identity, files in found.items()}


def _marks(module: ast.Module) -> Iterator[str]:
    """The ids on the tests of a module."""
    for node in ast.walk(module):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "requirement"
            and ast.unparse(node.func.value).endswith("mark")
        ):
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))
