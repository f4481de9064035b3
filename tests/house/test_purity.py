"""The engine is a pure function: clock, chance, environment and network reach it as arguments or not at all."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SYNC = Path(__file__).parents[2] / "sync"
IMPURE_MODULES = {
    "time",
    "random",
    "secrets",
    "socket",
    "ssl",
    "urllib.request",
    "http.client",
    "subprocess",
    "threading",
}
IMPURE_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "uuid1", "uuid4", "uuid.uuid1", "uuid.uuid4",
    "os.environ", "os.getenv", "os.urandom", "open", "input", "print", "float", "hash", "id",
}  # fmt: skip


def impurities(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name in IMPURE_MODULES)
            case ast.ImportFrom(module=str(module), names=names):
                if module in IMPURE_MODULES:
                    yield module
                yield from (alias.name for alias in names if alias.name in IMPURE_CALLS)
            case ast.Call(func=called):
                if (name := ast.unparse(called)) in IMPURE_CALLS:
                    yield f"{name}()"
            case ast.Attribute() if ast.unparse(node) == "os.environ":
                yield "os.environ"
            case ast.Constant(value=float()):
                yield f"the float {node.value}"


def pure_modules() -> list[Path]:
    """All of sync but the connectors, which talk to the world."""
    return [path for path in sorted(SYNC.rglob("*.py")) if "connectors" not in path.relative_to(SYNC).parts]


@pytest.mark.requirement("SR-36")
@pytest.mark.parametrize("path", pure_modules(), ids=lambda path: str(path.relative_to(SYNC)))
def test_the_engine_is_pure(path: Path) -> None:
    assert list(impurities(path.read_text())) == []


@pytest.mark.parametrize(
    "source",
    ["import time", "from uuid import uuid4", "x = datetime.now(UTC)", "x = os.environ['A']", "x = 0.5", "float('1')"],
)
def test_impurity_is_seen(source: str) -> None:
    assert list(impurities(source))
