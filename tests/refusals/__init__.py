"""Folders that cannot be costed, each with the reason in README.md and what the product says in expected.json.

python -m tests.refusals STORY ...     writes what it says now; look at the difference before you commit it
"""

from pathlib import Path

HERE = Path(__file__).parent
STORIES = sorted(path.name for path in HERE.iterdir() if (path / "site.toml").exists())
EXPECTED = "expected.json"
