"""The phone: an installable page that captures facts with or without a network. Python needs three paths from it."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
BUNDLE = Path(__file__).parent / "bundle"
TEMPLATES = Path(__file__).parent / "templates"
