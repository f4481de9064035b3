"""Signatures of devices: whoever copied a device's cookie or token can do nothing with it, for the key stays inside.

A device that enrolled with a key pair signs each request by HTTP Message Signatures (RFC 9421) with ECDSA P-256, in
one form and no other:

    Content-Digest: sha-256=:BASE64:                                        of the body, also of an empty one (RFC 9530)
    Signature-Input: d=("@method" "@path" "@query" "content-digest");created=SECONDS;nonce="32 HEX DIGITS"
    Signature: d=:BASE64:                                                   r and s, 32 bytes each

It holds for five minutes around `created`, by the server's clock: a device whose clock is wrong learns the time from
the `now` of the refusal. Of a request that changes something the nonce is used up as well, in the database that all
processes share: what was overheard cannot be sent a second time. A read may be, for those minutes, by whoever holds
the credential as well; it changes nothing and tells what was told before.
"""

import base64
import binascii
import hashlib
import re
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Request

from server.problems import Problem
from sync.core.clock import format_instant

HOLDS_MS = 5 * 60_000
_PARTS = '("@method" "@path" "@query" "content-digest")'
_INPUT = re.compile(rf'd=({re.escape(_PARTS)};created=([0-9]{{1,12}});nonce="([0-9a-f]{{32}})")', re.ASCII)
_SIGNATURE = re.compile("d=:([A-Za-z0-9+/]{86}==):", re.ASCII)
_PUBLIC_KEY = re.compile("[A-Za-z0-9_-]{87}", re.ASCII)


def check(request: Request, public_key: str, now: int) -> str:
    """The nonce of a request that the device with this key signed, not yet looked up. Raises Problem:
    device.signature_missing, device.signature_wrong, device.signature_old."""
    given, signature = request.headers.get("Signature-Input"), request.headers.get("Signature")
    if given is None or signature is None:
        raise Problem("device.signature_missing")
    described, raw = _INPUT.fullmatch(given), _SIGNATURE.fullmatch(signature)
    if described is None or raw is None:
        raise Problem("device.signature_wrong")
    parameters, created, nonce = described.groups()
    digest = base64.b64encode(hashlib.sha256(request.get_data()).digest()).decode()
    if request.headers.get("Content-Digest") != f"sha-256=:{digest}:":
        raise Problem("device.signature_wrong")
    base = "\n".join(
        [
            f'"@method": {request.method}',
            f'"@path": {request.root_path}{request.path}',
            f'"@query": ?{request.query_string.decode("ascii", "replace")}',
            f'"content-digest": sha-256=:{digest}:',
            f'"@signature-params": {parameters}',
        ]
    )
    both = base64.b64decode(raw[1])
    encoded = encode_dss_signature(int.from_bytes(both[:32], "big"), int.from_bytes(both[32:], "big"))
    try:
        _load(public_key).verify(encoded, base.encode("utf-8", "replace"), ECDSA(SHA256()))
    except InvalidSignature:
        raise Problem("device.signature_wrong") from None
    # Only now: whoever cannot sign learns nothing more of our clock than any answer says.
    if abs(now - int(created) * 1000) > HOLDS_MS:
        problem = Problem("device.signature_old")
        problem.members["now"] = format_instant(now)
        raise problem
    return nonce


def is_key(text: object) -> bool:
    """Whether this is a public key as devices send it: a point on P-256, uncompressed, in base64url without padding."""
    if not isinstance(text, str) or not _PUBLIC_KEY.fullmatch(text):
        return False
    try:
        _load(text)
    except (ValueError, binascii.Error):
        return False
    return True


def fingerprint(text: str) -> str:
    """Six digits by which one with the device in the hand and one at a desk see that they speak of the same."""
    return f"{int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], 'big') % 1_000_000:06}"


@lru_cache(maxsize=1024)
def _load(public_key: str) -> EllipticCurvePublicKey:
    point = base64.urlsafe_b64decode(public_key + "=")
    return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
