"""Work in progress at a date: by the day of work, and as the books stood."""

from datetime import date
from decimal import Decimal

from sync.ledger.balances import in_progress
from tests.cast import raw
from tests.memory_host import MemoryHost
from tests.scenarios import run

NOVEMBER = {day: date(2026, 11, day) for day in range(1, 31)}


def totals(found: dict[str, dict[str, Decimal]]) -> dict[str, str]:
    return {order: str(sum(parts.values(), Decimal(0))) for order, parts in found.items()}


def test_an_order_bears_more_until_it_is_closed() -> None:
    """By hand, of the story close_then_reopened: 72.00 + 40.20 on the 19th; + 30.00 - 14.29 scrapped on the 20th; on
    the 21st + 15.00, and all of it to stock."""
    contents = [entry.content for entry in run("close_then_reopened").costed.entries]
    assert in_progress(contents, NOVEMBER[18]) == {}
    first = {"labor": Decimal("72.00"), "material": Decimal("40.20")}
    assert in_progress(contents, NOVEMBER[19]) == {"MO-1": first}
    assert totals(in_progress(contents, NOVEMBER[20])) == {"MO-1": "127.91"}
    assert in_progress(contents, NOVEMBER[21]) == {}


def test_as_posted_a_closed_month_stays_as_it_was() -> None:
    """November is closed; then its morning of 45 minutes is voided. That posts in December: the books of November stand
    at 23.63 + 10.50 (45 and 20 minutes at 31.50 an hour), while by the day of work 10.50 were in progress."""
    dry = run("simple_labor")
    host = MemoryHost(dry.terms)
    host.accept(given.raw for given in dry.folder.facts)
    host.drain()
    morning = dry.folder.facts[0].raw
    host.closed.add("2026-11")
    host.accept([raw("event.voided", "2026-12-01T08:00:00Z", target_id=morning["id"], reason="SLIP")])
    host.drain()
    contents = [line.content | {"posted_on": line.posted_on.isoformat()} for line in host.ledger]
    assert totals(in_progress(contents, NOVEMBER[30], as_posted=True)) == {"MO-1": "34.13"}
    assert totals(in_progress(contents, NOVEMBER[30])) == {"MO-1": "10.50"}
    assert totals(in_progress(contents, date(2026, 12, 31), as_posted=True)) == {"MO-1": "10.50"}
