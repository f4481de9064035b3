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
from server.store import audit, people, plant
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


@pytest.mark.requirement("SR-06")
@pytest.mark.parametrize("number", ["1001", "4711"])
def test_after_ten_in_a_row_only_a_lead_helps(
    app: Flask, tablet: FlaskClient, clock: Clock, database: Engine, ana: str, number: str
) -> None:
    """The same for a number somebody has and for one nobody has; no time passes that opens it."""
    for _ in range(10):
        assert enter(tablet, number, "000000").json["code"] == "person.pin_wrong"
        clock.now += 3_600_001
    for later in (0, 40 * 86_400_000, 3000 * 86_400_000):
        clock.now += later
        shut = enter(tablet, number)
        assert (shut.status_code, shut.json["code"]) == (403, "person.pin_shut")
        enter(tablet, "2999", "000000")  # a failure of another sweeps old counts away, and not this one
    with read(database) as connection:
        told = audit.lines(connection, "main", audit.Search(data={"personal"}, action="pin.locked"))
    assert [line.subject for line in told] == ([ana] if number == "1001" else [""])


@pytest.mark.requirement("SR-07")
def test_a_lead_unlocks_a_pin(app: Flask, tablet: FlaskClient, clock: Clock, database: Engine, ana: str) -> None:
    for _ in range(10):
        enter(tablet, "1001", "000000")
        clock.now += 3_600_001
    lead = callers.signed_in(app, database, "lead")
    with write(database) as connection:  # he signs in now, by the clock of this test
        connection.exec_driver_sql(f"UPDATE session SET created_at = {clock.now}, seen_at = {clock.now}")
    page = lead.get("/admin/people").get_data(as_text=True)
    assert "PIN locked" in page and "Unlock the PIN" in page
    answer = lead.post(f"/admin/people/{ana}/pin", data={"do": "unlock"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    assert enter(tablet).json == {"person": ana}
    assert "Unlock the PIN" not in lead.get("/admin/people").get_data(as_text=True)
    with read(database) as connection:
        told = audit.lines(connection, "main", audit.Search(data={"personal"}, subject=ana))
    assert [line.action for line in told] == ["pin.unlocked", "pin.locked"]


@pytest.mark.requirement("SR-07")
def test_whoever_locks_every_pin_stops_nobody(
    app: Flask, tablet: FlaskClient, clock: Clock, database: Engine, ana: str
) -> None:
    """The badge says who it is without asking here, so capturing goes on; the fact says that nobody proved it."""
    for guess in range(30):
        enter(tablet, str(1001 + guess % 3), f"{guess:06}")
    assert enter(tablet).status_code == 429
    fact = {"id": "0b0b0b0b-0000-4000-8000-000000000001", "type": "shift.started", "version": 1, "person": ana,
            "occurred_at": "2026-11-01T10:00:00.000+01:00", "provenance": "measured", "declared_by": ana,
            "device_seq": 1, "boot_id": "b", "monotonic_ms": 1}  # fmt: skip
    batch = {"protocol": 1, "batch_id": "0b0b0b0b-0000-4000-8000-0000000000ff", "events": [fact]}
    verdicts = tablet.post("/api/v1/events", json=batch, headers={"Sec-Fetch-Site": "same-origin"}).json["verdicts"]
    assert verdicts == [{"id": fact["id"], "verdict": "created"}]


@pytest.mark.requirement("SR-06")
def test_the_site_as_a_whole_takes_so_many_wrong_ones_an_hour(
    settings: Settings, database: Engine, ana: str, clock: Clock
) -> None:
    """Many tablets, many numbers, none of them tried often: one who has a list of numbers and a room of devices."""
    refused = 0
    for guess in range(130):
        try:
            pins.sign_in(database, settings, f"device-{guess % 13}", str(5000 + guess), "804917", clock.now)
        except Problem as problem:
            refused += problem.code == "person.pin_locked"
    assert refused == 130 - pins.MOST_OF_A_SITE
    with pytest.raises(Problem, match="Too many"):
        pins.sign_in(database, settings, "another", "1001", PIN, clock.now)
    clock.now += 3_600_001
    assert pins.sign_in(database, settings, "another", "1001", PIN, clock.now) == ana


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


# Guesses as somebody does who waits as long as each wait asks: the clock runs a minute ahead with every guess.
GUESS = """
import sys
from pathlib import Path
from server.auth import pins
from server.problems import Problem
from server.settings import Settings
from server.store.database import open_engine
folder, url, device, first, count, log = sys.argv[1:]
settings = Settings(data_dir=Path(folder), database_url=url)
engine, looked = open_engine(settings.database, settings.audit_keys), open(log, "ab", 0)
for guess in range(int(first), int(first) + int(count)):
    try:
        pins.sign_in(engine, settings, device, "1001", f"{guess:06}", 1_795_000_000_000 + guess * 3_600_000)
        looked.write(b"in\\n")
    except Problem as refused:
        looked.write(b"looked\\n" if refused.code == "person.pin_wrong" else b".\\n")
"""


def guess_with_processes(settings: Settings, url: str, folder: Path, guesses: int) -> tuple[int, int]:
    """Four processes guess one number's PIN, each killed in the middle and started again: how many guesses were made,
    how many were looked at."""
    logs = [folder / f"guesses-{number}" for number in range(4)]

    def start(number: int, first: int, count: int) -> "subprocess.Popen[bytes]":
        device = f"{number}1111111-1111-4111-8111-111111111111"
        words = [str(settings.data_dir), url, device, str(first), str(count), str(logs[number])]
        return subprocess.Popen([sys.executable, "-c", GUESS, *words])

    running = [start(number, 0, guesses) for number in range(4)]
    for number, one in enumerate(running):
        while one.poll() is None and (not logs[number].exists() or logs[number].stat().st_size < guesses):
            time.sleep(0.01)
        one.kill()
        one.wait(60)
    for one in [start(number, guesses // 3, guesses) for number in range(4)]:
        assert one.wait(600) == 0
    made = [line for log in logs for line in log.read_text().split()]
    assert "in" not in made
    return len(made), made.count("looked")


@pytest.mark.requirement("SR-06")
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("guesses", [100, pytest.param(1_000, marks=pytest.mark.long)])
def test_four_processes_and_restarts_get_no_more_than_one(
    kind: str, guesses: int, settings: Settings, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    from server.migrations import upgrade
    from server.store.database import open_engine
    from server.store.sites import create_site

    url = settings.database if kind == "sqlite" else request.getfixturevalue("postgres_database")
    engine = open_engine(url, settings.audit_keys)
    upgrade(engine)
    with write(engine) as connection:
        create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR")
        plant.put(connection, "main", "people", [{"number": "1001", "name": "Ana"}])
        (row,) = plant.rows(connection, "main", "people")
        people.put_pin(connection, "main", row["key"], pins.hash_pin(PIN, "1001", settings.pin_key()), 0)
    made, looked = guess_with_processes(settings, url, tmp_path, guesses)
    with write(engine) as connection:
        counted = people.pin_failures(connection, "main", [pins.subject_of("1001", "main")])
    engine.dispose()
    assert made > 4 * guesses
    # One that is killed between counting and looking has counted and not looked: never the other way round.
    (count,) = counted.values()
    assert looked <= count.failures == pins.MOST_OF_A_NUMBER
    with pytest.raises(Problem, match="unlocks the PIN"):
        again = open_engine(url, settings.audit_keys)
        pins.sign_in(again, settings, "late", "1001", PIN, 2**43)


@pytest.mark.usefixtures("full_hashes")
def test_the_answer_takes_as_long_for_nobody_as_for_somebody(
    settings: Settings, database: Engine, ana: str, clock: Clock
) -> None:
    """Interleaved, and compared by median: the difference a guesser could measure."""
    took: dict[str, list[float]] = {"1001": [], "4711": [], "1002": []}
    for turn in range(12):
        for number in took:
            clock.now += 3_600_001
            with write(database) as connection:  # no lock stands
                people.forget_pin_failures(connection, "main", pins.subject_of(number, "main"))
            began = time.perf_counter()
            with pytest.raises(Problem, match="do not fit"):
                pins.sign_in(database, settings, f"{turn}-{number}", number, "000000", clock.now)
            took[number].append(time.perf_counter() - began)
    medians = {number: statistics.median(times[2:]) for number, times in took.items()}
    assert max(medians.values()) < 1.6 * min(medians.values()), medians


@pytest.mark.long
@pytest.mark.usefixtures("full_hashes")
@pytest.mark.requirement("SR-08")
def test_a_thousand_answers_take_as_long_to_five_milliseconds(
    settings: Settings, database: Engine, ana: str, clock: Clock
) -> None:
    took: dict[str, list[float]] = {"1001": [], "4711": [], "1002": []}
    for turn in range(1_000):
        for number in took:
            clock.now += 3_600_001
            with write(database) as connection:
                people.forget_pin_failures(connection, "main", pins.subject_of(number, "main"))
            began = time.perf_counter()
            with pytest.raises(Problem, match="do not fit"):
                pins.sign_in(database, settings, f"{turn}-{number}", number, "000000", clock.now)
            took[number].append(time.perf_counter() - began)
    medians = {number: statistics.median(times) for number, times in took.items()}
    assert max(medians.values()) - min(medians.values()) < 0.005, medians


# --- which PINs --------------------------------------------------------------------------------------------------

WEAK = [
    "", "1", "12345", "1234567890123", "abcdef", "12 456", "80491x", "\u0661\u0662\u0663\u0667\u0668\u0669",
    *(str(digit) * length for digit in range(10) for length in (6, 7, 8)),
    *("".join(str((start + step * place) % 10) for place in range(6)) for start in range(10) for step in (1, 9, 2, 3)),
    *(f"{pair:02}" * 3 for pair in range(10, 99, 3)), *(f"{three}" * 2 for three in range(107, 999, 31)),
    "010190", "311299", "900131", "19900131", "31011990", "12311999", "241205",
    "112233", "159753", "147258", "123456", "654321", "100100", "121212", "333444", "123123", "123321", "789456",
    "142536", "101112", "741852", "963852", "131211", "314159", "271828", "420420", "696969", "232323", "010203",
    "20000101", "01012000", "101010", "202020", "987654", "876543", "111222", "456456", "789789", "963963", "147147",
    *(f"{day:02}0685" for day in range(1, 29)), "110110", "111111111111", "123456789012", "121212121212",
    "246802", "135791", "251225", "140789", "070707",
]  # fmt: skip


@pytest.mark.requirement("SR-04")
@pytest.mark.parametrize("pin", WEAK)
def test_weak_pins(pin: str) -> None:
    assert pins.is_weak(pin)


@pytest.mark.parametrize("pin", [PIN, "739164", "5806213", "274951806", "998271"])
def test_good_pins(pin: str) -> None:
    assert not pins.is_weak(pin, "1002")


def test_a_pin_that_holds_the_number_is_weak() -> None:
    assert pins.is_weak("981002", "1002")
    assert pins.is_weak("804917", "0804917")
    assert len(set(WEAK)) >= 200


def test_the_hash_needs_the_file_beside_the_database(
    settings: Settings, tmp_path: Path, database: Engine, ana: str
) -> None:
    with read(database) as connection:
        person, stored = people.find_pin(connection, "main", "1001") or ("", "")
    assert (person, stored[:10]) == (ana, "$argon2id$")
    assert hashing.fits(stored, hashing.keyed(PIN, settings.pin_key()))
    assert not hashing.fits(stored, hashing.keyed(PIN, Settings(data_dir=tmp_path / "thief").pin_key()))


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
