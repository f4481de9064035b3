"""The account of whoever is signed in: name, password, second factors, recovery codes, where they are signed in.

Who has no second factor and needs one gets to these pages and to no other until it is there.
"""

import json
from typing import cast

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext
from sqlalchemy import Connection

from server import qr, vault
from server.auth import passkeys, passwords, recovery, sessions, totp
from server.auth.access import access, current
from server.auth.proof import EVERYBODY, address
from server.extensions import db, now, settings
from server.problems import Problem
from server.security import local_path
from server.store import audit, factors, people
from server.store.database import read, write
from server.store.sites import find_site

blueprint = Blueprint("account", __name__)

SET_UP_WITHIN_MS = 30 * 60_000


@blueprint.get("/account")
@access(roles=EVERYBODY, objects="own")
def show() -> ResponseReturnValue:
    """One's own account."""
    return _page()


@blueprint.post("/account/name")
@access(roles=EVERYBODY, objects="own", writes={"display_name"})
def rename() -> ResponseReturnValue:
    """Change how one is named on pages."""
    name = " ".join(request.form.get("display_name", "").split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        problem = Problem("request.invalid", gettext("A name has 1 to 200 characters."))
        return _page(problem), problem.kind.status
    with write(db.engine) as connection:
        people.change_user(connection, current.site, current.user, display_name=name)
    flash(gettext("Your name is changed."))
    return redirect("/account", 303)


# --- password ----------------------------------------------------------------------------------------------------


@blueprint.get("/account/password")
@access(roles=EVERYBODY, objects="own", arriving=True, query={"next"})
def password_page() -> ResponseReturnValue:
    """The form for a new password."""
    return _password_page()


@blueprint.post("/account/password")
@access(roles=EVERYBODY, objects="own", arriving=True, writes={"current", "password", "again", "next"})
def change_password() -> ResponseReturnValue:
    """Choose a new password; everywhere else this user is signed out."""
    form, limits, moment = request.form, settings(), now()
    try:
        passwords.sign_in(db.engine, limits, current.user, form.get("current", ""), moment, address())
        if form.get("password", "") != form.get("again", ""):
            raise Problem("auth.password_differs")
        hashed = passwords.hash_password(limits, form.get("password", ""), current.user, alone=_password_is_alone())
    except Problem as problem:
        return Response(_password_page(problem), problem.kind.status)
    with write(db.engine) as connection:
        people.change_user(connection, current.site, current.user, password_hash=hashed)  # ends all sign-ins
        _tell(connection, "user.password_changed")
    flash(gettext("Your password is changed. Everywhere else you are signed out."))
    return sessions.begin_after_change(_on("/account"))


# --- second factors ----------------------------------------------------------------------------------------------


@blueprint.get("/account/second-factor")
@access(roles=EVERYBODY, objects="own", arriving=True, fresh=True, query={"next"})
def second_factor() -> ResponseReturnValue:
    """Set up an authenticator app or a passkey."""
    return _set_up_page()


@blueprint.post("/account/app")
@access(roles=EVERYBODY, objects="own", arriving=True, fresh=True, writes={"set_up", "code", "next"})
def add_app() -> ResponseReturnValue:
    """The app shows a code that fits: from now on it counts, instead of any other app."""
    moment = now()
    try:
        seed = _seed_of(request.form.get("set_up", ""), moment)
    except Problem as problem:
        return Response(_set_up_page(problem), problem.kind.status)
    step = totp.step_of(seed, request.form.get("code", ""), moment)
    if step is None:
        wrong = Problem("auth.wrong_code")
        return Response(_set_up_page(wrong, seed), wrong.kind.status)
    with write(db.engine) as connection:
        first = not factors.has_factor(connection, current.site, current.user)
        factors.put_app(connection, current.site, current.user, vault.seal(seed, totp.PURPOSE), step, moment)
        codes = _after_adding(connection, "app", first=first)
    return _added("code", codes)


@blueprint.post("/account/app/remove")
@access(roles=EVERYBODY, objects="own", fresh=True, writes=set())
def remove_app() -> ResponseReturnValue:
    """Take the authenticator app away."""
    with write(db.engine) as connection:
        factors.remove_app(connection, current.site, current.user)
        _after_removing(connection, "app")
    return redirect("/account", 303)


@blueprint.get("/account/passkeys/options")
@access(roles=EVERYBODY, objects="own", arriving=True, fresh=True)
def passkey_options() -> ResponseReturnValue:
    """What the browser needs to make a passkey."""
    with read(db.engine) as connection:
        known = factors.factors_of(connection, current.site, current.user).passkeys
    told = passkeys.to_add(f"add:{current.session}", current.user, current.name, known)
    return Response(told, mimetype="application/json")


@blueprint.post("/account/passkeys")
@access(roles=EVERYBODY, objects="own", arriving=True, fresh=True, writes={"answer", "name", "next"})
def add_passkey() -> ResponseReturnValue:
    """Keep the passkey the browser made."""
    name = " ".join(request.form.get("name", "").split())[: passkeys.NAME_LENGTH] or sessions.browser()
    try:
        with write(db.engine) as connection:
            first = not factors.has_factor(connection, current.site, current.user)
            answer = request.form.get("answer", "")
            passkeys.added(connection, answer, f"add:{current.session}", current.user, name or gettext("Passkey"))
            codes = _after_adding(connection, "passkey", first=first)
    except Problem as problem:
        return Response(_set_up_page(problem), problem.kind.status)
    return _added("passkey", codes)


@blueprint.post("/account/passkeys/remove")
@access(roles=EVERYBODY, objects="own", fresh=True, writes={"key"})
def remove_passkey() -> ResponseReturnValue:
    """Take a passkey away."""
    with write(db.engine) as connection:
        if factors.remove_passkey(connection, current.site, current.user, request.form.get("key", "")):
            _after_removing(connection, "passkey")
    return redirect("/account", 303)


@blueprint.post("/account/recovery-codes")
@access(roles=EVERYBODY, objects="own", fresh=True, writes=set())
def new_recovery_codes() -> ResponseReturnValue:
    """New recovery codes, shown once; the old ones are void."""
    with write(db.engine) as connection:
        if not factors.has_factor(connection, current.site, current.user):
            return redirect("/account", 303)
        codes = recovery.make(connection, current.user)
    return render_template("account/codes.html", codes=codes, target="/account", user=current.user)


# --- sign-ins ----------------------------------------------------------------------------------------------------


@blueprint.post("/account/sessions")
@access(roles=EVERYBODY, objects="own", writes={"session"})
def end_sessions() -> ResponseReturnValue:
    """Sign out elsewhere: one browser, or without `session` all others."""
    with write(db.engine) as connection:
        count = people.end_sessions(
            connection, current.site, current.user, only=request.form.get("session", ""), but=current.session
        )
        if count:
            _tell(connection, "user.sessions_ended", count=str(count))
    flash(ngettext("Signed out in %(num)s browser.", "Signed out in %(num)s browsers.", count))
    return redirect("/account", 303)


# --- parts -------------------------------------------------------------------------------------------------------


def _page(problem: Problem | None = None) -> str:
    with read(db.engine) as connection:
        user = people.find_user(connection, current.site, current.user)
        its = factors.factors_of(connection, current.site, current.user)
        open_now = people.list_sessions(connection, current.site, current.user, current.session)
    return render_template(
        "account/account.html", user=user, factors=its, sessions=open_now, problem=problem,
        needed=settings().needs_factor(current.roles), demanded="none" not in settings().second_factor_roles,
    )  # fmt: skip


def _password_page(problem: Problem | None = None) -> str:
    return render_template(
        "account/password.html", problem=problem, rule=passwords.rule(alone=_password_is_alone()),
        next=local_path(request.form.get("next") or request.args.get("next"), ""), lacks=current.lacks,
    )  # fmt: skip


def _set_up_page(problem: Problem | None = None, seed: str = "") -> str:
    seed = seed or totp.new_seed()
    with read(db.engine) as connection:
        site = find_site(connection, current.site)
        its = factors.factors_of(connection, current.site, current.user)
    sealed = json.dumps([seed, now() + SET_UP_WITHIN_MS])
    return render_template(
        "account/second_factor.html", problem=problem, seed=seed, factors=its, lacks=current.lacks,
        picture=qr.svg(totp.address(seed, current.user, site.name if site else "")),
        set_up=vault.seal(sealed, _set_up_purpose()), passkeys=passkeys.usable(),
        next=local_path(request.form.get("next") or request.args.get("next"), ""),
    )  # fmt: skip


def _set_up_purpose() -> str:
    # Not stored until a code fits; bound to its user, so that nobody lends a seed to somebody else.
    return f"{totp.PURPOSE} of {current.user}"


def _seed_of(sealed: str, moment: int) -> str:
    """The seed the page showed. Raises Problem when that was too long ago, or is none of ours."""
    try:
        seed, until = json.loads(vault.open_(sealed, _set_up_purpose()))
    except vault.SealBroken as wrong:
        raise Problem("auth.set_up_stale") from wrong
    if until < moment:
        raise Problem("auth.set_up_stale")
    return str(seed)


def _after_adding(connection: Connection, kind: str, *, first: bool) -> list[str]:
    """Whoever is signed in elsewhere proves it anew, with what counts from now on; the codes that come with the first
    factor."""
    people.end_sessions(connection, current.site, current.user, but=current.session)
    _tell(connection, "user.factor_added", kind=kind)
    return recovery.make(connection, current.user) if first else []


def _added(how: str, codes: list[str]) -> Response:
    """The second factor is there: what the sign-in lacked it lacks no more. With the first come the recovery codes."""
    target = local_path(request.form.get("next"), "/start" if current.lacks else "/account")
    if codes:
        response = make_response(
            render_template("account/codes.html", codes=codes, target=target, user=current.user, added=True)
        )
    else:
        flash(gettext("The second factor is there."))
        response = _on(target)
    return sessions.prove_again(how, response, lacks="")


def _after_removing(connection: Connection, kind: str) -> None:
    """Refuse to take the last factor from whoever needs one; without any, recovery codes stand for nothing."""
    if not factors.has_factor(connection, current.site, current.user):
        if settings().needs_factor(current.roles):
            raise Problem("auth.factor_needed")
        factors.forget_factors(connection, current.site, current.user)
    people.end_sessions(connection, current.site, current.user, but=current.session)
    _tell(connection, "user.factor_removed", kind=kind)
    flash(gettext("It is taken away."))


def _password_is_alone() -> bool:
    with read(db.engine) as connection:
        has = factors.has_factor(connection, current.site, current.user)
    return not has and not settings().needs_factor(current.roles)


def _on(target: str) -> Response:
    return cast(Response, redirect(target, 303))


def _tell(connection: Connection, action: str, **details: str) -> None:
    audit.record(connection, current.site, at=now(), actor=f"user:{current.user}", action=action, subject=current.user,
                 details=details)  # fmt: skip
