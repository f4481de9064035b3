"""Every view says who may call it; one that does not is closed.

    @blueprint.get("/orders/<path:code>")
    @access(roles={"lead"}, objects="order", query={"state"}, reads={"name"})
    def show_order(code): ...

    @blueprint.post("/api/v1/events")
    @access(device=True, scopes={"events:write"}, objects="own", writes={"protocol", "batch_id", "events"})
    def accept_events(): ...

    @blueprint.get("/sign-in")
    @access(public="who signs in is not known yet")
    def sign_in(): ...

The ways add up: whoever fits one of them may pass. Inside a view `current` says who that was. A rule also says whose
things the view touches (`objects`, see server/auth/objects.py), what it takes (`query` parameters, `writes`: fields of
a form or of a JSON object; everything else is refused, see server/auth/fields.py) and what of people it shows
(`reads`). tests/security/matrix.py has all of it written down once more, by hand: who loosens a rule says so there.
"""

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeVar, cast

from flask import Flask, current_app, g, request
from flask.ctx import _AppCtxGlobals
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.local import LocalProxy

from server.auth import credentials, signature
from server.auth.fields import READABLE, check_request
from server.auth.objects import RULES
from server.extensions import db, now, settings
from server.problems import Problem
from server.settings import ROLES as ROLES
from server.store import people
from server.store.database import read, write, write_if_free
from server.store.teams import Reach

