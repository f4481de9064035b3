"""GET /api/v1/openapi.json: the interface, described by the application itself."""

import json

from flask import Blueprint, Response, current_app

from server.auth.access import access
from server.openapi import document

blueprint = Blueprint("interface", __name__)


@blueprint.get("/api/v1/openapi.json")
@access(public="describes the interface, not anybody's facts")
def openapi() -> Response:
    """This description: OpenAPI 3.1."""
    text = json.dumps(document(current_app), indent=1, ensure_ascii=False)
    return Response(text, mimetype="application/json")
