"""What an address takes: its query parameters, the fields of its forms, the members of its JSON objects.

A rule (`access(query=..., writes=...)`) names them all. What is not named is refused, never ignored: a hidden field
that somebody adds to a form changes nothing, and a filter with a slip in its name does not show everything. A name
that ends in `*` may come several times; `*` alone stands for any, where nothing is read.
"""

import re
from collections.abc import Mapping, Set
from typing import Any

from flask import g, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from server.problems import Problem
from sync.core.canonical import DUPLICATE, NOT_A_NUMBER, BadJson, check, parse

ANY = frozenset({"*"})
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
# What an answer may show beyond what work needs; `access(reads=...)` names it, docs/reference/access.md lists it.
READABLE = {
    "name": "names of people",
    "number": "personnel numbers",
    "badge": "letters of badges",
    "note": "notes, which are free text about the floor",
    "photo": "photos beside facts",
    "user": "names of those who sign in",
    "wage": "rates and amounts that tell what one person earns",
}
# NUL and the other controls; a form's text area has lines and tabs. PostgreSQL cannot store the first of them.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def check_request(query: Set[str], writes: Set[str], values: Mapping[str, Any]) -> None:
    """Refuse a request that brings what its address does not take. Raises Problem."""
    for value in values.values():
        _check_text(str(value), "")
    _check_pairs(request.args, query)
    # What is no form is read, and bounded, by the view.
    if request.method in ("GET", "HEAD", "OPTIONS") or request.mimetype not in FORMS:
        return
    _check_pairs(request.form, writes)
    _check_pairs(MultiDict((name, file.filename or "") for name, file in request.files.items(multi=True)), writes)


def _check_pairs(given: "MultiDict[str, str]", known: Set[str]) -> None:
    if "*" in known:
        return
    for name, texts in given.lists():
        if name not in known and f"{name}*" not in known:
            raise Problem("request.unknown_field", pointer=f"/{name[:60]}", field=_spell(name))
        if len(texts) > 1 and name in known:
            raise Problem("request.repeated_field", pointer=f"/{name}", field=name)
        for text in texts:
            _check_text(text, f"/{name}")


def _check_text(text: str, pointer: str) -> None:
    if _UNFIT.search(text):
        raise Problem("request.bad_character", pointer=pointer)


def _spell(name: str) -> str:
    """A name somebody sent, as it may stand in a sentence."""
    return "".join(sign if sign.isprintable() else "?" for sign in name[:60])


def json_object() -> dict[str, Any]:
    """The request's body: a JSON object that holds what the address takes and nothing two readers could read
    differently. Raises Problem."""
    body = request.get_data()
    if body and not request.is_json:
        raise Problem("request.media_type", expected="application/json")
    try:
        given = parse(body) if body else None
        if not isinstance(given, dict) or NOT_A_NUMBER in given:
            raise Problem("request.invalid", gettext("Send a JSON object."))
        check_members(given)
        check(given)
    except BadJson as wrong:
        raise Problem("request.invalid", gettext(wrong.detail), pointer=wrong.pointer) from wrong
    return given


def check_members(given: Mapping[str, Any]) -> None:
    """Refuse a JSON object with a member the address does not take, or that is there twice. Raises Problem."""
    known: Set[str] = g.rule.writes
    if DUPLICATE in given:
        raise Problem("intake.duplicate_key")
    for name in given:
        if name not in known:
            raise Problem("request.unknown_field", pointer=f"/{name[:60]}", field=_spell(name))
