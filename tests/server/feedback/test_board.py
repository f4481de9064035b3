"""The board shows the floor as it is at this moment."""

import re

from sqlalchemy import Engine, update

from server.auth.credentials import digest
from server.intake.accept import Sender, accept
from server.store import facts, floor, people
from server.store.database import read, write
from server.store.tables import Device
from tests.cast import ANA, LUIS, new_id, raw, send, settle
from tests.server.callers import device
from tests.server.feedback.conftest import NOW, put

HX = {"HX-Request": "true", "X-Passive": "1"}


def started(at: str, **fields: str) -> dict:
    job = {"person": ANA, "activity": "run", "order": "MO-1", "operation": "10"}
    return raw("labor.started", at, **(job | fields))


def text(response) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def test_nobody_at_work(visit):
    page = text(visit("lead").get("/board"))
    assert "Nobody is clocked in" in page
    assert "Nothing is held" in page
    assert "No open order is more than 10% over its standard" in page


def test_who_is_on_what_since_when(visit, shop: Engine):
    send(shop, [started("2026-11-20T13:12:00+01:00")])
    settle(shop)
    page = text(visit("lead").get("/board"))
    assert "Ana 2 h 00 MO-1 10 Turn" in page
    assert "since 13:12 · Chair" in page
    assert "1 people at work" not in page
    assert "people at work 1" in page


def test_a_start_shows_before_it_is_costed_and_a_stop_ends_it_before_that_too(visit, shop: Engine):
    start = started("2026-11-20T14:00:00+01:00")
    send(shop, [start])
    lead = visit("lead")
    assert "Ana" in text(lead.get("/board"))
    settle(shop)
    send(shop, [raw("labor.stopped", "2026-11-20T15:00:00+01:00", person=ANA, start_id=start["id"])])
    assert "Ana" not in text(lead.get("/board"))
    settle(shop)
    assert "Ana" not in text(lead.get("/board"))


def test_the_end_of_a_shift_ends_work_before_it_is_costed(visit, shop: Engine):
    eight = "2026-11-20T08:00:00+01:00"
    ana, luis = started(eight), started(eight, person=LUIS)
    send(shop, [ana, luis])
    settle(shop)
    send(shop, [raw("shift.ended", "2026-11-20T09:00:00+01:00", person=ANA)])
    after = started("2026-11-20T09:30:00+01:00", activity="setup")
    send(shop, [after])
    with read(shop) as connection:
        assert [fact.id for fact in floor.open_work(connection, "main")] == [luis["id"], after["id"]]
    page = text(visit("lead").get("/board"))
    assert "since 08:00" in page and "since 09:30" in page
    settle(shop)
    with read(shop) as connection:
        assert [fact.id for fact in floor.open_work(connection, "main")] == [luis["id"], after["id"]]


def test_a_voided_start_is_not_at_work(visit, shop: Engine):
    start = started("2026-11-20T14:00:00+01:00")
    send(shop, [start, raw("event.voided", "2026-11-20T14:01:00+01:00", target_id=start["id"], reason="MISTAKE")])
    settle(shop)
    assert "Nobody is clocked in" in text(visit("lead").get("/board"))


def test_two_orders_at_once_are_one_person(visit, shop: Engine):
    send(
        shop,
        [started("2026-11-20T14:00:00+01:00"), started("2026-11-20T14:30:00+01:00", order="MO-2", operation="20")],
    )
    settle(shop)
    page = text(visit("lead").get("/board"))
    assert "people at work 1" in page
    assert page.count("Ana") == 1
    assert "MO-1 10 Turn 1 h 12" in page
    assert "MO-2 20 Glue 42 min" in page


def test_a_clock_longer_than_the_policy_is_flagged(visit, shop: Engine):
    send(shop, [started("2026-11-19T20:00:00+01:00"), started("2026-11-20T09:00:00+01:00", person=LUIS)])
    settle(shop)
    page = text(visit("lead").get("/board"))
    assert "clocks over 12 h 1" in page
    assert page.index("Ana") < page.index("Luis")
    assert page.count("Clock-out forgotten?") == 1


