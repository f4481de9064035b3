"""The generated pages say what the source says."""

import pytest

from tools import docs


@pytest.mark.parametrize("name", sorted(docs.pages()))
def test_a_generated_page_is_current(name: str) -> None:
    path = docs.FOLDER / name
    assert path.exists(), "run make docs"
    assert path.read_text(encoding="utf-8") == docs.pages()[name], "run make docs"
