"""The event envelope, and how a type of fact is defined.

A class decorated with `event_type` is the single definition of that fact: the decorator makes a frozen dataclass and
a marshmallow schema from its `wire` fields, and the catalogue derives JSON Schema, OpenAPI, the reference page and
the phone's generic form from the same fields.

Values inside: text as `str`, quantities and costs as `Decimal`, instants and durations as `int` milliseconds.
"""

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, TypeVar, dataclass_transform

import marshmallow
from marshmallow import fields

from sync.core.clock import parse_instant
from sync.core.lookalikes import hidden
from sync.core.quantity import parse_decimal

UUID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_UUID = re.compile(UUID_PATTERN, re.ASCII)
CODE_LENGTH = 64
DAY_MS = 86_400_000


class BadValue(ValueError):
    """A value a field cannot have: a sentence (a msgid) with `{name}` places, and what fills them."""

    def __init__(self, sentence: str, **params: str) -> None:
        super().__init__(sentence.format(**params))
        self.sentence, self.params = sentence, params


class Wire(fields.Field[Any]):
    """A field as it travels: checks strictly, converts once, describes itself as JSON Schema."""

    problem = "intake.bad_value"
    # What `convert` expects; bool is an int in Python, so the type is compared exactly.
    wire_type: ClassVar[type] = str

    def convert(self, value: Any) -> Any:
        """The inside value of a wire value of the right JSON type. Raises ValueError."""
        raise NotImplementedError(type(self).__name__)

    def json_schema(self) -> dict[str, Any]:
        raise NotImplementedError(type(self).__name__)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if type(value) is not self.wire_type:
            raise Refused(BadValue(_WRONG_TYPE[self.wire_type]))
        try:
            return self.convert(value)
        except BadValue as wrong:
            raise Refused(wrong) from wrong
        except ValueError as wrong:
            raise Refused(BadValue(str(wrong))) from wrong


class Refused(marshmallow.ValidationError):
    """A validation error that keeps its sentence translatable."""

    def __init__(self, value: BadValue, field: str = marshmallow.exceptions.SCHEMA) -> None:
        super().__init__([value], field)


_WRONG_TYPE: dict[type, str] = {str: "expects text", int: "expects a whole number", bool: "expects true or false"}


class Code(Wire):
    """A reference to a thing: at most 64 characters, no leading or trailing space, Unicode NFC, nothing nobody sees."""

    def convert(self, value: str) -> str:
        if hidden(value):
            raise ValueError("begins or ends with a space or holds a control character")
        return _tidy(value, CODE_LENGTH)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": CODE_LENGTH}


class Text(Wire):
    """Words of a person: at most `most` characters, one line, Unicode NFC, no space around them."""

    def __init__(self, most: int = 200, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most

    def convert(self, value: str) -> str:
        return _tidy(value, self.most)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1, "maxLength": self.most}


def _tidy(value: str, most: int) -> str:
    if not value or len(value) > most:
        raise BadValue("expects 1 to {most} characters", most=str(most))
    if not value.isascii() and not unicodedata.is_normalized("NFC", value):
        raise ValueError("is not in Unicode normal form C")
    if value[0].isspace() or value[-1].isspace() or not value.isprintable():
        raise ValueError("begins or ends with a space or holds a control character")
    return value


class Choice(Wire):
    """One of a closed list of words."""

    def __init__(self, choices: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = tuple(choices)

    def convert(self, value: str) -> str:
        if value not in self.choices:
            raise BadValue("expects one of {choices}", choices=", ".join(self.choices))
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.choices)}


class EventId(Wire):
    """A UUID in lower-case canonical form; nil and max are refused by the version and variant digits."""

    def convert(self, value: str) -> str:
        if not _UUID.fullmatch(value):
            raise ValueError("expects a UUID in lower case")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "uuid", "pattern": f"^{UUID_PATTERN}$"}


class Instant(Wire):
    """RFC 3339 with offset; inside, milliseconds."""

    def convert(self, value: str) -> int:
        return parse_instant(value)

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date-time"}


class Digest(Wire):
    """SHA-256 in hexadecimal."""

    def convert(self, value: str) -> str:
        if not re.fullmatch("[0-9a-f]{64}", value, re.ASCII):
            raise ValueError("expects 64 hexadecimal digits")
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9a-f]{64}$"}


