"""What may be known of wages: means of crowds, and nothing that can be subtracted from anything."""

import random
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import pytest

from sync.costing.wages import FEWEST, Gap, OwnRate, OwnRates, mean_of, tells_one

SIX = {f"p{n}": Decimal(wage) for n, wage in enumerate(("24.50", "26", "27", "28.50", "31", "33"))}


def reason(members, *published):
    return mean_of(members, published, "EUR").reason


def own(person: str, since: str, amount: str = "20", until: str | None = None) -> OwnRate:
    return OwnRate(f"{person}-{since}-{amount}", person, date.fromisoformat(since), Decimal(amount),
                   date.fromisoformat(until) if until else None)  # fmt: skip


def test_the_rate_of_a_day() -> None:
    rates = OwnRates(
        [own("a", "2026-02-01", "21"), own("a", "2026-01-01", "20"), own("a", "2026-06-01", "22", "2026-07-01")]
    )

    def on(day: str) -> str | None:
        found = rates.find("a", date.fromisoformat(day))
        return str(found.amount) if found else None

    assert [on(day) for day in ("2025-12-31", "2026-01-31", "2026-02-01", "2026-06-30", "2026-07-01")] == [
        None, "20", "21", "22", None,
    ]  # fmt: skip
    assert (
        OwnRates([own("a", "2026-01-01", "20"), own("a", "2026-01-01", "25")]).find("a", date(2026, 1, 1)).amount == 25
    )


def test_gaps_and_overlaps() -> None:
    rates = OwnRates([own("a", "2026-01-01", until="2026-03-01"), own("a", "2026-04-01", until="2026-07-01"),
                      own("a", "2026-06-01")])  # fmt: skip
    assert rates.gaps("a") == [
        Gap(date(2026, 3, 1), date(2026, 4, 1)), Gap(date(2026, 6, 1), date(2026, 7, 1), overlap=True),
    ]  # fmt: skip


@pytest.mark.requirement("SR-28")
def test_a_mean_is_of_a_crowd_in_which_nobody_stands_out() -> None:
    assert mean_of(SIX, [], "EUR").amount == Decimal("28.33")
    assert reason(SIX) is None
    assert reason(dict([*SIX.items()][: FEWEST - 1])) == "few"
    assert reason(SIX | {"p0": Decimal("145.50")}) is None  # exactly half
    assert reason(SIX | {"p0": Decimal("145.51")}) == "one_above_half"


@pytest.mark.requirement("SR-28")
def test_two_means_are_never_a_few_people_apart() -> None:
    raised = SIX | {"p0": Decimal("25")}
    assert reason(raised, SIX) == "few_changed"
    assert reason(SIX | {"p6": Decimal(30)}, SIX) == "few_changed"
    assert reason(SIX, SIX) is None
    four = {person: rate + 1 if person < "p4" else rate for person, rate in SIX.items()}
    assert reason(four, SIX) == "few_changed"
    five = {person: rate + 1 if person < "p5" else rate for person, rate in SIX.items()}
    assert reason(five, SIX) is None
    # Not only against the newest: a raise for all, and then back but for one.
    everybody = {person: rate + 1 for person, rate in SIX.items()}
    assert reason(everybody, SIX) is None
    assert reason(raised, SIX, everybody) == "few_changed"


@pytest.mark.requirement("SR-28")
def test_no_sum_of_means_tells_one_rate() -> None:
    """Sets of ten that are five apart, pair by pair, and yet together give away one person: a + b - c - d."""
    rates = {f"q{n}": Decimal(20 + n) for n in range(20)}

    def some(*numbers: int) -> dict[str, Decimal]:
        return {f"q{n}": rates[f"q{n}"] for n in numbers}

    one, two = some(*range(11)), some(*range(11, 20))
    whole, rest = some(*range(1, 20)), some(*range(20))
    assert not tells_one([one, two])
    assert tells_one([whole, rest])
    # one + two - whole is q0, and no two of the three are fewer than five people apart.
    assert all(len(a.items() ^ b.items()) >= FEWEST for a, b in combinations([one, two, whole], 2))
    assert reason(whole, one, two) == "tells_one"


