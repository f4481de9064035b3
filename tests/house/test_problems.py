"""Every code raised anywhere stands in the catalogue, and says in both languages what to do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale

from server.problems import CATALOGUE
from tools.catalogues import ROOT, _catalogues

CODE = re.compile(r"[a-z]+\.[a-z_]+")
RAISERS = {"Problem", "BadJson", "EventRefused", "describe"}


def raised(source: str) -> Iterator[str]:
    """First arguments of what raises or describes a problem, both branches of a conditional one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISERS and node.args:
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
                    yield part.value


def sources() -> list[Path]:
    return [path for top in ("sync", "server") for path in sorted((ROOT / top).rglob("*.py"))]


def test_every_raised_code_is_in_the_catalogue() -> None:
    unknown = {
        f"{path.relative_to(ROOT)}: {code}" for path in sources() for code in raised(path.read_text())
        if code not in CATALOGUE
    }  # fmt: skip
    assert unknown == set()


def test_every_intake_code_written_anywhere_is_in_the_catalogue() -> None:
    written = {code for path in sources() for code in re.findall(r'"(intake\.[a-z_]+)"', path.read_text())}
    assert written - CATALOGUE.keys() == set()
    assert len(written) > 10


def test_codes_are_told_apart_by_the_scanner() -> None:
    assert list(raised('raise Problem("auth.missing" if x else "auth.revoked")')) == ["auth.missing", "auth.revoked"]


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_problem_speaks_french_with_the_same_places(code: str, app: Flask) -> None:
    french = _catalogues(ROOT)["fr"]
    for sentence in (CATALOGUE[code].title, CATALOGUE[code].action):
        with app.test_request_context(), force_locale("en"):
            english = str(sentence)
        message = french.get(english)
        assert message and message.string, f"{code}: {english!r} has no French"
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", str(message.string)))
