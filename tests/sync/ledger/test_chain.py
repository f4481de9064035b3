"""The sealed chain: any change of any sealed byte, number or order breaks it, and only the key's holder can mend it."""

import hashlib
import hmac

import pytest
from hypothesis import given, strategies

from sync.ledger.chain import GENESIS, Batch, seal

KEY = b"tests only, thirty-two bytes long"


def a_chain(*lots: list[str], key: bytes = KEY) -> list[Batch]:
    chain: list[Batch] = []
    for lot in lots:
        last = chain[-1] if chain else None
        first, previous = (last.last + 1, last.hash) if last else (1, GENESIS)
        chain.append(seal(key, len(chain) + 1, first, 1_795_161_600_000, previous, lot))
    return chain


def test_numbers_and_positions_have_no_gap() -> None:
    one, two = a_chain(["a", "b"], ["c"])
    assert (one.number, one.first, one.last, one.previous) == (1, 1, 2, GENESIS)
    assert (two.number, two.first, two.last, two.previous) == (2, 3, 3, one.hash)


def test_the_hash_stays_what_it_was_for_ever() -> None:
    """Sealed batches are checked years later: the form of the digest may not change unnoticed."""
    sealed = b"1\n" + b"1\n1\n" + b"0" * 64 + b"\n" + b"2\n{}" + b"2\n\xc3\xa9"
    assert a_chain(["{}", "é"])[0].hash == hmac.new(KEY, sealed, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    "other",
    [
        (["a", "b"], ["d"]),
        (["b", "a"], ["c"]),
        (["ab"], ["c"]),
        (["a"], ["b", "c"]),
        (["a", "b", ""], ["c"]),
        (["a\nb"], ["c"]),
        (["a", "b", "c"],),
    ],
)
def test_another_content_order_or_cut_is_another_hash(other: tuple[list[str], ...]) -> None:
    assert a_chain(*other)[-1].hash != a_chain(["a", "b"], ["c"])[-1].hash


def test_without_the_key_the_hash_says_nothing() -> None:
    """Amounts have few values: a plain digest could be tried out."""
    assert a_chain(["a"])[0].hash != a_chain(["a"], key=b"another")[0].hash


@given(
    strategies.lists(strategies.text(max_size=5), min_size=1, max_size=4),
    strategies.lists(strategies.text(max_size=5), min_size=1, max_size=4),
)
def test_two_lots_agree_only_when_equal(one: list[str], other: list[str]) -> None:
    encodable = all(text.isprintable() for text in one + other)
    if encodable:
        assert (a_chain(one)[0].hash == a_chain(other)[0].hash) == (one == other)
