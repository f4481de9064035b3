"""What goes on a sheet of labels: things, their letters, their QR codes.

The code says where (`HTTPS://HOST/S/` and nine letters) and nothing about the thing: what it stands for is looked up.
How strongly a code is protected and how large it is printed depends on where it will hang: a machine's label collects
grease and is scanned from a step away, a badge stays in a wallet.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import qrcode
from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q
from sqlalchemy import Connection

from server.store import plant
from server.store.plant import Row, Thing
from sync.core.codes import grouped, url

QUIET = 4  # modules of white around a code that the standard asks for


@dataclass(frozen=True, slots=True)
class Look:
    """Protection (share of a code that may be lost: M 15 %, Q 25 %, H 30 %) and side length without the white."""

    protection: int
    side_mm: int


LOOKS = {
    "order": Look(ERROR_CORRECT_Q, 25),
    "operation": Look(ERROR_CORRECT_M, 18),
    "machine": Look(ERROR_CORRECT_H, 40),
    "person": Look(ERROR_CORRECT_M, 25),
    "item": Look(ERROR_CORRECT_M, 25),
    "reason": Look(ERROR_CORRECT_M, 25),
    "activity": Look(ERROR_CORRECT_M, 25),
}

# What can be asked for -> kind of label. Operations are asked for by their orders.
CHOICES = {
    "orders": "order",
    "operations": "operation",
    "badges": "person",
    "machines": "machine",
    "items": "item",
    "reasons": "reason",
    "activities": "activity",
}
ALL = "*"


class NothingToPrint(LookupError):
    """Codes that were asked for and are not known here, or orders without operations."""

    def __init__(self, codes: Sequence[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


@dataclass(frozen=True, slots=True)
class Label:
    """One label. `title` is what it is called, `lines` what else helps to tell it from its neighbours."""

    kind: str
    title: str
    lines: tuple[str, ...]
    code: str
    letters: str
    drawing: Markup


def make(
    connection: Connection,
    site: str,
    wanted: Mapping[str, Collection[str]],
    base: str,
    *,
    name_of: Callable[[Mapping[str, str]], str],
    anew: bool = False,
) -> list[Label]:
    """The labels of what is wanted, by choice: codes, or ALL. `name_of` picks a name by language.

    Things without letters get some. `anew` withdraws the letters badges had, for one that was lost. Raises
    NothingToPrint.
    """
    shown: dict[Thing, Found] = {}
    missing: list[str] = []
    for choice, codes in wanted.items():
        found = find(connection, site, choice, name_of, None if ALL in codes else codes)
        missing += sorted(set(codes) - {ALL} - {line.code for line in found})
        shown.update({line.thing: line for line in found})
    if missing:
        raise NothingToPrint(missing)
    if anew:
        plant.withdraw_codes(connection, site, [thing for thing in shown if thing[0] == "person"])
    letters = plant.codes_for(connection, site, shown)
    return [
        Label(thing[0], line.title, line.lines, letters[thing], grouped(letters[thing]),
              draw(url(base, letters[thing]), LOOKS[thing[0]]))
        for thing, line in shown.items()
    ]  # fmt: skip


def draw(text: str, look: Look) -> Markup:
    """A QR code as an <svg> of its size in millimetres, white around it included."""
    code = qrcode.QRCode(error_correction=look.protection, border=QUIET)
    code.add_data(text)
    code.make()
    matrix = code.get_matrix()
    path = "".join(
        f"M{start} {y}h{end - start}v1h{start - end}z" for y, row in enumerate(matrix) for start, end in _runs(row)
    )
    size = len(matrix)
    side = look.side_mm * size / (size - 2 * QUIET)
    return Markup(
        '<svg class="qr" xmlns="http://www.w3.org/2000/svg" width="{side}mm" height="{side}mm" '
        'viewBox="0 0 {size} {size}" shape-rendering="crispEdges" role="img" aria-label="{text}">'
        '<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{path}"/></svg>'
    ).format(side=f"{side:.2f}", size=size, text=text, path=path)


def _runs(row: Sequence[bool | None]) -> list[tuple[int, int]]:
    """The dark stretches of a row: (first, one after the last)."""
    edges = [x for x in range(len(row) + 1) if bool(row[x] if x < len(row) else 0) != bool(row[x - 1] if x else 0)]
    return list(zip(edges[::2], edges[1::2], strict=True))


# --- the things --------------------------------------------------------------------------------------------------

_Codes = Collection[str] | None
_Named = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that can be labelled, and the code it is asked for by."""

    code: str
    thing: Thing
    title: str
    lines: tuple[str, ...] = ()


