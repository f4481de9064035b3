"""The whole matrix: every address with every principal and method, every thing with every owner, every field."""

import io
import re
import zipfile
from collections import Counter
from itertools import count

import pytest
from flask import Flask

from server.auth import objects
from server.auth.access import ROLES, SCOPES, rule_of
from server.auth.fields import READABLE
from tests.security import stage
from tests.security.conftest import Stage
from tests.security.matrix import LINES, Line
from tests.server import callers

REFUSALS = {"auth.missing", "auth.revoked", "auth.forbidden"}
# A parameter no address takes: whoever is let in is told so, before the view runs and changes anything.
STRANGE = "no-such-parameter"
NUMBERS = count(1)


def filled(address: str, things: stage.Things, **given: str) -> str:
    """The address with its places filled by things."""

    def value(place: re.Match[str]) -> str:
        converter, _, name = place[1].rpartition(":")
        if choice := re.fullmatch(r"any\(([^,)]+).*\)", converter):
            return choice[1]
        if address.startswith(("/S/", "/s/")):
            return "BCDFGHJKL"
        known = {
            "code": things.order, "identity": things.fact if "facts" in address else things.device,
            "key": things.person, "position": str(things.position), "event_id": things.fact, "call": things.call,
            "token": things.token, "filename": "app.js",
            "name": things.user if address.startswith("/admin/users") else "62x29",
        }  # fmt: skip
        return (known | given)[name]

    return re.sub("<([^>]+)>", value, address)


def rules_of(app: Flask) -> dict[tuple[str, str], object]:
    """(method, address) -> what the view declares."""
    with app.app_context():
        return {
            (method, rule.rule): rule_of(rule.endpoint)
            for rule in app.url_map.iter_rules()
            for method in rule.methods - {"HEAD", "OPTIONS"}
        }


@pytest.mark.requirement("SR-01", "SR-24", "SR-25")
def test_the_table_and_the_application_say_the_same(house: Stage) -> None:
    declared = rules_of(house.app)
    written = {(line.method, line.address): line for line in LINES}
    assert len(written) == len(LINES), Counter(line.name for line in LINES).most_common(3)
    missing = sorted(" ".join(one) for one in declared.keys() - written.keys())
    assert not missing, "add these addresses to tests/security/matrix.py, by hand, after thinking"
    assert not sorted(" ".join(one) for one in written.keys() - declared.keys()), "addresses that are not there"
    for line in LINES:
        rule = declared[line.method, line.address]
        who = {*rule.roles, *rule.scopes, *({"device"} if rule.device else ()), *({"public"} if rule.public else ())}
        assert (who, rule.objects, rule.query, rule.writes, rule.reads, rule.fresh, rule.arriving) == (
            line.who, line.objects, line.query, line.writes, line.reads, line.fresh, line.arriving
        ), line.name  # fmt: skip


def test_the_table_uses_words_somebody_knows() -> None:
    for line in LINES:
        assert line.who <= {"public", "device", *ROLES, *SCOPES}, line.name
        assert line.objects in objects.RULES, line.name
        assert line.reads <= set(READABLE), line.name
        # An address that names a thing has the rule of that thing, or says that its view looks for itself.
        if "<" in line.address and line.objects in ("none", "site"):
            assert line.address in NAMES_NO_THING, line.name


# What stands in the place of these is no thing of anybody's: a file of the program, a list, a code read on the phone;
# and a photo, which is kept only where a fact of the site vouches for it.
NAMES_NO_THING = {
    "/S/<code>", "/s/<code>", "/static/<path:filename>", "/labels/paper/<name>.css",
    "/labels/<any(orders, badges, places, material, quick):name>", "/api/v1/photos/<uuid:event_id>",
}  # fmt: skip


def opens(line: Line, principal: stage.Principal) -> bool:
    """What the table says."""
    return bool(line.who & (principal.rights | {"public"}))


def ask(house: Stage, line: Line, principal: stage.Principal, method: str) -> tuple[int, str]:
    """Knock with a parameter nobody takes; (status, code)."""
    path = filled(line.address, house.own)
    answer = principal.call(method, path, query_string={STRANGE: "1"})
    return answer.status_code, (answer.json or {}).get("code", "") if answer.is_json and method != "HEAD" else ""


