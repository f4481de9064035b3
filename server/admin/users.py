"""/admin/users: who signs in to pages, with which rights; invitations, resets, and what takes two people's consent."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection

from server import fragments, qr
from server.auth import guessing, invitations, rights
from server.auth.access import ROLES, access, current
from server.auth.invitations import Link
from server.auth.rights import Acting
from server.extensions import db, now, settings
from server.language import LANGUAGES
from server.menu import menu
from server.problems import Problem
from server.security import base_url
from server.store import factors, identities, people, plant, two_people
from server.store import invitations as links
from server.store.database import read, write

_ = lazy_gettext

blueprint = Blueprint("users", __name__)

ADMIN = {"admin"}
# Payroll consents here, an auditor looks.
READERS = {"admin", "payroll", "auditor"}


# --- pages -------------------------------------------------------------------------------------------------------


@blueprint.get("/admin/users")
@access(roles=READERS, objects="site", reads={"user"})
@menu(_("Users and rights"), group="admin", order=15)
def list_users() -> Response:
    """Who signs in, with which roles, for which departments, and what waits for somebody's consent."""
    return _page()


@blueprint.post("/admin/users")
@access(roles=ADMIN, objects="site", fresh=True, reads={"user"},
        writes={"name", "display_name", "role*", "team*", "language"})  # fmt: skip
def invite() -> ResponseReturnValue:
    """Invite somebody: a link, shown once."""
    form = request.form
    try:
        language = form.get("language", "")
        if language not in ("", *LANGUAGES):
            raise Problem("request.invalid", pointer="/language")
        base = base_url()
        with write(db.engine) as connection:
            act = _acting(connection)
            link = invitations.invite(
                act, settings(), form.get("name", "").strip(), " ".join(form.get("display_name", "").split())[:200],
                roles=_roles(), teams=_teams(connection), language=language,
            )  # fmt: skip
    except Problem as problem:
        return _refused(problem)
    return _page(link=link, base=base)


@blueprint.post("/admin/users/<path:name>/rights")
@access(roles=ADMIN, objects="user", fresh=True, writes={"role*", "team*"}, reads={"user"})
def change_rights(name: str) -> ResponseReturnValue:
    """Other roles and departments; a change ends the user's sign-ins at once."""
    try:
        with write(db.engine) as connection:
            act = _acting(connection)
            waits = rights.change_roles(act, name, _roles())
            rights.change_teams(act, name, _teams(connection))
    except Problem as problem:
        return _refused(problem, name)
    if waits:
        return _done(name, gettext("The payroll role of %(name)s waits for another person’s consent.", name=name))
    return _done(name, gettext("The rights of %(name)s are as you chose.", name=name))


@blueprint.post("/admin/users/<path:name>/active")
@access(roles=ADMIN, objects="user", fresh=True, writes={"do"}, reads={"user"})
def change_active(name: str) -> ResponseReturnValue:
    """Shut somebody out, or let them in again."""
    try:
        with write(db.engine) as connection:
            if request.form.get("do") != "enable":
                rights.disable(_acting(connection), name)
                said = gettext("%(name)s cannot sign in any more.", name=name)
            elif rights.enable(_acting(connection), name):
                said = gettext("That %(name)s may sign in again waits for another person’s consent.", name=name)
            else:
                said = gettext("%(name)s can sign in.", name=name)
    except Problem as problem:
        return _refused(problem, name)
    return _done(name, said)


@blueprint.post("/admin/users/<path:name>/unlock")
@access(roles=ADMIN, objects="user", fresh=True, reads={"user"})
def unlock(name: str) -> ResponseReturnValue:
    """Forget the wrong tries that locked somebody."""
    with write(db.engine) as connection:
        rights.unlock(_acting(connection), name)
    return _done(name, gettext("%(name)s can try again.", name=name))


@blueprint.post("/admin/users/<path:name>/end")
@access(roles=ADMIN, objects="user", fresh=True, reads={"user"})
def end_sessions(name: str) -> ResponseReturnValue:
    """End all sign-ins of somebody."""
    with write(db.engine) as connection:
        rights.end_sessions(_acting(connection), name)
    return _done(name, gettext("%(name)s is signed in nowhere any more.", name=name))


@blueprint.post("/admin/users/<path:name>/unlink")
@access(roles=ADMIN, objects="user", fresh=True, reads={"user"})
def unlink(name: str) -> ResponseReturnValue:
    """No account elsewhere signs somebody in any more."""
    with write(db.engine) as connection:
        rights.unlink(_acting(connection), name)
    return _done(name, gettext("No account elsewhere signs %(name)s in any more.", name=name))


