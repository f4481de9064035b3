"""The one door through which this program calls others: `request`.

    answer = request("POST", "https://erp.example.org/api", headers={"Authorization": "..."}, body=b"{}")

It goes where an administrator's settings allow (destination.py), to the very addresses that were looked at, with the
certificate checked for the name; it follows no redirect, takes no proxy from the environment, keeps no cookie. All of
it, the name's resolution and the last byte included, ends within `timeout` seconds, and no answer is larger than
`limit_bytes`, as it travels and unpacked. Trouble is Refused (we do not call) or Failed (we called); neither shows
anything of what the other side answered.
"""

import ssl
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpcore
from flask_babel import LazyString, lazy_gettext

from server.egress.destination import Policy, Refused, addresses, parse
from server.extensions import settings
from server.settings import MEBIBYTE

__all__ = ["Answer", "Failed", "Policy", "Refused", "request"]
_ = lazy_gettext

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
# Said by the transport, or of no use to us.
OURS = frozenset(
    {
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "accept-encoding",
        "upgrade",
        "te",
        "trailer",
        "expect",
    }
)
REDIRECTS = frozenset({301, 302, 303, 307, 308})

FAILURES: dict[str, LazyString] = {
    "timeout": _("The server did not answer in time."),
    "connection": _("The server could not be reached, or broke off."),
    "certificate": _("The server's certificate does not prove its name."),
    "protocol": _("The server's answer is not HTTP as it should be."),
    "too_large": _("The server's answer is larger than we take."),
    "encoding": _("The server packed its answer in a way we did not ask for."),
}


class Failed(OSError):
    """A call that came to nothing. `reason` is one of FAILURES; `str()` of it is the sentence for an administrator.
    Whether the other side acted on it is not known."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(FAILURES[self.reason])


@dataclass(frozen=True)
class Answer:
    """What the other side said; header names in lower case, several of one name joined by commas."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self, most: int = 300) -> str:
        """The beginning of the body for a person's eyes: at most so many characters, printable ones only."""
        read = self.body[: most * 4].decode("utf-8", "replace")
        return "".join(sign if sign.isprintable() else " " for sign in read)[:most]


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    limit_bytes: int = MEBIBYTE,
    timeout: float = 15.0,
    policy: Policy | None = None,
) -> Answer:
    """Call `url` and give the answer, whatever its status but a redirect. Raises Refused, Failed.

    Without `policy` that of the running application's settings holds. ValueError: a method or a header that is the
    transport's own.
    """
    if method not in METHODS or (taken := OURS & {name.lower() for name in headers or {}}):
        raise ValueError(f"not for callers: {method if method not in METHODS else ', '.join(taken)}")
    policy = policy or Policy.of(settings())
    ends = time.monotonic() + timeout
    to = parse(url, policy)
    try:
        pinned = _Pinned(addresses(to, policy, timeout), ends)
        own = {"Host": to.authority, "Accept-Encoding": "identity", "User-Agent": "Floorledger"}
        with (
            httpcore.ConnectionPool(_trust(policy.authorities), max_connections=1, network_backend=pinned) as pool,
            pool.stream(method, to.url, headers=[*own.items(), *(headers or {}).items()], content=body) as response,
        ):
            if response.status in REDIRECTS:
                raise Refused("redirect")
            said = _joined(response.headers)
            content = _read(response.iter_stream(), said.get("content-encoding", ""), limit_bytes)
            return Answer(response.status, said, content)
    except (httpcore.TimeoutException, TimeoutError) as wrong:
        raise Failed("timeout") from wrong
    except httpcore.NetworkError as wrong:
        unproved = isinstance(wrong.__context__, ssl.SSLCertVerificationError)
        raise Failed("certificate" if unproved else "connection") from wrong
    except httpcore.RemoteProtocolError as wrong:
        raise Failed("protocol") from wrong
    except httpcore.LocalProtocolError as wrong:  # a header of the caller's that HTTP cannot carry
        raise ValueError("not a header") from wrong


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("ascii", "replace").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _read(chunks: Iterable[bytes], encoding: str, limit: int) -> bytes:
    """The body, unpacked, no piece of it larger than `limit`. We ask for it as it is; some servers pack it anyway."""
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise Failed("encoding")
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    content, travelled = bytearray(), 0
    for chunk in chunks:
        travelled += len(chunk)
        try:
            content += unpacker.decompress(chunk, limit + 1 - len(content)) if unpacker else chunk
        except zlib.error as wrong:
            raise Failed("encoding") from wrong
        if max(travelled, len(content)) > limit:
            raise Failed("too_large")
    if unpacker and not unpacker.eof:
        raise Failed("encoding")
    return bytes(content)


@lru_cache(maxsize=4)
def _trust(authorities: str) -> ssl.SSLContext:
    """The system's authorities, and those of a PEM file."""
    context = ssl.create_default_context()
    if authorities:
        context.load_verify_locations(cafile=authorities)
    return context


class _Pinned(httpcore.NetworkBackend):
    """Connects to addresses that were checked, whatever name is asked for; all of it ends at one moment."""

    def __init__(self, checked: Sequence[str], ends: float) -> None:
        self.checked, self.ends = checked, ends
        self.inner = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        trouble: Exception = httpcore.ConnectError("no address")
        for address in self.checked:
            try:
                connected = self.inner.connect_tcp(address, port, _left(self.ends), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as wrong:
                trouble = wrong
            else:
                return _Timed(connected, self.ends)
        raise trouble


class _Timed(httpcore.NetworkStream):
    """A connection that ends at one moment, however slowly it drips."""

    def __init__(self, inner: httpcore.NetworkStream, ends: float) -> None:
        self.inner, self.ends = inner, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left(self.ends))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), 65536):
            self.inner.write(buffer[start : start + 65536], _left(self.ends))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self.inner.start_tls(ssl_context, server_hostname, _left(self.ends)), self.ends)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def _left(ends: float) -> float:
    """Seconds until `ends`. Raises TimeoutError when there are none."""
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
