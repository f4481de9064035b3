"""Quality: the ranking, its trend and its exports, on a turning shop whose standard is worked out here by hand.

One chair at operation 10: 2.5 min of work at 30 = 1.25, a tenth of 15 min of setup = 0.75, the lathe for both at 22.50
= 0.9375 + 0.5625, half a kilo of oak at 3.20 = 1.60: 5.10. Operation 20 adds 2.5 min at 24 = 1.00 and 15 min / 10 at 24
= 0.60: 6.70.
"""

import csv
import io
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from server.extensions import Clock
from tests.cast import ANA, instant, put_plant, raw, send, settle
from tests.server.callers import bearer, device, signed_in
from tests.server.feedback.conftest import published, put

NOW = instant("2026-11-20T15:12:00+01:00")


@pytest.fixture
def clock() -> Clock:
    return lambda: NOW


@pytest.fixture
def shop(database: Engine, site: str) -> Engine:
    put_plant(database)
    put(database, "rates", published("W1", "30"), published("W2", "24"))
    put(
        database, "components", {"order": "MO-1", "item": "OAK", "operation": "10", "quantity_per": "0.5", "unit": "kg"}
    )
    put(
        database,
        "reasons",
        {"kind": "defect", "code": "BURR", "name": {"en": "Burr", "fr": "Bavure"}},
        {"kind": "downtime", "code": "TOOL", "name": {"en": "Tool change", "fr": "Changement d’outil"}},
    )
    return database


def bad(at: str, quantity: str, reason: str, operation: str = "10", disposition: str = "scrap", **more: Any) -> Any:
    return raw("defect.reported", at, order="MO-1", operation=operation, quantity=quantity, reason=reason,
               disposition=disposition, **more)  # fmt: skip


@pytest.fixture
def lost(shop: Engine) -> Engine:
    """Three burred and one cracked piece at 10, one burred at 20; two to be reworked in half an hour; a voided slip;
    forty minutes of downtime, and a stretch that still lasts."""
    slip = bad("2026-11-19T09:00:00+01:00", "50", "BURR")
    down = raw("downtime.started", "2026-11-18T23:40:00+01:00", machine="M1", reason="TOOL")
    again = raw(
        "labor.started", "2026-11-20T10:00:00+01:00", person=ANA, activity="rework", order="MO-1", operation="10"
    )
    send(shop, [
        bad("2026-11-18T08:00:00+01:00", "3", "BURR"), bad("2026-11-18T09:00:00+01:00", "1", "CRACK"),
        bad("2026-11-20T09:00:00+01:00", "1", "BURR", "20", caused_at="10"),
        bad("2026-11-20T09:30:00+01:00", "2", "BURR", disposition="rework"),
        again, raw("labor.stopped", "2026-11-20T10:30:00+01:00", person=ANA, start_id=again["id"]),
        slip, raw("event.voided", "2026-11-19T09:01:00+01:00", target_id=slip["id"], reason="MISTAKE"),
        down, raw("downtime.stopped", "2026-11-19T00:20:00+01:00", machine="M1", start_id=down["id"]),
        raw("downtime.started", "2026-11-20T14:42:00+01:00", machine="M1", reason="TOOL"),
    ])  # fmt: skip
    settle(shop)
    return shop


PERIOD = "from=2026-11-18&to=2026-11-20"


def test_scrap_at_standard_in_pieces_and_hours(app: Flask, lost: Engine) -> None:
    answer = app.test_client().get(f"/api/v1/losses?{PERIOD}", headers=bearer(lost, "entries:read")).json
    scrap = [loss for loss in answer["losses"] if loss["kind"] == "scrap"]
    assert [(one["reason"], one["pieces"], one["standard_cost"], one["hours"]) for one in scrap] == [
        ("BURR", "1", "6.70", "0.1333"),  # 2 x (2.5 + 1.5) min
        ("CRACK", "1", "5.10", "0.0667"),
        ("BURR", "3", "15.30", "0.2000"),
    ]
    assert (scrap[0]["found_at"], scrap[0]["caused_at"], scrap[0]["item"]) == ("W2", "W1", "CHAIR")


