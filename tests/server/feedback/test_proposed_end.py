"""A forgotten clock-out: its proposed end is shown to nobody while the work simply runs."""

from sqlalchemy import Engine

from server.store import facts
from server.store.database import read
from sync.core.clock import parse_instant
from tests.cast import ANA, put_plant, raw, send, settle

HOUR = 3_600_000


def proposed(database: Engine, hours_later: int) -> list[str]:
    """What the list of findings says so many hours after the work began, twelve being the longest believed."""
    begun = parse_instant("2026-11-20T08:00:00Z")
    with read(database) as connection:
        remarks = facts.remarkable(connection, "main", begun + hours_later * HOUR - 12 * HOUR)
    return [params["until"] for remark in remarks for params, _ in remark.facts if remark.code == "time.end_proposed"]


def test_only_when_it_has_run_for_too_long(database: Engine, site: str) -> None:
    put_plant(database)
    clock = raw("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
    pause = raw("break.started", "2026-11-20T12:00:00Z", person=ANA)
    send(database, [clock, pause, raw("break.stopped", "2026-11-20T12:30:00Z", person=ANA, start_id=pause["id"])])
    settle(database)
    assert proposed(database, 11) == []
    assert proposed(database, 13) == ["2026-11-20T12:30:00.000Z"], "the last sign of life"
    send(database, [raw("labor.stopped", "2026-11-20T12:30:00Z", person=ANA, start_id=clock["id"])])
    settle(database)
    assert proposed(database, 13) == [], "somebody decided"


def test_at_once_when_the_stop_came_too_late(database: Engine, site: str) -> None:
    put_plant(database)
    clock = raw("labor.started", "2026-11-20T08:00:00Z", person=ANA, activity="run", order="MO-1", operation="10")
    pause = raw("break.started", "2026-11-20T12:00:00Z", person=ANA)
    late = raw("labor.stopped", "2026-11-21T08:00:00Z", person=ANA, start_id=clock["id"])
    send(database, [clock, pause, raw("break.stopped", "2026-11-20T12:30:00Z", person=ANA, start_id=pause["id"]), late])
    settle(database)
    assert proposed(database, 1) == ["2026-11-20T12:30:00.000Z"]
