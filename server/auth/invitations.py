"""Links that let somebody in: an invitation makes a user, a reset lets one choose a new password (SR-16).

The secret stands after the # of the address, which no browser sends: it reaches no log, no proxy and no Referer. The
page asks for it in a form, and only sending that form uses the link up, so that a mail program that looks at links
changes nothing. There is no way to send mail yet: whoever makes a link hands it over.
"""

from collections.abc import Collection
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from server.auth import credentials, guessing, oidc, passwords, rights, sessions
from server.auth.access import access
from server.auth.rights import Acting
from server.extensions import db, now, settings
from server.problems import Problem
from server.settings import Settings
from server.store import factors, identities, invitations, people, two_people
from server.store.database import read, write
from server.store.invitations import Invitation

blueprint = Blueprint("links", __name__)

PREFIX = "fli_"
DAY_MS = 86_400_000
PATHS = {"invitation": "/join", "reset": "/reset"}
WRITES = {"code", "password", "again"}
WHY = "whoever follows the link has no account yet, or cannot use it; the link's secret is asked for"


@dataclass(frozen=True, slots=True)
class Link:
    """A link just made. Its secret is shown once and kept nowhere."""

    path: str
    secret: str
    user: str
    expires_at: int
    # An invitation whose payroll role waits for somebody else's consent.
    waits: bool = False

    def address(self, base: str) -> str:
        """The whole link, for the server at `base`."""
        return f"{base}{self.path}#{self.secret}"


# --- making links ------------------------------------------------------------------------------------------------


def invite(
    act: Acting,
    limits: Settings,
    name: str,
    display_name: str,
    *,
    roles: Collection[str],
    teams: Collection[str] = (),
    language: str = "",
) -> Link:
    """Invite somebody under a sign-in name; a link that was open for that name stops working. Raises Problem."""
    check_name(name)
    if people.find_user(act.connection, act.site, name):
        raise Problem("user.name_taken")
    waits = "payroll" in roles and rights.takes_two(act)
    given = set(roles) - {"payroll"} if waits else set(roles)
    made = _make(act, "invitation", name, limits.invitation_days * DAY_MS, display_name=display_name or name,
                 roles=given, teams=teams, language=language, waits=waits)  # fmt: skip
    act.record("user.invited", name, roles=people.pack_roles(given), teams=", ".join(sorted(teams))[:500])
    if waits:
        rights.ask(act, "payroll", name)
    return made


def reset(
    act: Acting, limits: Settings, name: str, *, clears_factor: bool = False, consented: bool = False
) -> Link | None:
    """A link with which somebody chooses a new password and, with `clears_factor`, sets up a new second factor. None
    where it waits for somebody else's consent. Raises Problem."""
    found = act.find(name)
    if not consented and "payroll" in found.roles.split() and rights.takes_two(act):
        rights.ask(act, "reset_factor" if clears_factor else "reset", name)
        return None
    made = _make(act, "reset", name, limits.reset_minutes * 60_000, display_name=found.display_name,
                 clears_factor=clears_factor)  # fmt: skip
    act.record("user.reset_link_made", name, second_factor="taken away" if clears_factor else "stays")
    return made


def withdraw(act: Acting, name: str) -> None:
    """An open link stops working, and what was asked for it is not wanted any more. Raises Problem."""
    if not invitations.withdraw(act.connection, act.site, name):
        raise Problem("auth.link_invalid")
    if people.find_user(act.connection, act.site, name) is None:
        two_people.forget(act.connection, act.site, name)
    act.record("user.link_withdrawn", name)


def _make(
    act: Acting, kind: invitations.Kind, name: str, lasts_ms: int, *, waits: bool = False, **values: object
) -> Link:
    secret, expires = credentials.make_secret(PREFIX), act.now + lasts_ms
    invitations.create(
        act.connection, act.site, kind, name, credentials.digest(secret), created_by=act.user or act.by, now=act.now,
        expires_at=expires, **values,  # type: ignore[arg-type]
    )  # fmt: skip
    return Link(PATHS[kind], secret, name, expires, waits)


def check_name(name: str) -> None:
    """Raise Problem for what cannot be a new sign-in name: it stands in addresses and in the trail."""
    if not 1 <= len(name) <= 64 or not name.isprintable() or name != name.strip() or set(name) & set("/\\:#?%"):
        raise Problem(
            "request.invalid",
            gettext("A sign-in name has 1 to 64 characters and none of / \\ : # ? %%."),
            pointer="/name",
        )
    if not name.strip("."):
        raise Problem("request.invalid", gettext("A sign-in name is more than dots."), pointer="/name")


# --- using links -------------------------------------------------------------------------------------------------


