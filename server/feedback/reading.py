"""What the reader may see: how money is valued, and what people are called."""

from collections.abc import Collection

from flask_babel import gettext
from sqlalchemy import Connection

from server.auth.access import current
from server.store import people as callers
from server.store import plant, sites
from server.store.names import called
from server.store.order_cost import Valuation

# Whoever runs the floor, keeps the reference data or pays people knows them by name.
KNOW_PEOPLE = ("lead", "admin", "payroll", "auditor")
# Whoever reads entries.
FINANCE = ("accountant", "payroll", "auditor")


def valuation() -> Valuation:
    """Actual labor cost is finance's: hours at the rates of groups, no entry holds a rate of one person. Everybody else
    sees hours at the published standard rate."""
    return "actual" if current.kind == "token" or current.has(*FINANCE) else "standard_rate"


def people(connection: Connection, keys: Collection[str], *, shared: bool = False) -> dict[str, str]:
    """What to call people, by key; on a screen others look at (`shared`) as the site chose. A cost accountant reads a
    person's part in the plant, not the name; whoever sees some departments only, nothing of other people. Who states a
    fact at a desk stands as `user:` and a sign-in name."""
    at_desks = {key for key in keys if key.startswith("user:")}
    if at_desks:
        users = {f"user:{user.name}"[:64]: user.display_name for user in callers.list_users(connection, current.site)}
        others = people(connection, set(keys) - at_desks, shared=shared)
        return others | {key: users.get(key, key[5:]) for key in at_desks}
    if not keys:
        return {}
    rows = plant.rows(connection, current.site, "people", "key", keys)
    if current.reach is not None:
        others = {row["key"]: gettext("Another team") for row in rows if row["department"] not in current.reach}
        rows = [row for row in rows if row["key"] not in others]
    else:
        others = {}
    if shared and current.has(*KNOW_PEOPLE):
        # Among everybody, so that who shares initials is told apart as on the tablets.
        among = {row["key"]: row for row in plant.rows(connection, current.site, "people") if row["active"]}
        among |= {row["key"]: row for row in rows}
        known = called(among.values(), sites.floor(connection, current.site).names)
        return others | {row["key"]: known[row["key"]][0] or gettext("Name erased") for row in rows}
    if current.has(*KNOW_PEOPLE):
        return others | {row["key"]: row["name"] or gettext("Name erased") for row in rows}
    departments = {row["code"]: row["name"] for row in plant.rows(connection, current.site, "departments")}
    return others | {
        row["key"]: " · ".join(
            part for part in (departments.get(row["department"], row["department"]), row["rate_group"]) if part
        )
        or gettext("Operator")
        for row in rows
    }
