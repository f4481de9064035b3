"""Links, consents, accounts elsewhere in the store, on both databases: of those that come at once, one is first."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from server.store import identities, invitations, people, two_people
from server.store.database import read, write
from tests.threads import at_once

DATABASES = ("sqlite", "postgresql")
NOW, MANY = 1_795_000_000_000, 8


def invite(engine: Engine, name: str, digest: str) -> None:
    with write(engine) as connection:
        invitations.create(connection, "main", "invitation", name, digest, created_by="boss", now=NOW,
                           expires_at=NOW + 1000, roles=["lead"], teams=["D 1", "D2"])  # fmt: skip


@pytest.mark.requirement("SR-16")
def test_a_link_is_used_by_one(shop: Engine) -> None:
    invite(shop, "ines", "a" * 64)
    used: list[bool] = []

    def use() -> None:
        with write(shop) as connection:
            used.append(invitations.use(connection, "main", "a" * 64, NOW))

    at_once(use, MANY)
    assert sorted(used) == [False] * (MANY - 1) + [True]
    with read(shop) as connection:
        link = invitations.find(connection, "main", "a" * 64)
        assert link and link.state(NOW) == "used" and invitations.open_links(connection, "main", NOW) == {}
        assert people.unpack_teams(link.teams) == {"D 1", "D2"}
        assert invitations.find(connection, "other", "a" * 64) is None


def test_a_request_is_answered_by_one(shop: Engine) -> None:
    with write(shop) as connection:
        for _ in range(2):  # asked twice is asked once
            two_people.ask(connection, "main", "payroll", "paula", "boss", NOW)
        (asked,) = two_people.open_requests(connection, "main", NOW)
    done: list[bool] = []

    def answer() -> None:
        with write(shop) as connection:
            done.append(two_people.answer(connection, "main", asked.id, "approved", "adam", NOW))

    at_once(answer, MANY)
    assert done.count(True) == 1
    with read(shop) as connection:
        assert two_people.find(connection, "main", asked.id, NOW) is None


@pytest.mark.requirement("SR-13")
def test_a_sign_in_comes_back_once(shop: Engine) -> None:
    with write(shop) as connection:
        attempt = identities.Attempt("", False, "/held")
        identities.begin_attempt(connection, "main", "b" * 64, attempt, now=NOW, expires_at=NOW + 1000)
        assert identities.end_attempt(connection, "other", "b" * 64, NOW) is None
    found: list[identities.Attempt | None] = []

    def come_back() -> None:
        with write(shop) as connection:
            found.append(identities.end_attempt(connection, "main", "b" * 64, NOW))

    at_once(come_back, MANY)
    assert [one for one in found if one] == [attempt]


def test_an_account_signs_in_one_user(shop: Engine) -> None:
    with write(shop) as connection:
        identities.link(connection, "main", "https://a", "1", "ines", NOW)
        identities.link(connection, "main", "https://b", "1", "omar", NOW)
        identities.link(connection, "main", "https://a", "2", "ines", NOW)
        assert identities.user_of(connection, "main", "https://a", "1") is None, "a new account replaces the old one"
        assert identities.user_of(connection, "main", "https://b", "1") == "omar"
        assert identities.user_of(connection, "other", "https://b", "1") is None
    with pytest.raises(IntegrityError), write(shop) as connection:
        identities.link(connection, "main", "https://a", "2", "omar", NOW)
