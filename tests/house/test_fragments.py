"""Parts of pages that are asked for alone know only what stands within them.

Jinja runs what stands outside blocks for a whole page, not for one block: a macro from there is undefined in a part.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "server", ROOT / "webapp" / "templates")
TEMPLATES = sorted((ROOT / "server").rglob("*.html"))


def parsed(template: Path) -> nodes.Template:
    environment = Environment(
        extensions=["jinja2.ext.i18n", "jinja2.ext.do", "jinja2.ext.loopcontrols"], autoescape=True
    )
    return environment.parse(template.read_text(encoding="utf-8"))


def outside(tree: nodes.Template) -> Iterator[str]:
    """Names that are made at the top of a template: macros, imports, assignments."""
    for node in tree.body:
        match node:
            case nodes.Macro():
                yield node.name
            case nodes.Import():
                yield node.target
            case nodes.FromImport():
                yield from (name if isinstance(name, str) else name[1] for name in node.names)
            case nodes.Assign(target=nodes.Name(name=name)):
                yield name


def extended(tree: nodes.Template) -> Iterator[Path]:
    """The template that this one extends."""
    for node in tree.find_all(nodes.Extends):
        assert isinstance(node.template, nodes.Const)
        (found,) = (folder / node.template.value for folder in FOLDERS if (folder / node.template.value).exists())
        yield found


def within(block: nodes.Block) -> set[str]:
    """Names a block reads and does not make."""
    made = {node.name for node in block.find_all(nodes.Macro)}
    made |= {node.target for node in block.find_all(nodes.Import)}
    made |= {node.name for node in block.find_all(nodes.Name) if node.ctx == "store"}
    return {node.name for node in block.find_all(nodes.Name) if node.ctx == "load"} - made


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_a_part_brings_what_it_uses(template: Path) -> None:
    """Blocks that the template it extends does not have are there to be asked for."""
    tree = parsed(template)
    whole = {block.name for parent in extended(tree) for block in parsed(parent).find_all(nodes.Block)}
    for block in tree.find_all(nodes.Block):
        if block.name not in whole:
            assert within(block) & set(outside(tree)) == set(), f"{template.name}: block {block.name}"


def test_it_would_see_one() -> None:
    tree = Environment().parse("{% macro m() %}{% endmacro %}{% block b %}{{ m() }}{% endblock %}")
    (block,) = tree.find_all(nodes.Block)
    assert set(outside(tree)) == {"m"} and within(block) == {"m"}
