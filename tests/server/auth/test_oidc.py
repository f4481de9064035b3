"""Signing in with an account elsewhere: the whole way with a real provider, and every lie of a false one."""

import re
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from joserfc.util import json_b64encode
from sqlalchemy import Engine

from server import create_app
from server.auth import credentials, invitations
from server.auth.rights import Acting
from server.extensions import Clock, system_clock
from server.settings import BadSetting, Settings
from server.store import audit, identities, people
from server.store.database import read, write
from tests.server.auth.providers import CLIENT, SECRET, Liar, Person, real_provider

SAME = {"Sec-Fetch-Site": "same-origin"}
JSON = SAME | {"Accept": "application/json"}
CROSS = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

pytestmark = pytest.mark.requirement("SR-13")


@pytest.fixture
def clock() -> Clock:
    """The machine's: the real provider looks at it, too."""
    return system_clock


def with_provider(settings: Settings, tmp_path: Path, issuer: str, **more: Any) -> Settings:
    secret = tmp_path / "oidc.secret"
    secret.write_text(f"{SECRET}\n")
    return replace(settings, oidc_issuer=issuer, oidc_client_id=CLIENT, oidc_secret_file=str(secret),
                   oidc_name="Plant & Co", egress_networks=("127.0.0.0/8",), **more)  # fmt: skip


def add(database: Engine, name: str, *roles: str) -> None:
    with write(database) as connection:
        people.create_user(connection, "main", name, display_name=name.title(), password_hash="", roles=roles)


def link(database: Engine, issuer: str, subject: str, user: str) -> None:
    with write(database) as connection:
        identities.link(connection, "main", issuer, subject, user, 0)


def invited(database: Engine, settings: Settings, name: str, *roles: str) -> str:
    with write(database) as connection:
        act = Acting(connection, "main", "cli", system_clock())
        return invitations.invite(act, settings, name, name.title(), roles=roles).secret


def here(address: str) -> str:
    """The path of an address of ours."""
    parts = urllib.parse.urlsplit(address)
    assert parts.netloc in ("", "localhost")
    return f"{parts.path}?{parts.query}"


def asked(address: str) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))


def sessions(database: Engine) -> int:
    with read(database) as connection:
        return connection.exec_driver_sql("SELECT COUNT(*) FROM session").scalar_one()


# --- with a real provider ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with real_provider() as found:
        yield found


@pytest.fixture
def real(settings: Settings, tmp_path: Path, issuer: str, site: str) -> Flask:
    return create_app(with_provider(settings, tmp_path, issuer))


def test_an_invitation_is_accepted_and_signs_in_from_then_on(
    real: Flask, settings: Settings, database: Engine, issuer: str
) -> None:
    browser, ines = real.test_client(), Person("ines@provider")
    secret = invited(database, settings, "ines", "accountant")
    page = browser.post("/join", data={"code": secret}, headers=SAME).text
    assert "Use my account with Plant &amp; Co" in page
    onward = browser.post("/sign-in/oidc/link", data={"code": secret}, headers=SAME)
    out = onward.headers["Refresh"].removeprefix("0; url=")
    assert out.startswith(issuer) and onward.status_code == 200
    back = browser.get(here(ines.go(out)), headers=CROSS)
    assert (back.status_code, back.headers["Location"]) == (303, "/start")
    # An accountant needs a second factor beside a password; a provider vouches for all of it.
    assert browser.get("/entries").status_code == 200
    with read(database) as connection:
        user = identities.user_of(connection, "main", issuer, "ines@provider")
        found = people.find_user(connection, "main", "ines")
        lines = audit.lines(connection, "main", audit.Search(data=("personal",)))
    assert user == "ines" and found and found.password_hash == ""
    assert [line.action for line in lines][::-1] == ["user.invited", "user.created", "user.linked", "user.signed_in"]

    # The link is used up; the account signs in without it, in any browser, and nobody types a password here.
    assert browser.post("/sign-in/oidc/link", data={"code": secret}, headers=JSON).status_code == 410
    other = real.test_client()
    assert "Plant &amp; Co" in other.get("/sign-in").text
    out = other.get("/sign-in/oidc?next=/held").headers["Location"]
    back = other.get(here(ines.go(out)), headers=CROSS)
    assert (back.status_code, back.headers["Location"]) == (303, "/held")
    assert other.get("/held").status_code == 200
    assert real.test_client().post("/sign-in", data={"name": "ines", "password": ""}, headers=SAME).status_code == 401


