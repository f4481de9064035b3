"""Intervals of instants, [from, until), as sorted lists that do not overlap."""

from collections.abc import Iterable

Interval = tuple[int, int]


def union(spans: Iterable[Interval]) -> list[Interval]:
    """All instants in at least one of the spans; empty ones are left out."""
    merged: list[Interval] = []
    for low, high in sorted(spans):
        if low >= high:
            continue
        if merged and low <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], high)
        else:
            merged.append((low, high))
    return merged


def common(these: Iterable[Interval], those: Iterable[Interval]) -> list[Interval]:
    """All instants in both lists."""
    found = []
    left, right = list(these), list(those)
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if low < high:
            found.append((low, high))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return found


def without(these: Iterable[Interval], those: Iterable[Interval]) -> list[Interval]:
    """All instants in the first list that are not in the second."""
    left: list[Interval] = []
    taken = list(those)
    for low, high in these:
        for start, until in taken:
            if until <= low:
                continue
            if start >= high:
                break
            if start > low:
                left.append((low, start))
            low = max(low, until)
        if low < high:
            left.append((low, high))
    return left


def length(spans: Iterable[Interval]) -> int:
    """Milliseconds in all of them."""
    return sum(high - low for low, high in spans)
