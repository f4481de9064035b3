"""What is logged: one line an occurrence, nothing secret, nothing that could pass for another line.

Requests are not logged one by one: addresses would fill the disk and could hold what people typed. What was refused or
failed is, with the id the asker was shown, and with an id that all lines of one request share.

Lines are for people (`2026-11-20 08:03:12,345 warning floorledger: ...`) or, with the setting `log_format`, JSON for
programs: the keys of `KEYS`, each with its data class, and no others. What an exception says may be what somebody
typed or earns, so a stack names where and what kind, never the words; and what looks like a secret is cut out of
messages as well, whoever wrote them. A crash leaves such a line, not the memory of the process.
"""

import json
import logging
import re
import resource
import secrets
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from flask import g, has_app_context

# Key of a JSON line -> data class; see docs/reference/data-classes.md.
KEYS = {
    "at": "operational",
    "level": "operational",
    "logger": "operational",
    "process": "operational",
    "request": "operational",
    "message": "operational",
    "stack": "operational",
}
FORMATS = ("lines", "json")
OURS = "floorledger"

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_CUT = "…"
_FIXED = re.compile(r"(?:[A-Za-z]+ ?)*")
# What looks like a secret, wherever it comes from; group 1 stays.
_SECRETS = [
    re.compile(r"\b(fl[a-z]{1,2}_)[A-Za-z0-9_-]{8,}"),  # ours: devices, tokens
    re.compile(r"(://)[^/\s@]*@"),  # name and password in an address
    re.compile(r"(?<=[\w/])(\?)[^\s\"']+"),  # what follows the path of an address
    re.compile(r"\b((?:bearer|basic)\s+)[^\s,;\"']+", re.I),
    re.compile(
        r"""((?:password|passwd|passphrase|secret|token|cookie|authorization|credential|\bpin)\w*["']?\s*[:=]\s*["']?)"""
        r"""[^\s"',;}]+""",
        re.I,
    ),
]


def start(level: str, form: str = "lines") -> None:
    """Log to standard error: ours from `level` on, other people's from warning on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if form == "json" else Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # A library that is chatty tells addresses and parameters.
    root.setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    logging.getLogger(OURS).setLevel(level.upper())
    logging.captureWarnings(True)
    sys.excepthook = _crashed
    threading.excepthook = lambda arguments: _crashed(
        arguments.exc_type, arguments.exc_value or arguments.exc_type(), arguments.exc_traceback
    )
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Line(logging.Formatter):
    """For people; a stack stands below its line, indented, so that no line of it passes for another."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def format(self, record: logging.LogRecord) -> str:
        """The line and its stack."""
        said = _said(record)
        request = f" request={said['request']}" if "request" in said else ""
        line = f"{self.formatTime(record)} {said['level']} {said['logger']}: {said['message']}{request}"
        return "\n".join([line, *(f"  {frame}" for frame in said.get("stack", ()))])


class Json(logging.Formatter):
    """For programs: an object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The object, in ASCII."""
        return json.dumps(_said(record))


def _said(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says, by the names of `KEYS`."""
    said: dict[str, Any] = {
        "at": logging.Formatter("%(asctime)s").formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
        "level": record.levelname.lower(),
        "logger": clean(record.name),
        "process": record.process,
        "message": clean(_message(record)),
    }
    if request := _request():
        said["request"] = request
    if record.exc_info and record.exc_info[1] is not None:
        said["stack"] = [clean(line) for line in stack(record.exc_info[1])]
    return said


def clean(text: str) -> str:
    """`text` in one line, control characters as visible escapes, what looks like a secret cut out."""
    for secret in _SECRETS:
        text = secret.sub(rf"\g<1>{_CUT}", text)
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _message(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] == OURS:
        try:
            return record.getMessage()
        except Exception:  # a line with a mistake in it is still a line
            return str(record.msg)
    # Other people's words: figures stay, addresses and what a client sent do not. What was put together before it came
    # here ends where its fixed words may end.
    message = str(record.msg)
    if not record.args:
        return _FIXED.match(message)[0] + _CUT  # type: ignore[index] # it matches the empty text as well
    told = record.args if isinstance(record.args, tuple) else (record.args,)
    try:
        return message % tuple(value if isinstance(value, (int, float)) else _CUT for value in told)
    except (TypeError, ValueError):
        return message


def stack(wrong: BaseException) -> list[str]:
    """Where an exception comes from and of what kind it and its causes are: never what they say."""
    lines: list[str] = []
    seen: set[int] = set()
    now: BaseException | None = wrong
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        kind = f"{type(now).__module__}.{type(now).__qualname__}".removeprefix("builtins.")
        lines.append(" ".join(part for part in (kind, _cause(now)) if part))
        frames = traceback.extract_tb(now.__traceback__)
        lines += [f"at {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)
    return lines


def _cause(wrong: BaseException) -> str:
    """What the system or the database says by number: those words come from no person."""
    original = getattr(wrong, "orig", None) or wrong
    if name := getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None):
        return str(name)
    return (original.strerror or "") if isinstance(original, OSError) and isinstance(original.errno, int) else ""


def _request() -> str:
    """The id that all lines of one request share; "" outside of requests."""
    if not has_app_context():
        return ""
    if "request_id" not in g:
        g.request_id = secrets.token_hex(6)
    return str(g.request_id)


def _crashed(kind: type[BaseException], wrong: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught: a line like any other, instead of a traceback with what the exception says."""
    if issubclass(kind, (KeyboardInterrupt, SystemExit)):
        return
    logging.getLogger(OURS).critical("crashed", exc_info=(kind, wrong, trace))