@pytest.mark.requirement("SR-28")
@pytest.mark.parametrize("seed", range(20))
def test_differencing_all_published_means_gives_nothing(seed: int) -> None:
    """Three years of one plant: people come, leave, move and get raises; payroll publishes whatever it may. An attacker
    with all published means, the sets they are of and exact arithmetic solves for single rates, and finds none; nor
    does any difference of two means rest on fewer than five people."""
    chance = random.Random(seed)
    people = {f"p{n}": (chance.choice("AB"), Decimal(chance.randrange(2000, 5000)) / 100) for n in range(22)}
    published: list[dict[str, Decimal]] = []
    for month in range(36):
        for person in chance.sample(sorted(people), chance.randrange(0, 7)):
            group, rate = people[person]
            match chance.randrange(4):
                case 0:
                    people[person] = ("B" if group == "A" else "A", rate)
                case 1:
                    del people[person]
                    people[f"n{month}-{person}"] = (group, rate + 3)
                case _:
                    people[person] = (group, rate + Decimal(chance.randrange(5, 200)) / 100)
        for group in "AB":
            members = {person: rate for person, (of, rate) in people.items() if of == group}
            if mean_of(members, published, "EUR").reason is None:
                published.append(members)
    assert len(published) > 4
    assert not _solved(published)
    for one, other in combinations(published, 2):
        apart = one.items() ^ other.items()
        assert not apart or len({person for person, _ in apart}) >= FEWEST


def _solved(published: list[dict[str, Decimal]]) -> bool:
    """Whether some single rate follows, by the rank of the equations: independent of how the program decides it."""
    places = sorted(set().union(*(members.items() for members in published)))
    rows = [[int(place in members.items()) for place in places] for members in published]
    whole = _rank(rows)
    return any(_rank([*rows, [int(place == one) for place in places]]) == whole for one in places)


def _rank(rows: list[list[int]], modulus: int = 2_147_483_647) -> int:
    """Rank over the integers modulo a large prime."""
    rows, rank = [row[:] for row in rows], 0
    for column in range(len(rows[0])):
        pivot = next((index for index in range(rank, len(rows)) if rows[index][column] % modulus), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        inverse = pow(rows[rank][column], -1, modulus)
        for index in range(rank + 1, len(rows)):
            factor = rows[index][column] * inverse % modulus
            if factor:
                rows[index] = [(a - factor * b) % modulus for a, b in zip(rows[index], rows[rank], strict=True)]
        rank += 1
    return rank


def test_why_sums_over_hours_are_not_published() -> None:
    """What we do not do, and what it would give away: actual labor cost of a cell of five people for five months, with
    the hours that leads know. Five equations, five wages, solved to the cent."""
    wages = [Decimal(w) for w in ("24.50", "26", "27", "28.50", "31")]
    chance = random.Random(7)
    hours = [[chance.randrange(60, 160) for _ in wages] for _month in range(5)]
    published = [sum(h * wage for h, wage in zip(month, wages, strict=True)) for month in hours]
    assert _solve(hours, published) == wages


def _solve(matrix: list[list[int]], right: list[Decimal]) -> list[Decimal]:
    rows = [[Fraction(value) for value in row] + [Fraction(side)] for row, side in zip(matrix, right, strict=True)]
    for column in range(len(rows)):
        pivot = next(index for index in range(column, len(rows)) if rows[index][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for index, row in enumerate(rows):
            if index != column:
                rows[index] = [a - row[column] * b for a, b in zip(row, rows[column], strict=True)]
    return [Decimal(row[-1].numerator) / Decimal(row[-1].denominator) for row in rows]
