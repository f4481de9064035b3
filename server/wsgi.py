"""The application for a WSGI server: `gunicorn server.wsgi:app`. Refuses an unsafe or unknown database."""

from server import create_app, log, running
from server.extensions import db, settings
from server.migrations import upgrade
from server.store.database import DatabaseRefused, check_safety

app = create_app()
with app.app_context():
    log.start(settings().log_level, settings().log_format)
    running.begin(settings().data_dir)
    if troubles := check_safety(db.engine):
        raise DatabaseRefused(" ".join(troubles))
    upgrade(db.engine)
