"""/admin/tokens: the programs that may call, what for, until when, when they last did."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from server import fragments
from server.auth import tokens
from server.auth.access import SCOPES, access, current, grantable
from server.extensions import db, now, settings
from server.menu import menu
from server.problems import Problem
from server.store import people, plant
from server.store.database import read, write

_ = lazy_gettext

blueprint = Blueprint("tokens", __name__)

# Administrators see all; somebody from accounting makes the token of the accounting system, and sees his own.
MAKERS = {"admin", "accountant"}
READERS = MAKERS | {"auditor"}
WORDS = {
    "events:write": _("Send facts"),
    "events:read": _("Ask what became of facts"),
    "reference:read": _("Read orders, people, machines as phones do"),
    "reference:write": _("Change orders, people, machines"),
    "entries:read": _("Read entries"),
}


@blueprint.get("/admin/tokens")
@access(roles=READERS, objects="site", reads={"user"})
@menu(_("Programs"), group="admin", order=15)
def list_tokens() -> Response:
    """The tokens, those in force first, and the form for another."""
    return _page()


@blueprint.post("/admin/tokens")
@access(roles=MAKERS, objects="site", writes={"name", "scope*", "days", "bound"}, reads={"user"}, fresh=True)
def create_token() -> Response:
    """Make a token and show it, this once."""
    form = request.form
    kind, _colon, code = form.get("bound", "").partition(":")
    days = form.get("days", "")
    wish = tokens.Wish(
        form.get("name", ""), frozenset(form.getlist("scope")), int(days) if days.isdecimal() and len(days) < 5 else 0,
        machine=code if kind == "machine" else "", work_center=code if kind == "work_center" else "",
        maker=current.user, roles=current.roles, teams=_teams(),
    )  # fmt: skip
    try:
        with write(db.engine) as connection:
            secret = tokens.create(connection, settings().site, wish, now())
    except Problem as problem:
        page = _page(problem=problem, wish=wish)
        page.status_code = problem.kind.status
        return page
    return _page(secret=secret)


@blueprint.post("/admin/tokens/<uuid:token>/revoke")
@access(roles=MAKERS, objects="token")
def revoke_token(token: Any) -> ResponseReturnValue:
    """The program may not call any more, at once."""
    with write(db.engine) as connection:
        tokens.revoke(connection, settings().site, now(), identity=str(token), actor=f"user:{current.user}")
    flash(gettext("The token is revoked."))
    return redirect("/admin/tokens", 303)


def _mine(found: list[people.Token]) -> list[people.Token]:
    return found if current.has("admin", "auditor") else [token for token in found if token.created_by == current.user]


def _page(*, secret: str = "", problem: Problem | None = None, wish: tokens.Wish | None = None) -> Response:
    site, moment = settings().site, now()
    with read(db.engine) as connection:
        found = _mine(people.list_tokens(connection, site))
        makers = {user.name: user for user in people.list_users(connection, site)}
        machines = plant.rows(connection, site, "machines")
        work_centers = plant.rows(connection, site, "work_centers")
    over = {token.id for token in found if token.revoked_at or (token.expires_at or moment + 1) <= moment}
    rights = {token.id: _rights(token, makers) for token in found}
    found.sort(key=lambda token: (token.id in over, token.name.casefold(), token.created_at))
    return fragments.page(
        "tokens/list.html", tokens=found, over=over, rights=rights, words=WORDS, scopes=SCOPES, secret=secret,
        problem=problem, wish=wish or tokens.Wish("", frozenset()), days=tokens.DAYS, machines=machines,
        work_centers=work_centers, may=grantable(current.roles, _teams()), may_make=current.has(*MAKERS),
    )  # fmt: skip


def _teams() -> str:
    return people.pack_teams(current.reach or ())


def _rights(token: people.Token, makers: dict[str, people.User]) -> frozenset[str]:
    """What a token may do today; less than its scopes where its maker lost a role."""
    scopes = frozenset(token.scopes.split())
    if not token.created_by:
        return scopes
    maker = makers.get(token.created_by)
    return scopes & grantable(maker.roles.split(), maker.teams) if maker and maker.active else frozenset()
