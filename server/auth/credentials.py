"""Secrets that travel: made here, shown or sent once, kept only as a hash.

All of them have 160 random bits, so a plain SHA-256 is enough to keep them: there is nothing to guess.
"""

import hashlib
import secrets

from flask import Response, request

SESSION = "fl_session"
DEVICE = "fl_device"
OIDC = "fl_oidc"
# What a device's secret begins with, so that it is known from an API token when it comes as a bearer token.
DEVICE_PREFIX = "fld_"
# Browsers cap a cookie's life at 400 days; each contact of a device renews it.
DEVICE_DAYS = 400


def make_secret(prefix: str = "") -> str:
    """A new secret; the prefix lets people and scanners recognise what leaked."""
    return prefix + secrets.token_hex(20)


def digest(secret: str) -> str:
    """What is stored in place of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def bearer() -> str:
    """The token of the Authorization header, "" without one."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def session_cookie() -> str:
    """The secret of a signed-in browser, "" without one."""
    return request.cookies.get(_name(SESSION), "")


def device_cookie() -> str:
    """The secret of an enrolled device, "" without one."""
    return request.cookies.get(_name(DEVICE), "")


def offered() -> bool:
    """Whether the request brings a device's cookie at all, valid or not."""
    return bool(device_cookie())


def set_session(response: Response, secret: str) -> None:
    """Keep a sign-in in the browser until it is closed; the server ends it earlier."""
    _set(response, SESSION, secret, "Lax", None)


def clear_session(response: Response) -> None:
    """Take the sign-in out of the browser."""
    response.delete_cookie(_name(SESSION), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def set_device(response: Response, secret: str) -> None:
    """Keep an enrolment on the device."""
    _set(response, DEVICE, secret, "Strict", DEVICE_DAYS * 86_400)


def oidc_cookie() -> str:
    """The secret of a sign-in that went to a provider elsewhere, "" without one."""
    return request.cookies.get(_name(OIDC), "")


def set_oidc(response: Response, secret: str, seconds: int) -> None:
    """Keep the secret of a sign-in while it is at the provider; Lax, because the way back begins on another site."""
    _set(response, OIDC, secret, "Lax", seconds)


def clear_oidc(response: Response) -> None:
    """The sign-in is back: its secret is of no more use."""
    response.delete_cookie(_name(OIDC), path="/", secure=request.is_secure, httponly=True, samesite="Lax")


def _name(cookie: str) -> str:
    # Over https the prefix makes the browser refuse a cookie another host or a plain connection tries to plant.
    return f"__Host-{cookie}" if request.is_secure else cookie


def _set(response: Response, cookie: str, secret: str, same_site: str, max_age: int | None) -> None:
    response.set_cookie(
        _name(cookie), secret, max_age=max_age, path="/", secure=request.is_secure, httponly=True, samesite=same_site
    )