@blueprint.post("/admin/users/<path:name>/reset")
@access(roles=ADMIN, objects="user", fresh=True, writes={"factor"}, reads={"user"})
def reset(name: str) -> ResponseReturnValue:
    """A link with which somebody chooses a new password, shown once."""
    try:
        base = base_url()
        with write(db.engine) as connection:
            link = invitations.reset(
                _acting(connection), settings(), name, clears_factor=request.form.get("factor") == "forget"
            )
    except Problem as problem:
        return _refused(problem, name)
    if link is None:
        return _done(name, gettext("The link for %(name)s waits for another person’s consent.", name=name))
    return _page(link=link, base=base)


@blueprint.post("/admin/users/<path:name>/withdraw")
@access(roles=ADMIN, objects="link", fresh=True, reads={"user"})
def withdraw(name: str) -> ResponseReturnValue:
    """An open link of somebody, user already or not yet, stops working."""
    with write(db.engine) as connection:
        invitations.withdraw(_acting(connection), name)
    return _done(name, gettext("The link of %(name)s does not work any more.", name=name))


@blueprint.post("/admin/users/consent/<uuid:identity>")
@access(roles={"admin", "payroll"}, objects="request", fresh=True, writes={"do"}, reads={"user"})
def consent(identity: Any) -> ResponseReturnValue:
    """Consent to what another person asks for, or refuse it. Of a reset the link is shown, once, to who consents."""
    agreed, link = request.form.get("do") == "consent", None
    try:
        base = base_url()
        with write(db.engine) as connection:
            act = _acting(connection)
            asked = rights.answer(act, str(identity), consent=agreed)
            if agreed and asked.kind in ("reset", "reset_factor"):
                link = invitations.reset(
                    act, settings(), asked.user, clears_factor=asked.kind == "reset_factor", consented=True
                )
    except Problem as problem:
        return _refused(problem)
    if link:
        return _page(link=link, base=base)
    flash(gettext("You consented.") if agreed else gettext("You refused."))
    return redirect("/admin/users", 303)


# --- what they share ---------------------------------------------------------------------------------------------


def _acting(connection: Connection) -> Acting:
    return Acting(connection, current.site, f"user:{current.user}", now())


def _roles() -> set[str]:
    """The roles ticked in the form."""
    chosen = set(request.form.getlist("role"))
    if not chosen <= set(ROLES):
        raise Problem("request.invalid", pointer="/role")
    return chosen


def _teams(connection: Connection) -> set[str]:
    """The departments ticked in the form."""
    chosen = set(request.form.getlist("team"))
    if not chosen <= {row["code"] for row in plant.rows(connection, current.site, "departments")}:
        raise Problem("request.invalid", gettext("There is no such department."), pointer="/team")
    return chosen


def _done(name: str, said: str) -> ResponseReturnValue:
    flash(said)
    # Whoever took their own rights away is signed out, and asked to sign in.
    return redirect("/admin/users", 303)


def _refused(problem: Problem, about: str = "") -> Response:
    page = _page(problem=problem, about=about)
    page.status_code = problem.kind.status
    return page


def _page(link: Link | None = None, base: str = "", problem: Problem | None = None, about: str = "") -> Response:
    site, moment = current.site, now()
    with read(db.engine) as connection:
        everybody = people.list_users(connection, site)
        open_links = links.open_links(connection, site, moment)
        requests = [
            (asked, rights.consenting(connection, site, asked))
            for asked in two_people.open_requests(connection, site, moment)
        ]
        values: dict[str, Any] = {
            "users": sorted(everybody, key=lambda user: (not user.active, user.display_name.casefold(), user.name)),
            "names": {user.name: user.display_name for user in everybody},
            "invited": [one for one in open_links.values() if one.kind == "invitation"],
            "links": open_links,
            "requests": requests,
            "with_factor": factors.users_with_factors(connection, site),
            "linked": identities.linked(connection, site),
            "locked": {one.name for one in everybody if guessing.locked(connection, site, one.name, moment)},
            "departments": {row["code"]: row["name"] for row in plant.rows(connection, site, "departments")},
            "shown": lambda found: ", ".join(one.display_name for one in everybody if one.name in found),
            "teams_of": lambda stored: sorted(people.unpack_teams(stored) or ()),
        }
    address = link.address(base) if link else ""
    values |= {
        "link": link, "address": address, "code": qr.svg(address) if link else "", "problem": problem, "about": about,
        "roles": ROLES, "may_change": current.has("admin"), "form": request.form, "languages": LANGUAGES,
        "needs_factor": settings().needs_factor,
    }  # fmt: skip
    return fragments.page("admin/users.html", **values)
