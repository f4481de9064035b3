"""What we depend on: locked with hashes, from no named registry, and asked about in a way that cannot pass unasked."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import audit, sbom

pytestmark = pytest.mark.requirement("SR-65")

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def pinned(lock: Path) -> dict[str, list[str]]:
    """Package -> its hashes; fails for a line that pins nothing."""
    found: dict[str, list[str]] = {}
    for block in re.split(r"(?m)^(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", lock.read_text())):
        if not block.strip():
            continue
        named = re.match(r"([a-z0-9][a-z0-9._-]*)==[^\s;]+", block)
        assert named, f"{lock.name} does not pin {block.splitlines()[0]!r}"
        found[named[1]] = re.findall(r"--hash=sha256:([0-9a-f]{64})\b", block)
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_python_package_is_pinned_with_hashes(lock: Path) -> None:
    found = pinned(lock)
    assert len(found) > 3
    assert [name for name, hashes in found.items() if not hashes] == []


def test_what_runs_is_what_was_tested() -> None:
    dev = pinned(ROOT / "requirements" / "dev.lock")
    for lock in LOCKS:
        assert pinned(lock).items() <= dev.items() or lock.name == "dev.lock"


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for wanted, lock in ((project["dependencies"], "run"), (project["optional-dependencies"]["dev"], "dev")):
        names = {re.match(r"[A-Za-z0-9._-]+", one)[0].lower().replace("_", "-") for one in wanted}
        assert names <= pinned(ROOT / "requirements" / f"{lock}.lock").keys()


def test_every_package_of_the_phone_is_pinned_with_a_hash() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    for versions in (package["dependencies"], package["devDependencies"]):
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
        assert all(locked[f"node_modules/{name}"]["version"] == version for name, version in versions.items())
    without = [name for name, one in locked.items() if name and not one.get("integrity", "").startswith("sha512-")]
    assert without == []


@pytest.mark.parametrize("path", [*LOCKS, ROOT / "package-lock.json", ROOT / ".npmrc"], ids=lambda path: path.name)
def test_no_lock_names_a_registry(path: Path) -> None:
    text = path.read_text()
    assert '"resolved"' not in text
    assert not re.search(r"(?m)^\s*(--(extra-)?index-url|-i|registry\s*=)", text)


def test_installing_asks_for_the_hashes() -> None:
    for name in ("Makefile", "deploy/Dockerfile"):
        for line in re.sub(r"\\\n", " ", (ROOT / name).read_text()).splitlines():
            for part in line.split("&&"):
                if "pip install" in part:
                    assert "--require-hashes" in part or "--no-deps" in part, part


def test_the_container_is_nobody_and_writes_nowhere_else() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert re.search(r"(?m)^USER (?!root)", dockerfile.split("FROM")[-1])
    compose = (ROOT / "deploy" / "compose.yaml").read_text()
    for service in ("web", "worker"):
        block = re.search(rf"(?m)^  {service}:\n((?:    .*\n)+)", compose)[1]
        for line in ("read_only: true", "cap_drop: [ALL]", "no-new-privileges:true", "tmpfs: [/tmp]"):
            assert line in block or "<<: *closed" in block, (service, line)
    assert "read_only: true" in compose


def test_the_list_of_what_it_is_made_of(tmp_path: Path) -> None:
    made = {}
    for name, make in (("python", sbom.python), ("phone", sbom.phone)):
        for attempt in ("a", "b"):
            make(tmp_path / f"{name}-{attempt}.json")
        first, second = ((tmp_path / f"{name}-{attempt}.json").read_text() for attempt in ("a", "b"))
        assert first == second
        made[name] = json.loads(first)
        assert made[name]["bomFormat"] == "CycloneDX"
        assert made[name]["metadata"]["component"]["name"] == "floorledger"
        assert all(one["version"] and one["purl"] for one in made[name]["components"])
    names = {name: {one["name"] for one in found["components"]} for name, found in made.items()}
    assert names["python"] == set(pinned(ROOT / "requirements" / "run.lock"))
    assert {"htmx.org", "idb", "lit-html", "zxing-wasm"} <= names["phone"]
    assert "typescript" not in names["phone"]


# --- make audit ---------------------------------------------------------------------------------------------------

CLEAN = {"dependencies": [{"name": "flask", "version": "3.1.0", "vulns": []}]}
FLAWED = {"dependencies": [{"name": "flask", "version": "3.1.0", "vulns": [{"id": "GHSA-x"}]}]}
SKIPPED = {"dependencies": [*CLEAN["dependencies"], {"name": "rich", "skip_reason": "no answer"}]}
NPM_CLEAN = {"vulnerabilities": {}, "metadata": {}}
NPM_FLAWED = {"vulnerabilities": {"idb": {"severity": "high"}}, "metadata": {}}


@pytest.mark.parametrize("out", ["", "{}", "null", '{"dependencies": []}', json.dumps(SKIPPED), "Traceback ..."])
def test_no_answer_is_no_pass_for_python(out: str) -> None:
    with pytest.raises(audit.NotChecked):
        audit.read_pip_audit(out, "could not reach it")


@pytest.mark.parametrize("out", ["", "{}", '{"message": "405"}', '{"error": {"code": "ENOTFOUND"}}', "[]"])
def test_no_answer_is_no_pass_for_the_phone(out: str) -> None:
    with pytest.raises(audit.NotChecked):
        audit.read_npm_audit(out, "could not reach it")


def test_an_answer_is_read() -> None:
    assert audit.read_pip_audit(json.dumps(CLEAN), "") == []
    assert audit.read_pip_audit(json.dumps(FLAWED), "") == ["flask 3.1.0: GHSA-x"]
    assert audit.read_npm_audit(json.dumps(NPM_CLEAN), "") == []
    assert audit.read_npm_audit(json.dumps(NPM_FLAWED), "") == ["idb: high"]


def test_the_exit_status_tells_the_three_apart(capsys: pytest.CaptureFixture[str]) -> None:
    def unreachable() -> list[str]:
        raise audit.NotChecked("nobody there")

    def flawed() -> list[str]:
        return ["idb: high"]

    assert audit.main({"a": list}) == 0
    assert audit.main({"a": list, "b": flawed}) == 1
    assert audit.main({"a": unreachable, "b": list}) == 2
    assert "COULD NOT CHECK a: nobody there" in capsys.readouterr().out


def test_a_service_out_of_reach_is_said(tmp_path: Path) -> None:
    """pip-audit itself, with a proxy nobody listens at: whatever it prints, it must not read as a pass."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip_audit", "--requirement", "requirements/build.lock", "--require-hashes",
         "--disable-pip", "--progress-spinner=off", "--timeout=2", "--format=json"],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=120,
        env={"PATH": "", "HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
    )  # fmt: skip
    with pytest.raises(audit.NotChecked):
        audit.read_pip_audit(asked.stdout, asked.stderr)
