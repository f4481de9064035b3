"""/sign-in/oidc: out to the provider and back, to sign in, to accept a link, or to prove once more who it is.

The way out is a link and no form: browsers refuse a form that ends at another server (`form-action` of our policy).
"""

from typing import cast

from flask import Blueprint, Response, current_app, redirect, render_template, request

from server.auth import credentials, invitations, oidc, sessions
from server.auth.access import access, current
from server.auth.oidc import Proof, Provider
from server.extensions import db, now, settings
from server.problems import Problem
from server.security import base_url, local_path
from server.store import identities, people
from server.store.database import read, write
from server.store.identities import Attempt

blueprint = Blueprint("elsewhere", __name__)

WHY = "who signs in is not known yet; the provider's answer proves it"
# A proof once more has to be one: the provider may say it asked nobody for anything.
JUST_NOW_MS = 5 * 60_000


@blueprint.get("/sign-in/oidc")
@access(public=WHY, query={"next", "again"})
def leave() -> Response:
    """Out to the provider. `again`: whoever is signed in proves it anew there."""
    again = bool(request.args.get("again")) and bool(current.user)
    return _leave(Attempt("", again, local_path(request.args.get("next"), "")))


@blueprint.post("/sign-in/oidc/link")
@access(public="whoever follows a link has no account yet; the link's secret is asked for", writes={"code"})
def leave_with_link() -> Response:
    """Out to the provider, to accept an invitation or a reset with the account there."""
    hashed = credentials.digest(request.form.get("code", "").strip())
    with read(db.engine) as connection:
        invitations.find_open(connection, settings().site, hashed, now())
    return _leave(Attempt(hashed, False, ""), by_link=True)


@blueprint.get(oidc.CALLBACK)
@access(public=WHY, query={"*"})
def come_back() -> Response:
    """Back from the provider: check what it says, once, and sign in whom it names."""
    limits, secret = settings(), credentials.oidc_cookie()
    with write(db.engine) as connection:
        attempt = identities.end_attempt(connection, limits.site, credentials.digest(secret), now()) if secret else None
    if attempt is None:
        raise Problem("oidc.lapsed")
    if any(len(texts) > 1 for _name, texts in request.args.lists()):  # two readers could take one each
        raise Problem("oidc.untrusted")
    proof = _provider().prove(secret, base_url(), request.args.to_dict(), now())
    response = _arrive(attempt, proof)
    credentials.clear_oidc(response)
    return response


def _arrive(attempt: Attempt, proof: Proof) -> Response:
    site, moment = settings().site, now()
    if attempt.invitation:
        who = proof.issuer, proof.subject
        with write(db.engine) as connection:
            user = invitations.accept(connection, site, attempt.invitation, moment, identity=who)
        return sessions.begin_session(user, "oidc", proved_at=proof.authenticated_at or 0)
    with read(db.engine) as connection:
        name = identities.user_of(connection, site, proof.issuer, proof.subject)
        found = people.find_user(connection, site, name) if name else None
    if found is None or not found.active:
        raise Problem("oidc.unlinked")
    if not attempt.again:
        return sessions.begin_session(found.name, "oidc", attempt.target, proved_at=proof.authenticated_at or 0)
    told = proof.authenticated_at
    if found.name != current.user or told is None or moment - told > JUST_NOW_MS:
        raise Problem("oidc.refused")
    return sessions.prove_again("oidc", cast(Response, redirect(attempt.target or "/start", 303)))


def _leave(attempt: Attempt, *, by_link: bool = False) -> Response:
    secret, moment = credentials.make_secret(), now()
    address = _provider().address(secret, base_url(), moment, again=attempt.again)
    with write(db.engine) as connection:
        identities.begin_attempt(
            connection, settings().site, credentials.digest(secret), attempt, now=moment,
            expires_at=moment + oidc.ATTEMPT_MS,
        )  # fmt: skip
    if by_link:  # a form may not lead there: a page with a link does
        page = render_template("auth/onward.html", address=address, name=settings().oidc_name)
        response = Response(page, headers={"Refresh": f"0; url={address}"})
    else:
        response = cast(Response, redirect(address, 303))
    credentials.set_oidc(response, secret, oidc.ATTEMPT_MS // 1000)
    return response


def _provider() -> Provider:
    """The provider of the settings, kept with the application. Raises Problem where there is none."""
    if not oidc.is_on(settings()):
        raise Problem("oidc.off")
    known: Provider = current_app.extensions.setdefault("oidc", Provider(settings()))
    return known
