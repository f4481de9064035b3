"""The commands an administrator uses, and the sentences they end with when something is wrong."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import Engine

from server.cli import main
from server.settings import Settings
from server.store import people
from server.store.database import read

PASSWORD = "le tour est joli"


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    """Run a command on the test's installation."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def go(*arguments: str, data_dir: Path = settings.data_dir, **environment: str) -> Result:
        return CliRunner().invoke(main, ["--data-dir", str(data_dir), *arguments], env=environment)

    return go


def test_help_lists_the_commands(run) -> None:
    listed = run("--help").output
    for command in ("device", "doctor", "init", "schema", "serve", "token", "user"):
        assert re.search(rf"^  {command} ", listed, re.M)
    assert not re.search(r"^  web ", listed, re.M)


def test_a_site_is_made_once(run, database: Engine) -> None:
    made = run("--site", "lyon", "init", "--name", "Lyon", "--zone", "Europe/Paris", "--currency", "eur")
    assert (made.exit_code, made.output) == (0, "The site lyon is made.\n")
    again = run("--site", "lyon", "init", "--name", "Lyon", "--zone", "Europe/Paris", "--currency", "EUR")
    assert (again.exit_code, again.stderr) == (1, "floorledger: The site lyon exists already.\n")
    wrong = run("init", "--name", "X", "--zone", "Mars/Base", "--currency", "EUR")
    assert wrong.exit_code == 1
    assert "Mars/Base" in wrong.stderr


def test_users_are_made_changed_and_shut_out(run, site: str, app: Flask) -> None:
    def signs_in(password: str) -> bool:
        form = {"name": "ines", "password": password}
        return app.test_client().post("/sign-in", data=form).status_code == 303

    create = ("user", "create", "ines", "--role", "lead", "--role", "admin")
    weak = run(*create, FLOORLEDGER_NEW_PASSWORD="short")
    assert weak.exit_code == 1
    assert weak.stderr.startswith("floorledger: This password is too weak.")
    assert run(*create, FLOORLEDGER_NEW_PASSWORD=PASSWORD).output == "ines can sign in.\n"
    assert "taken" in run(*create, FLOORLEDGER_NEW_PASSWORD=PASSWORD).stderr
    assert "ines" in run("user", "list").output
    assert signs_in(PASSWORD)
    assert run("user", "password", "ines", FLOORLEDGER_NEW_PASSWORD="un autre tour joli").exit_code == 0
    assert not signs_in(PASSWORD)
    assert signs_in("un autre tour joli")
    assert run("user", "disable", "ines").exit_code == 0
    assert not signs_in("un autre tour joli")
    assert run("user", "disable", "ines", "--again").exit_code == 0
    assert run("user", "roles", "nobody", "--role", "lead").exit_code == 1


def test_a_token_is_shown_once_and_works_until_revoked(run, site: str, app: Flask, database: Engine) -> None:
    made = run("token", "create", "erp", "--scope", "reference:read", "--days", "30")
    secret = made.stdout.strip()
    assert re.fullmatch("flt_[0-9a-f]{40}", secret)

    def status() -> int:
        return app.test_client().get("/api/v1/reference", headers={"Authorization": f"Bearer {secret}"}).status_code

    assert status() == 200
    listed = run("token", "list").output
    assert "erp" in listed
    assert secret not in listed
    assert run("token", "revoke", "erp").exit_code == 0
    assert status() == 401
    assert run("token", "revoke", "erp").exit_code == 1
    assert run("token", "create", "erp", "--scope", "everything").exit_code == 2


def test_a_device_is_let_in_from_the_terminal(run, site: str, app: Flask, database: Engine) -> None:
    assert run("device", "enrol").exit_code == 1
    shown = run("device", "enrol", "--base", "https://floor.example/").output
    secret = re.search(r"^https://floor\.example/enrol#([0-9a-f]{40})$", shown, re.M)[1]
    answer = app.test_client().post("/api/v1/devices/enrol", json={"secret": secret, "name": "Tablet 9"})
    assert answer.status_code == 201
    number = f"{answer.json['number'][:3]} {answer.json['number'][3:]}"
    assert f"waits to be let in  {number}" in run("device", "list").output
    assert run("device", "admit", answer.json["device"]["id"]).exit_code == 0
    assert run("device", "admit", answer.json["device"]["id"]).exit_code == 1
    assert run("device", "decline", answer.json["device"]["id"]).exit_code == 1
    assert "Tablet 9" in run("device", "list").output and "waits" not in run("device", "list").output
    assert run("device", "revoke", answer.json["device"]["id"]).exit_code == 0
    assert "revoked" in run("device", "list").output


def test_doctor_is_content_and_says_what_is_wrong(run, site: str, settings: Settings, tmp_path: Path) -> None:
    well = run("doctor")
    assert well.exit_code == 0, well.output
    assert "WRONG" not in well.output
    settings.ledger_key()
    (settings.data_dir / "ledger.key").chmod(0o644)
    assert "chmod 600" in run("doctor").output
    assert run("doctor").exit_code == 1
    assert "FLOORLEDGER_SIET" in run("doctor", FLOORLEDGER_SIET="x").output
    assert run("doctor", FLOORLEDGER_LOW_DISK=str(10**18)).exit_code == 1
    (settings.data_dir / "floorledger.sqlite").write_bytes(b"SQLite format 3\x00" + b"\xff" * 8000)
    broken = run("doctor")
    assert broken.exit_code == 1
    assert broken.exception is None or isinstance(broken.exception, SystemExit)


