"""Sign-ins of users: how one begins, what it may still lack, how it is proved again, where it leads.

A sign-in has a secret of its own, new whenever what it may do changes: at the beginning, when a second factor completes
it, when its user proves again who they are. The secret before is dead from that moment. What it lacks is one of

    code      the password was right, the second factor has not been shown: it is nobody yet
    factor    the roles ask for a second factor and the user has none: it can be set up, nothing else
    password  the password is too short to stand alone: it can be changed, or a second factor set up, nothing else
"""

from typing import cast
from urllib.parse import quote

from flask import Response, redirect, request
from sqlalchemy import Connection

from server.auth import credentials
from server.auth.access import current
from server.extensions import db, now, settings
from server.settings import Settings
from server.store import audit, factors, people
from server.store.database import read, write

# Where what is lacking is mended.
PLACES = {"code": "/sign-in/second", "factor": "/account/second-factor", "password": "/account/password"}
# The password is forgotten when the code does not follow within so long.
CODE_WITHIN_MS = 10 * 60_000

# Names a browser gives itself, the more telling first: nearly all of them claim to be Safari.
_BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS": "Firefox", "CriOS": "Chrome",
             "Chrome/": "Chrome", "Safari/": "Safari"}  # fmt: skip
_SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS",
            "CrOS": "ChromeOS", "Linux": "Linux"}  # fmt: skip


def begin_session(
    user: str, how: str, target: str = "", *, stands_alone: bool = True, proved_at: int | None = None
) -> Response:
    """Sign a user in who has just proved, by `how`, who they are; the answer sets the cookie and leads on to `target`
    (a path of this server), or to what is lacking.

    `how`: "password"; or what needs nothing beside it: "passkey", "oidc". `stands_alone`: the password is long enough
    to be the only factor; `proved_at`: when it was proved, if not just now. What this browser was signed in as is over.
    """
    limits, moment, secret = settings(), now(), credentials.make_secret()
    with write(db.engine) as connection:
        lacks = _lacks(connection, limits, user, how, stands_alone=stands_alone)
        if old := credentials.session_cookie():
            people.end_session(connection, limits.site, credentials.digest(old))
        people.start_session(
            connection, limits.site, user, credentials.digest(secret), moment, how=how, lacks=lacks, browser=browser(),
            proved_at=proved_at,
        )  # fmt: skip
        if lacks != "code":
            _tell(connection, user, how)
    return _lead_on(lacks, target, secret)


def pending() -> tuple[str, str] | None:
    """(user, hash of the session) of a sign-in in this browser whose password was right and whose second factor has
    not been shown, or None."""
    hashed = credentials.digest(credentials.session_cookie())
    with read(db.engine) as connection:
        found = people.find_session(connection, settings().site, hashed)
    if found is None or found.lacks != "code" or not found.active or now() - found.created_at > CODE_WITHIN_MS:
        return None
    return found.name, hashed


def complete(user: str, session: str, how: str, target: str = "") -> Response:
    """The second factor was shown: the sign-in of `pending` is whole."""
    limits, secret = settings(), credentials.make_secret()
    with write(db.engine) as connection:
        people.renew_session(connection, limits.site, session, credentials.digest(secret), now(), how=f"password {how}")
        _tell(connection, user, f"password {how}")
    return _lead_on("", target, secret)


def prove_again(how: str, response: Response, *, lacks: str | None = None) -> Response:
    """The current user has just proved, by `how`, who they are; the cookie of `response` is the sign-in's new one.
    `lacks`: what it lacks from now on; None: what it did."""
    limits, secret, moment = settings(), credentials.make_secret(), now()
    with write(db.engine) as connection:
        renewed = people.renew_session(
            connection, limits.site, current.session, credentials.digest(secret), moment, how=how,
            lacks=current.lacks if lacks is None else lacks,
        )  # fmt: skip
        audit.record(connection, limits.site, at=moment, actor=f"user:{current.user}", action="user.proved_again",
                     subject=current.user, details={"how": how})  # fmt: skip
    if renewed:
        credentials.set_session(response, secret)
    return response


def begin_after_change(response: Response) -> Response:
    """The current user's sign-ins were all ended, by a new password; this browser stays signed in. What it lacked but
    the password it lacks still."""
    limits, secret = settings(), credentials.make_secret()
    with write(db.engine) as connection:
        people.start_session(
            connection, limits.site, current.user, credentials.digest(secret), now(), how="password",
            lacks="factor" if current.lacks == "factor" else "", browser=browser(),
        )  # fmt: skip
    credentials.set_session(response, secret)
    return response


def browser() -> str:
    """What a person recognises their browser by: "Firefox, Linux"; never more of what it says of itself."""
    told = request.headers.get("User-Agent", "")
    names = [next((name for sign, name in kinds.items() if sign in told), "") for kinds in (_BROWSERS, _SYSTEMS)]
    return ", ".join(name for name in names if name)


def place_of(lacks: str, target: str = "") -> str:
    """The page that mends what is lacking and then leads on to `target`."""
    return PLACES[lacks] + (f"?next={quote(target, safe='/')}" if target else "")


def _lacks(connection: Connection, limits: Settings, user: str, how: str, *, stands_alone: bool) -> str:
    if how != "password":
        return ""
    if factors.has_factor(connection, limits.site, user):
        return "code"
    found = people.find_user(connection, limits.site, user)
    if limits.needs_factor(found.roles.split() if found else ()):
        return "factor"
    return "" if stands_alone else "password"


def _tell(connection: Connection, user: str, how: str) -> None:
    site, moment = settings().site, now()
    people.change_user(connection, site, user, signed_in_at=moment)
    audit.record(connection, site, at=moment, actor=f"user:{user}", action="user.signed_in", subject=user,
                 details={"how": how})  # fmt: skip


def _lead_on(lacks: str, target: str, secret: str) -> Response:
    response = cast(Response, redirect(place_of(lacks, target) if lacks else target or "/start", 303))
    credentials.set_session(response, secret)
    return response