@pytest.mark.requirement("SR-01", "SR-02", "SR-14", "SR-19", "SR-21")
@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
def test_every_principal_at_every_address(line: Line, house: Stage) -> None:
    before = stage.contents(house.engine)
    for name, principal in house.principals.items():
        status, code = ask(house, line, principal, line.method)
        if not opens(line, principal):
            assert status in (401, 403) and code in REFUSALS, f"{name}: {line.name} answers {status} {code}"
        elif "*" in line.query:
            assert status in (200, 404, 410), f"{name}: {line.name} answers {status} {code}"
        else:
            assert (status, code) == (400, "request.unknown_field"), f"{name}: {line.name} answers {status} {code}"
    assert stage.contents(house.engine) == before


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "X-UNHEARD-OF")


@pytest.mark.requirement("SR-01", "SR-59")
@pytest.mark.parametrize("address", sorted({line.address for line in LINES}))
def test_every_method_at_every_address(address: str, house: Stage) -> None:
    """HEAD is GET without a body; OPTIONS is asked with the same right; all others do nothing."""
    lines = {line.method: line for line in LINES if line.address == address}
    before = stage.contents(house.engine)
    for name, principal in house.principals.items():
        for method in METHODS:
            status, code = ask(house, next(iter(lines.values())), principal, method)
            line = lines.get("GET" if method == "HEAD" else method)
            if method == "OPTIONS":
                may = any(opens(one, principal) for one in lines.values())
                assert status in ((200, 400) if may else (401, 403)), f"{name}: {method} {address} answers {status}"
            elif line is None:
                assert status == 405, f"{name}: {method} {address} answers {status} {code}"
            elif not opens(line, principal):
                assert status in (401, 403), f"{name}: {method} {address} answers {status} {code}"
            elif "*" not in line.query:
                assert status == 400, f"{name}: {method} {address} answers {status} {code}"
    assert stage.contents(house.engine) == before


def holders(house: Stage, line: Line) -> list[tuple[str, stage.Principal]]:
    return [(name, principal) for name, principal in house.principals.items() if opens(line, principal)]


NOT_THERE = stage.Things(
    "NO-1", "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01", "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c02", "p00000000000",
    "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c03", 999_999, "nobody", "0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c04",
)  # fmt: skip
NAMING = [line for line in LINES if line.objects in objects.RULES and objects.RULES[line.objects].look]


@pytest.mark.requirement("SR-24")
@pytest.mark.parametrize("line", NAMING, ids=lambda line: line.name)
def test_a_thing_of_another_site_is_not_there(line: Line, house: Stage) -> None:
    for name, principal in holders(house, line):
        answers = []
        for things in (house.other, NOT_THERE):
            path = filled(line.address, things)
            if line.objects == "entry" and things is house.other:
                continue  # positions of entries are counted at each site
            answer = principal.call(line.method, path)
            body = {key: str(text) for key, text in answer.json.items() if key != "id"}
            for named in (things.order, things.fact, things.call, things.person, things.device, things.token):
                body = {key: text.replace(named, "…") for key, text in body.items()}
            answers.append((answer.status_code, body))
            assert answer.status_code == 404, f"{name}: {line.method} {path} answers {answer.status_code}"
        assert all(answer == answers[0] for answer in answers), f"{name}: {line.name}"


@pytest.mark.requirement("SR-24")
@pytest.mark.parametrize(
    "line", [line for line in NAMING if line.objects in ("fact", "person")], ids=lambda one: one.name
)
def test_a_thing_of_another_team_is_not_there(line: Line, house: Stage) -> None:
    """Whoever is responsible for assembly alone asks for what belongs to turning: the answer is that of nothing."""
    asked = 0
    for role in ROLES:
        name = f"{role} of assembly {next(NUMBERS)}"
        client = callers.signed_in(house.app, house.engine, role, name=name, teams=["D2"])
        caller = stage.Principal(client, frozenset({role}), {})
        if not opens(line, caller):
            continue
        answers = []
        for things in (house.own, NOT_THERE):
            answer = caller.call(line.method, filled(line.address, things))
            said = {key: str(text) for key, text in answer.json.items() if key != "id"}
            for named in (things.fact, things.call, things.person):
                said = {key: text.replace(named, "…") for key, text in said.items()}
            answers.append((answer.status_code, said))
        assert answers[0] == answers[1] and answers[0][0] == 404, f"{name}: {line.name} answers {answers[0]}"
        asked += 1
    assert asked


