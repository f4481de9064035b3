"""HTTPS without a public name: a certificate phones can come to trust, renewed in time, its key kept private."""

import ssl
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509

from server import lan
from server.lan import Lan, addresses, serve_help

NAMES = ("127.0.0.1", "localhost", "tablet-host.local")


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def network(tmp_path: Path) -> Lan:
    return Lan.prepare(tmp_path / "lan", NAMES)


@pytest.fixture
def port(network: Lan) -> Iterator[int]:
    """A server with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(network.certificate, network.key)
    server = HTTPServer(("127.0.0.1", 0), Hello)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_who_trusts_the_authority_trusts_the_server(network: Lan, port: int) -> None:
    trusting = ssl.create_default_context(cafile=str(network.authority))
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    for host in ("127.0.0.1", "localhost"):
        assert urllib.request.urlopen(f"https://{host}:{port}/", context=trusting).status == 204
    with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(f"https://127.0.0.1:{port}/", context=ssl.create_default_context())


def test_phones_accept_its_kind(network: Lan) -> None:
    made = x509.load_pem_x509_certificate(network.certificate.read_bytes())
    assert (made.not_valid_after_utc - made.not_valid_before_utc).days <= 398
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "tablet-host.local"]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_keys_are_private(network: Lan) -> None:
    for key in (network.key, network.authority.with_suffix(".key")):
        assert key.stat().st_mode & 0o777 == 0o600


def test_the_authority_stays_and_the_certificate_follows_the_names(network: Lan, tmp_path: Path) -> None:
    before, authority = network.certificate.read_bytes(), network.authority.read_bytes()
    assert Lan.prepare(tmp_path / "lan", NAMES).certificate.read_bytes() == before
    moved = Lan.prepare(tmp_path / "lan", ("127.0.0.2", *NAMES))
    assert moved.certificate.read_bytes() != before
    assert moved.authority.read_bytes() == authority
    assert moved.fingerprint == network.fingerprint


def test_a_certificate_near_its_end_is_renewed(network: Lan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = network.certificate.read_bytes()
    monkeypatch.setattr(lan, "RENEW_BEFORE", lan.timedelta(days=366))
    assert Lan.prepare(tmp_path / "lan", NAMES).certificate.read_bytes() != before


def test_this_machine_has_a_name_and_an_address() -> None:
    found = addresses()
    assert {"localhost", "127.0.0.1"} <= set(found)
    assert len(set(found)) == len(found)


def test_the_help_page_offers_the_certificate_and_the_steps(network: Lan) -> None:
    base = f"http://127.0.0.1:{serve_help(network, 'https://192.0.2.7:8443', '127.0.0.1')}"
    page = urllib.request.urlopen(base).read().decode()
    for words in ("iPhone", "Android", "Windows", "Trust this server", "Faire confiance", network.fingerprint,
                  'href="https://192.0.2.7:8443/"'):  # fmt: skip
        assert words in page
    answer = urllib.request.urlopen(f"{base}/floorledger.crt")
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"
    offered = x509.load_der_x509_certificate(answer.read())
    assert offered == x509.load_pem_x509_certificate(network.authority.read_bytes())
    # Whatever is asked for, no key comes.
    for path in ("/authority.key", "/../authority.key", "/server.key"):
        assert b"PRIVATE KEY" not in urllib.request.urlopen(base + path).read()
