"""The host: HTTP, pages, tables and people around the engine in `sync`.

Every package of this folder with a `routes` module that defines `blueprint` is served; adding one needs no edit here.
"""

import importlib
import importlib.util
import pkgutil
from pathlib import Path

from flask import Blueprint, Flask
from flask.helpers import get_debug_flag
from jinja2 import FileSystemLoader, StrictUndefined

import webapp
from server import extensions
from server.settings import BadSetting, Settings


def create_app(settings: Settings | None = None, clock: extensions.Clock = extensions.system_clock) -> Flask:
    """The application. Opens the database but neither migrates nor checks it: `serve` and `worker` do, at start."""
    # Here, not above: these modules reach for `server` themselves.
    from server import figures, formulas, language, menu, migrations, pace, problems, security, static, words
    from server.auth import access

    # Flask's own development server would put an interactive debugger around us, for whoever finds it.
    if get_debug_flag():
        raise BadSetting("FLASK_DEBUG is set: Floorledger has no debug mode. Take the variable away.")
    chosen = settings or Settings.from_environment()
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.extensions["settings"] = chosen
    app.extensions["clock"] = clock
    app.config.update(
        DEBUG=False,
        PROPAGATE_EXCEPTIONS=False,
        SECRET_KEY=chosen.secret_key(),
        SQLALCHEMY_DATABASE_URI=chosen.database,
        MAX_CONTENT_LENGTH=chosen.body_limit,
    )
    # A room's templates stand beside its views and are named by their path: "auth/sign_in.html".
    app.jinja_loader = FileSystemLoader([webapp.TEMPLATES, Path(__file__).parent])
    app.jinja_env.undefined = StrictUndefined
    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db, directory=str(migrations.FOLDER))
    for part in (problems, pace, security, access, language, menu, figures, formulas, words, static):
        part.init_app(app)
    app.jinja_env.globals["current"] = access.current
    for blueprint in find_blueprints():
        app.register_blueprint(blueprint)
    return app


def find_blueprints() -> list[Blueprint]:
    """The blueprint of each room, by name of the folder."""
    found = []
    for package in pkgutil.iter_modules(__path__, f"{__name__}."):
        if package.ispkg and importlib.util.find_spec(f"{package.name}.routes"):
            blueprint = importlib.import_module(f"{package.name}.routes").blueprint
            if not isinstance(blueprint, Blueprint):
                raise TypeError(f"{package.name}.routes.blueprint is not a Blueprint")
            found.append(blueprint)
    return found
