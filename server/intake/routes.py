"""POST /api/v1/events: a batch of facts in, a verdict for each out, acknowledged only after the commit."""

import re
import zlib
from typing import Any

from flask import Blueprint, Response, json, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection

from server.auth.access import access, current, spend_nonce
from server.auth.fields import check_members
from server.auth.tokens import machines_of
from server.extensions import db, now
from server.intake import photos, rescue
from server.intake.accept import Sender, Verdict, accept, keep_doubts, keep_notes
from server.problems import CATALOGUE, Problem, describe, fill
from server.store import event_log, floor, intake_log
from server.store.database import read, write
from server.store.sites import find_site
from sync.core.canonical import MAX_KEYS, BadJson, parse
from sync.core.clock import format_instant
from sync.core.findings import CATALOGUE as REASONS
from sync.events import catalog
from sync.events.base import UUID_PATTERN

blueprint = Blueprint("intake", __name__)

MOST_EVENTS = 500
MOST_INFLATED = 4 * 1024 * 1024
PROTOCOL = catalog.PROTOCOL
ENVELOPE = {"protocol", "batch_id", "lineage", "relayed_from", "events", "notes", "doubts"}


@blueprint.post("/api/v1/events")
@access(device=True, scopes={"events:write"}, objects="own", writes=ENVELOPE, spends=True)
def post_events() -> ResponseReturnValue:
    """Take a batch of facts: each is created, exists already, conflicts with another of its id, or is rejected."""
    batch = _read_batch()
    moment = now()
    with write(db.engine) as connection:
        spend_nonce(connection)
        sender = _sender(connection, batch.get("relayed_from"))
        verdicts = accept(connection, current.site, sender, batch["events"], moment)
        if notes := batch.get("notes"):
            keep_notes(connection, current.site, notes, batch["events"])
        if doubts := batch.get("doubts"):
            keep_doubts(connection, current.site, sender, doubts, batch["events"])
        site = find_site(connection, current.site)
        device = _known(connection) if current.kind == "device" else None
    # Only now: the transaction is committed, and committed means on the disk (server.store.database).
    return _answer(
        {
            "protocol": PROTOCOL,
            "batch_id": batch["batch_id"],
            "lineage": site.lineage if site else None,
            "now": format_instant(moment),
            "device": device,
            "verdicts": [_spell(verdict) for verdict in verdicts],
        }
    )


def _known(connection: Connection) -> dict[str, Any]:
    """What the server holds of the calling device, so that it can tell whether something was forgotten: a server that
    is restored from a backup may not know that itself."""
    last_seq = event_log.last_sequence(connection, current.site, current.id)
    missing = intake_log.missing_of(connection, current.site, current.id, last_seq)
    return {"id": current.id, "last_seq": last_seq, "missing": missing}


def _sender(connection: Connection, relayed_from: Any) -> Sender:
    """Whose facts a batch holds: the caller's own, or those of the device it says they were saved on."""
    bound = current.machine or current.work_center
    machines = machines_of(connection, current.site, current.machine, current.work_center) if bound else None
    own = Sender(current.id, is_device=current.kind == "device", machines=machines)
    if relayed_from is None or relayed_from == current.device_id:
        return own
    if not own.is_device or not isinstance(relayed_from, str):
        raise Problem("request.invalid", gettext("Only a device brings in the facts of another."),
                      pointer="/relayed_from")  # fmt: skip
    return rescue.relayed(connection, current.site, relayed_from, by=current.id)


@blueprint.put("/api/v1/photos/<uuid:event_id>")
@access(device=True, objects="site")
def put_photo(event_id: Any) -> ResponseReturnValue:
    """Take the photo of a fact, as JPEG: the fact comes first and vouches for it with its `photo_digest`."""
    # One byte more than allowed is read, and no further: a body of unknown length is cut at the limit without a word.
    request.max_content_length = photos.MOST_BYTES + 1
    if request.mimetype != "image/jpeg" or request.headers.get("Content-Encoding"):
        raise Problem("photo.not_jpeg")
    salt = request.headers.get("Floorledger-Salt", "")
    if not photos.SALT.fullmatch(salt):
        raise Problem("request.invalid", gettext("The header Floorledger-Salt has 32 hexadecimal digits."))
    jpeg = request.get_data(cache=False)
    if len(jpeg) > photos.MOST_BYTES:
        raise Problem("request.too_large")
    with write(db.engine) as connection:
        verdict = photos.accept_photo(connection, current.site, str(event_id), salt, jpeg, now())
    return _answer({"photo": verdict}), 201 if verdict == "created" else 200


