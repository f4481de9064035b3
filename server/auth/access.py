"""Every view says who may call it; one that does not is closed.

    @blueprint.get("/board")
    @access(roles={"lead"})
    def board(): ...

    @blueprint.post("/api/v1/events")
    @access(device=True, scopes={"events:write"})
    def accept_events(): ...

    @blueprint.get("/sign-in")
    @access(public="who signs in is not known yet")
    def sign_in(): ...

The ways add up: whoever fits one of them may pass. Inside a view `current` says who that was.
"""

from collections.abc import Callable, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar, cast

from flask import Flask, current_app, g, request
from flask.ctx import _AppCtxGlobals
from werkzeug.local import LocalProxy

from server.auth import credentials
from server.extensions import db, now, settings
from server.problems import Problem
from server.store import people
from server.store.database import read, write, write_if_free

ROLES = ("lead", "accountant", "payroll", "admin")
SCOPES = ("events:write", "reference:read", "reference:write", "entries:read", "events:read")
# A row that says when somebody was last seen is written at most so often, so that reading a page rarely writes.
SEEN_EVERY_MS = 60_000

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """The rule of one view."""

    public: str = ""
    roles: frozenset[str] = frozenset()
    device: bool = False
    scopes: frozenset[str] = frozenset()

    def admits(self, principal: "Principal") -> bool:
        """Whether `principal` may call the view."""
        match principal.kind:
            case "user":
                fits = bool(self.roles & principal.roles)
            case "device":
                fits = self.device
            case "token":
                fits = bool(self.scopes & principal.scopes)
            case "public":
                fits = False
        return fits or bool(self.public)


@dataclass(frozen=True)
class Principal:
    """Who is asking. `id`: a user's sign-in name, a device's or token's id, "" for the public."""

    kind: Literal["user", "device", "token", "public"]
    site: str
    id: str = ""
    name: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    language: str = ""
    last_seq: int = 0
    session: str = field(default="", repr=False)

    @property
    def user(self) -> str:
        """The sign-in name, "" when no person is signed in."""
        return self.id if self.kind == "user" else ""

    @property
    def device_id(self) -> str:
        """The device's id, "" when no device asks."""
        return self.id if self.kind == "device" else ""

    def has(self, *roles: str) -> bool:
        """Whether a person with one of these roles is signed in."""
        return not self.roles.isdisjoint(roles)


class Globals(_AppCtxGlobals):
    """`flask.g`, with what we keep there."""

    principal: Principal


PUBLIC = Access(public="asks who it is without minding")


def access(
    *, public: str = "", roles: Set[str] = frozenset(), device: bool = False, scopes: Set[str] = frozenset()
) -> Callable[[View], View]:
    """Say who may call a view: everybody (`public` gives the reason), users with one of `roles`, enrolled devices,
    tokens with one of `scopes`. Raises ValueError for a rule that admits nobody or names an unknown role or scope."""
    if not (public or roles or device or scopes):
        raise ValueError("an access rule admits somebody")
    if unknown := (roles - set(ROLES)) | (scopes - set(SCOPES)):
        raise ValueError(f"unknown roles or scopes: {', '.join(sorted(unknown))}")
    rule = Access(public, frozenset(roles), device, frozenset(scopes))

    def mark(view: View) -> View:
        view.access = rule  # type: ignore[attr-defined]
        return view

    return mark


def rule_of(endpoint: str) -> Access | None:
    """The rule of an endpoint's view; None where none is declared."""
    return cast("Access | None", getattr(current_app.view_functions.get(endpoint), "access", None))


def init_app(app: Flask) -> None:
    """Close every view of `app` that does not say who may call it."""
    app.app_ctx_globals_class = Globals
    app.before_request(check_access)


def check_access() -> None:
    """Refuse whoever the view does not admit."""
    if request.endpoint is None:  # no such address: the error handlers answer
        return
    rule = rule_of(request.endpoint)
    if rule is None:
        raise Problem("auth.undeclared")
    if rule.public:  # who it is matters only to views that ask `current`
        return
    g.principal = principal = identify(rule)
    if rule.admits(principal):
        return
    if principal.kind == "public":
        raise Problem("auth.revoked" if credentials.offered() and rule.device else "auth.missing")
    raise Problem("auth.forbidden", needs=", ".join(sorted(rule.roles or rule.scopes)) or "device")


def identify(rule: Access) -> Principal:
    """The principal of this request. A bearer token speaks for itself alone; of cookies, one that fits the rule."""
    site = settings().site
    nobody = Principal("public", site)
    if token := credentials.bearer():
        # A device has its secret twice: browsers write cookies to the disk in bundles, so one that is killed within
        # half a minute of enrolment loses the cookie, and what it captured must still find its way.
        found = _device(site, token) if token.startswith(credentials.DEVICE_PREFIX) else _token(site, token)
        if found:
            return found
        raise Problem("auth.revoked")
    device = partial(_device, site, credentials.device_cookie())
    ways = [partial(_user, site), device] if rule.roles or not rule.device else [device]
    principals = [found for way in ways if (found := way())]
    return next((found for found in principals if rule.admits(found)), next(iter(principals), nobody))


def _user(site: str) -> Principal | None:
    secret = credentials.session_cookie()
    if not secret:
        return None
    moment, limits = now(), settings()
    hashed = credentials.digest(secret)
    with read(db.engine) as connection:
        found = people.find_session(connection, site, hashed)
    if found is None:
        return None
    idle = moment - found.seen_at > limits.session_idle_minutes * 60_000
    if idle or moment - found.created_at > limits.session_hours * 3_600_000 or not found.active:
        with write(db.engine) as connection:
            people.end_session(connection, site, hashed)
        return None
    # A page that refreshes itself says so: it must not keep a sign-in alive on a desk nobody sits at.
    if moment - found.seen_at > SEEN_EVERY_MS and "X-Passive" not in request.headers:
        write_if_free(db.engine, lambda connection: people.touch_session(connection, site, hashed, moment))
    roles = frozenset(found.roles.split())
    return Principal("user", site, found.name, found.display_name, roles, language=found.language, session=hashed)


def _device(site: str, secret: str) -> Principal | None:
    if not secret:
        return None
    hashed = credentials.digest(secret)
    with read(db.engine) as connection:
        found = people.find_device(connection, site, hashed)
    if found is None or found.revoked_at is not None:
        return None
    moment = now()
    if found.seen_at is None or moment - found.seen_at > SEEN_EVERY_MS:
        write_if_free(db.engine, lambda connection: people.touch_device(connection, site, found.id, moment))
    return Principal("device", site, found.id, found.name, last_seq=found.last_seq)


def _token(site: str, secret: str) -> Principal | None:
    hashed = credentials.digest(secret)
    moment = now()
    with read(db.engine) as connection:
        found = people.find_token(connection, site, hashed)
    if found is None or found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= moment):
        return None
    if found.used_at is None or moment - found.used_at > SEEN_EVERY_MS:
        write_if_free(db.engine, lambda connection: people.touch_token(connection, site, found.id, moment))
    return Principal("token", site, found.id, found.name, scopes=frozenset(found.scopes.split()))


def _current() -> Principal:
    if "principal" not in g:
        g.principal = identify(PUBLIC)
    return g.principal


current = cast(Principal, LocalProxy(_current))
