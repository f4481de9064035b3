"""One fact: down to its bytes, up to its entries; and what is held, by what would solve it."""

import re
import uuid

import pytest
from sqlalchemy import Engine

from server.store import event_log
from server.store.database import write
from tests.cast import ANA, LUIS, new_id, put_plant, raw, send, settle
from tests.server.feedback.conftest import put

JOB = {"order": "MO-1", "operation": "10"}


def text(response) -> str:
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.text))


def an_hour(**fields: str) -> list[dict]:
    start = raw("labor.started", "2026-11-20T08:00:00+01:00", **({"person": ANA, "activity": "run"} | JOB | fields))
    stop = raw("labor.stopped", "2026-11-20T09:00:00+01:00", person=start["person"], start_id=start["id"])
    return [start, stop]


def test_a_fact_says_what_where_from_and_what_came_of_it(visit, shop: Engine):
    start, stop = an_hour()
    send(shop, [start, stop])
    settle(shop)
    page = visit("accountant").get(f"/facts/{start['id']}")
    told = text(page)
    assert "Work started Run Costed" in told
    assert "Friday 20 November 2026, 08:00:00" in told
    assert "Work stopped" in told
    assert f"/facts/{stop['id']}" in page.text
    assert "1 Labor 1 h \N{MULTIPLICATION SIGN} 31.17 EUR/h = 31.17 EUR 31.17 In force" in told
    assert "/entries/1" in page.text
    assert "/orders/MO-1" in page.text
    # The bytes as they came, quotes escaped for the page.
    assert "&#34;type&#34;:&#34;labor.started&#34;" in page.text


def test_a_stop_leads_to_the_entries_of_its_start_even_unnamed(visit, shop: Engine):
    start, stop = an_hour()
    del stop["start_id"]
    send(shop, [start, stop])
    settle(shop)
    assert "1 h \N{MULTIPLICATION SIGN} 31.17" in text(visit("accountant").get(f"/facts/{stop['id']}"))


def test_a_lead_sees_the_fact_without_its_entries(visit, shop: Engine):
    start, stop = an_hour()
    send(shop, [start, stop])
    settle(shop)
    page = text(visit("lead").get(f"/facts/{start['id']}"))
    assert "Ana" in page
    assert "31.17" not in page
    assert "Entries it caused" not in page


@pytest.mark.requirement("PR-11")
def test_corrections_and_reversals_hang_on_a_fact(visit, shop: Engine):
    start, stop = an_hour()
    send(shop, [start, stop])
    settle(shop)
    void = raw("event.voided", "2026-11-20T10:00:00+01:00", target_id=start["id"], reason="MISTAKE")
    send(shop, [void])
    settle(shop)
    page = text(visit("accountant").get(f"/facts/{start['id']}"))
    assert "Voided by a later fact." in page
    assert "Fact voided MISTAKE" in page
    assert "31.17 Reversed" in page
    assert "−31.17 Reversal" in page
    assert "Work started" in text(visit("payroll").get(f"/facts/{void['id']}"))


def test_another_content_under_the_same_id_is_shown(visit, shop: Engine):
    fact = raw("output.reported", "2026-11-20T10:00:00+01:00", quantity="4", **JOB)
    send(shop, [fact])
    send(shop, [fact | {"quantity": "40"}])
    settle(shop)
    page = visit("lead").get(f"/facts/{fact['id']}").text
    assert "Other contents under the same id" in page
    assert "&#34;quantity&#34;:&#34;40&#34;" in page


def test_text_of_a_fact_is_never_markup(visit, shop: Engine):
    reason = "<script>alert(1)</script>"
    fact = raw("defect.reported", "2026-11-20T10:00:00+01:00", quantity="1", disposition="scrap", reason=reason, **JOB)
    send(shop, [fact])
    settle(shop)
    lead = visit("lead")
    for address in (f"/facts/{fact['id']}", "/orders/MO-1", "/held", "/board"):
        assert "<script>alert" not in lead.get(address).text


@pytest.mark.parametrize("address", [f"/facts/{uuid.UUID(int=5, version=4)}", "/facts/nonsense"])
def test_an_unknown_fact(visit, address: str):
    answer = visit("lead").get(address)
    assert answer.status_code == 404
    assert "404" in answer.text


# --- held --------------------------------------------------------------------------------------------------------