# What a program's token may be for, and who may make one for it: whoever may do as much himself.
SCOPES: dict[str, frozenset[str]] = {
    "events:write": frozenset({"lead", "admin"}),
    "events:read": frozenset({"lead", "admin"}),
    "reference:read": frozenset({"lead", "accountant", "admin"}),
    "reference:write": frozenset({"admin"}),
    "entries:read": frozenset({"accountant", "payroll"}),
}
OF_ALL_PEOPLE = frozenset({"events:write", "reference:read", "reference:write"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# A row that says when somebody was last seen is written at most so often, so that reading a page rarely writes.
SEEN_EVERY_MS = 60_000

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Access:
    """The rule of one view. `upload`: its body may be as large as a file (the setting `upload_limit`); `unsigned`: a
    device may call it that lost the key it signs with; `spends`: it calls `spend_nonce` in its own transaction, so that
    a batch of facts is one write and not two; `fresh`: a user proved within the last minutes (the setting
    `step_up_minutes`) who they are, or is asked again; `arriving`: also for a user whose sign-in still lacks something,
    so that they can mend it."""

    public: str = ""
    roles: frozenset[str] = frozenset()
    device: bool = False
    scopes: frozenset[str] = frozenset()
    objects: str = ""
    query: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    upload: bool = False
    unsigned: bool = False
    spends: bool = False
    fresh: bool = False
    arriving: bool = False

    def admits(self, principal: "Principal") -> bool:
        """Whether `principal` may call the view."""
        match principal.kind:
            case "user":
                fits = bool(self.roles & principal.roles) and (self.arriving or not principal.lacks)
            case "device":
                fits = self.device
            case "token":
                fits = bool(self.scopes & principal.scopes)
            case "public":
                fits = False
        return fits or bool(self.public)


@dataclass(frozen=True)
class Principal:
    """Who is asking. `id`: a user's sign-in name, a device's or token's id, "" for the public; `reach`: the departments
    whose people a user sees, None: all. `machine` and `work_center`: the one thing a program's token is bound to,
    "" for no such bound."""

    kind: Literal["user", "device", "token", "public"]
    site: str
    id: str = ""
    name: str = ""
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    language: str = ""
    reach: Reach = None
    last_seq: int = 0
    machine: str = ""
    work_center: str = ""
    session: str = field(default="", repr=False)
    proved_at: int = 0
    lacks: str = ""
    device: people.Device | None = field(default=None, repr=False)

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


class NotFresh(Problem):
    """A view asks for a proof of the last minutes; server/auth/proof.py asks the reader for it."""


class Unfinished(Problem):
    """A sign-in lacks something before anything opens; server/auth/proof.py leads to where it is mended."""


class Globals(_AppCtxGlobals):
    """`flask.g`, with what we keep there."""

    principal: Principal
    rule: Access
    nonce: str


PUBLIC = Access(public="asks who it is without minding")


def access(
    *,
    public: str = "",
    roles: Set[str] = frozenset(),
    device: bool = False,
    scopes: Set[str] = frozenset(),
    objects: str = "",
    query: Set[str] = frozenset(),
    writes: Set[str] = frozenset(),
    reads: Set[str] = frozenset(),
    upload: bool = False,
    unsigned: bool = False,
    spends: bool = False,
    fresh: bool = False,
    arriving: bool = False,
) -> Callable[[View], View]:
    """Say who may call a view: everybody (`public` gives the reason), users with one of `roles`, enrolled devices,
    tokens with one of `scopes`; and what of: see `Access`. Raises ValueError for a rule that admits nobody or names
    what nobody knows."""
    if not (public or roles or device or scopes):
        raise ValueError("an access rule admits somebody")
    if unknown := (roles - set(ROLES)) | (scopes - set(SCOPES)) | (reads - set(READABLE)) | ({objects} - {"", *RULES}):
        raise ValueError(f"an access rule does not know: {', '.join(sorted(unknown))}")
    rule = Access(
        public, frozenset(roles), device, frozenset(scopes), objects or ("none" if public else ""),
        frozenset(query), frozenset(writes), frozenset(reads), upload, unsigned, spends, fresh,
        arriving,
    )  # fmt: skip

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
    g.rule = rule
    if not rule.public:  # elsewhere who it is matters only to views that ask `current`
        _admit(rule)
    if rule.upload:
        request.max_content_length = settings().upload_limit
    values = request.view_args or {}
    check_request(rule.query, rule.writes, values)
    if rule.objects and RULES[rule.objects].look:
        with read(db.engine) as connection:
            RULES[rule.objects].check(connection, current, values)
    # Last, so that a form that is kept while its sender is asked again holds nothing this address does not take.
    if rule.fresh and current.user and now() - current.proved_at > settings().step_up_minutes * 60_000:
        raise NotFresh("auth.not_fresh")


def _admit(rule: Access) -> None:
    g.principal = principal = identify(rule)
    if rule.admits(principal):
        if principal.device:
            _prove(principal.device, rule)
        return
    if principal.lacks:
        raise Unfinished("auth.unfinished")
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
    roles = frozenset(found.roles.split())
    minutes = limits.lead_idle_minutes if roles == {"lead"} else limits.session_idle_minutes
    idle = moment - found.seen_at > minutes * 60_000
    if idle or moment - found.created_at > limits.session_hours * 3_600_000 or not found.active:
        with write(db.engine) as connection:
            people.end_session(connection, site, hashed)
        return None
    # A page that refreshes itself says so: it must not keep a sign-in alive on a desk nobody sits at.
    if moment - found.seen_at > SEEN_EVERY_MS and "X-Passive" not in request.headers:
        write_if_free(db.engine, lambda connection: people.touch_session(connection, site, hashed, moment))
    if found.lacks == "code":  # the password alone says too little of who it is: nobody, until the code is there
        return None
    reach = people.unpack_teams(found.teams)
    return Principal(
        "user", site, found.name, found.display_name, roles, language=found.language, reach=reach, session=hashed,
        proved_at=found.proved_at, lacks=found.lacks,
    )  # fmt: skip


def _device(site: str, secret: str) -> Principal | None:
    if not secret:
        return None
    hashed = credentials.digest(secret)
    with read(db.engine) as connection:
        found = people.find_device(connection, site, hashed)
    if found is None or found.revoked_at is not None:
        return None
    return Principal("device", site, found.id, found.name, last_seq=found.last_seq, device=found)


def at_the_desk(name: str, number: str) -> str:
    """What a device that asks to be let in shows: with it in the hand one compares it with what is at the desk."""
    return gettext("There it is called “%(name)s”, with the number %(number)s.", name=name,
                   number=f"{number[:3]} {number[3:]}")  # fmt: skip


def _prove(device: people.Device, rule: Access) -> None:
    """Refuse a device that nobody has let in, and a request that its key did not sign."""
    if device.approved_at is None:
        raise Problem("device.waiting", at_the_desk(device.name, signature.fingerprint(device.public_key or device.id)))
    site, moment = settings().site, now()
    if device.public_key and not rule.unsigned:
        g.nonce = signature.check(request, device.public_key, moment)
        if request.method not in SAFE and not rule.spends:
            with write(db.engine) as connection:
                spend_nonce(connection)
    if device.seen_at is None or moment - device.seen_at > SEEN_EVERY_MS:
        write_if_free(db.engine, lambda connection: people.touch_device(connection, site, device.id, moment))


def spend_nonce(connection: Connection) -> None:
    """Use up the number of this request's signature, if a device signed it. Raises Problem for one that was used."""
    if nonce := g.pop("nonce", ""):
        moment = now()
        since = moment - 2 * signature.HOLDS_MS
        if not people.use_nonce(connection, current.site, current.device_id, nonce, moment, since):
            raise Problem("device.signature_used")


def _token(site: str, secret: str) -> Principal | None:
    hashed = credentials.digest(secret)
    moment = now()
    with read(db.engine) as connection:
        found = people.find_token(connection, site, hashed)
        maker = people.find_user(connection, site, found.created_by) if found and found.created_by else None
    if found is None or found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= moment):
        return None
    if found.used_at is None or moment - found.used_at > SEEN_EVERY_MS:
        write_if_free(db.engine, lambda connection: people.touch_token(connection, site, found.id, moment))
    scopes = frozenset(found.scopes.split())
    if found.created_by:  # what its maker may no longer do, it may not either
        scopes &= grantable(maker.roles.split(), maker.teams) if maker and maker.active else frozenset()
    return Principal(
        "token", site, found.id, found.name, scopes=scopes, machine=found.machine, work_center=found.work_center
    )


def grantable(roles: Iterable[str], teams: str = "") -> frozenset[str]:
    """The scopes somebody with these roles may give to a program; limited to some departments (`teams`, as a user has
    them), not those that read or tell of the people of all."""
    may = frozenset(scope for scope, makers in SCOPES.items() if not makers.isdisjoint(roles))
    return may - OF_ALL_PEOPLE if teams else may


def _current() -> Principal:
    if "principal" not in g:
        try:
            found = identify(PUBLIC)
        except Problem:  # a credential that is not valid: on a public page, and on the one that says so, it is nobody's
            found = Principal("public", settings().site)
        # Public views ask for no proof: there a device that owes one is nobody.
        owes = found.device is not None and (found.device.public_key or found.device.approved_at is None)
        g.principal = Principal("public", found.site) if owes else found
    return g.principal


current = cast(Principal, LocalProxy(_current))
