"""Devices: how they come in (a QR code, used once), what they say of themselves, whose badge they hold, how they are
watched, rescued and shut out."""

import re
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from server import fragments, qr
from server.auth import credentials, pins
from server.auth.access import access, current
from server.auth.fields import json_object
from server.devices.listing import listing
from server.extensions import db, now, settings
from server.fragments import PARTS
from server.intake import rescue
from server.language import LANGUAGE_COOKIE, LANGUAGES
from server.menu import menu
from server.problems import Problem
from server.store import intake_log, people
from server.store.database import read, write
from server.store.sites import find_site, floor
from sync.core.clock import format_instant, parse_instant

_ = lazy_gettext

blueprint = Blueprint("devices", __name__)


@blueprint.post("/api/v1/devices/enrol")
@access(
    public="a device that enrols has no credential yet; its single-use code is the proof",
    writes={"secret", "name", "language"},
)
def enrol() -> ResponseReturnValue:
    """Trade an enrolment code for a device's credential."""
    wanted = json_object()
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
@access(device=True, objects="own", query={"waiting", "oldest", "version"})
def device() -> ResponseReturnValue:
    """The calling device as the server knows it; renews its cookie. It may say what it holds: `waiting` facts, the
    `oldest` captured at that instant, and the `version` of its program."""
    with read(db.engine) as connection:
        found = find_site(connection, current.site)
        stored = people.device_of_id(connection, current.site, current.device_id)
        missing = intake_log.missing_of(connection, current.site, current.device_id, current.last_seq)
    _keep_report(stored)
    known = {"id": current.device_id, "name": current.name, "site": current.site, "last_seq": current.last_seq,
             "missing": missing}  # fmt: skip
    response = jsonify(device=known, lineage=found.lineage if found else None, now=format_instant(now()))
    credentials.set_device(response, credentials.bearer() or credentials.device_cookie())
    return response


def _keep_report(stored: people.Device | None) -> None:
    """Keep what the device says of itself, where it says something else than before. What cannot be read is left out:
    a device whose clock is years off must be heard all the same."""
    asked = request.args
    waiting = asked.get("waiting", "")
    if stored is None or not re.fullmatch("[0-9]{1,7}", waiting, re.ASCII):
        return
    since = None
    if int(waiting):
        with suppress(ValueError):
            since = parse_instant(asked.get("oldest", ""))
    version = "".join(sign for sign in asked.get("version", "") if sign.isprintable())[:40]
    report = {"waiting": int(waiting), "waiting_since": since, "version": version}
    if any(getattr(stored, name) != value for name, value in report.items()):
        with write(db.engine) as connection:
            people.report_device(connection, current.site, stored.id, **report)  # type: ignore[arg-type]


@blueprint.post("/api/v1/device/sign-in")
@access(device=True, objects="own", writes={"number", "pin"}, reads={"name"})
def sign_in() -> ResponseReturnValue:
    """Whose number and PIN these are. Only here, never on the device, which keeps working without it."""
    given = json_object()
    number, pin = given.get("number"), given.get("pin")
    if not (isinstance(number, str) and isinstance(pin, str) and 1 <= len(number) <= 64 and len(pin) <= 64
            and number.isprintable()):  # fmt: skip
        raise Problem("request.invalid", gettext("Send the fields number and pin as text."))
    with read(db.engine) as connection:
        if not floor(connection, current.site).pin:
            raise Problem("person.pin_off")
    return jsonify(person=pins.sign_in(db.engine, settings(), current.device_id, number, pin, now()))


@blueprint.get("/admin/devices")
@access(roles={"admin", "lead"}, objects="site", query=PARTS)
@menu(_("Devices"), group="admin", order=10)
def list_devices() -> Response:
    """All devices: which are missed, what they hold, what of theirs never arrived. Refreshes itself."""
    if fragments.wanted() == "devices":
        return fragments.part("devices/list.html", "devices", **_listing())
    return _page()


@blueprint.post("/admin/devices/enrolment")
@access(roles={"admin", "lead"}, objects="site")
def offer_enrolment() -> Response:
    """A new single-use code as QR and as address, shown once."""
    secret, limits = credentials.make_secret(), settings()
    expires = now() + limits.enrolment_minutes * 60_000
    with write(db.engine) as connection:
        people.create_enrolment(
            connection, limits.site, credentials.digest(secret), expires_at=expires, created_by=current.user
        )
    base = limits.public_url or request.url_root
    address = f"{base.rstrip('/')}/enrol#{secret}"
    return _page({"address": address, "code": qr.svg(address), "expires": expires})


@blueprint.post("/admin/devices/rescue")
@access(roles={"admin", "lead"}, objects="site", writes={"file"}, upload=True)
def rescue_file() -> ResponseReturnValue:
    """Take in the file a device saved: its facts, notes and photos, under its own name."""
    file = request.files.get("file")
    try:
        content = file.read() if file else b""
        rescued = rescue.take_in(db.engine, settings().site, content, current.user, now())
    except Problem as problem:
        page = _page(problem=problem)
        page.status_code = problem.kind.status
        return page
    return _page(rescued=rescued)


@blueprint.post("/admin/devices/<identity>/revoke")
@access(roles={"admin", "lead"}, objects="device")
def revoke(identity: str) -> ResponseReturnValue:
    """Shut a device out. What it has not sent stays on it, to be rescued by hand."""
    with write(db.engine) as connection:
        if not people.revoke_device(connection, settings().site, identity, now()):
            raise Problem("device.unknown")
    return Response(status=303, headers={"Location": "/admin/devices"})


def _listing() -> dict[str, Any]:
    moment = now()
    with read(db.engine) as connection:
        return {"listing": listing(connection, settings().site, moment), "moment": moment}


def _page(
    offer: dict[str, Any] | None = None, problem: Problem | None = None, rescued: rescue.Rescued | None = None
) -> Response:
    values = {"offer": offer, "problem": problem, "rescued": rescued}
    return fragments.page("devices/list.html", **values, **_listing())
