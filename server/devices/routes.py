"""Enrolment: an administrator or lead shows a QR code, a device scans it and keeps a credential of its own."""

from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from server import qr
from server.auth import credentials, pins
from server.auth.access import access, current
from server.extensions import db, now, settings
from server.language import LANGUAGE_COOKIE, LANGUAGES
from server.menu import menu
from server.problems import Problem
from server.store import intake_log, people
from server.store.database import read, write
from server.store.sites import find_site
from sync.core.clock import format_instant

_ = lazy_gettext

blueprint = Blueprint("devices", __name__)


@blueprint.post("/api/v1/devices/enrol")
@access(public="a device that enrols has no credential yet; its single-use code is the proof")
def enrol() -> ResponseReturnValue:
    """Trade an enrolment code for a device's credential."""
    wanted = _json_object()
    secret, name = wanted.get("secret"), wanted.get("name")
    if not isinstance(secret, str) or not isinstance(name, str):
        raise Problem("request.invalid", gettext("Send the fields secret and name as text."))
    name = " ".join(name.split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise Problem("request.invalid", gettext("A device's name has 1 to 200 characters."), pointer="/name")
    site, moment, own = settings().site, now(), credentials.make_secret(credentials.DEVICE_PREFIX)
    with write(db.engine) as connection:
        match people.use_enrolment(connection, site, credentials.digest(secret), moment):
            case "unknown":
                raise Problem("device.secret_unknown")
            case "used":
                raise Problem("device.secret_used")
            case "expired":
                raise Problem("device.secret_expired")
        identity = people.create_device(connection, site, name, credentials.digest(own), moment)
        found = find_site(connection, site)
    known = {"id": identity, "name": name, "site": site}
    # The phone keeps the credential beside its cookie too; see `identify` in server/auth/access.py.
    response = jsonify(device=known, lineage=found.lineage if found else None, token=own)
    credentials.set_device(response, own)
    if wanted.get("language") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, wanted["language"], path="/", secure=request.is_secure, samesite="Lax")
    return response, 201


@blueprint.get("/api/v1/device")
@access(device=True)
def device() -> ResponseReturnValue:
    """The calling device as the server knows it; renews its cookie."""
    with read(db.engine) as connection:
        found = find_site(connection, current.site)
    known = {"id": current.device_id, "name": current.name, "site": current.site, "last_seq": current.last_seq}
    response = jsonify(device=known, lineage=found.lineage if found else None, now=format_instant(now()))
    credentials.set_device(response, credentials.bearer() or credentials.device_cookie())
    return response


@blueprint.post("/api/v1/device/sign-in")
@access(device=True)
def sign_in() -> ResponseReturnValue:
    """Whose number and PIN these are. Only here, never on the device, which keeps working without it."""
    given = _json_object()
    number, pin = given.get("number"), given.get("pin")
    if not isinstance(number, str) or not isinstance(pin, str) or not 1 <= len(number) <= 64 or len(pin) > 64:
        raise Problem("request.invalid", gettext("Send the fields number and pin as text."))
    return jsonify(person=pins.sign_in(db.engine, settings(), current.device_id, number, pin, now()))


@blueprint.get("/admin/devices")
@access(roles={"admin", "lead"})
@menu(_("Devices"), group="admin", order=10)
def list_devices() -> str:
    """All devices: who called last when, and up to which number."""
    return _page()


@blueprint.post("/admin/devices/enrolment")
@access(roles={"admin", "lead"})
def offer_enrolment() -> str:
    """A new single-use code as QR and as address, shown once."""
    secret, limits = credentials.make_secret(), settings()
    expires = now() + limits.enrolment_minutes * 60_000
    with write(db.engine) as connection:
        people.create_enrolment(
            connection, limits.site, credentials.digest(secret), expires_at=expires, created_by=current.user
        )
    base = limits.public_url or request.url_root
    address = f"{base.rstrip('/')}/enrol#{secret}"
    return _page(address=address, code=qr.svg(address), expires=expires)


@blueprint.post("/admin/devices/<identity>/revoke")
@access(roles={"admin", "lead"})
def revoke(identity: str) -> ResponseReturnValue:
    """Shut a device out. What it has not sent stays on it, to be rescued by hand."""
    with write(db.engine) as connection:
        if not people.revoke_device(connection, settings().site, identity, now()):
            raise Problem("device.unknown")
    return Response(status=303, headers={"Location": "/admin/devices"})


def _page(**offer: Any) -> str:
    with read(db.engine) as connection:
        devices = people.list_devices(connection, settings().site)
        missing = intake_log.missing_numbers(connection, settings().site)
    return render_template("devices/list.html", devices=devices, missing=missing, offer=offer, now=now())


def _json_object() -> dict[str, Any]:
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Problem("request.invalid", gettext("Send a JSON object."))
    return given