def test_doctor_shows_settings_but_no_password(run) -> None:
    shown = run("--database", "postgresql://floor:topsecret@127.0.0.1:1/x", "doctor", "--settings")
    assert "FLOORLEDGER_SESSION_HOURS=12" in shown.output
    assert "topsecret" not in shown.output
    assert shown.exit_code == 1


def test_trouble_is_one_sentence(run, tmp_path: Path) -> None:
    for arguments, environment, words in (
        (("--database", "mysql://x", "user", "list"), {}, "SQLite or PostgreSQL"),
        (("--database", "postgresql://x@127.0.0.1:1/x", "user", "list"), {}, "cannot be used"),
        (("user", "list"), {"FLOORLEDGER_PROXIES": "many"}, "FLOORLEDGER_PROXIES"),
        (("schema", "no.such"), {}, "known are"),
        (("--data-dir", "/proc/nowhere", "user", "list"), {}, "cannot be made"),
    ):
        ended = run(*arguments, **environment)
        assert ended.exit_code == 1, arguments
        assert words in ended.stderr
        assert len(ended.stderr.strip().splitlines()) == 1
        assert "Traceback" not in ended.stderr


def test_the_terminal_speaks_french(run, site: str) -> None:
    assert (
        "existe déjà"
        in run("init", "--name", "X", "--zone", "Europe/Paris", "--currency", "EUR", LANG="fr_FR.UTF-8").stderr
    )


def test_schemas_are_json_schema(run) -> None:
    one = json.loads(run("schema", "material.consumed").output)
    assert one["properties"]["type"] == {"const": "material.consumed"}
    assert len(json.loads(run("schema").output)["oneOf"]) > 10


# --- serve, for real -------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def children_of(pid: int) -> dict[int, str]:
    """Command lines of the direct children, by process id."""
    found = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            number = int(folder.name)
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == pid:
                found[number] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def eventually(condition, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


@contextmanager
def served(folder: Path, port: int, *more: str) -> Iterator["subprocess.Popen[str]"]:
    arguments = ["--data-dir", str(folder), "serve", "--port", str(port), "--workers", "1", *more]
    process = subprocess.Popen(
        [sys.executable, "-c", "from server.cli import main; main()", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "LANG": "C", "LANGUAGE": ""},
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        assert process.stdout
        process.stdout.close()


def read_until(process: "subprocess.Popen[str]", words: str) -> str:
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if words in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def healthy(port: int) -> bool:
    with suppress(OSError):
        return urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).status == 200
    return False


def test_serve_begins_with_a_link_for_the_first_administrator_and_stops_cleanly(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path / "new", port) as process:
        words = read_until(process, "Ctrl-C")
        assert f"http://localhost:{port}/start" in words
        secret = re.search(r"/set-up#([0-9a-f]{40})", words)[1]
        form = {"code": secret, "name": "ines", "password": PASSWORD, "site_name": "Usine", "zone": "Europe/Paris"}
        sent = urllib.parse.urlencode({**form, "currency": "EUR"}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/set-up", sent)
        assert urllib.request.urlopen(request).url.endswith("/sign-in?next=/account/second-factor")
        children = children_of(process.pid)
        assert len(children) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert eventually(lambda: not any(alive(pid) for pid in children), 5)
    # The second start knows its administrator and prints no link.
    with served(tmp_path / "new", port) as process:
        assert "/set-up#" not in read_until(process, "Ctrl-C")
        assert healthy(port)


def test_children_that_fall_are_started_again_and_do_not_outlive_their_parent(tmp_path: Path) -> None:
    port = free_port()
    with served(tmp_path / "new", port) as process:
        read_until(process, "Ctrl-C")
        before = children_of(process.pid)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: len(children_of(process.pid).keys() - before.keys()) == 2)
        assert eventually(lambda: healthy(port))
        children = children_of(process.pid)
        process.kill()
        process.wait(10)
        assert eventually(lambda: not any(alive(pid) for pid in children))


def test_a_taken_port_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with served(tmp_path / "new", port) as process:
            assert process.wait(30) == 1
            assert process.stdout
            assert f"port {port}: Address already in use" in process.stdout.read()


def test_two_installations_may_start_on_one_database_at_once(tmp_path: Path) -> None:
    ports = free_port(), free_port()
    with served(tmp_path / "new", ports[0], "--no-worker") as one, served(tmp_path / "new", ports[1]) as other:
        for process in (one, other):
            read_until(process, "Ctrl-C")
        assert all(healthy(port) for port in ports)


def test_the_installed_command_is_this_one(database: Engine, site: str, settings: Settings) -> None:
    command = Path(sys.executable).parent / "floorledger"
    listed = subprocess.run(
        [command, "--data-dir", settings.data_dir, "user", "list"], capture_output=True, check=False
    )
    assert (listed.returncode, listed.stdout) == (0, b"")
    with read(database) as connection:
        assert people.count_users(connection, site) == 0