def test_what_we_ask_for(real: Flask) -> None:
    out = asked(real.test_client().get("/sign-in/oidc").headers["Location"])
    assert out["response_type"] == "code" and out["code_challenge_method"] == "S256"
    assert out["scope"] == "openid profile" and out["redirect_uri"] == "http://localhost/sign-in/oidc/callback"
    assert min(len(out[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert len({out[name] for name in ("state", "nonce", "code_challenge")}) == 3


def test_an_account_of_nobody_here(real: Flask, database: Engine) -> None:
    """Not even one whose name, or address, is that of a user."""
    add(database, "omar", "admin")
    browser = real.test_client()
    back = browser.get(here(Person("omar").go(browser.get("/sign-in/oidc").headers["Location"])), headers=JSON)
    assert (back.status_code, back.json["code"]) == (403, "oidc.unlinked")
    assert sessions(database) == 0


def test_who_is_shut_out_here(real: Flask, database: Engine, issuer: str) -> None:
    add(database, "omar", "lead")
    link(database, issuer, "omar", "omar")
    with write(database) as connection:
        people.change_user(connection, "main", "omar", active=False)
    browser = real.test_client()
    back = browser.get(here(Person("omar").go(browser.get("/sign-in/oidc").headers["Location"])), headers=JSON)
    assert back.json["code"] == "oidc.unlinked"


def test_an_account_of_somebody_else_accepts_nothing(
    real: Flask, settings: Settings, database: Engine, issuer: str
) -> None:
    add(database, "omar", "lead")
    link(database, issuer, "omar", "omar")
    secret = invited(database, settings, "ines", "lead")
    browser = real.test_client()
    onward = browser.post("/sign-in/oidc/link", data={"code": secret}, headers=SAME)
    back = browser.get(here(Person("omar").go(onward.headers["Refresh"][7:])), headers=JSON)
    assert (back.status_code, back.json["code"]) == (409, "oidc.taken")
    with read(database) as connection:
        assert people.find_user(connection, "main", "ines") is None
    assert browser.post("/join", data={"code": secret}, headers=SAME).status_code == 200, "the link is still good"


@pytest.mark.requirement("SR-12")
def test_rights_ask_for_a_proof_at_the_provider_itself(real: Flask, database: Engine, issuer: str) -> None:
    """A sign-in that is open there proves nothing about who sits here now; typing the password there does."""
    add(database, "adam", "admin")
    link(database, issuer, "adam", "adam")
    browser, adam = real.test_client(), Person("adam")
    browser.get(here(adam.go(browser.get("/sign-in/oidc").headers["Location"])), headers=CROSS)
    form = {"name": "ines", "role": "lead"}
    assert browser.post("/admin/users", data=form, headers=JSON).json["code"] == "auth.not_fresh"
    before, forms = browser.get_cookie(credentials.SESSION), adam.seen_forms
    out = browser.get("/sign-in/oidc?again=1&next=/admin/users").headers["Location"]
    back = browser.get(here(adam.go(out)), headers=CROSS)
    assert back.headers["Location"] == "/admin/users" and adam.seen_forms > forms
    assert browser.get_cookie(credentials.SESSION) != before
    assert browser.post("/admin/users", data=form, headers=SAME).status_code == 200


def test_a_proof_of_somebody_else_proves_nothing(real: Flask, database: Engine, issuer: str) -> None:
    for name in ("adam", "omar"):
        add(database, name, "admin")
        link(database, issuer, name, name)
    browser = real.test_client()
    browser.get(here(Person("adam").go(browser.get("/sign-in/oidc").headers["Location"])), headers=CROSS)
    out = browser.get("/sign-in/oidc?again=1").headers["Location"]
    back = browser.get(here(Person("omar").go(out)), headers=JSON)
    assert back.json["code"] == "oidc.refused"


def test_a_real_code_cannot_be_used_by_another_browser(real: Flask, database: Engine, issuer: str) -> None:
    """Somebody's own way back, sent to another: the browser must not be signed in as the sender."""
    add(database, "mallory", "lead")
    link(database, issuer, "mallory", "mallory")
    mallory, victim = real.test_client(), real.test_client()
    back = here(Person("mallory").go(mallory.get("/sign-in/oidc").headers["Location"]))
    assert victim.get(back, headers=JSON).json["code"] == "oidc.lapsed"
    victim.get("/sign-in/oidc")
    assert victim.get(back, headers=JSON).json["code"] == "oidc.untrusted"
    assert sessions(database) == 0


def test_somebody_says_no_at_the_provider(real: Flask, database: Engine) -> None:
    browser = real.test_client()
    out = asked(browser.get("/sign-in/oidc").headers["Location"])
    answer = {"error": "access_denied", "state": out["state"], "iss": real.extensions["settings"].oidc_issuer}
    back = browser.get("/sign-in/oidc/callback", query_string=answer, headers=JSON)
    assert back.json["code"] == "oidc.refused"


# --- with one that lies ------------------------------------------------------------------------------------------


class Ticking:
    """A clock a test moves."""

    def __init__(self) -> None:
        self.now = 1_795_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture(scope="module")
def _liar() -> Iterator[Liar]:
    provider = Liar()
    yield provider
    provider.stop()


class Door:
    """The application, with the false provider and somebody it knows as `ines`."""

    def __init__(self, settings: Settings, database: Engine, liar: Liar) -> None:
        self.clock, self.liar, self.database = Ticking(), liar, database
        self.app = create_app(settings, self.clock)
        liar.tell_the_truth()
        liar.asked.clear()
        liar.now = self.clock.now
        add(database, "ines", "lead")
        link(database, liar.issuer, "ines", "ines")

    def leave(self, browser: FlaskClient) -> dict[str, str]:
        """Out to the provider; what it would answer with if it were honest."""
        answer = browser.get("/sign-in/oidc", headers=JSON)
        out = asked(answer.headers["Location"])
        self.liar.nonce, self.liar.now = out["nonce"], self.clock.now
        return {"state": out["state"], "code": "c0de", "iss": self.liar.issuer}

    def enter(self, **changes: str | None) -> str:
        """The whole way, with changes in the answer; "in", or the code of the refusal."""
        browser = self.app.test_client()
        answer = self.leave(browser) | changes
        return self.come_back(browser, {name: text for name, text in answer.items() if text is not None})

    def come_back(self, browser: FlaskClient, answer: Any) -> str:
        back = browser.get("/sign-in/oidc/callback", query_string=answer, headers=JSON)
        return "in" if back.status_code == 303 else str(back.json["code"])


@pytest.fixture
def door(settings: Settings, tmp_path: Path, database: Engine, site: str, _liar: Liar) -> Door:
    return Door(with_provider(settings, tmp_path, _liar.issuer), database, _liar)


def test_an_honest_provider_lets_in(door: Door) -> None:
    assert door.enter() == "in"
    (form,) = [one[3] for one in door.liar.asked if one[1] == "/token"]
    assert form["code"] == "c0de" and len(form["code_verifier"]) >= 43
    assert form["redirect_uri"] == "http://localhost/sign-in/oidc/callback" and "client_secret" not in form


def confuse(liar: Liar, secret: str = "") -> None:
    """The confusion of HS256 with RS256: what everybody knows, used as if it were a secret; or the client's own."""
    liar.signing = secret.encode() or liar.rsa.as_pem(private=False)
    liar.header["alg"] = "HS256"


def own_key(liar: Liar) -> None:
    liar.signing = RSAKey.generate_key(2048, {"kid": "mine"})
    liar.header["jwk"] = liar.signing.as_dict(private=False)
    liar.header["jku"] = f"{liar.issuer}/jwks"


def several(liar: Liar) -> None:
    liar.keys = [liar.rsa, RSAKey.generate_key(2048, {"kid": "second"})]
    liar.header["kid"] = None


def swap_content(token: str) -> str:
    header, _content, signature = token.split(".")
    return f"{header}.{json_b64encode({'sub': 'admin'}).decode()}.{signature}"


HOUR, DAY = 3600, 86_400
LIES: dict[str, Callable[[Liar], Any]] = {
    "another issuer": lambda liar: liar.claims.update(iss="https://evil.example"),
    "an issuer that begins alike": lambda liar: liar.claims.update(iss=f"{liar.issuer}/"),
    "no issuer": lambda liar: liar.without.add("iss"),
    "for somebody else": lambda liar: liar.claims.update(aud="another-client"),
    "for nobody": lambda liar: liar.without.add("aud"),
    "for several, issued to another": lambda liar: liar.claims.update(aud=[CLIENT, "another"], azp="another"),
    "for several, issued to nobody": lambda liar: liar.claims.update(aud=[CLIENT, "another"]),
    "issued to another": lambda liar: liar.claims.update(azp="another-client"),
    "an old nonce": lambda liar: liar.claims.update(nonce="0" * 64),
    "no nonce": lambda liar: liar.without.add("nonce"),
    "expired": lambda liar: liar.claims.update(exp=liar.now // 1000 - 61),
    "never expires": lambda liar: liar.without.add("exp"),
    "made tomorrow": lambda liar: liar.claims.update(iat=liar.now // 1000 + DAY, exp=liar.now // 1000 + 2 * DAY),
    "made yesterday": lambda liar: liar.claims.update(iat=liar.now // 1000 - DAY),
    "not valid yet": lambda liar: liar.claims.update(nbf=liar.now // 1000 + HOUR),
    "no subject": lambda liar: liar.without.add("sub"),
    "an empty subject": lambda liar: liar.claims.update(sub=""),
    "a number as subject": lambda liar: liar.claims.update(sub=7),
    "another's access token": lambda liar: liar.claims.update(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "unsigned": lambda liar: liar.header.update(alg="none"),
    "signed with the public key as secret": confuse,
    "signed with the client's secret": lambda liar: confuse(liar, SECRET),
    "signed with a key nobody publishes": lambda liar: vars(liar).update(
        signing=RSAKey.generate_key(2048, {"kid": "unknown"})
    ),
    "signed with another key of that name": lambda liar: vars(liar).update(
        signing=RSAKey.generate_key(2048, {"kid": "first"})
    ),
    "brings its own key": own_key,
    "a key of another kind": lambda liar: liar.header.update(kid="curve"),
    "no name of a key, and several": several,
    "a changed signature": lambda liar: vars(liar).update(spoil=lambda token: token[:-6] + "AAAAAA"),
    "a changed content": lambda liar: vars(liar).update(spoil=swap_content),
    "not a token": lambda liar: vars(liar).update(spoil=lambda token: "a.b"),
    "no ID token": lambda liar: liar.tokens.update(id_token=None),
    "no access token": lambda liar: liar.tokens.update(access_token=None),
    "another kind of token": lambda liar: liar.tokens.update(token_type="mac"),
    "the code is not good": lambda liar: vars(liar).update(status=400),
}  # fmt: skip


@pytest.mark.parametrize("lie", LIES)
def test_a_bad_token_lets_nobody_in(lie: str, door: Door, caplog: pytest.LogCaptureFixture) -> None:
    browser = door.app.test_client()
    answer = door.leave(browser)
    LIES[lie](door.liar)
    assert door.come_back(browser, answer) == "oidc.untrusted"
    assert sessions(door.database) == 0
    assert door.liar.count("/token") == 1
    assert SECRET not in caplog.text and answer["state"] not in caplog.text


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"state": "0" * 64}, "oidc.untrusted"),
        ({"state": None}, "oidc.untrusted"),
        ({"iss": "https://evil.example"}, "oidc.untrusted"),  # the mix-up of RFC 9207
        ({"iss": None}, "oidc.untrusted"),
        ({"code": None}, "oidc.untrusted"),
        ({"code": ""}, "oidc.untrusted"),
        ({"error": "access_denied", "state": "0" * 64}, "oidc.untrusted"),
    ],
)
def test_a_bad_answer_trades_no_code(changes: dict[str, str | None], refused: str, door: Door) -> None:
    assert door.enter(**changes) == refused
    assert door.liar.count("/token") == 0
    assert sessions(door.database) == 0


def test_an_answer_given_twice_is_none(door: Door) -> None:
    browser = door.app.test_client()
    answer = door.leave(browser)
    assert door.come_back(browser, [*answer.items(), ("state", answer["state"])]) == "oidc.untrusted"
    assert door.liar.count("/token") == 0


def test_an_answer_is_used_once(door: Door) -> None:
    browser = door.app.test_client()
    answer = door.leave(browser)
    assert door.come_back(browser, answer) == "in"
    assert door.come_back(browser, answer) == "oidc.lapsed"
    assert (door.liar.count("/token"), sessions(door.database)) == (1, 1)


def test_a_refused_answer_is_used_up_too(door: Door) -> None:
    browser = door.app.test_client()
    answer = door.leave(browser)
    assert door.come_back(browser, answer | {"code": ""}) == "oidc.untrusted"
    assert door.come_back(browser, answer) == "oidc.lapsed"


def test_a_nonce_of_an_earlier_attempt(door: Door) -> None:
    """A token caught on an earlier way does not fit a later one."""
    browser = door.app.test_client()
    door.leave(browser)
    caught = door.liar.nonce
    answer = door.leave(browser)
    door.liar.nonce = caught
    assert door.come_back(browser, answer) == "oidc.untrusted"


@pytest.mark.parametrize(("minutes", "found"), [(9, "in"), (10, "oidc.lapsed")])
def test_an_attempt_takes_ten_minutes_at_most(minutes: int, found: str, door: Door) -> None:
    browser = door.app.test_client()
    answer = door.leave(browser)
    door.clock.now += minutes * 60_000
    door.liar.now = door.clock.now
    assert door.come_back(browser, answer) == found


def test_what_is_kept_of_an_attempt_tells_no_secret(door: Door) -> None:
    browser = door.app.test_client()
    answer = door.leave(browser)
    cookie = browser.get_cookie(credentials.OIDC)
    with read(door.database) as connection:
        rows = repr(connection.exec_driver_sql("SELECT * FROM oidc_attempt").all())
    assert cookie and cookie.http_only and cookie.same_site == "Lax"
    for secret in (cookie.value, answer["state"], door.liar.nonce):
        assert secret not in rows


# --- keys and addresses of the provider --------------------------------------------------------------------------


def test_a_new_key_is_fetched_and_a_stream_of_unknown_ones_is_not(door: Door) -> None:
    assert door.enter() == "in"
    assert door.liar.count("/jwks") == 1
    door.liar.signing = RSAKey.generate_key(2048, {"kid": "next"})
    door.liar.keys = [door.liar.signing]
    assert door.enter() == "oidc.untrusted", "asked a moment ago: not again so soon"
    assert door.liar.count("/jwks") == 1
    door.clock.now += 30_000
    assert door.enter() == "in"
    assert door.liar.count("/jwks") == 2
    door.liar.signing = RSAKey.generate_key(2048, {"kid": "never published"})
    assert [door.enter() for _ in range(5)] == ["oidc.untrusted"] * 5
    assert door.liar.count("/jwks") == 2


def test_a_key_that_was_taken_back_signs_nothing_any_more(door: Door) -> None:
    assert door.enter() == "in"
    door.liar.keys = [door.liar.ec]
    door.clock.now += 3_600_001
    assert door.enter() == "oidc.untrusted"


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "RS512"])
def test_algorithms_of_one_key(algorithm: str, door: Door) -> None:
    door.liar.header["alg"] = algorithm
    assert door.enter() == "in"


def test_a_key_on_a_curve(door: Door) -> None:
    door.liar.signing, door.liar.header["alg"] = door.liar.ec, "ES256"
    assert door.enter() == "in"


def test_a_key_for_another_use_signs_nothing(door: Door) -> None:
    door.liar.signing = RSAKey.generate_key(2048, {"kid": "sealing", "use": "enc"})
    door.liar.keys = [door.liar.signing]
    door.liar.signing = RSAKey.import_key(door.liar.signing.as_dict(private=True) | {"use": "sig"})
    assert door.enter() == "oidc.untrusted"


def test_keys_we_cannot_read_are_passed_over(door: Door) -> None:
    class Odd:
        def __init__(self, **members: Any) -> None:
            self.members = members

        def as_dict(self, *, private: bool) -> dict[str, Any]:
            return self.members

    door.liar.keys = [Odd(kty="oct", k="AAAA", kid="first"), Odd(kty="RSA", n="!"), Odd(kty="strange"), Odd(),
                      door.liar.rsa]  # fmt: skip
    assert door.enter() == "in"


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://192.0.2.1/token"},
        {"token_endpoint": ""},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
def test_what_a_provider_says_of_itself_is_checked(said: dict[str, Any], door: Door) -> None:
    door.liar.metadata = said
    answer = door.app.test_client().get("/sign-in/oidc", headers=JSON)
    assert (answer.status_code, answer.json["code"]) == (503, "oidc.unreachable")


def test_a_provider_in_a_private_network_has_to_be_allowed(door: Door, settings: Settings, tmp_path: Path) -> None:
    closed = replace(with_provider(settings, tmp_path, door.liar.issuer), egress_networks=())
    answer = create_app(closed).test_client().get("/sign-in/oidc", headers=JSON)
    assert answer.json["code"] == "oidc.unreachable" and door.liar.asked == []


def test_a_client_without_a_secret(door: Door, settings: Settings, tmp_path: Path) -> None:
    door.app = create_app(replace(with_provider(settings, tmp_path, door.liar.issuer), oidc_secret_file=""), door.clock)
    assert door.enter() == "in"
    (asked,) = [one for one in door.liar.asked if one[1] == "/token"]
    assert "authorization" not in asked[2] and asked[3]["client_id"] == CLIENT


def test_a_secret_that_cannot_be_read_is_told_in_the_log(
    door: Door, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lost = replace(with_provider(settings, tmp_path, door.liar.issuer), oidc_secret_file=str(tmp_path / "lost"))
    door.app = create_app(lost, door.clock)
    assert door.enter() == "oidc.unreachable"
    assert "FLOORLEDGER_OIDC_SECRET_FILE" in caplog.text


def test_no_provider_no_button(app: Flask, site: str) -> None:
    browser = app.test_client()
    assert "/sign-in/oidc" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/oidc", headers=JSON).json["code"] == "oidc.off"


@pytest.mark.parametrize(
    "chosen",
    [
        {"oidc_issuer": "http://provider.example", "oidc_client_id": "x"},
        {"oidc_issuer": "https://provider.example/?tenant=1", "oidc_client_id": "x"},
        {"oidc_issuer": "https://provider.example"},
    ],
)
def test_settings_that_cannot_be(chosen: dict[str, str]) -> None:
    with pytest.raises(BadSetting):
        Settings(**chosen)


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_no_way_out_of_here(target: str, door: Door) -> None:
    browser = door.app.test_client()
    out = asked(browser.get("/sign-in/oidc", query_string={"next": target}, headers=JSON).headers["Location"])
    door.liar.nonce, door.liar.now = out["nonce"], door.clock.now
    answer = {"state": out["state"], "code": "c0de", "iss": door.liar.issuer}
    back = browser.get("/sign-in/oidc/callback", query_string=answer, headers=CROSS)
    assert back.headers["Location"] == "/start"
    assert not re.search("evil", str(back.headers))
