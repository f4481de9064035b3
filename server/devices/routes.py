"""Devices: how they come in (a QR code, used once), what they say of themselves, whose badge they hold, how they are
watched, rescued and shut out."""

import re
from contextlib import suppress
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection

from server import fragments, qr
from server.auth import credentials, pins, signature
from server.auth.access import access, at_the_desk, current
from server.auth.fields import json_object
from server.devices.listing import listing
from server.extensions import db, now, settings
from server.fragments import PARTS
from server.intake import rescue
from server.language import LANGUAGE_COOKIE, LANGUAGES
from server.menu import menu
from server.problems import Problem
from server.store import audit, intake_log, people
from server.store.database import read, write
from server.store.sites import find_site, floor
from sync.core.clock import format_instant, parse_instant

_ = lazy_gettext

blueprint = Blueprint("devices", __name__)


@blueprint.post("/api/v1/devices/enrol")
@access(
    public="a device that enrols has no credential yet; its single-use code is the proof",
    writes={"secret", "name", "language", "public_key"},
)
def enrol() -> ResponseReturnValue:
    """Trade an enrolment code for a device's credential. A device that can sign sends its public key along: a point on
    P-256, uncompressed, in base64url. It is in once somebody at a desk has let it in, who sees its name and number."""
    wanted = json_object()
    secret, name = wanted.get("secret"), wanted.get("name")
    if not isinstance(secret, str) or not isinstance(name, str):
        raise Problem("request.invalid", gettext("Send the fields secret and name as text."))
    name = " ".join(name.split())
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise Problem("request.invalid", gettext("A device's name has 1 to 200 characters."), pointer="/name")
    key = _public_key(wanted) if "public_key" in wanted else ""
    site, moment, own = settings().site, now(), credentials.make_secret(credentials.DEVICE_PREFIX)
    approved = settings().enrolment_approval == "given"
    with write(db.engine) as connection:
        match people.use_enrolment(connection, site, credentials.digest(secret), moment):
            case "unknown":
                raise Problem("device.secret_unknown")
            case "used":
                raise Problem("device.secret_used")
            case "expired":
                raise Problem("device.secret_expired")
        identity = people.create_device(
            connection, site, name, credentials.digest(own), moment, public_key=key, approved=approved
        )
        found = find_site(connection, site)
        _record(connection, "device.enrolled", identity, actor=f"device:{identity}", name=name)
    known = {"id": identity, "name": name, "site": site}
    # The phone keeps the credential beside its cookie too; see `identify` in server/auth/access.py.
    response = jsonify(
        device=known, lineage=found.lineage if found else None, token=own, approved=approved,
        number=signature.fingerprint(key or identity),
    )  # fmt: skip
    credentials.set_device(response, own)
    if wanted.get("language") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, wanted["language"], path="/", secure=request.is_secure, samesite="Lax")
    return response, 201


@blueprint.post("/api/v1/device/key")
@access(device=True, objects="own", writes={"public_key"}, unsigned=True)
def want_key() -> ResponseReturnValue:
    """Ask for a new key: browsers throw away what they keep, the key with it. Until somebody at a desk has let the
    device in again the old key counts, if there is one: a stolen cookie must not open what the key closes."""
    key, given = _public_key(json_object()), settings().enrolment_approval == "given"
    with write(db.engine) as connection:
        people.want_key(connection, current.site, current.device_id, key, approved=given)
        actor = f"device:{current.device_id}"
        _record(connection, "device.key_wanted", current.device_id, actor=actor, name=current.name)
    number = signature.fingerprint(key)
    return jsonify(approved=given, number=number, detail=at_the_desk(current.name, number)), 202


def _public_key(given: dict[str, Any]) -> str:
    key = given.get("public_key")
    if not signature.is_key(key):
        raise Problem("request.invalid", gettext("A public key is a point on P-256, uncompressed, in base64url."),
                      pointer="/public_key")  # fmt: skip
    return str(key)


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
@access(roles={"admin", "lead", "auditor"}, objects="site", query=PARTS)
@menu(_("Devices"), group="admin", order=10)
def list_devices() -> Response:
    """All devices: which are missed, what they hold, what of theirs never arrived; above them those that wait to be
    let in. Both refresh themselves."""
    if (part := fragments.wanted()) in ("devices", "waiting"):
        return fragments.part("devices/list.html", part, **_listing())
    return _page()


