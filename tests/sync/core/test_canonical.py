"""Strict JSON: what two readers could read differently is refused, alone, and never crashes."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies

from sync.core.canonical import MAX_DEPTH, MAX_INTEGER, MAX_KEYS, MAX_STRING, BadJson, check, dump, parse


def verdict(text: str | bytes) -> str:
    """The problem code of a text, or "" when it is fine."""
    try:
        check(parse(text))
    except BadJson as wrong:
        return wrong.code
    return ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        # what Python's parser takes and strict JSON of ours does not
        ("NaN", "intake.not_a_number"),
        ("[Infinity]", "intake.not_a_number"),
        ('{"a": -Infinity}', "intake.not_a_number"),
        ("1e400", "intake.not_a_number"),
        ("1.5", "intake.not_a_number"),
        ("1E2", "intake.not_a_number"),
        ("-0.0", "intake.not_a_number"),
        ('{"a": 1, "a": 2}', "intake.duplicate_key"),
        ('{"a": {"b": 1, "b": 1}}', "intake.duplicate_key"),
        ("9" * 5000, "intake.not_a_number"),
        ("9" * 18, "intake.not_a_number"),
        (str(2**53), "intake.number_too_large"),
        (str(-(2**53)), "intake.number_too_large"),
        # what breaks a store, or looks like something else
        ('"\\ud800"', "intake.bad_character"),
        ('"\\udc00\\ud800"', "intake.bad_character"),
        ('{"\\ud800": 1}', "intake.bad_character"),
        ('"\\u0000"', "intake.bad_character"),
        ('"a\\u0007"', "intake.bad_character"),
        ('"\\u009f"', "intake.bad_character"),
        ('"\\u200b"', "intake.bad_character"),
        ('"\\u202e"', "intake.bad_character"),
        ('"\\ufeff"', "intake.bad_character"),
        ('"\\u007f"', "intake.bad_character"),
        ('{"\\u0000duplicate": 1}', "intake.duplicate_key"),
        ('{"\\u0000number": "5"}', "intake.not_a_number"),
        # limits
        ('"' + "x" * (MAX_STRING + 1) + '"', "intake.string_too_long"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "intake.too_deep"),
        ("[" * 100_000 + "]" * 100_000, "intake.too_deep"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "intake.too_deep"),
        (json.dumps({str(n): n for n in range(MAX_KEYS + 1)}), "intake.too_many_fields"),
        # no JSON at all
        ("", "intake.malformed_json"),
        ("{", "intake.malformed_json"),
        ("{'a': 1}", "intake.malformed_json"),
        ("[1,]", "intake.malformed_json"),
        ('"\t"', "intake.malformed_json"),
        ("01", "intake.malformed_json"),
        ("1 2", "intake.malformed_json"),
        ("nan", "intake.malformed_json"),
        ("١", "intake.malformed_json"),
        ("１", "intake.malformed_json"),
        ("12_000", "intake.malformed_json"),
        ("\ufeff{}", "intake.malformed_json"),
        ("+1", "intake.malformed_json"),
        ("0x1", "intake.malformed_json"),
        ("True", "intake.malformed_json"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_bad_json(text: str, code: str) -> None:
    assert verdict(text) == code


@pytest.mark.parametrize("body", [b"\xff", b'"\xc3"', b'"\xed\xa0\x80"', b"\xfe\xff\x00{", "{}".encode("utf-16")])
def test_bytes_that_are_no_text(body: bytes) -> None:
    assert verdict(body) == "intake.malformed_json"


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "null",
        "true",
        "0",
        "-1",
        str(MAX_INTEGER),
        str(-MAX_INTEGER),
        '"' + "x" * MAX_STRING + '"',
        '"é ß ı 中 🙂"',
        "[" * MAX_DEPTH + "]" * MAX_DEPTH,
        json.dumps({str(n): n for n in range(MAX_KEYS)}),
        '"line\\nbreak\\tand tab"',
        ' {"a" : [ 1 ] } ',
    ],
)
def test_good_json_to_the_limit(text: str) -> None:
    assert verdict(text) == ""


def test_trouble_inside_one_event_leaves_its_neighbours() -> None:
    """`parse` reads on; `check` says which event is bad, and where."""
    good, bad = parse('[{"a": 1}, {"a": [{"b": 1.5}]}]')
    check(good)
    with pytest.raises(BadJson) as wrong:
        check(bad)
    assert wrong.value.pointer == "/a/0/b"


@given(strategies.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    verdict(body)


VALUES: Any = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers(-MAX_INTEGER, MAX_INTEGER)
    | strategies.text(strategies.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cf"]), max_size=20),
    lambda inner: (
        strategies.lists(inner, max_size=4)
        | strategies.dictionaries(strategies.sampled_from("abcdé"), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_canonical_form_is_one_spelling(value: Any) -> None:
    text = dump(value)
    assert dump(parse(text)) == text
    assert dump(json.loads(json.dumps(value))) == text, "whatever spelling it came in"
    check(parse(text))


def test_canonical_form() -> None:
    assert dump({"b": [1, "é", None, True], "a": {}, "B": 0}) == '{"B":0,"a":{},"b":[1,"é",null,true]}'
    with pytest.raises(ValueError, match="JSON compliant"):
        dump(float("nan"))
