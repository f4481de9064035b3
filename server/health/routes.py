"""One address for whoever watches over the process."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from server.auth.access import access
from server.extensions import db
from server.store.database import read

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@access(public="says only that the process and its database answer")
def health() -> Response:
    """200 when the database answers, 503 otherwise."""
    with read(db.engine) as connection:
        connection.execute(text("SELECT 1"))
    return jsonify(status="ok")
