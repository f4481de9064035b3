"""What pages call things: every type of fact has a name and a content in both languages, every reason a sentence."""

import pytest
from flask import Flask
from flask_babel import force_locale

from server import words
from sync.core.findings import CATALOGUE
from sync.events.catalog import load, newest
from tests.cast import raw
from tests.sync.events.test_catalog import ALL


@pytest.mark.parametrize("name", [kind.type for kind in newest()])
def test_a_fact_in_words(app: Flask, name: str) -> None:
    told = {}
    for language in ("en", "fr"):
        with app.test_request_context(), force_locale(language):
            told[language] = words.event_type(name)
            assert words.in_words(load(raw(name, "2026-11-20T08:00:00Z", **ALL[name]))).startswith(told[language])
    assert told["en"] != told["fr"], "not translated"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("material.substituted", "1 m2 de ELM à la place de OAK"),
        ("material.moved", "1 m2 de OAK · ? → A-03"),
        ("inspection.reported", "Non conforme · Épaisseur · −0,35 mm"),
        ("operation.added", "25 · Repair the veneer"),
        ("break.started", "LUNCH"),
        ("labor.stopped", ""),
        ("order.closed", "CANCELLED"),
        ("event.declined", "DOUBT"),
    ],
)
def test_what_a_fact_says(app: Flask, name: str, said: str) -> None:
    with app.test_request_context(), force_locale("fr"):
        told = words.said(load(raw(name, "2026-11-20T08:00:00Z", **ALL[name])))
    assert told.replace("\N{NO-BREAK SPACE}", " ").replace("-", "−", said.count("−")) == said


@pytest.mark.parametrize("code", CATALOGUE)
def test_a_reason_in_words(app: Flask, code: str) -> None:
    told = {}
    for language in ("en", "fr"):
        with app.test_request_context(), force_locale(language):
            told[language] = words.sentence(code, {}), words.action(code, {}), words.held_title(code)
    assert told["en"][0] != told["fr"][0], "not translated"
    assert not told["en"][1] or told["en"][1] != told["fr"][1]
    assert told["en"][2] == code or told["en"][2] != told["fr"][2]


def test_facts_that_are_only_noted_are_no_trouble(app: Flask) -> None:
    with app.test_request_context():
        for reason in ("fact.noted", "break.noted", "break.over"):
            assert words.state("excluded", reason) == ("Noted", "")
            assert not words.explains(reason)
