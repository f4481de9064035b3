"""The phone's and the desk's files: served with a strong ETag, and described for the phone to keep offline."""

import base64
import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, send_file
from werkzeug.security import safe_join

import webapp
from server.auth.access import access
from server.problems import Problem

# Said here rather than taken from the system's table, which differs from machine to machine.
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
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
# What the phone never asks for: the desk's files, and what libraries bring beside their code.
NOT_THE_PHONES = ("css/desk", "desk", "vendor/htmx.org/", "service-worker/")


def init_app(app: Flask) -> None:
    """Serve /static/."""
    app.add_url_rule("/static/<path:filename>", "static", serve, methods=["GET"])


@access(public="files of the program, the same for everybody")
def serve(filename: str) -> Response:
    """One file. `no-cache`: the browser keeps it but asks each time whether it is still the same."""
    found = safe_join(str(webapp.STATIC), filename)
    path = Path(found) if found else None
    if path is None or not path.is_file() or path.name.startswith("."):
        raise Problem("request.not_found")
    kind = TYPES.get(path.suffix, "text/plain")
    response = send_file(path, mimetype=kind, etag=digest(path).hex(), conditional=True)
    response.headers["Cache-Control"] = "no-cache"
    return response


def digest(path: Path) -> bytes:
    """SHA-256 of the file as it is now."""
    stat = path.stat()
    return _digest(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1024)
def _digest(path: Path, _modified: int, _size: int) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def precache() -> list[dict[str, str]]:
    """What the phone keeps to work without a network: [{"url", "integrity"}], by address."""
    return [
        {"url": f"/static/{name}", "integrity": "sha256-" + base64.b64encode(digest(webapp.STATIC / name)).decode()}
        for name in sorted(_phone_files())
    ]


def modules() -> list[str]:
    """Addresses of the modules the phone's first screen needs: what app.js imports, and what those import.

    The browser asks for all of them at once, instead of finding them one after the other.
    """
    found: list[Path] = []
    waiting = [webapp.STATIC / "app.js"]
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_file():
            found.append(path)
            stat = path.stat()
            waiting += _imports(path, stat.st_mtime_ns, stat.st_size)
    return [f"/static/{path.relative_to(webapp.STATIC).as_posix()}" for path in found]


@lru_cache(maxsize=1024)
def _imports(path: Path, _modified: int, _size: int) -> tuple[Path, ...]:
    return tuple(Path(os.path.normpath(path.parent / name)) for name in IMPORT.findall(path.read_text("utf-8")))


def version() -> str:
    """Names this set of files and pages: it changes when one of them does."""
    pages = [webapp.TEMPLATES / name for name in ("capture.html", "service-worker.js", "manifest.webmanifest")]
    parts = [entry["integrity"] for entry in precache()]
    parts += [digest(page).hex() for page in [*pages, webapp.STATIC / "service-worker" / "cache.js"]]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _phone_files() -> list[str]:
    found = (path.relative_to(webapp.STATIC) for path in webapp.STATIC.rglob("*") if path.is_file())
    return [
        name.as_posix()
        for name in found
        if name.suffix in TYPES
        and not any(part.startswith(".") for part in name.parts)
        and not name.as_posix().startswith(NOT_THE_PHONES)
    ]
