"""Every rule of the engine has its stories: at work, at its borders, with a fact put right, told late, and waiting.

`tests/scenarios/matrix.toml` says which. A rule without one of its cells fails here, so does a story nobody put into a
cell, and a story that does not hold what its cell says."""

import pkgutil
import tomllib
from functools import cache

import pytest

import sync.costing.rules
from sync.core.clock import parse_instant
from sync.costing import splits
from sync.costing.valuation import METHODS
from tests.scenarios import HERE, STORIES, run

KINDS = ("normal", "boundary", "corrected", "late", "refused")
RULES = {
    *(module.name for module in pkgutil.iter_modules(sync.costing.rules.__path__)), *METHODS, *splits.RULES,
    "variances", "absorption",
}  # fmt: skip
TAKING_BACK = {"event.voided", "event.replaced", "event.declined", "order.reopened"}

MATRIX = tomllib.loads((HERE / "matrix.toml").read_text(encoding="utf-8"))
BESIDE = MATRIX.pop("beside")
CELLS = [(rule, kind, story) for rule, kinds in MATRIX.items() for kind, told in kinds.items() for story in told]
NAMED = [pytest.param(*cell, id="/".join(cell)) for cell in CELLS]


def test_every_rule_has_every_cell() -> None:
    assert MATRIX.keys() == RULES
    assert [(rule, kind) for rule in RULES for kind in KINDS if not MATRIX[rule].get(kind)] == []
    assert {kind for kinds in MATRIX.values() for kind in kinds} == set(KINDS)


def test_every_story_stands_in_a_cell() -> None:
    assert {story for _, _, story in CELLS} | {story for told in BESIDE.values() for story in told} == set(STORIES)


@pytest.mark.parametrize(("rule", "kind", "story"), NAMED)
def test_a_story_holds_what_its_cell_says(rule: str, kind: str, story: str) -> None:
    dry = run(story)
    if kind == "refused":
        assert any(outcome.state == "held" for outcome in dry.costed.outcomes.values())
    elif kind != "boundary":  # at a border a rule may just not be at work any more
        assert rule in at_work(story)
    if kind == "corrected":
        assert TAKING_BACK & {given.raw["type"] for given in dry.folder.facts}
    if kind == "late":
        begins = [parse_instant(given.raw.get("started_at") or given.raw["occurred_at"]) for given in dry.folder.facts]
        assert begins != sorted(begins), "no fact is about an earlier time than one that stands above it"


@cache
def at_work(story: str) -> frozenset[str]:
    """The rules that made entries of a story."""
    dry = run(story)
    found = set()
    for content in (entry.content for entry in dry.costed.entries):
        found.add(content["rule"])
        if content["element"] == "variance":
            found.add("variances")
        if content["rule"] == "labor_time":
            found.add(content.get("split", "equal_share/1").partition("/")[0])
        if content["rule"] == "material":
            found.add(dry.terms.plant.items[content["item"]].valuation)
        if any(line["object"].startswith("overhead:") for line in content["postings"]):
            found.add("absorption")
    return frozenset(found)