@pytest.mark.requirement("SR-24")
@pytest.mark.parametrize("line", [line for line in NAMING if line.method == "GET"], ids=lambda line: line.name)
def test_an_own_thing_is_there(line: Line, house: Stage) -> None:
    for name, principal in holders(house, line):
        answer = principal.call("GET", filled(line.address, house.own))
        expected = 404 if line.address.endswith("/photo") else 200  # it has none
        assert answer.status_code == expected, f"{name}: {line.name} answers {answer.status_code} {answer.text[:200]}"


GETS = [line for line in LINES if line.method == "GET"]


def text_of(content: bytes) -> str:
    """What a file says; of a workbook, all its parts."""
    if not content.startswith(b"PK"):
        return content.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "\n".join(book.read(part).decode("utf-8", "replace") for part in book.namelist())


@pytest.mark.requirement("SR-24", "SR-25", "PR-02")
@pytest.mark.parametrize("line", GETS, ids=lambda line: line.name)
def test_an_answer_shows_of_people_what_the_table_says(line: Line, house: Stage) -> None:
    canaries = {**stage.CANARIES, "badge": stage.badge_of(house.engine, "main")}
    for name, principal in holders(house, line):
        for headers in ({}, {"Accept": "text/html"}):
            answer = principal.call("GET", filled(line.address, house.own), headers=headers)
            assert answer.status_code < 500, f"{name}: {line.name} answers {answer.status_code}"
            text = text_of(answer.get_data())
            shown = {field for field, canary in canaries.items() if canary in text}
            assert shown <= line.reads, f"{name}: {line.name} shows {sorted(shown - line.reads)}"
            for foreign in ("Zed Elsewhere", "Z-9", house.other.order, house.other.person, house.other.fact):
                assert foreign not in text, f"{name}: {line.name} shows {foreign} of another site"


# Columns and members somebody could try to set beside those a form offers.
FORBIDDEN = (
    "active", "actor", "admin", "amount", "created_by", "department", "display_name", "expires_at", "failures",
    "hourly_rate", "id", "is_admin", "locked_until", "password_hash", "person", "rate", "rate_group", "recorded_at",
    "revoked_at", "role", "roles", "scopes", "secret_hash", "sender", "site", "state", "teams", "user",
    "__class__", "__proto__", "constructor", "roles[]", "user.roles", "pin ", "PIN", "name\u200b",
)  # fmt: skip
CHANGES = [line for line in LINES if line.method in ("POST", "PUT", "PATCH", "DELETE")]


@pytest.mark.requirement("SR-25", "SR-33", "SR-40")
@pytest.mark.parametrize("line", CHANGES, ids=lambda line: line.name)
def test_a_field_that_is_not_offered_is_refused(line: Line, house: Stage) -> None:
    """Beside what the form does send: a refusal, and nothing of the rest is kept either."""
    before = stage.contents(house.engine)
    path = filled(line.address, house.own)
    good = {name.rstrip("*"): "1" for name in line.writes}
    takes_json = line.address.startswith("/api/")
    for name, principal in holders(house, line):
        for field in FORBIDDEN:
            if {field, f"{field}*"} & line.writes or line.address.startswith("/api/v1/photos/"):
                continue
            if takes_json:
                asked = {"json": {**good, "events": [], field: "1"} if "events" in good else {**good, field: "1"}}
            else:
                asked = {"data": {**good, field: "1"}}
            answer = principal.call(line.method, path, **asked)
            found = (answer.status_code, answer.json["code"])
            assert found == (400, "request.unknown_field"), f"{name}: {line.name} with {field} answers {found}"
    assert stage.contents(house.engine) == before


@pytest.mark.requirement("SR-40")
@pytest.mark.parametrize("line", [line for line in LINES if "*" not in line.query], ids=lambda line: line.name)
def test_a_parameter_given_twice_is_refused(line: Line, house: Stage) -> None:
    path = filled(line.address, house.own)
    for _name, principal in holders(house, line)[:1]:
        for parameter in sorted(line.query):
            if parameter.endswith("*"):
                continue
            answer = principal.call(line.method, path, query_string=[(parameter, "1"), (parameter, "2")])
            assert (answer.status_code, answer.json["code"]) == (400, "request.repeated_field"), parameter
            for spelled in (f"{parameter}[]", f"{parameter}[0]", f"{parameter}.x", parameter.upper()):
                answer = principal.call(line.method, path, query_string={spelled: "1"})
                assert (answer.status_code, answer.json["code"]) == (400, "request.unknown_field"), spelled
