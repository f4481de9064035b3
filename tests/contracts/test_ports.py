"""What the engine asks of its host (`sync.ports`), asked of the one in memory and of the one in SQL."""

import json
import random
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any, Protocol

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from server.migrations import upgrade
from server.store import ledger, plant
from server.store.books import Books
from server.store.database import open_engine, read, write
from server.store.sites import create_site
from server.store.tables import TABLES
from server.store.verification import verify
from server.worker import turn
from sync.core.findings import COSTED, Finding, held
from sync.core.plant import Person
from sync.costing.engine import Terms
from sync.costing.policy import BEGINNING, SPLIT_RULES
from sync.costing.rates import RateTable
from sync.costing.rules.material import State, Stock
from sync.costing.valuation.stock import Layer
from sync.ledger.difference import Standing
from sync.ledger.entry import Entry, Posting, first_posting, reversal
from sync.pipeline import post
from sync.ports import Host
from tests.cast import ANA, KEY, LUIS, instant, put_plant, raw, send
from tests.histories import LETTERS, TIMES, a_history, a_labelled_plant, with_times
from tests.memory_host import MemoryHost

SITES = count(1)
NEVER = "00000000-0000-4000-8000-000000000000"


class Stage(Protocol):
    """A host with what stands around it: intake, worker, and somebody who looks at the result."""

    def host(self) -> AbstractContextManager[Host]: ...
    def send(self, facts: list[dict[str, Any]]) -> None: ...
    def turn(self, limit: int) -> int: ...
    def ledger(self) -> list[str]: ...
    def states(self) -> dict[str, tuple[str, str, dict[str, str]]]: ...
    def findings(self) -> dict[tuple[str, str], dict[str, str]]: ...
    def close(self, period: str) -> None: ...


@dataclass
class InMemory:
    memory: MemoryHost

    def host(self) -> AbstractContextManager[Host]:
        return nullcontext(self.memory)

    def send(self, facts: list[dict[str, Any]]) -> None:
        self.memory.accept(facts)

    def turn(self, limit: int) -> int:
        return post(self.memory, limit).facts

    def ledger(self) -> list[str]:
        return [line.body for line in self.memory.ledger]

    def states(self) -> dict[str, tuple[str, str, dict[str, str]]]:
        return {fact: (told.state, told.reason, dict(told.params)) for fact, told in self.memory.states.items()}

    def findings(self) -> dict[tuple[str, str], dict[str, str]]:
        return {key: dict(found.params) for key, found in self.memory.findings.items()}

    def close(self, period: str) -> None:
        self.memory.closed.add(period)


@dataclass
class InSql:
    engine: Engine
    site: str = "main"
    lots: Iterator[int] = field(default_factory=lambda: iter(range(1_795_200_000_000, 1_795_300_000_000)))

    @contextmanager
    def host(self) -> Iterator[Host]:
        with write(self.engine) as connection:
            head = ledger.lock(connection, self.site)
            assert head is not None
            books = Books(connection, self.site, head)
            yield books
            books.writer.seal(KEY, 1)

    def send(self, facts: list[dict[str, Any]]) -> None:
        assert {told.verdict for told in send(self.engine, facts, now=next(self.lots), site=self.site)} <= {
            "created",
            "exists",
        }

    def turn(self, limit: int) -> int:
        return turn(self.engine, self.site, KEY, limit=limit).facts

    def ledger(self) -> list[str]:
        with read(self.engine) as connection:
            return [body for _, _, body in ledger.page(connection, self.site, 0, 100_000)]

    def states(self) -> dict[str, tuple[str, str, dict[str, str]]]:
        event = TABLES["event"]
        with read(self.engine) as connection:
            rows = connection.execute(event.select().where(event.c.site == self.site)).all()
        return {row.id: (row.state, row.reason, json.loads(row.params)) for row in rows}

    def findings(self) -> dict[tuple[str, str], dict[str, str]]:
        finding = TABLES["finding"]
        with read(self.engine) as connection:
            rows = connection.execute(finding.select().where(finding.c.site == self.site)).all()
        return {(row.code, row.event_id): json.loads(row.params) for row in rows}

    def close(self, period: str) -> None:
        with write(self.engine) as connection:
            connection.execute(TABLES["period"].insert().values(site=self.site, code=period, state="closed"))


