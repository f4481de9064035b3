"""A device that signs, for tests: HTTP Message Signatures made by the words of RFC 9421, not by our reading of them."""

import base64
import hashlib
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.extensions import system_clock

PARTS = '("@method" "@path" "@query" "content-digest")'


class Key:
    """A key pair of a device."""

    def __init__(self) -> None:
        self.private = generate_private_key(SECP256R1())
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public = base64.urlsafe_b64encode(point).decode().rstrip("=")

    def headers(
        self, method: str, path: str, body: bytes = b"", *, at: int | None = None, nonce: str = ""
    ) -> dict[str, str]:
        """What a request of this device brings; `at`: by its clock, in milliseconds."""
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        created = (system_clock() if at is None else at) // 1000
        parameters = f'{PARTS};created={created};nonce="{nonce or secrets.token_hex(16)}"'
        bare, _, query = path.partition("?")
        base = (
            f'"@method": {method}\n"@path": {bare}\n"@query": ?{query}\n'
            f'"content-digest": {digest}\n"@signature-params": {parameters}'
        )
        r, s = decode_dss_signature(self.private.sign(base.encode(), ECDSA(SHA256())))
        signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
        return {
            "Content-Digest": digest,
            "Signature-Input": f"d={parameters}",
            "Signature": f"d=:{signature}:",
        }

    def call(self, client: Any, method: str, path: str, body: bytes = b"", **more: Any) -> Any:
        """The answer to a signed request of `client`."""
        signed = self.headers(method, path, body, **more)
        if body:
            signed["Content-Type"] = "application/json"
        return client.open(path, method=method, data=body or None, headers=signed)
