"""What devices say of themselves, and what the lead is shown: who is missed, what waits, what never arrived."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.devices.listing import Listing, listing
from server.extensions import Clock
from server.intake.accept import Sender, accept
from server.store import people
from server.store.database import read, write
from sync.core.clock import format_instant
from tests.cast import ANA, raw
from tests.server import callers

NOW = 1_795_200_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE


@pytest.fixture
def clock() -> Clock:
    return lambda: NOW


def device(shop: Engine, name: str = "Tablet 1", **columns: Any) -> str:
    with write(shop) as connection:
        identity = people.create_device(connection, "main", name, name.encode().hex(), NOW - HOUR)
        for column, value in ({"seen_at": NOW} | columns).items():
            connection.exec_driver_sql(f"UPDATE device SET {column} = ? WHERE id = ?", (value, identity))
    return identity


def sends(shop: Engine, identity: str, *numbers: int, at: int = NOW, **more: Any) -> list[str]:
    facts = [
        raw("labor.started", at - MINUTE, person=ANA, activity="run", order="MO-1", operation="10", device_seq=number,
            **more)
        for number in numbers
    ]  # fmt: skip
    with write(shop) as connection:
        accept(connection, "main", Sender(identity, is_device=True), facts, at)
    return [fact["id"] for fact in facts]


def shown(shop: Engine) -> Listing:
    with read(shop) as connection:
        return listing(connection, "main", NOW)


def states(shop: Engine) -> dict[str, str]:
    return {line.device.name: line.state for line in shown(shop).lines}


# --- what a device says ------------------------------------------------------------------------------------------


@pytest.fixture
def tablet(app: Flask, shop: Engine) -> FlaskClient:
    return callers.device(app, shop)


def stored(shop: Engine) -> tuple[int, int | None, str]:
    with read(shop) as connection:
        (found,) = people.list_devices(connection, "main")
    return found.waiting, found.waiting_since, found.version


def test_a_device_tells_what_it_holds(tablet: FlaskClient, shop: Engine) -> None:
    oldest = format_instant(NOW - HOUR)
    told = {"waiting": "12", "oldest": oldest, "version": "4f0c1d92ab37"}
    assert tablet.get("/api/v1/device", query_string=told).status_code == 200
    assert stored(shop) == (12, NOW - HOUR, "4f0c1d92ab37")
    tablet.get("/api/v1/device", query_string={"waiting": "0", "version": "4f0c1d92ab37"})
    assert stored(shop) == (0, None, "4f0c1d92ab37")


def test_an_older_program_that_says_nothing_leaves_all_as_it_is(tablet: FlaskClient, shop: Engine) -> None:
    tablet.get("/api/v1/device", query_string={"waiting": "3", "version": "a"})
    assert tablet.get("/api/v1/device").status_code == 200
    assert stored(shop) == (3, None, "a")


@pytest.mark.parametrize(
    "told",
    [{"waiting": "x"}, {"waiting": "-1"}, {"waiting": "1" * 20}, {"waiting": "١"}, {"waiting": ""},
     {"oldest": "2026-11-20T08:00:00Z"}, {"version": "x"}],
)  # fmt: skip
def test_what_cannot_be_read_is_left_out(told: dict[str, str], tablet: FlaskClient, shop: Engine) -> None:
    assert tablet.get("/api/v1/device", query_string=told).status_code == 200
    assert stored(shop) == (0, None, "")


@pytest.mark.parametrize("oldest", ["1970-01-01T00:00:00Z", "soon", "", "2026-11-20T08:00:00", "9" * 400])
def test_a_clock_years_off_is_heard_all_the_same(oldest: str, tablet: FlaskClient, shop: Engine) -> None:
    tablet.get("/api/v1/device", query_string={"waiting": "5", "oldest": oldest, "version": "v\u200b\n" + "w" * 90})
    assert stored(shop) == (5, None, "v" + "w" * 39)


def test_a_device_tells_with_each_batch_how_far_its_clock_is_off(shop: Engine) -> None:
    identity = device(shop)
    sends(shop, identity, 1, clock_offset_ms=-4_000)
    sends(shop, identity, 2, 3, clock_offset_ms=400_000)
    assert [line.clock_off for line in shown(shop).lines] == [400_000]
    sends(shop, identity, 4)
    sends(shop, identity, 5, clock_offset_ms=90_000)
    (line,) = shown(shop).lines
    assert (line.clock_off, line.device.clock_offset_ms) == (0, 90_000)


# --- what the lead sees ------------------------------------------------------------------------------------------


def test_states(shop: Engine) -> None:
    device(shop, "in contact")
    device(shop, "sending", waiting=4)
    device(shop, "resting", seen_at=NOW - HOUR)
    device(shop, "never", seen_at=None)
    device(shop, "missed", seen_at=NOW - 6 * MINUTE, waiting=12, waiting_since=NOW - HOUR)
    device(shop, "out", seen_at=NOW - 6 * MINUTE, waiting=12, revoked_at=NOW)
    used = device(shop, "used")
    sends(shop, used, 1, at=NOW - 30 * MINUTE)
    assert states(shop) == {
        "missed": "missed", "sending": "waiting", "used": "silent", "in contact": "in_contact", "never": "resting",
        "resting": "resting", "out": "revoked",
    }  # fmt: skip
    assert list(states(shop)) == ["missed", "sending", "used", "in contact", "never", "resting", "out"]
    assert (shown(shop).waiting, shown(shop).count("missed", "silent")) == (16, 2)


def test_gaps_and_forks(shop: Engine) -> None:
    identity = device(shop)
    first, *_rest = sends(shop, identity, 1, 4, 5, 9)
    sends(shop, identity, 1)
    (line,) = shown(shop).lines
    assert (line.gaps, line.missing) == ([(2, 3), (6, 8)], 5)
    assert line.forks == [("1", first)]


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True)))


def test_the_page(app: Flask, shop: Engine) -> None:
    missed = device(
        shop, "Tablet 4", seen_at=NOW - 6 * MINUTE, waiting=12, waiting_since=NOW - HOUR, version="4f0c1d92"
    )
    identity = device(shop, "Tablet 5", clock_offset_ms=-200_000)
    (first, *_rest) = sends(shop, identity, 1, 3, clock_offset_ms=-200_000)
    sends(shop, identity, 1)
    lead = callers.signed_in(app, shop, "lead")
    answer = lead.get("/admin/devices")
    page = text(answer)
    assert "Missed It holds facts and does not call." in page
    assert "12 facts since " in page and "version 4f0c1d92" in page
    assert "1 missing 2" in page and "Two facts, one number 1" in page and "3 min fast" in page
    assert f'id="device-{missed}"' in answer.get_data(as_text=True)
    assert f'href="/facts/{first}"' in answer.get_data(as_text=True)
    assert "en contact" in text(callers.signed_in(app, shop, "admin", language="fr").get("/admin/devices"))


def test_it_refreshes_itself(app: Flask, shop: Engine) -> None:
    identity = device(shop, "Tablet 4")
    lead, headers = callers.signed_in(app, shop, "lead"), {"HX-Request": "true", "X-Passive": "1"}
    part = lead.get("/admin/devices?part=devices", headers=headers)
    assert "Tablet 4" in part.text and "<html" not in part.text
    mark = re.search(r'name="seen" value="([0-9a-f]+)"', part.text)
    assert mark
    again = f"/admin/devices?part=devices&seen={mark[1]}"
    assert lead.get(again, headers=headers).status_code == 304
    with write(shop) as connection:
        people.report_device(connection, "main", identity, waiting=2, waiting_since=None, version="")
    assert "2 facts" in text(lead.get(again, headers=headers))


def test_hostile_names_are_text(app: Flask, shop: Engine) -> None:
    name, version = "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'
    device(shop, name, version=version[:40], waiting=1, seen_at=NOW - HOUR)
    lead = callers.signed_in(app, shop, "lead")
    for path in ("/admin/devices", "/board"):
        page = lead.get(path).get_data(as_text=True)
        assert "<script>alert" not in page and "<img src=x" not in page


def test_a_large_list_asks_the_database_little(shop: Engine) -> None:
    from sqlalchemy import event

    def asked() -> int:
        statements: list[str] = []
        listen = lambda *arguments: statements.append(arguments[2])  # noqa: E731
        event.listen(shop, "before_cursor_execute", listen)
        shown(shop)
        event.remove(shop, "before_cursor_execute", listen)
        return len(statements)

    for number in range(3):
        sends(shop, device(shop, f"T{number}"), 1, at=NOW - HOUR)
    before = asked()
    for number in range(3, 40):
        sends(shop, device(shop, f"T{number}"), 1, at=NOW - HOUR)
    assert asked() == before
