"""The phone's and the desk's files: served with a strong ETag, and described for the phone to keep offline.

What the phone loads is its bundle (tools/bundle.mjs) while the sources are those it was made of, and the sources
themselves otherwise: whoever edits them sees the edit at the next reload, without a build.
"""

import base64
import hashlib
import json
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, send_file
from werkzeug.security import safe_join

import webapp
from server.auth.access import access
from server.auth.fields import ANY
from server.problems import Problem
from server.security import WORKER_POLICY

# Said here rather than taken from the system's table, which differs from machine to machine.
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
# `import ... from "./x.js"` and `export ... from "./x.js"`, minified or not; an import() comes when it is needed.
IMPORT = re.compile(r"""(?:\bfrom|^import)\s*["'](\.{1,2}/[^"'\n]+\.js)["']""", re.MULTILINE)
# What no phone keeps: the desk's files, what libraries bring beside their code, languages of the checks, maps.
NOT_THE_PHONES = ("css/desk", "desk", "vendor/htmx.org/", "service-worker/", "locale/xx", "locale/xr")
NOT_KEPT = {".map", ".txt"}
# What the phone keeps as it is, besides its modules and sheets.
KEPT_AS_THEY_ARE = ("icons/icon", "locale/", "vendor/zxing-wasm/dist/reader/")
LONGEST = 200
ENCODINGS = {"br": "br", "gzip": "gz"}


@dataclass(frozen=True)
class Phone:
    """The files that make up the phone, as addresses below /static/."""

    script: str
    styles: list[str]
    modules: list[str]  # the script's imports and theirs: the browser asks for all at once
    files: list[str]  # all it keeps to work without a network


def init_app(app: Flask) -> None:
    """Serve /static/."""
    app.add_url_rule("/static/<path:filename>", "static", serve, methods=["GET"])


@access(public="files of the program, the same for everybody", query=ANY)
def serve(filename: str) -> Response:
    """One file. `no-cache`: the browser keeps it but asks each time whether it is still the same."""
    path = _find(filename)
    if path is None or not path.is_file() or path.name.startswith("."):
        raise Problem("request.not_found")
    kind = TYPES.get(path.suffix, "text/plain")
    mark = digest(path).hex()
    encoding, body = _encoded(mark) or ("", path)
    response = send_file(body, mimetype=kind, etag=f"{mark}-{encoding}" if encoding else mark, conditional=True)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Content-Security-Policy"] = WORKER_POLICY  # of use to scripts that are workers, and to no other
    return response


def _find(filename: str) -> Path | None:
    if len(filename.encode()) > LONGEST:  # no file of ours; the system may refuse to look for it
        return None
    folder, _, name = filename.partition("/")
    found = safe_join(str(webapp.BUNDLE), name) if folder == "bundle" else safe_join(str(webapp.STATIC), filename)
    return Path(found) if found else None


def _encoded(mark: str) -> tuple[str, Path] | None:
    """The compressed copy of a file of this hash, made when the phone was bundled, that the caller can read."""
    for encoding, suffix in ENCODINGS.items():
        copy = webapp.BUNDLE / "encoded" / f"{mark}.{suffix}"
        if request.accept_encodings.quality(encoding) and copy.is_file():
            return encoding, copy
    return None


def digest(path: Path) -> bytes:
    """SHA-256 of the file as it is now."""
    stat = path.stat()
    return _digest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1024)
def _digest(path: Path, _modified: int, _size: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def phone() -> Phone:
    """What the phone loads and keeps, as it is now."""
    return _bundled() or _plain()


def _bundled() -> Phone | None:
    """The bundle, if there is one and it was made of the sources as they are."""
    described = webapp.BUNDLE / "bundle.json"
    try:
        stat = described.stat()
        outputs, sources = _described(described, stat.st_mtime_ns, stat.st_size)
        if any(digest(webapp.STATIC / name).hex() != known for name, known in sources.items()):
            return None
    except FileNotFoundError:
        return None
    made = {name: f"bundle/{name}" for name in outputs}
    script = next(name for name in outputs if name.startswith("app-"))
    needed = [script]
    for name in needed:  # grows while it is walked
        needed += [chunk for chunk in outputs[name] if chunk not in needed]
    kept = [name for name in _all_files() if name.startswith(KEPT_AS_THEY_ARE)]
    return Phone(
        script=made[script],
        styles=[made[name] for name in outputs if name.endswith(".css")],
        modules=[made[name] for name in needed],
        files=[*made.values(), *kept],
    )


@lru_cache(maxsize=4)
def _described(path: Path, _modified: int, _size: int) -> tuple[dict[str, list[str]], dict[str, str]]:
    description = json.loads(path.read_text("utf-8"))
    return description["outputs"], description["sources"]


def _plain() -> Phone:
    """The sources themselves."""
    found: list[Path] = []
    waiting = [webapp.STATIC / "app.js"]
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_file():
            found.append(path)
            stat = path.stat()
            waiting += _imports(path, stat.st_mtime_ns, stat.st_size)
    return Phone(
        script="app.js",
        styles=["css/tokens.css", "css/capture.css"],
        modules=[path.relative_to(webapp.STATIC).as_posix() for path in found],
        files=_all_files(),
    )


@lru_cache(maxsize=1024)
def _imports(path: Path, _modified: int, _size: int) -> tuple[Path, ...]:
    return tuple(Path(os.path.normpath(path.parent / name)) for name in IMPORT.findall(path.read_text("utf-8")))


def precache() -> list[dict[str, str]]:
    """What the phone keeps to work without a network: [{"url", "integrity"}], by address."""
    entries = []
    for name in sorted(phone().files):
        path = _find(name)
        assert path is not None, name
        hashed = base64.b64encode(digest(path)).decode()
        entries.append({"url": f"/static/{name}", "integrity": f"sha256-{hashed}"})
    return entries


def version() -> str:
    """Names this set of files and pages: it changes when one of them does."""
    pages = [webapp.TEMPLATES / name for name in ("capture.html", "service-worker.js", "manifest.webmanifest")]
    parts = [entry["integrity"] for entry in precache()]
    parts += [digest(page).hex() for page in [*pages, webapp.STATIC / "service-worker" / "cache.js"]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _all_files() -> list[str]:
    found = (path.relative_to(webapp.STATIC) for path in webapp.STATIC.rglob("*") if path.is_file())
    return [
        name.as_posix()
        for name in found
        if name.suffix in TYPES
        and name.suffix not in NOT_KEPT
        and not any(part.startswith(".") for part in name.parts)
        and not name.as_posix().startswith(NOT_THE_PHONES)
    ]
