"""All that is kept of a person as a page of its own, in that person's language: to hand over, or to print."""

from collections.abc import Mapping
from typing import Any

from flask import render_template
from flask_babel import force_locale, gettext, lazy_gettext

from server import words
from server.figures import quantity
from server.language import LANGUAGES, instant
from server.store import audit, retention
from sync.core.clock import parse_instant
from sync.events import catalog

_ = lazy_gettext

CHOICES = {
    "activity": words.ACTIVITIES, "disposition": words.DISPOSITIONS, "provenance": words.PROVENANCES,
    "result": words.RESULTS,
}  # fmt: skip
WHOSE = {"self": _("you"), "colleague": _("a colleague"), "desk": _("somebody at a desk"), "": ""}


def page(data: Mapping[str, Any], otherwise: str, *, served: bool) -> str:
    """The page; `otherwise`: the language where none is known of the person; `served`: with our style, which a file
    that is handed over does not need."""
    chosen = data["person"]["language"]
    language = chosen if chosen in LANGUAGES else otherwise
    labels = {name: metadata["label"] for kind in catalog.newest() for name, _field, metadata in catalog.wires(kind)}
    with force_locale(language):
        return render_template(
            "privacy/own_data.html", data=data, language=language, served=served, whose=WHOSE, at=_at,
            label=lambda name: gettext(labels[name]) if name in labels else name, told=_told,
            actions=audit.ACTIONS, rules=retention.RULES,
        )  # fmt: skip


def _at(text: str) -> str:
    return instant(parse_instant(text))


def _told(name: str, value: Any) -> str:
    """A value of a fact as people read it."""
    if name in ("started_at", "ended_at"):
        return _at(str(value))
    if name == "duration_ms":
        return f"{quantity(value // 60_000)} min"
    if name in CHOICES and value in CHOICES[name]:
        return str(CHOICES[name][value])
    return str(value)
