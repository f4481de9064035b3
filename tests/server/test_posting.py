"""Facts to entries on the real store: whatever the order, repetition and batching, the ledger says the same."""

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies
from sqlalchemy import Engine, delete, func, text, update

from server.migrations import config, upgrade
from server.store import event_log, ledger, plant
from server.store.books import Books
from server.store.database import open_engine, read, write
from server.store.tables import TABLES
from server.store.verification import Report, verify
from server.worker import turn
from sync.core.findings import COSTED
from sync.costing.engine import recompute
from sync.ledger.entry import first_posting
from tests.cast import ANA, KEY, a_shop, raw, send, settle
from tests.server.conftest import stocked

DATABASES = ("sqlite", "postgresql")


def checked(engine: Engine) -> Report:
    with read(engine) as connection:
        report = verify(connection, "main", KEY)
    assert report.ok, report.faults
    return report


def in_force(engine: Engine) -> dict[str, str]:
    """Content of every entry in force, by id of the content: what finance would compare."""
    with read(engine) as connection:
        standing = ledger.all_standing(connection, "main")
        bodies = ledger.bodies(connection, "main", [entry_id for entry_id, _ in standing.values()])
    return {
        content_id: json.dumps(
            {k: v for k, v in bodies[entry].items() if k not in ("id", "generation")}, sort_keys=True
        )
        for content_id, (entry, _) in standing.items()
    }


