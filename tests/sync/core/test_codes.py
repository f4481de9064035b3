"""Printed codes: the vectors the phone's code is held to as well, and what the check letters find."""

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies

from sync.core.codes import ALPHABET, check_letters, from_number, grouped, tail, url

VECTORS = json.loads((Path(__file__).parents[2] / "shared" / "codes.json").read_text(encoding="utf-8"))
NUMBERS = strategies.integers(0, 2**28 - 1)


@pytest.mark.parametrize("vector", VECTORS["codes"], ids=lambda vector: vector["seven"])
def test_check_letters_of_the_shared_vectors(vector: dict[str, str]) -> None:
    assert vector["seven"] + check_letters(vector["seven"]) == vector["nine"]


@pytest.mark.parametrize("vector", VECTORS["tails"], ids=lambda vector: vector["why"])
def test_tails_of_the_shared_vectors(vector: dict[str, str | None]) -> None:
    assert tail(str(vector["text"])) == vector["tail"]


@given(NUMBERS)
def test_a_printed_code_is_read(number: int) -> None:
    code = from_number(number)
    assert len(code) == 9
    assert set(code) <= set(ALPHABET)
    for text in (code, url("https://floor.example/", code), grouped(code).lower(), code.lower(), f"\n{code} "):
        assert tail(text) == code


def test_different_numbers_have_different_codes() -> None:
    assert len({from_number(number) for number in range(0, 2**28, 99_991)}) == len(range(0, 2**28, 99_991))


@given(NUMBERS, strategies.integers(0, 8), strategies.sampled_from(ALPHABET))
def test_one_wrong_letter_is_found(number: int, place: int, letter: str) -> None:
    code = from_number(number)
    wrong = code[:place] + letter + code[place + 1 :]
    assert tail(wrong) == (code if wrong == code else None)


@given(NUMBERS, strategies.integers(0, 7))
def test_two_swapped_neighbours_are_found(number: int, place: int) -> None:
    code = from_number(number)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert tail(swapped) == (code if swapped == code else None)


@given(strategies.text(max_size=40))
def test_any_text_is_read_or_is_none(text: str) -> None:
    found = tail(text)
    assert found is None or (found.isascii() and check_letters(found[:7]) == found[7:])


def test_the_url_stays_in_the_qr_codes_small_alphabet() -> None:
    assert url("https://floor.example", "BBBBBBBBB") == "HTTPS://FLOOR.EXAMPLE/S/BBBBBBBBB"


@pytest.mark.parametrize("seven", ["BBBBBB", "BBBBBBBB", "BBBBBBA", "bbbbbbb", ""])
def test_only_seven_letters_have_check_letters(seven: str) -> None:
    with pytest.raises(ValueError, match=r"seven|substring"):
        check_letters(seven)
