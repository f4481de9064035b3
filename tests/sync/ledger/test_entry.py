"""Entries: balanced or not built; the same content, the same id; a reversal mirrors what is stored."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from sync.core.canonical import dump
from sync.ledger.balances import by_account, by_object, by_order
from sync.ledger.entry import Entry, Posting, Unbalanced, content_id_of, first_posting, hours, reversal

DAY = date(2026, 11, 20)


def an_entry(**changes: object) -> Entry:
    lines = (
        Posting("debit", "order:MO-1", Decimal("9.45"), (("PLAN", "HOME"),)),
        Posting("debit", "order:MO-1", Decimal("14.18"), (("PLAN", "PRO"),)),
        Posting("credit", "department:WELD", Decimal("23.63")),
    )
    entry = Entry("scope-1", "labor_time", 1, "labor", 1_795_161_600_000, DAY, "2026-11", Decimal(2_700_000), "ms",
                  Decimal("23.63"), "EUR", "measured", ("fact-1", "fact-2"), "1", "in words", lines, order="MO-1",
                  rate=Decimal("31.50"), rate_id="r1/1")  # fmt: skip
    return replace(entry, **changes)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (Posting("debit", "order:MO-1", Decimal("23.63")),),
        (Posting("debit", "order:MO-1", Decimal("23.63")), Posting("credit", "department:WELD", Decimal("23.62"))),
        (Posting("debit", "order:MO-1", Decimal("1")), Posting("credit", "department:WELD", Decimal("1"))),
        (Posting("debit", "a:", Decimal("24.63")), Posting("debit", "b:", Decimal("-1")),
         Posting("credit", "c:", Decimal("23.63"))),
    ],
)  # fmt: skip
def test_unbalanced_is_not_built(lines: tuple[Posting, ...]) -> None:
    """Nor with an amount below zero: that belongs on the other side."""
    with pytest.raises(Unbalanced):
        an_entry(postings=lines)


def test_the_id_is_the_contents() -> None:
    assert an_entry().content_id == an_entry().content_id == "aae2a803-e9df-5317-b096-0a123e771569"
    for change in ({"provenance": "declared"}, {"policy": "2"}, {"rule_version": 2}, {"operation": "10"},
                   {"rate": Decimal("31.5001")}, {"days": ((DAY, 1),)}):  # fmt: skip
        assert an_entry(**change).content_id != an_entry().content_id


def test_numbers_have_one_spelling() -> None:
    content = an_entry(rate=Decimal("31.500"), quantity=Decimal("2.7E+6")).content
    assert (content["rate"], content["quantity"], content["hours"], content["amount"]) == (
        "31.5",
        "2700000",
        "0.75",
        "23.63",
    )
    assert an_entry(rate=Decimal("31.500")).content_id == an_entry(rate=Decimal("31.5")).content_id
    assert hours(Decimal(1)) == "0"
    assert hours(Decimal(1_200_000)) == "0.333333"


def test_a_posted_body_gives_its_content_back() -> None:
    posted = first_posting(an_entry(), 0, date(2026, 12, 1), "2026-12")
    body = json.loads(posted.body)
    assert posted.id == posted.content_id == an_entry().content_id == content_id_of(body)
    assert (body["posted_on"], body["posting_period"], body["period"], body["late"]) == (
        "2026-12-01",
        "2026-12",
        "2026-11",
        True,
    )
    assert dump(body) == posted.body, "the sealed bytes are canonical"
    again = first_posting(an_entry(), 1, DAY, "2026-11")
    assert again.id != posted.id and again.content_id == posted.content_id


def test_a_reversal_mirrors_the_stored_lines_to_the_cent() -> None:
    body = json.loads(first_posting(an_entry(), 0, DAY, "2026-11").body)
    mirror = json.loads(reversal(body, body["id"], DAY, "2026-11").body)
    assert mirror["reverses"] == body["id"]
    assert mirror["id"] not in (body["id"], content_id_of(body))
    other = {"debit": "credit", "credit": "debit"}
    assert mirror["postings"] == [{**line, "side": other[line["side"]]} for line in body["postings"]]
    both = [body, mirror]
    assert not any(by_object(both).values())
    assert not any(by_account(both, "PLAN").values())
    assert not any(by_order(both)["MO-1"].values())
    assert reversal(body, body["id"], DAY, "2026-11").id == mirror["id"], "the same cause, the same id"


def test_balances() -> None:
    content = an_entry().content
    assert by_object([content]) == {"department:WELD": Decimal("-23.63"), "order:MO-1": Decimal("23.63")}
    assert by_account([content], "PLAN") == {"": Decimal("-23.63"), "HOME": Decimal("9.45"), "PRO": Decimal("14.18")}
    assert by_order([content, content]) == {"MO-1": {"labor": Decimal("47.26")}}