@blueprint.post("/admin/devices/enrolment")
@access(roles={"admin", "lead"}, objects="site", fresh=True)
def offer_enrolment() -> Response:
    """A new single-use code as QR and as address, shown once."""
    secret, limits = credentials.make_secret(), settings()
    expires = now() + limits.enrolment_minutes * 60_000
    with write(db.engine) as connection:
        people.create_enrolment(
            connection, limits.site, credentials.digest(secret), expires_at=expires, created_by=current.user
        )
        _record(connection, "device.offered", "")
    base = limits.public_url or request.url_root
    address = f"{base.rstrip('/')}/enrol#{secret}"
    asked = limits.enrolment_approval == "asked"
    return _page({"address": address, "code": qr.svg(address), "expires": expires, "asked": asked})


@blueprint.post("/admin/devices/rescue")
@access(roles={"admin", "lead"}, objects="site", writes={"file"}, upload=True)
def rescue_file() -> ResponseReturnValue:
    """Take in the file a device saved: its facts, notes and photos, under its own name."""
    file = request.files.get("file")
    try:
        content = file.read() if file else b""
        rescued = rescue.take_in(db.engine, settings().site, content, current.user, now(), current.reach)
        with write(db.engine) as connection:
            _record(connection, "device.rescued", rescued.id, name=rescued.device, facts=str(rescued.facts.total()))
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
        found = _known(connection, identity)
        people.revoke_device(connection, settings().site, identity, now())
        _record(connection, "device.revoked", identity, name=found.name)
    return redirect("/admin/devices", 303)


@blueprint.post("/admin/devices/<identity>/admit")
@access(roles={"admin", "lead"}, objects="device")
def admit(identity: str) -> ResponseReturnValue:
    """Let a device in that waits, or let one that lost its key sign with the new one."""
    with write(db.engine) as connection:
        found = _known(connection, identity)
        if people.admit_device(connection, settings().site, identity, current.user, now()):
            _record(connection, "device.admitted", identity, name=found.name)
            flash(gettext("%(name)s is in.", name=found.name))
    return redirect("/admin/devices", 303)


@blueprint.post("/admin/devices/<identity>/decline")
@access(roles={"admin", "lead"}, objects="device")
def decline(identity: str) -> ResponseReturnValue:
    """Do not let a device in; one that asks for a new key keeps waiting for somebody who lets it."""
    with write(db.engine) as connection:
        found = _known(connection, identity)
        if people.decline_device(connection, settings().site, identity):
            _record(connection, "device.declined", identity, name=found.name)
            flash(gettext("%(name)s was not let in.", name=found.name))
    return redirect("/admin/devices", 303)


def _known(connection: Connection, identity: str) -> people.Device:
    found = people.device_of_id(connection, settings().site, identity)
    if found is None:
        raise Problem("device.unknown")
    return found


def _record(connection: Connection, action: str, device: str, *, actor: str = "", **details: str) -> None:
    audit.record(connection, settings().site, at=now(), actor=actor or f"user:{current.user}", action=action,
                 subject=device, details=details)  # fmt: skip


def _listing() -> dict[str, Any]:
    moment = now()
    with read(db.engine) as connection:
        found = listing(connection, settings().site, moment)
    return {"listing": found, "moment": moment, "number_of": _number}


def _number(device: people.Device) -> str:
    """By what somebody at the desk and somebody with the device in the hand know that they mean the same one."""
    return signature.fingerprint(device.key_wanted or device.public_key or device.id)


def _page(
    offer: dict[str, Any] | None = None, problem: Problem | None = None, rescued: rescue.Rescued | None = None
) -> Response:
    values = {"offer": offer, "problem": problem, "rescued": rescued}
    return fragments.page("devices/list.html", **values, **_listing())
