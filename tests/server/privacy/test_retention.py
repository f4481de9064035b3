"""What is older than it may get goes by itself: clocks five and ten years ahead, and a worker stopped in between."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, func, select

from server.intake.photos import accept_photo, digest
from server.settings import Settings
from server.store import audit, erasure, ledger, people, periods, plant, retention, rewrite, tombstones
from server.store.database import AUDIT_KEYS, read, write
from server.store.tables import TABLES
from server.store.verification import verify
from server.worker import Worker
from tests.cast import ANA, KEY, LUIS, raw, send, settle
from tests.server.pictures import jpeg
from tests.server.privacy.staff import NOW, SALT, hire, worked

DATABASES = ("sqlite", "postgresql")
DAY = 86_400_000


@pytest.fixture(autouse=True)
def keys(request: pytest.FixtureRequest, settings: Settings) -> None:
    """The keys of the audit trail, which the tests' PostgreSQL is opened without."""
    if "shop" in request.fixturenames:
        request.getfixturevalue("shop").update_execution_options(**{AUDIT_KEYS: settings.audit_keys})


def later(years: int = 0, months: int = 0, days: int = 0) -> int:
    """An instant so much after the tests' now."""
    moment = datetime.fromtimestamp(NOW / 1000, UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months + 12 * years, 12)
    return round(moment.replace(year=year, month=month + 1).timestamp() * 1000) + days * DAY


def everything_due(engine: Engine, now: int, limit: int = retention.STEP) -> dict[str, int]:
    """What the worker does over a day, step by step; how much went by each rule."""
    went: dict[str, int] = {}
    while True:
        with read(engine) as connection:
            due = retention.due(connection, "main", now)
        if not due:
            return {name: count for name, count in went.items() if count}
        with write(engine) as connection:
            removed = retention.step(connection, "main", due[0], now, limit)
            went[due[0]] = went.get(due[0], 0) + removed


def leave(engine: Engine, *people: erasure.Person) -> None:
    with write(engine) as connection:
        plant.put(
            connection, "main", "people", [{"key": one.key, "number": one.number, "active": False} for one in people]
        )


def named(engine: Engine) -> set[str]:
    with read(engine) as connection:
        return {row["key"] for row in plant.rows(connection, "main", "people") if row["name"]}


@pytest.mark.requirement("PR-06")
def test_five_years_after_somebody_left_nobody_knows_who_it_was(shop: Engine) -> None:
    gone, stays = hire(shop, 2)
    worked(shop, gone)
    worked(shop, stays)
    settle(shop)
    leave(shop, gone)
    with read(shop) as connection:
        before = ledger.page(connection, "main", 0, 1_000)

    everything_due(shop, later(years=5, days=-30))
    assert gone.key in named(shop)  # 2026-11-20 is the fact's day: five years are not over
    assert everything_due(shop, later(years=5, days=2))["identity"] == 1

    assert gone.key not in named(shop)
    assert {stays.key, ANA, LUIS} <= named(shop)  # whoever works here stays known
    with read(shop) as connection:
        assert erasure.leftovers(connection, "main", gone.name) == {}
        assert ledger.page(connection, "main", 0, 1_000) == before
        assert verify(connection, "main", KEY).ok
        assert rewrite.wanted(connection) is not None
        assert [line.rule for line in retention.removals(connection, "main")][:1] == ["identity"]
        trail = audit.lines(connection, "main", audit.Search({"personal"}, action="person.erased"))
        assert [(line.subject, line.details["because"]) for line in trail] == [(gone.key, "retention")]


@pytest.mark.requirement("PR-06")
def test_somebody_who_never_worked_waits_as_long_from_the_day_it_is_seen(shop: Engine) -> None:
    nobody = hire(shop, 1)[0]
    leave(shop, nobody)
    assert "identity" not in everything_due(shop, NOW)
    assert "identity" not in everything_due(shop, later(years=4, months=11))
    assert everything_due(shop, later(years=5, days=1))["identity"] == 1
    assert nobody.key not in named(shop)


@pytest.mark.requirement("PR-06")
def test_who_comes_back_waits_anew(shop: Engine) -> None:
    """A leaver's term is that of the last fact, not of the first time somebody left."""
    person = hire(shop, 1)[0]
    worked(shop, person)
    settle(shop)
    leave(shop, person)
    with write(shop) as connection:
        plant.put(connection, "main", "people", [{"key": person.key, "number": person.number, "active": True}])
    everything_due(shop, later(years=9))
    assert person.key in named(shop)


