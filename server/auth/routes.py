"""Signing in and out, the first administrator, and what a reader chooses for the pages: language and theme."""

from collections.abc import Mapping
from typing import cast
from zoneinfo import available_timezones

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from sqlalchemy import Connection

from server.auth import credentials, elsewhere, invitations, oidc, passkeys, passwords, proof, sessions
from server.auth.access import ROLES, access, current
from server.extensions import db, now, settings
from server.language import LANGUAGE_COOKIE, LANGUAGES, THEME_COOKIE, THEMES
from server.menu import start_page
from server.problems import Problem
from server.security import local_path
from server.store import audit, people
from server.store.database import read, write
from server.store.sites import create_site, find_site

blueprint = Blueprint("auth", __name__)
blueprint.register_blueprint(invitations.blueprint)
blueprint.register_blueprint(elsewhere.blueprint)
blueprint.register_blueprint(proof.blueprint)

CURRENCIES = ("EUR", "CHF", "GBP", "USD", "CAD", "MAD", "TND", "DZD", "XOF", "XAF", "PLN", "CZK", "SEK", "DKK", "NOK")
YEAR_S = 365 * 86_400


@blueprint.get("/sign-in")
@access(public="who signs in is not known yet", query={"next"})
def sign_in_page() -> ResponseReturnValue:
    """The sign-in form; who is signed in already goes on."""
    target = local_path(request.args.get("next"), "")
    if current.kind == "user":
        return redirect(sessions.place_of(current.lacks, target) if current.lacks else target or start_page(), 303)
    return _sign_in_form(target)


@blueprint.post("/sign-in")
@access(public="who signs in is not known yet", query={"next"}, writes={"name", "password", "answer", "next"})
def sign_in() -> ResponseReturnValue:
    """Check name and password, or what a passkey answered, which is enough alone."""
    form = request.form
    name, password, target = form.get("name", ""), form.get("password", ""), local_path(form.get("next"), "")
    try:
        if answer := form.get("answer"):
            with write(db.engine) as connection:
                user = passkeys.proved(connection, answer, "sign-in").user
            return sessions.begin_session(user, "passkey", target)
        user = passwords.sign_in(db.engine, settings(), name, password, now(), proof.address())
    except Problem as problem:
        return Response(_sign_in_form(target, name, problem), problem.kind.status)
    return sessions.begin_session(user, "password", target, stands_alone=passwords.stands_alone(password))


@blueprint.get("/start")
@access(roles=set(ROLES), objects="own")
def start() -> ResponseReturnValue:
    """On to the page the user begins with."""
    page = start_page()
    return redirect(page if page != "/start" else "/", 303)


@blueprint.post("/sign-out")
@access(public="signing out twice is no mistake", objects="own")
def sign_out() -> ResponseReturnValue:
    """End the sign-in on the server and in the browser."""
    if secret := credentials.session_cookie():
        with write(db.engine) as connection:
            people.end_session(connection, settings().site, credentials.digest(secret))
    response = cast(Response, redirect("/sign-in", 303))
    credentials.clear_session(response)  # no page was kept (no-store), and what phones keep is not ours to clear
    return response


@blueprint.get("/set-up")
@access(public="the first administrator has no account yet; the code of the console is asked for")
def set_up_page() -> ResponseReturnValue:
    """The form that makes the first administrator and, where there is none, the site."""
    return _set_up_form({})


@blueprint.post("/set-up")
@access(
    public="the first administrator has no account yet; the code of the console is asked for",
    writes={"code", "site_name", "zone", "currency", "name", "password"},
)
def set_up() -> ResponseReturnValue:
    """Make the first administrator, once, with the code the server printed on its console."""
    form, limits = request.form, settings()
    name = form.get("name", "").strip()
    try:
        if not 1 <= len(name) <= 64 or not name.isprintable():
            raise Problem("request.invalid", gettext("A sign-in name has 1 to 64 characters."))
        hashed = passwords.hash_password(
            limits, form.get("password", ""), name, alone=not limits.needs_factor(["admin"])
        )
        with write(db.engine) as connection:
            code = credentials.digest(form.get("code", "").strip())
            usable = people.count_users(connection, limits.site) == 0
            if not usable or people.use_enrolment(connection, limits.site, code, now(), kind="setup") != "ok":
                raise Problem("auth.setup_done")
            if find_site(connection, limits.site) is None:
                _create_first_site(connection)
            people.create_user(connection, limits.site, name, display_name=name, password_hash=hashed, roles=["admin"])
            audit.record(connection, limits.site, at=now(), actor=f"user:{name}", action="user.created",
                         subject=name, details={"roles": "admin"})  # fmt: skip
    except Problem as problem:
        return _set_up_form(form, problem), problem.kind.status
    # On to a second factor at once: the password alone was good for this.
    return sessions.begin_session(name, "password", stands_alone=passwords.stands_alone(form.get("password", "")))


@blueprint.post("/language")
@access(public="everybody reads in a language", objects="own", writes={"language", "next"})
def choose_language() -> ResponseReturnValue:
    """Keep the chosen language in this browser and, for a user, with the user."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        raise Problem("request.invalid")
    if current.kind == "user":
        with write(db.engine) as connection:
            people.change_user(connection, settings().site, current.user, language=chosen)
    return _keep(LANGUAGE_COOKIE, chosen)


@blueprint.post("/theme")
@access(public="everybody sees in a light", writes={"theme", "next"})
def choose_theme() -> ResponseReturnValue:
    """Keep the chosen theme in this browser; anything else than a known one means: as the system."""
    chosen = request.form.get("theme", "")
    return _keep(THEME_COOKIE, chosen if chosen in THEMES else "")


def _sign_in_form(target: str, name: str = "", problem: Problem | None = None) -> str:
    return render_template(
        "auth/sign_in.html", next=target, name=name, problem=problem, passkeys=passkeys.usable(),
        elsewhere=oidc.is_on(settings()), elsewhere_name=settings().oidc_name,
    )  # fmt: skip


def _keep(cookie: str, value: str) -> Response:
    response = cast(Response, redirect(local_path(request.form.get("next"), "/"), 303))
    response.set_cookie(
        cookie, value, max_age=YEAR_S, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )
    return response


def _create_first_site(connection: Connection) -> None:
    form = request.form
    try:
        create_site(
            connection,
            settings().site,
            name=form.get("site_name", "").strip(),
            zone=form.get("zone", ""),
            currency=form.get("currency", ""),
            language=str(get_locale()),
        )
    except ValueError as wrong:
        raise Problem("request.invalid", gettext("Name, time zone and currency of the site are needed.")) from wrong


def _set_up_form(form: Mapping[str, str], problem: Problem | None = None) -> str:
    with read(db.engine) as connection:
        site = find_site(connection, settings().site)
    zones = sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return render_template(
        "auth/set_up.html", form=form, problem=problem, site=site, zones=zones, currencies=CURRENCIES,
        rule=passwords.rule(alone=not settings().needs_factor(["admin"])),
    )  # fmt: skip
