"""What is stored sealed (`server.vault`), sealed anew: the columns say themselves for what purpose."""

from collections.abc import Callable

from sqlalchemy import Connection, select, update

from server.store.tables import Base

# What is stored, and its purpose -> the same, sealed anew.
Reseal = Callable[[str, str], str]


def renew(connection: Connection, reseal: Reseal) -> int:
    """Seal everything anew; how many there were. Raises what `reseal` raises, then nothing has changed."""
    renewed = 0
    for table in Base.metadata.sorted_tables:
        keys = list(table.primary_key.columns)
        for column in table.columns:
            purpose = column.info.get("sealed")
            if not purpose:
                continue
            for row in connection.execute(select(*keys, column.label("_sealed")).where(column != "")).all():
                its = (key == row._mapping[key.name] for key in keys)
                connection.execute(update(table).where(*its).values({column.name: reseal(row._sealed, purpose)}))
                renewed += 1
    return renewed
