"""Sites: one time zone, one currency, one ledger each."""

from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select

from server.store.tables import LedgerHead, Site
from sync.ledger.chain import GENESIS


def create_site(connection: Connection, code: str, *, name: str, zone: str, currency: str, language: str = "en") -> str:
    """A new site with an empty ledger; returns the lineage of its history."""
    lineage = str(uuid4())
    connection.execute(
        insert(Site).values(code=code, name=name, zone=zone, currency=currency, language=language, lineage=lineage)
    )
    connection.execute(insert(LedgerHead).values(site=code, position=0, batch=0, hash=GENESIS))
    return lineage


def find_site(connection: Connection, code: str) -> Row[tuple[str, str, str, str, str, str]] | None:
    """(code, name, zone, currency, language, lineage), or None."""
    columns = select(Site.code, Site.name, Site.zone, Site.currency, Site.language, Site.lineage)
    return connection.execute(columns.where(Site.code == code)).one_or_none()


def list_sites(connection: Connection) -> list[str]:
    """The codes of all sites."""
    return list(connection.scalars(select(Site.code).order_by(Site.code)))
