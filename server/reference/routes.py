"""GET /api/v1/reference: what a phone keeps to work offline; asked again, only what changed since."""

import re
from typing import Any

from flask import Blueprint, make_response, request
from werkzeug import Response

from server.auth.access import access, current
from server.extensions import db, now, settings
from server.store import deltas, disclosures, plant
from server.store.database import read, write
from server.store.snapshot import snapshot
from sync.core.canonical import dump
from sync.core.clock import local_date

blueprint = Blueprint("reference", __name__)


@blueprint.get("/api/v1/reference")
@access(device=True, scopes={"reference:read"}, objects="site", query={"since"}, reads={"name", "badge"})
def reference() -> Response:
    """The snapshot with a strong ETag, which is its version. With `since`, the version the asker holds: 304 when that
    is the newest, what changed when that is known here, else the whole snapshot."""
    site, since, moment = settings().site, request.args.get("since", ""), now()
    if not re.fullmatch("[0-9a-f]{32}", since, re.ASCII):
        since = ""  # the name of no version
    with read(db.engine) as connection:
        whole = snapshot(connection, site, local_date(moment, plant.site(connection, site).zone))
        remembered = deltas.is_newest(connection, site, whole["version"])
        told = current.kind != "token" or disclosures.is_known(connection, site, f"token:{current.id}", moment)
    if not remembered or not told:
        with write(db.engine) as connection:
            if not remembered:
                deltas.remember(connection, site, whole, moment)
            if not told:
                disclosures.note(connection, site, f"token:{current.id}", current.name, moment)
    if since == whole["version"]:
        return _marked(Response(status=304), since)
    answer: dict[str, Any] = whole
    if since:
        with read(db.engine) as connection:
            answer = deltas.delta(connection, site, since, whole) or whole
    response = make_response(dump(answer).encode())
    response.content_type = "application/json"
    return _marked(response, whole["version"]).make_conditional(request)


def _marked(response: Response, version: str) -> Response:
    """With the version the asker holds after this answer, whatever it holds."""
    response.cache_control.private = True
    response.cache_control.no_cache = True
    response.set_etag(version)
    return response
