"""What can carry a label: the things of the plant by choice, and what a person reads beside their code."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import gettext
from sqlalchemy import Connection

from server import figures
from server.labels.words import WORDS
from server.store import people, plant, teams
from server.store.plant import Row, Thing
from server.store.teams import Reach

Codes = Collection[str] | None
Named = Callable[[Mapping[str, str]], str]

# What can be asked for -> kind of label. Operations are asked for by their orders, routes (an order and its operations)
# likewise, lots as ITEM=LOT.
CHOICES = {
    "orders": "order",
    "operations": "operation",
    "routes": "operation",
    "badges": "person",
    "machines": "machine",
    "work_centers": "work_center",
    "locations": "location",
    "devices": "device",
    "items": "item",
    "lots": "lot",
    "words": "word",
    "reasons": "reason",
    "activities": "activity",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that can be labelled, and the code it is asked for by. `title` is what it is called, `lines` what else
    helps to tell it from its neighbours; `about`: single facts for sheets with a form of their own."""

    code: str
    thing: Thing
    title: str
    lines: tuple[str, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)


def find(
    connection: Connection, site: str, choice: str, name_of: Named, codes: Codes = None, reach: Reach = None
) -> list[Found]:
    """The things of a choice: those asked for, or all that are in use. `name_of` picks a name by language; a badge lets
    somebody in, so whoever sees some people only finds the badges of these."""
    found = _READERS[choice](connection, site, codes, name_of)
    if choice != "badges" or reach is None:
        return found
    inside = teams.people(connection, site, reach, [one.thing[1] for one in found])
    return [one for one in found if one.thing[1] in inside]