def in_sql(engine: Engine, site: str = "main") -> InSql:
    """The labelled plant as a new site."""
    with write(engine) as connection:
        create_site(connection, site, name="Atelier", zone="Europe/Paris", currency="EUR")
    put_plant(engine, site)
    with write(engine) as connection:
        for letters, label in a_labelled_plant().codes.items():
            row = {"site": site, "code": letters, "kind": label.kind, "ref": label.ref, "detail": label.detail}
            connection.execute(TABLES["label_code"].insert().values(**row))
    return InSql(engine, site)


def terms_of(engine: Engine, site: str = "main") -> Terms:
    with read(engine) as connection:
        rates = RateTable(plant.rates(connection, site))
        return Terms(plant.load(connection, site), rates, plant.policies(connection, site))


@cache
def postgresql(url: str) -> Engine:
    """One migrated database for all tests; each takes a site of its own."""
    server = make_url(url).set(drivername="postgresql")
    with psycopg.connect(server.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute("CREATE DATABASE contracts")
    engine = open_engine(make_url(url).set(database="contracts"))
    upgrade(engine)
    return engine


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def stage(request: pytest.FixtureRequest) -> Stage:
    if request.param == "postgresql":
        return in_sql(postgresql(request.getfixturevalue("postgres_url")), f"s{next(SITES)}")
    engine = request.getfixturevalue("database")
    sql = in_sql(engine)
    return InMemory(MemoryHost(terms_of(engine))) if request.param == "memory" else sql


def ids(facts: Any) -> set[str]:
    return {fact.id if hasattr(fact, "id") else fact["id"] for fact in facts}


# --- facts -------------------------------------------------------------------------------------------------------

START = raw("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
STOP = raw("labor.stopped", "2026-11-20T09:00:00Z", person=ANA, start_id=START["id"])
GOOD = raw("output.reported", "2026-11-20T09:00:00Z", order="MO-1", operation="10", quantity="3")
BAD = raw("defect.reported", "2026-11-20T09:00:00Z", order="MO-2", operation="10", quantity="1", disposition="scrap",
          reason="BURR")  # fmt: skip
VOID = raw("event.voided", "2026-11-20T09:30:00Z", target_id=BAD["id"], reason="SLIP")


def test_received_are_the_oldest_until_they_are_settled(stage: Stage) -> None:
    stage.send([STOP])
    stage.send(sorted([START, GOOD], key=lambda fact: fact["id"]))
    with stage.host() as host:
        waiting = [fact.id for fact in host.received(10)]
        assert waiting == [STOP["id"], *sorted([START["id"], GOOD["id"]])]
        assert [fact.id for fact in host.received(2)] == waiting[:2]
        host.settle([STOP["id"]], {STOP["id"]: held("time.stop_without_start")}, [])
    with stage.host() as host:
        assert [fact.id for fact in host.received(10)] == waiting[1:]


def test_facts_are_found_by_what_they_are_and_name(stage: Stage) -> None:
    stage.send([START, STOP, GOOD, BAD, VOID])
    with stage.host() as host:
        assert ids(host.by_ids([START["id"], NEVER])) == {START["id"]}
        assert host.by_ids([]) == []
        assert ids(host.targeting([START["id"], BAD["id"], NEVER])) == {STOP["id"], VOID["id"]}
        assert host.targeting([]) == []
        assert ids(host.quantities({"MO-1"})) == {GOOD["id"]}
        assert ids(host.quantities({"MO-1", "MO-2"})) == {GOOD["id"], BAD["id"]}
        assert host.depending({"MO-1", "MO-2", "MO-3"}) == {"MO-2"}, "also when it is voided: its entry may stand"


def test_what_the_floor_adds_to_orders_is_found(stage: Stage) -> None:
    step = {"order": "MO-1", "operation": "15", "name": "Repair", "work_center": "W2"}
    added = raw("operation.added", "2026-11-20T08:00:00Z", **step)
    elsewhere = raw("operation.added", "2026-11-20T08:00:00Z", **{**step, "order": LETTERS["operation"]})
    done = raw("operation.completed", "2026-11-20T08:00:00Z", order="MO-1", operation="15")
    call = raw("help.called", "2026-11-20T08:00:00Z", reason="FORKLIFT", order="MO-1")
    answer = raw("help.answered", "2026-11-20T08:00:00Z", call_id=call["id"])
    stage.send([added, elsewhere, done, call, answer, START, STOP, BAD])
    with stage.host() as host:
        assert ids(host.added_operations({"MO-1", "MO-3"})) == {added["id"]}
        assert ids(host.added_operations({"MO-2"})) == {elsewhere["id"]}, "the order was scanned where nobody knew it"
        assert host.added_operations(set()) == []
        assert ids(host.of_orders({"MO-1"})) == ids([added, done, call, START])
        assert ids(host.of_orders({"MO-2", "MO-3"})) == ids([elsewhere, BAD])
        assert ids(host.targeting([call["id"]])) == {answer["id"]}


def test_presence_is_among_the_facts_of_a_person(stage: Stage) -> None:
    pause = raw("break.started", "2026-11-20T08:10:00Z", person=ANA)
    back = raw("break.stopped", "2026-11-20T08:20:00Z", person=ANA, start_id=pause["id"])
    home = raw("shift.ended", "2026-11-20T09:00:00Z", person=ANA)
    there = raw("shift.started", "2026-11-20T08:05:00Z", person=ANA)
    stage.send([START, pause, back, home, there])
    with stage.host() as host:
        eight, nine = instant("2026-11-20T08:00:00Z"), instant("2026-11-20T09:00:00Z")
        assert ids(host.of_people([(ANA, eight, nine)])) == ids([START, pause, back, home]), "a begin ends nothing"
        assert ids(host.targeting([pause["id"]])) == {back["id"]}


def test_windows_hold_both_their_ends(stage: Stage) -> None:
    told = raw("labor.declared", "2026-11-21T20:00:00Z", person=ANA, activity="run", order="MO-1",
               started_at="2026-11-20T08:30:00Z", ended_at="2026-11-20T08:40:00Z")  # fmt: skip
    other = raw("labor.started", "2026-11-20T08:00:00Z", person=LUIS, activity="run", order="MO-1")
    stage.send([START, STOP, GOOD, told, other])
    eight, nine = instant("2026-11-20T08:00:00Z"), instant("2026-11-20T09:00:00Z")
    with stage.host() as host:
        assert ids(host.of_people([(ANA, eight, nine)])) == ids([START, STOP, told]), "told time is found by its begin"
        assert ids(host.of_people([(ANA, eight + 1, nine - 1)])) == ids([told])
        assert ids(host.of_people([(ANA, nine, nine), (LUIS, eight, eight)])) == ids([STOP, other])
        assert host.of_people([]) == []


def test_machines_have_windows_of_their_own(stage: Stage) -> None:
    run = raw("machine.started", "2026-11-20T08:00:00Z", person=ANA, machine="M1", order="MO-1")
    down = raw("downtime.started", "2026-11-20T08:10:00Z", machine="M1", reason="BLADE")
    hours = raw("machine.reported", "2026-11-20T08:20:00Z", machine="M2", order="MO-1", duration_ms=1)
    stage.send([START, run, down, hours])
    eight, nine = instant("2026-11-20T08:00:00Z"), instant("2026-11-20T09:00:00Z")
    with stage.host() as host:
        assert ids(host.of_machines([("M1", eight, nine)])) == ids([run, down])
        assert ids(host.of_machines([("M2", eight, nine)])) == ids([hours])
        assert ids(host.of_people([(ANA, eight, nine)])) == ids([START]), "whoever starts a machine is not at work yet"


def test_stops_of_machines_that_name_no_start(stage: Stage) -> None:
    run = raw("machine.started", "2026-11-20T08:00:00Z", machine="M1")
    named = raw("machine.stopped", "2026-11-20T08:30:00Z", machine="M1", start_id=run["id"])
    stop = raw("machine.stopped", "2026-11-20T09:00:00Z", machine="M1")
    up = raw("downtime.stopped", "2026-11-20T09:00:00Z", machine="M1")
    late = raw("machine.stopped", "2026-11-20T09:00:00.001Z", machine="M1")
    other = raw("machine.stopped", "2026-11-20T08:30:00Z", machine="M2")
    stage.send([run, named, stop, up, late, other])
    eight, nine = instant("2026-11-20T08:00:00Z"), instant("2026-11-20T09:00:00Z")
    with stage.host() as host:
        assert ids(host.unnamed_stops([("M1", eight, nine)])) == ids([stop, up])
        assert ids(host.unnamed_stops([("M1", eight, eight), ("M2", eight, nine)])) == ids([other])
        assert host.unnamed_stops([]) == []


def test_movements_from_an_instant_on(stage: Stage) -> None:
    glue = raw("material.received", "2026-11-20T08:00:00Z", item="GLUE", quantity="1", unit="kg", unit_cost="1")
    later = raw("material.consumed", "2026-11-20T08:00:00.001Z", item="GLUE", quantity="1", unit="kg", order="MO-1")
    oak = raw("material.returned", "2026-11-20T08:00:00Z", item="OAK", quantity="1", unit="kg", order="MO-1")
    stage.send([glue, later, oak, GOOD])
    eight = instant("2026-11-20T08:00:00Z")
    with stage.host() as host:
        assert ids(host.of_items({"GLUE": eight, "OAK": eight})) == ids([glue, later, oak])
        assert ids(host.of_items({"GLUE": eight + 1})) == ids([later])
        assert host.of_items({}) == []


def test_what_orders_consumed(stage: Stage) -> None:
    move = {"item": "GLUE", "quantity": "1", "unit": "kg"}
    glue = raw("material.consumed", "2026-11-20T08:00:00Z", order="MO-1", **move)
    other = raw("material.substituted", "2026-11-20T08:00:00Z", order="MO-2", replaces="OAK", **move)
    back = raw("material.returned", "2026-11-20T08:00:00Z", order="MO-1", **move)
    stage.send([glue, other, back, GOOD])
    with stage.host() as host:
        assert ids(host.consumed({"MO-1"})) == ids([glue])
        assert ids(host.consumed({"MO-1", "MO-2"})) == ids([glue, other])
        assert host.consumed([]) == []
        assert host.drawing({"GLUE": 0}) == set(), "nothing is on backflush here"


def test_what_became_of_facts_is_remembered(stage: Stage) -> None:
    stage.send([START, STOP])
    drift = Finding("clock.drift", START["id"], {"seconds": "300"})
    with stage.host() as host:
        assert host.became([START["id"], STOP["id"]]) == {}, "both wait"
        host.settle([START["id"]], {START["id"]: held("time.open")}, [drift])
    with stage.host() as host:
        assert host.became([START["id"], STOP["id"]]) == {START["id"]: (held("time.open"), [drift])}


def test_replacements_are_found_from_both_sides(stage: Stage) -> None:
    waiting, back = (
        raw("event.replaced", "2026-11-20T10:00:00Z", target_id=wrong, replacement_id=right, reason="SLIP")
        for wrong, right in ((GOOD["id"], NEVER), (START["id"], GOOD["id"]))
    )
    stage.send([START, STOP, GOOD, waiting, back])
    while stage.turn(10):
        pass
    with stage.host() as host:
        assert ids(host.replacements([NEVER])) == {waiting["id"]}, "what it puts there need not be here"
        assert ids(host.replacements([START["id"]])) == {back["id"]}, "a stop is none"
        assert ids(host.replacements([GOOD["id"], START["id"], STOP["id"]])) == {waiting["id"], back["id"]}
        assert host.replacements([STOP["id"]]) == []
        assert host.replacements([]) == []


def test_letters_of_a_label_come_resolved(stage: Stage) -> None:
    scanned = raw("machine.started", "2026-11-20T08:00:00Z", machine=LETTERS["machine"], order=LETTERS["operation"])
    unknown = raw("output.reported", "2026-11-20T08:00:00Z", order="BBBBBBBBB", operation="10", quantity="1")
    stage.send([scanned, unknown])
    with stage.host() as host:
        (found,) = host.of_machines([("M1", 0, 2**50)])
        assert (found.id, found.machine, found.order, found.operation) == (scanned["id"], "M1", "MO-2", "20")
        assert [fact.order for fact in host.by_ids([unknown["id"]])] == ["BBBBBBBBB"], "what nobody knows stays"


def test_settling_leaves_alone_what_was_not_looked_at(stage: Stage) -> None:
    stage.send([START, STOP])
    drift = Finding("clock.drift", START["id"], {"seconds": "300"})
    with stage.host() as host:
        host.settle([START["id"]], {START["id"]: held("time.open"), STOP["id"]: COSTED}, [drift])
    assert stage.states()[START["id"]] == ("held", "time.open", {})
    assert stage.states()[STOP["id"]][0] == "received", "its own turn comes"
    assert stage.findings() == {("clock.drift", START["id"]): {"seconds": "300"}}
    with stage.host() as host:
        host.settle([STOP["id"]], {START["id"]: COSTED, STOP["id"]: COSTED}, [])
    assert {told for told, _, _ in stage.states().values()} == {"costed"}
    assert stage.findings() == {}, "findings on facts that were looked at again are replaced"


def test_terms_know_what_the_facts_name(stage: Stage) -> None:
    stage.send([START, raw("material.consumed", "2026-11-20T08:00:00Z", item="GLUE", quantity="1", unit="kg",
                           order="MO-2", operation="20")])  # fmt: skip
    with stage.host() as host:
        terms = host.terms(host.received(10))
    assert terms.plant.people[ANA] == Person(ANA, "G1", "D1")
    assert terms.plant.orders["MO-1"].operation("10").work_center == "W1"
    assert terms.plant.items["GLUE"].valuation == "moving_average"
    assert terms.rates.labor(ANA, "G1", "W1", date(2026, 11, 20)).amount == Decimal("31.17")
    assert terms.policies.last.longest_labor_h == 12


# --- books -------------------------------------------------------------------------------------------------------


def an_entry(scope: str, amount: str, element: str = "labor", operation: str = "10") -> Entry:
    lines = tuple(Posting(side, what, Decimal(amount))
                  for side, what in (("debit", "order:MO-1"), ("credit", "department:D1")))  # fmt: skip
    return Entry(scope, "labor_time", 1, element, instant("2026-11-20T08:00:00Z"), date(2026, 11, 20), "2026-11",
                 Decimal(3_600_000), "ms", Decimal(amount), "EUR", "measured", (scope,), "1", "by hand", lines,
                 order="MO-1", operation=operation, work_center="W1")  # fmt: skip


def test_entries_stand_until_they_are_reversed(stage: Stage) -> None:
    one, other = an_entry(START["id"], "10.01"), an_entry(STOP["id"], "5.00", operation="20")
    scrap = an_entry(BAD["id"], "1.00", element="scrap")
    day = date(2026, 11, 20)
    with stage.host() as host:
        host.append([first_posting(entry, 0, day, "2026-11") for entry in (one, other, scrap)])
        assert host.accumulated({"MO-1", "MO-2"}) == {"MO-1": {"10": Decimal("10.01"), "20": Decimal("5.00")}}
    with stage.host() as host:
        assert host.standing([START["id"], NEVER]) == [Standing(one.content_id, one.content_id, START["id"], "labor")]
        assert host.generations([one.content_id, NEVER]).get(one.content_id) == 1
        assert not host.generations([NEVER]).get(NEVER)
        (body,) = host.bodies([one.content_id]).values()
        assert {**one.content, "id": one.content_id, "generation": 0, "posted_on": "2026-11-20",
                "posting_period": "2026-11", "late": False} == body  # fmt: skip
        host.append([reversal(body, one.content_id, day, "2026-11")])
        assert host.standing([START["id"]]) == []
        assert host.accumulated({"MO-1"})["MO-1"].get("10", 0) == 0
        again = first_posting(one, host.generations([one.content_id])[one.content_id], day, "2026-11")
        assert again.id != one.content_id, "posted a second time, it is another entry of the same content"
        host.append([again])
        assert host.standing([START["id"]]) == [Standing(again.id, one.content_id, START["id"], "labor")]
    assert [json.loads(body)["amount"] for body in stage.ledger()] == ["10.01", "5.00", "1.00", "10.01", "10.01"]


def test_what_orders_gave_to_stock(stage: Stage) -> None:
    """Receipts of an item from an instant on, as long as their entries stand; nothing that only looks like one."""
    lines = (Posting("debit", "stock:GLUE", Decimal("10.01")), Posting("credit", "order:MO-1", Decimal("10.01")))
    given = replace(an_entry(START["id"], "10.01", element="output"), rule="close", postings=lines, unit="kg",
                    quantity=Decimal(4), item="GLUE")  # fmt: skip
    drawn = replace(an_entry(STOP["id"], "10.01", element="material"), rule="material", postings=lines, item="GLUE")
    day, at = date(2026, 11, 20), given.occurred_at
    with stage.host() as host:
        host.append([first_posting(entry, 0, day, "2026-11") for entry in (given, drawn)])
    with stage.host() as host:
        (receipt,) = host.receipts({"GLUE": at, "OAK": 0})
        assert (receipt.item, receipt.order, receipt.cause) == ("GLUE", "MO-1", START["id"])
        assert (receipt.quantity, receipt.paid, receipt.occurred_at) == (Decimal(4), Decimal("10.01"), at)
        assert host.receipts({"GLUE": at + 1}) == []
        (body,) = host.bodies([given.content_id]).values()
        host.append([reversal(body, given.content_id, day, "2026-11")])
        assert host.receipts({"GLUE": 0}) == []


def test_orders_that_wait_for_each_other_are_known(stage: Stage) -> None:
    closed = raw("order.closed", "2026-11-20T08:00:00Z", order="MO-1")
    other = raw("order.closed", "2026-11-20T08:00:00Z", order="MO-2")
    stage.send([closed, other])
    with stage.host() as host:
        assert host.waiting_in_loops() == set()
        host.settle([closed["id"], other["id"]], {closed["id"]: held("order.loop", orders="MO-1"),
                                                  other["id"]: held("order.no_cost", order="MO-2")}, [])  # fmt: skip
    with stage.host() as host:
        assert host.waiting_in_loops() == {"MO-1"}


def test_closed_periods_are_known(stage: Stage) -> None:
    stage.close("2026-11")
    with stage.host() as host:
        assert host.calendar().posting(date(2026, 11, 20)) == (date(2026, 12, 1), "2026-12")
        assert host.calendar().posting(date(2026, 10, 31)) == (date(2026, 10, 31), "2026-10")


def test_stock_before_an_instant(stage: Stage) -> None:
    def stock(quantity: str) -> Stock:
        return Stock(Decimal(quantity), Decimal("1.50"), Decimal("0.333333"))

    with stage.host() as host:
        host.keep_stock({}, [State("GLUE", 10, "a", stock("1")), State("GLUE", 20, "a", stock("2")),
                             State("GLUE", 20, "b", stock("3")), State("OAK", 5, "c", Stock())])  # fmt: skip
        assert host.stock_before({"GLUE": 10}) == {}, "strictly before"
        assert host.stock_before({"GLUE": 11, "OAK": 6}) == {"GLUE": stock("1"), "OAK": Stock()}
        assert host.stock_before({"GLUE": 99}) == {"GLUE": stock("3")}, "of the same instant the last by id"
        host.keep_stock({"GLUE": 20}, [State("GLUE", 21, "d", stock("4"))])
        assert host.stock_before({"GLUE": 21}) == {"GLUE": stock("1")}, "what stood from 20 on is gone"
        assert host.stock_before({"GLUE": 22, "OAK": 6}) == {"GLUE": stock("4"), "OAK": Stock()}
        layers = (Layer("a/10", Decimal("0.5"), Decimal("1.00")), Layer("b", Decimal("0.5"), Decimal("0.50")))
        whole = Stock(Decimal(1), Decimal("1.50"), Decimal(1), layers, layers[:1], ("c", "d/20"), actual=True)
        host.keep_stock({"GLUE": 30}, [State("GLUE", 30, "e", whole)])
        assert host.stock_before({"GLUE": 31}) == {"GLUE": whole}, "layers, and who waits, too"


# --- all of it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("seed", "rule"), [*((seed, "equal_share") for seed in range(4)), *enumerate(SPLIT_RULES, 4)])
def test_the_same_facts_give_the_same_ledger(database: Engine, seed: int, rule: str) -> None:
    """Line by line and byte by byte, states and findings included, however the facts came in, under each split rule."""
    sql = in_sql(database)
    with write(database) as connection:
        plant.put_policy(connection, "main", {BEGINNING: {"split_rule": rule}})
    memory = InMemory(MemoryHost(terms_of(database)))
    chance = random.Random(seed)
    facts = a_history(seed, 60)
    chance.shuffle(facts)
    while facts:
        lot, facts = facts[:15], facts[15:]
        limit = chance.randrange(1, 20)
        for stage in (sql, memory):
            stage.send(lot)
            while stage.turn(limit):
                pass
        if chance.random() < 0.3 and not memory.memory.closed:
            for stage in (sql, memory):
                stage.close("2026-10")
    assert_agreed(sql, memory)


@pytest.mark.parametrize(("seed", "chosen"), [
    (20, {"breaks": "calendar", "premium_to": "order"}), (21, {"breaks": "calendar", "longest_labor_h": 20}),
    (22, {"split_rule": "unattended", "premium_to": "order"}),
])  # fmt: skip
def test_and_with_calendars_and_premiums(database: Engine, seed: int, chosen: dict[str, Any]) -> None:
    with_calendars_and_premiums(database, "main", seed, chosen)


@pytest.mark.postgres
def test_and_so_on_postgresql(postgres_url: str) -> None:
    with_calendars_and_premiums(postgresql(postgres_url), f"s{next(SITES)}", 20, {"breaks": "calendar"})


def with_calendars_and_premiums(engine: Engine, site: str, seed: int, chosen: dict[str, Any]) -> None:
    sql = in_sql(engine, site)
    with write(engine) as connection:
        for kind, rows in TIMES.items():
            plant.put(connection, site, kind, rows)
        plant.put(connection, site, "people", [{"key": ANA, "calendar": "NIGHT"}])
        plant.put(connection, site, "work_centers", [{"code": "W1", "calendar": "DAY"}])
        plant.put_policy(connection, site, {BEGINNING: chosen})
    terms = terms_of(engine, site)
    told = with_times(a_labelled_plant())
    assert (terms.plant.calendars, terms.plant.premiums) == (told.calendars, told.premiums)
    memory = InMemory(MemoryHost(terms))
    facts = a_history(seed, 60)
    random.Random(seed).shuffle(facts)
    assert_same(sql, memory, (facts[:20], facts[20:]))
    assert any(json.loads(body).get("premium") for body in sql.ledger())


@pytest.mark.parametrize("seed", [31, 32])
def test_and_with_what_is_billed(database: Engine, seed: int) -> None:
    with_billing(database, "main", seed)


@pytest.mark.postgres
def test_and_what_is_billed_on_postgresql(postgres_url: str) -> None:
    with_billing(postgresql(postgres_url), f"s{next(SITES)}", 31)


def with_billing(engine: Engine, site: str, seed: int) -> None:
    """Orders are projects; some hours have a price that changes, some one of the order or person, some none."""
    sql = in_sql(engine, site)
    with write(engine) as connection:
        codes = [row["code"] for row in plant.rows(connection, site, "orders")]
        plant.put(connection, site, "orders", [{"code": code, "kind": "project"} for code in codes])
        prices = (
            {"rate_group": "G1", "amount": "99.99"},
            {"rate_group": "G1", "amount": "111.11", "valid_from": "2026-10-24"},
            {"order": codes[0], "amount": "77.77", "valid_until": "2026-10-24"},
            {"person": LUIS, "activity": "setup", "amount": "0.01"},
        )
        for price in prices:
            plant.put(connection, site, "billable_rates", [price])
        plant.put_policy(connection, site, {BEGINNING: {"billing": "hours", "rework_to": "loss"}})
    memory = InMemory(MemoryHost(terms_of(engine, site)))
    facts = a_history(seed, 160)
    random.Random(seed).shuffle(facts)
    assert_same(sql, memory, (facts[:50], facts[50:]))
    assert any(json.loads(body).get("billable", {}).get("amount") for body in sql.ledger())
    assert "billable.no_rate" in str(sql.findings())


def assert_same(sql: InSql, memory: InMemory, lots: Iterable[list[dict[str, Any]]]) -> None:
    """Lots of facts, costed a few at a time, come to the same in both."""
    for stage in (sql, memory):
        for lot in lots:
            stage.send(lot)
            while stage.turn(7):
                pass
    assert_agreed(sql, memory)


def assert_agreed(sql: InSql, memory: InMemory) -> None:
    """The same ledger, outcomes and findings, and what a recomputation of all facts gives."""
    assert sql.ledger() == memory.ledger()
    assert sql.states() == memory.states()
    assert sql.findings() == memory.findings()
    assert_recomputed(memory.memory)
    with read(sql.engine) as connection:
        assert verify(connection, sql.site, KEY).faults == []


def assert_recomputed(host: MemoryHost) -> None:
    costed = host.recomputed()
    assert host.in_force.keys() == {entry.content_id for entry in costed.entries}
    assert host.states == costed.outcomes
