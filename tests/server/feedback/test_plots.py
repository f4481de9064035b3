"""Geometry: what stands where."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from server.feedback.plots import Axis, build_up, bullet
from server.plots import nice_ticks, stacked
from sync.costing.standard import Against, Comparison
from tests.cast import instant

PARIS = ZoneInfo("Europe/Paris")
D = Decimal


def test_ticks_are_round_and_few():
    assert nice_ticks(D(0), D("2675.41")) == [0, 1000, 2000]
    assert nice_ticks(D(0), D("0.9")) == [D("0"), D("0.2"), D("0.4"), D("0.6"), D("0.8")]
    assert nice_ticks(D(-30), D(70)) == [-20, 0, 20, 40, 60]


def test_nothing_to_build_up():
    assert build_up(Comparison()) is None


def test_more_scrap_than_cost_goes_below_zero():
    elements = {"material": Against(D(10), D(12), D(20)), "scrap": Against(D(-25))}
    drawn = build_up(Comparison(elements, total=Against(D(-15), D(12), D(20))))
    assert [step.left for step in drawn.steps] == [False, True]
    assert all(0 <= float(step.x.rstrip("%")) <= 100 for step in (*drawn.steps, drawn.total))
    assert drawn.steps[0].x == drawn.total.standard_x  # both begin at zero


def test_bars_are_parts_of_the_whole_or_of_their_sum():
    assert [(bar.kind, bar.x, bar.width) for bar in stacked([("good", D(3)), ("scrap", D(1))], D(8))] == [
        ("good", "0.000%", "37.500%"), ("scrap", "37.500%", "12.500%"),
    ]  # fmt: skip
    assert [bar.width for bar in stacked([("good", D(10)), ("scrap", D(10))], D(8))] == ["50.000%", "50.000%"]
    assert stacked([("good", D(0))], D(0)) == []


def test_a_bullet_shows_what_goes_beyond_the_standard():
    drawn = bullet(Comparison(total=Against(D(60), D(50), D(200))))
    assert (drawn.within, drawn.beyond_x, drawn.beyond, drawn.mark) == ("25.000%", "25.000%", "5.000%", "25.000%")
    assert bullet(Comparison(total=Against(D(60)))) is None


def test_nights_are_folded_away():
    days = [
        (instant(f"2026-11-{day}T08:00:00+01:00"), instant(f"2026-11-{day}T16:00:00+01:00")) for day in ("18", "19")
    ]
    axis = Axis(days, PARIS)
    assert len(axis.blocks) == 2
    assert axis.place(days[0][0]) == 0
    assert axis.place(days[1][1]) == 1
    # The night takes the room of a fold, whatever falls into it.
    assert axis.place(instant("2026-11-19T02:00:00+01:00")) == axis.place(days[0][1])
    assert 0.48 < axis.place(days[0][1]) < axis.place(days[1][0]) < 0.52
    assert [tick.day for tick in axis.ticks() if tick.day] == [date(2026, 11, 18), date(2026, 11, 19)]


def test_breaks_are_not_folded_and_the_night_of_a_clock_change_is_as_long_as_it_was():
    morning = (instant("2026-11-18T08:00:00+01:00"), instant("2026-11-18T12:00:00+01:00"))
    afternoon = (instant("2026-11-18T14:00:00+01:00"), instant("2026-11-18T18:00:00+01:00"))
    assert len(Axis([morning, afternoon], PARIS).blocks) == 1
    night = Axis([(instant("2026-10-24T22:00:00+02:00"), instant("2026-10-25T06:00:00+01:00"))], PARIS)
    assert night.blocks[0].end - night.blocks[0].start == 9 * 3_600_000
    assert [tick.day for tick in night.ticks() if tick.day] == [date(2026, 10, 24), date(2026, 10, 25)]


def test_labels_do_not_crowd():
    day = 86_400_000
    begin = instant("2026-09-01T08:00:00+02:00")
    axis = Axis([(begin + n * day, begin + n * day + 3_600_000) for n in range(60)], PARIS)
    places = [float(tick.x.rstrip("%")) for tick in axis.ticks()]
    assert all(after - before >= 5 for before, after in pairwise(places))
    assert axis.bar(begin, begin)[1] == "0.250%"  # an instant can be seen
