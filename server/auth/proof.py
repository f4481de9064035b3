"""The steps that prove who somebody is beyond the password: the second factor, and the proof asked for once more.

What changes rights or shows secrets (`access(fresh=True)`) wants a proof of the last minutes. A page that asks leads
here and back; a form that was sent is kept, shown as it was, and sent again by its sender's hand.
"""

import json
from typing import cast
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from server import problems
from server.auth import oidc, passkeys, passwords, recovery, sessions, totp
from server.auth.access import ROLES, NotFresh, Unfinished, access, current
from server.extensions import db, now, settings
from server.problems import Problem
from server.security import local_path
from server.store.database import read, write
from server.store.factors import Factors, factors_of
from sync.core.canonical import BadJson, parse

blueprint = Blueprint("proof", __name__)

EVERYBODY = frozenset(ROLES)
# A form that is kept holds no secret: what was typed into such a field is typed again.
SECRETS = ("password", "pin", "secret", "code", "again")
MOST_KEPT = 40_000


# --- the second factor -------------------------------------------------------------------------------------------


@blueprint.get("/sign-in/second")
@access(public="the password was right, who it is is not known yet", query={"next"})
def second_page() -> ResponseReturnValue:
    """Asks for the second factor of the sign-in that has begun in this browser."""
    target = local_path(request.args.get("next"), "")
    waiting = sessions.pending()
    return _second_page(waiting[0], target) if waiting else redirect(_sign_in(target), 303)


@blueprint.post("/sign-in/second")
@access(public="the password was right, who it is is not known yet", query={"next"}, writes={"code", "answer", "next"})
def second() -> ResponseReturnValue:
    """Check the second factor; the sign-in is whole then, under a new secret."""
    target = local_path(request.form.get("next"), "")
    waiting = sessions.pending()
    if waiting is None:
        return redirect(_sign_in(target), 303)
    user, session = waiting
    try:
        how = _shown(user, f"second:{session}")
    except Problem as problem:
        return Response(_second_page(user, target, problem), problem.kind.status)
    return sessions.complete(user, session, how, target)


@blueprint.get("/sign-in/passkey")
@access(public="a passkey signs in without a name; what it is asked tells nothing", query={"for"})
def passkey_options() -> ResponseReturnValue:
    """What the browser hands to a passkey: a fresh challenge and, where it is known who asks, which keys will do."""
    match request.args.get("for"):
        case "sign-in":
            told = passkeys.to_prove("sign-in")
        case "second":
            if (waiting := sessions.pending()) is None:
                raise Problem("auth.missing")
            told = passkeys.to_prove(f"second:{waiting[1]}", _factors(waiting[0]).passkeys)
        case "again":
            if not current.user:
                raise Problem("auth.missing")
            told = passkeys.to_prove(f"again:{current.session}", _factors(current.user).passkeys)
        case _:
            raise Problem("request.invalid")
    return Response(told, mimetype="application/json")


# --- once more ---------------------------------------------------------------------------------------------------


@blueprint.get("/sign-in/again")
@access(roles=EVERYBODY, objects="own", arriving=True, query={"next"})
def again_page() -> ResponseReturnValue:
    """Asks the current user for a fresh proof; any one of what they sign in with will do."""
    return _again_page(local_path(request.args.get("next"), "/start"))


@blueprint.post("/sign-in/again")
@access(
    roles=EVERYBODY, objects="own", arriving=True, query={"next"},
    writes={"password", "code", "answer", "next", "kept"},
)  # fmt: skip
def again() -> ResponseReturnValue:
    """Check the proof. On to the page that asked, or to the form that was kept."""
    target, kept = local_path(request.form.get("next"), "/start"), _kept_fields(request.form.get("kept", ""))
    try:
        if request.form.get("password"):
            passwords.sign_in(db.engine, settings(), current.user, request.form["password"], now(), address())
            how = "password"
        else:
            how = _shown(current.user, f"again:{current.session}")
    except Problem as problem:
        return Response(_again_page(target, request.form.get("kept", ""), problem), problem.kind.status)
    if kept:
        return sessions.prove_again(how, Response(render_template("auth/go_on.html", target=target, fields=kept)))
    return sessions.prove_again(how, cast(Response, redirect(target, 303)))