def _lines(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _called(code: str, name: str) -> str:
    return f"{code} {name}" if name and name != code else code


def _open_orders(connection: Connection, site: str, codes: Codes) -> list[Row]:
    """The orders asked for; of all, the open ones."""
    found = plant.rows(connection, site, "orders", "code", codes)
    return [row for row in found if codes is not None or row["status"] == "open"]


def _items_of(connection: Connection, site: str, orders: Sequence[Row]) -> dict[str, Row]:
    wanted = {row["item"] for row in orders if row["item"]}
    return {row["code"]: row for row in plant.rows(connection, site, "items", "code", wanted)}


def _orders(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    orders = _open_orders(connection, site, codes)
    items = _items_of(connection, site, orders)
    found = []
    for row in orders:
        item = items.get(row["item"])
        article = _called(row["item"], item["name"] if item else "")
        quantity = figures.quantity(row["quantity"], item["unit"] if item else "") if row["quantity"] != "0" else ""
        # A day is not broken over two lines.
        day = figures.day(row["due_on"]).replace(" ", "\N{NO-BREAK SPACE}")
        due = gettext("due %(day)s", day=day) if row["due_on"] else ""
        lines = _lines(article, " · ".join(_lines(quantity, due)), row["customer"])
        found.append(Found(row["code"], ("order", row["code"], ""), row["code"], lines))
    return found


def _operations(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    orders = _open_orders(connection, site, codes)
    items = _items_of(connection, site, orders)
    item_of = {row["code"]: items.get(row["item"]) for row in orders}
    centers = {row["code"]: row["name"] for row in plant.rows(connection, site, "work_centers")}
    steps = plant.rows(connection, site, "operations", "order", set(item_of))
    found = []
    for row in sorted(steps, key=lambda step: (step["order"], step["sequence"], step["number"])):
        item, center = item_of[row["order"]], row["work_center"]
        about = {
            "number": row["number"],
            "name": row["name"],
            "work_center": _called(center, centers.get(center, "")),
            "setup": row["standard_setup_min"],
            "run": row["standard_run_min"],
        }
        lines = _lines(row["name"], about["work_center"], item["name"] if item else "")
        title = f"{row['order']} · {row['number']}"
        found.append(Found(row["order"], ("operation", row["order"], row["number"]), title, lines, about))
    return found


def _routes(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    """Orders, then the operations of these; an order without any is found as well."""
    return [*_orders(connection, site, codes, name_of), *_operations(connection, site, codes, name_of)]


def _badges(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    """People by number or key; the number itself is not printed: a badge lies about."""
    everybody = plant.rows(connection, site, "people")
    found = []
    for row in everybody:
        asked = next((mark for mark in (row["number"], row["key"]) if codes is not None and mark in codes), None)
        if asked or (codes is None and row["active"]):
            found.append(Found(asked or row["key"], ("person", row["key"], ""), row["name"]))
    return sorted(found, key=lambda person: person.title)


def _machines(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    centers = {row["code"]: row["name"] for row in plant.rows(connection, site, "work_centers")}
    return [
        Found(row["code"], ("machine", row["code"], ""), row["code"],
              _lines(_name(row), _called(row["work_center"], centers.get(row["work_center"], ""))))
        for row in plant.rows(connection, site, "machines", "code", codes)
    ]  # fmt: skip


def _places(kind: str, rows: str) -> "_Reader":
    def read(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
        return [
            Found(row["code"], (kind, row["code"], ""), row["code"], _lines(_name(row)))
            for row in plant.rows(connection, site, rows, "code", codes)
        ]

    return read


def _name(row: Row) -> str:
    return str(row["name"]) if row["name"] != row["code"] else ""


def _devices(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    """Tablets and phones that may send, by id or name."""
    found = []
    for device in people.list_devices(connection, site):
        asked = next((mark for mark in (device.id, device.name) if codes is not None and mark in codes), None)
        if device.revoked_at is None and (codes is None or asked):
            found.append(Found(asked or device.id, ("device", device.id, ""), device.name))
    return found


def _items(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    return [
        Found(row["code"], ("item", row["code"], ""), row["code"], _lines(_name(row), row["unit"]))
        for row in plant.rows(connection, site, "items", "code", codes)
    ]


def _lots(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    """Lots are known by their labels only: any lot of a known item can be asked for."""
    items = {row["code"]: row for row in plant.rows(connection, site, "items")}
    if codes is None:
        asked = {f"{item}={lot}": (item, lot) for item, lot in plant.lots(connection, site) if item in items}
    else:
        # An item's code may hold the sign itself: the longest known one counts.
        asked = {code: split for code in codes if (split := _item_and_lot(code, items))}
    return [
        Found(code, ("lot", item, lot), lot, _lines(_called(item, items[item]["name"])))
        for code, (item, lot) in sorted(asked.items(), key=lambda line: line[1])
    ]


def _item_and_lot(code: str, items: Collection[str]) -> tuple[str, str] | None:
    places = [place for place, sign in enumerate(code) if sign == "=" and code[:place] in items]
    return (code[: places[-1]], code[places[-1] + 1 :]) if places and plant.is_lot(code[places[-1] + 1 :]) else None


def _words(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
    return [
        Found(ref, ("word", ref, ""), str(word.name), about={"sign": word.sign})
        for ref, word in WORDS.items()
        if codes is None or ref in codes
    ]


def _named(kind: str, rows: str) -> "_Reader":
    def read(connection: Connection, site: str, codes: Codes, name_of: Named) -> list[Found]:
        return [
            Found(row["code"], (kind, row["code"], row.get("kind", "")), name_of(json.loads(row["name"])),
                  _lines(row["code"]), {"group": row.get("kind", "")})
            for row in plant.rows(connection, site, rows, "code", codes)
        ]  # fmt: skip

    return read


_Reader = Callable[[Connection, str, Codes, Named], list[Found]]
_READERS: dict[str, _Reader] = {
    "orders": _orders,
    "operations": _operations,
    "routes": _routes,
    "badges": _badges,
    "machines": _machines,
    "work_centers": _places("work_center", "work_centers"),
    "locations": _places("location", "locations"),
    "devices": _devices,
    "items": _items,
    "lots": _lots,
    "words": _words,
    "reasons": _named("reason", "reasons"),
    "activities": _named("activity", "activities"),
}
