"""The pages of privacy: who may open them, terms with a range, handing out, erasing, telling receivers."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.extensions import system_clock
from server.store import audit, disclosures, erasure, retention, rewrite
from server.store.database import read, write
from tests.cast import raw, send, settle
from tests.server import callers
from tests.server.privacy.staff import hire, worked

SAME = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def admin(app: Flask, shop: Engine) -> FlaskClient:
    return callers.signed_in(app, shop, "admin")


@pytest.fixture
def payroll(app: Flask, shop: Engine) -> FlaskClient:
    return callers.signed_in(app, shop, "payroll")


def post(client: FlaskClient, address: str, **fields: Any):
    return client.post(address, data=fields, headers=SAME)


def trail(shop: Engine, action: str) -> list[audit.Line]:
    with read(shop) as connection:
        return audit.lines(connection, "main", audit.Search({"operational", "personal", "wage"}, action=action))


@pytest.mark.requirement("PR-06")
def test_terms_are_shown_kept_and_recorded(admin: FlaskClient, shop: Engine) -> None:
    page = admin.get("/privacy").text
    assert all(str(rule.low) in page for rule in retention.RULES.values())
    months = {name: rule.months for name, rule in retention.RULES.items()}
    assert post(admin, "/privacy/terms", **{**months, "notes": 6}).status_code == 303
    with read(shop) as connection:
        assert retention.terms(connection, "main")["notes"] == 6
    [line] = trail(shop, "retention.changed")
    assert (line.subject, line.details) == ("notes", {"from": "24 months", "to": "6 months"})


@pytest.mark.requirement("PR-06")
@pytest.mark.parametrize("wrong", ["0", "61", "", "x", "1e1", "²", "-3", "9999"])
def test_a_term_outside_of_its_range_keeps_nothing(admin: FlaskClient, shop: Engine, wrong: str) -> None:
    months = {name: rule.months for name, rule in retention.RULES.items()}
    answer = post(admin, "/privacy/terms", **{**months, "notes": wrong, "refused": 3})
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    with read(shop) as connection:
        assert retention.terms(connection, "main") == months


@pytest.mark.requirement("PR-06")
def test_what_went_is_on_the_page(admin: FlaskClient, shop: Engine) -> None:
    assert "Nothing yet" in admin.get("/privacy").text
    with write(shop) as connection:
        retention.record(connection, "main", "notes", 1_700_000_000_000, 1234, system_clock())
    page = admin.get("/privacy").text
    assert "1,234" in page and "Notes and photos beside facts" in page and "Nothing yet" not in page


@pytest.mark.requirement("PR-07")
def test_somebody_is_erased_once_the_number_is_typed(payroll: FlaskClient, shop: Engine) -> None:
    person = hire(shop, 1)[0]
    worked(shop, person)
    settle(shop)
    with write(shop) as connection:
        disclosures.note(connection, "main", "token:1", "Payroll program", system_clock())
    address = f"/privacy/people/{person.key}"
    assert person.name in payroll.get(address).text
    wrong = post(payroll, f"{address}/erase", confirm="70000x")
    assert wrong.status_code == 422 and "person.not_confirmed" not in wrong.text and "exactly" in wrong.text
    done = post(payroll, f"{address}/erase", confirm=person.number)
    assert done.status_code == 200 and "Erased." in done.text and "Payroll program" in done.text
    assert person.name.split()[0] not in done.text
    with read(shop) as connection:
        assert erasure.leftovers(connection, "main", person.name) == {}
        assert rewrite.wanted(connection) is not None
        assert retention.removals(connection, "main")[0].rule == retention.ERASURE
    [line] = trail(shop, "person.erased")
    assert (line.actor, line.subject, line.details["notes"]) == ("user:payroll", person.key, "1")
    again = post(payroll, f"{address}/erase", confirm="")
    assert again.status_code == 409
    overview = payroll.get("/privacy").text
    assert "Payroll program" in overview and person.key in overview
    assert post(payroll, "/privacy/notices", person=person.key, receiver="token:1").status_code == 303
    assert "I have told them" not in payroll.get("/privacy").text
    assert len(trail(shop, "person.receiver_told")) == 1


@pytest.mark.requirement("PR-07")
def test_open_work_is_settled_first_or_somebody_insists(admin: FlaskClient, shop: Engine) -> None:
    person = hire(shop, 1)[0]
    send(shop, [raw("labor.started", "2026-11-20T08:00:00Z", person=person.key, activity="run", order="MO-1",
                    operation="10")])  # fmt: skip
    settle(shop)
    address = f"/privacy/people/{person.key}"
    assert "Settle this first" in admin.get(address).text
    refused = post(admin, f"{address}/erase", confirm=person.number)
    assert refused.status_code == 409 and person.name in refused.text
    with read(shop) as connection:
        assert erasure.find(connection, "main", person.key).name == person.name
    assert post(admin, f"{address}/erase", confirm=person.number, force="yes").status_code == 200


@pytest.mark.requirement("PR-10")
def test_data_is_handed_out_and_that_is_recorded(admin: FlaskClient, shop: Engine) -> None:
    person = hire(shop, 1)[0]
    worked(shop, person)
    page = admin.get(f"/privacy/people/{person.key}/data")
    file = admin.get(f"/privacy/people/{person.key}/data?form=json")
    assert page.status_code == file.status_code == 200
    assert person.name in page.text and '<html lang="fr">' in page.text
    assert file.json["person"]["name"] == person.name and "rates" not in file.json
    assert f"{person.key}.json" in file.headers["Content-Disposition"]
    assert [line.subject for line in trail(shop, "person.data_given")] == [person.key] * 2
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.requirement("PR-07", "PR-10")
@pytest.mark.parametrize("role", ["lead", "accountant", "auditor"])
def test_others_neither_erase_nor_hand_out(app: Flask, shop: Engine, role: str) -> None:
    person, client = hire(shop, 1)[0], callers.signed_in(app, shop, role)
    for address in ("", "/data"):
        assert client.get(f"/privacy/people/{person.key}{address}").status_code == 403
    assert post(client, f"/privacy/people/{person.key}/erase", confirm=person.number).status_code == 403
    assert post(client, "/privacy/terms", notes="1").status_code == 403


@pytest.mark.requirement("PR-14")
def test_a_program_that_reads_names_is_written_down(app: Flask, shop: Engine) -> None:
    program = callers.bearer(shop, "reference:read")
    assert app.test_client().get("/api/v1/reference", headers=program).status_code == 200
    with read(shop) as connection:
        [one] = disclosures.receivers(connection, "main")
    assert one.receiver.startswith("token:") and one.name == "program"
    callers.device(app, shop).get("/api/v1/reference")  # a tablet of the site is no receiver outside
    blind = callers.bearer(shop, "entries:read")
    assert app.test_client().get("/api/v1/entries", headers=blind).status_code == 200
    with read(shop) as connection:
        assert disclosures.receivers(connection, "main") == [one]


def test_somebody_is_found_by_name_number_and_key(payroll: FlaskClient, app: Flask, shop: Engine) -> None:
    person = hire(shop, 3)[1]
    for who in ("zelie001", "QUENNEVILLE001", person.number, person.key):
        page = payroll.get("/privacy", query_string={"who": who}).text
        assert page.count("/privacy/people/") == 1 and person.key in page
    assert payroll.get("/privacy?who=quenneville").text.count("/privacy/people/") == 3
    assert "Nobody is found" in payroll.get("/privacy?who=nobody").text
    auditor = callers.signed_in(app, shop, "auditor")
    assert "Quenneville" not in auditor.get("/privacy?who=quenneville").text
