"""HTTPS in a local network: a small authority of this installation, its certificate for this server, and a page that
tells phones how to trust it.

Browsers open the camera and run a service worker only on a page they trust. Where no public name exists, the
installation signs for itself: the authority's key never leaves the data folder, and whoever trusts it trusts exactly
this installation.
"""

import http.server
import ipaddress
import os
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from jinja2 import Environment, FileSystemLoader

AUTHORITY_YEARS = 10
# Phones refuse longer ones, also from an authority they trust (Apple: 398 days).
CERTIFICATE_DAYS = 365
RENEW_BEFORE = timedelta(days=30)
HELP_PORTS = range(8080, 8090)


@dataclass(frozen=True)
class Lan:
    """What HTTPS needs, on disk. `names[0]` is what phones best use."""

    authority: Path
    certificate: Path
    key: Path
    names: tuple[str, ...]
    fingerprint: str

    @classmethod
    def prepare(cls, folder: Path, names: tuple[str, ...] | None = None) -> "Lan":
        """The authority and a valid certificate for `names`, made where they are missing, old or for other names."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        names = names or addresses()
        authority, authority_key = folder / "authority.pem", folder / "authority.key"
        if not (authority.exists() and authority_key.exists()):
            _make_authority(authority, authority_key)
        certificate, key = folder / "server.pem", folder / "server.key"
        if not (certificate.exists() and key.exists() and _still_fits(certificate, authority, names)):
            _make_certificate(authority, authority_key, certificate, key, names)
        raw = x509.load_pem_x509_certificate(authority.read_bytes()).fingerprint(hashes.SHA256())
        return cls(authority, certificate, key, names, ":".join(f"{octet:02X}" for octet in raw))


def addresses() -> tuple[str, ...]:
    """Names and addresses under which this machine is reached: the network's address first, then names."""
    host = socket.gethostname().split(".")[0].lower()
    found: list[str] = []
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # Sends nothing: connecting a datagram socket only asks the system which of its addresses it would use.
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
                found.append(probe.getsockname()[0])
            except OSError:  # no such network here
                continue
    with suppress(OSError):  # the machine may not know its own name
        found += [str(info[4][0]) for info in socket.getaddrinfo(host, None, socket.AF_INET)]
    own = [address for address in dict.fromkeys(found) if not ipaddress.ip_address(address).is_loopback]
    return tuple(dict.fromkeys([*own, f"{host}.local", host, "localhost", "127.0.0.1"]))


def _make_authority(path: Path, key_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Floorledger on {socket.gethostname()}"[:64])])
    now = datetime.now(UTC)
    public = key.public_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(key_path, key)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _make_certificate(authority: Path, authority_key: Path, path: Path, key_path: Path, names: tuple[str, ...]) -> None:
    issuer = x509.load_pem_x509_certificate(authority.read_bytes())
    issuer_key = serialization.load_pem_private_key(authority_key.read_bytes(), None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    _write_key(key_path, key)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def _still_fits(path: Path, authority: Path, names: tuple[str, ...]) -> bool:
    made = x509.load_pem_x509_certificate(path.read_bytes())
    issuer = x509.load_pem_x509_certificate(authority.read_bytes())
    known = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    if set(known) != {_general_name(name) for name in names}:
        return False
    if made.not_valid_after_utc - datetime.now(UTC) < RENEW_BEFORE:
        return False
    try:
        made.verify_directly_issued_by(issuer)
    except Exception:  # whatever does not fit about it, a new one does
        return False
    return True


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    raw = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(raw)


# --- the page that helps ---------------------------------------------------------------------------------------


def serve_help(network: Lan, reached: str, host: str) -> int:
    """Offer the authority's certificate with the steps to trust it, over plain HTTP; returns the port.

    Plain, because a phone that does not trust us yet can open nothing else. It offers nothing but what everybody may
    have: the certificate is public, and its fingerprint stands in the terminal to compare.
    """
    pages = Environment(loader=FileSystemLoader(Path(__file__).parent / "cli"), autoescape=True)
    page = pages.get_template("trust.html").render(reached=reached, fingerprint=network.fingerprint).encode()
    der = x509.load_pem_x509_certificate(network.authority.read_bytes()).public_bytes(serialization.Encoding.DER)

    class Help(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            certificate = self.path == "/floorledger.crt"
            body = der if certificate else page
            self.send_response(200)
            self.send_header(
                "Content-Type", "application/x-x509-ca-cert" if certificate else "text/html; charset=utf-8"
            )
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Who looked at the help page interests nobody."""

    for port in HELP_PORTS:
        try:
            server = http.server.ThreadingHTTPServer((host, port), Help)
        except OSError:
            continue
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return port
    raise OSError(f"no free port from {HELP_PORTS.start} to {HELP_PORTS.stop - 1} for the help page")