@blueprint.get("/facts/<uuid:event_id>/photo")
@access(roles={"lead", "admin", "auditor"}, objects="fact", reads={"photo"})
def show_photo(event_id: Any) -> ResponseReturnValue:
    """The photo beside a fact, as a file that a browser draws as a picture or saves, and never as a page."""
    with read(db.engine) as connection:
        jpeg = intake_log.photo(connection, current.site, str(event_id))
    if jpeg is None:
        raise Problem("request.not_found")
    response = Response(jpeg, mimetype="image/jpeg")
    response.headers["Content-Disposition"] = f'attachment; filename="{event_id}.jpg"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


@blueprint.get("/api/v1/events/status")
@access(device=True, scopes={"events:write", "events:read"}, objects="site", query={"ids"})
def event_status() -> ResponseReturnValue:
    """What became of facts, by id (at most 100, separated by commas): state, reason, the sentence for a person,
    and when a call for help was answered."""
    asked = [part for part in request.args.get("ids", "").split(",") if re.fullmatch(UUID_PATTERN, part)][:100]
    with read(db.engine) as connection:
        found = event_log.statuses(connection, current.site, asked)
        answered = floor.answers(connection, current.site, asked)
    events = {}
    for event_id, status in found.items():
        reason = REASONS.get(status["reason"])
        events[event_id] = {
            "state": status["state"],
            "reason": status["reason"],
            "sentence": fill(gettext(reason.sentence), status["params"]) if reason else "",
            "action": gettext(reason.action) if reason and reason.action else "",
        }
        if event_id in answered:
            events[event_id]["answered_at"] = format_instant(answered[event_id])
    return _answer({"events": events})


@blueprint.get("/api/v1/event-types")
@access(public="describes the interface, not anybody's facts")
def event_types() -> ResponseReturnValue:
    """Every type of fact: what a form asks for, and its JSON Schema."""
    described = [
        {
            "type": kind.type,
            "version": kind.version,
            "label": gettext(kind.label),
            "doc": (kind.__doc__ or "").strip(),
            "fields": [{**asked, "label": gettext(asked["label"])} for asked in catalog.form(kind)],
            "json_schema": catalog.json_schema(kind),
        }
        for kind in catalog.newest()
    ]
    return _answer({"event_types": described})


def _answer(members: dict[str, Any]) -> Response:
    response = Response(json.dumps(members), mimetype="application/json")
    response.headers["Floorledger-Protocol"] = str(PROTOCOL)
    return response


def _spell(verdict: Verdict) -> dict[str, Any]:
    """A verdict as it travels, its sentence in the reader's language."""
    spelled: dict[str, Any] = {"id": verdict.id, "verdict": verdict.verdict}
    if verdict.code:
        detail = fill(gettext(verdict.sentence), verdict.params)
        spelled["problem"] = describe(verdict.code, detail, verdict.pointer)
        spelled["problem"]["action"] = str(CATALOGUE[verdict.code].action)
    return spelled


def _read_batch() -> dict[str, Any]:
    """The request's envelope, checked; what is inside an event is left to its verdict."""
    try:
        batch = parse(_read_body())
    except BadJson as wrong:
        raise Problem(wrong.code, gettext(wrong.detail)) from wrong
    if not isinstance(batch, dict) or not isinstance(batch.get("events"), list):
        raise Problem("intake.malformed_json", gettext("Send an object with the fields protocol, batch_id and events."))
    check_members(batch)
    if batch.get("protocol") != PROTOCOL or batch.get("protocol") is True:
        raise Problem("intake.protocol", pointer="/protocol")
    batch_id = batch.get("batch_id")
    if not isinstance(batch_id, str) or not re.fullmatch(UUID_PATTERN, batch_id):
        raise Problem("request.invalid", gettext("batch_id is a UUID in lower case."), pointer="/batch_id")
    if len(batch["events"]) > MOST_EVENTS:
        raise Problem("intake.too_many", most=str(MOST_EVENTS))
    notes = batch.get("notes")
    if notes is not None and (not isinstance(notes, dict) or len(notes) > MOST_EVENTS + MAX_KEYS):
        raise Problem("request.invalid", gettext("notes is an object of notes by event id."), pointer="/notes")
    doubts = batch.get("doubts")
    if doubts is not None and (not isinstance(doubts, dict) or len(doubts) > MOST_EVENTS + MAX_KEYS):
        raise Problem("request.invalid", gettext("doubts is an object of milliseconds by event id."), pointer="/doubts")
    return batch


def _read_body() -> bytes:
    """The body, inflated as far as the limit allows. The application bounds the bytes on the wire."""
    if request.mimetype != "application/json":
        raise Problem("intake.not_json")
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    body = request.get_data(cache=False)
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Problem("intake.not_json")
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        inflated = inflate.decompress(body, MOST_INFLATED + 1)
    except zlib.error as wrong:
        raise Problem("intake.malformed_json", gettext("The gzip data is damaged.")) from wrong
    if len(inflated) > MOST_INFLATED:
        raise Problem("intake.too_large")
    if not inflate.eof:
        raise Problem("intake.malformed_json", gettext("The gzip data is cut short."))
    return inflated
