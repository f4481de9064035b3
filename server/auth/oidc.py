"""Signing in with an account elsewhere: OpenID Connect, authorization code with PKCE, one issuer.

The browser keeps one secret for the way there and back. `state`, `nonce` and the PKCE verifier are derived from it, so
that nothing secret lies in the database and an answer fits one browser and one attempt only.

What an answer must be: OpenID Connect Core 1.0, section 3.1.3.7; RFC 9700 (best practice) for the code flow, RFC 9207
for answers of another issuer. Who somebody is: (issuer, subject). An address of e-mail is nobody's proof and is not
asked for. Authlib knows the protocol's forms and claims, joserfc (of the same house) the signatures; every call goes
through server/egress, so that no redirect and no private address is followed.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.registry import Header

from server import egress
from server.problems import Problem
from server.settings import BadSetting, Settings

log = logging.getLogger("floorledger")

# Signatures with a public key only: with `none` or a shared secret anybody who knows the public key could sign.
ALGORITHMS: Mapping[str, type[Any]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), RSAKey),
    **dict.fromkeys(("ES256", "ES384", "ES512"), ECKey),
    **dict.fromkeys(("EdDSA", "Ed25519"), OKPKey),
}
SCOPE = "openid profile"
# Two clocks may differ by this much.
LEEWAY_S = 60
# A token is made for this sign-in, so it is young.
OLDEST_TOKEN_S = 600
# How long what the provider says of itself is believed, and how often at most its keys are asked for anew because a
# token names one we do not know: a stream of made-up names must not become a stream of calls.
KNOWN_MS = 3_600_000
KEYS_AGAIN_MS = 30_000
# The longest one may take at the provider.
ATTEMPT_MS = 600_000
TIMEOUT_S = 10.0
LIMIT_BYTES = 256 * 1024
CALLBACK = "/sign-in/oidc/callback"


@dataclass(frozen=True, slots=True)
class Proof:
    """Who the provider says signed in. `authenticated_at`: when they last proved it there, in milliseconds, if told."""

    issuer: str
    subject: str
    authenticated_at: int | None


@dataclass(frozen=True, slots=True)
class _Metadata:
    """What the provider says of itself. `names_issuer`: its answers bear the parameter `iss`."""

    authorize: str
    token: str
    keys: str
    names_issuer: bool
    auth_methods: tuple[str, ...]


class Untrusted(Exception):
    """An answer that proves nothing. The text is for the log."""


def is_on(limits: Settings) -> bool:
    """Whether this installation knows a provider."""
    return bool(limits.oidc_issuer)


def derive(secret: str, purpose: str) -> str:
    """`state`, `nonce` or `verifier` of an attempt: 64 hexadecimal signs."""
    return hmac.new(secret.encode(), f"oidc {purpose}".encode(), hashlib.sha256).hexdigest()


class Provider:
    """The issuer of the settings; keeps what it said of itself for a while. Shared by the threads of a process: what
    two of them fetch at once, one of them fetched in vain."""

    def __init__(self, limits: Settings) -> None:
        self.issuer, self.client_id = limits.oidc_issuer, limits.oidc_client_id
        self.limits = limits
        self._metadata: tuple[int, _Metadata] | None = None
        self._keys: tuple[int, list[Any]] | None = None

    # --- there -------------------------------------------------------------------------------------------------

    def address(self, secret: str, base: str, now: int, *, again: bool = False) -> str:
        """Where the browser goes to sign in. `base`: the address of this server; `again`: it must be proved anew, a
        sign-in that is still open there is not enough. Raises Problem when the provider cannot be asked."""
        metadata = self.metadata(now)
        asked = prepare_grant_uri(
            metadata.authorize,
            self.client_id,
            "code",
            redirect_uri=base + CALLBACK,
            scope=SCOPE,
            state=derive(secret, "state"),
            nonce=derive(secret, "nonce"),
            code_challenge=create_s256_code_challenge(derive(secret, "verifier")),
            code_challenge_method="S256",
        )
        return str(add_params_to_uri(asked, [("prompt", "login"), ("max_age", "0")]) if again else asked)

    # --- and back ----------------------------------------------------------------------------------------------

    def prove(self, secret: str, base: str, answer: Mapping[str, str], now: int) -> Proof:
        """Who came back with this answer (the parameters of the address). Raises Problem."""
        try:
            self._check_answer(secret, answer, self.metadata(now))
            if "error" in answer:
                log.info("oidc: the provider refused: %s", answer["error"][:100].encode("unicode_escape").decode())
                raise Problem("oidc.refused")
            tokens = self._trade(answer["code"], secret, base, self.metadata(now))
            return self._read(tokens, derive(secret, "nonce"), now)
        except Untrusted as wrong:
            log.warning("oidc: an answer proves nothing: %s", wrong)
            raise Problem("oidc.untrusted") from wrong
        except BadSetting as wrong:
            log.error("oidc: %s", wrong)
            raise Problem("oidc.unreachable") from wrong

    def _check_answer(self, secret: str, answer: Mapping[str, str], metadata: _Metadata) -> None:
        if not hmac.compare_digest(answer.get("state", "").encode(), derive(secret, "state").encode()):
            raise Untrusted("state is of another attempt")
        named = answer.get("iss")
        if named != self.issuer and (named is not None or metadata.names_issuer):
            raise Untrusted("the answer is of another issuer, or does not say of which")
        if "error" not in answer and not answer.get("code"):
            raise Untrusted("no code")

    def _trade(self, code: str, secret: str, base: str, metadata: _Metadata) -> dict[str, Any]:
        """The tokens for a code."""
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=base + CALLBACK, code_verifier=derive(secret, "verifier")
        )
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        secret_of_ours = client_secret(self.limits)
        method = "client_secret_basic" if secret_of_ours else "none"
        if secret_of_ours and metadata.auth_methods and method not in metadata.auth_methods:
            method = "client_secret_post"
        auth = ClientAuth(self.client_id, secret_of_ours, method)
        _url, headers, body = auth.prepare("POST", metadata.token, headers, body)
        status, tokens = self._call("POST", metadata.token, headers, body.encode())
        if status != 200:
            raise Untrusted(f"the code was not traded: {status}")
        return tokens

    def _read(self, tokens: Mapping[str, Any], nonce: str, now: int) -> Proof:
        """What the ID token proves."""
        text, access, kind = (tokens.get(name) for name in ("id_token", "access_token", "token_type"))
        if not isinstance(text, str) or not isinstance(access, str) or str(kind).lower() != "bearer":
            raise Untrusted("no tokens came")
        seconds = now // 1000
        try:
            token = jwt.decode(text, lambda found: self._key(found.headers(), now), algorithms=list(ALGORITHMS),
                               registry=_REGISTRY)  # fmt: skip
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self.client_id},
                    "sub": {"essential": True},
                    "nonce": {"essential": True, "value": nonce},
                },
                {"nonce": nonce, "client_id": self.client_id, "access_token": access},
            )
            claims.validate(now=seconds, leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as wrong:
            raise Untrusted(f"the ID token: {type(wrong).__name__} {wrong}") from wrong
        return self._proof(claims, seconds)

    def _proof(self, claims: Mapping[str, Any], seconds: int) -> Proof:
        """What the library leaves to the reader: types, more than one audience, age."""
        subject, audience, told = claims["sub"], claims["aud"], claims.get("auth_time")
        if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isascii():
            raise Untrusted("the subject is not up to 255 ASCII characters")
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self.client_id:
            raise Untrusted("several audiences, and we are not the party it was issued to")
        if not isinstance(claims["iat"], (int, float)) or abs(seconds - claims["iat"]) > OLDEST_TOKEN_S:
            raise Untrusted("the ID token was not made just now")
        return Proof(self.issuer, subject, int(told * 1000) if isinstance(told, (int, float)) else None)

    # --- the provider's keys and addresses ---------------------------------------------------------------------

    def _key(self, header: Header, now: int) -> Any:
        """The key a token's header names, of the kind its algorithm takes."""
        wanted = ALGORITHMS.get(str(header.get("alg")))
        if wanted is None:
            raise Untrusted("an algorithm we do not take")
        found = self._pick(header, wanted, self._known_keys(now))
        if found is None and self._keys and now - self._keys[0] >= KEYS_AGAIN_MS:  # the provider may have new ones
            self._keys = None
            found = self._pick(header, wanted, self._known_keys(now))
        if found is None:
            raise Untrusted("signed with a key the provider does not publish")
        return found

    @staticmethod
    def _pick(header: Header, wanted: type[Any], keys: list[Any]) -> Any:
        kid, algorithm = header.get("kid"), header.get("alg")
        fitting = [
            key
            for key in keys
            if isinstance(key, wanted) and key.get("use") in (None, "sig") and key.get("alg") in (None, algorithm)
        ]
        if kid is None:  # then there must be nothing to choose from
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.get("kid") == kid), None)

    def _known_keys(self, now: int) -> list[Any]:
        if self._keys is None or now - self._keys[0] > KNOWN_MS:
            status, said = self._call("GET", self.metadata(now).keys)
            listed = said.get("keys")
            if status != 200 or not isinstance(listed, list):
                raise Problem("oidc.unreachable")
            self._keys = now, [key for one in listed if (key := _import(one)) is not None]
        return self._keys[1]

    def metadata(self, now: int) -> _Metadata:
        """What the provider says of itself. Raises Problem when it does not, or says it is another one."""
        if self._metadata is None or now - self._metadata[0] > KNOWN_MS:
            status, said = self._call("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            authorize, token, keys = addresses = [
                said.get(name, "") for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
            ]
            if status != 200 or said.get("issuer") != self.issuer or not all(map(self._is_address, addresses)):
                log.warning("oidc: what %s says of itself cannot be used", self.issuer)
                raise Problem("oidc.unreachable")
            methods = said.get("token_endpoint_auth_methods_supported")
            self._metadata = (
                now,
                _Metadata(
                    authorize,
                    token,
                    keys,
                    names_issuer=said.get("authorization_response_iss_parameter_supported") is True,
                    auth_methods=tuple(map(str, methods)) if isinstance(methods, list) else (),
                ),
            )
        return self._metadata[1]

    def _is_address(self, address: Any) -> bool:
        """Over TLS; without only where the issuer itself is (see the setting)."""
        if not isinstance(address, str) or not address.isprintable():
            return False
        parts, ours = urlsplit(address), urlsplit(self.issuer)
        return bool(parts.netloc) and (
            parts.scheme == "https" or (parts.scheme, parts.netloc) == (ours.scheme, ours.netloc)
        )

    def _call(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON object of an answer. Raises Problem when there is none."""
        issuer = urlsplit(self.issuer)
        policy = egress.Policy.of(self.limits)
        # The setting itself allows the issuer's port, and loopback without TLS; a private network has to be named.
        policy = replace(
            policy,
            ports=policy.ports | ({issuer.port} if issuer.port else set()),
            plain_hosts=policy.plain_hosts | ({issuer.hostname or ""} if issuer.scheme == "http" else set()),
        )
        try:
            answer = egress.request(
                method, url, headers=headers or {"Accept": "application/json"}, body=body, limit_bytes=LIMIT_BYTES,
                timeout=TIMEOUT_S, policy=policy,
            )  # fmt: skip
            said = json.loads(answer.body)
        except (egress.Refused, egress.Failed, ValueError) as wrong:
            log.warning("oidc: %s does not answer as it should: %s", urlsplit(url).hostname, wrong)
            raise Problem("oidc.unreachable") from wrong
        return answer.status, said if isinstance(said, dict) else {}


# What a header may say beyond the algorithm is not believed: keys come from the provider's own list.
_REGISTRY = JWSRegistry(algorithms=list(ALGORITHMS))


def _import(one: Any) -> Any:
    """A published key as an object; None for one we cannot use, a shared secret above all."""
    kinds: dict[Any, Any] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    kind = kinds.get(one.get("kty")) if isinstance(one, dict) else None
    try:
        return kind.import_key(one) if kind else None
    except (JoseError, ValueError, TypeError):
        return None


def client_secret(limits: Settings) -> str:
    """What proves to the provider that we are we; "" for a client without a secret. Raises BadSetting."""
    if not limits.oidc_secret_file:
        return ""
    try:
        with open(limits.oidc_secret_file, encoding="utf-8") as file:
            return file.read().strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadSetting("The file named by FLOORLEDGER_OIDC_SECRET_FILE cannot be read.") from wrong
