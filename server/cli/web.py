"""`floorledger web`: the web server alone, without the worker and without words. `serve` starts it."""

from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.config import Config
from gunicorn.glogging import Logger

from server import create_app, running
from server.cli import open_database
from server.settings import Settings


class Host(BaseApplication):
    """Gunicorn, told what to do by us instead of by its own command line."""

    def __init__(self, settings: Settings, options: dict[str, Any]) -> None:
        self.settings = settings
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take over our options."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, made in each process of its own: database connections are not shared over a fork."""
        return create_app(self.settings)


class Log(Logger):
    """What gunicorn says goes where everything goes; requests are not logged one by one. See `server.log`."""

    def setup(self, cfg: Config) -> None:
        """No handlers of its own."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel("WARNING")


@click.command(hidden=True)
@click.option("--host", default="127.0.0.1")
@click.option("--port", default=8000)
@click.option("--workers", default=2)
@click.option("--threads", default=8)
@click.option("--certificate", default=None)
@click.option("--key", default=None)
@click.pass_obj
def command(
    settings: Settings, host: str, port: int, workers: int, threads: int, certificate: str | None, key: str | None
) -> None:
    """Serve pages and API."""
    running.begin(settings.data_dir)
    open_database(settings).dispose()
    options: dict[str, Any] = {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": workers,
        "worker_class": "gthread",
        "threads": threads,
        "timeout": 120,
        "graceful_timeout": 10,
        "keepalive": 15,
        "control_socket_disable": True,
        "proc_name": "floorledger",
        "logger_class": Log,
        # Whether X-Forwarded-* is believed is decided by our own setting, in one place.
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
    }
    if certificate and key:
        options |= {"certfile": certificate, "keyfile": key}
    Host(settings, options).run()
