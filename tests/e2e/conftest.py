"""A shop for the tablets of these tests: web server and worker as processes, one plant for the whole run, an order of
its own for each test."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from playwright.sync_api import Route
from sqlalchemy.exc import OperationalError

from server.auth import credentials
from server.store import ledger, people, plant
from server.store.database import read, write
from server.store.sites import Floor, set_floor
from server.store.snapshot import snapshot
from server.store.tables import TABLES
from server.store.verification import Report, verify
from sync.core.clock import parse_instant
from sync.core.codes import url
from tests.cast import raw, send
from tests.e2e.proxy import Proxy
from tests.e2e.tablet import Tablet, now
from tests.environment import LaunchChromium
from tests.reliability.rig import Rig
from tools import frontend

MIA, NOE = "pe2e00000001", "pe2e00000002"
# An hour of theirs is dear: a millisecond costs almost a cent, so that a wrong one shows in a shift of seconds.
RATE_PER_HOUR = "31170.00"
OAK_PER_KG = "3.20"


@dataclass(frozen=True)
class Job:
    """An order made for one test: two operations, ten pieces."""

    order: str
    operation: str = "10"


class Shop:
    """The plant, its labels, its ledger as finance reads it."""

    def __init__(self, folder: Path) -> None:
        self.rig = Rig(folder)
        self.address = f"http://127.0.0.1:{self.rig.port}"
        self._orders, self._people = count(1), count(1)
        start = "2020-01-01"  # whatever the machine's clock says
        self._put("people", [
            {"key": key, "name": name, "rate_group": "E2E", "department": "D1", "language": "en"}
            for key, name in ((MIA, "Mia Berg"), (NOE, "Noé Roux"))
        ])  # fmt: skip
        self._put("rates", [
            {"kind": "labor", "subject_kind": "rate_group", "subject": "E2E", "valid_from": start,
             "amount": RATE_PER_HOUR},
            {"kind": "standard_cost", "subject_kind": "item", "subject": "OAK", "valid_from": start,
             "amount": OAK_PER_KG},
        ])  # fmt: skip
        self._put("reasons", [
            {"kind": kind, "code": code, "name": {"en": name, "fr": nom}}
            for kind, code, name, nom in (
                ("defect", "BURR", "Burr", "Bavure"), ("defect", "CRACK", "Crack", "Fissure"),
                ("downtime", "TOOL", "Tool change", "Changement d’outil"),
                ("pause", "MATERIAL", "No material", "Matière manquante"), ("pause", "MEETING", "Meeting", "Réunion"),
                ("help", "QUALITY", "Quality", "Qualité"), ("help", "REPAIR", "Repair", "Réparation"),
                ("correction", "MISTAKE", "Mistake", "Erreur"))
        ])  # fmt: skip
        self._put("locations", [{"code": code, "name": name} for code, name in (("RACK", "Rack A"), ("DOCK", "Dock"))])
        with write(self.rig.engine) as connection:
            set_floor(connection, "main", Floor(typed_time=True, standard_cost=True, pin=True))
        self._put("activities", [{"code": "CLEAN", "name": {"en": "Cleaning", "fr": "Nettoyage"}}])
        # Somebody at the desk lets in whatever asks, at once; a test that wants to be asked itself sends them away.
        self.lead_is_there, self._closed = Event(), Event()
        self.lead_is_there.set()
        Thread(target=self._keep_the_door, daemon=True).start()

    def _keep_the_door(self) -> None:
        while not self._closed.wait(0.2):
            self.look_who_asks()

    def look_who_asks(self) -> None:
        if self.lead_is_there.is_set():
            with suppress(OperationalError):
                self.let_in()

    def let_in(self) -> None:
        """Let in every device that asks."""
        with read(self.rig.engine) as connection:
            asking = people.asking_devices(connection, "main")
        for device in asking:
            with write(self.rig.engine) as connection:
                people.admit_device(connection, "main", device.id, "", now())

    def close(self) -> None:
        self._closed.set()
        self.rig.stop()

    def new_person(self) -> tuple[str, str]:
        """Somebody with nothing running, whose time is no other test's: key, and what colleagues call them."""
        number = next(self._people)
        self.new_people([(f"pe2e1{number:07}", f"Eva{number} Lind")])
        return f"pe2e1{number:07}", f"Eva{number} L."

    def new_people(self, named: list[tuple[str, str]]) -> None:
        """More people: (key, name)."""
        self._put("people", [
            {"key": key, "name": name, "rate_group": "E2E", "department": "D1", "language": "en"} for key, name in named
        ])  # fmt: skip

    def new_job(self) -> Job:
        """An order nobody has worked on."""
        job = Job(f"E2E-{next(self._orders)}")
        self._put("orders", [{"code": job.order, "item": "CHAIR", "quantity": "10"}])
        self._put("operations", [
            {"order": job.order, "number": number, "name": name, "sequence": int(number), "work_center": center,
             "standard_setup_min": "15", "standard_run_min": "2.5"}
            for number, name, center in (("10", "Turn", "W1"), ("20", "Glue", "W2"))
        ])  # fmt: skip
        self._put("components", [{"order": job.order, "item": "OAK", "operation": "10", "quantity_per": "0.5",
                                  "unit": "kg"}])  # fmt: skip
        return job

    def new_case(self, customer: str) -> Job:
        """A case nobody has worked on: no item, no operations."""
        case = Job(f"E2E-{next(self._orders)}", "")
        self._put("orders", [{"code": case.order, "kind": "case", "customer": customer}])
        return case

    def label(self, kind: str, reference: str, operation: str = "") -> str:
        """What the printed code of a thing says."""
        with write(self.rig.engine) as connection:
            return url(self.address, plant.code_for(connection, "main", kind, reference, operation))

    def end_the_day(self) -> None:
        """What earlier tests left running stops: people find their work at every tablet."""
        with read(self.rig.engine) as connection:
            running = snapshot(connection, "main")["open"]
        who = ("person", "machine")
        send(self.rig.engine, [
            raw(one["type"].replace("started", "stopped"), max(now(), parse_instant(one["occurred_at"])),
                start_id=one["id"], **{name: one[name] for name in who if name in one})
            for one in running
        ], now=now())  # fmt: skip

    def speak(self, person: str, language: str) -> None:
        """Address this person in a language from now on."""
        self._put("people", [{"key": person, "language": language}])

    def enrolment(self) -> str:
        """Where a fresh enrolment code leads: the path of its address, with the secret."""
        secret = credentials.make_secret()
        with write(self.rig.engine) as connection:
            people.create_enrolment(connection, "main", credentials.digest(secret), expires_at=now() + 3_600_000)
        return f"/enrol#{secret}"

    def facts_of(self, order: str) -> list[dict[str, Any]]:
        """What the log holds about an order: columns and the parsed body under "fact", in order of the device."""
        event = TABLES["event"]
        with read(self.rig.engine) as connection:
            rows = connection.execute(event.select().where(event.c.order == order)).mappings()
            found = [{**row, "fact": json.loads(row["body"])} for row in rows]
        return sorted(found, key=lambda row: row["device_seq"] or 0)

    def entries_of(self, order: str) -> list[dict[str, Any]]:
        """All entries of an order, pulled as an ERP pulls them: by cursor from the start."""
        found, cursor, more = [], "0", True
        while more:
            status, page = self.rig.call("GET", f"/api/v1/entries?after={cursor}&limit=100")
            assert status == 200, page
            found += page["entries"]
            cursor, more = page["next"], page["more"]
        return [entry for entry in found if entry.get("order") == order]

    def verify(self) -> Report:
        self.rig.wait_costed()
        with read(self.rig.engine) as connection:
            report = verify(connection, "main", self.rig.settings.ledger_key())
            assert ledger.head(connection, "main").position == report.entries
        return report

    def _put(self, kind: str, rows: list[dict[str, Any]]) -> None:
        with write(self.rig.engine) as connection:
            plant.put(connection, "main", kind, rows)


