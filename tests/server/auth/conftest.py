"""A clock that a test moves, so that waits and lapses are told apart to the millisecond."""

import pytest


class Clock:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 1_795_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The application's."""
    return Clock()