def test_a_tap_becomes_an_entry(shop: Engine) -> None:
    start = raw("labor.started", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", order="MO-1", operation="10")
    send(shop, [start])
    assert settle(shop) == 0, "a running clock is not posted"
    send(shop, [raw("labor.stopped", "2026-11-20T08:45:00+01:00", person=ANA, start_id=start["id"])])
    assert settle(shop) == 1
    (content,) = in_force(shop).values()
    entry = json.loads(content)
    assert entry["amount"] == "23.38"  # 0.75 h x 31.17 = 23.3775, half up
    assert entry["hours"] == "0.75"
    assert entry["formula"] == "0.75 h x 31.17 EUR/h = 23.38 EUR"
    assert entry["occurred_at"] == "2026-11-20T07:00:00.000Z"
    assert [(line["side"], line["object"]) for line in entry["postings"]] == [
        ("debit", "order:MO-1"), ("credit", "department:D1"),
    ]  # fmt: skip
    assert checked(shop).states == {"costed": 2}


def test_a_correction_reverses_the_stored_lines_and_posts_anew(shop: Engine) -> None:
    start = raw("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
    stop = raw("labor.stopped", "2026-11-20T09:00:00Z", person=ANA, start_id=start["id"])
    send(shop, [start, stop])
    settle(shop)
    right = raw("labor.stopped", "2026-11-20T08:30:00Z", person=ANA, start_id=start["id"])
    send(shop, [raw("event.replaced", "2026-11-20T10:00:00Z", target_id=stop["id"], replacement_id=right["id"],
                    reason="MISTAKE"), right])  # fmt: skip
    assert settle(shop) == 2
    with read(shop) as connection:
        first, reversal, second = (json.loads(body) for _, _, body in ledger.page(connection, "main", 0, 10))
    assert reversal["reverses"] == first["id"]
    assert {(p["side"], p["object"], p["amount"]) for p in reversal["postings"]} == {
        ("credit", "order:MO-1", "31.17"), ("debit", "department:D1", "31.17"),
    }  # fmt: skip
    assert second["amount"] == "15.59"
    assert checked(shop).states == {"costed": 2, "excluded": 2}


def test_a_late_fact_splits_the_time_that_was_posted(shop: Engine) -> None:
    """Two orders at once: the second clock is told only after the first was posted."""
    for order, begin, end in (("MO-1", "08:00", "10:00"), ("MO-2", "09:00", "10:00")):
        start = raw("labor.started", f"2026-11-20T{begin}:00Z", person=ANA, activity="run", order=order, operation="10")
        send(shop, [start, raw("labor.stopped", f"2026-11-20T{end}:00Z", person=ANA, start_id=start["id"])])
        settle(shop)
    hours = {json.loads(body)["order"]: json.loads(body)["hours"] for body in in_force(shop).values()}
    assert hours == {"MO-1": "1.5", "MO-2": "0.5"}
    checked(shop)


def test_what_is_unknown_is_held_and_costs_itself_once_supplied(shop: Engine) -> None:
    start = raw("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-9", operation="10")
    send(shop, [start, raw("labor.stopped", "2026-11-20T09:00:00Z", person=ANA, start_id=start["id"])])
    assert settle(shop) == 0
    with read(shop) as connection:
        assert event_log.statuses(connection, "main", [start["id"]])[start["id"]] == {
            "state": "held", "reason": "reference.unknown_order", "params": {"code": "MO-9"},
        }  # fmt: skip
    with write(shop) as connection:
        plant.put(connection, "main", "orders", [{"code": "MO-9", "item": "CHAIR", "quantity": "1"}])
        plant.put(connection, "main", "operations", [
            {"order": "MO-9", "number": "10", "name": "Turn", "sequence": 10, "work_center": "W1"}])  # fmt: skip
        event_log.requeue(connection, "main", reasons=["reference.unknown_order"])
    assert settle(shop) == 1
    checked(shop)


def test_a_closed_period_stays_closed(shop: Engine) -> None:
    start = raw("labor.started", "2026-10-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
    stop = raw("labor.stopped", "2026-10-20T09:00:00Z", person=ANA, start_id=start["id"])
    send(shop, [start, stop])
    settle(shop)
    with write(shop) as connection:
        connection.execute(TABLES["period"].insert().values(site="main", code="2026-10", state="closed"))
    send(shop, [raw("event.voided", "2026-11-02T08:00:00Z", target_id=stop["id"], reason="MISTAKE")])
    assert settle(shop) == 1
    with read(shop) as connection:
        first, reversal = (json.loads(body) for _, _, body in ledger.page(connection, "main", 0, 10))
    assert (first["posting_period"], first["late"]) == ("2026-10", False)
    assert (reversal["posting_period"], reversal["posted_on"], reversal["late"]) == ("2026-11", "2026-11-01", True)
    assert reversal["occurred_on"] == "2026-10-20"
    checked(shop)


def a_run(empty: Path, folder: Path, facts: list[dict[str, object]], arrival: random.Random) -> dict[str, str]:
    """The facts in some order, lots and repetitions, costed whenever it happens; what is in force at the end."""
    engine = open_engine(f"sqlite:///{shutil.copy(empty, folder / 'floorledger.sqlite')}")
    stocked(engine)
    facts = arrival.sample(facts, len(facts))
    sent: list[dict[str, object]] = []
    while len(sent) < len(facts):
        lot = facts[len(sent) : len(sent) + arrival.randrange(1, 30)]
        again = arrival.sample(sent, min(len(sent), 3))
        verdicts = send(engine, [*lot, *again])
        assert [v.verdict for v in verdicts] == ["created"] * len(lot) + ["exists"] * len(again)
        sent += lot
        if arrival.random() < 0.7:
            while turn(engine, "main", KEY, limit=arrival.randrange(1, 30)).facts:
                pass
    settle(engine)
    checked(engine)
    entries = in_force(engine)
    engine.dispose()
    return entries


@settings(max_examples=20, deadline=None)
@given(seed=strategies.integers(0, 10_000), arrival=strategies.randoms(use_true_random=True))
def test_arrival_order_repetition_and_batching_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path, seed: int, arrival: random.Random
) -> None:
    facts = a_shop(seed, 50)
    one, other = (a_run(_migrated_file, tmp_path_factory.mktemp("shop"), facts, arrival) for _ in range(2))
    assert one == other


def test_both_databases_seal_the_same_bytes(database: Engine, postgres_database: str) -> None:
    facts = a_shop(11, 150)
    other = open_engine(postgres_database)
    upgrade(other)
    ledgers = []
    for engine in (database, other):
        stocked(engine)
        for first in range(0, len(facts), 40):
            send(engine, facts[first : first + 40])
            settle(engine)
        with read(engine) as connection:
            hashes = [batch.hash for batch in ledger.batches(connection, "main")]
            ledgers.append((hashes, ledger.page(connection, "main", 0, 10_000)))
    other.dispose()
    assert len(ledgers[0][1]) > 50
    assert ledgers[0] == ledgers[1]


def test_what_a_hand_changes_in_the_database_is_found(shop: Engine) -> None:
    send(shop, a_shop(3, 60))
    settle(shop)
    entry, event = TABLES["entry"], TABLES["event"]
    with write(shop) as connection:
        if connection.dialect.name == "sqlite":
            for trigger in connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f'DROP TRIGGER "{trigger}"'))
        else:
            for table in ("entry", "event"):
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
    checked(shop)
    changes = {
        "amount": update(entry).where(entry.c.position == 2).values(amount=entry.c.amount + 100),
        "order": update(entry).where(entry.c.position == 3).values(order="MO-7"),
        "body": update(entry).where(entry.c.position == 4).values(
            body=func.replace(entry.c.body, '"rule_version":1', '"rule_version":2')),
        "fact": update(event).where(event.c.type == "output.reported").values(
            body=func.replace(event.c.body, "output.reported", "output.Reported")),
        "who": update(event).where(event.c.person == ANA).values(person="pffffffffffff"),
        "state": update(event).where(event.c.state == "held").values(state="costed"),
        "missing": delete(entry).where(entry.c.position == 5),
        "cost": update(TABLES["order_cost"]).values(milliseconds=TABLES["order_cost"].c.milliseconds + 1),
        "standing": delete(TABLES["standing_entry"]),
        "batch": update(TABLES["batch"]).where(TABLES["batch"].c.number == 1).values(sealed_at=1, hash="0" * 64),
    }  # fmt: skip
    for name, change in changes.items():
        with shop.connect() as connection:
            assert connection.execute(change).rowcount > 0, name
            report = verify(connection, "main", KEY)
            assert not report.ok, f"{name} went unnoticed"
            connection.rollback()
    checked(shop)


