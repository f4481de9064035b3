"""What is used once is used once, and counts are shared, on both databases."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from server.auth import guessing
from server.settings import Settings
from server.store import factors, people
from server.store.database import read, write
from server.store.factors import Passkey
from tests.threads import at_once

DATABASES = ("sqlite", "postgresql")
NOW = 1_795_000_000_000


def key(identity: str, user: str = "omar", count: int = 0) -> Passkey:
    return Passkey(identity, user, "aGFuZGxl", "cHVibGlj", count, "my phone", NOW, None)


def once(engine: Engine, use: str, *arguments: object) -> list[bool]:
    """What four who come at once are told."""
    told: list[bool] = []

    def come() -> None:
        with write(engine) as connection:
            got = getattr(factors, use)(connection, "main", *arguments)
        told.append(got)

    at_once(come, 4)
    return sorted(told)


@pytest.mark.requirement("SR-09")
def test_of_four_who_come_at_once_one_is_taken(shop: Engine) -> None:
    with write(shop) as connection:
        factors.put_app(connection, "main", "omar", "sealed", 10, NOW)
        factors.put_recovery_codes(connection, "main", "omar", ["a" * 64, "b" * 64])
    only_one = [False, False, False, True]
    assert once(shop, "take_step", "omar", 11) == only_one
    assert once(shop, "take_step", "omar", 11) == [False] * 4
    assert once(shop, "use_recovery_code", "omar", "a" * 64, NOW) == only_one
    assert once(shop, "spend_challenge", "c" * 64, NOW) == only_one
    with read(shop) as connection:
        assert factors.factors_of(connection, "main", "omar").codes == 1
    with write(shop) as connection:  # a day later it is forgotten, and too old by far
        assert not factors.spend_challenge(connection, "main", "c" * 64, NOW + factors.DAY)
        assert factors.spend_challenge(connection, "main", "d" * 64, NOW + factors.DAY + 1)


@pytest.mark.requirement("SR-18")
def test_the_number_of_a_device_s_signature_is_used_once(shop: Engine) -> None:
    with write(shop) as connection:
        device = people.create_device(connection, "main", "Tablet", "a" * 64, NOW)
        assert people.use_nonce(connection, "main", device, "n" * 32, NOW, 0)
        assert not people.use_nonce(connection, "main", device, "n" * 32, NOW, 0)
        assert people.use_nonce(connection, "main", device, "m" * 32, NOW, 0)


def test_factors_are_one_user_s(shop: Engine) -> None:
    with write(shop) as connection:
        assert not factors.has_factor(connection, "main", "omar")
        factors.add_passkey(connection, "main", key("k1"))
        factors.add_passkey(connection, "main", key("k2", "ines"))
        factors.put_app(connection, "main", "nadia", "sealed", 10, NOW)
        factors.use_passkey(connection, "main", "k1", 7, NOW + 1)
    with pytest.raises(IntegrityError), write(shop) as connection:
        factors.add_passkey(connection, "main", key("k1", "mallory"))
    with write(shop) as connection:
        assert factors.users_with_factors(connection, "main") == {"omar", "ines", "nadia"}
        found = factors.find_passkey(connection, "main", "k1")
        assert found and (found.user, found.sign_count, found.used_at) == ("omar", 7, NOW + 1)
        assert not factors.remove_passkey(connection, "main", "omar", "k2")
        assert factors.remove_passkey(connection, "main", "omar", "k1")
        assert not factors.has_factor(connection, "main", "omar")
        factors.forget_factors(connection, "main", "nadia")
        assert factors.users_with_factors(connection, "main") == {"ines"}


def test_sign_ins_are_renewed_and_ended(shop: Engine) -> None:
    first, second, third = "a" * 64, "b" * 64, "c" * 64
    with write(shop) as connection:
        people.create_user(connection, "main", "omar", display_name="Omar", password_hash="-", roles=["lead"])
        for at, secret in enumerate((first, second, third)):
            people.start_session(connection, "main", "omar", secret, NOW + at, how="password", browser="Firefox")
        assert people.renew_session(connection, "main", first, "d" * 64, NOW + 9, how="code")
        assert not people.renew_session(connection, "main", first, "e" * 64, NOW + 9, how="code")
        assert people.find_session(connection, "main", first) is None
        renewed = people.find_session(connection, "main", "d" * 64)
        assert renewed and (renewed.created_at, renewed.proved_at) == (NOW, NOW + 9)
        assert [one.id[0] for one in people.list_sessions(connection, "main", "omar", second)] == ["c", "b", "d"]
        assert people.end_sessions(connection, "main", "ines", only="b" * 16) == 0
        assert people.end_sessions(connection, "main", "omar", only="b" * 16, but=second) == 0
        assert people.end_sessions(connection, "main", "omar", only="c" * 16, but=second) == 1
        assert people.end_sessions(connection, "main", "omar", but=second) == 1
        assert [one.here for one in people.list_sessions(connection, "main", "omar", second)] == [True]


@pytest.mark.requirement("SR-06")
def test_guesses_at_once_are_all_counted(shop: Engine, settings: Settings) -> None:
    admitted: list[bool] = []

    def guess() -> None:
        for _ in range(5):
            admitted.append(guessing.count(shop, settings, "code", "omar", "192.0.2.1", NOW).admitted)

    at_once(guess, 4)
    assert (len(admitted), sum(admitted)) == (20, 3)
