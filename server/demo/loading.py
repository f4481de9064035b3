"""Filling the demo plant through the same doors as a real one.

`load` makes the site, its people and their passwords, then plays two invented weeks: each delivery goes through intake
at the hour it came, and the worker posts every few hours, so the ledger has a history of its own, reversals included.
Who may sign in is told once and kept in `demo-access.json` beside the keys, so that a restart can tell it again. The
same file says how far loading came: one that was interrupted goes on with the same seed and hour, and what is there
already stays as it is.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from server import worker
from server.auth.credentials import digest, make_secret
from server.auth.passwords import hash_password
from server.demo import plant as invented
from server.demo.chronicle import DESK, ERP, GATEWAY, HOUR, MINUTE
from server.demo.delivery import OFFLINE_PHONE, Delivery
from server.demo.simulation import Story, simulate
from server.extensions import system_clock
from server.intake.accept import Sender, accept, keep_notes
from server.intake.photos import accept_photo
from server.settings import Settings
from server.store import people, plant
from server.store.database import read, write
from server.store.sites import Floor, create_site, find_site, set_floor
from server.terminal import gettext as _
from sync.core.clock import local_date, to_instant

ACCESS_FILE = "demo-access.json"
AFTERNOON = time(15, 10)
"""The hour at which a demo stops that was asked for another day than today."""
TURN_EVERY_MS = 3 * HOUR
"""How often the worker posts in the invented weeks."""
YEAR_MS = 365 * 86_400_000
VERSION = "demo"
"""What the invented devices run."""

USERS = {
    "lead": ("Nadia Ferreira", ("lead",)),
    "accountant": ("Hélène Vidal", ("accountant",)),
    "payroll": ("Marc Tessier", ("payroll",)),
    "admin": ("Inès Marchetti", ("admin",)),
}
TOKENS = {
    GATEWAY: ("events:write", "reference:read"),
    ERP: ("events:write", "reference:read", "reference:write", "entries:read", "events:read"),
}

Progress = Callable[[float, str], None]


class DemoRefused(ValueError):
    """The demo cannot be loaded here. The text is a sentence for an administrator."""


@dataclass(frozen=True, slots=True)
class DemoAccess:
    """Who may come in: users as (name, password, roles), tokens as (name, secret)."""

    site: str
    users: tuple[tuple[str, str, tuple[str, ...]], ...]
    tokens: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Load:
    """A load, done or under way: what it was asked for and who may come in."""

    seed: int
    now: int
    lineage: str
    done: bool
    access: DemoAccess


def load(
    engine: Engine,
    settings: Settings,
    progress: Progress = lambda done, words: None,
    *,
    seed: int = 7,
    today: date | None = None,
) -> DemoAccess:
    """Fill the empty, migrated database with the demo plant and cost its facts; about half a minute.

    `progress` hears how much is done (0 to 1) and what is under way. `today`: another last day than the clock's. A demo
    that is there already is left as it is. Raises DemoRefused where another plant is.
    """
    zone = ZoneInfo(invented.ZONE)
    kept = _read(settings)
    with read(engine) as connection:
        row = find_site(connection, settings.site)
    if row is not None and (kept is None or kept.lineage != row.lineage):
        raise DemoRefused(_("A plant is here already, and it is not the demo. Give the demo another --data-dir."))
    if row is None or kept is None:
        now = system_clock() if today is None else to_instant(datetime.combine(today, AFTERNOON, zone))
        kept = _Load(seed, now, "", False, _new_access(settings.site))
    if kept.done:
        return kept.access
    progress(0.0, _("Inventing two weeks"))
    demo = invented.build(kept.seed, local_date(kept.now, zone))
    story = simulate(demo, kept.now, kept.seed)
    if row is None:
        progress(0.03, _("Setting up the plant"))
        with write(engine) as connection:
            lineage = create_site(
                connection, settings.site, name=invented.NAME, zone=invented.ZONE, currency=invented.CURRENCY,
                language=invented.LANGUAGE,
            )  # fmt: skip
            kept = replace(kept, lineage=lineage)
            _set_up(connection, settings, kept, demo, story)
            # Before the commit: no plant without its passwords. A file without its plant is simply made anew.
            _keep(settings, kept)
    with read(engine) as connection:
        senders = _senders(connection, settings.site)
    _play(engine, settings, story, senders, progress)
    progress(0.98, _("Closing finished orders"))
    with write(engine) as connection:
        closed = [{"code": code, "status": "closed"} for code in story.finished]
        plant.put(connection, settings.site, "orders", closed)
        _last_word(connection, kept)
    _keep(settings, replace(kept, done=True))
    progress(1.0, _("The demo plant is ready"))
    return kept.access


def _set_up(connection: Connection, settings: Settings, load: _Load, demo: invented.DemoPlant, story: Story) -> None:
    """Everything but facts, as it would have been made on the first morning."""
    site, began = load.access.site, story.began_at - HOUR
    rows = demo.rows()
    for kind, some in rows.items():
        plant.put(connection, site, kind, some)
    plant.codes_for(connection, site, invented.labels(rows))
    set_floor(connection, site, Floor(typed_time=True, standard_cost=True))
    for name, password, roles in load.access.users:
        people.create_user(
            connection, site, name, display_name=USERS[name][0], password_hash=hash_password(settings, password, name),
            roles=roles,
        )  # fmt: skip
    for name, secret in load.access.tokens:
        token = people.NewToken(name, digest(secret), frozenset(TOKENS[name]), load.now + YEAR_MS)
        people.create_token(connection, site, token, began)
    for name in story.devices:
        # Nobody holds these devices' secrets: what they had to send is sent.
        people.create_device(connection, site, name, digest(make_secret("fld_")), began)


def _last_word(connection: Connection, load: _Load) -> None:
    """What devices said of themselves when they were last heard: those in use just now, also without a capture; one
    phone is out of reach and holds facts."""
    site = load.access.site
    for device in people.list_devices(connection, site):
        held, since = (4, load.now - 31 * MINUTE) if device.name == OFFLINE_PHONE else (0, None)
        people.report_device(connection, site, device.id, waiting=held, waiting_since=since, version=VERSION)
        if held or load.now - (device.seen_at or 0) < 4 * HOUR:
            people.touch_device(connection, site, device.id, load.now - (33 * MINUTE if held else 0))


def _senders(connection: Connection, site: str) -> dict[str, Sender]:
    """Devices, programs and the desk of the demo by name, as intake sees them."""
    senders = {device.name: Sender(device.id, is_device=True) for device in people.list_devices(connection, site)}
    senders |= {token.name: Sender(token.id) for token in people.list_tokens(connection, site)}
    return senders | {DESK: Sender(people.user_sender(site, "lead"))}


def _play(engine: Engine, settings: Settings, story: Story, senders: Mapping[str, Sender], progress: Progress) -> None:
    """Send every delivery at its hour and post in between."""
    site, key = settings.site, settings.ledger_key()
    first, last = story.deliveries[0].sent_at, story.deliveries[-1].sent_at
    for turn_at, lot in _lots(story.deliveries):
        with write(engine) as connection:
            for delivery in lot:
                accept(connection, site, senders[delivery.sender], delivery.events, delivery.sent_at)
                if delivery.notes:
                    keep_notes(connection, site, delivery.notes, delivery.events)
                for event_id, (salt, jpeg) in delivery.photos.items():
                    accept_photo(connection, site, event_id, salt, jpeg, delivery.sent_at)
        clock = min(turn_at, last)
        while worker.turn(engine, site, key, clock=lambda clock=clock: clock).facts:  # type: ignore[misc]
            pass
        progress(0.05 + 0.92 * (clock - first) / (last - first), _("Working through two weeks"))
    worker.drain(engine, site, key)


def _lots(deliveries: list[Delivery]) -> Iterator[tuple[int, list[Delivery]]]:
    """Deliveries between two turns of the worker, with the hour of the turn; empty hours are skipped."""
    lot: list[Delivery] = []
    for delivery in deliveries:
        if lot and delivery.sent_at - lot[0].sent_at > TURN_EVERY_MS:
            yield lot[0].sent_at + TURN_EVERY_MS, lot
            lot = []
        lot.append(delivery)
    yield lot[0].sent_at + TURN_EVERY_MS, lot


# --- who may come in ---------------------------------------------------------------------------------------------

_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for another


def _new_access(site: str) -> DemoAccess:
    def password() -> str:
        return "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4))

    users = tuple((name, password(), roles) for name, (_, roles) in USERS.items())
    return DemoAccess(site, users, tuple((name, make_secret("flt_")) for name in TOKENS))


def _read(settings: Settings) -> _Load | None:
    """The load this folder knows of. Raises DemoRefused when its file cannot be understood."""
    path = settings.data_dir / ACCESS_FILE
    if not path.exists():
        return None
    try:
        told = json.loads(path.read_text())
        access = told["access"]
        users = tuple((name, password, tuple(roles)) for name, password, roles in access["users"])
        tokens = tuple((name, secret) for name, secret in access["tokens"])
        return _Load(
            told["seed"], told["now"], told["lineage"], told["done"], DemoAccess(access["site"], users, tokens)
        )
    except (ValueError, KeyError, TypeError) as wrong:
        raise DemoRefused(_("%(path)s cannot be read; remove the demo's folder and start again.", path=path)) from wrong


def _keep(settings: Settings, load: _Load) -> None:
    """Write the load down, readable by its owner only, whole or not at all."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / ACCESS_FILE
    made = path.with_name(f".{ACCESS_FILE}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(load), file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    made.replace(path)