def find(connection: Connection, site: str, choice: str, name_of: _Named, codes: _Codes = None) -> list[Found]:
    """The things of a choice: those asked for, or all that are in use."""
    return _READERS[choice](connection, site, codes, name_of)


def _lines(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _open_orders(connection: Connection, site: str, codes: _Codes) -> list[Row]:
    """The orders asked for; of all, the open ones."""
    found = plant.rows(connection, site, "orders", "code", codes)
    return [row for row in found if codes is not None or row["status"] == "open"]


def _items_of(connection: Connection, site: str, orders: Sequence[Row]) -> dict[str, Row]:
    wanted = {row["item"] for row in orders if row["item"]}
    return {row["code"]: row for row in plant.rows(connection, site, "items", "code", wanted)}


def _orders(connection: Connection, site: str, codes: _Codes, name_of: _Named) -> list[Found]:
    orders = _open_orders(connection, site, codes)
    items = _items_of(connection, site, orders)
    found = []
    for row in orders:
        item = items.get(row["item"])
        quantity = f"{row['quantity']} {item['unit'] if item else ''}".strip() if row["quantity"] != "0" else ""
        article = _article(row["item"], item["name"] if item else "")
        found.append(
            Found(row["code"], ("order", row["code"], ""), row["code"], _lines(article, quantity, row["customer"]))
        )
    return found


def _article(code: str, name: str) -> str:
    return f"{code} {name}" if name and name != code else code


def _operations(connection: Connection, site: str, codes: _Codes, name_of: _Named) -> list[Found]:
    orders = _open_orders(connection, site, codes)
    items = _items_of(connection, site, orders)
    item_of = {row["code"]: items.get(row["item"]) for row in orders}
    steps = plant.rows(connection, site, "operations", "order", set(item_of))
    found = []
    for row in sorted(steps, key=lambda step: (step["order"], step["sequence"], step["number"])):
        item = item_of[row["order"]]
        title = f"{row['order']} · {_article(row['number'], row['name'])}"
        lines = _lines(item["name"] if item else "", row["work_center"])
        found.append(Found(row["order"], ("operation", row["order"], row["number"]), title, lines))
    return found


def _badges(connection: Connection, site: str, codes: _Codes, name_of: _Named) -> list[Found]:
    """People by number or key; the number itself is not printed: a badge lies about."""
    everybody = plant.rows(connection, site, "people")
    found = []
    for row in everybody:
        asked = next((mark for mark in (row["number"], row["key"]) if codes is not None and mark in codes), None)
        if asked or (codes is None and row["active"]):
            found.append(Found(asked or row["key"], ("person", row["key"], ""), row["name"]))
    return sorted(found, key=lambda person: person.title)


def _machines(connection: Connection, site: str, codes: _Codes, name_of: _Named) -> list[Found]:
    return [
        Found(row["code"], ("machine", row["code"], ""), row["code"],
         _lines(row["name"] if row["name"] != row["code"] else "", row["work_center"]))
        for row in plant.rows(connection, site, "machines", "code", codes)
    ]  # fmt: skip


def _items(connection: Connection, site: str, codes: _Codes, name_of: _Named) -> list[Found]:
    return [
        Found(row["code"], ("item", row["code"], ""), row["code"], _lines(row["name"], row["unit"]))
        for row in plant.rows(connection, site, "items", "code", codes)
    ]


def _reasons(connection: Connection, site: str, codes: _Codes, name_of: _Named) -> list[Found]:
    return [
        Found(row["code"], ("reason", row["code"], ""), name_of(json.loads(row["name"])), _lines(row["code"]))
        for row in plant.rows(connection, site, "reasons", "code", codes)
    ]


def _activities(connection: Connection, site: str, codes: _Codes, name_of: _Named) -> list[Found]:
    return [
        Found(row["code"], ("activity", row["code"], ""), name_of(json.loads(row["name"])), _lines(row["code"]))
        for row in plant.rows(connection, site, "activities", "code", codes)
    ]


_READERS: dict[str, Callable[[Connection, str, _Codes, _Named], list[Found]]] = {
    "orders": _orders,
    "operations": _operations,
    "badges": _badges,
    "machines": _machines,
    "items": _items,
    "reasons": _reasons,
    "activities": _activities,
}
