"""Codes that look alike are told; codes that differ stay two."""

import pytest

from sync.core.lookalikes import hidden, pairs, skeleton
from sync.events.base import Code
from tests.security.corpora.texts import CONFUSABLES, INVISIBLE


@pytest.mark.requirement("SR-37")
@pytest.mark.parametrize(("one", "other"), CONFUSABLES)
def test_what_looks_alike_is_told(one: str, other: str) -> None:
    assert pairs([other], [one]) == {other: one}
    assert pairs([one, other], []) == {other: one}


@pytest.mark.parametrize(
    ("one", "other"), [("MO-1", "MO-2"), ("AL", "A1"), ("ÉCROU", "ECROU"), ("B8", "BB"), ("5", "S"), ("MO-10", "MO-1")]
)
def test_what_does_not_is_not(one: str, other: str) -> None:
    assert pairs([other], [one]) == {}


def test_a_code_is_not_told_of_itself() -> None:
    assert pairs(["MO-1", "MO-1"], ["MO-1"]) == {}
    assert skeleton("") == ""


@pytest.mark.requirement("SR-37")
@pytest.mark.parametrize("code", INVISIBLE, ids=ascii)
def test_what_nobody_sees_is_in_no_code(code: str) -> None:
    assert hidden(code)
    with pytest.raises(ValueError, match=r"space|normal form"):
        Code().convert(code)


@pytest.mark.parametrize("code", ["MO-1", "Écrou Ø8", "木材", "螺丝-5", "ÅÄÖ", "№ 5"])
def test_letters_of_the_world_are_seen(code: str) -> None:
    assert not hidden(code)
    assert Code().convert(code) == code