def test_indirect_work_has_its_name(visit, shop: Engine):
    put(shop, "activities", {"code": "CLEAN", "name": {"en": "Cleaning", "fr": "Nettoyage"}})
    fact = raw("labor.started", "2026-11-20T15:00:00+01:00", person=LUIS, activity="indirect", indirect_code="CLEAN")
    send(shop, [fact])
    settle(shop)
    assert "Luis 12 min Nettoyage" in text(visit("lead", language="fr").get("/board"))


def test_machines_run_stand_and_idle(visit, shop: Engine):
    put(shop, "machines", *({"code": c, "name": f"Lathe {c}", "work_center": "W1"} for c in ("M2", "M3")))
    put(shop, "reasons", {"kind": "downtime", "code": "JAM", "name": {"en": "Jammed", "fr": "Bourrage"}})
    send(
        shop,
        [
            raw("machine.started", "2026-11-20T14:12:00+01:00", machine="M1", order="MO-1", operation="10"),
            raw("downtime.started", "2026-11-20T14:42:00+01:00", machine="M2", reason="JAM"),
        ],
    )
    settle(shop)
    page = text(visit("lead").get("/board"))
    assert "machines running 1/3" in page
    assert "M2 30 min Lathe M2 Down · Jammed" in page
    assert "M1 1 h 00 Lathe 1 MO-1 · 10" in page
    assert "M3 Lathe M3 Idle" in page


def test_today_is_the_sites_day(visit, shop: Engine):
    def made(at: str, pieces: str) -> dict:
        return raw("output.reported", at, order="MO-1", operation="10", quantity=pieces)

    wrong = made("2026-11-20T10:00:00+01:00", "64")
    bad = {"order": "MO-1", "operation": "10", "reason": "BURR"}
    send(
        shop,
        [
            made("2026-11-19T23:59:00+01:00", "16"),  # yesterday in Paris
            made("2026-11-20T00:01:00+01:00", "3"),  # today there, yesterday in UTC
            made("2026-11-20T08:00:00+01:00", "4"),
            wrong,
            raw("event.voided", "2026-11-20T10:01:00+01:00", target_id=wrong["id"], reason="MISTAKE"),
            raw("defect.reported", "2026-11-20T09:00:00+01:00", quantity="2", disposition="scrap", **bad),
            raw("defect.reported", "2026-11-20T09:00:00+01:00", quantity="5", disposition="hold", **bad),
        ],
    )
    settle(shop)
    assert "good 7 scrap 2 aside 5" in text(visit("lead").get("/board"))


