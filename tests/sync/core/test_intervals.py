"""Interval lists against sets of instants."""

from itertools import pairwise

from hypothesis import given, strategies

from sync.core.intervals import common, length, union, without

SPANS = strategies.lists(strategies.tuples(strategies.integers(0, 40), strategies.integers(0, 40)), max_size=6)


def instants(spans: list[tuple[int, int]]) -> set[int]:
    return {instant for low, high in spans for instant in range(low, high)}


@given(SPANS, SPANS)
def test_as_sets_do(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    these, those = union(one), union(other)
    assert instants(these) == instants(one)
    assert all(high < low for (_, high), (low, _) in pairwise(these))
    assert length(these) == len(instants(one))
    assert instants(common(these, those)) == instants(one) & instants(other)
    assert instants(without(these, those)) == instants(one) - instants(other)
