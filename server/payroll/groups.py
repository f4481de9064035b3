"""Means of rate groups: of whom, whether they may be published, and what the book uses now."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import gettext
from sqlalchemy import Connection

from server.auth import wages
from server.store import plant
from server.store.wages import of_state
from sync.costing.rates import RateTable
from sync.costing.wages import FEWEST, Mean, OwnRates, mean_of


@dataclass(frozen=True, slots=True)
class Group:
    """A rate group on a day: its mean (None: nobody in it has a rate), how many people are in it, and the rate that
    entries use (None: none)."""

    code: str
    people: int
    mean: Mean | None
    used: Decimal | None


def groups(connection: Connection, site: str, day: date) -> list[Group]:
    """Every rate group somebody is in who has not left."""
    own = wages.in_force(connection, site)
    published = [wages.members(row) for row in of_state(connection, site, "approved", "group")]
    currency, table = plant.site(connection, site).currency, RateTable(plant.rates(connection, site))
    found = []
    for code, people in sorted(_people(connection, site).items()):
        members = _members(own, people, day)
        used = table.find("labor", "rate_group", code, day)
        mean = mean_of(members, published, currency) if members else None
        found.append(Group(code, len(people), mean, used.amount if used else None))
    return found


def refusal(connection: Connection, site: str, members: Mapping[str, Decimal]) -> str | None:
    """Why the mean of these people may not be published by now; None when it may."""
    published = [wages.members(row) for row in of_state(connection, site, "approved", "group")]
    return mean_of(members, published, plant.site(connection, site).currency).reason


def _people(connection: Connection, site: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in plant.rows(connection, site, "people"):
        if row["rate_group"] and row["active"]:
            found[row["rate_group"]].append(row["key"])
    return found


def _members(own: OwnRates, people: list[str], day: date) -> dict[str, Decimal]:
    rates = ((person, own.find(person, day)) for person in people)
    return {person: rate.amount for person, rate in rates if rate}


def sentence(reason: str) -> str:
    """Why a mean may not be published."""
    return {
        "few": gettext("Fewer than %(fewest)s people of this group have a rate.", fewest=FEWEST),
        "one_above_half": gettext("One of them has more than half of the sum."),
        "few_changed": gettext(
            "Fewer than %(fewest)s people differ from a mean that is published: the difference of the two would tell "
            "what they earn.", fewest=FEWEST
        ),
        "tells_one": gettext("Together with the means that are published it would tell the rate of one person."),
    }[reason]  # fmt: skip