def test_what_an_earlier_version_posted_is_put_right_by_the_upgrade(shop: Engine) -> None:
    """Told time was posted as if it had been measured: `verify` says so, and the upgrade has all facts costed again."""
    from alembic import command

    told = raw("labor.declared", "2026-11-20T09:00:00Z", person=ANA, activity="run", order="MO-1", operation="10",
               duration_ms=3_600_000)  # fmt: skip
    send(shop, [told])
    with write(shop) as connection:
        head = ledger.lock(connection, "main")
        assert head is not None
        books = Books(connection, "main", head, KEY)
        (entry,) = recompute(books.received(1), books.terms(books.received(1))).entries
        then = replace(entry, provenance="measured")
        books.append([first_posting(then, 0, then.occurred_on, then.period, KEY)])
        books.writer.seal(KEY, 0)
        books.settle([told["id"]], {told["id"]: COSTED}, [])
    with read(shop) as connection:
        (wrong, missing) = verify(connection, "main", KEY).faults
    assert wrong.startswith("posted, but the facts do not give it")
    assert missing.startswith("the facts give it, but it is not posted")
    assert settle(shop) == 0, "nothing looks at it again by itself"
    settings = config()
    with write(shop) as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, "0002_capture_app")
    upgrade(shop)
    assert settle(shop) == 2
    checked(shop)
    with read(shop) as connection:
        ledgered = [json.loads(body) for _, _, body in ledger.page(connection, "main", 0, 10)]
    assert [(body["provenance"], "reverses" in body) for body in ledgered] == [
        ("measured", False), ("measured", True), ("declared", False),
    ]  # fmt: skip
    assert settle(shop) == 0
