"""Printed codes: the vectors the phone's code is held to as well, and what the check letters find."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, strategies

from sync.core.codes import ALPHABET, check_letters, from_number, grouped, tail, url

VECTORS = json.loads((Path(__file__).parents[2] / "shared" / "codes.json").read_text(encoding="utf-8"))
BASE = "https://floor.example"
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


def test_of_ten_thousand_wrong_letters_none_is_accepted() -> None:
    """One letter of a printed code misread, mistyped or garbled."""
    chance = random.Random(20_261_122)
    for _ in range(10_000):
        code = from_number(chance.getrandbits(28))
        place = chance.randrange(9)
        other = chance.choice([letter for letter in ALPHABET if letter != code[place]])
        assert tail(url(BASE, code[:place] + other + code[place + 1 :])) is None


def test_of_ten_thousand_swaps_none_is_accepted() -> None:
    """Two letters of a code in each other's place, neighbours or not."""
    chance, tried = random.Random(20_261_122), 0
    while tried < 10_000:
        code = from_number(chance.getrandbits(28))
        one, other = sorted(chance.sample(range(9), 2))
        if code[one] == code[other]:
            continue
        swapped = code[:one] + code[other] + code[one + 1 : other] + code[one] + code[other + 1 :]
        assert tail(url(BASE, swapped)) is None
        tried += 1


def test_which_errors_no_code_lets_pass() -> None:
    """The check is linear: an error (what changes in each letter, as bits) passes in one code or in all of them, so
    what it does to a single one tells all. None passes of: one letter, two neighbours in any way, two swapped ones."""
    zero = from_number(0)

    def passes(error: dict[int, int]) -> bool:
        return tail("".join(ALPHABET[error.get(place, 0)] for place in range(len(zero)))) is not None

    bits = range(1, 16)
    assert not any(passes({place: one}) for place in range(9) for one in bits)
    assert not any(passes({place: one, place + 1: two}) for place in range(8) for one in bits for two in bits)
    assert not any(passes({place: one, other: one}) for place in range(9) for other in range(place) for one in bits)


def test_the_check_is_linear() -> None:
    chance = random.Random(1)
    for _ in range(1000):
        one, other = chance.getrandbits(28), chance.getrandbits(28)
        sums = [
            ALPHABET.index(a) ^ ALPHABET.index(b) for a, b in zip(from_number(one), from_number(other), strict=True)
        ]
        assert from_number(one ^ other) == "".join(ALPHABET[number] for number in sums)


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