def test_rework_is_what_was_clocked_at_the_published_rate(app: Flask, lost: Engine) -> None:
    answer = app.test_client().get(f"/api/v1/losses?{PERIOD}", headers=bearer(lost, "entries:read")).json
    (rework,) = [loss for loss in answer["losses"] if loss["kind"] == "rework"]
    assert (rework["pieces"], rework["hours"], rework["standard_cost"]) == ("2", "0.5000", "15.00")


def test_downtime_counts_in_the_days_it_lies_in_and_up_to_now(app: Flask, lost: Engine) -> None:
    """Twenty minutes on each side of midnight at 22.50; since 14:42 half an hour."""
    ask = app.test_client()
    headers = bearer(lost, "entries:read")

    def told(period: str) -> list[tuple[str, str]]:
        found = ask.get(f"/api/v1/losses?{period}", headers=headers).json["losses"]
        return [(one["hours"], one["standard_cost"]) for one in found if one["kind"] == "downtime"]

    assert told("from=2026-11-18&to=2026-11-18") == [("0.3333", "7.50")]
    assert told("from=2026-11-19&to=2026-11-19") == [("0.3333", "7.50")]
    assert told("from=2026-11-20&to=2026-11-20") == [("0.5000", "11.25")]


def test_the_page_ranks_causes_in_the_readers_language(app: Flask, lost: Engine) -> None:
    page = signed_in(app, lost, "lead", language="fr").get(f"/quality?kind=scrap&by=reason&measure=cost&{PERIOD}")
    assert page.status_code == 200
    assert page.text.index("Bavure") < page.text.index("CRACK"), "22.00 before 5.10"
    assert "27,10" in page.text
    assert re.findall(r'<td class="num">(\d+)\s%</td>', page.text) == ["81", "81", "19", "100", "100"], "share, reached"


def test_a_piece_without_a_price_is_counted_and_said(app: Flask, lost: Engine) -> None:
    put(lost, "orders", {"code": "MO-X", "item": "", "quantity": "5"})
    send(lost, [raw("defect.reported", "2026-11-20T08:00:00+01:00", order="MO-X", operation="10", quantity="1",
                    disposition="scrap", reason="BURR")])  # fmt: skip
    settle(lost)
    page = signed_in(app, lost, "lead").get(f"/quality?measure=cost&{PERIOD}")
    assert "1 report without a price" in page.text


def test_many_small_causes_stand_together_and_as_large_as_they_are(app: Flask, lost: Engine) -> None:
    """Fifteen reasons of one piece each beside BURR's four and CRACK's one: twelve by themselves, five together."""
    send(lost, [bad("2026-11-19T08:00:00+01:00", "1", f"R{number:02}") for number in range(15)])
    settle(lost)
    page = signed_in(app, lost, "lead").get(f"/quality?measure=pieces&{PERIOD}").text
    assert "5 others" in page
    widths = re.findall(r'<rect class="loss scrap" y="4" width="([0-9.]+)%"', page)
    assert (len(widths), widths[0], widths[-1]) == (13, "80.000", "100.000"), "four pieces beside five"


def test_an_empty_period_says_so(app: Flask, lost: Engine) -> None:
    page = signed_in(app, lost, "lead").get("/quality?from=2026-01-01&to=2026-01-31")
    assert "Nothing lost in these days" in page.text


def test_as_csv(app: Flask, lost: Engine) -> None:
    answer = signed_in(app, lost, "accountant").get(f"/quality.csv?{PERIOD}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 6, "one stretch of downtime across midnight, one that lasts"
    assert {row["kind"] for row in rows} == {"scrap", "rework", "downtime"}


@pytest.mark.parametrize(
    "query",
    ["kind=people", "by=person", "measure=money", "from=2026-13-01", "from=2026-11-20&to=2026-11-01",
     "from=2020-01-01&to=2026-11-20", "to=9999-12-31"],
)  # fmt: skip
def test_what_cannot_be_asked(app: Flask, lost: Engine, query: str) -> None:
    assert signed_in(app, lost, "lead").get(f"/quality?{query}").status_code == 400


def test_who_may_not_ask(app: Flask, lost: Engine) -> None:
    tablet = device(app, lost)
    for path in ("/quality", "/quality.csv", "/api/v1/losses"):
        assert tablet.get(path).status_code == 403, path
    assert app.test_client().get("/api/v1/losses").status_code == 401
