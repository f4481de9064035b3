"""Which passwords are taken, how they are kept, and that guessing stops."""

import re

import pytest
from flask import Flask
from sqlalchemy import Engine

from server.auth import hashing, passwords
from server.problems import Problem
from server.settings import Settings
from server.store import people
from server.store.database import read, write
from tests.server.auth.conftest import PASSWORD, add_user

NOW = 1_795_000_000_000


def refused(app: Flask, settings: Settings, password: str, *, alone: bool = True) -> str | None:
    with app.test_request_context():
        try:
            passwords.hash_password(settings, password, "ines", alone=alone)
        except Problem as problem:
            return problem.code
    return None


@pytest.mark.requirement("SR-09")
@pytest.mark.parametrize(
    "password",
    ["short", "fourteen signs", "aaaaaaaaaaaaaaaaaaaa", "motdepasse123456", "Floorledger2026!", "qwertyuiop12345678",
     "administrateur2026", "azerty-azerty-azerty", "ines-ines-ines-ines!", "x" * 257, "", "abcdabcdabcdabcd",
     "Password123456789", "bonjour bonjour 1", "usineatelier2026", "azertyuiopqsdfghjklm",
     "jetaimejetaime12", "trustno1trustno1", "iloveyouiloveyou"],
)  # fmt: skip
def test_weak_passwords_are_refused(password: str, app: Flask, settings: Settings) -> None:
    assert refused(app, settings, password) == "auth.weak_password"


@pytest.mark.requirement("SR-09")
@pytest.mark.parametrize(
    "password",
    ["correct horse battery", "çà et là, été 26 oui", "рыба солнце дерево окно", "x9!k#2Lm@4pQ7&h",
     "chaise 🪑 verte de Léa",
     "one two buckle my shoe, three four knock at the door, five six pick up sticks, seven eight lay them straight, "
     "nine ten a big fat hen", "'; DROP TABLE \"user\"; --"],
)  # fmt: skip
def test_any_signs_make_a_password(password: str, app: Flask, settings: Settings) -> None:
    with app.test_request_context():
        stored = passwords.hash_password(settings, password, "ines")
    assert stored.startswith("k1:$argon2id$")
    assert len(stored) <= 200
    assert password not in stored


@pytest.mark.usefixtures("full_hashes")
@pytest.mark.requirement("SR-09")
def test_a_hash_costs_what_is_asked_for_and_more() -> None:
    """OWASP's password storage sheet: Argon2id with 19 MiB, two passes, one lane, at least."""
    memory, passes, lanes = map(int, re.search(r"m=([0-9]+),t=([0-9]+),p=([0-9]+)", hashing.make("x")).groups())
    assert (memory >= 19 * 1024, passes >= 2, lanes >= 1) == (True, True, True)


@pytest.mark.requirement("SR-09")
def test_a_password_beside_a_second_factor_may_be_shorter(app: Flask, settings: Settings) -> None:
    for length, alone, verdict in (
        (11, False, "auth.weak_password"), (12, False, None), (14, False, None), (14, True, "auth.weak_password"),
        (15, True, None), (128, True, None), (256, True, None), (257, True, "auth.weak_password"),
    ):  # fmt: skip
        signs = "Kp4#vT9!zQ2&wX7?" * 20
        assert refused(app, settings, "r" + signs[: length - 1], alone=alone) == verdict, (length, alone)


def test_the_same_word_typed_on_two_keyboards_is_one_password(
    app: Flask, settings: Settings, database: Engine, site: str
) -> None:
    composed, apart = "cl\u00e9 bien cach\u00e9e l\u00e0", "cle\u0301 bien cache\u0301e la\u0300"
    add_user(database, settings, "ines", "lead", password=apart)
    for written in (composed, apart):
        assert passwords.sign_in(database, settings, "ines", written, NOW) == "ines"
    with pytest.raises(Problem):
        passwords.sign_in(database, settings, "ines", "cle bien cachee la", NOW)
    # Length counts what is read, not how it is stored.
    assert refused(app, settings, "e\u0301l\u00e8ve a\u0300 8 h 5") == "auth.weak_password"


def test_nothing_fits_nobody() -> None:
    assert not hashing.fits(None, "nobody knows this")
    assert hashing.fits(hashing.make("nobody knows this"), "nobody knows this")


@pytest.mark.requirement("SR-09")
def test_without_the_key_beside_the_database_no_password_fits(settings: Settings, database: Engine, site: str) -> None:
    add_user(database, settings, "ines", "lead")
    assert passwords.sign_in(database, settings, "ines", PASSWORD, NOW) == "ines"
    assert (settings.data_dir / "password.key").stat().st_mode & 0o777 == 0o600
    (settings.data_dir / "password.key").unlink()  # whoever took the database makes a key of their own
    with pytest.raises(Problem):
        passwords.sign_in(database, settings, "ines", PASSWORD, NOW)


def test_a_hash_of_an_older_version_opens_once_and_is_made_anew(
    settings: Settings, database: Engine, site: str
) -> None:
    add_user(database, settings, "ines", "lead")
    with write(database) as connection:
        people.rehash(connection, "main", "ines", hashing.make(PASSWORD))
        people.start_session(connection, "main", "ines", "a" * 64, NOW)
    assert passwords.sign_in(database, settings, "ines", PASSWORD, NOW) == "ines"
    with read(database) as connection:
        user = people.find_user(connection, "main", "ines")
        assert people.find_session(connection, "main", "a" * 64) is not None  # the same password: nobody is sent away
    assert user is not None and user.password_hash.startswith("k1:")
    assert passwords.sign_in(database, settings, "ines", PASSWORD, NOW) == "ines"