class Amount(Wire):
    """A decimal number as text: "12.5". At most six decimals and below one thousand million."""

    def __init__(self, *, zero: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zero = zero

    def convert(self, value: str) -> Decimal:
        number = parse_decimal(value)
        if number.is_signed() or (number == 0 and not self.zero):  # "-0" is signed too
            raise ValueError("expects a number above zero" if not self.zero else "expects zero or more")
        if number >= 1_000_000_000:
            raise ValueError("expects less than 1,000,000,000")
        return number

    def json_schema(self) -> dict[str, Any]:
        above = "a decimal number, zero or more" if self.zero else "a decimal number above zero"
        return {"type": "string", "pattern": r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$", "description": above}


class Measure(Wire):
    """A measured value as text, below zero too: "-0.35". At most six decimals, between plus and minus one thousand
    million."""

    def convert(self, value: str) -> Decimal:
        number = parse_decimal(value)
        if number == 0 and number.is_signed():
            raise ValueError("expects zero without a sign")
        if abs(number) >= 1_000_000_000:
            raise ValueError("expects less than 1,000,000,000")
        return number

    def json_schema(self) -> dict[str, Any]:
        pattern = r"^(0|-?[1-9][0-9]{0,8}(\.[0-9]{1,6})?|-?0\.[0-9]{1,6})$"
        return {"type": "string", "pattern": pattern, "description": "a decimal number"}


class Whole(Wire):
    """A whole number between two bounds."""

    wire_type = int

    def __init__(self, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high = low, high

    def convert(self, value: int) -> int:
        if not self.low <= value <= self.high:
            raise BadValue("expects {low} to {high}", low=str(self.low), high=str(self.high))
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class Span(Whole):
    """A length of time in milliseconds."""

    def convert(self, value: int) -> int:
        if not self.low <= value <= self.high:
            raise BadValue("expects at most {hours} h: tell a longer time in parts", hours=str(self.high // 3_600_000))
        return value

    def json_schema(self) -> dict[str, Any]:
        return super().json_schema() | {"description": f"milliseconds, at most {self.high // 3_600_000} h"}


class Flag(Wire):
    """true or false."""

    wire_type = bool

    def convert(self, value: bool) -> bool:
        return value

    def json_schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


def wire(field: Wire, *, label: str, input: str = "hidden") -> Any:
    """A field of an event. `label` is what a person reads (a msgid), `input` how the phone's generic form asks for it
    (scan, number, choice, unit, reason, time, check, text, hidden)."""
    metadata = {"wire": field, "label": label, "input": input}
    if field.required:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=None, metadata=metadata)


PROVENANCES = ("measured", "declared", "estimated")


@dataclass(frozen=True, kw_only=True)
class Event:
    """A claim about the floor, with who made it, where and when. Stored once, never changed.

    `occurred_at` is as right as the sender can make it: a device that knows its clock to be off says the right time,
    and with `clock_offset_ms` what its clock showed (`occurred_at - clock_offset_ms`). `boot_id` and `monotonic_ms` are
    evidence: two facts of one session are at least so far apart (that clock may stand still while a device sleeps)."""

    type: ClassVar[str] = ""
    version: ClassVar[int] = 0
    label: ClassVar[str] = ""
    schema: ClassVar[marshmallow.Schema]

    id: str = wire(EventId(required=True), label="Id")
    occurred_at: int = wire(Instant(required=True), label="When")
    provenance: str = wire(Choice(PROVENANCES, required=True), label="How it is known")
    person: str | None = wire(Code(), label="Person")
    declared_by: str | None = wire(Code(), label="Declared by")
    device_seq: int | None = wire(Whole(1, 2**53 - 1), label="Number on the device")
    boot_id: str | None = wire(Code(), label="Session of the device")
    monotonic_ms: int | None = wire(Whole(0, 2**53 - 1), label="Clock since the session began")
    clock_offset_ms: int | None = wire(Whole(-(2**52), 2**52), label="Server clock minus device clock")
    note_digest: str | None = wire(Digest(), label="Digest of the note")
    photo_digest: str | None = wire(Digest(), label="Digest of the photo")
    source: str | None = wire(Code(), label="Imported from")
    source_row: str | None = wire(Code(), label="Row of the source")
    source_repeat: int | None = wire(Whole(0, 2**31), label="How often the row stood there before")

    @property
    def about(self) -> int:
        """The instant the fact is about, by which the log finds it: for time told afterwards, when it began."""
        return self.occurred_at


TYPES: dict[tuple[str, int], type[Event]] = {}
E = TypeVar("E", bound=Event)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event_type(name: str, *, version: int, label: str) -> Callable[[type[E]], type[E]]:
    """Define a type of fact: a frozen dataclass and its schema, registered under (name, version).

    Raises TypeError for a name taken twice: an old version is never redefined.
    """

    def define(cls: type[E]) -> type[E]:
        made = dataclass(frozen=True, kw_only=True)(cls)
        made.type, made.version, made.label = name, version, label
        members: dict[str, Any] = {field.name: field.metadata["wire"] for field in dataclasses.fields(made)}
        members["type"] = Choice([name], required=True)
        members["version"] = Whole(version, version, required=True)
        # An unknown field is refused: a misspelt quantity must never be dropped in silence.
        members["Meta"] = type("Meta", (), {"unknown": marshmallow.RAISE})
        check = getattr(made, "check", None)
        if check is not None:
            members["check"] = marshmallow.validates_schema(_schema_check(check))
        made.schema = type(f"{made.__name__}Schema", (marshmallow.Schema,), members)()
        if (name, version) in TYPES:
            raise TypeError(f"{name} version {version} is defined twice")
        TYPES[name, version] = made
        return made

    return define


def _schema_check(check: Callable[[Mapping[str, Any]], None]) -> Callable[..., None]:
    """A type's own rule over several fields: a static method `check(values)` that raises ValidationError."""

    def run(self: marshmallow.Schema, data: Mapping[str, Any], **kwargs: Any) -> None:
        check(data)

    return run