@pytest.mark.requirement("PR-06")
def test_ten_years_on_the_books_are_whole_and_name_nobody(shop: Engine) -> None:
    people = hire(shop, 3)
    for person in people:
        worked(shop, person)
    settle(shop)
    leave(shop, *people)
    with write(shop) as connection:
        periods.change(connection, "main", "2026-10", "lock", by="omar", at=NOW, reason="counting")
        connection.execute(
            TABLES["manual_line"].insert().values(
                site="main", ref="OD-1", number=1, date="2026-11-30", text="Prime", element="", side="", object="",
                amount="12.00", accounts="{}", shares="{}", general="", reverses="", entered_by="omar",
                entered_at=NOW, posted=False,
            )
        )  # fmt: skip
    with read(shop) as connection:
        before = ledger.page(connection, "main", 0, 1_000)
        total = connection.scalar(select(func.sum(TABLES["entry"].c.amount)))

    assert "books" not in everything_due(shop, later(years=9, months=11))
    assert everything_due(shop, later(years=10, months=1))["books"] == 2

    with read(shop) as connection:
        assert ledger.page(connection, "main", 0, 1_000) == before
        assert connection.scalar(select(func.sum(TABLES["entry"].c.amount))) == total
        assert verify(connection, "main", KEY).ok
        assert periods.trace(connection, "main")[0].reason == ""
        line = connection.execute(select(TABLES["manual_line"])).one()
        assert (line.text, line.entered_by, line.amount) == ("", "", "12.00")


@pytest.mark.requirement("PR-06")
def test_notes_photos_refusals_devices_and_the_trail_have_terms_of_their_own(shop: Engine, settings) -> None:
    worked(shop, erasure.Person(ANA, "", "Ana", active=True), "belt torn")
    picture = jpeg()
    defect = raw("defect.reported", "2026-11-20T08:00:00Z", order="MO-1", operation="10", quantity="1",
                 disposition="scrap", reason="BURR", photo_digest=digest(SALT, picture))  # fmt: skip
    send(shop, [defect, {**raw("labor.declared", "2026-11-20T08:00:00Z"), "person": "somebody"}])
    settle(shop)
    table = TABLES["device"]
    with write(shop) as connection:
        accept_photo(connection, "main", defect["id"], SALT, picture, NOW)
        connection.execute(
            table.insert().values(site="main", id="d1", name="T", secret_hash="x", enrolled_at=NOW, seen_at=NOW,
                                  version="v9", clock_offset_ms=5, waiting=2, last_seq=9)
        )  # fmt: skip
        audit.record(connection, "main", at=NOW, actor="user:ines", action="user.created", subject="omar")

    assert everything_due(shop, later(months=2)) == {}
    assert everything_due(shop, later(months=4)) == {"diagnostics": 1}
    assert everything_due(shop, later(months=12, days=1))["refused"] == 1
    with read(shop) as connection:
        assert not any(line.subject == "omar" for line in audit.lines(connection, "main", audit.Search({"personal"})))
        assert audit.check(connection, "main", settings.audit_keys()).faults == {}
        assert connection.scalar(select(func.count()).select_from(TABLES["rejection"])) == 1
        assert connection.execute(select(TABLES["rejection"].c.body, TABLES["rejection"].c.detail)).one() == ("", "")
        device = connection.execute(select(table)).one()
        assert (device.version, device.clock_offset_ms, device.waiting, device.last_seq) == ("", None, 0, 9)
    assert everything_due(shop, later(years=2, days=1))["notes"] == 2
    with read(shop) as connection:
        assert connection.scalar(select(func.count()).select_from(TABLES["note"])) == 0
        assert connection.scalar(select(func.count()).select_from(TABLES["photo"])) == 0
        assert verify(connection, "main", KEY).ok