@blueprint.app_errorhandler(NotFresh)
def ask_again(problem: NotFresh) -> ResponseReturnValue:
    """A view wants a fresh proof: a page leads to where it is given, a form is kept meanwhile."""
    if problems.wants_json():
        return problems.answer(problem)
    if problems.wants_fragment():
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        here = local_path(page.path + (f"?{page.query}" if page.query else ""), "/start")
        return Response("", 204, headers={"HX-Redirect": _again(here)})
    here = request.full_path.rstrip("?")
    if request.method in ("GET", "HEAD"):
        return redirect(_again(here), 303)
    fields = list(request.form.items(multi=True))
    told = json.dumps(fields)
    lost = request.files or len(told) > MOST_KEPT or any(word in name for name, _ in fields for word in SECRETS)
    if lost:  # what cannot be kept is typed again, on the page it was typed on
        came_from = urlsplit(request.referrer or "")
        return redirect(_again(local_path(came_from.path, "/start")), 303)
    return Response(_again_page(here, told), problem.kind.status)


@blueprint.app_errorhandler(Unfinished)
def lead_on(problem: Unfinished) -> ResponseReturnValue:
    """A sign-in lacks something: on to where it is mended, and from there to the page that was asked for."""
    if problems.wants_json():
        return problems.answer(problem)
    here = request.full_path.rstrip("?") if request.method == "GET" and not problems.wants_fragment() else ""
    place = sessions.place_of(current.lacks, "" if here in ("/", "/start") else local_path(here, ""))
    return Response("", 204, headers={"HX-Redirect": place}) if problems.wants_fragment() else redirect(place, 303)


def address() -> str:
    """Where a request comes from, as far as the proxies in front say."""
    return request.remote_addr or ""


# --- parts -------------------------------------------------------------------------------------------------------


def _shown(user: str, purpose: str) -> str:
    """Check what was shown of a second factor: code of the app, recovery code or passkey; which it was. Raises
    Problem."""
    if answer := request.form.get("answer"):
        with write(db.engine) as connection:
            if passkeys.proved(connection, answer, purpose).user != user:
                raise Problem("auth.passkey_refused")
        return "passkey"
    code = request.form.get("code", "")
    if recovery.looks_like_one(code):
        recovery.check(db.engine, user, code, address())
        return "recovery"
    totp.check(db.engine, user, code, address())
    return "code"


def _factors(user: str) -> Factors:
    with read(db.engine) as connection:
        return factors_of(connection, settings().site, user)


def _second_page(user: str, target: str, problem: Problem | None = None) -> str:
    return render_template("auth/second.html", factors=_factors(user), next=target, problem=problem)


def _again_page(target: str, kept: str = "", problem: Problem | None = None) -> str:
    return render_template(
        "auth/again.html", factors=_factors(current.user), next=target, kept=kept, problem=problem,
        minutes=settings().step_up_minutes, elsewhere=oidc.is_on(settings()), elsewhere_name=settings().oidc_name,
    )  # fmt: skip


def _kept_fields(told: str) -> list[tuple[str, str]]:
    """The fields of a form that was kept: what `ask_again` wrote, or nothing."""
    try:
        fields = parse(told) if told else []
        return [(str(name), str(value)) for name, value in fields]
    except (BadJson, ValueError, TypeError):
        return []


def _again(target: str) -> str:
    return f"/sign-in/again?next={quote(target, safe='/')}"


def _sign_in(target: str) -> str:
    return f"/sign-in?next={quote(target, safe='/')}" if target else "/sign-in"
