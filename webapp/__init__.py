"""The phone: an installable page that captures facts with or without a network. Python needs two paths from it."""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
