"""Passkeys (WebAuthn): a key pair in somebody's phone, computer or security key, which asks for finger, face or PIN.

That makes two factors of one gesture, so a passkey signs in alone, or stands beside a password. It answers for the very
address it was made at: a page that only looks like ours gets nothing.

What it signs is a challenge. Ours carry what they are for and until when, under a key of this server, so that nothing
is stored before somebody answers; an answer is taken once.
"""

import hashlib
import hmac
import json
import logging
import secrets
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import webauthn
from flask import request
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from server.extensions import now, settings
from server.problems import Problem
from server.store import factors, people
from server.store.factors import Passkey

log = logging.getLogger("floorledger")

# How long somebody may take to answer.
ANSWER_WITHIN_MS = 15 * 60_000
LONGEST_ANSWER = 20_000
NAME_LENGTH = 100


def usable() -> bool:
    """Whether browsers make passkeys for the address of this server: a name, over https or on the same machine."""
    origin = urlsplit(_origin())
    host = origin.hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return origin.scheme == "https" or host == "localhost" or host.endswith(".localhost")
    return False


def to_prove(purpose: str, known: list[Passkey] | None = None) -> str:
    """What `navigator.credentials.get` is given, as JSON; `known`: only these, otherwise any of this server."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(), challenge=_challenge(purpose), timeout=ANSWER_WITHIN_MS,
        allow_credentials=[_described(key) for key in known or []],
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return webauthn.options_to_json(options)


def to_add(purpose: str, user: str, display_name: str, known: list[Passkey]) -> str:
    """What `navigator.credentials.create` is given, as JSON: a key that is found without a name and asks who holds it;
    none that is `known` already."""
    handle = known[0].handle if known else bytes_to_base64url(secrets.token_bytes(32))
    options = webauthn.generate_registration_options(
        rp_id=_host(), rp_name="Floorledger", user_name=user, user_display_name=display_name,
        user_id=webauthn.base64url_to_bytes(handle), challenge=_challenge(f"{purpose}:{handle}"),
        timeout=ANSWER_WITHIN_MS, exclude_credentials=[_described(key) for key in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )  # fmt: skip
    return webauthn.options_to_json(options)


def proved(connection: Connection, answer: str, purpose: str) -> Passkey:
    """The passkey that signed a challenge of this purpose, just now and once; its user may sign in. Raises Problem."""
    site, moment = settings().site, now()
    given = _read(answer)
    key = factors.find_passkey(connection, site, str(given.get("id", ""))[:1400])
    owner = people.find_user(connection, site, key.user) if key else None
    if key is None or owner is None or not owner.active:
        raise Problem("auth.passkey_refused")
    try:
        challenge = _taken(given, purpose, moment)
        handle = given["response"].get("userHandle")
        if handle is not None and handle.rstrip("=") != key.handle:
            raise ValueError("the key is another user's")
        signed = webauthn.verify_authentication_response(
            credential=given, expected_challenge=challenge, expected_rp_id=_host(), expected_origin=_origin(),
            credential_public_key=webauthn.base64url_to_bytes(key.public_key),
            credential_current_sign_count=key.sign_count, require_user_verification=True,
        )  # fmt: skip
    except Exception as wrong:  # bytes of a stranger: whatever a parser says of them is a refusal
        raise _refused(wrong) from wrong
    _spend(connection, challenge, moment)
    factors.use_passkey(connection, site, key.id, signed.new_sign_count, moment)
    return key


def added(connection: Connection, answer: str, purpose: str, user: str, name: str) -> Passkey:
    """A new passkey of a user, made for a challenge of this purpose. Raises Problem."""
    site, moment = settings().site, now()
    given = _read(answer)
    handle = str(given.get("handle", ""))
    try:
        challenge = _taken(given, f"{purpose}:{handle}", moment)
        made = webauthn.verify_registration_response(
            credential=given, expected_challenge=challenge, expected_rp_id=_host(), expected_origin=_origin(),
            require_user_verification=True,
        )  # fmt: skip
    except Exception as wrong:
        raise _refused(wrong) from wrong
    _spend(connection, challenge, moment)
    key = Passkey(
        bytes_to_base64url(made.credential_id), user, handle, bytes_to_base64url(made.credential_public_key),
        made.sign_count, name, moment, None,
    )  # fmt: skip
    try:
        factors.add_passkey(connection, site, key)
    except IntegrityError as wrong:
        raise Problem("auth.passkey_taken") from wrong
    return key


def _read(answer: str) -> dict[str, Any]:
    try:
        given = json.loads(answer) if len(answer) <= LONGEST_ANSWER else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise Problem("auth.passkey_refused")
    return given


def _refused(wrong: Exception) -> Problem:
    problem = Problem("auth.passkey_refused")
    log.info("a passkey was refused: %s id=%s", type(wrong).__name__, problem.id)
    return problem


# --- challenges --------------------------------------------------------------------------------------------------


def _challenge(purpose: str) -> bytes:
    """16 random bytes, until when they hold, and our mark on both and on what they are for."""
    body = secrets.token_bytes(16) + (now() + ANSWER_WITHIN_MS).to_bytes(8)
    return body + _mark(body, purpose)


def _taken(given: dict[str, Any], purpose: str, moment: int) -> bytes:
    """The challenge an answer is to. Raises ValueError for one that is not ours, for something else, or too old."""
    client = json.loads(webauthn.base64url_to_bytes(given["response"]["clientDataJSON"]))
    challenge = webauthn.base64url_to_bytes(client["challenge"])
    body, mark = challenge[:24], challenge[24:]
    if not hmac.compare_digest(mark, _mark(body, purpose)) or int.from_bytes(body[16:]) < moment:
        raise ValueError("not a challenge of ours, or too old")
    return challenge


def _mark(body: bytes, purpose: str) -> bytes:
    message = b"passkey challenge " + body + purpose.encode("utf-8", "replace")
    return hmac.new(settings().secret_key(), message, hashlib.sha256).digest()


def _spend(connection: Connection, challenge: bytes, moment: int) -> None:
    if not factors.spend_challenge(connection, settings().site, hashlib.sha256(challenge).hexdigest(), moment):
        raise Problem("auth.passkey_refused")


# --- where we are ------------------------------------------------------------------------------------------------


def _origin() -> str:
    """Scheme, host and port of this server, as browsers write them."""
    parts = urlsplit(settings().public_url or request.host_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _host() -> str:
    if not usable():
        raise Problem("auth.no_passkeys")
    return urlsplit(_origin()).hostname or ""


def _described(key: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(key.id))
