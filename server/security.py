"""What every request must bring and every answer carries: same site, known host, strict headers."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

from server.auth import credentials
from server.auth.access import rule_of
from server.extensions import settings
from server.problems import Problem
from server.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    # The browser lets text become markup or script only through the hands named: desk-trust.js, which looks at what
    # htmx puts in place, and on the phone lib/trust.js and lit-html, which makes markup of its own templates only.
    "require-trusted-types-for": "'script'",
    "trusted-types": "desk",
}


def _policy(**changes: str) -> str:
    """POLICY with changes; an empty one takes a directive away."""
    told = POLICY | {name.replace("_", "-"): value for name, value in changes.items()}
    return "; ".join(f"{name} {value}" for name, value in told.items() if value)


CONTENT_SECURITY_POLICY = _policy()
# The phone: the scanner's decoder is WebAssembly.
_DECODER = "'self' 'wasm-unsafe-eval'"
PHONE_POLICY = _policy(script_src=_DECODER, trusted_types="lit-html default")
# A worker goes by the policy of its script. It has no page to make markup in, and names the scripts it loads itself.
WORKER_POLICY = _policy(script_src=_DECODER, require_trusted_types_for="", trusted_types="")
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Views that scan open the camera themselves.
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=()",
}
SCANNING = HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")
SAFE = {"GET", "HEAD", "OPTIONS"}


def init_app(app: Flask) -> None:
    """Install the checks and headers on `app`."""
    chosen: Settings = app.extensions["settings"]
    if chosen.proxies:
        app.wsgi_app = Proxies(app.wsgi_app, chosen)  # type: ignore[method-assign]
    app.config["TRUSTED_HOSTS"] = list(chosen.trusted_hosts) or None
    app.before_request(check_origin)
    app.after_request(add_headers)


class Proxies:
    """Believes what the proxies of the settings say of whom they speak for, and of nobody else: who reaches the server
    around them is who it is, whatever X-Forwarded-* it sends."""

    def __init__(self, app: "WSGIApplication", chosen: Settings) -> None:
        count = chosen.proxies
        self.direct, self.behind = app, ProxyFix(app, x_for=count, x_proto=count, x_host=count)
        self.known = [ip_network(text) for text in chosen.proxy_addresses]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The application's answer."""
        told = self._is_proxy(environ.get("REMOTE_ADDR", ""))
        return self.behind(environ, start_response) if told else self.direct(environ, start_response)

    def _is_proxy(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        plain = getattr(address, "ipv4_mapped", None) or address  # as a socket of both versions shows it
        return any(plain in network for network in self.known)


def check_origin() -> None:
    """Refuse a change that another site's page asks for in this browser's name, and an API call that is not JSON.

    A browser says where a request comes from (`Sec-Fetch-Site`; older ones `Origin`). A bearer token is no browser's:
    nobody can make a browser send it. The same goes for a request without any cookie.
    """
    if request.method in SAFE or credentials.bearer():  # any other kind of credential leaves the cookies to speak
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        own = site in ("same-origin", "none")
    elif origin is not None:
        own = _same_origin(origin)
    else:
        own = not request.cookies
    if not own:
        raise Problem("auth.cross_site")
    # A form can send what is not JSON, but only with POST: another method no page of another site can use.
    if request.method == "POST" and request.path.startswith("/api/") and request.content_length and not request.is_json:
        raise Problem("request.media_type", expected="application/json")


def _same_origin(origin: str) -> bool:
    parts = urlsplit(origin)
    if (parts.scheme, parts.netloc) == (request.scheme, request.host):
        return True
    public = urlsplit(settings().public_url)
    return bool(public.netloc) and (parts.scheme, parts.netloc) == (public.scheme, public.netloc)


def base_url() -> str:
    """The address of this server for links that are handed on, without a slash at its end. What a browser sends as Host
    may be anybody's wish (SR-16), so it counts only where the settings say which hosts are ours, or on this machine.

    Raises Problem where neither tells."""
    chosen = settings()
    if chosen.public_url:
        return chosen.public_url.rstrip("/")
    if chosen.trusted_hosts or urlsplit(request.host_url).hostname in ("localhost", "127.0.0.1", "::1"):
        return request.host_url.rstrip("/")
    raise Problem("auth.no_address")


def add_headers(response: Response) -> Response:
    """The headers of every answer, errors and static files included."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    rule = rule_of(request.endpoint or "")
    if rule is None or not rule.public:  # what somebody had to show a credential for stays in no cache
        response.headers["Cache-Control"] = "no-store"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def local_path(target: str | None, default: str = "/") -> str:
    """`target` when it is a path of this server, else `default`: where a page may lead on to.

    Browsers read a backslash as a slash, skip control characters, and take "//host" for another site.
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or len(target) > 2000:
        return default
    if "\\" in target or not target.isprintable() or not target.isascii() or " " in target:
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target
