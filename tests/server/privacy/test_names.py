"""What people are called on shared tablets and on the wall: full, short, initials, number (PR-17)."""

import pytest
from flask import Flask
from sqlalchemy import Engine

from server.store import plant, sites
from server.store.database import read, write
from server.store.names import HOW, called
from server.store.snapshot import snapshot
from tests.cast import raw, send, settle
from tests.server import callers

SAME = {"Sec-Fetch-Site": "same-origin"}
PEOPLE = [
    {"key": "p1", "name": "Ana Morel", "number": "1017"},
    {"key": "p2", "name": "Ana Martin", "number": "1018"},
    {"key": "p3", "name": "Zoé", "number": None},
]
EXPECTED = {
    "full": [("Ana Morel", "AM"), ("Ana Martin", "AM"), ("Zoé", "Z")],
    "short": [("Ana Mor.", "AM"), ("Ana Mar.", "AM"), ("Zoé", "Z")],
    "initials": [("AM 1", "AM"), ("AM 2", "AM"), ("Z", "Z")],
    "number": [("1017", "17"), ("1018", "18"), ("Z", "Z")],
}


@pytest.mark.requirement("PR-17")
@pytest.mark.parametrize("how", HOW)
def test_what_people_are_called(how: str) -> None:
    assert [called(PEOPLE, how)[key] for key in ("p1", "p2", "p3")] == EXPECTED[how]


@pytest.fixture
def morel(shop: Engine) -> Engine:
    with write(shop) as connection:
        plant.put(connection, "main", "people", [{"number": "1017", "name": "Ana Morel", "department": "D1"}])
        row = plant.rows(connection, "main", "people", "number", {"1017"})[0]
    send(shop, [raw("labor.started", "2026-11-20T08:00:00Z", person=row["key"], activity="run", order="MO-1",
                    operation="10")])  # fmt: skip
    settle(shop)
    return shop


@pytest.mark.requirement("PR-17")
@pytest.mark.parametrize(
    ("how", "shown"), [("full", "Ana Morel"), ("short", "Ana M."), ("initials", "AM"), ("number", "1017")]
)
def test_the_wall_and_the_tablets_are_given_no_more(app: Flask, morel: Engine, how: str, shown: str) -> None:
    lead = callers.signed_in(app, morel, "lead")
    form = {"names": how, "away_minutes": "5", "fast_switch": "yes"}
    assert lead.post("/admin/floor", data=form, headers=SAME).status_code == 303
    with read(morel) as connection:
        told = snapshot(connection, "main")
        assert sites.floor(connection, "main").names == how
    assert shown in {person["name"] for person in told["people"]}
    assert (how == "full") == ("Morel" in str(told))
    for address in ("/board?wall", "/board?part=work&wall"):
        wall = lead.get(address, headers={"HX-Request": "true"}).text
        assert shown in wall
        assert (how == "full") == ("Ana Morel" in wall)
    assert "part=work&amp;wall" in lead.get("/board?wall").text
    assert "Ana Morel" in lead.get("/board").text  # at one's own desk


@pytest.mark.requirement("PR-17")
def test_another_word_is_refused(app: Flask, shop: Engine) -> None:
    lead = callers.signed_in(app, shop, "lead")
    assert lead.post("/admin/floor", data={"names": "nickname", "away_minutes": "5"}, headers=SAME).status_code == 400
    with pytest.raises(ValueError, match="full"):
        sites.Floor(names="nickname")
