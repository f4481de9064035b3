"""A PIN is checked here, tells nothing to who guesses, and can be guessed a few times at most, by all processes."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from server.auth import hashing, pins
from server.cli import main
from server.problems import Problem
from server.settings import Settings
from server.store import people, plant
from server.store.database import read, write
from server.store.sites import Floor, set_floor
from tests.server import callers
from tests.server.auth.conftest import Clock
from tests.threads import at_once

PIN = "804917"
DEVICE = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def ana(database: Engine, site: str, settings: Settings) -> str:
    """Somebody with number 1001 and a PIN; 1002 has none; 1003 has left."""
    with write(database) as connection:
        set_floor(connection, site, Floor(pin=True))
        rows = [{"number": "1001", "name": "Ana Morel"}, {"number": "1002", "name": "Luis"}]
        plant.put(connection, site, "people", [*rows, {"number": "1003", "name": "Gone", "active": False}])
        keys = {row["number"]: row["key"] for row in plant.rows(connection, site, "people")}
        for number in ("1001", "1003"):
            hashed = pins.hash_pin(PIN, number, settings.pin_key())
            people.put_pin(connection, site, keys[number], hashed, 0)
    return keys["1001"]


@pytest.fixture
def tablet(app: Flask, database: Engine, ana: str) -> FlaskClient:
    return callers.device(app, database)


def enter(tablet: FlaskClient, number: object = "1001", pin: object = PIN):
    return tablet.post(
        "/api/v1/device/sign-in", json={"number": number, "pin": pin}, headers={"Sec-Fetch-Site": "same-origin"}
    )


def test_a_site_that_wants_no_pin_takes_none(tablet: FlaskClient, database: Engine, site: str) -> None:
    with write(database) as connection:
        set_floor(connection, site, Floor())
    answer = enter(tablet)
    assert (answer.status_code, answer.json["code"]) == (403, "person.pin_off")


def test_a_pin_says_who_it_is(tablet: FlaskClient, ana: str) -> None:
    answer = enter(tablet)
    assert (answer.status_code, answer.json) == (200, {"person": ana})
    assert answer.headers["Cache-Control"] == "no-store"
    assert enter(tablet, " 1001 ").json == {"person": ana}


@pytest.mark.parametrize(
    ("number", "pin"),
    [("1001", "804918"), ("1002", PIN), ("1003", PIN), ("4711", PIN), ("1001", ""), ("1001", PIN * 2),
     ("1' OR '1'='1", PIN), ("\u0661\u0660\u0660\u0661", PIN)],
)  # fmt: skip
def test_whatever_is_wrong_the_words_are_the_same(tablet: FlaskClient, number: str, pin: str) -> None:
    answer, other = enter(tablet, number, pin), enter(tablet, "9999", "000000")
    assert (answer.status_code, answer.json["code"]) == (401, "person.pin_wrong")
    told = {name: value for name, value in answer.json.items() if name != "id"}
    assert told == {name: value for name, value in other.json.items() if name != "id"}


@pytest.mark.parametrize("body", [{}, {"number": 1001, "pin": PIN}, {"number": "1001"}, [], "x", None,
                                  {"number": "", "pin": PIN}, {"number": "1" * 65, "pin": PIN},
                                  {"number": "1001", "pin": "1" * 65}, {"number": "\ud800", "pin": PIN},
                                  {"number": "1001\x00", "pin": PIN}])  # fmt: skip
def test_nonsense_is_refused_and_counted_nowhere(tablet: FlaskClient, database: Engine, body: object) -> None:
    answer = tablet.post("/api/v1/device/sign-in", json=body, headers={"Sec-Fetch-Site": "same-origin"})
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")
    with read(database) as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM pin_failure").scalar_one() == 0


def test_only_a_device_may_ask(app: Flask, database: Engine, ana: str, client: FlaskClient) -> None:
    assert enter(client).status_code == 401
    assert enter(callers.signed_in(app, database, "lead", "admin")).status_code == 401
    header = callers.bearer(database, "events:write", "reference:read")
    answer = client.post("/api/v1/device/sign-in", json={"number": "1001", "pin": PIN}, headers=header)
    assert answer.status_code == 403


@pytest.mark.parametrize("number", ["1001", "4711"])
def test_each_failure_from_the_third_on_waits_longer(tablet: FlaskClient, clock: Clock, number: str) -> None:
    """The same for a number somebody has and for one nobody has."""
    for wait in (0, 0, 2, 4, 60, 120, 240):
        assert enter(tablet, number, "000000").json["code"] == "person.pin_wrong"
        if wait:
            locked = enter(tablet, number)  # even the right one
            assert (locked.status_code, locked.json["code"]) == (429, "person.pin_locked")
            assert locked.headers["Retry-After"] == str(wait)
        clock.now += wait * 1000
    assert pins.wait_ms(50) == 3_600_000


def test_a_success_forgets_the_failures_of_its_own_number(tablet: FlaskClient, clock: Clock, ana: str) -> None:
    enter(tablet, "1001", "000000")
    enter(tablet, "1001", "000000")
    enter(tablet, "1002", "000000")
    assert enter(tablet).status_code == 200
    assert [enter(tablet, "1001", "000000").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert [enter(tablet, "1002", "000000").status_code for _ in range(3)] == [401, 401, 429]


def test_the_lock_holds_on_every_device_and_after_a_restart(
    settings: Settings, tablet: FlaskClient, clock: Clock, database: Engine
) -> None:
    for _ in range(3):
        enter(tablet, "1001", "000000")
    with write(database) as connection:
        other = people.create_device(connection, "main", "Tablet 2", "0" * 64, 0)
    with pytest.raises(Problem, match="Too many"):
        pins.sign_in(database, settings, other, "1001", PIN, clock.now)


def test_a_device_that_tries_many_numbers_is_stopped_for_an_hour(tablet: FlaskClient, clock: Clock) -> None:
    answers = [enter(tablet, str(2000 + guess), "000000").status_code for guess in range(22)]
    assert answers == [401] * 20 + [429] * 2
    assert enter(tablet).headers["Retry-After"] == "3600"
    clock.now += 3_600_001
    assert enter(tablet).status_code == 200


def test_success_after_success_never_locks_a_shared_tablet(tablet: FlaskClient) -> None:
    assert {enter(tablet).status_code for _ in range(25)} == {200}


def test_guesses_at_once_see_one_another(settings: Settings, database: Engine, ana: str) -> None:
    looked_at, real = [], hashing.fits

    def counting(stored: str | None, keyed: bytes) -> bool:
        looked_at.append(stored)
        return real(stored, keyed)

    def guess() -> None:
        for _ in range(5):
            with pytest.raises(Problem):
                pins.sign_in(database, settings, DEVICE, "1001", "000000", 1_795_000_000_000)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "fits", counting)
        at_once(guess, 4)
    assert len(looked_at) == 3  # the third closes the door, and the clock stands still


GUESS = """
import sys
from pathlib import Path
from server.auth import pins
from server.problems import Problem
from server.settings import Settings
from server.store.database import open_engine
settings = Settings(data_dir=Path(sys.argv[1]), database_url=sys.argv[2])
engine, looked = open_engine(settings.database), 0
for guess in range(25):
    try:
        pins.sign_in(engine, settings, sys.argv[3], "1001", f"{guess:06}", 1_795_000_000_000)
    except Problem as refused:
        looked += refused.code == "person.pin_wrong"
