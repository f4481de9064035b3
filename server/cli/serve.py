"""`floorledger serve`: pages, API and worker of one installation, and the words to begin with.

This process only looks after others: the web server and the worker are children of it, started again when they fall,
stopped with it. It prints what somebody needs to begin: the address, who can sign in, a code for the first phone.
"""

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import click

from server import qr, running
from server.cli import Trouble, as_environment, open_database
from server.cli.demo import fill, in_its_folder, tell
from server.cli.device import offer_enrolment
from server.demo import DemoAccess
from server.lan import Lan, serve_help
from server.settings import Settings
from server.store import people
from server.store.database import read
from server.terminal import gettext as _

SETUP_MINUTES = 60
DEMO_ENROLMENT_MINUTES = 12 * 60
STOP_WITHIN_S = 20


@click.command()
@click.option("--host", default=None, help="Address to listen on; 127.0.0.1, or with --lan all of them.")
@click.option("--port", type=click.IntRange(1, 65535), default=None, help="Port; 8000, or with --lan 8443.")
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Web processes.")
@click.option("--demo", is_flag=True, help="Serve the demo plant; its data lie in a folder of their own.")
@click.option("--lan", is_flag=True, help="Serve the phones of the local network over HTTPS.")
@click.option("--no-worker", is_flag=True, help="Do not start the worker; another machine or service runs it.")
@click.pass_obj
def command(
    settings: Settings, host: str | None, port: int | None, workers: int, demo: bool, lan: bool, no_worker: bool
) -> None:
    """Serve pages and API, and post what comes in."""
    host = host or ("0.0.0.0" if lan else "127.0.0.1")  # noqa: S104 -- what --lan asks for
    port = port or (8443 if lan else 8000)
    if demo:
        # The console that shows the code is the desk: nobody has to sign in before the first scan of the tutorial.
        settings = replace(in_its_folder(settings), enrolment_approval="given")
    _check_port(host, port)
    home = _address("https" if lan else "http", "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host, port)  # noqa: S104
    arguments = [f"--host={host}", f"--port={port}", f"--workers={workers}"]
    reached = home
    network: Lan | None = None
    if lan:
        network = Lan.prepare(settings.data_dir / "lan")
        arguments += [f"--certificate={network.certificate}", f"--key={network.key}"]
        reached = _address("https", network.names[0], port)
    reached = settings.public_url or reached
    if lan:  # links that are handed on name the address the certificate is for
        settings = replace(settings, public_url=reached)

    running.begin(settings.data_dir)
    open_database(settings).dispose()
    access = fill(settings) if demo else None
    children = [Child(_("web server"), ["web", *arguments], settings)]
    if not no_worker:
        children.append(Child(_("worker"), ["worker"], settings))
    crew = Crew(children)
    try:
        crew.start()
        _wait_until_ready(crew, home, lan)
        if network:
            port_of_help = serve_help(network, reached, host)
            _tell_lan(network, port_of_help)
        _tell(settings, home, reached, access, on_phones=bool(lan or settings.public_url))
        crew.watch()
    finally:
        crew.stop()


# --- the children ----------------------------------------------------------------------------------------------


@dataclass
class Child:
    """A process we look after."""

    name: str
    arguments: list[str]
    settings: Settings
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    falls: int = 0

    def start(self) -> None:
        """Start it, in a group of its own: a Ctrl-C in the terminal reaches us only, and we stop it politely."""
        self.process = subprocess.Popen(  # noqa: S603 -- our own module
            [sys.executable, "-m", "server.cli._child", str(os.getpid()), *self.arguments],
            env=as_environment(self.settings),
            cwd=Path.cwd(),
            start_new_session=True,
        )
        self.started = time.monotonic()


class Crew:
    """The children together: one that falls is started again, ever more patiently; all stop with us."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.stopping = False

    def start(self) -> None:
        """Start all; from now on SIGTERM and Ctrl-C end `watch`."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        for child in self.children:
            child.start()

    def watch(self) -> None:
        """Until asked to stop: start again what fell. Raises Trouble when a child falls again and again."""
        while not self.stopping:
            time.sleep(0.2)
            for child in self.children:
                self._look_after(child)

    def _look_after(self, child: Child) -> None:
        process = child.process
        if process is None or process.poll() is None or self.stopping:
            return
        lived = time.monotonic() - child.started
        child.falls = 1 if lived > 60 else child.falls + 1
        if child.falls > 5:
            raise Trouble(_("The %(name)s keeps falling over; its last words stand above.", name=child.name))
        click.echo(
            _("The %(name)s ended (%(status)s) and is started again.", name=child.name, status=process.returncode),
            err=True,
        )
        time.sleep(min(2 ** (child.falls - 1) / 4, 5))
        child.start()

    def stop(self) -> None:
        """Ask all to stop, wait, and end what does not listen."""
        self.stopping = True
        alive = [child.process for child in self.children if child.process and child.process.poll() is None]
        for process in alive:
            process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_S
        for process in alive:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            if process.poll() is None:
                process.kill()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True


def _check_port(host: str, port: int) -> None:
    """Raise Trouble when somebody listens there already: better now than in a child's log."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as wrong:
            what = {"host": host, "port": port, "reason": wrong.strerror}
            sentence = _("Nothing can listen on %(host)s port %(port)s: %(reason)s. Try another with --port.", **what)
            raise Trouble(sentence) from wrong


def _wait_until_ready(crew: Crew, home: str, lan: bool) -> None:
    """Until the web server answers, at most a minute."""
    # Our own certificate on our own machine: what is asked is only whether somebody answers.
    context = ssl._create_unverified_context() if lan else None  # noqa: S323
    web = crew.children[0]
    for _attempt in range(600):
        if crew.stopping:
            return
        if web.process and web.process.poll() is not None:
            raise Trouble(_("The web server did not start; its last words stand above."))
        with suppress(OSError):
            urllib.request.urlopen(f"{home}/healthz", timeout=2, context=context).close()  # noqa: S310
            return
        time.sleep(0.1)
    raise Trouble(_("The web server does not answer."))


# --- the words -------------------------------------------------------------------------------------------------


def _address(scheme: str, host: str, port: int) -> str:
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + ("" if port == {"http": 80, "https": 443}[scheme] else f":{port}")


def _tell(settings: Settings, home: str, reached: str, access: DemoAccess | None, *, on_phones: bool) -> None:
    """What somebody needs to begin."""
    say = click.echo
    say()
    say(click.style(_("Floorledger is ready:"), bold=True) + f" {reached if on_phones else home}/start")
    if access is not None:
        say()
        tell(access)
    else:
        with read(engine := open_database(settings)) as connection:
            first = people.count_users(connection, settings.site) == 0
        engine.dispose()
        if first:
            address = offer_enrolment(settings, reached, SETUP_MINUTES, kind="setup")
            say()
            say(_("Nobody can sign in yet. Make the first administrator here (once, within an hour):"))
            say(f"  {address}")
    if access is not None:
        address = offer_enrolment(settings, reached, DEMO_ENROLMENT_MINUTES)
        say()
        if on_phones:
            say(_("A phone or tablet becomes a device of the plant by scanning this, once:"))
        else:
            say(_("The phone's page, as a device of the plant, once (phones of your network: make run-lan):"))
        if shutil.get_terminal_size().columns >= 50:
            say(qr.blocks(address))
        say(f"  {address}")
    say()
    say(_("Ctrl-C stops everything; nothing is lost."))


def _tell_lan(network: Lan, port: int) -> None:
    """How a phone comes to trust this server."""
    click.echo()
    click.echo(_("Each phone must trust this server once. Open this page on it and follow the steps:"))
    address = _address("http", network.names[0], port)
    if shutil.get_terminal_size().columns >= 50:
        click.echo(qr.blocks(address))
    click.echo(f"  {address}")
    click.echo("  " + _("Fingerprint of the certificate: %(print)s", print=network.fingerprint))
    others = ", ".join(name for name in network.names[1:] if name not in ("localhost", "127.0.0.1"))
    if others:
        click.echo("  " + _("Also reached as: %(names)s", names=others))
