"""`floorledger`: every module of this folder that defines `command` is a command; adding one needs no edit here.

A command gets the settings by `@click.pass_obj` and opens the database with `open_database(settings)`. Trouble an
administrator can mend (a bad setting, no database, a refused value) ends in one sentence and exit status 1; only a
mistake of ours shows a traceback.
"""

import importlib
import os
import pkgutil
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from server import log
from server.migrations import check_current, upgrade
from server.problems import Problem
from server.settings import BadSetting, Settings
from server.store.database import DatabaseRefused, check_safety, first_line, is_unavailable, open_engine
from server.store.plant import UnknownSite
from server.terminal import gettext as _


class Trouble(click.ClickException):
    """One sentence for an administrator."""

    def show(self, file: Any = None) -> None:
        """The sentence alone, on standard error."""
        click.echo(click.style("floorledger: ", fg="red") + self.format_message(), err=True)


class Commands(click.Group):
    """The commands of this folder, imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands by name; click leaves out the ones that say they are hidden."""
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The `command` of the module of that name."""
        module = _modules().get(cmd_name)
        if module is None:
            return None
        found: click.Command = importlib.import_module(module).command
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Run, and turn trouble somebody can mend into a sentence."""
        try:
            return super().invoke(ctx)
        except (BadSetting, DatabaseRefused, Problem) as wrong:
            raise Trouble(str(wrong)) from wrong
        except UnknownSite as unknown:
            raise Trouble(_("There is no site %(site)s yet: make it with floorledger init.", site=unknown)) from unknown
        except DBAPIError as wrong:
            if not is_unavailable(wrong):
                raise
            raise Trouble(_("The database cannot be used: %(reason)s", reason=first_line(wrong))) from wrong


def _modules() -> dict[str, str]:
    """Command -> module. `import` is no name for a module, so its file is `import_`."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name.rstrip("_").replace("_", "-"): f"{__name__}.{name}" for name in names if not name.startswith("_")}


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--site", metavar="CODE", help="Site to work on (FLOORLEDGER_SITE; otherwise main).")
@click.option("--database", metavar="URL", help="Address of the database (FLOORLEDGER_DATABASE_URL).")
@click.option(
    "--data-dir",
    metavar="FOLDER",
    type=click.Path(path_type=Path),
    help="Folder of keys and data (FLOORLEDGER_DATA_DIR).",
)
@click.version_option(package_name="floorledger", prog_name="floorledger")
@click.pass_context
def main(context: click.Context, site: str | None, database: str | None, data_dir: Path | None) -> None:
    """What happens on the shop floor, kept as facts; what it costs, posted as balanced entries."""
    context.obj = Settings.from_environment(site=site, database_url=database, data_dir=data_dir)
    log.start(context.obj.log_level, context.obj.log_format)


def open_database(settings: Settings, *, migrate: bool = True) -> Engine:
    """The database, checked for safety and brought to the newest shape (or, without `migrate`, only checked for it).

    Raises DatabaseRefused when it is unsafe, unreachable or of an unknown shape.
    """
    engine = open_engine(settings.database, settings.audit_keys)
    if troubles := check_safety(engine):
        raise DatabaseRefused(" ".join(troubles))
    (upgrade if migrate else check_current)(engine)
    return engine


def as_environment(settings: Settings) -> dict[str, str]:
    """The environment in which a child process finds the same settings."""
    return {**os.environ, **settings.to_environment()}