@pytest.mark.requirement("PR-06", "PR-08")
def test_facts_of_strangers_end_and_leave_a_tombstone(shop: Engine) -> None:
    stranger = raw("labor.declared", "2026-11-20T08:00:00Z", person="who knows", activity="run", order="MO-1",
                   operation="10", duration_ms=60_000)  # fmt: skip
    send(shop, [stranger])
    settle(shop)
    assert "strangers" not in everything_due(shop, later(years=4, months=11))
    assert everything_due(shop, later(years=5, days=1))["strangers"] == 1
    with read(shop) as connection:
        assert tombstones.standing(connection, "main", "event", [stranger["id"]]) == {stranger["id"]}
        assert verify(connection, "main", KEY).ok
    assert send(shop, [stranger])[0].verdict == "exists"
    with read(shop) as connection:
        assert verify(connection, "main", KEY).facts == 0


@pytest.mark.requirement("PR-06")
def test_a_user_who_was_shut_out_is_a_sign_in_name_a_year_later(shop: Engine) -> None:
    user = TABLES["user"]
    with write(shop) as connection:
        for name in ("omar", "ines"):
            people.create_user(connection, "main", name, display_name=f"{name} Quenneville", password_hash="$x$",
                               roles={"lead"})  # fmt: skip
        connection.execute(user.update().values(signed_in_at=NOW))
        people.change_user(connection, "main", "omar", active=False)
    assert "users" not in everything_due(shop, later(months=11))
    assert everything_due(shop, later(months=12, days=1))["users"] == 1
    assert "users" not in everything_due(shop, later(months=14))
    with read(shop) as connection:
        found = {one.name: one.display_name for one in people.list_users(connection, "main")}
    assert found == {"omar": "omar", "ines": "ines Quenneville"}


@pytest.mark.requirement("PR-06")
def test_a_step_is_bounded_and_goes_on_where_it_ended(shop: Engine) -> None:
    for _ in range(7):
        worked(shop, erasure.Person(ANA, "", "Ana", active=True), "belt torn")
    now = later(years=3)
    with write(shop) as connection:
        assert retention.step(connection, "main", "notes", now, 3) == 3
    with write(shop) as connection:  # killed in between, nothing is half done
        assert retention.step(connection, "main", "notes", now, 3) == 3
        assert "notes" in retention.due(connection, "main", now)
        assert retention.step(connection, "main", "notes", now, 3) == 1
        assert retention.step(connection, "main", "notes", now, 3) == 0
        assert "notes" not in retention.due(connection, "main", now)
        assert "notes" in retention.due(connection, "main", now + DAY)
        [line] = [line for line in retention.removals(connection, "main") if line.rule == "notes"]
        assert line.removed == 7


@pytest.mark.requirement("PR-06")
def test_the_worker_does_it_with_nothing_else_to_do(shop: Engine) -> None:
    worked(shop, erasure.Person(ANA, "", "Ana", active=True), "belt torn")
    worker = Worker(shop, KEY, clock=lambda: later(years=3))
    for _ in range(40):
        if not worker.round():
            break
    else:
        pytest.fail("the worker never rests")
    with read(shop) as connection:
        assert connection.scalar(select(func.count()).select_from(TABLES["note"])) == 0
        assert retention.due(connection, "main", later(years=3)) == []
        assert rewrite.wanted(connection) is None  # and wrote the database anew, as nothing had come in


@pytest.mark.requirement("PR-06")
def test_terms_are_chosen_within_their_range(shop: Engine) -> None:
    with write(shop) as connection:
        assert retention.set_terms(connection, "main", {"notes": 1, "refused": 12}) == {"notes": (24, 1)}
        assert retention.terms(connection, "main")["notes"] == 1
        for name, rule in retention.RULES.items():
            for wrong in (rule.low - 1, rule.high + 1):
                with pytest.raises(retention.BadTerm):
                    retention.set_terms(connection, "main", {name: wrong})
        with pytest.raises(KeyError):
            retention.set_terms(connection, "main", {"nothing": 3})
    worked(shop, erasure.Person(ANA, "", "Ana", active=True), "belt torn")
    assert everything_due(shop, later(months=1, days=1))["notes"] == 1


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2026-03-31", 1, "2026-02-28"), ("2024-03-31", 1, "2024-02-29"), ("2026-01-15", 12, "2025-01-15"),
     ("2026-01-15", 1, "2025-12-15")],
)  # fmt: skip
def test_months_go_by_the_calendar(day: str, months: int, expected: str) -> None:
    moment = round(datetime.fromisoformat(f"{day}T10:00:00+00:00").timestamp() * 1000)
    found = datetime.fromtimestamp(retention.months_before(moment, months) / 1000, UTC)
    assert found.isoformat() == f"{expected}T10:00:00+00:00"
