"""GET /api/v1/reference: what a phone keeps to work offline, asked for again only when it changed."""

from flask import Blueprint, make_response, request
from werkzeug import Response

from server.auth.access import access
from server.extensions import db, settings
from server.store import plant
from server.store.database import read
from sync.core.canonical import dump

blueprint = Blueprint("reference", __name__)


@blueprint.get("/api/v1/reference")
@access(device=True, scopes={"reference:read"})
def reference() -> Response:
    """The snapshot with a strong ETag, which is its version; 304 when the asker has this one already."""
    with read(db.engine) as connection:
        snapshot = plant.snapshot(connection, settings().site)
    answer = make_response(dump(snapshot).encode())
    answer.content_type = "application/json"
    answer.cache_control.private = True
    answer.cache_control.no_cache = True
    answer.set_etag(snapshot["version"])
    return answer.make_conditional(request)