@pytest.fixture(scope="session")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    frontend.bundle()  # what an installation serves, not the sources it was made of
    shop = Shop(tmp_path_factory.mktemp("shop"))
    yield shop
    shop.close()


@pytest.fixture
def open_shop(_shop: Shop) -> Shop:
    """The shop, open: what an earlier test stopped runs again."""
    _shop.rig.start()
    _shop.rig.wait_ready()
    _shop.end_the_day()
    return _shop


@pytest.fixture
def shop(chromium_path: Path, open_shop: Shop) -> Shop:
    """The open shop, for tablets with Chromium."""
    return open_shop


@pytest.fixture
def proxy(open_shop: Shop) -> Iterator[Proxy]:
    """A proxy before the shop's web server."""
    made = Proxy(open_shop.rig.port)
    yield made
    made.close()


NewTablet = Callable[..., Tablet]
WHO_AM_I = "**/api/v1/device?*"


@pytest.fixture
def new_tablet(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> Iterator[NewTablet]:
    """`new_tablet(name, address=..., eye=None)`: a tablet, enrolled and waiting for a badge.

    Whatever a test does with it, its page breaks no rule of its own security policy and asks nobody but its server.
    """
    made: list[Tablet] = []

    def let_in_and_go_on(route: Route) -> None:
        shop.look_who_asks()
        route.continue_()

    def make(name: str = "Tablet", address: str = "", eye: Path | None = None, **options: Any) -> Tablet:
        tablet = Tablet(launch_chromium, tmp_path / name, address or shop.address, eye)
        made.append(tablet)
        tablet.switch_on(shop.enrolment(), **options)
        # Let in before it first asks, or it would ask again only seconds later; test_enrolment.py shows how it waits.
        tablet.page.route(WHO_AM_I, let_in_and_go_on)
        tablet.enrol(name)
        tablet.page.unroute(WHO_AM_I)
        return tablet

    yield make
    for tablet in made:
        assert tablet.notes.refusals == []
        assert tablet.notes.strangers == set()
