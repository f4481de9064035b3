"""Erasing people: every name goes, from the files of the database too; the ledger does not change by a byte."""

import json
from typing import Any

import pytest
from sqlalchemy import Engine, select, text

from server.intake.photos import accept_photo, digest
from server.store import audit, deltas, disclosures, erasure, ledger, periods, plant, rewrite
from server.store.database import read, write
from server.store.plant import RefusedRow
from server.store.snapshot import snapshot
from server.store.tables import TABLES
from server.store.verification import verify
from tests.cast import ANA, KEY, LUIS, a_shop, raw, send, settle
from tests.server.pictures import jpeg
from tests.server.privacy.staff import NOW, SALT, erase, hire, worked

DATABASES = ("sqlite", "postgresql")


def the_books(engine: Engine) -> dict[str, Any]:
    """Everything finance is given, as it is given."""
    with read(engine) as connection:
        return {
            "entries": ledger.page(connection, "main", 0, 100_000),
            "batches": ledger.batches(connection, "main", 0, 1_000),
            "costs": ledger.stored_order_costs(connection, "main"),
            "facts": connection.execute(select(TABLES["event"]).order_by(TABLES["event"].c.id)).all(),
            "report": verify(connection, "main", KEY),
        }


@pytest.mark.requirement("PR-07")
def test_a_hundred_people_go_and_the_ledger_stays_as_it_is(shop: Engine) -> None:
    people = hire(shop, 100)
    for person in people:
        worked(shop, person)
    send(shop, a_shop(7, 200))
    settle(shop)
    with write(shop) as connection:
        deltas.remember(connection, "main", snapshot(connection, "main"), NOW)
    before = the_books(shop)
    assert before["report"].ok and len(before["entries"]) > 100

    erased = erase(shop, *people)

    assert sum(one.notes for one in erased) == 100
    after = the_books(shop)
    assert after["report"].ok
    assert after == before
    with read(shop) as connection:
        for person in people:
            assert erasure.leftovers(connection, "main", person.name) == {}


@pytest.mark.requirement("PR-07")
def test_postgresql_is_written_anew_too(shop: Engine) -> None:
    person = hire(shop, 1)[0]
    worked(shop, person)
    erase(shop, person)
    rewrite.rewrite(shop, NOW)
    with read(shop) as connection:
        assert rewrite.wanted(connection) is None
        if shop.dialect.name == "postgresql":
            dead = "SELECT pg_relation_filepath('person')"
            assert connection.scalar(text(dead))
            assert connection.scalar(text("SELECT count(*) FROM person WHERE name LIKE 'Z%'")) == 0


@pytest.mark.requirement("PR-07")
def test_what_names_somebody_goes_wherever_it_stands(shop: Engine) -> None:
    person = hire(shop, 1)[0]
    fact = worked(shop, person)
    others = worked(shop, erasure.Person(ANA, "", "Ana", active=True), f"asked {person.name.upper()} about it")
    kept = worked(shop, erasure.Person(LUIS, "", "Luis", active=True), "belt torn")
    picture = jpeg()
    defect = raw("defect.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1",
                 disposition="scrap", reason="BURR", person=person.key, photo_digest=digest(SALT, picture))  # fmt: skip
    named = raw("labor.declared", "2026-11-20T08:00:00Z", person=person.number, activity="run", order="MO-1",
                operation="10", duration_ms=60_000)  # fmt: skip
    refused = {**raw("labor.declared", "2026-11-20T08:00:00Z", activity="run"), "person": person.name}
    verdicts = [one.verdict for one in send(shop, [defect, named, refused])]
    assert verdicts == ["created", "created", "rejected"]
    settle(shop)
    with write(shop) as connection:
        accept_photo(connection, "main", defect["id"], SALT, picture, NOW)
        letters = plant.code_for(connection, "main", "person", person.key)
        audit.record(connection, "main", at=NOW, actor="cli", action="user.created", subject="x",
                     details={"note": f"for {person.name}"}) if shop.dialect.name == "sqlite" else None  # fmt: skip
        connection.execute(
            TABLES["manual_line"].insert().values(
                site="main", ref="OD-1", number=1, date="2026-11-30", text=f"Prime de {person.name}, novembre",
                element="", side="", object="", amount="", accounts="{}", shares="{}", general="", reverses="",
                entered_by="omar", entered_at=NOW, posted=False,
            )
        )  # fmt: skip
        periods.change(connection, "main", "2026-10", "lock", by="omar", at=NOW, reason=f"waits for {person.name}")

    done = erase(shop, person)[0]

    assert (done.notes, done.photos, done.buried, done.refused, done.words) == (2, 1, 1, 1, 2)
    assert done.lines == (1 if shop.dialect.name == "sqlite" else 0)
    assert not done.badge_stays
    with read(shop) as connection:
        assert erasure.leftovers(connection, "main", person.name) == {}
        notes = set(connection.scalars(select(TABLES["note"].c.event_id)))
        assert kept in notes and not notes & {fact, others}
        assert letters not in set(connection.scalars(select(TABLES["label_code"].c.code)))
        words = connection.scalar(select(TABLES["manual_line"].c.text))
        assert words == "Prime de —, novembre"
        assert verify(connection, "main", KEY).ok
        row = plant.rows(connection, "main", "people", "key", {person.key})[0]
        assert (row["name"], row["number"], row["language"], row["active"]) == ("", None, "", False)
        assert (row["rate_group"], row["department"]) == ("G1", "D1")  # they explain amounts


