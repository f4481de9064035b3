"""Whose things a view touches: the object rules that `access(objects=...)` names.

Where an address names one thing, its rule is kept before the view runs: a thing of another site, one outside the
caller's reach and one that is not there get the same answer, so that nobody learns what exists elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask_babel import gettext
from sqlalchemy import Connection

from server.extensions import now
from server.problems import Problem
from server.store import entries, invitations, people, plant, teams, two_people, wages

if TYPE_CHECKING:
    from server.auth.access import Principal

# Whether a thing of that name is the caller's to see.
Look = Callable[[Connection, "Principal", str], bool]


@dataclass(frozen=True, slots=True)
class ObjectRule:
    """One rule. `says`: in words, for the documentation. `look`: kept before the view, for the place of the address
    that is called one of `places`; `unknown` and `sentence` are the answer where it fails."""

    says: str
    look: Look | None = None
    places: tuple[str, ...] = ()
    unknown: str = "request.not_found"
    sentence: str = ""

    def check(self, connection: Connection, who: Principal, values: Mapping[str, Any]) -> None:
        """Raise the problem of a thing that is not there, or not the caller's."""
        value = next((str(values[place]) for place in self.places if place in values), None)
        if self.look is None or (value is not None and self.look(connection, who, value)):
            return
        named = (value or "")[:100]  # it may be as long as an address
        raise Problem(
            self.unknown, gettext(self.sentence, code=named, id=named, position=named) if self.sentence else ""
        )


def _order(connection: Connection, who: Principal, code: str) -> bool:
    return bool(plant.rows(connection, who.site, "orders", "code", [code]))


def _fact(connection: Connection, who: Principal, identity: str) -> bool:
    return teams.has_fact(connection, who.site, who.reach, identity)


def _entry(connection: Connection, who: Principal, position: str) -> bool:
    return len(position) <= 18 and entries.one(connection, who.site, int(position)) is not None


def _person(connection: Connection, who: Principal, key: str) -> bool:
    return teams.has_person(connection, who.site, who.reach, key)


def _user(connection: Connection, who: Principal, name: str) -> bool:
    return people.find_user(connection, who.site, name) is not None


def _link(connection: Connection, who: Principal, name: str) -> bool:
    return name in invitations.open_links(connection, who.site, now())


def _request(connection: Connection, who: Principal, identity: str) -> bool:
    return two_people.find(connection, who.site, identity, now()) is not None


def _device(connection: Connection, who: Principal, identity: str) -> bool:
    return people.device_of_id(connection, who.site, identity) is not None


def _proposal(connection: Connection, who: Principal, identity: str) -> bool:
    return wages.one(connection, who.site, identity) is not None


def _token(connection: Connection, who: Principal, identity: str) -> bool:
    found = next((token for token in people.list_tokens(connection, who.site) if token.id == identity), None)
    return found is not None and (who.has("admin") or found.created_by == who.user)


RULES: dict[str, ObjectRule] = {
    "none": ObjectRule("Nothing that is anybody's: parts of the program, forms, choices of this browser."),
    "own": ObjectRule("The caller's own: sign-in, device, what it sent."),
    "site": ObjectRule("What the caller's site has, and nothing of another."),
    "order": ObjectRule("One order of the caller's site.", _order, ("code",),
                        sentence="No order has the code %(code)s."),
    "fact": ObjectRule("One fact of the caller's site and teams.", _fact, ("identity", "event_id", "call"),
                       sentence="No fact has the id %(id)s."),
    "entry": ObjectRule("One entry of the caller's site.", _entry, ("position",),
                        sentence="No entry stands at %(position)s."),
    "person": ObjectRule("One person of the caller's site and teams.", _person, ("key",), "person.unknown"),
    "user": ObjectRule("One user of the caller's site.", _user, ("name",), "user.unknown"),
    "link": ObjectRule("One open link of the caller's site, by the name it is for.", _link, ("name",), "user.unknown"),
    "request": ObjectRule("One open request for consent at the caller's site.", _request, ("identity",),
                          "user.request_gone"),
    "device": ObjectRule("One device of the caller's site.", _device, ("identity",), "device.unknown"),
    "token": ObjectRule("One token of the caller's site; of an administrator any, of others one they made.", _token,
                        ("token",), "token.unknown"),
    "proposal": ObjectRule("One proposed rate of the caller's site.", _proposal, ("identity",), "wages.unknown"),
}  # fmt: skip
