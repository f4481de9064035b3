"""JSON in, canonical JSON out.

`parse` refuses what two readers could read differently; `dump` writes one spelling for one value, so that bytes can
be compared, hashed and sealed. Canonical form 1: keys sorted by code point, no white space, UTF-8, only strings,
integers, booleans, null, arrays and objects.
"""

import json
import json.encoder
import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 16
MAX_STRING = 2000
MAX_KEYS = 64
MAX_INTEGER = 2**53 - 1


class BadJson(ValueError):
    """What was sent is not strict JSON. `code` is the problem code, `pointer` where, as far as known."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer


# C0 and C1 controls, NUL, lone surrogates, and the invisible characters that make two codes look alike.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        # Kept in the object so that only the event that holds it is refused, not its neighbours.
        made[DUPLICATE] = True
    return made


DUPLICATE = "\x00duplicate"
NOT_A_NUMBER = "\x00number"


def _no_constant(text: str) -> Any:
    return {NOT_A_NUMBER: text}


def _integer(text: str) -> Any:
    return int(text) if len(text) <= 17 else {NOT_A_NUMBER: text[:40]}


def parse(body: bytes | str) -> Any:
    """Strict JSON. Raises BadJson when the text as a whole cannot be read; what is wrong inside one event is left
    for `check`, so that one bad event never refuses its neighbours."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError as wrong:
        raise BadJson("intake.malformed_json", "The text is not UTF-8.") from wrong
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_no_constant,
            parse_int=_integer,
        )
    except RecursionError as wrong:
        raise BadJson("intake.too_deep", "The JSON is nested too deeply.") from wrong
    except ValueError as wrong:
        raise BadJson("intake.malformed_json", "The text is not JSON.") from wrong


def check(value: Any, pointer: str = "", depth: int = 1) -> None:
    """Raise BadJson for what strict JSON of ours does not allow: floats, NaN, duplicate keys, deep nesting, long
    strings, control or invisible characters, integers beyond 53 bits."""
    if isinstance(value, str):
        if len(value) > MAX_STRING:
            raise BadJson("intake.string_too_long", "A text is longer than 2000 characters.", pointer)
        if not (value.isascii() and value.isprintable()) and _UNFIT.search(value):
            raise BadJson("intake.bad_character", "A text holds a control or invisible character.", pointer)
    elif value is None or isinstance(value, bool):
        pass
    elif isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise BadJson("intake.number_too_large", "A number has more than 53 bits.", pointer)
    elif isinstance(value, dict):
        if NOT_A_NUMBER in value:
            raise BadJson("intake.not_a_number", 'Numbers with decimals are sent as text, such as "1.5".', pointer)
        if DUPLICATE in value:
            raise BadJson("intake.duplicate_key", "The same field is given twice.", pointer)
        _check_depth(depth, pointer)
        if len(value) > MAX_KEYS:
            raise BadJson("intake.too_many_fields", "An object has more than 64 fields.", pointer)
        for key, inner in value.items():
            check(key, pointer, depth)
            check(inner, f"{pointer}/{key}", depth + 1)
    elif isinstance(value, list):
        _check_depth(depth, pointer)
        for index, inner in enumerate(value):
            check(inner, f"{pointer}/{index}", depth + 1)
    else:
        raise BadJson("intake.not_a_number", 'Numbers with decimals are sent as text, such as "1.5".', pointer)


def _check_depth(depth: int, pointer: str) -> None:
    if depth > MAX_DEPTH:
        raise BadJson("intake.too_deep", "The JSON is nested more than 16 levels deep.", pointer)


_slow = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _writer() -> Callable[[Any], str]:
    """The encoder, made once: `json` makes its C encoder anew for each value, which costs as much as a whole entry."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # a Python without it
        return _slow.encode
    # No look-out for circles (`markers`): what comes here is made of facts and entries, which are none.
    write = make(None, _slow.default, json.encoder.encode_basestring, None, ":", ",", True, False, False)
    return lambda value: "".join(write(value, 0))


_dump = _writer()


def dump(value: Any) -> str:
    """Canonical form 1 of `value` (which holds no floats)."""
    return _dump(value)