def test_days_without_a_rate_are_one_thing_to_solve(visit, shop: Engine):
    put(shop, "people", {"key": LUIS, "rate_group": "NEW"})
    for day in ("17", "18", "19"):
        start, stop = an_hour(person=LUIS)
        start["occurred_at"] = f"2026-11-{day}T08:00:00+01:00"
        stop["occurred_at"] = f"2026-11-{day}T09:00:00+01:00"
        send(shop, [start, stop])
    settle(shop)
    lead = visit("lead")
    page = lead.get("/held")
    told = text(page)
    assert told.count("No labor rate for NEW") == 1
    assert "6 facts No labor rate for NEW on Nov 17, 2026. Cost accountant · Enter a rate valid on that day." in told
    link = re.search(r'href="(/held\?reason=[^"]+)"', page.text)[1].replace("&amp;", "&")
    whole = text(lead.get(link))
    assert whole.count("Luis") == 6
    # Supplying it solves all of them.
    put(shop, "rates", {"kind": "labor", "subject_kind": "rate_group", "subject": "NEW", "valid_from": "2026-11-01",
                        "amount": "30"})  # fmt: skip
    with write(shop) as connection:
        event_log.requeue(connection, "main", reasons=["rate.missing"])
    settle(shop)
    assert "Nothing is held" in text(lead.get("/held"))
    assert "Solved" in text(lead.get(link))


def test_groups_are_filtered_by_who_can_solve_them(visit, shop: Engine):
    send(shop, [raw("labor.declared", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", **JOB)])
    send(shop, [raw("material.consumed", "2026-11-20T08:00:00+01:00", item="GLUE", quantity="1", unit="kg", **JOB)])
    settle(shop)
    lead = visit("lead")
    assert "The time was not reported." in text(lead.get("/held?owner=lead"))
    theirs = text(lead.get("/held?owner=accountant"))
    assert "The time was not reported." not in theirs
    assert "Item GLUE has no unit cost on Nov 20, 2026" in theirs
    assert "Nothing waits for this role." in text(lead.get("/held?owner=payroll"))


def test_work_that_runs_is_held_only_when_it_is_too_long(visit, shop: Engine):
    send(shop, [an_hour()[0]])
    settle(shop)
    lead = visit("lead")
    assert "Nothing is held" in text(lead.get("/held"))
    send(shop, [raw("labor.started", "2026-11-19T08:00:00+01:00", person=LUIS, activity="run", **JOB)])
    settle(shop)
    assert "1 fact Clock-out forgotten?" in text(lead.get("/held"))


def test_a_break_nobody_ended_is_the_leads_with_a_proposal(visit, shop: Engine):
    lead = visit("lead")
    now_and_then = raw("break.started", "2026-11-20T14:50:00+01:00", person=ANA)
    send(shop, [now_and_then])
    settle(shop)
    assert "Nothing is held" in text(lead.get("/held")), "a break that goes on is no trouble"
    assert "Still running" in text(lead.get(f"/facts/{now_and_then['id']}"))
    forgotten = raw("break.started", "2026-11-19T10:00:00+01:00", person=LUIS)
    stop = raw("labor.stopped", "2026-11-19T12:00:00+01:00", person=LUIS)
    send(shop, [forgotten, raw("labor.started", "2026-11-19T08:00:00+01:00", person=LUIS, activity="run", **JOB), stop])
    settle(shop)
    held = text(lead.get("/held?owner=lead"))
    assert (
        "1 fact Nobody ended this break; it takes time away for 12 h at most. Team lead · Tell when it ended." in held
    )
    page = lead.get(f"/facts/{forgotten['id']}")
    assert "Proposed end: " in text(page) and f"/facts/{stop['id']}" in page.text
    send(shop, [raw("break.stopped", "2026-11-19T10:15:00+01:00", person=LUIS, start_id=forgotten["id"])])
    settle(shop)
    assert "Nothing is held" in text(lead.get("/held"))


def test_the_facts_of_a_group_page_by_cursor(visit, shop: Engine):
    send(shop, [raw("output.reported", f"2026-11-20T08:{n % 60:02}:00+01:00", order="MO-99", operation="10",
                    quantity="1", id=new_id()) for n in range(70)])  # fmt: skip
    settle(shop)
    lead = visit("lead")
    seen: list[str] = []
    address = "/held?reason=reference.unknown_order&of=" + '{"code":"MO-99"}'
    while address:
        page = lead.get(address).text
        seen += re.findall(r'<a href="/facts/([0-9a-f-]+)"', page)
        more = re.search(r'href="(/held\?[^"]*after=[^"]+)"', page)
        address = more[1].replace("&amp;", "&") if more else ""
    assert len(seen) == len(set(seen)) == 70


def test_remarkable_facts_are_grouped(visit, shop: Engine):
    send(shop, [raw("output.reported", f"2026-11-20T0{n}:00:00+01:00", quantity="1", clock_offset_ms=-600_000, **JOB)
                for n in range(4)])  # fmt: skip
    settle(shop)
    page = text(visit("lead").get("/held"))
    assert "4 facts Device clock off Check the device's clock." in page.replace("&#39;", "'")


def test_french(visit, shop: Engine):
    put_plant(shop)
    send(shop, [raw("labor.declared", "2026-11-20T08:00:00+01:00", person=ANA, activity="run", **JOB)])
    settle(shop)
    page = text(visit("lead", language="fr").get("/held"))
    assert "Le temps n’a pas été déclaré." in page
    assert "Chef d’équipe" in page
