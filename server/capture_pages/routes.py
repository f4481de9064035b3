"""The shell of the phone. Its addresses differ only in what its script does with them; nothing is changed by a GET.

The shell is the same for everybody and asks for no credential: it must open without a network, and what it may read
or send is decided where it reads and sends.
"""

import gzip

from flask import Blueprint, Response, make_response, render_template, request

import webapp
from server import static
from server.auth.access import access
from server.auth.fields import ANY
from server.extensions import settings
from server.security import PHONE_POLICY, SCANNING, WORKER_POLICY

blueprint = Blueprint("capture_pages", __name__)


@blueprint.get("/")
@blueprint.get("/enrol")
@blueprint.get("/S/<code>")
@blueprint.get("/s/<code>")
@access(public="the empty shell of the phone, the same for everybody", query=ANY)
def shell(code: str = "") -> Response:
    """The page; a label's code is read by its script, also offline."""
    page = make_response(render_template("capture.html", version=static.version(), phone=static.phone()))
    page.headers["Permissions-Policy"] = SCANNING
    page.headers["Content-Security-Policy"] = PHONE_POLICY
    return _asked_each_time(page)


@blueprint.get("/plain-http")
@access(public="who cannot get in over plain http needs to read how to mend it", query=ANY)
def plain_http() -> Response:
    """What a browser keeps back from a page over plain http, and how this server gets an address it trusts."""
    # What browsers take for secure: https, and the machine itself.
    name = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    local = name == "localhost" or name.startswith("127.") or name == "[::1]"
    public = settings().public_url
    secure_url = public if public.startswith("https://") else ""
    values = {"host": request.host, "name": name, "secure": request.is_secure or local, "secure_url": secure_url}
    return make_response(render_template("capture_pages/plain_http.html", **values))


@blueprint.get("/service-worker.js")
@access(public="part of the program, the same for everybody", query=ANY)
def service_worker() -> Response:
    """The script that keeps the phone's files: its version and what belongs to it; or the one that undoes it."""
    if settings().phone_worker == "withdrawn":
        script = (webapp.STATIC / "service-worker" / "withdrawn.js").read_text("utf-8")
    else:
        script = render_template("service-worker.js", version=static.version(), precache=static.precache())
    headers = {"Content-Type": "text/javascript; charset=utf-8", "Content-Security-Policy": WORKER_POLICY}
    return _asked_each_time(make_response(script, 200, headers))


@blueprint.get("/manifest.webmanifest")
@access(public="part of the program, the same for everybody", query=ANY)
def manifest() -> Response:
    """What a home screen shows of the phone's page."""
    text = render_template("manifest.webmanifest")
    return _asked_each_time(make_response(text, 200, {"Content-Type": "application/manifest+json"}))


def _asked_each_time(response: Response) -> Response:
    if request.accept_encodings.quality("gzip"):
        # Without the hour of its making: the same page has the same mark.
        response.set_data(gzip.compress(response.get_data(), mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response