@pytest.mark.requirement("PR-07")
def test_letters_that_a_fact_was_captured_with_stay(shop: Engine) -> None:
    """Without them the ledger could not be computed again: it says so."""
    person = hire(shop, 1)[0]
    with write(shop) as connection:
        letters = plant.code_for(connection, "main", "person", person.key)
    send(shop, [raw("labor.declared", "2026-11-20T08:00:00Z", person=letters, activity="run", order="MO-1",
                    operation="10", duration_ms=3_600_000)])  # fmt: skip
    settle(shop)
    done = erase(shop, person)[0]
    assert done.badge_stays
    with read(shop) as connection:
        assert verify(connection, "main", KEY).ok
        assert letters not in snapshot(connection, "main")["codes"]


@pytest.mark.requirement("PR-07")
def test_open_work_and_facts_that_wait_are_told_before(shop: Engine) -> None:
    person = hire(shop, 1)[0]
    send(shop, [raw("labor.started", "2026-11-20T08:00:00Z", person=person.key, activity="run", order="MO-1",
                    operation="10"),
                raw("labor.declared", "2026-11-20T08:00:00Z", person=person.key, activity="run", order="MO-404",
                    operation="10", duration_ms=60_000)])  # fmt: skip
    settle(shop)
    with read(shop) as connection:
        found = erasure.obstacles(connection, "main", person.key)
        assert (found.running, found.unsettled) == (1, 1)
        assert not erasure.obstacles(connection, "main", LUIS)


@pytest.mark.requirement("PR-07")
def test_a_tablet_that_slept_is_told_who_is_gone(shop: Engine) -> None:
    person = hire(shop, 1)[0]
    with write(shop) as connection:
        old = snapshot(connection, "main")
        deltas.remember(connection, "main", old, NOW)
    erase(shop, person)
    with write(shop) as connection:
        new = snapshot(connection, "main")
        deltas.remember(connection, "main", new, NOW + 1)
        change = deltas.delta(connection, "main", old["version"], new)
    assert change is not None and change["gone"]["people"] == [person.key]
    assert person.name.split()[0] not in json.dumps(change, ensure_ascii=False)


@pytest.mark.requirement("PR-08")
def test_an_old_file_does_not_bring_somebody_back(shop: Engine) -> None:
    person = hire(shop, 1)[0]
    erase(shop, person)
    with write(shop) as connection, pytest.raises(RefusedRow, match="was erased"):
        plant.put(connection, "main", "people", [{"key": person.key, "number": person.number, "name": person.name}])
    with write(shop) as connection:  # the number may be given to somebody else
        change = plant.put(connection, "main", "people", [{"number": person.number, "name": "Somebody Else"}])
    assert change.added[0]["key"] != person.key


@pytest.mark.requirement("PR-14")
def test_whoever_was_given_names_has_to_be_told(shop: Engine) -> None:
    person = hire(shop, 1)[0]
    with write(shop) as connection:
        disclosures.note(connection, "main", "token:t1", "Payroll export", NOW - 10)
        disclosures.note(connection, "main", "token:t1", "Payroll export", NOW - 5)
    assert erase(shop, person)[0].receivers == ["Payroll export"]
    with write(shop) as connection:
        [notice] = disclosures.notices(connection, "main")
        assert (notice.person, notice.receiver, notice.told_at) == (person.key, "token:t1", None)
        assert disclosures.told(connection, "main", person.key, "token:t1", "user:ines", NOW + 1)
        assert not disclosures.told(connection, "main", person.key, "token:t1", "user:ines", NOW + 2)
        assert disclosures.notices(connection, "main")[0].told_by == "user:ines"


@pytest.mark.parametrize(
    ("words", "bare"),
    [
        ("Ask José Núñez about it", "Ask — about it"),
        ("NUNEZ, Jose: late", "—: late"),
        ("José alone is somebody else", "José alone is somebody else"),
        ("josé-maria núñez", "—-maria —"),
        ("", ""),
    ],
)
def test_a_name_is_found_in_any_case_order_and_accent(words: str, bare: str) -> None:
    assert erasure.Mentions("José Núñez").without(words) == bare


def test_nobody_without_a_name_is_found_everywhere() -> None:
    nobody = erasure.Mentions("")
    assert not nobody("anything") and not nobody.in_json('{"a":""}')
