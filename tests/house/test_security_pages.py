"""What is promised about security stands where people look for it, and leads somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    "SECURITY.md", "docs/explanation/threat-model.md", "docs/how-to/backup.md", "docs/how-to/rotate-keys.md",
    "docs/decisions/0028-a-line-is-a-digest.md",
]  # fmt: skip


@pytest.mark.requirement("SR-67")
def test_somebody_who_found_something_knows_what_to_do() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    for head in ("## Reporting something", "## What we promise", "## Supported versions"):
        assert head in text
    assert "private\nvulnerability reporting" in text and "not open a\npublic issue" in text
    assert re.search(r"within \d+ working days", text) and re.search(r"\| the newest release \| yes \|", text)
    assert "advisory" in text


@pytest.mark.parametrize("page", PAGES)
def test_its_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
        if not target.startswith("https://"):
            assert (ROOT / page).parent.joinpath(target).resolve().is_file(), f"{page}: {target}"


@pytest.mark.requirement("SR-67")
def test_what_is_not_defended_is_said() -> None:
    text = (ROOT / "docs" / "explanation" / "threat-model.md").read_text()
    _, _, gaps = text.partition("## What is not defended")
    for word in ("Root on the server", "Plain HTTP", "photographed", "Implants", "collude", "Small shops"):
        assert word in gaps, word


def test_the_keys_of_the_guide_are_the_keys_there_are() -> None:
    from server.cli.keys import KEYS

    text = (ROOT / "docs" / "how-to" / "rotate-keys.md").read_text()
    assert set(re.findall(r"(?m)^\| `(\w+)` \|", text)) == {*KEYS, "ledger"}
