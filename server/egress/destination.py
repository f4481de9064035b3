"""Where an outgoing call may go: what an address must look like, and which machines it may mean.

Two steps. `parse` reads the address: https, a port of the list, no credentials in it, a host that cannot be
written in two ways. `addresses` asks the resolver once and looks at every answer: all of them are public, or in a
network the administrator named. The connection is then made to these and to no others, so that a name that answers
differently the next time (DNS rebinding) changes nothing.
"""

import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from queue import Empty, SimpleQueue
from urllib.parse import urlsplit

import idna
from flask_babel import LazyString, lazy_gettext

from server.settings import Settings

_ = lazy_gettext

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# From host and port to addresses as text; raises OSError where the name is not known.
Resolver = Callable[[str, int], Sequence[str]]

PORTS = {"https": 443, "http": 80}
MOST_LENGTH = 2000

# Never, whatever an administrator names: no machine, those nearby (clouds keep credentials there), many at once.
NEVER = tuple(
    ip_network(text)
    for text in ("0.0.0.0/8", "169.254.0.0/16", "168.63.129.16/32", "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10",
                 "fd00:ec2::254/128", "ff00::/8")
)  # fmt: skip
# Of IPv6, what is given out to the world; of both, ways around to another address and what Python 3.11 calls global
# though the registry of special addresses (IANA) does not.
WORLD = ip_network("2000::/3")
NOT_WORLD = tuple(
    ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
NAT64 = ip_network("64:ff9b::/96")

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)

REASONS: dict[str, LazyString] = {
    "address": _("This is no address of a server, such as https://erp.example.org/api."),
    "scheme": _("Only https is allowed; http for hosts named in the setting EGRESS_PLAIN_HOSTS."),
    "credentials": _("An address holds no name and password: they have fields of their own."),
    "host": _("The host is written in a way that can be read in two ways; write its name or its plain address."),
    "port": _("This port is not in the setting EGRESS_PORTS."),
    "unknown": _("No machine of this name was found."),
    "network": _("This address lies in a network that is not public; an administrator may add it to EGRESS_NETWORKS."),
    "redirect": _("The server sent us on to another address, and we do not follow; give that address instead."),
}


class Refused(ValueError):
    """A call we do not make. `reason` is one of REASONS; `str()` of it is the sentence for an administrator."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return str(REASONS[self.reason])


def system_resolver(host: str, port: int) -> Sequence[str]:
    """What the machine's own resolver says."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True)
class Policy:
    """What the administrator allows besides https on the internet; made of the settings."""

    networks: tuple[Network, ...] = ()
    plain_hosts: frozenset[str] = frozenset()
    ports: frozenset[int] = frozenset({443})
    authorities: str = ""  # a PEM file, besides the system's
    resolve: Resolver = system_resolver

    @classmethod
    def of(cls, chosen: Settings) -> "Policy":
        """The policy an installation's settings describe."""
        return cls(
            networks=tuple(ip_network(text) for text in chosen.egress_networks),
            plain_hosts=frozenset(host.lower() for host in chosen.egress_plain_hosts),
            ports=frozenset(int(port) for port in chosen.egress_ports),
            authorities=chosen.egress_authorities,
        )


@dataclass(frozen=True)
class Destination:
    """An address that was read and may be tried."""

    scheme: str
    host: str  # lower case, ASCII, without a trailing dot; an IPv6 address without brackets
    port: int
    target: str  # path and query

    @property
    def authority(self) -> str:
        """Host and port as the Host header names them."""
        named = f"[{self.host}]" if ":" in self.host else self.host
        return named if self.port == PORTS[self.scheme] else f"{named}:{self.port}"

    @property
    def url(self) -> str:
        """The address in full, as it was read."""
        return f"{self.scheme}://{self.authority}{self.target}"


def parse(url: str, policy: Policy) -> Destination:
    """What `url` asks for. Raises Refused; nothing is looked up."""
    if len(url) > MOST_LENGTH or not url.isprintable() or any(sign in url for sign in ' \\"<>^`{|}'):
        raise Refused("address")
    try:
        parts = urlsplit(url)
        named, port = parts.hostname or "", parts.port
    except ValueError as wrong:
        raise Refused("address") from wrong
    if not parts.scheme or not (named or parts.scheme not in PORTS):
        raise Refused("address")
    if parts.scheme not in PORTS:
        raise Refused("scheme")
    if ("[" in parts.netloc) != (":" in named):
        raise Refused("host")
    if "@" in parts.netloc:
        raise Refused("credentials")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not target.isascii():
        raise Refused("address")
    host = _host(named)
    if parts.scheme == "http" and host not in policy.plain_hosts:
        raise Refused("scheme")
    port = PORTS[parts.scheme] if port is None else port
    if port not in policy.ports:
        raise Refused("port")
    return Destination(parts.scheme, host, port, target)


def _host(named: str) -> str:
    """One way of writing a host: names in ASCII as IDNA 2008 has them, addresses as they are printed."""
    if ":" in named:
        try:
            return str(IPv6Address(named)) if "%" not in named else _ambiguous()
        except ValueError:
            return _ambiguous()
    try:
        host = named if named.isascii() else idna.encode(named, uts46=True, std3_rules=True).decode()
    except idna.IDNAError as wrong:
        raise Refused("host") from wrong
    host = host.lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return _ambiguous()
    # 2130706433, 0177.0.0.1, 0x7f.1 and 127.1 are addresses to some readers and names to others.
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            return _ambiguous()
    return host


def _ambiguous() -> str:
    raise Refused("host")


def addresses(to: Destination, policy: Policy, seconds: float) -> list[str]:
    """The addresses of the host, each of them allowed; asked once. Raises Refused, also where only one of them is not
    allowed, and TimeoutError."""
    try:
        found = _in_time(policy.resolve, to.host, to.port, seconds)
        given = [ip_address(text) for text in found]
    except (OSError, ValueError) as wrong:
        if isinstance(wrong, TimeoutError):
            raise
        raise Refused("unknown") from wrong
    if not given:
        raise Refused("unknown")
    if not all(may_reach(address, policy.networks) for address in given):
        raise Refused("network")
    return [str(address) for address in dict.fromkeys(given)]


def may_reach(address: Address, networks: Sequence[Network] = ()) -> bool:
    """Whether a machine of this address may be called: a public one, or one of the administrator's `networks`."""
    if isinstance(address, IPv6Address):
        # The same machine by another name: what counts is the address inside.
        if address.ipv4_mapped:
            return may_reach(address.ipv4_mapped, networks)
        if address in NAT64:
            return may_reach(IPv4Address(int(address) & 0xFFFFFFFF), networks)
    if any(address in network for network in NEVER):
        return False
    if any(address in network for network in networks):
        return True
    if any(address in network for network in NOT_WORLD):
        return False
    return address.is_global and (isinstance(address, IPv4Address) or address in WORLD)


def _in_time(resolve: Resolver, host: str, port: int, seconds: float) -> Sequence[str]:
    """The resolver has no time limit of its own: it is asked beside, and left alone when it takes too long."""
    answers: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except Exception as wrong:  # handed to whoever asked
            answers.put(wrong)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0.001))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer
