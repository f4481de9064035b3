"""Sites: one time zone, one currency, one ledger each; and what phones may do there."""

import json
import re
from dataclasses import asdict, dataclass, fields
from uuid import uuid4
from zoneinfo import available_timezones

from sqlalchemy import Connection, bindparam, insert, select, update

from server.store import tables
from server.store.names import HOW, How
from sync.core.canonical import dump
from sync.core.money import is_currency
from sync.ledger.chain import GENESIS


@dataclass(frozen=True, slots=True)
class Site:
    """A site as its table has it; `zone` is a name, `lineage` names this continuous history of its ledger."""

    code: str
    name: str
    zone: str
    currency: str
    language: str
    lineage: str


def create_site(connection: Connection, code: str, *, name: str, zone: str, currency: str, language: str = "en") -> str:
    """A new site with an empty ledger; returns the lineage of its history.

    Raises ValueError for a code or name that is empty or too long, an unknown zone, or no ISO 4217 currency code.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", code):
        raise ValueError("a site's code has 1 to 64 letters, digits, _ or -")
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise ValueError("a site's name has 1 to 200 characters")
    if zone not in available_timezones():
        raise ValueError(f"{zone!r} is no time zone such as Europe/Paris")
    if not is_currency(currency):
        raise ValueError(f"{currency!r} is no currency code such as EUR")
    lineage = str(uuid4())
    connection.execute(
        insert(tables.Site).values(
            code=code, name=name, zone=zone, currency=currency, language=language, lineage=lineage
        )
    )
    connection.execute(insert(tables.LedgerHead).values(site=code, position=0, batch=0, hash=GENESIS))
    return lineage


_FIND_SITE = select(*(getattr(tables.Site, field.name) for field in fields(Site))).where(
    tables.Site.code == bindparam("code")
)


def find_site(connection: Connection, code: str) -> Site | None:
    """The site of that code, or None."""
    row = connection.execute(_FIND_SITE, {"code": code}).one_or_none()
    return None if row is None else Site(*row)


def list_sites(connection: Connection) -> list[str]:
    """The codes of all sites."""
    return list(connection.scalars(select(tables.Site.code).order_by(tables.Site.code)))


# --- what phones may do ------------------------------------------------------------------------------------------

AWAY_MINUTES = (1, 60)


@dataclass(frozen=True, slots=True)
class Floor:
    """How work is captured at a site: whether time may be typed instead of clocked, whether operators see money at
    standard cost, whether number and PIN do for a badge, whether names may be picked from a list, after how many
    minutes without a touch a shared device forgets who held it, and what people are called where others look on."""

    typed_time: bool = False
    standard_cost: bool = False
    pin: bool = False
    fast_switch: bool = True
    away_minutes: int = 5
    names: How = "short"

    def __post_init__(self) -> None:
        """Raise ValueError for minutes nobody can work with, and for names nobody knows."""
        if self.names not in HOW:
            raise ValueError(f"one of {', '.join(HOW)}")
        if not AWAY_MINUTES[0] <= self.away_minutes <= AWAY_MINUTES[1]:
            raise ValueError(f"{AWAY_MINUTES[0]} to {AWAY_MINUTES[1]} minutes")


def floor(connection: Connection, code: str) -> Floor:
    """The floor settings of a site; the defaults where nobody chose."""
    text = connection.scalar(select(tables.Site.floor).where(tables.Site.code == code))
    return read_floor(text or "{}")


def read_floor(text: str) -> Floor:
    """The settings as stored; what a newer program stored besides is left alone."""
    known = {field.name for field in fields(Floor)}
    return Floor(**{name: value for name, value in json.loads(text).items() if name in known})


def set_floor(connection: Connection, code: str, chosen: Floor) -> None:
    """Make these the floor settings of a site; phones learn them with their next reference data."""
    connection.execute(update(tables.Site).where(tables.Site.code == code).values(floor=dump(asdict(chosen))))
