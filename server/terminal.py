"""Words for the terminal, in the language of whoever started the command."""

import gettext as _gettext
import os
from pathlib import Path

from server.language import LANGUAGES

FOLDER = Path(__file__).parent / "locale"


def terminal_language() -> str:
    """The first language we speak that the environment asks for; English otherwise."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for wish in os.environ.get(name, "").split(":"):
            if wish[:2].lower() in LANGUAGES:
                return wish[:2].lower()
    return "en"


def gettext(sentence: str, **params: object) -> str:
    """The sentence in the terminal's language, its `%(name)s` places filled."""
    words = _gettext.translation("messages", FOLDER, [terminal_language()], fallback=True).gettext(sentence)
    return words % params if params else words


def said(word: object) -> str:
    """A word of the pages (`server/words.py`) in the terminal's language; outside a request it reads as English."""
    text = str(word)
    return gettext(text) if text else ""
