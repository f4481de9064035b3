"""No secret in the repository, no debugger in the product."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from server import create_app
from server.auth.access import Access
from server.settings import BadSetting, Settings

ROOT = Path(__file__).parents[2]

# What a secret looks like, by whose it is. Tests and documents may show the shape with a word in place of the secret.
PATTERNS = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{60,}",
    "an identity of age": r"AGE-SECRET-KEY-1[0-9A-Z]{50,}",
    "a credential of ours": r"\bfl[a-z]{1,2}_[A-Za-z0-9_-]{30,}",
    "a cloud key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a token of a repository's host": r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{40,}|glpat-[\w-]{20,})",
    "a token of a registry": r"\b(?:npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,})",
    "a token of a messenger": r"\bxox[abprs]-[A-Za-z0-9-]{20,}",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}",
    "a password in an address": r"\b(?:postgres(?:ql)?|mysql|redis|amqp|https?)://[^\s/:@\"'{}<>…%]+:[^\s/@\"'{}<>…%]{6,}@",
    "a login of npm": r"_(?:authToken|password)\s*=\s*[^\s$]{8,}",
}
# Files that are keys by their name.
KEY_FILES = re.compile(
    r"(?:^|/)(?:.*\.(?:key|pem|p12|pfx|keystore|sqlite3?|floorledger-backup)"
    r"|id_(?:rsa|ed25519)|\.netrc|\.pgpass|\.env)$"
)
# What only looks like one: words of tests.
HARMLESS = {"floor:topsecret@", "nobody:topsecret@", "user:secret@", "floor:canary@"}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def secrets_in(text: str) -> list[tuple[str, str]]:
    return [(kind, found[0]) for kind, pattern in PATTERNS.items() for found in re.finditer(pattern, text)]


@pytest.mark.requirement("SR-63")
def test_no_secret_is_in_the_repository() -> None:
    names = tracked()
    assert len(names) > 300
    assert [name for name in names if KEY_FILES.search(name)] == []
    found = [
        (name, kind, secret[:60])
        for name in names
        for kind, secret in secrets_in((ROOT / name).read_text(encoding="utf-8", errors="replace"))
        if secret.partition("://")[2] not in HARMLESS
    ]
    assert found == []


@pytest.mark.requirement("SR-63")
@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN EC PRIVATE KEY-----\n" + "MHcCAQEEIB" * 8,
        "AGE-SECRET-KEY-1" + "Q" * 58,
        'TOKEN = "fl' + "t_" + "aB3-" * 10 + '"',
        "AKIA" + "ABCDEFGH12345678",
        "ghp" + "_" + "a1B2" * 9,
        "postgresql://floor:" + "hunter2hunter2" + "@db/floorledger",
        "//registry/:_auth" + "Token=abcdefgh12345678",
    ],
)
def test_the_scanner_sees_one(text: str) -> None:
    assert secrets_in(text)


@pytest.mark.requirement("SR-63")
def test_what_is_secret_is_kept_out_of_the_repository_and_the_image() -> None:
    ignored = subprocess.run(
        ["git", "check-ignore", "instance/ledger.key", "var/demo/secret.key", "deploy/secrets/database"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    ).stdout.split()  # fmt: skip
    assert len(ignored) == 3
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {".git", "var", "instance", "deploy/secrets", ".venv", "node_modules"} <= set(left_out)


@pytest.mark.requirement("SR-63")
def test_no_address_takes_a_secret(app: Flask) -> None:
    """Addresses stand in histories, in logs of proxies and in what one page tells the next: secrets travel in bodies,
    and in the part of a link behind the #, which no browser sends."""
    secret = re.compile(r"secret|token|password|passphrase|^(pin|code|key)$")
    # Codes of orders and of labels on paper, pseudonymous keys of people, ids of tokens: they let nobody in.
    harmless = re.compile(r"/[sS]/<code>|/orders/<path:code>|/people/<key>|/tokens/<uuid:token>")
    taken = {
        f"{rule.rule}: {name}"
        for rule in app.url_map.iter_rules()
        for name in rule.arguments | set(getattr(app.view_functions[rule.endpoint], "access", Access()).query)
        if secret.search(name) and not harmless.search(rule.rule)
    }
    assert taken == set()


# --- no debugger --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("SR-62")
@pytest.mark.parametrize("value", ["1", "true", "yes", "on"])
def test_there_is_no_debug_mode(value: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_DEBUG", value)
    with pytest.raises(BadSetting, match="no debug mode"):
        create_app(settings)


@pytest.mark.requirement("SR-62")
@pytest.mark.parametrize(
    "command",
    [
        ["-m", "flask", "--app", "server", "--debug", "run", "--port", "0"],
        ["-m", "flask", "--app", "server.wsgi:app", "run", "--debug", "--port", "0"],
        ["-c", "from server.cli import main; main()", "web", "--port", "1"],
        ["-m", "gunicorn", "server.wsgi:app", "--bind", "127.0.0.1:0"],
    ],
    ids=["flask --debug", "flask run --debug", "floorledger web", "gunicorn"],
)
def test_nothing_starts_with_a_debugger(command: list[str], settings: Settings, site: str) -> None:
    flags = {"FLASK_DEBUG": "1", "FLASK_ENV": "development", "WERKZEUG_DEBUG_PIN": "off"}
    own = {**os.environ, **flags, **settings.to_environment()}
    started = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=own, check=False, capture_output=True, text=True, timeout=60
    )
    assert started.returncode != 0
    assert "no debug mode" in started.stderr + started.stdout or "BadSetting" in started.stderr, started.stderr


@pytest.mark.requirement("SR-62")
def test_other_flags_change_nothing(settings: Settings, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "FLASK_DEBUG": "0", "FLASK_ENV": "development", "FLASK_TESTING": "1", "FLASK_PROPAGATE_EXCEPTIONS": "1",
        "FLASK_EXPLAIN_TEMPLATE_LOADING": "1", "WERKZEUG_DEBUG_PIN": "off", "WERKZEUG_RUN_MAIN": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    app = create_app(settings)
    assert not app.debug and not app.testing
    client = app.test_client()
    for path in ("/console", "/?__debugger__=yes&cmd=resource&f=debugger.js", "/_debug_toolbar/", "/profiler"):
        told = client.get(path, follow_redirects=True)
        assert "debugger" not in told.text.lower().replace("__debugger__", "")

    def fail() -> None:
        raise ValueError("secret words")

    fail.access = app.view_functions["auth.sign_in_page"].access  # type: ignore[attr-defined]
    app.view_functions["auth.sign_in_page"] = fail
    told = client.get("/sign-in")
    assert told.status_code == 500
    assert "secret words" not in told.text and "Traceback" not in told.text and ".py" not in told.text


@pytest.mark.requirement("SR-62")
def test_no_debugger_or_profiler_is_in_the_product() -> None:
    tools = re.compile(
        r"\b(DebuggedApplication|ProfilerMiddleware|cProfile|tracemalloc|breakpoint\(|set_trace|pdb|debug=True|run_simple)\b"
    )
    product = [ROOT / name for name in tracked() if re.match(r"(server|sync|webapp)/.*\.py$", name)]
    assert [str(path) for path in product if tools.search(path.read_text())] == []
