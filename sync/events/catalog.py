"""The catalogue of all types of fact: find them, read one, describe them.

Every module of this folder is imported and must define at least one type; nothing else needs an edit when a file is
added. Old versions are never removed, so a tablet that slept for a year is still understood.
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import marshmallow

import sync.events
from sync.core.canonical import BadJson, check
from sync.events.base import TYPES, BadValue, Event, Wire

PROTOCOL = 1

for _module in pkgutil.iter_modules(sync.events.__path__):
    importlib.import_module(f"{sync.events.__name__}.{_module.name}")


class EventRefused(ValueError):
    """An event that is malformed or of an unknown type. `code` is stable, `pointer` names the field; `sentence` is a
    msgid with `{name}` places that `params` fill."""

    def __init__(self, code: str, sentence: str, pointer: str = "", **params: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.pointer, self.params = code, sentence, pointer, params

    @property
    def detail(self) -> str:
        """The sentence in English."""
        text = self.sentence
        for name, value in self.params.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def load(raw: Any) -> Event:
    """A parsed JSON value as an event, checked to the last field. Raises EventRefused."""
    try:
        check(raw)
    except BadJson as wrong:
        raise EventRefused(wrong.code, wrong.detail, wrong.pointer) from wrong
    if not isinstance(raw, dict):
        raise EventRefused("intake.not_an_object", "An event is a JSON object.")
    name, version = raw.get("type"), raw.get("version")
    kind = TYPES.get((name, version)) if isinstance(name, str) and type(version) is int else None
    if kind is None:
        if any(name == known for known, _ in TYPES):
            sentence = "Version {version} of {type} is not known here."
            raise EventRefused("intake.unknown_version", sentence, "/version", version=_shown(version), type=str(name))
        raise EventRefused("intake.unknown_type", "The type {type} is not known here.", "/type", type=_shown(name))
    present = {key: value for key, value in raw.items() if value is not None}
    try:
        values = kind.schema.load(present)
    except marshmallow.ValidationError as wrong:
        raise _refusal(wrong) from wrong
    del values["type"], values["version"]
    return kind(**values)


def _shown(value: Any) -> str:
    """A value as it may stand in a sentence: short, printable ASCII."""
    return ascii(value)[:80]


def _refusal(wrong: marshmallow.ValidationError) -> EventRefused:
    """The first trouble of a schema, by name of the field, as a coded refusal."""
    messages: dict[str, Any] = wrong.normalized_messages()  # type: ignore[no-untyped-call]  # untyped in marshmallow
    field = min(messages)
    found = messages[field]
    while isinstance(found, (dict, list)):
        found = next(iter(found.values())) if isinstance(found, dict) else found[0]
    if isinstance(found, BadValue):
        return EventRefused("intake.bad_value", found.sentence, f"/{field}", **found.params)
    if found == "Unknown field.":
        return EventRefused("intake.unknown_field", "{field} is not a field of this type", f"/{_shown(field)[1:-1]}",
                            field=_shown(field))  # fmt: skip
    if found == "Missing data for required field.":
        return EventRefused("intake.missing_field", "{field} is missing", f"/{field}", field=field)
    return EventRefused("intake.bad_value", str(found), f"/{field}")


_CONVERTERS: dict[tuple[str, int], list[tuple[str, Any]]] = {
    key: [(field.name, field.metadata["wire"].convert) for field in dataclasses.fields(kind)]
    for key, kind in TYPES.items()
}


def rebuild(raw: Mapping[str, Any]) -> Event:
    """An event out of the log: its bytes were checked when they came in, so this only converts."""
    key = raw["type"], raw["version"]
    values = {name: convert(value) for name, convert in _CONVERTERS[key] if (value := raw.get(name)) is not None}
    return TYPES[key](**values)


def newest() -> list[type[Event]]:
    """The newest version of each type, by name."""
    latest: dict[str, type[Event]] = {}
    for (name, version), kind in sorted(TYPES.items()):
        if name not in latest or version > latest[name].version:
            latest[name] = kind
    return [latest[name] for name in sorted(latest)]


def wires(kind: type[Event]) -> list[tuple[str, Wire, Mapping[str, Any]]]:
    """(name, wire field, metadata) of each field of a type, in the order of definition, the type's own first."""
    shared = {field.name for field in dataclasses.fields(Event)}
    members = [(field.name, field.metadata["wire"], field.metadata) for field in dataclasses.fields(kind)]
    return sorted(members, key=lambda member: member[0] in shared and member[0] != "person")


def json_schema(kind: type[Event]) -> dict[str, Any]:
    """JSON Schema 2020-12 of one type of fact as it travels."""
    properties: dict[str, Any] = {
        "type": {"const": kind.type},
        "version": {"const": kind.version},
    }
    for name, field, metadata in wires(kind):
        properties[name] = {**field.json_schema(), "title": metadata["label"]}
    required = ["type", "version", *(name for name, field, _ in wires(kind) if field.required)]
    return {
        "title": kind.label,
        "description": (kind.__doc__ or "").strip(),
        "type": "object",
        "properties": properties,
        "required": sorted(required),
        "additionalProperties": False,
    }


def form(kind: type[Event]) -> list[dict[str, Any]]:
    """What a generic form has to ask for: the visible fields of a type."""
    return [
        {
            "name": name,
            "kind": type(field).__name__.lower(),
            "required": field.required,
            "label": metadata["label"],
            "input": metadata["input"],
            "choices": list(getattr(field, "choices", ())),
        }
        for name, field, metadata in wires(kind)
        if metadata["input"] != "hidden"
    ]
