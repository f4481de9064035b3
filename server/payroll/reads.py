"""Who looked at wages, who changed them: a month's summary from the audit trail, for whoever answers for wages."""

from sqlalchemy import Connection

from server.payroll.paid import after, first_of
from server.store import audit, plant
from sync.core.clock import midnight

# What it tells, in its order.
ACTIONS = ("rate.read", "rate.proposed", "rate.approved", "rate.declined", "rate.withdrawn", "rate.published")


def summary(connection: Connection, site: str, period: str) -> list[tuple[str, str, str, str, int]]:
    """(who, action, about what, why, how often) of a month, by who and action."""
    zone = plant.site(connection, site).zone
    since = first_of(period)
    counted: dict[tuple[str, str, str, str], int] = {}
    for action in ACTIONS:
        search = audit.Search({"wage"}, action=action, since=midnight(since, zone),
                              until=midnight(after(since), zone))  # fmt: skip
        for line in audit.lines(connection, site, search):
            scope = line.subject if action == "rate.read" else ""
            place = line.actor, action, scope, line.details.get("why", "")
            counted[place] = counted.get(place, 0) + 1
    return [(*place, number) for place, number in sorted(counted.items())]