print(looked)
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_share_the_counter(
    kind: str, settings: Settings, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    from server.migrations import upgrade
    from server.store.database import open_engine
    from server.store.sites import create_site

    url = settings.database if kind == "sqlite" else request.getfixturevalue("postgres_database")
    engine = open_engine(url)
    upgrade(engine)
    with write(engine) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR")
        plant.put(connection, "main", "people", [{"number": "1001", "name": "Ana"}])
    engine.dispose()
    devices = [f"{number}1111111-1111-4111-8111-111111111111" for number in range(4)]
    running = [
        subprocess.Popen([sys.executable, "-c", GUESS, str(settings.data_dir), url, device], stdout=subprocess.PIPE)
        for device in devices
    ]
    assert sum(int(one.communicate(timeout=60)[0]) for one in running) == 3


def test_the_answer_takes_as_long_for_nobody_as_for_somebody(
    settings: Settings, database: Engine, ana: str, clock: Clock
) -> None:
    """Interleaved, and compared by median: the difference a guesser could measure."""
    took: dict[str, list[float]] = {"1001": [], "4711": [], "1002": []}
    for turn in range(12):
        for number in took:
            clock.now += 86_400_001  # no lock stands
            began = time.perf_counter()
            with pytest.raises(Problem, match="do not fit"):
                pins.sign_in(database, settings, f"{turn}-{number}", number, "000000", clock.now)
            took[number].append(time.perf_counter() - began)
    medians = {number: statistics.median(times[2:]) for number, times in took.items()}
    assert max(medians.values()) < 1.6 * min(medians.values()), medians


# --- which PINs --------------------------------------------------------------------------------------------------

WEAK = [
    "", "1", "12345", "1234567890123", "abcdef", "12 456", "80491x", "\u0661\u0662\u0663\u0667\u0668\u0669",
    *(str(digit) * length for digit in range(10) for length in (6, 7, 8)),
    *("".join(str((start + step * place) % 10) for place in range(6)) for start in range(10) for step in (1, 9, 2, 3)),
    *(f"{pair:02}" * 3 for pair in range(10, 99, 3)), *(f"{three}" * 2 for three in range(107, 999, 31)),
    "010190", "311299", "900131", "19900131", "31011990", "12311999", "241205",
    "112233", "159753", "147258", "123456", "654321", "100100", "121212", "333444",
]  # fmt: skip


@pytest.mark.parametrize("pin", WEAK)
def test_weak_pins(pin: str) -> None:
    assert pins.is_weak(pin)


@pytest.mark.parametrize("pin", [PIN, "739164", "5806213", "274951806", "998271"])
def test_good_pins(pin: str) -> None:
    assert not pins.is_weak(pin, "1002")


def test_a_pin_that_holds_the_number_is_weak() -> None:
    assert pins.is_weak("981002", "1002")
    assert pins.is_weak("804917", "0804917")
    assert len(WEAK) >= 130


def test_the_hash_needs_the_file_beside_the_database(
    settings: Settings, tmp_path: Path, database: Engine, ana: str
) -> None:
    with read(database) as connection:
        person, stored = people.find_pin(connection, "main", "1001") or ("", "")
    assert (person, stored[:10]) == (ana, "$argon2id$")
    assert hashing.fits(stored, pins._keyed(PIN, settings.pin_key()))
    assert not hashing.fits(stored, pins._keyed(PIN, Settings(data_dir=tmp_path / "thief").pin_key()))


def test_no_pin_reaches_a_device(app: Flask, database: Engine, tablet: FlaskClient) -> None:
    text = tablet.get("/api/v1/reference").get_data(as_text=True)
    assert "argon2" not in text and "1001" not in text


# --- the command -------------------------------------------------------------------------------------------------


def run(settings: Settings, *arguments: str, pin: str = ""):
    environment = {**settings.to_environment(), "FLOORLEDGER_NEW_PIN": pin, "LANGUAGE": "en"}
    return CliRunner().invoke(main, ["person", "pin", *arguments], env=environment)


def test_the_command_sets_clears_and_unlocks(settings: Settings, tablet: FlaskClient) -> None:
    for _ in range(3):
        enter(tablet, "1002", "000000")
    assert enter(tablet, "1002").status_code == 429
    assert run(settings, "1002", pin="582036").output == "The PIN of 1002 is set.\n"
    assert enter(tablet, "1002", "582036").status_code == 200
    assert run(settings, "1002", "--clear").output == "1002 has no PIN any more.\n"
    assert enter(tablet, "1002", "582036").status_code == 401


def test_the_command_refuses(settings: Settings, ana: str) -> None:
    assert (run(settings, "4711", pin=PIN).exit_code, run(settings, "1001", pin="123456").exit_code) == (1, 1)
    assert "too easy" in run(settings, "1001", pin="123456").output


def test_the_command_asks(settings: Settings, ana: str) -> None:
    environment = {**settings.to_environment(), "LANGUAGE": "en"}
    asked = CliRunner().invoke(main, ["person", "pin", "1001"], env=environment, input="739164\n739164\n")
    assert asked.exit_code == 0, asked.output
    assert "739164" not in asked.output
