"""What people are called where others look on: on shared tablets and on a screen on the wall (PR-17).

A site chooses: the full name, the first name with as much of the last as tells two apart, initials, or the personnel
number. At a desk of one's own, whoever may know people by name reads the full one.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

How = Literal["full", "short", "initials", "number"]
HOW: tuple[How, ...] = get_args(How)


def called(rows: Iterable[Mapping[str, Any]], how: How) -> dict[str, tuple[str, str]]:
    """(what to call somebody, two or three letters for a round picture) by key, of the rows of people."""
    people = list(rows)
    names = {row["key"]: row["name"] for row in people}
    letters = {key: initials(name) for key, name in names.items()}
    if how == "number":
        numbers = {row["key"]: row["number"] or "" for row in people}
        return {key: (number or _told_apart(letters)[key], (number or letters[key])[-2:])
                for key, number in numbers.items()}  # fmt: skip
    if how == "initials":
        return {key: (name, letters[key]) for key, name in _told_apart(letters).items()}
    shown = short_names(names) if how == "short" else names
    return {key: (name, letters[key]) for key, name in shown.items()}


def _told_apart(letters: Mapping[str, str]) -> dict[str, str]:
    """Initials; of people who share them, with a count in the order of their keys, which tells nothing of them."""
    several, seen = Counter(letters.values()), Counter[str]()
    found = {}
    for key in sorted(letters):
        its = letters[key]
        seen[its] += 1
        found[key] = f"{its} {seen[its]}" if several[its] > 1 else its
    return found


def initials(name: str) -> str:
    """Two letters for a round picture: Ana Morel -> AM."""
    words = name.replace("-", " ").split()
    return "".join(word[0] for word in (words if len(words) < 3 else [words[0], words[-1]])).upper()


def short_names(names: Mapping[str, str]) -> dict[str, str]:
    """What colleagues are called on a shared tablet, by key: the first name and an initial, "Ana M."; as much more of
    the last name as tells two apart."""
    found: dict[str, str] = {}
    waiting = set(names)
    for letters in (1, 3, 200):
        tried = {key: _short(names[key], letters) for key in waiting}
        taken = [*found.values(), *tried.values()]
        settled = {key: short for key, short in tried.items() if taken.count(short) == 1 or letters == 200}
        found |= settled
        waiting -= settled.keys()
    return found


def _short(name: str, letters: int) -> str:
    words = name.split()
    if len(words) < 2 or letters >= len(name):
        return " ".join(words)
    last = words[-1]
    return f"{words[0]} {last}" if len(last) <= letters else f"{words[0]} {last[:letters]}."
