"""What is within a reader's reach, as the store tells it, on both databases."""

import pytest
from sqlalchemy import Engine

from server.store import facts, floor, plant, teams
from server.store.database import read, write
from tests.cast import ANA, LUIS
from tests.server.two_teams import Floor

DATABASES = ("sqlite", "postgresql")


@pytest.mark.requirement("SR-24")
def test_what_is_within_reach(shop: Engine) -> None:
    work = Floor(shop)
    every = [identity for its in work.of.values() for identity in its.values()] + [work.nobodys]
    with write(work.engine) as connection:
        letters = plant.code_for(connection, "main", "person", LUIS)
    with read(work.engine) as connection:
        for reach, seen in (
            (None, {ANA, LUIS}),
            (frozenset({"D1"}), {ANA}),
            (frozenset({"D2", "X"}), {LUIS}),
            (frozenset({"X"}), set()),
        ):
            wanted = {identity for person in seen for identity in work.of[person].values()} | {work.nobodys}
            assert teams.facts(connection, "main", reach, every) == wanted
            assert teams.people(connection, "main", reach, [ANA, LUIS, "p-none"]) == seen
            assert (teams.people(connection, "main", reach, [letters]) == {letters}) is (LUIS in seen)
            assert [teams.has_person(connection, "main", reach, key) for key in (ANA, LUIS)] == [
                ANA in seen, LUIS in seen,
            ]  # fmt: skip
            assert not teams.has_person(connection, "other", reach, ANA)
            held = facts.held_groups(connection, "main", 0, reach=reach)
            assert {fact.event.person for group in held for fact in group.facts} == seen
            assert sum(group.count for group in held) == sum(
                count for _reason, _owner, count in floor.held_reasons(connection, "main", reach)
            )
            calls = floor.open_calls(connection, "main", 0, reach)
            assert {call.event.person for call in calls} == seen
