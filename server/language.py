"""Which language, time zone and theme a page is shown in."""

from collections.abc import Mapping
from datetime import UTC, datetime

import flask_babel
from flask import Flask, has_request_context, request
from flask_babel import format_datetime, get_locale, gettext

from server.auth.access import current
from server.extensions import babel, db, now, settings
from server.store.database import read
from server.store.sites import find_site

LANGUAGES = {"en": "English", "fr": "Français"}
THEMES = ("light", "dark")
LANGUAGE_COOKIE = "fl_language"
THEME_COOKIE = "fl_theme"


def init_app(app: Flask) -> None:
    """Install translations and the filters pages write instants with."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "locale"
    babel.init_app(app, default_locale="en", locale_selector=language, timezone_selector=zone)
    app.jinja_env.filters.update(instant=instant, ago=ago)
    app.jinja_env.globals.update(languages=LANGUAGES, language=language, theme=theme)


def language() -> str:
    """The reader's language: what the user chose, what the browser was told, what it prefers, the default."""
    if not has_request_context():
        return settings().language
    for wish in (request.cookies.get(LANGUAGE_COOKIE, ""), current.language if _is_page() else ""):
        if wish in LANGUAGES:
            return wish
    # In the order of preference, region aside: "fr-CA, en;q=0.5" is French.
    wished = (tag[:2].lower() for tag in request.accept_languages.values())
    return next((wish for wish in wished if wish in LANGUAGES), settings().language)


def _is_page() -> bool:
    # A device's or program's call says its language in the request; looking its credential up again buys nothing.
    return not request.path.startswith(("/api/", "/static/"))


def theme() -> str:
    """light, dark, or "" for what the system prefers."""
    wish = request.cookies.get(THEME_COOKIE, "") if has_request_context() else ""
    return wish if wish in THEMES else ""


_zones: dict[tuple[str, str], str] = {}


def zone() -> str:
    """The site's time zone; it never changes while a process runs, so it is read once."""
    key = settings().database, settings().site
    if key not in _zones:
        with read(db.engine) as connection:
            site = find_site(connection, settings().site)
        if site is None:
            return "UTC"
        _zones[key] = site.zone
    return _zones[key]


def instant(moment: int | None, pattern: str = "d MMM y, HH:mm") -> str:
    """Milliseconds as date and time on the site's clock, months in the reader's language; "" for None.

    The pattern is the same in all languages: a plant counts 24 hours, and 03/04 is read in two ways.
    """
    if moment is None:
        return ""
    return format_datetime(datetime.fromtimestamp(moment / 1000, UTC), pattern)


def ago(moment: int | None) -> str:
    """How long ago, in words: "3 minutes ago"; "never" for None."""
    if moment is None:
        return gettext("never")
    passed = (now() - moment) / 1000
    if passed < 60:
        return gettext("just now")
    return flask_babel.format_timedelta(-passed, add_direction=True)


def pick(names: Mapping[str, str]) -> str:
    """One of several names by language: the reader's, else English, else any."""
    chosen = str(get_locale() or "en")
    return names.get(chosen) or names.get("en") or next(iter(names.values()), "")
