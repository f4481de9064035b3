"""Write the lock files of `requirements/` from pyproject.toml, for every supported Python at once.

`dev` is solved first and holds everything; `build` and `run` are parts of it with the same versions, so that what was
tested is what runs. No index address is written: whoever installs chooses the registry.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "requirements"


def compile_lock(name: str, requirements: list[str], requires_python: str, *options: str) -> None:
    """Pin `requirements` and all they need, with hashes; raises CalledProcessError where no solution exists."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--universal", "--generate-hashes", "--no-header"]
    command += ["--no-config", "--quiet", "--python-version", requires_python, "--output-file", f"requirements/{name}"]
    subprocess.run([*command, *options], input="\n".join(requirements), text=True, check=True, cwd=ROOT)


def main() -> None:
    """Solve anew; arguments are passed to uv, as in `--upgrade` or `--upgrade-package flask`."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, build = settings["project"], settings["build-system"]["requires"]
    oldest = project["requires-python"].removeprefix(">=")
    LOCKS.mkdir(exist_ok=True)
    run = project["dependencies"]
    compile_lock("dev.lock", [*run, *build, *project["optional-dependencies"]["dev"]], oldest, *sys.argv[1:])
    for name, requirements in {"build.lock": build, "run.lock": run}.items():
        (LOCKS / name).unlink(missing_ok=True)
        compile_lock(name, requirements, oldest, "--constraint", "requirements/dev.lock")


if __name__ == "__main__":
    main()
