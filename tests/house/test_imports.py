"""Who may import whom: facts come in, entries go out, nothing flows back."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"sync", "server", "webapp", "tests", "tools"}

# The engine. A module of the room may import these (its own room besides); "stdlib" goes without saying.
ENGINE: dict[str, set[str]] = {
    "sync.core": set(),
    "sync.events": {"sync.core", "marshmallow"},
    "sync.ledger": {"sync.core"},
    "sync.costing": {"sync.core", "sync.events", "sync.ledger"},
    "sync.connectors": {"sync.core", "sync.ledger", "marshmallow", "openpyxl"},
    "sync.ports": {"sync.core", "sync.events", "sync.ledger", "sync.costing"},
    "sync.pipeline": {"sync.core", "sync.events", "sync.ledger", "sync.costing", "sync.connectors", "sync.ports"},
    "server.store": {"sync", "sqlalchemy"},
}
# What every room of the host may use.
COMMON = {
    "sync", "webapp", "server.store", "server.auth", "server.extensions", "server.problems", "server.settings",
    "server.security", "server.pace", "server.language", "server.menu", "server.qr", "server.words", "server.figures",
    "server.static", "server.openapi", "server.fragments", "server.spreadsheet",
    "server.egress", "server.vault", "server.plots",
}  # fmt: skip
# Where parts meet; everything else in server is a room that sees the common things and itself.
MEETING = ("server.cli", "server.worker", "server.wsgi", "server.demo", "server.migrations")
# One room may look into another only where facts have a single door.
DOORS = {(f"server.{room}", "server.intake") for room in ("reference", "devices", "feedback")}
# ... and where reference data has one.
DOORS |= {("server.payroll", "server.reference")}


def modules() -> Iterator[tuple[str, Path]]:
    for top in ("sync", "server", "webapp"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if "versions" not in parts and "node_modules" not in parts:
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(name: str, path: Path) -> Iterator[str]:
    """Full names of what a module imports: the imported name itself where that is a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are written in full"
            assert node.module
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                known = ROOT.joinpath(*full.split("."))
                yield full if known.is_dir() or known.with_suffix(".py").exists() else node.module


def within(name: str, room: str) -> bool:
    return name == room or name.startswith(room + ".")


def room_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


def refusals() -> Iterator[str]:
    for name, path in modules():
        for target in imports(name, path):
            top = target.split(".")[0]
            if top in sys.stdlib_module_names:
                continue
            if not allowed(name, target):
                yield f"{name} imports {target}"


def allowed(name: str, target: str) -> bool:
    if target.split(".")[0] in ("tests", "tools"):
        return False
    for room, may in ENGINE.items():
        if within(name, room):
            return within(target, room) or any(within(target, other) for other in may)
    if within(name, "sync"):
        return within(target, "sync")
    if within(name, "webapp"):
        return False
    if name == "server" or name.startswith(MEETING) or target.split(".")[0] not in OURS:
        return True
    room = room_of(name)
    # A module directly in server/ is common to all and is held by what it is for, not by this table.
    if (ROOT / "server" / f"{room.split('.')[1]}.py").exists():
        return not within(target, "server.cli") and not within(target, "server.worker")
    if within(target, room) or (room, room_of(target)) in DOORS:
        return True
    return any(within(target, common) for common in COMMON)


def test_imports_run_one_way() -> None:
    assert list(refusals()) == []


def test_rules_and_connectors_do_not_see_each_other() -> None:
    found = []
    for name, path in modules():
        for shelf in ("sync.costing.rules", "sync.connectors"):
            if not name.startswith(shelf + "."):
                continue
            own = name.split(".")[len(shelf.split("."))]
            for target in imports(name, path):
                if target.startswith(shelf + "."):
                    other = target.split(".")[len(shelf.split("."))]
                    folder = ROOT.joinpath(*shelf.split("."), other)
                    if other != own and (folder.is_dir() or shelf.endswith("rules")):
                        found.append(f"{name} imports {target}")
    assert found == []


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("sync.core.money", "marshmallow"),
        ("sync.ledger.entry", "sync.events"),
        ("sync.pipeline", "server.store"),
        ("sync.costing.engine", "sqlalchemy"),
        ("server.store.ledger", "server.problems"),
        ("server.store.people", "flask"),
        ("server.finance.routes", "server.feedback.base"),
        ("server.intake.routes", "server.cli"),
        ("server.auth.access", "tests.server.callers"),
    ],
)
def test_the_table_can_refuse(name: str, target: str) -> None:
    assert not allowed(name, target)


def test_one_sqlite_opens_the_file() -> None:
    """An affected library beside a mended one is what corrupts a database (docs/decisions/0001)."""
    named = re.compile(r"^\s*(import sqlite3|from sqlite3)", re.MULTILINE)
    found = {str(path.relative_to(ROOT)) for top in ("server", "tests", "tools") for path in (ROOT / top).rglob("*.py")
             if named.search(path.read_text())}  # fmt: skip
    assert found == {"server/store/sqlite.py"}