def test_held_facts_by_reason_and_owner(visit, shop: Engine):
    send(shop, [started("2026-11-20T08:00:00+01:00", order="MO-99") for _ in range(3)])
    send(shop, [raw("labor.declared", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", order="MO-1")])
    settle(shop)
    page = text(visit("lead").get("/board"))
    assert "Held facts 1 " in page  # three are open, which is no trouble yet
    assert "1 Time not reported Team lead" in page


HOUR = 3_600_000


def a_device(app, shop: Engine, name: str, **columns: object) -> str:
    """A tablet last heard six minutes ago."""
    with write(shop) as connection:
        identity = people.create_device(connection, "main", name, digest(name), NOW)
        values = {"seen_at": NOW - 6 * 60_000} | columns
        connection.execute(update(Device).where(Device.id == identity).values(values))
    return identity


def from_device(shop: Engine, device: str, fact: dict, at: int) -> None:
    with write(shop) as connection:
        assert accept(connection, "main", Sender(device, is_device=True), [fact], at)[0].verdict == "created"
        connection.execute(update(Device).where(Device.id == device).values(seen_at=at))


def test_a_device_that_holds_facts_and_does_not_call_is_missed(app, visit, shop: Engine):
    a_device(app, shop, "Tablet 1", waiting=12, waiting_since=NOW - 2 * HOUR)
    a_device(app, shop, "Tablet 2", waiting=3, seen_at=NOW - 4 * 60_000)
    page = text(visit("lead").get("/board"))
    assert "Missed Tablet 1 12 facts wait on it since 13:12 · last contact 15:06" in page
    assert "Tablet 2" not in page


def test_a_device_in_use_that_does_not_call_is_silent(app, visit, shop: Engine):
    used, home, old = (a_device(app, shop, name) for name in ("Used", "Home", "Old"))
    from_device(shop, used, started("2026-11-20T14:00:00+01:00", device_seq=1), NOW - HOUR)
    end = raw("shift.ended", "2026-11-20T14:00:00+01:00", person=ANA, device_seq=1)
    from_device(shop, home, end, NOW - HOUR)
    from_device(shop, old, started("2026-11-20T08:00:00+01:00", device_seq=1), NOW - 5 * HOUR)
    a_device(app, shop, "Never")
    page = text(visit("lead").get("/board"))
    assert "Silent Used last contact 14:12" in page
    assert not any(name in page for name in ("Home", "Old", "Never"))


def test_many_silent_devices_are_one_line(app, visit, shop: Engine):
    for number in range(5):
        device = a_device(app, shop, f"T{number}")
        from_device(shop, device, started("2026-11-20T14:00:00+01:00", device_seq=1), NOW - HOUR)
    assert "+ 3 other devices in use are silent" in text(visit("lead").get("/board"))


def test_a_device_that_is_shut_out_is_not_missed(app, visit, shop: Engine):
    a_device(app, shop, "Tablet 1", waiting=12, revoked_at=NOW - HOUR)
    assert "No device has called" in text(visit("lead").get("/board"))


# --- calls for help ----------------------------------------------------------------------------------------------


def call(at: str = "2026-11-20T15:05:00+01:00", **fields: str) -> dict:
    return raw("help.called", at, **({"reason": "QUALITY", "declared_by": ANA} | fields))


def test_a_call_stands_before_everything_and_says_how_long(visit, shop: Engine):
    put(shop, "reasons", {"kind": "help", "code": "QUALITY", "name": {"en": "Quality", "fr": "Qualité"}})
    send(shop, [call(order="MO-1", operation="10", work_center="W1"), call("2026-11-20T14:30:00+01:00", machine="M1")])
    page = text(visit("lead").get("/board"))
    assert "Help Quality 42 min Ana · M1 Lathe 1 I am coming : Quality" in page
    assert "Help Quality 7 min Ana · Lathe · 10 · MO-1 I am coming : Quality" in page
    assert page.index("42 min") < page.index("7 min") < page.index("At work")
    settle(shop)
    assert "Qualité 42 min" in text(visit("lead", "admin", language="fr").get("/board"))


def test_an_answer_is_a_fact_of_who_is_signed_in(visit, shop: Engine):
    called = call()
    send(shop, [called])
    lead = visit("lead")
    answer = lead.post(
        f"/help/{called['id']}/answer", data={"next": "/board?wall"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert (answer.status_code, answer.headers["Location"]) == (303, "/board?wall")
    lead.post(f"/help/{called['id']}/answer", headers={"Sec-Fetch-Site": "same-origin"})
    assert "I am coming" not in text(lead.get("/board"))
    settle(shop)
    assert "I am coming" not in text(lead.get("/board"))
    with read(shop) as connection:
        (stated,) = facts.targeting(connection, "main", {called["id"]})
    assert (stated.event.type, stated.event.declared_by, stated.state) == ("help.answered", "user:lead", "excluded")
    page = text(lead.get(f"/facts/{stated.id}"))
    assert "Declared by lead" in page and "Sent by lead" in page


def test_a_call_answered_on_the_floor_or_taken_back_is_over(visit, shop: Engine):
    first, second, old = call(), call(), call("2026-11-19T14:00:00+01:00")
    send(shop, [first, second, old, raw("help.answered", "2026-11-20T15:06:00+01:00", call_id=first["id"])])
    send(shop, [raw("event.voided", "2026-11-20T15:06:00+01:00", target_id=second["id"], reason="UNDO")])
    lead = visit("lead")
    assert "I am coming" not in text(lead.get("/board"))
    settle(shop)
    assert "I am coming" not in text(lead.get("/board"))


def test_an_answer_that_is_taken_back_leaves_the_call_open(visit, shop: Engine):
    called = call()
    answered = raw("help.answered", "2026-11-20T15:06:00+01:00", call_id=called["id"])
    undone = raw("event.voided", "2026-11-20T15:07:00+01:00", target_id=answered["id"], reason="UNDO")
    send(shop, [called, answered, undone])
    settle(shop)
    assert "I am coming" in text(visit("lead").get("/board"))


def test_who_may_answer(app, visit, shop: Engine):
    called = call()
    send(shop, [called, started("2026-11-20T14:00:00+01:00", id="0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01")])
    assert "I am coming" not in text(visit("accountant").get("/board"))
    same = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    assert visit("payroll", "accountant").post(f"/help/{called['id']}/answer", headers=same).status_code == 403
    assert device(app, shop).post(f"/help/{called['id']}/answer", headers=same).status_code == 403
    admin = visit("admin")
    assert admin.post(f"/help/{new_id()}/answer", headers=same).status_code == 404
    assert admin.post("/help/0b0f3c57-7d0e-4b5e-9a0e-0d8a1f9f0c01/answer", headers=same).status_code == 404
    elsewhere = admin.post(f"/help/{called['id']}/answer", data={"next": "//evil.example"}, headers=same)
    assert elsewhere.headers["Location"] == "/board"


def test_an_order_over_its_standard_calls(visit, shop: Engine):
    start = started("2026-11-20T08:00:00+01:00")
    send(
        shop,
        [
            start,
            raw("labor.stopped", "2026-11-20T10:00:00+01:00", person=ANA, start_id=start["id"]),
            raw("output.reported", "2026-11-20T10:00:00+01:00", order="MO-1", operation="10", quantity="4"),
        ],
    )
    settle(shop)
    page = text(visit("lead").get("/board"))
    # 2 h at the published 30.00 are 60.00; 4 pieces may cost 21.88 and 2 kg of oak at 3.20.
    assert "+112% MO-1 Chair €31.72 over the standard of its pieces" in page


def test_a_part_that_has_not_changed_is_not_sent_again(visit, shop: Engine):
    lead = visit("lead")
    first = lead.get("/board?part=work", headers=HX)
    assert first.status_code == 200
    assert "<html" not in first.text
    mark = re.search(r'name="seen" value="([0-9a-f]+)"', first.text)[1]
    assert lead.get(f"/board?part=work&seen={mark}", headers=HX).status_code == 304
    assert lead.get("/board?part=work", headers=HX | {"If-None-Match": f'"{mark}"'}).status_code == 304
    send(shop, [started("2026-11-20T14:00:00+01:00", id=new_id())])
    again = lead.get(f"/board?part=work&seen={mark}", headers=HX)
    assert again.status_code == 200
    assert "Ana" in again.text


def test_a_part_outside_htmx_is_the_whole_page(visit):
    assert "<html" in visit("lead").get("/board?part=work").text


def test_who_may_look(app, visit, shop: Engine):
    for role, status in (("lead", 200), ("admin", 200), ("accountant", 200), ("payroll", 403)):
        assert visit(role).get("/board").status_code == status
    assert device(app, shop).get("/board").status_code == 403
    assert app.test_client().get("/board").headers["Location"] == "/sign-in?next=/board"


def test_an_accountant_reads_parts_in_the_plant_not_names(visit, shop: Engine):
    send(shop, [started("2026-11-20T13:12:00+01:00")])
    settle(shop)
    page = text(visit("accountant").get("/board"))
    assert "Ana" not in page
    assert "Turning · G1" in page