def find_open(connection: Connection, site: str, secret_hash: str, moment: int) -> Invitation:
    """The link with this secret. Raises Problem where it cannot be used (any more)."""
    link = invitations.find(connection, site, secret_hash)
    if link is None or link.state(moment) != "open":
        raise Problem("auth.link_invalid")
    return link


def accept(
    connection: Connection,
    site: str,
    secret_hash: str,
    moment: int,
    *,
    password_hash: str = "",
    identity: tuple[str, str] | None = None,
) -> str:
    """Use a link up with a new password, or with an account elsewhere (issuer, subject) that signs in from now on.
    Returns the user's name. Raises Problem; then nothing of it may be kept."""
    link = find_open(connection, site, secret_hash, moment)
    act = Acting(connection, site, f"user:{link.user}", moment)  # who holds the link is its user
    if not invitations.use(connection, site, secret_hash, moment):
        raise Problem("auth.link_invalid")
    if link.kind == "invitation":
        try:
            people.create_user(
                connection, site, link.user, display_name=link.display_name, password_hash=password_hash,
                roles=link.roles.split(), language=link.language, teams=people.unpack_teams(link.teams) or (),
            )  # fmt: skip
        except IntegrityError as wrong:
            raise Problem("user.name_taken") from wrong
        act.record("user.created", link.user, roles=link.roles, invited_by=link.created_by)
    else:
        if not act.find(link.user).active:
            raise Problem("auth.link_invalid")
        if link.clears_factor:
            rights.forget_factors(act, link.user)
        guessing.forget(connection, site, link.user)
        people.end_sessions(connection, site, link.user)
    if password_hash and link.kind == "reset":
        people.change_user(connection, site, link.user, password_hash=password_hash)
        act.record("user.password_changed", link.user, by="link")
    if identity:
        try:
            identities.link(connection, site, *identity, link.user, moment)
        except IntegrityError as wrong:
            raise Problem("oidc.taken") from wrong
        act.record("user.linked", link.user, issuer=identity[0])
    return link.user


def _alone(connection: Connection, limits: Settings, link: Invitation) -> bool:
    """Whether the password will be the only factor."""
    if link.kind == "invitation":
        return not limits.needs_factor(link.roles.split())
    found = people.find_user(connection, limits.site, link.user)
    kept = not link.clears_factor and factors.has_factor(connection, limits.site, link.user)
    return not kept and not limits.needs_factor(found.roles.split() if found else ())


# --- pages -------------------------------------------------------------------------------------------------------


@blueprint.get("/join")
@access(public=WHY)
def join_page() -> str:
    """The form that takes an invitation's secret; the browser fills it in from the link."""
    return render_template("auth/link.html", kind="invitation", problem=None)


@blueprint.get("/reset")
@access(public=WHY)
def reset_page() -> str:
    """The same of a reset."""
    return render_template("auth/link.html", kind="reset", problem=None)


@blueprint.post("/join")
@access(public=WHY, writes=WRITES)
def join() -> ResponseReturnValue:
    """Say whom an invitation is for; with a password, accept it."""
    return _follow("invitation")


@blueprint.post("/reset")
@access(public=WHY, writes=WRITES)
def choose_again() -> ResponseReturnValue:
    """Say whose password a link resets; with one, set it."""
    return _follow("reset")


def _follow(kind: str) -> ResponseReturnValue:
    limits, form = settings(), request.form
    code = form.get("code", "").strip()
    hashed = credentials.digest(code)
    try:
        with read(db.engine) as connection:
            link = find_open(connection, limits.site, hashed, now())
            alone = _alone(connection, limits, link)
        if link.kind != kind:
            raise Problem("auth.link_invalid")
    except Problem as problem:
        return Response(render_template("auth/link.html", kind=kind, problem=problem), problem.kind.status)
    password = form.get("password")
    if password is None:
        return _choose(link, code, alone)
    try:
        if password != form.get("again", ""):
            raise Problem("auth.password_differs")
        stored = passwords.hash_password(limits, password, link.user, alone=alone)
        with write(db.engine) as connection:
            user = accept(connection, limits.site, hashed, now(), password_hash=stored)
    except Problem as problem:
        page = _choose(link, code, alone, problem)
        return Response(page, problem.kind.status)
    return sessions.begin_session(user, "password", stands_alone=passwords.stands_alone(password))


def _choose(link: Invitation, code: str, alone: bool, problem: Problem | None = None) -> str:
    limits = settings()
    return render_template(
        "auth/link_choose.html", link=link, code=code, problem=problem, rule=passwords.rule(alone=alone),
        least=passwords.least(alone=alone), elsewhere=oidc.is_on(limits), elsewhere_name=limits.oidc_name,
    )  # fmt: skip
